// engine/engine_impl.h - the engine's inside: one writer at a time over the index and the log, any number of views.
#ifndef POLYONYM_SRC_ENGINE_ENGINE_IMPL_H_
#define POLYONYM_SRC_ENGINE_ENGINE_IMPL_H_

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/background.h"
#include "engine/call_facts.h"
#include "engine/checkpoint.h"
#include "engine/core.h"
#include "engine/feed.h"
#include "engine/forgotten.h"
#include "engine/keyed_store.h"
#include "engine/ledger.h"
#include "engine/lens.h"
#include "engine/log.h"
#include "engine/recorder.h"
#include "engine/source_gate.h"
#include "polyonym/engine/engine.h"

namespace polyonym {

class Engine::Impl {
 public:
  Impl(std::unique_ptr<Store> store, EngineOptions options,
       std::shared_ptr<engine::Background> background);
  ~Impl();

  absl::Status Start();
  // Ends the work in the background and puts everything on stable storage. Views may live on.
  void Stop();

  absl::StatusOr<ApplyResult> Apply(std::span<const Record> records, bool bulk);
  absl::StatusOr<RetractResult> Retract(const RecordSelector& selector);
  absl::StatusOr<PolicyResult> SetPolicy(const Policy& policy, const PolicyOptions& options);
  absl::StatusOr<AdvanceResult> AdvanceTo(std::int64_t now_ms);
  absl::StatusOr<HorizonResult> MoveHorizon(const std::string& source, std::int64_t before_ms,
                                            const HorizonOptions& options);
  // ---- forgetting: engine_erase.cc, engine_retention.cc ----
  absl::StatusOr<EraseReceipt> Erase(std::span<const EraseRequest> requests,
                                     const EraseOptions& options);
  absl::StatusOr<EraseReceipt> ReplayErasures(std::span<const Erasure> ledger,
                                              const EraseOptions& options);
  absl::Status LiftErasure(const Identifier& identifier);
  absl::Status RotateKeys(const KeyRotation& rotation);  // engine_rotation.cc
  // `go_on`: as Store::Rewrite() asks it.
  absl::Status FinishErasing(const std::function<bool()>& go_on = {});
  std::vector<Erasure> Erasures() const { return ledger_.All(); }
  // `read`: the present state of the first graph.
  absl::StatusOr<RetentionResult> KeepOnly(std::int64_t now_ms, const std::function<View()>& read,
                                           const EraseOptions& options);

  engine::SourceGate& source_gate() { return source_gate_; }
  // Tells the audit log, where there is one, of a call that changed something. One that cannot be written has the next call refused.
  void Audit(std::string_view action, std::uint64_t count, std::uint64_t sequence);

  absl::Status Checkpoint();
  absl::Status CopyTo(const std::string& path);
  // Before the store's files are copied: with a keyring nobody is erased as long as the lock is held, and a checkpoint shows all that was taken. Else
  // nothing is held.
  absl::StatusOr<std::unique_lock<std::mutex>> BeginCopy();
  // Everything that was taken is on stable storage when it returns, and shown.
  absl::Status Sync();
  // Everything up to `sequence` is on stable storage when it returns.
  absl::Status SyncUpTo(std::uint64_t sequence);
  EngineMetrics Metrics() const;  // metrics.cc
  // Nothing more will come: who waits for it is woken.
  void WakeWaiting();

  // ---- the feed and the outbox: engine_feed.cc ----
  // Rows of calls in [from, to], in order, until `visit` returns false. Nothing that a loss of power could take back, but under kWal.
  // ERRORS: OutOfRange (`from` lies before what is kept), DataLoss, Unavailable.
  absl::Status ReadFeed(std::uint32_t graph, std::uint64_t from, std::uint64_t to,
                        const std::function<bool(std::uint64_t, engine::FeedRow)>& visit);
  // Sequence of the first call whose rows are kept; 0: all are.
  std::uint64_t feed_begin() const { return feed_begin_; }
  absl::Status TrimFeed(std::uint64_t before);
  absl::StatusOr<std::optional<std::uint64_t>> FeedCursorOf(std::uint32_t graph,
                                                            std::string_view consumer) const;
  // Not back.
  absl::Status MoveFeedCursor(std::uint32_t graph, std::string_view consumer, std::uint64_t next);
  absl::StatusOr<std::vector<FeedCursor>> FeedCursors() const;
  absl::Status DropFeedCursor(std::string_view consumer, std::string_view graph);
  absl::StatusOr<std::vector<OutboxItem>> ReadOutbox(const OutboxOptions& options);
  absl::StatusOr<std::uint64_t> AcknowledgeOutbox(std::span<const std::uint64_t> ids,
                                                  std::string_view graph);

