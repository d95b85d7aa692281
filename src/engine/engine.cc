#include "polyonym/engine/engine.h"

#include <algorithm>
#include <chrono>
#include <deque>
#include <iterator>
#include <limits>
#include <optional>
#include <utility>

#include "engine/checkpoint.h"
#include "engine/engine_impl.h"
#include "engine/view_impl.h"
#include "polyonym/privacy/access_event.h"
#include "polyonym/privacy/audit_log.h"

namespace polyonym {
namespace {

constexpr std::size_t kGroupJobs = 256;  // calls committed together at most
constexpr std::uint64_t kCheckpointOnCloseBytes = std::uint64_t{1} << 20;

// Records with ids filled in where they came without; only those are copied, and only where their shape is good.
class Ready {
 public:
  explicit Ready(std::size_t records) {
    incoming_.reserve(records);
    places_.reserve(records);
  }
  void Add(const Record& record, std::size_t place) {
    engine::Core::Incoming& incoming = incoming_.emplace_back();
    places_.push_back(place);
    incoming.record = &record;
    incoming.check = !record.id.empty();
    if (incoming.check) return;
    Record& filled = filled_.emplace_back(record);
    filled.id = ToString(HashContent(record));
    incoming.record = &filled;
    incoming.own_id = true;
  }
  std::span<const engine::Core::Incoming> records() const { return incoming_; }
  // Where a record stood in the call.
  std::size_t PlaceOf(std::size_t i) const { return places_[i]; }

 private:
  std::vector<engine::Core::Incoming> incoming_;
  std::vector<std::size_t> places_;
  std::deque<Record> filled_;
};

// The identifiers of each record among which its primary is, one run after the other.
class PrimaryCandidates {
 public:
  void Add(std::size_t place, std::span<const engine::Node> self) {
    if (self.empty()) return;
    nodes_.insert(nodes_.end(), self.begin(), self.end());
    runs_.push_back({place, nodes_.size()});
  }
  // f(place, profile) for each record, by what the core holds now.
  template <class F>
  void ForEachProfile(const engine::Core& core, const F& f) const {
    constexpr std::size_t kAhead = 16;
    std::size_t first = 0;
    for (std::size_t i = 0; i < runs_.size(); ++i) {
      if (i % kAhead == 0) {
        const std::size_t last = runs_[std::min(i + kAhead, runs_.size()) - 1].end;
        core.PrefetchNodes(std::span(nodes_).subspan(first, last - first));
      }
      f(runs_[i].place,
        core.PrimaryProfile(std::span(nodes_).subspan(first, runs_[i].end - first)));
      first = runs_[i].end;
    }
  }

