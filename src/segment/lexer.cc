#include "segment/lexer.h"

#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>

#include "absl/strings/str_format.h"
#include "model/timestamp.h"

namespace polyonym::segment {
namespace {

constexpr std::string_view kReserved[] = {
    "among", "and",     "any", "contains", "directly", "ends", "from", "in",
    "is",    "matches", "no",  "not",      "now",      "of",   "or",   "tag",
    "then",  "starts",  "to",  "where",    "within",   "yes"};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool IsControl(char c) { return (static_cast<unsigned char>(c) < 0x20) || c == 0x7F; }

// The character at `at`, which is left behind it.
// REQUIRES: UTF-8, and at < text.size().
UChar32 NextCharacter(std::string_view text, std::size_t* at) {
  UChar32 c = 0;
  auto i = static_cast<std::int64_t>(*at);
  U8_NEXT_UNSAFE(text.data(), i, c);
  *at = static_cast<std::size_t>(i);
  return c;
}

bool BeginsName(UChar32 c) {
  return c == '_' || c == '$' || u_hasBinaryProperty(c, UCHAR_ALPHABETIC) != 0;
}

// Marks belong to the letter before them, as the vowels of Hindi do.
bool ContinuesName(UChar32 c) {
  const bool mark = (U_GET_GC_MASK(c) & (U_GC_MN_MASK | U_GC_MC_MASK)) != 0;
  return BeginsName(c) || mark || c == '.' || u_isdigit(c) != 0;
}

// Bytes of the name that `text` begins with.
std::size_t NameLength(std::string_view text) {
  std::size_t end = 0;
  while (end < text.size()) {
    std::size_t next = end;
    const UChar32 c = NextCharacter(text, &next);
    if (end == 0 ? !BeginsName(c) : !ContinuesName(c)) break;
    end = next;
  }
  return end;
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  std::vector<Token> All() {
    std::vector<Token> tokens;
    do {
      tokens.push_back(Next());
    } while (tokens.back().kind != Token::Kind::kEnd && tokens.back().kind != Token::Kind::kError);
    return tokens;
  }

 private:
  using Kind = Token::Kind;

  // The byte `ahead` of the place, or 0.
  char Peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  bool At(std::string_view part) const { return text_.substr(at_).starts_with(part); }

  Token Next() {
    SkipBlank();
    begin_ = at_;
    if (at_ == text_.size()) return Made(Kind::kEnd);
    if (Peek() == '"') return Quoted();
    if (At("--") && IsDigit(Peek(2))) return DateOrInstant();
    if (IsDigit(Peek())) {
      const bool four_digits = IsDigit(Peek(1)) && IsDigit(Peek(2)) && IsDigit(Peek(3));
      if (four_digits && Peek(4) == '-' && IsDigit(Peek(5))) return DateOrInstant();
      return Number();
    }
    if (const std::size_t length = NameLength(text_.substr(at_)); length > 0) {
      at_ += length;
      return Made(Kind::kWord);
    }
    return Sign();
  }

  void SkipBlank() {
    for (; at_ < text_.size(); ++at_) {
      if (Peek() == '#') at_ = std::min(text_.find('\n', at_), text_.size());
      if (!IsSpace(Peek())) return;
    }
  }

  Token Made(Kind kind) const {
    Token token;
    token.kind = kind;
    token.offset = begin_;
    token.raw = text_.substr(begin_, at_ - begin_);
    return token;
  }

  // `length` bytes from `at_` on are what was found.
  Token Wrong(std::string expected, std::size_t length) {
    begin_ = at_;
    at_ = std::min(at_ + length, text_.size());
    Token token = Made(Kind::kError);
    token.quoted = std::move(expected);
    return token;
  }

  Token WrongCharacter(std::string expected) {
    std::size_t end = at_;
    if (end < text_.size()) NextCharacter(text_, &end);
    return Wrong(std::move(expected), end - at_);
  }

  Token Sign() {
    for (const std::string_view sign : {"!=", "<=", ">="}) {
      if (!At(sign)) continue;
      at_ += sign.size();
      return Made(Kind::kSign);
    }
    if (Peek() == '!') return WrongCharacter("!= or not");
    if (std::string_view("(),;=<>+-*/").find(Peek()) == std::string_view::npos)
      return WrongCharacter("a word, a value or a sign");
    ++at_;
    return Made(Kind::kSign);
  }

  Token Number() {
    const auto digits = [this] {
      while (IsDigit(Peek())) ++at_;
    };
    digits();
    if (Peek() == '.' && IsDigit(Peek(1))) {
      ++at_;
      digits();
    }
    const bool sign = Peek(1) == '+' || Peek(1) == '-';
    if ((Peek() == 'e' || Peek() == 'E') && IsDigit(Peek(sign ? 2 : 1))) {
      at_ += sign ? 2 : 1;
      digits();
    }
    return Made(Kind::kNumber);
  }

  // Exactly `count` digits.
  std::optional<std::int32_t> Digits(std::size_t count) {
    std::int32_t number = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (!IsDigit(Peek(i))) return std::nullopt;
      number = number * 10 + (Peek(i) - '0');
    }
    at_ += count;
    return number;
  }

  bool Take(char c) {
    if (Peek() != c) return false;
    ++at_;
    return true;
  }

  // The whole of a run of signs and digits that is no date or instant.
  Token WrongDay(std::string expected) {
    at_ = begin_;
    std::size_t length = 0;
    while (IsDigit(Peek(length)) || Peek(length) == '-' || Peek(length) == ':' ||
           Peek(length) == '.' || Peek(length) == '+' || Peek(length) == 'T' || Peek(length) == 'Z')
      ++length;
    return Wrong(std::move(expected), length);
  }

