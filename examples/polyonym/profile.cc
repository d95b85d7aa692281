// profile.cc - what a person is like, and what facts mean: tags, timeline, define.
#include <array>
#include <charconv>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "commands.h"
#include "polyonym/codec/json.h"
#include "profile_card.h"
#include "progress.h"
#include "when.h"

namespace polyonym::driver {

namespace {

// The profile that an argument asks about.  ERRORS (Failure): kAnsweredNo where the identifier was never seen, or is held.
Profile ReadProfileOf(const View& view, const std::string& text, const ProfileOptions& options,
                      const Session& session) {
  const Target target = session.Find(view, text);
  auto profile = target.is_profile ? view.ReadProfile(target.profile, options)
                                   : view.ReadProfile(target.identifier, options);
  if (absl::IsNotFound(profile.status())) Fail(kAnsweredNo, profile.status());
  if (absl::IsInvalidArgument(profile.status())) Fail(kUsage, profile.status());
  return FromStore(std::move(profile));
}

// Nothing but the page of events; a command takes in what else it shows.
ProfileOptions OnlyTimeline() {
  ProfileOptions options;
  options.traits = options.tags = options.consents = false;
  options.ladders = options.contacts = options.scores = false;
  options.relations = options.ambiguous = false;
  return options;
}

// The store, the profile and the format, which each of these commands takes.
CLI::App* AddCommand(CLI::App* app, Session* session, const char* name, const char* what,
                     std::string* id) {
  CLI::App* command = app->add_subcommand(name, what);
  session->OfferStore(command);
  session->OfferGraph(command);
  session->OfferFormat(command);
  command->add_option("ID", *id, "namespace:value, or a profile's id p~…")->required();
  command->footer("Exit code 1 where the identifier was never seen.");
  return command;
}

// ---- tags ----

void AddTags(CLI::App* app, Session* session) {
  struct Options {
    std::string id;
    ProfileOptions profile = OnlyTimeline();
  };
  const auto options = std::make_shared<Options>();
  options->profile.timeline = false;
  options->profile.tags = true;
  CLI::App* command = AddCommand(app, session, "tags",
                                 "the tags of a person, the greatest score first", &options->id);
  command->add_flag("--explain", options->profile.explain,
                    "with each record or behaviour that a score is made of");
  OfferTime(command, "--as-of", &options->profile.now_ms,
            "scores as at this time, by the facts up to it, of the person as they are known now");
  command->callback([=] {
    const std::unique_ptr<Engine> engine = session->OpenStore(false);
    const View view = session->Read(*engine);
    const Profile profile = ReadProfileOf(view, options->id, options->profile, *session);
    const bool explain = options->profile.explain;
    Output out(session->format);
    if (out.is_table()) {
      if (profile.tags.empty()) out.Note("They have no tags.");
      return PrintTags(profile.tags, explain, &out);
    }
    for (const ProfileTag& tag : profile.tags) out.Row(TagRow(tag, explain));
  });
}

// ---- timeline ----

TimelineOptions::Area ParseArea(const std::string& text) {
  std::array<double, 3> numbers{};
  const char* at = text.data();
  const char* const end = at + text.size();
  bool fits = true;
  for (std::size_t i = 0; i < numbers.size() && fits; ++i) {
    if (i > 0) fits = at != end && *at++ == ',';
    const auto [next, error] = std::from_chars(at, end, numbers[i]);
    fits = fits && error == std::errc();
    at = next;
  }
  const auto [latitude, longitude, radius_m] = numbers;
  // Written so that NaN, which from_chars takes, is in no range.
  fits = fits && at == end && latitude >= -90 && latitude <= 90 && longitude >= -180 &&
         longitude <= 180 && radius_m >= 0;
  if (!fits) {
    Fail(kUsage,
         "--near: expected LAT,LON,METRES: a latitude from -90 to 90, a longitude from -180 to "
         "180 and a radius of 0 or more, such as 31.23,121.47,500");
  }
  return {latitude, longitude, radius_m};
}

void OfferPage(CLI::App* command, TimelineOptions* page) {
  OfferTime(command, "--from", &page->from_ms,
            "events at or after this: RFC 3339, a date (UTC), or ms since 1970");
  OfferTime(command, "--to", &page->to_ms, "events before this");
  command->add_option("--type", page->match.types, "only this type of event; repeatable")
      ->type_name("TYPE")
      ->expected(1)
      ->take_all();
  command
      ->add_option_function<std::string>(
          "--direction",
          [=](const std::string& word) {
            page->match.direction = word == "in" ? Direction::kIn : Direction::kOut;
          },
          "in: what came from the person; out: what went to them")
      ->type_name("WAY")
      ->check(CLI::IsMember({"in", "out"}).description(""));
  command
      ->add_option_function<std::string>(
          "--near", [=](const std::string& text) { page->within = ParseArea(text); },
          "only events with a place in a circle: degrees (WGS 84) of its middle, and its radius")
      ->type_name("LAT,LON,METRES");
  command->add_option("--limit", page->limit, "print at most this many; range 0 to 10000")
      ->type_name("N")
      ->check(CLI::Range(0, 10'000).description(""))
      ->capture_default_str();
  command->add_option("--skip", page->skip, "leave out so many of the newest")
      ->type_name("N")
      ->check(CLI::Range(0, 1'000'000'000).description(""))
      ->capture_default_str();
}

void AddTimeline(CLI::App* app, Session* session) {
  struct Options {
    std::string id;
    ProfileOptions profile = OnlyTimeline();
  };
  const auto options = std::make_shared<Options>();
  CLI::App* command =
      AddCommand(app, session, "timeline", "the events of a person, newest first", &options->id);
  OfferPage(command, &options->profile.page);
  command->callback([=] {
    const std::unique_ptr<Engine> engine = session->OpenStore(false);
    const View view = session->Read(*engine);
    const Profile profile = ReadProfileOf(view, options->id, options->profile, *session);
    Output out(session->format);
    if (!out.is_table()) {
      for (const TimelineEvent& event : profile.timeline) out.Row(TimelineRow(event));
      return;
    }
    PrintTimeline(profile.timeline, &out);
    out.Note("\n" + FormatCount(profile.timeline.size()) + " of " + FormatCount(profile.events) +
             (profile.events == 1 ? " event" : " events"));
  });
}

// ---- define ----

Definitions ReadDefinitionsFile(const std::string& path) {
  auto definitions = ReadDefinitionsJson(ReadFile(path));
  const absl::Status status = definitions.ok() ? Validate(*definitions) : definitions.status();
  if (!status.ok()) Fail(kUsage, path + ": " + std::string(status.message()));
  return *std::move(definitions);
}

void ShowDefinitions(Session* session) {
  const std::unique_ptr<Engine> engine = session->OpenStore(false);
  const View view = session->Read(*engine);
  if (view.policy_version() == 0) Fail(kAnsweredNo, "there is no policy yet");
  Output(Format::kJson).Line(WriteDefinitionsJson(view.policy().definitions, true));
}

void Define(const std::string& file, Session* session) {
  Definitions wanted = ReadDefinitionsFile(file);
  const std::unique_ptr<Engine> engine = session->OpenStore(false);
  const View before = session->Read(*engine);
  if (before.policy_version() == 0) {
    Fail(kUsage,
         "there is no policy yet that definitions could belong to: `polyonym policy set` first");
  }
  Policy policy = before.policy();
  policy.definitions = std::move(wanted);
  const std::vector<std::string> differences = Diff(before.policy(), policy);
  if (!differences.empty()) PutInForce(policy, session->graph, engine.get());
  const View view = session->Read(*engine);
  Json row = Json::Object();
  row.Set("policy", view.policy().name)
      .Set("policy_version", view.policy_version())
      .Set("sequence", view.sequence());
  Output out(session->format);
  if (!out.is_table()) {
    out.Row(std::move(row.Set("differences", Json::ListFrom(differences))));
    return;
  }
  out.Fields(row);
  out.Title(differences.empty() ? "no difference" : "differences");
  for (const std::string& difference : differences) out.Line(difference);
}

void AddDefine(CLI::App* app, Session* session) {
  struct Options {
    std::string file;
    bool show = false;
  };
  const auto options = std::make_shared<Options>();
  CLI::App* command = app->add_subcommand(
      "define", "what facts mean: put definitions in force, within the graph's policy");
  session->OfferStore(command);
  session->OfferGraph(command);
  CLI::Option* file = command->add_option("FILE", options->file, "definitions as JSON");
  command->add_flag("--show", options->show, "print the definitions in force instead")
      ->excludes(file);
  session->OfferFormat(command);
  command->footer(
      "They change what is read of a profile, and never who belongs to it. docs/profiles.md says "
      "what they hold.");
  command->callback([=] {
    if (options->show) return ShowDefinitions(session);
    if (options->file.empty())
      Fail(kUsage, "FILE is missing: definitions as JSON; --show prints those in force");
    Define(options->file, session);
  });
}

}  // namespace

void AddProfile(CLI::App* app, Session* session) {
  AddTags(app, session);
  AddTimeline(app, session);
  AddDefine(app, session);
}

}  // namespace polyonym::driver
