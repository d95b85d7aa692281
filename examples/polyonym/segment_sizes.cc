// segment_sizes.cc - how many were, and would be, in a segment: segment sizes, try.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "commands.h"
#include "polyonym/engine/segment_index.h"
#include "polyonym/engine/segment_sizes.h"
#include "segment_asked.h"

namespace polyonym::driver {

namespace {

// ---- sizes ----

constexpr std::int64_t kStepsUnlessSaid = 30;

struct SizesOptions {
  std::string name;
  std::optional<std::int64_t> from_ms;
  std::optional<std::int64_t> to_ms;
  std::string step = "1d";
};

std::vector<SegmentSize> SizesOf(const SizesOptions& options, const View& view) {
  SegmentAsked{options.name, "", ""}.In(view.policy().definitions);  // is it there
  const std::int64_t step_ms = ParseDurationArgument("--step", options.step);
  if (step_ms == 0) Fail(kUsage, "--step: must be longer than nothing");
  const std::int64_t to_ms = options.to_ms.value_or(view.now_ms());
  const std::int64_t back_ms = std::min(step_ms, to_ms / kStepsUnlessSaid) * kStepsUnlessSaid;
  auto sizes =
      SizesOverTime(view, options.name, options.from_ms.value_or(to_ms - back_ms), to_ms, step_ms);
  if (absl::IsInvalidArgument(sizes.status()) || absl::IsOutOfRange(sizes.status()))
    Fail(kUsage, "--from, --to, --step: " + std::string(sizes.status().message()));
  return FromStore(std::move(sizes));
}

void RunSizes(const SizesOptions& options, Session* session) {
  const std::unique_ptr<Engine> engine = session->OpenStore(false);
  const std::vector<SegmentSize> sizes = SizesOf(options, session->Read(*engine));
  std::uint64_t most = 0;
  for (const SegmentSize& size : sizes) most = std::max(most, size.members);
  Output out(session->format);
  for (const SegmentSize& size : sizes) {
    Json row = Json::Object();
    row.Set("time", FormatTime(size.time_ms)).Set("members", size.members);
    if (out.is_table())
      row.Set("bar", Bar(static_cast<double>(size.members), static_cast<double>(most), 40));
    out.Row(std::move(row));
  }
}

void AddSizes(CLI::App* segment, Session* session) {
  const auto options = std::make_shared<SizesOptions>();
  CLI::App* command = segment->add_subcommand(
      "sizes", "how many were in it over time, as `polyonym segment count` said then");
  session->OfferStore(command);
  session->OfferGraph(command);
  command->add_option("NAME", options->name, "of a segment that is in force")->required();
  OfferTime(command, "--from", &options->from_ms,
            "the first time: RFC 3339, a date (UTC), or ms since 1970; default: 30 steps before "
            "--to");
  OfferTime(command, "--to", &options->to_ms, "the last one at most; default: now");
  command->add_option("--step", options->step, "from one to the next: 1d, 36h, 15m, 30s")
      ->type_name("DURATION")
      ->capture_default_str();
  session->OfferFormatOrCsv(command);
  command->footer(
      "Told by the entries and exits in the feed: by the records and the definition of then, as "
      "far back as the feed is kept.\n--as-of of `polyonym segment count` goes by those of now.\n"
      "Exit code 1 where no segment has the name.");
  command->callback([=] { RunSizes(*options, session); });
}

// ---- try ----

struct TryOptions {
  std::vector<std::string> expressions;
  std::string zone;
};

// The definitions in force with a segment for each expression, and of the others those that one asks for. `names` are of these.
Definitions Drafts(const TryOptions& options, const Definitions& in_force,
                   std::vector<std::string>* names) {
  Definitions known = in_force;
  Definitions drafts = in_force;
  drafts.segments.clear();
  drafts.triggers.clear();
  drafts.privacy.roles.clear();
  std::set<std::string> there;
  for (const std::string& expression : options.expressions) {
    const OneSegment one = Draft(known, expression, options.zone, "EXPRESSION");
    names->push_back(one.definition().name);
    known.segments.push_back(one.definition());  // so that the next has another name
    for (const SegmentDefinition& segment : one.definitions.segments) {
      if (there.insert(segment.name).second) drafts.segments.push_back(segment);
    }
  }
  return drafts;
}

std::unique_ptr<SegmentIndex> IndexOf(const View& view, Definitions definitions) {
  Progress progress("people");
  SegmentIndexOptions options;
  options.definitions = std::move(definitions);
  options.progress = [&](std::uint64_t done, std::uint64_t total) {
    progress.Update(done, {done, total});
  };
  return FromStore(SegmentIndex::Build(view, std::move(options)));
}

Json TryRow(const SegmentDefinition& draft, const SegmentIndex& index, bool table) {
  const SegmentPlanner& planner = index.planner();
  const auto verdicts = planner.Evaluate(planner.segments().Find(draft.name));
  const std::uint64_t members = verdicts.members.size(), people = planner.people().size();
  Json row = Json::Object();
  if (table) {
    row.Set("members", members).Set("share", ShareText(members, people));
    row.Set("bar", Bar(static_cast<double>(members), static_cast<double>(people)));
    row.Set("unknown", verdicts.unknown.size());
    return std::move(row.Set("expression", OneLine(draft.expression)));
  }
  row.Set("expression", draft.expression)
      .Set("time_zone", draft.time_zone.empty() ? Json() : Json(draft.time_zone))
      .Set("now", FormatTime(index.now_ms()));
  row.Set("members", members).Set("unknown", verdicts.unknown.size()).Set("people", people);
  return std::move(row.Set("share", ShareJson(members, people)));
}

void RunTry(const TryOptions& options, Session* session) {
  const std::unique_ptr<Engine> engine = session->OpenStore(false);
  const View view = session->Read(*engine);
  std::vector<std::string> names;
  const Definitions drafts = Drafts(options, view.policy().definitions, &names);
  const std::unique_ptr<SegmentIndex> index = IndexOf(view, drafts);
  Output out(session->format);
  for (const std::string& name : names) {
    const auto at = std::find_if(drafts.segments.begin(), drafts.segments.end(),
                                 [&](const SegmentDefinition& one) { return one.name == name; });
    out.Row(TryRow(*at, *index, out.is_table()));
  }
}

void AddTry(CLI::App* segment, Session* session) {
  const auto options = std::make_shared<TryOptions>();
  CLI::App* command = segment->add_subcommand(
      "try", "how many there would be of each of some expressions: one pass for all");
  session->OfferStore(command);
  session->OfferGraph(command);
  command->add_option("EXPRESSION", options->expressions, "up to 64 of them")
      ->required()
      ->expected(1, 64);
  command
      ->add_option("--zone", options->zone,
                   "time zone, where their days begin: a name of IANA's; default: UTC")
      ->type_name("ZONE");
  session->OfferFormatOrCsv(command);
  command->footer("Nothing is defined. They may ask for segments that are in force.");
  command->callback([=] { RunTry(*options, session); });
}

}  // namespace

void AddSegmentSizes(CLI::App* segment, Session* session) {
  AddSizes(segment, session);
  AddTry(segment, session);
}

}  // namespace polyonym::driver
