// flows.cc - how people moved between the stages of a ladder in a window of time: flows.
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "commands.h"
#include "fact_json.h"
#include "polyonym/profile/stage_flows.h"
#include "progress.h"
#include "when.h"

namespace polyonym::driver {

namespace {

struct Window {
  std::string ladder;
  std::optional<std::int64_t> from_ms;
  std::optional<std::int64_t> to_ms;
};

// ---- counting ----

// ERRORS (Failure): kUsage where there is none of that name.
Ladder LadderOf(const Definitions& definitions, const std::string& name) {
  std::string known;
  for (const Ladder& ladder : definitions.ladders) {
    if (ladder.name == name) return ladder;
    known += (known.empty() ? "" : ", ") + ladder.name;
  }
  Fail(kUsage, "LADDER: the definitions in force have no ladder " + name +
                   (known.empty() ? ", nor any other" : "; they have " + known));
}

// Nothing but where somebody stood on the ladders.
ProfileOptions OnlyLadders() {
  ProfileOptions options;
  options.traits = options.tags = options.consents = options.contacts = options.scores = false;
  options.relations = options.timeline = options.ambiguous = false;
  options.explain = true;
  return options;
}

StageFlowTable CountEverybody(const View& view, const Ladder& ladder, const Window& window) {
  StageFlows flows =
      FromStore(StageFlows::Make(ladder, {.from_ms = *window.from_ms, .to_ms = *window.to_ms}));
  const ProfileOptions wanted = OnlyLadders();
  const std::uint64_t total = view.GetStats().profiles;
  Progress progress("people");
  std::uint64_t done = 0;
  FromStore(view.ReadEveryProfile(wanted, [&](const Profile& profile) {
    for (const ProfileLadder& climbed : profile.ladders) {
      if (climbed.name == ladder.name) FromStore(flows.Add(climbed));
    }
    progress.Update(++done, {done, total});
    return true;
  }));
  return flows.Table();
}

// ---- fields ----

// How long: of none there is no mean and no median.
void SetDwell(const StageDwell& dwell, Json* row) {
  const bool some = dwell.spells > 0;
  row->Set("spells", dwell.spells)
      .Set("mean_dwell_ms", some ? NumberJson(dwell.mean_ms) : Json())
      .Set("median_dwell_ms", some ? Json(dwell.median_ms) : Json());
}

Json StageRow(const StageStand& stand) {
  Json row = Json::Object();
  row.Set("stage", TextOrNull(stand.stage))
      .Set("at_from", stand.at_from)
      .Set("entered", stand.entered)
      .Set("left", stand.left)
      .Set("at_to", stand.at_to)
      .Set("highest", stand.highest);
  SetDwell(stand.dwell, &row);
  return row;
}

Json MoveRow(const StageMove& move) {
  Json row = Json::Object();
  row.Set("from", TextOrNull(move.from))
      .Set("to", TextOrNull(move.to))
      .Set("people", move.people)
      .Set("moves", move.moves);
  SetDwell(move.dwell, &row);
  return row;
}

Json TableJson(const StageFlowTable& table, const Window& window) {
  Json row = Json::Object();
  row.Set("ladder", table.ladder)
      .Set("from", FormatTime(*window.from_ms))
      .Set("to", FormatTime(*window.to_ms));
  row.Set("people", table.people)
      .Set("unseen_at_from", table.unseen_at_from)
      .Set("unseen_at_to", table.unseen_at_to);
  row.Set("up", table.up).Set("down", table.down);
  row.Set("stages", ListOf(table.stages, StageRow)).Set("moves", ListOf(table.moves, MoveRow));
  return row;
}

// ---- CSV ----

// A row for each stage, then for each move. What is of the other kind alone is empty.
void WriteFlows(const StageFlowTable& table, Output* out) {
  for (const StageStand& stand : table.stages) {
    Json row = Json::Object();
    row.Set("kind", "stage").Set("stage", TextOrNull(stand.stage));
    row.Set("from", Json()).Set("to", Json()).Set("people", Json()).Set("moves", Json());
    row.Set("at_from", stand.at_from).Set("entered", stand.entered).Set("left", stand.left);
    row.Set("at_to", stand.at_to).Set("highest", stand.highest);
    SetDwell(stand.dwell, &row);
    out->Row(std::move(row));
  }
  for (const StageMove& move : table.moves) {
    Json row = Json::Object();
    row.Set("kind", "move").Set("stage", Json());
    row.Set("from", TextOrNull(move.from)).Set("to", TextOrNull(move.to));
    row.Set("people", move.people).Set("moves", move.moves);
    for (const char* of_stages : {"at_from", "entered", "left", "at_to", "highest"})
      row.Set(of_stages, Json());
    SetDwell(move.dwell, &row);
    out->Row(std::move(row));
  }
}

// ---- tables ----

void SetDays(const StageDwell& dwell, Json* row) {
  const auto days = [&](double ms) {
    return dwell.spells > 0 ? Json(Fixed(ms / 86'400'000)) : Json();
  };
  row->Set("median_days", days(static_cast<double>(dwell.median_ms)))
      .Set("mean_days", days(dwell.mean_ms));
}

std::string StageText(const std::string& stage) { return stage.empty() ? "(none)" : stage; }

void PrintTable(const StageFlowTable& table, Output* out) {
  Json counts = Json::Object();
  counts.Set("people", FormatCount(table.people))
      .Set("unseen_at_start", FormatCount(table.unseen_at_from))
      .Set("unseen_at_end", FormatCount(table.unseen_at_to));
  out->Fields(counts.Set("moves_up", FormatCount(table.up)).Set("moves_down", table.down));
  out->Title("stages");
  for (const StageStand& stand : table.stages) {
    Json row = Json::Object();
    row.Set("stage", StageText(stand.stage))
        .Set("at_start", stand.at_from)
        .Set("entered", stand.entered)
        .Set("left", stand.left)
        .Set("at_end", stand.at_to)
        .Set("highest", stand.highest);
    SetDays(stand.dwell, &row);
    out->Row(std::move(row));
  }
  if (table.moves.empty()) return out->Note("\nNobody moved.");
  out->Title("moves");
  for (const StageMove& move : table.moves) {
    Json row = Json::Object();
    row.Set("from", StageText(move.from))
        .Set("to", StageText(move.to))
        .Set("people", move.people)
        .Set("moves", move.moves);
    SetDays(move.dwell, &row);
    out->Row(std::move(row));
  }
}

void RunFlows(const Window& window, Session* session) {
  if (*window.to_ms < *window.from_ms) Fail(kUsage, "--to: must be --from or later");
  const std::unique_ptr<Engine> engine = session->OpenStore(false);
  const View view = session->Read(*engine);
  const Ladder ladder = LadderOf(view.policy().definitions, window.ladder);
  const StageFlowTable table = CountEverybody(view, ladder, window);
  Output out(session->format);
  if (out.is_csv()) return WriteFlows(table, &out);
  out.is_table() ? PrintTable(table, &out) : out.Row(TableJson(table, window));
}

}  // namespace

void AddFlows(CLI::App* app, Session* session) {
  const auto window = std::make_shared<Window>();
  CLI::App* command = app->add_subcommand(
      "flows", "how many people moved between the stages of a ladder, and how long they had stood");
  session->OfferStore(command);
  session->OfferGraph(command);
  command->add_option("LADDER", window->ladder, "its name in the definitions in force")->required();
  OfferTime(command, "--from", &window->from_ms,
            "moves at or after this: RFC 3339, a date (UTC), or ms since 1970")
      ->required();
  OfferTime(command, "--to", &window->to_ms, "moves before this")->required();
  session->OfferFormatOrCsv(command);
  command->footer(
      "It counts what was, of people as they are known now; docs/profiles.md says what each number "
      "means.");
  command->callback([=] { RunFlows(*window, session); });
}

}  // namespace polyonym::driver
