// value_text.h - values of facts where a column has no type for them: as JSON, as a number.
#ifndef POLYONYM_PYTHON_VALUE_TEXT_H_
#define POLYONYM_PYTHON_VALUE_TEXT_H_

#include <map>
#include <optional>
#include <string>

#include "polyonym/model/facts.h"

namespace polyonym::python {

// A JSON object: text, numbers, flags and lists as JSON has them, money as {"minor_units": 1999, "currency": "CNY"}, instants and dates as
// ToText() writes them. Empty where there is none.
std::string ToJson(const std::map<std::string, Value>& properties);

// Numbers as they are, money in minor units, instants in milliseconds since 1970, flags 0 or 1; else none.
std::optional<double> NumberOf(const Value& value);

}  // namespace polyonym::python

#endif  // POLYONYM_PYTHON_VALUE_TEXT_H_
