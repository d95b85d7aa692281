// engine/view.h - one consistent state of an engine, and every question that it answers.
//
// A View is pinned at a sequence: whatever is applied meanwhile, its answers belong together. Ask, then drop it: it
// keeps overwritten cells in memory, and the store open, also when the engine is gone. Identifiers are normalised by the policy in force before they are looked up.
//
// THREADS: thread-safe. Never blocks a writer, nor is blocked by one.
#ifndef POLYONYM_ENGINE_VIEW_H_
#define POLYONYM_ENGINE_VIEW_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "polyonym/engine/moment.h"
#include "polyonym/engine/relations.h"
#include "polyonym/model/change.h"
#include "polyonym/model/identifier.h"
#include "polyonym/model/outcome.h"
#include "polyonym/model/policy.h"
#include "polyonym/model/record.h"
#include "polyonym/profile/profile.h"

namespace polyonym {

namespace engine {
class PeopleFollower;  // of src/engine alone
}  // namespace engine
struct SegmentSize;  // segment_sizes.h

// How often and when two identifiers were seen together.
struct LinkEvidence {
  Identifier a;  // normalised; a < b
  Identifier b;
  std::uint32_t sightings = 0;  // live ones
  std::int64_t first_ms = 0;
  std::int64_t last_ms = 0;
  bool must_link = false;
  bool cannot_link = false;
  std::vector<std::string> sources;  // distinct, sorted
  std::vector<std::string> records;  // "source/id" of up to 16 live sightings, latest first
};

// The chain of kept links from one identifier to the other: fewest links, then the strongest weakest one.
struct WhyAnswer {
  bool connected = false;
  std::vector<LinkEvidence> chain;  // empty when a is b, or they are not connected
  std::size_t weakest = 0;          // index into chain of the link that the rule ranks lowest
};

enum class Obstacle : std::uint8_t {
  kNone = 0,         // they are one person: ask Why()
  kUnknown = 1,      // one of them was never seen
  kNoEvidence = 2,   // no chain of live links, kept or refused, leads from one to the other
  kLimit = 3,        // a limit of a namespace refuses the link
  kProfileSize = 4,  // the limit on all identifiers refuses it
  kCannotLink = 5,   // a cannot-link stands between the two groups
  kShared = 6,       // the chain passes through a shared identifier
  kWindow = 7,       // a limit with a window refuses it
  kHeld = 8,         // one of them is blocked, held or gone
  kExpired = 9,      // the lifetime of the evidence is over
};
std::string_view ToString(Obstacle obstacle);

struct WhyNotAnswer {
  Obstacle obstacle = Obstacle::kNone;
  std::optional<LinkEvidence> refused;  // the strongest refused link on the way
  // kLimit, kWindow: the namespace (family/scope when per scope) whose limit it is.
  std::string limit_namespace;
  std::uint32_t limit = 0;           // and its number; kShared: the guard's number
  std::uint32_t would_be = 0;        // how many the joined group would have held
  std::optional<Identifier> shared;  // kShared: the identifier
};

// One row of `held`.
struct HeldItem {
  std::uint64_t record = 0;  // its number
  std::string source;
  std::string record_id;
  Reason reason = Reason::kNone;
  bool whole_record = false;
  // Into the record's identifiers, when only one is held.
  std::optional<std::uint32_t> identifier_index;
  std::string ns;  // of that identifier, or of the one that caused it
};

struct HeldFilter {
  std::optional<Reason> reason;
  std::string source;              // empty: any
  std::uint64_t max_items = 1000;  // 0: no limit
};

// A record as it stands in the log.
struct StoredRecord {
  std::uint64_t number = 0;    // in order of arrival, from 1
  std::uint64_t sequence = 0;  // of the Apply that brought it
  bool standing = false;       // false: superseded or retracted
  bool held = false;
  Record record;  // `id`, `time_ms` and `version` filled in
};

// Records of the source from before this time were folded: Engine::MoveHorizon().
struct SourceHorizon {
  std::string source;
  std::int64_t before_ms = 0;
};

struct Stats {
  std::uint64_t sequence = 0;
  std::uint64_t records = 0;  // ever stored
  std::uint64_t standing_records = 0;
  std::uint64_t held_records = 0;
  std::uint64_t folded_records = 0;  // not kept any more: others stand for them
  std::uint64_t identifiers = 0;     // ever numbered
  std::uint64_t live_identifiers = 0;
  std::uint64_t shared_identifiers = 0;
  std::uint64_t profiles = 0;  // groups of live identifiers
  std::uint64_t links = 0;     // live pairs
  std::uint64_t refused_links = 0;
  std::uint64_t largest_profile = 0;
  std::uint64_t resident_bytes = 0;
  std::uint64_t store_bytes = 0;
  std::uint64_t replays = 0;  // of the rule over touched profiles, since opening
  // Since opening; they harm nothing but the time to open again. Now, not at the view.
  std::uint64_t failed_checkpoints = 0;
};

// What Verify() found.
struct VerifyReport {
  std::uint64_t records = 0;
  std::uint64_t identifiers = 0;
  std::uint64_t links = 0;
  // Each names an invariant and a number, no value; empty: all is well.
  std::vector<std::string> problems;
  bool ok() const { return problems.empty(); }
};

class View {
 public:
  class Impl;  // of src/engine alone

