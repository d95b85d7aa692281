// upkeep.cc - taking records back, moving the clock and horizons, and looking after a store: retract, advance, horizon, verify,
// checkpoint.
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "changes.h"
#include "commands.h"
#include "polyonym/engine/repair.h"
#include "progress.h"
#include "unsound.h"

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

// Where the horizon of a source stands; nothing where it has none.
std::optional<std::int64_t> HorizonOf(const View& view, const std::string& source) {
  for (const SourceHorizon& horizon : view.Horizons()) {
    if (horizon.source == source) return horizon.before_ms;
  }
  return std::nullopt;
}

// What is wrong with taking back records that may have been folded.
std::string WhyNotBack(const RecordSelector& selector, const View& view) {
  const std::string horizon = FormatTime(HorizonOf(view, selector.source).value_or(0));
  if (selector.record_id) {
    return "--record: no record with this id is kept, and one from before " + horizon +
           ", the horizon of its source, may be folded; what was folded cannot be taken back";
  }
  return "--from: begins behind the horizon of the source, and what was folded cannot be taken "
         "back; begin at " +
         horizon + " or later";
}

void RunRetract(const RetractOptions& options, Session* session) {
  const RecordSelector selector = SelectorOf(options);
  const std::unique_ptr<Engine> engine = session->OpenStore(false);
  auto result = engine->Retract(selector);
  if (absl::IsInvalidArgument(result.status())) Fail(kUsage, result.status());
  if (absl::IsOutOfRange(result.status())) Fail(kUsage, WhyNotBack(selector, engine->Read()));
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
  CLI::App* command = app->add_subcommand("advance",
                                          "move the store's clock: links whose lifetime is over "
                                          "stop counting, and segments are as of then");
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

struct HorizonArguments {
  std::string source;
  std::string before;
  std::string keep;
};

// The latest time that the store itself knows.
std::int64_t LatestOf(const Engine& engine) {
  const EngineMetrics metrics = engine.Metrics();
  return std::max(metrics.clock_ms, metrics.newest_record_ms);
}

std::int64_t BeforeOf(const HorizonArguments& arguments, const Engine& engine) {
  if (!arguments.before.empty()) return ParseTimeArgument("--before", arguments.before);
  const std::int64_t keep_ms = ParseDurationArgument("--keep", arguments.keep);
  const std::int64_t latest = LatestOf(engine);
  if (keep_ms > latest) Fail(kUsage, "--keep: goes back to before 1970");
  return latest - keep_ms;
}

// What is wrong with a time that the horizon does not go to.
std::string WhyNotBefore(std::int64_t before_ms, const std::string& source, const Engine& engine,
                         const absl::Status& status) {
  const auto stands = HorizonOf(engine.Read(), source);
  if (stands && before_ms < *stands) {
    return "the horizon of this source stands at " + FormatTime(*stands) +
           " already, and never goes back";
  }
  const std::int64_t latest = std::max(LatestOf(engine), NowMs());
  if (before_ms < 0 || before_ms > latest) {
    return "--before: must lie between 1970 and the latest time that is known, here " +
           FormatTime(latest);
  }
  return std::string(status.message());
}

void ListHorizons(const View& view, Format format) {
  Output out(format);
  const std::vector<SourceHorizon> horizons = view.Horizons();
  for (const SourceHorizon& horizon : horizons) {
    out.Row(
        Json::Object().Set("source", horizon.source).Set("before", FormatTime(horizon.before_ms)));
  }
  if (horizons.empty()) out.Note("no source has a horizon");
}

void RunHorizon(const HorizonArguments& arguments, Session* session) {
  const bool has_time = !arguments.before.empty() || !arguments.keep.empty();
  if (has_time == arguments.source.empty())
    Fail(kUsage, "to move a horizon give --source S and either --before T or --keep DURATION");
  const std::unique_ptr<Engine> engine = session->OpenStore(false);
  if (!has_time) return ListHorizons(engine->Read(), session->format);
  const std::int64_t before_ms = BeforeOf(arguments, *engine);
  auto moved = [&] {
    Progress progress("records");
    HorizonOptions options;
    options.progress = [&](std::uint64_t done, std::uint64_t total) {
      progress.Update(done, {done, total});
    };
    return engine->MoveHorizon(arguments.source, before_ms, options);
  }();
  if (absl::IsInvalidArgument(moved.status()))
    Fail(kUsage, WhyNotBefore(before_ms, arguments.source, *engine, moved.status()));
  const HorizonResult result = FromStore(std::move(moved));
  Json row = Json::Object();
  row.Set("source", arguments.source).Set("before", FormatTime(before_ms));
  row.Set("folded_records", result.folded_records)
      .Set("dropped_records", result.dropped_records)
      .Set("folds", result.folds);
  Output(session->format).Fields(row.Set("sequence", engine->Read().sequence()));
}

void AddHorizon(CLI::App* app, Session* session) {
  const auto arguments = std::make_shared<HorizonArguments>();
  CLI::App* command = app->add_subcommand(
      "horizon", "fold the old records of a source to what they counted; alone: list the horizons");
  session->OfferStore(command);
  command->add_option("--source", arguments->source, "of this source")->type_name("S");
  CLI::Option* before =
      command
          ->add_option(
              "--before", arguments->before,
              "its records from before this time: RFC 3339, a date (UTC), or ms since 1970")
          ->type_name("T");
  command
      ->add_option("--keep", arguments->keep,
                   "or: all but those of the last 90d (36h, 15m, 30s), counted back from the "
                   "store's clock or its newest record, whichever is later")
      ->type_name("DURATION")
      ->excludes(before);
  session->OfferFormat(command);
  command->footer(
      "Nobody is joined or parted by it. What was folded cannot be taken back or asked about any "
      "more,\nand records that come from before are rejected: docs/horizon.md. A horizon never "
      "goes back.");
  command->callback([=] { RunHorizon(*arguments, session); });
}

// Of a store some of whose rows are not what was written.
[[noreturn]] void SayUnsound(const std::vector<UnsoundRow>& rows, const Session& session) {
  {
    Json row = Json::Object();
    row.Set("ok", false).Set("records", Json()).Set("identifiers", Json()).Set("links", Json());
    Output out(session.format);
    out.Fields(row.Set("problems", TextsOf(rows)));
  }
  Fail(kStoreTrouble, session.db + ": the store is corrupt, rows of it are not what was written (" +
                          std::to_string(rows.size()) +
                          "): restore a backup, or see `polyonym repair`");
}

void RunVerify(Session* session) {
  const auto unsound = CheckRows(session->db, {session->Keeper(), session->keyring});
  if (unsound.ok() && !unsound->empty()) SayUnsound(*unsound, *session);
  // Where it does not open, or is newer, this says so in its own words.
  const std::unique_ptr<Engine> engine = session->OpenStore(false);
  FromStore(unsound.status());
  const VerifyReport report = FromStore(session->Read(*engine).Verify());
  if (!report.ok()) session->exit_code = kAnsweredNo;
  Json row = Json::Object();
  row.Set("ok", report.ok())
      .Set("records", report.records)
      .Set("identifiers", report.identifiers)
      .Set("links", report.links);
  Output out(session->format);
  out.Fields(row.Set("problems", Json::ListFrom(report.problems)));
}

void AddVerify(CLI::App* app, Session* session) {
  CLI::App* command = app->add_subcommand(
      "verify",
      "open every row against its checksum, then compute everything again from the records and "
      "compare");
  session->OfferStore(command);
  session->OfferGraph(command);
  session->OfferFormat(command);
  command->footer("Exit code 1 where something differs, 4 where rows are not what was written.");
  command->callback([=] { RunVerify(session); });
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
  AddHorizon(app, session);
  AddVerify(app, session);
  AddCheckpoint(app, session);
}

}  // namespace polyonym::driver
