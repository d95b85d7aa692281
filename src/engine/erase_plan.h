// engine/erase_plan.h - what an erasure will do, before anything is changed.
//
// THREADS: plain values.
#ifndef POLYONYM_SRC_ENGINE_ERASE_PLAN_H_
#define POLYONYM_SRC_ENGINE_ERASE_PLAN_H_

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
};

}  // namespace polyonym

#endif  // POLYONYM_SRC_ENGINE_ERASE_PLAN_H_
