// groups.h - a partition as it is printed: members in bytewise order of their text, groups by their first member.
#ifndef POLYONYM_EXAMPLES_POLYONYM_GROUPS_H_
#define POLYONYM_EXAMPLES_POLYONYM_GROUPS_H_

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "json.h"
#include "output.h"
#include "polyonym/batch/resolve.h"
#include "polyonym/engine/moment.h"
#include "polyonym/engine/view.h"

namespace polyonym::driver {

struct Group {
  std::vector<std::string> members;  // sorted
  std::optional<ProfileId> profile;
  friend bool operator<(const Group& a, const Group& b) { return a.members < b.members; }
};
using Groups = std::vector<Group>;  // sorted

struct GroupsToPrint {
  bool ids = false;
  std::size_t min_size = 1;
  std::size_t largest = 0;  // 0: all, in order. Else that many, the largest first
};

// Texts of identifiers, sorted.
std::vector<std::string> TextsOf(std::span<const Identifier> identifiers);

// For tables: of more than three of them their number.
Json Shortened(std::vector<std::string> texts);

Groups GroupsOf(const View& view, std::size_t min_size = 1);
Groups GroupsOf(const Moment& moment, std::size_t min_size = 1);
Groups GroupsOf(const batch::Partition& partition, std::size_t min_size = 1);

void PrintGroups(Groups groups, const GroupsToPrint& options, Output* out);

}  // namespace polyonym::driver

#endif  // POLYONYM_EXAMPLES_POLYONYM_GROUPS_H_
