// Several graphs in one store: the same records under several policies.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/shop.h"
#include "harness/catch.h"

namespace polyonym::harness {
namespace {

// Households: phones join everybody.
Policy HouseholdPolicy() {
  Policy policy = ShopPolicy();
  policy.name = "household";
  policy.namespaces[0].limits.clear();
  return policy;
}

PolicyOptions For(const std::string& graph) {
  PolicyOptions options;
  options.graph = graph;
  return options;
}

std::optional<ProfileId> ProfileOf(const View& view, const Identifier& identifier) {
  return view.Resolve(identifier).profile;
}

// Two people, one phone.
std::vector<Record> Family() {
  return {Seen("1", 1, {{"crm", "mother"}, {"phone", "p"}}),
          Seen("2", 2, {{"crm", "father"}, {"phone", "p"}})};
}

void CheckFamily(const Engine& engine) {
  const View people = engine.Read();
  CHECK(ProfileOf(people, {"crm", "mother"}) != ProfileOf(people, {"crm", "father"}));
  const View households = Must(engine.Read("household"));
  CHECK(ProfileOf(households, {"crm", "mother"}) == ProfileOf(households, {"crm", "father"}));
  CHECK(households.policy() == HouseholdPolicy());
  CHECK(people.sequence() == households.sequence());
  for (const View& view : {people, households}) CHECK(Must(view.Verify()).ok());
}

}  // namespace

TEST_CASE("people and households are two graphs over the same records") {
  const std::unique_ptr<Engine> engine = OpenShop();
  CHECK(engine->Graphs() == std::vector<std::string>{""});
  Must(engine->SetPolicy(HouseholdPolicy(), For("household")).status());
  CHECK(engine->Graphs() == std::vector<std::string>{"", "household"});
  Must(engine->Apply(Family()).status());
  CheckFamily(*engine);
}

TEST_CASE("a graph that is made late has every record that came before it") {
  const std::unique_ptr<Engine> engine = OpenShop();
  std::vector<Record> records = Family();
  Record wrong = Seen("3", 3, {{"crm", "mother"}, {"phone", "wrong"}});
  records.push_back(wrong);
  Must(engine->Apply(records).status());
  wrong.act = Act::kRetract;
  wrong.identifiers.clear();
  ApplyOne(*engine, wrong);
  Must(engine->AdvanceTo(50).status());
  const PolicyResult made = Must(engine->SetPolicy(HouseholdPolicy(), For("household")));
  CHECK(made.judged_records == 4);
  REQUIRE(made.changes.size() == 1);  // one household
  CHECK(made.changes[0].cause == Cause::kDefinition);
  CheckFamily(*engine);
  const View households = Must(engine->Read("household"));
  CHECK(households.clock_ms() == 50);
  CHECK(households.Resolve({"phone", "wrong"}).gone);
  // It goes on with what comes, and with what is taken back.
  ApplyOne(*engine, Seen("4", 4, {{"crm", "aunt"}, {"phone", "p"}}));
  CHECK(ProfileOf(Must(engine->Read("household")), {"crm", "aunt"}) ==
        ProfileOf(Must(engine->Read("household")), {"crm", "father"}));
  RecordSelector all;
  all.source = "shop";
  all.from_ms = 0;
  Must(engine->Retract(all).status());
  CHECK(Must(engine->Read("household")).GetStats().profiles == 0);
  CHECK(engine->Read().GetStats().profiles == 0);
}

TEST_CASE("graphs are there when a store is opened again, from a checkpoint or from the log") {
  for (const bool checkpoint : {false, true}) {
    for (const bool more : {false, true}) {
      const TempFolder folder;
      {
        const std::unique_ptr<Engine> engine = Must(Engine::Open(folder / "store", LawOptions(1)));
        Must(engine->SetPolicy(ShopPolicy()).status());
        ApplyOne(*engine, Family()[0]);
        Must(engine->SetPolicy(HouseholdPolicy(), For("household")).status());
        if (checkpoint) Must(engine->Checkpoint());
        ApplyOne(*engine, Family()[1]);
        if (more) Must(engine->SetPolicy(ShopPolicy(), For("company")).status());
      }
      const std::unique_ptr<Engine> engine = Must(Engine::Open(folder / "store", LawOptions(1)));
      CheckFamily(*engine);
      CHECK(engine->Graphs().size() == (more ? 3 : 2));
    }
  }
}

TEST_CASE("each graph has a feed of its own") {
  const std::unique_ptr<Engine> engine = OpenShop();
  Must(engine->SetPolicy(HouseholdPolicy(), For("household")).status());
  for (const Record& record : Family()) ApplyOne(*engine, record);
  for (const std::string& graph : engine->Graphs()) {
    const View view = Must(engine->Read(graph));
    FeedReader reader;
    reader.Take(AllChanges(view));
    CHECK(reader.problems().empty());
    CHECK(reader.profiles() == NumbersInProfiles(view));
    const auto mother = ProfileOf(view, {"crm", "mother"});
    // Made; then the phone went to the father, or he joined.
    const std::vector<Change> how = Must(view.How(*mother));
    REQUIRE(how.size() == 2);
    CHECK(how[1].kind == (graph.empty() ? ChangeKind::kMoved : ChangeKind::kJoined));
  }
}

TEST_CASE("a policy of one graph leaves the others alone") {
  const std::unique_ptr<Engine> engine = OpenShop();
  Must(engine->SetPolicy(HouseholdPolicy(), For("household")).status());
  Must(engine->Apply(Family()).status());
  CHECK(Must(engine->SetPolicy(ShopPolicy(), For("household"))).changes.size() == 1);
  CHECK(engine->Read().policy_version() == 1);
  const View households = Must(engine->Read("household"));
  CHECK(ProfileOf(households, {"crm", "mother"}) != ProfileOf(households, {"crm", "father"}));
  CHECK(Must(households.AsKnown(households.sequence() - 1)).policy() == HouseholdPolicy());
}

TEST_CASE("a graph that is not there, or has a bad name, or is one too many, is a clear error") {
  const std::unique_ptr<Engine> engine = OpenShop();
  CHECK(absl::IsNotFound(engine->Read("household").status()));
  for (const std::string& name : {std::string("a b"), std::string("a/b"), std::string(65, 'a')}) {
    const absl::Status status = engine->SetPolicy(ShopPolicy(), For(name)).status();
    CHECK(absl::IsInvalidArgument(status));
    CHECK(std::string(status.message()).rfind("graph: ", 0) == 0);
  }
  for (int i = 1; i < 16; ++i)
    Must(engine->SetPolicy(ShopPolicy(), For("g" + std::to_string(i))).status());
  CHECK(absl::IsResourceExhausted(engine->SetPolicy(ShopPolicy(), For("g16")).status()));
  Must(engine->Apply(Family()).status());
  CHECK(engine->Graphs().size() == 16);
}

}  // namespace polyonym::harness
