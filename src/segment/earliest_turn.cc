#include "segment/earliest_turn.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "absl/container/flat_hash_set.h"
#include "profile/ordered_facts.h"
#include "segment/definition_lookup.h"
#include "segment/fact_turns.h"
#include "segment/parts.h"

namespace polyonym::segment {
namespace {

using Op = ExpressionOp;

constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::int64_t kQuarterMs = 15 * 60'000;

bool Decays(const Definitions& definitions, const Expression& part) {
  if (part.op == Op::kTagScore || part.op == Op::kTagLayer) {
    const TagDefinition* tag = Find(definitions.tags, part.name);
    return tag != nullptr && tag->fold == TagFold::kDecayedSum;
  }
  if (part.op != Op::kTrait) return false;
  const TraitDefinition* trait = FindTrait(definitions, part.name);
  return trait != nullptr && trait->fold == Fold::kDecayedSum;
}

bool IsComparison(Op op) { return op >= Op::kEqual && op <= Op::kGreaterEqual; }

// The time of a fact of the person's; its own, and not what it says.
bool IsTimeOfFact(const Expression& part) {
  switch (part.op) {
    case Op::kTagFirst:
    case Op::kTagLast:
    case Op::kEventTime:
      return true;
    case Op::kFirst:
    case Op::kLast:
    case Op::kMin:
    case Op::kMax:
      return part.args.front().op == Op::kEventTime;
    default:
      return false;
  }
}

// Of `now`, and of `now` less a span.
struct BeforeNow {
  const Expression* now;
  std::int64_t span_ms;
};
std::optional<BeforeNow> BeforeNowOf(const Expression& part) {
  if (part.op == Op::kNow) return BeforeNow{&part, 0};
  if (part.op != Op::kSubtract || part.args[0].op != Op::kNow || part.args[1].op != Op::kDuration)
    return std::nullopt;
  const auto* span_ms = std::get_if<std::int64_t>(&part.args[1].value.is);
  return span_ms == nullptr ? std::nullopt : std::optional<BeforeNow>({&part.args[0], *span_ms});
}

}  // namespace

// Goes through the expressions once.
class EarliestTurn::Maker {
 public:
  Maker(const Conditions& conditions, const Definitions& definitions, EarliestTurn* out)
      : conditions_(conditions), definitions_(definitions), out_(*out) {}

  void Make() {
    AddDefinitions();
    for (std::size_t c = 0; c < conditions_.size(); ++c) {
      ForEachPart(*conditions_[c].part, [&](const Expression& part) { AddPart(c, part); });
    }
    std::sort(spans_.begin(), spans_.end());
    spans_.erase(std::unique(spans_.begin(), spans_.end()), spans_.end());
    out_.spans_ = std::move(spans_);
    for (const std::string& name : zones_) {
      if (auto zone = TimeZone::Of(name); zone.ok()) out_.zones_.push_back(*std::move(zone));
    }
  }

