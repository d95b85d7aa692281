// Other keys for a store that is open: which key opens it then, and what is refused.
#include "polyonym/engine/key_rotation.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/shop.h"
#include "harness/catch.h"
#include "polyonym/engine/backup.h"
#include "polyonym/privacy/key_keeper.h"

namespace polyonym::harness {
namespace {

std::shared_ptr<KeyKeeper> KeeperOf(char master) {
  return Must(MakeKeyKeeper(std::string(32, master)));
}

EngineOptions OptionsWith(char master, const std::string& keyring = "") {
  EngineOptions options;
  options.keys = KeeperOf(master);
  options.keyring = keyring;
  return options;
}

// A key service that is down.
class NoKeeper : public KeyKeeper {
 public:
  absl::StatusOr<std::string> Wrap(std::string_view) override {
    return absl::UnavailableError("the key service does not answer");
  }
  absl::StatusOr<std::string> Unwrap(std::string_view) override {
    return absl::UnavailableError("the key service does not answer");
  }
};

void Take(Engine& engine, int from, int to) {
  std::vector<Record> records;
  for (int i = from; i < to; ++i) records.push_back(Visit(i));
  Must(engine.Apply(records).status());
}

}  // namespace

TEST_CASE("after a rotation the new master key opens the store and the former one does not") {
  const TempFolder folder;
  const std::string path = folder / "store";
  const std::string keyring = GENERATE(false, true) ? folder / "keyring" : "";
  const bool all = GENERATE(false, true);
  {
    const auto engine = Must(Engine::Open(path, OptionsWith('a', keyring)));
    Must(engine->SetPolicy(ShopPolicy()).status());
    Take(*engine, 0, 100);
    Must(engine->BackUp(folder / "backups").status());
    std::uint64_t rows = 0;
    KeyRotation rotation{KeeperOf('b'), all, all, [&](std::uint64_t done) { rows = done; }};
    Must(engine->RotateKeys(rotation));
    CHECK((rows > 0) == all);
    Take(*engine, 100, 200);  // it goes on
    CHECK(engine->Read().GetStats().standing_records == 200);
  }
  CHECK(absl::IsPermissionDenied(Engine::Open(path, OptionsWith('a', keyring)).status()));
  {
    const auto engine = Must(Engine::Open(path, OptionsWith('b', keyring)));
    CHECK(engine->Read().GetStats().standing_records == 200);
    CHECK(Must(engine->Read().Verify()).ok());
    Must(engine->RotateKeys({KeeperOf('c'), false, false, {}}));
  }
  CHECK(absl::IsPermissionDenied(Engine::Open(path, OptionsWith('b', keyring)).status()));
  CHECK(Engine::Open(path, OptionsWith('c', keyring)).ok());
  // A backup of before is as it was.
  Must(RestoreBackup(folder / "backups", 1, folder / "restored"));
  const auto restored = Must(Engine::Open(folder / "restored", OptionsWith('a', keyring)));
  CHECK(restored->Read().GetStats().standing_records == 100);
}

TEST_CASE("a rotation that cannot be leaves the keys as they are") {
  const TempFolder folder;
  const std::string path = folder / "store";
  {
    const auto engine = Must(Engine::Open(path, OptionsWith('a')));
    CHECK(absl::IsInvalidArgument(engine->RotateKeys({})));
    const absl::Status down = engine->RotateKeys({std::make_shared<NoKeeper>(), true, true, {}});
    CHECK(absl::IsUnavailable(down));
    CHECK_THAT(std::string(down.message()), HoldsText("key service"));
    Take(*engine, 0, 10);
  }
  CHECK(Engine::Open(path, OptionsWith('a')).ok());
  const auto plain = Must(Engine::Open(folder / "plain", {}));
  CHECK(absl::IsFailedPrecondition(plain->RotateKeys({KeeperOf('b'), false, false, {}})));
}

}  // namespace polyonym::harness
