// segment/expression.h - what makes somebody a member of a segment: one expression, as data.
//
// An expression is a tree, a text (segment/text.h) and a protobuf message (codec/segment.h) that say the same and turn into each other without
// loss. It is about one person at one time: what it reads are the values of the person's profile (profile/profile.h) and the person's events.
// It has no loops, no I/O and no state, and takes no more steps than its size times the person's facts.
//
// Somebody is a member where it is *true*. Logic is three-valued (Kleene 1952): what is not known is neither true nor false, nor zero. A
// comparison with something unknown is unknown; `not` of it too; false `and` it is false, true `or` it is true.
//
// docs/segments.md has the language for people.
//
// THREADS: plain values.
#ifndef POLYONYM_SEGMENT_EXPRESSION_H_
#define POLYONYM_SEGMENT_EXPRESSION_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "polyonym/model/facts.h"

namespace polyonym {

// Bounds of one expression: more is refused where it is read, parsed or checked, and never recursed into.
inline constexpr std::size_t kMaxExpressionBytes = 64 * 1024;  // of its text
inline constexpr std::size_t kMaxExpressionDepth = 64;
inline constexpr std::size_t kMaxExpressionNodes = 4096;
inline constexpr std::size_t kMaxSequenceSteps = 32;
// Of `in`: literals.
inline constexpr std::size_t kMaxExpressionList = 1024;

// Types of expressions: those of values, and one more. kNumber takes in whole numbers; they are told apart by their values alone.
enum class ExpressionType : std::uint8_t {
  kFlag,
  kNumber,
  kText,
  kInstant,
  kDuration,  // whole milliseconds
  kDate,
  kMoney,  // in one currency, or a list with an amount for each: a comparison takes the one in the other side's currency
  kList,
};
std::string_view ToString(ExpressionType type);  // `flag`, `number`, ...

// The comment says the text and the type. `x` is args[0], `y` args[1]. Stored by their names in protobuf.
enum class ExpressionOp : std::uint8_t {
  // ---- values ----
  kLiteral,  // value: text "a", number 1.5, whole 3, yes, no, money 19.99 CNY, instant 2026-11-28T09:00:00Z, date 2001-02-28
  kDuration,  // 30 days          duration; value: whole ms, 0 or more
  kNow,       // now              instant

  // ---- logic: flags to a flag ----
  kNot,      // not x
  kAnd,      // x and y and ...   2 or more args
  kOr,       // x or y or ...     2 or more args
  kIsKnown,  // x is known        never unknown; of any type; a list without elements is known too

  // ---- comparisons: a flag ----
  // Of one type: numbers by value (whole and fractional ones exactly), text by bytes, flags (= and != only), instants, durations, dates by
  // Compare(); money in one currency. Dates: a date without year, or of another calendar than the other's, compares as unknown but for = and !=.
  kEqual,         // x = y
  kNotEqual,      // x != y
  kLess,          // x < y
  kLessEqual,     // x <= y
  kGreater,       // x > y
  kGreaterEqual,  // x >= y
  kIn,  // x in ("a", "b")   x = one of `value`'s elements (a list of literals of x's type, 1 or more)
  kContains,  // x contains y      text in text (by bytes; empty text is in every one); or y (a literal) an element of the list x:
              // one of another type or currency is not y, and an empty list contains nothing
  kStartsWith,  // x starts with y   text
  kEndsWith,    // x ends with y     text
  kMatches,  // x matches "re"    name: an RE2 pattern that is found anywhere in x; of a list: in an element of it

  // ---- arithmetic ----
  // Numbers; instant - instant = duration; instant + - duration; duration + - duration; duration * number, duration / number: duration, to
  // the nearest ms (half to even); duration / duration: number; money + - money of one currency; money * number: to the nearest minor unit,
  // half to even. Whole numbers stay whole but in a division, which gives a fraction. Division by zero, another currency and what goes
  // beyond 64 bits, or is not finite, are unknown.
  kAdd,       // x + y
  kSubtract,  // x - y
  kMultiply,  // x * y
  kDivide,    // x / y
  kNegate,    // -x               number, money, duration

