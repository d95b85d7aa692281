// Erasing: records go for good, and with them every identifier that no record names any more. docs/erasure.md.
//
// They are first taken out of the evidence one after the other, as a retraction would, with the rule run over what they touched at the end;
// only then their cells are emptied, so that whatever counts from records on the way finds an index that is whole.
#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "engine/core.h"

namespace polyonym::engine {

void Core::BeginErase(Cause cause) {
  erasing_.emplace(Erasing{});  // of clang 14 it takes an argument
  erasing_->links_before = totals_.links;
  tracker_.SetCause(cause, 0);
  deferred_.Begin(true);
}

void Core::EraseOut(std::span<const std::uint32_t> records) {
  std::vector<std::uint32_t> stood;
  for (const std::uint32_t r : records) {
    const RecordCell cell = index_->records.Latest(r);
    const auto record = cell.gone() ? std::nullopt : Load(r);
    if (!record) {
      Fail(absl::DataLossError("a logged erasure does not fit the records; restore a backup"));
      return;
    }
    FindNames(*record, &named_);
    for (const Named& n : named_) erasing_->values.insert(n.value);
    if (HasLostName(*record)) {
      std::vector<Node>& values = erasing_->lossy[r];
      for (const Named& n : named_) {
        if (record->act != Act::kRename) values.push_back(n.value);  // it is not counted out
      }
    }
    if (!cell.has(RecordCell::kStands)) continue;
    if (!cell.has(RecordCell::kFolded)) stood.push_back(r);
    Supersede(r, *record);
  }
  FindBehindLost();
  for (const std::uint32_t r : stood) index_->record_keys.Erase(index_->records.Latest(r).key, r);
  for (const std::uint32_t r : records) Empty(r);
}

void Core::DropLost() {
  const auto is_lost = [this](Node n) {
    return !graph_.node(n).erased() && index_->lost_values.contains(graph_.node(n).value);
  };
  // A class that a rename made which cannot be read any more: what is counted of it goes, and is counted again of each name that is left.
  const auto part = [&](const std::vector<Node>& names) {
    for (const Node name : names) {
      tracker_.Each(name);
      mention_times_.Drop(name);
    }
    DropLostNode(graph_.Canonical(names.front()));
    Reclass(names);
    CountCannotOf(names, 1);
    std::set<NodePair> pairs;
    for (const Node name : names) {
      if (is_lost(name)) continue;
      const Node node = graph_.Canonical(name);
      RecountNode(node);
      ForEachLiveRecord(node, [&](const Record&, const std::vector<Named>& named) {
        for (const Named& n : named) {
          if (n.node != node) pairs.insert(MakePair(node, n.node));
        }
      });
    }
    for (const auto& [u, v] : pairs) {
      if (graph_.FindLink(u, v) == kNone) graph_.AddLink(u, v, index_->HashPair(u, v));
      RecountPair(u, v);
    }
    for (const Node name : names) {
      graph_.RefreshId(graph_.ProfileOf(graph_.Canonical(name)));
      tracker_.Each(name);
    }
  };
  for (Node n = 0; n < index_->nodes.size() && !index_->lost_values.empty(); ++n) {
    if (!is_lost(n)) continue;
    if (const Node canonical = graph_.Canonical(n);
        !graph_.node(n).life() && !graph_.node(canonical).life()) {
      std::vector<Node> names;
      graph_.ForEachName(canonical, [&](Node name) { names.push_back(name); });
      if (!std::all_of(names.begin(), names.end(), is_lost)) part(names);
    }
    DropLostNode(n);
  }
  if (std::exchange(lost_acts_, false)) DropLostActs();
}

void Core::DropLostNode(Node node) {
  std::vector<std::pair<Link, LinkCell>> pairs;
  graph_.ForEachPair(node, [&](Link l, const LinkCell& cell) { pairs.emplace_back(l, cell); });
  for (const auto& [link, cell] : pairs) {
    if (cell.cannot > 0) SetCannot(cell.a, cell.b, -static_cast<int>(cell.cannot));
    if (cell.evidence.any()) SetEvidence(link, {});
  }
  const NodeCell cell = graph_.node(node);
  if (cell.live > 0) SetLive(node, 0, cell.life() ? cell.first_ms : 0);
}

// What acts did of which something was lost. They were not put back among the acts: whatever shows them is counted again.
void Core::DropLostActs() {
  for (const Node name : lost_partners_) RecountAll(ValueNode(name));
  lost_partners_.clear();
  std::map<NodePair, int> apart;
  for (const auto& [name, others] : acts_.apart_from) {
    for (const Node other : others) {
      const Node u = graph_.Canonical(name), v = graph_.Canonical(other);
      if (u < v) ++apart[{u, v}];
    }
  }
  for (Link l = 0; l < index_->links.size(); ++l) {
    const LinkCell cell = graph_.link(l);
    if (cell.cannot == 0) continue;
    const auto want = apart.find(MakePair(cell.a, cell.b));
    const int by = (want == apart.end() ? 0 : want->second) - static_cast<int>(cell.cannot);
    if (by != 0) SetCannot(cell.a, cell.b, by);
  }
  for (Node n = 0; n < index_->nodes.size(); ++n) {
    if ((graph_.node(n).flags & NodeCell::kDeleted) == 0 || acts_.DeletedUntil(n)) continue;
    MarkDeleted(n);
    RecountAll(ValueNode(n));
  }
}

// Counts a value again from the records that are left, with its lives, and its pairs.
void Core::RecountAll(Node value) {
  if (graph_.node(value).erased() || index_->lost_values.contains(graph_.node(value).value)) return;
  std::vector<Node> nodes = {graph_.Canonical(value)};
  if (const auto at = lives_.find(value); at != lives_.end()) nodes = at->second.current;
  for (const Node node : nodes) {
    RecountNode(node);
    std::vector<Node> others;
    graph_.ForEachPair(node,
                       [&](Link, const LinkCell& cell) { others.push_back(cell.Other(node)); });
    for (const Node other : others) RecountPair(node, other);
  }
}

// Values that a record names by something that is lost, and that others know by another spelling: an earlier policy took both for one.
void Core::FindBehindLost() {
  if (erasing_->lossy.empty()) return;
  for (Node n = 0; n < index_->nodes.size(); ++n) {
    const NodeCell& cell = graph_.node(n);
    if (cell.erased() || index_->lost_values.contains(cell.value)) continue;
    for (std::uint32_t m = cell.mentions; m != kNone; m = index_->mentions.Latest(m).next) {
      const auto at = erasing_->lossy.find(index_->mentions.Latest(m).record);
      if (at == erasing_->lossy.end() ||
          std::find(at->second.begin(), at->second.end(), n) != at->second.end())
        continue;
      erasing_->values.insert(n);
      erasing_->recount.insert(n);
    }
  }
}

void Core::Empty(std::uint32_t record_index) {
  index_->records.Write(record_index) = RecordCell();
  erasing_->gone.push_back(record_index);
}

// Evidence stays as it is: what names the same counts the same.
void Core::ReplaceFacts(std::uint32_t record_index, const Record& left, std::uint64_t location) {
  const RecordCell cell = index_->records.Latest(record_index);
  if (!cell.has(RecordCell::kStands) || !Folds(cell.act())) {
    Fail(absl::DataLossError("a logged erasure does not fit the records; restore a backup"));
    return;
  }
  FindNames(left, &named_);
  for (const Named& n : named_) {
    erasing_->values.insert(n.value);
    for (const Node node : {n.name, n.node}) {
      index_->nodes.Write(node);  // profile_cache.h looks at the cells
      if (tracker_.watches_facts()) tracker_.Tell(node, false);
    }
  }
  --totals_.standing_records;
  if (cell.has(RecordCell::kHeld)) --totals_.held_records;
  if (!cell.has(RecordCell::kFolded)) index_->record_keys.Erase(cell.key, record_index);
  Empty(record_index);
  Judge(left, &judged_);
  ++totals_.standing_records;
  const std::uint32_t added = AddCell(judged_, location);
  if (!left.folded) index_->record_keys.Insert(judged_.key, added);
  Admit(added, judged_);
  if (judged_.verdict.reason == Reason::kNone) Mention(added, judged_);
}

Core::Erased Core::EndErase(std::span<const Node> names) {
  for (const Node value : erasing_->recount) RecountAll(value);
  EndTaking();
  absl::flat_hash_set<Node> lost(erasing_->values.begin(), erasing_->values.end());
  for (const Node value : erasing_->values) Unmention(value);
  std::set<std::size_t> pages;
  for (const std::uint32_t r : erasing_->gone)
    pages.insert(r / decltype(index_->records)::page_cells());
  for (const std::size_t page : pages) FreeIfGone(&index_->records, page);
  Erased erased;
  erased.links = erasing_->links_before - std::min(erasing_->links_before, totals_.links);
  for (const Node n : names) {
    if (n >= index_->nodes.size() || graph_.node(n).live > 0 || graph_.node(n).life() ||
        IsActedUpon(n)) {
      Fail(absl::DataLossError("a logged erasure does not fit the records; restore a backup"));
      break;
    }
    DropMentions(n);
    lost.insert(n);
  }
  for (Node n = 0; n < index_->nodes.size(); ++n) {
    const NodeCell& cell = graph_.node(n);
    if (cell.erased() || cell.life() || cell.live > 0) continue;
    // Under an earlier policy records may have named it that name another value now.
    if (cell.mentions != kNone && Unmention(n)) lost.insert(n);
    if (graph_.node(n).mentions != kNone || !lost.contains(n) || IsActedUpon(n)) continue;
    erased.identifiers += WipeOut(n);
    erased.wiped.push_back(n);
  }
  auto horizons = std::make_shared<Horizons>(*horizons_);
  horizons->Erase(sequence_, erasing_->gone.size());
  horizons_ = std::move(horizons);
  sighting_times_.Clear();
  mention_times_.Clear();
  erasing_.reset();
  return erased;
}

// Empties its list. Records of an earlier policy may be in it, which do not name it now.
void Core::DropMentions(Node value) {
  for (std::uint32_t m = graph_.node(value).mentions; m != kNone;)
    m = std::exchange(index_->mentions.Write(m), MentionCell()).next;
  index_->nodes.Write(value).mentions = kNone;
}

// Whether an act that stands is about it.
bool Core::IsActedUpon(Node name) const {
  return acts_.unbound_from.contains(name) || acts_.deletions.contains(name) ||
         acts_.apart_from.contains(name) || acts_.renames_of.contains(name);
}

// An identifier that no record names any more, with all its lives; returns how many it was.
std::uint64_t Core::WipeOut(Node value) {
  index_->values.Wipe(graph_.node(value).value, sequence_);
  std::uint64_t count = 1;
  index_->nodes.Write(value).flags |= NodeCell::kErased;
  guarded_.erase(value);
  acted_on_.erase(value);
  const auto at = lives_.find(value);
  if (at == lives_.end()) return count;
  for (const std::vector<Node>* lives : {&at->second.current, &at->second.spare}) {
    for (const Node life : *lives) index_->nodes.Write(life).flags |= NodeCell::kErased;
    count += lives->size();
  }
  lives_.erase(at);
  return count;
}

Node Core::FindName(std::string_view ns, std::string_view value) const {
  const Kind kind = rules_->FindKind(ns);
  return kind == kNone ? kNone : graph_.Find(kind, value, index_->HashValue(kind, value));
}

}  // namespace polyonym::engine
