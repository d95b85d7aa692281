#include "groups.h"

#include <algorithm>
#include <utility>

namespace polyonym::driver {

std::vector<std::string> TextsOf(std::span<const Identifier> identifiers) {
  std::vector<std::string> texts;
  texts.reserve(identifiers.size());
  for (const Identifier& identifier : identifiers) texts.push_back(ToString(identifier));
  std::sort(texts.begin(), texts.end());
  return texts;
}

Json Shortened(std::vector<std::string> texts) {
  const std::size_t more = texts.size() > 3 ? texts.size() - 3 : 0;
  texts.resize(texts.size() - more);
  if (more > 0) texts.push_back("and " + std::to_string(more) + " more");
  return Json::ListFrom(texts);
}

namespace {

// Of a view or a moment.
template <class State>
Groups GroupsIn(const State& state, std::size_t min_size) {
  Groups groups;
  state.ForEachProfile([&](std::optional<ProfileId> id, std::span<const Identifier> members) {
    if (members.size() >= min_size) groups.push_back({TextsOf(members), id});
    return true;
  });
  std::sort(groups.begin(), groups.end());
  return groups;
}

}  // namespace

Groups GroupsOf(const View& view, std::size_t min_size) { return GroupsIn(view, min_size); }
Groups GroupsOf(const Moment& moment, std::size_t min_size) { return GroupsIn(moment, min_size); }

Groups GroupsOf(const batch::Partition& partition, std::size_t min_size) {
  Groups groups;
  for (const auto& members : partition.groups) {
    if (members.size() >= min_size) groups.push_back({TextsOf(members), std::nullopt});
  }
  std::sort(groups.begin(), groups.end());
  return groups;
}

void PrintGroups(Groups groups, const GroupsToPrint& options, Output* out) {
  if (options.largest != 0) {
    std::stable_sort(groups.begin(), groups.end(), [](const Group& a, const Group& b) {
      return a.members.size() > b.members.size();
    });
    groups.resize(std::min(groups.size(), options.largest));
  }
  for (const Group& group : groups) {
    Json row = Json::Object();
    if (options.ids) row.Set("profile", group.profile ? Json(ToString(*group.profile)) : Json());
    if (out->is_table()) row.Set("size", group.members.size());
    row.Set("members", Json::ListFrom(group.members));
    out->Row(std::move(row));
  }
  out->Note("\n" + FormatCount(groups.size()) + (groups.size() == 1 ? " group" : " groups"));
}

}  // namespace polyonym::driver