  // ---- the calendar, in the segment's zone ----
  kDaysSince,  // days since x         number: calendar days from the day of x (instant, or date with year) to that of now; < 0 ahead
  kYearsSince,  // years since x        number: AgeOn() of it (instant or date); unknown ahead of now
  kDaysToAnniversary,  // days to anniversary of x   number, 0: today; NextAnniversary() of x (instant or date)
  kYearOf,  // year of x            number; of a date of the Chinese calendar: as it says, unknown without one
  kMonthOf,        // month of x           number 1..12
  kDayOf,          // day of x             number 1..31
  kWeekdayOf,      // weekday of x         number 1 Monday .. 7 Sunday; of a date that is ToSolar()
  kHourOf,         // hour of x            number 0..23; instants
  kAnniversaryIn,  // anniversary of x in this month   flag: whether a day of x's anniversary (instant or date) lies in the unit that now is in; `window`: kLast 1 unit

  // ---- of the person ----
  kHas,  // has phone                 flag: an identifier of the namespace `name`, a family or family/scope
  kIdentifiers,  // identifiers phone         list of text: their values, sorted; always known, as the tags below
  kSize,   // size of x                 number: elements of a list; 0 where it is unknown too
  kTrait,  // trait city                as defined; of folds with several values a list
  kTag,    // tag coffee                flag: the profile has the tag; false where not
  kTagScore,  // score of tag coffee       number; unknown where the profile has it not, as the next four
  kTagCount,     // count of tag coffee       number
  kTagFirst,     // first of tag coffee       instant
  kTagLast,      // last of tag coffee        instant
  kTagPlace,     // place of tag coffee       text: the name of the last place
  kTagLayer,     // layer gold of tag coffee  flag; field: the layer
  kTagsOfClass,  // tags of class interest    list of text: names of the profile's tags that are defined with the class, sorted
  kTagsOfTopic,  // tags of topic sport       list of text: ... with the topic
  kConsent,  // consent ads               text: granted, denied, withdrawn; unknown where nobody said anything
  kConsentConflict,  // conflict of consent ads   flag; false where nobody said anything
  kStage,            // stage of lifecycle        text; unknown where on none
  kHighestStage,     // highest stage of lifecycle    text; unknown where never on one
  kStageEntered,     // entered stage of lifecycle    instant; unknown where on none
  kScore,  // alive of score value      field: see ScoreField; of Definitions::purchase_scores
  kChannelShare,  // share phone of score channels     number; field: the channel; 0 where it is not among those of the score
  kTopChannel,    // top of score channels     text; unknown where there is none
  kCompleteness,  // completeness              number 0..1
  kRelations,     // relations invites         number: relation facts of the type `name`
  kRelatedTo,  // relation invites to "crm:7"   flag: one of the type to the identifier `field` (namespace:value, as the fact says it)
  kInSegment,  // in segment vip            as that segment is: true, false or unknown
  kBucket,  // bucket "salt"             number 0 <= n < 1: of the person's anchor identifier, by the salt; docs/segments.md

  // ---- of the person's events: see EventQuery; unknown events are none ----
  kDid,    // did(order)                              flag: there is one
  kCount,  // count(order within 30 days)             number
  kSum,  // sum(value of order)                     number or money: of x over them; those where it is unknown do not count; 0 of none
  kAverage,  // average(value of order)                 number or money (to the nearest minor unit, half to even); unknown of none
  kMin,  // min(property price of order)            of x's type: number, money, instant, duration, date, text; unknown of none
  kMax,  // max(...)
  kFirst,  // first(time of order)                    x of the earliest of them where it is known, in the order of facts; unknown of none
  kLast,   // last(time of order)
  kDistinct,   // distinct(place of order)                number of different values of x
  kSequence,   // sequence(view, then order)             flag; `sequence`
  kSequences,  // sequences(view, then order)            number of times that it matches, one after the other and not overlapping: each the match that ends first
  kFunnel,  // funnel(view, cart, order within 2 days)   number: the most steps that were passed, 0..n

