// calls.h - calls into the library from Python: without the GIL, ended by Ctrl-C, their errors raised.
#ifndef POLYONYM_PYTHON_CALLS_H_
#define POLYONYM_PYTHON_CALLS_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

// Casters that every file has alike: where one lacked them, the linker might take its own reading of a type for all.
#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/unique_ptr.h>
#include <nanobind/stl/vector.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace polyonym::python {

namespace nb = nanobind;

// Raises the exception of polyonym.errors that stands for the code.  REQUIRES: the GIL, and a status that is not ok.
[[noreturn]] void Raise(const absl::Status& status);
[[noreturn]] void RaiseInvalid(const std::string& message);

// Whether what runs in this thread should end: Ctrl-C was pressed, or a progress callback raised. The exception stays set in the thread,
// and Call() raises it. Looks at most every 50 ms.  REQUIRES: that the GIL is not held.
bool Interrupted();

// A progress callback of Python's, as the library calls it; none for None. What it raises ends the call.
using Progress = std::function<void(std::uint64_t done, std::uint64_t total)>;
Progress ProgressOf(nb::handle callback);

// Raises what Interrupted() or a callback left.
void RaisePending();

// f() without the GIL. What it answers, or the exception of its status.
template <class F>
auto Call(const F& f) {
  using Answer = std::invoke_result_t<const F&>;
  std::optional<Answer> answer;
  {
    nb::gil_scoped_release released;
    answer.emplace(f());
  }
  RaisePending();
  if constexpr (std::is_same_v<Answer, absl::Status>) {
    if (!answer->ok()) Raise(*answer);
  } else if constexpr (requires {
                         answer->status();
                         answer->value();
                       }) {
    if (!answer->ok()) Raise(answer->status());
    return *std::move(*answer);
  } else {
    return *std::move(answer);
  }
}

}  // namespace polyonym::python

#endif  // POLYONYM_PYTHON_CALLS_H_
