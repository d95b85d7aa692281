// segment/dependents.h - which segments a record's facts may change: those that read what the facts are about, by name.
//
// Of somebody of whom facts came and nothing else did, all other segments have the answers that they had, but for what time does. An event
// concerns a segment where it may match a query of it: by its type, and by a property that the query wants to be some text.
#ifndef POLYONYM_SRC_SEGMENT_DEPENDENTS_H_
#define POLYONYM_SRC_SEGMENT_DEPENDENTS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "polyonym/model/definitions.h"
#include "polyonym/model/facts.h"
#include "polyonym/segment/evaluate.h"

namespace polyonym::segment {

// Segments by number.
class SegmentBits {
 public:
  explicit SegmentBits(std::size_t segments = 0) : words_((segments + 63) / 64) {}
  void Set(std::size_t segment) { words_[segment / 64] |= std::uint64_t{1} << segment % 64; }
  bool Has(std::size_t segment) const { return (words_[segment / 64] >> segment % 64 & 1) != 0; }
  void Clear() { words_.assign(words_.size(), 0); }
  SegmentBits& operator|=(const SegmentBits& other) {
    for (std::size_t i = 0; i < words_.size(); ++i) words_[i] |= other.words_[i];
    return *this;
  }
  // f(segment) in ascending order.
  template <class F>
  void ForEach(const F& f) const {
    for (std::size_t i = 0; i < words_.size(); ++i) {
      for (std::uint64_t left = words_[i]; left != 0; left &= left - 1)
        f(i * 64 + static_cast<std::size_t>(__builtin_ctzll(left)));
    }
  }

 private:
  std::vector<std::uint64_t> words_;
};

// THREADS: thread-safe (immutable).  Memory: a bit a segment for each name that is asked for.
class Dependents {
 public:
  // What may be told: kinds of facts, each with names.
  enum class Kind : std::uint8_t { kTrait, kTag, kEvent, kConsent, kRelation };

  // COST: the parts of all expressions, times the definitions.
  Dependents(const CompiledSegments& segments, const Definitions& definitions);

  // Adds those that the facts may change.
  void Add(const Facts& facts, SegmentBits* segments) const;
  // Those that read identifiers.
  const SegmentBits& of_identifiers() const { return of_identifiers_; }
  // Those that time may change.
  const SegmentBits& of_time() const { return of_time_; }
  std::size_t size() const { return size_; }

 private:
  class Maker;
  // Of events: segments that ask for those of a type which have one text in a property, by property and text.
  using ByText = absl::flat_hash_map<std::string, absl::flat_hash_map<std::string, SegmentBits>>;
  struct OfName {
    SegmentBits all;
    ByText by_text;
  };
  struct OfKind {
    absl::flat_hash_map<std::string, OfName> by_name;
    SegmentBits of_any;  // whatever the name
  };
  const OfName* AddNamed(Kind kind, std::string_view name, SegmentBits* segments) const;
  void AddEvent(const Event& event, SegmentBits* segments) const;

  std::size_t size_;
  OfKind kinds_[5];
  SegmentBits of_identifiers_;
  SegmentBits of_time_;
};

}  // namespace polyonym::segment

#endif  // POLYONYM_SRC_SEGMENT_DEPENDENTS_H_
