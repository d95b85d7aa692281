// engine/horizons.h - behind which time the records of a source were folded, and since which call the log has not all that it had.
//
// THREADS: plain values.
#ifndef POLYONYM_SRC_ENGINE_HORIZONS_H_
#define POLYONYM_SRC_ENGINE_HORIZONS_H_

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <string_view>

#include "polyonym/model/record.h"

namespace polyonym::engine {

class Horizons {
 public:
  static constexpr std::int64_t kNone = std::numeric_limits<std::int64_t>::min();

  // Of a source; kNone where nothing of it was folded.
  std::int64_t Of(std::string_view source) const {
    const auto at = of_.find(source);
    return at == of_.end() ? kNone : at->second;
  }
  // The latest of all sources.
  std::int64_t latest() const { return latest_; }
  // Of the call that folded or erased last; 0: none did.
  std::uint64_t sequence() const { return sequence_; }
  const std::map<std::string, std::int64_t, std::less<>>& all() const { return of_; }

  // Records that went for others that stand for them, did not stand, or were erased.
  std::uint64_t folded() const { return folded_; }

  void Move(const std::string& source, std::int64_t to_ms, std::uint64_t sequence,
            std::uint64_t folded) {
    of_[source] = to_ms;
    latest_ = std::max(latest_, to_ms);
    sequence_ = std::max(sequence_, sequence);
    folded_ += folded;
  }

  // Records went that nothing stands for.
  void Erase(std::uint64_t sequence, std::uint64_t erased) {
    sequence_ = std::max(sequence_, sequence);
    folded_ += erased;
  }

  // Whether a record comes too late: it is behind its source's horizon, or would void what is behind one.
  bool TurnsAway(const Record& record) const {
    if (of_.empty() || !record.time_ms) return false;
    switch (record.act) {
      case Act::kUnbind:
      case Act::kDeleteIdentifier:
        return *record.time_ms < latest_;
      case Act::kDeleteSource:
        return *record.time_ms < std::max(Of(record.target_source), Of(record.source));
      case Act::kRetract:
        return false;
      default:
        return *record.time_ms < Of(record.source);
    }
  }

 private:
  std::map<std::string, std::int64_t, std::less<>> of_;
  std::int64_t latest_ = kNone;
  std::uint64_t sequence_ = 0;
  std::uint64_t folded_ = 0;
};

}  // namespace polyonym::engine

#endif  // POLYONYM_SRC_ENGINE_HORIZONS_H_
