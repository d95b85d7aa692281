#include "segment/check_values.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "model/utf8.h"

namespace polyonym::segment {
namespace {

constexpr std::int64_t kMinInstantMs = -62'167'219'200'000;        // 0000-01-01
constexpr std::int64_t kYear10000InstantMs = 253'402'300'800'000;  // of 10000-01-01
constexpr std::size_t kCurrencyLetters = 3;

bool IsCurrency(std::string_view currency) {
  return currency.size() == kCurrencyLetters &&
         std::all_of(currency.begin(), currency.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

struct Fault {
  std::string_view operator()(std::monostate) const { return "says nothing"; }
  std::string_view operator()(const std::string& text) const {
    return IsUtf8(text) ? "" : "is text that is not UTF-8";
  }
  std::string_view operator()(double number) const {
    return std::isfinite(number) ? "" : "is no finite number";
  }
  std::string_view operator()(bool) const { return ""; }
  std::string_view operator()(Instant instant) const {
    return IsInstant(instant.ms) ? "" : "is an instant beyond the years 0 to 9999";
  }
  std::string_view operator()(const Date& date) const {
    return IsDay(date) ? "" : "is a date that its calendar has not";
  }
  std::string_view operator()(const ValueList&) const {
    return "is a list, which stands behind `in` alone";
  }
  std::string_view operator()(std::int64_t) const { return ""; }
  std::string_view operator()(const Money& money) const {
    return IsCurrency(money.currency)
               ? ""
               : "is money without an ISO 4217 code of three capitals, such as CNY";
  }
};

}  // namespace

bool IsInstant(std::int64_t ms) { return ms >= kMinInstantMs && ms < kYear10000InstantMs; }

std::string_view FaultOfLiteral(const Value& value) { return std::visit(Fault{}, value.is); }

}  // namespace polyonym::segment
