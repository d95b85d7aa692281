// identity/rule.h - the rule, all at once: from ranked links to groups.
//
// The definition of docs/rule.md section 5 over plain arrays. Use it for a batch, and to check what identity/resolver.h keeps
// link by link.
//
// THREADS: thread-compatible.  COST: a sort of the links, then near-linear.
#ifndef POLYONYM_IDENTITY_RULE_H_
#define POLYONYM_IDENTITY_RULE_H_

#include <algorithm>
#include <cstdint>
#include <vector>

#include "polyonym/identity/group.h"
#include "polyonym/identity/limits.h"
#include "polyonym/identity/rank.h"

namespace polyonym::identity {

// Takes `links` strongest first and joins groups unless `limits` forbid; returns for each of `nodes` nodes (0, 1, …) the number
// of its group: a member of it, the same for all members. Sorts `links`. `facts` as for MayJoin(), and
// NodeBefore(x, y), the order by namespace and value.
template <class Facts>
std::vector<Node> RunRule(std::uint32_t nodes, std::vector<RankedLink>& links, const Limits& limits,
                          const Facts& facts) {
  const auto before = [&](Node x, Node y) { return facts.NodeBefore(x, y); };
  std::sort(links.begin(), links.end(),
            [&](const RankedLink& a, const RankedLink& b) { return TakenBefore(a, b, before); });
  RunningGroups groups;
  for (Node node = 0; node < nodes; ++node)
    groups.Add(node, limits.kinds[facts.KindOf(node)], facts.HasApart(node));
  const auto local_of = [](Node node) { return node; };
  for (const RankedLink& link : links) {
    const std::uint32_t a = groups.Find(link.u);
    const std::uint32_t b = groups.Find(link.v);
    if (a != b && MayJoin(limits, facts, RunningGroup(groups, a, local_of),
                          RunningGroup(groups, b, local_of))) {
      groups.Join(a, b, link.key);
    }
  }
  std::vector<Node> group_of(nodes);
  for (Node node = 0; node < nodes; ++node) group_of[node] = groups.Find(node);
  return group_of;
}

}  // namespace polyonym::identity

#endif  // POLYONYM_IDENTITY_RULE_H_
