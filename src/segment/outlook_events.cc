// Until when expressions over a person's events stay what they are.
#include <algorithm>
#include <cstdint>
#include <utility>

#include "segment/calendar.h"
#include "segment/outlook.h"

namespace polyonym::segment {
namespace {

using Op = ExpressionOp;
using Kind = TimeWindow::Kind;

// No unit is longer, and no two are by two days more.
std::int64_t LongestMs(CalendarUnit unit) {
  constexpr std::int64_t kHourMs = 3'600'000, kDayMs = 24 * kHourMs;
  switch (unit) {
    case CalendarUnit::kHour:
      return kHourMs;
    case CalendarUnit::kDay:
      return 2 * kDayMs;
    case CalendarUnit::kWeek:
      return 8 * kDayMs;
    case CalendarUnit::kMonth:
      return 32 * kDayMs;
    case CalendarUnit::kQuarter:
      return 93 * kDayMs;
    case CalendarUnit::kYear:
      return 367 * kDayMs;
  }
  return kDayMs;
}

// So many units after a time, or later: a bound for searches.
std::int64_t Beyond(std::int64_t time_ms, CalendarUnit unit, std::int64_t count) {
  constexpr std::int64_t kTwoDaysMs = 172'800'000;
  return Later(time_ms, count * LongestMs(unit) + kTwoDaysMs);
}

bool IsOfNow(Op op) {
  return op == Op::kNow || op == Op::kDaysSince || op == Op::kYearsSince ||
         op == Op::kDaysToAnniversary || op == Op::kAnniversaryIn;
}

bool IsOfPerson(Op op) {
  if (op == Op::kHas || op == Op::kIdentifiers || op == Op::kBucket || op == Op::kSize)
    return false;
  return op >= Op::kHas && op <= Op::kFunnel;
}

}  // namespace

bool Forecaster::IsTimeless(const Expression& node) {
  if (IsOfNow(node.op) || IsOfPerson(node.op)) return false;
  const auto at = timeless_.find(&node);
  if (at != timeless_.end()) return at->second;
  const bool is = std::all_of(node.args.begin(), node.args.end(),
                              [this](const Expression& arg) { return IsTimeless(arg); });
  timeless_.emplace(&node, is);
  return is;
}

Outlook Forecaster::At(const PlacedEvent& event, const Expression& node) {
  if (IsTimeless(node)) return {.value = evaluator_.At(event, node)};
  const PlacedEvent* const outer = std::exchange(evaluator_.event_, &event);
  Outlook out = Of(node);
  evaluator_.event_ = outer;
  return out;
}

Forecaster::Match Forecaster::MatchOf(const EventQuery& query, const PlacedEvent& event) {
  const bool is_of_type = query.types.empty() || std::find(query.types.begin(), query.types.end(),
                                                           event.fact->type) != query.types.end();
  if (!is_of_type) return {};
  if (query.where.empty()) return {.is = true};
  const Outlook where = At(event, query.where.front());
  return {FlagOf(where.value) == true, where.holds_ms};
}

// ---- Windows ----

// When an event that is in the window, or comes into it, leaves it.
std::int64_t Forecaster::ExitOf(const TimeWindow& window, std::int64_t time_ms) const {
  if (window.kind == Kind::kWithin) return Later(time_ms, window.span_ms);
  if (window.kind != Kind::kLast && window.kind != Kind::kPast) return kNeverMs;
  const std::int64_t bound_ms = Beyond(time_ms, window.unit, std::int64_t{window.count} + 1);
  return FirstTime(now_ms_, std::max(Later(now_ms_, 1), bound_ms), [&](std::int64_t ms) {
    return SpanOf(window, ms, compiled_.zone).from_ms > time_ms;
  });
}

// When an event that is not yet in the window comes into it.
std::int64_t Forecaster::EntryOf(const TimeWindow& window, std::int64_t time_ms) const {
  if (window.kind != Kind::kPast) return time_ms;
  const std::int64_t bound_ms = Beyond(time_ms, window.unit, 2);
  return FirstTime(now_ms_, std::max(Later(now_ms_, 1), bound_ms), [&](std::int64_t ms) {
    return SpanOf(window, ms, compiled_.zone).to_ms > time_ms;
  });
}

// Of events that lie behind the window's end, up to now and later ones, the first that may match once it is in it.
std::int64_t Forecaster::FirstToCome(const TimeWindow& window, Matcher match) {
  const TimeSpan span = SpanOf(window, now_ms_, compiled_.zone);
  std::int64_t first_ms = kNeverMs;
  for (const auto* events : {&person_.events(), &turns_.later_events()}) {
    const auto from = std::lower_bound(
        events->begin(), events->end(), window.kind == Kind::kPast ? span.to_ms : Later(now_ms_, 1),
        [](const PlacedEvent& event, std::int64_t ms) { return event.time_ms < ms; });
    for (auto event = from; event != events->end(); ++event) {
      if (window.kind == Kind::kBetween &&
          (event->time_ms < span.from_ms || event->time_ms >= span.to_ms))
        continue;
      const Match is = match(*event);
      if (!is.is && is.until_ms == kNeverMs) continue;
      const std::int64_t entry_ms = EntryOf(window, event->time_ms);
      first_ms = std::min(first_ms, is.is ? entry_ms : std::max(entry_ms, is.until_ms));
      if (is.is) return first_ms;
    }
  }
  return first_ms;
}

Forecaster::Sight Forecaster::See(const TimeWindow& window, Matcher match) {
  Sight sight;
  for (const PlacedEvent& event : evaluator_.Within(SpanOf(window, now_ms_, compiled_.zone))) {
    const Match is = match(event);
    sight.until_ms = std::min(sight.until_ms, is.until_ms);
    if (is.is) sight.matches.push_back(&event);
  }
  sight.until_ms = std::min(sight.until_ms, FirstToCome(window, match));
  return sight;
}

// ---- Operations ----

// True as long as the last that matches is in the window and matches.
Outlook Forecaster::Did(const Expression& node) {
  const EventQuery& query = node.events.front();
  const auto events = evaluator_.Within(SpanOf(query.window, now_ms_, compiled_.zone));
  for (std::size_t i = events.size(); i-- > 0;) {
    const Match match = MatchOf(query, events[i]);
    if (!match.is) continue;
    const std::int64_t until_ms = std::min(match.until_ms, ExitOf(query.window, events[i].time_ms));
    return {.value = true, .holds_ms = until_ms, .until_ms = until_ms};
  }
  const std::int64_t until_ms =
      See(query.window, [&](const PlacedEvent& event) { return MatchOf(query, event); }).until_ms;
  return {.value = false, .holds_ms = until_ms, .until_ms = until_ms};
}

// Where events only leave the window it falls.
Outlook Forecaster::Count(const Expression& node) {
  const EventQuery& query = node.events.front();
  const TimeWindow& window = query.window;
  const Sight sight = See(window, [&](const PlacedEvent& event) { return MatchOf(query, event); });
  Outlook out{.value = static_cast<std::int64_t>(sight.matches.size())};
  out.holds_ms = out.until_ms = sight.until_ms;
  if (sight.matches.empty()) return out;
  out.holds_ms = std::min(out.holds_ms, ExitOf(window, sight.matches.front()->time_ms));
  out.until_ms = out.holds_ms;
  if (window.kind != Kind::kWithin && window.kind != Kind::kLast) return out;
  std::vector<std::int64_t> times;
  for (const PlacedEvent* event : sight.matches) times.push_back(event->time_ms);
  out.until_ms = sight.until_ms;
  out.motion = [&window, &zone = compiled_.zone, times = std::move(times)](std::int64_t ms) {
    const auto from =
        std::lower_bound(times.begin(), times.end(), SpanOf(window, ms, zone).from_ms);
    const Datum count = static_cast<std::int64_t>(times.end() - from);
    return Range{count, count};
  };
  return out;
}

Outlook Forecaster::FirstOrLast(const Expression& node) {
  const EventQuery& query = node.events.front();
  const Sight sight =
      See(query.window, [&](const PlacedEvent& event) { return MatchOf(query, event); });
  std::int64_t until_ms = sight.until_ms;
  Datum found;
  for (std::size_t i = 0; i < sight.matches.size() && IsUnknown(found); ++i) {
    const std::size_t n = node.op == Op::kLast ? sight.matches.size() - 1 - i : i;
    Outlook x = At(*sight.matches[n], node.args.front());
    until_ms = std::min(until_ms, x.holds_ms);
    found = std::move(x.value);
    if (!IsUnknown(found))
      until_ms = std::min(until_ms, ExitOf(query.window, sight.matches[n]->time_ms));
  }
  return {.value = std::move(found), .holds_ms = until_ms, .until_ms = until_ms};
}

Outlook Forecaster::OfEvents(const Expression& node) {
  if (node.op == Op::kDid) return Did(node);
  if (node.op == Op::kCount) return Count(node);
  if (node.op == Op::kFirst || node.op == Op::kLast) return FirstOrLast(node);
  const bool is_sequence = !node.sequence.empty();
  const std::vector<EventQuery>& queries =
      is_sequence ? node.sequence.front().conditions : node.events;
  const TimeWindow& window =
      is_sequence ? node.sequence.front().window : node.events.front().window;
  const Sight sight = See(window, [&](const PlacedEvent& event) {
    Match any;
    for (const EventQuery& query : queries) {
      const Match match = MatchOf(query, event);
      any = {any.is || match.is, std::min(any.until_ms, match.until_ms)};
    }
    return any;
  });
  std::int64_t until_ms = sight.until_ms;
  if (!sight.matches.empty())
    until_ms = std::min(until_ms, ExitOf(window, sight.matches.front()->time_ms));
  for (const Expression& arg : node.args) {
    if (IsTimeless(arg)) continue;
    for (const PlacedEvent* event : sight.matches)
      until_ms = std::min(until_ms, At(*event, arg).holds_ms);
  }
  return {.value = evaluator_.Of(node), .holds_ms = until_ms, .until_ms = until_ms};
}

}  // namespace polyonym::segment
