// harness/state.h - who is who, in a form that any two computations can be compared in: by identifiers, not by numbers.
#ifndef POLYONYM_TESTS_HARNESS_STATE_H_
#define POLYONYM_TESTS_HARNESS_STATE_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "polyonym/model/identifier.h"

namespace polyonym::harness {

using Pair = std::pair<Identifier, Identifier>;  // smaller first
using Group = std::vector<Identifier>;           // sorted

struct LinkState {
  std::int64_t first_ms = 0;  // of all sightings, forced or not
  std::int64_t last_ms = 0;
  std::uint32_t seen = 0;  // sightings that are not forced
  bool forced = false;
  bool kept = false;
  bool expired = false;  // its lifetime is over, whether or not an end is shared; never kept
  friend bool operator==(const LinkState&, const LinkState&) = default;
};

// What two engines must agree on. Of a value with several lives, all but `groups` speaks of the last.
struct State {
  // Every name of every mentioned node, each once; sorted. A value with several lives may be in several.
  std::vector<Group> groups;
  std::set<Identifier> shared;   // every name of every shared node
  std::set<Identifier> gone;     // named by a stored record, and mentioned no more
  std::set<Identifier> expired;  // of those in a group: its validity is over by the clock
  // Every pair with a sighting, inert and expired ones too; nodes by their spelling.
  std::map<Pair, LinkState> links;
  friend bool operator==(const State&, const State&) = default;
};

// The first few differences, one a line; empty where there are none.
std::string Difference(const State& want, const State& got);

}  // namespace polyonym::harness

#endif  // POLYONYM_TESTS_HARNESS_STATE_H_
