#include "world.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "session.h"

namespace polyonym::driver {

namespace {

// Identifiers of `text` form to the numbers of their groups: one, but of a value with several lives.
using Places = std::map<std::string, std::set<std::size_t>>;

Places PlacesOf(const Partition& partition) {
  Places places;
  for (std::size_t i = 0; i < partition.size(); ++i) {
    for (const std::string& member : partition[i]) places[member].insert(i);
  }
  return places;
}

// The groups that hold all members; any group where none of them is in one.
std::optional<std::set<std::size_t>> HomesOf(const std::vector<std::string>& members,
                                             const Places& places) {
  std::optional<std::set<std::size_t>> homes;
  for (const std::string& member : members) {
    const auto at = places.find(member);
    if (at == places.end()) {
      if (members.size() > 1) return std::set<std::size_t>();
      continue;
    }
    if (!homes) {
      homes = at->second;
      continue;
    }
    std::set<std::size_t> both;
    std::set_intersection(homes->begin(), homes->end(), at->second.begin(), at->second.end(),
                          std::inserter(both, both.end()));
    homes = std::move(both);
  }
  return homes;
}

// Whether each group from `i` on can have a home of its own.
bool FindHomes(const std::vector<std::set<std::size_t>>& homes, std::size_t i,
               std::set<std::size_t>* taken) {
  if (i == homes.size()) return true;
  for (const std::size_t home : homes[i]) {
    if (!taken->insert(home).second) continue;
    if (FindHomes(homes, i + 1, taken)) return true;
    taken->erase(home);
  }
  return false;
}

}  // namespace

Partition PartitionOf(const Groups& groups) {
  Partition out;
  for (const Group& group : groups) out.push_back(group.members);
  return out;
}

Partition PartitionOf(const JsonValue& lists) {
  Partition out;
  for (const JsonValue& list : lists.list_value().values()) {
    auto& group = out.emplace_back();
    for (const JsonValue& member : list.list_value().values())
      group.push_back(member.string_value());
    std::sort(group.begin(), group.end());
  }
  std::sort(out.begin(), out.end());
  return out;
}

Json ToJson(const Partition& partition) {
  Json list = Json::List();
  for (const auto& group : partition) list.Add(Json::ListFrom(group));
  return list;
}

bool Agrees(const Partition& expected, const Partition& actual) {
  const Places places = PlacesOf(actual);
  std::vector<std::set<std::size_t>> homes;
  for (const auto& group : expected) {
    if (auto here = HomesOf(group, places)) homes.push_back(*std::move(here));
  }
  std::set<std::size_t> taken;
  return FindHomes(homes, 0, &taken);
}

bool Together(const Partition& actual, const std::string& a, const std::string& b) {
  return std::any_of(actual.begin(), actual.end(), [&](const std::vector<std::string>& group) {
    return std::find(group.begin(), group.end(), a) != group.end() &&
           std::find(group.begin(), group.end(), b) != group.end();
  });
}

World::World(const Policy& policy) {
  EngineOptions options;
  options.max_clock_leap_ms = 0;  // decades may lie between two events
  engine_ = FromStore(Engine::OpenInMemory(options));
  FromStore(engine_->SetPolicy(policy).status());
}

ApplyResult World::Apply(const std::vector<Record>& records) {
  return FromStore(engine_->Apply(records));
}

std::vector<Change> World::AdvanceTo(std::int64_t time_ms) {
  if (time_ms <= engine_->Read().clock_ms()) return {};
  return FromStore(engine_->AdvanceTo(time_ms)).changes;
}

void World::Retract(const Record& record) {
  RecordSelector selector;
  selector.source = record.source;
  selector.record_id = record.id;
  FromStore(engine_->Retract(selector).status());
}

Moment World::AsOf(std::int64_t time_ms) {
  AdvanceTo(time_ms);
  return FromStore(engine_->Read().AsOf(time_ms));
}

World WorldOf(const Scenario& row, const std::function<bool(const Scenario::Event&)>& wanted) {
  World world(row.policy);
  for (const Scenario::Event& event : row.events) {
    if (!wanted(event)) continue;
    world.AdvanceTo(event.time_ms);
    world.Apply(event.records);
  }
  return world;
}

}  // namespace polyonym::driver
