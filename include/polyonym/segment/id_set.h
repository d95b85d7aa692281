// segment/id_set.h - a set of 32-bit numbers, such as those of people, as a compressed bitmap.
//
// Use it where sets are large and are joined, met and counted as a whole. It is no map, and numbers beyond 32 bits want another.
// A set is cut into chunks of 2^16 numbers. Each chunk is kept as whatever is smallest: a sorted array, a bitmap or runs (Chambi, Lemire,
// Kaser and Godin 2016, "Better bitmap performance with Roaring bitmaps"; runs: Lemire, Ssi-Yan-Kai and Kaser 2016).
//
//   IdSet likes = IdSet::Of(people), rich = IdSet::Range(0, 1000);
//   std::uint64_t both = IdSet::CountAnd(likes, rich);       // no set is made
//   likes -= rich;
//   for (std::uint32_t chunk : likes.Chunks()) Keep(chunk, likes.EncodeChunk(chunk));
//
// Memory: about 2 bytes a number where fewer than 1 in 16 are in it, from there on 8 KiB a chunk; less where numbers follow each other.
//
// THREADS: thread-compatible; const functions may be called from many threads at a time.
// ERRORS: none but AddChunk()'s. Throws std::bad_alloc where there is no memory for a set.
// Invariant: (I1) what was moved from is empty, and may be used again.
#ifndef POLYONYM_SEGMENT_ID_SET_H_
#define POLYONYM_SEGMENT_ID_SET_H_

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"

namespace polyonym {

class IdSet {
 public:
  static constexpr std::uint32_t kIdsPerChunk = std::uint32_t{1} << 16;
  static constexpr std::uint32_t kMaxChunks = std::uint32_t{1} << 16;
  static constexpr std::size_t kMaxChunkBytes = 1 + kIdsPerChunk / 8;  // of an encoded chunk

  // An empty set; it has no memory of its own.
  IdSet() = default;
  IdSet(std::initializer_list<std::uint32_t> ids) { AddMany({ids.begin(), ids.size()}); }
  ~IdSet();
  // COST: the bytes of the other.
  IdSet(const IdSet& other);
  IdSet& operator=(const IdSet& other);
  IdSet(IdSet&& other) noexcept : bits_(std::exchange(other.bits_, nullptr)) {}
  IdSet& operator=(IdSet&& other) noexcept {
    IdSet taken(std::move(other));
    std::swap(bits_, taken.bits_);
    return *this;
  }

  // The set of `ids`, in any order, each any number of times.  COST: some nanoseconds each where they ascend; else they are sorted first.
  static IdSet Of(std::span<const std::uint32_t> ids);
  // [begin, end). Empty where end <= begin; what lies beyond 2^32 is left out.  COST: by chunks, not by numbers.
  static IdSet Range(std::uint64_t begin, std::uint64_t end);

  // ---- one number ----

  // Whether it changed.  COST: some tens of nanoseconds; where the chunk is an array, what is behind `id` in it is moved.
  bool Add(std::uint32_t id);
  bool Remove(std::uint32_t id);
  bool Contains(std::uint32_t id) const;

  // ---- the whole ----

  std::uint64_t size() const;  // COST: by chunks
  bool empty() const;
  // COST: as Of().
  void AddMany(std::span<const std::uint32_t> ids);

  IdSet& operator|=(const IdSet& other);
  IdSet& operator&=(const IdSet& other);
  IdSet& operator-=(const IdSet& other);
  static IdSet Or(const IdSet& a, const IdSet& b);
  static IdSet And(const IdSet& a, const IdSet& b);
  static IdSet AndNot(const IdSet& a, const IdSet& b);  // of `a`, not of `b`
  // How many Or(), And() and AndNot() would have. Nothing is made.
  static std::uint64_t CountOr(const IdSet& a, const IdSet& b);
  static std::uint64_t CountAnd(const IdSet& a, const IdSet& b);
  static std::uint64_t CountAndNot(const IdSet& a, const IdSet& b);

  // By what they hold, not by how it is kept.
  friend bool operator==(const IdSet& a, const IdSet& b) { return Equal(a, b); }

  // ---- in ascending order ----

  // Calls `f(id)` until it returns false. `f` must not change the set.
  template <class F>
  void ForEach(const F& f) const {
    ForEachBatch([&f](std::span<const std::uint32_t> ids) {
      for (const std::uint32_t id : ids) {
        if (!f(id)) return false;
      }
      return true;
    });
  }
  // The same with many at a time; the view is valid during the call only.
  void ForEachBatch(absl::FunctionRef<bool(std::span<const std::uint32_t>)> f) const;
  std::vector<std::uint32_t> ToVector() const;

  // The number that has `rank` lower ones in the set; none where the set is not as large.  COST: by chunks.
  std::optional<std::uint32_t> Nth(std::uint64_t rank) const;
  // Up to `limit` of them, from the one of rank `skip` on: a page.  COST: Nth(), and some nanoseconds each.
  std::vector<std::uint32_t> Page(std::uint64_t skip, std::size_t limit) const;

  // ---- memory ----

  // Keeps as runs what is smaller so, and gives spare memory back. Worth its while once a set has ceased to change.  COST: the bytes.
  void Optimise();
  std::size_t bytes() const;  // of memory, about.  COST: by chunks

  // ---- chunks: a store keeps a row for each ----

  // The numbers (id / kIdsPerChunk) of chunks that are not empty, ascending.
  std::vector<std::uint32_t> Chunks() const;
  // The bytes of one chunk, docs/format.md says which: the same ones for the same ids, at most kMaxChunkBytes. Empty where the chunk
  // is: it wants no row.  COST: some microseconds.
  std::string EncodeChunk(std::uint32_t chunk) const;
  // Adds the ids of an encoded chunk. Bytes are not trusted.
  // ERRORS: DataLoss where they are not what EncodeChunk() writes, or there is no such chunk; the set is as before.
  // COST: some microseconds, where chunks come in ascending order.
  absl::Status AddChunk(std::uint32_t chunk, std::string_view bytes);

 private:
  struct Bits;  // never defined: a bitmap of the library beneath

  static bool Equal(const IdSet& a, const IdSet& b);
  explicit IdSet(Bits* bits) : bits_(bits) {}

  Bits* bits_ = nullptr;  // none: empty
};

}  // namespace polyonym

#endif  // POLYONYM_SEGMENT_ID_SET_H_
