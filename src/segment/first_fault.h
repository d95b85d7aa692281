// segment/first_fault.h - what is wrong with an expression, and where: the first fault that is
// found.
//
// Each check returns whether all is well, so that `a() && b()` ends at the first that is not, and
// what that one told is here.
//
// THREADS: thread-compatible.
#ifndef POLYONYM_SRC_SEGMENT_FIRST_FAULT_H_
#define POLYONYM_SRC_SEGMENT_FIRST_FAULT_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "polyonym/segment/expression.h"
#include "segment/place.h"

namespace polyonym::segment {

class FirstFault {
 public:
  // `text`: that places are of, as in CheckExpression(). Both outlive the fault.
  FirstFault(const Expression& root, std::string_view text) : root_(root), text_(text) {}

  // Always false. `at`: of the root's expression. `part`: of `at`, for paths; empty: the whole of
  // it.
  // COST: as PlaceOf().
  bool Fail(const Expression& at, std::string_view part, std::string_view what) {
    status_ = absl::InvalidArgumentError(
        absl::StrCat(PlaceOf(root_, at, part, text_), ": ", std::string(what)));
    return false;
  }

  // OK until something has failed.
  const absl::Status& status() const { return status_; }

 private:
  const Expression& root_;
  const std::string_view text_;
  absl::Status status_;
};

}  // namespace polyonym::segment

#endif  // POLYONYM_SRC_SEGMENT_FIRST_FAULT_H_
