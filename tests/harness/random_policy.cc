#include "harness/random_policy.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "polyonym/model/identifier.h"

namespace polyonym::harness {
namespace {

std::vector<Limit> RandomLimits(Random& random, bool scoped) {
  const std::uint32_t max = static_cast<std::uint32_t>(random.Between(1, 2));
  const std::int64_t window = random.Between(5, 40);
  if (scoped) {
    switch (random.Below(6)) {
      case 0:
        return {{1, true, 0}};
      case 1:
        return {{1, true, 0}, {2, false, 0}};
      case 2:
        return {{2, true, 0}};
      case 3:
        return {{max, true, window}};
      case 4:
        return {{max, false, 0}};
      default:
        return {};
    }
  }
  switch (random.Below(8)) {
    case 0:
    case 1:
    case 2:
      return {{1, false, 0}};
    case 3:
      return {{2, false, 0}};
    case 4:
      return {{max, false, window}};
    case 5:
      return {{1, false, window / 2 + 1}, {3, false, 0}};
    case 6:
      return {{3, false, 0}};
    default:
      return {};
  }
}

std::vector<Guard> RandomGuards(Random& random, const std::vector<std::string>& families) {
  if (random.Chance(65)) return {};
  std::vector<Guard> guards;
  const auto guard = [&] {
    std::string of = random.Chance(30) ? "" : random.Pick(families);
    if (of == "openid" && random.Chance(50)) of = "openid/wx1";
    const std::int64_t base = of.empty() ? 3 : 1;
    return Guard{of, static_cast<std::uint32_t>(random.Between(base, base + 2))};
  };
  guards.push_back(guard());
  if (random.Chance(25)) {
    Guard second = guard();
    if (second.of != guards[0].of) guards.push_back(second);
  }
  return guards;
}

std::vector<Derived> RandomDerived(Random& random, const std::string& family) {
  const std::string ns = family + (random.Chance(30) ? "/ads" : "");
  const Digest digest = random.Chance(50) ? Digest::kSha256 : Digest::kMd5;
  std::vector<Derived> derived = {{ns, digest, DigestOf::kNormalised}};
  if (random.Chance(25)) {
    const Digest other = digest == Digest::kMd5 ? Digest::kSha256 : Digest::kMd5;
    derived.push_back({family, other, DigestOf::kNormalised});
  }
  return derived;
}

void DropNamespace(std::string name, Policy* policy) {
  std::erase_if(policy->namespaces, [&](const NamespacePolicy& ns) { return ns.name == name; });
  for (NamespacePolicy& ns : policy->namespaces) {
    if (ns.parent == name) ns.parent.clear();
    std::erase_if(ns.derived, [&](const Derived& d) { return FamilyOf(d.ns) == name; });
  }
}

// Changes one thing that identity depends on, of the whole policy.
void ChangePolicy(Random& random, Policy* policy) {
  const NamespacePolicy& last = policy->namespaces.back();
  switch (random.Below(6)) {
    case 0:
      policy->ranking = static_cast<Ranking>(random.Below(3));
      break;
    case 1:
      policy->undeclared =
          random.Chance(50) ? Undeclared::kHoldRecord : Undeclared::kHoldIdentifier;
      break;
    case 2:
      policy->max_identifiers_per_profile = static_cast<std::uint32_t>(random.Below(8));
      break;
    case 3:
      policy->default_max_neighbours = static_cast<std::uint32_t>(random.Below(8));
      break;
    case 4:
      if (policy->namespaces.size() > 2)
        DropNamespace(policy->namespaces[random.Below(policy->namespaces.size())].name, policy);
      break;
    default:  // records name it
      if (last.name != "undeclared") {
        NamespacePolicy ns;
        ns.name = "undeclared";
        policy->namespaces.push_back(std::move(ns));
      }
  }
}

// Turns what a namespace derives on, off or to another digest.
void ChangeDerived(Random& random, Policy* policy, NamespacePolicy* ns) {
  if (!ns->derived.empty() && random.Chance(50)) return ns->derived.clear();
  std::vector<std::string> targets;
  for (const NamespacePolicy& other : policy->namespaces) {
    for (const Derived& derived : other.derived) {
      if (FamilyOf(derived.ns) == ns->name) return;  // what is derived derives nothing
    }
    if (&other != ns && other.derived.empty()) targets.push_back(other.name);
  }
  if (targets.empty()) return;
  const bool known = std::find(targets.begin(), targets.end(), kDigestFamily) != targets.end();
  ns->derived = RandomDerived(random, known ? kDigestFamily : random.Pick(targets));
}

// Changes one field of a namespace.
void ChangeNamespace(Random& random, Policy* policy, NamespacePolicy* ns) {
  std::vector<std::string> before;  // so that parents lead to no circle
  for (const NamespacePolicy& other : policy->namespaces) {
    if (&other == ns) break;
    before.push_back(other.name);
  }
  switch (random.Below(12)) {
    case 0:
      ns->priority = static_cast<std::uint32_t>(random.Between(1, 6));
      break;
    case 1:
      ns->limits = RandomLimits(random, ns->name == "openid");
      break;
    case 2:
      ns->guards = RandomGuards(random, before.empty() ? std::vector{ns->name} : before);
      break;
    case 3:
      ns->normaliser = random.Pick(
          std::vector<Normaliser>{Normaliser::kExact, Normaliser::kTrim, Normaliser::kLowerCase});
      break;
    case 4:
      ns->blocked_values = {"blocked", "v" + std::to_string(random.Below(8))};
      break;
    case 5:
      ns->blocked_patterns = {std::to_string(random.Below(8)) + " *$"};
      break;
    case 6:
      ns->valid_pattern = random.Chance(50) ? "" : "[0-4]";
      break;
    case 7:
      ns->builtin_blocks = !ns->builtin_blocks;
      break;
    case 8:
      ns->parent = before.empty() || random.Chance(40) ? "" : random.Pick(before);
      break;
    case 9:
      ns->link_lifetime_ms = random.Chance(35) ? 0 : random.Between(5, 60);
      break;
    case 10:
      ns->validity_ms = random.Chance(40) ? 0 : random.Between(6, 40);
      break;
    default:
      ChangeDerived(random, policy, ns);
  }
}

}  // namespace

Policy RandomPolicy(Random& random) {
  Policy policy;
  policy.name = "random";
  policy.ranking = static_cast<Ranking>(random.Below(3));
  policy.undeclared = random.Chance(50) ? Undeclared::kHoldRecord : Undeclared::kHoldIdentifier;
  policy.max_identifiers_per_profile =
      random.Pick(std::vector<std::uint32_t>{0, 3, 4, 6, 10'000, 10'000});
  policy.default_max_neighbours = random.Pick(std::vector<std::uint32_t>{0, 0, 4, 6, 1'000});
  std::vector<std::string> families = {"crm", "phone", "device", "cookie", "email"};
  random.Shuffle(&families);
  families.resize(static_cast<std::size_t>(random.Between(2, 5)));
  families.push_back("openid");
  if (random.Chance(50)) families.push_back(kDigestFamily);
  for (const std::string& name : families) {
    NamespacePolicy& ns = policy.namespaces.emplace_back();
    ns.name = name;
    ns.priority = static_cast<std::uint32_t>(random.Between(1, 6));
    ns.limits = RandomLimits(random, name == "openid");
    ns.guards = RandomGuards(random, families);
    ns.normaliser = random.Pick(std::vector<Normaliser>{Normaliser::kExact, Normaliser::kTrim,
                                                        Normaliser::kTrim, Normaliser::kLowerCase});
    ns.builtin_blocks = random.Chance(20);
    ns.blocked_values = {"blocked"};
  }
  // Parents: each family's comes before it in the list, so there is no cycle.
  for (std::size_t i = 1; i < families.size(); ++i) {
    if (random.Chance(45)) policy.namespaces[i].parent = families[random.Below(i)];
  }
  for (NamespacePolicy& ns : policy.namespaces) {
    if (random.Chance(35)) ns.link_lifetime_ms = random.Between(5, 60);
    if (random.Chance(25)) ns.validity_ms = random.Between(6, 40);
  }
  if (families.back() == kDigestFamily) {
    for (std::size_t i = random.Below(2); i < 2; ++i) {
      NamespacePolicy& ns = policy.namespaces[random.Below(families.size() - 1)];
      ns.derived = RandomDerived(random, kDigestFamily);
    }
  }
  return policy;
}

Policy RandomVariant(const Policy& policy, Random& random) {
  Policy variant = policy;
  while (variant == policy) {
    variant = policy;
    const std::uint64_t touched[] = {random.Below(policy.namespaces.size()),
                                     random.Below(policy.namespaces.size())};
    for (std::size_t i = random.Below(3); i < 3; ++i) {
      const std::uint64_t which = touched[random.Below(2)];
      if (random.Chance(25) || which >= variant.namespaces.size()) {
        ChangePolicy(random, &variant);
      } else {
        ChangeNamespace(random, &variant, &variant.namespaces[which]);
      }
    }
  }
  return variant;
}

std::string Describe(const Policy& policy) {
  static const char* const kRankings[] = {"priority_recency", "oldest", "strongest"};
  std::string out =
      std::string("policy ") + kRankings[static_cast<int>(policy.ranking)] + ", at most " +
      std::to_string(policy.max_identifiers_per_profile) + " a profile, default guard " +
      std::to_string(policy.default_max_neighbours) +
      (policy.undeclared == Undeclared::kHoldRecord ? ", undeclared hold the record\n" : "\n");
  for (const NamespacePolicy& ns : policy.namespaces) {
    out += "  " + ns.name + " priority " + std::to_string(ns.priority) + " normaliser " +
           std::to_string(static_cast<int>(ns.normaliser));
    if (!ns.parent.empty()) out += " parent " + ns.parent;
    for (const Limit& limit : ns.limits) {
      out += " limit " + std::to_string(limit.max) + (limit.per_scope ? " per scope" : "");
      if (limit.window_ms != 0) out += " in " + std::to_string(limit.window_ms) + " ms";
    }
    for (const Guard& guard : ns.guards)
      out += " guard " + std::to_string(guard.max_neighbours) + " of '" + guard.of + "'";
    if (ns.link_lifetime_ms != 0) out += " links last " + std::to_string(ns.link_lifetime_ms);
    if (ns.validity_ms != 0) out += " valid for " + std::to_string(ns.validity_ms);
    for (const Derived& derived : ns.derived) {
      out += std::string(" derives ") + (derived.digest == Digest::kMd5 ? "MD5" : "SHA-256") +
             " in " + derived.ns;
    }
    out += "\n";
  }
  return out;
}

}  // namespace polyonym::harness
