// Segments: who is in them, why, and what their members are like; of a view or of a moment.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <nanobind/stl/unique_ptr.h>

#include "bindings.h"
#include "calls.h"
#include "polyonym/codec/json.h"
#include "polyonym/engine/moment.h"
#include "polyonym/engine/segment_sizes.h"
#include "polyonym/engine/segments.h"
#include "polyonym/engine/view.h"
#include "polyonym/segment/check.h"
#include "polyonym/segment/text.h"
#include "values.h"

namespace polyonym::python {
namespace {

using python::ToPython;

// The callback of the call that this thread is in: a reader has one function for all its calls, each of which may show its own progress.
thread_local const Progress* shown_progress = nullptr;

class ProgressOfCall {
 public:
  explicit ProgressOfCall(const Progress& progress) {
    shown_progress = progress ? &progress : nullptr;
  }
  ~ProgressOfCall() { shown_progress = nullptr; }
  ProgressOfCall(const ProgressOfCall&) = delete;
  ProgressOfCall& operator=(const ProgressOfCall&) = delete;
};

void ShowProgress(std::uint64_t done, std::uint64_t total) {
  if (shown_progress != nullptr) (*shown_progress)(done, total);
}

// A reader, and what it reads, which finds people by their identifiers.
class SegmentsHandle {
 public:
  SegmentsHandle(std::variant<View, Moment> of, SegmentReader reader)
      : of_(std::move(of)), reader_(std::move(reader)) {}

  const SegmentReader& reader() const { return reader_; }

  absl::StatusOr<ProfileId> Find(const Who& who) const {
    if (const auto* id = std::get_if<ProfileId>(&who)) return *id;
    const auto& identifier = std::get<Identifier>(who);
    const Resolution found =
        std::visit([&](const auto& of) { return of.Resolve(identifier); }, of_);
    if (found.profile) return *found.profile;
    return absl::NotFoundError("the identifier was never seen, or is held");
  }

  // f(reader, profile) without the GIL.
  template <class F>
  auto Of(nb::handle who, const F& f) const {
    const Who asked = WhoOf(who, "who");
    return Call([&]() -> decltype(f(reader_, ProfileId())) {
      const auto id = Find(asked);
      if (!id.ok()) return id.status();
      return f(reader_, *id);
    });
  }

  // f(reader), which may take a pass over everybody, without the GIL.
  template <class F>
  auto OfEverybody(nb::handle progress, const F& f) const {
    const Progress show = ProgressOf(progress);
    return Call([&] {
      const ProgressOfCall scope(show);
      return f(reader_);
    });
  }

