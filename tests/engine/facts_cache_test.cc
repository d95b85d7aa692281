// Who is kept in which form, and that nothing is lost in any of them.
#include "engine/facts_cache.h"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/packed_rows.h"
#include "engine/profile_cache.h"
#include "harness/catch.h"
#include "harness/engine_state.h"
#include "harness/random_facts.h"

namespace polyonym::engine {
namespace {

using harness::Must;
using harness::Random;
using Known = FactsCache::Known;

// As records are read: what no bound lets in is left out.
std::vector<FactRow> ReadRows(Random& random) {
  std::vector<FactRow> rows = harness::RandomRows(random);
  for (FactRow& row : rows) {
    row.from.source = row.from.record_source;
    row.from.record = random.Below(1'000'000);
    row.from.anonymous = random.Chance(30);
    row.left_out = random.Below(3);
    row.facts = Must(ReadFacts(WriteFacts(row.facts)));
  }
  return rows;
}

Known RandomKnown(std::uint64_t seed) {
  Random random(seed);
  Known known;
  known.identifiers = {{"crm", "c" + std::to_string(seed)},
                       {"openid/wx1", "a long one: " + std::string(40, 'x')}};
  known.anchor = known.identifiers[random.Below(2)];
  known.rows = ReadRows(random);
  known.verdicts = segment::Verdicts(700);
  known.in = segment::SegmentBits(333);
  for (std::size_t i = 0; i < 700; ++i)
    known.verdicts.Set(i, random.Chance(90) ? segment::Verdict::kFalse
                                            : static_cast<segment::Verdict>(random.Below(4)));
  for (std::size_t i = 0; i < 20; ++i) known.in.Set(random.Below(333));
  known.latest_ms = static_cast<std::int64_t>(random.Below(1'000'000)) - 500'000;
  known.has_later = random.Chance(50);
  known.turn_ms = random.Chance(50) ? INT64_MAX : INT64_MIN;
  for (const FactRow& row : known.rows) known.bytes += BytesOf(row);
  return known;
}

bool IsSameButForRows(const Known& a, const Known& b) {
  return a.identifiers == b.identifiers && a.anchor == b.anchor &&
         std::ranges::equal(a.verdicts.words(), b.verdicts.words()) &&
         std::ranges::equal(a.in.words(), b.in.words()) && a.latest_ms == b.latest_ms &&
         a.has_later == b.has_later && a.turn_ms == b.turn_ms;
}

bool IsSame(const Known& a, const Known& b) {
  return IsSameButForRows(a, b) && a.rows == b.rows && a.bytes == b.bytes;
}

}  // namespace

TEST_CASE("what is packed of somebody is read again as it was, and again with what came since") {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    INFO("seed " << seed);
    Known known = RandomKnown(seed);
    known.Pack();
    CHECK(known.rows.empty());
    Must(known.Open());
    REQUIRE(IsSame(known, RandomKnown(seed)));
    const std::vector<FactRow> more = RandomKnown(seed + 1'000).rows;
    known.rows.insert(known.rows.end(), more.begin(), more.end());
    const std::vector<FactRow> all = known.rows;
    known.Pack();
    Must(known.Open());
    REQUIRE(known.rows == all);
  }
}

TEST_CASE("rows that nobody packed are refused") {
  std::vector<FactRow> rows;
  CHECK_FALSE(UnpackRows("\x01\x7f", &rows).ok());
}

TEST_CASE("whoever was put longest ago is packed, then loses their rows, then goes") {
  constexpr std::uint64_t kPeople = 2'000;
  constexpr std::size_t kBound = 1'000'000;
  FactsCache cache(kBound);
  for (std::uint64_t id = 1; id <= kPeople; ++id) {
    cache.Put(static_cast<Node>(id), std::make_unique<Known>(RandomKnown(id)));
    if (id % 50 == 0) cache.Shrink();
    if (id % 50 == 0) REQUIRE(cache.bytes() <= kBound);
  }
  int form = 0;  // gone, without rows, packed, open
  std::vector<int> seen(4);
  for (std::uint64_t id = 1; id <= kPeople; ++id) {
    const std::unique_ptr<Known> known = cache.Take(static_cast<Node>(id));
    const int is = known == nullptr ? 0 : !known->has_rows ? 1 : !known->packed.empty() ? 2 : 3;
    CHECK(is >= form);
    form = is;
    ++seen[static_cast<std::size_t>(is)];
    if (known == nullptr) continue;
    Must(known->Open());
    CHECK((is == 1 ? IsSameButForRows(*known, RandomKnown(id)) : IsSame(*known, RandomKnown(id))));
  }
  for (const int of_form : seen) CHECK(of_form > 0);
  CHECK(cache.bytes() == 0);
  CHECK(cache.Take(1) == nullptr);
}

}  // namespace polyonym::engine
