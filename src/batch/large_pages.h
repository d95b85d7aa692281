// batch/large_pages.h - asks the system to map a large piece of memory in large pages, where it has any.
#ifndef POLYONYM_SRC_BATCH_LARGE_PAGES_H_
#define POLYONYM_SRC_BATCH_LARGE_PAGES_H_

#include <cstddef>
#include <cstdint>

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace polyonym::batch {

// A page fault for each 4 KiB is a tenth of what a batch costs. Where the system does not heed it, nothing is lost.
inline void PreferLargePages([[maybe_unused]] void* data, [[maybe_unused]] std::size_t size) {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  constexpr std::uintptr_t kPage = std::uintptr_t{2} << 20;
  const auto from = (reinterpret_cast<std::uintptr_t>(data) + kPage - 1) / kPage * kPage;
  const auto to = (reinterpret_cast<std::uintptr_t>(data) + size) / kPage * kPage;
  if (from < to) ::madvise(reinterpret_cast<void*>(from), to - from, MADV_HUGEPAGE);
#endif
}

}  // namespace polyonym::batch

#endif  // POLYONYM_SRC_BATCH_LARGE_PAGES_H_
