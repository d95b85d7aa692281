// golden/story.h - a short history, written by hand, that touches everything a store can hold: every act, both roles, facts,
// records without an id, upserts, tombstones before and after their record, renames, scopes, limits, windows, guards, held records and
// identifiers, a record sent again, a policy put in force later, a second graph, a clock that moves, links that expire, a value with
// several lives, derived identifiers, records that were folded.
//
// Golden stores were made of it: never change it. What is new gets a story of its own.
#ifndef POLYONYM_TESTS_GOLDEN_STORY_H_
#define POLYONYM_TESTS_GOLDEN_STORY_H_

#include <cstdint>
#include <string>
#include <vector>

#include "polyonym/engine/engine.h"

namespace polyonym::harness {

// One call: a policy, a time that the clock moves to, a horizon, or records of one Apply().
struct Call {
  std::string policy;                // JSON
  std::vector<std::string> records;  // JSON, one each
  std::string graph = "";            // that the policy is for
  std::int64_t clock_ms = 0;
  std::string source = "";  // whose records before `clock_ms` are folded
};

// What was told before the checkpoint, and what came behind it.
std::vector<Call> StoryUpToCheckpoint();
std::vector<Call> StoryBehindCheckpoint();

// Makes the calls. Throws where one of them fails.
void Tell(const std::vector<Call>& story, Engine* engine);

}  // namespace polyonym::harness

#endif  // POLYONYM_TESTS_GOLDEN_STORY_H_
