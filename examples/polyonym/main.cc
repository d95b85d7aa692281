// polyonym - decides which identifiers belong to one person: the command line of the library. docs/driver.md describes it.
#include <cstdio>
#include <exception>
#include <string>

#include <CLI/CLI.hpp>

#include "commands.h"
#include "polyonym/version.h"
#include "session.h"

namespace {

using polyonym::driver::Session;

void AddCommands(CLI::App* app, Session* session) {
  polyonym::driver::AddIngest(app, session);
  polyonym::driver::AddQuestions(app, session);
  polyonym::driver::AddLists(app, session);
  polyonym::driver::AddUpkeep(app, session);
  polyonym::driver::AddPolicy(app, session);
  polyonym::driver::AddGenerate(app, session);
  polyonym::driver::AddScenarios(app, session);
}

int Run(int argc, char** argv) {
  CLI::App app("Polyonym decides which identifiers belong to one person, exactly and reversibly.", "polyonym");
  app.set_version_flag("--version", std::string("polyonym ") + POLYONYM_VERSION);
  app.require_subcommand(1);
  app.footer(
      "Identifiers are written namespace:value, profiles p~….\n"
      "On a terminal answers are tables, elsewhere JSON Lines: docs/driver.md lists their fields.\n"
      "Exit codes: 0 done; 1 the answer is no, or a check failed; 2 wrong usage; 3 more records rejected\n"
      "than --max-rejects; 4 the store is busy, corrupt, newer than this program, or no store.");
  Session session;
  AddCommands(&app, &session);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? polyonym::driver::kDone : polyonym::driver::kUsage;
  }
  return session.exit_code;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return Run(argc, argv);
  } catch (const polyonym::driver::Failure& failure) {
    std::fprintf(stderr, "polyonym: %s\n", failure.message.c_str());
    return failure.code;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "polyonym: %s\n", error.what());
    return polyonym::driver::kAnsweredNo;
  }
}
