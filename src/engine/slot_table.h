// engine/slot_table.h - from a 64-bit hash to the numbers of the things that may have it.
//
// Open addressing over 8-byte slots: 32 bits of the hash and a number. The table says who may be meant; the caller compares what
// was hashed, so a collision costs a probe and never a wrong answer. It grows one of its 64 segments at a time,
// so that no insert waits for the whole.
//
// THREADS: one writer; readers may call Find() meanwhile, and must ignore numbers newer than their commit.
#ifndef POLYONYM_SRC_ENGINE_SLOT_TABLE_H_
#define POLYONYM_SRC_ENGINE_SLOT_TABLE_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "engine/cells.h"
#include "polyonym/store/page_memory.h"

namespace polyonym::engine {

class SlotTable {
 public:
  SlotTable() {
    for (auto& segment : segments_) segment.Install(8, nullptr);
  }

  // Has the tables lie there from now on, and not on the heap. It must outlive this.  REQUIRES: it is empty; no readers.
  void UseMemory(PageMemory* memory) {
    memory_ = memory;
    Reserve(0);
  }

  void Prefetch(std::uint64_t hash) const {
    const Table* table = segments_[hash >> 58].table.load(std::memory_order_acquire);
    const std::atomic<std::uint64_t>* slot =
        &table->slots[static_cast<std::uint32_t>(hash) & table->mask];
    if (memory_ != nullptr) memory_->Want(slot, sizeof *slot);
    __builtin_prefetch(slot);
  }

  // The first number under `hash` for which `is_it(number)` is true, or kNone.
  template <class IsIt>
  std::uint32_t Find(std::uint64_t hash, const IsIt& is_it) const {
    const Table* table = segments_[hash >> 58].table.load(std::memory_order_acquire);
    const auto tag = static_cast<std::uint32_t>(hash);
    for (std::uint32_t at = tag & table->mask;; at = (at + 1) & table->mask) {
      const std::uint64_t slot = table->slots[at].load(std::memory_order_acquire);
      if (slot == 0) return kNone;
      if (static_cast<std::uint32_t>(slot >> 32) != tag) continue;
      const auto number = static_cast<std::uint32_t>(slot) - 1;
      if (is_it(number)) return number;
    }
  }

  // The first number that may be meant by `hash`, not compared; or kNone. For looking ahead.
  std::uint32_t Peek(std::uint64_t hash) const {
    return Find(hash, [](std::uint32_t) { return true; });
  }

  // Makes room for so many numbers, so that few segments grow while they come.  REQUIRES: it is empty; no readers.
  void Reserve(std::uint64_t numbers) {
    std::uint32_t capacity = 8;
    while (numbers / segments_.size() * 4 > std::uint64_t{capacity} * 3) capacity *= 2;
    for (auto& segment : segments_) {
      segment.tables.clear();
      segment.Install(capacity, memory_);
    }
  }

  // Adds a number under `hash`.  REQUIRES: number < 2^32 - 2.
  void Insert(std::uint64_t hash, std::uint32_t number) {
    Segment& segment = segments_[hash >> 58];
    if ((segment.used + 1) * 4 > (std::uint64_t{segment.tables.back()->mask} + 1) * 3)
      segment.Grow(memory_);
    segment.Put(static_cast<std::uint32_t>(hash), number);
    ++segment.used;
  }

  // Replaces number `was` under `hash` by `now`.  REQUIRES: it is there.
  void Replace(std::uint64_t hash, std::uint32_t was, std::uint32_t now) {
    Table* table = segments_[hash >> 58].tables.back().get();
    const auto tag = static_cast<std::uint32_t>(hash);
    for (std::uint32_t at = tag & table->mask;; at = (at + 1) & table->mask) {
      const std::uint64_t slot = table->slots[at].load(std::memory_order_relaxed);
      if (slot == 0) return;
      if (slot == Pack(tag, was)) {
        table->slots[at].store(Pack(tag, now), std::memory_order_release);
        return;
      }
    }
  }

