// restrict.cc - people who are kept and not used: restrict.
#include <memory>
#include <optional>
#include <string>

#include "commands.h"
#include "polyonym/engine/restriction.h"
#include "when.h"

namespace polyonym::driver {

namespace {

struct RestrictArguments {
  std::string id;
  bool lift = false;
  std::optional<std::int64_t> at_ms;
};

void RunRestrict(const RestrictArguments& arguments, Session* session) {
  const std::unique_ptr<Engine> engine = session->OpenStore(false);
  const View view = session->Read(*engine);
  auto done = Restrict(engine.get(), session->Find(view, arguments.id).identifier, !arguments.lift,
                       arguments.at_ms.value_or(NowMs()), {.graph = session->graph});
  if (absl::IsNotFound(done.status())) Fail(kAnsweredNo, done.status());
  if (absl::IsFailedPrecondition(done.status()) || absl::IsInvalidArgument(done.status()))
    Fail(kUsage, done.status());
  const Restricted result = FromStore(std::move(done));
  Json row = Json::Object();
  row.Set("profile", ToString(result.profile)).Set("restricted", !arguments.lift);
  row.Set("records", result.records).Set("sequence", result.sequence);
  Output(session->format).Fields(row);
}

}  // namespace

void AddRestrict(CLI::App* app, Session* session) {
  const auto arguments = std::make_shared<RestrictArguments>();
  CLI::App* command = app->add_subcommand(
      "restrict", "keep what is held on a person, and do not use it; or lift that again");
  session->OfferStore(command);
  session->OfferGraph(command);
  session->OfferFormat(command);
  command->add_option("ID", arguments->id, "namespace:value, or a profile's id p~…")->required();
  command->add_flag("--lift", arguments->lift, "lift the restriction");
  OfferTime(command, "--time", &arguments->at_ms,
            "since when: RFC 3339, a date (UTC), or ms since 1970; default: now, by the clock of "
            "this machine");
  command->footer(
      "The policy names the purpose: definitions.privacy.restriction_purpose. Exit code 1 where "
      "the "
      "identifier was never seen.");
  command->callback([=] { RunRestrict(*arguments, session); });
}

}  // namespace polyonym::driver
