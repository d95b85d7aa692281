// Hostile scripts that aim at what is known of people, at sources' limits, and at whoever asks. harness/ordeal.h says what is measured.
#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "harness/catch.h"
#include "harness/ordeal.h"
#include "polyonym/engine/segments.h"
#include "polyonym/engine/subject_access.h"

namespace polyonym::harness {
namespace {

std::string Nth(const char* prefix, std::size_t i) { return prefix + std::to_string(i); }

// Somebody's facts; of one person unless `who` says otherwise.
Record Of(std::size_t i, const Facts& facts, const std::string& who = "victim") {
  Record record = Told(Nth("", i), kOrdealNowMs + static_cast<std::int64_t>(i) % 600'000,
                       {{"crm", who}, {"device", "d" + who}});
  record.facts = WriteFacts(facts);
  return record;
}

Profile ProfileOf(const Ordeal& ordeal, const std::string& who = "victim") {
  return Must(ordeal.Read().ReadProfile(Identifier{"crm", who}));
}

// ---- facts ----

void RunFullFacts(Ordeal& ordeal) {
  ordeal.SendEach(ordeal.Of(50, 400), 10, [](std::size_t i) {
    Facts facts;
    for (std::size_t k = 0; k < 11'000; ++k)
      facts.tags.push_back({Nth("t", k), 1'000'000, {}, {}, "", {}, ""});
    Record record = Of(i, facts, Nth("full", i));
    record.facts.resize(std::min<std::size_t>(record.facts.size(), 256 * 1024));
    return record;
  });
}

// Facts that are no facts, cut off, or of numbers that are none.
void RunOddNumbers(Ordeal& ordeal) {
  const double infinite = std::numeric_limits<double>::infinity();
  const std::vector<double> numbers = {std::nan(""), infinite, -infinite, 1e308,
                                       -1e308,       5e-324,   -0.0,      1.7976931348623157e308};
  const std::vector<std::int64_t> wholes = {INT64_MIN, INT64_MAX, -1, 0};
  ordeal.SendEach(ordeal.Of(500, 5'000), 50, [&](std::size_t i) {
    Facts facts;
    for (const double number : numbers) {
      facts.traits.push_back({"sum", {number}, number, ""});
      Event& event = facts.events.emplace_back();
      event.type = "order";
      event.properties["n"] = {number};
      event.value = Money{wholes[i % 4], "CNY"};
      event.place = Place{"p", number, number};
    }
    for (const std::int64_t whole : wholes) {
      facts.traits.push_back({"sum", {whole}, {}, ""});
      facts.traits.push_back({"money", {Money{whole, "CNY"}}, {}, ""});
      facts.tags.push_back({"tea", whole, whole, {}, "", whole, ""});
      facts.traits.push_back({"when", {Instant{whole}}, {}, ""});
    }
    Record record = Of(i, facts, Nth("odd", i % 50));
    if (i % 3 == 0) record.facts.resize(record.facts.size() / 2);
    return record;
  });
  const Profile profile = ProfileOf(ordeal, "odd1");
  for (const ProfileTag& tag : profile.tags)
    ordeal.Expect(std::isfinite(tag.score), "a score is a number");
}

void SumPolicy(Policy* policy, EngineOptions*) {
  for (const auto& [name, type] :
       {std::pair("sum", ValueType::kNumber), std::pair("money", ValueType::kMoney)}) {
    TraitDefinition& trait = policy->definitions.traits.emplace_back();
    trait.name = name;
    trait.type = type;
    trait.fold = Fold::kSum;
  }
}

// Different tags of one person, a thousand a record.
void RunManyTags(Ordeal& ordeal) {
  const std::size_t count = ordeal.Of(20'000, 1'000'000) / 1'000;
  ordeal.SendEach(count, 1, [](std::size_t i) {
    Facts facts;
    for (std::size_t k = 0; k < 1'000; ++k)
      facts.tags.push_back({Nth("x", 1'000 * i + k), 1'000'000, {}, {}, "", {}, ""});
    return Of(i, facts);
  });
  ordeal.Expect(ProfileOf(ordeal).tags.size() == 1'000 * count, "each is a tag of theirs");
}

// Events of one person, a thousand a record.
void RunManyEvents(Ordeal& ordeal) {
  const std::size_t count = ordeal.Of(20'000, 1'000'000) / 1'000;
  ordeal.SendEach(count, 1, [](std::size_t i) {
    Facts facts;
    facts.events.resize(1'000);
    for (Event& event : facts.events) event.type = "order";
    return Of(i, facts);
  });
  for (const ProfileTrait& trait : ProfileOf(ordeal).traits)
    ordeal.Expect(trait.name != "orders" || trait.count == 1'000 * count, "each is one of theirs");
}

// One event a record, each a call of its own, all of one person.
void RunManyVisits(Ordeal& ordeal) {
  const std::size_t count = ordeal.Of(500, 5'000);
  ordeal.SendEach(count, 1, [](std::size_t i) {
    Facts facts;
    facts.events.emplace_back().type = "order";
    return Of(i, facts);
  });
}

void RunManyRelations(Ordeal& ordeal) {
  ordeal.SendEach(ordeal.Of(5'000, 50'000), 50, [](std::size_t i) {
    Facts facts;
    facts.relations.push_back({"knows", {"crm", "victim", Role::kOther}, 1'000'000, {}});
    facts.relations.push_back({"knows", {"crm", Nth("k", i + 1), Role::kOther}, 1'000'000, {}});
    Record record = Of(i, facts, Nth("k", i));
    record.identifiers.push_back({"crm", "victim", Role::kOther});
    return record;
  });
  const View view = ordeal.Read();
  const auto victim = view.Resolve(Identifier{"crm", "victim"}).profile;
  if (victim) {
    const auto around = view.Neighbourhood(*victim, {.max_steps = 3});
    ordeal.Expect(around.ok() || absl::IsResourceExhausted(around.status()), "it is bounded");
  }
}

void RunConsentFlips(Ordeal& ordeal) {
  ordeal.SendEach(ordeal.Of(2'000, 10'000), 50, [](std::size_t i) {
    Facts facts;
    facts.consents.push_back(
        {"ads", i % 2 == 0 ? ConsentState::kGranted : ConsentState::kDenied, {}});
    facts.of_person = i % 3 == 0;
    return Of(i, facts, Nth("flip", i % 20));
  });
}

// Properties, lists and text as large as one fact may have them.
void RunLargeFacts(Ordeal& ordeal) {
  ordeal.SendEach(ordeal.Of(50, 400), 5, [](std::size_t i) {
    Facts facts;
    Event& event = facts.events.emplace_back();
    event.type = "order";
    for (std::size_t k = 0; k < 1'000; ++k)
      event.properties[Nth("property", k)] = {ValueList{{std::string("a")}, {1.5}, {true}}};
    facts.traits.push_back({"bio", {std::string(64 * 1024, 'b')}, {}, ""});
    ValueList list(1'000, Value{std::string("element")});
    facts.traits.push_back({"list", {list}, {}, ""});
    return Of(i, facts, Nth("large", i));
  });
}

// ---- sources ----

void QuietSources(Policy*, EngineOptions* options) {
  options->source_limits.rejected_records = 100;
  options->source_limits.new_identifiers = 50'000;
  options->source_limits.records = 1'000'000;
  options->ticks_ns = [] { return std::uint64_t{1}; };  // one window, whatever the machine's speed
}

void RunWildSource(Ordeal& ordeal) {
  std::uint64_t quarantined = 0;
  const std::size_t calls = ordeal.Of(200, 2'000);
  for (std::size_t at = 0; at < calls; ++at) {
    std::vector<Record> records;
    for (std::size_t k = 0; k < 100; ++k) {
      records.push_back(Told(Nth("", 100 * at + k), kOrdealNowMs, {{"device", ""}, {"crm", "c"}}));
      records.back().source = "wild";
    }
    for (const RecordResult& r : ordeal.Send(records).records)
      quarantined += r.reason == Reason::kQuarantined;
  }
  const std::vector<QuarantinedSource> kept_out = ordeal.engine().QuarantinedSources();
  ordeal.Expect(kept_out.size() == 1 && kept_out[0].source == "wild" &&
                    kept_out[0].limit == "rejected_records",
                "the wild source is kept out, and no other");
  ordeal.Expect(!kept_out.empty() && kept_out[0].rejected_records == quarantined,
                "what it sent is counted");
  ordeal.Expect(quarantined >= 100 * (calls - 2), "it is kept out from the second call on");
}

void RunFloodOfNames(Ordeal& ordeal) {
  ordeal.SendEach(ordeal.Of(60'000, 600'000), 1'000, [](std::size_t i) {
    Record record = Told(Nth("", i), kOrdealNowMs, {{"device", Nth("n", i)}, {"openid", "o"}});
    record.source = "flood";
    return record;
  });
  const std::vector<QuarantinedSource> kept_out = ordeal.engine().QuarantinedSources();
  ordeal.Expect(kept_out.size() == 1 && kept_out[0].limit == "new_identifiers", "it is kept out");
  ordeal.Expect(ordeal.Read().GetStats().identifiers < 52'000, "what it may add is bounded");
}

// Each record from another source, each of them once over a limit: names alone must not fill the memory.
void OneBadRecord(Policy*, EngineOptions* options) {
  options->source_limits.rejected_records = 1;
  const auto calls = std::make_shared<std::uint64_t>(0);  // a window is some of them
  options->ticks_ns = [calls] { return ++*calls * 1'000'000; };
}
void RunManyWildSources(Ordeal& ordeal) {
  const std::string name(100, 's');
  ordeal.SendEach(ordeal.Of(400'000, 4'000'000), 1'000, [&](std::size_t i) {
    Record record = Told(Nth("", i), kOrdealNowMs, {{"device", ""}, {"crm", "c"}});
    record.source = name + std::to_string(i / 2);
    return record;
  });
  ordeal.Expect(ordeal.engine().QuarantinedSources().size() == 65'536,
                "as many are kept out as may be at a time");
}

// ---- whoever asks ----

void RunConsumers(Ordeal& ordeal) {
  const std::size_t count = ordeal.Of(2'000, 10'000);
  std::vector<ChangeFeed> open;
  for (std::size_t i = 0; i < count; ++i) {
    FeedOptions options;
    options.consumer = Nth("consumer", i);
    options.max_changes = 1 + i % 10;
    options.filter.names = {Nth("nothing", i)};
    ChangeFeed feed = Must(ordeal.engine().OpenFeed(options));
    Must(feed.Next(0).status());
    Must(feed.Acknowledge());
    if (i % 10 == 0) open.push_back(std::move(feed));
    if (i % 20 == 0) ordeal.LetOthersCome();
  }
  ordeal.Expect(Must(ordeal.engine().FeedCursors()).size() == count, "each has its place");
  for (std::size_t i = 0; i < 100; ++i) ordeal.LetOthersCome();  // with all of them open
}

void RunHugePages(Ordeal& ordeal) {
  ordeal.SendEach(ordeal.Of(5'000, 50'000), 100, [](std::size_t i) {
    return Told(Nth("", i), kOrdealNowMs, {{"device", Nth("d", i % 500)}, {"openid", Nth("o", i)}});
  });
  const std::uint64_t all = ~std::uint64_t{0};
  for (std::size_t i = 0; i < ordeal.Of(5, 20); ++i) {
    const View view = ordeal.Read();
    Must(view.Changes(0, all).status());
    HeldFilter held;
    held.max_items = all;
    Must(view.Held(held).status());
    ordeal.Expect(absl::IsInvalidArgument(ordeal.engine().ReadOutbox({.limit = all}).status()),
                  "a page of the outbox is bounded");
    FeedOptions feed;
    feed.max_changes = all;
    ordeal.Expect(absl::IsInvalidArgument(ordeal.engine().OpenFeed(feed).status()),
                  "a batch of the feed is bounded");
    ProfileOptions profile;
    profile.explain = true;
    Must(view.ReadProfile(Identifier{"device", "d1"}, profile).status());
    const auto id = *view.Resolve(Identifier{"device", "d1"}).profile;
    view.Neighbourhood(id, {.max_steps = ~0u, .max_profiles = all, .max_evidence = all})
        .status()
        .IgnoreError();
    const SegmentReader segments = Must(SegmentReader::Make(view));
    MemberOptions members;
    members.limit = 1'000'000;
    members.skip = all;
    members.order_by = "score of tag tea";
    Must(segments.Members("buyers", members).status());
    members.limit = all;
    ordeal.Expect(absl::IsInvalidArgument(segments.Members("buyers", members).status()),
                  "a page of members is bounded");
    ordeal.LetOthersCome();
  }
}

// Questions about a hub, again and again.
void RunHubQuestions(Ordeal& ordeal) {
  ordeal.SendEach(ordeal.Of(5'000, 50'000), 500, [](std::size_t i) {
    return Told(Nth("", i), kOrdealNowMs, {{"device", "hub"}, {"openid", Nth("o", i)}});
  });
  for (std::size_t i = 0; i < ordeal.Of(10, 50); ++i) {
    const View view = ordeal.Read();
    const Identifier hub{"device", "hub"}, other{"openid", Nth("o", i)};
    Must(view.Links(hub).status());
    Must(view.Why(hub, other).status());
    const auto why_not = view.WhyNot(hub, other);
    ordeal.Expect(why_not.ok() || absl::IsResourceExhausted(why_not.status()), "it is bounded");
    const auto id = *view.Resolve(other).profile;
    const auto around = view.Neighbourhood(id, {.max_steps = 6});
    ordeal.Expect(around.ok() || absl::IsResourceExhausted(around.status()), "it is bounded");
    Must(view.How(id).status());
    ordeal.LetOthersCome();
  }
}

// A view that somebody forgot to drop, while others come and the same few things change.
void RunForgottenView(Ordeal& ordeal) {
  ordeal.SendEach(1'000, 100, [](std::size_t i) {
    return Told(Nth("", i), kOrdealNowMs, {{"device", Nth("d", i)}, {"openid", Nth("o", i)}});
  });
  const View forgotten = ordeal.Read();
  const std::uint64_t profiles = forgotten.CountProfiles();
  ordeal.SendEach(ordeal.Of(5'000, 15'000), 1, [](std::size_t i) {
    return Told(Nth("again", i), kOrdealNowMs,
                {{"device", Nth("d", i * 7 % 1'000)}, {"openid", Nth("o", i * 7 % 1'000)}});
  });
  ordeal.Expect(forgotten.CountProfiles() == profiles, "it shows what it showed");
}

void RunErasures(Ordeal& ordeal) {
  ordeal.SendEach(2'000, 100, [](std::size_t i) {
    return Told(Nth("", i), kOrdealNowMs, {{"device", Nth("d", i)}, {"openid", Nth("o", i)}});
  });
  for (std::size_t i = 0; i < ordeal.Of(5, 20); ++i) {
    std::vector<EraseRequest> requests;
    for (std::size_t k = 0; k < ordeal.Of(2'000, 20'000); ++k)
      requests.push_back({{"device", k < 10 ? Nth("d", 10 * i + k) : Nth("nobody", k)}});
    Must(ordeal.engine().Erase(requests).status());
    ordeal.LetOthersCome();
  }
  ordeal.Expect(!ordeal.Read().Resolve(Identifier{"openid", "o1"}).known, "who was erased is gone");
}

void RunHorizons(Ordeal& ordeal) {
  const std::int64_t from = kOrdealNowMs - 100'000;
  ordeal.SendEach(ordeal.Of(5'000, 50'000), 100, [&](std::size_t i) {
    return Told(Nth("", i), from + static_cast<std::int64_t>(i),
                {{"device", Nth("d", i % 50)}, {"openid", Nth("o", i % 70)}});
  });
  const std::size_t moves = ordeal.Of(20, 100);
  for (std::size_t i = 1; i <= moves; ++i) {
    Must(ordeal.engine()
             .MoveHorizon("hostile", from + static_cast<std::int64_t>(ordeal.Of(5'000, 50'000) * i /
                                                                      (moves + 1)))
             .status());
    ordeal.LetOthersCome();
  }
  ordeal.Expect(!ordeal.engine().MoveHorizon("hostile", kOrdealNowMs + 3'652LL * 86'400'000).ok(),
                "a horizon does not leap ten years");
}

const std::vector<Script>& FactScripts() {
  static const std::vector<Script> scripts = {
      {"full facts", RunFullFacts},
      {"odd numbers", RunOddNumbers, SumPolicy},
      {"many tags of one person", RunManyTags},
      {"many events of one person", RunManyEvents},
      {"many visits of one person", RunManyVisits},
      {"many relations", RunManyRelations},
      {"consent flips", RunConsentFlips},
      {"large facts", RunLargeFacts},
  };
  return scripts;
}

const std::vector<Script>& SourceAndReaderScripts() {
  static const std::vector<Script> scripts = {
      {"wild source", RunWildSource, QuietSources},
      {"flood of names", RunFloodOfNames, QuietSources},
      {"many wild sources", RunManyWildSources, OneBadRecord},
      {"many consumers", RunConsumers},
      {"huge pages", RunHugePages},
      {"questions about a hub", RunHubQuestions},
      {"forgotten view", RunForgottenView},
      {"erasures of nobody", RunErasures},
      {"horizons", RunHorizons},
  };
  return scripts;
}

}  // namespace

TEST_CASE("whatever is told of people others have their own and memory keeps to its bound") {
  EndureSmall(FactScripts());
}
TEST_CASE("whatever is told of people by the million others wait no longer", "[slow]") {
  EndureLarge(FactScripts());
}
TEST_CASE("whatever wild sources send and readers ask others have their own") {
  EndureSmall(SourceAndReaderScripts());
}
TEST_CASE("whatever wild sources send and readers ask others wait no longer", "[slow]") {
  EndureLarge(SourceAndReaderScripts());
}

}  // namespace polyonym::harness
