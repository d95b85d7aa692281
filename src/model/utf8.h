// model/utf8.h - whether bytes are UTF-8.
#ifndef POLYONYM_SRC_MODEL_UTF8_H_
#define POLYONYM_SRC_MODEL_UTF8_H_

#include <string_view>

namespace polyonym {

// True for well-formed UTF-8 (Unicode 15, table 3-7): no overlong forms, no surrogates, nothing above U+10FFFF.
bool IsUtf8(std::string_view text);

// True when every byte is below 0x80.
bool IsAscii(std::string_view text);

}  // namespace polyonym

#endif  // POLYONYM_SRC_MODEL_UTF8_H_
