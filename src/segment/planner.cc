#include "polyonym/segment/planner.h"

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "model/pattern.h"
#include "polyonym/segment/bit_sliced.h"
#include "polyonym/segment/check.h"
#include "polyonym/segment/text.h"
#include "segment/calendar.h"
#include "segment/column.h"
#include "segment/compile.h"
#include "segment/evaluator.h"
#include "segment/operator_shapes.h"
#include "segment/place.h"
#include "segment/plan.h"
#include "segment/plan_walk.h"
#include "segment/subject.h"

namespace polyonym {

using segment::Columns;
using segment::CompiledSegment;
using segment::kNoTerm;
using segment::PlanNode;
using segment::PlanWalk;
using segment::TermUse;

namespace {

// A part of a segment, so that it can be evaluated by itself.
// REQUIRES: `part` is of the segment's expression, by its address.
std::unique_ptr<CompiledSegment> CompileTerm(const CompiledSegment& segment, const Expression& part,
                                             std::string_view time_zone) {
  auto term = std::make_unique<CompiledSegment>();
  term->expression = part;
  if (auto zone = segment::TimeZone::Of(time_zone); zone.ok()) term->zone = *std::move(zone);
  const auto from = segment::AllPartsOf(part), to = segment::AllPartsOf(term->expression);
  for (std::size_t i = 0; i < from.size(); ++i) {
    const auto at = segment.prepared.find(from[i]);
    if (at == segment.prepared.end()) continue;
    segment::Prepared& prepared = term->prepared[to[i]];
    if (at->second.pattern != nullptr) prepared.pattern = CompilePattern(from[i]->name);
    prepared.segment = at->second.segment;
    prepared.is_list = at->second.is_list;
    prepared.is_flag = at->second.is_flag;
    if (to[i]->op == ExpressionOp::kInSegment) term->asks_for.push_back(prepared.segment);
  }
  return term;
}

absl::Status NoColumn(const Expression& root, const Expression& term, std::string_view text) {
  std::string words = segment::Words(term.op);
  if (!term.name.empty() && term.op != ExpressionOp::kMatches)
    absl::StrAppend(&words, " ", term.name);
  return absl::FailedPreconditionError(
      absl::StrCat(segment::PlaceOf(root, term, "", text), ": no column is kept of ", words,
                   "; a segment has to ask for it in the same way"));
}

bool HasNumber(ExpressionType type) {
  return type == ExpressionType::kNumber || type == ExpressionType::kInstant ||
         type == ExpressionType::kDuration || type == ExpressionType::kMoney;
}

}  // namespace

class SegmentPlanner::Impl {
 public:
  using Memberships = std::vector<SegmentSubject::Impl::Membership>;

  absl::Status Compile(std::shared_ptr<const Definitions> definitions);

  void Put(std::uint32_t person, SegmentSubject* subject);
  void Remove(std::uint32_t person);

  PlanWalk Walk() const { return PlanWalk(plans_, columns_, people_); }
  const PlanNode& plan(std::size_t segment) const { return plans_[segment]; }
  // ERRORS: as Evaluate() of an expression. `text`: for places.
  absl::StatusOr<PlanNode> PlanOfFlag(const Expression& expression, std::string_view text,
                                      std::string_view time_zone) const;
  absl::StatusOr<PlanNode> PlanOfText(std::string_view text, std::string_view time_zone) const;
  // Of a number; ERRORS as Top().
  struct NumberTerm {
    const segment::ValueColumn* column;
    ExpressionType type;
  };
  absl::StatusOr<NumberTerm> FindNumber(std::string_view text, std::string_view time_zone) const;

  void Optimise();
  std::size_t bytes() const;
  std::size_t terms() const { return terms_.size(); }
  const IdSet& people() const { return people_; }
  const CompiledSegments& segments() const { return *segments_; }

