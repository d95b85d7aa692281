#include "polyonym/engine/social.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "polyonym/model/facts.h"
#include "profile/match.h"

namespace polyonym {
namespace {

constexpr std::int64_t kOneMicros = 1'000'000;

absl::Status Invalid(std::string_view field, std::string_view allowed) {
  return absl::InvalidArgumentError(
      absl::StrCat(std::string(field), ": must be ", std::string(allowed)));
}

// ---- What is read as what ----

absl::Status CheckEvents(const SocialReading& reading) {
  const std::pair<std::string_view, const EventMatch*> matches[] = {
      {"activity.direction", &reading.activity},
      {"contributions.direction", &reading.contributions}};
  for (const auto& [field, match] : matches) {
    if (match->direction != Direction::kUnknown && match->direction != Direction::kIn) {
      return Invalid(field, "unknown or in: what is out is not the person's own");
    }
  }
  const std::string& currency = reading.currency;
  if (!currency.empty() && (currency.size() != 3 ||
                            !std::all_of(currency.begin(), currency.end(), absl::ascii_isupper))) {
    return Invalid("currency", "three upper-case letters, or empty");
  }
  return absl::OkStatus();
}

absl::Status CheckRelations(const SocialReading& reading) {
  for (std::size_t i = 0; i < reading.tie_relations.size(); ++i) {
    if (reading.tie_relations[i].empty()) {
      return Invalid(absl::StrCat("tie_relations[", i, "]"), "a type of relation, not empty");
    }
  }
  const auto same = [](const std::string& a, const std::string& b) { return !a.empty() && a == b; };
  if (same(reading.endorses, reading.rates))
    return Invalid("endorses", "another type than `rates`");
  if (same(reading.disputes, reading.rates))
    return Invalid("disputes", "another type than `rates`");
  if (same(reading.disputes, reading.endorses)) {
    return Invalid("disputes", "another type than `endorses`");
  }
  return absl::OkStatus();
}

// What a type of relation is read as: a tie, evidence of one of three kinds, both, or nothing.
struct Reading {
  bool tie = false;
  bool rating = false;
  bool endorsement = false;
  bool dispute = false;

  bool Any() const { return tie || rating || endorsement || dispute; }
  bool Allows(std::int64_t weight_micros) const {
    if (tie && weight_micros < 0) return false;
    if (endorsement) return weight_micros > 0;
    return !(rating || dispute) || (weight_micros >= 0 && weight_micros <= kOneMicros);
  }
};

Reading ReadingOf(const std::string& type, const SocialReading& reading) {
  const std::vector<std::string>& ties = reading.tie_relations;
  Reading as{.rating = type == reading.rates,
             .endorsement = type == reading.endorses,
             .dispute = type == reading.disputes};
  as.tie = ties.empty() ? !as.Any() : std::find(ties.begin(), ties.end(), type) != ties.end();
  return as;
}

// Micros of a minor unit. What the decimals of a currency are, its text tells: `0.00 CNY`.
std::int64_t MicrosOfMinorUnit(const std::string& currency) {
  const std::string text = ToText({Money{0, currency}});
  const std::size_t point = text.find('.');
  const std::size_t decimals = point == std::string::npos ? 0 : text.find(' ') - point - 1;
  std::int64_t micros = kOneMicros;
  for (std::size_t i = 0; i < decimals; ++i) micros /= 10;
  return micros;
}

// ---- Whose they are ----

struct Listed {
  ProfileId profile;
  PersonInteractions interactions;  // all but the ties
  std::map<ProfileId, Tie> ties;
};

// Those who are somebody, and of these the ones to be listed.
class People {
 public:
  static absl::StatusOr<People> Of(const View& view, std::span<const ProfileId> group) {
    People people;
    view.ForEachProfile([&](ProfileId profile, std::span<const Identifier> members) {
      if (IsPerson(view, profile, members)) people.places_.emplace(profile.value, kUnlisted);
      return true;
    });
    if (group.empty()) {
      for (auto& [id, place] : people.places_) people.List(ProfileId{id}, &place);
      return people;
    }
    for (std::size_t i = 0; i < group.size(); ++i) {
      const absl::StatusOr<ProfileId> now = view.Follow(group[i]);
      if (!now.ok()) {
        return absl::Status(now.status().code(),
                            absl::StrCat("group[", i, "]: no profile ever had this id"));
      }
      const auto at = people.places_.find(now->value);
      if (at != people.places_.end()) people.List(*now, &at->second);
    }
    return people;
  }

