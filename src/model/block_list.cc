#include "model/block_list.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace polyonym {
namespace {

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsBlank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && IsBlank(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsBlank(text.back())) text.remove_suffix(1);
  return text;
}

bool EqualsIgnoringCase(std::string_view text, std::string_view lower) {
  return text.size() == lower.size() && std::equal(text.begin(), text.end(), lower.begin(),
                                                   [](char a, char b) { return Lower(a) == b; });
}

// What programs write where a value is missing.
constexpr std::string_view kMissing[] = {
    "null",      "(null)", "undefined",       "none",  "nil",  "nan",   "n/a", "#n/a", "unknown",
    "anonymous", "-1",     "[object object]", "false", "true", "unset", "\\n", "未知", "无",
    "空"};

// Numbers from documentation, tests and forms, by their digits.
constexpr std::string_view kTestPhones[] = {"13800138000",   "8613800138000", "12345678901",
                                            "8612345678901", "13812345678",   "8613812345678",
                                            "1234567890",    "0123456789"};

// The lengths of those that begin with a byte, a bit each: nearly every value ends here.
constexpr auto kMissingLengths = [] {
  std::array<std::uint32_t, 256> lengths{};
  for (const std::string_view word : kMissing) {
    const char first = word.front();
    for (const char c :
         {first, first >= 'a' && first <= 'z' ? static_cast<char>(first - 'a' + 'A') : first})
      lengths[static_cast<unsigned char>(c)] |= std::uint32_t{1} << word.size();
  }
  return lengths;
}();

bool IsMissing(std::string_view text) {
  if (text.size() > 31 ||
      (kMissingLengths[static_cast<unsigned char>(text.front())] >> text.size() & 1) == 0)
    return false;
  return std::any_of(std::begin(kMissing), std::end(kMissing),
                     [&](std::string_view word) { return EqualsIgnoringCase(text, word); });
}

// 0, 0000-0000, 00000000-0000-0000-0000-000000000000
bool IsAllZeros(std::string_view text) {
  bool zero = false;
  for (const char c : text) {
    if (c == '0') {
      zero = true;
    } else if (c != '-' && c != '.' && c != ':' && c != ' ') {
      return false;
    }
  }
  return zero;
}

// 138****1234, 138****, a***@example.com: exports with the middle hidden.
bool IsMasked(std::string_view text) {
  return text.find('*') != std::string_view::npos && text.find("**") != std::string_view::npos;
}

// 1.38E+10: a spreadsheet's idea of a phone number.
bool IsScientific(std::string_view text) {
  if (text.find('+', 1) == std::string_view::npos) return false;
  std::size_t e = 0;  // where the digits in front end
  while (e < text.size() && (IsDigit(text[e]) || text[e] == '.')) ++e;
  if (e == 0 || e + 2 >= text.size() || Lower(text[e]) != 'e' || text[e + 1] != '+') return false;
  return std::all_of(text.begin() + static_cast<std::ptrdiff_t>(e) + 2, text.end(), IsDigit);
}

bool IsTestPhone(std::string_view text) {
  std::array<char, 16> digits{};
  std::size_t n = 0;
  for (const char c : text) {
    if (!IsDigit(c)) continue;
    if (n == digits.size()) return false;
    digits[n++] = c;
  }
  const std::string_view number(digits.data(), n);
  if (std::find(std::begin(kTestPhones), std::end(kTestPhones), number) != std::end(kTestPhones))
    return true;
  // 11111111111, +86 111…: nothing but one digit; 13900000000: seven zeros at the end. (13888888888 is somebody's, and dear.)
  const std::string_view national = number.starts_with("86") ? number.substr(2) : number;
  if (national.size() < 7) return false;
  const std::string_view end =
      national.back() == '0' ? national.substr(national.size() - 7) : national;
  return std::all_of(end.begin(), end.end(), [&](char c) { return c == national.back(); });
}

}  // namespace

bool IsPlaceholder(std::string_view raw_value, Normaliser normaliser) {
  const std::string_view text = Trimmed(raw_value);
  if (text.empty() || IsMissing(text) || IsAllZeros(text) || IsMasked(text) || IsScientific(text))
    return true;
  return normaliser == Normaliser::kPhone && IsTestPhone(text);
}

}  // namespace polyonym
