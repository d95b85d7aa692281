// engine_handle.h - a store as Python holds it: open until close(), whoever still uses it.
#ifndef POLYONYM_PYTHON_ENGINE_HANDLE_H_
#define POLYONYM_PYTHON_ENGINE_HANDLE_H_

#include <memory>
#include <mutex>
#include <utility>

#include "calls.h"
#include "polyonym/engine/engine.h"

namespace polyonym::python {

// THREADS: thread-safe. Calls that run as it is closed end as they would have.
class EngineHandle {
 public:
  explicit EngineHandle(std::shared_ptr<Engine> engine) : engine_(std::move(engine)) {}
  ~EngineHandle() { Close(); }

  // RAISES: FailedPrecondition once it is closed.
  std::shared_ptr<Engine> Get() const {
    std::shared_ptr<Engine> engine;
    {
      const std::lock_guard lock(mutex_);
      engine = engine_;
    }
    if (engine == nullptr)
      Raise(absl::FailedPreconditionError("the store is closed; open it again"));
    return engine;
  }

  bool closed() const {
    const std::lock_guard lock(mutex_);
    return engine_ == nullptr;
  }

  void Close() {
    nb::gil_scoped_release released;
    std::shared_ptr<Engine> engine;
    const std::lock_guard lock(mutex_);
    engine.swap(engine_);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<Engine> engine_;
};

}  // namespace polyonym::python

#endif  // POLYONYM_PYTHON_ENGINE_HANDLE_H_
