#include "batch/numbering.h"

namespace polyonym::batch {

void Dictionary::Take(std::span<const HashedText> items, std::uint32_t* first) {
  constexpr std::size_t kAhead = 16;
  const std::size_t mask = slots_.size() - 1;  // as it is now: what grows meanwhile is fetched late
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i + kAhead < items.size()) {
      const HashedText& later = items[i + kAhead];
      const Slot& slot = slots_[later.tag & mask];
      if (later.IsLong() && slot.entry != 0 && slot.tag == later.tag) {
        __builtin_prefetch(later.text.data);
        __builtin_prefetch(entries_[slot.entry - 1].text.data);
      }
    }
    first[items[i].cell] = FindOrAdd(items[i]);
  }
}

std::uint32_t Dictionary::FindOrAdd(const HashedText& item) {
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = item.tag & mask;; at = (at + 1) & mask) {
    Slot& slot = slots_[at];
    if (slot.entry == 0) {
      entries_.push_back(item);
      slot = {item.tag, static_cast<std::uint32_t>(entries_.size())};
      if (entries_.size() * 3 > slots_.size() * 2) Grow();
      return item.cell;
    }
    if (slot.tag != item.tag) continue;
    const HashedText& entry = entries_[slot.entry - 1];
    if (entry.Equals(item)) return entry.cell;
  }
}

void Dictionary::Grow() {
  std::vector<Slot> grown(slots_.size() * 2);
  const std::size_t mask = grown.size() - 1;
  for (const Slot& slot : slots_) {
    if (slot.entry == 0) continue;
    std::size_t at = slot.tag & mask;
    while (grown[at].entry != 0) at = (at + 1) & mask;
    grown[at] = slot;
  }
  slots_ = std::move(grown);
}

}  // namespace polyonym::batch
