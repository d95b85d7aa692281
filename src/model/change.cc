#include "polyonym/model/change.h"

#include <cstddef>
#include <iterator>

namespace polyonym {

std::string_view ToString(ChangeKind kind) {
  constexpr std::string_view kNames[] = {"created", "merged",  "split", "moved", "joined",
                                         "gone",    "entered", "left",  "trait", "tag"};
  static_assert(std::size(kNames) == kChangeKinds);
  const auto index = static_cast<std::size_t>(kind);
  return index < std::size(kNames) ? kNames[index] : "unknown";
}

std::string_view ToString(Cause cause) {
  constexpr std::string_view kNames[] = {"unknown", "record",     "retraction", "act",
                                         "time",    "definition", "sharing",    "merge",
                                         "split",   "consent",    "erase"};
  const auto index = static_cast<std::size_t>(cause);
  return index < std::size(kNames) ? kNames[index] : "unknown";
}

}  // namespace polyonym
