// Folding: records of a source that named the same, equally often void, become one that stands for them. docs/horizon.md.
//
// Nothing is counted anew: the evidence of those that go is that of those that come, so only the records' cells and the lists of
// mentions change.
#include <algorithm>
#include <string>
#include <utility>

#include "engine/bytes.h"
#include "engine/core.h"

namespace polyonym::engine {

void Core::BeginFold(const std::string& source) {
  folding_.emplace();
  for (std::uint32_t r = 0; r < index_->records.size(); ++r) {
    const RecordCell cell = index_->records.Latest(r);
    if (!cell.has(RecordCell::kStands)) continue;
    if (cell.act() != Act::kUnbind && cell.act() != Act::kDeleteIdentifier &&
        cell.act() != Act::kDeleteSource)
      continue;
    const auto record = Load(r);
    if (!record) return;
    AddCuts(*record, source);
  }
}

// Also of acts that do not count now: they may, once what holds them or voids them is gone.
void Core::AddCuts(const Record& record, const std::string& source) {
  const std::int64_t t = *record.time_ms;
  if (record.act == Act::kDeleteSource) {
    if (record.target_source == source) folding_->cuts_of_source.push_back(t);
    return;
  }
  for (const RecordIdentifier& identifier : record.identifiers)
    folding_->cuts_of_value[{identifier.ns, identifier.value}].push_back(t);
  FindNames(record, &named_);
  for (const Named& n : named_) {
    folding_->cuts_of_node[n.node].push_back(t);
    if (n.value != n.node) folding_->cuts_of_node[n.value].push_back(t);
  }
}

// What a record names of what the index has, by the policy in force; whether it counts or not.
void Core::FindNames(const Record& record, std::vector<Named>* out) {
  out->clear();
  Judge(record, &judged_);
  if (judged_.verdict.reason != Reason::kNone && !HasLostName(record)) return;
  for (std::size_t i = 0; i < judged_.names.size(); ++i) {
    const RecordVerdict::Counted& counted = judged_.verdict.counted[i];
    if (judged_.names[i].kind == kNone) continue;
    const Node value = graph_.Find(judged_.names[i].kind, counted.value, judged_.names[i].hash);
    if (value == kNone) continue;
    const Node name = HasLives(value) ? graph_.LifeAt(value, record.time_ms.value_or(0)) : value;
    out->push_back({name, graph_.Canonical(name), counted.role, kNone, value});
  }
}

// How many of the acts that may void what the record says came before the last of it.
std::uint64_t Core::CutsBefore(const Record& record, const std::vector<Named>& named) const {
  const std::int64_t last = SpanOf(record).last_ms;
  std::uint64_t cuts = 0;
  const auto count = [&](const std::vector<std::int64_t>& times) {
    cuts += static_cast<std::uint64_t>(
        std::count_if(times.begin(), times.end(), [last](std::int64_t t) { return t < last; }));
  };
  const auto count_of = [&](const auto& map, const auto& key) {
    if (const auto at = map.find(key); at != map.end()) count(at->second);
  };
  count(folding_->cuts_of_source);
  for (const Named& n : named) {
    count_of(folding_->cuts_of_node, n.node);
    if (n.value != n.node) count_of(folding_->cuts_of_node, n.value);
  }
  if (folding_->cuts_of_value.empty()) return cuts;
  for (const RecordIdentifier& identifier : record.identifiers)
    count_of(folding_->cuts_of_value, std::pair(identifier.ns, identifier.value));
  return cuts;
}

void Core::FoldOut(std::uint32_t record_index, const Record& record, std::string* key) {
  const RecordCell cell = index_->records.Latest(record_index);
  FindNames(record, &named_);
  for (const Named& n : named_) {
    folding_->values.insert(n.value);
    if (n.name != n.value) PutVarint(key, n.name);  // a life
  }
  PutVarint(key, CutsBefore(record, named_));
  if (cell.has(RecordCell::kStands)) {
    --totals_.standing_records;
    if (cell.has(RecordCell::kHeld)) --totals_.held_records;
    if (!cell.has(RecordCell::kFolded)) index_->record_keys.Erase(cell.key, record_index);
  }
  index_->records.Write(record_index) = RecordCell();
  folding_->gone.push_back(record_index);
}

void Core::FoldIn(const Record& record, std::uint64_t location) {
  Judge(record, &judged_);
  ++totals_.standing_records;
  const std::uint32_t record_index = AddCell(judged_, location);
  Admit(record_index, judged_);
  if (judged_.verdict.reason == Reason::kNone) Mention(record_index, judged_);
}

void Core::EndFold(const std::string& source, std::int64_t before_ms, std::uint64_t folded) {
  for (const Node value : folding_->values) Unmention(value);
  constexpr std::size_t kCells = decltype(index_->records)::page_cells();
  const std::vector<std::uint32_t>& gone = folding_->gone;  // ascending
  for (std::size_t i = 0; i < gone.size(); ++i) {
    const std::size_t page = gone[i] / kCells;
    if (i > 0 && gone[i - 1] / kCells == page) continue;
    FreeIfGone(&index_->records, page);
  }
  folding_.reset();
  sighting_times_.Clear();
  mention_times_.Clear();
  auto horizons = std::make_shared<Horizons>(*horizons_);
  horizons->Move(source, before_ms, sequence_, folded);
  horizons_ = std::move(horizons);
  tracker_.TellAll();
}

// Takes records that went out of the list of a value. False where there were none.
bool Core::Unmention(Node value) {
  std::set<std::size_t> pages;
  std::uint32_t before = kNone;
  bool skipped = false;
  const auto join = [&](std::uint32_t m) {
    if (!skipped) return;
    (before == kNone ? index_->nodes.Write(value).mentions : index_->mentions.Write(before).next) =
        m;
    skipped = false;
  };
  for (std::uint32_t m = graph_.node(value).mentions; m != kNone;) {
    const MentionCell cell = index_->mentions.Latest(m);
    if (index_->records.Latest(cell.record).gone()) {
      index_->mentions.Write(m) = MentionCell();
      pages.insert(m / decltype(index_->mentions)::page_cells());
      skipped = true;
    } else {
      join(m);
      before = m;
    }
    m = cell.next;
  }
  join(kNone);
  for (const std::size_t page : pages) FreeIfGone(&index_->mentions, page);
  return !pages.empty();
}

}  // namespace polyonym::engine
