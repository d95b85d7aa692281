#include "segment/fact_turns.h"

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "profile/match.h"
#include "profile/ordered_facts.h"
#include "profile/tag_fold.h"

namespace polyonym::segment {
namespace {

using profile::Placed;

constexpr std::int64_t kDayMs = 86'400'000;

template <class Fact>
bool AnyLater(const FactRow& row, const std::vector<Fact>& facts, std::int64_t now_ms) {
  return std::any_of(facts.begin(), facts.end(),
                     [&](const Fact& fact) { return profile::TimeOf(fact, row) > now_ms; });
}

bool IsTo(const RelationFact& relation, std::string_view other) {
  if (other.empty()) return true;
  const std::size_t colon = other.find(':');
  return colon != std::string_view::npos && relation.other.ns == other.substr(0, colon) &&
         relation.other.value == other.substr(colon + 1);
}

}  // namespace

FactTurns::FactTurns(SegmentSubject::Impl* person)
    : person_(*person), definitions_(person->definitions()), now_ms_(person->now_ms()) {}

bool FactTurns::HasLater() {
  if (has_later_) return *has_later_;
  const auto& rows = person_.rows();
  has_later_ = std::any_of(rows.begin(), rows.end(), [&](const FactRow& row) {
    const Facts& facts = row.facts;
    return AnyLater(row, facts.traits, now_ms_) || AnyLater(row, facts.tags, now_ms_) ||
           AnyLater(row, facts.events, now_ms_) || AnyLater(row, facts.relations, now_ms_) ||
           AnyLater(row, facts.consents, now_ms_);
  });
  return *has_later_;
}

const Profile& FactTurns::Explained(bool ProfileOptions::*part) {
  std::optional<Profile>& kept =
      part == &ProfileOptions::tags ? explained_tags_ : explained_traits_;
  if (kept) return *kept;
  kept = person_.Fold(part, true);
  return *kept;
}

const SegmentSubject::Impl::Events& FactTurns::later_events() {
  if (later_events_) return *later_events_;
  later_events_.emplace();
  for (const FactRow& row : person_.rows()) {
    std::uint32_t place = 0;
    for (const Event& event : row.facts.events) {
      const std::int64_t time_ms = profile::TimeOf(event, row);
      if (time_ms > now_ms_) later_events_->push_back({&event, &row, place, time_ms});
      ++place;
    }
  }
  std::stable_sort(
      later_events_->begin(), later_events_->end(),
      [](const Placed<Event>& a, const Placed<Event>& b) { return a.time_ms < b.time_ms; });
  return *later_events_;
}

template <class Visit>
void FactTurns::ForEachEvent(const EventMatch& match, const Visit& visit) {
  for (const auto* events : {&person_.events(), &later_events()}) {
    for (const Placed<Event>& placed : *events) {
      if (profile::Matches(match, *placed.fact)) visit(placed);
    }
  }
}

// As profile::Now::Sees() cuts windows: those of whole days by calendar days.
std::int64_t FactTurns::WindowEnd(std::int64_t time_ms, std::int64_t window_ms) const {
  if (window_ms == 0) return kNeverMs;
  if (window_ms % kDayMs != 0) return Later(time_ms, window_ms);
  const std::int64_t offset_ms = std::int64_t{definitions_.utc_offset_minutes} * 60'000;
  const auto day =
      std::chrono::floor<std::chrono::days>(std::chrono::milliseconds(time_ms + offset_ms));
  return Later(std::int64_t{day.count()} * kDayMs - offset_ms, window_ms);
}

void FactTurns::AddWindowed(std::int64_t time_ms, std::int64_t window_ms, NextTurn* turn) const {
  turn->Add(time_ms > now_ms_ ? time_ms : WindowEnd(time_ms, window_ms));
}

// ---- Traits ----

void FactTurns::AddTrait(const TraitDefinition& trait, NextTurn* turn) {
  for (const FactRow& row : person_.rows()) {
    for (const Trait& fact : row.facts.traits) {
      if (fact.name == trait.name && fact.value.type() == trait.type)
        AddWindowed(profile::TimeOf(fact, row), trait.window_ms, turn);
    }
  }
}

void FactTurns::AddComputed(const EventTrait& computed, NextTurn* turn) {
  ForEachEvent(computed.on, [&](const Placed<Event>& placed) {
    AddWindowed(placed.time_ms, computed.trait.window_ms, turn);
  });
}

std::int64_t FactTurns::OfTrait(std::string_view name) {
  NextTurn turn(now_ms_);
  for (const TraitDefinition& trait : definitions_.traits) {
    if (trait.name == name) AddTrait(trait, &turn);
  }
  for (const EventTrait& computed : definitions_.event_traits) {
    if (computed.trait.name == name) AddComputed(computed, &turn);
  }
  return turn.ms();
}

std::int64_t FactTurns::OfCompleteness() {
  NextTurn turn(now_ms_);
  for (const TraitDefinition& trait : definitions_.traits) {
    if (trait.completeness_weight != 0) AddTrait(trait, &turn);
  }
  for (const EventTrait& computed : definitions_.event_traits) {
    if (computed.trait.completeness_weight != 0) AddComputed(computed, &turn);
  }
  return turn.ms();
}

// ---- Tags ----

const TagDefinition* FactTurns::Find(std::string_view tag) {
  if (tags_.empty()) {
    for (const TagDefinition& definition : definitions_.tags)
      tags_.emplace(definition.name, &definition);
  }
  const auto at = tags_.find(tag);
  return at == tags_.end() ? nullptr : at->second;
}

// A tag counts for itself and for those above it, in the window of each, as long as it is valid.
void FactTurns::AddTag(const GivenTag& given, IsAsked is_asked, NextTurn* turn) {
  const TagDefinition* at = Find(given.name);
  std::optional<std::int64_t> until_ms = given.until_ms;
  if (!until_ms && at != nullptr && at->valid_ms != 0)
    until_ms = Later(given.time_ms, at->valid_ms);
  if (until_ms && *until_ms <= std::max(now_ms_, given.time_ms)) return;
  std::string_view name = given.name;
  for (std::size_t steps = 0; steps <= definitions_.tags.size(); ++steps) {
    if (is_asked(name, at)) {
      AddWindowed(given.time_ms, at == nullptr ? 0 : at->window_ms, turn);
      if (until_ms) turn->Add(*until_ms);
    }
    if (at == nullptr || at->parent.empty()) return;
    name = at->parent;
    at = Find(name);
  }
}

void FactTurns::AddBehaviour(const BehaviourTag& behaviour, IsAsked is_asked, NextTurn* turn) {
  ForEachEvent(behaviour.on, [&](const Placed<Event>& placed) {
    for (const std::string& tag : profile::TagsOf(behaviour, *placed.fact))
      AddTag({tag, placed.time_ms, std::nullopt}, is_asked, turn);
  });
}

std::int64_t FactTurns::OfTags(IsAsked is_asked) {
  NextTurn turn(now_ms_);
  for (const FactRow& row : person_.rows()) {
    for (const Tag& tag : row.facts.tags)
      AddTag({tag.name, profile::TimeOf(tag, row), tag.valid_until_ms}, is_asked, &turn);
  }
  for (const BehaviourTag& behaviour : definitions_.behaviours)
    AddBehaviour(behaviour, is_asked, &turn);
  return turn.ms();
}

// ---- Consents, ladders, scores, relations ----

std::int64_t FactTurns::OfConsent(std::string_view purpose) {
  std::int64_t valid_ms = 0;
  for (const PurposeDefinition& defined : definitions_.purposes) {
    if (defined.name == purpose) valid_ms = defined.valid_ms;
  }
  NextTurn turn(now_ms_);
  for (const FactRow& row : person_.rows()) {
    for (const Consent& consent : row.facts.consents) {
      if (consent.purpose != purpose || consent.state == ConsentState::kUnknown) continue;
      const std::int64_t time_ms = profile::TimeOf(consent, row);
      turn.Add(time_ms);
      if (consent.state == ConsentState::kGranted && valid_ms != 0)
        turn.Add(Later(time_ms, valid_ms));
    }
  }
  return turn.ms();
}

// Stages are looked at when events come into and out of the windows of conditions; and at the person's first event of all.
std::int64_t FactTurns::OfLadder(std::string_view name) {
  NextTurn turn(now_ms_);
  if (person_.events().empty() && !later_events().empty()) turn.Add(later_events().front().time_ms);
  for (const Ladder& ladder : definitions_.ladders) {
    if (ladder.name != name) continue;
    for (const Stage& stage : ladder.stages) {
      for (const Stage::Condition& condition : stage.conditions) {
        ForEachEvent(condition.events, [&](const Placed<Event>& placed) {
          turn.Add(placed.time_ms);
          if (condition.window_ms != 0) turn.Add(Later(placed.time_ms, condition.window_ms));
        });
      }
    }
  }
  return turn.ms();
}

std::int64_t FactTurns::OfPurchases(const PurchaseScore& score) {
  NextTurn turn(now_ms_);
  for (const Placed<Event>& placed : later_events()) {
    const std::optional<Money>& value = placed.fact->value;
    if (value && value->currency == score.currency && profile::Matches(score.on, *placed.fact))
      turn.Add(placed.time_ms);
  }
  return turn.ms();
}

// Shares are as at the newest interaction. Outside of the times that facts may have there are none.
std::int64_t FactTurns::OfChannels(const ChannelScore& score) {
  NextTurn turn(now_ms_);
  turn.Add(0);
  turn.Add(kMaxFactTimeMs + 1);
  for (const Placed<Event>& placed : later_events()) {
    if (profile::Matches(score.on, *placed.fact)) turn.Add(placed.time_ms);
  }
  return turn.ms();
}

std::int64_t FactTurns::OfRelations(std::string_view type, std::string_view other) {
  NextTurn turn(now_ms_);
  for (const FactRow& row : person_.rows()) {
    for (const RelationFact& relation : row.facts.relations) {
      if (relation.type == type && IsTo(relation, other)) turn.Add(profile::TimeOf(relation, row));
    }
  }
  return turn.ms();
}

}  // namespace polyonym::segment
