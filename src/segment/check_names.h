// segment/check_names.h - whether the names that an operator uses are of something: of a
// definition, of a namespace, of a segment.
//
// THREADS: pure functions.  COST: linear in the definitions; patterns are compiled.
#ifndef POLYONYM_SRC_SEGMENT_CHECK_NAMES_H_
#define POLYONYM_SRC_SEGMENT_CHECK_NAMES_H_

#include <functional>
#include <string_view>

#include "polyonym/model/definitions.h"
#include "polyonym/segment/expression.h"
#include "segment/first_fault.h"
#include "segment/operator_shapes.h"

namespace polyonym::segment {

// Expression::name, which is as `named` says. `is_segment`: whether a segment of that name exists;
// empty: none does.
// ERRORS: false, and the fault has failed.
bool CheckName(const Expression& at, Named named, const Definitions& definitions,
               const std::function<bool(std::string_view)>& is_segment, FirstFault* fault);

// Expression::field, which is as `fielded` says.
// REQUIRES: CheckName() is true of `at`.  ERRORS: false, and the fault has failed.
bool CheckField(const Expression& at, Fielded fielded, const Definitions& definitions,
                FirstFault* fault);

}  // namespace polyonym::segment

#endif  // POLYONYM_SRC_SEGMENT_CHECK_NAMES_H_
