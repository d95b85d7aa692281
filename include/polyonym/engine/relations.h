// engine/relations.h - how people are tied whom nothing made one person: what View::Neighbourhood() and View::Path() answer.
//
// Profiles are people. Evidence that did not join two of them still says something of both: a family shares a phone, two
// customers used one till, one invited the other. A relation is all evidence of one kind between two profiles, and what counts as
// evidence is told by docs/rule.md alone:
//
//   kRefused  links that a limit, a window or a cannot-link kept out of every profile.
//   kShared   links with a shared end. A shared identifier is a profile by itself, so it is a step of its own: those who were
//             seen with a store's tablet are two steps apart, and the tablet is the step between them.
//   kNamed    live observations and binds that name an identifier of the other in role other: who receives, invites, serves. Such
//             a record is about the profile of its primary identifier. Identifiers that a delete_identifier voids for the record
//             are as if it did not name them.
//   kExpired  links whose lifetime is over.
//
// A cannot-link without evidence relates nobody; nor does what lies inside one profile.
//
// THREADS: plain values.
#ifndef POLYONYM_ENGINE_RELATIONS_H_
#define POLYONYM_ENGINE_RELATIONS_H_

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "polyonym/model/identifier.h"

namespace polyonym {

enum class RelationKind : std::uint8_t { kRefused = 0, kShared = 1, kNamed = 2, kExpired = 3 };
std::string_view ToString(RelationKind kind);  // `refused`, `shared`, `named`, `expired`

enum class RelationDirection : std::uint8_t {
  kBoth = 0,      // links
  kForward = 1,   // kNamed: a record about `from` names an identifier of `to`
  kBackward = 2,  // kNamed: a record about `to` names an identifier of `from`
};
std::string_view ToString(RelationDirection direction);  // `both`, `forward`, `backward`

struct Relation {
  ProfileId from;  // of the two, the one nearer to where the question began
  ProfileId to;
  RelationKind kind = RelationKind::kRefused;
  RelationDirection direction = RelationDirection::kBoth;
  // The two identifiers, one of each profile, that were seen together most often; of several, latest; then the smallest pair.
  // kNamed: the primary of the record, and the one that it names.
  Identifier from_identifier;
  Identifier to_identifier;
  std::uint64_t pairs = 0;      // of identifiers that tie the two so
  std::uint64_t sightings = 0;  // of all these pairs together, must-links included; kNamed: records
  std::int64_t first_ms = 0;    // of all these pairs
  std::int64_t last_ms = 0;
  friend bool operator==(const Relation&, const Relation&) = default;
};

struct RelatedProfile {
  ProfileId profile;
  std::uint32_t distance = 0;  // steps from where the question began; 1 or more
  // To profiles one step nearer, ordered by these, then by kind and direction; never empty. In a path: to the step before alone.
  std::vector<Relation> relations;
  friend bool operator==(const RelatedProfile&, const RelatedProfile&) = default;
};

struct RelationOptions {
  std::uint32_t max_steps = 1;
  std::vector<RelationKind> kinds = {};  // DEFAULT empty: all
  // What an answer may take; beyond it there is none. Profiles that are reached, without the one where it begins.
  std::size_t max_profiles = 1'000;
  // Links and mentions that are looked at. A mention may cost the read of its record: some µs.
  std::size_t max_evidence = 100'000;
};

}  // namespace polyonym

#endif  // POLYONYM_ENGINE_RELATIONS_H_
