// The slow model against worked examples of time: lifetimes of links, lives of values, and what is derived from a value.
#include <string>
#include <vector>

#include "harness/catch.h"
#include "harness/engine_state.h"
#include "harness/naive.h"

namespace polyonym::harness {
namespace {

constexpr std::int64_t kDay = 86'400'000;

NamespacePolicy Ns(std::string name, std::uint32_t priority) {
  NamespacePolicy ns;
  ns.name = std::move(name);
  ns.priority = priority;
  ns.builtin_blocks = false;
  return ns;
}

// A crm number, a phone whose links last 10, a device that names another one after 10 of its own.
Policy Shop() {
  Policy policy;
  policy.namespaces = {Ns("crm", 1), Ns("phone", 2), Ns("device", 3), Ns("card", 4)};
  policy.namespaces[1].link_lifetime_ms = 10;
  policy.namespaces[2].validity_ms = 10;
  return policy;
}

Record Said(Act act, std::int64_t t, const std::vector<std::string>& names) {
  Record record;
  record.source = "s";
  record.act = act;
  record.time_ms = t;
  for (const std::string& name : names) {
    const Identifier identifier = *ParseIdentifier(name);
    record.identifiers.push_back({identifier.ns, identifier.value, Role::kSelf});
  }
  record.id = "r" + std::to_string(t) + std::string(ToString(act)) + names[0] + names.back();
  return record;
}
Record Seen(std::int64_t t, const std::vector<std::string>& names) {
  return Said(Act::kObserve, t, names);
}

NaiveWorld World(const Policy& policy, const std::vector<Record>& records,
                 std::int64_t clock_ms = 0) {
  return NaiveWorld(Compile(policy), records, clock_ms);
}

std::string Groups(const NaiveWorld& world) {
  std::string out;
  for (const Group& group : world.state().groups) {
    out += out.empty() ? "" : " | ";
    for (const Identifier& identifier : group)
      out += (out.empty() || out.back() == ' ' ? "" : " ") + identifier.value;
  }
  return out;
}
std::string Groups(const Policy& policy, const std::vector<Record>& records,
                   std::int64_t clock_ms = 0) {
  return Groups(World(policy, records, clock_ms));
}

using Times = std::vector<std::int64_t>;

}  // namespace

// ---- lives of values ----

TEST_CASE("what a pending id joined while it was valid stays one person") {
  Policy policy;
  policy.namespaces = {Ns("unionid", 1), Ns("external_userid", 2), Ns("pending_id", 3)};
  policy.namespaces[2].validity_ms = 90 * kDay;
  std::vector<Record> records = {
      Seen(0, {"unionid:u", "pending_id:p"}),
      Seen(10 * kDay, {"external_userid:e", "pending_id:p"}),
  };
  CHECK(Groups(policy, records, 200 * kDay) == "e p u");
  records.push_back(Seen(91 * kDay, {"unionid:u2", "pending_id:p"}));
  CHECK(Groups(policy, records, 200 * kDay) == "e p u | p u2");
}

TEST_CASE("a value's life ends at its validity to the millisecond, however often it is named") {
  const Policy policy = Shop();
  const std::vector<Record> records = {Seen(1, {"device:d", "crm:a"}), Seen(8, {"device:d"}),
                                       Seen(10, {"device:d", "crm:b"}),
                                       Seen(11, {"device:d", "crm:c"})};
  const NaiveWorld world = World(policy, records);
  CHECK(world.LivesOf({"device", "d"}) == Times{1, 11});
  CHECK(Groups(world) == "a b d | c d");
  CHECK(world.FirstMs(world.NodeAt({"device", "d"}, 20)) == 11);
}

TEST_CASE("an earlier record that comes late moves where lives begin") {
  std::vector<Record> records = {Seen(5, {"device:d", "crm:a"}), Seen(14, {"device:d", "crm:b"})};
  CHECK(World(Shop(), records).LivesOf({"device", "d"}) == Times{5});
  records.push_back(Seen(1, {"device:d"}));
  CHECK(World(Shop(), records).LivesOf({"device", "d"}) == Times{1, 14});
  CHECK(Groups(Shop(), records) == "a d | b d");
}

TEST_CASE("any role, and a must-link, begin a life; other acts, and what does not count, do not") {
  Record other = Seen(20, {"device:d", "crm:a"});
  other.identifiers[0].role = Role::kOther;
  const std::vector<Record> records = {Said(Act::kCannotLink, 1, {"device:d", "crm:z"}),
                                       Seen(5, {"device:d"}),
                                       Said(Act::kUnbind, 16, {"device:d", "crm:a"}),
                                       Said(Act::kDeleteIdentifier, 17, {"device:d"}),
                                       other,
                                       Said(Act::kMustLink, 30, {"device:d", "crm:a"})};
  CHECK(World(Shop(), records).LivesOf({"device", "d"}) == Times{5, 20, 30});
}

TEST_CASE("an act speaks of the life of its time") {
  const std::vector<Record> seen = {Seen(1, {"device:d", "crm:a"}),
                                    Seen(11, {"device:d", "crm:a"})};
  const auto with = [&](Record act) {
    std::vector<Record> records = seen;
    records.push_back(std::move(act));
    return World(Shop(), records);
  };
  // Each life is one of a's; a list of names shows the value once.
  CHECK(Groups(with(Seen(12, {"card:k"}))) == "k | a d");
  const Pair last({"crm", "a"}, {"device", "d"});
  for (const std::int64_t t : {0, 10}) {
    const NaiveWorld first_apart = with(Said(Act::kCannotLink, t, {"device:d", "crm:a"}));
    CHECK(Groups(first_apart) == "a d | d");
    CHECK(first_apart.state().links.at(last).kept);
  }
  CHECK_FALSE(with(Said(Act::kCannotLink, 11, {"device:d", "crm:a"})).state().links.at(last).kept);
  CHECK(with(Said(Act::kUnbind, 10, {"device:d", "crm:a"})).state().links.contains(last));
  CHECK_FALSE(with(Said(Act::kUnbind, 11, {"device:d", "crm:a"})).state().links.contains(last));
  const NaiveWorld deleted = with(Said(Act::kDeleteIdentifier, 10, {"device:d"}));
  CHECK(Groups(deleted) == "a d");
  CHECK(deleted.LivesOf({"device", "d"}) == Times{1, 11});
  CHECK(deleted.state().gone.empty());
  CHECK(with(Said(Act::kDeleteIdentifier, 11, {"device:d"})).state().gone ==
        std::set<Identifier>{{"device", "d"}});
}

TEST_CASE("a question about a value is about its last life") {
  Policy policy = Shop();
  policy.namespaces[2].guards.push_back({"crm", 1});
  std::vector<Record> records = {Seen(1, {"device:d", "crm:a"}), Seen(2, {"device:d", "crm:b"}),
                                 Seen(11, {"device:d", "crm:a"})};
  const Pair pair({"crm", "a"}, {"device", "d"});
  const NaiveWorld world = World(policy, records);
  CHECK(world.state().shared.empty());
  CHECK(world.state().links.at(pair).first_ms == 11);
  CHECK(Groups(world) == "a d | b | d");
  CHECK(World(policy, records, 20).state().expired.empty());
  CHECK(World(policy, records, 21).state().expired == std::set<Identifier>{{"device", "d"}});
  records.push_back(Seen(12, {"device:d", "crm:c"}));
  CHECK(World(policy, records).state().shared == std::set<Identifier>{{"device", "d"}});
}

TEST_CASE("a life's first sighting is where it began, also for windows and when that was deleted") {
  Policy policy = Shop();
  policy.namespaces[2].limits.push_back({1, false, 8});
  const std::vector<Record> records = {Seen(1, {"device:d"}), Seen(9, {"device:d", "crm:a"}),
                                       Seen(10, {"device:e", "crm:a"}),
                                       Said(Act::kDeleteIdentifier, 1, {"device:d"})};
  CHECK(Groups(policy, records) == "a d e");
}

TEST_CASE("a value that expires is not renamed") {
  const NaiveWorld world = World(Shop(), {Seen(1, {"device:old", "crm:a"}), Seen(2, {"device:new"}),
                                          Said(Act::kRename, 3, {"device:old", "device:new"})});
  CHECK(Groups(world) == "a old | new");
  CHECK(world.entries().back().reason == Reason::kRenameOfExpiring);
}

// ---- lifetimes of links ----

TEST_CASE("a link is over when the clock is past its last sighting and the shorter lifetime") {
  Policy policy = Shop();
  policy.namespaces[3].link_lifetime_ms = 20;
  const std::vector<Record> records = {Seen(1, {"phone:p", "card:k"}),
                                       Seen(5, {"phone:p", "card:k"}), Seen(5, {"crm:a", "card:k"}),
                                       Seen(5, {"crm:a", "device:d"})};
  CHECK(Groups(policy, records, 15) == "k a d p");
  CHECK(Groups(policy, records, 16) == "k a d | p");
  CHECK(Groups(policy, records, 25) == "k a d | p");
  CHECK(Groups(policy, records, 26) == "k | a d | p");
  const LinkState link =
      World(policy, records, 16).state().links.at(Pair({"card", "k"}, {"phone", "p"}));
  CHECK(link.expired);
  CHECK_FALSE(link.kept);
  CHECK(link.seen == 2);
}

TEST_CASE("a link that expired comes back with a later sighting, and a must-link never expires") {
  std::vector<Record> records = {Seen(1, {"phone:p", "crm:a"})};
  CHECK(Groups(Shop(), records, 100) == "a | p");
  records.push_back(Seen(90, {"phone:p", "crm:a"}));
  CHECK(Groups(Shop(), records, 100) == "a p");
  records.back() = Said(Act::kMustLink, 1, {"phone:p", "crm:a"});
  CHECK(Groups(Shop(), records, 100) == "a p");
}

TEST_CASE("an expired link is nobody's neighbour, and holds no two apart") {
  Policy policy = Shop();
  policy.namespaces[1].guards.push_back({"crm", 1});
  const std::vector<Record> records = {Seen(1, {"phone:p", "crm:a"}),
                                       Seen(9, {"phone:p", "crm:b"})};
  CHECK(World(policy, records, 11).state().shared == std::set<Identifier>{{"phone", "p"}});
  CHECK(Groups(policy, records, 11) == "a | b | p");
  CHECK(World(policy, records, 12).state().shared.empty());
  CHECK(Groups(policy, records, 12) == "a | b p");
  policy.namespaces[1].guards.clear();
  policy.namespaces[0].limits.push_back({1, false, 0});
  policy.ranking = Ranking::kOldest;
  CHECK(Groups(policy, records, 11) == "a p | b");
  CHECK(Groups(policy, records, 12) == "a | b p");
}

// ---- derived identifiers ----

namespace {

constexpr const char* kDigest = "148de9c5a7a44d19e56cd9ae1a554bf67847afb0c58f6e12fa29ac7ddfca9940";

// A phone derives its SHA-256, which a partner knows: here of "p".
Policy Partner() {
  Policy policy = Shop();
  policy.namespaces[1].link_lifetime_ms = 0;
  policy.namespaces[1].derived = {{"phone_hash", Digest::kSha256, DigestOf::kNormalised}};
  policy.namespaces.push_back(Ns("phone_hash", 5));
  return policy;
}
const std::string kHash = std::string("phone_hash:") + kDigest;
const Identifier kHashed{"phone_hash", kDigest};

}  // namespace

TEST_CASE("who knows the digest only meets the person whom others know by phone") {
  const NaiveWorld world =
      World(Partner(), {Seen(1, {"crm:a", "phone:p"}), Seen(2, {kHash, "card:k"})});
  CHECK(world.state().groups ==
        std::vector<Group>{{{"card", "k"}, {"crm", "a"}, {"phone", "p"}, kHashed}});
  CHECK(world.state().links.size() == 3);
  CHECK(world.state().links.contains(Pair({"phone", "p"}, kHashed)));
  // It is linked with what it is derived from alone, unless the record names it.
  CHECK_FALSE(world.state().links.contains(Pair({"crm", "a"}, kHashed)));
  CHECK(World(Partner(), {Seen(1, {"crm:a", "phone:p", kHash})})
            .state()
            .links.contains(Pair({"crm", "a"}, kHashed)));
}

TEST_CASE("what is derived from somebody else's phone is mentioned, and linked with nothing") {
  Record record = Seen(1, {"crm:a", "phone:p"});
  record.identifiers[1].role = Role::kOther;
  const NaiveWorld world = World(Partner(), {record});
  CHECK(world.state().groups == std::vector<Group>{{{"crm", "a"}}, {{"phone", "p"}}, {kHashed}});
  CHECK(world.state().links.empty());
}

TEST_CASE("a derived identifier is nobody's primary, and no act names it unless it says so") {
  Policy policy = Partner();
  policy.namespaces.back().priority = 1;
  policy.namespaces[0].priority = 2;
  const std::vector<Record> records = {Seen(1, {"crm:a", "phone:p"}),
                                       Said(Act::kUnbind, 2, {"crm:a", "phone:p"}),
                                       Said(Act::kDeleteIdentifier, 1, {"phone:p"})};
  const NaiveWorld world = World(policy, records);
  CHECK(world.PrimaryOf(world.entries()[0])->name == Identifier{"crm", "a"});
  CHECK(Groups(world) == std::string("a | ") + kDigest);
  CHECK(world.state().gone == std::set<Identifier>{{"phone", "p"}});
}

TEST_CASE("a digest derived from two values of a record is linked with both") {
  const NaiveWorld world = World(Partner(), {Seen(1, {"phone/a:p", "phone/b:p"})});
  CHECK(world.state().links.size() == 3);
}

TEST_CASE("a derived identifier has lives, and a link that lasts, by the rules of its own family") {
  Policy policy = Partner();
  policy.namespaces.back().validity_ms = 10;
  policy.namespaces.back().link_lifetime_ms = 5;
  const std::vector<Record> records = {Seen(1, {"crm:a", "phone:p"}), Seen(12, {"phone:p"})};
  const NaiveWorld world = World(policy, records, 7);
  CHECK(world.LivesOf(kHashed) == Times{1, 12});
  CHECK(world.LinksOfAllLives().at({{{"phone", "p"}, 0}, {kHashed, 1}}).expired);
  CHECK_FALSE(world.LinksOfAllLives().at({{{"phone", "p"}, 0}, {kHashed, 12}}).expired);
}

}  // namespace polyonym::harness
