#include "calls.h"

#include <chrono>
#include <memory>
#include <string>

#include <nanobind/stl/string.h>

namespace polyonym::python {
namespace {

// Set in a thread whose call should end: an exception is pending in it.
thread_local bool pending = false;

const char* ClassOf(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kInvalidArgument:
      return "InvalidArgument";
    case absl::StatusCode::kNotFound:
      return "NotFound";
    case absl::StatusCode::kAlreadyExists:
      return "AlreadyExists";
    case absl::StatusCode::kOutOfRange:
      return "OutOfRange";
    case absl::StatusCode::kFailedPrecondition:
      return "FailedPrecondition";
    case absl::StatusCode::kPermissionDenied:
      return "PermissionDenied";
    case absl::StatusCode::kAborted:
      return "Aborted";
    case absl::StatusCode::kCancelled:
      return "Cancelled";
    case absl::StatusCode::kDeadlineExceeded:
      return "DeadlineExceeded";
    case absl::StatusCode::kResourceExhausted:
      return "ResourceExhausted";
    case absl::StatusCode::kUnavailable:
      return "Unavailable";
    case absl::StatusCode::kDataLoss:
      return "DataLoss";
    case absl::StatusCode::kUnimplemented:
      return "Unimplemented";
    default:
      return "Error";
  }
}

}  // namespace

void Raise(const absl::Status& status) {
  const absl::string_view message = status.message();
  nb::object kind = nb::module_::import_("polyonym.errors").attr(ClassOf(status.code()));
  nb::object error = kind(std::string(message.data(), message.size()));
  PyErr_SetObject(kind.ptr(), error.ptr());
  throw nb::python_error();
}

void RaiseInvalid(const std::string& message) { Raise(absl::InvalidArgumentError(message)); }

bool Interrupted() {
  using Clock = std::chrono::steady_clock;
  thread_local Clock::time_point next;
  if (pending) return true;
  const Clock::time_point now = Clock::now();
  if (now < next) return false;
  next = now + std::chrono::milliseconds(50);
  nb::gil_scoped_acquire acquired;
  pending = PyErr_CheckSignals() != 0;
  return pending;
}

void RaisePending() {
  if (!std::exchange(pending, false)) return;
  throw nb::python_error();
}

Progress ProgressOf(nb::handle callback) {
  if (callback.is_none()) return nullptr;
  // The reference goes with the GIL held, whichever thread drops the function last.
  const std::shared_ptr<nb::object> call(new nb::object(nb::borrow(callback)),
                                         [](nb::object* object) {
                                           nb::gil_scoped_acquire acquired;
                                           delete object;
                                         });
  return [call](std::uint64_t done, std::uint64_t total) {
    if (pending) return;
    nb::gil_scoped_acquire acquired;
    try {
      (*call)(done, total);
    } catch (nb::python_error& error) {
      error.restore();
      pending = true;
    }
  };
}

}  // namespace polyonym::python
