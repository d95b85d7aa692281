// store/versioned_array.h - a growing array of plain cells that readers see as it was at their commit.
//
// The resident index is made of these. One writer changes cells between Begin() and the moment when it publishes the commit;
// readers hold the number of a published commit and read the cells as they stood there, without locks and without waiting. A
// page of cells is copied the first time that a commit writes to it, the old page stays behind the new one, and is reused
// once no reader is old enough to want it. So a commit that fails is never seen, and a checkpoint writes a fixed state
// while writers go on.
//
// Cost: reading, two dependent loads; writing, one page copy a page and commit. Memory: 8 + 16 bytes a page over the cells.
//
// THREADS: one writer (Begin, Append, Write, Latest, Reclaim); any number of readers (At, with the number of a commit that
// was published to them with release/acquire order and that they keep pinned).
// Invariants: (I1) a page's commit and previous page never change after it is linked in; (I2) commits fall along a
// chain of pages; (I3) cells of a page whose commit is published never change.
#ifndef POLYONYM_STORE_VERSIONED_ARRAY_H_
#define POLYONYM_STORE_VERSIONED_ARRAY_H_

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

#include "polyonym/store/page_memory.h"

namespace polyonym {

template <class T, std::size_t kPageCells = 8>
class VersionedArray {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  VersionedArray() { GrowDirectory(8); }
  VersionedArray(const VersionedArray&) = delete;
  VersionedArray& operator=(const VersionedArray&) = delete;

  // ---- writer ----

  // Has the cells lie there, and not on the heap. It must outlive the array.  REQUIRES: there are no cells yet.
  void UseMemory(PageMemory* memory) { memory_ = memory; }

  // Opens commit `commit`, greater than any before it.
  void Begin(std::uint64_t commit) { commit_ = commit; }

  // Cells there are now, the open commit's included. Readers keep the size of their commit themselves.
  std::size_t size() const { return size_; }

  // Adds a cell; returns its index.
  std::size_t Append(const T& value) {
    const std::size_t index = size_++;
    if (index % kPageCells == 0) AddPage(index / kPageCells);
    Write(index) = value;
    return index;
  }

  // The cell as the open commit has it, to be changed. The reference holds until the next Begin().  REQUIRES: index < size().
  T& Write(std::size_t index) {
    Page* page = FindSlot(index / kPageCells)->load(std::memory_order_relaxed);
    if (page->commit != commit_) [[unlikely]]
      page = CopyPage(index / kPageCells);
    return page->cells[index % kPageCells];
  }

  // The page of a cell, whose cells are all T() now, will not be written again: GiveBack() may have it.
  void Free(std::size_t index) { freed_.push_back({commit_, index / kPageCells}); }

  // Adds a page of cells that are all T() and will not be written.  REQUIRES: size() is a multiple of page_cells().
  void AppendFreePage() {
    SlotFor(size_ / kPageCells).store(&empty_, std::memory_order_release);
    size_ += kPageCells;
  }

  // The cell as the open commit has it.
  [[gnu::always_inline]] const T& Latest(std::size_t index) const {
    return FindSlot(index / kPageCells)->load(std::memory_order_relaxed)->cells[index % kPageCells];
  }

  // Asks the processor to fetch a cell and the head of its page. For readers and the writer.  REQUIRES: as At().
  void PrefetchCell(std::size_t index) const {
    const Page* page = FindSlot(index / kPageCells)->load(std::memory_order_acquire);
    if (memory_ != nullptr) Want(page);
    __builtin_prefetch(page);
    __builtin_prefetch(reinterpret_cast<const char*>(&page->cells[index % kPageCells]) + sizeof(T) -
                       1);
  }

  // Asks the processor to fetch the page of a cell: all of it, since a write copies it.
  void Prefetch(std::size_t index) const {
    if (index >= size_) return;
    const Page* page = FindSlot(index / kPageCells)->load(std::memory_order_relaxed);
    if (memory_ != nullptr) Want(page);
    const auto* at = reinterpret_cast<const char*>(page);
    for (std::size_t i = 0; i < sizeof(Page); i += kCacheLine) __builtin_prefetch(at + i);
  }

  // Reuses pages that no reader at or after commit `oldest` can want.
  void Reclaim(std::uint64_t oldest) {
    std::size_t kept = first_retired_;
    while (kept < retired_.size() && retired_[kept].commit <= oldest)
      free_.push_back(retired_[kept++].page);
    first_retired_ = kept;
    if (first_retired_ > 1024 && first_retired_ * 2 > retired_.size()) {
      retired_.erase(retired_.begin(),
                     retired_.begin() + static_cast<std::ptrdiff_t>(first_retired_));
      first_retired_ = 0;
    }
  }

  // Puts one empty page in place of all that were freed up to commit `last`: no reader may want what is older, and PageCommit() says
  // nothing more of them.
  void GiveBack(std::uint64_t last) {
    for (; !freed_.empty() && freed_.front().commit <= last; freed_.pop_front()) {
      std::atomic<Page*>& slot = SlotFor(freed_.front().page);
      retired_.push_back({commit_ + 1, slot.load(std::memory_order_relaxed)});  // one may be in it
      slot.store(&empty_, std::memory_order_release);
    }
  }

