// polyonym - decides which identifiers belong to one person: the command line of the library. docs/driver.md describes it.
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "commands.h"
#include "polyonym/version.h"
#include "session.h"

namespace {

using polyonym::driver::Session;

constexpr char kFoot[] =
    "Identifiers are written namespace:value, profiles p~….\n"
    "On a terminal answers are tables, elsewhere JSON Lines: docs/driver.md lists their fields.\n"
    "Exit codes: 0 done; 1 the answer is no, or a check failed; 2 wrong usage, a file that cannot "
    "be read or written, or\n"
    "no such store or graph there; 3 more records rejected than --max-rejects; 4 the store is "
    "busy, corrupt or "
    "newer than this program,\n"
    "or the folder holds something else.";

// At the end of the help of the program and of every command, below what the command itself says there.
void AddFoot(CLI::App* app) {
  const std::string own = app->get_footer();
  app->footer(own.empty() ? kFoot : own + "\n\n" + kFoot);
  for (CLI::App* command : app->get_subcommands({})) AddFoot(command);
}

void AddCommands(CLI::App* app, Session* session) {
  polyonym::driver::AddIngest(app, session);
  polyonym::driver::AddQuestions(app, session);
  polyonym::driver::AddProfile(app, session);
  polyonym::driver::AddFit(app, session);
  polyonym::driver::AddFlows(app, session);
  polyonym::driver::AddCapital(app, session);
  polyonym::driver::AddAttribution(app, session);
  polyonym::driver::AddTogether(app, session);
  polyonym::driver::AddGrowth(app, session);
  polyonym::driver::AddFunnel(app, session);
  polyonym::driver::AddRetention(app, session);
  polyonym::driver::AddRepurchase(app, session);
  polyonym::driver::AddSegment(app, session);
  polyonym::driver::AddRelations(app, session);
  polyonym::driver::AddLists(app, session);
  polyonym::driver::AddFeed(app, session);
  polyonym::driver::AddOutbox(app, session);
  polyonym::driver::AddCampaign(app, session);
  polyonym::driver::AddUpkeep(app, session);
  polyonym::driver::AddBackup(app, session);
  polyonym::driver::AddRepair(app, session);
  polyonym::driver::AddRotate(app, session);
  polyonym::driver::AddForgetting(app, session);
  polyonym::driver::AddSubject(app, session);
  polyonym::driver::AddRestrict(app, session);
  polyonym::driver::AddAudit(app, session);
  polyonym::driver::AddPolicy(app, session);
  polyonym::driver::AddGenerate(app, session);
  polyonym::driver::AddScenarios(app, session);
}

int Run(int argc, char** argv) {
  CLI::App app("Polyonym decides which identifiers belong to one person, exactly and reversibly.",
               "polyonym");
  app.set_version_flag("--version", std::string("polyonym ") + POLYONYM_VERSION);
  app.require_subcommand(1);
  Session session;
  AddCommands(&app, &session);
  AddFoot(&app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const std::vector<std::string> unknown = app.remaining();
    if (error.get_exit_code() != 0 && app.get_subcommands().empty() && !unknown.empty()) {
      polyonym::driver::Fail(polyonym::driver::kUsage,
                             unknown.front() + ": there is no such command; --help lists them");
    }
    return app.exit(error) == 0 ? polyonym::driver::kDone : polyonym::driver::kUsage;
  }
  return session.exit_code;
}

// The exit code, unless what was printed did not arrive.
int Printed(int code) {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return code;
  std::fputs("polyonym: the output could not be written to its end\n", stderr);
  return polyonym::driver::kUsage;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return Printed(Run(argc, argv));
  } catch (const polyonym::driver::Failure& failure) {
    std::fprintf(stderr, "polyonym: %s\n", failure.message.c_str());
    return failure.code;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "polyonym: %s\n", error.what());
    return polyonym::driver::kAnsweredNo;
  }
}