  View(const View&) = default;
  View(View&&) = default;
  View& operator=(const View&) = default;
  View& operator=(View&&) = default;
  ~View() = default;

  // The last Apply that this view shows.
  std::uint64_t sequence() const;
  Policy policy() const;
  std::uint64_t policy_version() const;
  // The store's clock: where AdvanceTo() last brought it; 0 where it never did.
  std::int64_t clock_ms() const;
  // The later of the clock and the newest record: as of when profiles are read, where nothing else is said.
  std::int64_t now_ms() const;
  // By source.
  std::vector<SourceHorizon> Horizons() const;

  // ---- other times, other policies: a batch run over the log, beside the store ----

  // The records that stand now with a time up to `time_ms`, under the present policy, by the clock of then (the present clock where that
  // is earlier).  ERRORS: OutOfRange (behind the horizon of a source, or records were folded since this view was taken), DataLoss.
  // COST: the whole log, in time and memory.
  absl::StatusOr<Moment> AsOf(std::int64_t time_ms) const;

  // What was known at `sequence`: the records, retractions, policy and clock as they stood then.  ERRORS: OutOfRange (later than this
  // view, or before the call that folded records last), DataLoss.  COST: the log up to there, in time and memory.
  absl::StatusOr<Moment> AsKnown(std::uint64_t sequence) const;

  // Who would merge, split or be held under another policy. Nothing is written.  ERRORS: InvalidArgument, as Validate(), DataLoss.
  // COST: the whole log, in time and memory.
  absl::StatusOr<Simulation> Simulate(const Policy& policy) const;

  // ---- questions ----

  // ERRORS: none; what is not known says so. COST: one hash look-up each; many at once overlap their cache misses, and take a third
  // of the time each.
  Resolution Resolve(const Identifier& identifier) const;
  std::vector<Resolution> Resolve(std::span<const Identifier> identifiers) const;

  // The same for columns: names that lie in memory of the caller's, answers into memory of the caller's, in their order, whatever was
  // there before.  REQUIRES: as many answers as identifiers.
  void Resolve(std::span<const IdentifierView> identifiers, std::span<Resolution> answers) const;

  // Where the identifier behind a profile id now lives. NotFound: never given out.
  absl::StatusOr<ProfileId> Follow(ProfileId id) const;

  // Normalised identifiers of the profile where `id` now lives, sorted. ERRORS: NotFound.  COST: its size.
  absl::StatusOr<std::vector<Identifier>> Members(ProfileId id) const;

  // The identifier with a number.  ERRORS: NotFound.
  absl::StatusOr<Identifier> IdentifierOf(IdentifierNumber number) const;

  // True for a number that leads to an identifier and is none itself: where a value names one identifier after another
  // (NamespacePolicy::validity_ms), each of them has a number, and that of the value leads to the last. No change in the feed names one.
  bool IsAlias(IdentifierNumber number) const;

  // Every profile that has a live identifier, each once, in order of id, until `visit` returns false.
  void ForEachProfile(
      const std::function<bool(ProfileId, std::span<const Identifier> sorted_members)>& visit)
      const;

  // ERRORS: NotFound (an identifier was never seen), DataLoss.  COST: links of the profile.
  absl::StatusOr<WhyAnswer> Why(const Identifier& a, const Identifier& b) const;

  // ERRORS: DataLoss, ResourceExhausted (no answer within the bound).  COST: links of both profiles, and up to 10,000 beyond them.
  absl::StatusOr<WhyNotAnswer> WhyNot(const Identifier& a, const Identifier& b) const;

  // Every link of the identifier that has evidence, strongest first.  ERRORS: NotFound (never seen, or held), DataLoss.
  // COST: its links; with kRecords also a read of its records (10,000 at most), which tell each link's sources and records.
  struct Neighbour {
    LinkEvidence link;
    bool kept = false;     // inside the profile
    bool inert = false;    // an end is shared
    bool expired = false;  // its lifetime is over; neither kept nor inert nor expired: refused
  };
  enum class Detail : std::uint8_t { kCounts, kRecords };
  absl::StatusOr<std::vector<Neighbour>> Links(const Identifier& identifier,
                                               Detail detail = Detail::kRecords) const;

  // The merges, splits and moves that made the profile what it is, oldest first; of a history of more than 10,000, a part, and of one that
  // began before the feed that is kept (Engine::TrimFeed()), what came since.  ERRORS: NotFound, DataLoss.
  absl::StatusOr<std::vector<Change>> How(ProfileId id) const;

  // ---- what a person is like: profile/profile.h ----

