// golden/describe.h - everything that a view answers, as text to compare: profiles with their ids, identifiers, links, why and why
// not, what is held, records, the feed, histories, figures. No key, place or size of the store is in it.
#ifndef POLYONYM_TESTS_GOLDEN_DESCRIBE_H_
#define POLYONYM_TESTS_GOLDEN_DESCRIBE_H_

#include <string>

#include "polyonym/engine/view.h"

namespace polyonym::harness {

std::string Describe(const View& view);

}  // namespace polyonym::harness

#endif  // POLYONYM_TESTS_GOLDEN_DESCRIBE_H_
