// engine/cells.h - the resident index, cell by cell. These structs are also what a checkpoint writes: docs/format.md.
//
// A node is an identifier, or a class of renamed ones spelt by one of them (docs/rule.md section 2). Numbers are dense and in order
// of arrival; kNone stands for nothing.
#ifndef POLYONYM_SRC_ENGINE_CELLS_H_
#define POLYONYM_SRC_ENGINE_CELLS_H_

#include <cstdint>

#include "polyonym/identity/rank.h"
#include "polyonym/model/record.h"

namespace polyonym::engine {

using identity::kNone;
using identity::Link;
using identity::Node;
using Kind = std::uint32_t;

struct NodeCell {
  std::uint64_t value = 0;  // where the normalised value lies in the value arena
  // Sequence of the last change whose from or to is this node's profile id; 0: none.
  std::uint64_t change = 0;
  std::int64_t first_ms = 0;  // first sighting; kept where the kind has a window, and live > 0
  Kind kind = 0;
  Node parent = 0;                 // union-find; itself at a root
  Node ring = 0;                   // next member of the profile, in a circle
  std::uint32_t profile = kNone;   // at a root: its ProfileCell. kNone: alone, without a border
  Link links = kNone;              // first link of the list
  std::uint32_t degree = 0;        // neighbours: links with an unforced sighting
  std::uint32_t mentions = kNone;  // newest MentionCell
  std::uint32_t live = 0;          // live mentions, of the whole class
  std::uint32_t rename = kNone;    // its RenameCell, when it is of a class of several
  std::uint32_t flags = 0;

  static constexpr std::uint32_t kShared = 1;   // a guard holds
  static constexpr std::uint32_t kApart = 2;    // has a live cannot-link
  static constexpr std::uint32_t kLife = 4;     // one of several that a value names in turn
  static constexpr std::uint32_t kDeleted = 8;  // a live delete_identifier names it
  // It was an identifier of somebody who was erased: its value is gone, and nothing names it ever again.
  static constexpr std::uint32_t kErased = 16;
  // The upper 24 bits count spent links in its list.
  static constexpr std::uint32_t kOneSpent = 1u << 8;
  std::uint32_t spent() const { return flags / kOneSpent; }
  bool shared() const { return (flags & kShared) != 0; }
  bool apart() const { return (flags & kApart) != 0; }
  bool life() const { return (flags & kLife) != 0; }
  bool deleted() const { return (flags & kDeleted) != 0; }
  bool erased() const { return (flags & kErased) != 0; }
};
static_assert(sizeof(NodeCell) == 64);

// A profile of several nodes, or one with a border.
struct ProfileCell {
  static constexpr std::uint32_t kSlots = 6;
  static constexpr std::uint32_t kOverflow = ~std::uint32_t{0};
  struct Used {
    std::uint32_t slot = 0;
    std::uint32_t count = 0;
  };
  std::uint32_t size = 1;        // nodes
  std::uint32_t border = 0;      // refused links
  Node id = 0;                   // the identifier whose number is the profile's id
  std::uint16_t used_count = 0;  // of `used`; kFull: count by walking the members
  // 1: some member has a cannot-link (may be stale: only ever too careful)
  std::uint16_t apart : 1 = 0;
  std::uint16_t rank_epoch : 15 =
      0;                    // of the rules that `floor` is a rank of; of others it says nothing
  identity::RankKey floor;  // links of the profile down to this rank hold it together
  Used used[kSlots];

  static constexpr std::uint16_t kFull = 0xffff;
};
static_assert(sizeof(ProfileCell) == 80);

// A pair of nodes that some record named together, with what counts of that now.
struct LinkCell {
  Node a = 0;
  Node b = 0;
  Link next_a = kNone;  // next link of a's list
  Link next_b = kNone;
  identity::Evidence evidence;
  std::uint32_t cannot = 0;  // live cannot-links
  std::uint32_t flags = 0;
  static constexpr std::uint32_t kBorder = 1;  // counted in the border of both profiles
  static constexpr std::uint32_t kOutOfA = 2;  // not in a's list any more; always spent
  static constexpr std::uint32_t kOutOfB = 4;
  static constexpr std::uint32_t kExpired =
      8;  // its lifetime is over: it has evidence, and counts for nothing
  std::uint32_t OutOf(Node node) const { return node == a ? kOutOfA : kOutOfB; }
  bool expired() const { return (flags & kExpired) != 0; }
  bool counts() const { return evidence.any() && !expired(); }
  bool neighbours() const { return evidence.seen > 0 && !expired(); }  // for guards
  // Nothing counts of it now. A list sheds its spent links when they are the most of it.
  bool spent() const { return !evidence.any() && cannot == 0; }

  Node Other(Node node) const { return node == a ? b : a; }
  Link Next(Node node) const { return node == a ? next_a : next_b; }
};
static_assert(sizeof(LinkCell) == 48);

// One record's naming of a node, newest first. Of a record that was folded nothing is left but an empty cell, in no list.
struct MentionCell {
  std::uint32_t record = kNone;
  std::uint32_t next = kNone;
  bool gone() const { return record == kNone; }
};

// Of a record that was folded nothing is left but an empty cell.
struct RecordCell {
  std::uint64_t key = 0;       // keyed hash of (source, record id)
  std::uint64_t location = 0;  // frame << 16 | place in it
  std::uint64_t sequence = 0;  // of its Apply
  std::uint32_t source = 0;    // keyed hash of the source, cut: a filter, not a proof
  std::uint32_t flags = 0;     // act in the low bits; families that it names from kFamilies up

  static constexpr std::uint32_t kAct = 0x0f;
  static constexpr std::uint32_t kFacts = 1u << 4;      // it has facts
  static constexpr std::uint32_t kOfPerson = 1u << 5;   // Facts::of_person
  static constexpr std::uint32_t kFolded = 1u << 7;     // stands for several, and has no key
  static constexpr std::uint32_t kStands = 1u << 8;     // highest version of its key
  static constexpr std::uint32_t kHeld = 1u << 9;       // the whole record is held
  static constexpr std::uint32_t kVoided = 1u << 10;    // by a delete_source
  static constexpr std::uint32_t kHeldPart = 1u << 11;  // some identifier is held
  // A bit for each family of namespaces that the record names, counted or not (families.h).
  static constexpr int kFamilies = 12;
  Act act() const { return static_cast<Act>(flags & kAct); }
  bool gone() const { return location == 0; }
  bool has(std::uint32_t flag) const { return (flags & flag) != 0; }
  bool live() const { return (flags & (kStands | kHeld | kVoided)) == kStands; }
};
static_assert(sizeof(RecordCell) == 32);

// A renamed identifier's place in its class; or that of a life, or of a value that stands for its last life: each in a circle of its own.
struct RenameCell {
  Node canonical = 0;    // the node that the class is spelt by; of a life itself
  Node next = 0;         // next identifier of the class, in a circle
  Node earlier = kNone;  // of a life: the one before it
};

}  // namespace polyonym::engine

#endif  // POLYONYM_SRC_ENGINE_CELLS_H_
