#include "polyonym/engine/role_view.h"

#include <xxhash.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "engine/fields_read.h"
#include "polyonym/segment/text.h"

namespace polyonym {
namespace {

constexpr std::uint64_t kMaxPage = 1'000'000;

absl::Status Denied(std::string_view what) {
  return absl::PermissionDeniedError("the role may not " + std::string(what));
}

// The same for who was never there and for who is not shown.
absl::Status Nobody() { return absl::NotFoundError("nobody is known by it"); }

ProfileOptions OnlyConsents() {
  ProfileOptions options;
  options.traits = options.tags = options.ladders = options.contacts = options.scores = false;
  options.relations = options.timeline = options.ambiguous = false;
  return options;
}

ProfileOptions OnlyTimeline(const TimelineOptions& page) {
  ProfileOptions options = OnlyConsents();
  options.consents = false;
  options.timeline = true;
  options.page = page;
  return options;
}

std::optional<ProfileId> AsOptional(const absl::StatusOr<ProfileId>& id) {
  return id.ok() ? std::optional(*id) : std::nullopt;
}

ConsentState StateOf(const Profile& profile, std::string_view purpose) {
  for (const ProfileConsent& consent : profile.consents) {
    if (consent.purpose == purpose) return consent.state;
  }
  return ConsentState::kUnknown;
}

// So many of them, as the seed draws them; in any order.
void Draw(std::uint64_t count, std::uint64_t seed, std::vector<SegmentMember>* members) {
  if (count == 0 || count >= members->size()) return;
  const auto drawn = [&](const SegmentMember& member) {
    const std::uint64_t id = member.profile.value;
    return std::pair(XXH3_64bits_withSeed(&id, sizeof(id), seed), id);
  };
  const auto end = members->begin() + static_cast<std::ptrdiff_t>(count);
  std::nth_element(members->begin(), end, members->end(),
                   [&](const auto& a, const auto& b) { return drawn(a) < drawn(b); });
  members->erase(end, members->end());
}

}  // namespace

struct RoleView::Impl {
  View view;
  Policy policy;
  Access access;
  SegmentReader segments;
  RoleViewOptions options;

  const RoleDefinition& role() const { return access.role(); }
  const std::string& restriction() const { return policy.definitions.privacy.restriction_purpose; }

  // ---- Whom the role is shown ----

  bool AsksConsents() const {
    return !role().purpose.empty() || (!restriction().empty() && !role().may_change);
  }

  bool Allows(const Profile& with_consents) const {
    if (!role().purpose.empty() && StateOf(with_consents, role().purpose) != ConsentState::kGranted)
      return false;
    if (restriction().empty() || role().may_change) return true;
    const ConsentState state = StateOf(with_consents, restriction());
    return state != ConsentState::kDenied && state != ConsentState::kWithdrawn;
  }

  // Of somebody's who has a live identifier.
  absl::StatusOr<bool> Shows(ProfileId id) const {
    if (!role().in_segment.empty()) {
      const auto is_in = segments.Contains(role().in_segment, id);
      if (!is_in.ok() || !*is_in) return is_in;
    }
    if (!AsksConsents()) return true;
    const auto profile = view.ReadProfile(id, OnlyConsents());
    if (!profile.ok()) return profile.status();
    return Allows(*profile);
  }

  // Whom an identifier names; NotFound also where the role is not shown them.
  absl::StatusOr<ProfileId> Find(const Identifier& identifier) const {
    if (!role().may_read) return Denied("read people");
    if (!access.MayLookUpBy(identifier.ns)) return Denied("look people up by this namespace");
    const Resolution found = view.Resolve(identifier);
    if (!found.profile || found.gone) return Nobody();
    return Shown(*found.profile);
  }

  absl::StatusOr<ProfileId> Shown(ProfileId id) const {
    const auto shows = Shows(id);
    if (absl::IsNotFound(shows.status())) return Nobody();
    if (!shows.ok()) return shows.status();
    if (!*shows) return Nobody();
    return id;
  }

