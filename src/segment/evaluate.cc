#include "polyonym/segment/evaluate.h"

#include <functional>
#include <map>
#include <utility>
#include <variant>

#include "polyonym/segment/check.h"
#include "segment/below_first.h"
#include "segment/compile.h"
#include "segment/conditions.h"
#include "segment/evaluator.h"
#include "segment/outlook.h"
#include "segment/subject.h"

namespace polyonym {

using segment::CompiledSegment;
using segment::Evaluator;
using segment::Forecaster;
using segment::SettleFrom;

struct CompiledSegments::Impl {
  std::vector<std::unique_ptr<CompiledSegment>> segments;
  std::map<std::string, std::size_t, std::less<>> numbers;
  std::optional<segment::Conditions> conditions;
  std::vector<bool> alone;  // asks for no other, and no other for it: nothing is to be kept of it
};

namespace {

using Answers = SegmentSubject::Impl::Answers;
using Segments = std::vector<std::unique_ptr<CompiledSegment>>;

void Settle(const Segments& segments, const segment::Conditions& conditions, std::size_t segment,
            SegmentSubject::Impl* person, Answers* answers) {
  answers->memberships.resize(segments.size());
  SettleFrom(
      segments, segment, [&](std::size_t at) { return answers->memberships[at].is_asked; },
      [&](std::size_t at) {
        const std::optional<bool> is = conditions.Evaluate(at, person, answers);
        answers->memberships[at] = {true, is, std::nullopt};
      });
}

// Until when they stay. REQUIRES: they are settled.
void Foresee(const Segments& segments, std::size_t segment, SegmentSubject::Impl* person,
             Answers* answers) {
  auto& memberships = answers->memberships;
  SettleFrom(
      segments, segment, [&](std::size_t at) { return memberships[at].until_ms.has_value(); },
      [&](std::size_t at) {
        memberships[at].until_ms = Forecaster(*segments[at], person, memberships).NextChange();
      });
}

}  // namespace

const segment::Conditions& segment::ConditionsOf(const CompiledSegments& segments) {
  return *segments.impl_->conditions;
}

CompiledSegments::CompiledSegments(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
CompiledSegments::~CompiledSegments() = default;

absl::StatusOr<std::shared_ptr<const CompiledSegments>> CompiledSegments::Compile(
    const Definitions& definitions) {
  auto segments = segment::CompileAll(definitions);
  if (!segments.ok()) return segments.status();
  auto impl = std::make_shared<Impl>();
  impl->segments = *std::move(segments);
  impl->alone.assign(impl->segments.size(), true);
  for (std::size_t i = 0; i < impl->segments.size(); ++i) {
    impl->numbers.emplace(impl->segments[i]->name, i);
    for (const std::size_t below : impl->segments[i]->asks_for)
      impl->alone[i] = impl->alone[below] = false;
  }
  impl->conditions.emplace(impl->segments, definitions);
  return std::shared_ptr<const CompiledSegments>(new CompiledSegments(std::move(impl)));
}

std::size_t CompiledSegments::size() const { return impl_->segments.size(); }

const std::string& CompiledSegments::name(std::size_t segment) const {
  return impl_->segments[segment]->name;
}

const Expression& CompiledSegments::expression(std::size_t segment) const {
  return impl_->segments[segment]->expression;
}

std::uint32_t CompiledSegments::inputs(std::size_t segment) const {
  return impl_->segments[segment]->inputs;
}

std::size_t CompiledSegments::Find(std::string_view name) const {
  const auto at = impl_->numbers.find(name);
  return at == impl_->numbers.end() ? kNone : at->second;
}

std::optional<bool> CompiledSegments::Evaluate(std::size_t segment, SegmentSubject* subject) const {
  SegmentSubject::Impl& person = subject->impl();
  Answers& answers = person.AnswersTo(impl_);
  if (impl_->alone[segment]) return impl_->conditions->Evaluate(segment, &person, &answers);
  Settle(impl_->segments, *impl_->conditions, segment, &person, &answers);
  return answers.memberships[segment].is;
}

std::int64_t CompiledSegments::NextChange(std::size_t segment, SegmentSubject* subject) const {
  SegmentSubject::Impl& person = subject->impl();
  const bool reads_clock = (inputs(segment) & kInputClock) != 0;
  if (!reads_clock && !person.turns().HasLater()) return kNever;
  Answers& answers = person.AnswersTo(impl_);
  Settle(impl_->segments, *impl_->conditions, segment, &person, &answers);
  Foresee(impl_->segments, segment, &person, &answers);
  return *answers.memberships[segment].until_ms;
}

struct CompiledNumber::Impl {
  std::unique_ptr<CompiledSegment> compiled;
};

CompiledNumber::CompiledNumber(std::unique_ptr<const Impl> impl) : impl_(std::move(impl)) {}
CompiledNumber::~CompiledNumber() = default;

absl::StatusOr<std::shared_ptr<const CompiledNumber>> CompiledNumber::Compile(
    const Definitions& definitions, std::string_view expression, std::string_view time_zone) {
  auto compiled = segment::CompileNumber(definitions, expression, time_zone);
  if (!compiled.ok()) return compiled.status();
  auto impl = std::make_unique<Impl>();
  impl->compiled = *std::move(compiled);
  return std::shared_ptr<const CompiledNumber>(new CompiledNumber(std::move(impl)));
}

std::optional<double> CompiledNumber::Evaluate(SegmentSubject* subject) const {
  const segment::Datum value = Evaluator(*impl_->compiled, &subject->impl(), {}).Value();
  if (const auto number = segment::NumberOf(value)) return number->real;
  if (const auto* instant = std::get_if<Instant>(&value)) return static_cast<double>(instant->ms);
  if (const auto* duration = std::get_if<segment::Duration>(&value))
    return static_cast<double>(duration->ms);
  const auto* money = std::get_if<segment::Amounts>(&value);
  if (money == nullptr || money->of.size() != 1) return std::nullopt;
  return static_cast<double>(money->of.front().minor_units);
}

SegmentExplanation CompiledSegments::Explain(std::size_t segment, SegmentSubject* subject) const {
  SegmentSubject::Impl& person = subject->impl();
  Answers& answers = person.AnswersTo(impl_);
  Settle(impl_->segments, *impl_->conditions, segment, &person, &answers);
  return Evaluator(*impl_->segments[segment], &person, answers.memberships).Explain();
}

}  // namespace polyonym
