#include "polyonym/engine/segments.h"

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "engine/live_segments.h"
#include "engine/view_impl.h"
#include "polyonym/model/definitions.h"

namespace polyonym {
namespace {

constexpr std::uint64_t kMaxPage = 1'000'000;
constexpr std::size_t kMaxOverlap = 64;
constexpr std::uint64_t kPeopleAReport = 1024;

// A hash that depends on the seed and the person alone, so that who is drawn does not depend on who else is there.
std::uint64_t Draw(std::uint64_t seed, ProfileId person) {
  std::uint64_t x =
      seed * 0x9e3779b97f4a7c15u + person.value + 1;  // SplitMix64 (Steele, Lea and Flood 2014)
  for (int round = 0; round < 2; ++round) {
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    x ^= x >> 31;
  }
  return x;
}

}  // namespace

// Where people are read.
struct SegmentReader::Source {
  std::variant<View, Moment> of;

  absl::StatusOr<Person> Read(ProfileId id) const {
    return std::visit([&](const auto& reader) { return reader.ReadPerson(id); }, of);
  }
  absl::Status ForEach(const std::function<bool(const Person&)>& visit) const {
    return std::visit([&](const auto& reader) { return reader.ForEachPerson(visit); }, of);
  }
  std::uint64_t people() const {
    if (const auto* view = std::get_if<View>(&of)) return view->CountProfiles();
    return std::get<Moment>(of).profiles();
  }
};

absl::StatusOr<SegmentReader> SegmentReader::Make(View view, SegmentOptions options) {
  const std::int64_t now_ms = view.now_ms();
  const auto live = view.impl_->state().live;
  if (live != nullptr && !options.definitions && options.now_ms.value_or(now_ms) == now_ms) {
    SegmentReader reader;
    reader.source_ = std::make_shared<const Source>(Source{std::move(view)});
    reader.now_ms_ = now_ms;
    reader.progress_ = std::move(options.progress);
    reader.definitions_ = live->definitions;
    reader.segments_ = live->compiled;
    reader.live_ = live;
    return reader;
  }
  const Policy policy = view.policy();
  return Make(std::make_shared<const Source>(Source{std::move(view)}), policy, now_ms,
              std::move(options));
}

absl::StatusOr<SegmentReader> SegmentReader::Make(Moment moment, SegmentOptions options) {
  const Policy policy = moment.policy();
  const std::int64_t now_ms = moment.now_ms();
  return Make(std::make_shared<const Source>(Source{std::move(moment)}), policy, now_ms,
              std::move(options));
}

absl::StatusOr<SegmentReader> SegmentReader::Make(std::shared_ptr<const Source> source,
                                                  const Policy& policy, std::int64_t now_ms,
                                                  SegmentOptions options) {
  SegmentReader reader;
  reader.source_ = std::move(source);
  reader.now_ms_ = options.now_ms.value_or(now_ms);
  reader.progress_ = std::move(options.progress);
  if (options.definitions) {
    if (absl::Status status = Validate(*options.definitions); !status.ok()) return status;
  }
  reader.definitions_ = std::make_shared<const Definitions>(
      options.definitions ? *std::move(options.definitions) : policy.definitions);
  auto segments = CompiledSegments::Compile(*reader.definitions_);
  if (!segments.ok()) return segments.status();
  reader.segments_ = *std::move(segments);
  return reader;
}

absl::StatusOr<std::size_t> SegmentReader::Find(std::string_view segment) const {
  const std::size_t found = segments_->Find(segment);
  if (found == CompiledSegments::kNone)
    return absl::NotFoundError("no segment has this name; see Definitions::segments");
  return found;
}

absl::Status SegmentReader::ForEach(
    const std::function<void(const Person&, SegmentSubject*)>& visit) const {
  const std::uint64_t total = progress_ ? source_->people() : 0;
  std::uint64_t done = 0;
  absl::Status status = source_->ForEach([&](const Person& person) {
    SegmentSubject subject(*definitions_, *person.rows, person.identifiers, person.anchor, now_ms_);
    visit(person, &subject);
    if (progress_ && ++done % kPeopleAReport == 0) progress_(done, total);
    return true;
  });
  if (status.ok() && progress_) progress_(done, done);
  return status;
}

absl::StatusOr<ProfileId> SegmentReader::Follow(ProfileId profile) const {
  return std::get<View>(source_->of).Follow(profile);
}

absl::StatusOr<std::vector<bool>> SegmentReader::Memberships(ProfileId profile) const {
  std::vector<bool> is;
  if (live_ != nullptr) {
    const auto id = Follow(profile);
    if (!id.ok()) return id.status();
    for (const engine::LiveSegment& segment : live_->segments)
      is.push_back(segment.members->Contains(static_cast<engine::Node>(id->value)));
    return is;
  }
  const auto verdicts = Of(profile);
  if (!verdicts.ok()) return verdicts.status();
  for (const std::optional<bool> verdict : *verdicts) is.push_back(verdict == true);
  return is;
}

absl::StatusOr<std::vector<std::optional<bool>>> SegmentReader::Of(ProfileId profile) const {
  const auto person = source_->Read(profile);
  if (!person.ok()) return person.status();
  SegmentSubject subject(*definitions_, *person->rows, person->identifiers, person->anchor,
                         now_ms_);
  std::vector<std::optional<bool>> verdicts;
  for (std::size_t s = 0; s < segments_->size(); ++s)
    verdicts.push_back(segments_->Evaluate(s, &subject));
  return verdicts;
}

absl::StatusOr<bool> SegmentReader::Contains(std::string_view segment, ProfileId profile) const {
  const auto found = Find(segment);
  if (!found.ok()) return found.status();
  if (live_ != nullptr) {
    const auto id = Follow(profile);
    if (!id.ok()) return id.status();
    return live_->segments[*found].members->Contains(static_cast<engine::Node>(id->value));
  }
  const auto person = source_->Read(profile);
  if (!person.ok()) return person.status();
  SegmentSubject subject(*definitions_, *person->rows, person->identifiers, person->anchor,
                         now_ms_);
  return segments_->Evaluate(*found, &subject) == true;
}

absl::StatusOr<SegmentExplanation> SegmentReader::Explain(std::string_view segment,
                                                          ProfileId profile) const {
  const auto found = Find(segment);
  if (!found.ok()) return found.status();
  const auto person = source_->Read(profile);
  if (!person.ok()) return person.status();
  SegmentSubject subject(*definitions_, *person->rows, person->identifiers, person->anchor,
                         now_ms_);
  return segments_->Explain(*found, &subject);
}

SegmentCounts SegmentReader::CountLive() const {
  SegmentCounts counts;
  counts.people = source_->people();
  for (std::size_t s = 0; s < segments_->size(); ++s) {
    const engine::LiveSegment& segment = live_->segments[s];
    counts.segments.push_back({segments_->name(s), segment.members->size(), std::nullopt});
  }
  return counts;
}

absl::StatusOr<SegmentCounts> SegmentReader::Count(bool unknown_too) const {
  if (live_ != nullptr && !unknown_too) return CountLive();
  SegmentCounts counts;
  const auto none = unknown_too ? std::optional<std::uint64_t>(0) : std::nullopt;
  for (std::size_t s = 0; s < segments_->size(); ++s)
    counts.segments.push_back({segments_->name(s), 0, none});
  absl::Status status = ForEach([&](const Person&, SegmentSubject* subject) {
    ++counts.people;
    for (std::size_t s = 0; s < segments_->size(); ++s) {
      const std::optional<bool> verdict = segments_->Evaluate(s, subject);
      counts.segments[s].members += verdict == true ? 1 : 0;
      if (unknown_too && !verdict) ++*counts.segments[s].unknown;
    }
  });
  if (!status.ok()) return status;
  return counts;
}

// All members, with what they are to be put in order by.
absl::StatusOr<std::vector<SegmentMember>> SegmentReader::MembersLive(
    std::size_t segment, const CompiledNumber* order) const {
  std::vector<SegmentMember> members;
  absl::Status status;
  const std::uint64_t total = live_->segments[segment].members->size();
  live_->segments[segment].members->ToSet().ForEach([&](std::uint32_t id) {
    SegmentMember& member = members.emplace_back(SegmentMember{ProfileId{id}, std::nullopt});
    if (order == nullptr) return true;
    const auto person = source_->Read(member.profile);
    status = person.status();
    if (!status.ok()) return false;
    SegmentSubject subject(*definitions_, *person->rows, person->identifiers, person->anchor,
                           now_ms_);
    member.order = order->Evaluate(&subject);
    if (progress_ && members.size() % kPeopleAReport == 0) progress_(members.size(), total);
    return true;
  });
  if (!status.ok()) return status;
  if (progress_) progress_(total, total);
  return members;
}

SegmentMembers SegmentReader::PageLive(std::size_t segment, const MemberOptions& options) const {
  const engine::MemberSet& members = *live_->segments[segment].members;
  SegmentMembers out;
  out.total = members.size();
  for (const std::uint32_t id :
       members.ToSet().Page(options.skip, static_cast<std::size_t>(options.limit)))
    out.page.push_back({ProfileId{id}, std::nullopt});
  return out;
}

absl::StatusOr<SegmentMembers> SegmentReader::Members(std::string_view segment,
                                                      const MemberOptions& options) const {
  const auto found = Find(segment);
  if (!found.ok()) return found.status();
  if (options.limit > kMaxPage)
    return absl::InvalidArgumentError("limit: must be at most 1,000,000");
  std::shared_ptr<const CompiledNumber> order;
  if (!options.order_by.empty()) {
    auto compiled = CompiledNumber::Compile(*definitions_, options.order_by);
    if (!compiled.ok())
      return absl::InvalidArgumentError("order_by: " + std::string(compiled.status().message()));
    order = *std::move(compiled);
  }
  if (live_ != nullptr && order == nullptr && options.sample == 0) return PageLive(*found, options);
  std::vector<SegmentMember> members;
  if (live_ != nullptr) {
    auto kept = MembersLive(*found, order.get());
    if (!kept.ok()) return kept.status();
    members = *std::move(kept);
  } else {
    absl::Status status = ForEach([&](const Person& person, SegmentSubject* subject) {
      if (segments_->Evaluate(*found, subject) != true) return;
      members.push_back({person.id, order ? order->Evaluate(subject) : std::nullopt});
    });
    if (!status.ok()) return status;
  }
  SegmentMembers out;
  out.total = members.size();
  if (options.sample != 0 && options.sample < members.size()) {
    const auto drawn = [&](const SegmentMember& m) {
      return std::pair(Draw(options.seed, m.profile), m.profile);
    };
    const auto end = members.begin() + static_cast<std::ptrdiff_t>(options.sample);
    std::nth_element(members.begin(), end, members.end(),
                     [&](const auto& a, const auto& b) { return drawn(a) < drawn(b); });
    members.erase(end, members.end());
  }
  std::sort(members.begin(), members.end(), [&](const SegmentMember& a, const SegmentMember& b) {
    if (a.order.has_value() != b.order.has_value()) return a.order.has_value();
    if (a.order != b.order) return options.ascending ? a.order < b.order : a.order > b.order;
    return a.profile < b.profile;
  });
  const std::uint64_t first = std::min<std::uint64_t>(options.skip, members.size());
  const std::uint64_t last = first + std::min<std::uint64_t>(options.limit, members.size() - first);
  out.page.assign(members.begin() + static_cast<std::ptrdiff_t>(first),
                  members.begin() + static_cast<std::ptrdiff_t>(last));
  return out;
}

SegmentOverlap SegmentReader::OverlapLive(const std::vector<std::size_t>& places,
                                          SegmentOverlap overlap) const {
  std::vector<IdSet> sets;
  for (const std::size_t place : places) sets.push_back(live_->segments[place].members->ToSet());
  IdSet any = sets.front(), all = sets.front();
  for (std::size_t i = 0; i < sets.size(); ++i) {
    any |= sets[i];
    all &= sets[i];
    for (std::size_t j = 0; j <= i; ++j)
      overlap.both[i][j] = overlap.both[j][i] = IdSet::CountAnd(sets[i], sets[j]);
  }
  overlap.any = any.size();
  overlap.all = all.size();
  overlap.people = source_->people();
  return overlap;
}

absl::StatusOr<SegmentOverlap> SegmentReader::Overlap(std::span<const std::string> segments) const {
  if (segments.size() < 2 || segments.size() > kMaxOverlap)
    return absl::InvalidArgumentError("segments: must be 2 to 64");
  SegmentOverlap overlap;
  std::vector<std::size_t> places;
  for (const std::string& name : segments) {
    const auto found = Find(name);
    if (!found.ok()) return found.status();
    places.push_back(*found);
    overlap.names.push_back(name);
  }
  overlap.both.assign(places.size(), std::vector<std::uint64_t>(places.size()));
  if (live_ != nullptr) return OverlapLive(places, std::move(overlap));
  std::vector<std::size_t> of;  // the segments of one person
  absl::Status status = ForEach([&](const Person&, SegmentSubject* subject) {
    ++overlap.people;
    of.clear();
    for (std::size_t i = 0; i < places.size(); ++i) {
      if (segments_->Evaluate(places[i], subject) == true) of.push_back(i);
    }
    overlap.any += of.empty() ? 0 : 1;
    overlap.all += of.size() == places.size() ? 1 : 0;
    for (const std::size_t i : of) {
      for (const std::size_t j : of) ++overlap.both[i][j];
    }
  });
  if (!status.ok()) return status;
  return overlap;
}

absl::StatusOr<Portrait> SegmentReader::PortraitOf(std::string_view segment,
                                                   const PortraitOptions& options) const {
  const auto found = Find(segment);
  if (!found.ok()) return found.status();
  PortraitMaker maker(*definitions_, options);
  ProfileOptions wanted;
  wanted.consents = wanted.ladders = wanted.contacts = wanted.relations = false;
  wanted.timeline = wanted.scores = wanted.ambiguous = false;
  absl::Status status = ForEach([&](const Person& person, SegmentSubject* subject) {
    Profile profile = FoldProfile(*definitions_, *person.rows, wanted, now_ms_);
    profile.identifiers = person.identifiers;
    maker.Add(profile, segments_->Evaluate(*found, subject) == true);
  });
  if (!status.ok()) return status;
  return maker.Make();
}

}  // namespace polyonym
