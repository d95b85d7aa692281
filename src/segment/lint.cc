// What the author of an expression should know. Verdicts come from the readings of lint_reader.h.
// Parts about the same operand are combined value by value, others as if each could be anything: so
// a verdict may be missed and is never wrong.
#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "polyonym/segment/check.h"
#include "segment/datum.h"
#include "segment/lint_reader.h"
#include "segment/outcomes.h"
#include "segment/place.h"
#include "segment/regions.h"

namespace polyonym {
namespace segment {
namespace {

constexpr std::size_t kMaxPlacesSaid = 3;

// Whether `sought` is a part of x.
bool Holds(const Expression& x, const Expression& sought) {
  return x == sought || std::any_of(x.args.begin(), x.args.end(),
                                    [&](const Expression& arg) { return Holds(arg, sought); });
}

class Linter {
 public:
  Linter(const Expression& root, const Definitions& definitions, std::string_view text)
      : root_(root), text_(text), reader_(definitions) {}

  std::vector<LintFinding> Lint() {
    const Outcomes outcomes = reader_.Read(root_).outcomes();
    if ((outcomes & kTrue) == 0) {
      Add(LintFinding::Kind::kNeverTrue, root_, "no person can be a member: " + CauseOf(root_));
    } else if (outcomes == kTrue) {
      Add(LintFinding::Kind::kAlwaysTrue, root_, "everybody is a member");
    } else {
      Visit(root_, {});
    }
    VisitCosts(root_);
    return std::move(findings_);
  }

 private:
  // Of the place where a part stands.
  struct Context {
    // That it is not true comes to the same as that it is unknown: there are only `and` and `or`
    // above it.
    bool counts_true = true;
    bool of_events = false;
    const std::vector<const Expression*>* siblings = nullptr;  // it is one of these
  };

  void Add(LintFinding::Kind kind, const Expression& at, std::string what) {
    findings_.push_back({kind, Place(at), std::move(what)});
  }

  std::string Place(const Expression& at) const { return PlaceOf(root_, at, "", text_); }

  // Why a part is never true. Literals may be somebody's, so places are said, not texts.
  std::string CauseOf(const Expression& at) {
    if (at.op == ExpressionOp::kAnd) {
      for (const auto& group : reader_.GroupsOf(at.op, PartsOf(at))) {
        if ((group.reading.outcomes() & kTrue) != 0) continue;
        if (group.parts.size() == 1) return CauseOf(*group.parts[0]);
        return absl::StrCat(PlacesOf(group.parts), " are never true together");
      }
    }
    return absl::StrCat("what is asked at ", Place(at), " is never true");
  }

  std::string PlacesOf(const std::vector<const Expression*>& parts) const {
    std::string places = "the parts at ";
    const std::size_t said = std::min(parts.size(), kMaxPlacesSaid);
    for (std::size_t i = 0; i < said; ++i)
      absl::StrAppend(&places,
                      i == 0                  ? ""
                      : i + 1 == parts.size() ? " and "
                                              : ", ",
                      Place(*parts[i]));
    if (said < parts.size()) absl::StrAppend(&places, " and ", parts.size() - said, " more");
    return places;
  }

  // ---- Logic ----

  void Visit(const Expression& at, const Context& context) {
    if (IsJoin(at.op)) return VisitJoin(at, context);
    if (at.op == ExpressionOp::kNot) return VisitNot(at, context);
    Context below = context;
    below.counts_true = false;
    below.siblings = nullptr;
    below.of_events = context.of_events || !at.events.empty();
    for (const Expression& arg : at.args) Visit(arg, below);
    for (const EventQuery& query : at.events) VisitWhere(query);
    for (const EventSequence& sequence : at.sequence)
      for (const EventQuery& condition : sequence.conditions) VisitWhere(condition);
  }

  void VisitWhere(const EventQuery& query) {
    if (query.where.empty()) return;
    const Expression& where = query.where[0];
    const Outcomes outcomes = reader_.Read(where).outcomes();
    if ((outcomes & kTrue) == 0) {
      Add(LintFinding::Kind::kNoEffect, where, "no event is meant: " + CauseOf(where));
    } else if (outcomes == kTrue) {
      Add(LintFinding::Kind::kNoEffect, where, "is true of every event");
    } else {
      Visit(where, {.of_events = true});
    }
  }

  void VisitNot(const Expression& at, const Context& context) {
    const Expression& denied = at.args[0];
    if (denied.op == ExpressionOp::kNot) {
      Add(LintFinding::Kind::kNoEffect, at, "`not not` changes nothing");
      return Visit(denied.args[0], context);
    }
    if (context.counts_true && (reader_.Read(denied).outcomes() & kUnknown) != 0 &&
        !IsMinded(at, context)) {
      Add(LintFinding::Kind::kUnknownToo, at,
          absl::StrCat("leaves out ", context.of_events ? "events" : "people",
                       " of which this is not known; add `or ... is unknown` if they are meant"));
    }
    Visit(denied, {.counts_true = false, .of_events = context.of_events});
  }

