// The feed as the engine keeps it: what goes into it, where it begins, who has read how far, and the outbox.
//
// Cursors and acknowledgements are commits beside the log's: they have no sequence, change nothing that a view shows, and may come from any
// thread.
#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "engine/bytes.h"
#include "engine/engine_impl.h"
#include "engine/feed.h"
#include "engine/outbox.h"
#include "engine/view_impl.h"

namespace polyonym {
namespace {

// Rows of Table::kMeta.
constexpr std::string_view kBeginKey = "feed_begins";
constexpr std::string_view kCursorPrefix = "cursor/";
constexpr std::string_view kBehindCursors = "cursor0";  // the next byte
constexpr std::uint8_t kNumberVersion = 1;

constexpr std::size_t kRowsAtOnce = 1'024;  // that one commit erases
constexpr std::uint64_t kMaxItems = 1'000'000;
// Calls beyond those to be kept before they are looked for, where no checkpoint comes.
constexpr std::uint64_t kSlackCalls = 1'024;

std::string CursorKey(std::uint32_t graph, std::string_view consumer) {
  std::string key(kCursorPrefix);
  key.push_back(static_cast<char>(graph));
  return key.append(consumer);
}

void PutNumber(std::string key, std::uint64_t number, WriteSet* writes) {
  std::string payload;
  engine::PutVarint(&payload, number);
  std::string value = engine::SealValue(kNumberVersion, key, payload);
  writes->puts.push_back({Table::kMeta, std::move(key), std::move(value)});
}

absl::StatusOr<std::uint64_t> ReadNumber(std::string_view key, std::string_view bytes) {
  auto payload = engine::OpenValue(kNumberVersion, key, bytes);
  if (!payload.ok()) return payload.status();
  engine::ByteReader in(*payload);
  const std::uint64_t number = in.Varint();
  if (!in.AtEnd())
    return absl::DataLossError("a row about the feed does not decode; restore a backup");
  return number;
}

absl::StatusOr<std::optional<std::uint64_t>> GetNumber(const Store& store, std::string_view key) {
  auto bytes = store.Get(Table::kMeta, key);
  if (!bytes.ok()) return bytes.status();
  if (!bytes->has_value()) return std::optional<std::uint64_t>();
  auto number = ReadNumber(key, **bytes);
  if (!number.ok()) return number.status();
  return std::optional(*number);
}

absl::Status CheckConsumer(std::string_view consumer) {
  if (!consumer.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError("consumer: say whose cursor");
}

}  // namespace

// ---- what a call did ----

// What the open call did goes to the feed, and what it triggered to the outbox; and, of the graph that it asks for, to `job`, where there is one.
void Engine::Impl::FeedChanges(std::uint64_t sequence, WriteSet* writes, Job* job) {
  std::uint64_t triggered = 0;
  for (const auto& lens : lenses_) {
    lens->core->EndTaking();
    engine::FeedRow row = lens->Changes(last_sequence_, sequence);
    UpdateSegments(lens, sequence, job == nullptr ? nullptr : job->facts, &row);
    lens->CountChanges(row.changes);
    if (!row.changes.empty()) {
      writes->puts.push_back({Table::kFeed, engine::FeedKey(sequence, lens->number),
                              engine::EncodeFeedRow(sequence, row, lens->number)});
      absl::Status status = PutTriggered(*lens, sequence, row, &triggered, writes);
      if (!status.ok()) lens->core->Fail(status);
    }
    if (job != nullptr && lens->number == job->graph) job->changes = std::move(row.changes);
  }
}

// What follows for segments.
void Engine::Impl::UpdateSegments(const std::shared_ptr<engine::Lens>& lens, std::uint64_t sequence,
                                  engine::CallFacts* facts, engine::FeedRow* row) {
  if (!lens->live.Concerns(*lens->core)) return;
  const View::Impl view(lens, store_.get(), &log_, lens->StateOf(sequence, log_.last_frame()));
  row->now_ms = view.now_ms();
  std::optional<View::Impl> before;
  if (lens->before() != nullptr) before.emplace(lens, store_.get(), &log_, lens->before());
  absl::Status status = lens->live.Update({view, before ? &*before : nullptr, lens->core->tracker(),
                                           lens->nodes_before(), facts, &row->changes});
  if (!status.ok()) lens->core->Fail(status);
}

absl::StatusOr<std::shared_ptr<engine::Lens>> Engine::Impl::FindGraph(
    std::string_view graph) const {
  std::shared_ptr<engine::Lens> lens = FindLens(graph);
  if (lens == nullptr)
    return absl::NotFoundError("the store has no such graph; SetPolicy() makes one");
  return lens;
}

// ---- reading, and where it begins ----

absl::Status Engine::Impl::CheckFeedKept(std::uint64_t from) const {
  const std::uint64_t begin = feed_begin_;
  if (from >= begin) return absl::OkStatus();
  const std::string n = std::to_string(begin);
  return absl::OutOfRangeError("from: the feed begins at sequence " + n +
                               " by now; read the present state from a view at sequence " + n +
                               " or later, and go on behind it");
}

absl::Status Engine::Impl::ReadFeed(
    std::uint32_t graph, std::uint64_t from, std::uint64_t to,
    const std::function<bool(std::uint64_t, engine::FeedRow)>& visit) {
  // What a power cut could take back is not shown to anybody.
  if (durability() == Durability::kGroup) {
    if (absl::Status status = SyncUpTo(to); !status.ok()) return status;
  }
  if (absl::Status status = CheckFeedKept(from); !status.ok()) return status;
  if (from > to) return absl::OkStatus();
  absl::Status problem;
  absl::Status status =
      store_->Scan(Table::kFeed, engine::FeedKey(from, graph), engine::FeedKey(to + 1, graph),
                   [&](std::string_view key, std::string_view value) {
                     const std::uint64_t sequence = engine::FeedSequence(key);
                     auto row = engine::DecodeFeedRow(sequence, value, graph);
                     if (row.ok()) return visit(sequence, *std::move(row));
                     problem = row.status();
                     return false;
                   });
  if (!status.ok()) return status;
  if (!problem.ok()) return problem;
  return CheckFeedKept(from);  // rows may have gone meanwhile
}

absl::Status Engine::Impl::LoadFeedBegin() {
  auto begin = GetNumber(*store_, kBeginKey);
  if (!begin.ok()) return begin.status();
  feed_begin_ = begin->value_or(0);
  return absl::OkStatus();
}

// It is raised first, in memory and in the store: a row that is missing behind it was lost, one that is there before it is not shown.
absl::Status Engine::Impl::TrimFeed(std::uint64_t before) {
  if (absl::Status status = ReadOnly(); !status.ok()) return status;
  const std::lock_guard lock(trim_mutex_);
  before = std::min(before, publisher().newest()->sequence + 1);
  if (before < feed_begin_ || before <= trimmed_before_) return absl::OkStatus();
  feed_begin_ = before;
  WriteSet writes;
  PutNumber(std::string(kBeginKey), before, &writes);
  std::uint32_t graphs = 0;
  {
    const std::lock_guard lenses_lock(lenses_mutex_);
    graphs = static_cast<std::uint32_t>(lenses_.size());
  }
  for (std::uint32_t graph = 0; graph < graphs; ++graph) {
    if (absl::Status status = EraseFeed(graph, trimmed_before_, before, &writes); !status.ok())
      return status;
  }
  absl::Status status = CommitErased(&writes);
  if (status.ok()) trimmed_before_ = before;
  return status;
}

// With what is in `writes`, so many rows a commit; the last of them are left there.
absl::Status Engine::Impl::EraseFeed(std::uint32_t graph, std::uint64_t from, std::uint64_t before,
                                     WriteSet* writes) {
  std::string next = engine::FeedKey(from, graph);
  const std::string end = engine::FeedKey(before, graph);
  for (;;) {
    absl::Status status =
        store_->Scan(Table::kFeed, next, end, [&](std::string_view key, std::string_view) {
          writes->erases.push_back({Table::kFeed, std::string(key)});
          return writes->erases.size() < kRowsAtOnce;
        });
    if (!status.ok() || writes->erases.size() < kRowsAtOnce) return status;
    next = writes->erases.back().key;
    if (status = CommitErased(writes); !status.ok()) return status;
  }
}

absl::Status Engine::Impl::CommitErased(WriteSet* writes) {
  absl::Status status = store_->Commit(*writes, false);
  if (!status.ok()) Latch(status);
  writes->clear();
  return status;
}

absl::Status Engine::Impl::TrimToKeep() {
  const std::uint64_t newest = publisher().newest()->sequence;
  if (options_.feed_keep_calls == 0 || newest <= options_.feed_keep_calls) return absl::OkStatus();
  return TrimFeed(newest - options_.feed_keep_calls + 1);
}

// Behind the writer's back, where it has grown well beyond what is to be kept.
void Engine::Impl::CallTrim() {
  const std::uint64_t keep = options_.feed_keep_calls;
  const std::uint64_t kept = last_sequence_ - std::min(last_sequence_, feed_begin_.load());
  if (keep == 0 || kept < keep || kept - keep < keep / 8 + kSlackCalls) return;
  if (trim_called_.exchange(true)) return;
  background_->checkpoints.After(std::chrono::milliseconds(0), this, [this] {
    TrimToKeep().IgnoreError();  // a failure latches the engine; the next call reports it
    recorder_.Tell();
    trim_called_ = false;
  });
}

// ---- commits beside the log's ----

absl::Status Engine::Impl::CommitAside(const WriteSet& writes) {
  const bool sync = options_.durability == Durability::kSync || stopped_;
  absl::Status status = store_->Commit(writes, sync);
  if (!status.ok()) {
    Latch(status);
    return status;
  }
  if (sync) return status;
  aside_unsynced_ = true;
  if (options_.durability == Durability::kGroup && !sync_called_.exchange(true)) {
    background_->syncs.After(std::chrono::milliseconds(options_.group_ms), this,
                             [this] { SyncGroup(); });
  }
  return status;
}

// ---- cursors ----

absl::StatusOr<std::optional<std::uint64_t>> Engine::Impl::FeedCursorOf(
    std::uint32_t graph, std::string_view consumer) const {
  return GetNumber(*store_, CursorKey(graph, consumer));
}

absl::Status Engine::Impl::MoveFeedCursor(std::uint32_t graph, std::string_view consumer,
                                          std::uint64_t next) {
  absl::Status status = ReadOnly();
  if (!status.ok()) return status;
  {
    const std::lock_guard lock(aside_mutex_);
    auto stored = FeedCursorOf(graph, consumer);
    if (!stored.ok()) return stored.status();
    if (stored->has_value() && **stored >= next) return absl::OkStatus();
    WriteSet writes;
    PutNumber(CursorKey(graph, consumer), next, &writes);
    status = CommitAside(writes);
  }
  recorder_.Tell();
  return status;
}

absl::StatusOr<std::vector<FeedCursor>> Engine::Impl::FeedCursors() const {
  const std::vector<std::string> graphs = Graphs();
  std::vector<FeedCursor> cursors;
  absl::Status problem;
  absl::Status status = store_->Scan(
      Table::kMeta, kCursorPrefix, kBehindCursors,
      [&](std::string_view key, std::string_view value) {
        auto next = ReadNumber(key, value);
        const std::string_view rest = key.substr(kCursorPrefix.size());
        const std::size_t graph =
            rest.empty() ? graphs.size() : static_cast<unsigned char>(rest[0]);
        if (!next.ok()) {
          problem = next.status();
        } else if (graph >= graphs.size()) {
          problem = absl::DataLossError("a cursor is of no graph of this store; restore a backup");
        } else {
          cursors.push_back({std::string(rest.substr(1)), graphs[graph], *next});
        }
        return problem.ok();
      });
  if (!status.ok()) return status;
  if (!problem.ok()) return problem;
  return cursors;
}

absl::Status Engine::Impl::DropFeedCursor(std::string_view consumer, std::string_view graph) {
  auto lens = FindGraph(graph);
  absl::Status status = lens.status();
  if (status.ok()) status = CheckConsumer(consumer);
  if (status.ok()) status = ReadOnly();
  if (!status.ok()) return status;
  {
    const std::lock_guard lock(aside_mutex_);
    auto stored = FeedCursorOf((*lens)->number, consumer);
    if (!stored.ok()) return stored.status();
    if (!stored->has_value())
      return absl::NotFoundError("consumer: has no cursor in the feed of this graph");
    WriteSet writes;
    writes.erases.push_back({Table::kMeta, CursorKey((*lens)->number, consumer)});
    status = CommitAside(writes);
  }
  recorder_.Tell();
  return status;
}

// ---- the outbox ----

// What the policy in force has triggers for.
absl::Status Engine::Impl::PutTriggered(const engine::Lens& lens, std::uint64_t sequence,
                                        const engine::FeedRow& row, std::uint64_t* number,
                                        WriteSet* writes) {
  return engine::PutTriggered(lens.core->rules()->policy().policy().definitions.triggers,
                              lens.number, sequence, row, number, writes);
}

absl::StatusOr<std::vector<OutboxItem>> Engine::Impl::ReadOutbox(const OutboxOptions& options) {
  if (options.limit < 1 || options.limit > kMaxItems)
    return absl::InvalidArgumentError("limit: must be between 1 and 1,000,000");
  auto lens = FindGraph(options.graph);
  if (!lens.ok()) return lens.status();
  const std::uint64_t newest = (*lens)->publisher.newest()->sequence;
  // What a power cut could take back is not to be acted on.
  if (durability() == Durability::kGroup) {
    if (absl::Status status = SyncUpTo(newest); !status.ok()) return status;
  }
  std::vector<OutboxItem> items;
  const std::uint64_t end = engine::FirstOutboxId(newest + 1);
  if (options.after_id >= end) return items;
  absl::Status problem;
  absl::Status status = store_->Scan(
      Table::kMeta, engine::OutboxKey(options.after_id + 1, (*lens)->number),
      engine::OutboxKey(end, (*lens)->number), [&](std::string_view key, std::string_view value) {
        auto item = engine::DecodeOutboxRow(key, value);
        if (!item.ok()) {
          problem = item.status();
          return false;
        }
        if (options.trigger.empty() || item->trigger == options.trigger)
          items.push_back(*std::move(item));
        return items.size() < options.limit;
      });
  if (!status.ok()) return status;
  if (!problem.ok()) return problem;
  return items;
}

absl::StatusOr<std::uint64_t> Engine::Impl::AcknowledgeOutbox(std::span<const std::uint64_t> ids,
                                                              std::string_view graph) {
  auto lens = FindGraph(graph);
  absl::Status status = lens.status();
  if (status.ok()) status = ReadOnly();
  if (!status.ok()) return status;
  std::vector<std::string> keys;
  for (const std::uint64_t id : ids) keys.push_back(engine::OutboxKey(id, (*lens)->number));
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  WriteSet writes;
  {
    const std::lock_guard lock(aside_mutex_);
    auto values = store_->MultiGet(Table::kMeta, keys);
    if (!values.ok()) return values.status();
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if ((*values)[i]) writes.erases.push_back({Table::kMeta, std::move(keys[i])});
    }
    if (!writes.empty()) status = CommitAside(writes);
  }
  recorder_.Tell();
  if (!status.ok()) return status;
  return writes.erases.size();
}

// ---- the public face ----

absl::StatusOr<std::vector<FeedCursor>> Engine::FeedCursors() const { return impl_->FeedCursors(); }
absl::Status Engine::DropFeedCursor(std::string_view consumer, std::string_view graph) {
  return impl_->DropFeedCursor(consumer, graph);
}
absl::Status Engine::TrimFeed(std::uint64_t before) {
  absl::Status status = impl_->TrimFeed(before);
  impl_->recorder().Tell();
  return status;
}
absl::StatusOr<std::vector<OutboxItem>> Engine::ReadOutbox(const OutboxOptions& options) const {
  return impl_->ReadOutbox(options);
}
absl::StatusOr<std::uint64_t> Engine::AcknowledgeOutbox(std::span<const std::uint64_t> ids,
                                                        std::string_view graph) {
  return impl_->AcknowledgeOutbox(ids, graph);
}

}  // namespace polyonym
