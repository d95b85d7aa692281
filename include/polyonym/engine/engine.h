// engine/engine.h - from records to people: the engine on its store.
//
//   auto engine = polyonym::Engine::Open("people.db", {});
//   (*engine)->SetPolicy(policy);
//   (*engine)->Apply(records);                                  // who is who is now decided
//   polyonym::View view = (*engine)->Read();
//   auto person = view.Resolve({"phone", "+8613800000001"});     // -> profile id
//   auto because = view.Why({"phone", ...}, {"wechat.openid/wx1", ...});
//
// The engine takes records, keeps the partition that the policy's rule gives for them exact after every call, and answers
// from consistent views. It never prints, aborts or throws.
//
// Memory: the identity index is resident: see ARCHITECTURE.md for bytes per identifier. Disk: the packed record log is
// the truth; everything else can be rebuilt from it.
// THREADS: thread-safe. Concurrent Apply() calls are committed in groups, each atomically; views never block writers, and
// writers never block views.
#ifndef POLYONYM_ENGINE_ENGINE_H_
#define POLYONYM_ENGINE_ENGINE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "polyonym/engine/backup.h"
#include "polyonym/engine/change_feed.h"
#include "polyonym/engine/erase.h"
#include "polyonym/engine/event.h"
#include "polyonym/engine/key_rotation.h"
#include "polyonym/engine/metrics.h"
#include "polyonym/engine/outbox.h"
#include "polyonym/engine/source_limits.h"
#include "polyonym/engine/view.h"
#include "polyonym/model/change.h"
#include "polyonym/model/facts.h"
#include "polyonym/model/identifier.h"
#include "polyonym/model/outcome.h"
#include "polyonym/model/policy.h"
#include "polyonym/model/record.h"
#include "polyonym/profile/fit_scores.h"
#include "polyonym/store/store.h"