  // The facts of all identifiers of the profile where `id` now lives, folded by the policy's definitions.
  // ERRORS: NotFound (never given out), InvalidArgument (options out of range), DataLoss, OutOfRange (records were folded since this view
  // was taken).  COST: reads the records with facts of all identifiers of the profile, some microseconds each.
  absl::StatusOr<Profile> ReadProfile(ProfileId id, const ProfileOptions& options = {}) const;

  // Of the person whom an identifier names.  ERRORS: as above; NotFound where it was never seen, or is held.
  absl::StatusOr<Profile> ReadProfile(const Identifier& identifier,
                                      const ProfileOptions& options = {}) const;

  // Many at once, in their order, each as if asked by itself.
  std::vector<absl::StatusOr<Profile>> ReadProfiles(std::span<const ProfileId> ids,
                                                    const ProfileOptions& options = {}) const;

  // Of everybody that ForEachProfile() has, in order of id, until `visit` returns false.  ERRORS: InvalidArgument, DataLoss, OutOfRange.
  // COST: as ForEachPerson(), and the folds.
  absl::Status ReadEveryProfile(const ProfileOptions& options,
                                const std::function<bool(const Profile&)>& visit) const;

  // The same before any fold, for folds and questions of the caller's.  ERRORS, COST: as ReadProfile().
  absl::StatusOr<Person> ReadPerson(ProfileId id) const;

  // Every person that ForEachProfile() has, in order of id, until `visit` returns false.  ERRORS: DataLoss, OutOfRange.
  // COST: a read of each record with facts; they are read some thousand at a time, in the order of the log, so that people who came at one
  // time share its frames. Nothing of it is kept for later reads.
  absl::Status ForEachPerson(const std::function<bool(const Person&)>& visit) const;

  // Every record with facts that count, in order of arrival, with the profile that they belong to, until `visit` returns false: what
  // is asked of everybody is gathered so in one pass.  ERRORS: DataLoss, OutOfRange (records were folded since this view was taken).
  // COST: a pass over the log, about a microsecond a record.
  absl::Status ForEachFacts(const std::function<bool(ProfileId, const FactRow& row)>& visit) const;

  // ---- relations between profiles: engine/relations.h ----

  // Who is related to the profile where `id` now lives, in up to `max_steps` steps: by distance, then by id.
  // ERRORS: NotFound (never given out), ResourceExhausted (an answer would pass a bound of the options), DataLoss.
  // COST: the links and records of every profile nearer than `max_steps`, up to the bounds.
  absl::StatusOr<std::vector<RelatedProfile>> Neighbourhood(
      ProfileId id, const RelationOptions& options = {}) const;

  // The fewest steps from one profile to the other, the last of them at `to`; none where both are one profile. Of several ways the
  // one whose first step that differs has the smaller id.  ERRORS: NotFound (an id was never given out, or no way of up to
  // `max_steps` steps), ResourceExhausted (no way found within the bounds), DataLoss.  COST: as Neighbourhood(), until `to` is met.
  absl::StatusOr<std::vector<RelatedProfile>> Path(ProfileId from, ProfileId to,
                                                   const RelationOptions& options = {
                                                       .max_steps = 6}) const;

  absl::StatusOr<std::vector<HeldItem>> Held(const HeldFilter& filter) const;

  // Changes of Apply calls with sequence >= `from`, in order, whole calls, about `max_changes` of them.
  // The next call starts at the last change's sequence + 1. Engine::OpenFeed() keeps the place, filters and waits.
  // ERRORS: OutOfRange (`from` lies before what is kept by now: Engine::TrimFeed()), DataLoss, Unavailable.
  absl::StatusOr<std::vector<Change>> Changes(std::uint64_t from, std::uint64_t max_changes) const;

  // Every record that is kept, in order of arrival, standing or not, until `visit` returns false; some may stand for others that were
  // folded.  ERRORS: DataLoss, OutOfRange (records were folded since this view was taken).
  absl::Status Export(const std::function<bool(const StoredRecord&)>& visit) const;

  // ERRORS: NotFound (none ever had the number), OutOfRange (it was folded), DataLoss.
  absl::StatusOr<StoredRecord> RecordOf(std::uint64_t number) const;

  // COST: a pass over the identifiers, for the largest profile.
  Stats GetStats() const;
  // Stats::profiles by itself.  COST: none.
  std::uint64_t CountProfiles() const;

  // Rebuilds everything from the records by the definition of the rule and compares with what is kept.
  // COST: the whole store, in time and memory.
  absl::StatusOr<VerifyReport> Verify() const;

 private:
  friend class Engine;
  friend class SegmentReader;
  friend class engine::PeopleFollower;
  friend absl::StatusOr<std::vector<SegmentSize>> SizesOverTime(const View& view,
                                                                std::string_view segment,
                                                                std::int64_t from_ms,
                                                                std::int64_t to_ms,
                                                                std::int64_t step_ms);
  explicit View(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;
};

}  // namespace polyonym

#endif  // POLYONYM_ENGINE_VIEW_H_
