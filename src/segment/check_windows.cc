#include "segment/check_windows.h"

#include <cstdint>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "model/fault.h"
#include "segment/check_values.h"
#include "segment/forms.h"

namespace polyonym::segment {
namespace {

constexpr char kSpanRule[] = "must be at most a hundred years";

bool CheckBetween(const Expression& at, const TimeWindow& window, std::string_view part,
                  FirstFault* fault) {
  if (!window.from_ms && !window.to_ms)
    return fault->Fail(at, part, "a window between times has `from`, `to` or both");
  for (const auto& time : {window.from_ms, window.to_ms}) {
    if (time && !IsInstant(*time))
      return fault->Fail(at, part, "`from` and `to` must be of the years 0 to 9999");
  }
  return !window.from_ms || !window.to_ms || *window.from_ms < *window.to_ms ||
         fault->Fail(at, part, "`from` must be before `to`");
}

}  // namespace

bool CheckSpan(const Expression& at, std::int64_t ms, std::int64_t least, std::string_view part,
               FirstFault* fault) {
  return (ms >= least && ms <= kMaxSpanMs) ||
         fault->Fail(
             at, part,
             absl::StrCat("`within` ", least == 0 ? "" : "must be 1 ms or more, and ", kSpanRule));
}

bool CheckWindow(const Expression& at, const TimeWindow& window, std::string_view part,
                 FirstFault* fault) {
  TimeWindow expected;
  expected.kind = window.kind;
  switch (window.kind) {
    case TimeWindow::Kind::kEver:
      break;
    case TimeWindow::Kind::kWithin:
      if (!CheckSpan(at, window.span_ms, 1, part, fault)) return false;
      expected.span_ms = window.span_ms;
      break;
    case TimeWindow::Kind::kLast:
    case TimeWindow::Kind::kPast:
      if (window.unit > CalendarUnit::kYear)
        return fault->Fail(at, part,
                           "a window is of hours, days, weeks, months, quarters or years");
      if (window.count < 1 || window.count > kMaxWindowCount)
        return fault->Fail(at, part, "a window is of 1 to 10,000 units");
      expected.unit = window.unit;
      expected.count = window.count;
      break;
    case TimeWindow::Kind::kBetween:
      if (!CheckBetween(at, window, part, fault)) return false;
      expected.from_ms = window.from_ms;
      expected.to_ms = window.to_ms;
      break;
    default:
      return fault->Fail(at, part, "a window is of a kind that this library does not know");
  }
  return window == expected ||
         fault->Fail(at, part, "a window has fields of another kind of window");
}

bool CheckAnniversaryUnit(const Expression& at, FirstFault* fault) {
  // No anniversary lies in an hour: it is a day.
  const TimeWindow& window = at.window;
  TimeWindow expected;
  expected.kind = TimeWindow::Kind::kLast;
  expected.unit = window.unit;
  const bool is_unit = window.unit > CalendarUnit::kHour && window.unit <= CalendarUnit::kYear;
  return (is_unit && window == expected) ||
         fault->Fail(at, "window", "`anniversary of` is in this day, week, month, quarter or year");
}

}  // namespace polyonym::segment
