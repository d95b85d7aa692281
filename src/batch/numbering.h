// batch/numbering.h - from cells of text to dense numbers of the distinct ones, in order of first appearance.
//
// Cells are hashed once, and dealt into parts by their hash in the order in which they come, so that the dictionary of a part stays
// in a core's cache, and no two threads meet in one. The order decides the numbers, not the threads.
#ifndef POLYONYM_SRC_BATCH_NUMBERING_H_
#define POLYONYM_SRC_BATCH_NUMBERING_H_

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "batch/large_pages.h"
#include "batch/texts.h"
#include "engine/threads.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace polyonym::batch {

struct Numbering {
  std::unique_ptr<std::uint32_t[]> number_of;  // by cell; kNone where it is empty
  std::vector<Text> texts;                     // by number
};

// A cell on its way. The beginning of the text comes along: most are compared without a look at where they lie.
struct HashedText {
  Text text;
  std::uint32_t tag = 0;  // low bits of the hash; the high ones chose the part
  std::uint32_t cell = 0;
  std::array<std::uint64_t, 2> prefix = {};  // bytes, zeros behind them

  HashedText() = default;
  HashedText(const Text& t, std::uint64_t hash, std::size_t c)
      : text(t), tag(static_cast<std::uint32_t>(hash)), cell(static_cast<std::uint32_t>(c)) {
    if (text.size >= sizeof(prefix)) {
      std::memcpy(prefix.data(), text.data, sizeof(prefix));
    } else {
      std::memcpy(prefix.data(), text.data, text.size);
    }
  }
  bool IsLong() const { return text.size > sizeof(prefix); }
  bool Equals(const HashedText& other) const {
    return prefix == other.prefix && text.size == other.text.size && text.kind == other.text.kind &&
           (!IsLong() || text.view() == other.text.view());
  }
};

// The distinct texts of one part.
// THREADS: single-threaded.
class Dictionary {
 public:
  // Sets first[cell] of each item to the cell that had the same text first, in this call or an earlier one.
  void Take(std::span<const HashedText> items, std::uint32_t* first);
  const std::vector<HashedText>& entries() const { return entries_; }
  void DropSlots() { slots_ = {}; }

 private:
  struct Slot {
    std::uint32_t tag = 0;
    std::uint32_t entry = 0;  // 0: free
  };
  std::uint32_t FindOrAdd(const HashedText& item);
  void Grow();

  std::vector<Slot> slots_ = std::vector<Slot>(64);
  std::vector<HashedText> entries_;
};

// `source` gives size(), under 2^32 - 1, and Read(from, to, f), which calls f(cell, text, seed) for the cells of the range that are
// not empty; texts of one kind have one seed.
template <class Source>
class Numberer {
 public:
  Numberer(const Source& source, unsigned threads)
      : source_(source),
        threads_(threads),
        cells_(source.size()),
        part_bits_(std::min(10, static_cast<int>(std::bit_width(cells_ / kCellsOfPart)))),
        parts_(std::size_t{1} << part_bits_) {}

  Numbering Number() {
    out_.number_of = std::make_unique_for_overwrite<std::uint32_t[]>(cells_);
    table_ = std::make_unique_for_overwrite<std::byte[]>(cells_ * sizeof(HashedText));
    PreferLargePages(table_.get(), cells_ * sizeof(HashedText));
    dealt_ = std::vector<Dealt>((cells_ + kDeal - 1) / kDeal);
    engine::RunTasks(threads_, dealt_.size(), [&](std::size_t i) { Deal(i); });
    dictionaries_.resize(parts_);
    engine::RunTasks(threads_, parts_, [&](std::size_t part) { Look(part); });
    dealt_ = std::vector<Dealt>();
    table_ = nullptr;
    FindRanks();
    engine::RunRanges(threads_, cells_, kRange, [&](std::size_t from, std::size_t to) {
      for (std::size_t i = from; i < to; ++i) {
        std::uint32_t& number = out_.number_of[i];
        if (number != kNone) number = RankOf(number);
      }
    });
    engine::RunTasks(threads_, parts_, [&](std::size_t part) {
      for (const HashedText& entry : dictionaries_[part].entries())
        out_.texts[RankOf(entry.cell)] = entry.text;
      dictionaries_[part] = {};
    });
    return std::move(out_);
  }

