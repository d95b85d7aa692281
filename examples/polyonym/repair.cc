// repair.cc - a store that is damaged: repair.
#include <memory>
#include <string>
#include <utility>

#include "commands.h"
#include "polyonym/engine/repair.h"
#include "progress.h"
#include "unsound.h"

namespace polyonym::driver {

namespace {

void RunRepair(const std::string& to, Session* session) {
  RepairOptions options;
  options.keys = session->Keeper();
  options.keyring = session->keyring;
  Progress progress("rows");
  options.progress = [&](std::uint64_t done, std::uint64_t total) {
    progress.Update(done, {done, total});
  };
  auto repaired = RepairStore(session->db, to, options);
  if (!repaired.ok()) {
    const bool usage =
        absl::IsNotFound(repaired.status()) || absl::IsAlreadyExists(repaired.status());
    Fail(usage ? kUsage : kStoreTrouble,
         session->db + ": " + std::string(repaired.status().message()));
  }
  const RepairReport& report = *repaired;
  Json row = Json::Object();
  row.Set("to", to).Set("method", ToString(report.method)).Set("gathered", report.gathered);
  row.Set("frames", report.frames).Set("records", report.records);
  row.Set("lost_records", report.lost_records).Set("standing_records", report.standing_records);
  row.Set("sequence", report.sequence).Set("unsound", TextsOf(report.unsound));
  Output out(session->format);
  out.Fields(row.Set("notes", Json::ListFrom(report.notes)));
}

}  // namespace

void AddRepair(CLI::App* app, Session* session) {
  const auto to = std::make_shared<std::string>();
  CLI::App* command = app->add_subcommand(
      "repair", "make a new store of what is sound in one that does not open, or does not verify");
  command->add_option("--db", session->db, "folder of the store; nothing in it is changed")
      ->type_name("DIR")
      ->required();
  command->add_option("--to", *to, "folder of the new store")->type_name("DIR")->required();
  session->OfferKeys(command);
  session->OfferFormat(command);
  command->footer("A backup is better where there is one: what is not sound is lost.");
  command->callback([=] { RunRepair(*to, session); });
}

}  // namespace polyonym::driver
