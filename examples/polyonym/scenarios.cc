// scenarios.cc - runs published examples of identity resolution: what they say, and the laws that hold for every one of them.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "commands.h"
#include "input.h"
#include "scenario.h"
#include "trial.h"

namespace polyonym::driver {

namespace {

struct Tally {
  int rows = 0, passed = 0, failed = 0, not_applicable = 0, must_pass = 0, must_pass_passed = 0;
};

void Report(const Scenario& row, const std::string& result, const std::string& reason,
            const Finding* finding, Output* out) {
  if (out->is_table()) {
    Json line = Json::Object();
    line.Set("row", row.id)
        .Set("result", result)
        .Set("must_pass", row.expected_to_pass)
        .Set("documented", !row.inferred);
    line.Set("about", reason.empty() ? row.title : row.title + ": " + reason);
    out->Row(std::move(line));
    if (result != "failed" || finding == nullptr) return;
    out->Note("    expected " + ToJson(finding->expected).Text());
    out->Note("    actual   " + ToJson(finding->actual).Text());
    return;
  }
  Json line = Json::Object();
  line.Set("row", row.id)
      .Set("title", row.title)
      .Set("result", result)
      .Set("must_pass", row.expected_to_pass);
  line.Set("inferred", row.inferred).Set("reason", reason.empty() ? Json() : Json(reason));
  if (result == "failed" && finding != nullptr)
    line.Set("expected", ToJson(finding->expected)).Set("actual", ToJson(finding->actual));
  out->Row(std::move(line));
}

void RunRow(const std::string& line, Tally* tally, Session* session, Output* out) {
  const Scenario row = OrFail(ReadScenario(line));
  ++tally->rows;
  tally->must_pass += row.expected_to_pass ? 1 : 0;
  if (!row.not_applicable.empty()) {
    ++tally->not_applicable;
    if (row.expected_to_pass) session->exit_code = kAnsweredNo;
    return Report(row, "not applicable", row.not_applicable, nullptr, out);
  }
  const Finding finding = Try(row);
  if (finding.problem.empty()) {
    ++tally->passed;
    tally->must_pass_passed += row.expected_to_pass ? 1 : 0;
    return Report(row, "passed", "", &finding, out);
  }
  ++tally->failed;
  if (row.expected_to_pass || finding.broke_law) session->exit_code = kAnsweredNo;
  Report(row, "failed", finding.problem, &finding, out);
}

void RunScenarios(const std::vector<std::string>& files, Session* session) {
  Output out(session->format);
  Tally tally;
  for (const std::string& file : files) {
    ReadPosition position;
    Lines lines(WithoutMark(OrFail(OpenInput(file, &position))));
    std::string line;
    while (OrFail(lines.Next(&line))) {
      if (line.find_first_not_of(" \t") != std::string::npos) RunRow(line, &tally, session, &out);
    }
  }
  out.Title("count");
  Json count = Json::Object();
  count.Set("rows", tally.rows)
      .Set("passed", tally.passed)
      .Set("failed", tally.failed)
      .Set("not_applicable", tally.not_applicable);
  out.Fields(
      count.Set("must_pass", tally.must_pass).Set("must_pass_passed", tally.must_pass_passed));
}

}  // namespace

void AddScenarios(CLI::App* app, Session* session) {
  const auto files = std::make_shared<std::vector<std::string>>();
  CLI::App* command = app->add_subcommand(
      "scenarios", "run worked examples of identity resolution and check the laws on each");
  command->add_option("FILE", *files, "JSON Lines of scenarios")->required();
  session->OfferFormat(command);
  command->footer(
      "Exit code 1 where a row that must pass fails or is not applicable, or a law is broken.");
  command->callback([=] { RunScenarios(*files, session); });
}

}  // namespace polyonym::driver
