// model/record.h - what one channel reports at one time: the only thing that the engine is ever told.
//
// A record names identifiers that were seen together, or is an act about identifiers or other records. The state of a
// store is a pure function of its records, the policy and the clock; nothing else is ever stored as truth.
//
// For one (source, id) the highest version stands, a tombstone before a record of its version, then the larger content
// hash; what does not stand has no effect. All times are milliseconds since 1970-01-01T00:00:00Z.
#ifndef POLYONYM_MODEL_RECORD_H_
#define POLYONYM_MODEL_RECORD_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "polyonym/model/identifier.h"

namespace polyonym {

// kSelf identifiers name the person whom the record is about, and are linked with each other. kOther identifiers name
// somebody else (a parcel's recipient, an inviter, the clerk): numbered and resolvable, never linked.
enum class Role : std::uint8_t { kSelf = 0, kOther = 1 };

// What a record does. Values are stored: never renumber.
enum class Act : std::uint8_t {
  kObserve = 0,  // the self identifiers were seen together at `time_ms`
  kBind = 1,     // two identifiers were bound at `time_ms`; counts as seen together
  kUnbind = 2,   // evidence up to `time_ms` for the pair stops counting; later sightings link again
  kMustLink =
      3,  // the pair is one person, above every observed link, until retracted; a limit still refuses it
  kCannotLink = 4,  // the pair is never one profile, by no path, until retracted
  kRename = 5,  // identifiers[0] became identifiers[1]: one identifier from now on, for every rule
  kDeleteIdentifier = 6,  // sightings of identifiers[0] up to `time_ms` stop counting
  kDeleteSource = 7,      // records of `target_source` up to `time_ms` stop counting
  kRetract = 8,  // a tombstone for (source, id) at `version`: nothing at or below it takes effect
};

struct RecordIdentifier {
  std::string ns;     // namespace, family or family/scope
  std::string value;  // as the channel gave it; normalised by the engine, kept raw beside
  Role role = Role::kSelf;

  friend bool operator==(const RecordIdentifier&, const RecordIdentifier&) = default;
};

// Of a record that stands for several of its source, which named the same and were folded behind the source's horizon: its `time_ms` is the
// first of theirs.
struct Folded {
  std::uint32_t count = 0;   // how many they were
  std::int64_t last_ms = 0;  // the last of their times
  friend bool operator==(const Folded&, const Folded&) = default;
};

struct Record {
  std::string source;  // who reports it, 1 to 128 bytes
  std::string id;      // the source's own id of it, up to 256 bytes; empty: the content's hash
  std::optional<std::int64_t> time_ms;  // when it happened; required but for kRetract
  std::optional<std::int64_t> version;  // DEFAULT: time_ms
  Act act = Act::kObserve;
  std::vector<RecordIdentifier> identifiers;
  std::string target_source;  // kDeleteSource only
  // Traits, tags, events, relations and consents (model/facts.h), as a serialised polyonym.v1.Facts. Kept byte for byte. Those of
  // kObserve, kBind, kMustLink and kRename are a person's; of other acts they are kept and mean nothing.
  std::string facts;
  std::optional<Folded> folded;  // the engine's to say: a record that comes with it is rejected

  friend bool operator==(const Record&, const Record&) = default;
};

// What bounds a record; breaking one rejects the record and nothing else.
struct RecordLimits {
  std::size_t max_identifiers = 64;          // DEFAULT 64, range 2..10,000
  std::size_t max_value_bytes = 1024;        // DEFAULT 1 KiB, range 16..65,536
  std::size_t max_facts_bytes = 256 * 1024;  // DEFAULT 256 KiB, range 0..16 MiB
  // DEFAULT one day ahead of the clock, range 0..10 years.
  std::int64_t max_ahead_ms = std::int64_t{86'400'000};
};

// ERRORS: InvalidArgument naming the field and its range.
absl::Status Validate(const RecordLimits& limits);

// The 128-bit hash of everything in the record but `id` and `folded` (and of a version left out: its default). Equal records have
// equal hashes on every machine: it is XXH3-128 over the canonical bytes that docs/format.md defines.
// It names records that come without an id and breaks ties between versions.
struct ContentHash {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  friend auto operator<=>(const ContentHash&, const ContentHash&) = default;
};
ContentHash HashContent(const Record& record);

// 32 lower-case hexadecimal digits: the id of a record that came without one.
std::string ToString(const ContentHash& hash);

// `observe`, `bind`, `unbind`, `must_link`, `cannot_link`, `rename`, `delete_identifier`, `delete_source`, `retract`.
std::string_view ToString(Act act);
std::optional<Act> ParseAct(std::string_view name);

}  // namespace polyonym

#endif  // POLYONYM_MODEL_RECORD_H_