namespace polyonym {

class AuditLog;  // privacy/audit_log.h

namespace engine {
struct Background;  // of src/engine alone
}  // namespace engine

struct EngineOptions {
  Durability durability =
      Durability::kGroup;        // DEFAULT kGroup; see Durability for what each promises
  std::uint32_t group_ms = 100;  // kGroup: longest time between syncs, range 1..60,000
  RecordLimits record_limits;
  bool create_if_missing = true;
  // The host's clock in milliseconds since 1970, called by every thread that applies, for RecordLimits::max_ahead_ms alone: identity never reads a clock.
  // DEFAULT: no clock: no record is too far ahead.
  std::function<std::int64_t()> now_ms;
  // How far AdvanceTo() may go at once beyond what is known of the time (the store's clock, its newest record, now_ms): a clock that is
  // wrong by years must not let everything expire. DEFAULT 366 days; 0: no bound.
  std::int64_t max_clock_leap_ms = std::int64_t{366} * 86'400'000;
  std::uint64_t checkpoint_log_bytes = std::uint64_t{256}
                                       << 20;  // log written between automatic checkpoints; 0: none
  std::uint64_t hash_seed =
      0;               // 0: drawn from the store's own random salt. Other values are for tests
  int hash_bits = 64;  // fewer bits force hash collisions: for tests, range 1..64
  // Nodes that one call may run the rule over record by record; then it puts off the rest to its end and runs it once, so that a
  // full profile which changes with every record costs one run a call. What comes of a call is the same. DEFAULT 10,000.
  std::uint64_t replay_at_once = 10'000;
  // Memory for the index; the rest of it lies in a scratch file in the store's folder, written in plain whatever the store is, without a
  // name and gone when the store is closed. Above the budget a page costs what the disk takes to read it: docs/operations.md has the
  // slope. Reads may pass it for a while: it is kept at commits and now and then between. It holds neither RocksDB's memory (`rocks`) nor what the index
  // keeps of each page, about 2 % of it.  DEFAULT 0: no budget, all is in memory. Range from 65,536; stores on disk alone.
  std::uint64_t memory_budget_bytes = 0;
  // Facts of profiles that were read, kept as long as nothing of them changes; for each graph.  DEFAULT 32 MiB; 0: none.
  std::size_t profile_cache_bytes = std::size_t{32} << 20;
  // What is known of people who were evaluated for segments, of a graph whose policy defines any: facts as objects (2 KB a record, of those who came last), as
  // bytes (250 a record), or what was found alone (some 350 a person). Of nobody else is a record cheap: docs/benchmarks.md.  DEFAULT 64 MiB; 0: none.
  std::size_t live_facts_bytes = std::size_t{64} << 20;
  // BulkApply(): log gathered before it is written as a sorted file.  DEFAULT 64 MiB.
  std::uint64_t bulk_run_bytes = std::uint64_t{64} << 20;
  // The feed of at least so many of the last calls is kept, of all graphs; what is older goes when a checkpoint is written, and where none
  // is, once it is an eighth and 1,024 calls more. A consumer that lags holds nothing back: it is told OutOfRange.  DEFAULT 0: all is kept.
  std::uint64_t feed_keep_calls = 0;
  RocksStoreOptions rocks;  // but for its create_if_missing: the one above decides
  // Told of what an operator should hear of at once; engine/event.h says how.  DEFAULT: nobody is.
  std::function<void(const EngineEvent&)> on_event;
  std::uint32_t slow_batch_ms = 1000;  // an Apply() that takes longer is an event; 0: none is
  // Nanoseconds that never go back, for the durations in metrics and events alone.  DEFAULT: std::chrono::steady_clock.
  std::function<std::uint64_t()> ticks_ns;
  // Asked now and then by calls that read everybody or the whole log (passes over people, moments, exports, Verify(), FitScores() before it writes),
  // in the thread that called: true: the call ends with Cancelled, and nothing is changed. May not call the engine.  DEFAULT: none ends so.
  std::function<bool()> interrupted;
  // Seals everything that the store writes under keys that this wraps: docs/security.md. A store is sealed from its making on, or never.
  // Wrong keys: PermissionDenied; none for a sealed store, or some for one in plain: FailedPrecondition.  DEFAULT none: the store is in plain.
  std::shared_ptr<KeyKeeper> keys;
  // A file with a key for each identifier, so that an erasure destroys what backups of before have of the erased: docs/security.md. It is made
  // with the store, and is in no copy or backup of it. It wants `keys`. A store that was made with one opens with that alone: FailedPrecondition; without
  // its file: NotFound.  DEFAULT empty: the store has none.
  std::string keyring;
  // The key of the ledger of erasures, 16 bytes or more, which the host keeps elsewhere and for all stores whose backups it may have to restore.
  // DEFAULT empty: one is drawn with the store and lies in it, which keeps late records out, and says nothing to another store.
  std::string erase_key;
  // Told of each call that changes something, and of what is read and exported by role, without values.  DEFAULT: nobody is.
  std::shared_ptr<AuditLog> audit;
  SourceLimits source_limits;  // DEFAULT: none
};

struct RecordResult {
  Outcome outcome = Outcome::kRejected;
  Reason reason = Reason::kNone;
  std::string field;  // path of the field at fault when rejected
  // Of the record's primary identifier after the call; none when held or rejected, or by BulkApply().
  std::optional<ProfileId> profile;
  std::uint32_t held_identifiers = 0;  // identifiers of an applied record that policy left out
  // Facts that break a bound of their own (model/facts.h): they are kept, and left out of every profile; the record stands.
  std::vector<FactFault> left_out_facts;
};

struct ApplyResult {
  std::uint64_t sequence = 0;  // of this call; unchanged from the last one when nothing was stored
  std::vector<RecordResult> records;  // one per input record, in order
  std::vector<Change> changes;        // what happened to profiles that existed before, and new ones
};

// What a new policy did.
struct PolicyResult {
  std::uint64_t sequence = 0;        // of this call; unchanged when the policy was in force already
  std::uint64_t judged_records = 0;  // records that the difference may concern, judged again
  std::uint64_t changed_records = 0;    // those of them that count otherwise now
  std::uint64_t replayed_profiles = 0;  // profiles over which the rule was run again
  std::vector<Change> changes;
};

struct PolicyOptions {
  // Called now and then by the thread that works: what is done, of how much. May not call the engine.
  std::function<void(std::uint64_t done, std::uint64_t total)> progress;
  // Which graph the policy is for. Empty: the first, which every store has. A store may have up to 15 more by names such as `household`,
  // over the same records, each with numbers, profiles and a feed of its own; one that is not there yet is made of all records.
  std::string graph;
  // The version of the policy that this one was made from. Another one in force by now: Aborted, nothing is changed. DEFAULT none: whatever
  // is in force is replaced.
  std::optional<std::uint64_t> if_version;
};

// What the scores of a policy's definitions were fitted to.
struct FitOptions {
  std::optional<std::int64_t> now_ms;  // as of when; DEFAULT: View::now_ms()
  PolicyOptions policy;                // of its graph; `if_version` is what it was read at
};

// The models that were put in force.
struct FitResult {
  std::uint64_t sequence = 0;  // of the policy's commit; unchanged where nothing is another
  std::vector<ScoreFit> fits;  // by score, as defined
};

// What time did.
struct AdvanceResult {
  std::uint64_t sequence = 0;  // of this call; unchanged when the clock stood there already
  std::uint64_t expired_links = 0;
  std::uint64_t replayed_profiles = 0;
  std::vector<Change> changes;
};

struct HorizonOptions {
  // Called now and then by the thread that works: what is done, of how much. May not call the engine.
  std::function<void(std::uint64_t done, std::uint64_t total)> progress;
};

// What the horizon of a source did as it moved.
struct HorizonResult {
  std::uint64_t sequence = 0;        // of this call; unchanged when the horizon stood there already
  std::uint64_t folded_records = 0;  // that stood, and are not kept any more
  std::uint64_t dropped_records = 0;  // versions that did not stand, likewise
  std::uint64_t folds = 0;  // records that stand for them now, and for what was folded before
};

// Which records to take back. Either `record` alone of a source, or all of the source with time in [from_ms, to_ms].
struct RecordSelector {
  std::string source;
  std::optional<std::string> record_id;
  // With record_id: the tombstone's version. DEFAULT: the standing record's.
  std::optional<std::int64_t> version;
  std::optional<std::int64_t> from_ms;
  std::optional<std::int64_t> to_ms;
  bool dry_run = false;  // count, write nothing
};

struct RetractResult {
  std::uint64_t sequence = 0;
  std::uint64_t retracted = 0;  // records taken back (dry run: that would be)
  std::vector<Change> changes;
};

class Engine {
 public:
  class Impl;  // of src/engine alone