 private:
  static constexpr std::size_t kCellsOfPart = std::size_t{1} << 15;
  static constexpr std::size_t kDeal = std::size_t{1} << 15;  // cells dealt at a time
  static constexpr std::size_t kRange = std::size_t{1} << 16;
  // A range of cells by part.
  struct Dealt {
    const HashedText* items = nullptr;  // in the table
    std::vector<std::uint32_t> begin;   // of each part, and the end
  };

  std::size_t PartOf(std::uint64_t hash) const {
    return part_bits_ == 0 ? 0 : hash >> (64 - part_bits_);
  }

  void Deal(std::size_t i) {
    const std::size_t from = i * kDeal, to = std::min(cells_, from + kDeal);
    thread_local std::vector<HashedText> items;
    thread_local std::vector<std::uint16_t> part_of;
    items.clear();
    part_of.clear();
    std::fill(out_.number_of.get() + from, out_.number_of.get() + to, kNone);
    Dealt& dealt = dealt_[i];
    dealt.begin.assign(parts_ + 1, 0);
    source_.Read(from, to, [&](std::size_t cell, const Text& text, std::uint64_t seed) {
      const std::uint64_t hash = XXH3_64bits_withSeed(text.data, text.size, seed);
      const std::size_t part = PartOf(hash);
      items.emplace_back(text, hash, cell);
      part_of.push_back(static_cast<std::uint16_t>(part));
      ++dealt.begin[part];
    });
    std::uint32_t sum = 0;
    for (std::uint32_t& begin : dealt.begin) begin = std::exchange(sum, sum + begin);
    HashedText* const at = reinterpret_cast<HashedText*>(table_.get()) + from;
    dealt.items = at;
    thread_local std::vector<std::uint32_t> next;
    next = dealt.begin;
    for (std::size_t k = 0; k < items.size(); ++k)
      std::construct_at(at + next[part_of[k]]++, items[k]);
  }

  void Look(std::size_t part) {
    for (const Dealt& dealt : dealt_) {
      dictionaries_[part].Take(
          {dealt.items + dealt.begin[part], dealt.items + dealt.begin[part + 1]},
          out_.number_of.get());
    }
    dictionaries_[part].DropSlots();
  }

  // Cells that are the first of their text, as bits, and how many come before each 64 of them.
  void FindRanks() {
    const std::size_t words = (cells_ + 63) / 64;
    firsts_.resize(words);
    before_.resize(words);
    engine::RunRanges(threads_, words, kRange / 64, [&](std::size_t from, std::size_t to) {
      for (std::size_t w = from; w < to; ++w) {
        const std::size_t end = std::min(cells_, w * 64 + 64);
        for (std::size_t i = w * 64; i < end; ++i)
          firsts_[w] |= std::uint64_t{out_.number_of[i] == i} << (i % 64);
      }
    });
    std::uint32_t sum = 0;
    for (std::size_t w = 0; w < words; ++w) {
      before_[w] = sum;
      sum += static_cast<std::uint32_t>(std::popcount(firsts_[w]));
    }
    out_.texts.resize(sum);
  }

  std::uint32_t RankOf(std::uint32_t cell) const {
    const std::uint64_t below = firsts_[cell / 64] & ((std::uint64_t{1} << (cell % 64)) - 1);
    return before_[cell / 64] + static_cast<std::uint32_t>(std::popcount(below));
  }

  const Source& source_;
  const unsigned threads_;
  const std::size_t cells_;
  const int part_bits_;
  const std::size_t parts_;
  Numbering out_;
  std::unique_ptr<std::byte[]> table_;  // of HashedText, by range and part
  std::vector<Dealt> dealt_;
  std::vector<Dictionary> dictionaries_;
  std::vector<std::uint64_t> firsts_;
  std::vector<std::uint32_t> before_;
};

template <class Source>
Numbering NumberTexts(const Source& source, unsigned threads) {
  return Numberer<Source>(source, threads).Number();
}

}  // namespace polyonym::batch

#endif  // POLYONYM_SRC_BATCH_NUMBERING_H_