  // Whether the author has said, beside a `not`, what becomes of what is unknown in it.
  static bool IsMinded(const Expression& at, const Context& context) {
    if (context.siblings == nullptr) return false;
    return std::any_of(
        context.siblings->begin(), context.siblings->end(), [&](const Expression* sibling) {
          const Expression& known = sibling->op == ExpressionOp::kNot ? sibling->args[0] : *sibling;
          return sibling != &at && known.op == ExpressionOp::kIsKnown &&
                 Holds(at.args[0], known.args[0]);
        });
  }

  void VisitJoin(const Expression& at, const Context& context) {
    const std::vector<const Expression*> parts = PartsOf(at);
    std::vector<bool> is_idle(parts.size(), false);
    for (std::size_t j = 0; j < std::min(parts.size(), kMaxPartsCompared); ++j) {
      const std::string why = WhyIdle(at.op, parts, is_idle, j, context);
      is_idle[j] = !why.empty();
      if (is_idle[j]) Add(LintFinding::Kind::kNoEffect, *parts[j], why);
    }
    Context below = context;
    below.siblings = &parts;
    for (std::size_t j = 0; j < parts.size(); ++j)
      if (!is_idle[j]) Visit(*parts[j], below);
  }

  // Why part j changes nothing beside the parts that are not idle; empty: it does.
  std::string WhyIdle(ExpressionOp op, const std::vector<const Expression*>& parts,
                      const std::vector<bool>& is_idle, std::size_t j, const Context& context) {
    const Outcomes outcomes = reader_.Read(*parts[j]).outcomes();
    if (op == ExpressionOp::kAnd && outcomes == kTrue) return "is always true";
    const bool is_no = outcomes == kFalse || (context.counts_true && (outcomes & kTrue) == 0);
    if (op == ExpressionOp::kOr && is_no) return "changes nothing: " + CauseOf(*parts[j]);
    for (std::size_t i = 0; i < std::min(parts.size(), kMaxPartsCompared); ++i) {
      if (i == j || is_idle[i] || !IsIdleBeside(op, *parts[i], *parts[j])) continue;
      if (j < i && IsIdleBeside(op, *parts[j], *parts[i])) continue;  // the later one is
      return absl::StrCat("changes nothing beside the part at ", Place(*parts[i]));
    }
    return "";
  }

  // Whether `x op y` is x, for whatever they are of.
  bool IsIdleBeside(ExpressionOp op, const Expression& x, const Expression& y) {
    const Reading &of_x = reader_.Read(x), &of_y = reader_.Read(y);
    if (IsSame(of_x.key, of_y.key)) {
      const Region &a = of_x.region, &b = of_y.region;
      bool is_idle = Join(op, a.at_unknown, b.at_unknown) == a.at_unknown;
      ForEachCell(a, b, [&](const Datum*, Outcomes p, Outcomes q) {
        is_idle = is_idle && Join(op, p, q) == p;
      });
      if (is_idle) return true;
    }
    // x or (x and z), x and (x or z).
    if (!IsJoin(y.op)) return false;
    const std::vector<const Expression*> within = PartsOf(y);
    return std::any_of(within.begin(), within.end(),
                       [&](const Expression* part) { return *part == x; });
  }

  // ---- Costs ----

  void VisitCosts(const Expression& at) {
    for (const Expression& arg : at.args) VisitCosts(arg);
    for (const EventQuery& query : at.events) {
      if (!HasBeginning(query.window))
        Add(LintFinding::Kind::kExpensive, at,
            "has no window, such as `within 90 days`: looks at every event that a person ever had");
      for (const Expression& where : query.where) VisitCosts(where);
    }
    for (const EventSequence& sequence : at.sequence) VisitCostsOf(at, sequence);
  }

  void VisitCostsOf(const Expression& at, const EventSequence& sequence) {
    const std::size_t steps = std::max(sequence.steps.size(), sequence.conditions.size());
    if (!HasBeginning(sequence.window))
      Add(LintFinding::Kind::kExpensive, at,
          absl::StrCat("has no window: tries ", steps,
                       " steps on every event that a person ever had"));
    if (sequence.within_ms == 0)
      Add(LintFinding::Kind::kExpensive, at,
          absl::StrCat("has no bound from its first step to its last, such as `within 7 days`: "
                       "keeps up to ",
                       steps, " beginnings for every event"));
    for (const EventQuery& condition : sequence.conditions)
      for (const Expression& where : condition.where) VisitCosts(where);
  }

  static bool HasBeginning(const TimeWindow& window) {
    return window.kind == TimeWindow::Kind::kBetween ? window.from_ms.has_value()
                                                     : window.kind != TimeWindow::Kind::kEver;
  }

  const Expression& root_;
  const std::string_view text_;
  LintReader reader_;
  std::vector<LintFinding> findings_;
};

}  // namespace
}  // namespace segment

std::string_view ToString(LintFinding::Kind kind) {
  static constexpr std::array<std::string_view, 5> kNames = {
      "never_true", "always_true", "no_effect", "unknown_too", "expensive"};
  const auto index = static_cast<std::size_t>(kind);
  return index < kNames.size() ? kNames[index] : "unknown";
}

std::vector<LintFinding> LintExpression(const Expression& expression,
                                        const Definitions& definitions, std::string_view text) {
  return segment::Linter(expression, definitions, text).Lint();
}

}  // namespace polyonym
