// The slow model against worked examples that do not come from us: the meaning of every condition in docs/rule.md, in cases
// small enough to check by eye.
#include "harness/naive.h"
#include "harness/catch.h"
#include "harness/engine_state.h"

namespace polyonym::harness {
namespace {

NamespacePolicy Ns(std::string name, std::uint32_t priority, std::uint32_t limit = 0) {
  NamespacePolicy ns;
  ns.name = std::move(name);
  ns.priority = priority;
  ns.normaliser = Normaliser::kExact;
  ns.builtin_blocks = false;
  if (limit != 0) ns.limits.push_back({limit, false, 0});
  return ns;
}

Policy Of(std::vector<NamespacePolicy> namespaces, Ranking ranking = Ranking::kPriorityRecency) {
  Policy policy;
  policy.ranking = ranking;
  policy.namespaces = std::move(namespaces);
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
  record.id = "r" + std::to_string(t) + std::string(ToString(act)) +
              (names.empty() ? "" : names[0] + names.back());
  return record;
}
Record Seen(std::int64_t t, const std::vector<std::string>& names) {
  return Said(Act::kObserve, t, names);
}

std::string Groups(const Policy& policy, const std::vector<Record>& records) {
  const NaiveWorld world(Compile(policy), records);
  std::string out;
  for (const Group& group : world.state().groups) {
    out += out.empty() ? "" : " | ";
    for (const Identifier& identifier : group)
      out += (out.empty() || out.back() == ' ' ? "" : " ") + identifier.value;
  }
  return out;
}

}  // namespace

TEST_CASE("the model gives a shared e-mail to whoever used it last, where links rank by recency") {
  const Policy policy = Of({Ns("CRMID", 1, 1), Ns("Email", 2), Ns("ECID", 3)});
  CHECK(
      Groups(policy, {Seen(1, {"CRMID:Tom", "Email:aa"}), Seen(2, {"CRMID:Tom", "ECID:111"}),
                      Seen(3, {"CRMID:Summer", "Email:dd"}), Seen(4, {"CRMID:Summer", "ECID:222"}),
                      Seen(5, {"CRMID:Summer", "Email:aa"})}) == "Summer 222 aa dd | Tom 111");
}

TEST_CASE("the model gives a tablet back to the person who logs in again") {
  const Policy policy = Of({Ns("CRMID", 1, 1), Ns("ECID", 2)});
  CHECK(Groups(policy, {Seen(0, {"ECID:tablet"}), Seen(1, {"CRMID:Kevin", "ECID:tablet"}),
                        Seen(2, {"CRMID:Nora", "ECID:tablet"}), Seen(3, {"ECID:tablet"}),
                        Seen(4, {"CRMID:Kevin", "ECID:tablet"})}) == "Kevin tablet | Nora");
}

TEST_CASE("the model lets the first binding win under oldest") {
  const Policy policy = Of({Ns("account", 1, 1), Ns("distinct", 2)}, Ranking::kOldest);
  CHECK(Groups(policy, {Seen(1, {"distinct:g1"}), Seen(2, {"distinct:g1", "account:A"}),
                        Seen(3, {"distinct:g2", "account:A"}),
                        Seen(4, {"distinct:g1", "account:B"})}) == "A g1 g2 | B");
}

TEST_CASE("the model takes a better priority before a later sighting") {
  const Policy policy = Of({Ns("CRMID", 1, 1), Ns("loyalty", 2, 1), Ns("Email", 3, 1)});
  CHECK(Groups(policy, {Seen(1, {"CRMID:John", "loyalty:John", "Email:john@g"}),
                        Seen(2, {"CRMID:John", "loyalty:John", "Email:john@y"})}) ==
        "John john@y John | john@g");
}

TEST_CASE("the model deletes an identifier's sightings up to a time") {
  const Policy policy = Of({Ns("CRMID", 1), Ns("Email", 2), Ns("ECID", 3)});
  std::vector<Record> records = {Seen(1, {"CRMID:c1", "ECID:x1"}), Seen(2, {"Email:e1", "ECID:x1"}),
                                 Seen(3, {"Email:e1", "ECID:x2"}), Seen(4, {"CRMID:c1", "ECID:x3"}),
                                 Said(Act::kDeleteIdentifier, 5, {"ECID:x1"})};
  CHECK(Groups(policy, records) == "c1 x3 | x2 e1");
  CHECK(NaiveWorld(Compile(policy), records).state().gone == std::set<Identifier>{{"ECID", "x1"}});
  records.push_back(Seen(6, {"CRMID:c1", "ECID:x1"}));
  CHECK(Groups(policy, records) == "c1 x1 x3 | x2 e1");
}

TEST_CASE("the model unbinds the children of a parent with it") {
  Policy policy = Of({Ns("unionid", 1), Ns("openid", 2), Ns("login", 3)});
  policy.namespaces[1].parent = "unionid";
  const std::vector<Record> records = {Seen(1, {"login:u1", "unionid:un1", "openid:op1"}),
                                       Said(Act::kUnbind, 2, {"login:u1", "unionid:un1"})};
  CHECK(Groups(policy, records) == "u1 | op1 un1");
  policy.namespaces[1].parent.clear();
  CHECK(Groups(policy, records) == "u1 op1 un1");
}

TEST_CASE("the model keeps two identifiers apart on every path") {
  const Policy policy = Of({Ns("record", 1)});
  CHECK(Groups(policy, {Seen(1, {"record:4"}), Seen(2, {"record:5"}), Seen(3, {"record:6"}),
                        Said(Act::kMustLink, 5, {"record:4", "record:5"}),
                        Said(Act::kMustLink, 4, {"record:5", "record:6"}),
                        Said(Act::kCannotLink, 6, {"record:4", "record:6"})}) == "4 5 | 6");
}

TEST_CASE("the model leaves a shared identifier alone, and its must-links with it") {
  Policy policy = Of({Ns("login", 1), Ns("device", 2)});
  policy.namespaces[1].guards.push_back({"login", 1});
  std::vector<Record> records = {Seen(1, {"login:a", "device:d"}), Seen(2, {"login:b", "device:d"}),
                                 Said(Act::kMustLink, 3, {"login:a", "device:d"})};
  CHECK(Groups(policy, records) == "d | a | b");
  records.push_back(Said(Act::kUnbind, 4, {"login:b", "device:d"}));
  CHECK(Groups(policy, records) == "d a | b");
}

TEST_CASE(
    "the model counts a window by first sightings, and a span of its whole length is outside") {
  Policy policy = Of({Ns("crm", 1), Ns("card", 2)});
  policy.namespaces[1].limits.push_back({1, false, 10});
  CHECK(Groups(policy, {Seen(1, {"crm:c", "card:1"}), Seen(10, {"crm:c", "card:2"})}) == "1 | 2 c");
  CHECK(Groups(policy, {Seen(1, {"crm:c", "card:1"}), Seen(11, {"crm:c", "card:2"})}) == "1 2 c");
}

TEST_CASE("the model limits each scope by itself and all together") {
  Policy policy = Of({Ns("crm", 1), Ns("openid", 2)});
  policy.namespaces[1].limits = {{1, true, 0}, {2, false, 0}};
  CHECK(Groups(policy, {Seen(3, {"crm:c", "openid/a:1"}), Seen(2, {"crm:c", "openid/b:2"}),
                        Seen(1, {"crm:c", "openid/c:3"}), Seen(1, {"crm:c", "openid/a:4"})}) ==
        "c 1 2 | 4 | 3");
}

TEST_CASE("the model holds a renamed identifier for one with its old name") {
  const Policy policy = Of({Ns("crm", 1), Ns("openid", 2, 1)});
  std::vector<Record> records = {Seen(1, {"crm:c", "openid:old"}),
                                 Seen(3, {"crm:c", "openid:new"})};
  CHECK(Groups(policy, records) == "c new | old");
  records.push_back(Said(Act::kRename, 2, {"openid:old", "openid:new"}));
  CHECK(Groups(policy, records) == "c new old");
}

TEST_CASE("the model lets the highest version stand, and a tombstone at its version stop it") {
  const Policy policy = Of({Ns("crm", 1), Ns("phone", 2)});
  Record one = Seen(5, {"crm:c", "phone:1"});
  one.id = "x";
  Record two = Seen(4, {"crm:c", "phone:2"});
  two.id = "x";
  two.version = 9;
  Record tombstone;
  tombstone.source = "s";
  tombstone.id = "x";
  tombstone.act = Act::kRetract;
  tombstone.version = 9;
  CHECK(Groups(policy, {one, two}) == "c 2");
  CHECK(Groups(policy, {two, one}) == "c 2");
  CHECK(Groups(policy, {tombstone, two, one}) == "");
  CHECK(Groups(policy, {two, tombstone}) == "");
}

}  // namespace polyonym::harness