 private:
  struct Run {
    std::size_t place;
    std::size_t end;  // in nodes_
  };
  std::vector<engine::Node> nodes_;
  std::vector<Run> runs_;
};

bool IsAppended(Outcome outcome) {
  return outcome != Outcome::kUnchanged && outcome != Outcome::kRejected;
}

}  // namespace

// ---- the writer ----

void Engine::Impl::Latch(const absl::Status& why) {
  const std::lock_guard lock(latch_mutex_);
  if (!latched_.ok()) return;
  latched_ = why;
  recorder_.Post({.kind = EngineEventKind::kReadOnly, .reason = why});
}

absl::Status Engine::Impl::ReadOnly() const {
  const std::lock_guard lock(latch_mutex_);
  if (latched_.ok()) return absl::OkStatus();
  return absl::FailedPreconditionError("the engine is read-only after a failed write (" +
                                       std::string(latched_.message()) +
                                       "); mend the cause and open it again");
}

void Engine::Impl::Audit(std::string_view action, std::uint64_t count, std::uint64_t sequence) {
  if (options_.audit == nullptr) return;
  AccessEvent event;
  event.actor = "engine";
  event.action = action;
  event.outcome = "ok";
  options_.audit->Append(event, {count, sequence}).IgnoreError();
}

absl::Status Engine::Impl::Submit(Job* job) {
  if (options_.audit != nullptr) {
    if (absl::Status status = options_.audit->Usable(); !status.ok()) return status;
  }
  std::unique_lock lock(queue_mutex_);
  queue_.push_back(job);
  queue_moved_.wait(lock, [&] { return job->done || queue_.front() == job; });
  if (job->done) return job->status;
  // The front leads: it runs everything that waits, and the queue keeps the others out meanwhile.
  std::vector<Job*> group = {job};
  for (std::size_t i = 1; i < std::min(queue_.size(), kGroupJobs) && !job->alone; ++i) {
    if (queue_[i]->alone) break;
    group.push_back(queue_[i]);
  }
  lock.unlock();
  RunGroup(group);
  lock.lock();
  for (Job* one : group) {
    one->done = true;
    queue_.pop_front();
  }
  queue_moved_.notify_all();
  return job->status;
}

void Engine::Impl::RunGroup(const std::vector<Job*>& group) {
  absl::Status failed = ReadOnly();
  const bool bulk = group.front()->bulk;
  if (failed.ok() && !bulk && bulk_) failed = EndBulk();
  WriteSet writes;
  const std::uint64_t sequence_before = last_sequence_;
  for (Job* job : group) {
    if (failed.ok()) job->status = bulk ? RunBulk(job) : RunJob(job, &writes);
    if (failed.ok()) failed = CoreStatus();
    if (!failed.ok()) Latch(failed);
  }
  if (failed.ok() && last_sequence_ != sequence_before) {
    const bool sync = options_.durability == Durability::kSync;
    failed = CommitLog(&writes, sync);
    if (failed.ok()) ShowCommit(sync);
    if (!failed.ok())
      Latch(failed);  // nothing of the group is published: readers stay where they are
  }
  if (failed.ok()) return;
  for (Job* job : group) job->status = failed;
}

// What was committed is shown.
void Engine::Impl::ShowCommit(bool synced) {
  if (synced) synced_sequence_ = last_sequence_;
  Publish();
  NoteCommit();
  CallBackground();
  CallTrim();
}

// Writes what was appended to the log, and `writes` with it.
absl::Status Engine::Impl::CommitLog(WriteSet* writes, bool sync) {
  const std::uint64_t bytes_before = log_.bytes_written();
  log_.MoveTo(writes);
  if (writes->empty()) return absl::OkStatus();
  engine::Timed timed(recorder_, recorder_.commit);
  if (absl::Status status = store_->Commit(*writes, sync); !status.ok()) return status;
  timed.Stop();
  log_.Release();
  const std::uint64_t bytes = log_.bytes_written() - bytes_before;
  log_bytes_since_checkpoint_ += bytes;
  recorder_.logged_bytes.Add(bytes);
  return absl::OkStatus();
}

absl::Status Engine::Impl::CheckRoom() const {
  for (const auto& lens : lenses_) {
    if (lens->index.HasRoom()) continue;
    return absl::ResourceExhaustedError(
        "the store holds as much as 32-bit numbers can count; split it by tenant or region");
  }
  return absl::OkStatus();
}

absl::Status Engine::Impl::RunJob(Job* job, WriteSet* writes) {
  const std::uint64_t sequence = last_sequence_ + 1;
  if (absl::Status status = CheckRoom(); !status.ok()) return status;
  for (const auto& lens : lenses_) lens->Begin(sequence);
  const std::uint64_t logged_before = log_.appended();
  absl::Status status = job->run();
  job->sequence = last_sequence_;
  if (!status.ok() || log_.appended() == logged_before) return status;
  std::move(job->writes.puts.begin(), job->writes.puts.end(), std::back_inserter(writes->puts));
  std::move(job->writes.erases.begin(), job->writes.erases.end(),
            std::back_inserter(writes->erases));
  FeedChanges(sequence, writes, job);
  job->sequence = last_sequence_ = sequence;
  return status;
}

void Engine::Impl::Publish() {
  for (const auto& lens : lenses_) lens->Publish(last_sequence_, log_.last_frame());
}

// All lenses take the same records; only the first writes them to the log.
void Engine::Impl::Take(std::span<const engine::Core::Incoming> records, std::int64_t now_ms,
                        const std::function<void(std::size_t, const engine::Core::Taken&)>& taken) {
  std::vector<engine::Core::Incoming> stored;
  const engine::JudgeAhead::Shape shape{options_.record_limits, now_ms};
  first().core->Take(records, shape, [&](std::size_t i, const engine::Core::Taken& what) {
    taken(i, what);
    if (lenses_.size() == 1 || !IsAppended(what.outcome)) return;
    stored.push_back(records[i]);
    stored.back().check = false;
    stored.back().location = LastLocation();
  });
  for (std::size_t i = 1; i < lenses_.size(); ++i)
    lenses_[i]->core->Take(stored, shape, [](std::size_t, const engine::Core::Taken&) {});
}

absl::StatusOr<ApplyResult> Engine::Impl::Apply(std::span<const Record> records, bool bulk) {
  const engine::TimedCall call(recorder_, recorder_.apply, records.size());
  ApplyResult result;
  result.records.resize(records.size());
  const std::int64_t now =
      options_.now_ms ? options_.now_ms() : std::numeric_limits<std::int64_t>::max();
  const auto check = [&](std::size_t i) {
    RecordResult& r = result.records[i];
    r.reason = CheckShape(records[i], options_.record_limits, now, &r.field);
    return r.reason == Reason::kNone;
  };
  engine::CallFacts facts(records);
  Ready ready(records.size());
  const bool gated = source_gate_.limits();
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (gated && !source_gate_.Admit(records[i].source)) {
      result.records[i].reason = Reason::kQuarantined;
      result.records[i].field = "source";
      continue;
    }
    if (!records[i].id.empty() || check(i)) ready.Add(records[i], i);
  }
  Job job;
  job.facts = &facts;
  job.alone = job.bulk = bulk;
  job.run = [&] {
    PrimaryCandidates primaries;
    std::uint64_t identifiers = first().index.nodes.size();
    const bool as_they_came = ledger_.empty();  // else some come with less
    TakeAdmitted(ready.records(), now, [&](std::size_t i, const engine::Core::Taken& taken) {
      const std::uint64_t before = std::exchange(identifiers, first().index.nodes.size());
      if (gated) source_gate_.Count(records[ready.PlaceOf(i)].source, 0, identifiers - before);
      if (taken.outcome == Outcome::kRejected && !check(ready.PlaceOf(i))) return;
      RecordResult& r = result.records[ready.PlaceOf(i)];
      r.outcome = taken.outcome;
      r.reason = taken.reason;
      r.held_identifiers = taken.held_identifiers;
      if (!bulk) primaries.Add(ready.PlaceOf(i), taken.self);
      if (as_they_came && IsAppended(taken.outcome))
        facts.NoteAppended(ready.PlaceOf(i), *ready.records()[i].record, LastLocation());
    });
    if (!bulk) first().core->EndTaking();
    primaries.ForEachProfile(*first().core, [&](std::size_t i, std::optional<ProfileId> profile) {
      result.records[i].profile = profile;
    });
    return absl::OkStatus();
  };
  if (absl::Status status = Submit(&job); !status.ok()) return status;
  recorder_.CountRecords(result.records);
  for (std::size_t i = 0; i < records.size() && gated; ++i) {
    const RecordResult& r = result.records[i];
    if (r.outcome == Outcome::kRejected && r.reason != Reason::kQuarantined)
      source_gate_.Count(records[i].source, 1, 0);
  }
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (result.records[i].outcome == Outcome::kRejected) continue;
    result.records[i].left_out_facts = facts.TakeFaults(i);
  }
  result.sequence = job.sequence;
  result.changes = std::move(job.changes);
  return result;
}

