#include "time_format.h"

#include <array>
#include <charconv>
#include <chrono>
#include <limits>

namespace polyonym::driver {

namespace {

constexpr std::int64_t kHourMs = 3'600'000;
constexpr std::int64_t kMinuteMs = 60'000;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsBlank(char c) { return c == ' ' || c == '\t'; }
char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

// What the conversions of a pattern find.
struct Parts {
  int year = 1970, month = 1, day = 1, hour = 0, minute = 0, second = 0;
  std::int64_t fraction_ms = 0;
  bool twelve_hours = false;
  std::optional<bool> afternoon;
  std::optional<std::int64_t> offset_ms;
};

// Takes conversions off the front of a text.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  bool done() const { return rest_.empty(); }
  void SkipBlanks() {
    while (!rest_.empty() && IsBlank(rest_.front())) rest_.remove_prefix(1);
  }
  bool Take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  // One to `digits` digits.
  bool Number(int digits, int low, int high, int* out) {
    int n = 0;
    int seen = 0;
    while (seen < digits && !rest_.empty() && IsDigit(rest_.front())) {
      n = n * 10 + (rest_.front() - '0');
      rest_.remove_prefix(1);
      ++seen;
    }
    *out = n;
    return seen > 0 && n >= low && n <= high;
  }
  bool Fraction(std::int64_t* ms) {
    int digits = 0;
    std::int64_t n = 0;
    while (digits < 9 && !rest_.empty() && IsDigit(rest_.front())) {
      if (digits < 3) n = n * 10 + (rest_.front() - '0');
      rest_.remove_prefix(1);
      ++digits;
    }
    for (int i = digits; i < 3; ++i) n *= 10;
    *ms = n;
    return digits > 0;
  }
  bool Word(std::string_view word) {
    if (rest_.size() < word.size()) return false;
    for (std::size_t i = 0; i < word.size(); ++i) {
      if (Lower(rest_[i]) != Lower(word[i])) return false;
    }
    rest_.remove_prefix(word.size());
    return true;
  }
  bool Month(int* month) {
    static constexpr std::array<std::string_view, 12> kMonths = {
        "january", "february", "march",     "april",   "may",      "june",
        "july",    "august",   "september", "october", "november", "december"};
    for (int i = 0; i < 12; ++i) {
      *month = i + 1;
      if (Word(kMonths[i]) || Word(kMonths[i].substr(0, 3))) return true;
    }
    return false;
  }
  bool Offset(std::optional<std::int64_t>* ms) {
    if (Take('Z') || Take('z')) {
      *ms = 0;
      return true;
    }
    const bool minus = Take('-');
    int hours = 0, minutes = 0;
    if ((!minus && !Take('+')) || !Number(2, 0, 23, &hours)) return false;
    const bool colon = Take(':');
    if ((colon || (!rest_.empty() && IsDigit(rest_.front()))) && !Number(2, 0, 59, &minutes))
      return false;
    *ms = (minus ? -1 : 1) * (hours * kHourMs + minutes * kMinuteMs);
    return true;
  }

 private:
  std::string_view rest_;
};

constexpr std::string_view kConversions = "YmdHMSyIpbBfz%";

bool Convert(char conversion, Scanner* in, Parts* out) {
  switch (conversion) {
    case 'Y':
      return in->Number(4, 0, 9999, &out->year);
    case 'm':
      return in->Number(2, 1, 12, &out->month);
    case 'd':
      return in->Number(2, 1, 31, &out->day);
    case 'H':
      return in->Number(2, 0, 23, &out->hour);
    case 'M':
      return in->Number(2, 0, 59, &out->minute);
    case 'S':
      return in->Number(2, 0, 60, &out->second);
    case 'f':
      return in->Fraction(&out->fraction_ms);
    case 'z':
      return in->Offset(&out->offset_ms);
    case '%':
      return in->Take('%');
    case 'b':
    case 'B':
      return in->Month(&out->month);
    case 'I':
      out->twelve_hours = true;
      return in->Number(2, 1, 12, &out->hour);
    case 'y': {
      if (!in->Number(2, 0, 99, &out->year)) return false;
      out->year += out->year >= 69 ? 1900 : 2000;
      return true;
    }
    case 'p': {
      const bool pm = in->Word("pm") || in->Word("下午");
      if (!pm && !in->Word("am") && !in->Word("上午")) return false;
      out->afternoon = pm;
      return true;
    }
    default:
      return false;
  }
}

// The wall clock's reading in milliseconds, as if it stood in UTC.
std::optional<std::int64_t> WallClock(const Parts& parts) {
  const std::chrono::year_month_day date{std::chrono::year(parts.year),
                                         std::chrono::month(static_cast<unsigned>(parts.month)),
                                         std::chrono::day(static_cast<unsigned>(parts.day))};
  if (!date.ok()) return std::nullopt;
  int hour = parts.hour;
  if (parts.twelve_hours) hour = hour % 12 + (parts.afternoon.value_or(false) ? 12 : 0);
  return std::int64_t{std::chrono::sys_days(date).time_since_epoch().count()} * 24 * kHourMs +
         hour * kHourMs + parts.minute * kMinuteMs + parts.second * 1000 + parts.fraction_ms;
}

std::optional<std::int64_t> ParseEpoch(std::string_view text, std::int64_t unit_ms) {
  std::int64_t whole = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), whole);
  if (error != std::errc() || end == text.data()) return std::nullopt;
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max() / 1001;
  if (whole > kMost || whole < -kMost) return std::nullopt;
  Scanner rest(text.substr(static_cast<std::size_t>(end - text.data())));
  std::int64_t fraction = 0;
  if (rest.Take('.') && !rest.Fraction(&fraction)) return std::nullopt;
  if (!rest.done()) return std::nullopt;
  return whole * unit_ms + (unit_ms == 1 ? 0 : (text.front() == '-' ? -fraction : fraction));
}

}  // namespace

