// Opening a store: its header, the last checkpoint, and the log behind it.
#include <chrono>
#include <iterator>
#include <random>
#include <utility>

#include "engine/bytes.h"
#include "engine/checkpoint.h"
#include "engine/engine_impl.h"
#include "engine/feed.h"
#include "engine/view_impl.h"
#include "engine/watched_values.h"
#include "polyonym/codec/proto.h"

namespace polyonym {
namespace {

constexpr std::string_view kHeaderKey = "header";
constexpr std::uint8_t kHeaderVersion = 1;

std::shared_ptr<const engine::Rules> NoRules() {
  auto compiled = CompiledPolicy::Compile(Policy());
  return engine::Rules::Make(*std::move(compiled), 0, 0, {});
}

}  // namespace

Engine::Impl::Impl(std::unique_ptr<Store> store, EngineOptions options,
                   std::shared_ptr<engine::Background> background)
    : options_(std::move(options)),
      source_gate_(options_.source_limits,
                   options_.ticks_ns
                       ? options_.ticks_ns
                       : [] {
                           return static_cast<std::uint64_t>(
                               std::chrono::nanoseconds(
                                   std::chrono::steady_clock::now().time_since_epoch())
                                   .count());
                         }),
      store_(std::move(store)),
      log_(store_.get()),
      lenses_({std::make_shared<engine::Lens>(
          0, "", nullptr,
          engine::Core::Settings{background->Judging(), options_.replay_at_once,
                                 options_.profile_cache_bytes, options_.live_facts_bytes})}),
      keys_([this]() -> std::shared_ptr<engine::KeyedRows> {
        const auto* keyed = dynamic_cast<const engine::KeyedStore*>(store_.get());
        return keyed == nullptr ? nullptr : keyed->rows();
      }()),
      checkpoint_due_at_(options_.checkpoint_log_bytes),
      background_(std::move(background)) {}

Engine::Impl::~Impl() = default;

absl::Status Engine::Impl::OpenMemory() {
  if (options_.memory_budget_bytes == 0) return absl::OkStatus();
  auto file = store_->ScratchFile();
  if (absl::IsUnimplemented(file.status())) {
    return absl::InvalidArgumentError(
        "memory_budget_bytes: a store in memory has no disk for the rest; open one in a folder");
  }
  if (!file.ok()) return file.status();
  auto memory = PageMemory::Make(*file, options_.memory_budget_bytes);
  if (!memory.ok()) return memory.status();
  first().index.UseMemory(*std::move(memory));
  return absl::OkStatus();
}

absl::Status Engine::Impl::OpenHeader() {
  engine::Index& index = first().index;
  auto header = store_->Get(Table::kMeta, kHeaderKey);
  if (!header.ok()) return header.status();
  if (!header->has_value()) {
    auto last = store_->LastKey(Table::kLog);
    if (!last.ok()) return last.status();
    if (last->has_value())
      return absl::DataLossError("the store's header row is missing; restore a backup");
    std::random_device random;
    index.seed = static_cast<std::uint64_t>(random()) << 32 | random();
    std::string payload;
    engine::PutVarint(&payload, index.seed);
    WriteSet writes;
    writes.puts.push_back({Table::kMeta, std::string(kHeaderKey),
                           engine::SealValue(kHeaderVersion, kHeaderKey, payload)});
    if (absl::Status status = store_->Commit(writes, true); !status.ok()) return status;
  } else {
    auto payload = engine::OpenValue(kHeaderVersion, kHeaderKey, **header);
    if (!payload.ok()) return payload.status();
    engine::ByteReader in(*payload);
    index.seed = in.Varint();
    if (!in.AtEnd())
      return absl::DataLossError("the store's header row does not decode; restore a backup");
  }
  if (options_.hash_seed != 0) index.seed = options_.hash_seed;
  index.hash_bits = options_.hash_bits;
  return absl::OkStatus();
}

absl::Status Engine::Impl::Start() {
  if (options_.hash_bits < 1 || options_.hash_bits > 64) {
    return absl::InvalidArgumentError("hash_bits: must be between 1 and 64");
  }
  if (options_.group_ms < 1 || options_.group_ms > 60'000) {
    return absl::InvalidArgumentError("group_ms: must be between 1 and 60,000");
  }
  if (options_.max_clock_leap_ms < 0)
    return absl::InvalidArgumentError("max_clock_leap_ms: must be 0 (no bound) or more");
  if (absl::Status status = Validate(options_.record_limits); !status.ok()) return status;
  constexpr std::uint32_t kMaxWindowMs = 86'400'000;
  if (options_.source_limits.window_ms < 1 || options_.source_limits.window_ms > kMaxWindowMs)
    return absl::InvalidArgumentError("source_limits.window_ms: must be between 1 and 86,400,000");
  store_->WatchStalls([this] { recorder_.NoteStall(*store_); });
  if (absl::Status status = OpenMemory(); !status.ok()) return status;
  if (absl::Status status = OpenHeader(); !status.ok()) return status;
  if (absl::Status status = LoadFeedBegin(); !status.ok()) return status;
  if (absl::Status status = LoadErasing(); !status.ok()) return status;
  if (absl::Status status = LoadKeys(); !status.ok()) return status;
  if (absl::Status status = LoadLenses(); !status.ok()) return status;
  const std::uint64_t last_frame = log_.last_frame();
  if (absl::Status status = ReplayTail(); !status.ok()) return status;
  if (feed_begin_ > last_sequence_ + 1)
    return absl::DataLossError("the feed begins behind the log's end; restore a backup");
  for (const auto& lens : lenses_) lens->TakeWork();  // opening's own is not counted
  // A killed process may have left the tail unsynced. What is built on it, or shown from it, must not outlive it.
  if (log_.last_frame() != last_frame) {
    if (absl::Status status = store_->Sync(); !status.ok()) return status;
  }
  Publish();
  synced_sequence_ = last_sequence_;
  CallBackground();
  if (absl::Status status = ForgetLost(); !status.ok()) return status;
  if (absl::Status status = GoOnCleaning(); !status.ok()) return status;
  // As there, a full disk does not keep the store from being opened.
  absl::Status status = DestroyDoomed();
  return absl::IsUnavailable(status) ? absl::OkStatus() : status;
}

absl::Status Engine::Impl::LoadLenses() {
  auto checkpoint = engine::LoadCheckpoint(*store_, 0, &first().index, first().live.mutable_dues());
  if (!checkpoint.ok()) return checkpoint.status();
  if (!checkpoint->has_value()) {
    first().Start(&log_, NoRules());
    return absl::OkStatus();
  }
  last_sequence_ = (*checkpoint)->sequence;
  const std::uint64_t last_frame = (*checkpoint)->last_frame;
  if (absl::Status status = CheckLogReaches(last_frame); !status.ok()) return status;
  log_.StartAfter(last_frame);
  if (absl::Status status = first().Load(&log_, **checkpoint); !status.ok()) return status;
  if (absl::Status status = RestoreSegments(first_lens(), **checkpoint); !status.ok())
    return status;
  for (std::uint32_t graph = 1; graph < engine::Lens::kMaxGraphs; ++graph) {
    auto name = engine::CheckpointedName(*store_, graph);
    if (!name.ok()) return name.status();
    if (!name->has_value()) break;
    auto lens = std::make_shared<engine::Lens>(graph, **name, &first().index, first().settings());
    auto state = engine::LoadCheckpoint(*store_, graph, &lens->index, lens->live.mutable_dues());
    if (!state.ok()) return state.status();
    if (!state->has_value() || (*state)->sequence != last_sequence_ ||
        (*state)->records != first().index.records.size() || !IsNewGraphName(**name)) {
      return absl::DataLossError("the checkpoint's graphs do not fit together; restore a backup");
    }
    if (absl::Status status = lens->Load(&log_, **state); !status.ok()) return status;
    if (absl::Status status = RestoreSegments(lens, **state); !status.ok()) return status;
    lenses_.push_back(std::move(lens));
  }
  const std::lock_guard lock(checkpoint_mutex_);
  checkpoint_sequence_ = last_sequence_;
  return absl::OkStatus();
}

// Who is in which segment, from the checkpoint; one of a time before that was kept has them evaluated.
absl::Status Engine::Impl::RestoreSegments(const std::shared_ptr<engine::Lens>& lens,
                                           const engine::CommitState& state) {
  const Definitions& definitions = state.rules->policy().policy().definitions;
  if (state.live == nullptr && definitions.segments.empty() && !engine::WatchesValues(definitions))
    return absl::OkStatus();
  const View::Impl view(lens, store_.get(), &log_, lens->StateOf(state.sequence, state.last_frame));
  if (state.live == nullptr) {
    lens->live.Begin(state.sequence);
    return lens->live.Rebuild(view);
  }
  lens->live.Restore(state.live, view);
  return absl::OkStatus();
}

// A checkpoint is written behind the log; where the log ends before it, frames that were synced are gone.
absl::Status Engine::Impl::CheckLogReaches(std::uint64_t frame) const {
  auto last = store_->LastKey(Table::kLog);
  if (!last.ok()) return last.status();
  if (last->has_value() && (*last)->size() == 8 && engine::FromBigEndianKey(**last) >= frame)
    return absl::OkStatus();
  return absl::DataLossError(
      "the log ends before the checkpoint: synced records are missing; restore a backup");
}

absl::Status Engine::Impl::ReplayTail() {
  absl::Status problem;
  std::uint64_t expected = log_.last_frame() + 1;
  absl::Status status =
      store_->Scan(Table::kLog, engine::FrameKey(expected), "",
                   [&](std::string_view key, std::string_view value) {
                     if (key.size() != 8 || engine::FromBigEndianKey(key) != expected) {
                       problem = absl::DataLossError("the log has a gap; restore a backup");
                       return false;
                     }
                     problem = ReplayFrame(expected, value);
                     log_bytes_since_checkpoint_ += value.size();
                     ++expected;
                     return problem.ok();
                   });
  if (!status.ok()) return status;
  if (!problem.ok()) return problem;
  if (status = EndReplayedApply(); !status.ok()) return status;
  if (status = CoreStatus(); !status.ok()) return status;
  if (status = TeachKeys(); !status.ok()) return status;
  return MendFeed();
}

absl::Status Engine::Impl::ReplayFrame(std::uint64_t number, std::string_view bytes) {
  auto frame = engine::DecodeFrame(number, bytes);
  if (!frame.ok()) return frame.status();
  if (frame->lossy && keys_ == nullptr)
    return absl::DataLossError("a log frame does not decode; run verify, then restore a backup");
  if (frame->sequence != replaying_) {
    if (absl::Status status = EndReplayedApply(); !status.ok()) return status;
    if (frame->sequence != last_sequence_ + 1)
      return absl::DataLossError("the log's sequence has a gap; restore a backup");
    replaying_ = frame->sequence;
    for (const auto& lens : lenses_) lens->Begin(replaying_);
  }
  log_.StartAfter(number);
  switch (frame->kind) {
    case engine::FrameKind::kPolicy:
      return ReplayPolicy(*frame);
    case engine::FrameKind::kClock:
      if (frame->clock_ms <= first().core->clock_ms())
        return absl::DataLossError("a logged clock goes back; restore a backup");
      for (const auto& lens : lenses_) lens->core->AdvanceTo(frame->clock_ms);
      return CoreStatus();
    case engine::FrameKind::kHorizon:
      return ReplayHorizon(*frame);
    case engine::FrameKind::kErase:
      return ReplayErase(*frame);
    case engine::FrameKind::kRecords:
    case engine::FrameKind::kFolded:
      return ReplayRecords(number, *frame);
  }
  return CoreStatus();
}

absl::Status Engine::Impl::ReplayHorizon(const engine::Frame& frame) {
  if (replayed_fold_ || frame.before_ms < first().core->horizons()->Of(frame.source))
    return absl::DataLossError("a logged horizon does not fit the records; restore a backup");
  BeginFold(frame.source);
  replayed_fold_.emplace(frame, FoldedOut());
  replayed_fold_->second = FoldOut(frame.source, frame.before_ms, {}, [](Record, std::string) {});
  return CoreStatus();
}

absl::Status Engine::Impl::ReplayRecords(std::uint64_t number, const engine::Frame& frame) {
  const std::uint64_t waiting = replayed_erase_ ? replayed_erase_->coming.size() : 0;
  if (frame.first_record != first().index.records.size() + waiting + 1)
    return absl::DataLossError("the log's records are out of step; restore a backup");
  if (replayed_erase_) return ReplayLeft(number, frame);
  const bool folded = frame.kind == engine::FrameKind::kFolded;
  if (folded != replayed_fold_.has_value())
    return absl::DataLossError("the log's folded records are out of step; restore a backup");
  std::vector<engine::Core::Incoming> incoming;
  for (const Record& record : frame.records) {
    if (record.source.empty())
      return absl::DataLossError(
          "the log was cleaned and its checkpoint is gone; restore a backup");
    incoming.push_back({&record, false, number << 16 | incoming.size()});
  }
  for (const Record& record : frame.records) {
    if (folded) replayed_fold_->second.seen -= record.folded->count;
  }
  for (const auto& lens : lenses_) {
    if (!folded) {
      lens->core->Take(incoming, {}, [](std::size_t, const engine::Core::Taken&) {});
      continue;
    }
    for (const engine::Core::Incoming& fold : incoming)
      lens->core->FoldIn(*fold.record, *fold.location);
  }
  return CoreStatus();
}

// What an erasure left of records.
absl::Status Engine::Impl::ReplayLeft(std::uint64_t number, const engine::Frame& frame) {
  std::uint64_t place = 0;
  for (const Record& record : frame.records) {
    if (record.source.empty())
      return absl::DataLossError(
          "the log was cleaned and its checkpoint is gone; restore a backup");
    replayed_erase_->coming.emplace_back(record, number << 16 | place++);
  }
  return absl::OkStatus();
}

absl::Status Engine::Impl::ReplayPolicy(const engine::Frame& frame) {
  auto policy = ReadPolicyProto(frame.policy);
  if (!policy.ok()) return absl::DataLossError("a logged policy does not decode; restore a backup");
  auto compiled = CompiledPolicy::Compile(*std::move(policy));
  if (!compiled.ok())
    return absl::DataLossError("a logged policy does not compile; restore a backup");
  if (frame.graph > lenses_.size() || frame.graph >= engine::Lens::kMaxGraphs ||
      (frame.graph < lenses_.size() ? lenses_[frame.graph]->name != frame.graph_name
                                    : !IsNewGraphName(frame.graph_name)))
    return absl::DataLossError("a logged policy is for no graph of this store; restore a backup");
  PutPolicy(frame.graph, frame.graph_name, *std::move(compiled), {});
  return CoreStatus();
}

absl::Status Engine::Impl::EndReplayedApply() {
  if (replaying_ == 0) return absl::OkStatus();
  if (replayed_erase_) {
    if (absl::Status status = EndReplayedErase(); !status.ok()) return status;
  }
  if (replayed_fold_) {
    if (replayed_fold_->second.seen != 0)
      return absl::DataLossError("a logged fold is not whole; restore a backup");
    EndFold(replayed_fold_->first.source, replayed_fold_->first.before_ms, replayed_fold_->second);
    replayed_fold_.reset();
  }
  replayed_feed_.clear();
  for (const auto& lens : lenses_) {
    lens->core->EndTaking();
    engine::FeedRow row = lens->Changes(last_sequence_, replaying_);
    UpdateSegments(lens, replaying_, nullptr, &row);
    lens->index.Reclaim(replaying_);
    if (lens->index.memory != nullptr) lens->index.memory->Keep();
    if (!row.changes.empty()) replayed_feed_.emplace_back(lens->number, std::move(row));
  }
  last_sequence_ = std::exchange(replaying_, 0);
  return absl::OkStatus();
}

// A policy is logged before the work that it asks for, and a run of frames before its changes: a process that died between them left no
// row of changes for its last call, and triggered nothing. One that was trimmed is not missing: what it triggered may be done.
absl::Status Engine::Impl::MendFeed() {
  WriteSet missing;
  std::uint64_t triggered = 0;
  if (last_sequence_ < feed_begin_) replayed_feed_.clear();
  for (const auto& [graph, row] : replayed_feed_) {
    WriteSet outbox;
    if (absl::Status status =
            PutTriggered(*lenses_[graph], last_sequence_, row, &triggered, &outbox);
        !status.ok()) {
      return status;
    }
    std::string key = engine::FeedKey(last_sequence_, graph);
    auto known = store_->Get(Table::kFeed, key);
    if (!known.ok()) return known.status();
    if (known->has_value()) continue;
    missing.puts.push_back(
        {Table::kFeed, std::move(key), engine::EncodeFeedRow(last_sequence_, row, graph)});
    std::move(outbox.puts.begin(), outbox.puts.end(), std::back_inserter(missing.puts));
  }
  replayed_feed_.clear();
  return missing.empty() ? absl::OkStatus() : store_->Commit(missing, true);
}

// The first failure of a lens to read the log.
absl::Status Engine::Impl::CoreStatus() const {
  for (const auto& lens : lenses_) {
    if (!lens->core->status().ok()) return lens->core->status();
  }
  return absl::OkStatus();
}

}  // namespace polyonym