// ---- retraction ----

absl::Status Engine::Impl::RetractOne(const RecordSelector& selector, RetractResult* result) {
  Record standing;
  const std::uint32_t index =
      first().core->FindStanding(selector.source, *selector.record_id, &standing);
  const bool stands = index != engine::kNone && standing.act != Act::kRetract;
  if (index == engine::kNone &&
      first().core->horizons()->Of(selector.source) != engine::Horizons::kNone) {
    return absl::OutOfRangeError(
        "record_id: no record with it is kept, and one may be folded behind the horizon of its "
        "source; what was folded cannot be taken back");
  }
  if (!stands && !selector.version) return absl::OkStatus();
  if (stands && (!selector.version || *selector.version >= *standing.version))
    result->retracted = 1;
  if (selector.dry_run) return absl::OkStatus();
  Record tombstone;
  tombstone.source = selector.source;
  tombstone.id = *selector.record_id;
  tombstone.act = Act::kRetract;
  tombstone.version = selector.version ? *selector.version : *standing.version;
  std::string field;
  if (const Reason reason = CheckShape(tombstone, options_.record_limits,
                                       std::numeric_limits<std::int64_t>::max(), &field);
      reason != Reason::kNone) {
    return absl::InvalidArgumentError(field + ": " + std::string(Explain(reason)));
  }
  TakeTombstones(std::span(&tombstone, 1));
  return absl::OkStatus();
}

