// The list of a backup's files (RocksDB's, with the store's label in it), altered or made up: backups are listed, verified and restored, or refused well.
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "fuzz/input.h"
#include "polyonym/engine/backup.h"
#include "polyonym/engine/engine.h"

namespace polyonym::fuzz {
namespace {

namespace fs = std::filesystem;

// A store with one backup, made once; gone when the process ends as it should.
class Made {
 public:
  Made()
      : folder_(fs::temp_directory_path() /
                ("polyonym-backup-fuzz-" + std::to_string(::getpid()))) {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    EngineOptions options;
    options.durability = Durability::kWal;
    auto engine = Engine::Open((folder_ / "store").string(), options);
    Must(engine.status());
    Record record;
    record.source = "s";
    record.id = "1";
    record.time_ms = 0;
    Must((*engine)->Apply(std::vector<Record>{record}).status());
    Must((*engine)->BackUp(backups()).status());
    std::ifstream in(manifest(), std::ios::binary);
    sound_ = {std::istreambuf_iterator<char>(in), {}};
    Require(!sound_.empty(), "a backup has a list of files");
  }
  ~Made() { fs::remove_all(folder_); }
  Made(const Made&) = delete;
  Made& operator=(const Made&) = delete;

  std::string backups() const { return (folder_ / "backups").string(); }
  std::string restored() const { return (folder_ / "restored").string(); }
  const std::string& sound() const { return sound_; }
  void Put(const std::string& bytes) const {
    std::ofstream out(manifest(), std::ios::binary | std::ios::trunc);
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    Require(out.flush().good(), "the list is written");
  }

 private:
  fs::path manifest() const { return fs::path(backups()) / "meta" / "1"; }

  const fs::path folder_;
  std::string sound_;
};

const Made& TheBackup() {
  static const Made made;
  return made;
}

void Alter(Input& in, std::string* bytes) {
  if (bytes->empty()) return;
  const std::size_t at = in.Number() % bytes->size();
  switch (in.Below(4)) {
    case 0:
      (*bytes)[at] = static_cast<char>(in.Byte());
      break;
    case 1:
      bytes->erase(at, 1 + in.Below(24));
      break;
    case 2:
      bytes->insert(at, std::string(1 + in.Below(24), static_cast<char>(in.Byte())));
      break;
    default:
      bytes->insert(at, bytes->substr(in.Number() % bytes->size(), 1 + in.Below(64)));
  }
}

void RequireSaid(const absl::Status& status) {
  Require(status.ok() || absl::IsDataLoss(status) || absl::IsFailedPrecondition(status) ||
              absl::IsNotFound(status) || absl::IsUnavailable(status) ||
              absl::IsAlreadyExists(status),
          status.ToString());
}

}  // namespace
}  // namespace polyonym::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace polyonym;
  using namespace polyonym::fuzz;
  const Made& made = TheBackup();
  Input in(data, size);
  std::string bytes = made.sound();
  const std::size_t alterations = in.Below(5);
  if (alterations == 4) {
    bytes = in.Rest();
  } else {
    for (std::size_t i = 0; i < alterations; ++i) Alter(in, &bytes);
  }
  made.Put(bytes);
  const auto listed = ListBackups(made.backups());
  RequireSaid(listed.status());
  if (alterations == 0) Require(listed.ok() && listed->size() == 1, "what is sound is listed");
  RequireSaid(VerifyBackup(made.backups(), 1));
  const absl::Status restored = RestoreBackup(made.backups(), 1, made.restored());
  RequireSaid(restored);
  // Of what was restored the engine has its own checks.
  if (restored.ok()) {
    EngineOptions options;
    options.create_if_missing = false;
    RequireSaid(Engine::Open(made.restored(), options).status());
  }
  std::filesystem::remove_all(made.restored());
  return 0;
}
