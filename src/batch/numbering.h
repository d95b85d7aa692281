// batch/numbering.h - from cells of text to dense numbers of the distinct ones, in order of first appearance.
//
// All threads put cells into one table of hashes, which says which cell has a text: texts stay where they lie, and are compared
// there. Cells go in groups, so that a core waits for the memory of many of them at once. The order decides the numbers, not the
// threads.
#ifndef POLYONYM_SRC_BATCH_NUMBERING_H_
#define POLYONYM_SRC_BATCH_NUMBERING_H_

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/numeric/int128.h"
#include "batch/large_pages.h"
#include "batch/texts.h"
#include "engine/threads.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace polyonym::batch {

struct Numbering {
  LargeArray<std::uint32_t> number_of;  // by cell; kNone where it is empty
  LargeArray<Text> texts;               // by number
};

// `Source` gives size(), under 2^32 - 1, and a Reader, made of it for each range, with
//   Read(from, to, f): calls f(cell, text, seed) for the cells of the range that are not empty; texts of one kind have one seed;
//   TextAt(cell): the text of one that is not empty; KindOf(cell): its kind, or kNone where only a look at the text tells.
template <class Source>
class Numberer {
 public:
  Numberer(const Source& source, unsigned threads)
      : source_(source), threads_(threads), cells_(source.size()) {}

  Numbering Number() {
    out_.number_of = LargeArray<std::uint32_t>(cells_);
    slots_ = LargeArray<Slot>(cells_ + cells_ / 4 + 1);
    engine::RunRanges(threads_, cells_, kRange,
                      [&](std::size_t from, std::size_t to) { FindEqual(from, to); });
    slots_ = {};
    FindFirsts();
    engine::RunRanges(threads_, cells_, kRange,
                      [&](std::size_t from, std::size_t to) { Shorten(from, to); });
    engine::RunRanges(threads_, cells_, kRange,
                      [&](std::size_t from, std::size_t to) { SetNumbers(from, to); });
    return std::move(out_);
  }

 private:
  static constexpr std::size_t kRange = std::size_t{1} << 15;
  static constexpr std::size_t kGroup = 128;
  static constexpr std::uint64_t kMostPacked = 0xffff;  // bytes

  using Reader = typename Source::Reader;

  // The high bits of a hash choose the slot.
  struct Slot {
    std::uint64_t
        cell;  // 0, or the low half of the hash and, behind it, the first cell that was met with its text, plus 1
    std::uint64_t
        text;  // where that lies, so that it can be fetched without a look at the cell: Pack(); 0: not told yet
  };

  // A cell on its way.
  struct Item {
    Text text;
    std::uint64_t hash = 0;
    std::uint32_t cell = 0;
  };

  static std::uint64_t CellWord(const Item& item) {
    return item.hash << 32 | (std::uint64_t{item.cell} + 1);
  }
  static std::uint32_t CellIn(std::uint64_t word) { return static_cast<std::uint32_t>(word) - 1; }
  static bool HasHashOf(const Item& item, std::uint64_t word) {
    return word != 0 && word >> 32 == (item.hash & 0xffffffff);
  }

  // Address and size in one word; 0 where they do not fit into it.
  static std::uint64_t Pack(const Text& text) {
    const std::uint64_t address = reinterpret_cast<std::uintptr_t>(text.data);
    return address >> 48 != 0 || text.size > kMostPacked ? 0 : address << 16 | text.size;
  }
  static std::string_view Unpack(std::uint64_t word) {
    return {reinterpret_cast<const char*>(static_cast<std::uintptr_t>(word >> 16)),
            static_cast<std::size_t>(word & kMostPacked)};
  }
  std::size_t SlotOf(std::uint64_t hash) const {
    return absl::Uint128High64(absl::uint128(hash) * slots_.size());
  }

  // Sets the number of each cell, for now, to an earlier cell of the same text, or to itself.
  void FindEqual(std::size_t from, std::size_t to) {
    Reader reader(source_);
    std::fill(out_.number_of.begin() + from, out_.number_of.begin() + to, kNone);
    std::array<Item, kGroup> group;
    std::size_t count = 0;
    reader.Read(from, to, [&](std::size_t cell, const Text& text, std::uint64_t seed) {
      Item& item = group[count++];
      item = {text, XXH3_64bits_withSeed(text.data, text.size, seed),
              static_cast<std::uint32_t>(cell)};
      __builtin_prefetch(&slots_[SlotOf(item.hash)], 1);
      if (count == kGroup) FindEqual({group.data(), std::exchange(count, 0)}, &reader);
    });
    FindEqual({group.data(), count}, &reader);
  }