void Engine::Impl::TakeTombstones(std::span<const Record> tombstones) {
  std::vector<engine::Core::Incoming> incoming;
  for (const Record& tombstone : tombstones) incoming.push_back({&tombstone, false, std::nullopt});
  Take(incoming, 0, [](std::size_t, const engine::Core::Taken&) {});
}

absl::Status Engine::Impl::RetractRange(const RecordSelector& selector, RetractResult* result) {
  const std::int64_t horizon = first().core->horizons()->Of(selector.source);
  if (horizon != engine::Horizons::kNone && selector.from_ms.value_or(horizon - 1) < horizon) {
    return absl::OutOfRangeError(
        "from_ms: begins behind the horizon of the source, and what was folded cannot be taken "
        "back; begin at " +
        std::to_string(horizon) + " or later");
  }
  const engine::Index& index = first().index;
  const std::uint32_t source = index.CutSource(index.HashSource(selector.source));
  std::vector<Record> tombstones;
  for (std::uint32_t r = 0; r < index.records.size(); ++r) {
    const engine::RecordCell cell = index.records.Latest(r);
    if (cell.source != source || !cell.has(engine::RecordCell::kStands)) continue;
    if (cell.act() == Act::kRetract) continue;
    auto record = log_.ReadRecord(cell.location);
    if (!record.ok()) return record.status();
    const std::int64_t t = record->time_ms.value_or(0);
    if (record->source != selector.source || (selector.from_ms && t < *selector.from_ms) ||
        (selector.to_ms && t > *selector.to_ms)) {
      continue;
    }
    Record& tombstone = tombstones.emplace_back();
    tombstone.source = record->source;
    tombstone.id = record->id;
    tombstone.act = Act::kRetract;
    tombstone.version = record->version;
  }
  result->retracted = tombstones.size();
  if (selector.dry_run) return absl::OkStatus();
  TakeTombstones(tombstones);
  return absl::OkStatus();
}

absl::StatusOr<RetractResult> Engine::Impl::Retract(const RecordSelector& selector) {
  const engine::TimedCall call(recorder_, recorder_.retract);
  if (selector.source.empty())
    return absl::InvalidArgumentError("source: say whose records to take back");
  const bool range = selector.from_ms.has_value() || selector.to_ms.has_value();
  if (selector.record_id.has_value() == range) {
    return absl::InvalidArgumentError("record_id: give either a record id, or from_ms and to_ms");
  }
  if (selector.record_id && selector.record_id->empty())
    return absl::InvalidArgumentError("record_id: must not be empty");
  RetractResult result;
  Job job;
  job.run = [&] { return range ? RetractRange(selector, &result) : RetractOne(selector, &result); };
  if (absl::Status status = Submit(&job); !status.ok()) return status;
  if (!selector.dry_run) recorder_.retracted_records.Add(result.retracted);
  result.sequence = job.sequence;
  result.changes = std::move(job.changes);
  return result;
}

