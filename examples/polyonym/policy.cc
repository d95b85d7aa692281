// policy.cc - the rules of a store as data: policy show, check, diff, set, preset.
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "commands.h"
#include "polyonym/codec/json.h"
#include "polyonym/model/presets.h"

namespace polyonym::driver {

namespace {

void AddShow(CLI::App* policy, Session* session) {
  CLI::App* command = policy->add_subcommand("show", "print the policy in force");
  session->OfferStore(command);
  command->callback([=] {
    const std::unique_ptr<Engine> engine = session->OpenStore(false);
    const View view = engine->Read();
    if (view.policy_version() == 0) Fail(kAnsweredNo, "the store has no policy yet");
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
    const absl::Status status = read.ok() ? Validate(*read) : read.status();
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
  command
      ->add_option("FILE", options->a, "policy as JSON; with --db: compared with the one in force")
      ->required();
  command->add_option("OTHER", options->b, "policy as JSON");
  session->OfferFormat(command);
  command->footer("Exit code 1 where they differ.");
  command->callback([=] {
    if (session->db.empty() == options->b.empty())
      Fail(kUsage, "give either two files, or --db DIR and one file");
    const Policy first = ReadPolicyFile(options->a);
    std::vector<std::string> differences;
    if (session->db.empty()) {
      differences = Diff(first, ReadPolicyFile(options->b));
    } else {
      differences = Diff(session->OpenStore(false)->Read().policy(), first);
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
      policy->add_subcommand("set", "put a policy in force: every record is judged again");
  session->OfferStore(command);
  command->add_option("FILE", *file, "policy as JSON")->required();
  session->OfferFormat(command);
  command->callback([=] {
    const Policy wanted = ReadPolicyFile(*file);
    const std::unique_ptr<Engine> engine = session->OpenStore(true);
    const PolicyResult result = FromStore(engine->SetPolicy(wanted));
    const View view = engine->Read();
    Json row = Json::Object();
    row.Set("policy", view.policy().name)
        .Set("policy_version", view.policy_version())
        .Set("sequence", view.sequence());
    Output(session->format).Fields(row.Set("changes", result.changes.size()));
  });
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
  AddPreset(policy, session);
}

}  // namespace polyonym::driver
