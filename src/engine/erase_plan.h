// engine/erase_plan.h - what an erasure will do, before anything is changed.
//
// THREADS: plain values.
#ifndef POLYONYM_SRC_ENGINE_ERASE_PLAN_H_
#define POLYONYM_SRC_ENGINE_ERASE_PLAN_H_

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/engine_impl.h"
#include "engine/log.h"
#include "polyonym/engine/erase.h"
#include "polyonym/model/record.h"

namespace polyonym {

struct Engine::Impl::ErasePlan {
  std::vector<engine::GoneRecord> gone;
  std::vector<Record> fewer_facts;  // what comes for those, in their order
  std::vector<Record> left;         // likewise
  std::vector<bool> left_own_id;
  std::vector<std::vector<std::uint32_t>>
      names;  // of each graph, nodes of who is erased, ascending
  std::set<std::pair<std::string, std::string>> shared;  // that are others' too
  EraseReceipt counts;
  // What records that go, or are written again, said: identifiers as the channel gave them, and whether they go.
  std::map<std::pair<std::string, std::string>, bool> said;
  // Slots that records which stay name beside the graphs: held ones, and facts that have relations.
  std::set<privacy::KeySlot> kept;
  std::vector<std::vector<std::uint32_t>> wiped;  // of each graph, once it is done
};

}  // namespace polyonym

#endif  // POLYONYM_SRC_ENGINE_ERASE_PLAN_H_
