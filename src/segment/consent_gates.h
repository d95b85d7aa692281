// segment/consent_gates.h - what is asked of every member of a segment besides its expression: that they allow it.
#ifndef POLYONYM_SRC_SEGMENT_CONSENT_GATES_H_
#define POLYONYM_SRC_SEGMENT_CONSENT_GATES_H_

#include "polyonym/model/definitions.h"
#include "polyonym/segment/expression.h"

namespace polyonym::segment {

// The expression of a segment joined by `and` with questions about consents, which are expressions as any other: so whoever evaluates, plans,
// forecasts or explains a segment, or looks for what it reads, needs to know nothing of them. They are never unknown, so that
// `not in segment` of such a segment means those who did not allow it too.
//
//   consent ads is known and consent ads = "granted"                          SegmentDefinition::purpose
//   (consent profiling is not known or consent profiling = "granted")         ReachRules::profiling_purpose, unless profiles_nobody
//   (consent use is not known or consent use = "granted")                     PrivacyRules::restriction_purpose
//
// ENSURES: where nothing is asked, the expression as it was; else at most 20 nodes and one level more than it has, or the 5 levels of a question.
Expression WithConsents(const Definitions& definitions, const SegmentDefinition& segment,
                        Expression expression);

}  // namespace polyonym::segment

#endif  // POLYONYM_SRC_SEGMENT_CONSENT_GATES_H_
