// engine/live_segments.h - who is in which segment, kept exact from commit to commit.
//
// After a call was taken it finds the people whom it concerns, evaluates them for the segments that may have another answer, and
// says who came and who went. These are people
//   - of whom a record with facts came or went, or whose identifiers changed (ChangeTracker says which);
//   - whose time has come: each person has a moment before which time alone changes none of their answers;
// and everybody, of the segments that another policy defines otherwise. Facts are read from the log, or are those that were read
// for the person before (facts_cache.h), with what came since; what is kept for good is that moment and the sets that they are in.
//
// Invariants: (I1) after each call the members of every segment are those of whom it is true by what CompiledSegments::Evaluate() says of each person as of the
// call's now. (I2) nobody's moment is later than the first at which one of their answers changes by itself.
//
// THREADS: the writer's, but for what published() gives, which is immutable, and dues(), which readers see as of a commit.
#ifndef POLYONYM_SRC_ENGINE_LIVE_SEGMENTS_H_
#define POLYONYM_SRC_ENGINE_LIVE_SEGMENTS_H_

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <queue>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/call_facts.h"
#include "engine/cells.h"
#include "engine/changes.h"
#include "engine/core.h"
#include "engine/facts_cache.h"
#include "engine/member_set.h"
#include "polyonym/engine/view.h"
#include "polyonym/model/change.h"
#include "polyonym/segment/evaluate.h"
#include "polyonym/store/versioned_array.h"

namespace polyonym::profile {
class TagIndex;
}  // namespace polyonym::profile

namespace polyonym::segment {
class Conditions;
class Dependents;
class EarliestTurn;
}  // namespace polyonym::segment

namespace polyonym::engine {

// A segment's people at a commit.
struct LiveSegment {
  MemberSet::Ptr members = MemberSet::Empty();
  std::uint32_t slot =
      0;  // a number that no other definition of a segment ever had: where a checkpoint keeps it
};
struct LiveState {
  std::shared_ptr<const Definitions> definitions;
  std::shared_ptr<const CompiledSegments> compiled;
  std::vector<LiveSegment> segments;  // as defined
  std::uint32_t next_slot = 0;
};

// By profile id: until when nothing changes by itself; kNever: for ever, or nobody is kept under it.
struct DueCell {
  static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
  std::int64_t ms = kNever;
};

class LiveSegments {
 public:
  using Dues = VersionedArray<DueCell, 16>;

  // A call that was taken and is not published.
  struct Call {
    const View::Impl& view;    // of it
    const View::Impl* before;  // of what was before; null: values are not compared
    const ChangeTracker& tracker;
    Node nodes_before = 0;
    CallFacts* facts = nullptr;  // of its records; null: they are read
    // Who became who, from the feed; who came into segments and who left them is put behind it, in the order that model/change.h says.
    std::vector<Change>* changes;
  };

  // `facts_bytes`: of facts that are kept in memory of people who were evaluated lately.
  explicit LiveSegments(std::size_t facts_bytes);
  ~LiveSegments();

  void Begin(std::uint64_t sequence);

  // False where Update() would find nothing to do.
  bool Concerns(const Core& core) const;

  // ERRORS: DataLoss (a record that cannot be read); then published() is not of the call.
  // COST: reads the facts of the people whom it concerns.
  absl::Status Update(const Call& call);

  // The same for everybody, where nothing is known of what was before, and nobody is told: a store that had no segments kept.
  absl::Status Rebuild(const View::Impl& view);

  // Null where there never was a segment.
  const std::shared_ptr<const LiveState>& published() const { return published_; }
  const Dues& dues() const { return dues_; }

  // ---- loading a checkpoint ----
  // REQUIRES: nothing was taken yet.  `state`: as published() was; dues: to be filled first.
  Dues* mutable_dues() { return &dues_; }
  void Restore(std::shared_ptr<const LiveState> state, const View::Impl& view);

  // Whether anybody is to say whose facts are others.
  bool watches() const { return !segments_.empty() || watches_values(); }
  // Whether Update() wants Call::before.
  bool watches_values() const {
    return definitions_ != nullptr &&
           !(definitions_->watched_traits.empty() && definitions_->watched_tags.empty());
  }

  void Reclaim(std::uint64_t oldest) { dues_.Reclaim(oldest); }
  std::size_t bytes() const {
    return dues_.bytes() + queue_.size() * sizeof(Due) + facts_.bytes() + set_bytes_;
  }

 private:
  // Somebody whom the call concerns.
  struct Touch {
    Node root = kNone;  // kNone: nobody is kept under this id any more
    Cause cause = Cause::kUnknown;
    std::uint64_t record = 0;
    bool cause_stays = false;  // a merge or split says more than what else happened
    bool whole = false;        // any answer may be another
    bool is_new = false;       // nobody was kept under this id before
    bool due = false;          // their moment has come
    // Where it is not whole: identifiers that nobody had joined, others are wholly in it now, and records came, with their primaries.
    bool joined = false;
    absl::InlinedVector<Node, 1> absorbed;
    absl::InlinedVector<std::pair<std::uint32_t, Node>, 2> added;
  };
  struct Turn {  // of a segment
    Node id;
    bool is;
    const Touch* touch;  // null: only everybody was evaluated
  };
  // Somebody to be evaluated.
  struct Task {
    Node id = 0;
    Touch* touch = nullptr;
    std::unique_ptr<FactsCache::Known> known;
    bool is_read = false;         // whether all rows are read from the log, into:
    std::vector<FactRow> read;    // with those that came in this call
    std::size_t rows_before = 0;  // of `known`: what is behind came in this call
    std::vector<Identifier> identifiers_before;
    Identifier anchor_before;
    std::vector<std::pair<std::uint32_t, bool>> turned;  // segments, and what it is now
    std::int64_t due = DueCell::kNever;
    absl::Status status;  // of reading what came
  };
  // What is so of somebody of whom nothing is known, up to a time.
  struct Nobody {
    segment::Verdicts verdicts;
    segment::SegmentBits in;
    std::int64_t due = std::numeric_limits<std::int64_t>::min();  // before the first look
  };

