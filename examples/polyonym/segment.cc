// segment.cc - segments as definitions: segment define, list, lint. segment_answers.cc and segment_portrait.cc have who is in them.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "commands.h"
#include "fact_json.h"
#include "polyonym/segment/check.h"
#include "segment_asked.h"

namespace polyonym::driver {

namespace {

// ---- findings ----

// REQUIRES: `segments` has one of that name.
std::vector<LintFinding> FindingsOf(const CompiledSegments& segments,
                                    const Definitions& definitions,
                                    const SegmentDefinition& segment) {
  return LintExpression(segments.expression(segments.Find(segment.name)), definitions,
                        segment.expression);
}

Json FindingRow(const LintFinding& finding) {
  return std::move(Json::Object()
                       .Set("kind", ToString(finding.kind))
                       .Set("place", finding.place)
                       .Set("what", finding.what));
}

void PrintFindings(const std::vector<LintFinding>& findings, const std::string& expression,
                   Output* out) {
  for (const LintFinding& finding : findings) {
    out->Note("\n" + std::string(ToString(finding.kind)) + " at " + finding.place + ": " +
              finding.what);
    if (const std::string caret = CaretAt(finding.place, expression); !caret.empty())
      out->Note(caret);
  }
}

// ---- define ----

struct DefineOptions {
  SegmentDefinition segment;
  bool remove = false;
};

// In the order in which they are defined.
std::vector<SegmentDefinition>::iterator Find(const std::string& name, Definitions* definitions) {
  return std::find_if(definitions->segments.begin(), definitions->segments.end(),
                      [&](const SegmentDefinition& segment) { return segment.name == name; });
}

// What it does: `added`, `replaced`, `removed`, `none`.  ERRORS (Failure): kAnsweredNo where what is to be removed is not there.
std::string Change(const DefineOptions& wanted, Definitions* definitions) {
  SegmentDefinition segment = wanted.segment;
  const auto at = Find(segment.name, definitions);
  const bool is_there = at != definitions->segments.end();
  if (wanted.remove) {
    if (!is_there)
      Fail(kAnsweredNo, "NAME: the definitions in force have no segment " + segment.name);
    definitions->segments.erase(at);
    return "removed";
  }
  if (!is_there) {
    definitions->segments.push_back(segment);
    return "added";
  }
  // Another expression asks for no less consent.
  segment.purpose = at->purpose;
  segment.profiles_nobody = at->profiles_nobody;
  if (*at == segment) return "none";
  *at = segment;
  return "replaced";
}

void PrintDefined(const DefineOptions& wanted, const std::string& change,
                  const std::vector<LintFinding>& findings, const View& view, Output* out) {
  const SegmentDefinition& segment = wanted.segment;
  Json row = Json::Object();
  row.Set("name", segment.name)
      .Set("change", change)
      .Set("expression", wanted.remove     ? Json()
                         : out->is_table() ? OneLine(segment.expression)
                                           : Json(segment.expression));
  row.Set("time_zone", TextOrNull(segment.time_zone))
      .Set("policy_version", view.policy_version())
      .Set("sequence", view.sequence());
  if (!out->is_table())
    return out->Row(std::move(row.Set("findings", ListOf(findings, FindingRow))));
  out->Fields(row);
  PrintFindings(findings, segment.expression, out);
}

void RunDefine(const DefineOptions& wanted, Session* session) {
  if (wanted.remove ? !wanted.segment.expression.empty() : wanted.segment.expression.empty())
    Fail(kUsage, "give either EXPRESSION, or --remove");
  const std::unique_ptr<Engine> engine = session->OpenStore(false);
  const View before = session->Read(*engine);
  if (before.policy_version() == 0) {
    Fail(kUsage,
         "there is no policy yet that a segment could belong to: `polyonym policy set` first");
  }
  Policy policy = before.policy();
  Definitions& definitions = policy.definitions;
  const std::string change = Change(wanted, &definitions);
  const auto at = Find(wanted.segment.name, &definitions);
  const SegmentDefinition* given = wanted.remove ? nullptr : &*at;
  const auto segments = CompileOrFail(definitions, given, "EXPRESSION");
  std::vector<LintFinding> findings;
  if (given != nullptr) findings = FindingsOf(*segments, definitions, *given);
  if (change != "none") PutInForce(policy, session->graph, engine.get(), before.policy_version());
  Output out(session->format);
  PrintDefined(wanted, change, findings, session->Read(*engine), &out);
}

void AddDefine(CLI::App* segment, Session* session) {
  const auto options = std::make_shared<DefineOptions>();
  CLI::App* command =
      segment->add_subcommand("define", "put a segment in force, within the graph's policy");
  session->OfferStore(command);
  session->OfferGraph(command);
  command->add_option("NAME", options->segment.name, "its name; one of that name is replaced")
      ->required();
  CLI::Option* expression = command->add_option("EXPRESSION", options->segment.expression,
                                                "of whom it is true is a member");
  command
      ->add_option("--zone", options->segment.time_zone,
                   "time zone, where its days begin: a name of IANA's, such as Asia/Shanghai; "
                   "default: UTC")
      ->type_name("ZONE");
  command->add_flag("--remove", options->remove, "take the segment out instead")
      ->excludes(expression)
      ->excludes("--zone");
  session->OfferFormat(command);
  command->footer(
      "docs/segments.md says how expressions are written. Nobody is put into a segment: who is "
      "in it is what it says of each person.\n"
      "Exit code 1 where there is no segment to remove.");
  command->callback([=] { RunDefine(*options, session); });
}

// ---- list ----

Json ListRow(const SegmentDefinition& segment, const SegmentCount& count, std::uint64_t people,
             bool table) {
  Json row = Json::Object().Set("name", segment.name);
  if (table) {
    row.Set("members", count.members)
        .Set("share", ShareText(count.members, people))
        .Set("bar", Bar(static_cast<double>(count.members), static_cast<double>(people)));
    if (count.unknown) row.Set("unknown", *count.unknown);
    return std::move(row.Set("expression", OneLine(segment.expression)));
  }
  row.Set("expression", segment.expression).Set("time_zone", TextOrNull(segment.time_zone));
  row.Set("members", count.members)
      .Set("unknown", count.unknown ? Json(*count.unknown) : Json())
      .Set("people", people);
  return std::move(row.Set("share", ShareJson(count.members, people)));
}

void RunList(const When& when, const UnknownToo& unknown, Session* session) {
  const SegmentState state(when, session);
  const Definitions definitions = state.definitions();
  SegmentCounts counts;
  if (!definitions.segments.empty())
    counts = FromStore(state.Reader().Count(unknown.asked || state.then));
  Output out(session->format);
  if (definitions.segments.empty()) out.Note("No segment is defined.");
  for (std::size_t i = 0; i < definitions.segments.size(); ++i)
    out.Row(ListRow(definitions.segments[i], counts.segments[i], counts.people, out.is_table()));
}

void AddList(CLI::App* segment, Session* session) {
  const auto when = std::make_shared<When>();
  const auto unknown = std::make_shared<UnknownToo>();
  CLI::App* command =
      segment->add_subcommand("list", "the segments in force, and how many are in each");
  session->OfferStore(command);
  session->OfferGraph(command);
  when->Offer(command);
  unknown->Offer(command);
  session->OfferFormat(command);
  command->callback([=] { RunList(*when, *unknown, session); });
}

// ---- lint ----

void RunLint(const SegmentAsked& asked, Session* session) {
  const SegmentState state({}, session);
  const OneSegment one = asked.In(state.definitions());
  const auto segments = CompileOrFail(one.definitions);
  const std::vector<LintFinding> findings =
      FindingsOf(*segments, one.definitions, one.definition());
  if (!findings.empty()) session->exit_code = kAnsweredNo;
  Output out(session->format);
  if (!out.is_table()) {
    for (const LintFinding& finding : findings) out.Row(FindingRow(finding));
    return;
  }
  out.Note(one.Title().Cell());
  if (findings.empty()) out.Note("\nNothing was found.");
  PrintFindings(findings, one.definition().expression, &out);
}

void AddLint(CLI::App* segment, Session* session) {
  const auto asked = std::make_shared<SegmentAsked>();
  CLI::App* command = segment->add_subcommand(
      "lint", "what its author should know: parts without effect, answers that never come");
  session->OfferStore(command);
  session->OfferGraph(command);
  asked->Offer(command);
  session->OfferFormat(command);
  command->footer("Exit code 1 where something was found, or no segment has the name.");
  command->callback([=] { RunLint(*asked, session); });
}

}  // namespace

void AddSegment(CLI::App* app, Session* session) {
  CLI::App* segment =
      app->add_subcommand("segment", "groups of people that an expression says who is in");
  segment->require_subcommand(1);
  AddDefine(segment, session);
  AddList(segment, session);
  AddLint(segment, session);
  AddSegmentAnswers(segment, session);
  AddSegmentSizes(segment, session);
  AddSegmentPortrait(segment, session);
}

}  // namespace polyonym::driver
