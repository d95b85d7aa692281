// Looking ahead: the records of a group are judged and hashed, and what they will touch is asked for in four rounds, each of
// which follows the pointers that the one before it fetched. Nothing here changes anything, and every guess may be wrong.
#include <algorithm>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "engine/core.h"

namespace polyonym::engine {
namespace {

constexpr std::size_t kNamesAhead = 8;  // of a record; few have more

}  // namespace

void Core::Judge(const Record& record, Judged* judged) const {
  judged->record = &record;
  judged->key = index_->HashRecordKey(record.source, record.id);
  JudgeRecord(rules_->policy(), record, &judged->verdict);
  HashNames(judged);
}

// Of what its verdict counts.
void Core::HashNames(Judged* judged) const {
  judged->names.clear();
  for (const RecordVerdict::Counted& counted : judged->verdict.counted) {
    Judged::Name name;
    name.kind = rules_->FindKind(counted.ns);
    if (name.kind != kNone) name.hash = index_->HashValue(name.kind, counted.value);
    judged->names.push_back(name);
  }
}

// Namespaces that were never seen, of all records of the group at once: rules are made again for them, and there may be many.
void Core::AddNewKinds(std::size_t records) {
  std::vector<std::string> kinds;
  absl::flat_hash_set<std::string> added;
  for (std::size_t r = 0; r < records; ++r) {
    const Judged& judged = ahead_[r];
    if (judged.verdict.reason != Reason::kNone) continue;
    for (std::size_t i = 0; i < judged.names.size(); ++i) {
      if (judged.names[i].kind != kNone) continue;
      const std::string ns(judged.verdict.counted[i].ns);
      if (added.insert(ns).second) kinds.push_back(ns);
    }
  }
  if (!kinds.empty()) AddKinds(kinds);
}

template <class F>
void Core::ForEachGuessedPair(std::size_t records, const F& f) const {
  for (std::size_t r = 0; r < records; ++r) {
    const auto& names = ahead_[r].names;
    const std::size_t n = std::min(names.size(), kNamesAhead);
    for (std::size_t i = 0; i < n; ++i) {
      if (names[i].guess == kNone) continue;
      for (std::size_t j = i + 1; j < n; ++j) {
        if (names[j].guess != kNone) f(index_->HashPair(names[i].guess, names[j].guess));
      }
    }
  }
}

void Core::LookAhead(std::span<const Incoming> records) {
  for (std::size_t r = 0; r < records.size(); ++r) Judge(*records[r].record, &ahead_[r]);
  AddNewKinds(records.size());
  for (std::size_t r = 0; r < records.size(); ++r) {
    index_->record_keys.Prefetch(ahead_[r].key);
    for (const Judged::Name& name : ahead_[r].names) {
      if (name.kind != kNone) index_->dictionary.Prefetch(name.hash);
    }
  }
  if (records.size() == 1) return;  // there is nothing to overlap it with
  for (std::size_t r = 0; r < records.size(); ++r) {
    for (Judged::Name& name : ahead_[r].names) {
      name.guess = name.kind == kNone ? kNone : index_->dictionary.Peek(name.hash);
      if (name.guess >= index_->nodes.size()) name.guess = kNone;
      if (name.guess != kNone) index_->nodes.Prefetch(name.guess);
    }
  }
  for (std::size_t r = 0; r < records.size(); ++r) {
    for (const Judged::Name& name : ahead_[r].names) {
      if (name.guess == kNone) continue;
      const NodeCell& cell = graph_.node(name.guess);
      index_->values.Prefetch(cell.value);
      index_->nodes.Prefetch(cell.parent);
    }
  }
  ForEachGuessedPair(records.size(), [this](std::uint64_t hash) { index_->pairs.Prefetch(hash); });
  for (std::size_t r = 0; r < records.size(); ++r) {
    for (const Judged::Name& name : ahead_[r].names) {
      if (name.guess == kNone) continue;
      const std::uint32_t profile = graph_.node(graph_.node(name.guess).parent).profile;
      if (profile != kNone) index_->profiles.Prefetch(profile);
    }
  }
  ForEachGuessedPair(records.size(), [this](std::uint64_t hash) {
    const Link link = index_->pairs.Peek(hash);
    if (link != kNone) index_->links.Prefetch(link);
  });
}

void Core::PrefetchNodes(std::span<const Node> nodes) const {
  for (const Node node : nodes) index_->nodes.Prefetch(node);
}

}  // namespace polyonym::engine
