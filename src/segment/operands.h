// segment/operands.h - what expressions read of a person, and of an event.
#ifndef POLYONYM_SRC_SEGMENT_OPERANDS_H_
#define POLYONYM_SRC_SEGMENT_OPERANDS_H_

#include "polyonym/segment/expression.h"
#include "profile/ordered_facts.h"
#include "segment/compiled.h"
#include "segment/datum.h"
#include "segment/subject.h"

namespace polyonym::segment {

// kHas to kBucket but for kSize and kInSegment, as the person's profile says it.
Datum PersonValue(const Expression& node, const CompiledSegment& compiled,
                  SegmentSubject::Impl* person);

// kEventTime to kNear.
Datum EventValue(const Expression& node, const profile::Placed<Event>& event);

}  // namespace polyonym::segment

#endif  // POLYONYM_SRC_SEGMENT_OPERANDS_H_