// ---- stable storage ----

absl::Status Engine::Impl::SyncUpTo(std::uint64_t sequence) {
  absl::Status status = SyncLog(sequence);
  recorder_.Tell();
  return status;
}

absl::Status Engine::Impl::Sync() {
  if (absl::Status status = EndBulkIfOpen(); !status.ok()) return status;
  if (!aside_unsynced_) return SyncUpTo(publisher().newest()->sequence);
  absl::Status status = SyncStore();
  recorder_.Tell();
  return status;
}

absl::Status Engine::Impl::SyncLog(std::uint64_t sequence) {
  return synced_sequence_ >= sequence ? absl::OkStatus() : SyncStore();
}

absl::Status Engine::Impl::SyncStore() {
  aside_unsynced_ = false;
  const std::uint64_t published = publisher().newest()->sequence;
  const engine::Timed timed(recorder_, recorder_.sync);
  if (absl::Status status = store_->Sync(); !status.ok()) {
    Latch(status);
    return status;
  }
  std::uint64_t known = synced_sequence_;
  while (known < published && !synced_sequence_.compare_exchange_weak(known, published)) {
  }
  return absl::OkStatus();
}

// All graphs at one commit: a writer may publish one after the other meanwhile.
std::vector<engine::CheckpointPart> Engine::Impl::PinAll() const {
  for (;;) {
    std::vector<engine::CheckpointPart> parts;
    {
      const std::lock_guard lock(lenses_mutex_);
      for (const auto& lens : lenses_) {
        if (lens->publisher.newest() == nullptr) continue;
        parts.push_back(
            {lens->number, lens->name, &lens->index, &lens->live.dues(), lens->publisher.Pin()});
      }
    }
    const std::uint64_t sequence = parts.front().state->sequence;
    if (std::all_of(parts.begin(), parts.end(),
                    [&](const auto& part) { return part.state->sequence == sequence; }))
      return parts;
  }
}

absl::Status Engine::Impl::Checkpoint() {
  if (absl::Status status = EndBulkIfOpen(); !status.ok()) return status;
  return CheckpointShown();
}

absl::Status Engine::Impl::CheckpointShown() {
  absl::Status status = ReadOnly();
  if (status.ok()) status = WriteCheckpoint();
  if (status.ok()) status = TrimToKeep();
  recorder_.Tell();
  return status;
}

absl::Status Engine::Impl::WriteCheckpoint() {
  const std::lock_guard lock(checkpoint_mutex_);
  const std::vector<engine::CheckpointPart> parts = PinAll();
  const std::uint64_t sequence = parts.front().state->sequence;
  if (sequence == checkpoint_sequence_) return absl::OkStatus();
  const std::uint64_t log_bytes = log_bytes_since_checkpoint_;
  if (absl::Status status = SyncLog(sequence); !status.ok()) return status;
  const engine::Timed timed(recorder_, recorder_.checkpoint);
  auto bytes = engine::WriteCheckpoint(parts, checkpoint_sequence_, store_.get());
  if (!bytes.ok()) {
    ++failed_checkpoints_;
    recorder_.Post({.kind = EngineEventKind::kCheckpointFailed, .reason = bytes.status()});
    return bytes.status();
  }
  recorder_.checkpoints.Add(1);
  recorder_.checkpoint_bytes.Add(*bytes);
  checkpoint_sequence_ = sequence;
  log_bytes_since_checkpoint_ -= log_bytes;
  return absl::OkStatus();
}