  const Store& store() const { return *store_; }
  Store& mutable_store() { return *store_; }
  engine::Publisher& publisher() { return first().publisher; }
  const std::shared_ptr<engine::Lens>& first_lens() const { return lenses_.front(); }
  // Null where there is no such graph.
  std::shared_ptr<engine::Lens> FindLens(std::string_view graph) const;
  absl::StatusOr<std::shared_ptr<engine::Lens>> FindGraph(std::string_view graph) const;
  std::vector<std::string> Graphs() const;
  std::uint64_t resident_bytes() const;  // of all graphs, facts that are kept included
  Durability durability() const { return options_.durability; }
  bool interrupted() const { return options_.interrupted && options_.interrupted(); }
  std::uint64_t failed_checkpoints() const { return failed_checkpoints_; }
  engine::Recorder& recorder() { return recorder_; }
  // Not ok after a write that failed.
  absl::Status ReadOnly() const;

 private:
  // One call's work inside a commit. It runs on the thread that leads the group.
  struct Job {
    std::function<absl::Status()> run;
    std::vector<Change> changes;  // filled in after run()
    std::uint64_t sequence = 0;   // likewise
    absl::Status status;
    WriteSet writes;                     // that go with the commit
    engine::CallFacts* facts = nullptr;  // of its records
    std::uint32_t graph = 0;             // whose changes are wanted
    bool alone = false;                  // commits by itself: no other call is in its group
    bool bulk = false;                   // its commit stays open; alone
    std::vector<engine::Ledger::Hash> in_ledger;  // that it put there: out again where it fails
    bool done = false;
  };

  engine::Lens& first() const { return *lenses_.front(); }
  // Where the record that was taken last lies.  REQUIRES: it was appended.
  std::uint64_t LastLocation() const {
    return first().index.records.Latest(first().index.records.size() - 1).location;
  }

  absl::Status OpenMemory();
  absl::Status OpenHeader();
  absl::Status LoadLenses();
  absl::Status RestoreSegments(const std::shared_ptr<engine::Lens>& lens,
                               const engine::CommitState& state);
  absl::Status CheckLogReaches(std::uint64_t frame) const;
  absl::Status ReplayTail();
  absl::Status ReplayFrame(std::uint64_t number, std::string_view bytes);
  absl::Status ReplayPolicy(const engine::Frame& frame);
  absl::Status ReplayHorizon(const engine::Frame& frame);
  absl::Status ReplayRecords(std::uint64_t number, const engine::Frame& frame);
  absl::Status EndReplayedApply();
  absl::Status MendFeed();
  absl::Status CoreStatus() const;

