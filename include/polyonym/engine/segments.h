// engine/segments.h - who is in a segment, and why: the segments of a store's people at a view, or at a moment.
//
//   auto segments = SegmentReader::Make(engine->Read());
//   auto counts = segments->Count();                                    // of all segments, in one pass
//   auto loyal = segments->Members("loyal", {.limit = 100});
//   auto because = segments->Explain("loyal", profile);
//
// Membership is what the definition says of a person's records, at that view and as of one time (segment/expression.h). Of the segments that
// the policy in force defines, and the view's own time, the engine keeps it exact from commit to commit: what is asked of these is looked up.
// Anything else (another time, other definitions, a moment) costs a pass over everybody.
//
// THREADS: thread-safe.
#ifndef POLYONYM_ENGINE_SEGMENTS_H_
#define POLYONYM_ENGINE_SEGMENTS_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "polyonym/engine/moment.h"
#include "polyonym/engine/view.h"
#include "polyonym/segment/evaluate.h"
#include "polyonym/segment/portrait.h"

namespace polyonym {

namespace engine {
struct LiveState;  // of src/engine alone
}  // namespace engine

struct SegmentOptions {
  // As of when: what decays, expires or lies in a window, and facts of later times do not count.  DEFAULT: now_ms() of the view or moment.
  std::optional<std::int64_t> now_ms;
  // In place of the definitions in force: to see what a segment would be before it is defined.
  std::optional<Definitions> definitions;
  // Called now and then in a pass over everybody: people done, and how many there are. May not call the engine.
  std::function<void(std::uint64_t done, std::uint64_t total)> progress;
};

struct SegmentCount {
  std::string name;
  std::uint64_t members = 0;
  std::optional<std::uint64_t> unknown;  // of whom it cannot be said; none: it was not asked for
  friend bool operator==(const SegmentCount&, const SegmentCount&) = default;
};
struct SegmentCounts {
  std::uint64_t people = 0;
  std::vector<SegmentCount> segments;  // as defined
};

struct MemberOptions {
  // An expression whose number orders them, such as `score of tag coffee`; those of whom it is unknown come last, those of one number by
  // id. Empty: by id.
  std::string order_by;
  bool ascending = false;     // of order_by: the least first
  std::uint64_t limit = 100;  // range 0..1,000,000
  std::uint64_t skip = 0;     // of pages before
  // Not all of them but so many, drawn at random by the seed: each as likely as any other, the same for the same people. 0: all.
  std::uint64_t sample = 0;
  std::uint64_t seed = 0;
};
struct SegmentMember {
  ProfileId profile;
  std::optional<double> order;  // what order_by came to
  friend bool operator==(const SegmentMember&, const SegmentMember&) = default;
};
struct SegmentMembers {
  std::uint64_t total = 0;  // members, whatever the page
  std::vector<SegmentMember> page;
};

// How many are in both of two segments, for each pair.
struct SegmentOverlap {
  std::vector<std::string> names;
  std::vector<std::vector<std::uint64_t>> both;  // [i][j]; [i][i]: members of i
  std::uint64_t any = 0;                         // in at least one
  std::uint64_t all = 0;
  std::uint64_t people = 0;
};

class SegmentReader {
 public:
  // ERRORS: InvalidArgument: a segment that does not compile (CompiledSegments::Compile()), definitions that Validate() refuses.
  // COST: compiles all segments.
  static absl::StatusOr<SegmentReader> Make(View view, SegmentOptions options = {});
  // Of then: "who was in it at T" by View::AsOf(), as it was known by View::AsKnown(), what other definitions would give by View::Simulate().
  static absl::StatusOr<SegmentReader> Make(Moment moment, SegmentOptions options = {});

  const CompiledSegments& segments() const { return *segments_; }
  // Whether answers are looked up in what the engine keeps: `options` had no definitions, and no other time than the view's.
  bool is_live() const { return live_ != nullptr; }
  std::int64_t now_ms() const { return now_ms_; }

  // ---- of one person ----

  // By segment, as defined: whether they are a member.  ERRORS: as View::ReadProfile().  COST: live: a look-up a segment; else as Of().
  absl::StatusOr<std::vector<bool>> Memberships(ProfileId profile) const;

  // By segment, as defined: true, false, or none: unknown.  ERRORS: as View::ReadProfile().  COST: that, and the expressions.
  absl::StatusOr<std::vector<std::optional<bool>>> Of(ProfileId profile) const;

  // Whether they are a member.  ERRORS: NotFound (no such segment, or profile), as View::ReadProfile().
  absl::StatusOr<bool> Contains(std::string_view segment, ProfileId profile) const;

  // Every part of the definition, with what it came to.  ERRORS: as Contains().
  absl::StatusOr<SegmentExplanation> Explain(std::string_view segment, ProfileId profile) const;

  // ---- of everybody: a pass over all people, View::ForEachPerson(), where it is not live ----

  // `unknown_too`: with SegmentCount::unknown, for which everybody is asked. ERRORS: DataLoss, OutOfRange (records were folded since the view was
  // taken).  COST: live, without unknown: none.
  absl::StatusOr<SegmentCounts> Count(bool unknown_too = false) const;

  // ERRORS: NotFound (no such segment), InvalidArgument (`order_by`, `limit`), as Count().  COST: 24 bytes a member besides. Live: a copy of the
  // bitmaps, and the page; with `order_by` a read of each member.
  absl::StatusOr<SegmentMembers> Members(std::string_view segment,
                                         const MemberOptions& options = {}) const;

  // ERRORS: NotFound (no such segment), InvalidArgument (fewer than 2 segments, or more than 64), as Count().  COST: live: a count of bitmaps a
  // pair.
  absl::StatusOr<SegmentOverlap> Overlap(std::span<const std::string> segments) const;

  // What its members are like, against everybody: segment/portrait.h.  ERRORS: NotFound (no such segment), as Count().  COST: a pass over all
  // people.
  absl::StatusOr<Portrait> PortraitOf(std::string_view segment,
                                      const PortraitOptions& options = {}) const;

 private:
  struct Source;
  SegmentReader() = default;
  static absl::StatusOr<SegmentReader> Make(std::shared_ptr<const Source> source,
                                            const Policy& policy, std::int64_t now_ms,
                                            SegmentOptions options);
  absl::StatusOr<std::size_t> Find(std::string_view segment) const;
  absl::StatusOr<ProfileId> Follow(ProfileId profile) const;
  SegmentCounts CountLive() const;
  SegmentOverlap OverlapLive(const std::vector<std::size_t>& places, SegmentOverlap overlap) const;
  SegmentMembers PageLive(std::size_t segment, const MemberOptions& options) const;
  absl::StatusOr<std::vector<SegmentMember>> MembersLive(std::size_t segment,
                                                         const CompiledNumber* order) const;
  absl::Status ForEach(
      const std::function<void(const Person& person, SegmentSubject* subject)>& visit) const;

  std::shared_ptr<const Source> source_;
  std::shared_ptr<const Definitions> definitions_;
  std::shared_ptr<const CompiledSegments> segments_;
  std::shared_ptr<const engine::LiveState> live_;  // null: everybody is asked
  std::int64_t now_ms_ = 0;
  std::function<void(std::uint64_t, std::uint64_t)> progress_;
};

}  // namespace polyonym

#endif  // POLYONYM_ENGINE_SEGMENTS_H_
