// Forgetting people, in what was said of them: watched values of theirs in rows of the feed, and what they triggered in the outbox.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "engine/engine_impl.h"
#include "engine/feed.h"
#include "engine/forgotten.h"
#include "engine/outbox.h"

namespace polyonym {

using engine::ForgottenNames;
using engine::kNone;
using engine::Node;

namespace {

constexpr std::string_view kOutboxBegin = "outbox/";
constexpr std::string_view kOutboxEnd = "outbox0";  // the next byte

// The bytes of a row of the feed without watched values of some profiles; nothing where it has none.
std::optional<std::string> WithoutValues(std::uint64_t sequence, engine::FeedRow row,
                                         const std::set<std::uint64_t>& profiles,
                                         std::uint32_t graph) {
  bool any = false;
  for (Change& change : row.changes) {
    if ((change.kind != ChangeKind::kTrait && change.kind != ChangeKind::kTag) ||
        change.values.empty() || !profiles.contains(change.to.value))
      continue;
    change.values.clear();
    any = true;
  }
  if (!any) return std::nullopt;
  return engine::EncodeFeedRow(sequence, row, graph);
}

}  // namespace

// Which profiles ever had one of these nodes, by the feed.
absl::StatusOr<std::set<std::uint64_t>> Engine::Impl::ProfilesThatHad(
    const engine::Lens& lens, const std::set<std::uint64_t>& nodes, bool* watched) const {
  std::set<std::uint64_t> profiles = nodes;
  absl::Status problem;
  absl::Status status = store_->Scan(
      Table::kFeed, engine::FeedKey(0, lens.number),
      engine::FeedKey(last_sequence_ + 1, lens.number),
      [&](std::string_view key, std::string_view value) {
        auto row = engine::DecodeFeedRow(engine::FeedSequence(key), value, lens.number);
        if (!row.ok()) {
          problem = row.status();
          return false;
        }
        for (const Change& change : row->changes) {
          *watched |= change.kind == ChangeKind::kTrait || change.kind == ChangeKind::kTag;
          if (!IsWhoIsWho(change.kind)) continue;
          const bool has =
              std::any_of(change.identifiers.begin(), change.identifiers.end(),
                          [&](IdentifierNumber number) { return nodes.contains(number.value); });
          const bool comes =
              change.kind == ChangeKind::kMerged && profiles.contains(change.from.value);
          if (!has && !comes) continue;
          if (change.kind != ChangeKind::kCreated && change.kind != ChangeKind::kJoined)
            profiles.insert(change.from.value);
          if (change.kind != ChangeKind::kGone) profiles.insert(change.to.value);
        }
        return true;
      });
  if (!status.ok()) return status;
  if (!problem.ok()) return problem;
  return profiles;
}

Engine::Impl::ByGraph Engine::Impl::NodesOf(const ForgottenNames& names) const {
  ByGraph all;
  for (const auto& lens : lenses_) {
    std::set<std::uint64_t>& nodes = all.emplace_back();
    names.ForEach([&](std::string_view ns, std::string_view value) {
      const Node n = lens->core->FindName(ns, value);
      if (n != kNone) nodes.insert(n);
    });
  }
  return all;
}

// Watched values of people in the feed, and what they triggered.
absl::Status Engine::Impl::EraseFromFeed(const ByGraph& nodes_of, WriteSet* writes,
                                         EraseReceipt* counts, ByGraph* had) const {
  for (const auto& lens : lenses_) {
    const std::set<std::uint64_t>& nodes = nodes_of[lens->number];
    had->emplace_back();
    if (nodes.empty()) continue;
    bool watched = false;
    auto profiles = ProfilesThatHad(*lens, nodes, &watched);
    if (!profiles.ok()) return profiles.status();
    had->back() = *profiles;
    absl::Status problem;
    const auto rewrite = [&](std::string_view key, std::string_view value) {
      const std::uint64_t sequence = engine::FeedSequence(key);
      auto row = engine::DecodeFeedRow(sequence, value, lens->number);
      problem = row.status();
      if (!row.ok()) return false;
      if (auto bytes = WithoutValues(sequence, *std::move(row), *profiles, lens->number)) {
        writes->puts.push_back({Table::kFeed, std::string(key), *std::move(bytes)});
        ++counts->rewritten_feed_rows;
      }
      return true;
    };
    if (watched) {
      absl::Status status =
          store_->Scan(Table::kFeed, engine::FeedKey(0, lens->number),
                       engine::FeedKey(last_sequence_ + 1, lens->number), rewrite);
      if (!status.ok()) return status;
      if (!problem.ok()) return problem;
    }
    absl::Status status = store_->Scan(
        Table::kMeta, kOutboxBegin, kOutboxEnd, [&](std::string_view key, std::string_view value) {
          auto item = engine::DecodeOutboxRow(key, value);
          problem = item.status();
          if (!item.ok()) return false;
          const std::string of_graph = engine::OutboxKey(item->id, lens->number);
          if (of_graph == key && nodes.contains(item->profile.value)) {
            writes->erases.push_back({Table::kMeta, std::string(key)});
            ++counts->removed_outbox_items;
          }
          return true;
        });
    if (!status.ok()) return status;
    if (!problem.ok()) return problem;
  }
  return absl::OkStatus();
}

}  // namespace polyonym
