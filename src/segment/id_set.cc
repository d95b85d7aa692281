// A chunk as bytes, least significant byte first:
//
//   kind    1 byte: 1 array, 2 bitmap, 3 runs
//   array   2 bytes an id, ascending: its lower 16 bits
//   bitmap  8192 bytes: bit i % 8 of byte i / 8 is set where id i of the chunk is in it
//   runs    4 bytes a run, ascending, with ids left out between them: the first id (2 bytes), how many follow it (2 bytes)
//
// It is of the kind that takes the fewest bytes; where two take as many, of the lower one. A chunk without an id has no bytes at all. So
// there is one way to write a chunk, and what was written otherwise is refused.
//
// The library beneath reads and writes bitmaps of one chunk in the portable format of Roaring (RoaringFormatSpec). Its reader trusts what
// is inside; hence what it is given is made here, of what was checked.
#include "polyonym/segment/id_set.h"

#include <roaring/roaring.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <iterator>
#include <memory>
#include <new>

namespace polyonym {
namespace {

struct Free {
  void operator()(roaring_bitmap_t* bits) const { roaring_bitmap_free(bits); }
};
using Owned = std::unique_ptr<roaring_bitmap_t, Free>;

// What the library makes; it gives none where there is no memory.
roaring_bitmap_t* OrThrow(roaring_bitmap_t* made) {
  if (made == nullptr) throw std::bad_alloc();
  return made;
}

const roaring_bitmap_t& Nothing() {
  static const roaring_bitmap_t* const kNothing = OrThrow(roaring_bitmap_create());
  return *kNothing;
}

// IdSet::Bits is a name for the library's type in a header that must not know it.
template <class Bits>
const roaring_bitmap_t* Seen(const Bits* bits) {
  return bits == nullptr ? &Nothing() : reinterpret_cast<const roaring_bitmap_t*>(bits);
}

template <class Bits>
roaring_bitmap_t* Made(Bits** bits) {
  if (*bits == nullptr) *bits = reinterpret_cast<Bits*>(OrThrow(roaring_bitmap_create()));
  return reinterpret_cast<roaring_bitmap_t*>(*bits);
}

// ---- Bytes of a chunk ----

enum class Kind : char { kArray = 1, kBitmap = 2, kRuns = 3 };

constexpr std::size_t kWords = IdSet::kIdsPerChunk / 64;
constexpr std::size_t kBitmapBytes = kWords * sizeof(std::uint64_t);
using Words = std::array<std::uint64_t, kWords>;

static_assert(std::endian::native == std::endian::little, "chunks are copied as they lie");

void Append(std::string* bytes, std::uint16_t number) {
  bytes->push_back(static_cast<char>(number & 0xff));
  bytes->push_back(static_cast<char>(number >> 8));
}

std::uint16_t NumberAt(std::string_view bytes, std::size_t index) {
  std::uint16_t number;
  std::memcpy(&number, bytes.data() + index * sizeof number, sizeof number);
  return number;
}

struct Shape {
  std::size_t ids = 0;
  std::size_t runs = 0;
  friend bool operator==(const Shape&, const Shape&) = default;
};

Kind KindOf(const Shape& shape) {
  const std::size_t array = 2 * shape.ids;
  const std::size_t runs = 4 * shape.runs;
  if (array <= kBitmapBytes && array <= runs) return Kind::kArray;
  return kBitmapBytes <= runs ? Kind::kBitmap : Kind::kRuns;
}

// As many as std::popcount() says of all words, in a form that the compiler makes wide: most processors have an instruction for it that
// not every build may use.
std::size_t CountOf(const Words& words) {
  constexpr std::uint64_t kOnes = 0x0101'0101'0101'0101;
  constexpr std::size_t kAtATime = 16;  // so that eight bits hold what a byte of each has
  std::size_t count = 0;
  for (std::size_t from = 0; from < kWords; from += kAtATime) {
    std::uint64_t by_byte = 0;
    for (std::size_t i = from; i < from + kAtATime; ++i) {
      std::uint64_t word = words[i];
      word -= word >> 1 & 0x55 * kOnes;
      word = (word & 0x33 * kOnes) + (word >> 2 & 0x33 * kOnes);
      by_byte += (word + (word >> 4)) & 0x0f * kOnes;
    }
    const std::uint64_t by_two =
        (by_byte & 0x00ff'00ff'00ff'00ff) + (by_byte >> 8 & 0x00ff'00ff'00ff'00ff);
    count += by_two * 0x0001'0001'0001'0001 >> 48;
  }
  return count;
}

Shape ShapeOf(const Words& words) {
  Words starts;  // of runs
  starts[0] = words[0] & ~(words[0] << 1);
  for (std::size_t i = 1; i < kWords; ++i)
    starts[i] = words[i] & ~(words[i] << 1 | words[i - 1] >> 63);
  return {CountOf(words), CountOf(starts)};
}

// Calls `f(first, last)` for each run.
template <class F>
void ForEachRun(const Words& words, const F& f) {
  const auto next = [&words](std::size_t from, std::uint64_t flip) {
    for (std::size_t at = from; at < IdSet::kIdsPerChunk; at = (at / 64 + 1) * 64) {
      const std::uint64_t rest = (words[at / 64] ^ flip) >> at % 64;
      if (rest != 0) return at + static_cast<std::size_t>(std::countr_zero(rest));
    }
    return std::size_t{IdSet::kIdsPerChunk};
  };
  std::size_t end = 0;
  for (std::size_t begin = next(end, 0); begin < IdSet::kIdsPerChunk; begin = next(end, 0)) {
    end = next(begin, ~std::uint64_t{0});
    f(begin, end - 1);
  }
}

void AppendIds(const Words& words, std::string* bytes) {
  for (std::size_t i = 0; i < kWords; ++i) {
    for (std::uint64_t word = words[i]; word != 0; word &= word - 1) {
      Append(bytes,
             static_cast<std::uint16_t>(i * 64 + static_cast<std::size_t>(std::countr_zero(word))));
    }
  }
}

std::string Encode(const Words& words) {
  const Shape shape = ShapeOf(words);
  std::string bytes;
  if (shape.ids == 0) return bytes;
  const Kind kind = KindOf(shape);
  bytes.reserve(1 + std::min({2 * shape.ids, 4 * shape.runs, kBitmapBytes}));
  bytes.push_back(static_cast<char>(kind));
  if (kind == Kind::kArray) {
    AppendIds(words, &bytes);
  } else if (kind == Kind::kBitmap) {
    bytes.append(reinterpret_cast<const char*>(words.data()), kBitmapBytes);
  } else {
    ForEachRun(words, [&bytes](std::size_t first, std::size_t last) {
      Append(&bytes, static_cast<std::uint16_t>(first));
      Append(&bytes, static_cast<std::uint16_t>(last - first));
    });
  }
  return bytes;
}

// ---- What there is in bytes of one kind; none where they are not that ----

std::optional<Shape> ShapeOfArray(std::string_view bytes) {
  if (bytes.size() % 2 != 0) return std::nullopt;
  Shape shape;
  shape.ids = bytes.size() / 2;
  for (std::size_t i = 0; i < shape.ids; ++i) {
    if (i > 0 && NumberAt(bytes, i) <= NumberAt(bytes, i - 1)) return std::nullopt;
    shape.runs += i == 0 || NumberAt(bytes, i) != NumberAt(bytes, i - 1) + 1 ? 1 : 0;
  }
  return shape;
}

std::optional<Shape> ShapeOfBitmap(std::string_view bytes) {
  if (bytes.size() != kBitmapBytes) return std::nullopt;
  Words words;
  std::memcpy(words.data(), bytes.data(), kBitmapBytes);
  return ShapeOf(words);
}

std::optional<Shape> ShapeOfRuns(std::string_view bytes) {
  if (bytes.size() % 4 != 0) return std::nullopt;
  Shape shape;
  shape.runs = bytes.size() / 4;
  std::size_t least = 0;  // where the next may begin
  for (std::size_t run = 0; run < shape.runs; ++run) {
    const std::size_t first = NumberAt(bytes, 2 * run);
    const std::size_t last = first + NumberAt(bytes, 2 * run + 1);
    if (first < least || last >= IdSet::kIdsPerChunk) return std::nullopt;
    shape.ids += last - first + 1;
    least = last + 2;
  }
  return shape;
}

std::optional<Shape> ShapeOf(Kind kind, std::string_view bytes) {
  switch (kind) {
    case Kind::kArray:
      return ShapeOfArray(bytes);
    case Kind::kBitmap:
      return ShapeOfBitmap(bytes);
    case Kind::kRuns:
      return ShapeOfRuns(bytes);
  }
  return std::nullopt;
}

// ---- The portable format of Roaring, for one chunk ----
//
// Without runs: cookie (4 bytes), chunks (4), chunk (2), ids - 1 (2), where the content begins (4). With runs: cookie (2), chunks - 1 (2),
// a bit for each chunk (1), chunk (2), ids - 1 (2), runs (2). Then the content, as above. Up to kMostOfArray ids are an array, more are
// a bitmap.

constexpr std::uint16_t kCookie = 12346;
constexpr std::uint16_t kCookieOfRuns = 12347;
constexpr std::size_t kHeaderBytes = 16;
constexpr std::size_t kHeaderBytesOfRuns = 11;
constexpr std::size_t kMostOfArray = 4096;

std::string Portable(Kind kind, std::uint16_t chunk, const Shape& shape, std::string_view content) {
  std::string bytes;
  bytes.reserve(kHeaderBytes + content.size());
  Append(&bytes, kind == Kind::kRuns ? kCookieOfRuns : kCookie);
  Append(&bytes, 0);
  if (kind == Kind::kRuns) {
    bytes.push_back(1);
  } else {
    Append(&bytes, 1);
    Append(&bytes, 0);
  }
  Append(&bytes, chunk);
  Append(&bytes, static_cast<std::uint16_t>(shape.ids - 1));
  Append(&bytes, static_cast<std::uint16_t>(kind == Kind::kRuns ? shape.runs : kHeaderBytes));
  if (kind != Kind::kRuns) Append(&bytes, 0);
  bytes.append(content);
  return bytes;
}

void Fill(Words* words, std::size_t first, std::size_t last) {
  for (std::size_t at = first; at <= last; at = (at / 64 + 1) * 64) {
    const std::size_t top = std::min(last, at | 63);
    (*words)[at / 64] |= ~std::uint64_t{0} >> (63 - (top - at)) << at % 64;
  }
}

// What the library wrote of one chunk.
struct Written {
  Kind kind = Kind::kArray;
  std::string_view content;
};

Written Read(std::string_view portable) {
  if (NumberAt(portable, 0) == kCookieOfRuns)
    return {Kind::kRuns, portable.substr(kHeaderBytesOfRuns)};
  const std::size_t ids = NumberAt(portable, 5) + std::size_t{1};
  return {ids > kMostOfArray ? Kind::kBitmap : Kind::kArray, portable.substr(kHeaderBytes)};
}

Words WordsOf(const Written& written) {
  Words words{};
  switch (written.kind) {
    case Kind::kArray:
      for (std::size_t i = 0; i < written.content.size() / 2; ++i)
        Fill(&words, NumberAt(written.content, i), NumberAt(written.content, i));
      break;
    case Kind::kBitmap:
      std::memcpy(words.data(), written.content.data(), kBitmapBytes);
      break;
    case Kind::kRuns:
      for (std::size_t i = 0; i < written.content.size() / 2; i += 2) {
        const std::size_t first = NumberAt(written.content, i);
        Fill(&words, first, first + NumberAt(written.content, i + 1));
      }
  }
  return words;
}

Owned OfChunk(std::uint32_t chunk) {
  Owned all(OrThrow(roaring_bitmap_create()));
  const std::uint32_t first = chunk * IdSet::kIdsPerChunk;
  roaring_bitmap_add_range_closed(all.get(), first, first + (IdSet::kIdsPerChunk - 1));
  return all;
}

void AddPart(Kind kind, std::uint32_t chunk, const Shape& shape, std::string_view content,
             roaring_bitmap_t* bits) {
  const std::string portable = Portable(kind, static_cast<std::uint16_t>(chunk), shape, content);
  const Owned part(
      OrThrow(roaring_bitmap_portable_deserialize_safe(portable.data(), portable.size())));
  roaring_bitmap_or_inplace(bits, part.get());
}

// Ascending ids of one chunk. Many are added as a bitmap: the library would add them one by one.
void AddOfChunk(std::span<const std::uint32_t> ids, roaring_bitmap_t* bits) {
  if (ids.size() > kMostOfArray) {
    Words words{};
    for (const std::uint32_t id : ids)
      words[id % IdSet::kIdsPerChunk / 64] |= std::uint64_t{1} << id % 64;
    const Shape shape = {CountOf(words), 0};
    if (shape.ids > kMostOfArray) {
      AddPart(Kind::kBitmap, ids.front() / IdSet::kIdsPerChunk, shape,
              {reinterpret_cast<const char*>(words.data()), kBitmapBytes}, bits);
      return;
    }
  }
  roaring_bitmap_add_many(bits, ids.size(), ids.data());
}

void AddAscending(std::span<const std::uint32_t> ids, roaring_bitmap_t* bits) {
  while (!ids.empty()) {
    const std::uint32_t last = ids.front() | (IdSet::kIdsPerChunk - 1);
    const auto end = std::upper_bound(ids.begin(), ids.end(), last);
    const auto size = static_cast<std::size_t>(end - ids.begin());
    AddOfChunk(ids.first(size), bits);
    ids = ids.subspan(size);
  }
}

absl::Status NoChunk(std::uint32_t chunk) {
  return absl::DataLossError("chunk " + std::to_string(chunk) +
                             " of a set of ids is not as it was written");
}

}  // namespace

// ---- Life ----

IdSet::~IdSet() {
  if (bits_ != nullptr) roaring_bitmap_free(reinterpret_cast<roaring_bitmap_t*>(bits_));
}

IdSet::IdSet(const IdSet& other) {
  if (!other.empty())
    bits_ = reinterpret_cast<Bits*>(OrThrow(roaring_bitmap_copy(Seen(other.bits_))));
}

IdSet& IdSet::operator=(const IdSet& other) {
  if (this != &other) *this = IdSet(other);
  return *this;
}

IdSet IdSet::Of(std::span<const std::uint32_t> ids) {
  IdSet set;
  set.AddMany(ids);
  return set;
}

IdSet IdSet::Range(std::uint64_t begin, std::uint64_t end) {
  IdSet set;
  end = std::min(end, std::uint64_t{1} << 32);
  if (begin < end) {
    roaring_bitmap_add_range_closed(Made(&set.bits_), static_cast<std::uint32_t>(begin),
                                    static_cast<std::uint32_t>(end - 1));
  }
  return set;
}

// ---- One number ----

bool IdSet::Add(std::uint32_t id) { return roaring_bitmap_add_checked(Made(&bits_), id); }

bool IdSet::Remove(std::uint32_t id) {
  return bits_ != nullptr && roaring_bitmap_remove_checked(Made(&bits_), id);
}

bool IdSet::Contains(std::uint32_t id) const {
  return bits_ != nullptr && roaring_bitmap_contains(Seen(bits_), id);
}

// ---- The whole ----

std::uint64_t IdSet::size() const { return roaring_bitmap_get_cardinality(Seen(bits_)); }

bool IdSet::empty() const { return bits_ == nullptr || roaring_bitmap_is_empty(Seen(bits_)); }

void IdSet::AddMany(std::span<const std::uint32_t> ids) {
  if (ids.empty()) return;
  if (std::is_sorted(ids.begin(), ids.end())) {
    AddAscending(ids, Made(&bits_));
    return;
  }
  std::vector<std::uint32_t> sorted(ids.begin(), ids.end());
  std::sort(sorted.begin(), sorted.end());
  AddAscending(sorted, Made(&bits_));
}

IdSet& IdSet::operator|=(const IdSet& other) {
  if (this == &other || other.bits_ == nullptr) return *this;
  roaring_bitmap_or_inplace(Made(&bits_), Seen(other.bits_));
  return *this;
}

IdSet& IdSet::operator&=(const IdSet& other) {
  if (this == &other || bits_ == nullptr) return *this;
  roaring_bitmap_and_inplace(Made(&bits_), Seen(other.bits_));
  return *this;
}

IdSet& IdSet::operator-=(const IdSet& other) {
  if (this == &other) return *this = IdSet();
  if (bits_ != nullptr) roaring_bitmap_andnot_inplace(Made(&bits_), Seen(other.bits_));
  return *this;
}

IdSet IdSet::Or(const IdSet& a, const IdSet& b) {
  return IdSet(reinterpret_cast<Bits*>(OrThrow(roaring_bitmap_or(Seen(a.bits_), Seen(b.bits_)))));
}

IdSet IdSet::And(const IdSet& a, const IdSet& b) {
  return IdSet(reinterpret_cast<Bits*>(OrThrow(roaring_bitmap_and(Seen(a.bits_), Seen(b.bits_)))));
}

IdSet IdSet::AndNot(const IdSet& a, const IdSet& b) {
  return IdSet(
      reinterpret_cast<Bits*>(OrThrow(roaring_bitmap_andnot(Seen(a.bits_), Seen(b.bits_)))));
}

std::uint64_t IdSet::CountOr(const IdSet& a, const IdSet& b) {
  return roaring_bitmap_or_cardinality(Seen(a.bits_), Seen(b.bits_));
}

std::uint64_t IdSet::CountAnd(const IdSet& a, const IdSet& b) {
  return roaring_bitmap_and_cardinality(Seen(a.bits_), Seen(b.bits_));
}

std::uint64_t IdSet::CountAndNot(const IdSet& a, const IdSet& b) {
  return roaring_bitmap_andnot_cardinality(Seen(a.bits_), Seen(b.bits_));
}

bool IdSet::Equal(const IdSet& a, const IdSet& b) {
  return roaring_bitmap_equals(Seen(a.bits_), Seen(b.bits_));
}

// ---- In ascending order ----

namespace {

// Walks up to `limit` ids from `first` on, batch by batch, until `f` returns false.
void Walk(const roaring_bitmap_t& bits, std::uint32_t first, std::uint64_t limit,
          absl::FunctionRef<bool(std::span<const std::uint32_t>)> f) {
  std::array<std::uint32_t, 1024> batch;
  roaring_uint32_iterator_t at;
  roaring_init_iterator(&bits, &at);
  if (first > 0) roaring_move_uint32_iterator_equalorlarger(&at, first);
  while (limit > 0 && at.has_value) {
    const auto want = static_cast<std::uint32_t>(std::min<std::uint64_t>(limit, batch.size()));
    const std::uint32_t got = roaring_read_uint32_iterator(&at, batch.data(), want);
    limit -= got;
    if (!f(std::span<const std::uint32_t>(batch.data(), got))) return;
  }
}

}  // namespace

void IdSet::ForEachBatch(absl::FunctionRef<bool(std::span<const std::uint32_t>)> f) const {
  if (bits_ != nullptr) Walk(*Seen(bits_), 0, ~std::uint64_t{0}, f);
}

std::vector<std::uint32_t> IdSet::ToVector() const {
  std::vector<std::uint32_t> ids(size());
  if (!ids.empty()) roaring_bitmap_to_uint32_array(Seen(bits_), ids.data());
  return ids;
}

std::optional<std::uint32_t> IdSet::Nth(std::uint64_t rank) const {
  std::uint32_t id = 0;
  if (rank >> 32 != 0 || bits_ == nullptr ||
      !roaring_bitmap_select(Seen(bits_), static_cast<std::uint32_t>(rank), &id)) {
    return std::nullopt;
  }
  return id;
}

std::vector<std::uint32_t> IdSet::Page(std::uint64_t skip, std::size_t limit) const {
  std::vector<std::uint32_t> ids;
  const std::optional<std::uint32_t> first = Nth(skip);
  if (!first.has_value()) return ids;
  Walk(*Seen(bits_), *first, limit, [&ids](std::span<const std::uint32_t> batch) {
    ids.insert(ids.end(), batch.begin(), batch.end());
    return true;
  });
  return ids;
}

// ---- Memory ----

void IdSet::Optimise() {
  if (bits_ == nullptr) return;
  if (empty()) {
    *this = IdSet();
    return;
  }
  roaring_bitmap_run_optimize(Made(&bits_));
  roaring_bitmap_shrink_to_fit(Made(&bits_));
}

std::size_t IdSet::bytes() const {
  if (bits_ == nullptr) return 0;
  // A key, a type, a pointer and the head of what it points to.
  constexpr std::size_t kOfChunk = 2 + 1 + sizeof(void*) + 16;
  roaring_statistics_t is;
  roaring_bitmap_statistics(Seen(bits_), &is);
  return sizeof(roaring_bitmap_t) + is.n_containers * kOfChunk + is.n_bytes_array_containers +
         is.n_bytes_run_containers + is.n_bytes_bitset_containers;
}

// ---- Chunks ----

std::vector<std::uint32_t> IdSet::Chunks() const {
  std::vector<std::uint32_t> chunks;
  if (bits_ == nullptr) return chunks;
  roaring_uint32_iterator_t at;
  roaring_init_iterator(Seen(bits_), &at);
  while (at.has_value) {
    const std::uint32_t chunk = at.current_value / kIdsPerChunk;
    chunks.push_back(chunk);
    if (chunk + 1 == kMaxChunks) break;
    roaring_move_uint32_iterator_equalorlarger(&at, (chunk + 1) * kIdsPerChunk);
  }
  return chunks;
}

std::string IdSet::EncodeChunk(std::uint32_t chunk) const {
  if (bits_ == nullptr || chunk >= kMaxChunks) return {};
  const Owned part(OrThrow(roaring_bitmap_and(Seen(bits_), OfChunk(chunk).get())));
  if (roaring_bitmap_is_empty(part.get())) return {};
  std::string portable(roaring_bitmap_portable_size_in_bytes(part.get()), '\0');
  roaring_bitmap_portable_serialize(part.get(), portable.data());
  const Written written = Read(portable);
  const std::optional<Shape> shape = ShapeOf(written.kind, written.content);
  if (!shape.has_value() || KindOf(*shape) != written.kind) return Encode(WordsOf(written));
  std::string bytes(1, static_cast<char>(written.kind));
  bytes.append(written.content);
  return bytes;
}

absl::Status IdSet::AddChunk(std::uint32_t chunk, std::string_view bytes) {
  if (chunk >= kMaxChunks || bytes.empty()) return NoChunk(chunk);
  const auto kind = static_cast<Kind>(bytes.front());
  const std::string_view content = bytes.substr(1);
  const std::optional<Shape> shape = ShapeOf(kind, content);
  if (!shape.has_value() || shape->ids == 0 || KindOf(*shape) != kind) return NoChunk(chunk);
  AddPart(kind, chunk, *shape, content, Made(&bits_));
  return absl::OkStatus();
}

}  // namespace polyonym
