#include "polyonym/engine/subject_access.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <tuple>
#include <utility>

#include "engine/disclosure.h"
#include "engine/people_follower.h"
#include "engine/subject_records.h"
#include "engine/view_impl.h"
#include "polyonym/campaign/buckets.h"
#include "polyonym/campaign/campaign.h"
#include "polyonym/engine/restriction.h"
#include "polyonym/engine/segments.h"

namespace polyonym {
namespace {

using engine::Disclosure;
using engine::kNone;
using engine::Link;
using engine::LinkCell;
using engine::Node;

class Reporter {
 public:
  Reporter(const View& view, Node root, const SubjectOptions& options)
      : view_(view),
        impl_(engine::PeopleFollower::InsideOf(view)),
        root_(root),
        options_(options),
        definitions_(view.policy().definitions),
        disclosure_(definitions_) {}

  absl::StatusOr<SubjectReport> Report() {
    report_.sequence = view_.sequence();
    absl::Status status = AddRecords();
    if (status.ok()) status = AddLinks();
    if (status.ok()) status = AddProfile();
    if (status.ok()) status = AddSegments();
    if (status.ok()) status = AddCampaigns();
    if (!status.ok()) return status;
    report_.withheld = disclosure_.Withheld();
    return std::move(report_);
  }

 private:
  std::int64_t now_ms() const { return options_.now_ms.value_or(view_.now_ms()); }

  absl::Status AddRecords() {
    engine::SubjectRecords records(impl_, root_, &disclosure_);
    if (absl::Status status = records.Read(view_, options_.progress); !status.ok()) return status;
    report_.identifiers = records.Identifiers();
    report_.records = records.TakeRecords();
    hidden_ids_ = records.hidden_ids();
    return absl::OkStatus();
  }

  // ---- links ----

  SubjectName NameOf(Node node) {
    Identifier identifier = impl_.NameOf(node);
    SubjectName name{std::move(identifier.ns), std::nullopt, Role::kSelf, true, Reason::kNone};
    if (disclosure_.TellsNamespace(name.ns)) name.value = std::move(identifier.value);
    return name;
  }

  absl::Status AddLink(Link link) {
    const LinkCell cell = impl_.graph().link(link);
    auto evidence = impl_.EvidenceOf(link);
    if (!evidence.ok()) return evidence.status();
    const bool in_order = impl_.NameOf(cell.a) < impl_.NameOf(cell.b);
    SubjectLink& out = report_.links.emplace_back();
    out.a = NameOf(in_order ? cell.a : cell.b);
    out.b = NameOf(in_order ? cell.b : cell.a);
    out.counts = !cell.expired();
    out.must_link = evidence->must_link;
    out.cannot_link = evidence->cannot_link;
    out.sightings = std::uint64_t{cell.evidence.seen} + cell.evidence.forced;
    out.first_ms = evidence->first_ms;
    out.last_ms = evidence->last_ms;
    out.sources = std::move(evidence->sources);
    return absl::OkStatus();
  }

  void AddTie(Node other, const LinkCell& cell) {
    const RelationKind kind = cell.expired()               ? RelationKind::kExpired
                              : impl_.graph().IsLive(cell) ? RelationKind::kRefused
                                                           : RelationKind::kShared;
    const auto& evidence = cell.evidence;
    SubjectTie& tie = ties_[{kind, impl_.NameOf(other).ns}];
    const bool is_first = tie.pairs++ == 0;
    tie.sightings += std::uint64_t{evidence.seen} + evidence.forced;
    tie.first_ms = is_first ? evidence.first_ms : std::min(tie.first_ms, evidence.first_ms);
    tie.last_ms = is_first ? evidence.last_ms : std::max(tie.last_ms, evidence.last_ms);
  }

  absl::Status AddLinks() {
    std::vector<Link> own;
    impl_.graph().ForEachMember(root_, [&](Node node) {
      impl_.graph().ForEachPair(node, [&](Link link, const LinkCell& cell) {
        if (!cell.evidence.any()) return;
        const Node other = cell.Other(node);
        if (impl_.graph().ProfileOf(other) != root_) {
          AddTie(other, cell);
        } else if (node == cell.a) {
          own.push_back(link);
        }
      });
    });
    for (const Link link : own) {
      if (absl::Status status = AddLink(link); !status.ok()) return status;
    }
    std::sort(report_.links.begin(), report_.links.end(), [](const auto& x, const auto& y) {
      return std::tie(x.a.ns, x.a.value, x.b.ns, x.b.value) <
             std::tie(y.a.ns, y.a.value, y.b.ns, y.b.value);
    });
    for (auto& [key, tie] : ties_) {
      std::tie(tie.kind, tie.ns) = key;
      report_.ties.push_back(std::move(tie));
    }
    return absl::OkStatus();
  }

  // ---- the profile ----

