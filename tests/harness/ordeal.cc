#include "harness/ordeal.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iostream>

#include "harness/catch.h"
#include "harness/process_memory.h"

namespace polyonym::harness {
namespace {

constexpr std::int64_t kMaxGrowth = std::int64_t{64} << 20;
constexpr double kMaxRatio = 2;
constexpr int kTries = 3;
// Others who come in turn, and how often each does before as many new ones come: what is told of one of them has an end, however many calls a
// script makes, or reading them would be all that is measured.
constexpr std::uint64_t kOthers = 256;
constexpr std::uint64_t kVisits = 32;
constexpr int kOthersBehindCall =
    4;  // whoever is hostile is few: most find what those before them left in the processor's caches
constexpr std::uint64_t kRoundsAfter = 200;  // that meet what a script leaves behind
constexpr std::int64_t kMinuteMs = 60'000;

std::uint64_t TicksNs() {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                        std::chrono::steady_clock::now().time_since_epoch())
                                        .count());
}

std::uint64_t Median(std::vector<std::uint64_t> of) {
  if (of.empty()) return 0;
  const auto middle = of.begin() + static_cast<std::ptrdiff_t>(of.size() / 2);
  std::nth_element(of.begin(), middle, of.end());
  return *middle;
}

std::uint64_t BytesOf(const Record& record) {
  std::uint64_t bytes =
      record.source.size() + record.id.size() + record.target_source.size() + record.facts.size();
  for (const RecordIdentifier& one : record.identifiers) bytes += one.ns.size() + one.value.size();
  return bytes;
}

std::uint64_t WhoComes(std::uint64_t round) {
  return round / (kOthers * kVisits) * kOthers + round % kOthers;
}
// How often somebody came in so many rounds.
std::uint64_t VisitsOf(std::uint64_t who, std::uint64_t rounds) {
  const std::uint64_t first = who / kOthers * kOthers * kVisits + who % kOthers;
  return first >= rounds ? 0 : std::min(kVisits, (rounds - first + kOthers - 1) / kOthers);
}

