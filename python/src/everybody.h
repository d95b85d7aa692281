// everybody.h - a pass over the people of a view, and which of them are in a segment.
#ifndef POLYONYM_PYTHON_EVERYBODY_H_
#define POLYONYM_PYTHON_EVERYBODY_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "polyonym/engine/view.h"
#include "polyonym/segment/evaluate.h"

namespace polyonym::python {

// The members of a segment in force as of a time.
class MembersAmong {
 public:
  // `segment` empty: everybody is one.  ERRORS: NotFound beginning with `what`, InvalidArgument (definitions).
  static absl::StatusOr<MembersAmong> Make(const View& view, const std::string& segment, std::int64_t now_ms,
                                           const std::string& what);
  bool Has(const Person& person) const;

 private:
  std::shared_ptr<const Definitions> definitions_;
  std::shared_ptr<const CompiledSegments> segments_;  // null: everybody
  std::size_t segment_ = 0;
  std::int64_t now_ms_ = 0;
};

// Until `visit` is not ok. `progress` may be empty.  ERRORS: what `visit` answers, as View::ForEachPerson().
absl::Status VisitEverybody(const View& view, const std::function<void(std::uint64_t, std::uint64_t)>& progress,
                            const std::function<absl::Status(const Person&)>& visit);

// The fact's own time, else the record's.
template <class Fact>
std::int64_t TimeOf(const Fact& fact, const FactRow& row) {
  return fact.time_ms.value_or(row.from.time_ms);
}

}  // namespace polyonym::python

#endif  // POLYONYM_PYTHON_EVERYBODY_H_