  bool Has(ProfileId profile) const { return places_.contains(profile.value); }
  // Nothing where the person is not listed.
  Listed* Find(ProfileId profile) {
    const auto at = places_.find(profile.value);
    return at == places_.end() || at->second == kUnlisted ? nullptr : &listed_[at->second];
  }
  std::vector<Listed>& listed() { return listed_; }

 private:
  static constexpr std::size_t kUnlisted = std::numeric_limits<std::size_t>::max();

  // A shared identifier is a profile by itself. (Of a value with several lives it is the last that is resolved.)
  static bool IsPerson(const View& view, ProfileId profile, std::span<const Identifier> members) {
    if (members.size() > 1) return true;
    const Resolution alone = view.Resolve(members.front());
    return !(alone.shared && alone.profile == profile);
  }

  void List(ProfileId profile, std::size_t* place) {
    if (*place != kUnlisted) return;
    *place = listed_.size();
    listed_.emplace_back().profile = profile;
  }

  absl::flat_hash_map<std::uint64_t, std::size_t> places_;  // profile id -> into listed_
  std::vector<Listed> listed_;
};

// ---- One pass over the facts ----

class Gathering {
 public:
  Gathering(const View& view, const SocialReading& reading, std::int64_t now_ms, People* people)
      : view_(view), reading_(reading), now_ms_(now_ms), people_(*people) {
    if (!reading.currency.empty()) micros_ = MicrosOfMinorUnit(reading.currency);
  }

  void Add(ProfileId from, const FactRow& row) {
    const bool somebody = people_.Has(from);
    for (const Event& event : row.facts.events) {
      const std::int64_t time_ms = event.time_ms.value_or(row.from.time_ms);
      if (somebody && time_ms <= now_ms_) AddEvent(from, event, time_ms);
    }
    for (const RelationFact& relation : row.facts.relations) {
      const std::int64_t time_ms = relation.time_ms.value_or(row.from.time_ms);
      const Reading as = ReadingOf(relation.type, reading_);
      if (!as.Any() || time_ms > now_ms_) continue;
      const Resolution other = view_.Resolve(Identifier{relation.other.ns, relation.other.value});
      if (somebody && as.Allows(relation.weight_micros) && other.profile &&
          *other.profile != from && people_.Has(*other.profile)) {
        AddRelation(from, *other.profile, as, relation.weight_micros, time_ms);
      } else {
        ++left_out_;
      }
    }
  }

  std::uint64_t left_out() const { return left_out_; }

 private:
  void AddEvent(ProfileId from, const Event& event, std::int64_t time_ms) {
    if (event.direction == Direction::kOut) return;
    const std::optional<std::int64_t> contribution = ContributionOf(event);
    Listed* person = people_.Find(from);
    if (person == nullptr || (!contribution && !profile::Matches(reading_.activity, event))) return;
    person->interactions.events.push_back({.time_ms = time_ms,
                                           .direction = event.direction,
                                           .contribution_micros = contribution.value_or(0)});
  }

  std::optional<std::int64_t> ContributionOf(const Event& event) {
    if (!event.value || reading_.currency.empty() || event.value->currency != reading_.currency ||
        !profile::Matches(reading_.contributions, event)) {
      return std::nullopt;
    }
    const std::int64_t minor_units = event.value->minor_units;
    if (minor_units < 0 || minor_units > std::numeric_limits<std::int64_t>::max() / micros_) {
      ++left_out_;
      return std::nullopt;
    }
    return minor_units * micros_;
  }

  void AddRelation(ProfileId from, ProfileId to, const Reading& as, std::int64_t weight_micros,
                   std::int64_t time_ms) {
    Listed* teller = people_.Find(from);
    Listed* told = people_.Find(to);
    if (as.tie && teller != nullptr) {
      TieTo(teller, to, weight_micros).out_ms.push_back(time_ms);
    }
    if (told == nullptr) return;
    if (as.tie) TieTo(told, from, weight_micros).in_ms.push_back(time_ms);
    const double share = static_cast<double>(weight_micros) / static_cast<double>(kOneMicros);
    PersonInteractions& received = told->interactions;
    if (as.rating) received.ratings.push_back({.time_ms = time_ms, .value = share});
    if (as.endorsement) received.endorsements_ms.push_back(time_ms);
    if (as.dispute) received.disputes.push_back({.time_ms = time_ms, .severity = share});
  }