  Token DateOrInstant() {
    static constexpr std::string_view kExpected =
        "a date such as 2001-02-28 or --02-28, or an instant";
    Date date;
    if (!At("--")) date.year = Digits(4);
    if (!date.year) ++at_;
    const bool dash = Take('-');
    const auto month = Digits(2);
    const bool second_dash = Take('-');
    const auto day = Digits(2);
    if (!dash || !month || !second_dash || !day || IsDigit(Peek()))
      return WrongDay(std::string(kExpected));
    date.month = *month;
    date.day = *day;
    if (date.year && Peek() == 'T') return InstantOnDay();
    Token token = Made(Kind::kDate);
    token.date = date;
    return token;
  }

  // On a day of four digits, behind which a T stands. Stricter than ParseTimestamp(), so that what
  // is read is written back as it is: at most three digits behind the point, no leap second,
  // capitals.
  Token InstantOnDay() {
    static constexpr std::string_view kExpected =
        "an instant such as 2026-11-28T09:00:00Z or 2026-11-28T17:00:00.250+08:00";
    constexpr std::size_t kDecimals = std::string_view("2026-11-28T09:00:00").size();
    constexpr std::size_t kOffset = std::string_view("+08:00").size(), kMaxDecimals = 3;
    at_ = std::min(begin_ + kDecimals, text_.size());
    const bool leaps = text_.substr(begin_, at_ - begin_).ends_with(":60");
    std::size_t decimals = 0;
    if (Take('.')) {
      for (; IsDigit(Peek()); ++at_) ++decimals;
    }
    if (Peek() == '+' || Peek() == '-') {
      at_ = std::min(at_ + kOffset, text_.size());
    } else if (!Take('Z')) {
      return WrongDay(std::string(kExpected));
    }
    const auto ms = ParseTimestamp(text_.substr(begin_, at_ - begin_));
    if (!ms || leaps || decimals > kMaxDecimals) return WrongDay(std::string(kExpected));
    Token token = Made(Kind::kInstant);
    token.instant.ms = *ms;
    // An offset may lead out of the years of four digits, and there is no text for what lies there.
    if (ToText(Value{token.instant}).ends_with(" ms")) return WrongDay("a year from 0000 to 9999");
    return token;
  }

  Token Quoted() {
    std::string says;
    ++at_;
    while (at_ < text_.size() && Peek() != '"') {
      if (Peek() == '\n') return Wrong("\" on the line where the text begins, or \\n", 1);
      if (Peek() != '\\') {
        says += text_[at_++];
        continue;
      }
      const std::size_t escape = at_++;
      if (!TakeEscape(&says)) {
        std::size_t end = escape + 1;
        if (end < text_.size()) NextCharacter(text_, &end);
        at_ = escape;
        return Wrong("one of \\\" \\\\ \\n \\t \\u{1F600}", end - escape);
      }
    }
    if (!Take('"')) return Wrong("\" at the end of the text", 0);
    Token token = Made(Kind::kQuoted);
    token.quoted = std::move(says);
    return token;
  }

  // What follows a backslash.
  bool TakeEscape(std::string* says) {
    static constexpr std::string_view kMarks = "\"\\nt", kMeant = "\"\\\n\t";
    const std::size_t mark = at_ < text_.size() ? kMarks.find(Peek()) : std::string_view::npos;
    if (mark != std::string_view::npos) {
      ++at_;
      *says += kMeant[mark];
      return true;
    }
    if (!Take('u') || !Take('{')) return false;
    UChar32 c = 0;
    int digits = 0;
    for (; u_digit(static_cast<unsigned char>(Peek()), 16) >= 0 && digits < 6; ++digits, ++at_)
      c = c * 16 + u_digit(static_cast<unsigned char>(Peek()), 16);
    if (digits == 0 || !Take('}') || c > 0x10FFFF || U_IS_SURROGATE(c)) return false;
    std::array<char, 4> bytes{};
    std::size_t size = 0;
    U8_APPEND_UNSAFE(bytes.data(), size, c);
    says->append(bytes.data(), size);
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t begin_ = 0;
};

}  // namespace

std::vector<Token> Tokens(std::string_view text) { return Lexer(text).All(); }

bool IsReserved(std::string_view word) {
  return std::find(std::begin(kReserved), std::end(kReserved), word) != std::end(kReserved);
}

bool IsBareName(std::string_view name) {
  return !name.empty() && NameLength(name) == name.size() && !IsReserved(name);
}

std::string Quote(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted += {'\\', c};
    } else if (c == '\n') {
      quoted += "\\n";
    } else if (c == '\t') {
      quoted += "\\t";
    } else if (IsControl(c)) {
      absl::StrAppendFormat(&quoted, "\\u{%X}", static_cast<unsigned>(c));
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}

std::string Describe(const Token& token) {
  constexpr std::size_t kMaxShown = 40, kMaxDigits = 6;
  const std::string_view raw = token.raw;
  if (token.kind == Token::Kind::kQuoted) return "a text in quotes";
  if (token.kind == Token::Kind::kNumber && raw.size() > kMaxDigits) return "a long number";
  if (token.kind == Token::Kind::kDate) return "a date";
  if (token.kind == Token::Kind::kInstant) return "an instant";
  if (raw.empty()) return "the end";
  if (raw == "\n") return "the end of the line";
  std::string shown = "\"";
  for (std::size_t at = 0, next = 0; at < raw.size(); at = next) {
    const UChar32 c = NextCharacter(raw, &next);
    // What cannot be seen is named by its number.
    if (u_isgraph(c) == 0) return absl::StrFormat("U+%04X", static_cast<unsigned>(c));
    if (next > kMaxShown) return shown + "...\"";
    shown += raw.substr(at, next - at);
  }
  return shown + "\"";
}

}  // namespace polyonym::segment
