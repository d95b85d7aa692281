// fact_words.h - the words that facts are told in: states of consent, directions of events.
#ifndef POLYONYM_PYTHON_FACT_WORDS_H_
#define POLYONYM_PYTHON_FACT_WORDS_H_

#include <string_view>

#include "polyonym/model/facts.h"

namespace polyonym::python {

constexpr std::string_view WordOf(ConsentState state) {
  switch (state) {
    case ConsentState::kGranted:
      return "granted";
    case ConsentState::kDenied:
      return "denied";
    case ConsentState::kWithdrawn:
      return "withdrawn";
    case ConsentState::kUnknown:
      break;
  }
  return "unknown";
}

// kUnknown where it is none of them.
constexpr ConsentState ConsentNamed(std::string_view word) {
  for (const ConsentState state :
       {ConsentState::kGranted, ConsentState::kDenied, ConsentState::kWithdrawn}) {
    if (word == WordOf(state)) return state;
  }
  return ConsentState::kUnknown;
}

// Empty where it is not known.
constexpr std::string_view WordOf(Direction direction) {
  return direction == Direction::kIn ? "in" : direction == Direction::kOut ? "out" : "";
}

// kUnknown where it is neither.
constexpr Direction DirectionNamed(std::string_view word) {
  return word == "in" ? Direction::kIn : word == "out" ? Direction::kOut : Direction::kUnknown;
}

}  // namespace polyonym::python

#endif  // POLYONYM_PYTHON_FACT_WORDS_H_
