// Calls on sealed stores that nobody has open, by the keys that open them: rows are checked, damaged stores are repaired, backups restored up to a call.
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "engine/shop.h"
#include "harness/catch.h"
#include "polyonym/engine/backup.h"
#include "polyonym/engine/repair.h"
#include "polyonym/privacy/key_keeper.h"

namespace polyonym::harness {
namespace {

namespace fs = std::filesystem;

std::shared_ptr<KeyKeeper> KeeperOf(char master) {
  return Must(MakeKeyKeeper(std::string(32, master)));
}

// A sealed store, with a keyring or without.
struct Sealed {
  explicit Sealed(const TempFolder& folder, bool with_keyring)
      : keys(KeeperOf('m')), keyring(with_keyring ? folder / "keyring" : "") {}

  EngineOptions engine() const {
    EngineOptions options;
    options.durability = Durability::kWal;
    options.checkpoint_log_bytes = 0;
    options.keys = keys;
    options.keyring = keyring;
    return options;
  }
  CheckRowsOptions rows() const { return {keys, keyring}; }
  RepairOptions repair() const { return {keys, keyring, {}}; }
  RestoreOptions restore(std::uint64_t sequence) const { return {sequence, keys, keyring, {}}; }

  std::shared_ptr<KeyKeeper> keys;
  std::string keyring;
};

std::vector<Record> Visits(int from, int to) {
  std::vector<Record> records;
  for (int i = from; i < to; ++i) records.push_back(Visit(i));
  return records;
}

// Ten calls of a hundred visits each behind the policy; a checkpoint in the middle.
void MakeStore(const std::string& path, const Sealed& sealed) {
  const std::unique_ptr<Engine> engine = Must(Engine::Open(path, sealed.engine()));
  Must(engine->SetPolicy(ShopPolicy()).status());
  for (int i = 0; i < 1'000; i += 100) {
    Must(engine->Apply(Visits(i, i + 100)).status());
    if (i == 500) Must(engine->Checkpoint());
  }
}

EngineState StateOf(const std::string& path, const Sealed& sealed) {
  const std::unique_ptr<Engine> engine = Must(Engine::Open(path, sealed.engine()));
  CHECK(Must(engine->Read().Verify()).ok());
  return ReadState(engine->Read(), {});
}

std::string Compare(const EngineState& was, const EngineState& is) {
  std::string fault = Difference(was.state, is.state);
  if (was.profile_of != is.profile_of) fault += "ids of profiles differ\n";
  return fault;
}

// A byte of the ciphertext of a row is another: of the log and the feed the keys are those of the store above.
void SpoilRow(const std::string& path, Table table, std::size_t number) {
  const std::unique_ptr<Store> store = Must(OpenRocksStore(path, {}));
  std::vector<std::pair<std::string, std::string>> rows;
  Must(store->Scan(table, "", "", [&](std::string_view key, std::string_view value) {
    rows.emplace_back(key, value);
    return true;
  }));
  auto& [key, value] = rows.at(number);
  value.back() = static_cast<char>(value.back() ^ 1);
  WriteSet writes;
  writes.puts.push_back({table, key, value});
  Must(store->Commit(writes, true));
}

}  // namespace

TEST_CASE("the rows of a sealed store are checked by its keys and those that do not open named") {
  const TempFolder folder;
  const Sealed sealed(folder, GENERATE(false, true));
  const std::string path = folder / "store";
  MakeStore(path, sealed);
  CHECK(Must(CheckRows(path, sealed.rows())).empty());
  SpoilRow(path, Table::kLog, 3);
  SpoilRow(path, Table::kLog, 4);
  SpoilRow(path, Table::kState, 1);
  SpoilRow(path, Table::kMeta, 1);  // behind the row of keys
  SpoilRow(path, Table::kFeed, 2);
  const std::vector<UnsoundRow> found = Must(CheckRows(path, sealed.rows()));
  std::vector<std::string> names;
  for (const UnsoundRow& row : found) {
    names.push_back(row.table + " " + row.key);
    if (row.what != "it is missing") CHECK_THAT(row.what, HoldsText("checksum"));
  }
  REQUIRE(names.size() == 6);
  CHECK(names[0] == "log frame 4");
  CHECK(names[1] == "log frame 5");
  CHECK_THAT(names[2], HoldsText("state graph 0 part"));
  CHECK(names[3] == "meta header");
  CHECK(names[4] == "feed graph 0 call 4");
  CHECK(names[5] == "meta header");  // and then there is none
}

TEST_CASE("calls on a store that nobody has open say which key is missing or wrong") {
  const TempFolder folder;
  const Sealed sealed(folder, true);
  const std::string path = folder / "store", backups = folder / "backups";
  MakeStore(path, sealed);
  Must(Must(Engine::Open(path, sealed.engine()))->BackUp(backups).status());
  {
    EngineOptions plain = sealed.engine();
    plain.keys = nullptr;
    plain.keyring.clear();
    const auto engine = Must(Engine::Open(folder / "plain", plain));
    Must(engine->Apply(Visits(0, 1)).status());
    Must(engine->BackUp(folder / "plain backups").status());
  }
  const auto all = [&](const std::string& store, const std::string& from,
                       const std::shared_ptr<KeyKeeper>& keys, const std::string& keyring) {
    const absl::Status checked = CheckRows(store, {keys, keyring}).status();
    CHECK(RepairStore(store, folder / "new", {keys, keyring, {}}).status().code() ==
          checked.code());
    CHECK(RestoreBackup(from, 1, folder / "new", {1, keys, keyring, {}}).code() == checked.code());
    CHECK_FALSE(fs::exists(folder / "new"));
    CHECK_FALSE(fs::exists(folder / "new.tmp"));
    return checked;
  };
  const absl::Status without = all(path, backups, nullptr, "");
  CHECK(absl::IsFailedPrecondition(without));
  CHECK_THAT(std::string(without.message()), HoldsText("the store is sealed"));
  const absl::Status wrong = all(path, backups, KeeperOf('n'), sealed.keyring);
  CHECK(absl::IsPermissionDenied(wrong));
  CHECK_THAT(std::string(wrong.message()), HoldsText("the key does not open this store"));
  const absl::Status no_keyring = all(path, backups, sealed.keys, "");
  CHECK(absl::IsFailedPrecondition(no_keyring));
  CHECK_THAT(std::string(no_keyring.message()), HoldsText("keyring"));
  CHECK(absl::IsNotFound(all(path, backups, sealed.keys, folder / "nowhere")));
  const absl::Status late = all(folder / "plain", folder / "plain backups", sealed.keys, "");
  CHECK(absl::IsFailedPrecondition(late));
  CHECK_THAT(std::string(late.message()), HoldsText("in plain"));
  CHECK(absl::IsInvalidArgument(
      all(folder / "plain", folder / "plain backups", nullptr, sealed.keyring)));

  {
    const auto open = Must(Engine::Open(path, sealed.engine()));  // which has the keyring
    CHECK(absl::IsUnavailable(RestoreBackup(backups, 1, folder / "new", sealed.restore(1))));
    CHECK_FALSE(fs::exists(folder / "new"));
  }
  CHECK(Must(CheckRows(path, sealed.rows())).empty());
}

TEST_CASE("a sealed store is repaired as one in plain is and is sealed again") {
  const TempFolder folder;
  const Sealed sealed(folder, GENERATE(false, true));
  const auto [method, table, row] =
      GENERATE(as<std::tuple<RepairMethod, Table, std::size_t>>(),
               std::tuple{RepairMethod::kCopied, Table::kFeed, std::size_t{3}},
               std::tuple{RepairMethod::kReplayed, Table::kState, std::size_t{1}},
               std::tuple{RepairMethod::kRebuilt, Table::kLog, std::size_t{4}});
  INFO(ToString(method) << (sealed.keyring.empty() ? "" : ", with a keyring"));
  const std::string path = folder / "store", mended = folder / "mended";
  MakeStore(path, sealed);
  const EngineState was = StateOf(path, sealed);
  SpoilRow(path, table, row);
  const RepairReport report = Must(RepairStore(path, mended, sealed.repair()));
  CHECK(report.method == method);
  CHECK(report.unsound.size() == 1);
  CHECK(Must(CheckRows(mended, sealed.rows())).empty());
  CHECK(absl::IsFailedPrecondition(CheckRows(mended).status()));
  const EngineState is = StateOf(mended, sealed);
  if (method == RepairMethod::kRebuilt) {
    CHECK(report.lost_records > 0);
    CHECK(report.standing_records + report.lost_records == 1'000);
  } else {
    const std::string fault = Compare(was, is);
    INFO(fault);
    CHECK(fault.empty());
  }
  // It is a store to go on with.
  const auto engine = Must(Engine::Open(mended, sealed.engine()));
  Must(engine->Apply(Visits(2'000, 2'001)).status());
  CHECK(engine->Read().Resolve({"crm", "c2000"}).known);
}

TEST_CASE("who was erased stays erased in what is made of a store with a keyring") {
  const TempFolder folder;
  const Sealed sealed(folder, true);
  const std::string path = folder / "store", mended = folder / "mended";
  MakeStore(path, sealed);
  const std::string before = folder / "before";
  {
    const auto engine = Must(Engine::Open(path, sealed.engine()));
    Must(engine->CopyTo(before));
    Must(engine->Erase(std::vector<EraseRequest>{{{"crm", "c7"}, true}}).status());
  }
  const bool of_before = GENERATE(false, true);
  const bool spoilt = GENERATE(false, true);
  INFO((of_before ? "a copy of before" : "the store") << (spoilt ? ", spoilt" : ""));
  const std::string& from = of_before ? before : path;
  if (spoilt) SpoilRow(from, Table::kLog, 4);
  CHECK(Must(CheckRows(from, sealed.rows())).size() == (spoilt ? 1 : 0));
  const RepairReport report = Must(RepairStore(from, mended, sealed.repair()));
  CHECK(report.method == (spoilt ? RepairMethod::kRebuilt : RepairMethod::kCopied));
  const auto engine = Must(Engine::Open(mended, sealed.engine()));
  CHECK_FALSE(engine->Read().Resolve({"crm", "c7"}).known);
  CHECK(engine->Read().Resolve({"crm", "c8"}).known);
  CHECK(Must(engine->Read().Verify()).ok());
}

TEST_CASE("a backup of a sealed store comes back at every call") {
  const TempFolder folder;
  const Sealed sealed(folder, GENERATE(false, true));
  const std::string path = folder / "store", backups = folder / "backups";
  std::vector<EngineState> states;
  {
    const auto engine = Must(Engine::Open(path, sealed.engine()));
    Must(engine->SetPolicy(ShopPolicy()).status());
    for (int i = 0; i < 4; ++i) {
      Must(engine->Apply(Visits(i * 20, i * 20 + 20)).status());
      states.push_back(ReadState(engine->Read(), {}));
      if (i == 1) Must(engine->Checkpoint());
    }
    Must(engine->BackUp(backups).status());
  }
  for (std::size_t i = 0; i < states.size(); ++i) {
    const std::uint64_t sequence = i + 2;  // behind the policy
    INFO("up to " << sequence);
    const std::string to = folder / ("at" + std::to_string(sequence));
    Must(RestoreBackup(backups, 1, to, sealed.restore(sequence)));
    const std::string fault = Compare(states[i], StateOf(to, sealed));
    INFO(fault);
    CHECK(fault.empty());
  }
  CHECK(absl::IsOutOfRange(RestoreBackup(backups, 1, folder / "late", sealed.restore(9))));
}

}  // namespace polyonym::harness
