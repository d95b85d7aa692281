// L4 and L5: no profile passes a limit, and every id ever given out leads to where its identifier lives.
#include <algorithm>
#include <map>

#include "harness/catch.h"
#include "harness/engine_state.h"
#include "laws/law.h"

namespace polyonym::harness {
namespace {

// Counts members by themselves, without the model's own account of limits. A class of renamed identifiers counts once; of a
// value that had several lives nobody says which of them is a member, so it is left out.
std::string CheckLimits(const View& view, const Policy& policy, const NaiveWorld& world) {
  std::string fault;
  view.ForEachProfile([&](ProfileId id, std::span<const Identifier> members) {
    const std::string where = polyonym::ToString(id) + " ";
    std::set<NaiveWorld::Node> nodes;
    for (const Identifier& member : members) {
      if (world.LivesOf(member).size() < 2) nodes.insert(world.NodeOf(member));
    }
    if (policy.max_identifiers_per_profile != 0 &&
        nodes.size() > policy.max_identifiers_per_profile)
      fault += where + "is too large\n";
    for (const NamespacePolicy& ns : policy.namespaces) {
      for (const Limit& limit : ns.limits) {
        std::map<std::string, std::vector<std::int64_t>> firsts;
        for (const NaiveWorld::Node& node : nodes) {
          if (FamilyOf(node.name.ns) == ns.name)
            firsts[limit.per_scope ? node.name.ns : ""].push_back(world.FirstMs(node));
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
      std::set<NaiveWorld::Node> ends;
      for (const RecordVerdict::Counted& counted : entry.verdict.counted) {
        ends.insert(
            world.NodeAt(NaiveWorld::NameOf(entry, counted), entry.record.time_ms.value_or(0)));
      }
      if (ends.size() == 2 && nodes.contains(*ends.begin()) && nodes.contains(*ends.rbegin())) {
        fault += where + "holds both ends of a cannot-link\n";
      }
    }
    return true;
  });
  return fault;
}

// A profile's id is the number of its best identifier, the eldest of these. A value has a number for each of its lives.
std::string CheckIds(const View& view, const NaiveWorld& world,
                     std::map<std::uint64_t, Identifier>* given_out) {
  std::string fault;
  std::map<Identifier, std::size_t> numbers_of;
  for (std::uint64_t n = 0; n <= view.GetStats().identifiers; ++n) {
    auto identifier = view.IdentifierOf(IdentifierNumber{n});
    if (!identifier.ok()) continue;
    const auto [at, first] = given_out->try_emplace(n, *identifier);
    if (!first && at->second != *identifier) fault += "a number changed its identifier\n";
    ++numbers_of[*identifier];
  }
  if (given_out->size() != view.GetStats().identifiers) fault += "numbers are not dense\n";
  std::map<std::uint64_t, std::pair<std::uint32_t, std::uint64_t>> best_of;  // by profile
  for (const auto& [number, profile] : NumbersInProfiles(view)) {
    const std::pair key(world.PriorityOf(given_out->at(number)), number);
    const auto [at, first] = best_of.try_emplace(profile, key);
    if (!first) at->second = std::min(at->second, key);
  }
  for (const auto& [profile, best] : best_of) {
    if (best.second != profile)
      fault +=
          polyonym::ToString(ProfileId{profile}) + " is not the number of its best identifier\n";
  }
  // Every number that was ever an id, or could have been, follows its identifier.
  for (const auto& [number, identifier] : *given_out) {
    const Resolution r = view.Resolve(identifier);
    auto followed = view.Follow(ProfileId{number});
    const bool only = numbers_of[identifier] == 1;  // else it may be of an earlier life
    if (!followed.ok() || !r.profile || (only && *followed != *r.profile))
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

}  // namespace

TEST_CASE("no profile ever passes a limit, and every id given out leads to its identifier") {
  CheckLaw(90'000, 1'500, Check);
}
TEST_CASE(
    "no profile ever passes a limit, and every id given out leads to its identifier, at length",
    "[slow]") {
  CheckLaw(9'000'000, 15'000, Check);
}

}  // namespace polyonym::harness
