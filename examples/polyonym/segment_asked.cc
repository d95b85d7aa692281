#include "segment_asked.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <set>
#include <utility>
#include <vector>

#include "fact_json.h"
#include "polyonym/segment/check.h"
#include "polyonym/segment/text.h"

namespace polyonym::driver {

namespace {

// What --expression is among the segments in force: a name that none of them has.
std::string FreeName(const Definitions& definitions) {
  std::string name = "the expression";
  const auto has_it = [&](const SegmentDefinition& segment) { return segment.name == name; };
  while (std::any_of(definitions.segments.begin(), definitions.segments.end(), has_it)) name += "'";
  return name;
}

const SegmentDefinition* Find(const Definitions& definitions, const std::string& name) {
  for (const SegmentDefinition& segment : definitions.segments) {
    if (segment.name == name) return &segment;
  }
  return nullptr;
}

// ERRORS (Failure): kAnsweredNo where there is none of that name.
const SegmentDefinition& FindOrFail(const Definitions& definitions, const std::string& name) {
  if (const SegmentDefinition* found = Find(definitions, name)) return *found;
  std::string known;
  for (const SegmentDefinition& segment : definitions.segments)
    known += (known.empty() ? "" : ", ") + segment.name;
  Fail(kAnsweredNo, "NAME: the definitions in force have no segment " + name +
                        (known.empty() ? ", nor any other" : "; they have " + known));
}

// The segments in force that one asks for, also by others. One that cannot be read asks for none here: compiling says why.
std::vector<SegmentDefinition> AskedForBy(const SegmentDefinition& one,
                                          const Definitions& in_force) {
  std::set<std::string> seen = {one.name};
  std::vector<SegmentDefinition> found = {one};
  for (std::size_t i = 0; i < found.size(); ++i) {
    const auto expression = ParseExpression(found[i].expression);
    if (!expression.ok()) continue;
    for (const std::string& name : SegmentsIn(*expression)) {
      const SegmentDefinition* asked_for = Find(in_force, name);
      if (asked_for != nullptr && seen.insert(name).second) found.push_back(*asked_for);
    }
  }
  std::reverse(found.begin(), found.end());  // `one` is the last
  return found;
}

// Without triggers and roles, which are for other segments.
OneSegment Alone(const SegmentDefinition& segment, const Definitions& in_force) {
  OneSegment one;
  one.definitions = in_force;
  one.definitions.segments = AskedForBy(segment, in_force);
  one.definitions.triggers.clear();
  one.definitions.privacy.roles.clear();
  return one;
}

// Takes a beginning off a text that has it.
bool Take(std::string_view beginning, std::string_view* text) {
  if (!text->starts_with(beginning)) return false;
  text->remove_prefix(beginning.size());
  return true;
}

// Takes `12` and what stands behind it.
std::optional<std::size_t> TakeNumber(std::string_view behind, std::string_view* text) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (error != std::errc()) return std::nullopt;
  std::string_view rest = text->substr(static_cast<std::size_t>(end - text->data()));
  if (!Take(behind, &rest)) return std::nullopt;
  *text = rest;
  return number;
}

// Bytes of the first so many characters of a line.
std::size_t BytesOf(std::string_view line, std::size_t characters) {
  const auto begins = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; };
  std::size_t at = 0;
  for (std::size_t n = 0; at < line.size(); ++at) {
    if (begins(line[at]) && n++ == characters) break;
  }
  return at;
}

}  // namespace

// ---- what is asked ----

void SegmentAsked::Offer(CLI::App* command) {
  CLI::Option* by_name =
      command->add_option("NAME", name, "of a segment that is in force; or --expression");
  CLI::Option* given =
      command
          ->add_option("--expression", expression, "who would be in a segment with this expression")
          ->type_name("EXPRESSION")
          ->excludes(by_name);
  command
      ->add_option(
          "--zone", zone,
          "time zone of --expression, where its days begin: a name of IANA's; default: UTC")
      ->type_name("ZONE")
      ->needs(given);
}

OneSegment SegmentAsked::In(const Definitions& in_force) const {
  if (name.empty() && expression.empty())
    Fail(kUsage, "NAME or --expression is missing: which segment");
  if (name.empty()) return Draft(in_force, expression, zone, "--expression");
  OneSegment one = Alone(FindOrFail(in_force, name), in_force);
  CompileOrFail(one.definitions);
  return one;
}

OneSegment Draft(const Definitions& in_force, const std::string& expression,
                 const std::string& zone, const std::string& argument) {
  OneSegment one = Alone({FreeName(in_force), expression, zone}, in_force);
  one.given = true;
  CompileOrFail(one.definitions, &one.definition(), argument);
  return one;
}

void OneSegment::SetIn(Json* row) const {
  row->Set("name", Name())
      .Set("expression", definition().expression)
      .Set("time_zone", TextOrNull(definition().time_zone));
}

