#include "polyonym/engine/view.h"

#include <algorithm>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "engine/bytes.h"
#include "engine/feed.h"
#include "engine/log.h"
#include "engine/view_impl.h"

namespace polyonym {

using engine::kNone;
using engine::Node;

namespace {

constexpr std::size_t kMaxHistory = 10'000;  // changes that How() follows

}  // namespace

absl::Status WasFolded() {
  return absl::OutOfRangeError(
      "the record is behind the horizon of its source: it was folded, and is not kept any more");
}

std::vector<Identifier> View::Impl::MembersOf(Node root) const {
  std::vector<Identifier> members;
  graph_.ForEachMember(root, [&](Node n) {
    graph_.ForEachName(n, [&](Node name) { members.push_back(NameOf(name)); });
  });
  std::sort(members.begin(), members.end());
  // Two lives of one value may be one person's.
  members.erase(std::unique(members.begin(), members.end()), members.end());
  return members;
}

Node View::Impl::FindNormalised(std::string_view ns, std::string_view value) const {
  const engine::Kind kind = rules().FindKind(ns);
  if (kind == kNone) return kNone;
  const engine::Index& index = lens_->index;
  return index.dictionary.Find(index.HashValue(kind, value), [&](Node n) {
    return n < state_->nodes && graph_.KindOf(n) == kind && !graph_.node(n).erased() &&
           graph_.ValueOf(n) == value;
  });
}

absl::StatusOr<StoredRecord> View::Impl::RecordAt(std::uint32_t index) const {
  const engine::RecordCell cell = graph_.access().record(index);
  if (cell.gone()) return WasFolded();
  auto record = engine::ReadRecordFromStore(store(), cell.location);
  if (!record.ok()) return record.status();
  StoredRecord stored;
  stored.number = std::uint64_t{index} + 1;
  stored.sequence = cell.sequence;
  stored.standing = cell.has(engine::RecordCell::kStands);
  stored.held = stored.standing && cell.has(engine::RecordCell::kHeld);
  stored.record = *std::move(record);
  return stored;
}

absl::StatusOr<View::Impl::NamedRecord> View::Impl::ReadNamed(std::uint32_t index) const {
  auto record = engine::ReadRecordFromStore(store(), graph_.access().record(index).location);
  if (!record.ok()) return record.status();
  return NamesOf(*std::move(record));
}

View::Impl::NamedRecord View::Impl::NamesOf(Record record) const {
  NamedRecord out{std::move(record), {}, {}};
  const std::int64_t t = out.record.time_ms.value_or(0);
  RecordVerdict verdict;
  JudgeRecord(rules().policy(), out.record, &verdict);
  std::vector<Node> nodes;
  for (const RecordVerdict::Counted& counted : verdict.counted) {
    const Node value = FindNormalised(counted.ns, counted.value);
    nodes.push_back(value == kNone ? kNone : graph_.LifeAt(value, t));
    if (value != kNone) out.names.push_back({nodes.back(), counted.role, counted.derived});
  }
  for (const RecordVerdict::Derivation& d : verdict.derivations) {
    if (verdict.counted[d.from].role == Role::kSelf && nodes[d.from] != kNone &&
        nodes[d.of] != kNone)
      out.derivations.emplace_back(nodes[d.from], nodes[d.of]);
  }
  std::sort(out.names.begin(), out.names.end(), [](const auto& a, const auto& b) {
    return std::tuple(a.node, a.derived, a.role) < std::tuple(b.node, b.derived, b.role);
  });
  out.names.erase(std::unique(out.names.begin(), out.names.end(),
                              [](const auto& a, const auto& b) { return a.node == b.node; }),
                  out.names.end());
  return out;
}

std::set<Node> View::Impl::NamedRecord::SightedWith(Node from) const {
  std::set<Node> named, sighted;
  for (const Name& name : names) {
    if (!name.derived && (name.role == Role::kSelf || record.act == Act::kMustLink))
      named.insert(name.node);
  }
  if (named.contains(from)) sighted = std::move(named);
  for (const auto& [origin, digest] : derivations) {
    if (origin == from) sighted.insert(digest);
    if (digest == from) sighted.insert(origin);
  }
  sighted.erase(from);
  return sighted;
}

std::uint64_t View::sequence() const { return impl_->state().sequence; }
Policy View::policy() const { return impl_->rules().policy().policy(); }
std::uint64_t View::policy_version() const { return impl_->rules().version(); }
std::int64_t View::clock_ms() const { return impl_->state().clock_ms; }
std::int64_t View::now_ms() const { return impl_->now_ms(); }

std::vector<SourceHorizon> View::Horizons() const {
  std::vector<SourceHorizon> out;
  for (const auto& [source, before_ms] : impl_->state().horizons->all())
    out.push_back({source, before_ms});
  return out;
}

absl::StatusOr<ProfileId> View::Follow(ProfileId id) const {
  if (!impl_->Has(id)) return NoSuchProfile();
  return impl_->IdOf(impl_->RootOf(static_cast<Node>(id.value)));
}

absl::StatusOr<std::vector<Identifier>> View::Members(ProfileId id) const {
  if (!impl_->Has(id)) return NoSuchProfile();
  return impl_->MembersOf(impl_->RootOf(static_cast<Node>(id.value)));
}

absl::StatusOr<Identifier> View::IdentifierOf(IdentifierNumber number) const {
  if (number.value >= impl_->state().nodes)
    return absl::NotFoundError("no identifier has this number");
  if (impl_->graph().node(static_cast<Node>(number.value)).erased())
    return absl::NotFoundError("the identifier that had this number was erased");
  return impl_->NameOf(static_cast<Node>(number.value));
}

bool View::IsAlias(IdentifierNumber number) const {
  return number.value < impl_->state().nodes &&
         impl_->graph().IsAlias(static_cast<Node>(number.value));
}

void View::ForEachProfile(
    const std::function<bool(ProfileId, std::span<const Identifier>)>& visit) const {
  impl_->ForEachRoot([&](Node root) { return visit(impl_->IdOf(root), impl_->MembersOf(root)); });
}

absl::StatusOr<std::vector<Change>> View::How(ProfileId id) const {
  if (!impl_->Has(id)) return NoSuchProfile();
  std::vector<Change> history;
  std::set<std::pair<std::uint64_t, std::uint64_t>> seen;  // (sequence, profile)
  std::vector<std::pair<std::uint64_t, std::uint64_t>> todo;
  const auto follow = [&](std::uint64_t sequence, std::uint64_t profile) {
    if (sequence != 0 && seen.insert({sequence, profile}).second)
      todo.emplace_back(sequence, profile);
  };
  const std::uint64_t now = impl_->IdOf(impl_->RootOf(static_cast<Node>(id.value))).value;
  follow(impl_->graph().node(static_cast<Node>(now)).change, now);
  while (!todo.empty() && history.size() < kMaxHistory) {
    const auto [sequence, profile] = todo.back();
    todo.pop_back();
    auto bytes = impl_->store().Get(Table::kFeed, engine::FeedKey(sequence, impl_->graph_number()));
    if (!bytes.ok()) return bytes.status();
    if (!bytes->has_value() && sequence < impl_->engine().feed_begin()) continue;  // it was let go
    if (!bytes->has_value())
      return absl::DataLossError("a feed row is missing; run verify, then restore a backup");
    auto row = engine::DecodeFeedRow(sequence, **bytes, impl_->graph_number());
    if (!row.ok()) return row.status();
    for (std::size_t i = 0; i < row->before.size(); ++i) {  // who is who alone
      const Change& change = row->changes[i];
      if (change.from.value != profile && change.to.value != profile) continue;
      if (std::find(history.begin(), history.end(), change) == history.end())
        history.push_back(change);
      follow(row->before[i].first, change.from.value);
      follow(row->before[i].second, change.to.value);
    }
  }
  std::stable_sort(history.begin(), history.end(),
                   [](const Change& a, const Change& b) { return a.sequence < b.sequence; });
  return history;
}

absl::StatusOr<std::vector<HeldItem>> View::Held(const HeldFilter& filter) const {
  std::vector<HeldItem> items;
  const auto wanted = [&](Reason reason) { return !filter.reason || *filter.reason == reason; };
  const auto full = [&] { return filter.max_items != 0 && items.size() >= filter.max_items; };
  RecordVerdict verdict;
  for (std::uint32_t r = 0; r < impl_->state().records && !full(); ++r) {
    const engine::RecordCell cell = impl_->graph().access().record(r);
    if (!cell.has(engine::RecordCell::kStands) ||
        !cell.has(engine::RecordCell::kHeld | engine::RecordCell::kHeldPart)) {
      continue;
    }
    auto stored = impl_->RecordAt(r);
    if (!stored.ok()) return stored.status();
    const Record& record = stored->record;
    if (!filter.source.empty() && record.source != filter.source) continue;
    JudgeRecord(impl_->rules().policy(), record, &verdict);
    HeldItem item;
    item.record = stored->number;
    item.source = record.source;
    item.record_id = record.id;
    if (verdict.reason != Reason::kNone && wanted(verdict.reason)) {
      item.reason = verdict.reason;
      item.whole_record = true;
      if (!verdict.held.empty()) item.ns = record.identifiers[verdict.held.front().index].ns;
      items.push_back(item);
    }
    for (const RecordVerdict::Held& held : verdict.held) {
      if (!wanted(held.reason) || full()) continue;
      item.reason = held.reason;
      item.whole_record = false;
      item.identifier_index = held.index;
      item.ns = record.identifiers[held.index].ns;
      items.push_back(item);
    }
  }
  return items;
}

absl::StatusOr<std::vector<Change>> View::Changes(std::uint64_t from,
                                                  std::uint64_t max_changes) const {
  std::vector<Change> changes;
  absl::Status status = impl_->engine().ReadFeed(
      impl_->graph_number(), from, sequence(), [&](std::uint64_t, engine::FeedRow row) {
        if (changes.size() >= max_changes) return false;
        std::move(row.changes.begin(), row.changes.end(), std::back_inserter(changes));
        return true;
      });
  if (!status.ok()) return status;
  return changes;
}

absl::Status View::Export(const std::function<bool(const StoredRecord&)>& visit) const {
  std::uint32_t next = 0;
  std::uint64_t frame_number = 0;
  engine::Frame frame;
  for (; next < impl_->state().records; ++next) {
    const engine::RecordCell cell = impl_->graph().access().record(next);
    if (cell.gone()) continue;
    if (cell.location >> 16 != frame_number) {
      frame_number = cell.location >> 16;
      if (absl::Status status = impl_->GoOn(); !status.ok()) return status;
      auto read = engine::ReadFrameFromStore(impl_->store(), frame_number);
      if (!read.ok()) return read.status();
      frame = *std::move(read);
    }
    const std::uint64_t place = cell.location & 0xffff;
    if (place >= frame.records.size())
      return absl::DataLossError("a record lies outside its frame; run verify");
    if (frame.records[place].source.empty()) return WasFolded();  // since the view was taken
    StoredRecord stored;
    stored.number = std::uint64_t{next} + 1;
    stored.sequence = cell.sequence;
    stored.standing = cell.has(engine::RecordCell::kStands);
    stored.held = stored.standing && cell.has(engine::RecordCell::kHeld);
    stored.record = std::move(frame.records[place]);
    if (!visit(stored)) break;
  }
  return absl::OkStatus();
}

absl::StatusOr<StoredRecord> View::RecordOf(std::uint64_t number) const {
  if (number == 0 || number > impl_->state().records)
    return absl::NotFoundError("no record has this number");
  return impl_->RecordAt(static_cast<std::uint32_t>(number - 1));
}

std::uint64_t View::CountProfiles() const {
  const engine::Totals& totals = impl_->state().totals;
  return totals.live_nodes - totals.merged_away;
}

Stats View::GetStats() const {
  const engine::CommitState& s = impl_->state();
  Stats stats;
  stats.sequence = s.sequence;
  stats.records = s.records;
  stats.standing_records = s.totals.standing_records;
  stats.held_records = s.totals.held_records;
  stats.folded_records = s.horizons->folded();
  stats.identifiers = s.nodes;
  stats.live_identifiers = s.totals.live_names;
  stats.shared_identifiers = s.totals.shared;
  stats.profiles = CountProfiles();
  stats.links = s.totals.links;
  stats.refused_links = s.totals.refused;
  for (Node n = 0; n < s.nodes; ++n) {
    const engine::NodeCell& node = impl_->graph().node(n);
    if (node.live == 0 || node.parent != n) continue;
    stats.largest_profile =
        std::max<std::uint64_t>(stats.largest_profile, impl_->graph().SizeOf(n));
  }
  stats.resident_bytes = s.resident.total();
  stats.store_bytes = impl_->store().ApproximateBytes();
  stats.replays = s.replays;
  stats.failed_checkpoints = impl_->engine().failed_checkpoints();
  return stats;
}

}  // namespace polyonym
