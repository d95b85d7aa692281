// engine/value_arena.h - the bytes of normalised values, one after the other, never moved.
//
// A place is block << 20 | offset; at it stands the length (4 bytes, little-endian), then the bytes. A value never spans
// two blocks. A block takes up memory page by page, as it is filled: a small store does not pay for all of its first.
//
// THREADS: one writer; readers may read any place of a commit that was published to them.
#ifndef POLYONYM_SRC_ENGINE_VALUE_ARENA_H_
#define POLYONYM_SRC_ENGINE_VALUE_ARENA_H_

#include <atomic>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <string_view>
#include <vector>

#include <sys/mman.h>

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
  std::string_view Raw(std::uint64_t from, std::uint64_t bytes) const {
    return {directory_.load(std::memory_order_acquire)[from / kBlockBytes] + from % kBlockBytes,
            bytes};
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
};

}  // namespace polyonym::engine

#endif  // POLYONYM_SRC_ENGINE_VALUE_ARENA_H_