absl::Status Engine::Impl::CopyTo(const std::string& path) {
  const auto lock = BeginCopy();
  if (!lock.ok()) return lock.status();
  if (absl::Status status = Sync(); !status.ok()) return status;
  return store_->CopyTo(path);
}

// Has done in the background what is due there. A store that nobody writes to has nothing there.
void Engine::Impl::CallBackground() {
  const bool unsynced = synced_sequence_ < publisher().newest()->sequence;
  if (options_.durability == Durability::kGroup && unsynced && !sync_called_.exchange(true)) {
    background_->syncs.After(std::chrono::milliseconds(options_.group_ms), this,
                             [this] { SyncGroup(); });
  }
  if (CheckpointIsDue() && !checkpoint_called_.exchange(true)) {
    background_->checkpoints.After(std::chrono::milliseconds(0), this,
                                   [this] { CheckpointWhenDue(); });
  }
}

void Engine::Impl::WakeWaiting() {
  const std::lock_guard lock(lenses_mutex_);
  for (const auto& lens : lenses_) lens->publisher.Close();
}

void Engine::Impl::SyncGroup() {
  sync_called_ = false;
  // A failure latches the engine; the next call reports it.
  if (!ReadOnly().ok()) return;
  if (!aside_unsynced_) return SyncUpTo(publisher().newest()->sequence).IgnoreError();
  SyncStore().IgnoreError();
  recorder_.Tell();
}

bool Engine::Impl::CheckpointIsDue() const {
  return options_.checkpoint_log_bytes != 0 && log_bytes_since_checkpoint_ >= checkpoint_due_at_;
}

void Engine::Impl::CheckpointWhenDue() {
  // One that fails harms nothing: the log has it all. It is tried again after as much log once more.
  const bool written = CheckpointShown().ok();
  checkpoint_due_at_ =
      (written ? 0 : log_bytes_since_checkpoint_.load()) + options_.checkpoint_log_bytes;
  checkpoint_called_ = false;
  CallBackground();
}

void Engine::Impl::Stop() {
  {
    const std::lock_guard lock(aside_mutex_);
    stopped_ = true;  // acknowledgements of feeds that live on ask for nothing in the background
  }
  background_->checkpoints.Forget(this);  // first: one that runs may still call for a sync
  background_->syncs.Forget(this);
  if (first().core == nullptr || !ReadOnly().ok()) return;
  // Nobody is left to tell of a failure; what was acknowledged has the durability that was promised either way.
  Sync().IgnoreError();
  if (options_.checkpoint_log_bytes != 0 && log_bytes_since_checkpoint_ >= kCheckpointOnCloseBytes)
    Checkpoint().IgnoreError();
}

// ---- the public face ----

