// segment/place.h - where a part of an expression is, as errors and findings say it.
//
// THREADS: pure functions.
#ifndef POLYONYM_SRC_SEGMENT_PLACE_H_
#define POLYONYM_SRC_SEGMENT_PLACE_H_

#include <string>
#include <string_view>

#include "polyonym/segment/expression.h"

namespace polyonym::segment {

// `2:14` of `text` where `at` has a place in it, else its path from the root, such as
// `and[1].count.where`. `part`: of `at`, such as `name`; paths alone say it.
// REQUIRES: `at` is `root` or below it, by its address.
// COST: linear in the parts of `root`, or in `text`.
std::string PlaceOf(const Expression& root, const Expression& at, std::string_view part,
                    std::string_view text);

}  // namespace polyonym::segment

#endif  // POLYONYM_SRC_SEGMENT_PLACE_H_