  // By a number that may be anybody's, or nobody's any more: whoever is gone keeps theirs.
  absl::StatusOr<ProfileId> Find(ProfileId number) const {
    if (!role().may_read || (!role().may_list && !role().may_export))
      return Denied("read people by number");
    const auto id = view.Follow(number);
    if (!id.ok()) return Nobody();
    const auto identifiers = view.Members(*id);
    if (!identifiers.ok()) return Nobody();
    const bool is_there =
        std::any_of(identifiers->begin(), identifiers->end(), [&](const Identifier& identifier) {
          const Resolution found = view.Resolve(identifier);
          return found.profile == *id && !found.gone;
        });
    return is_there ? Shown(*id) : Nobody();
  }

  // ---- What of them ----

  // Events are paged among those that are seen.
  absl::StatusOr<Profile> Seen(Profile profile, const ProfileOptions& asked) const {
    const bool pages = asked.timeline && !access.SeesAll(FieldKind::kEvent);
    if (pages) {
      const auto person = view.ReadPerson(profile.id);
      if (!person.ok()) return person.status();
      Profile page = FoldProfile(policy.definitions, access.SeenEvents(*person->rows),
                                 OnlyTimeline(asked.page), profile.now_ms);
      profile.timeline = std::move(page.timeline);
      profile.events = page.events;
    }
    Profile seen = access.Seen(profile);
    if (pages) seen.events = profile.events;
    return seen;
  }

  absl::StatusOr<Profile> Read(ProfileId id, const ProfileOptions& asked) const {
    auto profile = view.ReadProfile(id, asked);
    if (absl::IsNotFound(profile.status())) return Nobody();
    if (!profile.ok()) return profile.status();
    return Seen(*std::move(profile), asked);
  }

  // ---- Segments ----

  absl::Status CheckSegment(std::string_view segment) const {
    if (!access.Sees(FieldKind::kSegment, segment)) return Denied("see this segment");
    if (segments.segments().Find(segment) == CompiledSegments::kNone)
      return absl::NotFoundError("no segment of this name is defined");
    return absl::OkStatus();
  }

  absl::Status CheckList(std::string_view segment, const MemberOptions& asked) const {
    if (!role().may_list) return Denied("list people");
    if (absl::Status status = CheckSegment(segment); !status.ok()) return status;
    if (asked.limit > kMaxPage)
      return absl::InvalidArgumentError("limit: must be at most 1,000,000");
    if (asked.order_by.empty()) return absl::OkStatus();
    const auto order = ParseExpression(asked.order_by);
    if (!order.ok())
      return absl::InvalidArgumentError("order_by: " + std::string(order.status().message()));
    return engine::SeesAllOf(*order, access)
               ? absl::OkStatus()
               : Denied("order people by a field that it does not see");
  }

  absl::StatusOr<std::vector<std::string>> SegmentsOf(ProfileId id) const {
    const auto is = segments.Memberships(id);
    if (!is.ok()) return is.status();
    std::vector<std::string> names;
    for (std::size_t s = 0; s < is->size(); ++s) {
      const std::string& name = segments.segments().name(s);
      if ((*is)[s] && access.Sees(FieldKind::kSegment, name)) names.push_back(name);
    }
    return names;
  }

  absl::StatusOr<SegmentExplanation> Explain(std::string_view segment, ProfileId id) const {
    if (absl::Status status = CheckSegment(segment); !status.ok()) return status;
    auto said = segments.Explain(segment, id);
    if (!said.ok()) return said.status();
    const CompiledSegments& compiled = segments.segments();
    if (engine::SeesAllOf(compiled.expression(compiled.Find(segment)), access)) return said;
    Expression whole;
    whole.op = ExpressionOp::kInSegment;
    whole.name = std::string(segment);
    said->text = WriteExpression(whole);
    said->parts.clear();
    return said;
  }

