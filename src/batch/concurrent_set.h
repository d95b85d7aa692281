// batch/concurrent_set.h - union-find that several threads fill at once.
//
// The root of a group is its smallest element, whoever came first: the outcome does not depend on the threads.
//
// THREADS: thread-safe. Invariant: a parent is never larger than its child, and never changes but to an ancestor of it.
#ifndef POLYONYM_SRC_BATCH_CONCURRENT_SET_H_
#define POLYONYM_SRC_BATCH_CONCURRENT_SET_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <utility>

#include "batch/large_pages.h"

namespace polyonym::batch {

class ConcurrentSet {
 public:
  explicit ConcurrentSet(std::size_t elements) : parent_(elements) {
    std::iota(parent_.begin(), parent_.end(), 0);
  }

  void Prefetch(std::uint32_t x) const { __builtin_prefetch(&parent_[x]); }

  // Halves the path. A store that comes late points to an ancestor all the same.
  std::uint32_t Find(std::uint32_t x) {
    for (;;) {
      const std::uint32_t up = Load(x);
      if (up == x) return x;
      const std::uint32_t above = Load(up);
      if (above == up) return up;
      std::atomic_ref(parent_[x]).store(above, std::memory_order_relaxed);
      x = above;
    }
  }

  void Union(std::uint32_t a, std::uint32_t b) {
    for (;;) {
      a = Find(a);
      b = Find(b);
      if (a == b) return;
      if (a < b) std::swap(a, b);
      std::uint32_t root = a;
      if (std::atomic_ref(parent_[a]).compare_exchange_weak(root, b, std::memory_order_relaxed))
        return;
    }
  }

 private:
  std::uint32_t Load(std::uint32_t x) {
    return std::atomic_ref(parent_[x]).load(std::memory_order_relaxed);
  }
  LargeArray<std::uint32_t> parent_;
};

}  // namespace polyonym::batch

#endif  // POLYONYM_SRC_BATCH_CONCURRENT_SET_H_