Json OneSegment::Title() const {
  return given ? OneLine(definition().expression) : Printable(definition().name);
}

void UnknownToo::Offer(CLI::App* command) {
  command->add_flag("--unknown", asked,
                    "also of how many it cannot be said, for which everybody is asked");
}

// ---- the store ----

SegmentState::SegmentState(const When& when, Session* session)
    : engine(session->OpenStore(false)), view(session->Read(*engine)), then(when.In(view)) {}

Definitions SegmentState::definitions() const {
  return (then ? then->policy() : view.policy()).definitions;
}

std::optional<ProfileId> SegmentState::ProfileOf(const Target& target) const {
  if (!target.is_profile) {
    return then ? then->Resolve(target.identifier).profile
                : view.Resolve(target.identifier).profile;
  }
  auto here = then ? then->Follow(target.profile) : view.Follow(target.profile);
  if (absl::IsNotFound(here.status())) return std::nullopt;
  return FromStore(std::move(here));
}

std::vector<Identifier> SegmentState::IdentifiersOf(ProfileId profile) const {
  return FromStore(then ? then->Members(profile) : view.Members(profile));
}

SegmentReader SegmentState::Reader() const { return Reader(SegmentOptions()); }

SegmentReader SegmentState::Reader(const OneSegment& one) const {
  SegmentOptions options;
  if (one.given || then) options.definitions = one.definitions;  // a pass need not ask the others
  return Reader(std::move(options));
}

SegmentReader SegmentState::Reader(SegmentOptions options) const {
  const auto progress = std::make_shared<Progress>("people");
  options.progress = [progress](std::uint64_t done, std::uint64_t total) {
    progress->Update(done, {done, total});
  };
  return OrFail(then ? SegmentReader::Make(*then, std::move(options))
                     : SegmentReader::Make(view, std::move(options)));
}

// ---- errors ----

std::shared_ptr<const CompiledSegments> CompileOrFail(const Definitions& definitions,
                                                      const SegmentDefinition* given,
                                                      const std::string& argument) {
  auto compiled = CompiledSegments::Compile(definitions);
  if (compiled.ok()) return *std::move(compiled);
  const std::string message(compiled.status().message());
  std::string_view problem = message;
  std::optional<std::size_t> at;
  if (Take("segments[", &problem)) at = TakeNumber("].", &problem);
  if (!at || *at >= definitions.segments.size()) Fail(kUsage, message);
  const SegmentDefinition& segment = definitions.segments[*at];
  const bool is_given = &segment == given;
  const std::string of = is_given ? argument : "segment " + segment.name;
  if (Take("expression: ", &problem)) FailAt(of, problem, segment.expression);
  Take("time_zone: ", &problem);
  Fail(kUsage, (is_given ? "--zone: " : of + ", time zone: ") + std::string(problem));
}

void FailAt(const std::string& where, std::string_view problem, std::string_view expression) {
  Take("order_by: ", &problem);
  Take("expression: ", &problem);
  std::string message = where + ": " + std::string(problem);
  if (const std::string caret = CaretAt(problem, expression); !caret.empty())
    message += "\n" + caret;
  Fail(kUsage, message);
}

std::string CaretAt(std::string_view place, std::string_view text) {
  const auto line = TakeNumber(":", &place);
  if (!line || *line == 0) return "";
  place = place.substr(0, place.find(':'));
  const auto column = TakeNumber("", &place);
  if (!column || *column == 0 || !place.empty()) return "";
  for (std::size_t n = 1; n < *line; ++n) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return "";
    text.remove_prefix(end + 1);
  }
  text = text.substr(0, text.find('\n'));
  constexpr std::size_t kBefore = 60, kBehind = 60;  // characters of a long line that are shown
  const bool cut = *column > kBefore;
  if (cut) text.remove_prefix(BytesOf(text, *column - kBefore));
  const std::size_t before = cut ? kBefore - 1 : *column - 1;
  const std::string shown =  // a tab must not move what stands under it
      Printable(std::string(text.substr(0, BytesOf(text, before + kBehind)))).Cell();
  const std::size_t width = WidthOf(std::string_view(shown).substr(0, BytesOf(shown, before)));
  const std::string dots = cut ? "…" : "";
  return "  " + dots + shown + "\n" + std::string(2 + WidthOf(dots) + width, ' ') + "^";
}

// ---- texts ----

Json Printable(std::string text) {
  for (char& c : text) c = static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  return Json::Raw(std::move(text));
}

Json OneLine(const std::string& expression) {
  const auto parsed = ParseExpression(expression);
  return Printable(parsed.ok() ? WriteExpression(*parsed) : expression);
}

Json ShareJson(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? Json() : NumberJson(static_cast<double>(part) / static_cast<double>(whole));
}

std::string ShareText(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return "-";
  return Fixed(100 * static_cast<double>(part) / static_cast<double>(whole)) + "%";
}

}  // namespace polyonym::driver