  // Opens or creates the store in folder `path`.
  // ERRORS: as OpenRocksStore(); FailedPrecondition when the store's format is newer than this library.
  static absl::StatusOr<std::unique_ptr<Engine>> Open(const std::string& path,
                                                      const EngineOptions& options);

  // An engine that lives in memory alone.
  static absl::StatusOr<std::unique_ptr<Engine>> OpenInMemory(const EngineOptions& options);

  // On a store of the caller's making.
  static absl::StatusOr<std::unique_ptr<Engine>> OpenOn(std::unique_ptr<Store> store,
                                                        const EngineOptions& options);

  ~Engine();  // syncs, checkpoints what is cheap, closes

  // Takes records, in order, all in one atomic commit: the state afterwards is that of all records ever applied. A record that
  // is malformed is rejected by itself and stops no other. When it returns, the commit has the chosen durability.
  // ERRORS: Unavailable (the log could not be written: nothing of the call is shown, and the engine is read-only until reopened;
  // then the whole call may be there, or nothing of it), FailedPrecondition (read-only after such an error), ResourceExhausted
  // (more than 32-bit numbers can count).
  // COST: see ARCHITECTURE.md; batches of 1,000 are several times cheaper a record than single ones.
  absl::StatusOr<ApplyResult> Apply(std::span<const Record> records);

