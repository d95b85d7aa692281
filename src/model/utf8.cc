#include "model/utf8.h"

#include <unicode/utf8.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace polyonym {

bool IsAscii(std::string_view text) {
  constexpr std::uint64_t kHighBits = 0x8080808080808080u;
  const char* at = text.data();
  std::size_t left = text.size();
  std::uint64_t any = 0, word = 0;
  for (; left >= 8; at += 8, left -= 8) {
    std::memcpy(&word, at, 8);
    any |= word;
  }
  for (; left > 0; ++at, --left) any |= static_cast<unsigned char>(*at);
  return (any & kHighBits) == 0;
}

bool IsUtf8(std::string_view text) {
  if (IsAscii(text)) return true;
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  const auto length = static_cast<std::int64_t>(text.size());
  for (std::int64_t i = 0; i < length;) {
    UChar32 c = 0;
    U8_NEXT(bytes, i, length, c);
    if (c < 0) return false;
  }
  return true;
}

}  // namespace polyonym