  // Slots were fetched as the items came; now the texts that they lead to are, for all, before one is read.
  void FindEqual(std::span<Item> group, Reader* reader) {
    for (const Item& item : group) {
      Slot& slot = slots_[SlotOf(item.hash)];
      if (!HasHashOf(item, std::atomic_ref(slot.cell).load(std::memory_order_relaxed))) continue;
      const std::string_view text =
          Unpack(std::atomic_ref(slot.text).load(std::memory_order_relaxed));
      __builtin_prefetch(text.data());
      __builtin_prefetch(text.data() + text.size());
    }
    for (const Item& item : group) FindEqual(item, reader);
  }

  void FindEqual(const Item& item, Reader* reader) {
    // Before it is in the table: whoever puts an earlier cell in its place says so here.
    out_.number_of[item.cell] = item.cell;
    for (std::size_t at = SlotOf(item.hash);; at = at + 1 == slots_.size() ? 0 : at + 1) {
      const std::atomic_ref slot(slots_[at].cell), text(slots_[at].text);
      std::uint64_t there = slot.load();
      if (there == 0 && slot.compare_exchange_strong(there, CellWord(item))) {
        text.store(Pack(item.text), std::memory_order_relaxed);
        return;
      }
      if (!HasHashOf(item, there) ||
          !IsEqual(item, CellIn(there), text.load(std::memory_order_relaxed), reader))
        continue;
      // The text of a slot stays; its cell may have become an earlier one meanwhile.
      while (CellIn(there) > item.cell) {
        if (slot.compare_exchange_weak(there, CellWord(item))) {
          out_.number_of[CellIn(there)] = item.cell;
          return;
        }
      }
      out_.number_of[item.cell] = CellIn(there);
      return;
    }
  }

  // `packed` is the text of the cell, or 0.
  static bool IsEqual(const Item& item, std::uint32_t cell, std::uint64_t packed, Reader* reader) {
    if (packed == 0) return item.text == reader->TextAt(cell);
    if (item.text.view() != Unpack(packed)) return false;
    const Kind kind = reader->KindOf(cell);
    return item.text.kind == (kind == kNone ? reader->TextAt(cell).kind : kind);
  }

  // Marks the cells that are the first of their text, and counts them.
  void FindFirsts() {
    const std::size_t blocks = (cells_ + 63) / 64;
    firsts_.resize(blocks);
    engine::RunRanges(threads_, blocks, kRange / 64, [&](std::size_t from, std::size_t to) {
      for (std::size_t i = from * 64; i < std::min(cells_, to * 64); ++i)
        firsts_[i / 64].bits |= std::uint64_t{out_.number_of[i] == i} << (i % 64);
    });
    std::uint32_t sum = 0;
    for (Firsts& block : firsts_)
      block.before =
          std::exchange(sum, sum + static_cast<std::uint32_t>(std::popcount(block.bits)));
    out_.texts = LargeArray<Text>(sum);
  }

  bool IsFirst(std::uint32_t cell) const { return firsts_[cell / 64].bits >> (cell % 64) & 1; }

  std::uint32_t RankOf(std::uint32_t cell) const {
    const Firsts& block = firsts_[cell / 64];
    return block.before + static_cast<std::uint32_t>(
                              std::popcount(block.bits & ((std::uint64_t{1} << (cell % 64)) - 1)));
  }

  // Sets the number of each cell to the first one, where it was put into the table after a later one.
  void Shorten(std::size_t from, std::size_t to) {
    const auto number = [&](std::size_t cell) { return std::atomic_ref(out_.number_of[cell]); };
    for (std::size_t i = from; i < to; ++i) {
      std::uint32_t earlier = number(i).load(std::memory_order_relaxed);
      if (earlier == kNone || IsFirst(earlier)) continue;
      while (!IsFirst(earlier)) earlier = number(earlier).load(std::memory_order_relaxed);
      number(i).store(earlier, std::memory_order_relaxed);
    }
  }

  void SetNumbers(std::size_t from, std::size_t to) {
    Reader reader(source_);
    for (std::size_t i = from; i < to; ++i) {
      std::uint32_t& number = out_.number_of[i];
      if (number == kNone) continue;
      const bool is_first = number == i;
      number = RankOf(number);
      if (is_first) out_.texts[number] = reader.TextAt(static_cast<std::uint32_t>(i));
    }
  }

  const Source& source_;
  const unsigned threads_;
  const std::size_t cells_;
  Numbering out_;
  LargeArray<Slot> slots_;
  // Of 64 cells.
  struct Firsts {
    std::uint64_t bits = 0;
    std::uint32_t before = 0;  // firsts before these cells
  };
  std::vector<Firsts> firsts_;
};

template <class Source>
Numbering NumberTexts(const Source& source, unsigned threads) {
  return Numberer<Source>(source, threads).Number();
}

}  // namespace polyonym::batch

#endif  // POLYONYM_SRC_BATCH_NUMBERING_H_
