// model/currency.h - the minor units of currencies.
#ifndef POLYONYM_SRC_MODEL_CURRENCY_H_
#define POLYONYM_SRC_MODEL_CURRENCY_H_

#include <string_view>

namespace polyonym {

// Digits after the point: 2 of CNY, 0 of JPY, 3 of KWD. Of a currency that ISO 4217 does not know, 2.
// `currency`: three upper-case letters.  COST: a short search.  THREADS: safe.
int DecimalsOf(std::string_view currency);

}  // namespace polyonym

#endif  // POLYONYM_SRC_MODEL_CURRENCY_H_
