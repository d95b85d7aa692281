// engine/source_gate.h - keeps a source out that sends too much, until the host lets it in again. polyonym/engine/source_limits.h says why.
//
// THREADS: thread-safe.
#ifndef POLYONYM_SRC_ENGINE_SOURCE_GATE_H_
#define POLYONYM_SRC_ENGINE_SOURCE_GATE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "polyonym/engine/source_limits.h"

namespace polyonym::engine {

class SourceGate {
 public:
  // Sources that are counted at once; further ones are not, until the next window: memory is bounded whatever names are sent. As many are kept
  // out at once; a further one that passes a limit is until its window ends.
  static constexpr std::size_t kMaxSources = 65'536;

  SourceGate(const SourceLimits& limits, std::function<std::uint64_t()> ticks_ns)
      : limits_(limits), ticks_ns_(std::move(ticks_ns)) {}

  // False where nothing is limited: then nobody need ask.
  bool limits() const {
    return limits_.records != 0 || limits_.rejected_records != 0 || limits_.new_identifiers != 0;
  }

  // Whether one more record of the source is taken. It is counted.
  bool Admit(std::string_view source);
  // What became of records of the source that were admitted.
  void Count(std::string_view source, std::uint64_t rejected, std::uint64_t new_identifiers);

  std::vector<QuarantinedSource> Quarantined() const;
  // False where it is not kept out.
  bool Release(std::string_view source);

 private:
  struct Window {
    std::uint64_t records = 0;
    std::uint64_t rejected = 0;
    std::uint64_t new_identifiers = 0;
  };
  Window* WindowOf(std::string_view source) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Whether it passed a limit: then it is kept out.
  bool Judge(std::string_view source, const Window& window) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const SourceLimits limits_;
  const std::function<std::uint64_t()> ticks_ns_;
  mutable std::mutex mutex_;
  std::uint64_t window_ ABSL_GUARDED_BY(mutex_) = 0;  // number of the present one
  std::map<std::string, Window, std::less<>> windows_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, QuarantinedSource, std::less<>> quarantined_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace polyonym::engine

#endif  // POLYONYM_SRC_ENGINE_SOURCE_GATE_H_
