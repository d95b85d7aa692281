// With a keyring: whoever is erased is in no copy and no backup of before, and everybody else is. docs/erasure.md, "Keys of single identifiers".
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engine/bytes.h"
#include "engine/keyed_store.h"
#include "engine/shop.h"
#include "harness/catch.h"
#include "harness/engine_state.h"
#include "polyonym/engine/backup.h"
#include "polyonym/model/facts.h"
#include "polyonym/privacy/key_keeper.h"
#include "polyonym/privacy/sealed_store.h"

namespace polyonym::harness {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kOneDay = 86'400'000;

std::shared_ptr<KeyKeeper> Keeper() { return Must(MakeKeyKeeper(std::string(32, 'm'))); }

EngineOptions KeyedOptions(const std::string& keyring) {
  EngineOptions options = LawOptions(0);
  options.keys = Keeper();
  options.keyring = keyring;
  return options;
}

// One crm id a person; a device that three have is nobody's; phones are spelt in several ways, and have digests.
Policy TeaPolicy() {
  Policy policy;
  for (const auto& [name, priority] : std::map<std::string, std::uint32_t>{
           {"crm", 1}, {"phone", 2}, {"device", 5}, {"phone_hash", 6}}) {
    NamespacePolicy& ns = policy.namespaces.emplace_back();
    ns.name = name;
    ns.priority = priority;
    if (name == "crm") ns.limits.push_back({.max = 1});
    if (name == "device") ns.guards.push_back({.of = "crm", .max_neighbours = 2});
    if (name != "phone") continue;
    ns.normaliser = Normaliser::kLowerCase;
    ns.derived.push_back({.ns = "phone_hash"});
  }
  policy.definitions.traits.push_back({.name = "city"});
  policy.definitions.watched_traits = {"city"};
  policy.definitions.segments.push_back({"everybody", "trait city is known", ""});
  policy.definitions.triggers.push_back({.name = "welcome", .segment = "everybody"});
  return policy;
}

Record Visit(const std::string& id, std::vector<RecordIdentifier> identifiers,
             const std::string& city = "") {
  Record record;
  record.source = "pos";
  record.id = id;
  record.time_ms = kOneDay;
  record.identifiers = std::move(identifiers);
  if (city.empty()) return record;
  Trait trait;
  trait.name = "city";
  trait.value.is = city;
  Facts facts;
  facts.traits = {trait};
  record.facts = WriteFacts(facts);
  return record;
}

std::string NameOf(std::uint64_t person) {
  std::string text = "canary-of-";
  std::uint64_t bits = (person + 1) * 0x9e3779b97f4a7c15u;
  for (int i = 0; i < 16; ++i, bits >>= 4) text.push_back("0123456789abcdef"[bits & 15]);
  return text;
}

// What a shop comes to know of somebody, and of others through them.
std::vector<Record> RecordsOf(std::uint64_t person, std::uint64_t other) {
  const std::string name = NameOf(person), id = std::to_string(person);
  std::vector<Record> records = {
      Visit("a" + id, {{"crm", name}, {"phone", name + "p"}}, name + "city"),
      Visit("b" + id, {{"crm", name}, {"phone", name + "P"}, {"device", "tablet"}}),
      Visit("c" + id, {{"crm", name}, {"weibo", name + "w"}}),  // held
      Visit("d" + id, {{"crm", NameOf(other)}, {"crm", name, Role::kOther}}),
      Visit("e" + id, {{"crm", NameOf(other)}}),
      Visit("", {{"crm", name}, {"device", name + "o"}}, name + "town"),
      Visit("", {{"phone", name + "p"}}),
  };
  Facts facts;
  facts.relations = {{.type = "invited", .other = {"crm", name}}};
  records[4].facts = WriteFacts(facts);
  Record again = Visit("f" + id, {{"crm", name}, {"device", name + "e"}});
  records.push_back(again);
  again.version = 2 * kOneDay;
  again.identifiers[1].value = name + "E";
  records.push_back(again);
  Record rename = Visit("g" + id, {{"device", name + "o"}, {"device", name + "n"}});
  rename.act = Act::kRename;
  records.push_back(rename);
  return records;
}

std::set<std::uint64_t> NamesIn(const std::string& text, std::uint64_t people) {
  std::set<std::uint64_t> found;
  for (std::size_t at = text.find("canary-of-"); at != std::string::npos;
       at = text.find("canary-of-", at + 1)) {
    for (std::uint64_t p = 0; p < people; ++p) {
      if (text.compare(at, NameOf(p).size(), NameOf(p)) == 0) found.insert(p);
    }
  }
  return found;
}

// Of whom somebody reads in a store who has the master key, but no keyring.
std::set<std::uint64_t> NamesByMasterKey(const std::string& folder, std::uint64_t people) {
  std::string all;
  const auto store = Must(OpenSealedStore(Must(OpenRocksStore(folder, {})), Keeper()));
  for (int table = 0; table < kTableCount; ++table) {
    Must(store->Scan(
        static_cast<Table>(table), "", "",
        [&](std::string_view key, std::string_view value) {
          all.append(key).append(value);
          return true;
        },
        nullptr));
  }
  return NamesIn(all, people);
}

// Who has the keyring too.
std::set<std::uint64_t> NamesByKeyring(const std::string& folder, const std::string& keyring,
                                       std::uint64_t people) {
  std::string all;
  const auto store = Must(engine::WithKeyring(
      Must(OpenSealedStore(Must(OpenRocksStore(folder, {})), Keeper())), keyring, true));
  const auto& keyed = dynamic_cast<const engine::KeyedStore&>(*store);
  for (int table = 0; table < kTableCount; ++table) {
    Must(store->Scan(
        static_cast<Table>(table), "", "",
        [&](std::string_view key, std::string_view value) {
          all.append(key).append(value);
          constexpr char kValuesPart = 7;
          if (static_cast<Table>(table) == Table::kState && key[1] == kValuesPart) {
            std::vector<std::uint64_t> lost;
            all += Must(keyed.rows()->OpenChunk(Must(engine::OpenValue(1, key, value)), &lost));
          }
          return true;
        },
        nullptr));
  }
  return NamesIn(all, people);
}

std::string CityOf(const View& view, std::uint64_t person) {
  const Profile profile = Must(view.ReadProfile({"crm", NameOf(person)}));
  return profile.traits.empty() ? "" : ToText(profile.traits[0].values.at(0));
}

struct Crowd {
  std::set<std::uint64_t> all, erased, others;
};

// Everybody else answers as in the store that went on, and nobody of the erased does.
void CheckOthers(const View& view, const View& live, const Crowd& crowd) {
  for (const std::uint64_t p : crowd.erased) {
    CHECK_FALSE(view.Resolve({"crm", NameOf(p)}).known);
    CHECK_FALSE(view.Resolve({"phone", NameOf(p) + "p"}).known);
  }
  for (const std::uint64_t p : crowd.others) {
    const Identifier who{"crm", NameOf(p)};
    CHECK(view.Resolve(who).profile == live.Resolve(who).profile);
    CHECK(view.Resolve({"phone", NameOf(p) + "p"}).profile == live.Resolve(who).profile);
    CHECK(CityOf(view, p) == CityOf(live, p));
    CHECK_FALSE(CityOf(view, p).empty());
  }
  CHECK(Must(view.Verify()).ok());
}

void CheckCopiesOfBefore(std::uint64_t people) {
  const TempFolder folder;
  const std::string ring = folder / "keyring", store = folder / "store", copy = folder / "copy";
  const EngineOptions options = KeyedOptions(ring);
  auto live = Must(Engine::Open(store, options));
  Must(live->SetPolicy(TeaPolicy()).status());
  Policy exact = TeaPolicy();  // a second graph takes what the first has for one phone for two
  for (NamespacePolicy& ns : exact.namespaces) ns.normaliser = Normaliser::kExact;
  exact.definitions = {};
  PolicyOptions second;
  second.graph = "exact";
  Must(live->SetPolicy(exact, second).status());
  Crowd crowd;
  for (std::uint64_t p = 0; p < people; ++p) {
    Must(live->Apply(RecordsOf(p, (p + 1) % people)).status());
    if (p == people / 2) Must(live->Checkpoint());
    crowd.all.insert(p);
    (p % 3 == 0 ? crowd.erased : crowd.others).insert(p);
  }
  Must(live->CopyTo(copy));
  const std::uint32_t backup = Must(live->BackUp(folder / "backups")).id;
  live.reset();
  fs::copy(ring, folder / "ring of then");
  CHECK(NamesByMasterKey(copy, people).empty());
  CHECK(NamesByKeyring(copy, ring, people) == crowd.all);

  live = Must(Engine::Open(store, options));
  std::vector<EraseRequest> requests;
  for (const std::uint64_t p : crowd.erased) {
    requests.push_back({{"crm", NameOf(p)}, true});
    requests.push_back({{"weibo", NameOf(p) + "w"}, false});
  }
  CHECK(Must(live->Erase(requests)).finished);
  for (const std::uint64_t p : crowd.others)
    Must(live->Apply(RecordsOf(p, (p + 1) % people)).status());
  live.reset();
  CHECK(NamesByKeyring(store, ring, people) == crowd.others);

  // Whoever has the copy, the master key and even the keyring reads nothing of those who were erased.
  CHECK(NamesByMasterKey(copy, people).empty());
  CHECK(NamesByKeyring(copy, ring, people) == crowd.others);
  CHECK(NamesByKeyring(copy, folder / "ring of then", people) == crowd.all);  // keep none of these

  // The live store is read beside copies of it: each with a keyring of its own.
  fs::copy(ring, folder / "ring of the live one");
  live = Must(Engine::Open(store, KeyedOptions(folder / "ring of the live one")));
  Must(RestoreBackup(folder / "backups", backup, folder / "restored"));
  for (const std::string& path : {copy, folder / "restored"}) {
    for (int times = 0; times < 2; ++times) {
      auto opened = Must(Engine::Open(path, options));
      CheckOthers(opened->Read(), live->Read(), crowd);
      const View exact_view = Must(opened->Read("exact")), exact_live = Must(live->Read("exact"));
      CHECK(Must(exact_view.Verify()).ok());
      for (const std::uint64_t p : crowd.all) {
        for (const char* end : {"p", "P"}) {
          const Identifier phone{"phone", NameOf(p) + end};
          CHECK(exact_view.Resolve(phone).known == (crowd.others.count(p) == 1));
          CHECK(exact_view.Resolve(phone).profile == exact_live.Resolve(phone).profile);
        }
      }
      for (const Change& change : Must(opened->Read().Changes(1, 1'000'000))) {
        for (const std::string& value : change.values) {
          for (const std::uint64_t p : NamesIn(value, people)) CHECK(crowd.others.count(p) == 1);
        }
      }
      CHECK(Must(opened->ReadOutbox({.limit = 10'000})).size() == crowd.others.size());
    }
    CHECK(NamesByKeyring(path, ring, people) == crowd.others);
  }
}

}  // namespace

TEST_CASE("whoever was erased is in no copy and no backup of before and everybody else is") {
  CheckCopiesOfBefore(30);
}
TEST_CASE("a thousand who were erased are in no copy of before", "[slow]") {
  CheckCopiesOfBefore(3'000);
}

TEST_CASE("a store opens with its own keyring alone") {
  const TempFolder folder;
  const std::string store = folder / "store";
  const EngineOptions options = KeyedOptions(folder / "ring");
  Must(Engine::Open(store, options).status());
  EngineOptions without = options;
  without.keyring.clear();
  CHECK(absl::IsFailedPrecondition(Engine::Open(store, without).status()));
  without.keys = nullptr;
  CHECK(absl::IsFailedPrecondition(Engine::Open(store, without).status()));
  CHECK(absl::IsNotFound(Engine::Open(store, KeyedOptions(folder / "none")).status()));
  Must(Engine::Open(folder / "other", KeyedOptions(folder / "other ring")).status());
  CHECK(absl::IsFailedPrecondition(
      Engine::Open(store, KeyedOptions(folder / "other ring")).status()));
  CHECK(Engine::Open(store, options).ok());
  {
    const auto open = Must(Engine::Open(store, options));
    Must(open->CopyTo(folder / "copy"));
    CHECK(absl::IsUnavailable(Engine::Open(folder / "copy", options).status()));  // busy
  }

  EngineOptions plain = options;
  plain.keys = nullptr;
  CHECK(absl::IsInvalidArgument(Engine::Open(folder / "plain", plain).status()));
  EngineOptions sealed = options;
  sealed.keyring.clear();
  Must(Engine::Open(folder / "sealed", sealed).status());
  CHECK(absl::IsFailedPrecondition(
      Engine::Open(folder / "sealed", KeyedOptions(folder / "a third")).status()));
  // Of a new store: a file that is there already is somebody's.
  CHECK_FALSE(Engine::Open(folder / "new", options).ok());
}

TEST_CASE("who comes again has another key, and goes by it another time") {
  const TempFolder folder;
  const EngineOptions options = KeyedOptions(folder / "ring");
  auto live = Must(Engine::Open(folder / "store", options));
  Must(live->SetPolicy(TeaPolicy()).status());
  const auto send = [&] { Must(live->Apply(RecordsOf(1, 2)).status()); };
  const auto erase = [&](bool finish) {
    EraseOptions erasing;
    erasing.suppress = false;
    erasing.finish = finish;
    const std::vector<EraseRequest> requests = {{{"crm", NameOf(1)}, true},
                                                {{"weibo", NameOf(1) + "w"}, false}};
    Must(live->Erase(requests, erasing).status());
  };
  send();
  Must(live->CopyTo(folder / "first"));
  erase(false);
  send();
  Must(live->CopyTo(folder / "second"));
  const auto names = [&](const std::string& of) {
    live.reset();
    auto found = NamesByKeyring(folder / of, folder / "ring", 3);
    live = Must(Engine::Open(folder / "store", options));
    return found;
  };
  CHECK(names("first") == std::set<std::uint64_t>{2});
  CHECK(names("second") == std::set<std::uint64_t>{1, 2});
  CHECK(live->Read().Resolve({"crm", NameOf(1)}).known);
  erase(true);
  CHECK(names("second") == std::set<std::uint64_t>{2});
}

namespace {

// A store in memory as it is now.
std::shared_ptr<Store> CopyOf(const Store& store) {
  std::shared_ptr<Store> copy = OpenMemoryStore();
  WriteSet writes;
  for (int table = 0; table < kTableCount; ++table) {
    Must(store.Scan(
        static_cast<Table>(table), "", "",
        [&](std::string_view key, std::string_view value) {
          writes.puts.push_back({static_cast<Table>(table), std::string(key), std::string(value)});
          return true;
        },
        nullptr));
  }
  Must(copy->Commit(writes, true));
  return copy;
}

// An erasure during which the store fails at its n-th commit, and is opened again. Returns whether it failed.
bool CheckFailedErasure(std::uint64_t n, bool written_all_the_same) {
  const TempFolder folder;
  const EngineOptions options = KeyedOptions(folder / "ring");
  const auto store = std::shared_ptr<Store>(OpenMemoryStore());
  const auto plan = std::make_shared<FailingStore::Plan>();
  plan->written_all_the_same = written_all_the_same;
  auto engine = Must(OpenOnFailing(store, plan, options));
  Must(engine->SetPolicy(TeaPolicy()).status());
  for (std::uint64_t p = 0; p < 3; ++p) Must(engine->Apply(RecordsOf(p, (p + 1) % 3)).status());
  Must(engine->Checkpoint());
  const std::shared_ptr<Store> before = CopyOf(*store);
  plan->fail_commit = plan->commits + n;
  const std::vector<EraseRequest> requests = {{{"crm", NameOf(0)}, true}};
  const bool failed = !engine->Erase(requests).ok();
  engine.reset();

  const auto whole = std::make_shared<FailingStore::Plan>();
  engine = Must(OpenOnFailing(store, whole, options));
  CHECK(Must(engine->Read().Verify()).ok());
  const bool known = engine->Read().Resolve({"crm", NameOf(0)}).known;
  if (!failed) CHECK_FALSE(known);
  CHECK(engine->Read().Resolve({"crm", NameOf(1)}).known);
  engine.reset();
  // Once it was opened, the keys are gone with the person, or are there with them.
  engine = Must(OpenOnFailing(before, whole, options));
  CHECK(Must(engine->Read().Verify()).ok());
  CHECK(engine->Read().Resolve({"crm", NameOf(0)}).known == known);
  CHECK(engine->Read().Resolve({"crm", NameOf(1)}).known);
  CHECK_FALSE(CityOf(engine->Read(), 1).empty());
  return failed;
}

}  // namespace

TEST_CASE("an erasure that fails anywhere is finished with its keys when the store is opened") {
  for (const bool written : {false, true}) {
    std::uint64_t n = 0;
    while (CheckFailedErasure(n, written)) ++n;
    CHECK(n >= 3);  // the erasure itself, frames, keys
  }
}

TEST_CASE("rows that were copied without a checkpoint are sound once keys of theirs are gone") {
  for (const std::uint64_t checkpoint_after : {0, 1, 2}) {
    const TempFolder folder;
    const EngineOptions options = KeyedOptions(folder / "ring");
    const auto store = std::shared_ptr<Store>(OpenMemoryStore());
    const auto plan = std::make_shared<FailingStore::Plan>();
    auto engine = Must(OpenOnFailing(store, plan, options));
    Must(engine->SetPolicy(TeaPolicy()).status());
    for (std::uint64_t p = 0; p < 3; ++p) {
      Must(engine->Apply(RecordsOf(p, (p + 1) % 3)).status());
      if (p + 1 == checkpoint_after) Must(engine->Checkpoint());
    }
    const std::shared_ptr<Store> before = CopyOf(*store);
    Must(engine->Erase(std::vector<EraseRequest>{{{"crm", NameOf(0)}, true}}).status());
    engine.reset();
    for (int times = 0; times < 2; ++times) {
      engine = Must(OpenOnFailing(before, plan, options));
      CHECK(Must(engine->Read().Verify()).ok());
      CHECK_FALSE(engine->Read().Resolve({"crm", NameOf(0)}).known);
      for (const std::uint64_t p : {1, 2}) {
        CHECK(engine->Read().Resolve({"phone", NameOf(p) + "P"}).known);
        CHECK_FALSE(CityOf(engine->Read(), p).empty());
      }
      engine.reset();
    }
  }
}

}  // namespace polyonym::harness
