#include "harness/random_expression.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <utility>
#include <vector>

#include "harness/random_facts.h"
#include "polyonym/segment/text.h"

namespace polyonym::harness {
namespace {

using Op = ExpressionOp;
using Type = ExpressionType;
using Values = std::vector<Value>;

constexpr std::int64_t kDayMs = 86'400'000;
constexpr int kMaxDepth = 5;

// An expression with its type, and values that it may well have; of lists their elements. `element`: of lists, the type of all of
// them; kList: they are of any.
struct Typed {
  Expression expression;
  Type type;
  Values likely;
  Type element = Type::kList;
};

Type TypeOf(ValueType type) {
  switch (type) {
    case ValueType::kText:
      return Type::kText;
    case ValueType::kFlag:
      return Type::kFlag;
    case ValueType::kInstant:
      return Type::kInstant;
    case ValueType::kDate:
      return Type::kDate;
    case ValueType::kList:
      return Type::kList;
    case ValueType::kMoney:
      return Type::kMoney;
    default:
      return Type::kNumber;
  }
}

// After the fold.
Type TypeOf(const TraitDefinition& trait) {
  switch (trait.fold) {
    case Fold::kCount:
    case Fold::kDistinct:
    case Fold::kDecayedSum:
      return Type::kNumber;
    case Fold::kUnion:
    case Fold::kTopN:
      return Type::kList;
    default:
      return TypeOf(trait.type);
  }
}

Values Texts(const std::vector<std::string>& texts) {
  Values values;
  for (const std::string& text : texts) values.push_back({text});
  return values;
}

Expression Make(Op op, std::vector<Expression> args = {}) {
  Expression made;
  made.op = op;
  made.args = std::move(args);
  return made;
}

Expression Named(Op op, std::string name, std::string field = {}) {
  Expression made = Make(op);
  made.name = std::move(name);
  made.field = std::move(field);
  return made;
}

Expression LiteralOf(Value value) {
  Expression made;
  made.value = std::move(value);
  return made;
}

// What is counted comes to.
Values Few() {
  return {{std::int64_t{0}}, {std::int64_t{1}}, {std::int64_t{2}}, {std::int64_t{3}}};
}

class Maker {
 public:
  Maker(Random& random, const Definitions& definitions, std::span<const std::string> segments)
      : random_(random), definitions_(definitions), segments_(segments) {}

  Expression Flag(int depth) {
    if (depth > 1 && random_.Chance(30)) return Logic(depth);
    return FlagAbout(Any(depth), depth);
  }

 private:
  using Maybe = std::optional<Typed>;
  using Source = Maybe (Maker::*)(int depth);

  bool Coin() { return random_.Chance(50); }
  // A vector that is made for this.
  template <class T>
  T Pick(const std::vector<T>& from) {
    return random_.Pick(from);
  }

  // ---- Literals ----