  // For a first import: takes records as Apply() does, but leaves the commit open. Calls that follow one another are one commit, whose
  // log is written in sorted files past the write-ahead log; views show nothing of it yet. Sync(), or any other call that writes, ends
  // it: then it is on stable storage, is shown, and the feed has its changes, net of all. A process that dies before may have
  // kept some of the calls, whole and in order. Send the same records again then: those that are there change nothing.
  // In the result `sequence` is that of the open commit; `changes` and the records' `profile` are empty.
  // ERRORS: as Apply().  COST: below Apply(), since cells that only the open commit has are written in place. Memory: bulk_run_bytes, and
  // what the feed's row of so large a commit takes.
  absl::StatusOr<ApplyResult> BulkApply(std::span<const Record> records);

  // Takes records back: logs a tombstone for each that stands, in one commit. Acts are records, and are taken back alike.
  // ERRORS: InvalidArgument (no source, or neither a record nor a range), OutOfRange (behind the source's horizon, or by the id of a record
  // that is not kept where the source has one), as Apply().
  // COST: by record a look-up; by range a pass over all record cells, and a read of the source's records.
  absl::StatusOr<RetractResult> Retract(const RecordSelector& selector);

  // Puts a policy in force in one commit. Only what the difference touches is done again: records that name a namespace whose
  // judging differs are judged, those that count otherwise are counted again, and the rule is run over profiles that a changed
  // ranking, priority, limit, guard or lifetime may alter. The state afterwards is that of a store that never had another.
  // The policy is logged before the work begins: a process that dies in it finishes it when the store is opened again.
  // ERRORS: InvalidArgument, as Validate(), as Apply().  COST: a pass over cells in memory, and what is touched.
  absl::StatusOr<PolicyResult> SetPolicy(const Policy& policy, const PolicyOptions& options = {});

  // Fits the models of Definitions::purchase_scores to what everybody bought, and puts them in force: SetPolicy() of the present policy with
  // these models, so that a fit is a record like any policy, is kept, and scores nobody otherwise until the next.
  // ERRORS: as SetPolicy(), Aborted (another policy was put in force meanwhile: fit again), InvalidArgument (`now_ms`), DataLoss, OutOfRange
  // (records were folded meanwhile). A model that cannot be fitted is no error: its ScoreFit says why.
  // COST: a pass over the log, 16 bytes a purchase, and FitPurchaseScore(); then that of SetPolicy().
  absl::StatusOr<FitResult> FitScores(const FitOptions& options = {});

  // Moves the store's clock, in one commit: links whose lifetime is over stop counting. The clock goes forward only.
  // ERRORS: InvalidArgument (it stands later already; or it would leap by more than max_clock_leap_ms over the clock and the newest record),
  // as Apply().  COST: the links that expire, and their profiles.
  absl::StatusOr<AdvanceResult> AdvanceTo(std::int64_t now_ms);

  // Folds the observations and binds of a source that are older than `before_ms`: of those that named the same, one record is left, with
  // the first and last of their times and how many they were; their facts, and versions of the source that do not stand, are dropped. Profiles and
  // the evidence of links stay as they are, and no change is fed. From then on the source's records from before are rejected
  // (Reason::kBehindHorizon), and so are unbinds and deletions by any source that would void what was folded in part; Retract(), AsOf() and
  // AsKnown() answer OutOfRange where they would need what is gone. Acts are kept, and can be taken back. Horizons never go back.
  // docs/horizon.md has all of it. A checkpoint is written, then the log is cleaned, in steps between which others may write.
  // ERRORS: InvalidArgument (no source; before_ms is behind the source's horizon, or later than every known time), as Apply(), as
  // Checkpoint(): then the horizon moved, and the log is cleaned when it moves next, or when the store is opened.
  // COST: one commit that reads the source's records, about 2 µs each, while writers wait; a checkpoint; writing the log again.
  absl::StatusOr<HorizonResult> MoveHorizon(const std::string& source, std::int64_t before_ms,
                                            const HorizonOptions& options = {});