  // Whoever is in a segment is not restricted.
  bool ShowsAllMembers(std::string_view segment) const {
    return role().purpose.empty() && (role().in_segment.empty() || role().in_segment == segment);
  }

  absl::StatusOr<std::vector<SegmentMember>> AllShown(std::string_view segment,
                                                      const MemberOptions& asked) const {
    std::vector<SegmentMember> shown;
    MemberOptions page{.order_by = asked.order_by, .ascending = asked.ascending, .limit = kMaxPage};
    for (std::uint64_t total = 1; page.skip < total; page.skip += kMaxPage) {
      const auto members = segments.Members(segment, page);
      if (!members.ok()) return members.status();
      total = members->total;
      for (const SegmentMember& member : members->page) {
        const auto shows = Shows(member.profile);
        if (!shows.ok()) return shows.status();
        if (*shows) shown.push_back(member);
      }
    }
    return shown;
  }

  absl::StatusOr<SegmentMembers> Members(std::string_view segment,
                                         const MemberOptions& asked) const {
    if (absl::Status status = CheckList(segment, asked); !status.ok()) return status;
    if (ShowsAllMembers(segment)) return segments.Members(segment, asked);
    auto shown = AllShown(segment, asked);
    if (!shown.ok()) return shown.status();
    SegmentMembers out;
    out.total = shown->size();
    if (asked.sample != 0 && asked.sample < shown->size()) {
      std::vector<SegmentMember> drawn = *shown;
      Draw(asked.sample, asked.seed, &drawn);
      std::set<ProfileId> ids;
      for (const SegmentMember& member : drawn) ids.insert(member.profile);
      std::erase_if(*shown, [&](const SegmentMember& m) { return !ids.contains(m.profile); });
    }
    const std::uint64_t first = std::min<std::uint64_t>(asked.skip, shown->size());
    const std::uint64_t last = first + std::min<std::uint64_t>(asked.limit, shown->size() - first);
    out.page.assign(shown->begin() + static_cast<std::ptrdiff_t>(first),
                    shown->begin() + static_cast<std::ptrdiff_t>(last));
    return out;
  }

  // ---- Who is told of it ----

  absl::Status Tell(std::string action, std::optional<ProfileId> profile,
                    std::vector<std::string> fields, std::string outcome) const {
    if (!options.sink) return absl::OkStatus();
    return options.sink({options.actor, role().name, std::move(action),
                         profile ? std::optional(profile->value) : std::nullopt, std::move(fields),
                         std::move(outcome)});
  }

  static std::string OutcomeOf(const absl::Status& status) {
    return status.ok() ? "ok" : absl::StatusCodeToString(status.code());
  }

  // The answer, once the sink knows of it.
  template <class T>
  absl::StatusOr<T> Answer(std::string action, std::optional<ProfileId> profile,
                           std::vector<std::string> fields, absl::StatusOr<T> answer) const {
    if (!answer.ok()) {
      profile.reset();
      fields.clear();
    }
    const absl::Status told =
        Tell(std::move(action), profile, std::move(fields), OutcomeOf(answer.status()));
    if (!told.ok()) return told;
    return answer;
  }

  absl::StatusOr<Profile> AnswerRead(absl::StatusOr<ProfileId> id,
                                     const ProfileOptions& asked) const {
    absl::StatusOr<Profile> profile = id.ok() ? Read(*id, asked) : id.status();
    std::vector<std::string> fields;
    if (profile.ok()) fields = Access::FieldsOf(*profile);
    const auto of = profile.ok() ? std::optional(profile->id) : std::nullopt;
    return Answer("read", of, std::move(fields), std::move(profile));
  }

