// Unique persons of a range of days: each event is its person's as they are known now, or as they were known then.
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "engine/shop.h"
#include "harness/catch.h"

namespace polyonym::harness {
namespace {

constexpr std::int64_t kDay = 86'400'000;
const Identifier kAlice = {"login", "alice"}, kDevice = {"device", "anon-1"};

// Of days, the first and the last both in it.
struct Range {
  int first, last;
  std::int64_t from_ms() const { return first * kDay; }
  std::int64_t to_ms() const { return (last + 1) * kDay; }
};

Policy SitePolicy() {
  Policy policy;
  policy.name = "site";
  for (const char* name : {"login", "device"}) policy.namespaces.emplace_back().name = name;
  policy.namespaces[0].limits.push_back({1, false, 0});
  return policy;
}

Record Visits(const std::string& id, int day, const std::vector<Identifier>& names) {
  Record record = Seen(id, day * kDay + kDay / 2, names);
  Facts facts;
  facts.events.emplace_back().type = "visit";
  record.facts = WriteFacts(facts);
  return record;
}

// The persons of a range, counted: one pass over the events of everybody.
std::set<ProfileId> CountedPersons(const View& view, Range range) {
  std::set<ProfileId> persons;
  Must(view.ForEachFacts([&](ProfileId id, const FactRow& row) {
    for (const Event& event : row.facts.events) {
      const std::int64_t time_ms = event.time_ms.value_or(row.from.time_ms);
      if (time_ms >= range.from_ms() && time_ms < range.to_ms()) persons.insert(id);
    }
    return true;
  }));
  return persons;
}

// The cohort of who did something in a range, of a View or a Moment: one person after the other.
template <class Reader>
std::set<ProfileId> Cohort(const Reader& reader, Range range) {
  ProfileOptions options;
  options.page.from_ms = range.from_ms();
  options.page.to_ms = range.to_ms();
  options.page.limit = 0;
  std::set<ProfileId> persons;
  reader.ForEachProfile([&](std::optional<ProfileId> id, std::span<const Identifier> members) {
    const Profile profile = Must(reader.ReadProfile(members[0], options));
    CHECK(profile.id == id);
    if (profile.events > 0) persons.insert(profile.id);
    return true;
  });
  return persons;
}

std::uint64_t UniquePersons(const View& view, Range range) {
  const std::set<ProfileId> counted = CountedPersons(view, range);
  CHECK(Cohort(view, range) == counted);
  return counted.size();
}

std::uint64_t UniquePersons(const Moment& moment, Range range) {
  return Cohort(moment, range).size();
}

std::uint64_t EventsOf(const View& view, const Identifier& name) {
  return Must(view.ReadProfile(name)).events;
}

}  // namespace

TEST_CASE("who logs in on day 3 was one person all along, and two as was believed on day 2") {
  const auto engine = OpenInMemory(SitePolicy(), 0);
  ApplyOne(*engine, Visits("1", 1, {kAlice}));
  const std::uint64_t day_2 = ApplyOne(*engine, Visits("2", 2, {kDevice})).sequence;
  const View believed = engine->Read();
  CHECK(UniquePersons(believed, {1, 2}) == 2);
  CHECK(UniquePersons(believed, {1, 1}) == 1);
  CHECK(UniquePersons(believed, {2, 2}) == 1);

  ApplyOne(*engine, Visits("identify", 3, {kAlice, kDevice}));
  const View known = engine->Read();
  for (const Range range : {Range{1, 2}, {1, 3}, {1, 1}, {2, 2}, {3, 3}}) {
    CAPTURE(range.first, range.last);
    CHECK(UniquePersons(known, range) == 1);
  }
  CHECK(UniquePersons(known, {4, 9}) == 0);
  CHECK(EventsOf(known, kDevice) == 3);
  CHECK(EventsOf(known, kAlice) == 3);

  const Moment then = Must(known.AsKnown(day_2));
  CHECK(UniquePersons(then, {1, 2}) == 2);
  CHECK(UniquePersons(then, {1, 3}) == 2);  // nobody had been seen on day 3
  CHECK(UniquePersons(then, {1, 1}) == 1);
  CHECK(UniquePersons(believed, {1, 2}) == 2);  // and a view keeps what it knew
  CHECK(UniquePersons(Must(known.AsOf(3 * kDay)), {1, 2}) == 2);
}

TEST_CASE("who logged in by mistake is two persons again, and others are counted as ever") {
  const auto engine = OpenInMemory(SitePolicy(), 0);
  for (const Record& record :
       {Visits("1", 1, {kAlice}), Visits("2", 2, {kDevice}), Visits("3", 2, {{"device", "anon-2"}}),
        Visits("4", 9, {{"device", "anon-3"}}), Seen("5", 2 * kDay, {{"device", "anon-4"}}),
        Visits("identify", 3, {kAlice, kDevice})}) {
    ApplyOne(*engine, record);
  }
  CHECK(UniquePersons(engine->Read(), {1, 2}) == 2);
  CHECK(UniquePersons(engine->Read(), {1, 9}) == 3);
  Must(engine->Retract({.source = "shop", .record_id = "identify"}));
  CHECK(UniquePersons(engine->Read(), {1, 2}) == 3);
  CHECK(UniquePersons(engine->Read(), {3, 3}) == 0);
}

}  // namespace polyonym::harness
