// segment/check_types.h - whether the arguments of an operator are of types that it takes, and of
// which types it is itself.
//
// THREADS: pure functions.
#ifndef POLYONYM_SRC_SEGMENT_CHECK_TYPES_H_
#define POLYONYM_SRC_SEGMENT_CHECK_TYPES_H_

#include <optional>
#include <vector>

#include "polyonym/model/definitions.h"
#include "polyonym/segment/expression.h"
#include "segment/expression_types.h"
#include "segment/first_fault.h"
#include "segment/operator_shapes.h"

namespace polyonym::segment {

// Whether `at`, of the shape `shape`, takes its argument `arg`, which is of `types`.
// ERRORS: false, and the fault has failed.  COST: constant.
bool CheckTakes(const Expression& at, const OperatorShape& shape, const Expression& arg,
                Types types, FirstFault* fault);

// The type of `at`, whose arguments are of the types `args`, one for each.
// REQUIRES: its shape, its names and its literals are right, and CheckTakes() is true of each
// argument.
// ERRORS: nothing, and the fault has failed: types that do not fit each other, a list of `in` of
// other types, `near` beyond the globe.
// COST: linear in the list of `in` and in the definitions; else constant.
std::optional<Typed> TypeFrom(const Expression& at, const OperatorShape& shape,
                              const std::vector<Typed>& args, const Definitions& definitions,
                              FirstFault* fault);

}  // namespace polyonym::segment

#endif  // POLYONYM_SRC_SEGMENT_CHECK_TYPES_H_