  static std::vector<std::string> SegmentFields(const std::vector<std::string>& names) {
    std::vector<std::string> fields;
    for (const std::string& name : names) fields.push_back("segment:" + name);
    return fields;
  }
};

RoleView::RoleView(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}

absl::StatusOr<RoleView> RoleView::Make(View view, std::string_view role, RoleViewOptions options) {
  Policy policy = view.policy();
  auto access = Access::Make(policy, role);
  if (!access.ok()) return access.status();
  auto segments = SegmentReader::Make(view);
  if (!segments.ok()) return segments.status();
  return RoleView(
      std::make_shared<const Impl>(Impl{std::move(view), std::move(policy), *std::move(access),
                                        *std::move(segments), std::move(options)}));
}

const Access& RoleView::access() const { return impl_->access; }
std::int64_t RoleView::now_ms() const { return impl_->view.now_ms(); }

absl::StatusOr<ProfileId> RoleView::Resolve(const Identifier& identifier) const {
  const auto id = impl_->Find(identifier);
  return impl_->Answer("resolve", AsOptional(id), {}, id);
}

absl::StatusOr<Profile> RoleView::ReadProfile(const Identifier& identifier,
                                              const ProfileOptions& options) const {
  return impl_->AnswerRead(impl_->Find(identifier), options);
}

absl::StatusOr<Profile> RoleView::ReadProfile(ProfileId id, const ProfileOptions& options) const {
  return impl_->AnswerRead(impl_->Find(id), options);
}

absl::StatusOr<std::vector<std::string>> RoleView::SegmentsOf(const Identifier& identifier) const {
  const auto id = impl_->Find(identifier);
  auto names = id.ok() ? impl_->SegmentsOf(*id) : id.status();
  std::vector<std::string> fields;
  if (names.ok()) fields = Impl::SegmentFields(*names);
  return impl_->Answer("segments", AsOptional(id), std::move(fields), std::move(names));
}

absl::StatusOr<SegmentExplanation> RoleView::Explain(std::string_view segment,
                                                     const Identifier& identifier) const {
  const auto id = impl_->Find(identifier);
  auto said = id.ok() ? impl_->Explain(segment, *id) : id.status();
  return impl_->Answer("explain", AsOptional(id), Impl::SegmentFields({std::string(segment)}),
                       std::move(said));
}

absl::StatusOr<SegmentMembers> RoleView::Members(std::string_view segment,
                                                 const MemberOptions& options) const {
  return impl_->Answer("list", {}, Impl::SegmentFields({std::string(segment)}),
                       impl_->Members(segment, options));
}

absl::StatusOr<std::uint64_t> RoleView::Count(std::string_view segment) const {
  const auto members = impl_->Members(segment, {.limit = 0});
  absl::StatusOr<std::uint64_t> count = members.ok() ? members->total : 0;
  if (!members.ok()) count = members.status();
  return impl_->Answer("count", {}, Impl::SegmentFields({std::string(segment)}), count);
}

absl::Status RoleView::Export(const ProfileOptions& options,
                              const std::function<bool(const Profile&)>& visit) const {
  const absl::Status allowed =
      impl_->role().may_export ? absl::OkStatus() : Denied("export people");
  const absl::Status told =
      impl_->Tell("export", {}, {}, allowed.ok() ? "begun" : Impl::OutcomeOf(allowed));
  if (!told.ok() || !allowed.ok()) return told.ok() ? allowed : told;
  std::set<std::string> fields;
  absl::Status within;
  absl::Status status = impl_->view.ReadEveryProfile(options, [&](const Profile& profile) {
    const auto shows = impl_->Shows(profile.id);
    within = shows.status();
    if (!shows.ok() || !*shows) return shows.ok();
    const auto seen = impl_->Seen(profile, options);
    within = seen.status();
    if (!seen.ok()) return false;
    for (std::string& field : Access::FieldsOf(*seen)) fields.insert(std::move(field));
    return visit(*seen);
  });
  if (status.ok()) status = within;
  const absl::Status ended =
      impl_->Tell("export", {}, {fields.begin(), fields.end()}, Impl::OutcomeOf(status));
  return status.ok() ? ended : status;
}

}  // namespace polyonym
