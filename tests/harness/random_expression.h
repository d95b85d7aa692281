// harness/random_expression.h - segment expressions by grammar, about the names and values of random_facts.h.
//
// Times and spans lie on its grid, so that comparisons and windows meet facts on their very ends.
#ifndef POLYONYM_TESTS_HARNESS_RANDOM_EXPRESSION_H_
#define POLYONYM_TESTS_HARNESS_RANDOM_EXPRESSION_H_

#include <span>
#include <string>

#include "harness/random.h"
#include "polyonym/model/definitions.h"
#include "polyonym/segment/expression.h"

namespace polyonym::harness {

// A flag about a person, some levels deep, of every operation, window and score. CheckExpression() takes it with `definitions` and
// `segments`. Of what the definitions have none of, it says nothing.
Expression RandomExpression(Random& random, const Definitions& definitions,
                            std::span<const std::string> segments);

// The definitions with 1 to 8 segments, some of which ask for others, in several zones; of half of them consents decide too, where there are
// purposes.
Definitions RandomSegments(Random& random, Definitions definitions);

}  // namespace polyonym::harness

#endif  // POLYONYM_TESTS_HARNESS_RANDOM_EXPRESSION_H_
