// engine/call_facts.h - facts of the records of a call, decoded once: for what its caller is told of them, and for whoever looks at people at
// its end.
//
// THREADS: thread-compatible, but for TakeRow().
#ifndef POLYONYM_SRC_ENGINE_CALL_FACTS_H_
#define POLYONYM_SRC_ENGINE_CALL_FACTS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "polyonym/model/facts.h"
#include "polyonym/model/identifier.h"
#include "polyonym/model/record.h"
#include "polyonym/profile/profile.h"

namespace polyonym::engine {

class CallFacts {
 public:
  // `records`: must outlive it.  COST: decodes all facts.
  explicit CallFacts(std::span<const Record> records);

  // A record of the call was appended to the log as it came, but for what was filled in.
  // REQUIRES: `appended` outlives it; locations ascend.
  void NoteAppended(std::size_t place, const Record& appended, std::uint64_t location);

  // What MakeFactRow() says of the record at a location; none where it is not of the call, or was taken before.
  // THREADS: safe beside others of other locations.
  std::optional<FactRow> TakeRow(std::uint64_t location, std::uint64_t number,
                                 Identifier belongs_to);

  // Why facts of a record are left out.
  std::vector<FactFault> TakeFaults(std::size_t place) { return std::move(facts_[place].faults); }

 private:
  struct Decoded {
    Facts facts;
    std::vector<FactFault> faults;
  };
  struct Appended {
    std::uint64_t location;
    const Record* record;  // null: it was taken
    std::size_t place;
  };
  std::vector<Decoded> facts_;  // by place
  std::vector<Appended> appended_;
};

}  // namespace polyonym::engine

#endif  // POLYONYM_SRC_ENGINE_CALL_FACTS_H_