 private:
  void AddSpan(std::int64_t span_ms) {
    if (span_ms > 0) spans_.push_back(span_ms);
  }
  // Of a trait or a tag: one of whole days ends at midnight.
  void AddWindow(std::int64_t window_ms) {
    AddSpan(window_ms);
    if (window_ms != 0 && window_ms % kDayMs == 0) out_.has_days_ = true;
  }
  void AddDefinitions() {
    for (const TraitDefinition& trait : definitions_.traits) AddWindow(trait.window_ms);
    for (const EventTrait& computed : definitions_.event_traits)
      AddWindow(computed.trait.window_ms);
    for (const TagDefinition& tag : definitions_.tags) {
      AddWindow(tag.window_ms);
      AddSpan(tag.valid_ms);
    }
    for (const PurposeDefinition& purpose : definitions_.purposes) AddSpan(purpose.valid_ms);
    for (const Ladder& ladder : definitions_.ladders) {
      for (const Stage& stage : ladder.stages) {
        for (const Stage::Condition& condition : stage.conditions) AddSpan(condition.window_ms);
      }
    }
  }
  void AddZone(std::size_t condition) {
    const std::string& zone = conditions_[condition].of->zone_name;
    if (std::find(zones_.begin(), zones_.end(), zone) == zones_.end()) zones_.push_back(zone);
  }
  void AddWindow(std::size_t condition, const TimeWindow& window) {
    if (window.kind == TimeWindow::Kind::kWithin) AddSpan(window.span_ms);
    if (window.kind != TimeWindow::Kind::kLast && window.kind != TimeWindow::Kind::kPast) return;
    AddZone(condition);
    if (window.unit == CalendarUnit::kHour) out_.has_hours_ = true;
  }
  // A fact's time by `now`: it turns when the fact is as old as that, or a moment older.
  void AddAge(const Expression& x, const Expression& y) {
    const auto before = BeforeNowOf(y);
    if (!before || !IsTimeOfFact(x)) return;
    AddSpan(before->span_ms);
    AddSpan(Later(before->span_ms, 1));
    of_ages_.insert(before->now);
  }
  // Parts that it is of come before it.
  void AddPart(std::size_t condition, const Expression& part) {
    if (IsComparison(part.op)) {
      AddAge(part.args[0], part.args[1]);
      AddAge(part.args[1], part.args[0]);
    }
    const bool is_now = part.op == Op::kNow && !of_ages_.contains(&part);
    if (is_now || part.op == Op::kChannelShare || part.op == Op::kTopChannel ||
        Decays(definitions_, part))
      out_.moving_.Set(conditions_[condition].leader);
    if (part.op >= Op::kDaysSince && part.op <= Op::kAnniversaryIn) AddZone(condition);
    if (part.op == Op::kScore) out_.has_days_ = true;
    for (const EventQuery& query : part.events) AddWindow(condition, query.window);
    for (const EventSequence& sequence : part.sequence) AddWindow(condition, sequence.window);
  }
  const Conditions& conditions_;
  const Definitions& definitions_;
  EarliestTurn& out_;
  std::vector<std::int64_t> spans_;
  std::vector<std::string> zones_;
  absl::flat_hash_set<const Expression*> of_ages_;  // each `now` that AddAge() took
};

EarliestTurn::EarliestTurn(const Conditions& conditions, const Definitions& definitions)
    : moving_(conditions.size()),
      offset_ms_(std::int64_t{definitions.utc_offset_minutes} * 60'000) {
  Maker(conditions, definitions, this).Make();
}

std::int64_t EarliestTurn::OfCalendar(std::int64_t now_ms) const {
  NextTurn turn(now_ms);
  if (has_hours_) turn.Add(Later(now_ms, kQuarterMs - now_ms % kQuarterMs));
  for (const TimeZone& zone : zones_) {
    const auto day = zone.DayOf(now_ms);
    turn.Add(day ? zone.StartOf(*day + std::chrono::days(1)) : Later(now_ms, 1));
  }
  if (!has_days_) return turn.ms();
  // Days of scores are over a millisecond before.
  const auto day =
      std::chrono::floor<std::chrono::days>(std::chrono::milliseconds(now_ms + offset_ms_));
  const std::int64_t midnight = (std::int64_t{day.count()} + 1) * kDayMs - offset_ms_;
  turn.Add(midnight - 1);
  turn.Add(midnight);
  return turn.ms();
}

EarliestTurn::Turn EarliestTurn::OfFacts(std::span<const FactRow> rows, std::int64_t now_ms) const {
  NextTurn turn(now_ms);
  std::int64_t latest_ms = std::numeric_limits<std::int64_t>::min();
  const auto add = [&](std::int64_t time_ms) {
    latest_ms = std::max(latest_ms, time_ms);
    if (time_ms > now_ms) return turn.Add(time_ms);
    const auto span = std::upper_bound(spans_.begin(), spans_.end(), now_ms - time_ms);
    if (span != spans_.end()) turn.Add(Later(time_ms, *span));
  };
  for (const FactRow& row : rows) {
    for (const Trait& trait : row.facts.traits) add(profile::TimeOf(trait, row));
    for (const Tag& tag : row.facts.tags) {
      add(profile::TimeOf(tag, row));
      if (tag.valid_until_ms) turn.Add(*tag.valid_until_ms);
    }
    for (const Event& event : row.facts.events) add(profile::TimeOf(event, row));
    for (const Consent& consent : row.facts.consents) add(profile::TimeOf(consent, row));
    for (const RelationFact& relation : row.facts.relations) add(profile::TimeOf(relation, row));
  }
  return {turn.ms(), latest_ms};
}

}  // namespace polyonym::segment
