// batch/large_pages.h - arrays of zeros that lie in large pages, where the system has any.
#ifndef POLYONYM_SRC_BATCH_LARGE_PAGES_H_
#define POLYONYM_SRC_BATCH_LARGE_PAGES_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace polyonym::batch {

inline constexpr std::size_t kLargePage = std::size_t{2} << 20;

// A fault for each page of 4 KiB is a quarter of what a batch costs in a process that did not have the memory yet. Where the system
// does not heed it, nothing is lost.
inline void PreferLargePages([[maybe_unused]] void* data, [[maybe_unused]] std::size_t size) {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  const auto from = (reinterpret_cast<std::uintptr_t>(data) + kLargePage - 1) / kLargePage;
  const auto to = (reinterpret_cast<std::uintptr_t>(data) + size) / kLargePage;
  if (from < to)
    ::madvise(reinterpret_cast<void*>(from * kLargePage), (to - from) * kLargePage, MADV_HUGEPAGE);
#endif
}

// For results, which are plain vectors.
template <class T>
void ResizeInLargePages(std::vector<T>* values, std::size_t size, const T& value = T{}) {
  values->reserve(size);
  PreferLargePages(values->data(), size * sizeof(T));
  values->resize(size, value);
}

// So many values, all bytes of which are zero at first. Pages come from the system as zeros: nothing is written twice, and a page
// that is never touched costs nothing.
template <class T>
class LargeArray {
  static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);

 public:
  LargeArray() = default;
  explicit LargeArray(std::size_t size)
      : data_(static_cast<T*>(Allocate(size * sizeof(T)))), size_(size) {}
  LargeArray(LargeArray&& other) noexcept { *this = std::move(other); }
  LargeArray& operator=(LargeArray&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~LargeArray() { Free(data_, size_ * sizeof(T)); }

  // What it adds is zero.  COST: a copy.
  void Resize(std::size_t size) {
    LargeArray resized(size);
    std::copy_n(data_, std::min(size, size_), resized.data_);
    *this = std::move(resized);
  }

  std::size_t size() const { return size_; }
  T* data() { return data_; }
  const T* data() const { return data_; }
  T* begin() { return data_; }
  const T* begin() const { return data_; }
  T* end() { return data_ + size_; }
  const T* end() const { return data_ + size_; }
  T& operator[](std::size_t i) { return data_[i]; }
  const T& operator[](std::size_t i) const { return data_[i]; }

 private:
#ifdef __linux__
  static constexpr std::size_t kMapped =
      2 * kLargePage;  // from so many bytes on, in pages of its own

  static std::size_t InPages(std::size_t bytes) {
    return (bytes + kLargePage - 1) / kLargePage * kLargePage;
  }

  static void* Allocate(std::size_t bytes) {
    if (bytes < kMapped) return AllocateSmall(bytes);
    // One page more than it needs, so that it can begin where one begins.
    const std::size_t size = InPages(bytes), mapped = size + kLargePage;
    void* const from =
        ::mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (from == MAP_FAILED) throw std::bad_alloc();
    char* const begin = static_cast<char*>(from);
    const std::size_t before =
        InPages(reinterpret_cast<std::uintptr_t>(begin)) - reinterpret_cast<std::uintptr_t>(begin);
    if (before > 0) ::munmap(begin, before);
    if (before < kLargePage) ::munmap(begin + before + size, kLargePage - before);
    PreferLargePages(begin + before, size);
    return begin + before;
  }

  static void Free(void* data, std::size_t bytes) {
    bytes < kMapped ? std::free(data) : void(::munmap(data, InPages(bytes)));
  }
#else
  static void* Allocate(std::size_t bytes) { return AllocateSmall(bytes); }
  static void Free(void* data, std::size_t) { std::free(data); }
#endif

  static void* AllocateSmall(std::size_t bytes) {
    if (bytes == 0) return nullptr;
    void* const data = std::calloc(bytes, 1);
    if (data == nullptr) throw std::bad_alloc();
    return data;
  }

  T* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace polyonym::batch

#endif  // POLYONYM_SRC_BATCH_LARGE_PAGES_H_
