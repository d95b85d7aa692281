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

// `Source` gives size(), under 2^32 - 1, what says where a cell is, Place, and a Reader, made of it for each range, with
//   Read(from, to, f): calls f(cell, text, seed) for the cells of the range that are not empty; texts of one kind have one seed;
//   Find(cell): the place of one that is not empty; BoundsOf(place): what says where its text lies, without a look at that;
//   BytesAt(place): where it lies, without a look at it; TextAt(place): the text.
template <class Source>
class Numberer {
 public:
  Numberer(const Source& source, unsigned threads)
      : source_(source), threads_(threads), cells_(source.size()) {}

  Numbering Number() {
    out_.number_of = LargeArray<std::uint32_t>(cells_);
    slots_ = LargeArray<std::uint64_t>(cells_ + cells_ / 2 + 1);
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
  static constexpr std::size_t kLine = 64;  // bytes that come from memory at once

  using Place = typename Source::Place;
  using Reader = typename Source::Reader;

  // A cell on its way, and the one that is likely to have the same text.
  struct Item {
    Text text;
    std::uint64_t hash = 0;
    std::uint32_t cell = 0;
    std::uint32_t other = kNone;
    Place place = {};  // of the other
  };

  // A slot is 0, or the low half of a hash and, behind it, the first cell that was met with its text, plus 1. The high bits of the
  // hash choose the slot.
  static std::uint64_t SlotWith(const Item& item) {
    return item.hash << 32 | (std::uint64_t{item.cell} + 1);
  }
  static std::uint32_t CellIn(std::uint64_t slot) { return static_cast<std::uint32_t>(slot) - 1; }
  static bool HasHashOf(const Item& item, std::uint64_t slot) {
    return slot != 0 && slot >> 32 == (item.hash & 0xffffffff);
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
      item = {text,
              XXH3_64bits_withSeed(text.data, text.size, seed),
              static_cast<std::uint32_t>(cell),
              kNone,
              {}};
      if (count == kGroup) FindEqual({group.data(), std::exchange(count, 0)}, &reader);
    });
    FindEqual({group.data(), count}, &reader);
  }

  // In steps, each of which fetches for all what the next one reads. Short loops, so that a core has many of them under way.
  void FindEqual(std::span<Item> group, Reader* reader) {
    for (const Item& item : group) __builtin_prefetch(&slots_[SlotOf(item.hash)], 1);
    std::array<Place, kGroup> places;
    std::size_t count = 0;
    for (Item& item : group) {
      const std::uint64_t slot = std::atomic_ref(slots_[SlotOf(item.hash)]).load();
      if (!HasHashOf(item, slot)) continue;
      item.other = CellIn(slot);
      item.place = places[count++] = reader->Find(item.other);
    }
    for (std::size_t i = 0; i < count; ++i) __builtin_prefetch(reader->BoundsOf(places[i]));
    for (std::size_t i = 0; i < count; ++i) {
      const std::string_view bytes = reader->BytesAt(places[i]);
      __builtin_prefetch(bytes.data());
      __builtin_prefetch(bytes.data() + std::min(bytes.size(), kLine));
    }
    for (const Item& item : group) FindEqual(item, reader);
  }

  void FindEqual(const Item& item, Reader* reader) {
    // Before it is in the table: whoever puts an earlier cell in its place says so here.
    out_.number_of[item.cell] = item.cell;
    for (std::size_t at = SlotOf(item.hash);; at = at + 1 == slots_.size() ? 0 : at + 1) {
      const std::atomic_ref slot(slots_[at]);
      std::uint64_t there = slot.load();
      if (there == 0 && slot.compare_exchange_strong(there, SlotWith(item))) return;
      if (!HasHashOf(item, there) || !IsEqual(item, CellIn(there), reader)) continue;
      // The text of a slot stays; its cell may have become an earlier one meanwhile.
      while (CellIn(there) > item.cell) {
        if (slot.compare_exchange_weak(there, SlotWith(item))) {
          out_.number_of[CellIn(there)] = item.cell;
          return;
        }
      }
      out_.number_of[item.cell] = CellIn(there);
      return;
    }
  }

  static bool IsEqual(const Item& item, std::uint32_t cell, Reader* reader) {
    return item.text == reader->TextAt(cell == item.other ? item.place : reader->Find(cell));
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
      if (is_first) out_.texts[number] = reader.TextAt(reader.Find(static_cast<std::uint32_t>(i)));
    }
  }

  const Source& source_;
  const unsigned threads_;
  const std::size_t cells_;
  Numbering out_;
  LargeArray<std::uint64_t> slots_;
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
