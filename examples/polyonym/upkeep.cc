// upkeep.cc - taking records back, moving the clock, and looking after a store: retract, advance, verify, checkpoint.
#include <memory>
#include <string>
#include <utility>

#include "changes.h"
#include "commands.h"

namespace polyonym::driver {

namespace {

struct RetractOptions {
  std::string source;
  std::string record;
  std::string version;
  std::string from;
  std::string to;
  bool dry_run = false;
};

RecordSelector SelectorOf(const RetractOptions& options) {
  RecordSelector selector;
  selector.source = options.source;
  selector.dry_run = options.dry_run;
  if (!options.record.empty()) {
    if (!options.from.empty() || !options.to.empty())
      Fail(kUsage, "give either --record or --from and --to");
    selector.record_id = options.record;
    if (!options.version.empty())
      selector.version = ParseTimeArgument("--version", options.version);
    return selector;
  }
  if (!options.version.empty()) Fail(kUsage, "--version goes with --record");
  if (options.from.empty() && options.to.empty()) {
    Fail(kUsage,
         "which records: --record ID, or --from T and --to T (one of them is enough; all of a "
         "source: --from 0)");
  }
  if (!options.from.empty()) selector.from_ms = ParseTimeArgument("--from", options.from);
  if (!options.to.empty()) selector.to_ms = ParseTimeArgument("--to", options.to);
  return selector;
}

void RunRetract(const RetractOptions& options, Session* session) {
  const RecordSelector selector = SelectorOf(options);
  const std::unique_ptr<Engine> engine = session->OpenStore(false);
  auto result = engine->Retract(selector);
  if (absl::IsInvalidArgument(result.status())) Fail(kUsage, result.status());
  const RetractResult retracted = FromStore(std::move(result));
  const View view = engine->Read();
  Output out(session->format);
  if (out.is_table()) {
    out.Note(FormatCount(retracted.retracted) +
             (options.dry_run ? " records would be taken back" : " records taken back"));
    for (const Change& change : retracted.changes) out.Row(ChangeRow(view, change, true));
    return;
  }
  Json changes = Json::List();
  for (const Change& change : retracted.changes) changes.Add(ChangeRow(view, change, false));
  Json row = Json::Object();
  row.Set("retracted", retracted.retracted)
      .Set("dry_run", options.dry_run)
      .Set("sequence", view.sequence());
  out.Row(std::move(row.Set("changes", std::move(changes))));
}

void AddRetract(CLI::App* app, Session* session) {
  const auto options = std::make_shared<RetractOptions>();
  CLI::App* command =
      app->add_subcommand("retract", "take records back: as if they had never come");
  session->OfferStore(command);
  command->add_option("--source", options->source, "of this source")->type_name("S")->required();
  command->add_option("--record", options->record, "the record with this id")->type_name("R");
  command
      ->add_option("--version", options->version,
                   "with --record: nothing of it up to this version counts; default: what stands")
      ->type_name("N");
  command
      ->add_option("--from", options->from,
                   "records from this time on: RFC 3339, a date (UTC), or ms since 1970")
      ->type_name("T");
  command->add_option("--to", options->to, "and up to this time, included")->type_name("T");
  command->add_flag("--dry-run", options->dry_run, "only count");
  session->OfferFormat(command);
  command->callback([=] { RunRetract(*options, session); });
}

// What is wrong with a time that the clock does not go to.
std::string WhyNotTo(std::int64_t to_ms, std::int64_t clock_ms) {
  if (to_ms < clock_ms) {
    return "TIME: the store's clock stands at " + FormatTime(clock_ms) +
           " already, and never goes back; check the clock of this machine";
  }
  return "TIME: lies more than " + std::to_string(EngineOptions().max_clock_leap_ms / 86'400'000) +
         " days beyond the store's clock and its newest record; check the clock of this machine "
         "and "
         "the unit (milliseconds), or go there in steps";
}

void RunAdvance(const std::string& time, Session* session) {
  const std::int64_t to_ms = time == "now" ? NowMs() : ParseTimeArgument("TIME", time);
  const std::unique_ptr<Engine> engine = session->OpenStore(false);
  auto moved = engine->AdvanceTo(to_ms);
  if (absl::IsInvalidArgument(moved.status())) {
    Fail(kUsage, WhyNotTo(to_ms, engine->Read().clock_ms()));
  }
  const AdvanceResult result = FromStore(std::move(moved));
  Json row = Json::Object();
  row.Set("clock", ClockOf(engine->Read().clock_ms()))
      .Set("expired_links", result.expired_links)
      .Set("replayed_profiles", result.replayed_profiles);
  row.Set("changes", result.changes.size()).Set("sequence", engine->Read().sequence());
  Output(session->format).Fields(row);
}

void AddAdvance(CLI::App* app, Session* session) {
  const auto time = std::make_shared<std::string>();
  CLI::App* command = app->add_subcommand(
      "advance", "move the store's clock: links whose lifetime is over stop counting");
  session->OfferStore(command);
  command
      ->add_option("TIME", *time,
                   "RFC 3339, a date (UTC), ms since 1970, or now: the clock of this machine")
      ->required();
  session->OfferFormat(command);
  command->footer(
      "The clock goes forward only, and at most 366 days beyond the newest record and itself at "
      "once.");
  command->callback([=] { RunAdvance(*time, session); });
}

void AddVerify(CLI::App* app, Session* session) {
  CLI::App* command =
      app->add_subcommand("verify", "compute everything again from the records and compare");
  session->OfferStore(command);
  session->OfferGraph(command);
  session->OfferFormat(command);
  command->footer("Exit code 1 where something differs.");
  command->callback([=] {
    const std::unique_ptr<Engine> engine = session->OpenStore(false);
    const VerifyReport report = FromStore(session->Read(*engine).Verify());
    if (!report.ok()) session->exit_code = kAnsweredNo;
    Json row = Json::Object();
    row.Set("ok", report.ok())
        .Set("records", report.records)
        .Set("identifiers", report.identifiers)
        .Set("links", report.links);
    Output out(session->format);
    out.Fields(row.Set("problems", Json::ListFrom(report.problems)));
  });
}

void AddCheckpoint(CLI::App* app, Session* session) {
  const auto copy = std::make_shared<std::string>();
  CLI::App* command =
      app->add_subcommand("checkpoint", "write the index behind the log, so that opening is quick");
  session->OfferStore(command);
  command->add_option("--copy", *copy, "and make a consistent copy of the store in a new folder")
      ->type_name("DIR");
  session->OfferFormat(command);
  command->callback([=] {
    const std::unique_ptr<Engine> engine = session->OpenStore(false);
    FromStore(engine->Checkpoint());
    if (!copy->empty()) {
      const absl::Status copied = engine->CopyTo(*copy);
      if (absl::IsAlreadyExists(copied)) Fail(kUsage, copied);
      FromStore(copied);
    }
    Json row = Json::Object();
    Output(session->format)
        .Fields(row.Set("sequence", engine->Read().sequence())
                    .Set("copy", copy->empty() ? Json() : Json(*copy)));
  });
}

}  // namespace

void AddUpkeep(CLI::App* app, Session* session) {
  AddRetract(app, session);
  AddAdvance(app, session);
  AddVerify(app, session);
  AddCheckpoint(app, session);
}

}  // namespace polyonym::driver
