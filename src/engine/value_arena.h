// engine/value_arena.h - the bytes of normalised values, one after the other, never moved.
//
// A place is block << 20 | offset; at it stands the length (4 bytes, little-endian), then the bytes. A value never spans
// two blocks. A block takes up memory page by page, as it is filled: a small store does not pay for all of its first.
//
// THREADS: one writer; readers may read any place of a commit that was published to them.
#ifndef POLYONYM_SRC_ENGINE_VALUE_ARENA_H_
#define POLYONYM_SRC_ENGINE_VALUE_ARENA_H_

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include <sys/mman.h>

#include "absl/base/thread_annotations.h"
#include "polyonym/store/page_memory.h"

namespace polyonym::engine {

class ValueArena {
 public:
  static constexpr std::uint64_t kBlockBytes = std::uint64_t{1} << 20;

  ValueArena() { GrowDirectory(4); }

  // Has the values lie there. It must outlive the arena.  REQUIRES: there are no values yet.
  void UseMemory(PageMemory* memory) { memory_ = memory; }

  // Adds a value.  REQUIRES: value.size() + 4 <= kBlockBytes.
  std::uint64_t Add(std::string_view value) {
    const std::uint64_t need = value.size() + 4;
    if (blocks_.empty() || used_ + need > kBlockBytes) {
      AddBlock();
      used_ = 0;
    }
    char* at = blocks_.back().get() + used_;
    const auto length = static_cast<std::uint32_t>(value.size());
    std::memcpy(at, &length, 4);
    std::memcpy(at + 4, value.data(), value.size());
    const std::uint64_t place = ((blocks_.size() - 1) * kBlockBytes) + used_;
    used_ += need;
    return place;
  }

  std::string_view At(std::uint64_t place) const {
    const char* at =
        directory_.load(std::memory_order_acquire)[place / kBlockBytes] + place % kBlockBytes;
    std::uint32_t length = 0;
    std::memcpy(&length, at, 4);
    return {at + 4, length};
  }

  void Prefetch(std::uint64_t place) const {
    const char* at =
        directory_.load(std::memory_order_acquire)[place / kBlockBytes] + place % kBlockBytes;
    if (memory_ != nullptr) memory_->Want(at, kWantBytes);
    __builtin_prefetch(at);
  }

  // Bytes from the start up to which everything is in use; blocks before the last count whole.
  std::uint64_t end() const {
    return blocks_.empty() ? 0 : (blocks_.size() - 1) * kBlockBytes + used_;
  }

  // Bytes [from, from + out.size()) as they lie, for a checkpoint.  REQUIRES: within one block.
  // What was wiped up to `commit` is zero in it.
  std::string Raw(std::uint64_t from, std::uint64_t bytes, std::uint64_t commit) const {
    const std::lock_guard lock(wiped_mutex_);
    std::string raw(
        directory_.load(std::memory_order_acquire)[from / kBlockBytes] + from % kBlockBytes, bytes);
    for (const Wiped& w : wiped_) {
      if (w.commit > commit || w.place >= from + bytes || w.place + w.bytes <= from) continue;
      const std::uint64_t first = std::max(w.place, from) - from;
      const std::uint64_t last = std::min(w.place + w.bytes, from + bytes) - from;
      std::memset(raw.data() + first, 0, last - first);
    }
    return raw;
  }

  // Has a value be gone from `commit` on: it reads as empty once no reader is older (Reclaim()), until then as it was; Raw() of that commit has it no
  // more. Whoever reads at that commit must not ask for it.
  void Wipe(std::uint64_t place, std::uint64_t commit) {
    const std::uint64_t bytes = At(place).size() + 4;
    const std::lock_guard lock(wiped_mutex_);
    wiped_.push_back({place, bytes, commit, false});
  }

  // No reader is older than `oldest`.
  void Reclaim(std::uint64_t oldest) {
    const std::lock_guard lock(wiped_mutex_);
    for (Wiped& w : wiped_) {
      if (w.done || w.commit > oldest) continue;
      std::memset(
          directory_.load(std::memory_order_acquire)[w.place / kBlockBytes] + w.place % kBlockBytes,
          0, w.bytes);
      w.done = true;
    }
  }

  // f(place, bytes) for what was wiped after `since`, up to `commit`.
  template <class F>
  void ForEachWiped(std::uint64_t since, std::uint64_t commit, const F& f) const {
    const std::lock_guard lock(wiped_mutex_);
    for (const Wiped& w : wiped_) {
      if (w.commit > since && w.commit <= commit) f(w.place, w.bytes);
    }
  }

  // Puts back what Raw() gave, in ascending order, when a store is opened.
  void Restore(std::uint64_t from, std::string_view bytes) {
    while (blocks_.size() <= from / kBlockBytes) AddBlock();
    std::memcpy(blocks_[from / kBlockBytes].get() + from % kBlockBytes, bytes.data(), bytes.size());
    used_ = from % kBlockBytes + bytes.size();
  }

  // Memory taken up.
  std::uint64_t bytes() const { return (end() + kPageBytes - 1) / kPageBytes * kPageBytes; }

 private:
  static constexpr std::uint64_t kPageBytes = 4096;
  static constexpr std::uint64_t kWantBytes = 64;  // of a value: few are longer
  struct Unmap {
    bool ours = true;  // and not of `memory_`, which keeps it to its end
    void operator()(char* block) const {
      if (ours) ::munmap(block, kBlockBytes);
    }
  };
  using Block = std::unique_ptr<char[], Unmap>;

  // Zeroed, and the system's again at once when it goes; the heap would keep it, and have all of it in use from the start.
  Block NewBlock() const {
    if (memory_ != nullptr)
      return {static_cast<char*>(memory_->Allocate(kBlockBytes)), Unmap{false}};
    void* at =
        ::mmap(nullptr, kBlockBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) throw std::bad_alloc();
    return {static_cast<char*>(at), Unmap{true}};
  }
  void AddBlock() {
    if (blocks_.size() == directories_.back().size()) GrowDirectory(directories_.back().size() * 2);
    blocks_.push_back(NewBlock());
    directories_.back()[blocks_.size() - 1] = blocks_.back().get();
  }
  void GrowDirectory(std::size_t capacity) {
    std::vector<char*> larger(capacity);
    for (std::size_t i = 0; i < blocks_.size(); ++i) larger[i] = blocks_[i].get();
    directories_.push_back(std::move(larger));
    directory_.store(directories_.back().data(), std::memory_order_release);
  }

  PageMemory* memory_ = nullptr;
  std::vector<Block> blocks_;
  std::vector<std::vector<char*>> directories_;  // old ones stay for readers that hold them
  std::atomic<char**> directory_{nullptr};
  std::uint64_t used_ = 0;

  // Since it was opened; few, since people are seldom erased.
  struct Wiped {
    std::uint64_t place;
    std::uint64_t bytes;  // its length included
    std::uint64_t commit;
    bool done;  // in memory too
  };
  mutable std::mutex wiped_mutex_;
  std::vector<Wiped> wiped_ ABSL_GUARDED_BY(wiped_mutex_);
};

}  // namespace polyonym::engine

#endif  // POLYONYM_SRC_ENGINE_VALUE_ARENA_H_
