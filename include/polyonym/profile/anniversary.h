// profile/anniversary.h - when a birthday comes round again, and how old that makes one.
//
// Use it for "birthday within seven days" and "aged 18 or more" over dates of either calendar. It reads no clock: the day that counts
// as today, in whatever zone the person lives by, is the caller's to name.
//
// THREADS: pure functions, safe.  COST: a few table look-ups, no allocation.
#ifndef POLYONYM_PROFILE_ANNIVERSARY_H_
#define POLYONYM_PROFILE_ANNIVERSARY_H_

#include <cstdint>
#include <optional>

#include "polyonym/model/facts.h"

namespace polyonym {

// What stands for 29 February in common years.
enum class LeapDay : std::uint8_t { kFebruary28 = 0, kMarch1 = 1 };

// The first solar day on or after `from` on which `day` falls; never before `day` itself where its year is known.
//
// A solar day falls on its month and day of every solar year, 29 February in common years as `leap_day` says. A Chinese day falls on its
// month and day of every Chinese year, its own year aside: one of a leap month, in years without that leap month, in the ordinary month of
// that number; the 30th, in months of 29 days, on the 29th.
//
// `from`: a day of either calendar with its year.
// ERRORS: nothing where either is no day (IsDay), where `from` has no year, and where the answer is not within the calendar's years: solar
// 1 to 9999, Chinese 1900 to 2100, which are 1900-01-31 to 2101-01-28.
std::optional<Date> NextAnniversary(const Date& day, const Date& from,
                                    LeapDay leap_day = LeapDay::kFebruary28);

// Whole years from `born` to `on`, by the solar calendar: a Chinese day counts as the solar day that it was, so that age does not move
// with the Chinese new year. On the birthday itself the year is whole; who was born on 29 February has it as `leap_day` says.
// ERRORS: nothing where either is no day or has no year, and where `on` is before `born`.
std::optional<std::int32_t> AgeOn(const Date& born, const Date& on,
                                  LeapDay leap_day = LeapDay::kFebruary28);

}  // namespace polyonym

#endif  // POLYONYM_PROFILE_ANNIVERSARY_H_
