// engine/judged.h - a record with what policy says of it, and the hashes that its names are looked up by.
//
// THREADS: pure functions of a record, rules and an index's seed; what the index holds is not looked at.
#ifndef POLYONYM_SRC_ENGINE_JUDGED_H_
#define POLYONYM_SRC_ENGINE_JUDGED_H_

#include <cstdint>

#include "absl/container/inlined_vector.h"
#include "engine/index.h"
#include "engine/rules.h"
#include "polyonym/model/judge.h"
#include "polyonym/model/outcome.h"
#include "polyonym/model/record.h"

namespace polyonym::engine {

struct Judged {
  struct Name {
    Kind kind = kNone;  // kNone: its namespace was new
    std::uint64_t hash = 0;
    Node guess = kNone;  // what the dictionary has under the hash; not compared yet
  };
  const Record* record = nullptr;
  Reason malformed =
      Reason::kNone;         // what is wrong with its shape; then nothing else here says anything
  bool new_kinds = false;    // some of `names` has none yet
  std::uint32_t source = 0;  // keyed hash of the source
  std::uint64_t key = 0;     // keyed hash of (source, id)
  RecordVerdict verdict;
  absl::InlinedVector<Name, 8> names;  // one for each of verdict.counted
  // One for each identifier of the record.
  absl::InlinedVector<Kind, 8> kinds;
  absl::InlinedVector<std::uint32_t, 8> families;
};

// Finds kinds and families of a record's namespaces.
void FindKinds(const Rules& rules, const Record& record, Judged* judged);

// Of what its verdict counts.  REQUIRES: FindKinds().
void HashNames(const Rules& rules, const Index& index, Judged* judged);

// A record whose shape is good.
void JudgeBy(const Rules& rules, const Index& index, const Record& record, Judged* judged);

}  // namespace polyonym::engine

#endif  // POLYONYM_SRC_ENGINE_JUDGED_H_