Engine::Engine(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
Engine::~Engine() {
  impl_->Stop();
  impl_->WakeWaiting();
  impl_->recorder().Silence();
}

absl::StatusOr<std::unique_ptr<Engine>> Engine::OpenOn(
    std::unique_ptr<Store> store, const EngineOptions& options,
    std::shared_ptr<engine::Background> background) {
  auto used = engine::WithKeysAndKeyring(std::move(store), options.keys, options.keyring);
  if (!used.ok()) return used.status();
  auto impl = std::make_shared<Impl>(*std::move(used), options, std::move(background));
  if (absl::Status status = impl->Start(); !status.ok()) return status;
  return std::unique_ptr<Engine>(new Engine(std::move(impl)));
}

absl::StatusOr<std::unique_ptr<Engine>> Engine::OpenOn(std::unique_ptr<Store> store,
                                                       const EngineOptions& options) {
  return OpenOn(std::move(store), options, std::make_shared<engine::Background>(1));
}

absl::StatusOr<std::unique_ptr<Engine>> Engine::Open(
    const std::string& path, const EngineOptions& options,
    std::shared_ptr<engine::Background> background) {
  RocksStoreOptions rocks = options.rocks;
  rocks.create_if_missing = options.create_if_missing;
  auto store = OpenRocksStore(path, rocks);
  if (!store.ok()) return store.status();
  return OpenOn(*std::move(store), options, std::move(background));
}

absl::StatusOr<std::unique_ptr<Engine>> Engine::Open(const std::string& path,
                                                     const EngineOptions& options) {
  return Open(path, options, std::make_shared<engine::Background>(1));
}

absl::StatusOr<std::unique_ptr<Engine>> Engine::OpenInMemory(const EngineOptions& options) {
  EngineOptions in_memory = options;
  in_memory.durability = Durability::kWal;
  in_memory.checkpoint_log_bytes = 0;
  return OpenOn(OpenMemoryStore(), in_memory);
}

absl::StatusOr<ApplyResult> Engine::Apply(std::span<const Record> records) {
  auto result = impl_->Apply(records, false);
  if (result.ok()) impl_->Audit("apply", records.size(), result->sequence);
  return result;
}
absl::StatusOr<ApplyResult> Engine::BulkApply(std::span<const Record> records) {
  auto result = impl_->Apply(records, true);
  if (result.ok()) impl_->Audit("bulk_apply", records.size(), result->sequence);
  return result;
}
absl::StatusOr<RetractResult> Engine::Retract(const RecordSelector& selector) {
  auto result = impl_->Retract(selector);
  if (result.ok() && !selector.dry_run)
    impl_->Audit("retract", result->retracted, result->sequence);
  return result;
}
absl::StatusOr<PolicyResult> Engine::SetPolicy(const Policy& policy, const PolicyOptions& options) {
  auto result = impl_->SetPolicy(policy, options);
  if (result.ok()) impl_->Audit("set_policy", result->changed_records, result->sequence);
  return result;
}
absl::StatusOr<AdvanceResult> Engine::AdvanceTo(std::int64_t now_ms) {
  auto result = impl_->AdvanceTo(now_ms);
  if (result.ok()) impl_->Audit("advance", result->expired_links, result->sequence);
  return result;
}
absl::StatusOr<HorizonResult> Engine::MoveHorizon(const std::string& source, std::int64_t before_ms,
                                                  const HorizonOptions& options) {
  auto result = impl_->MoveHorizon(source, before_ms, options);
  if (result.ok()) impl_->Audit("move_horizon", result->folded_records, result->sequence);
  return result;
}
std::vector<QuarantinedSource> Engine::QuarantinedSources() const {
  return impl_->source_gate().Quarantined();
}
absl::Status Engine::ReleaseSource(std::string_view source) {
  if (impl_->source_gate().Release(source)) return absl::OkStatus();
  return absl::NotFoundError("source: is not in quarantine");
}
absl::Status Engine::Checkpoint() { return impl_->Checkpoint(); }
absl::Status Engine::CopyTo(const std::string& path) {
  absl::Status status = impl_->CopyTo(path);
  if (status.ok()) impl_->Audit("copy", 0, impl_->publisher().newest()->sequence);
  return status;
}
absl::Status Engine::Sync() { return impl_->Sync(); }

View Engine::Read() const {
  return View(std::make_shared<const View::Impl>(impl_, impl_->first_lens()));
}

absl::StatusOr<View> Engine::Read(std::string_view graph) const {
  auto lens = impl_->FindGraph(graph);
  if (!lens.ok()) return lens.status();
  return View(std::make_shared<const View::Impl>(impl_, *std::move(lens)));
}

std::vector<std::string> Engine::Graphs() const { return impl_->Graphs(); }

absl::StatusOr<View> Engine::ReadAtLeast(std::uint64_t sequence, std::uint32_t timeout_ms) const {
  if (!impl_->publisher().WaitFor(sequence, timeout_ms)) {
    return absl::DeadlineExceededError(
        "the sequence was not reached in time; wait longer, or check that it was given out");
  }
  return Read();
}

}  // namespace polyonym
