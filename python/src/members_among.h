// members_among.h - which people of a pass are in a segment.
#ifndef POLYONYM_PYTHON_MEMBERS_AMONG_H_
#define POLYONYM_PYTHON_MEMBERS_AMONG_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "polyonym/engine/view.h"
#include "polyonym/segment/evaluate.h"

namespace polyonym::python {

// The members of a segment in force as of a time.
class MembersAmong {
 public:
  // `segment` empty: everybody is one.  ERRORS: NotFound beginning with `what`, InvalidArgument (definitions).
  static absl::StatusOr<MembersAmong> Make(const View& view, const std::string& segment,
                                           std::int64_t now_ms, const std::string& what);
  bool Has(const Person& person) const;

 private:
  std::shared_ptr<const Definitions> definitions_;
  std::shared_ptr<const CompiledSegments> segments_;  // null: everybody
  std::size_t segment_ = 0;
  std::int64_t now_ms_ = 0;
};

}  // namespace polyonym::python

#endif  // POLYONYM_PYTHON_MEMBERS_AMONG_H_
