// harness/random_facts.h - facts and definitions with few names, values and times, so that they meet.
//
// All times lie on a grid of kRandomStepMs, and so do windows, half-lives and validities: facts fall on the very ends of them.
#ifndef POLYONYM_TESTS_HARNESS_RANDOM_FACTS_H_
#define POLYONYM_TESTS_HARNESS_RANDOM_FACTS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "harness/random.h"
#include "polyonym/model/definitions.h"
#include "polyonym/model/facts.h"
#include "polyonym/model/identifier.h"
#include "polyonym/profile/profile.h"

namespace polyonym::harness {

inline constexpr std::int64_t kRandomFactsMs =
    1'700'000'000'000;  // when random rows are, more or less
inline constexpr std::int64_t kRandomStepMs = 600'000;

// Facts of a record of that time: of all kinds and types. About one in ten breaks a bound of model/facts.h.
Facts RandomFacts(Random& random, std::int64_t time_ms);

// Rows of one person, of records that differ in source or id, around kRandomFactsMs. No fact of them breaks a bound.
std::vector<FactRow> RandomRows(Random& random);

// Of the names and values of the two above. They pass Validate().
Definitions RandomDefinitions(Random& random);
EventMatch RandomMatch(Random& random);

// What they are all made of, for questions about them.
struct RandomNames {
  // A name with the type that its value mostly has.
  struct Typed {
    std::string name;
    ValueType type;
  };
  std::vector<Typed> properties;
  std::vector<std::string> event_types;
  std::vector<std::string> purposes;
  std::vector<std::string> relations;
  std::vector<std::string> campaigns;
  std::vector<Identifier> identifiers;
  std::vector<Place> places;
};
const RandomNames& NamesOfRandomFacts();
Value RandomValue(Random& random, ValueType type);

}  // namespace polyonym::harness

#endif  // POLYONYM_TESTS_HARNESS_RANDOM_FACTS_H_
