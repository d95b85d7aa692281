#include "segment/lint_reader.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "segment/compare.h"
#include "segment/datum.h"
#include "segment/operand_ranges.h"
#include "segment/parts.h"

namespace polyonym::segment {
namespace {

constexpr std::size_t kMaxPoints = 4096;  // of a region: beyond them parts stay apart

// ---- Operands ----

Datum DatumOf(const Expression& literal) {
  if (literal.op == ExpressionOp::kDuration)
    return Duration{std::get<std::int64_t>(literal.value.is)};
  return Read(literal.value);
}

bool IsComparison(ExpressionOp op) {
  return op >= ExpressionOp::kEqual && op <= ExpressionOp::kGreaterEqual;
}

// x op y is y Mirrored(op) x.
ExpressionOp Mirrored(ExpressionOp op) {
  switch (op) {
    case ExpressionOp::kLess:
      return ExpressionOp::kGreater;
    case ExpressionOp::kLessEqual:
      return ExpressionOp::kGreaterEqual;
    case ExpressionOp::kGreater:
      return ExpressionOp::kLess;
    case ExpressionOp::kGreaterEqual:
      return ExpressionOp::kLessEqual;
    default:
      return op;
  }
}

// Whether its type is known only where it is read, or it is of something of which that is so.
bool MayVary(const Expression& x) {
  return x.op == ExpressionOp::kEventProperty ||
         (x.op != ExpressionOp::kDistinct && std::any_of(x.args.begin(), x.args.end(), MayVary));
}

// None: comparisons with the literal have no order of their own.
std::optional<RegionKey> KeyFor(const Expression& x, const Datum& literal, bool by_order) {
  constexpr std::array<const char*, std::variant_size_v<Datum>> kSections = {
      "none", "flag", "number", "number", "text", "instant", "duration", "date", "money", "list"};
  const std::string section = kSections[literal.index()];
  if (const auto* money = std::get_if<Amounts>(&literal))
    return RegionKey{&x, absl::StrCat(section, " ", std::string(money->of.front().currency)),
                     false};
  const auto* date = std::get_if<Date>(&literal);
  if (date == nullptr) return RegionKey{&x, section, !MayVary(x)};
  if (!by_order) return RegionKey{&x, section, false};
  if (!date->year) return std::nullopt;
  return RegionKey{&x, date->calendar == Calendar::kSolar ? "solar day" : "chinese day", false};
}

// Those of operators that are always flags: of other operands that are flags the range is
// everything.
bool IsFlag(const Expression& x) {
  switch (x.op) {
    case ExpressionOp::kNot:
    case ExpressionOp::kAnd:
    case ExpressionOp::kOr:
    case ExpressionOp::kIsKnown:
    case ExpressionOp::kIn:
    case ExpressionOp::kHas:
    case ExpressionOp::kTag:
    case ExpressionOp::kConsentConflict:
    case ExpressionOp::kRelatedTo:
    case ExpressionOp::kDid:
    case ExpressionOp::kSequence:
      return true;
    default:
      return IsComparison(x.op);
  }
}

void Flatten(const Expression& at, std::vector<const Expression*>* parts) {
  for (const Expression& arg : at.args) {
    if (arg.op == at.op) {
      Flatten(arg, parts);
    } else {
      parts->push_back(&arg);
    }
  }
}

// ---- Readings ----

// A flag of which no more is known than what it may be.
Reading Opaque(const Expression& at, Outcomes may_be) {
  return {{&at, std::string(ToString(ValueType::kFlag)), !MayVary(at)}, RegionOfFlag(may_be)};
}

// Into the group that the part is about, or one of its own.
void Put(ExpressionOp op, const Expression& part, const Reading& reading,
         std::vector<LintReader::Group>* groups) {
  for (LintReader::Group& group : *groups) {
    Region& region = group.reading.region;
    if (!IsSame(group.reading.key, reading.key) ||
        region.points.size() + reading.region.points.size() > kMaxPoints)
      continue;
    region =
        Combined(region, reading.region, [op](Outcomes x, Outcomes y) { return Join(op, x, y); });
    if (group.reading.key.section.empty()) group.reading.key = reading.key;
    group.parts.push_back(&part);
    return;
  }
  groups->push_back({reading, {&part}});
}

}  // namespace

std::vector<const Expression*> PartsOf(const Expression& at) {
  std::vector<const Expression*> parts;
  Flatten(at, &parts);
  return parts;
}

bool IsSame(const RegionKey& a, const RegionKey& b) {
  const bool sections = a.section == b.section || (a.section.empty() && b.is_whole) ||
                        (b.section.empty() && a.is_whole);
  return sections && (a.operand == b.operand || *a.operand == *b.operand);
}

const Reading& LintReader::Read(const Expression& at) {
  const auto found = readings_.find(&at);
  if (found != readings_.end()) return found->second;
  Reading reading = ReadAnew(at);
  return readings_.emplace(&at, std::move(reading)).first->second;
}

std::vector<LintReader::Group> LintReader::GroupsOf(ExpressionOp op,
                                                    const std::vector<const Expression*>& parts) {
  std::vector<Group> groups;
  for (std::size_t i = 0; i < std::min(parts.size(), kMaxPartsCompared); ++i)
    Put(op, *parts[i], Read(*parts[i]), &groups);
  return groups;
}

Reading LintReader::ReadAnew(const Expression& at) {
  switch (at.op) {
    case ExpressionOp::kLiteral: {
      const auto* flag = std::get_if<bool>(&at.value.is);
      return Opaque(at, flag == nullptr ? kAnyOutcome : Of(*flag));
    }
    case ExpressionOp::kNot: {
      Reading reading = Read(at.args[0]);
      for (Outcomes& cell : reading.region.cells) cell = Not(cell);
      reading.region.at_unknown = Not(reading.region.at_unknown);
      return reading;
    }
    case ExpressionOp::kAnd:
    case ExpressionOp::kOr:
      return ReadJoin(at);
    case ExpressionOp::kIsKnown:
      return ReadIsKnown(at);
    case ExpressionOp::kIn:
      return ReadIn(at);
    case ExpressionOp::kDid:
      return Opaque(at, IsEmpty(at.events[0]) ? kFalse : kTrue | kFalse);
    case ExpressionOp::kHas:
    case ExpressionOp::kTag:
    case ExpressionOp::kConsentConflict:
    case ExpressionOp::kRelatedTo:
    case ExpressionOp::kSequence:
      return Opaque(at, kTrue | kFalse);
    default:
      return IsComparison(at.op) ? ReadComparison(at) : Opaque(at, kAnyOutcome);
  }
}

Reading LintReader::ReadJoin(const Expression& at) {
  const std::vector<const Expression*> parts = PartsOf(at);
  const std::vector<Group> groups = GroupsOf(at.op, parts);
  if (groups.size() == 1 && parts.size() <= kMaxPartsCompared) return groups[0].reading;
  Outcomes all = parts.size() > kMaxPartsCompared ? kAnyOutcome : Of(at.op == ExpressionOp::kAnd);
  for (const Group& group : groups) all = Join(at.op, all, group.reading.outcomes());
  return Opaque(at, all);
}

Reading LintReader::ReadIsKnown(const Expression& at) {
  const Expression& x = at.args[0];
  if (IsLiteral(x)) return Opaque(at, kTrue);
  Region known;
  known.cells = {kTrue};
  known.at_unknown = kFalse;
  const bool is_whole = !MayVary(x);
  return {{&x, "", is_whole}, is_whole ? Combined(RangeOfAny(x), known, Where) : known};
}

Reading LintReader::ReadComparison(const Expression& at) {
  const Expression &left = at.args[0], &right = at.args[1];
  if (IsLiteral(left) && IsLiteral(right))
    return Opaque(at, Of(Compared(at.op, DatumOf(left), DatumOf(right))));
  if (!IsLiteral(left) && !IsLiteral(right)) return Opaque(at, kAnyOutcome);
  const Expression& x = IsLiteral(left) ? right : left;
  const Expression& literal = IsLiteral(left) ? left : right;
  const ExpressionOp op = IsLiteral(left) ? Mirrored(at.op) : at.op;
  const bool by_order = op != ExpressionOp::kEqual && op != ExpressionOp::kNotEqual;
  const std::optional<RegionKey> key = KeyFor(x, DatumOf(literal), by_order);
  if (!key) return Opaque(at, kAnyOutcome);
  const auto outcome_if = [&](std::initializer_list<ExpressionOp> ops) {
    return Of(std::find(ops.begin(), ops.end(), op) != ops.end());
  };
  using enum ExpressionOp;
  return {*key, InRange(*key, Cut(DatumOf(literal), outcome_if({kLess, kLessEqual, kNotEqual}),
                                  outcome_if({kEqual, kLessEqual, kGreaterEqual}),
                                  outcome_if({kGreater, kGreaterEqual, kNotEqual}), kUnknown))};
}

Reading LintReader::ReadIn(const Expression& at) {
  const Expression& x = at.args[0];
  const ValueList& list = std::get<ValueList>(at.value.is);
  if (IsLiteral(x)) return Opaque(at, Of(IsAmong(DatumOf(x), list)));
  const std::optional<RegionKey> key = KeyFor(x, segment::Read(list.front()), false);
  std::vector<Datum> points;
  for (const Value& element : list) {
    const std::optional<RegionKey> its = KeyFor(x, segment::Read(element), false);
    if (its->section != key->section) return Opaque(at, kAnyOutcome);  // of several currencies
    points.push_back(segment::Read(element));
  }
  return {*key, InRange(*key, RegionOf(std::move(points), kTrue, kFalse, kUnknown))};
}

Region LintReader::InRange(const RegionKey& key, Region region) {
  if (std::holds_alternative<bool>(region.points.front()))
    region = Combined(RegionOfFlag(kAnyOutcome), region, Where);
  return key.is_whole ? Combined(RangeOfAny(*key.operand), region, Where) : region;
}

Region LintReader::RangeOfAny(const Expression& x) {
  if (IsFlag(x)) return RegionOfFlag(Read(x).outcomes());
  const bool counts = x.op == ExpressionOp::kCount || x.op == ExpressionOp::kDistinct;
  if (counts && IsEmpty(x.events[0])) return Known(Wholes(0, 0));
  return RangeOf(x, definitions_);
}

bool LintReader::IsEmpty(const EventQuery& query) {
  return !query.where.empty() && (Read(query.where[0]).outcomes() & kTrue) == 0;
}

}  // namespace polyonym::segment