  // ---- readers ----

  // The cell as it stood at `commit`.  REQUIRES: index is under the size at that commit.
  const T& At(std::size_t index, std::uint64_t commit) const {
    const Page* page = FindSlot(index / kPageCells)->load(std::memory_order_acquire);
    while (page->commit > commit) page = page->previous;
    return page->cells[index % kPageCells];
  }

  // The commit that last wrote the page of a cell, as seen at `commit`.
  std::uint64_t PageCommit(std::size_t index, std::uint64_t commit) const {
    const Page* page = FindSlot(index / kPageCells)->load(std::memory_order_acquire);
    while (page->commit > commit) page = page->previous;
    return page->commit;
  }

  std::size_t bytes() const { return pages_ * sizeof(Page) + segments_.size() * sizeof(Segment); }

  static constexpr std::size_t page_cells() { return kPageCells; }

 private:
  struct Page {
    std::uint64_t commit = 0;
    Page* previous = nullptr;
    std::array<T, kPageCells> cells{};
  };
  struct Retired {
    std::uint64_t commit;  // of the page that replaced it: readers from there on do not want it
    Page* page;
  };
  struct Freed {
    std::uint64_t commit;
    std::size_t page;
  };
  static constexpr std::size_t kCacheLine = 64;
  static constexpr std::size_t kSegmentPages = 512;
  static constexpr std::size_t kFirstChunkPages = 2;  // each has as many as all before it
  static constexpr std::size_t kChunkPages = 32;      // or this, where that is less
  using Segment = std::array<std::atomic<Page*>, kSegmentPages>;
  // Immutable up to the segments there were when readers could see it.
  using Directory = std::vector<Segment*>;

  struct Deleter {
    bool on_heap = true;
    void operator()(Page* pages) const {
      if (on_heap) delete[] pages;
    }
  };
  using Chunk = std::unique_ptr<Page[], Deleter>;

  void Want(const Page* page) const {
    if (page != &empty_) memory_->Want(page, sizeof(Page));
  }
  void AddPage(std::size_t index) {
    Page* page = NewPage();
    page->commit = commit_;
    page->previous = nullptr;
    SlotFor(index).store(page, std::memory_order_release);
  }
  [[gnu::noinline]] Page* CopyPage(std::size_t index) {
    std::atomic<Page*>& slot = SlotFor(index);
    Page* page = slot.load(std::memory_order_relaxed);
    Page* fresh = NewPage();
    fresh->cells = page->cells;
    fresh->commit = commit_;
    fresh->previous = page;
    slot.store(fresh, std::memory_order_release);
    retired_.push_back({commit_, page});
    return fresh;
  }
  [[gnu::always_inline]] const std::atomic<Page*>* FindSlot(std::size_t page) const {
    const Segment* const* segments = directory_.load(std::memory_order_acquire);
    return &(*segments[page / kSegmentPages])[page % kSegmentPages];
  }
  std::atomic<Page*>& SlotFor(std::size_t page) {
    const std::size_t index = page / kSegmentPages;
    while (index >= segments_.size()) {
      if (segments_.size() == directories_.back().size())
        GrowDirectory(directories_.back().size() * 2);
      segments_.push_back(std::make_unique<Segment>());
      // Readers look here only for cells of commits published later.
      directories_.back()[segments_.size() - 1] = segments_.back().get();
    }
    return (*segments_[index])[page % kSegmentPages];
  }
  void GrowDirectory(std::size_t capacity) {
    Directory larger(capacity);
    for (std::size_t i = 0; i < segments_.size(); ++i) larger[i] = segments_[i].get();
    directories_.push_back(std::move(larger));  // the old ones stay for readers that hold them
    directory_.store(directories_.back().data(), std::memory_order_release);
  }
  Page* NewPage() {
    if (free_.empty()) {
      const std::size_t pages = std::clamp(pages_, kFirstChunkPages, kChunkPages);
      chunks_.push_back(NewChunk(pages));
      for (std::size_t i = 0; i < pages; ++i) free_.push_back(&chunks_.back()[i]);
      pages_ += pages;
    }
    Page* page = free_.back();
    free_.pop_back();
    return page;
  }

  Chunk NewChunk(std::size_t pages) {
    if (memory_ == nullptr) return Chunk(new Page[pages], Deleter{true});
    auto* at = static_cast<Page*>(memory_->Allocate(pages * sizeof(Page)));
    std::uninitialized_default_construct_n(at, pages);
    return Chunk(at, Deleter{false});
  }

  PageMemory* memory_ = nullptr;  // null: the heap
  std::atomic<Segment**> directory_{nullptr};
  std::vector<Directory> directories_;
  std::vector<std::unique_ptr<Segment>> segments_;
  std::uint64_t commit_ = 0;
  std::size_t size_ = 0;
  std::vector<Retired> retired_;  // in order of commit
  std::size_t first_retired_ = 0;
  std::deque<Freed> freed_;  // in order of commit
  Page empty_;               // every page that was freed
  std::vector<Page*> free_;
  std::vector<Chunk> chunks_;
  std::size_t pages_ = 0;  // in all chunks
};

}  // namespace polyonym

#endif  // POLYONYM_STORE_VERSIONED_ARRAY_H_
