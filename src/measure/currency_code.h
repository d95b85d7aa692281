// measure/currency_code.h - what may stand for a currency.
#ifndef POLYONYM_SRC_MEASURE_CURRENCY_CODE_H_
#define POLYONYM_SRC_MEASURE_CURRENCY_CODE_H_

#include <algorithm>
#include <string_view>

namespace polyonym {

// Three upper-case letters, as ISO 4217 has them; whether it has these is not asked.
inline bool IsCurrencyCode(std::string_view text) {
  return text.size() == 3 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

}  // namespace polyonym

#endif  // POLYONYM_SRC_MEASURE_CURRENCY_CODE_H_
