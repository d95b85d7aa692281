// audit.cc - whether an audit log is as it was written: audit check.
#include <memory>
#include <optional>
#include <string>

#include "commands.h"
#include "fact_json.h"
#include "polyonym/privacy/audit_log.h"

namespace polyonym::driver {

namespace {

struct CheckArguments {
  std::string file;
  std::string key_file;
  std::string head;
};

Json ProblemRow(const AuditProblem& problem) {
  Json row = Json::Object();
  row.Set("file", TextOrNull(problem.file))
      .Set("line", problem.line == 0 ? Json() : Json(problem.line))
      .Set("number", problem.number == 0 ? Json() : Json(problem.number));
  return std::move(row.Set("what", problem.what));
}

void RunCheck(const CheckArguments& arguments, Session* session) {
  AuditCheckOptions options;
  if (!arguments.key_file.empty()) options.key = ReadFile(arguments.key_file);
  if (!arguments.head.empty()) {
    auto head = ParseAuditHead(arguments.head);
    if (!head.ok()) Fail(kUsage, "--" + std::string(head.status().message()));
    options.kept = *head;
  }
  auto checked = CheckAuditLog(arguments.file, options);
  if (!checked.ok()) Fail(kUsage, arguments.file + ": " + std::string(checked.status().message()));
  const AuditSummary& summary = *checked;
  if (!summary.ok()) session->exit_code = kAnsweredNo;
  Json row = Json::Object();
  row.Set("ok", summary.ok())
      .Set("files", summary.files)
      .Set("lines", summary.lines)
      .Set("first", summary.first)
      .Set("head", ToString(summary.head))
      .Set("torn_bytes", summary.torn_bytes);
  Output out(session->format);
  if (!out.is_table())
    return out.Row(std::move(row.Set("problems", ListOf(summary.problems, ProblemRow))));
  out.Fields(row);
  if (!summary.problems.empty()) out.Title("problems");
  for (const AuditProblem& problem : summary.problems) out.Row(ProblemRow(problem));
}

}  // namespace

void AddAudit(CLI::App* app, Session* session) {
  CLI::App* audit = app->add_subcommand("audit", "what was read, changed and exported, by whom");
  audit->require_subcommand(1);
  const auto arguments = std::make_shared<CheckArguments>();
  CLI::App* command = audit->add_subcommand(
      "check", "whether an audit log is as it was written: no line changed, missing or put in");
  command->add_option("FILE", arguments->file, "the log; files that were put aside lie beside it")
      ->required();
  command
      ->add_option("--key-file", arguments->key_file,
                   "file whose bytes are the key that the log was written with; default: none")
      ->type_name("FILE");
  command
      ->add_option("--head", arguments->head,
                   "a head that was kept: lines that were cut off at the end show against it alone")
      ->type_name("HEAD");
  session->OfferFormat(command);
  command->footer("Exit code 1 where a line is not as it was written.");
  command->callback([=] { RunCheck(*arguments, session); });
}

}  // namespace polyonym::driver