 private:
  std::size_t AddTerm(const CompiledSegment& segment, std::string_view time_zone,
                      const Expression& part, TermUse use);
  std::size_t FindTerm(const Expression& part, std::string_view time_zone, TermUse use) const;
  absl::StatusOr<ExpressionType> Check(const Expression& expression, std::string_view text,
                                       std::string_view time_zone) const;

  std::shared_ptr<const Definitions> definitions_;
  std::shared_ptr<const CompiledSegments> segments_;
  std::vector<PlanNode> plans_;                              // by segment
  absl::flat_hash_map<std::string, std::size_t> number_of_;  // by KeyOf()
  std::vector<std::unique_ptr<CompiledSegment>> terms_;
  std::vector<Columns> columns_;        // by term
  std::vector<std::size_t> asked_for_;  // segments that terms ask for, inside
  IdSet people_;
};

absl::Status SegmentPlanner::Impl::Compile(std::shared_ptr<const Definitions> definitions) {
  definitions_ = std::move(definitions);
  auto segments = CompiledSegments::Compile(*definitions_);
  if (!segments.ok()) return segments.status();
  segments_ = *std::move(segments);
  const auto parts = segment::CompileAll(*definitions_);
  if (!parts.ok()) return parts.status();
  const auto number = [&](std::string_view name) { return segments_->Find(name); };
  for (std::size_t i = 0; i < parts->size(); ++i) {
    const CompiledSegment& segment = *(*parts)[i];
    const auto add = [&](const Expression& part, TermUse use) {
      return AddTerm(segment, definitions_->segments[i].time_zone, part, use);
    };
    const Expression* missing = nullptr;
    plans_.push_back(segment::PlanOf(segment.expression, add, number, &missing));
  }
  std::sort(asked_for_.begin(), asked_for_.end());
  asked_for_.erase(std::unique(asked_for_.begin(), asked_for_.end()), asked_for_.end());
  return absl::OkStatus();
}

std::size_t SegmentPlanner::Impl::AddTerm(const CompiledSegment& segment,
                                          std::string_view time_zone, const Expression& part,
                                          TermUse use) {
  const auto [at, is_new] = number_of_.try_emplace(segment::KeyOf(part, time_zone), terms_.size());
  if (is_new) {
    terms_.push_back(CompileTerm(segment, part, time_zone));
    columns_.emplace_back();
    for (const std::size_t below : terms_.back()->asks_for) asked_for_.push_back(below);
  }
  Columns& columns = columns_[at->second];
  if (use == TermUse::kAsFlag && !columns.flag) columns.flag.emplace();
  if (use == TermUse::kAsValue && !columns.value) columns.value.emplace();
  return at->second;
}

std::size_t SegmentPlanner::Impl::FindTerm(const Expression& part, std::string_view time_zone,
                                           TermUse use) const {
  const auto at = number_of_.find(segment::KeyOf(part, time_zone));
  if (at == number_of_.end()) return kNoTerm;
  const bool is_there = use == TermUse::kAsFlag || columns_[at->second].value.has_value();
  return is_there ? at->second : kNoTerm;
}

void SegmentPlanner::Impl::Put(std::uint32_t person, SegmentSubject* subject) {
  people_.Add(person);
  Memberships memberships;
  if (!asked_for_.empty()) memberships.resize(segments_->size());
  for (const std::size_t below : asked_for_) {
    memberships[below].is_asked = true;
    memberships[below].is = segments_->Evaluate(below, subject);
  }
  for (std::size_t i = 0; i < terms_.size(); ++i) {
    segment::Evaluator evaluator(*terms_[i], &subject->impl(), memberships);
    const segment::Datum value = evaluator.Value();
    if (columns_[i].flag) columns_[i].flag->Put(person, segment::FlagOf(value));
    if (columns_[i].value) columns_[i].value->Put(person, value);
  }
}

void SegmentPlanner::Impl::Remove(std::uint32_t person) {
  if (!people_.Remove(person)) return;
  for (Columns& columns : columns_) {
    if (columns.flag) columns.flag->Remove(person);
    if (columns.value) columns.value->Remove(person);
  }
}

absl::StatusOr<ExpressionType> SegmentPlanner::Impl::Check(const Expression& expression,
                                                           std::string_view text,
                                                           std::string_view time_zone) const {
  const auto zone = segment::TimeZone::Of(time_zone);
  if (!zone.ok()) return zone.status();
  const auto is_segment = [&](std::string_view name) {
    return segments_->Find(name) != CompiledSegments::kNone;
  };
  return CheckExpression(expression, *definitions_, is_segment, text);
}

absl::StatusOr<PlanNode> SegmentPlanner::Impl::PlanOfFlag(const Expression& expression,
                                                          std::string_view text,
                                                          std::string_view time_zone) const {
  const auto type = Check(expression, text, time_zone);
  if (!type.ok()) return type.status();
  if (*type != ExpressionType::kFlag)
    return absl::InvalidArgumentError("must be a flag, yes or no of each person");
  const Expression* missing = nullptr;
  PlanNode plan = segment::PlanOf(
      expression,
      [&](const Expression& part, TermUse use) { return FindTerm(part, time_zone, use); },
      [&](std::string_view name) { return segments_->Find(name); }, &missing);
  if (missing != nullptr) return NoColumn(expression, *missing, text);
  return plan;
}

absl::StatusOr<PlanNode> SegmentPlanner::Impl::PlanOfText(std::string_view text,
                                                          std::string_view time_zone) const {
  const auto expression = ParseExpression(text);
  if (!expression.ok()) return expression.status();
  return PlanOfFlag(*expression, text, time_zone);
}

absl::StatusOr<SegmentPlanner::Impl::NumberTerm> SegmentPlanner::Impl::FindNumber(
    std::string_view text, std::string_view time_zone) const {
  const auto expression = ParseExpression(text);
  if (!expression.ok()) return expression.status();
  const auto type = Check(*expression, text, time_zone);
  if (!type.ok()) return type.status();
  if (!HasNumber(*type))
    return absl::InvalidArgumentError(
        "must be a number, an instant, a duration or money of each person");
  const std::size_t term = FindTerm(*expression, time_zone, TermUse::kAsValue);
  if (term == kNoTerm) return NoColumn(*expression, *expression, text);
  return NumberTerm{&*columns_[term].value, *type};
}

void SegmentPlanner::Impl::Optimise() {
  people_.Optimise();
  for (Columns& columns : columns_) {
    if (columns.flag) columns.flag->Optimise();
    if (columns.value) columns.value->Optimise();
  }
}

std::size_t SegmentPlanner::Impl::bytes() const {
  std::size_t bytes = people_.bytes();
  for (const Columns& columns : columns_) {
    bytes += sizeof(columns);
    if (columns.flag) bytes += columns.flag->bytes();
    if (columns.value) bytes += columns.value->bytes();
  }
  return bytes;
}

// ---- SegmentPlanner ----

namespace {

SegmentPlanner::Verdicts VerdictsOf(PlanWalk walk, const PlanNode& plan, const IdSet& people) {
  SegmentPlanner::Verdicts out;
  out.members = walk.Where(plan, true);
  out.unknown = IdSet::AndNot(people, out.members);
  out.unknown -= walk.Where(plan, false);
  return out;
}

double SumOfFractions(const BitSliced& fractions, const IdSet& among) {
  double sum = 0;
  IdSet::And(fractions.known(), among).ForEach([&](std::uint32_t person) {
    sum += FromOrderedKey(*fractions.Get(person));
    return true;
  });
  return sum;
}

}  // namespace

SegmentPlanner::SegmentPlanner(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SegmentPlanner::~SegmentPlanner() = default;

absl::StatusOr<std::unique_ptr<SegmentPlanner>> SegmentPlanner::Make(
    std::shared_ptr<const Definitions> definitions) {
  auto impl = std::make_unique<Impl>();
  const absl::Status status = impl->Compile(std::move(definitions));
  if (!status.ok()) return status;
  return std::unique_ptr<SegmentPlanner>(new SegmentPlanner(std::move(impl)));
}

void SegmentPlanner::Put(std::uint32_t person, SegmentSubject* subject) {
  impl_->Put(person, subject);
}
void SegmentPlanner::Remove(std::uint32_t person) { impl_->Remove(person); }

const IdSet& SegmentPlanner::people() const { return impl_->people(); }
const CompiledSegments& SegmentPlanner::segments() const { return impl_->segments(); }

SegmentPlanner::Verdicts SegmentPlanner::Evaluate(std::size_t segment) const {
  return VerdictsOf(impl_->Walk(), impl_->plan(segment), people());
}

IdSet SegmentPlanner::Members(std::size_t segment) const {
  return impl_->Walk().Where(impl_->plan(segment), true);
}

std::uint64_t SegmentPlanner::Count(std::size_t segment) const {
  return impl_->Walk().Count(impl_->plan(segment));
}

absl::StatusOr<SegmentPlanner::Verdicts> SegmentPlanner::Evaluate(
    std::string_view expression, std::string_view time_zone) const {
  const auto plan = impl_->PlanOfText(expression, time_zone);
  if (!plan.ok()) return plan.status();
  return VerdictsOf(impl_->Walk(), *plan, people());
}

absl::StatusOr<SegmentPlanner::Verdicts> SegmentPlanner::Evaluate(
    const Expression& expression, std::string_view time_zone) const {
  const auto plan = impl_->PlanOfFlag(expression, {}, time_zone);
  if (!plan.ok()) return plan.status();
  return VerdictsOf(impl_->Walk(), *plan, people());
}

absl::StatusOr<std::uint64_t> SegmentPlanner::Count(std::string_view expression,
                                                    std::string_view time_zone) const {
  const auto plan = impl_->PlanOfText(expression, time_zone);
  if (!plan.ok()) return plan.status();
  return impl_->Walk().Count(*plan);
}

absl::StatusOr<std::vector<std::uint32_t>> SegmentPlanner::Top(std::size_t count,
                                                               std::string_view number,
                                                               const IdSet& among,
                                                               std::string_view time_zone) const {
  const auto term = impl_->FindNumber(number, time_zone);
  if (!term.ok()) return term.status();
  std::vector<std::uint32_t> out;
  for (const auto& ranked : term->column->Top(count, among)) out.push_back(ranked.person);
  return out;
}

absl::StatusOr<SegmentPlanner::Total> SegmentPlanner::Sum(std::string_view number,
                                                          const IdSet& among,
                                                          std::string_view time_zone) const {
  const auto term = impl_->FindNumber(number, time_zone);
  if (!term.ok()) return term.status();
  if (term->type == ExpressionType::kInstant)
    return absl::InvalidArgumentError(
        "must be a number, a duration or money: instants have no sum");
  const segment::ValueColumn& column = *term->column;
  const BitSliced& fractions = column.numbers().fractions();
  Total total;
  for (const BitSliced* wholes : {&column.numbers().wholes(), &column.durations()}) {
    total.whole += wholes->Sum(among);
    total.numbers += IdSet::CountAnd(wholes->known(), among);
  }
  total.fractions = SumOfFractions(fractions, among);
  total.numbers += IdSet::CountAnd(fractions.known(), among);
  for (const auto& [currency, amounts] : column.money().currencies())
    total.money.emplace_back(currency, amounts.Sum(among));
  return total;
}

std::int64_t SegmentPlanner::DueOf(SegmentSubject* subject) const {
  std::int64_t due_ms = CompiledSegments::kNever;
  for (std::size_t i = 0; i < segments().size(); ++i)
    due_ms = std::min(due_ms, segments().NextChange(i, subject));
  return due_ms;
}

void SegmentPlanner::Optimise() { impl_->Optimise(); }
std::size_t SegmentPlanner::bytes() const { return impl_->bytes(); }
std::size_t SegmentPlanner::terms() const { return impl_->terms(); }

}  // namespace polyonym
