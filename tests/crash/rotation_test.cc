// Rotation of the keys of a sealed store, cut off by a power cut behind any write, or by an operation on a file that fails: at every moment just one of the
// former and the new master key opens the store, the new one once the call returned, and nothing of anybody is lost.
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "crash/fault_file_system.h"
#include "crash/plan.h"
#include "harness/catch.h"
#include "harness/engine_state.h"
#include "polyonym/engine/key_rotation.h"
#include "store/rocks_store.h"

namespace polyonym::harness {
namespace {

constexpr int kPeople = 40;

std::shared_ptr<KeyKeeper> KeeperOf(char master) {
  return Must(MakeKeyKeeper(std::string(32, master)));
}
const std::shared_ptr<KeyKeeper>& Former() {
  static const auto* keeper = new std::shared_ptr<KeyKeeper>(KeeperOf('f'));
  return *keeper;
}
const std::shared_ptr<KeyKeeper>& Next() {
  static const auto* keeper = new std::shared_ptr<KeyKeeper>(KeeperOf('n'));
  return *keeper;
}

Record Visit(int n) {
  Record record;
  record.source = "shop";
  record.id = std::to_string(n);
  record.time_ms = n;
  record.identifiers = {{"crm", "c" + std::to_string(n), Role::kSelf},
                        {"phone", "p" + std::to_string(n), Role::kSelf}};
  return record;
}

class Rotation {
 public:
  explicit Rotation(bool with_keyring) : keyring_(with_keyring ? folder_ / "keyring" : "") {
    const auto engine = Must(Engine::Open(folder_ / "before", Options(Former())));
    Policy policy;
    policy.namespaces.resize(2);
    policy.namespaces[0].name = "crm";
    policy.namespaces[1].name = "phone";
    Must(engine->SetPolicy(policy).status());
    for (int n = 0; n < kPeople; ++n) {
      Must(engine->Apply(std::vector<Record>{Visit(n)}).status());
      if (n == kPeople / 2) Must(engine->Checkpoint());
    }
  }

  // All that it does to files; then each moment of it.
  void CutEverywhere(bool data_key_and_rows) {
    const std::string store = CopyOfBefore();
    FaultFileSystem files(store);
    std::size_t begun = 0, returned = 0;
    {
      const auto engine = Must(Open(store, files));
      begun = files.events();
      Must(engine->RotateKeys({Next(), data_key_and_rows, data_key_and_rows, {}}));
      returned = files.events();
    }
    REQUIRE(files.refused() == 0);
    const DiskJournal journal = files.journal();
    REQUIRE(returned > begun);
    std::size_t of_former = 0, of_next = 0;
    for (std::size_t event = begun; event <= journal.size(); ++event) {
      INFO("cut behind event " << event << " of " << begun << " to " << returned);
      Random random(event);
      const std::string cut = folder_ / "cut";
      std::filesystem::remove_all(cut);
      journal.Cut(event, {}, random, cut);
      ++(OpensWithNext(cut, event >= returned) ? of_next : of_former);
    }
    CHECK(of_former > 0);
    CHECK(of_next > 0);
  }

  // The n-th operation on files fails, for one n in `every`.
  void FailEverywhere(Fault::How how, bool data_key_and_rows, std::uint64_t every) {
    const KeyRotation rotation{Next(), data_key_and_rows, data_key_and_rows, {}};
    for (std::uint64_t n = 1;; n += every) {
      INFO("operation " << n << " fails");
      const std::string store = CopyOfBefore();
      FaultFileSystem files(store);
      bool rotated = false;
      {
        const auto engine = Must(Open(store, files));
        files.FailAt({n, how, false});
        rotated = engine->RotateKeys(rotation).ok();
        CHECK(engine->Read().Resolve({"crm", "c7"}).known);
        CHECK(Must(engine->Read().Verify()).ok());
      }
      if (!files.failed()) {
        CHECK(rotated);
        return;
      }
      if (!OpensWithNext(store, rotated)) continue;
      // The same call once more, where it did not return, does what is left.
      const auto engine = Must(Engine::Open(store, Options(Next())));
      Must(engine->RotateKeys(rotation));
      CHECK(Must(engine->Read().Verify()).ok());
    }
  }

 private:
  EngineOptions Options(const std::shared_ptr<KeyKeeper>& keys) const {
    EngineOptions options = CrashOptions(1, Durability::kSync);
    options.keys = keys;
    options.keyring = keyring_;
    return options;
  }
  std::string CopyOfBefore() const {
    const std::string store = folder_ / "store";
    std::filesystem::remove_all(store);
    std::filesystem::copy(folder_ / "before", store);
    return store;
  }
  absl::StatusOr<std::unique_ptr<Engine>> Open(const std::string& store,
                                               const FaultFileSystem& files) const {
    const EngineOptions options = Options(Former());
    return Engine::OpenOn(Must(OpenRocksStoreIn(store, options.rocks, files.env())), options);
  }

  // Whether it opens with the new key; it must with one of both alone, with the new one where `next`, and everybody is there.
  bool OpensWithNext(const std::string& store, bool next) const {
    bool opened[2] = {};
    for (const bool is_next : {false, true}) {
      const auto engine = Engine::Open(store, Options(is_next ? Next() : Former()));
      INFO((is_next ? "new key: " : "former key: ") << engine.status().ToString());
      opened[is_next ? 1 : 0] = engine.ok();
      if (!engine.ok()) {
        REQUIRE(absl::IsPermissionDenied(engine.status()));
        continue;
      }
      const View view = (*engine)->Read();
      for (int n = 0; n < kPeople; ++n)
        REQUIRE(view.Resolve({"phone", "p" + std::to_string(n)}).known);
      REQUIRE(Must(view.Verify()).ok());
    }
    REQUIRE(opened[0] != opened[1]);
    REQUIRE((opened[1] || !next));
    return opened[1];
  }

  const TempFolder folder_;
  const std::string keyring_;
};

}  // namespace

TEST_CASE("wherever a change of the master key is cut off just one of both keys opens the store") {
  const bool with_keyring = GENERATE(false, true);
  Rotation(with_keyring).CutEverywhere(false);
}

TEST_CASE("wherever a rotation of all keys is cut off just one of both keys opens the store") {
  Rotation(true).CutEverywhere(true);
}

TEST_CASE("whichever operation of a rotation fails just one of both keys opens the store") {
  for (const Fault::How how : {Fault::How::kOnce, Fault::How::kForEver, Fault::How::kShort})
    Rotation(false).FailEverywhere(how, false, 1);
  // Not for ever: files that cannot be taken away are waited for.
  for (const Fault::How how : {Fault::How::kOnce, Fault::How::kShort})
    Rotation(false).FailEverywhere(how, true, 3);
}

}  // namespace polyonym::harness