  // The present state of the first graph. COST: a pin; hold it as long as one question takes, not for ever.
  View Read() const;

  // The present state of a graph. Its identifier numbers and profile ids mean something in that graph alone.  ERRORS: NotFound.
  absl::StatusOr<View> Read(std::string_view graph) const;

  // Names of the store's graphs, in the order in which they were made; the first is empty.
  std::vector<std::string> Graphs() const;

  // A state that has at least `sequence`, waiting for it up to `timeout_ms`.  ERRORS: DeadlineExceeded.
  absl::StatusOr<View> ReadAtLeast(std::uint64_t sequence, std::uint32_t timeout_ms) const;

  // ---- the feed of changes, and what it triggers: docs/feed.md ----

  // The changes of a graph, read from where the consumer stands. Writes nothing: a consumer has a cursor from its first Acknowledge() on.
  // ERRORS: InvalidArgument, NotFound (graph), OutOfRange (the place lies behind the last call + 1: the store is an older copy), DataLoss.
  absl::StatusOr<ChangeFeed> OpenFeed(const FeedOptions& options = {}) const;

  // Where every consumer stands, by graph, then by name.  ERRORS: DataLoss, Unavailable.
  absl::StatusOr<std::vector<FeedCursor>> FeedCursors() const;

  // Forgets a consumer: opened again, it begins at FeedOptions::from. A feed of it that is still open may bring it back.
  // ERRORS: NotFound (no such graph, or no cursor), InvalidArgument (no consumer), as Apply().
  absl::Status DropFeedCursor(std::string_view consumer, std::string_view graph = "");

  // Lets go of the feed of all calls before sequence `before`, in every graph; what is behind the last call counts as just behind it. No state
  // changes: only View::Changes(), a ChangeFeed and SizesOverTime() answer OutOfRange from there, also of views that are older, and
  // View::How() begins there. Consumers that stand before it hold nothing back. The outbox stays.  ERRORS: as Apply().
  // COST: commits of 1,024 rows that go, between which others may write.
  absl::Status TrimFeed(std::uint64_t before);

  // What Definitions::triggers fired and nobody acknowledged, by id. Nothing that a loss of power could take back, but under Durability::kWal.
  // ERRORS: NotFound (graph), InvalidArgument (limit), DataLoss, Unavailable.  COST: a scan from `after_id` on, of all triggers; kGroup: a sync,
  // where the last one is not of all that is there.
  absl::StatusOr<std::vector<OutboxItem>> ReadOutbox(const OutboxOptions& options = {}) const;

  // They are done with, and gone, all in one commit that lasts as long as Apply()'s would; returns how many there were. One that is not there is
  // none: it may be said twice.  ERRORS: NotFound (graph), as Apply(), DataLoss.
  absl::StatusOr<std::uint64_t> AcknowledgeOutbox(std::span<const std::uint64_t> ids,
                                                  std::string_view graph = "");

  // Writes the resident index behind the log, so that reopening is quick. Writers go on meanwhile.
  absl::Status Checkpoint();

  // A consistent copy of the store in a new folder.  ERRORS: AlreadyExists, Unimplemented (in memory).
  absl::Status CopyTo(const std::string& path);

  // A further backup in `folder`, which is made where it is not there; copies what the backups there have not. Writers go on meanwhile. It has
  // every call that was acknowledged before.  ERRORS: Unimplemented (in memory), Unavailable (I/O, or the folder is busy: no backup was made),
  // FailedPrecondition (the folder holds something else), DataLoss.
  absl::StatusOr<BackupInfo> BackUp(const std::string& folder, const BackupOptions& options = {});

  // ---- forgetting: engine/erase.h, docs/erasure.md ----

