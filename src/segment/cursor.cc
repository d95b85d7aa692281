#include "segment/cursor.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "polyonym/segment/text.h"

namespace polyonym::segment {

const Token& Cursor::Ahead(std::size_t count) const {
  return tokens_[std::min(at_ + count, tokens_.size() - 1)];
}

const Token& Cursor::Advance() {
  const Token& token = Now();
  if (at_ + 1 < tokens_.size()) ++at_;
  return token;
}

bool Cursor::Take(std::string_view word_or_sign) {
  if (!Is(word_or_sign)) return false;
  Advance();
  return true;
}

bool Cursor::Expect(std::string_view word_or_sign) {
  return Take(word_or_sign) || Fail(absl::StrCat("\"", std::string(word_or_sign), "\""));
}

bool Cursor::ExpectClosing() { return Take(")") || Fail("an operator or \")\""); }

bool Cursor::Fail(const Token& token, std::string_view expected) {
  return FailAt(token.offset, token.kind == Token::Kind::kError ? token.quoted : expected,
                Describe(token));
}

bool Cursor::FailAt(std::size_t offset, std::string_view expected, std::string_view found) {
  error_ = absl::InvalidArgumentError(absl::StrCat(PlaceIn(text_, offset), ": expected ",
                                                   std::string(expected), "; found ",
                                                   std::string(found)));
  return false;
}

}  // namespace polyonym::segment