  absl::Status Adopt(const View::Impl& view);
  absl::Status Gather(const Call& call);
  void GatherChange(const Change& change, Node nodes_before);
  void GatherTold(const View::Impl& view, const ChangeTracker::Told& told, bool added);
  absl::Status GatherRegarded(const View::Impl& view, const ChangeTracker::Told& regarded);
  void GatherDue(const View::Impl& view);
  void FindRoots(const View::Impl& view);
  absl::Status EvaluateTouched(const Call& call);
  absl::Status EvaluateSome(const Call& call, std::span<const std::pair<Node, Touch*>> people);
  void FindKnown(Task* task);
  static void ReadRows(const View::Impl& view, std::span<Task> tasks);
  absl::Status Prepare(const Call& call, FrameReader* frames, Task* task) const;
  static bool TakeRead(Task* task);
  static absl::StatusOr<FactRow> NewRow(const Call& call, std::uint32_t record, Node primary,
                                        FrameReader* frames);
  absl::Status AddNews(const Call& call, FrameReader* frames, Task* task) const;
  struct Scratch;  // of one evaluation after the other
  Scratch MakeScratch() const;
  void AskFor(const Task& task, segment::SegmentBits* asked) const;
  void Judge(const View::Impl& view, Scratch* scratch, Task* task) const;
  void FindTurn(std::int64_t now_ms, Task* task) const;
  std::int64_t DueOf(const Task& task, const Scratch& scratch, SegmentSubject::Impl* person) const;
  void FindCause(Task* task) const;
  segment::SegmentBits MembershipsOf(Node id) const;
  void LookAtNobody(std::int64_t now_ms);
  void Leave(Node id, const Touch& touch);
  void SetDue(Node id, std::int64_t ms, bool is_taken);
  void FillQueue();
  std::int64_t DueOf(Node id) const {
    return id < dues_.size() ? dues_.Latest(id).ms : DueCell::kNever;
  }
  void GetReady();
  std::optional<std::size_t> NumberBefore(const std::string& name) const;
  void ForgetDues();
  absl::Status EvaluateEverybody(const View::Impl& view);
  void Replace(std::size_t segment, IdSet members);
  void PutTurns(Cause otherwise, std::vector<Change>* changes);
  void ShowState();
  void CountBytes();
  void Put(MemberSet::Ptr* set, MemberSet::Ptr next);
  absl::Status CompareValues(const Call& call, Cause otherwise) const;
  void SayTurns(std::size_t segment, Cause otherwise, std::span<Change> changes) const;
  MemberSet::Ptr TurnedMembers(std::size_t segment) const;
  void SayDropped(std::vector<Change>* changes);
  Cause CauseOf(std::size_t segment, const Touch& touch) const;

  std::shared_ptr<const LiveState> published_;
  std::uint64_t policy_version_ = 0;
  std::uint64_t sequence_ = 0;

  std::unique_ptr<const Policy> policy_before_;  // without segments
  std::shared_ptr<const Definitions> definitions_;
  std::shared_ptr<const CompiledSegments> compiled_;
  const segment::Conditions* conditions_ = nullptr;     // of compiled_
  std::unique_ptr<const profile::TagIndex> tag_index_;  // of definitions_
  std::unique_ptr<const segment::Dependents> dependents_;
  std::unique_ptr<const segment::EarliestTurn> earliest_turn_;
  std::int64_t calendar_turn_ = std::numeric_limits<std::int64_t>::min();  // of earliest_turn_
  FactsCache facts_;
  std::vector<LiveSegment> segments_;
  std::vector<bool> fresh_;  // segments that are to be evaluated over everybody
  std::uint32_t next_slot_ = 0;
  bool changed_ = false;       // since published_ was made
  std::size_t set_bytes_ = 0;  // of all sets

  Dues dues_;
  // Moments, the earliest first. One that is not the person's in dues_ any more is void.
  using Due = std::pair<std::int64_t, Node>;
  std::priority_queue<Due, std::vector<Due>, std::greater<>> queue_;

  // Of the open call.
  absl::flat_hash_map<Node, Touch> people_;                             // by profile id
  absl::flat_hash_map<Node, std::unique_ptr<FactsCache::Known>> gone_;  // of ids that are nobody's
  std::vector<std::vector<Turn>> turns_;                                // by segment
  std::vector<std::pair<std::string, MemberSet::Ptr>> dropped_;         // segments that are no more
  Nobody nobody_;
};

}  // namespace polyonym::engine

#endif  // POLYONYM_SRC_ENGINE_LIVE_SEGMENTS_H_