  // Takes number `was` out from under `hash`, where it is there.  REQUIRES: no readers.
  void Erase(std::uint64_t hash, std::uint32_t was) {
    Segment& segment = segments_[hash >> 58];
    Table& table = *segment.tables.back();
    const auto tag = static_cast<std::uint32_t>(hash);
    std::uint32_t hole = tag & table.mask;
    for (;; hole = (hole + 1) & table.mask) {
      const std::uint64_t slot = table.slots[hole].load(std::memory_order_relaxed);
      if (slot == 0) return;
      if (slot == Pack(tag, was)) break;
    }
    --segment.used;
    // What comes behind moves up, where it would not be found past an empty slot.
    for (std::uint32_t at = hole;;) {
      at = (at + 1) & table.mask;
      const std::uint64_t slot = table.slots[at].load(std::memory_order_relaxed);
      if (slot == 0) break;
      const std::uint32_t home = static_cast<std::uint32_t>(slot >> 32) & table.mask;
      if (((at - home) & table.mask) < ((at - hole) & table.mask)) continue;
      table.slots[hole].store(slot, std::memory_order_relaxed);
      hole = at;
    }
    table.slots[hole].store(0, std::memory_order_relaxed);
  }

  // Frees tables that were outgrown. Call when no reader of an earlier commit is left.
  void Reclaim() {
    for (auto& segment : segments_) {
      if (segment.tables.size() > 1)
        segment.tables.erase(segment.tables.begin(), segment.tables.end() - 1);
    }
  }

  std::uint64_t bytes() const {
    std::uint64_t sum = 0;
    for (const auto& segment : segments_) {
      for (const auto& table : segment.tables) sum += (std::uint64_t{table->mask} + 1) * 8;
    }
    return sum;
  }

 private:
  using Slot = std::atomic<std::uint64_t>;
  struct Deleter {
    PageMemory* memory;  // null: the heap
    std::size_t bytes;
    void operator()(Slot* slots) const {
      if (memory != nullptr) {
        memory->Free(slots, bytes);
      } else {
        delete[] slots;
      }
    }
  };
  struct Table {
    Table(std::uint32_t capacity, PageMemory* memory) : mask(capacity - 1) {
      const std::size_t bytes = capacity * sizeof(Slot);
      if (memory == nullptr) {
        slots = {new Slot[capacity](), Deleter{nullptr, bytes}};
      } else {  // of zeros, which empty slots are
        slots = {static_cast<Slot*>(memory->Allocate(bytes)), Deleter{memory, bytes}};
      }
    }
    const std::uint32_t mask;
    std::unique_ptr<Slot[], Deleter> slots;
  };
  static std::uint64_t Pack(std::uint32_t tag, std::uint32_t number) {
    return std::uint64_t{tag} << 32 | (number + 1);
  }
  struct Segment {
    std::atomic<Table*> table{nullptr};
    std::vector<std::unique_ptr<Table>> tables;  // the last is in use
    std::uint64_t used = 0;

    void Install(std::uint32_t capacity, PageMemory* memory) {
      tables.push_back(std::make_unique<Table>(capacity, memory));
      table.store(tables.back().get(), std::memory_order_release);
    }
    void Put(std::uint32_t tag, std::uint32_t number) { PutIn(*tables.back(), tag, number); }
    static void PutIn(Table& into, std::uint32_t tag, std::uint32_t number) {
      std::uint32_t at = tag & into.mask;
      while (into.slots[at].load(std::memory_order_relaxed) != 0) at = (at + 1) & into.mask;
      into.slots[at].store(Pack(tag, number), std::memory_order_release);
    }
    void Grow(PageMemory* memory) {
      const Table& old = *tables.back();
      auto fresh = std::make_unique<Table>(old.mask * 2 + 2, memory);
      for (std::uint64_t i = 0; i <= old.mask; ++i) {
        const std::uint64_t slot = old.slots[i].load(std::memory_order_relaxed);
        if (slot != 0)
          PutIn(*fresh, static_cast<std::uint32_t>(slot >> 32),
                static_cast<std::uint32_t>(slot) - 1);
      }
      tables.push_back(std::move(fresh));
      table.store(tables.back().get(), std::memory_order_release);
    }
  };
  PageMemory* memory_ = nullptr;  // null: the heap
  std::array<Segment, 64> segments_;
};

}  // namespace polyonym::engine

#endif  // POLYONYM_SRC_ENGINE_SLOT_TABLE_H_