  std::int64_t Span() {
    if (random_.Chance(30)) return random_.Between(1, 6) * kDayMs;
    if (random_.Chance(5)) return random_.Between(0, 100'000);
    return kRandomStepMs * random_.Between(1, 14);
  }

  std::int64_t Moment() {
    const std::int64_t days = random_.Chance(30) ? random_.Between(1, 5) : 0;
    return kRandomFactsMs - days * kDayMs + kRandomStepMs * random_.Between(-9, 4);
  }

  Value LiteralValue(Type type) {
    switch (type) {
      case Type::kFlag:
        return {Coin()};
      case Type::kText:
        return RandomValue(random_, ValueType::kText);
      case Type::kInstant:
        return {Instant{Moment()}};
      case Type::kDate:
        return RandomValue(random_, ValueType::kDate);
      case Type::kMoney:
        return RandomValue(random_, ValueType::kMoney);
      default: {
        Value value = RandomValue(random_, Coin() ? ValueType::kWhole : ValueType::kNumber);
        if (value == Value{0.0}) value = {0.0};  // which text has no other of
        return value;
      }
    }
  }

  Value LiteralFor(const Typed& typed) {
    if (!typed.likely.empty() && random_.Chance(85)) return random_.Pick(typed.likely);
    return LiteralValue(typed.type);
  }

  Expression Duration() {
    Expression made = Make(Op::kDuration);
    made.value = {Span()};
    return made;
  }

  // ---- Of any type ----

  // REQUIRES: no list.
  Expression Literal(Type type) {
    return type == Type::kDuration ? Duration() : LiteralOf(LiteralValue(type));
  }

  // Something to compare `typed` with.
  Expression Other(const Typed& typed, int depth) {
    if (depth <= 1 || random_.Chance(70))
      return typed.type == Type::kDuration ? Duration() : LiteralOf(LiteralFor(typed));
    return Of(typed.type, depth - 1);
  }

  Expression Of(Type type, int depth) {
    for (int tries = 0; tries < 12; ++tries) {
      Typed found = Any(depth);
      if (found.type == type) return std::move(found.expression);
    }
    if (type == Type::kInstant && Coin()) return Make(Op::kNow);
    return Literal(type);
  }

  // ---- Flags ----

  Expression Logic(int depth) {
    if (random_.Chance(30)) return Make(Op::kNot, {Flag(depth - 1)});
    std::vector<Expression> args;
    for (std::int64_t n = random_.Between(2, 3); n > 0; --n) args.push_back(Flag(depth - 1));
    return Make(Coin() ? Op::kAnd : Op::kOr, std::move(args));
  }

  Expression FlagAbout(Typed x, int depth) {
    if (random_.Chance(8)) return Make(Op::kIsKnown, {std::move(x.expression)});
    if (depth > 1 && random_.Chance(20)) x = Calculated(std::move(x), depth);
    switch (x.type) {
      case Type::kFlag:
        if (random_.Chance(75)) return std::move(x.expression);
        return Make(Coin() ? Op::kEqual : Op::kNotEqual, {x.expression, Other(x, depth)});
      case Type::kText:
        return random_.Chance(40) ? TextFlag(x, depth) : Compared(x, depth);
      case Type::kList:
        return ListFlag(std::move(x), depth);
      case Type::kInstant:
      case Type::kDate:
        return Coin() ? CalendarFlag(std::move(x), depth) : Compared(x, depth);
      default:
        return Compared(x, depth);
    }
  }

  Expression Compared(const Typed& x, int depth) {
    static const std::vector<Op> kOps = {Op::kEqual,     Op::kNotEqual, Op::kLess,
                                         Op::kLessEqual, Op::kGreater,  Op::kGreaterEqual};
    if (x.type == Type::kDuration || random_.Chance(85))
      return Make(random_.Pick(kOps), {x.expression, Other(x, depth)});
    ValueList list;
    for (std::int64_t n = random_.Between(1, 3); n > 0; --n) list.push_back(LiteralFor(x));
    Expression made = Make(Op::kIn, {x.expression});
    made.value = {std::move(list)};
    return made;
  }

  Expression TextFlag(const Typed& x, int depth) {
    static const std::vector<Op> kOps = {Op::kContains, Op::kStartsWith, Op::kEndsWith};
    if (random_.Chance(25)) return Matched(x.expression);
    if (Coin()) return Make(random_.Pick(kOps), {x.expression, Other(x, depth)});
    const std::string part = Pick<std::string>({"a", "sh", "", "o", "野", "in", "Shang", "1"});
    return Make(random_.Pick(kOps), {x.expression, LiteralOf({part})});
  }

  Expression Matched(Expression x) {
    Expression made = Make(Op::kMatches, {std::move(x)});
    made.name = Pick<std::string>(
        {"^S", "hai$", "[a-z]+", "\\p{Han}", "^.$", "(?i)SHANG|武", "^$", "1|a", "\"\\\\"});
    return made;
  }

  Expression ListFlag(Typed x, int depth) {
    const bool may_be_text = x.element == Type::kText || x.element == Type::kList;
    switch (random_.Below(may_be_text ? 5 : 4)) {
      case 4:
        return Matched(std::move(x.expression));
      case 0:
        return Compared({Make(Op::kSize, {std::move(x.expression)}), Type::kNumber, {}}, depth);
      default: {
        const Type type = x.element != Type::kList
                              ? x.element
                              : Pick<Type>({Type::kText, Type::kText, Type::kNumber, Type::kNumber,
                                            Type::kMoney, Type::kDate, Type::kFlag});
        Value element = LiteralFor({{}, type, x.likely});
        return Make(Op::kContains, {std::move(x.expression), LiteralOf(std::move(element))});
      }
    }
  }

  // `x`: an instant or a date.
  Expression CalendarFlag(Typed x, int depth) {
    static const std::vector<Op> kOps = {Op::kDaysSince, Op::kYearsSince, Op::kDaysToAnniversary,
                                         Op::kYearOf,    Op::kMonthOf,    Op::kDayOf,
                                         Op::kWeekdayOf, Op::kHourOf,     Op::kAnniversaryIn};
    Op op = random_.Pick(kOps);
    if (op == Op::kHourOf && x.type != Type::kInstant) op = Op::kDaysSince;
    Expression made = Make(op, {std::move(x.expression)});
    if (op == Op::kAnniversaryIn) {
      made.window = {.kind = TimeWindow::Kind::kLast,
                     .unit = static_cast<CalendarUnit>(random_.Between(1, 5))};
      return made;
    }
    Values likely;
    const auto of = [&](std::initializer_list<std::int64_t> numbers) {
      for (const std::int64_t number : numbers) likely.push_back({number});
    };
    if (op == Op::kDaysSince) of({0, 1, 2, 3, 4, 5, 30});
    if (op == Op::kYearsSince) of({0, 1, 3, 18, 23, 33});
    if (op == Op::kDaysToAnniversary) of({0, 1, 90, 106, 107, 364, 365});
    if (op == Op::kYearOf) of({1990, 2000, 2020, 2023, 2024});
    if (op == Op::kMonthOf) of({2, 4, 8, 11, 12});
    if (op == Op::kDayOf) of({8, 14, 15, 28, 29});
    if (op == Op::kWeekdayOf) of({1, 2, 3, 6, 7});
    if (op == Op::kHourOf) of({0, 5, 6, 17, 21, 22});
    return Compared({std::move(made), Type::kNumber, std::move(likely)}, depth);
  }

  // ---- Arithmetic on `x`, of whatever type that gives ----

  // Money by a number that leaves halves of a minor unit.
  Typed Scaled(Typed x) {
    const double by = Pick<double>({1.25, 0.25, -0.75, 0.1, 12.3456785});
    Values likely = Amounts({-63, -62, -38, -37, 5, 12, 13, 25, 62, 63, 187, 188, 617});
    return {Make(Op::kMultiply, {std::move(x.expression), LiteralOf({by})}), x.type, likely};
  }

  Values Amounts(std::initializer_list<std::int64_t> minor_units) {
    const std::string currency = Pick<std::string>({"CNY", "CNY", "JPY", "USD"});
    Values amounts;
    for (const std::int64_t units : minor_units) amounts.push_back({Money{units, currency}});
    return amounts;
  }

  Typed Calculated(Typed x, int depth) {
    static const std::vector<Op> kNumberOps = {Op::kAdd, Op::kSubtract, Op::kMultiply, Op::kDivide};
    const Op sum = Coin() ? Op::kAdd : Op::kSubtract;
    const auto number = [&] { return Other({{}, Type::kNumber, {}}, depth - 1); };
    switch (x.type) {
      case Type::kNumber:
        if (random_.Chance(15)) return {Make(Op::kNegate, {x.expression}), x.type, {}};
        return {Make(random_.Pick(kNumberOps), {x.expression, number()}), x.type, x.likely};
      case Type::kMoney:
        if (random_.Chance(15)) return {Make(Op::kNegate, {x.expression}), x.type, {}};
        if (Coin()) return Scaled(std::move(x));
        return {Make(sum, {x.expression, Other(x, depth - 1)}), x.type, {}};
      case Type::kInstant:
        if (Coin()) return {Make(sum, {x.expression, AnyDuration(depth - 1)}), x.type, {}};
        return {Make(Op::kSubtract, {Coin() ? Make(Op::kNow) : Other(x, depth - 1), x.expression}),
                Type::kDuration,
                {}};
      case Type::kDuration:
        if (random_.Chance(30))
          return {Make(Op::kDivide, {x.expression, AnyDuration(depth - 1)}), Type::kNumber, {}};
        return {std::move(x.expression), x.type, {}};
      default:
        return x;
    }
  }

  Expression AnyDuration(int depth) {
    Expression made = Duration();
    if (depth <= 1 || random_.Chance(60)) return made;
    const auto number = [&] { return Other({{}, Type::kNumber, {}}, depth - 1); };
    switch (random_.Below(4)) {
      case 0:
        return Make(Coin() ? Op::kMultiply : Op::kDivide, {std::move(made), number()});
      case 1:
        return Make(Coin() ? Op::kAdd : Op::kSubtract, {std::move(made), Duration()});
      case 2:
        return Make(Op::kNegate, {std::move(made)});
      default:
        return Make(Op::kSubtract, {Make(Op::kNow), Of(Type::kInstant, depth - 1)});
    }
  }

  // ---- What there is to ask ----

  // Of the event at hand where there is one, and now and then of the person there too.
  Typed Any(int depth) {
    for (;;) {
      const std::vector<Source>& sources = in_event_ && random_.Chance(92) ? kOfEvent : kOfPerson;
      if (Maybe found = (this->*random_.Pick(sources))(depth)) return std::move(*found);
    }
  }

  static const std::vector<Source> kOfPerson;
  static const std::vector<Source> kOfEvent;

  template <class T>
  const T* Some(const std::vector<T>& list) {
    return list.empty() ? nullptr : &random_.Pick(list);
  }

  Maybe OfIdentifiers(int) {
    const Identifier& identifier = random_.Pick(NamesOfRandomFacts().identifiers);
    const std::string ns = Coin() ? identifier.ns : std::string(FamilyOf(identifier.ns));
    if (Coin()) return Typed{Named(Op::kHas, ns), Type::kFlag, {}};
    return Typed{Named(Op::kIdentifiers, ns), Type::kList, Texts({identifier.value, "2"}),
                 Type::kText};
  }

  Maybe OfTrait(int) {
    std::vector<const TraitDefinition*> all;
    for (const TraitDefinition& trait : definitions_.traits) all.push_back(&trait);
    for (const EventTrait& computed : definitions_.event_traits) all.push_back(&computed.trait);
    if (all.empty()) return std::nullopt;
    const TraitDefinition& trait = *random_.Pick(all);
    const bool is_of_values = trait.fold == Fold::kUnion || trait.fold == Fold::kTopN;
    return Typed{Named(Op::kTrait, trait.name),
                 TypeOf(trait),
                 {},
                 is_of_values ? TypeOf(trait.type) : Type::kList};
  }

  Maybe OfTag(int) {
    const TagDefinition* tag = Some(definitions_.tags);
    if (tag == nullptr) return std::nullopt;
    const std::string& name = tag->name;
    switch (random_.Below(9)) {
      case 0:
        return Typed{Named(Op::kTagScore, name), Type::kNumber, {}};
      case 1:
        return Typed{Named(Op::kTagCount, name), Type::kNumber, Few()};
      case 2:
        return Typed{Named(Op::kTagFirst, name), Type::kInstant, {}};
      case 3:
        return Typed{Named(Op::kTagLast, name), Type::kInstant, {}};
      case 4:
        return Typed{Named(Op::kTagPlace, name), Type::kText, PlaceNames()};
      case 5:
        if (tag->layers.empty()) return std::nullopt;
        return Typed{Named(Op::kTagLayer, name, random_.Pick(tag->layers).name), Type::kFlag, {}};
      case 6:
        return Typed{Named(Op::kTagsOfClass, std::string(ToString(tag->klass))), Type::kList,
                     Texts({name}), Type::kText};
      case 7:
        if (tag->topics.empty()) return std::nullopt;
        return Typed{Named(Op::kTagsOfTopic, random_.Pick(tag->topics)), Type::kList, Texts({name}),
                     Type::kText};
      default:
        return Typed{Named(Op::kTag, name), Type::kFlag, {}};
    }
  }

  Maybe OfConsent(int) {
    const PurposeDefinition* purpose = Some(definitions_.purposes);
    if (purpose == nullptr) return std::nullopt;
    if (random_.Chance(30))
      return Typed{Named(Op::kConsentConflict, purpose->name), Type::kFlag, {}};
    return Typed{Named(Op::kConsent, purpose->name), Type::kText,
                 Texts({"granted", "denied", "withdrawn"})};
  }

  Maybe OfLadder(int) {
    const Ladder* ladder = Some(definitions_.ladders);
    if (ladder == nullptr) return std::nullopt;
    Values stages;
    for (const Stage& stage : ladder->stages) stages.push_back({stage.name});
    switch (random_.Below(3)) {
      case 0:
        return Typed{Named(Op::kStageEntered, ladder->name), Type::kInstant, {}};
      case 1:
        return Typed{Named(Op::kHighestStage, ladder->name), Type::kText, stages};
      default:
        return Typed{Named(Op::kStage, ladder->name), Type::kText, stages};
    }
  }

  Maybe OfPurchases(int) {
    const PurchaseScore* score = Some(definitions_.purchase_scores);
    if (score == nullptr) return std::nullopt;
    const auto field =
        static_cast<ScoreField>(random_.Below(static_cast<std::uint64_t>(ScoreField::kDue) + 1));
    Expression made = Named(Op::kScore, score->name, std::string(ToString(field)));
    switch (field) {
      case ScoreField::kState:
        return Typed{made, Type::kText, Texts({"none", "once", "active", "due", "lost"})};
      case ScoreField::kExpectedValue:
      case ScoreField::kTotal:
        return Typed{
            made, Type::kMoney, {{Money{50, score->currency}}, {Money{0, score->currency}}}};
      case ScoreField::kDue:
        return Typed{made, Type::kInstant, {}};
      case ScoreField::kRfm:
        return Typed{made, Type::kNumber, {{std::int64_t{111}}, {std::int64_t{222}}}};
      case ScoreField::kAlive:
        return Typed{made, Type::kNumber, {{0.1}, {0.5}, {std::int64_t{1}}}};
      default:
        return Typed{made, Type::kNumber, {}};
    }
  }

  Maybe OfChannels(int) {
    const ChannelScore* score = Some(definitions_.channel_scores);
    if (score == nullptr) return std::nullopt;
    const std::string channel = random_.Pick(NamesOfRandomFacts().identifiers).ns;
    if (Coin()) return Typed{Named(Op::kTopChannel, score->name), Type::kText, Texts({channel})};
    return Typed{Named(Op::kChannelShare, score->name, channel),
                 Type::kNumber,
                 {{0.5}, {0.25}, {std::int64_t{1}}}};
  }

  Maybe OfCompleteness(int) {
    if (Coin()) return std::nullopt;  // there is little to say of it
    return Typed{Make(Op::kCompleteness), Type::kNumber, {{0.5}, {std::int64_t{1}}}};
  }

  Maybe OfRelations(int) {
    const std::string type = random_.Pick(NamesOfRandomFacts().relations);
    if (Coin()) return Typed{Named(Op::kRelations, type), Type::kNumber, Few()};
    const std::string other = ToString(random_.Pick(NamesOfRandomFacts().identifiers));
    return Typed{Named(Op::kRelatedTo, type, other), Type::kFlag, {}};
  }

  Maybe OfSegment(int) {
    if (segments_.empty()) return std::nullopt;
    return Typed{
        Named(Op::kInSegment, segments_[random_.Below(segments_.size())]), Type::kFlag, {}};
  }

  Maybe OfBucket(int) {
    return Typed{Named(Op::kBucket, Pick<std::string>({"salt", "spring test", "盐"})),
                 Type::kNumber,
                 {{0.1}, {0.25}, {0.5}, {0.9}}};
  }

  Maybe OfNow(int) {
    if (random_.Chance(80)) return std::nullopt;
    return Typed{Make(Op::kNow), Type::kInstant, {}};
  }

  // ---- Events ----

  TimeWindow Window() {
    TimeWindow window;
    if (random_.Chance(25)) return window;
    window.kind = static_cast<TimeWindow::Kind>(random_.Below(5));
    switch (window.kind) {
      case TimeWindow::Kind::kEver:
        break;
      case TimeWindow::Kind::kWithin:
        window.span_ms = std::max<std::int64_t>(1, Span());
        break;
      case TimeWindow::Kind::kLast:
      case TimeWindow::Kind::kPast: {
        static const std::vector<std::int64_t> kMost = {40, 20, 6, 5, 3, 2};  // by unit
        window.unit = static_cast<CalendarUnit>(random_.Below(6));
        window.count = static_cast<std::uint32_t>(
            random_.Between(1, kMost[static_cast<std::size_t>(window.unit)]));
        break;
      }
      case TimeWindow::Kind::kBetween:
        window.from_ms = Moment();
        window.to_ms = *window.from_ms + kRandomStepMs * random_.Between(1, 200);
        if (random_.Chance(30)) window.from_ms.reset();
        if (window.from_ms && random_.Chance(30)) window.to_ms.reset();
        break;
    }
    return window;
  }

  template <class Make>
  auto AboutEvent(const Make& make) {
    const bool was = std::exchange(in_event_, true);
    auto made = make();
    in_event_ = was;
    return made;
  }

  // Without a window.
  EventQuery Condition(int depth) {
    EventQuery query;
    for (const std::string& type : NamesOfRandomFacts().event_types) {
      if (random_.Chance(35)) query.types.push_back(type);
    }
    if (depth > 1 && random_.Chance(40))
      query.where.push_back(AboutEvent([&] { return Flag(depth - 1); }));
    return query;
  }

  EventQuery Query(int depth) {
    EventQuery query = Condition(depth);
    query.window = Window();
    return query;
  }

  Expression OverEvents(Op op, int depth) {
    Expression made = Make(op);
    made.events.push_back(Query(depth));
    return made;
  }

  // Questions about events in questions about events are few.
  bool IsTooMuch() { return in_event_ && !random_.Chance(10); }

  Maybe Did(int depth) {
    if (IsTooMuch()) return std::nullopt;
    return Typed{OverEvents(Op::kDid, depth), Type::kFlag, {}};
  }
  Maybe Count(int depth) {
    if (IsTooMuch()) return std::nullopt;
    return Typed{OverEvents(Op::kCount, depth), Type::kNumber, Few()};
  }

  // Of something of the events, of one of `types`.
  Maybe Aggregate(Op op, const std::vector<Type>& types, int depth) {
    if (IsTooMuch()) return std::nullopt;
    Typed x = AboutEvent([&] {
      for (;;) {
        Typed found = Any(depth - 1);
        if (depth > 1 && random_.Chance(15)) found = Calculated(std::move(found), depth - 1);
        if (std::find(types.begin(), types.end(), found.type) != types.end()) return found;
      }
    });
    Expression made = OverEvents(op, depth);
    made.args.push_back(std::move(x.expression));
    if (op == Op::kDistinct) return Typed{std::move(made), Type::kNumber, Few()};
    if (op == Op::kAverage && x.type == Type::kMoney)
      x.likely = Amounts({-17, -16, 0, 16, 17, 25, 33, 34, 50, 66, 67, 83, 84});
    return Typed{std::move(made), x.type, x.likely, x.element};
  }

  Maybe Sum(int depth) { return Aggregate(Op::kSum, {Type::kNumber, Type::kMoney}, depth); }
  Maybe Average(int depth) { return Aggregate(Op::kAverage, {Type::kNumber, Type::kMoney}, depth); }
  static const std::vector<Type>& Ordered() {
    static const std::vector<Type> kTypes = {Type::kNumber,   Type::kMoney, Type::kInstant,
                                             Type::kDuration, Type::kDate,  Type::kText};
    return kTypes;
  }
  static const std::vector<Type>& All() {
    static const std::vector<Type> kTypes = {Type::kFlag,     Type::kNumber, Type::kText,
                                             Type::kInstant,  Type::kDate,   Type::kMoney,
                                             Type::kDuration, Type::kList};
    return kTypes;
  }
  Maybe Min(int depth) { return Aggregate(Op::kMin, Ordered(), depth); }
  Maybe Max(int depth) { return Aggregate(Op::kMax, Ordered(), depth); }
  Maybe First(int depth) { return Aggregate(Op::kFirst, All(), depth); }
  Maybe Last(int depth) { return Aggregate(Op::kLast, All(), depth); }
  Maybe Distinct(int depth) { return Aggregate(Op::kDistinct, All(), depth); }

  // With conditions and a window.
  EventSequence Conditions(std::int64_t least, std::int64_t most, int depth) {
    EventSequence sequence;
    for (std::int64_t n = random_.Between(least, most); n > 0; --n)
      sequence.conditions.push_back(Condition(depth));
    sequence.window = Window();
    return sequence;
  }

  Expression Chain(Op op, int depth) {
    EventSequence sequence = Conditions(1, 3, depth);
    for (std::int64_t n = random_.Between(1, 4); n > 0; --n) {
      EventSequence::Step step;
      step.condition = static_cast<std::uint32_t>(random_.Below(sequence.conditions.size()));
      if (!sequence.steps.empty()) {
        step.directly = random_.Chance(30);
        if (random_.Chance(30)) step.within_ms = std::max<std::int64_t>(1, Span());
      }
      sequence.steps.push_back(step);
    }
    if (random_.Chance(40)) sequence.within_ms = std::max<std::int64_t>(1, Span());
    Expression made = Make(op);
    made.sequence.push_back(std::move(sequence));
    return made;
  }

  Maybe Sequence(int depth) {
    if (IsTooMuch()) return std::nullopt;
    return Typed{Chain(Op::kSequence, depth), Type::kFlag, {}};
  }
  Maybe Sequences(int depth) {
    if (IsTooMuch()) return std::nullopt;
    return Typed{Chain(Op::kSequences, depth), Type::kNumber, Few()};
  }
  Maybe Funnel(int depth) {
    if (IsTooMuch()) return std::nullopt;
    EventSequence funnel = Conditions(random_.Chance(10) ? 1 : 2, 4, depth);
    funnel.within_ms = Coin() ? 5 * kDayMs : std::max<std::int64_t>(1, Span());
    funnel.deduplicate = random_.Chance(30);
    funnel.in_order = random_.Chance(40);
    funnel.increasing = random_.Chance(30);
    Expression made = Make(Op::kFunnel);
    made.sequence.push_back(std::move(funnel));
    return Typed{std::move(made), Type::kNumber, Few()};
  }

  // ---- The event at hand ----

  static Values PlaceNames() {
    Values names;
    for (const Place& place : NamesOfRandomFacts().places) names.push_back({place.name});
    return names;
  }

  Maybe EventTime(int) { return Typed{Make(Op::kEventTime), Type::kInstant, {}}; }
  Maybe EventType(int) {
    return Typed{Make(Op::kEventType), Type::kText, Texts(NamesOfRandomFacts().event_types)};
  }
  Maybe EventValue(int) { return Typed{Make(Op::kEventValue), Type::kMoney, {}}; }
  Maybe EventPlace(int) { return Typed{Make(Op::kEventPlace), Type::kText, PlaceNames()}; }
  Maybe EventChannel(int) {
    return Typed{Make(Op::kEventChannel), Type::kText, Texts({"phone", "crm", "openid/wx1"})};
  }
  Maybe EventCampaign(int) {
    return Typed{Make(Op::kEventCampaign), Type::kText, Texts(NamesOfRandomFacts().campaigns)};
  }
  Maybe EventDirection(int) {
    return Typed{Make(Op::kEventDirection), Type::kText, Texts({"in", "out"})};
  }
  Maybe EventMode(int) {
    return Typed{Make(Op::kEventMode), Type::kText, Texts({"automatic", "manual", "batch"})};
  }
  Maybe EventVisibility(int) {
    return Typed{Make(Op::kEventVisibility), Type::kText, Texts({"public", "one_to_one", "group"})};
  }
  Maybe EventProperty(int) {
    const RandomNames::Typed& property = random_.Pick(NamesOfRandomFacts().properties);
    return Typed{Named(Op::kEventProperty, property.name), TypeOf(property.type), {}};
  }
  Maybe Near(int) {
    static const std::vector<double> kMetres = {0.0, 5'000.0, 30'000'000.0};
    const Place& place = random_.Pick(NamesOfRandomFacts().places);
    if (!place.latitude || !place.longitude) return std::nullopt;
    return Typed{Make(Op::kNear, {LiteralOf({*place.latitude}), LiteralOf({*place.longitude}),
                                  LiteralOf({random_.Pick(kMetres)})}),
                 Type::kFlag,
                 {}};
  }

  Random& random_;
  const Definitions& definitions_;
  const std::span<const std::string> segments_;
  bool in_event_ = false;
};

const std::vector<Maker::Source> Maker::kOfPerson = {
    &Maker::OfIdentifiers, &Maker::OfTrait,       &Maker::OfTrait,   &Maker::OfTag,
    &Maker::OfTag,         &Maker::OfConsent,     &Maker::OfLadder,  &Maker::OfPurchases,
    &Maker::OfChannels,    &Maker::OfRelations,   &Maker::OfSegment, &Maker::OfBucket,
    &Maker::OfNow,         &Maker::Did,           &Maker::Count,     &Maker::Sum,
    &Maker::Average,       &Maker::Min,           &Maker::Max,       &Maker::First,
    &Maker::Last,          &Maker::Distinct,      &Maker::Sequence,  &Maker::Sequences,
    &Maker::Funnel,        &Maker::OfCompleteness};

const std::vector<Maker::Source> Maker::kOfEvent = {
    &Maker::EventTime,     &Maker::EventType,       &Maker::EventValue,    &Maker::EventValue,
    &Maker::EventPlace,    &Maker::EventChannel,    &Maker::EventCampaign, &Maker::EventDirection,
    &Maker::EventMode,     &Maker::EventVisibility, &Maker::EventProperty, &Maker::EventProperty,
    &Maker::EventProperty, &Maker::EventProperty,   &Maker::Near};

// Of some definitions: whose word keeps people out of segments, and which segments ask for a purpose.
void AskForConsents(Random& random, Definitions* definitions) {
  definitions->reach.profiling_purpose.clear();
  definitions->privacy.restriction_purpose.clear();
  if (definitions->purposes.empty() || random.Chance(50)) return;
  const auto purpose = [&](std::uint32_t percent) {
    return random.Chance(percent) ? random.Pick(definitions->purposes).name : std::string();
  };
  definitions->reach.profiling_purpose = purpose(50);
  definitions->privacy.restriction_purpose = purpose(30);
  for (SegmentDefinition& segment : definitions->segments) {
    segment.purpose = purpose(25);
    segment.profiles_nobody = random.Chance(30);
  }
}

}  // namespace

Expression RandomExpression(Random& random, const Definitions& definitions,
                            std::span<const std::string> segments) {
  return Maker(random, definitions, segments).Flag(static_cast<int>(random.Between(2, kMaxDepth)));
}

Definitions RandomSegments(Random& random, Definitions definitions) {
  static const std::vector<std::string> kNames = {"vip",      "new", "老客", "big spenders",
                                                  "sleeping", "😀",   "and",  "7 days"};
  static const std::vector<std::string> kZones = {"", "Asia/Shanghai", "America/New_York",
                                                  "Asia/Kathmandu"};
  const auto count = static_cast<std::size_t>(random.Between(1, 8));
  for (std::size_t i = 0; i < count; ++i) {
    const Expression expression = RandomExpression(random, definitions, std::span(kNames).first(i));
    definitions.segments.push_back({kNames[i], WriteExpression(expression), random.Pick(kZones)});
  }
  random.Shuffle(&definitions.segments);
  AskForConsents(random, &definitions);
  return definitions;
}

}  // namespace polyonym::harness
