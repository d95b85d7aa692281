// laws/with_segments.h - histories whose policies define segments.
#ifndef POLYONYM_TESTS_LAWS_WITH_SEGMENTS_H_
#define POLYONYM_TESTS_LAWS_WITH_SEGMENTS_H_

#include "harness/random_expression.h"
#include "harness/told.h"

namespace polyonym::harness {

// Times of histories are about a second after 1970: windows of these segments reach them from there. Some policies define what was defined
// before, some part of it, some something else.
inline History WithSegments(const History& plain) {
  History history = WithFacts(plain);
  Random random(history.seed ^ 0x5e67);
  history.policy.definitions = RandomSegments(random, history.policy.definitions);
  Definitions definitions = history.policy.definitions;
  for (HistoryStep& step : history.steps) {
    if (step.kind != HistoryStep::Kind::kPolicy) continue;
    if (step.policy.definitions.segments.empty() && random.Chance(60))
      definitions = RandomSegments(random, step.policy.definitions);
    step.policy.definitions = definitions;
  }
  return history;
}

}  // namespace polyonym::harness

#endif  // POLYONYM_TESTS_LAWS_WITH_SEGMENTS_H_
