// profile/now.h - the moment that a profile is of.
#ifndef POLYONYM_SRC_PROFILE_NOW_H_
#define POLYONYM_SRC_PROFILE_NOW_H_

#include <chrono>
#include <cstdint>

namespace polyonym::profile {

struct Now {
  std::int64_t ms = 0;
  std::int32_t utc_offset_minutes = 0;  // where a day begins

  // Whether a time that is not later than now lies in a window (0: ever). One of whole days is of calendar days: today, and as many before
  // it as make them up.
  bool Sees(std::int64_t time_ms, std::int64_t window_ms) const {
    if (window_ms == 0) return true;
    if (window_ms % kDayMs != 0) return time_ms > ms - window_ms;
    return DayOf(time_ms) > DayOf(ms) - window_ms / kDayMs;
  }

 private:
  static constexpr std::int64_t kDayMs = 86'400'000;
  std::int64_t DayOf(std::int64_t time_ms) const {
    const std::chrono::milliseconds local(time_ms + std::int64_t{utc_offset_minutes} * 60'000);
    return std::chrono::floor<std::chrono::days>(local).count();
  }
};

}  // namespace polyonym::profile

#endif  // POLYONYM_SRC_PROFILE_NOW_H_
