// crash/remains.h - how far a call of several writes had come when it was cut off, by the rows of the store alone.
//
// THREADS: pure functions.
#ifndef POLYONYM_TESTS_CRASH_REMAINS_H_
#define POLYONYM_TESTS_CRASH_REMAINS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "polyonym/engine/engine.h"
#include "polyonym/store/store.h"

namespace polyonym::harness {

// How often what happened.
using Counts = std::map<std::string, std::size_t>;
// One a line.
std::string ToText(const Counts& counts);

inline constexpr const char* kPolicyAlone = "policy without its changes";
inline constexpr const char* kFurtherPolicyAlone = "policy of a further graph without its changes";
inline constexpr const char* kFoldAlone = "horizon without its checkpoint";
inline constexpr const char* kFoldUncleaned = "horizon without its cleaning";
inline constexpr const char* kErasureAlone = "erase without its checkpoint";
inline constexpr const char* kErasureUncleaned = "erase without its cleaning";

struct Remains {
  // Of a policy that the log ends with, whose row of changes is not there; 0: none.
  std::uint64_t policy = 0;
  std::uint32_t graph = 0;
  // Of the last fold or erasure, checkpoint and cleaning; 0: none.
  std::uint64_t fold = 0;
  bool erased = false;  // it was an erasure
  std::uint64_t checkpoint = 0;
  std::uint64_t cleaned = 0;
};

// Of a store that nobody has opened again.
Remains LookAt(const Store& store);
// Counts what it was once the store is open: only then is it known whether a policy had changes to show.
void Count(const Remains& remains, const Engine& engine, Counts* counts);

// Whether the log of an open store has the records that are kept, and no others. Returns what is wrong.
std::string CheckLogIsClean(const Store& store, const View& view);

}  // namespace polyonym::harness

#endif  // POLYONYM_TESTS_CRASH_REMAINS_H_
