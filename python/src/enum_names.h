// enum_names.h - enums of the library by their names.
#ifndef POLYONYM_PYTHON_ENUM_NAMES_H_
#define POLYONYM_PYTHON_ENUM_NAMES_H_

#include <cstddef>
#include <string>
#include <vector>

#include "calls.h"

namespace polyonym::python {

// The values with these names, of enums that count from `first` up to, and without, `end`, and that ToString() names.
// RAISES: InvalidArgument, which names the argument and all names that there are.
template <class Enum>
std::vector<Enum> EnumsOf(const std::vector<std::string>& names, std::size_t first, std::size_t end,
                          const char* what) {
  std::vector<Enum> values;
  for (const std::string& name : names) {
    std::size_t i = first;
    while (i < end && ToString(static_cast<Enum>(i)) != name) ++i;
    if (i == end) {
      std::string known;
      for (std::size_t k = first; k < end; ++k)
        known.append(k == first ? "" : ", ").append(ToString(static_cast<Enum>(k)));
      RaiseInvalid(std::string(what) + ": must be of " + known);
    }
    values.push_back(static_cast<Enum>(i));
  }
  return values;
}

}  // namespace polyonym::python

#endif  // POLYONYM_PYTHON_ENUM_NAMES_H_
