// harness/naive_segment.h - whether somebody is in a segment, computed slowly and literally: the measure of CompiledSegments.
//
// It shares Expression, ParseExpression(), Compare() and ToText(), NextAnniversary() and AgeOn() with the library, and NaiveProfile(); zones'
// offsets are ICU's. Sequences try all assignments of events to steps, funnels walk the chain of each first event, windows are walked a
// calendar day at a time.
//
// THREADS: a pure function.  COST: exponential in the steps of sequences; meant for some dozen events.
#ifndef POLYONYM_TESTS_HARNESS_NAIVE_SEGMENT_H_
#define POLYONYM_TESTS_HARNESS_NAIVE_SEGMENT_H_

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "polyonym/model/definitions.h"
#include "polyonym/model/identifier.h"
#include "polyonym/profile/profile.h"

namespace polyonym::harness {

// The contract of CompiledSegments::Evaluate(); none also where there is no such segment.
// REQUIRES: CompiledSegments::Compile() takes the definitions; what NaiveProfile() asks for; offsets of zones that change on whole
// quarters of an hour, as all do from 1972 on.
std::optional<bool> NaiveIsMember(const Definitions& definitions, const std::vector<FactRow>& rows,
                                  const std::vector<Identifier>& identifiers,
                                  const Identifier& anchor, std::int64_t now_ms,
                                  std::string_view segment);

}  // namespace polyonym::harness

#endif  // POLYONYM_TESTS_HARNESS_NAIVE_SEGMENT_H_
