// backup.cc - backups of a store in a folder: backup make|list|verify|restore|drop.
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "commands.h"
#include "polyonym/engine/backup.h"
#include "progress.h"

namespace polyonym::driver {

namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;

struct BackupArguments {
  std::string folder;
  std::uint32_t id = 0;  // 0: the newest, or all
  std::string to;
  std::optional<std::uint64_t> up_to;
  std::uint32_t keep = 0;
};

// What a folder of backups answered: none there, or none such, is wrong usage.
void FromBackups(const BackupArguments& arguments, const absl::Status& status) {
  if (status.ok()) return;
  const bool usage = absl::IsNotFound(status) || absl::IsAlreadyExists(status) ||
                     absl::IsOutOfRange(status) || absl::IsInvalidArgument(status);
  const std::string text(status.message());
  Fail(usage ? kUsage : kStoreTrouble,
       text.find(arguments.folder) == std::string::npos ? arguments.folder + ": " + text : text);
}
template <class T>
T FromBackups(const BackupArguments& arguments, absl::StatusOr<T> value) {
  FromBackups(arguments, value.status());
  return *std::move(value);
}

// Tells a bar of mebibytes how far it is.
std::function<void(std::uint64_t, std::uint64_t)> Shown(Progress* progress) {
  return [progress](std::uint64_t done, std::uint64_t total) {
    progress->Update(done / kMiB, {done, total});
  };
}

Json RowOf(const BackupInfo& info) {
  Json row = Json::Object();
  row.Set("id", info.id).Set("sequence", info.sequence);
  row.Set("time", ClockOf(info.time_ms)).Set("bytes", info.bytes);
  return row;
}

void OfferFolder(CLI::App* command, const std::shared_ptr<BackupArguments>& arguments) {
  command->add_option("--folder", arguments->folder, "where the backups are")
      ->type_name("DIR")
      ->required();
}

std::uint32_t NewestOf(const BackupArguments& arguments) {
  const std::vector<BackupInfo> backups = FromBackups(arguments, ListBackups(arguments.folder));
  if (backups.empty()) Fail(kUsage, arguments.folder + ": there are no backups here");
  return backups.back().id;
}

// ---- make ----

void RunMake(const BackupArguments& arguments, Session* session) {
  const std::unique_ptr<Engine> engine = session->OpenStore(false);
  BackupInfo info;
  {
    Progress progress("MiB");
    BackupOptions options;
    options.progress = Shown(&progress);
    info = FromBackups(arguments, engine->BackUp(arguments.folder, options));
  }
  Output(session->format).Fields(std::move(RowOf(info).Set("new_bytes", info.new_bytes)));
}

void AddMake(CLI::App* backup, Session* session) {
  const auto arguments = std::make_shared<BackupArguments>();
  CLI::App* command =
      backup->add_subcommand("make", "make a further one: copies what the ones before have not");
  session->OfferStore(command);
  OfferFolder(command, arguments);
  session->OfferFormat(command);
  command->callback([=] { RunMake(*arguments, session); });
}

// ---- list, verify ----

void AddList(CLI::App* backup, Session* session) {
  const auto arguments = std::make_shared<BackupArguments>();
  CLI::App* command = backup->add_subcommand("list", "the backups of a folder, the oldest first");
  OfferFolder(command, arguments);
  session->OfferFormat(command);
  command->callback([=] {
    Output out(session->format);
    const std::vector<BackupInfo> backups = FromBackups(*arguments, ListBackups(arguments->folder));
    for (const BackupInfo& info : backups) out.Row(RowOf(info));
    if (backups.empty()) out.Note("There is no backup.");
  });
}

void RunVerify(const BackupArguments& arguments, Session* session) {
  std::vector<std::uint32_t> ids = {arguments.id};
  if (arguments.id == 0) {
    ids.clear();
    for (const BackupInfo& info : FromBackups(arguments, ListBackups(arguments.folder)))
      ids.push_back(info.id);
  }
  Output out(session->format);
  Progress progress("backups");
  for (std::size_t i = 0; i < ids.size(); ++i) {
    progress.Update(i, {i, ids.size()});
    const absl::Status status = VerifyBackup(arguments.folder, ids[i]);
    if (!status.ok() && !absl::IsDataLoss(status)) FromBackups(arguments, status);
    if (!status.ok()) session->exit_code = kAnsweredNo;
    Json row = Json::Object();
    row.Set("id", ids[i]).Set("ok", status.ok());
    out.Row(
        std::move(row.Set("problem", status.ok() ? Json() : Json(std::string(status.message())))));
  }
}

void AddVerify(CLI::App* backup, Session* session) {
  const auto arguments = std::make_shared<BackupArguments>();
  CLI::App* command = backup->add_subcommand(
      "verify", "read every byte of all backups, or of one, and compare checksums");
  OfferFolder(command, arguments);
  command->add_option("--id", arguments->id, "of this one alone")
      ->type_name("N")
      ->check(CLI::PositiveNumber.description(""));
  session->OfferFormat(command);
  command->footer("Exit code 1 where one is damaged.");
  command->callback([=] { RunVerify(*arguments, session); });
}

// ---- restore ----

// Of the last commit of a store that was restored. It is there, whether somebody reads it here or not: where it is sealed and no key was given, nothing.
Json SequenceOf(const std::string& store, const Session& session) {
  EngineOptions options;
  options.create_if_missing = false;
  options.keys = session.Keeper();
  options.keyring = session.keyring;
  const auto engine = Engine::Open(store, options);
  if (options.keys == nullptr && std::string(engine.status().message()).starts_with("keys:"))
    return Json();
  if (!engine.ok()) Fail(kStoreTrouble, store + ": " + std::string(engine.status().message()));
  return Json((*engine)->Read().sequence());
}

void RunRestore(BackupArguments arguments, Session* session) {
  if (arguments.id == 0) arguments.id = NewestOf(arguments);
  {
    Progress progress("MiB");
    RestoreOptions options;
    options.up_to_sequence = arguments.up_to;
    options.keys = session->Keeper();
    options.keyring = session->keyring;
    options.progress = Shown(&progress);
    FromBackups(arguments, RestoreBackup(arguments.folder, arguments.id, arguments.to, options));
  }
  Json row = Json::Object();
  row.Set("id", arguments.id).Set("to", arguments.to);
  Output(session->format)
      .Fields(std::move(row.Set("sequence", SequenceOf(arguments.to, *session))));
}

void AddRestore(CLI::App* backup, Session* session) {
  const auto arguments = std::make_shared<BackupArguments>();
  CLI::App* command = backup->add_subcommand("restore", "make a store of a backup in a new folder");
  OfferFolder(command, arguments);
  command->add_option("--id", arguments->id, "of which backup; default: the newest")
      ->type_name("N")
      ->check(CLI::PositiveNumber.description(""));
  command->add_option("--to", arguments->to, "the new folder")->type_name("DIR")->required();
  command
      ->add_option("--up-to", arguments->up_to,
                   "the state after this commit: what came later is cut off")
      ->type_name("SEQUENCE");
  session->OfferKeys(command);
  session->OfferFormat(command);
  command->footer(
      "A backup has whoever was erased after it was made: replay the ledger of erasures on the "
      "restored store.");
  command->callback([=] { RunRestore(*arguments, session); });
}

// ---- drop ----

void AddDrop(CLI::App* backup, Session* session) {
  const auto arguments = std::make_shared<BackupArguments>();
  CLI::App* command = backup->add_subcommand(
      "drop", "drop all but the newest, and damaged ones; and what only they had");
  OfferFolder(command, arguments);
  command->add_option("--keep", arguments->keep, "how many are kept; 1 or more")
      ->type_name("N")
      ->required()
      ->check(CLI::PositiveNumber.description(""));
  session->OfferFormat(command);
  command->callback([=] {
    FromBackups(*arguments, DropBackups(arguments->folder, arguments->keep));
    Json kept = Json::List();
    for (const BackupInfo& info : FromBackups(*arguments, ListBackups(arguments->folder)))
      kept.Add(info.id);
    Output(session->format).Fields(Json::Object().Set("kept", std::move(kept)));
  });
}

}  // namespace

void AddBackup(CLI::App* app, Session* session) {
  CLI::App* backup = app->add_subcommand(
      "backup", "backups of a store: each has only what is new since the one before");
  backup->require_subcommand(1);
  AddMake(backup, session);
  AddList(backup, session);
  AddVerify(backup, session);
  AddRestore(backup, session);
  AddDrop(backup, session);
}

}  // namespace polyonym::driver
