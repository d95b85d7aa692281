// engine/rebuild.h - a store made again of the frames that are left of another's log.
//
// THREADS: the caller has both stores to itself.
#ifndef POLYONYM_SRC_ENGINE_REBUILD_H_
#define POLYONYM_SRC_ENGINE_REBUILD_H_

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "polyonym/engine/engine.h"
#include "polyonym/model/policy.h"

namespace polyonym::engine {

struct Frame;

// Gathers, in a first pass, what later frames say of earlier ones; then takes all in order.
class Rebuild {
 public:
  // ---- the first pass ----
  void Learn(const Frame& frame);
  // What the checkpoint has of a graph, if the frames of it are lost.
  void LearnPolicy(const std::string& graph, const Policy& policy, std::uint64_t sequence);
  void LearnClock(std::int64_t clock_ms);

  // ---- the second ----
  void Into(Engine* engine) { engine_ = engine; }
  absl::Status Take(const Frame& frame);
  // The rest: the last policies whole, clock, horizons.
  absl::Status Finish();

  // What is not as it was, without values.
  std::vector<std::string> notes() const;

 private:
  struct Known {
    Policy policy;
    std::uint64_t sequence = 0;
  };
  struct Fold {
    std::uint64_t sequence = 0;
    std::int64_t before_ms = 0;
  };

  bool Goes(const Frame& frame, std::size_t place) const;
  void TakeFold(const Record& record);
  absl::Status Flush();
  absl::Status Put(const std::string& graph, const Policy& policy);

  Engine* engine_ = nullptr;
  std::set<std::uint64_t> gone_;  // numbers of records that were erased
  std::map<std::string, Fold> folds_;
  std::set<std::uint64_t> whole_folds_;  // sequences of folds whose records are there
  std::map<std::string, Known> last_policies_;
  std::int64_t clock_ms_ = 0;
  std::vector<Record> waiting_;
  std::uint64_t folded_ = 0;
  std::uint64_t rejected_ = 0;
  std::uint64_t refused_policies_ = 0;
  std::vector<std::string> kept_notes_;
};

}  // namespace polyonym::engine

#endif  // POLYONYM_SRC_ENGINE_REBUILD_H_
