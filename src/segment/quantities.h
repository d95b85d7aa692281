// segment/quantities.h - what conditions compare, each evaluated once of a person for all conditions that have it.
//
// Quantities over events that differ in their windows alone are a family: which events match is found once, and what windows come to that
// hold the same ones, too. Of a hundred segments that count orders in windows of all lengths a person with three orders is asked four times.
// So it is with sequences and funnels that differ in the time that they may take, where their events lie within the least of it.
#ifndef POLYONYM_SRC_SEGMENT_QUANTITIES_H_
#define POLYONYM_SRC_SEGMENT_QUANTITIES_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "polyonym/segment/expression.h"
#include "segment/compiled.h"
#include "segment/quantity_memory.h"
#include "segment/subject.h"

namespace polyonym::segment {

// THREADS: thread-safe once all were added. What is known of a person lies with the person.
class Quantities {
 public:
  using Memberships = std::span<const SegmentSubject::Impl::Membership>;

  // `part`: of the expression, both of which must outlive it. Returns its number: the same for one text and time zone.
  std::uint32_t Add(const CompiledSegment& of, const Expression& part);

  // What it comes to: until something else is asked for.
  // REQUIRES: the segments that it asks for are among `memberships`.
  const Datum& Of(std::uint32_t number, SegmentSubject::Impl* person, Memberships memberships,
                  QuantityMemory* memory) const;

 private:
  struct Quantity {
    const CompiledSegment* of;
    const Expression* part;
    std::uint32_t family;
    // Of events:
    bool is_of_events;
    std::uint32_t queries;  // whose matches it is of
    std::uint32_t window;
    std::uint32_t unbound_family;  // that of events which lie within `bound_ms`
    std::int64_t bound_ms;
  };
  using Key = std::pair<std::string, std::string>;  // time zone, text
  using Numbers = absl::flat_hash_map<Key, std::uint32_t>;
  void AddEvents(Quantity* quantity);
  const Datum& OfEvents(const Quantity& quantity, SegmentSubject::Impl* person,
                        Memberships memberships, QuantityMemory* memory) const;

  std::vector<Quantity> quantities_;
  Numbers numbers_, families_, queries_, windows_;
};

}  // namespace polyonym::segment

#endif  // POLYONYM_SRC_SEGMENT_QUANTITIES_H_
