// What only the writer keeps, built again after the arrays were loaded from a checkpoint.
#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "engine/core.h"
#include "engine/threads.h"

namespace polyonym::engine {
namespace {

// Puts numbers under `count` under the hashes that they have, as some `expected` do. In groups, so that cache misses overlap.
template <class HashOf>
void Fill(std::uint64_t count, std::uint64_t expected, SlotTable* table, const HashOf& hash_of) {
  constexpr std::uint32_t kGroup = 32;
  struct Entry {
    std::uint64_t hash;
    std::uint32_t number;
  };
  std::array<Entry, kGroup> group;
  table->Reserve(expected);
  for (std::uint64_t first = 0; first < count; first += kGroup) {
    const std::uint64_t last = std::min(first + kGroup, count);
    std::size_t filled = 0;
    for (auto n = static_cast<std::uint32_t>(first); n < last; ++n) {
      const std::optional<std::uint64_t> hash = hash_of(n);
      if (!hash) continue;
      table->Prefetch(*hash);
      group[filled++] = {*hash, n};
    }
    for (std::size_t i = 0; i < filled; ++i) table->Insert(group[i].hash, group[i].number);
  }
}

}  // namespace

// Each table is filled by one thread, in order of number: they come out the same with one thread or two.
void Core::FillTables() {
  const auto dictionary = [this] {
    const std::uint64_t nodes = index_->nodes.size();
    Fill(nodes, nodes, &index_->dictionary, [this](Node n) -> std::optional<std::uint64_t> {
      if (graph_.node(n).life() || graph_.node(n).erased()) return std::nullopt;
      if (index_->lost_values.contains(graph_.node(n).value)) return std::nullopt;
      return index_->HashValue(graph_.KindOf(n), graph_.ValueOf(n));
    });
  };
  const auto pairs_and_keys = [this] {
    const std::uint64_t links = index_->links.size();
    Fill(links, links, &index_->pairs, [this](Link l) -> std::optional<std::uint64_t> {
      const LinkCell& cell = graph_.link(l);
      return index_->HashPair(cell.a, cell.b);
    });
    Fill(index_->records.size(), totals_.standing_records, &index_->record_keys,
         [this](std::uint32_t r) -> std::optional<std::uint64_t> {
           const RecordCell& cell = index_->records.Latest(r);
           if (!cell.has(RecordCell::kStands) || cell.has(RecordCell::kFolded)) return std::nullopt;
           return cell.key;
         });
  };
  Beside(index_->nodes.size() + index_->links.size(), dictionary, pairs_and_keys);
}

void Core::RebuildTables(Kept kept) {
  clock_ms_ = kept.clock_ms;
  newest_ms_ = kept.newest_ms;
  families_ = std::move(kept.families);
  horizons_ = std::move(kept.horizons);
  FillTables();
  RestoreLives();
  ScheduleAll();
  for (Link l = 0; l < index_->links.size(); ++l) {
    const LinkCell& cell = graph_.link(l);
    if (cell.cannot == 0) continue;
    ++apart_links_[cell.a];
    ++apart_links_[cell.b];
  }
  graph_.FindFreeHeaders();
  RestoreActs();
}

void Core::RestoreActs() {
  for (std::uint32_t r = 0; r < index_->records.size() && status_.ok(); ++r) {
    const RecordCell cell = index_->records.Latest(r);
    const Act act = cell.act();
    if (!cell.has(RecordCell::kStands) || cell.has(RecordCell::kHeld) || act == Act::kObserve ||
        act == Act::kBind || act == Act::kMustLink || act == Act::kRetract)
      continue;
    const auto record = Load(r);
    if (!record || !NameLive(r, *record, &named_)) continue;
    for (const Named& n : named_) {
      if (!Mentions(act) && HasLives(n.value)) acted_on_.insert(n.value);
    }
    if (named_.size() < NamesOf(act)) {
      lost_acts_ |= cell.live();
      if (cell.live() && act == Act::kUnbind) {
        for (const Named& n : named_) lost_partners_.push_back(n.name);
      }
      continue;
    }
    if (cell.live()) RestoreAct(r, *record, named_);
  }
}

}  // namespace polyonym::engine
