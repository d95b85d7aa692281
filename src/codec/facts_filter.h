// codec/facts_filter.h - facts without some of them: what stays is byte for byte what the channel said of it.
//
// THREADS: pure functions.
#ifndef POLYONYM_SRC_CODEC_FACTS_FILTER_H_
#define POLYONYM_SRC_CODEC_FACTS_FILTER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "polyonym/model/privacy_rules.h"

namespace polyonym::codec {

// How many facts a record's bytes hold; 0 where they are no facts.  COST: a step for each.
std::uint64_t CountFacts(std::string_view bytes);

// Whether there are relations among them.  COST: as CountFacts().
bool HasRelations(std::string_view bytes);

// Takes relations out whose other end `goes(namespace, value)` says, value as the channel gave it; returns how many went. Bytes that are no
// facts stay.  COST: a copy of the facts, where there are relations.
std::uint64_t DropRelations(
    std::string* bytes,
    const std::function<bool(std::string_view ns, std::string_view value)>& goes);

// A relation as it lies in a record's facts: bytes [begin, end), its tag included, and the identifier as the channel gave it.
struct RelationSpan {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::string ns;
  std::string value;
};
// In order; none where the bytes are no facts.  COST: as CountFacts(), and a copy of each.
std::vector<RelationSpan> RelationsIn(std::string_view bytes);

// What stands in place of a relation that cannot be read any more: one to nobody, by no name.
inline constexpr std::string_view kLostRelation{"\x22\x00", 2};
bool HasLostRelation(std::string_view bytes);

// Takes out the facts of which `goes(kind, name, time_ms)` says so; those that have no time have the record's. Returns how many went.
// COST: a copy of the facts.
std::uint64_t DropFacts(
    std::string* bytes, std::int64_t record_ms,
    const std::function<bool(FieldKind kind, std::string_view name, std::int64_t time_ms)>& goes);

}  // namespace polyonym::codec

#endif  // POLYONYM_SRC_CODEC_FACTS_FILTER_H_
