// rotate.cc - other keys for a sealed store: rotate. docs/security.md.
#include <cstdint>
#include <memory>
#include <string>

#include "commands.h"
#include "polyonym/engine/key_rotation.h"
#include "polyonym/privacy/key_keeper.h"
#include "progress.h"

namespace polyonym::driver {

namespace {

struct RotateArguments {
  std::string new_master_key_file;
  bool new_data_key = false;
  bool reseal = false;
};

void RunRotate(const RotateArguments& arguments, Session* session) {
  KeyRotation rotation;
  rotation.new_data_key = arguments.new_data_key;
  rotation.reseal = arguments.reseal;
  if (!arguments.new_master_key_file.empty()) {
    auto keeper = MakeKeyKeeper(ReadFile(arguments.new_master_key_file));
    if (!keeper.ok())
      Fail(kUsage, "--new-master-key-file: " + std::string(keeper.status().message()));
    rotation.keys = *std::move(keeper);
  }
  if (rotation.keys == nullptr && !rotation.new_data_key && !rotation.reseal) {
    Fail(kUsage,
         "what is to be another: give --new-master-key-file FILE, --new-data-key or --reseal");
  }
  const std::unique_ptr<Engine> engine = session->OpenStore(false);
  {
    Progress progress("rows");
    rotation.progress = [&](std::uint64_t rows) { progress.Update(rows, {rows, 0}); };
    FromStore(engine->RotateKeys(rotation));
  }
  Json row = Json::Object();
  row.Set("new_master_key", rotation.keys != nullptr).Set("new_data_key", rotation.new_data_key);
  Output(session->format).Fields(row.Set("resealed", rotation.reseal));
}

}  // namespace

void AddRotate(CLI::App* app, Session* session) {
  const auto arguments = std::make_shared<RotateArguments>();
  CLI::App* command = app->add_subcommand("rotate", "other keys for a sealed store");
  session->OfferStore(command);
  command
      ->add_option("--new-master-key-file", arguments->new_master_key_file,
                   "file of 32 bytes, the key that the store opens with from now on, in place of "
                   "--master-key-file")
      ->type_name("FILE");
  command->add_flag("--new-data-key", arguments->new_data_key,
                    "what is written from now on is sealed under a new data key");
  command->add_flag(
      "--reseal", arguments->reseal,
      "and every row of before is sealed again under it; all files are written again");
  session->OfferFormat(command);
  command->footer(
      "Backups of before want the key of before. Where somebody may know that, give all three.");
  command->callback([=] { RunRotate(*arguments, session); });
}

}  // namespace polyonym::driver