  // Where a fact comes from, without what is not told of it.
  void Hide(Provenance* from) const {
    if (!disclosure_.AllowsNamespace(from->belongs_to.ns)) from->belongs_to.value.clear();
    if (hidden_ids_.contains(from->record)) from->record_id.clear();
  }

  absl::Status AddProfile() {
    auto facts = impl_.FactsOf(root_);
    if (!facts.ok()) return facts.status();
    rows_ = std::shared_ptr<const std::vector<FactRow>>(*facts, &(*facts)->rows);
    std::vector<FactRow> told_rows = *rows_;
    for (FactRow& row : told_rows) row.facts = disclosure_.Told(row.facts, nullptr);
    ProfileOptions options;
    options.now_ms = now_ms();
    options.explain = true;
    options.relations = options.timeline = options.ambiguous = false;
    Profile full = FoldProfile(definitions_, *rows_, options, now_ms());
    report_.is_restricted = IsRestricted(full, definitions_.privacy);
    Profile profile =
        disclosure_.Told(std::move(full), FoldProfile(definitions_, told_rows, options, now_ms()));
    profile.id = impl_.IdOf(root_);
    profile.now_ms = now_ms();
    profile.policy_version = view_.policy_version();
    for (ProfileTrait& trait : profile.traits) {
      if (trait.winner) Hide(&trait.winner->from);
      for (TraitCandidate& candidate : trait.lost) Hide(&candidate.from);
    }
    for (ProfileTag& tag : profile.tags) {
      for (TagPart& part : tag.parts) Hide(&part.from);
    }
    report_.profile = std::move(profile);
    return absl::OkStatus();
  }

  // ---- what is made of it ----

  absl::Status AddSegments() {
    if (definitions_.segments.empty()) return absl::OkStatus();
    auto reader = SegmentReader::Make(view_, {.now_ms = options_.now_ms});
    if (!reader.ok()) return reader.status();
    const ProfileId profile = impl_.IdOf(root_);
    const auto memberships = reader->Memberships(profile);
    if (!memberships.ok()) return memberships.status();
    for (std::size_t i = 0; i < memberships->size(); ++i) {
      const std::string& name = reader->segments().name(i);
      if (!(*memberships)[i] || !disclosure_.Tells(FieldKind::kSegment, name)) continue;
      auto because = reader->Explain(name, profile);
      if (!because.ok()) return because.status();
      report_.segments.push_back({name, disclosure_.Told(*std::move(because))});
    }
    return absl::OkStatus();
  }

  absl::Status AddCampaigns() {
    if (definitions_.campaigns.empty()) return absl::OkStatus();
    auto campaigns = CompiledCampaigns::Compile(definitions_, definitions_.campaigns);
    if (!campaigns.ok()) return campaigns.status();
    const std::vector<Identifier> identifiers = impl_.MembersOf(root_);
    const Identifier anchor = impl_.NameOf(impl_.AnchorOf(root_));
    SegmentSubject person(definitions_, *rows_, identifiers, anchor, now_ms());
    for (std::size_t i = 0; i < (*campaigns)->size(); ++i) {
      const CompiledCampaign& campaign = *(*campaigns)->at(i);
      auto enrolment = EnrolmentIn(campaign, &person);
      if (enrolment && disclosure_.Tells(FieldKind::kEvent, kAssignedType))
        report_.campaigns.push_back({campaign.definition().name, *std::move(enrolment)});
    }
    return absl::OkStatus();
  }

  const View& view_;
  const View::Impl& impl_;
  const Node root_;
  const SubjectOptions& options_;
  const Definitions definitions_;
  Disclosure disclosure_;
  std::shared_ptr<const std::vector<FactRow>> rows_;
  std::set<std::uint64_t> hidden_ids_;
  std::map<std::pair<RelationKind, std::string>, SubjectTie> ties_;
  SubjectReport report_;
};

}  // namespace

std::string_view ToString(SubjectRecordState state) {
  constexpr std::string_view kNames[] = {"superseded", "held", "voided", "counts"};
  return kNames[static_cast<std::size_t>(state)];
}

absl::StatusOr<SubjectReport> ReportToSubject(const View& view, const Identifier& identifier,
                                              const SubjectOptions& options) {
  const View::Impl& impl = engine::PeopleFollower::InsideOf(view);
  const View::Impl::Found found = impl.Find(identifier);
  if (found.name == kNone) {
    return absl::NotFoundError(found.held != Reason::kNone
                                   ? "the identifier is held: policy forbids its namespace or value"
                                   : "the identifier was never seen");
  }
  if (impl.Resolve(found).shared) {
    return absl::FailedPreconditionError(
        "the identifier is shared by several people: name one that is the person's alone");
  }
  return Reporter(view, impl.RootOf(found.name), options).Report();
}

}  // namespace polyonym
