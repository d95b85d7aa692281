// segment/evaluate.h - whether a person is in a segment: the evaluator of one profile.
//
// It is one of two executors of one meaning (segment/expression.h): this one takes a person at a time, all segments; the planner
// over bitmaps takes a segment at a time, all people.
//
//   auto segments = CompiledSegments::Compile(definitions);
//   SegmentSubject person(definitions, rows, identifiers, anchor, now_ms);
//   std::optional<bool> loyal = (*segments)->Evaluate((*segments)->Find("loyal"), &person);
#ifndef POLYONYM_SEGMENT_EVALUATE_H_
#define POLYONYM_SEGMENT_EVALUATE_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "polyonym/model/definitions.h"
#include "polyonym/profile/profile.h"
#include "polyonym/segment/expression.h"

namespace polyonym {

class CompiledSegments;
namespace segment {
class Conditions;  // of the library's inside, as is what segments are compiled to
const Conditions& ConditionsOf(const CompiledSegments& segments);
}  // namespace segment

// A person as expressions read them: the parts of the profile are folded when something first asks for them, and kept.
//
// THREADS: thread-compatible.  What is given must outlive it.
class SegmentSubject {
 public:
  // `rows`: all facts of the person, in any order; those of times after now do not count. `identifiers`: of the profile, sorted. `anchor`: the one
  // of them that stands for the person (Person::anchor); what kBucket hashes.
  SegmentSubject(const Definitions& definitions, const std::vector<FactRow>& rows,
                 std::span<const Identifier> identifiers, const Identifier& anchor,
                 std::int64_t now_ms);
  ~SegmentSubject();
  SegmentSubject(const SegmentSubject&) = delete;
  SegmentSubject& operator=(const SegmentSubject&) = delete;

  class Impl;
  Impl& impl() { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

// One part of an expression, what it was for a person, and the parts below it.
struct SegmentExplanation {
  std::string text;   // the part, as WriteExpression() says it
  std::string value;  // what it came to, for people: `yes`, `no`, `unknown`, `3`, `19.99 CNY`
  std::optional<bool> verdict;  // of flags; none: unknown, or no flag
  bool is_flag = false;
  // Its arguments, also those that did not decide; not what literals are, and not what is asked of each event.
  std::vector<SegmentExplanation> parts;
  friend bool operator==(const SegmentExplanation&, const SegmentExplanation&) = default;
};

// All segments of the definitions, ready to be asked.
//
// THREADS: thread-safe (immutable).
class CompiledSegments {
 public:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  // ERRORS: InvalidArgument: `segments[3].expression: ` and what ParseExpression() or CheckExpression() says, or that it is no flag;
  // `segments[3].time_zone` that is not of IANA's; segments that ask for each other in a circle, which it names.  COST: linear, and the patterns.
  static absl::StatusOr<std::shared_ptr<const CompiledSegments>> Compile(
      const Definitions& definitions);
  ~CompiledSegments();

  std::size_t size() const;
  const std::string& name(std::size_t segment) const;
  const Expression& expression(std::size_t segment) const;
  std::uint32_t inputs(
      std::size_t segment) const;  // SegmentInput, those of the segments that it asks for too
  // kNone where there is none of the name.
  std::size_t Find(std::string_view name) const;

  // True: a member; none: unknown, and so no member.
  // ENSURES: the same for the same facts in whatever order they come.  COST: the expression, times the person's events where it asks for them; a fold of
  // each part of the profile that it is the first to ask the subject for. Segments that it asks for are evaluated once a
  // subject, before it.
  std::optional<bool> Evaluate(std::size_t segment, SegmentSubject* subject) const;

  // Until when the answer stays: at every time t with the subject's now <= t < NextChange(), Evaluate() of the same facts as of t says what it
  // says now (true, false or unknown). kNever where time alone never changes it.
  // ENSURES: later than now. It may be too early (the answer may be the same then), never too late: docs/segments.md says where.
  // COST: some times that of Evaluate(), and a pass over the facts of each kind that the segment reads.
  static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
  std::int64_t NextChange(std::size_t segment, SegmentSubject* subject) const;

  // The same, said.  COST: as Evaluate() without short cuts, and the texts.
  SegmentExplanation Explain(std::size_t segment, SegmentSubject* subject) const;

 private:
  friend const segment::Conditions& segment::ConditionsOf(const CompiledSegments&);
  struct Impl;
  explicit CompiledSegments(std::shared_ptr<const Impl> impl);
  std::shared_ptr<const Impl> impl_;  // shared with subjects that keep answers of it
};

// A number of each person that is no segment: to put members in order.
//
// THREADS: thread-safe (immutable).
class CompiledNumber {
 public:
  // `expression`: of a number, an instant or a duration (in milliseconds), or money (in minor units); it may not ask for segments.
  // ERRORS: InvalidArgument, as CompiledSegments::Compile(), beginning with `expression: ` or `time_zone: `; an expression of another type.
  static absl::StatusOr<std::shared_ptr<const CompiledNumber>> Compile(
      const Definitions& definitions, std::string_view expression, std::string_view time_zone = {});
  ~CompiledNumber();

  // None where it is unknown, or money of several currencies. The nearest double of a whole number.  COST: as CompiledSegments::Evaluate().
  std::optional<double> Evaluate(SegmentSubject* subject) const;

 private:
  struct Impl;
  explicit CompiledNumber(std::unique_ptr<const Impl> impl);
  std::unique_ptr<const Impl> impl_;
};

}  // namespace polyonym

#endif  // POLYONYM_SEGMENT_EVALUATE_H_