  absl::Status Submit(Job* job);
  void RunGroup(const std::vector<Job*>& group);
  absl::Status RunJob(Job* job, WriteSet* writes);
  absl::Status CommitLog(WriteSet* writes, bool sync);
  absl::Status CheckRoom() const;
  void FeedChanges(std::uint64_t sequence, WriteSet* writes, Job* job);
  void UpdateSegments(const std::shared_ptr<engine::Lens>& lens, std::uint64_t sequence,
                      engine::CallFacts* facts, engine::FeedRow* row);
  void ShowCommit(bool synced);
  // engine_feed.cc
  absl::Status LoadFeedBegin();
  absl::Status CheckFeedKept(std::uint64_t from) const;
  absl::Status EraseFeed(std::uint32_t graph, std::uint64_t from, std::uint64_t before,
                         WriteSet* writes);
  absl::Status CommitErased(WriteSet* writes);
  absl::Status TrimToKeep();
  void CallTrim();
  absl::Status CommitAside(const WriteSet& writes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(aside_mutex_);
  static absl::Status PutTriggered(const engine::Lens& lens, std::uint64_t sequence,
                                   const engine::FeedRow& row, std::uint64_t* number,
                                   WriteSet* writes);
  // engine_bulk.cc
  absl::Status RunBulk(Job* job);
  absl::Status WriteRun();
  absl::Status EndBulk();
  absl::Status EndBulkIfOpen();
  absl::Status CheckClock(std::int64_t now_ms) const;
  void Take(std::span<const engine::Core::Incoming> records, std::int64_t now_ms,
            const std::function<void(std::size_t, const engine::Core::Taken&)>& taken);
  static absl::Status CheckGraphName(const std::string& name);
  bool IsNewGraphName(const std::string& name) const;
  engine::Core::Effect PutPolicy(std::uint32_t graph, const std::string& name,
                                 std::shared_ptr<const CompiledPolicy> policy,
                                 const engine::Core::Progress& progress);
  // engine_horizon.cc
  absl::Status CheckHorizon(const std::string& source, std::int64_t before_ms) const;
  void BeginFold(const std::string& source);
  struct FoldedOut {
    std::uint64_t folded = 0;   // that stood, and only for themselves
    std::uint64_t dropped = 0;  // that did not stand
    std::uint64_t seen = 0;     // how often those that stood saw what they name
  };
  FoldedOut FoldOut(const std::string& source, std::int64_t before_ms,
                    const std::function<void(std::uint64_t, std::uint64_t)>& progress,
                    const std::function<void(Record, std::string)>& stood);
  void EndFold(const std::string& source, std::int64_t before_ms, const FoldedOut& out);
  absl::Status CleanLog();
  absl::Status CleanFrames(bool* more);
  absl::Status GoOnCleaning();
  // engine_erase.cc
  struct ErasePlan;
  absl::Status AddPerson(const engine::Lens& lens, const EraseRequest& request,
                         const EraseOptions& options, engine::ForgottenNames* names) const;
  std::vector<engine::Forgetter::Sight> Sights(bool with_known) const;
  void PlanRecord(std::uint32_t index, const Record& record, engine::Forgetter::Result result,
                  ErasePlan* plan) const;
  using LookAtRecord =
      std::function<engine::Forgetter::Result(const engine::RecordCell&, const Record&)>;
  absl::Status PlanErase(const LookAtRecord& look,
                         const std::function<void(std::uint64_t, std::uint64_t)>& progress,
                         ErasePlan* plan);
  engine::Core::Erased PerformErase(
      const std::vector<engine::GoneRecord>& gone,
      const std::vector<std::vector<std::uint32_t>>& names,
      const std::vector<std::pair<const Record*, std::uint64_t>>& coming,
      std::vector<std::vector<engine::Node>>* wiped = nullptr);
  void CommitErase(ErasePlan* plan);
  absl::StatusOr<std::set<std::uint64_t>> ProfilesThatHad(const engine::Lens& lens,
                                                          const std::set<std::uint64_t>& nodes,
                                                          bool* watched) const;
  // Of each graph, by number: identifiers, and who ever had one of them.
  using ByGraph = std::vector<std::set<std::uint64_t>>;
  absl::Status EraseFromFeed(const ByGraph& nodes, WriteSet* writes, EraseReceipt* counts,
                             ByGraph* had) const;
  ByGraph NodesOf(const engine::ForgottenNames& names) const;
  absl::Status RunErase(engine::ForgottenNames* names, const EraseOptions& options, Job* job,
                        EraseReceipt* receipt);
  void NoteShared(const Record& record, const engine::Forgetter::Result& result,
                  ErasePlan* plan) const;
  absl::StatusOr<EraseReceipt> EraseNames(
      const std::function<absl::Status(engine::ForgottenNames*, Job*)>& gather,
      const EraseOptions& options);
  // When the files are to be rewritten, in the recorder's ticks; none: there is no deadline.
  std::optional<std::uint64_t> DeadlineOf(const EraseOptions& options) const;
  // Whether it was done by then.
  absl::StatusOr<bool> FinishWithin(std::optional<std::uint64_t> until_ns);
  absl::Status LoadErasing();
  std::optional<ProfileId> OwnerOf(const Record& record) const;
  absl::Status RunKeepOnly(std::int64_t now_ms, const View& view, const EraseOptions& options,
                           ErasePlan* plan);
  // engine_admission.cc
  struct Admission;
  void Admit(std::span<const engine::Core::Incoming> records, std::int64_t now_ms,
             Admission* admission) const;
  // As Take(), but for what the ledger keeps out.
  void TakeAdmitted(std::span<const engine::Core::Incoming> records, std::int64_t now_ms,
                    const std::function<void(std::size_t, const engine::Core::Taken&)>& taken);
  // engine_keys.cc
  absl::Status LoadKeys();
  absl::Status TeachKeys();
  void PutDoomed(WriteSet* writes) const;
  void PutKeysGone(std::uint64_t count, WriteSet* writes) const;
  bool IsKnownHere(std::string_view ns, std::string_view value) const;
  bool IsLostHere(std::string_view ns, std::string_view value) const;
  void DoomKeys(const engine::ForgottenNames& names, const ErasePlan& plan, const ByGraph& had,
                WriteSet* writes);
  absl::Status DestroyDoomed();
  absl::Status RunForgetLost(Job* job);
  absl::Status ForgetLost();
  absl::Status ReplayErase(const engine::Frame& frame);
  absl::Status ReplayLeft(std::uint64_t number, const engine::Frame& frame);
  absl::Status EndReplayedErase();
  std::vector<engine::CheckpointPart> PinAll() const;
  void Publish();
  void NoteCommit();                         // metrics.cc
  void CountGraphs(EngineMetrics* m) const;  // metrics.cc
  absl::Status SyncLog(std::uint64_t sequence);
  absl::Status SyncStore();
  absl::Status CheckpointShown();
  absl::Status WriteCheckpoint();
  void Latch(const absl::Status& why);

  absl::Status RetractOne(const RecordSelector& selector, RetractResult* result);
  absl::Status RetractRange(const RecordSelector& selector, RetractResult* result);
  void TakeTombstones(std::span<const Record> tombstones);

  void CallBackground();
  void SyncGroup();
  bool CheckpointIsDue() const;
  void CheckpointWhenDue();

  const EngineOptions options_;
  engine::Recorder recorder_{options_};  // the store's threads speak to it: it goes after the store
  engine::SourceGate source_gate_;
  std::unique_ptr<Store> store_;
  engine::Log log_;
  // By number. The group leader alone adds one, under the mutex; others look under it, and at the first without.
  mutable std::mutex lenses_mutex_;
  std::vector<std::shared_ptr<engine::Lens>> lenses_;
  std::uint64_t last_sequence_ = 0;  // the group leader's
  std::uint64_t replaying_ = 0;      // sequence being replayed, while opening
  std::vector<std::pair<std::uint32_t, engine::FeedRow>>
      replayed_feed_;  // of the last call, by graph
  // A fold that is being replayed: its frame, and how many records went.
  std::optional<std::pair<engine::Frame, FoldedOut>> replayed_fold_;
  // An erasure that is being replayed: what goes, and what came behind its frame so far, with where it lies.
  struct ReplayedErase {
    std::vector<engine::GoneRecord> gone;
    std::vector<std::vector<std::uint32_t>> names;
    std::vector<std::pair<Record, std::uint64_t>> coming;
  };
  std::optional<ReplayedErase> replayed_erase_;
  engine::Ledger ledger_;
  std::atomic<std::uint64_t> cleaned_frames_{0};
  // Of the last fold or erasure after which all files were written again.
  std::atomic<std::uint64_t> rewritten_at_{0};
  // The commit that BulkApply() left open; the group leader's.
  struct Bulk {
    std::uint64_t sequence = 0;
    std::uint64_t appended_before = 0;  // to the log
    std::uint64_t logged_bytes = 0;     // in the store already
  };
  std::optional<Bulk> bulk_;
  std::atomic<bool> bulk_open_{false};
  std::set<std::uint64_t> frames_to_clean_;  // the group leader's: of records that were folded

  // Keys of single identifiers: null where the store has no keyring.
  const std::shared_ptr<engine::KeyedRows> keys_;
  // Slots of who was erased, which are destroyed once a checkpoint shows it; the group leader's.
  std::set<privacy::KeySlot> doomed_;
  // Whether keys were destroyed since that this store did not see being destroyed: it is a copy of before.
  bool keys_went_ = false;
  std::mutex copy_mutex_;  // before checkpoint_mutex_: no erasure while files are copied

  mutable std::mutex queue_mutex_;
  std::condition_variable queue_moved_;
  std::deque<Job*> queue_ ABSL_GUARDED_BY(queue_mutex_);

  mutable std::mutex latch_mutex_;
  absl::Status latched_ ABSL_GUARDED_BY(latch_mutex_);

  std::atomic<std::uint64_t> synced_sequence_{0};
  std::mutex checkpoint_mutex_;
  std::atomic<std::uint64_t> checkpoint_sequence_{0};  // changed under checkpoint_mutex_
  std::atomic<std::uint64_t> log_bytes_since_checkpoint_{0};
  std::atomic<std::uint64_t> checkpoint_due_at_;  // of these bytes
  std::atomic<std::uint64_t> failed_checkpoints_{0};

  // Rows before it are not shown; raised under trim_mutex_, before they go.
  std::atomic<std::uint64_t> feed_begin_{0};
  std::mutex trim_mutex_;
  std::uint64_t trimmed_before_ ABSL_GUARDED_BY(trim_mutex_) = 0;  // no row is left there

  std::mutex aside_mutex_;  // of commits beside the log's
  bool stopped_ ABSL_GUARDED_BY(aside_mutex_) = false;
  std::atomic<bool> aside_unsynced_{false};

  const std::shared_ptr<engine::Background> background_;
  std::atomic<bool> sync_called_{false};  // for what was committed since the last one began
  std::atomic<bool> checkpoint_called_{false};
  std::atomic<bool> trim_called_{false};
};

}  // namespace polyonym

#endif  // POLYONYM_SRC_ENGINE_ENGINE_IMPL_H_
