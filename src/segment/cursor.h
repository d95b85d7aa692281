// segment/cursor.h - where a reader stands in the text of an expression, and how it says what is wrong there.
//
// THREADS: thread-compatible.
#ifndef POLYONYM_SRC_SEGMENT_CURSOR_H_
#define POLYONYM_SRC_SEGMENT_CURSOR_H_

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "segment/lexer.h"

namespace polyonym::segment {

class Cursor {
 public:
  // REQUIRES: UTF-8 that outlives the cursor.
  explicit Cursor(std::string_view text) : text_(text), tokens_(Tokens(text)) {}

  const Token& Now() const { return Ahead(0); }
  // Beyond the end there is the end.
  const Token& Ahead(std::size_t count) const;
  bool Is(std::string_view word_or_sign) const { return Now().Is(word_or_sign); }

  // The token that stood here.
  const Token& Advance();
  // Whether the word or sign stood here; only then it is taken.
  bool Take(std::string_view word_or_sign);
  // The same, and the error where it did not.
  bool Expect(std::string_view word_or_sign);
  bool ExpectClosing();

  // The error: what was expected, at a token or, the first, at the one here; false. Where the token is an error itself, it has its own say.
  bool Fail(std::string_view expected) { return Fail(Now(), expected); }
  bool Fail(const Token& token, std::string_view expected);
  bool FailAt(std::size_t offset, std::string_view expected, std::string_view found);
  const absl::Status& error() const { return error_; }

 private:
  std::string_view text_;
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  absl::Status error_;
};

}  // namespace polyonym::segment

#endif  // POLYONYM_SRC_SEGMENT_CURSOR_H_
