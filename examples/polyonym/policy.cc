// policy.cc - the rules of a store as data: policy show, check, diff, set, simulate, preset.
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "commands.h"
#include "groups.h"
#include "polyonym/codec/json.h"
#include "polyonym/model/presets.h"
#include "progress.h"

namespace polyonym::driver {

namespace {

void AddShow(CLI::App* policy, Session* session) {
  CLI::App* command = policy->add_subcommand("show", "print the policy in force");
  session->OfferStore(command);
  session->OfferGraph(command);
  command->callback([=] {
    const std::unique_ptr<Engine> engine = session->OpenStore(false);
    const View view = session->Read(*engine);
    if (view.policy_version() == 0) Fail(kAnsweredNo, "there is no policy yet");
    Output(Format::kJson).Line(WritePolicyJson(view.policy(), true));
  });
}

void AddCheck(CLI::App* policy, Session* session) {
  const auto file = std::make_shared<std::string>();
  CLI::App* command = policy->add_subcommand("check", "is this file a valid policy");
  command->add_option("FILE", *file, "policy as JSON")->required();
  session->OfferFormat(command);
  command->footer("Exit code 1 where it is not.");
  command->callback([=] {
    auto read = ReadPolicyJson(ReadFile(*file));
    const absl::Status status = read.ok() ? CheckPolicy(*read) : read.status();
    if (!status.ok()) session->exit_code = kAnsweredNo;
    Json row = Json::Object();
    row.Set("ok", status.ok()).Set("name", read.ok() ? Json(read->name) : Json());
    row.Set("namespaces", read.ok() ? Json(read->namespaces.size()) : Json());
    row.Set("problem", status.ok() ? Json() : Json(std::string(status.message())));
    Output(session->format).Fields(row);
  });
}

void AddDiff(CLI::App* policy, Session* session) {
  struct Options {
    std::string a;
    std::string b;
  };
  const auto options = std::make_shared<Options>();
  CLI::App* command = policy->add_subcommand("diff", "what differs between two policies");
  session->OfferStore(command, false);
  session->OfferGraph(command);
  command
      ->add_option("FILE", options->a, "policy as JSON; with --db: compared with the one in force")
      ->required();
  command->add_option("OTHER", options->b, "policy as JSON");
  session->OfferFormat(command);
  command->footer("Exit code 1 where they differ.");
  command->callback([=] {
    if (session->db.empty() == options->b.empty())
      Fail(kUsage, "give either two files, or --db DIR and one file");
    if (session->db.empty() && !session->graph.empty()) Fail(kUsage, "--graph goes with --db");
    const Policy first = ReadPolicyFile(options->a);
    std::vector<std::string> differences;
    if (session->db.empty()) {
      differences = Diff(first, ReadPolicyFile(options->b));
    } else {
      const std::unique_ptr<Engine> engine = session->OpenStore(false);
      differences = Diff(session->Read(*engine).policy(), first);
    }
    if (!differences.empty()) session->exit_code = kAnsweredNo;
    Output out(session->format);
    for (const std::string& difference : differences) {
      if (out.is_table()) {
        out.Line(difference);
      } else {
        out.Row(Json::Object().Set("difference", difference));
      }
    }
    if (differences.empty()) out.Note("no difference");
  });
}

void AddSet(CLI::App* policy, Session* session) {
  const auto file = std::make_shared<std::string>();
  CLI::App* command =
      policy->add_subcommand("set", "put a policy in force: what it concerns is done again");
  session->OfferStore(command);
  session->OfferGraph(command);
  command->add_option("FILE", *file, "policy as JSON")->required();
  session->OfferFormat(command);
  command->callback([=] {
    const Policy wanted = ReadPolicyFile(*file);
    const std::unique_ptr<Engine> engine = session->OpenStore(true);
    const PolicyResult result = PutInForce(wanted, session->graph, engine.get());
    const View view = session->Read(*engine);
    Json row = Json::Object();
    row.Set("policy", view.policy().name)
        .Set("policy_version", view.policy_version())
        .Set("sequence", view.sequence());
    row.Set("judged_records", result.judged_records)
        .Set("changed_records", result.changed_records)
        .Set("replayed_profiles", result.replayed_profiles);
    Output(session->format).Fields(row.Set("changes", result.changes.size()));
  });
}

// Identifiers, or profiles by the identifiers that they have their ids from; of more than three their number.
Json Shortened(std::vector<std::string> names) {
  const std::size_t more = names.size() > 3 ? names.size() - 3 : 0;
  names.resize(names.size() - more);
  if (more > 0) names.push_back("and " + std::to_string(more) + " more");
  return Json::ListFrom(names);
}

Json ShortChangeRow(const View& view, const SimulatedChange& change) {
  const auto name = [&](ProfileId id) {
    const auto identifier = view.IdentifierOf(IdentifierNumber{id.value});
    return identifier.ok() ? ToString(*identifier) : ToString(id);
  };
  std::vector<std::string> with;
  for (const ProfileId other : change.with) with.push_back(name(other));
  Json parts = Json::List();
  for (const std::vector<Identifier>& part : change.parts)
    parts.Add(Json::Raw("(" + Shortened(TextsOf(part)).Cell() + ")"));
  Json row = Json::Object();
  row.Set("kind", ToString(change.kind));
  row.Set("profile", change.kind == ChangeKind::kCreated ? Json() : Json(name(change.from)));
  return std::move(row.Set("with", Shortened(std::move(with))).Set("parts", std::move(parts)));
}

Json SimulatedRow(const SimulatedChange& change) {
  Json with = Json::List();
  for (const ProfileId other : change.with) with.Add(ToString(other));
  Json parts = Json::List();
  for (const std::vector<Identifier>& part : change.parts) parts.Add(Json::ListFrom(TextsOf(part)));
  Json row = Json::Object();
  row.Set("kind", ToString(change.kind));
  row.Set("from", change.kind == ChangeKind::kCreated ? Json() : Json(ToString(change.from)));
  return std::move(row.Set("with", std::move(with)).Set("parts", std::move(parts)));
}

void RunSimulate(const std::string& file, std::size_t max_changes, Session* session) {
  const Policy wanted = ReadPolicyFile(file);
  const std::unique_ptr<Engine> engine = session->OpenStore(false);
  const View view = session->Read(*engine);
  const Simulation simulation = FromStore(view.Simulate(wanted));
  std::span<const SimulatedChange> changes = simulation.changes;
  const bool cut = max_changes != 0 && changes.size() > max_changes;
  if (cut) changes = changes.first(max_changes);
  Json row = Json::Object();
  row.Set("merged", simulation.merged)
      .Set("split", simulation.split)
      .Set("held", simulation.held)
      .Set("released", simulation.released);
  row.Set("profiles_before", simulation.profiles_before)
      .Set("profiles_after", simulation.profiles_after);
  Output out(session->format);
  if (out.is_table()) {
    out.Fields(row);
    if (!changes.empty()) out.Title("changes");
    for (const SimulatedChange& change : changes) out.Row(ShortChangeRow(view, change));
    if (cut) out.Note("… and more: --max-changes 0 shows all");
    return;
  }
  Json listed = Json::List();
  for (const SimulatedChange& change : changes) listed.Add(SimulatedRow(change));
  out.Row(std::move(row.Set("changes", std::move(listed)).Set("changes_cut", cut)));
}

void AddSimulate(CLI::App* policy, Session* session) {
  struct Options {
    std::string file;
    std::size_t max_changes = 100;
  };
  const auto options = std::make_shared<Options>();
  CLI::App* command = policy->add_subcommand(
      "simulate", "who would merge, split, be held or released under a policy; changes nothing");
  session->OfferStore(command);
  session->OfferGraph(command);
  command->add_option("FILE", options->file, "policy as JSON")->required();
  command
      ->add_option("--max-changes", options->max_changes, "print at most this many changes; 0: all")
      ->type_name("N")
      ->capture_default_str();
  session->OfferFormat(command);
  command->callback([=] { RunSimulate(options->file, options->max_changes, session); });
}

void ListPresets(Format format) {
  Output out(format);
  for (const PresetInfo& info : Presets()) {
    const Policy policy = *PolicyOf({&info.preset, 1});
    Json names = Json::List();
    for (const NamespacePolicy& ns : policy.namespaces) names.Add(ns.name);
    out.Row(Json::Object()
                .Set("preset", info.name)
                .Set("about", info.about)
                .Set("namespaces", std::move(names)));
  }
}

void AddPreset(CLI::App* policy, Session* session) {
  const auto names = std::make_shared<std::vector<std::string>>();
  CLI::App* command = policy->add_subcommand(
      "preset", "print one policy of ready ones for channels; without a name, list them");
  command->add_option("NAME", *names, "channels, such as wechat store");
  session->OfferFormat(command);
  command->footer("docs/presets.md says what they hold.");
  command->callback([=] {
    if (names->empty()) {
      ListPresets(session->format);
      return;
    }
    std::vector<Preset> presets;
    for (const std::string& name : *names) {
      const std::optional<Preset> preset = ParsePreset(name);
      if (!preset)
        Fail(kUsage, name + ": there is no such preset; `polyonym policy preset` lists them");
      presets.push_back(*preset);
    }
    Output(Format::kJson).Line(WritePolicyJson(*PolicyOf(presets), true));
  });
}

}  // namespace

void AddPolicy(CLI::App* app, Session* session) {
  CLI::App* policy = app->add_subcommand("policy", "the rules of a store as data");
  policy->require_subcommand(1);
  AddShow(policy, session);
  AddCheck(policy, session);
  AddDiff(policy, session);
  AddSet(policy, session);
  AddSimulate(policy, session);
  AddPreset(policy, session);
}

}  // namespace polyonym::driver
