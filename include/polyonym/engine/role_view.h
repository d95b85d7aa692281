// engine/role_view.h - a view for somebody at work: what PrivacyRules::roles let them see, and of whom, and nothing else.
//
// It is the only thing that a host hands to a role. Every answer has passed privacy/access.h, and people whom the role is not shown are, to
// it, people who were never there: the same NotFound.
//
//   auto clerk = RoleView::Make(engine->Read(), "clerk", {.actor = "till 3", .sink = [&](const AccessEvent& e) { return log->Append(e); }});
//   auto profile = clerk->ReadProfile({"member_card", "8812"});
//   auto page = clerk->Members("at_risk", {.limit = 50});          // where RoleDefinition::may_list
//
// *Who is shown*: members of RoleDefinition::in_segment, who grant RoleDefinition::purpose, and who are not restricted
// (PrivacyRules::restriction_purpose), but for roles with may_change, which have to lift it; these are in no segment. All as of the view's time,
// whatever the time that a profile is asked for as of.
//
// *What a role can still tell*: a segment or a score that it sees says something of the fields that it is computed from; so does a number of
// members before and after a change. Give these labels, too.
//
// THREADS: thread-safe, as the view is, where the sink is.
#ifndef POLYONYM_ENGINE_ROLE_VIEW_H_
#define POLYONYM_ENGINE_ROLE_VIEW_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "polyonym/engine/segments.h"
#include "polyonym/engine/view.h"
#include "polyonym/model/identifier.h"
#include "polyonym/privacy/access.h"
#include "polyonym/privacy/access_event.h"
#include "polyonym/profile/profile.h"

namespace polyonym {

struct RoleViewOptions {
  std::string actor;  // AccessEvent::actor
  // Told of each read, before its answer is given, with the fields that the answer has: actions `resolve`, `read`, `segments`, `explain`, `list`,
  // `count`, `export`. Denied and failed ones are told, too. An error of its own becomes the answer.  DEFAULT: nobody is told.
  std::function<absl::Status(const AccessEvent&)> sink;
};

class RoleView {
 public:
  // ERRORS: NotFound (no such role), as SegmentReader::Make().
  static absl::StatusOr<RoleView> Make(View view, std::string_view role,
                                       RoleViewOptions options = {});

  const Access& access() const;
  std::int64_t now_ms() const;

  // ERRORS of all below: PermissionDenied (the role may not do this, or not by this namespace, segment or field), NotFound (nobody of whom the
  // role may know), DataLoss, OutOfRange as the view's, and those of the sink.

  // ---- one person: RoleDefinition::may_read ----

  absl::StatusOr<ProfileId> Resolve(const Identifier& identifier) const;

  // As View::ReadProfile(), with what the role sees. Pages of the timeline, and their number of events, are of events that are seen.
  // ERRORS: InvalidArgument (options out of range).
  absl::StatusOr<Profile> ReadProfile(const Identifier& identifier,
                                      const ProfileOptions& options = {}) const;

  // By a number that Resolve(), Members() or Export() gave. Numbers can be guessed, so this is for roles that may list, or export.
  absl::StatusOr<Profile> ReadProfile(ProfileId id, const ProfileOptions& options = {}) const;

  // The segments that the person is a member of and the role sees, as defined.
  absl::StatusOr<std::vector<std::string>> SegmentsOf(const Identifier& identifier) const;

  // Why somebody is in a segment, or not: all of it where the role sees each field that the segment reads, segments that it asks for among
  // them; else the answer without its parts.
  absl::StatusOr<SegmentExplanation> Explain(std::string_view segment,
                                             const Identifier& identifier) const;

  // ---- many: RoleDefinition::may_list, and a segment that is seen ----

  // Members who are shown; `total`, pages and samples are of these alone.  ERRORS: PermissionDenied also where `order_by` reads a field that is
  // not seen; InvalidArgument (`order_by`, `limit`); NotFound (no such segment).
  // COST: as SegmentReader::Members(); for roles with a purpose a read of every member, for roles with a segment a look-up.
  absl::StatusOr<SegmentMembers> Members(std::string_view segment,
                                         const MemberOptions& options = {}) const;
  absl::StatusOr<std::uint64_t> Count(std::string_view segment) const;

  // ---- everybody: RoleDefinition::may_export ----

  // Everybody who is shown, in order of id, until `visit` returns false. The sink is told twice: before the first (`begun`), and at the end.
  // COST: as View::ReadEveryProfile().
  absl::Status Export(const ProfileOptions& options,
                      const std::function<bool(const Profile&)>& visit) const;

 private:
  struct Impl;
  explicit RoleView(std::shared_ptr<const Impl> impl);
  std::shared_ptr<const Impl> impl_;
};

}  // namespace polyonym

#endif  // POLYONYM_ENGINE_ROLE_VIEW_H_
