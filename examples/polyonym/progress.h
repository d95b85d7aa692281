// progress.h - a progress bar on a terminal's standard error: how far, how fast, what is left. Silent elsewhere.
#ifndef POLYONYM_EXAMPLES_POLYONYM_PROGRESS_H_
#define POLYONYM_EXAMPLES_POLYONYM_PROGRESS_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "input.h"
#include "polyonym/engine/engine.h"

namespace polyonym::driver {

class Progress {
 public:
  // `what` is counted: "records".
  explicit Progress(std::string what);
  ~Progress();  // takes the bar away

  // Draws at most ten times a second.
  void Update(std::uint64_t count, const ReadPosition& position);

  double seconds() const;

 private:
  using Clock = std::chrono::steady_clock;
  const std::string what_;
  const bool shown_;
  const Clock::time_point start_ = Clock::now();
  Clock::time_point drawn_ = start_;
  bool dirty_ = false;
};

// Puts a policy in force in a graph, which is made where it is not there, with a bar meanwhile.
// `if_version`: only where that version is in force still.
// ERRORS (Failure): kUsage (no name for a graph, or one graph too many; a policy that is none), as FromStore().
PolicyResult PutInForce(const Policy& policy, const std::string& graph, Engine* engine,
                        std::optional<std::uint64_t> if_version = std::nullopt);

}  // namespace polyonym::driver

#endif  // POLYONYM_EXAMPLES_POLYONYM_PROGRESS_H_
