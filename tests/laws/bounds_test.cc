// L4 and L5: no profile passes a limit, and every id ever given out leads to where its identifier lives.
#include <algorithm>
#include <map>

#include "harness/catch.h"
#include "harness/engine_state.h"

namespace polyonym::harness {
namespace {

// Counts members by themselves, without the model's own account of limits. A class of renamed identifiers counts once.
std::string CheckLimits(const View& view, const Policy& policy, const NaiveWorld& world) {
  std::string fault;
  view.ForEachProfile([&](ProfileId id, std::span<const Identifier> members) {
    const std::string where = polyonym::ToString(id) + " ";
    std::set<Identifier> nodes;
    for (const Identifier& member : members) nodes.insert(world.NodeOf(member));
    if (policy.max_identifiers_per_profile != 0 &&
        nodes.size() > policy.max_identifiers_per_profile)
      fault += where + "is too large\n";
    for (const NamespacePolicy& ns : policy.namespaces) {
      for (const Limit& limit : ns.limits) {
        std::map<std::string, std::vector<std::int64_t>> firsts;
        for (const Identifier& node : nodes) {
          if (FamilyOf(node.ns) == ns.name)
            firsts[limit.per_scope ? node.ns : ""].push_back(world.FirstMs(node));
        }
        for (auto& [scope, times] : firsts) {
          std::sort(times.begin(), times.end());
          for (std::size_t i = limit.max; i < times.size(); ++i) {
            const std::int64_t span = times[i] - times[i - limit.max];
            if (limit.window_ms == 0 || span < limit.window_ms)
              fault += where + "has too many of " + ns.name + "\n";
          }
        }
      }
    }
    for (const NaiveWorld::Entry& entry : world.entries()) {
      if (!entry.live || entry.record.act != Act::kCannotLink) continue;
      std::set<Identifier> ends;
      for (const RecordVerdict::Counted& counted : entry.verdict.counted) {
        ends.insert(world.NodeOf({entry.record.identifiers[counted.index].ns, counted.value}));
      }
      if (ends.size() == 2 && nodes.contains(*ends.begin()) && nodes.contains(*ends.rbegin())) {
        fault += where + "holds both ends of a cannot-link\n";
      }
    }
    return true;
  });
  return fault;
}

// A profile's id is the number of its best identifier, the eldest of these.
std::string CheckIds(const View& view, const NaiveWorld& world,
                     std::map<std::uint64_t, Identifier>* given_out) {
  std::string fault;
  std::map<Identifier, std::uint64_t> number_of;
  for (std::uint64_t n = 0; n <= view.GetStats().identifiers; ++n) {
    auto identifier = view.IdentifierOf(IdentifierNumber{n});
    if (!identifier.ok()) continue;
    const auto [at, first] = given_out->try_emplace(n, *identifier);
    if (!first && at->second != *identifier) fault += "a number changed its identifier\n";
    number_of[*std::move(identifier)] = n;
  }
  if (number_of.size() != view.GetStats().identifiers) fault += "numbers are not dense\n";
  view.ForEachProfile([&](ProfileId id, std::span<const Identifier> members) {
    const auto key = [&](const Identifier& x) {
      return std::pair(world.PriorityOf(x), number_of.at(x));
    };
    const auto best =
        std::min_element(members.begin(), members.end(),
                         [&](const Identifier& a, const Identifier& b) { return key(a) < key(b); });
    if (number_of.at(*best) != id.value)
      fault += polyonym::ToString(id) + " is not the number of its best identifier\n";
    return true;
  });
  // Every number that was ever an id, or could have been, follows its identifier.
  for (const auto& [number, identifier] : *given_out) {
    const Resolution r = view.Resolve(identifier);
    auto followed = view.Follow(ProfileId{number});
    if (!followed.ok() || !r.profile || *followed != *r.profile)
      fault += "an id does not follow its identifier\n";
    auto members = view.Members(ProfileId{number});
    if (!members.ok() ||
        std::find(members->begin(), members->end(), identifier) == members->end()) {
      fault += "an id's members do not have its identifier\n";
    }
  }
  if (view.Follow(ProfileId{given_out->size() + 100}).ok())
    fault += "an id that was never given out is followed\n";
  return fault;
}

std::string Check(const History& history) {
  Random random(history.seed ^ 0xb0d5);
  const auto policy = Compile(history.policy);
  std::unique_ptr<Engine> engine = OpenInMemory(history.policy, history.seed);
  std::map<std::uint64_t, Identifier> given_out;
  const auto batches = RandomBatches(history.records, random);
  std::size_t done = 0;
  for (std::size_t i = 0; i < batches.size(); ++i) {
    const ApplyResult result = Must(engine->Apply(batches[i]));
    done += batches[i].size();
    const View view = engine->Read();
    for (const RecordResult& r : result.records) {
      if (r.profile && !view.Follow(*r.profile).ok()) return "a record's profile is not followed\n";
    }
    if (i + 1 != batches.size() && random.Below(batches.size()) >= 3) continue;
    const NaiveWorld world(policy, std::span(history.records.data(), done));
    std::string fault =
        CheckLimits(view, history.policy, world) + CheckIds(view, world, &given_out);
    if (i + 1 == batches.size()) fault += CompareWithNaive(view, world, true, false);
    if (!fault.empty()) return fault;
  }
  return "";
}

void Run(std::uint64_t first_seed, std::size_t count) {
  const std::string report = FindFailure(first_seed, count, {}, Check);
  INFO(report);
  REQUIRE(report.empty());
}

}  // namespace

TEST_CASE("no profile ever passes a limit, and every id given out leads to its identifier") {
  Run(90'000, 1'500);
}
TEST_CASE(
    "no profile ever passes a limit, and every id given out leads to its identifier, at length",
    "[slow]") {
  Run(9'000'000, 15'000);
}

}  // namespace polyonym::harness
