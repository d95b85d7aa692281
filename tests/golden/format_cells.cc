#include "golden/format_cells.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>

#include "harness/catch.h"
#include "harness/engine_state.h"
#include "polyonym/engine/segments.h"

namespace polyonym::harness {
namespace {

using Documented = DocumentedGraph;
constexpr std::uint64_t kNone = 0xffffffff;

// What the rename cell of a number says, by the field's offset; of those without one, `otherwise`.
std::uint64_t RenameOf(const Documented& store, std::uint64_t number, std::size_t offset,
                       std::uint64_t otherwise) {
  const std::uint64_t rename = store.Field(Documented::kNodes, number, 56);
  return rename == kNone ? otherwise : store.Field(Documented::kRenames, rename, offset);
}

}  // namespace

std::uint64_t DueOf(const Documented& store, std::uint64_t profile) {
  return profile < store.manifest().dues ? store.Field(Documented::kDues, profile, 0, 8) : kForEver;
}

bool IsLife(const Documented& store, std::uint64_t number) {
  return (store.Field(Documented::kNodes, number, 60) & 4) != 0;
}

// The node that a number's class is spelt by, or the last life of a value.
std::uint64_t NodeOf(const Documented& store, std::uint64_t number) {
  const std::uint64_t node = RenameOf(store, number, 0, number);
  return RenameOf(store, node, 0, node);  // a spare life may stand for a value that was renamed
}

// Lives that a value names now, the last one first.
std::vector<std::uint64_t> LivesOf(const Documented& store, std::uint64_t value) {
  std::vector<std::uint64_t> lives;
  for (std::uint64_t life = NodeOf(store, value); life != kNone && IsLife(store, life);
       life = RenameOf(store, life, 8, kNone))
    lives.push_back(life);
  return lives;
}

namespace {

void CheckLives(const Documented& store, const View& view) {
  std::set<std::uint64_t> current;
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::uint64_t> value_of;  // namespace, place
  const auto place = [&](std::uint64_t n) {
    return std::pair(store.Field(Documented::kNodes, n, 24),
                     store.Field(Documented::kNodes, n, 0, 8));
  };
  for (std::uint64_t n = 0; n < store.manifest().nodes; ++n) {
    if (IsLife(store, n)) continue;
    INFO("identifier " << n);
    CHECK(value_of.emplace(place(n), n).second);
    std::uint64_t later_ms = kNone;
    for (const std::uint64_t life : LivesOf(store, n)) {
      CHECK(place(life) == place(n));
      CHECK(NodeOf(store, life) == life);
      CHECK(store.Field(Documented::kNodes, life, 16, 8) < later_ms);
      later_ms = store.Field(Documented::kNodes, life, 16, 8);
      CHECK(store.Field(Documented::kNodes, life, 48) == kNone);  // its value has the mentions
      current.insert(life);
    }
    if (!LivesOf(store, n).empty()) CHECK(RenameOf(store, n, 4, kNone) == n);
  }
  for (std::uint64_t n = 0; n < store.manifest().nodes; ++n) {
    INFO("identifier " << n);
    const bool spare = IsLife(store, n) && !current.contains(n);
    const bool stands_for_life = !IsLife(store, n) && !LivesOf(store, n).empty();
    CHECK(view.IsAlias(IdentifierNumber{n}) == (spare || stands_for_life));
    if (!spare) continue;
    CHECK(NodeOf(store, n) == NodeOf(store, value_of.at(place(n))));
    CHECK(store.Field(Documented::kNodes, n, 52) == 0);
  }
}

std::uint64_t RootOf(const Documented& store, std::uint64_t node) {
  for (;;) {
    const std::uint64_t parent = store.Field(Documented::kNodes, node, 28);
    if (parent == node) return node;
    node = parent;
  }
}

void CheckNodes(const Documented& store, const View& view) {
  std::map<std::uint64_t, std::uint64_t> last;
  for (const auto& [sequence, row] : store.feed()) {
    if (sequence > view.sequence()) break;
    for (const Change& change : row.changes) {
      if (IsWhoIsWho(change.kind)) last[change.from.value] = last[change.to.value] = sequence;
    }
  }
  for (std::uint64_t n = 0; n < store.manifest().nodes; ++n) {
    const auto field = [&](std::size_t offset, std::size_t bytes = 4) {
      return store.Field(Documented::kNodes, n, offset, bytes);
    };
    const Identifier identifier = Must(view.IdentifierOf(IdentifierNumber{n}));
    INFO("identifier " << n);
    CHECK(store.manifest().namespaces.at(field(24)) == identifier.ns);
    CHECK(store.ValueAt(field(0, 8)) == identifier.value);
    CHECK(field(8, 8) == last[n]);
    const std::uint64_t node = NodeOf(store, n), root = RootOf(store, node);
    const std::uint64_t profile = store.Field(Documented::kNodes, root, 36);
    if (profile != kNone)
      CHECK(store.Field(Documented::kProfiles, profile, 8) ==
            Must(view.Follow(ProfileId{n})).value);
    // A later policy may spell the identifier otherwise.
    if (view.policy_version() == 1 && !IsLife(store, n)) {
      const Resolution r = view.Resolve(identifier);
      CHECK(r.known);
      CHECK(r.gone == (store.Field(Documented::kNodes, node, 52) == 0));
      CHECK(r.shared == ((store.Field(Documented::kNodes, node, 60) & 1) != 0));
    }
    // Round the circle once, all of one root.
    std::uint64_t members = 0, at = node;
    do {
      CHECK(RootOf(store, at) == root);
      at = store.Field(Documented::kNodes, at, 32);
      ++members;
    } while (at != node && members <= store.manifest().nodes);
    CHECK(members == (profile == kNone ? 1 : store.Field(Documented::kProfiles, profile, 0)));
  }
}

// Of the limits that its members count for, how many of them each has used.
std::map<std::uint64_t, std::uint64_t> UsedLimits(const Documented& store, const Policy& policy,
                                                  std::uint64_t root) {
  std::map<std::string, std::uint64_t> first_of_family;
  for (std::uint64_t kind = store.manifest().namespaces.size(); kind-- > 0;)
    first_of_family[std::string(FamilyOf(store.manifest().namespaces[kind]))] = kind;
  std::map<std::uint64_t, std::uint64_t> used;
  std::uint64_t member = root;
  do {
    const std::uint64_t kind = store.Field(Documented::kNodes, member, 24);
    const std::string family(FamilyOf(store.manifest().namespaces.at(kind)));
    for (const NamespacePolicy& ns : policy.namespaces) {
      for (std::size_t i = 0; ns.name == family && i < ns.limits.size(); ++i)
        ++used[8 * (ns.limits[i].per_scope ? kind : first_of_family[family]) + i];
    }
    member = store.Field(Documented::kNodes, member, 32);
  } while (member != root);
  return used;
}

void CheckProfiles(const Documented& store, const View& view) {
  for (std::uint64_t n = 0; n < store.manifest().nodes; ++n) {
    const std::uint64_t profile = store.Field(Documented::kNodes, n, 36);
    if (profile == kNone) continue;
    const auto field = [&](std::size_t offset, std::size_t bytes = 4) {
      return store.Field(Documented::kProfiles, profile, offset, bytes);
    };
    INFO("profile " << field(8));
    CHECK(field(14, 2) >> 1 <= store.manifest().rank_epoch);
    const std::map<std::uint64_t, std::uint64_t> want = UsedLimits(store, view.policy(), n);
    CHECK((field(12, 2) == 0xffff) == (want.size() > 6));
    std::map<std::uint64_t, std::uint64_t> used;
    for (std::size_t i = 0; i < field(12, 2) && want.size() <= 6; ++i)
      used[field(32 + 8 * i)] = field(36 + 8 * i);
    CHECK((want.size() > 6 || used == want));
  }
}

// Links of a node's list; checks that the list holds what is said to be in it, and its count of spent ones.
std::set<std::uint64_t> CheckList(const Documented& store, std::uint64_t node) {
  std::set<std::uint64_t> want, listed;
  std::uint64_t spent = 0;
  for (std::uint64_t l = 0; l < store.manifest().links; ++l) {
    const auto field = [&](std::size_t offset) {
      return store.Field(Documented::kLinks, l, offset);
    };
    const bool is_spent = field(32) + field(36) + field(40) == 0;
    for (const auto& [end, out] : {std::pair(0, 2), std::pair(4, 4)}) {
      if (field(static_cast<std::size_t>(end)) != node) continue;
      const bool is_out = (field(44) & static_cast<std::uint64_t>(out)) != 0;
      if (is_out) CHECK(is_spent);
      if (is_out) continue;
      want.insert(l);
      spent += is_spent ? 1 : 0;
    }
  }
  for (std::uint64_t l = store.Field(Documented::kNodes, node, 40); l != kNone;) {
    REQUIRE(listed.insert(l).second);
    l = store.Field(Documented::kLinks, l, store.Field(Documented::kLinks, l, 0) == node ? 8 : 12);
  }
  CHECK(listed == want);
  CHECK(store.Field(Documented::kNodes, node, 60) >> 8 == spent);
  return listed;
}

Identifier NameOf(const Documented& store, std::uint64_t node) {
  return {store.manifest().namespaces.at(store.Field(Documented::kNodes, node, 24)),
          store.ValueAt(store.Field(Documented::kNodes, node, 0, 8))};
}

// A question names the last life of a value, and others' lives by the value: those are told apart by their sightings.
void CheckNeighbour(const Documented& store, const View::Neighbour& neighbour, std::uint64_t node,
                    const std::set<std::uint64_t>& listed) {
  std::size_t found = 0;
  for (const std::uint64_t l : listed) {
    const auto field = [&](std::size_t offset, std::size_t bytes = 4) {
      return store.Field(Documented::kLinks, l, offset, bytes);
    };
    const std::uint64_t other = field(0) == node ? field(4) : field(0);
    std::pair<Identifier, Identifier> ends(NameOf(store, node), NameOf(store, other));
    if (ends.second < ends.first) std::swap(ends.first, ends.second);
    if (ends != std::pair(neighbour.link.a, neighbour.link.b) ||
        field(16, 8) != static_cast<std::uint64_t>(neighbour.link.first_ms) ||
        field(32) + field(36) == 0)
      continue;
    ++found;
    CHECK(field(24, 8) == static_cast<std::uint64_t>(neighbour.link.last_ms));
    CHECK(field(32) == neighbour.link.sightings);
    CHECK((field(36) > 0) == neighbour.link.must_link);
    CHECK((field(40) > 0) == neighbour.link.cannot_link);
    CHECK(((field(44) & 8) != 0) == neighbour.expired);
    if (neighbour.kept) CHECK(field(44) == 0);
  }
  CHECK(found == 1);
}

void CheckLinks(const Documented& store, const View& view) {
  const auto field = [&](std::uint64_t l, std::size_t offset) {
    return store.Field(Documented::kLinks, l, offset);
  };
  std::set<std::pair<std::uint64_t, std::uint64_t>> pairs;
  std::uint64_t live = 0;
  for (std::uint64_t l = 0; l < store.manifest().links; ++l) {
    CHECK(pairs.insert(std::minmax(field(l, 0), field(l, 4))).second);
    live += field(l, 32) + field(l, 36) > 0 && (field(l, 44) & 8) == 0 ? 1 : 0;
  }
  CHECK(live == store.manifest().live_links);
  for (std::uint64_t n = 0; n < store.manifest().nodes; ++n) {
    const std::set<std::uint64_t> listed = CheckList(store, n);
    std::size_t neighbours = 0, with_evidence = 0;
    for (const std::uint64_t l : listed) {
      neighbours += field(l, 32) > 0 && (field(l, 44) & 8) == 0 ? 1 : 0;
      with_evidence += field(l, 32) + field(l, 36) > 0 ? 1 : 0;
    }
    CHECK(store.Field(Documented::kNodes, n, 44) == neighbours);
    if (IsLife(store, n) || store.Field(Documented::kNodes, NodeOf(store, n), 52) == 0) continue;
    const std::uint64_t node = NodeOf(store, n);
    const auto links = view.Links(NameOf(store, n));
    if (!links.ok() || (node != n && !IsLife(store, node))) continue;
    const std::set<std::uint64_t> of_node = CheckList(store, node);
    for (const View::Neighbour& neighbour : *links) CheckNeighbour(store, neighbour, node, of_node);
    if (node == n) CHECK(links->size() == with_evidence);
  }
}

// A bit of its own for each of the first families that records named, and one for all others.
std::uint64_t FamilyBits(const Manifest& manifest, const Record& record) {
  std::uint64_t bits = 0;
  for (const RecordIdentifier& identifier : record.identifiers) {
    const auto at =
        std::find(manifest.families.begin(), manifest.families.end(), FamilyOf(identifier.ns));
    bits |= 0x1000ull << (at - manifest.families.begin());
  }
  return bits;
}

void CheckRecords(const DocumentedStore& whole, const Documented& store, const View& view) {
  std::set<std::uint64_t> mentioned;
  for (std::uint64_t n = 0; n < store.manifest().nodes; ++n) {
    for (std::uint64_t m = store.Field(Documented::kNodes, n, 48); m != kNone;
         m = store.Field(Documented::kMentions, m, 4)) {
      CHECK(store.Field(Documented::kMentions, m, 0) < store.manifest().records);
      CHECK(mentioned.insert(m).second);
    }
  }
  CHECK(mentioned.size() <= store.manifest().mentions);
  Must(view.Export([&](const StoredRecord& stored) {
    const auto field = [&](std::size_t offset, std::size_t bytes = 4) {
      return store.Field(Documented::kRecords, stored.number - 1, offset, bytes);
    };
    const Record& record = stored.record;
    CHECK(field(0, 8) == (record.folded ? 0 : KeyedHash(whole.salt(), record.source, record.id)));
    const std::uint64_t address = field(8, 8);
    CHECK(whole.frames().at(address / 65536).records.at(address % 65536) == record);
    CHECK(field(16, 8) == stored.sequence);
    CHECK(field(24) == (KeyedHash(whole.salt(), record.source) & 0xffffffff));
    CHECK((field(28) & 0x7f) == static_cast<std::uint64_t>(record.act));
    CHECK(((field(28) & 0x80) != 0) == record.folded.has_value());
    CHECK((field(28) & 0xfffff000) == FamilyBits(store.manifest(), record));
    CHECK(((field(28) & 0x100) != 0) == stored.standing);
    if (stored.standing) CHECK(((field(28) & 0x200) != 0) == stored.held);
    return true;
  }));
}

std::set<std::uint64_t> ProfilesOf(const View& view) {
  std::set<std::uint64_t> ids;
  view.ForEachProfile([&](ProfileId id, std::span<const Identifier>) {
    ids.insert(id.value);
    return true;
  });
  return ids;
}

}  // namespace

void CheckSegments(const Documented& store, const View& view) {
  const Manifest& m = store.manifest();
  const SegmentReader reader = Must(SegmentReader::Make(view));
  const std::size_t count = view.policy().definitions.segments.size();
  CHECK(m.slots.size() == count);
  CHECK((count == 0 || m.segments_are_kept));
  const std::set<std::uint64_t> profiles = ProfilesOf(view);
  std::vector<std::set<std::uint64_t>> members(count);
  for (const std::uint64_t id : profiles) {
    const std::vector<std::optional<bool>> verdicts = Must(reader.Of(ProfileId{id}));
    for (std::size_t s = 0; s < verdicts.size(); ++s) {
      if (verdicts[s] == true) members[s].insert(id);
    }
  }
  for (std::size_t s = 0; s < m.slots.size(); ++s) {
    INFO("segment " << s);
    CHECK(store.MembersOf(m.slots[s]) == members[s]);
  }
  for (std::uint64_t id = 0; id < m.dues; ++id) {
    const std::uint64_t due_ms = DueOf(store, id);
    // Neither behind now nor of nobody.
    const bool sound = due_ms == kForEver || (due_ms < kForEver && profiles.contains(id) &&
                                              due_ms > static_cast<std::uint64_t>(view.now_ms()));
    if (!sound) FAIL_CHECK("due " << id << ": " << due_ms);
  }
}

void CheckCells(const DocumentedStore& whole, const DocumentedGraph& graph, const View& view) {
  CheckLives(graph, view);
  CheckNodes(graph, view);
  CheckProfiles(graph, view);
  CheckLinks(graph, view);
  CheckRecords(whole, graph, view);
  CheckSegments(graph, view);
}

}  // namespace polyonym::harness
