// engine/policy_delta.h - in what two policies differ, said by what has to be done again.
//
// THREADS: pure.
#ifndef POLYONYM_SRC_ENGINE_POLICY_DELTA_H_
#define POLYONYM_SRC_ENGINE_POLICY_DELTA_H_

#include <set>
#include <string>

#include "polyonym/model/identifier.h"
#include "polyonym/model/policy.h"

namespace polyonym::engine {

// Families by name. One that only one of the policies names differs in everything.
struct PolicyDelta {
  using Names = std::set<std::string, std::less<>>;

  bool ranking = false;
  bool max_nodes = false;
  bool default_guard = false;
  bool undeclared = false;  // what becomes of namespaces that the policy does not name
  Names judging;            // which values count, how they are spelt, what is derived
  Names validity;           // when a value begins to name somebody else
  Names parents;
  Names priorities;
  Names limits;
  Names guards;
  Names lifetimes;

  // Records whose verdict may differ must be looked at.
  bool judges() const { return undeclared || !judging.empty() || !validity.empty(); }
};

PolicyDelta Compare(const Policy& before, const Policy& after);

}  // namespace polyonym::engine

#endif  // POLYONYM_SRC_ENGINE_POLICY_DELTA_H_
