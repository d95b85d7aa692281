// store/write_stalls.h - whether RocksDB slows down or stops writes, table by table, and word of it when that changes.
//
// RocksDB does so when memory fills faster than it is written to disk, or tables gather faster than they are merged.
//
// THREADS: thread-safe.
#ifndef POLYONYM_SRC_STORE_WRITE_STALLS_H_
#define POLYONYM_SRC_STORE_WRITE_STALLS_H_

#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <utility>

#include <rocksdb/listener.h>

#include "absl/base/thread_annotations.h"

namespace polyonym {

class WriteStalls : public rocksdb::EventListener {
 public:
  bool any() const {
    const std::lock_guard lock(mutex_);
    return !stalled_.empty();
  }

  // Calls `changed` from now on, with no lock held, when any() may have changed; at once where it is true already.
  void Watch(std::function<void()> changed) {
    {
      const std::lock_guard lock(mutex_);
      changed_ = std::move(changed);
      if (stalled_.empty()) return;
    }
    Tell();
  }

  void OnStallConditionsChanged(const rocksdb::WriteStallInfo& info) override {
    {
      const std::lock_guard lock(mutex_);
      if (info.condition.cur == rocksdb::WriteStallCondition::kNormal) {
        stalled_.erase(info.cf_name);
      } else {
        stalled_.insert(info.cf_name);
      }
    }
    Tell();
  }

 private:
  void Tell() const {
    std::function<void()> changed;
    {
      const std::lock_guard lock(mutex_);
      changed = changed_;
    }
    if (changed) changed();
  }

  mutable std::mutex mutex_;
  std::set<std::string> stalled_ ABSL_GUARDED_BY(mutex_);  // tables
  std::function<void()> changed_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace polyonym

#endif  // POLYONYM_SRC_STORE_WRITE_STALLS_H_
