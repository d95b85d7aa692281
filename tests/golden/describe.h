// golden/describe.h - everything that an engine answers, as text to compare, graph by graph: profiles with their ids, identifiers, links,
// why and why not, what is held, records, the feed, histories, figures. No key, place or size of the store is in it.
#ifndef POLYONYM_TESTS_GOLDEN_DESCRIBE_H_
#define POLYONYM_TESTS_GOLDEN_DESCRIBE_H_

#include <string>

#include "polyonym/engine/engine.h"

namespace polyonym::harness {

std::string Describe(const Engine& engine);

}  // namespace polyonym::harness

#endif  // POLYONYM_TESTS_GOLDEN_DESCRIBE_H_