  // Erases people or single identifiers, all in one commit: records that name them alone, and facts of theirs, are gone; records that name others
  // too are left without them; so are relations to them in others' facts, watched values in the feed, the outbox. Then a checkpoint is
  // written, frames are written again, and every file of the store. State afterwards is that of a store which never took what went. Numbers of
  // who was erased answer NotFound; who comes again has a new one. A state of before the call (AsKnown()) is OutOfRange. An identifier that the store
  // does not have goes into the ledger all the same.
  // ERRORS: InvalidArgument (no request, an identifier that is none), FailedPrecondition (shared: EraseOptions::even_shared), as
  // Apply(), as Checkpoint(): then it is erased, and FinishErasing() or the next opening finishes it.
  // COST: a pass over the log while writers wait; a checkpoint; rewriting the store's files, within EraseOptions::finish_within_ms where that is set.
  absl::StatusOr<EraseReceipt> Erase(std::span<const EraseRequest> requests,
                                     const EraseOptions& options = {});

  // Rewrites the store's files where an erasure, a horizon or KeepOnly() left bytes in them. Nothing where there is nothing left.  ERRORS: as Checkpoint().
  absl::Status FinishErasing();

  // The ledger: every identifier that was erased with EraseOptions::suppress and not lifted, by hash.  ERRORS: DataLoss, Unavailable.
  absl::StatusOr<std::vector<Erasure>> Erasures() const;

  // Erases, of a store that was restored from a backup, whoever the ledger names, and takes the ledger over.
  // ERRORS: FailedPrecondition (the store has a ledger key of its own: open it with EngineOptions::erase_key), as Erase().
  // COST: as Erase(), and about a microsecond an identifier of the store.
  absl::StatusOr<EraseReceipt> ReplayErasures(std::span<const Erasure> ledger,
                                              const EraseOptions& options = {});

  // Lets an identifier that was erased come back: as the person asks for it.  ERRORS: NotFound (it is not in the ledger), as Apply().
  absl::Status LiftErasure(const Identifier& identifier);

  // Drops facts that Definitions::privacy.retentions keep no longer at `now_ms`, in one commit; rewrites as Erase() does. Of the first graph's
  // policy. Identifiers, links and the records themselves stay.  ERRORS: InvalidArgument, as Erase().  COST: as Erase().
  absl::StatusOr<RetentionResult> KeepOnly(std::int64_t now_ms, const EraseOptions& options = {});

  // ---- other keys: engine/key_rotation.h, docs/security.md ----

  // Gives a sealed store another master key, another data key, or all rows another seal, while others read and write. Whatever cuts it off, the store
  // opens with the former master key or with the new one, never with both or none; what is left undone is done by the same call again. Where a write of it
  // fails either may be the one: try both.
  // ERRORS: InvalidArgument (nothing is asked), FailedPrecondition (the store is in plain), the keeper's, DataLoss (a row does not open), as Apply().
  // COST: an unwrapped key is wrapped an epoch, one synced commit each for `keys` and `new_data_key`; `reseal` reads and writes all that there is.
  absl::Status RotateKeys(const KeyRotation& rotation);

  // ---- sources that run wild: engine/source_limits.h ----

  // By source.
  std::vector<QuarantinedSource> QuarantinedSources() const;
  // Takes its records again.  ERRORS: NotFound (it is not in quarantine).
  absl::Status ReleaseSource(std::string_view source);

  // Puts every acknowledged commit on stable storage, whatever the durability.
  absl::Status Sync();

  // What was done since opening, how long it took, what is held now. Numbers that are read one after the other: two that change
  // together may differ by what happened meanwhile.  COST: some microseconds, and a look at the store's folder for its size.
  EngineMetrics Metrics() const;

 private:
  friend class Environment;
  explicit Engine(std::shared_ptr<Impl> impl);
  static absl::StatusOr<std::unique_ptr<Engine>> Open(
      const std::string& path, const EngineOptions& options,
      std::shared_ptr<engine::Background> background);
  static absl::StatusOr<std::unique_ptr<Engine>> OpenOn(
      std::unique_ptr<Store> store, const EngineOptions& options,
      std::shared_ptr<engine::Background> background);
  std::shared_ptr<Impl> impl_;
};

}  // namespace polyonym

#endif  // POLYONYM_ENGINE_ENGINE_H_
