// engine/outbox.h - what triggers ask a host to do: a row each time that somebody comes into a trigger's segment or leaves it.
//
// Definitions::triggers say which. A row is written in the commit that moved the person, and stays, through restarts, until the host
// acknowledges it: Engine::ReadOutbox(), then whatever is to be done, then Engine::AcknowledgeOutbox(). A host that dies between is
// given the row again, so what it does should bear being done twice: OutboxItem::id is a key for that. docs/feed.md.
#ifndef POLYONYM_ENGINE_OUTBOX_H_
#define POLYONYM_ENGINE_OUTBOX_H_

#include <cstdint>
#include <string>

#include "polyonym/model/change.h"
#include "polyonym/model/identifier.h"

namespace polyonym {

struct OutboxItem {
  // Ascending in the order of what happened, and no other item of the store ever has it: sequence * 2^26 + its number in the call. A store
  // that is made again from the same calls gives the same ids.
  std::uint64_t id = 0;
  std::uint64_t sequence = 0;  // of the call
  std::string trigger;
  std::string segment;  // what the trigger was for then
  ProfileId profile;    // who came or went, by the id of then: View::Follow() has the present one
  Cause cause = Cause::kUnknown;
  std::uint64_t record = 0;  // number of the record that caused it; 0 where a whole call did
  std::int64_t now_ms = 0;   // as of when the segment was judged
  friend bool operator==(const OutboxItem&, const OutboxItem&) = default;
};

struct OutboxOptions {
  std::string trigger;          // DEFAULT: any
  std::string graph;            // DEFAULT: the first
  std::uint64_t after_id = 0;   // items with a greater id
  std::uint64_t limit = 1'000;  // range 1..1,000,000
};

}  // namespace polyonym

#endif  // POLYONYM_ENGINE_OUTBOX_H_