absl::StatusOr<TimeFormat> TimeFormat::Compile(std::string_view format, std::string_view zone) {
  TimeFormat out;
  out.pattern_ = std::string(format);
  if (format.empty() || format == "rfc3339") {
    out.kind_ = Kind::kRfc3339;
  } else if (format == "epoch_seconds") {
    out.kind_ = Kind::kSeconds;
  } else if (format == "epoch_milliseconds") {
    out.kind_ = Kind::kMilliseconds;
  } else {
    out.kind_ = Kind::kPattern;
    bool converts = false;
    for (std::size_t i = 0; i < format.size(); ++i) {
      if (format[i] != '%') continue;
      if (++i == format.size() || kConversions.find(format[i]) == std::string_view::npos) {
        return absl::InvalidArgumentError(
            "format: unknown conversion; known are %Y %m %d %H %M %S %y %b %B %I %p %f %z %%");
      }
      converts |= format[i] != '%';
    }
    if (!converts) {
      return absl::InvalidArgumentError(
          "format: expected rfc3339, epoch_seconds, epoch_milliseconds or a pattern with %Y %m %d "
          "…");
    }
  }
  if (!zone.empty() && zone != "UTC") {
    out.zone_.reset(icu::TimeZone::createTimeZone(icu::UnicodeString::fromUTF8(std::string(zone))));
    if (*out.zone_ == icu::TimeZone::getUnknown()) {
      return absl::InvalidArgumentError("zone: not an IANA time zone; an example is Asia/Shanghai");
    }
  }
  return out;
}

std::optional<std::int64_t> TimeFormat::Parse(std::string_view text) const {
  if (kind_ == Kind::kSeconds) return ParseEpoch(text, 1000);
  if (kind_ == Kind::kMilliseconds) return ParseEpoch(text, 1);
  if (kind_ == Kind::kPattern) return ParsePattern(text, pattern_);
  const bool blank = text.size() > 10 && text[10] == ' ';
  const bool fraction = text.size() > 19 && text[19] == '.';
  if (text.size() > 10 && !blank && Lower(text[10]) != 't') return std::nullopt;
  std::string upper(text);
  if (upper.size() > 10 && !blank) upper[10] = 'T';
  const std::string pattern =
      std::string("%Y-%m-%d") + (blank ? " " : "T") + "%H:%M:%S" + (fraction ? ".%f" : "");
  if (auto time = ParsePattern(upper, pattern + "%z")) return time;
  return zone_ != nullptr ? ParsePattern(upper, pattern) : std::nullopt;
}

std::optional<std::int64_t> TimeFormat::ParsePattern(std::string_view text,
                                                     std::string_view pattern) const {
  Parts parts;
  Scanner in(text);
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (IsBlank(pattern[i])) {
      in.SkipBlanks();
    } else if (pattern[i] == '%') {
      if (!Convert(pattern[++i], &in, &parts)) return std::nullopt;
    } else if (!in.Take(pattern[i])) {
      return std::nullopt;
    }
  }
  in.SkipBlanks();
  const std::optional<std::int64_t> wall = WallClock(parts);
  if (!in.done() || !wall) return std::nullopt;
  if (parts.offset_ms) return *wall - *parts.offset_ms;
  if (zone_ == nullptr) return wall;
  std::int32_t raw = 0, saving = 0;
  UErrorCode error = U_ZERO_ERROR;
  zone_->getOffset(static_cast<UDate>(*wall), true, raw, saving, error);
  if (U_FAILURE(error)) return std::nullopt;
  return *wall - raw - saving;
}

}  // namespace polyonym::driver
