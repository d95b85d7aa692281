// Hostile scripts that aim at who is who: shapes of graphs, acts, times and ids of records. harness/ordeal.h says what is measured.
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "harness/catch.h"
#include "harness/ordeal.h"

namespace polyonym::harness {
namespace {

using Names = std::vector<std::pair<std::string, std::string>>;

constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::int64_t kTenYearsMs = 3'652 * kDayMs;

std::string N(const char* prefix, std::size_t i) { return prefix + std::to_string(i); }

Record Pair(const std::string& id, Act act, std::int64_t time_ms, const Names& names) {
  Record record = Told(id, time_ms, names);
  record.act = act;
  return record;
}

void NoGuard(Policy* policy, EngineOptions*) { policy->default_max_neighbours = 0; }

// One device, everybody's: the guard holds it apart.
void RunCrowd(Ordeal& ordeal) {
  const std::size_t count = ordeal.Of(20'000, 1'000'000);
  ordeal.SendEach(count, 1'000, [](std::size_t i) {
    return Told(N("", i), kOrdealNowMs, {{"device", "till"}, {"openid", N("o", i)}});
  });
  const View view = ordeal.Read();
  ordeal.Expect(view.Resolve(Identifier{"device", "till"}).shared, "the till is shared");
  ordeal.Expect(view.GetStats().largest_profile == 2, "nobody is joined by it");
}

// Without a guard; every record is later than the one before, so that its link outranks all that stand.
void RunRisingCrowd(Ordeal& ordeal) {
  const std::size_t count = ordeal.Of(20'000, 100'000);
  ordeal.SendEach(count, 1'000, [](std::size_t i) {
    return Told(N("", i), 1'000'000 + static_cast<std::int64_t>(i),
                {{"device", "till"}, {"openid", N("o", i)}});
  });
  const Stats stats = ordeal.Read().GetStats();
  ordeal.Expect(stats.largest_profile == 10'000, "a profile is as large as the limit");
  ordeal.Expect(stats.refused_links == count - 9'999, "the other links are refused");
}

// The same, each record in a call of its own.
void SmallProfiles(Policy* policy, EngineOptions*) {
  policy->default_max_neighbours = 0;
  policy->max_identifiers_per_profile = 1'000;
}
void RunRisingCrowdOneByOne(Ordeal& ordeal) {
  const std::size_t count = ordeal.Of(1'500, 3'000);
  ordeal.SendEach(count, 1, [](std::size_t i) {
    return Told(N("", i), 1'000'000 + static_cast<std::int64_t>(i),
                {{"device", "till"}, {"openid", N("o", i)}});
  });
  ordeal.Expect(ordeal.Read().GetStats().largest_profile == 1'000,
                "a profile is as large as the limit");
}

void RunChain(Ordeal& ordeal) {
  const std::size_t count = ordeal.Of(20'000, 100'000);
  ordeal.SendEach(count, 200, [](std::size_t i) {
    return Told(N("", i), kOrdealNowMs - static_cast<std::int64_t>(i),
                {{"device", N("c", i)}, {"device", N("c", i + 1)}});
  });
  const View view = ordeal.Read();
  ordeal.Expect(view.GetStats().largest_profile == 10'000, "a chain is cut at the limit");
  const WhyAnswer why = Must(view.Why({"device", "c0"}, {"device", "c9999"}));
  ordeal.Expect(why.connected && why.chain.size() == 9'999, "a chain of 9,999 links is told");
}

// Its links come in the worst order: halves of halves last.
void RunChainInside(Ordeal& ordeal) {
  const std::size_t count = ordeal.Of(8'192, 65'536);
  std::size_t i = 0;
  for (std::size_t step = 1; step < count; step *= 2) {
    ordeal.SendEach(count / (2 * step), 500, [&](std::size_t k) {
      const std::size_t at = 2 * step * k + step - 1;
      ++i;
      return Told(N("", i), kOrdealNowMs - static_cast<std::int64_t>(i),
                  {{"device", N("c", at)}, {"device", N("c", at + 1)}});
    });
  }
  ordeal.Expect(ordeal.Read().GetStats().largest_profile == std::min<std::size_t>(count, 8'192),
                "the chain is one as far as it is allowed");
}

// A pool of identifiers, of which every record names as many as it may: each pair of them is a link in the end.
void RunClique(Ordeal& ordeal) {
  const std::size_t pool = ordeal.Of(256, 640);
  ordeal.SendEach(ordeal.Of(400, 1'500), 20, [&](std::size_t i) {
    Record record = Told(N("", i), kOrdealNowMs + static_cast<std::int64_t>(i) % 1'000, {});
    std::vector<std::size_t> all(pool);
    for (std::size_t k = 0; k < pool; ++k) all[k] = k;
    ordeal.random().Shuffle(&all);
    for (std::size_t k = 0; k < 64; ++k)
      record.identifiers.push_back({"device", N("q", all[k]), Role::kSelf});
    return record;
  });
  ordeal.Expect(ordeal.Read().GetStats().largest_profile == pool, "a clique is one profile");
}

// As many identifiers as a record may have, all of them new: 2,016 links for 64 names.
void RunFullRecords(Ordeal& ordeal) {
  ordeal.SendEach(ordeal.Of(100, 300), 10, [](std::size_t i) {
    Record record = Told(N("", i), kOrdealNowMs, {});
    for (std::size_t k = 0; k < 64; ++k)
      record.identifiers.push_back({"device", N("f", 64 * i + k), Role::kSelf});
    return record;
  });
  ordeal.Expect(ordeal.Read().GetStats().largest_profile == 64, "each record is one profile");
}

// A chain with a tooth at each link, whose teeth are everybody's members: limits bite everywhere.
void RunComb(Ordeal& ordeal) {
  const std::size_t count = ordeal.Of(5'000, 50'000);
  ordeal.SendEach(count, 100, [](std::size_t i) {
    return Told(N("t", i), kOrdealNowMs - 2 * static_cast<std::int64_t>(i),
                {{"device", N("b", i)}, {"crm", N("m", i)}});
  });
  ordeal.SendEach(count, 100, [](std::size_t i) {
    return Told(N("b", i), kOrdealNowMs - 2 * static_cast<std::int64_t>(i) - 1,
                {{"device", N("b", i)}, {"device", N("b", i + 1)}});
  });
  ordeal.Expect(ordeal.Read().Resolve(Identifier{"crm", "m7"}).profile !=
                    ordeal.Read().Resolve(Identifier{"crm", "m8"}).profile,
                "two members stay two");
}

// One record joins two profiles of thousands, and is taken back, again and again.
void RunBridge(Ordeal& ordeal) {
  const std::size_t half = 2'000;
  for (const char* side : {"l", "r"}) {
    ordeal.SendEach(half, 500, [&](std::size_t i) {
      return Told(N(side, i), kOrdealNowMs - static_cast<std::int64_t>(i),
                  {{"device", side}, {"openid", N(side, i)}});
    });
  }
  const std::size_t times = ordeal.Of(40, 400);
  for (std::size_t i = 0; i < times; ++i) {
    ordeal.Send(Told(N("bridge", i), kOrdealNowMs + 1, {{"device", "l"}, {"device", "r"}}));
    RecordSelector one;
    one.source = "hostile";
    one.record_id = N("bridge", i);
    ordeal.Expect(Must(ordeal.engine().Retract(one)).retracted == 1, "a bridge is taken back");
    ordeal.LetOthersCome();
  }
  ordeal.Expect(ordeal.Read().GetStats().largest_profile == half + 1, "the halves are apart");
}

// A device is now with one, now with the other, of two members who may not be one.
void RunFlap(Ordeal& ordeal) {
  ordeal.SendEach(ordeal.Of(3'000, 20'000), 1, [](std::size_t i) {
    return Told(N("", i), kOrdealNowMs + static_cast<std::int64_t>(i) % 60'000,
                {{"device", "d"}, {"crm", N("two", i % 2)}});
  });
  ordeal.Expect(ordeal.Read().Resolve(Identifier{"crm", "two0"}).profile !=
                    ordeal.Read().Resolve(Identifier{"crm", "two1"}).profile,
                "two members stay two");
}

// A number is given to somebody else every day: a new life each time.
void RunRecycled(Ordeal& ordeal) {
  const std::size_t count = ordeal.Of(3'000, 18'000);
  ordeal.SendEach(count, 50, [](std::size_t i) {
    return Told(N("", i), 2 * kDayMs * static_cast<std::int64_t>(i % 9'000) + kDayMs,
                {{"locker", "L1"}, {"crm", N("owner", i)}});
  });
}

// Lives are cut anew by records that come from behind: the latest first.
void RunRecycledBackwards(Ordeal& ordeal) {
  const std::size_t count = ordeal.Of(400, 1'500);
  ordeal.SendEach(count, 10, [&](std::size_t i) {
    return Told(N("", i), 2 * kDayMs * static_cast<std::int64_t>(count - i),
                {{"locker", "L1"}, {"crm", N("owner", i)}});
  });
}

void RunMustAndCannot(Ordeal& ordeal) {
  const std::size_t people = ordeal.Of(300, 2'000);
  ordeal.SendEach(ordeal.Of(4'000, 40'000), 20, [&](std::size_t i) {
    return Pair(N("", i), i % 2 == 0 ? Act::kMustLink : Act::kCannotLink,
                kOrdealNowMs - static_cast<std::int64_t>(i),
                {{"device", N("d", i * 7 % people)}, {"device", N("d", i * 11 % people + people)}});
  });
}

// Renames in a ring, and a long way.
void RunRenames(Ordeal& ordeal) {
  const std::size_t count = ordeal.Of(400, 1'500);
  ordeal.SendEach(count, 20, [&](std::size_t i) {
    return Pair(N("", i), Act::kRename, kOrdealNowMs - static_cast<std::int64_t>(count - i),
                {{"openid", N("r", i)}, {"openid", N("r", (i + 1) % (count - 1))}});
  });
}

void RunUnbinds(Ordeal& ordeal) {
  ordeal.SendEach(ordeal.Of(4'000, 40'000), 20, [](std::size_t i) {
    return Pair(N("", i), i % 2 == 0 ? Act::kBind : Act::kUnbind,
                kOrdealNowMs + static_cast<std::int64_t>(i) % 60'000,
                {{"device", "d"}, {"openid", N("o", i / 2 % 50)}});
  });
}

void RunDeletions(Ordeal& ordeal) {
  ordeal.SendEach(ordeal.Of(1'500, 5'000), 20, [](std::size_t i) {
    if (i % 2 == 0) {
      return Told(N("", i), kOrdealNowMs + static_cast<std::int64_t>(i) % 60'000,
                  {{"device", "d"}, {"openid", N("o", i)}});
    }
    Record record = Pair(N("", i), Act::kDeleteIdentifier,
                         kOrdealNowMs + static_cast<std::int64_t>(i) % 60'000, {{"device", "d"}});
    return record;
  });
}

// Over and over "all that this source said does not count".
void RunSourceDeletions(Ordeal& ordeal) {
  ordeal.SendEach(ordeal.Of(2'000, 20'000), 100, [](std::size_t i) {
    Record record = Told(N("s", i), kOrdealNowMs, {{"device", N("d", i)}, {"openid", "o"}});
    record.source = "victim";
    return record;
  });
  ordeal.SendEach(ordeal.Of(300, 1'000), 10, [](std::size_t i) {
    Record record = Told(N("", i), kOrdealNowMs - 500 + static_cast<std::int64_t>(i), {});
    record.act = Act::kDeleteSource;
    record.target_source = "victim";
    return record;
  });
}

// ---- ids and versions ----

void RunSameId(Ordeal& ordeal) {
  ordeal.SendEach(ordeal.Of(10'000, 100'000), 100, [](std::size_t i) {
    Record record = Told("one", kOrdealNowMs, {{"device", N("d", i)}, {"openid", N("o", i)}});
    return record;  // of one version: the larger hash stands
  });
  ordeal.Expect(ordeal.Read().GetStats().largest_profile == 2, "one of them stands");
}

void RunRisingVersions(Ordeal& ordeal) {
  ordeal.SendEach(ordeal.Of(10'000, 100'000), 100, [](std::size_t i) {
    Record record = Told("one", kOrdealNowMs, {{"device", "d"}, {"openid", N("o", i)}});
    record.version = static_cast<std::int64_t>(i);
    return record;
  });
}

void RunUnknownRetractions(Ordeal& ordeal) {
  ordeal.SendEach(ordeal.Of(20'000, 200'000), 1'000, [](std::size_t i) {
    Record record = Told(N("never", i), kOrdealNowMs, {});
    record.act = Act::kRetract;
    return record;
  });
  for (std::size_t i = 0; i < ordeal.Of(500, 5'000); ++i) {
    RecordSelector one;
    one.source = "hostile";
    one.record_id = N("nowhere", i);
    ordeal.Expect(Must(ordeal.engine().Retract(one)).retracted == 0, "there is nothing");
    ordeal.LetOthersCome();
  }
}

void RunNoIds(Ordeal& ordeal) {
  ordeal.SendEach(ordeal.Of(10'000, 100'000), 100, [](std::size_t i) {
    Record record = Told("", kOrdealNowMs, {{"device", N("d", i % 100)}, {"openid", N("o", i)}});
    return record;
  });
}

void RunManySources(Ordeal& ordeal) {
  ordeal.SendEach(ordeal.Of(10'000, 100'000), 100, [](std::size_t i) {
    Record record = Told("1", kOrdealNowMs, {{"device", "d"}, {"openid", "o"}});
    record.source = N("source", i);
    return record;
  });
}

// A scope of its own for each record, and namespaces that the policy has not.
void RunManyScopes(Ordeal& ordeal) {
  ordeal.SendEach(ordeal.Of(5'000, 50'000), 100, [](std::size_t i) {
    return Told(N("", i), kOrdealNowMs, {{N("openid/app", i), "u"}, {"device", N("d", i)}});
  });
}
void RunManyNamespaces(Ordeal& ordeal) {
  ordeal.SendEach(ordeal.Of(10'000, 100'000), 100, [](std::size_t i) {
    return Told(N("", i), kOrdealNowMs, {{N("kind", i), "u"}, {"device", N("d", i)}});
  });
  ordeal.Expect(ordeal.Read().GetStats().held_records == ordeal.Of(10'000, 100'000),
                "each is held");
}

// ---- clocks ----

void RunWrongClocks(Ordeal& ordeal) {
  std::size_t rejected = 0;
  for (std::size_t at = 0; at < ordeal.Of(100, 1'000); ++at) {
    std::vector<Record> records;
    for (std::size_t k = 0; k < 50; ++k) {
      const std::size_t i = 50 * at + k;
      const std::int64_t wrong = i % 2 == 0 ? -kTenYearsMs : kTenYearsMs;
      records.push_back(Told(N("", i), kOrdealNowMs + wrong + static_cast<std::int64_t>(i),
                             {{"device", N("d", i % 100)}, {"locker", N("L", i % 7)}}));
    }
    for (const RecordResult& r : ordeal.Send(records).records)
      rejected += r.outcome == Outcome::kRejected && r.reason == Reason::kTimeAhead;
  }
  ordeal.Expect(rejected == ordeal.Of(2'500, 25'000), "what is ahead is rejected");
  const auto leap = ordeal.engine().AdvanceTo(kOrdealNowMs + kTenYearsMs);
  ordeal.Expect(absl::IsInvalidArgument(leap.status()), "the clock does not leap ten years");
}

void NoClock(Policy*, EngineOptions* options) { options->now_ms = nullptr; }

// Without a clock every time is taken: others' windows must not move to where one wrong record stands.
void RunFarTimes(Ordeal& ordeal) {
  const std::array<std::int64_t, 6> times = {-62'135'596'800'000, 0,  253'402'300'799'000,
                                             kOrdealNowMs,        -1, 253'402'300'799'999};
  ordeal.SendEach(ordeal.Of(5'000, 50'000), 50, [&](std::size_t i) {
    return Told(N("", i), times[i % times.size()],
                {{"device", N("d", i % 100)}, {"locker", N("L", i % 7)}});
  });
}

void RunBackwards(Ordeal& ordeal) {
  ordeal.SendEach(ordeal.Of(3'000, 20'000), 100, [](std::size_t i) {
    return Told(N("", i), kOrdealNowMs - static_cast<std::int64_t>(i) * 60'000,
                {{"device", N("d", i % 1'000)}, {"locker", N("L", i % 50)}});
  });
}

void RunOneTime(Ordeal& ordeal) {
  ordeal.SendEach(ordeal.Of(3'000, 20'000), 100, [](std::size_t i) {
    return Told(N("", i), kOrdealNowMs,
                {{"device", N("d", i % 97)}, {"openid", N("o", i % 89)}, {"crm", N("m", i % 83)}});
  });
}

const std::vector<Script>& LinkScripts() {
  static const std::vector<Script> scripts = {
      {"crowd", RunCrowd},
      {"rising crowd", RunRisingCrowd, NoGuard},
      {"rising crowd one by one", RunRisingCrowdOneByOne, SmallProfiles},
      {"chain", RunChain},
      {"chain from inside", RunChainInside},
      {"clique", RunClique},
      {"full records", RunFullRecords},
      {"comb", RunComb},
      {"bridge comes and goes", RunBridge, NoGuard},
      {"device flaps", RunFlap},
      {"recycled number", RunRecycled},
      {"recycled number backwards", RunRecycledBackwards},
      {"must-links and cannot-links", RunMustAndCannot},
      {"renames", RunRenames},
      {"binds and unbinds", RunUnbinds},
      {"deletions", RunDeletions},
      {"deletions of a source", RunSourceDeletions},
  };
  return scripts;
}

const std::vector<Script>& RecordScripts() {
  static const std::vector<Script> scripts = {
      {"one id", RunSameId},
      {"rising versions", RunRisingVersions},
      {"retractions of nothing", RunUnknownRetractions},
      {"no ids", RunNoIds},
      {"many sources", RunManySources},
      {"many scopes", RunManyScopes},
      {"many namespaces", RunManyNamespaces},
      {"clocks ten years off", RunWrongClocks},
      {"years 1 and 9999", RunFarTimes, NoClock},
      {"time goes backwards", RunBackwards},
      {"one time for all", RunOneTime},
  };
  return scripts;
}

}  // namespace

TEST_CASE("whatever links are told others stay who they are and memory keeps to its bound") {
  EndureSmall(LinkScripts());
}
TEST_CASE("whatever links are told by the hundred thousand others wait no longer", "[slow]") {
  EndureLarge(LinkScripts());
}
TEST_CASE("whatever ids and times records have others stay who they are") {
  EndureSmall(RecordScripts());
}
TEST_CASE("whatever ids and times records have by the hundred thousand others wait no longer",
          "[slow]") {
  EndureLarge(RecordScripts());
}

}  // namespace polyonym::harness
