// What an erasure takes along, and what it leaves: docs/erasure.md, line by line.
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "harness/catch.h"
#include "harness/engine_state.h"
#include "polyonym/model/facts.h"

namespace polyonym::harness {
namespace {

constexpr std::int64_t kDay = 86'400'000;
constexpr const char* kKey = "the ledger's key in tests";

NamespacePolicy Namespace(const std::string& name, std::uint32_t priority) {
  NamespacePolicy ns;
  ns.name = name;
  ns.priority = priority;
  return ns;
}

// One crm id a person; a device that three people have is nobody's; a phone has its digest.
Policy ShopPolicy() {
  Policy policy;
  policy.namespaces = {Namespace("crm", 1), Namespace("phone", 2), Namespace("device", 5),
                       Namespace("phone_hash", 6)};
  policy.namespaces[0].limits.push_back({.max = 1});
  policy.namespaces[1].derived.push_back({.ns = "phone_hash"});
  policy.namespaces[2].guards.push_back({.of = "crm", .max_neighbours = 2});
  policy.definitions.traits.push_back({.name = "city"});
  policy.definitions.watched_traits = {"city"};
  policy.definitions.segments.push_back({"everybody", "trait city is known", ""});
  policy.definitions.triggers.push_back({.name = "welcome", .segment = "everybody"});
  return policy;
}

Trait City(const std::string& value) {
  Trait trait;
  trait.name = "city";
  trait.value.is = value;
  return trait;
}

Record Seen(const std::string& id, std::vector<RecordIdentifier> identifiers,
            std::int64_t t = kDay) {
  Record record;
  record.source = "pos";
  record.id = id;
  record.time_ms = t;
  record.identifiers = std::move(identifiers);
  return record;
}

Record WithCity(Record record, const std::string& city) {
  Facts facts;
  facts.traits = {City(city)};
  record.facts = WriteFacts(facts);
  return record;
}

Outcome Send(Engine& engine, const Record& record, Reason* reason = nullptr) {
  const RecordResult result = Must(engine.Apply(std::span(&record, 1))).records[0];
  if (reason != nullptr) *reason = result.reason;
  return result.outcome;
}

std::vector<EraseRequest> Whole(const std::string& ns, const std::string& value) {
  return {{{ns, value}, true}};
}

std::unique_ptr<Engine> Shop() {
  EngineOptions options;
  options.erase_key = kKey;
  auto engine = Must(Engine::OpenInMemory(options));
  Must(engine->SetPolicy(ShopPolicy()).status());
  return engine;
}

std::vector<Record> Kept(const Engine& engine) {
  std::vector<Record> records;
  Must(engine.Read().Export([&](const StoredRecord& stored) {
    records.push_back(stored.record);
    return true;
  }));
  return records;
}

std::string CityOf(const Engine& engine, const Identifier& who) {
  const Profile profile = Must(engine.Read().ReadProfile(who));
  return profile.traits.empty() ? "" : ToText(profile.traits[0].values.at(0));
}

}  // namespace

TEST_CASE("facts of a record of two go with whom they belong to") {
  auto engine = Shop();
  // The limit keeps the two apart; the second record's facts are c2's.
  Send(*engine, Seen("1", {{"crm", "c1"}, {"device", "d1"}}));
  Send(*engine, WithCity(Seen("2", {{"crm", "c2"}, {"device", "d1"}}), "Xi'an"));
  const std::string city = CityOf(*engine, {"crm", "c2"});
  REQUIRE_FALSE(city.empty());
  const EraseReceipt receipt = Must(engine->Erase(Whole("crm", "c1")));
  CHECK(receipt.erased_identifiers >= 1);
  CHECK(CityOf(*engine, {"crm", "c2"}) == city);
  CHECK_FALSE(engine->Read().Resolve({"crm", "c1"}).known);
  Must(engine->Erase(Whole("crm", "c2")).status());
  CHECK_FALSE(engine->Read().Resolve({"crm", "c2"}).known);
  for (const Record& record : Kept(*engine)) CHECK(record.facts.empty());
}

TEST_CASE("a shared identifier is kept when a person goes, and its facts are not theirs to leave") {
  auto engine = Shop();
  for (const char* crm : {"c1", "c2", "c3"})
    Send(*engine, WithCity(Seen(crm, {{"crm", crm}, {"device", "tablet"}}), crm));
  REQUIRE(engine->Read().Resolve({"device", "tablet"}).shared);
  const auto refused = engine->Erase(Whole("device", "tablet"));
  CHECK(absl::IsFailedPrecondition(refused.status()));
  const EraseReceipt receipt = Must(engine->Erase(Whole("crm", "c1")));
  CHECK(receipt.erased_identifiers == 1);
  CHECK(receipt.kept_shared_identifiers == 1);
  CHECK(receipt.rewritten_records == 1);
  CHECK(receipt.removed_facts == 1);
  CHECK(engine->Read().Resolve({"device", "tablet"}).known);
  Reason reason = Reason::kNone;
  // The tablet itself is not kept out, c1 on it is.
  CHECK(Send(*engine, Seen("9", {{"crm", "c4"}, {"device", "tablet"}})) == Outcome::kApplied);
  CHECK(Send(*engine, Seen("10", {{"crm", "c1"}}), &reason) == Outcome::kRejected);
  CHECK(reason == Reason::kErased);
  EraseOptions even_shared;
  even_shared.even_shared = true;
  Must(engine->Erase(Whole("device", "tablet"), even_shared).status());
  CHECK_FALSE(engine->Read().Resolve({"device", "tablet"}).known);
  CHECK(engine->Read().Resolve({"crm", "c2"}).known);
}

TEST_CASE("an identifier and its digest are forgotten together whichever is asked for") {
  for (const bool by_digest : {false, true}) {
    auto engine = Shop();
    Send(*engine, Seen("1", {{"phone", "13800000001"}, {"device", "d1"}}));
    std::string digest;
    for (const Identifier& member :
         Must(engine->Read().Members(*engine->Read().Resolve({"phone", "13800000001"}).profile)))
      if (member.ns == "phone_hash") digest = member.value;
    REQUIRE_FALSE(digest.empty());
    EraseRequest request{
        by_digest ? Identifier{"phone_hash", digest} : Identifier{"phone", "13800000001"}, false};
    Must(engine->Erase(std::span(&request, 1)).status());
    CHECK_FALSE(engine->Read().Resolve({"phone", "13800000001"}).known);
    CHECK_FALSE(engine->Read().Resolve({"phone_hash", digest}).known);
    CHECK(engine->Read().Resolve({"device", "d1"}).known);
    for (const RecordIdentifier& late :
         {RecordIdentifier{"phone", "13800000001"}, RecordIdentifier{"phone_hash", digest}})
      CHECK(Send(*engine, Seen("2", {late})) == Outcome::kRejected);
  }
}

TEST_CASE("relations of others to the person go and the rest of the record stays") {
  auto engine = Shop();
  Record told = Seen("1", {{"crm", "c2"}});
  Facts facts;
  facts.traits = {City("Xi'an")};
  facts.relations = {{.type = "invited", .other = {"crm", "c1"}},
                     {.type = "invited", .other = {"crm", "c3"}}};
  told.facts = WriteFacts(facts);
  Send(*engine, told);
  Send(*engine, Seen("2", {{"crm", "c1"}}));
  Send(*engine, Seen("3", {{"crm", "c2"}, {"crm", "c1", Role::kOther}}));
  const EraseReceipt receipt = Must(engine->Erase(Whole("crm", "c1")));
  CHECK(receipt.removed_facts == 1);
  CHECK(receipt.removed_records == 1);
  CHECK(receipt.rewritten_records == 2);
  const Facts left = Must(ReadFacts(Kept(*engine)[0].facts));
  REQUIRE(left.relations.size() == 1);
  CHECK(left.relations[0].other.value == "c3");
  CHECK(left.traits.size() == 1);
  // And again when it comes late: nothing changes but nothing is lost either.
  Must(engine->Apply(std::span(&told, 1)).status());
  for (const Record& record : Kept(*engine)) {
    for (const RelationFact& relation : Must(ReadFacts(record.facts)).relations)
      CHECK(relation.other.value != "c1");
  }
}

TEST_CASE("what is held names people too") {
  auto engine = Shop();
  CHECK(Send(*engine, Seen("1", {{"crm", "c1"}, {"weibo", "w1"}})) == Outcome::kHeld);
  CHECK(Send(*engine, Seen("2", {{"crm", "c1"}, {"crm", "c2"}})) == Outcome::kHeld);
  const EraseReceipt receipt = Must(engine->Erase(Whole("crm", "c1")));
  CHECK(receipt.rewritten_records == 2);
  for (const Record& record : Kept(*engine)) {
    for (const RecordIdentifier& i : record.identifiers) CHECK(i.value != "c1");
  }
  // A namespace that no policy names has a ledger all the same.
  Must(engine->Erase(Whole("weibo", "w1")).status());
  Reason reason = Reason::kNone;
  CHECK(Send(*engine, Seen("3", {{"weibo", "w1"}}), &reason) == Outcome::kRejected);
  CHECK(reason == Reason::kErased);
}

TEST_CASE("watched values and triggers of the person leave the feed and the outbox") {
  auto engine = Shop();
  Send(*engine, WithCity(Seen("1", {{"crm", "c1"}}), "Xi'an"));
  Send(*engine, WithCity(Seen("2", {{"crm", "c2"}}), "Chengdu"));
  REQUIRE(Must(engine->ReadOutbox()).size() == 2);
  const std::uint64_t before = engine->Read().sequence();
  const EraseReceipt receipt = Must(engine->Erase(Whole("crm", "c1")));
  CHECK(receipt.rewritten_feed_rows == 1);
  CHECK(receipt.removed_outbox_items == 1);
  CHECK(Must(engine->ReadOutbox()).size() == 1);
  std::multiset<std::string> cities;
  bool left = false;
  for (const Change& change : Must(engine->Read().Changes(1, 1000))) {
    for (const std::string& value : change.values) cities.insert(value);
    if (change.sequence <= before) continue;
    CHECK(change.cause == Cause::kErase);
    left |= change.kind == ChangeKind::kLeft;
  }
  CHECK(left);
  CHECK(cities.size() == 1);
}

TEST_CASE("an erased number answers NotFound and is never given again") {
  auto engine = Shop();
  Send(*engine, Seen("1", {{"crm", "c1"}}));
  const ProfileId id = *engine->Read().Resolve({"crm", "c1"}).profile;
  EraseOptions options;
  options.suppress = false;
  const EraseReceipt receipt = Must(engine->Erase(Whole("crm", "c1"), options));
  CHECK(receipt.erasures.empty());
  CHECK(absl::IsNotFound(engine->Read().IdentifierOf(IdentifierNumber{id.value}).status()));
  CHECK(Send(*engine, Seen("1", {{"crm", "c1"}})) == Outcome::kApplied);
  CHECK(engine->Read().Resolve({"crm", "c1"}).profile->value != id.value);
}

TEST_CASE("an erasure can be lifted, and a receipt cannot be changed unseen") {
  auto engine = Shop();
  Send(*engine, Seen("1", {{"crm", "c1"}}));
  EraseReceipt receipt = Must(engine->Erase(Whole("crm", "c1")));
  CHECK(receipt.finished);
  CHECK(receipt.seal == SealOf(receipt, kKey));
  ++receipt.removed_records;
  CHECK(receipt.seal != SealOf(receipt, kKey));
  CHECK(Must(engine->Erasures()).size() == 1);
  CHECK(Send(*engine, Seen("1", {{"crm", "c1"}})) == Outcome::kRejected);
  CHECK(absl::IsNotFound(engine->LiftErasure({"crm", "c2"})));
  Must(engine->LiftErasure({"crm", "c1"}));
  CHECK(Must(engine->Erasures()).empty());
  CHECK(Send(*engine, Seen("1", {{"crm", "c1"}})) == Outcome::kApplied);
}

TEST_CASE("nobody to erase is an error, somebody unknown is kept out") {
  auto engine = Shop();
  CHECK(absl::IsInvalidArgument(engine->Erase({}).status()));
  CHECK(absl::IsInvalidArgument(engine->Erase(Whole("no namespace", "x")).status()));
  CHECK(absl::IsInvalidArgument(engine->Erase(Whole("crm", "")).status()));
  const EraseReceipt receipt = Must(engine->Erase(Whole("crm", "c9")));
  CHECK(receipt.erased_identifiers == 0);
  CHECK(receipt.erasures.size() == 1);
  CHECK(Send(*engine, Seen("1", {{"crm", "c9"}})) == Outcome::kRejected);
}

TEST_CASE(
    "an erasure behind a dry run and behind one that is refused is found when it is opened again") {
  const TempFolder folder;
  {
    auto engine = Must(Engine::Open(folder / "store", {}));
    Must(engine->SetPolicy(ShopPolicy()).status());
    Send(*engine, Seen("1", {{"crm", "c1"}}));
    EraseOptions options;
    options.dry_run = true;
    CHECK(Must(engine->Erase(Whole("crm", "c1"), options)).erased_identifiers == 1);
    CHECK(Must(engine->Erasures()).empty());
    CHECK(absl::IsInvalidArgument(engine->Erase(Whole("no namespace", "x")).status()));
    Must(engine->Erase(Whole("crm", "c1")).status());
  }
  auto engine = Must(Engine::Open(folder / "store", {}));
  CHECK(Must(engine->Erasures()).size() == 1);
  CHECK(Send(*engine, Seen("2", {{"crm", "c1"}})) == Outcome::kRejected);
}

TEST_CASE("a ledger that names nobody of a store is kept by it all the same") {
  const TempFolder folder;
  EngineOptions options;
  options.erase_key = kKey;
  std::vector<Erasure> ledger;
  {
    auto engine = Must(Engine::Open(folder / "live", options));
    Must(engine->SetPolicy(ShopPolicy()).status());
    Send(*engine, Seen("1", {{"crm", "c1"}}));
    Must(engine->Erase(Whole("crm", "c1")).status());
    ledger = Must(engine->Erasures());
  }
  {
    auto engine = Must(Engine::Open(folder / "restored", options));
    Must(engine->SetPolicy(ShopPolicy()).status());
    EraseOptions dry;
    dry.dry_run = true;
    Must(engine->ReplayErasures(ledger, dry).status());
    CHECK(Must(engine->Erasures()).empty());
    Must(engine->ReplayErasures(ledger).status());
    CHECK(Must(engine->Erasures()) == ledger);
  }
  auto engine = Must(Engine::Open(folder / "restored", options));
  CHECK(Must(engine->Erasures()) == ledger);
  CHECK(Send(*engine, Seen("2", {{"crm", "c1"}})) == Outcome::kRejected);
}

TEST_CASE("the ledger's key must be the one that it was made under") {
  const TempFolder folder;
  EngineOptions options;
  options.erase_key = kKey;
  auto engine = Must(Engine::Open(folder / "store", options));
  Must(engine->SetPolicy(ShopPolicy()).status());
  Send(*engine, Seen("1", {{"crm", "c1"}}));
  Must(engine->Erase(Whole("crm", "c1")).status());
  engine.reset();
  options.erase_key = "another key of 16 bytes";
  CHECK(absl::IsInvalidArgument(Engine::Open(folder / "store", options).status()));
  options.erase_key = "";
  CHECK(absl::IsInvalidArgument(Engine::Open(folder / "store", options).status()));
  options.erase_key = "short";
  CHECK(absl::IsInvalidArgument(Engine::Open(folder / "store", options).status()));
  options.erase_key = kKey;
  engine = Must(Engine::Open(folder / "store", options));
  CHECK(Send(*engine, Seen("2", {{"crm", "c1"}})) == Outcome::kRejected);
}

TEST_CASE("facts are kept as long as retentions say, by field and class and purpose") {
  Policy policy = ShopPolicy();
  policy.definitions.traits.push_back({.name = "mood", .klass = FactClass::kSocial});
  policy.definitions.purposes.push_back({.name = "analysis"});
  policy.definitions.privacy.retentions = {{"event:view", 10 * kDay, ""},
                                           {"class:social", 20 * kDay, ""},
                                           {"event:*", 50 * kDay, "analysis"}};
  auto engine = Must(Engine::OpenInMemory({}));
  Must(engine->SetPolicy(policy).status());
  const auto told = [](const std::string& id, const std::string& crm, bool grants) {
    Record record = Seen(id, {{"crm", crm}, {"device", "d" + crm}}, kDay);
    Facts facts;
    facts.traits = {City("Xi'an")};
    facts.traits.emplace_back().name = "mood";
    facts.traits.back().value.is = std::string("calm");
    for (const char* type : {"view", "order"}) facts.events.emplace_back().type = type;
    if (grants) facts.consents = {{.purpose = "analysis", .state = ConsentState::kGranted}};
    record.facts = WriteFacts(facts);
    return record;
  };
  Send(*engine, told("1", "c1", true));
  Send(*engine, told("2", "c2", false));
  const auto links = Must(engine->Read().Links({"crm", "c1"}));
  CHECK(Must(engine->KeepOnly(5 * kDay)).removed_facts == 0);
  CHECK(Must(engine->KeepOnly(15 * kDay)).removed_facts == 2);  // views
  CHECK(Must(engine->KeepOnly(30 * kDay)).removed_facts == 2);  // moods
  const RetentionResult last = Must(engine->KeepOnly(100 * kDay));
  CHECK(last.removed_facts == 1);  // the order of who does not grant it
  CHECK(last.rewritten_records == 1);
  CHECK(last.finished);
  CHECK(Must(engine->KeepOnly(100 * kDay)).sequence == last.sequence);
  CHECK(CityOf(*engine, {"crm", "c1"}) == CityOf(*engine, {"crm", "c2"}));
  CHECK(Must(engine->Read().Links({"crm", "c1"})).size() == links.size());
  CHECK(engine->Read().Resolve({"device", "dc1"}).profile ==
        engine->Read().Resolve({"crm", "c1"}).profile);
  CHECK(Must(engine->Read().Verify()).ok());
  CHECK(absl::IsInvalidArgument(engine->KeepOnly(-1).status()));
  CHECK(absl::IsInvalidArgument(engine->KeepOnly(5'000 * kDay).status()));
}

// ---- every byte of every file ----

namespace {

std::string CanaryOf(std::uint64_t person) {
  std::string text = "canary-of-";
  std::uint64_t bits = (person + 1) * 0x9e3779b97f4a7c15u;
  for (int i = 0; i < 16; ++i, bits >>= 4) text.push_back("0123456789abcdef"[bits & 15]);
  return text;
}

std::string ReadAll(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Files of tables and logs, by name: RocksDB never uses a number twice.
std::set<std::string> DataFiles(const std::string& folder) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name.ends_with(".sst") || name.ends_with(".log")) names.insert(name);
  }
  return names;
}

// Which canaries are in any file as it lies, or in any row once it is read.
std::set<std::uint64_t> FindCanaries(const std::string& folder, std::uint64_t people) {
  std::string all;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    all += ReadAll(entry.path());
  const auto store = Must(OpenRocksStore(folder, {}));
  for (int table = 0; table < kTableCount; ++table) {
    Must(store->Scan(static_cast<Table>(table), "", "",
                     [&](std::string_view key, std::string_view value) {
                       all.append(key).append(value);
                       return true;
                     }));
  }
  std::set<std::uint64_t> found;
  for (std::size_t at = all.find("canary-of-"); at != std::string::npos;
       at = all.find("canary-of-", at + 1)) {
    for (std::uint64_t p = 0; p < people; ++p) {
      if (all.compare(at, CanaryOf(p).size(), CanaryOf(p)) == 0) found.insert(p);
    }
  }
  return found;
}

// Of everything that a store can have of a person.
std::vector<Record> TracesOf(std::uint64_t person, std::uint64_t other) {
  const std::string canary = CanaryOf(person), id = std::to_string(person);
  std::vector<Record> records;
  const auto add = [&](const std::string& what,
                       std::vector<RecordIdentifier> identifiers) -> Record& {
    return records.emplace_back(
        Seen(what + id, std::move(identifiers), kDay + static_cast<std::int64_t>(person)));
  };
  records.push_back(
      WithCity(add("a", {{"crm", canary}, {"phone", canary + "p"}}), canary + "city"));
  records.erase(records.end() - 2);
  add("b", {{"crm", canary}, {"device", canary + "d"}, {"device", "tablet"}});
  add("c", {{"crm", canary}, {"weibo", canary + "w"}});                 // held
  add("d", {{"crm", CanaryOf(other)}, {"crm", canary, Role::kOther}});  // another's
  Record& relation = add("e", {{"crm", CanaryOf(other)}});
  Facts facts;
  facts.relations = {{.type = "invited", .other = {"crm", canary}}};
  relation.facts = WriteFacts(facts);
  add("b", {{"crm", canary}, {"device", canary + "e"}}).version = 10 * kDay;  // another version
  add("f", {{"crm", canary}, {"device", "lent" + id}});
  Record& retracted = add("f", {});
  retracted.act = Act::kRetract;
  retracted.version = 10 * kDay;
  retracted.time_ms.reset();
  Record& own_id = add("", {{"crm", canary}, {"device", canary + "o"}});
  own_id.id.clear();
  Record& rename = add("g", {{"device", canary + "o"}, {"device", canary + "n"}});
  rename.act = Act::kRename;
  return records;
}

void CheckCanaries(std::uint64_t people) {
  const TempFolder folder;
  EngineOptions options = LawOptions(people);
  options.erase_key = kKey;
  options.hash_bits = 64;
  auto engine = Must(Engine::Open(folder / "store", options));
  Must(engine->SetPolicy(ShopPolicy()).status());
  std::vector<Record> everything;
  for (std::uint64_t p = 0; p < people; ++p) {
    const std::vector<Record> records = TracesOf(p, (p + 1) % people);
    Must(engine->Apply(records).status());
    everything.insert(everything.end(), records.begin(), records.end());
    if (p == people / 2) Must(engine->Checkpoint());
  }
  const std::string copy = folder / "copy";
  Must(engine->CopyTo(copy));
  std::set<std::uint64_t> erased, others;
  std::vector<EraseRequest> requests;
  for (std::uint64_t p = 0; p < people; ++p) {
    if (p % 3 == 0) {
      // By any of their identifiers; what only a held record names is asked for by itself.
      requests.push_back({{"crm", CanaryOf(p)}, true});
      requests.push_back({{"weibo", CanaryOf(p) + "w"}, false});
      erased.insert(p);
    } else {
      others.insert(p);
    }
  }
  const std::set<std::string> before = DataFiles(folder / "store");
  const EraseReceipt receipt = Must(engine->Erase(requests));
  CHECK(receipt.finished);
  CHECK(receipt.erased_identifiers >= 4 * erased.size());
  for (const std::string& name : DataFiles(folder / "store")) CHECK(before.count(name) == 0);
  CHECK(Must(engine->Read().Verify()).ok());
  engine.reset();
  CHECK(FindCanaries(folder / "store", people) == others);

  // Ten times as many late records as people re-create nobody.
  engine = Must(Engine::Open(folder / "store", options));
  Must(engine->Apply(everything).status());
  for (const std::uint64_t p : erased)
    CHECK_FALSE(engine->Read().Resolve({"crm", CanaryOf(p)}).known);
  for (const std::uint64_t p : others) CHECK(engine->Read().Resolve({"crm", CanaryOf(p)}).known);
  Must(engine->Checkpoint());
  const std::vector<Erasure> ledger = Must(engine->Erasures());
  engine.reset();
  CHECK(FindCanaries(folder / "store", people) == others);

  // A copy of before has everybody, until the ledger is replayed on it.
  std::set<std::uint64_t> all(erased);
  all.insert(others.begin(), others.end());
  CHECK(FindCanaries(copy, people) == all);
  auto restored = Must(Engine::Open(copy, options));
  const EraseReceipt replayed = Must(restored->ReplayErasures(ledger));
  CHECK(replayed.finished);
  CHECK(Must(restored->Read().Verify()).ok());
  restored.reset();
  CHECK(FindCanaries(copy, people) == others);
}

}  // namespace

TEST_CASE(
    "no byte of who was erased is in any file, nor in a restored copy once the ledger was "
    "replayed") {
  CheckCanaries(60);
}
TEST_CASE("no byte of a thousand people who were erased is in any file", "[slow]") {
  CheckCanaries(3'000);
}

}  // namespace polyonym::harness
