// Engine and definition, step by step and over many histories; and the counts that show that the histories are worth running.
#include <map>
#include <set>

#include "harness/catch.h"
#include "harness/engine_state.h"

namespace polyonym::harness {
namespace {

// How many histories had what.
struct Seldom {
  std::size_t histories = 0;
  std::map<std::string, std::size_t> had;
  void Add(const std::set<std::string>& events) {
    ++histories;
    for (const std::string& event : events) ++had[event];
  }
};

const char* const kEvents[] = {"a limit refused",
                               "a refused link came back",
                               "a guard tripped and let go",
                               "a profile split",
                               "an upsert",
                               "a late record"};

// What happened between the states of one history.
class EventSpotter {
 public:
  explicit EventSpotter(const History& history) {
    if (HasUpsert(history)) events_.insert("an upsert");
    if (HasLateRecord(history)) events_.insert("a late record");
  }
  void See(const State& state) {
    std::map<Identifier, std::size_t> group_of;
    for (std::size_t i = 0; i < state.groups.size(); ++i) {
      for (const Identifier& identifier : state.groups[i]) group_of[identifier] = i;
    }
    for (const auto& [pair, link] : state.links) {
      if (state.shared.contains(pair.first) || state.shared.contains(pair.second)) continue;
      if (!link.kept) {
        events_.insert("a limit refused");
        refused_.insert(pair);
      } else if (refused_.contains(pair)) {
        events_.insert("a refused link came back");
      }
    }
    for (const Identifier& identifier : shared_) {
      if (!state.shared.contains(identifier) && group_of.contains(identifier))
        events_.insert("a guard tripped and let go");
    }
    shared_.insert(state.shared.begin(), state.shared.end());
    for (const Group& group : last_groups_) {
      std::set<std::size_t> now;
      for (const Identifier& identifier : group) {
        if (group_of.contains(identifier)) now.insert(group_of.at(identifier));
      }
      if (now.size() > 1) events_.insert("a profile split");
    }
    last_groups_ = state.groups;
  }
  const std::set<std::string>& events() const { return events_; }

 private:
  std::set<std::string> events_;
  std::set<Pair> refused_;
  std::set<Identifier> shared_;
  std::vector<Group> last_groups_;
};

// Whether a node lives in that profile; of one that is gone, whether its name is resolved so.
bool IsProfileOf(const View& view, const NaiveWorld& world, const NaiveWorld::Node& node,
                 ProfileId profile) {
  if (world.IsMentioned(node)) {
    const auto members = view.Members(profile);
    return members.ok() && *members == world.NamesInGroupOf(node);
  }
  return world.NodeOf(node.name) != node || view.Resolve(node.name).profile == profile;
}

std::string CheckEveryStep(const History& history, EventSpotter* spotter) {
  const auto policy = Compile(history.policy);
  std::unique_ptr<Engine> engine = OpenInMemory(history.policy, history.seed);
  for (std::size_t i = 0; i < history.records.size(); ++i) {
    const ApplyResult result = Must(engine->Apply(std::span(&history.records[i], 1)));
    const NaiveWorld world(policy, std::span(history.records.data(), i + 1));
    spotter->See(world.state());
    std::string fault = CompareOutcomes(result, i, world) + CompareWithNaive(engine->Read(), world);
    // Where the record counts, its profile is the one of its primary.
    const NaiveWorld::Entry& entry = world.entries().back();
    if (entry.live && result.records[0].profile) {
      const auto primary = world.PrimaryOf(entry);
      if (primary && !IsProfileOf(engine->Read(), world, *primary, *result.records[0].profile))
        fault += "the record's profile is not its primary's\n";
    }
    if (!fault.empty()) return "after record " + std::to_string(i) + ":\n" + fault;
  }
  const VerifyReport report = Must(engine->Read().Verify());
  return report.ok() ? "" : "Verify: " + report.problems[0] + "\n";
}

void RunEveryStep(std::uint64_t first_seed, std::size_t count) {
  Seldom seldom;
  const std::string report = FindFailure(first_seed, count, {}, [&](const History& history) {
    EventSpotter spotter(history);
    const std::string fault = CheckEveryStep(history, &spotter);
    if (fault.empty()) seldom.Add(spotter.events());
    return fault;
  });
  INFO(report);
  REQUIRE(report.empty());
  if (OneSeedOnly()) return;
  for (const char* event : kEvents) {
    INFO(event << " in " << seldom.had[event] << " of " << seldom.histories << " histories");
    CHECK(seldom.had[event] * 20 >= seldom.histories);
  }
}

std::string CheckInBatches(const History& history) {
  Random random(history.seed ^ 0x5eed);
  const auto policy = Compile(history.policy);
  std::unique_ptr<Engine> engine = OpenInMemory(history.policy, history.seed);
  const auto batches = RandomBatches(history.records, random);
  std::size_t done = 0;
  for (std::size_t i = 0; i < batches.size(); ++i) {
    const ApplyResult result = Must(engine->Apply(batches[i]));
    done += batches[i].size();
    const bool last = i + 1 == batches.size();
    if (!last && random.Below(batches.size()) >= 2) continue;
    const NaiveWorld world(policy, std::span(history.records.data(), done));
    const std::string fault = CompareOutcomes(result, done - batches[i].size(), world) +
                              CompareWithNaive(engine->Read(), world);
    if (!fault.empty()) return "after " + std::to_string(done) + " records:\n" + fault;
  }
  if (!random.Chance(20)) return "";
  const VerifyReport report = Must(engine->Read().Verify());
  return report.ok() ? "" : "Verify: " + report.problems[0] + "\n";
}

void RunInBatches(std::uint64_t first_seed, std::size_t count, const HistoryShape& shape = {}) {
  const std::string report = FindFailure(first_seed, count, shape, CheckInBatches);
  INFO(report);
  REQUIRE(report.empty());
}

}  // namespace

TEST_CASE("after every step the engine holds what the definition gives") { RunEveryStep(1, 500); }
TEST_CASE("after every step the engine holds what the definition gives, at length", "[slow]") {
  RunEveryStep(1'000'000, 5'000);
}

TEST_CASE("in whatever batches records come, the engine holds what the definition gives") {
  RunInBatches(10'000, 1'500);
}
TEST_CASE("in whatever batches records come, the engine holds what the definition gives, at length",
          "[slow]") {
  RunInBatches(2'000'000, 15'000);
}
TEST_CASE("long histories end as the definition says") {
  RunInBatches(20'000, 60, {300, 500, true});
}
TEST_CASE("very many long histories end as the definition says", "[slow]") {
  RunInBatches(3'000'000, 600, {300, 500, true});
}

}  // namespace polyonym::harness
