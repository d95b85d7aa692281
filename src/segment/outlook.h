// segment/outlook.h - until when an expression stays what it is of a person, as time alone goes by.
//
// A walk over the expression that says of each part what it is now and until when; the facts stay as they are. Most parts stay the
// same up to a turn: an event leaves a window, a tag ends, a day begins. A few move: the time since something, a score that decays. They move
// in one direction up to a turn, so that the first moment at which a comparison with one turns out otherwise is found by halving.
//
// What is said may be early, and is never late. Early it is where two sides of a comparison move, and where not all that a turn brings makes
// a difference.
//
// Zones in which the clock was put back over midnight from a time after it (St. John's before 2011) may have it late by up to that hour.
//
// THREADS: thread-compatible.
#ifndef POLYONYM_SRC_SEGMENT_OUTLOOK_H_
#define POLYONYM_SRC_SEGMENT_OUTLOOK_H_

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "polyonym/segment/expression.h"
#include "segment/compiled.h"
#include "segment/datum.h"
#include "segment/evaluator.h"
#include "segment/fact_turns.h"
#include "segment/subject.h"

namespace polyonym::segment {

// What a value is at some time, or what it lies between: numbers that are computed with an error have two ends.
struct Range {
  Datum a, b;
};

// Of a value that moves, as of a time in [now, until_ms). Each end moves in one direction; one that cannot be told is unknown at the
// beginning or at the end of it only.
using Motion = std::function<Range(std::int64_t ms)>;

struct Outlook {
  Datum value;                       // now
  std::int64_t holds_ms = kNeverMs;  // it is that at all times before
  std::int64_t until_ms = kNeverMs;  // `motion` is right at all times before; without one: holds_ms
  Motion motion;                     // none: it is not known to move in one direction
};

// The first time after `from_ms` and before `to_ms` at which it differs, else `to_ms`.
// REQUIRES: from where it differs on, it does.  COST: at most 64 calls.
std::int64_t FirstTime(std::int64_t from_ms, std::int64_t to_ms,
                       absl::FunctionRef<bool(std::int64_t ms)> differs);

// REQUIRES: the segments that the expression asks for are among `memberships`, with until when they stay.
// Recursion is as deep as the expression, which is bounded by kMaxExpressionDepth.
class Forecaster {
 public:
  Forecaster(const CompiledSegment& compiled, SegmentSubject::Impl* person,
             std::span<const SegmentSubject::Impl::Membership> memberships);

  // Until when the expression, or a part of it, stays what it is now: later than now, or kNeverMs.
  std::int64_t NextChange() { return NextChange(compiled_.expression); }
  std::int64_t NextChange(const Expression& part);

 private:
  using PlacedEvent = profile::Placed<Event>;

  Outlook Of(const Expression& node);
  Outlook Computed(const Expression& node);
  // `value` stays as long as what it is made of does.
  static Outlook Still(Datum value, std::initializer_list<const Outlook*> parts);
  // How far ahead is searched: what differs later than that is asked for again then.
  std::int64_t Horizon(std::int64_t until_ms) const;
  // The first time at which either end of what moves `differs`; the horizon where none does.
  std::int64_t FirstEnd(const Outlook& moving,
                        absl::FunctionRef<bool(const Datum& end)> differs) const;
  // The value stays `value` until the motion's first time at which it `differs`.
  Outlook UntilDiffers(Datum value, const Outlook& moving, std::int64_t until_ms,
                       absl::FunctionRef<bool(const Datum& end)> differs) const;

  Outlook Joined(const Expression& node, bool decides);
  Outlook Compared(const Expression& node);
  Outlook Among(const Expression& node);
  Outlook IsKnown(const Expression& node);
  Outlook Calculated(const Expression& node);
  Outlook Negated(const Expression& node);

  // outlook_calendar.cc
  Outlook OnCalendar(const Expression& node);
  Outlook ByToday(const Expression& node, const Outlook& x);
  Outlook AnniversaryIn(const Expression& node, const Outlook& x);
  Outlook OfMovingInstant(const Expression& node, const Outlook& x);
  Outlook HourOfMoving(const Expression& node, const Outlook& x, std::int64_t next_day_ms) const;
  Motion MotionOnCalendar(const Expression& node, Motion of) const;
  std::int64_t NextMidnight() const;

  // outlook_person.cc
  Outlook OfPerson(const Expression& node);
  std::int64_t TurnOf(const Expression& node);
  Outlook Decaying(const Expression& node, Outlook still);
  Outlook OfLayer(const Expression& node, Outlook still);
  Outlook OfScore(const Expression& node, Outlook still);
  const TagDefinition* TagOf(const Expression& node) const;

  // outlook_events.cc
  Outlook OfEvents(const Expression& node);
  Outlook Did(const Expression& node);
  Outlook Count(const Expression& node);
  Outlook FirstOrLast(const Expression& node);
  // An event's match with a query: whether, and until when that stays.
  struct Match {
    bool is = false;
    std::int64_t until_ms = kNeverMs;
  };
  using Matcher = absl::FunctionRef<Match(const PlacedEvent&)>;
  Match MatchOf(const EventQuery& query, const PlacedEvent& event);
  // What matches in a window, in order; and when the first of the others may come to.
  struct Sight {
    std::vector<const PlacedEvent*> matches;
    std::int64_t until_ms = kNeverMs;
  };
  Sight See(const TimeWindow& window, Matcher match);
  std::int64_t FirstToCome(const TimeWindow& window, Matcher match);
  std::int64_t EntryOf(const TimeWindow& window, std::int64_t time_ms) const;
  std::int64_t ExitOf(const TimeWindow& window, std::int64_t time_ms) const;
  // Of `node` with the event at hand.
  Outlook At(const PlacedEvent& event, const Expression& node);
  // Whether time alone never changes the node with an event at hand.
  bool IsTimeless(const Expression& node);

  const CompiledSegment& compiled_;
  SegmentSubject::Impl& person_;
  std::span<const SegmentSubject::Impl::Membership> memberships_;
  const std::int64_t now_ms_;
  Evaluator evaluator_;
  FactTurns& turns_;  // the person's
  // Of nodes that are the same whatever event is at hand.
  absl::flat_hash_map<const Expression*, Outlook> known_;
  absl::flat_hash_map<const Expression*, bool> timeless_;
};

}  // namespace polyonym::segment

#endif  // POLYONYM_SRC_SEGMENT_OUTLOOK_H_