  // The greatest weight, so that one relation more never makes a tie weaker.
  static Tie& TieTo(Listed* person, ProfileId other, std::int64_t weight_micros) {
    Tie& tie = person->ties.try_emplace(other, Tie{.weight_micros = 0}).first->second;
    tie.weight_micros = std::max(tie.weight_micros, weight_micros);
    return tie;
  }

  const View& view_;
  const SocialReading& reading_;
  const std::int64_t now_ms_;
  People& people_;
  std::int64_t micros_ = kOneMicros;
  std::uint64_t left_out_ = 0;
};

// ---- Scores ----

absl::StatusOr<double> FittedReference(const std::vector<Listed>& people, std::int64_t now_ms,
                                       const SocialCapitalOptions& options) {
  std::vector<double> means;
  means.reserve(people.size());
  for (const Listed& person : people) {
    const absl::StatusOr<double> mean =
        MeanContribution(person.interactions.events, now_ms, options);
    if (!mean.ok()) return mean.status();
    means.push_back(*mean);
  }
  return ContributionReference(means);
}

absl::Status Score(const std::vector<Listed>& people, std::int64_t now_ms,
                   const SocialReading& reading, StoreCapital* out) {
  SocialCapitalOptions options = reading.options;
  if (reading.fit_reference) {
    const absl::StatusOr<double> reference = FittedReference(people, now_ms, options);
    if (!reference.ok()) return reference.status();
    options.contribution_reference_micros = *reference;
  }
  out->contribution_reference_micros = options.contribution_reference_micros;
  for (const Listed& person : people) {
    const absl::StatusOr<SocialCapital> capital =
        SocialCapitalOf(person.interactions, now_ms, options);
    if (!capital.ok()) return capital.status();
    out->people.push_back({person.profile, *capital});
  }
  std::sort(out->people.begin(), out->people.end(),
            [](const PersonCapital& a, const PersonCapital& b) {
              if (a.capital.index != b.capital.index) return a.capital.index > b.capital.index;
              return a.profile < b.profile;
            });
  std::vector<CapitalComponents> members;
  members.reserve(out->people.size());
  for (const PersonCapital& person : out->people) members.push_back(person.capital.components);
  const absl::StatusOr<GroupSocialCapital> group = SocialCapitalOfGroup(members, options.weights);
  if (!group.ok()) return group.status();
  out->group = *group;
  return absl::OkStatus();
}

}  // namespace

absl::Status Validate(const SocialReading& reading) {
  if (auto status = CheckEvents(reading); !status.ok()) return status;
  if (auto status = CheckRelations(reading); !status.ok()) return status;
  if (reading.now_ms && (*reading.now_ms < 0 || *reading.now_ms > kMaxFactTimeMs)) {
    return Invalid("now_ms", absl::StrCat("0..", kMaxFactTimeMs));
  }
  SocialCapitalOptions options = reading.options;
  if (reading.fit_reference) options.contribution_reference_micros = 1;
  const absl::Status status = Validate(options);
  return status.ok() ? status
                     : absl::Status(status.code(), absl::StrCat("options.", status.message()));
}

absl::StatusOr<StoreCapital> ReadSocialCapital(const View& view, const SocialReading& reading,
                                               std::span<const ProfileId> group) {
  if (auto status = Validate(reading); !status.ok()) return status;
  absl::StatusOr<People> people = People::Of(view, group);
  if (!people.ok()) return people.status();
  const std::int64_t now_ms = reading.now_ms.value_or(std::min(view.now_ms(), kMaxFactTimeMs));
  Gathering gathering(view, reading, now_ms, &*people);
  absl::Status status = view.ForEachFacts([&](ProfileId profile, const FactRow& row) {
    gathering.Add(profile, row);
    return true;
  });
  if (!status.ok()) return status;
  for (Listed& person : people->listed()) {
    for (auto& [other, tie] : person.ties) person.interactions.ties.push_back(std::move(tie));
  }
  StoreCapital capital;
  capital.left_out = gathering.left_out();
  if (people->listed().empty()) {
    if (!reading.fit_reference)
      capital.contribution_reference_micros = reading.options.contribution_reference_micros;
    return capital;
  }
  status = Score(people->listed(), now_ms, reading, &capital);
  if (!status.ok()) return status;
  return capital;
}

}  // namespace polyonym