  // ---- of the event at hand: in `where`, and as x of the aggregates ----
  kEventTime,        // time          instant
  kEventType,        // type          text
  kEventValue,       // value         money
  kEventPlace,       // place         text: its name
  kEventChannel,     // channel       text: namespace of the identifier that it belongs to
  kEventCampaign,    // campaign      text
  kEventDirection,   // direction     text: in, out
  kEventMode,        // mode          text: automatic, manual, batch
  kEventVisibility,  // visibility   text: public, one_to_one, group
  kEventProperty,  // property price   any type, known where it is read: a comparison with another type is unknown
  kNear,  // near(31.23, 121.47, 500)   flag: its place lies within args[2] metres of latitude args[0], longitude args[1] (number literals)
};

enum class ScoreField : std::uint8_t {
  kRfm,      // number: 543
  kRecency,  // number: digits of it
  kFrequency,
  kMonetary,
  kState,          // text: none, once, active, due, lost
  kAlive,          // number 0..1
  kExpected,       // number
  kExpectedValue,  // money
  kTotal,          // money
  kPurchases,      // number
  kDue,            // instant
};
std::string_view ToString(ScoreField field);  // `rfm`, ..., `expected_value`, ...

enum class CalendarUnit : std::uint8_t { kHour, kDay, kWeek, kMonth, kQuarter, kYear };
std::string_view ToString(CalendarUnit unit);  // `hour`, ...; weeks begin on Monday

// Which times count. None after now ever does.
struct TimeWindow {
  enum class Kind : std::uint8_t {
    kEver,
    kWithin,  // within 30 days           after now - span_ms
    kLast,  // in last 7 days           the unit that now is in, and the count - 1 before it: 最近7天; `in this month` is kLast 1 month
    kPast,  // in past 7 days           the `count` whole units before the one that now is in: 过去7天
    kBetween,  // from 2026-01-01T00:00:00Z to 2026-02-01T00:00:00Z     from_ms <= time < to_ms; either may be left out
  };
  Kind kind = Kind::kEver;
  std::int64_t span_ms = 0;                // kWithin: 1 or more, up to a hundred years
  CalendarUnit unit = CalendarUnit::kDay;  // kLast, kPast
  std::uint32_t count = 1;                 // kLast, kPast: range 1..10,000
  std::optional<std::int64_t> from_ms;     // kBetween
  std::optional<std::int64_t> to_ms;
  friend bool operator==(const TimeWindow&, const TimeWindow&) = default;
};

struct Expression;

// Events of the person up to now: of any of the types (none: all), in the window, for which `where` is true.
struct EventQuery {
  std::vector<std::string> types;
  std::vector<Expression> where;  // none, or one flag about the event at hand
  TimeWindow window;
};

// Events one after the other. Only events that match a condition are looked at; the others are as if they had not been. They are
// taken in the order of facts: by time, and of one time in their fixed order.
struct EventSequence {
  std::vector<EventQuery> conditions;  // without windows; 1 or more
  // What kSequence and kSequences look for, as a pattern over the conditions (ClickHouse's sequenceMatch() has the same: `(?1)(?2)` is a step
  // and a step directly after it, `(?1).*(?2)` a step and a later one). An event may match several conditions. Steps take different events.
  struct Step {
    std::uint32_t condition = 0;
    bool directly =
        false;  // the very next event that is looked at; else any later one. Of the first step: means nothing, false
    std::int64_t within_ms = 0;  // at most so long after the step before; 0: no bound
    friend bool operator==(const Step&, const Step&) = default;
  };
  std::vector<Step>
      steps;  // kSequence, kSequences: 1 or more. kFunnel: none, its steps are the conditions in their order
  // kSequence, kSequences: from the first step to the last, 0: no bound. kFunnel: from the first to each, 1 or more. The bound itself is within.
  std::int64_t within_ms = 0;
  // kFunnel, the strictness of ClickHouse's windowFunnel(): none of them, a step counts that comes at or after the one before, whatever lies
  // between.
  bool deduplicate =
      false;  // strict deduplication: a step that was passed and comes again ends the chain
  bool in_order =
      false;  // strict order: any looked-at event but the next step (or, before the second, the first again) ends the chain
  bool increasing =
      false;          // strict increase: a step is later than the one before, not at the same time
  TimeWindow window;  // of all of them
};

struct Expression {
  ExpressionOp op = ExpressionOp::kLiteral;
  Value value;
  std::string name;
  std::string field;
  std::vector<Expression> args;
  std::vector<EventQuery> events;       // kDid to kDistinct: one
  std::vector<EventSequence> sequence;  // kSequence, kSequences, kFunnel: one
  TimeWindow window;                    // kAnniversaryIn
  // Where it begins in the text that it was parsed from: bytes before it, and 1; 0: it was not. No part of ==.
  std::uint32_t place = 0;

  friend bool operator==(const Expression&, const Expression&);
};
bool operator==(const EventQuery& a, const EventQuery& b);
bool operator==(const EventSequence& a, const EventSequence& b);

// Nodes, and the longest way down; arguments, conditions and `where` count alike.
// COST: one pass, without recursion.
struct ExpressionSize {
  std::size_t nodes = 0;
  std::size_t depth = 0;
};
ExpressionSize SizeOf(const Expression& expression);

}  // namespace polyonym

#endif  // POLYONYM_SEGMENT_EXPRESSION_H_
