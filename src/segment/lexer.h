// segment/lexer.h - the words, signs and values that the text of an expression is made of.
//
// THREADS: thread-compatible.
#ifndef POLYONYM_SRC_SEGMENT_LEXER_H_
#define POLYONYM_SRC_SEGMENT_LEXER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "polyonym/model/facts.h"

namespace polyonym::segment {

struct Token {
  enum class Kind : std::uint8_t {
    kEnd,
    kError,    // no token: `quoted` says what was expected, `raw` is what was found
    kWord,     // a name, or a word of the language
    kQuoted,   // "text"
    kNumber,   // 30, 1.5, 1e-9; without a sign
    kDate,     // 2001-02-28, --02-29: not held against any calendar yet
    kInstant,  // 2026-11-28T09:00:00Z
    kSign,     // ( ) , ; = != < <= > >= + - * /
  };
  Kind kind = Kind::kEnd;
  std::size_t offset = 0;
  std::string_view raw;  // as it stands in the text
  std::string quoted;    // kQuoted: what it says
  Date date;             // kDate
  Instant instant;       // kInstant

  bool Is(std::string_view word_or_sign) const {
    return (kind == Kind::kWord || kind == Kind::kSign) && raw == word_or_sign;
  }
};

// The last is kEnd or kError, and no other is.
// REQUIRES: UTF-8 that outlives the tokens.  COST: linear.
std::vector<Token> Tokens(std::string_view text);

// Words of the language that are no names unless they are quoted: those that may stand beside a name.
bool IsReserved(std::string_view word);

// Whether a name can stand without quotes: letters of any script with their marks, digits, `_`, `.` and `$`, of which it begins with a letter,
// `_` or `$`; not reserved.
// COST: linear.
bool IsBareName(std::string_view name);

// `"a \"b\"\n"`: as it is read back. Control characters are escaped.
// COST: linear.
std::string Quote(std::string_view text);

// What was found, as errors say it. What may be somebody's is not repeated: texts in quotes, long numbers, dates.
std::string Describe(const Token& token);

}  // namespace polyonym::segment

#endif  // POLYONYM_SRC_SEGMENT_LEXER_H_
