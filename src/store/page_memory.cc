#include "polyonym/store/page_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include "absl/status/status.h"

namespace polyonym {
namespace {

constexpr std::uint64_t kSpanBytes = std::uint64_t{1} << 40;  // of addresses: they cost nothing
constexpr std::uint64_t kFirstStepBytes = std::uint64_t{1} << 20;  // by which the file grows
constexpr std::uint64_t kStepBytes = std::uint64_t{64} << 20;
constexpr std::size_t kSmallAlign = 64;
constexpr std::size_t kWindowPages = 16;  // looked at in one step of the hand
constexpr std::uint64_t kKeepPages = 16;  // come, or are read ahead, before the budget is looked at

std::uint64_t RoundUp(std::uint64_t bytes, std::uint64_t to) { return (bytes + to - 1) / to * to; }

std::size_t SizeClass(std::size_t bytes) {
  return RoundUp(bytes, bytes >= PageMemory::kPageBytes ? PageMemory::kPageBytes : kSmallAlign);
}

std::uint64_t MajorFaults() {
  struct rusage usage {};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::uint64_t>(usage.ru_majflt);
}

void* MapNothing(std::uint64_t bytes, int protection) {
  void* at = ::mmap(nullptr, bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return at == MAP_FAILED ? nullptr : at;
}

}  // namespace

PageMemory::Bits::Bits(std::size_t pages)
    : bytes_(pages / 8),
      words_(static_cast<std::atomic<std::uint64_t>*>(MapNothing(bytes_, PROT_READ | PROT_WRITE))) {
}

PageMemory::Bits::~Bits() {
  if (ok()) ::munmap(words_, bytes_);
}

PageMemory::PageMemory(int file, std::uint64_t budget_bytes)
    : file_(file),
      budget_bytes_(budget_bytes),
      base_(static_cast<char*>(MapNothing(kSpanBytes, PROT_NONE))),
      used_(kSpanBytes / kPageBytes),
      dropped_(kSpanBytes / kPageBytes),
      faults_(MajorFaults()),
      in_core_(kWindowPages) {}

PageMemory::~PageMemory() {
  if (base_ != nullptr) ::munmap(base_, kSpanBytes);
  ::close(file_);
}

absl::StatusOr<std::shared_ptr<PageMemory>> PageMemory::Make(int file, std::uint64_t budget_bytes) {
  std::shared_ptr<PageMemory> memory(new PageMemory(file, budget_bytes));
  if (budget_bytes < kMinBudgetBytes)
    return absl::InvalidArgumentError("memory_budget_bytes: must be 0 (none) or at least 65,536");
  if (memory->base_ == nullptr || !memory->used_.ok() || !memory->dropped_.ok())
    return absl::ResourceExhaustedError(
        "memory_budget_bytes: no address space for the scratch file (ulimit -v)");
  const std::lock_guard lock(memory->mutex_);
  if (!memory->Grow(kFirstStepBytes))
    return absl::ResourceExhaustedError(
        "memory_budget_bytes: no room on disk for the scratch file");
  return memory;
}

// Room on the disk is taken before the memory is given away: a page that finds none when it is written would be a SIGBUS.
bool PageMemory::Reserve(std::uint64_t from, std::uint64_t bytes) const {
  return ::posix_fallocate(file_, static_cast<off_t>(from), static_cast<off_t>(bytes)) == 0;
}

bool PageMemory::Grow(std::uint64_t end) {
  if (end > kSpanBytes || !Reserve(end_, end - end_)) return false;
  void* at = ::mmap(base_ + end_, end - end_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file_,
                    static_cast<off_t>(end_));
  if (at == MAP_FAILED) return false;
  // What is wanted of it is known: the system need not read around it.
  ::madvise(at, end - end_, MADV_RANDOM);
  end_ = end;
  return true;
}

void* PageMemory::Allocate(std::size_t bytes) {
  const std::size_t size = SizeClass(bytes);
  const std::lock_guard lock(mutex_);
  if (auto found = free_.find(size); found != free_.end() && !found->second.empty()) {
    char* at = found->second.back();
    if (size < kPageBytes) {
      std::memset(at, 0, size);
    } else if (!Reserve(static_cast<std::uint64_t>(at - base_), size)) {
      throw std::bad_alloc();
    }
    found->second.pop_back();
    for (std::size_t page = PageOf(at); size >= kPageBytes && page < PageOf(at + size); ++page) {
      if (dropped_.Clear(page)) dropped_now_.fetch_sub(1, std::memory_order_relaxed);
    }
    return at;
  }
  const std::uint64_t start = RoundUp(filled_, size >= kPageBytes ? kPageBytes : kSmallAlign);
  if (start + size > end_) {
    const std::uint64_t step = std::clamp(end_, kFirstStepBytes, kStepBytes);
    if (!Grow(RoundUp(start + size, kFirstStepBytes) + step - kFirstStepBytes) &&
        !Grow(RoundUp(start + size, kPageBytes)))
      throw std::bad_alloc();
  }
  const bool keep = start / kPageBytes / kKeepPages != (start + size) / kPageBytes / kKeepPages;
  filled_ = start + size;
  allocated_.store(RoundUp(filled_, kPageBytes), std::memory_order_relaxed);
  if (keep) KeepLocked();
  return base_ + start;
}

void PageMemory::Free(void* at, std::size_t bytes) {
  const std::size_t size = SizeClass(bytes);
  char* const start = static_cast<char*>(at);
  const std::lock_guard lock(mutex_);
  if (size >= kPageBytes) {
    const auto offset = static_cast<off_t>(start - base_);
    if (::fallocate(file_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset,
                    static_cast<off_t>(size)) != 0)
      return;  // it cannot be emptied, so nobody gets it again
    for (std::size_t page = PageOf(at); page < PageOf(start + size); ++page) {
      used_.Clear(page);
      if (!dropped_.Has(page)) {
        dropped_.Set(page);
        dropped_now_.fetch_add(1, std::memory_order_relaxed);
      }
    }
  }
  free_[size].push_back(start);
}

void PageMemory::ReadAhead(std::size_t page) {
  if (!dropped_.Clear(page)) return;  // another thread was first
  dropped_now_.fetch_sub(1, std::memory_order_relaxed);
  ::madvise(base_ + page * kPageBytes, kPageBytes, MADV_WILLNEED);
  if (read_ahead_pages_.fetch_add(1, std::memory_order_relaxed) % kKeepPages != 0) return;
  if (std::unique_lock lock(mutex_, std::try_to_lock); lock.owns_lock()) KeepLocked();
}

std::uint64_t PageMemory::Resident() const {
  const std::uint64_t all = allocated_.load(std::memory_order_relaxed);
  const std::int64_t dropped = dropped_now_.load(std::memory_order_relaxed);
  return all -
         std::min(all, static_cast<std::uint64_t>(std::max<std::int64_t>(dropped, 0)) * kPageBytes);
}

// f(first, pages) for every run of pages in the window that are in memory and were not used since the hand passed; what is known of
// dropped pages is put right on the way.
template <class F>
void PageMemory::ForEachRun(std::size_t first, std::size_t pages, const F& f) {
  if (::mincore(base_ + first * kPageBytes, pages * kPageBytes, in_core_.data()) != 0) return;
  std::size_t run = 0;
  for (std::size_t i = 0; i <= pages; ++i) {
    if (i < pages && (in_core_[i] & 1) != 0) {
      if (dropped_.Clear(first + i)) dropped_now_.fetch_sub(1, std::memory_order_relaxed);
      if (!used_.Has(first + i)) {
        ++run;
        continue;
      }
    }
    if (run != 0) f(first + i - run, run);
    run = 0;
  }
}

void PageMemory::WriteOut(std::size_t first, std::size_t pages) {
  ForEachRun(first, pages, [this](std::size_t page, std::size_t run) {
    ::sync_file_range(file_, static_cast<off_t>(page * kPageBytes),
                      static_cast<off_t>(run * kPageBytes), SYNC_FILE_RANGE_WRITE);
  });
}

void PageMemory::Drop(std::size_t first, std::size_t pages) {
  ForEachRun(first, pages, [this](std::size_t page, std::size_t run) {
    char* const at = base_ + page * kPageBytes;
    const auto offset = static_cast<off_t>(page * kPageBytes);
    const auto bytes = static_cast<off_t>(run * kPageBytes);
    // The system drops only what is neither mapped nor dirty.
    ::madvise(at, run * kPageBytes, MADV_DONTNEED);
    ::sync_file_range(
        file_, offset, bytes,
        SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER);
    ::posix_fadvise(file_, offset, bytes, POSIX_FADV_DONTNEED);
  });
  if (::mincore(base_ + first * kPageBytes, pages * kPageBytes, in_core_.data()) != 0) return;
  for (std::size_t i = 0; i < pages; ++i) {
    used_.Clear(first + i);
    if ((in_core_[i] & 1) != 0 || dropped_.Has(first + i)) continue;
    dropped_.Set(first + i);
    dropped_now_.fetch_add(1, std::memory_order_relaxed);
    dropped_pages_.fetch_add(1, std::memory_order_relaxed);
  }
}

void PageMemory::Keep() {
  const std::lock_guard lock(mutex_);
  KeepLocked();
}

void PageMemory::KeepLocked() {
  // Pages that came back because they were touched are not known one by one; their number is.
  const std::uint64_t faults = MajorFaults();
  const std::uint64_t returned = (faults - faults_) * kPageBytes;
  if (Resident() + returned <= std::max(budget_bytes_, given_up_until_)) return;
  const std::size_t windows = filled_ / kPageBytes / kWindowPages;  // the last is being filled
  if (windows == 0) return;
  const std::uint64_t passed_a_window = returned / windows;  // what one is likely to have had of it
  std::uint64_t unknown = returned;
  // In the second turn, if not in the first, no page counts as used.
  for (std::size_t step = 0; step < 2 * windows; ++step) {
    if (Resident() + unknown <= budget_bytes_) break;
    hand_ = (hand_ + 1) % windows;
    WriteOut((hand_ + windows / 8) % windows * kWindowPages, kWindowPages);
    Drop(hand_ * kWindowPages, kWindowPages);
    unknown -= std::min(unknown, passed_a_window);
  }
  faults_ = faults - unknown / kPageBytes;
  const std::uint64_t resident = Resident() + unknown;
  given_up_until_ = resident <= budget_bytes_ ? 0 : resident + budget_bytes_ / 8;
}

PageMemory::Stats PageMemory::stats() const {
  return {.budget_bytes = budget_bytes_,
          .allocated_bytes = allocated_.load(std::memory_order_relaxed),
          .resident_bytes = Resident(),
          .dropped_pages = dropped_pages_.load(std::memory_order_relaxed),
          .read_ahead_pages = read_ahead_pages_.load(std::memory_order_relaxed)};
}

}  // namespace polyonym
