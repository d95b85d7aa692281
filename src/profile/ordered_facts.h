// profile/ordered_facts.h - the facts of a person in the one order that all folds take them in.
//
// By time, then namespace and value of the identifier that they belong to, then the record's source and id, then place in the record.
#ifndef POLYONYM_SRC_PROFILE_ORDERED_FACTS_H_
#define POLYONYM_SRC_PROFILE_ORDERED_FACTS_H_

#include <algorithm>
#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "polyonym/profile/profile.h"

namespace polyonym::profile {

// A fact of a row; `Fact` is Trait, Tag, Event, Relation or Consent.
template <class Fact>
struct Placed {
  const Fact* fact;
  const FactRow* row;
  std::uint32_t place;
  std::int64_t time_ms;
};

inline auto OrderOf(const FactRow& row) {
  return std::tie(row.from.belongs_to.ns, row.from.belongs_to.value, row.from.record_source,
                  row.from.record_id);
}

template <class Fact>
std::int64_t TimeOf(const Fact& fact, const FactRow& row) {
  if constexpr (requires { fact.time_ms; }) return fact.time_ms.value_or(row.from.time_ms);
  return row.from.time_ms;
}

// The facts of one kind up to a time; keep(fact): of these.
template <class Fact, class Keep>
std::vector<Placed<Fact>> Ordered(const std::vector<FactRow>& rows, std::vector<Fact> Facts::*facts,
                                  std::int64_t now_ms, const Keep& keep) {
  std::vector<Placed<Fact>> out;
  for (const FactRow& row : rows) {
    std::uint32_t place = 0;
    for (const Fact& fact : row.facts.*facts) {
      const std::int64_t time_ms = TimeOf(fact, row);
      if (time_ms <= now_ms && keep(fact)) out.push_back({&fact, &row, place, time_ms});
      ++place;
    }
  }
  std::sort(out.begin(), out.end(), [](const Placed<Fact>& a, const Placed<Fact>& b) {
    if (a.time_ms != b.time_ms) return a.time_ms < b.time_ms;
    if (a.row != b.row) {
      const auto x = OrderOf(*a.row), y = OrderOf(*b.row);
      if (x != y) return x < y;
    }
    return a.place < b.place;
  });
  return out;
}
template <class Fact>
std::vector<Placed<Fact>> Ordered(const std::vector<FactRow>& rows, std::vector<Fact> Facts::*facts,
                                  std::int64_t now_ms) {
  return Ordered(rows, facts, now_ms, [](const Fact&) { return true; });
}

template <class Fact>
Provenance ProvenanceOf(const Placed<Fact>& placed) {
  Provenance from = placed.row->from;
  from.time_ms = placed.time_ms;
  if constexpr (requires { placed.fact->source; }) {
    if (!placed.fact->source.empty()) from.source = placed.fact->source;
  }
  return from;
}

}  // namespace polyonym::profile

#endif  // POLYONYM_SRC_PROFILE_ORDERED_FACTS_H_