 private:
  std::variant<View, Moment> of_;
  SegmentReader reader_;
};

template <class Source>
std::unique_ptr<SegmentsHandle> Open(const Source& source, std::optional<std::int64_t> now_ms,
                                     const std::optional<std::string>& definitions) {
  SegmentReader reader = Call([&]() -> absl::StatusOr<SegmentReader> {
    SegmentOptions options{now_ms, std::nullopt, &ShowProgress};
    if (definitions) {
      auto read = ReadDefinitionsJson(*definitions);
      if (!read.ok()) return read.status();
      options.definitions = *std::move(read);
    }
    return SegmentReader::Make(source, std::move(options));
  });
  return std::make_unique<SegmentsHandle>(source, std::move(reader));
}

std::vector<std::string> NamesOf(const SegmentsHandle& handle) {
  const CompiledSegments& segments = handle.reader().segments();
  std::vector<std::string> names;
  for (std::size_t i = 0; i < segments.size(); ++i) names.push_back(segments.name(i));
  return names;
}

nb::dict ExpressionsOf(const SegmentsHandle& handle) {
  const CompiledSegments& segments = handle.reader().segments();
  nb::dict texts;
  for (std::size_t i = 0; i < segments.size(); ++i)
    texts[nb::cast(segments.name(i))] = WriteExpression(segments.expression(i));
  return texts;
}

nb::object Count(const SegmentsHandle& handle, bool unknown, nb::handle progress) {
  const SegmentCounts counts = handle.OfEverybody(
      progress, [&](const SegmentReader& reader) { return reader.Count(unknown); });
  return Result("SegmentCounts")("people"_a = counts.people,
                                 "segments"_a = ListOf(counts.segments, [](const SegmentCount& c) {
                                   return Result("SegmentCount")("name"_a = c.name,
                                                                 "members"_a = c.members,
                                                                 "unknown"_a = c.unknown);
                                 }));
}

nb::object Members(const SegmentsHandle& handle, const std::string& name,
                   const std::string& order_by, bool ascending, std::uint64_t limit,
                   std::uint64_t skip, std::uint64_t sample, std::uint64_t seed,
                   nb::handle progress) {
  const MemberOptions options{order_by, ascending, limit, skip, sample, seed};
  const SegmentMembers members = handle.OfEverybody(
      progress, [&](const SegmentReader& reader) { return reader.Members(name, options); });
  return Result("SegmentMembers")("total"_a = members.total,
                                  "page"_a = ListOf(members.page, [](const SegmentMember& m) {
                                    return Result("SegmentMember")(
                                        "profile"_a = ToPython(m.profile), "order"_a = m.order);
                                  }));
}

nb::dict MembershipsOf(const SegmentsHandle& handle, nb::handle who) {
  const std::vector<std::optional<bool>> answers =
      handle.Of(who, [](const SegmentReader& reader, ProfileId id) { return reader.Of(id); });
  nb::dict by_name;
  for (std::size_t i = 0; i < answers.size(); ++i)
    by_name[nb::cast(handle.reader().segments().name(i))] = answers[i];
  return by_name;
}

nb::object ToPython(const SegmentExplanation& explanation) {
  return Result("SegmentExplanation")(
      "text"_a = explanation.text, "value"_a = explanation.value, "is_flag"_a = explanation.is_flag,
      "verdict"_a = explanation.verdict,
      "parts"_a =
          ListOf(explanation.parts, [](const SegmentExplanation& part) { return ToPython(part); }));
}

nb::object Overlap(const SegmentsHandle& handle, const std::vector<std::string>& names,
                   nb::handle progress) {
  const SegmentOverlap overlap = handle.OfEverybody(
      progress, [&](const SegmentReader& reader) { return reader.Overlap(names); });
  return Result("SegmentOverlap")("names"_a = overlap.names, "both"_a = overlap.both,
                                  "any"_a = overlap.any, "all"_a = overlap.all,
                                  "people"_a = overlap.people);
}

nb::object ToPython(const PortraitShare& share) {
  return Result("PortraitShare")("name"_a = share.name, "members"_a = share.members,
                                 "everybody"_a = share.everybody, "share"_a = share.share,
                                 "lift"_a = share.lift);
}
nb::list ToPython(const std::vector<PortraitShare>& shares) {
  return ListOf(shares, [](const PortraitShare& share) { return ToPython(share); });
}
nb::object ToPython(const std::optional<PortraitNumbers>& numbers) {
  if (!numbers) return nb::none();
  return Result("PortraitNumbers")("count"_a = numbers->count, "min"_a = numbers->min,
                                   "max"_a = numbers->max, "mean"_a = numbers->mean,
                                   "median"_a = numbers->median);
}

nb::object PortraitOf(const SegmentsHandle& handle, const std::string& name, std::uint32_t top,
                      std::uint64_t at_least, std::uint32_t max_values, nb::handle progress) {
  const PortraitOptions options{top, at_least, max_values};
  const Portrait portrait = handle.OfEverybody(
      progress, [&](const SegmentReader& reader) { return reader.PortraitOf(name, options); });
  return Result("Portrait")(
      "segment"_a = name, "members"_a = portrait.members, "everybody"_a = portrait.everybody,
      "tags"_a = ToPython(portrait.tags), "channels"_a = ToPython(portrait.channels),
      "traits"_a = ListOf(portrait.traits, [](const PortraitTrait& trait) {
        return Result("PortraitTrait")(
            "name"_a = trait.name, "known_members"_a = trait.known_members,
            "known_everybody"_a = trait.known_everybody, "values"_a = ToPython(trait.values),
            "beyond_bound"_a = trait.beyond_bound, "members"_a = ToPython(trait.members),
            "everybody"_a = ToPython(trait.everybody), "unit"_a = trait.unit);
      }));
}

nb::list Sizes(const View& view, const std::string& name, std::int64_t from_ms, std::int64_t to_ms,
               std::int64_t step_ms) {
  return ListOf(Call([&] { return SizesOverTime(view, name, from_ms, to_ms, step_ms); }),
                [](const SegmentSize& size) {
                  return Result("SegmentSize")("time"_a = TimeOf(size.time_ms),
                                               "members"_a = size.members);
                });
}

// What is to be said of the text of an expression: all of SegmentCheck, but for `expression`.
struct Checked {
  std::string problem;  // empty: none
  std::optional<ExpressionType> type;
  std::string text;
  std::vector<std::string> segments;
  std::vector<LintFinding> findings;
};

Checked Check(const std::string& text, const Definitions& definitions) {
  const auto problem = [](const absl::Status& status) {
    return std::string(status.message().data(), status.message().size());
  };
  Checked checked;
  const auto expression = ParseExpression(text);
  if (!expression.ok()) {
    checked.problem = problem(expression.status());
    return checked;
  }
  const auto is_segment = [&](std::string_view name) {
    for (const SegmentDefinition& segment : definitions.segments)
      if (segment.name == name) return true;
    return false;
  };
  const auto type = CheckExpression(*expression, definitions, is_segment, text);
  if (!type.ok()) {
    checked.problem = problem(type.status());
    return checked;
  }
  checked.type = *type;
  checked.text = WriteExpression(*expression);
  checked.segments = SegmentsIn(*expression);
  checked.findings = LintExpression(*expression, definitions, text);
  return checked;
}

nb::object CheckSegment(const std::string& text, const std::string& definitions_json) {
  const Checked checked = Call([&]() -> absl::StatusOr<Checked> {
    auto definitions = ReadDefinitionsJson(definitions_json);
    if (!definitions.ok()) return definitions.status();
    return Check(text, *definitions);
  });
  std::string problem = checked.problem;
  if (checked.type && *checked.type != ExpressionType::kFlag)
    problem = "must be a flag, yes or no of each person; it is of type " +
              TextOf(ToString(*checked.type));
  return Result("SegmentCheck")(
      "problem"_a = problem,
      "type"_a = checked.type ? nb::cast(ToString(*checked.type)) : nb::none(),
      "text"_a = checked.text, "segments"_a = checked.segments,
      "findings"_a = ListOf(checked.findings, [](const LintFinding& finding) {
        return Result("SegmentFinding")("kind"_a = TextOf(ToString(finding.kind)),
                                        "place"_a = finding.place, "what"_a = finding.what);
      }));
}

}  // namespace

void BindSegments(nb::module_& module) {
  nb::class_<SegmentsHandle>(module, "Segments")
      .def_prop_ro("names", &NamesOf)
      .def_prop_ro("expressions", &ExpressionsOf)
      .def_prop_ro("is_live",
                   [](const SegmentsHandle& handle) { return handle.reader().is_live(); })
      .def_prop_ro("now_ms", [](const SegmentsHandle& handle) { return handle.reader().now_ms(); })
      .def("count", &Count, nb::kw_only(), "unknown"_a, "progress"_a.none())
      .def("members", &Members, "name"_a, nb::kw_only(), "order_by"_a, "ascending"_a, "limit"_a,
           "skip"_a, "sample"_a, "seed"_a, "progress"_a.none())
      .def(
          "contains",
          [](const SegmentsHandle& handle, const std::string& name, nb::handle who) {
            return handle.Of(who, [&](const SegmentReader& reader, ProfileId id) {
              return reader.Contains(name, id);
            });
          },
          "name"_a, "who"_a)
      .def("of", &MembershipsOf, "who"_a)
      .def(
          "explain",
          [](const SegmentsHandle& handle, const std::string& name, nb::handle who) {
            return ToPython(handle.Of(who, [&](const SegmentReader& reader, ProfileId id) {
              return reader.Explain(name, id);
            }));
          },
          "name"_a, "who"_a)
      .def("overlap", &Overlap, "names"_a, nb::kw_only(), "progress"_a.none())
      .def("portrait", &PortraitOf, "name"_a, nb::kw_only(), "top"_a, "at_least"_a, "max_values"_a,
           "progress"_a.none());
  module.def("open_segments", &Open<View>, "source"_a, nb::kw_only(), "now_ms"_a.none(),
             "definitions"_a.none());
  module.def("open_segments", &Open<Moment>, "source"_a, nb::kw_only(), "now_ms"_a.none(),
             "definitions"_a.none());
  module.def("segment_sizes", &Sizes, "view"_a, "name"_a, nb::kw_only(), "from_ms"_a, "to_ms"_a,
             "step_ms"_a);
  module.def("check_segment", &CheckSegment, "text"_a, "definitions"_a);
}

}  // namespace polyonym::python
