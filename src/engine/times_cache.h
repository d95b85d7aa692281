// engine/times_cache.h - the times of a busy pair's sightings or a busy node's mentions, in order.
//
// The index keeps the first and the last time alone. Taking back the first or last of many asks for the next one, which is read
// from the records once, and then kept here: so that taking back n sightings one by one reads n records, not n times n.
// What is not here is read again; nothing depends on it being here.
//
// THREADS: the writer's.  Memory: about 50 bytes a time, at most `kMaxTimes` times.
#ifndef POLYONYM_SRC_ENGINE_TIMES_CACHE_H_
#define POLYONYM_SRC_ENGINE_TIMES_CACHE_H_

#include <cstddef>
#include <cstdint>
#include <set>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"

namespace polyonym::engine {

class TimesCache {
 public:
  static constexpr std::size_t kFewTimes = 16;  // so few are read again as fast
  static constexpr std::size_t kMaxTimes = std::size_t{1} << 20;

  // Keeps all times of `key`, where they are worth it.
  void Put(std::uint32_t key, const std::vector<std::int64_t>& times) {
    Drop(key);
    if (times.size() <= kFewTimes || times.size() > kMaxTimes) return;
    MakeRoom(times.size());
    total_ += times.size();
    times_.emplace(key, std::multiset<std::int64_t>(times.begin(), times.end()));
  }

  bool any() const { return !times_.empty(); }

  // A time more, where those of `key` are here.
  void Add(std::uint32_t key, std::int64_t time_ms) {
    const auto at = times_.find(key);
    if (at == times_.end()) return;
    at->second.insert(time_ms);
    ++total_;
    if (total_ > kMaxTimes) MakeRoom(0);
  }

  // A time less.
  void Remove(std::uint32_t key, std::int64_t time_ms) {
    const auto at = times_.find(key);
    if (at == times_.end()) return;
    if (const auto one = at->second.find(time_ms); one != at->second.end()) {
      at->second.erase(one);
      --total_;
    }
    if (at->second.empty()) times_.erase(at);
  }

  // All times of `key`, in order; null where they are not here.
  const std::multiset<std::int64_t>* Find(std::uint32_t key) const {
    const auto at = times_.find(key);
    return at == times_.end() ? nullptr : &at->second;
  }

  void Drop(std::uint32_t key) {
    const auto at = times_.find(key);
    if (at == times_.end()) return;
    total_ -= at->second.size();
    times_.erase(at);
  }

  void Clear() {
    times_.clear();
    total_ = 0;
  }

 private:
  // Whichever comes first goes: as good as random, so that going round more keys than fit still finds some.
  void MakeRoom(std::size_t times) {
    while (total_ + times > kMaxTimes && !times_.empty()) {
      const auto victim = times_.begin();
      total_ -= victim->second.size();
      times_.erase(victim);
    }
  }

  absl::flat_hash_map<std::uint32_t, std::multiset<std::int64_t>> times_;
  std::size_t total_ = 0;
};

}  // namespace polyonym::engine

#endif  // POLYONYM_SRC_ENGINE_TIMES_CACHE_H_
