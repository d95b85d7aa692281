#include "laws.h"

#include <algorithm>
#include <numeric>
#include <set>
#include <utility>
#include <vector>

#include "polyonym/batch/resolve.h"
#include "session.h"
#include "traffic.h"

namespace polyonym::driver {

namespace {

constexpr std::size_t kMaxPermutations = 120;

// Every order where there are few, else random ones; each in random batches, the clock moved on at random meanwhile.
bool IsOrderFree(const Scenario& row, const std::vector<Record>& records, const Partition& actual) {
  std::vector<std::size_t> order(records.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::size_t all = 1;
  for (std::size_t n = 2; n <= order.size() && all <= kMaxPermutations; ++n) all *= n;
  Dice dice(records.size());
  for (std::size_t i = 0; i < std::min(all, kMaxPermutations); ++i) {
    if (all <= kMaxPermutations) {
      std::next_permutation(order.begin(), order.end());
    } else {
      for (std::size_t j = order.size(); j > 1; --j) std::swap(order[j - 1], order[dice.Below(j)]);
    }
    World world(row.policy);
    std::vector<Record> batch;
    for (const std::size_t at : order) {
      batch.push_back(records[at]);
      if (dice.Chance(200)) world.AdvanceTo(*records[at].time_ms);
      if (!dice.Chance(500)) continue;
      world.Apply(batch);
      batch.clear();
    }
    world.Apply(batch);
    world.AdvanceTo(row.end_ms);
    if (world.Groups() != actual) return false;
  }
  return true;
}

bool IsSameInMemory(const Scenario& row, const std::vector<Record>& records,
                    const Partition& actual) {
  auto resolver = OrFail(batch::MemoryResolver::Create(row.policy));
  for (const Record& record : records) resolver->Add(record);
  return PartitionOf(GroupsOf(resolver->Resolve({.clock_ms = row.end_ms}))) == actual;
}

bool IsEmptyOnceTakenBack(const Scenario& row, const std::vector<Record>& records) {
  World world(row.policy);
  world.Apply(records);
  world.AdvanceTo(row.end_ms);
  for (const Record& record : records) world.Retract(record);
  return world.Groups().empty();
}

bool ForgetsTheLast(const Scenario& row, const std::vector<Record>& records) {
  if (row.events.empty()) return true;
  World taken_back(row.policy);
  taken_back.Apply(records);
  taken_back.AdvanceTo(row.end_ms);
  for (const Record& record : row.events.back().records) taken_back.Retract(record);
  World shorter =
      WorldOf(row, [&](const Scenario::Event& event) { return &event != &row.events.back(); });
  shorter.AdvanceTo(row.end_ms);
  return shorter.Groups() == taken_back.Groups();
}

// As of a time it is a store that has only the records up to then; as known at a sequence it is what it was.
bool RemembersTimes(const Scenario& row) {
  World world(row.policy);
  std::vector<std::pair<std::uint64_t, Partition>> known;
  std::set<std::int64_t> times;
  for (const Scenario::Event& event : row.events) {
    world.AdvanceTo(event.time_ms);
    world.Apply(event.records);
    known.emplace_back(world.Read().sequence(), world.Groups());
    times.insert(event.time_ms);
  }
  world.AdvanceTo(row.end_ms);
  const View view = world.Read();
  for (const auto& [sequence, groups] : known) {
    if (PartitionOf(GroupsOf(FromStore(view.AsKnown(sequence)))) != groups) return false;
  }
  return std::all_of(times.begin(), times.end(), [&](std::int64_t time) {
    const World until =
        WorldOf(row, [&](const Scenario::Event& event) { return event.time_ms <= time; });
    return PartitionOf(GroupsOf(FromStore(view.AsOf(time)))) == until.Groups();
  });
}

}  // namespace

std::string BrokenLaw(const Scenario& row, const Partition& actual) {
  std::vector<Record> records;
  for (const Scenario::Event& event : row.events)
    records.insert(records.end(), event.records.begin(), event.records.end());
  if (!IsOrderFree(row, records, actual))
    return "law L1: in another order or other batches the groups differ";
  if (!IsSameInMemory(row, records, actual)) return "law L2: resolved in memory the groups differ";
  if (!IsEmptyOnceTakenBack(row, records))
    return "law L3: groups are left after every record was taken back";
  if (!ForgetsTheLast(row, records))
    return "law L3: taking back the last event is not as if it had never come";
  if (!RemembersTimes(row)) return "as of an earlier time, or as known then, the groups differ";
  return "";
}

}  // namespace polyonym::driver
