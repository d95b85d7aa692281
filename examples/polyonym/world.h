// world.h - an engine in memory that some events of a scenario were applied to, and partitions of their identifiers.
#ifndef POLYONYM_EXAMPLES_POLYONYM_WORLD_H_
#define POLYONYM_EXAMPLES_POLYONYM_WORLD_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "groups.h"
#include "polyonym/engine/engine.h"
#include "scenario.h"

namespace polyonym::driver {

using Partition = std::vector<std::vector<std::string>>;  // sorted groups, in order

Partition PartitionOf(const Groups& groups);
Partition PartitionOf(const JsonValue& lists);
Json ToJson(const Partition& partition);

// True where `actual`, looked at through the identifiers that `expected` names, is `expected`. A value that was one identifier after another
// may be in several groups.
bool Agrees(const Partition& expected, const Partition& actual);

bool Together(const Partition& actual, const std::string& a, const std::string& b);

class World {
 public:
  explicit World(const Policy& policy);

  ApplyResult Apply(const std::vector<Record>& records);
  // Forward only: a time that the clock has passed changes nothing.
  std::vector<Change> AdvanceTo(std::int64_t time_ms);
  void Retract(const Record& record);

  View Read() const { return engine_->Read(); }
  Partition Groups() const { return PartitionOf(GroupsOf(engine_->Read())); }
  // The partition as of a time; what comes later than the clock is as if nothing more happened until then.
  Moment AsOf(std::int64_t time_ms);

 private:
  std::unique_ptr<Engine> engine_;
};

// The wanted events in order, each at its time.
World WorldOf(const Scenario& row, const std::function<bool(const Scenario::Event&)>& wanted);

}  // namespace polyonym::driver

#endif  // POLYONYM_EXAMPLES_POLYONYM_WORLD_H_
