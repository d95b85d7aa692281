// harness/told.h - histories with facts, and what the slow model of identity says is told of whom.
#ifndef POLYONYM_TESTS_HARNESS_TOLD_H_
#define POLYONYM_TESTS_HARNESS_TOLD_H_

#include <map>
#include <vector>

#include "harness/histories.h"
#include "harness/naive.h"
#include "polyonym/model/definitions.h"
#include "polyonym/profile/profile.h"

namespace polyonym::harness {

// The facts of a record are drawn by its content, so that what is sent again is the same again, also in a history that was cut down.
// Policies get random definitions.
History WithFacts(History history);

struct Told {
  std::vector<FactRow> rows;
  std::vector<AmbiguousFacts> ambiguous;
  Identifier anchor;
};
// By the names of the person of whom it is. Of two people of the same names (lives of one value) it has one.
using ToldByPerson = std::map<Group, Told>;

// Of everybody of whom something is told. Rows have no record numbers.
ToldByPerson NaiveFacts(const NaiveWorld& world, const Definitions& definitions);

// Of a group of nodes, the name that Person::anchor is.
Identifier NaiveAnchor(const NaiveWorld& world, const NaiveWorld::Nodes& nodes);

}  // namespace polyonym::harness

#endif  // POLYONYM_TESTS_HARNESS_TOLD_H_
