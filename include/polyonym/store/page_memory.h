// store/page_memory.h - memory as large as the disk, of which a budget is resident.
//
// Everything lies in one nameless scratch file that is mapped shared, so that its pages can be written out and dropped, and come back
// by themselves when they are touched. A clock keeps the budget: each page has a bit that Want() sets; a hand passes over the pages
// in a circle, clears the bit where it is set, and drops the page where it is not. Another hand, an eighth ahead, has
// such pages written out already, so that the first seldom waits for the disk.
//
// Who is about to touch many places should Want() them all first: dropped ones are then read beside each other, not one after the other.
// A page that is touched without it is found all the same, but counts as not used.
//
// Pages of a file in a memory file system cannot be dropped: the budget is not kept there. A scratch file that cannot be read back kills
// the process (SIGBUS), as a failing swap disk does.
//
// THREADS: thread-safe.
#ifndef POLYONYM_STORE_PAGE_MEMORY_H_
#define POLYONYM_STORE_PAGE_MEMORY_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"

namespace polyonym {

class PageMemory {
 public:
  static constexpr std::size_t kPageBytes = 4096;
  static constexpr std::uint64_t kMinBudgetBytes = std::uint64_t{64} << 10;

  // Takes over `file`, an open descriptor of an empty file without a name; see Store::ScratchFile().
  // ERRORS: InvalidArgument (a budget under kMinBudgetBytes), ResourceExhausted (no address space or no room on the disk).
  static absl::StatusOr<std::shared_ptr<PageMemory>> Make(int file, std::uint64_t budget_bytes);

  ~PageMemory();
  PageMemory(const PageMemory&) = delete;
  PageMemory& operator=(const PageMemory&) = delete;

  // Zeroed memory, aligned to 64 bytes, or to a page where it is as large as one. Throws std::bad_alloc where the disk is full.
  void* Allocate(std::size_t bytes);
  // Gives back what Allocate(bytes) gave. Nobody may read it any more.
  void Free(void* at, std::size_t bytes);

  // Says that `bytes` at `at` will be touched soon: the pages count as used, and are read ahead where they were dropped.
  // COST: a few nanoseconds; a system call where one was dropped.
  void Want(const void* at, std::size_t bytes) {
    const std::size_t first = PageOf(at);
    Want(first);
    const std::size_t last = PageOf(static_cast<const char*>(at) + bytes - 1);
    if (last != first) [[unlikely]]
      Want(last);
  }

  // Drops pages until no more than the budget is resident, or two turns of the hand are over. Allocate() and Want() call it now and
  // then; who touches many pages otherwise, or ends a commit, should.
  // COST: a system call where there is nothing to drop; else some microseconds a page, and what the disk takes to write it. Where pages
  // cannot be dropped, it gives up until more are resident.
  void Keep();

  struct Stats {
    std::uint64_t budget_bytes = 0;
    std::uint64_t allocated_bytes = 0;   // in use or free for use again, resident or not
    std::uint64_t resident_bytes = 0;    // estimated between two turns of the hand
    std::uint64_t dropped_pages = 0;     // so far
    std::uint64_t read_ahead_pages = 0;  // so far; not those that came back when they were touched
  };
  Stats stats() const;

 private:
  // A bit for each page of the whole address range. Its own pages take up memory as they are touched.
  class Bits {
   public:
    explicit Bits(std::size_t pages);
    ~Bits();
    Bits(const Bits&) = delete;
    Bits& operator=(const Bits&) = delete;
    bool ok() const { return words_ != nullptr; }
    bool Has(std::size_t page) const {
      return (words_[page / 64].load(std::memory_order_relaxed) >> page % 64 & 1) != 0;
    }
    void Set(std::size_t page) {
      if (!Has(page)) words_[page / 64].fetch_or(Mask(page), std::memory_order_relaxed);
    }
    // Whether it was set.
    bool Clear(std::size_t page) {
      return Has(page) && (words_[page / 64].fetch_and(~Mask(page), std::memory_order_relaxed) &
                           Mask(page)) != 0;
    }

   private:
    static std::uint64_t Mask(std::size_t page) { return std::uint64_t{1} << page % 64; }
    const std::size_t bytes_;
    std::atomic<std::uint64_t>* words_ = nullptr;
  };

  PageMemory(int file, std::uint64_t budget_bytes);

  std::size_t PageOf(const void* at) const {
    return static_cast<std::size_t>(static_cast<const char*>(at) - base_) / kPageBytes;
  }
  void Want(std::size_t page) {
    used_.Set(page);
    if (dropped_.Has(page)) [[unlikely]]
      ReadAhead(page);
  }
  void ReadAhead(std::size_t page);
  void KeepLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool Grow(std::uint64_t end) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool Reserve(std::uint64_t from, std::uint64_t bytes) const;
  std::uint64_t Resident() const;
  template <class F>
  void ForEachRun(std::size_t first, std::size_t pages, const F& f)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void WriteOut(std::size_t first, std::size_t pages) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Drop(std::size_t first, std::size_t pages) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const int file_;
  const std::uint64_t budget_bytes_;
  char* base_ = nullptr;
  Bits used_;
  Bits dropped_;
  std::atomic<std::uint64_t> allocated_{0};
  std::atomic<std::int64_t> dropped_now_{0};  // bits in dropped_
  std::atomic<std::uint64_t> dropped_pages_{0};
  std::atomic<std::uint64_t> read_ahead_pages_{0};

  std::mutex mutex_;
  std::uint64_t end_ ABSL_GUARDED_BY(mutex_) = 0;     // the file's size: mapped up to here
  std::uint64_t filled_ ABSL_GUARDED_BY(mutex_) = 0;  // given away up to here
  absl::flat_hash_map<std::size_t, std::vector<char*>> free_ ABSL_GUARDED_BY(mutex_);  // by size
  std::size_t hand_ ABSL_GUARDED_BY(mutex_) = 0;
  // Of the process, when the hand last moved: pages may have come back by them.
  std::uint64_t faults_ ABSL_GUARDED_BY(mutex_) = 0;
  std::uint64_t given_up_until_ ABSL_GUARDED_BY(mutex_) = 0;  // so many bytes are resident
  std::vector<unsigned char> in_core_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace polyonym

#endif  // POLYONYM_STORE_PAGE_MEMORY_H_
