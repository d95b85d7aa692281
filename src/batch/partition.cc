#include <algorithm>
#include <string>
#include <utility>

#include "batch/rows.h"

namespace polyonym::batch {

Partition PartitionOf(const Nodes& nodes, std::span<const std::uint32_t> group,
                      std::uint32_t groups) {
  Partition partition;
  partition.groups.resize(groups);
  for (std::size_t node = 0; node < group.size(); ++node) {
    if (group[node] == kNone) continue;
    const Text& text = nodes.texts[node];
    partition.groups[group[node]].push_back(
        {nodes.namespaces[text.kind], std::string(text.view())});
  }
  for (std::vector<Identifier>& members : partition.groups) {
    std::sort(members.begin(), members.end());
    // Two lives of one value may be one person's.
    members.erase(std::unique(members.begin(), members.end()), members.end());
  }
  std::sort(partition.groups.begin(), partition.groups.end());
  return partition;
}

}  // namespace polyonym::batch