std::string OtherMember(std::size_t who) { return "other" + std::to_string(who); }
std::string OtherPhone(std::size_t who) { return "+86138000" + std::to_string(10'000 + who); }

// What one of the other people does in a round.
Record OtherRecord(std::uint64_t round) {
  const std::size_t who = WhoComes(round);
  Record record =
      Told("round" + std::to_string(round), kOrdealNowMs + static_cast<std::int64_t>(round) * 10,
           {{"crm", OtherMember(who)}, {"phone", OtherPhone(who)}});
  record.source = "till";
  Facts facts;
  Event& event = facts.events.emplace_back();
  event.type = "order";
  event.value = Money{1'999, "CNY"};
  facts.tags.push_back({"tea", 1'000'000, {}, {}, "", {}, ""});
  record.facts = WriteFacts(facts);
  return record;
}

// Caches of a fixed size are kept small: what fills one is no growth.
EngineOptions OrdealOptions() {
  EngineOptions options;
  options.durability = Durability::kWal;
  options.now_ms = [] { return kOrdealNowMs + 60 * kMinuteMs; };
  options.profile_cache_bytes = std::size_t{4} << 20;
  options.live_facts_bytes = std::size_t{4} << 20;
  options.rocks.write_buffer_bytes = std::size_t{4} << 20;
  options.rocks.block_cache_bytes = std::size_t{4} << 20;
  return options;
}

struct Run {
  std::int64_t held = 0, peak = 0;
  double seconds = 0;
  std::uint64_t apply_ns = 0, read_ns = 0;
};

// One engine from its opening to the end of what `work` does to it.
Run RunOn(const Script& script, OrdealSize size, OrdealStore store,
          const std::function<void(Ordeal&)>& work, const std::function<void(Ordeal&)>& after) {
  Policy policy = OrdealPolicy();
  EngineOptions options = OrdealOptions();
  if (script.prepare) script.prepare(&policy, &options);
  const TempFolder folder;
  Run run;
  const PeakMemory peak;
  const std::int64_t before = AllocatedBytes();
  const std::unique_ptr<Engine> engine = store == OrdealStore::kDisk
                                             ? Must(Engine::Open(folder / "store", options))
                                             : Must(Engine::OpenInMemory(options));
  Must(engine->SetPolicy(policy).status());
  Ordeal ordeal(engine.get(), size);
  for (std::size_t i = 0; i < kOthers; ++i) ordeal.LetOneCome();
  ordeal.apply_ns.clear();
  ordeal.read_ns.clear();
  const std::uint64_t began = TicksNs();
  work(ordeal);
  std::uint64_t others_ns = 0;
  for (const std::uint64_t ns : ordeal.apply_ns) others_ns += ns;
  for (const std::uint64_t ns : ordeal.read_ns) others_ns += ns;
  run.seconds = static_cast<double>(TicksNs() - began - others_ns) / 1e9;
  for (std::uint64_t i = 0; i < kRoundsAfter; ++i) ordeal.LetOneCome();
  run.held = AllocatedBytes() - before;
  run.peak = peak.GrownBytes();
  run.apply_ns = Median(ordeal.apply_ns);
  run.read_ns = Median(ordeal.read_ns);
  after(ordeal);
  return run;
}

bool IsWithinRatio(const OrdealFigures& figures) {
  return figures.ApplyRatio() < kMaxRatio && figures.ReadRatio() < kMaxRatio;
}

void CheckMemory(const OrdealFigures& figures) {
  for (const std::string& problem : figures.problems) {
    INFO(problem);
    CHECK(false);
  }
  if (!CanMeasureMemory()) return;
  CHECK(figures.MoreHeld() < kMaxGrowth);
  CHECK(figures.MorePeak() < kMaxGrowth);
}

}  // namespace

void Ordeal::LetOthersCome() {
  calls_.push_back({});
  LetSomeCome();
}

void Ordeal::LetSomeCome() {
  for (int i = 0; i < kOthersBehindCall; ++i) LetOneCome();
}

void Ordeal::LetOneCome() {
  const std::uint64_t round = rounds_++;
  const Record record = OtherRecord(round);
  const std::uint64_t began = TicksNs();
  const ApplyResult result = Must(engine_->Apply(std::span(&record, 1)));
  const std::uint64_t applied = TicksNs();
  {
    const View view = engine_->Read();
    const std::size_t who =
        WhoComes(round < kOthers ? (round + 7) % (round + 1) : round + 7 - kOthers);
    const Resolution is = view.Resolve(Identifier{"phone", OtherPhone(who)});
    if (is.profile) Must(view.ReadProfile(*is.profile).status());
  }
  const std::uint64_t read = TicksNs();
  Expect(result.records[0].outcome == Outcome::kApplied, "other people's records are taken");
  apply_ns.push_back(applied - began);
  read_ns.push_back(read - applied);
}

ApplyResult Ordeal::Send(std::span<const Record> records) {
  ApplyResult result = Must(engine_->Apply(records));
  Call& call = calls_.emplace_back();
  for (std::size_t i = 0; i < records.size(); ++i) {
    const Outcome outcome = result.records[i].outcome;
    if (outcome != Outcome::kApplied && outcome != Outcome::kHeld) continue;
    ++call.records;
    call.bytes += BytesOf(records[i]);
  }
  LetSomeCome();
  return result;
}

RecordResult Ordeal::Send(const Record& record) { return Send(std::span(&record, 1)).records[0]; }

void Ordeal::SendAll(std::span<const Record> records) {
  for (std::size_t at = 0; at < records.size(); at += 100)
    Send(records.subspan(at, std::min<std::size_t>(100, records.size() - at)));
}

void Ordeal::SendEach(std::size_t count, std::size_t batch,
                      const std::function<Record(std::size_t i)>& make) {
  std::vector<Record> records;
  for (std::size_t i = 0; i < count; ++i) {
    records.push_back(make(i));
    if (records.size() < batch && i + 1 < count) continue;
    Send(records);
    records.clear();
  }
}

void Ordeal::SendOrdinary(const Call& call) {
  if (call.records == 0) return LetSomeCome();
  std::vector<Record> records(call.records);
  for (Record& record : records) {
    const std::string n = std::to_string(ordinary_++);
    record = Told(n, kOrdealNowMs, {{"crm", "t" + n}, {"device", "d" + n}});
    const std::uint64_t share = call.bytes / call.records, has = BytesOf(record);
    if (share < has + 32) continue;
    Facts facts;
    facts.events.emplace_back().type = "visit";
    for (std::uint64_t left = share - has - 32, i = 0; left > 0; ++i) {
      const std::uint64_t part = std::min<std::uint64_t>(left, kMaxFactTextBytes);
      facts.events[0].properties["p" + std::to_string(i)] = {std::string(part, 'x')};
      left -= part;
    }
    record.facts = WriteFacts(facts);
  }
  Send(records);
}

void Ordeal::CheckOthers() {
  const View view = engine_->Read();
  for (std::uint64_t who = 0; VisitsOf(who, rounds_) != 0; ++who) {
    const std::string name = "other person " + std::to_string(who) + ": ";
    const Resolution member = view.Resolve(Identifier{"crm", OtherMember(who)});
    const Resolution phone = view.Resolve(Identifier{"phone", OtherPhone(who)});
    if (!member.profile || member.profile != phone.profile) {
      Expect(false, name + "is not one person");
      continue;
    }
    Expect(Must(view.Members(*member.profile)).size() == 2, name + "has identifiers of others");
    const std::uint64_t came = VisitsOf(who, rounds_);
    const Profile profile = Must(view.ReadProfile(*member.profile));
    bool counted = false;
    for (const ProfileTrait& trait : profile.traits)
      counted |= trait.name == "orders" && trait.count == came;
    Expect(counted, name + "has not the orders that were told of them");
  }
}

Policy OrdealPolicy() {
  Policy policy;
  policy.name = "ordeal";
  const auto add = [&](const char* name, std::uint32_t priority,
                       Normaliser normaliser) -> NamespacePolicy& {
    NamespacePolicy& ns = policy.namespaces.emplace_back();
    ns.name = name;
    ns.priority = priority;
    ns.normaliser = normaliser;
    return ns;
  };
  add("crm", 1, Normaliser::kTrim).limits = {Limit{}};
  add("phone", 10, Normaliser::kPhone).region = "CN";
  add("email", 20, Normaliser::kEmail);
  add("openid", 30, Normaliser::kExact);
  add("device", 40, Normaliser::kTrim);
  add("nick", 50, Normaliser::kText);
  add("login", 60, Normaliser::kLowerCase);
  NamespacePolicy& locker = add("locker", 70, Normaliser::kTrim);
  locker.validity_ms = 86'400'000;
  locker.link_lifetime_ms = 30LL * 86'400'000;
  Definitions& definitions = policy.definitions;
  EventTrait& orders = definitions.event_traits.emplace_back();
  orders.on.types = {"order"};
  orders.trait.name = "orders";
  orders.trait.type = ValueType::kInstant;
  orders.trait.fold = Fold::kCount;
  TagDefinition& tea = definitions.tags.emplace_back();
  tea.name = "tea";
  tea.fold = TagFold::kDecayedSum;
  tea.half_life_ms = 30LL * 86'400'000;
  definitions.segments = {{"tea lovers", "score of tag tea >= 3", ""},
                          {"buyers", "count(order within 30 days) >= 2", ""},
                          {"reachable", "has phone and not has email", ""}};
  definitions.triggers = {{"hello", "tea lovers"}};
  definitions.watched_tags = {"tea"};
  return policy;
}

Record Told(const std::string& id, std::int64_t time_ms,
            const std::vector<std::pair<std::string, std::string>>& identifiers) {
  Record record;
  record.source = "hostile";
  record.id = id;
  record.time_ms = time_ms;
  for (const auto& [ns, value] : identifiers) record.identifiers.push_back({ns, value});
  return record;
}

OrdealFigures Endure(const Script& script, OrdealSize size, OrdealStore store) {
  OrdealFigures figures;
  std::vector<Ordeal::Call> calls;
  std::int64_t input_bytes = 0;
  const Run run = RunOn(script, size, store, script.run, [&](Ordeal& ordeal) {
    ordeal.CheckOthers();
    if (size == OrdealSize::kSmall)
      ordeal.Expect(Must(ordeal.Read().Verify()).ok(), "the store verifies");
    calls = ordeal.calls();
    input_bytes = ordeal.input_bytes();
    figures.problems = ordeal.problems();
  });
  const Run twin = RunOn(
      script, size, store,
      [&](Ordeal& ordeal) {
        for (const Ordeal::Call& call : calls) ordeal.SendOrdinary(call);
      },
      [](Ordeal&) {});
  figures.calls = calls.size();
  for (const Ordeal::Call& call : calls) {
    figures.records += call.records;
    figures.bytes += call.bytes;
  }
  figures.seconds = run.seconds;
  figures.twin_seconds = twin.seconds;
  figures.held = run.held;
  figures.twin_held = twin.held;
  figures.peak = run.peak < 0 ? -1 : run.peak - input_bytes;
  figures.twin_peak = twin.peak;
  figures.apply_ns = run.apply_ns;
  figures.twin_apply_ns = twin.apply_ns;
  figures.read_ns = run.read_ns;
  figures.twin_read_ns = twin.read_ns;
  return figures;
}

std::string ToLine(const Script& script, OrdealStore store, const OrdealFigures& figures) {
  const auto mib = [](std::int64_t bytes) {
    return static_cast<double>(bytes) / static_cast<double>(1 << 20);
  };
  char line[256];
  std::snprintf(
      line, sizeof line,
      "%-34s %-6s %8llu rec %7.1f MiB | held %6.1f twin %6.1f more %6.1f | peak %6.1f twin %6.1f | "
      "apply %5.1f us x%.2f | read %5.1f us x%.2f | %6.2f s twin %5.2f s",
      script.name.c_str(), store == OrdealStore::kDisk ? "disk" : "memory",
      static_cast<unsigned long long>(figures.records),
      mib(static_cast<std::int64_t>(figures.bytes)), mib(figures.held), mib(figures.twin_held),
      mib(figures.MoreHeld()), mib(figures.peak), mib(figures.twin_peak),
      static_cast<double>(figures.apply_ns) / 1e3, figures.ApplyRatio(),
      static_cast<double>(figures.read_ns) / 1e3, figures.ReadRatio(), figures.seconds,
      figures.twin_seconds);
  return line;
}

void EndureSmall(std::span<const Script> scripts) {
  for (const Script& script : scripts) {
    DYNAMIC_SECTION(script.name) {
      const OrdealFigures figures = Endure(script, OrdealSize::kSmall, OrdealStore::kMemory);
      const std::string line = ToLine(script, OrdealStore::kMemory, figures);
      std::cout << line << std::endl;
      INFO(line);
      CheckMemory(figures);
    }
  }
}

void EndureLarge(std::span<const Script> scripts) {
  for (const Script& script : scripts) {
    for (const OrdealStore store : {OrdealStore::kMemory, OrdealStore::kDisk}) {
      DYNAMIC_SECTION(script.name << (store == OrdealStore::kDisk ? " on disk" : "")) {
        OrdealFigures figures;
        for (int i = 0; i < kTries; ++i) {
          figures = Endure(script, OrdealSize::kLarge, store);
          std::cout << ToLine(script, store, figures) << std::endl;
          if (IsWithinRatio(figures)) break;
        }
        INFO(ToLine(script, store, figures));
        CheckMemory(figures);
        CHECK(figures.ApplyRatio() < kMaxRatio);
        CHECK(figures.ReadRatio() < kMaxRatio);
      }
    }
  }
}

}  // namespace polyonym::harness
