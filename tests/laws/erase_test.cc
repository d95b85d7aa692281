// L10: whoever was erased is nowhere, is not brought back by what comes late, and everybody else is as if they had never been seen with them.
#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "codec/facts_filter.h"
#include "harness/catch.h"
#include "harness/engine_state.h"
#include "laws/law.h"
#include "polyonym/privacy/key_keeper.h"

namespace polyonym::harness {
namespace {

std::vector<Record> ExportAll(const View& view) {
  std::vector<Record> records;
  Must(view.Export([&](const StoredRecord& stored) {
    records.push_back(stored.record);
    return true;
  }));
  return records;
}

// Those that stand, but for tombstones.
std::vector<Record> Standing(const View& view) {
  std::vector<Record> records;
  Must(view.Export([&](const StoredRecord& stored) {
    if (stored.standing && stored.record.act != Act::kRetract) records.push_back(stored.record);
    return true;
  }));
  return records;
}

std::string CompareWithKept(const View& view) {
  return CompareWithNaive(
             view, NaiveWorld(Compile(view.policy()), ExportAll(view), view.clock_ms()), false) +
         CheckVerify(view);
}

// What a policy makes of an identifier of a record; as it came where nothing.
Identifier Spelt(const CompiledPolicy& policy, const RecordIdentifier& identifier) {
  const std::uint32_t family = policy.FindFamily(identifier.ns);
  const std::string value = family == CompiledPolicy::kUndeclared
                                ? std::string()
                                : policy.Judge(family, identifier.value).value;
  return {identifier.ns, value.empty() ? identifier.value : value};
}

using Names = std::set<Identifier>;

// Whether lives make it unclear whose a value is.
bool HasLives(const Policy& policy) {
  return std::any_of(policy.namespaces.begin(), policy.namespaces.end(),
                     [](const NamespacePolicy& ns) { return ns.validity_ms != 0; });
}

// Somebody who can be erased: an identifier, and all that must be gone afterwards.
struct Victim {
  EraseRequest request;
  Names names;
};

std::optional<Victim> RandomVictim(const View& view, Random& random) {
  const auto policy = Compile(view.policy());
  std::vector<Identifier> known;
  for (const Record& record : ExportAll(view)) {
    for (const RecordIdentifier& i : record.identifiers) known.push_back(Spelt(*policy, i));
  }
  if (known.empty()) return std::nullopt;
  Victim out;
  out.request.identifier = known[random.Below(known.size())];
  out.request.whole_person = random.Chance(60);
  out.names.insert(out.request.identifier);
  const Resolution found = view.Resolve(out.request.identifier);
  if (found.shared) return std::nullopt;
  if (out.request.whole_person && found.known && !found.gone) {
    for (const Identifier& member : Must(view.Members(*found.profile))) out.names.insert(member);
  }
  return out;
}

// None of these is known, or in any record.
std::string CheckGone(const View& view, const Names& names) {
  const auto policy = Compile(view.policy());
  std::string fault;
  for (const Identifier& name : names) {
    if (view.Resolve(name).known) fault += ToString(name) + " is known\n";
  }
  for (const Record& record : ExportAll(view)) {
    for (const RecordIdentifier& i : record.identifiers) {
      if (names.contains(Spelt(*policy, i)))
        fault += "a record names " + ToString(Spelt(*policy, i)) + "\n";
    }
  }
  return fault;
}

// What must be left of records that stood, by the names alone: an own and slow reading of docs/erasure.md.
std::multiset<std::string> LeftOf(const std::vector<Record>& records, const Names& names,
                                  const CompiledPolicy& policy) {
  std::multiset<std::string> out;
  for (const Record& record : records) {
    std::string text = record.source + "|" + std::to_string(static_cast<int>(record.act));
    bool any = false, left = false, self_gone = false, self_left = false;
    for (const RecordIdentifier& i : record.identifiers) {
      const bool gone = names.contains(Spelt(policy, i));
      any |= gone;
      left |= !gone;
      if (i.role == Role::kSelf) (gone ? self_gone : self_left) = true;
      if (!gone) text += "|" + i.ns + ":" + i.value + (i.role == Role::kOther ? "!" : "");
    }
    if (any && (record.act != Act::kObserve || !left || (self_gone && !self_left))) continue;
    out.insert(std::move(text));
  }
  return out;
}

// Erases somebody; what is wrong afterwards.
std::string EraseOne(Engine& engine, const Victim& victim, bool suppress, Names* erased) {
  const View before = engine.Read();
  const std::vector<Record> records = ExportAll(before), standing = Standing(before);
  EraseOptions options;
  options.suppress = suppress;
  const std::vector<EraseRequest> requests = {victim.request};
  options.dry_run = true;
  const EraseReceipt planned = Must(engine.Erase(requests, options));
  if (engine.Read().sequence() != before.sequence()) return "a dry run wrote\n";
  options.dry_run = false;
  const EraseReceipt receipt = Must(engine.Erase(requests, options));
  const View after = engine.Read();
  std::string fault = CompareWithKept(after);
  if (planned.removed_records != receipt.removed_records ||
      planned.rewritten_records != receipt.rewritten_records ||
      planned.removed_facts != receipt.removed_facts)
    fault += "the dry run counted otherwise\n";
  if (!receipt.finished) fault += "it is not finished\n";
  // Classes of renamed identifiers, and digests, go together: more may be gone than was asked for.
  const Policy policy = after.policy();
  const bool plain = std::none_of(records.begin(), records.end(),
                                  [](const Record& r) { return r.act == Act::kRename; }) &&
                     !HasLives(policy) &&
                     std::all_of(policy.namespaces.begin(), policy.namespaces.end(),
                                 [](const NamespacePolicy& ns) { return ns.derived.empty(); });
  if (!HasLives(policy)) {
    fault += CheckGone(after, victim.names);
    if (suppress) erased->insert(victim.names.begin(), victim.names.end());
  }
  if (plain) {
    const auto compiled = Compile(policy);
    // Of one that came without an id two may say the same now, and count once.
    const auto want = LeftOf(standing, victim.names, *compiled),
               got = LeftOf(Standing(after), {}, *compiled);
    if (std::set(want.begin(), want.end()) != std::set(got.begin(), got.end()) ||
        got.size() > want.size())
      fault += "other records are left than should be\n";
  }
  FeedReader reader;
  reader.Take(AllChanges(after));
  if (reader.profiles() != NumbersInProfiles(after)) fault += "the feed tells of other profiles\n";
  for (const std::string& problem : reader.problems()) fault += problem + "\n";
  for (const Change& change : Must(after.Changes(before.sequence() + 1, 1000))) {
    if (change.cause != Cause::kErase) fault += "a change has another cause\n";
  }
  return fault.empty() ? "" : "erasing " + ToString(victim.request.identifier) + ":\n" + fault;
}

// With a key for each identifier, in a file of the folder.
EngineOptions WithKeyring(EngineOptions options, const TempFolder& folder) {
  options.keys = Must(MakeKeyKeeper(std::string(32, 'm')));
  options.keyring = folder / "keyring";
  return options;
}

std::string CheckErasures(const History& history, bool keyring) {
  Random random(history.seed ^ 0xe7a5e);
  const TempFolder folder;
  EngineOptions options = LawOptions(history.seed);
  if (keyring) options = WithKeyring(options, folder);
  std::unique_ptr<Engine> engine = Must(Engine::OpenInMemory(options));
  Must(engine->SetPolicy(history.policy).status());
  std::string fault;
  Names erased;
  bool policies = false;
  ApplySteps(*engine, history, random, [&](std::size_t done, const ApplyResult&) {
    if (!fault.empty()) return;
    policies |= engine->Read().policy_version() > 1;
    if (random.Chance(15)) {
      if (const auto victim = RandomVictim(engine->Read(), random))
        fault = EraseOne(*engine, *victim, random.Chance(80), &erased);
    }
    if (done == history.steps.size() || random.Chance(20)) fault += CompareWithKept(engine->Read());
    // Another policy spells otherwise what the ledger has a hash of.
    if (!policies) fault += CheckGone(engine->Read(), erased);
    if (!fault.empty()) fault = "after " + std::to_string(done) + " steps:\n" + fault;
  });
  if (!fault.empty() || policies) return fault;
  Must(engine->Apply(history.records).status());
  fault = CheckGone(engine->Read(), erased) + CompareWithKept(engine->Read());
  return fault.empty() ? "" : "after all came late:\n" + fault;
}

// On disk, closed and opened again now and then, beside one that never is.
std::string CheckErasedRestarts(const History& history, bool keyring) {
  Random random(history.seed ^ 0xe7a5e2);
  const TempFolder folder;
  EngineOptions options = LawOptions(history.seed);
  options.erase_key = "a key for the ledger in tests";
  if (keyring) options = WithKeyring(options, folder);
  std::unique_ptr<Engine> memory = OpenInMemory(history.policy, history.seed);
  std::unique_ptr<Engine> disk = Must(Engine::Open(folder / "store", options));
  Must(disk->SetPolicy(history.policy).status());
  for (const std::span<const HistoryStep> call : RandomCalls(history, random)) {
    if (MakeCall(*memory, history, call).changes != MakeCall(*disk, history, call).changes)
      return "the feeds differ\n";
    if (random.Chance(10)) {
      const auto victim = RandomVictim(memory->Read(), random);
      const bool finish = random.Chance(50);
      for (Engine* engine : {memory.get(), disk.get()}) {
        if (!victim) continue;
        EraseOptions erase;
        erase.finish = finish;
        Must(engine->Erase(std::vector<EraseRequest>{victim->request}, erase).status());
      }
    }
    if (!random.Chance(15)) continue;
    disk.reset();
    disk = Must(Engine::Open(folder / "store", options));
  }
  disk.reset();
  disk = Must(Engine::Open(folder / "store", options));
  const View a = memory->Read(), b = disk->Read();
  std::string fault = CompareWithKept(b);
  if (ExportAll(a) != ExportAll(b)) fault += "other records are kept\n";
  if (ReadState(a, {}).members_of != ReadState(b, {}).members_of) fault += "ids differ\n";
  if (Must(memory->Erasures()).size() != Must(disk->Erasures()).size())
    fault += "the ledgers differ\n";
  return fault;
}

// What a copy of before must have still: `whole` has all of it, `got` what can be read since `erased` were, and `live` knows who is known now.
std::string CompareWithWhole(const View& whole, const View& got, const View& live,
                             const Names& erased) {
  std::string fault;
  const auto policy = Compile(whole.policy());
  const auto went = [&](const Identifier& name) {
    return erased.contains(name) || (whole.Resolve(name).known && !live.Resolve(name).known);
  };
  const auto names_gone = [&](const Record& record) {
    return std::any_of(record.identifiers.begin(), record.identifiers.end(),
                       [&](const RecordIdentifier& i) { return went(Spelt(*policy, i)); });
  };
  // Older versions go with the one that stands.
  std::set<std::pair<std::string, std::string>> gone;
  const std::vector<Record> all = ExportAll(whole);
  for (const Record& record : all) {
    if (names_gone(record)) gone.emplace(record.source, record.id);
  }
  Names named;
  std::map<std::uint64_t, Record> records;
  Must(got.Export([&](const StoredRecord& stored) {
    records.emplace(stored.number, stored.record);
    return true;
  }));
  Must(whole.Export([&](const StoredRecord& stored) {
    const Record& record = stored.record;
    if (gone.contains({record.source, record.id}) || codec::HasRelations(record.facts)) return true;
    for (const RecordIdentifier& i : record.identifiers) named.insert(Spelt(*policy, i));
    const auto same = records.find(stored.number);
    if (same == records.end() || same->second != record)
      fault += "record " + std::to_string(stored.number) + " of others is not as it was\n";
    return true;
  }));
  for (std::uint64_t n = 0; n < whole.GetStats().identifiers; ++n) {
    const auto was = whole.IdentifierOf(IdentifierNumber{n});
    const auto is = got.IdentifierOf(IdentifierNumber{n});
    if (!was.ok()) continue;
    if (is.ok() ? *is != *was : named.contains(*was))
      fault += "number " + std::to_string(n) + " is another's or nobody's\n";
  }
  return fault;
}

// A copy that was made before people were erased, once their keys are destroyed.
std::string CheckCopies(const History& history) {
  Random random(history.seed ^ 0xc0b1e5);
  const TempFolder folder;
  EngineOptions options = WithKeyring(LawOptions(history.seed), folder);
  options.erase_key = "a key for the ledger in tests";
  std::unique_ptr<Engine> live = Must(Engine::Open(folder / "store", options));
  Must(live->SetPolicy(history.policy).status());
  EngineOptions options_then = options;  // with the keyring as it was then
  options_then.keyring = folder / "keyring_then";
  Names erased;
  bool copied = false;
  std::uint64_t version_then = 0;
  for (const std::span<const HistoryStep> call : RandomCalls(history, random)) {
    MakeCall(*live, history, call);
    if (!copied && random.Chance(15)) {
      Must(live->CopyTo(folder / "copy"));
      std::filesystem::copy(folder / "copy", folder / "whole");
      std::filesystem::copy(folder / "keyring", folder / "keyring_then");
      version_then = live->Read().policy_version();
      copied = true;
    } else if (copied && random.Chance(20)) {
      const auto victim = RandomVictim(live->Read(), random);
      if (!victim) continue;
      EraseOptions erase;
      erase.finish = random.Chance(50);
      Must(live->Erase(std::vector<EraseRequest>{victim->request}, erase).status());
      erased.insert(victim->names.begin(), victim->names.end());
    }
    if (random.Chance(90)) continue;
    live.reset();
    live = Must(Engine::Open(folder / "store", options));
  }
  if (!copied) return "";
  const View now = live->Read();
  std::filesystem::copy(folder / "keyring", folder / "keyring_now");
  EngineOptions options_now = options;
  options_now.keyring = folder / "keyring_now";
  auto whole = Must(Engine::Open(folder / "whole", options_then));
  auto restored = Must(Engine::Open(folder / "copy", options_now));
  std::string fault = CompareWithKept(restored->Read());
  if (!fault.empty()) return fault;
  const bool plain = !HasLives(now.policy()) && now.policy_version() == version_then;
  if (plain) {
    fault += CheckGone(restored->Read(), erased);
    fault += CompareWithWhole(whole->Read(), restored->Read(), now, erased);
  }
  if (!fault.empty()) return "restored:\n" + fault;
  // It goes on as any store, and is the same once it was opened again.
  Must(restored->Apply(history.records).status());
  fault = CompareWithKept(restored->Read());
  const std::vector<Record> records = ExportAll(restored->Read());
  restored.reset();
  restored = Must(Engine::Open(folder / "copy", options_now));
  fault += CompareWithKept(restored->Read());
  if (ExportAll(restored->Read()) != records) fault += "other records are kept\n";
  return fault.empty() ? "" : "restored, and gone on:\n" + fault;
}

}  // namespace

TEST_CASE(
    "who is erased is nowhere and does not come back; others are by the rule of what is kept") {
  CheckLaw(81'000'000, 300, [](const History& h) { return CheckErasures(h, false); });
}
TEST_CASE("who is erased is nowhere and does not come back, at length", "[slow]") {
  CheckLaw(81'100'000, 5'000, [](const History& h) { return CheckErasures(h, false); });
}
TEST_CASE("a store with erasures is the same after it was closed and opened again") {
  CheckLaw(82'000'000, 100, [](const History& h) { return CheckErasedRestarts(h, false); });
}
TEST_CASE("a store with erasures is the same after it was closed and opened again, at length",
          "[slow]") {
  CheckLaw(82'100'000, 2'000, [](const History& h) { return CheckErasedRestarts(h, false); });
}
TEST_CASE("with a keyring who is erased is nowhere too") {
  CheckLaw(81'200'000, 100, [](const History& h) { return CheckErasures(h, true); });
}
TEST_CASE("with a keyring a store with erasures is the same once it was opened again") {
  CheckLaw(82'200'000, 100, [](const History& h) { return CheckErasedRestarts(h, true); });
}
TEST_CASE("a copy of before forgets whoever's keys went and has everybody else") {
  CheckLaw(82'300'000, 100, CheckCopies);
}
TEST_CASE("a copy of before forgets whoever's keys went and has everybody else - at length",
          "[slow]") {
  CheckLaw(82'400'000, 2'000, CheckCopies);
}

}  // namespace polyonym::harness
