#include "model/normalise.h"

#include <phonenumbers/phonenumberutil.h>
#include <unicode/bytestream.h>
#include <unicode/casemap.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <cstdint>

#include "model/utf8.h"

namespace polyonym {
namespace {

using i18n::phonenumbers::PhoneNumber;
using i18n::phonenumbers::PhoneNumberUtil;

constexpr std::size_t kMaxPhoneBytes = 64;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsAsciiBlank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
char AsciiLower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Code points that text may begin or end with and not mean: white space, and the marks that copying leaves behind.
bool IsTrimmed(UChar32 c) {
  return u_isUWhiteSpace(c) != 0 || c == 0xFEFF || (c >= 0x200B && c <= 0x200F);
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && IsAsciiBlank(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsAsciiBlank(text.back())) text.remove_suffix(1);
  if (text.empty() || IsAscii(text)) return text;
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  auto end = static_cast<std::int32_t>(text.size());
  std::int32_t begin = 0;
  for (std::int32_t next = begin; next < end; begin = next) {
    UChar32 c = 0;
    U8_NEXT(bytes, next, end, c);
    if (!IsTrimmed(c)) break;
  }
  for (std::int32_t last = end; last > begin; end = last) {
    UChar32 c = 0;
    U8_PREV(bytes, begin, last, c);
    if (!IsTrimmed(c)) break;
  }
  return text.substr(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin));
}

bool LowerCase(std::string_view text, std::string* out) {
  if (IsAscii(text)) {
    out->assign(text);
    std::transform(out->begin(), out->end(), out->begin(), AsciiLower);
    return !out->empty();
  }
  UErrorCode error = U_ZERO_ERROR;
  out->clear();
  icu::StringByteSink<std::string> sink(out);
  icu::CaseMap::utf8ToLower("", 0,
                            icu::StringPiece(text.data(), static_cast<std::int32_t>(text.size())),
                            sink, nullptr, error);
  return U_SUCCESS(error) && !out->empty();
}

// NFKC, which also folds full and half width.
bool Compose(std::string_view text, std::string* out) {
  if (IsAscii(text)) {
    out->assign(text);
    return true;
  }
  UErrorCode error = U_ZERO_ERROR;
  const icu::Normalizer2* nfkc = icu::Normalizer2::getNFKCInstance(error);
  if (U_FAILURE(error)) return false;
  out->clear();
  icu::StringByteSink<std::string> sink(out);
  nfkc->normalizeUTF8(0, icu::StringPiece(text.data(), static_cast<std::int32_t>(text.size())),
                      sink, nullptr, error);
  return U_SUCCESS(error);
}

// Trims, and turns inner runs of white space into one blank.
void FoldBlanks(std::string* text) {
  std::string folded;
  folded.reserve(text->size());
  const std::string_view trimmed = Trim(*text);
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(trimmed.data());
  const auto length = static_cast<std::int32_t>(trimmed.size());
  bool blank = false;
  for (std::int32_t i = 0; i < length;) {
    const std::int32_t start = i;
    UChar32 c = 0;
    U8_NEXT(bytes, i, length, c);
    if (c >= 0 && u_isUWhiteSpace(c) != 0) {
      blank = true;
      continue;
    }
    if (blank) folded.push_back(' ');
    blank = false;
    folded.append(
        trimmed.substr(static_cast<std::size_t>(start), static_cast<std::size_t>(i - start)));
  }
  *text = std::move(folded);
}

bool NormaliseText(std::string_view value, std::string* out) {
  if (!Compose(value, out)) return false;
  FoldBlanks(out);
  return !out->empty();
}

bool NormaliseEmail(std::string_view value, std::string* out) {
  std::string composed, lower;
  // Lower case may leave what composes further: composed again, so that a normal form is its own.
  if (!Compose(Trim(value), &composed) || !LowerCase(Trim(composed), &lower) ||
      !Compose(lower, out))
    return false;
  const std::size_t at = out->find('@');
  if (at == 0 || at == std::string::npos || at + 1 == out->size() ||
      out->find('@', at + 1) != std::string::npos)
    return false;
  return std::none_of(out->begin(), out->end(), IsAsciiBlank);
}

// A mainland mobile number in one of its usual clean forms. 11 digits, 13 to 19 in front; ranges that libphonenumber takes for
// mobiles in every version: the test compares them.
bool IsChineseMobile(std::string_view digits) {
  return digits.size() == 11 && digits[0] == '1' && digits[1] >= '3' && digits[1] <= '9' &&
         std::all_of(digits.begin(), digits.end(), IsDigit);
}

bool NormalisePhone(std::string_view region, std::string_view value, std::string* out) {
  const std::string_view text = Trim(value);
  if (text.starts_with("+86") && IsChineseMobile(text.substr(3))) {
    out->assign(text);
    return true;
  }
  if (region == "CN" && IsChineseMobile(text)) {
    out->assign("+86");
    out->append(text);
    return true;
  }
  return NormalisePhoneByLibrary(region, text, out);
}

}  // namespace

bool NormalisePhoneByLibrary(std::string_view region, std::string_view value, std::string* out) {
  const std::string_view text = Trim(value);
  if (text.empty() || text.size() > kMaxPhoneBytes) return false;
  const PhoneNumberUtil* util = PhoneNumberUtil::GetInstance();
  PhoneNumber number;
  const std::string default_region = region.empty() ? "ZZ" : std::string(region);
  if (util->Parse(std::string(text), default_region, &number) != PhoneNumberUtil::NO_PARSING_ERROR)
    return false;
  if (!util->IsPossibleNumber(number) || number.has_extension()) return false;
  out->clear();
  util->Format(number, PhoneNumberUtil::E164, out);
  // Some odd numbers read differently once written: they have no normal form.
  PhoneNumber again;
  std::string rewritten;
  if (util->Parse(*out, default_region, &again) != PhoneNumberUtil::NO_PARSING_ERROR) return false;
  util->Format(again, PhoneNumberUtil::E164, &rewritten);
  return rewritten == *out;
}

bool Normalise(Normaliser normaliser, std::string_view region, std::string_view value,
               std::string* out) {
  switch (normaliser) {
    case Normaliser::kExact:
      out->assign(value);
      return !out->empty();
    case Normaliser::kTrim:
      out->assign(Trim(value));
      return !out->empty();
    case Normaliser::kLowerCase:
      return LowerCase(Trim(value), out);
    case Normaliser::kText:
      return NormaliseText(value, out);
    case Normaliser::kPhone:
      return NormalisePhone(region, value, out);
    case Normaliser::kEmail:
      return NormaliseEmail(value, out);
  }
  return false;
}

bool NationalDigits(std::string_view e164, std::string* out) {
  if (e164.starts_with("+86") && e164.size() == 14 && e164[3] == '1') {  // as most are
    out->assign(e164.substr(3));
    return true;
  }
  const PhoneNumberUtil& library = *PhoneNumberUtil::GetInstance();
  PhoneNumber number;
  if (library.Parse(std::string(e164), "ZZ", &number) != PhoneNumberUtil::NO_PARSING_ERROR)
    return false;
  library.GetNationalSignificantNumber(number, out);
  return !out->empty();
}

}  // namespace polyonym
