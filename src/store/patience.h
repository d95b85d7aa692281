// store/patience.h - a question that ends long work, asked by a thread of its own, for work that only looks at a flag.
//
// THREADS: over() may be called by any thread, the flag be read by any.
#ifndef POLYONYM_SRC_STORE_PATIENCE_H_
#define POLYONYM_SRC_STORE_PATIENCE_H_

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "absl/status/status.h"

namespace polyonym {

class Patience {
 public:
  // Asks `go_on` every few milliseconds until it returns false, or this is gone; none: it is never over, and there is no thread.
  explicit Patience(std::function<bool()> go_on);
  ~Patience();
  Patience(const Patience&) = delete;
  Patience& operator=(const Patience&) = delete;

  // Whether `go_on` ever returned false. Asks it.
  bool over();
  absl::Status status() const;  // of work that ended for it
  std::atomic<bool>* flag() { return &over_; }

 private:
  void Watch();

  const std::function<bool()> go_on_;
  std::atomic<bool> over_{false};
  std::mutex mutex_;
  std::condition_variable ended_;
  bool done_ = false;  // guarded by mutex_
  std::thread watcher_;
};

}  // namespace polyonym

#endif  // POLYONYM_SRC_STORE_PATIENCE_H_
