#include "polyonym/segment/bit_sliced.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "absl/numeric/int128.h"
#include "absl/status/status.h"
#include "harness/catch.h"
#include "harness/random.h"

namespace polyonym {
namespace {

using harness::Random;
using Model = std::map<std::uint32_t, std::int64_t>;
using Entries = std::vector<BitSliced::Entry>;

constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kGreatest = std::numeric_limits<std::int64_t>::max();
constexpr std::uint32_t kLastId = std::numeric_limits<std::uint32_t>::max();

const std::vector<ExpressionOp> kComparisons = {
    ExpressionOp::kEqual,     ExpressionOp::kNotEqual, ExpressionOp::kLess,
    ExpressionOp::kLessEqual, ExpressionOp::kGreater,  ExpressionOp::kGreaterEqual};

bool Holds(std::int64_t number, ExpressionOp op, std::int64_t literal) {
  switch (op) {
    case ExpressionOp::kEqual:
      return number == literal;
    case ExpressionOp::kNotEqual:
      return number != literal;
    case ExpressionOp::kLess:
      return number < literal;
    case ExpressionOp::kLessEqual:
      return number <= literal;
    case ExpressionOp::kGreater:
      return number > literal;
    default:
      return number >= literal;
  }
}

// The ids of the model that `f(id, number)` is true of.
template <class F>
IdSet Where(const Model& model, const F& f) {
  std::vector<std::uint32_t> ids;
  for (const auto& [id, number] : model) {
    if (f(id, number)) ids.push_back(id);
  }
  return IdSet::Of(ids);
}

bool IsAmong(const IdSet* among, std::uint32_t id) {
  return among == nullptr || among->Contains(id);
}

// The first `n` ids in the order of `before(a, b)`, which are entries.
template <class F>
IdSet FirstOf(const Model& model, const IdSet& among, std::uint64_t n, const F& before) {
  Entries entries;
  for (const auto& entry : model) {
    if (among.Contains(entry.first)) entries.push_back(entry);
  }
  std::stable_sort(entries.begin(), entries.end(), before);
  IdSet first;
  for (std::size_t i = 0; i < std::min<std::uint64_t>(n, entries.size()); ++i)
    first.Add(entries[i].first);
  return first;
}

IdSet Greatest(const Model& model, const IdSet& among, std::uint64_t n) {
  return FirstOf(model, among, n, [](const auto& a, const auto& b) { return a.second > b.second; });
}

IdSet Least(const Model& model, const IdSet& among, std::uint64_t n) {
  return FirstOf(model, among, n, [](const auto& a, const auto& b) { return a.second < b.second; });
}

// (I1) and (I2), and every number.
void CheckHolds(const BitSliced& sliced, const Model& model) {
  REQUIRE((sliced.known() == Where(model, [](auto, auto) { return true; })));
  REQUIRE((sliced.negative() == Where(model, [](auto, auto number) { return number < 0; })));
  REQUIRE(sliced.slices().size() <= 63);
  for (const IdSet& slice : sliced.slices())
    REQUIRE(IdSet::CountAndNot(slice, sliced.known()) == 0);
  for (const auto& [id, number] : model) REQUIRE(sliced.Get(id) == number);
}

void CheckComparisons(const BitSliced& sliced, const Model& model, std::int64_t literal,
                      const IdSet* among) {
  for (const ExpressionOp op : kComparisons) {
    INFO("op " << static_cast<int>(op) << " literal " << literal);
    const IdSet expected = Where(model, [&](std::uint32_t id, std::int64_t number) {
      return IsAmong(among, id) && Holds(number, op, literal);
    });
    REQUIRE((sliced.Compare(op, literal, among) == expected));
  }
}

void CheckBetween(const BitSliced& sliced, const Model& model, std::int64_t low, std::int64_t high,
                  const IdSet* among) {
  INFO("between " << low << " and " << high);
  const IdSet expected = Where(model, [&](std::uint32_t id, std::int64_t number) {
    return IsAmong(among, id) && low <= number && number <= high;
  });
  REQUIRE((sliced.Between(low, high, among) == expected));
}

void CheckMany(const BitSliced& sliced, const Model& model, const IdSet& among, std::uint64_t n) {
  absl::int128 sum = 0;
  std::optional<std::int64_t> least, greatest;
  for (const auto& [id, number] : model) {
    if (!among.Contains(id)) continue;
    sum += number;
    least = std::min(number, least.value_or(number));
    greatest = std::max(number, greatest.value_or(number));
  }
  REQUIRE((sliced.Sum(among) == sum));
  REQUIRE(sliced.Min(among) == least);
  REQUIRE(sliced.Max(among) == greatest);
  INFO("the first " << n);
  REQUIRE((sliced.Top(n, among) == Greatest(model, among, n)));
  REQUIRE((sliced.Bottom(n, among) == Least(model, among, n)));
}

// Numbers as they come: small ones, many of them alike, of one sign or both, of any width.
std::int64_t SomeNumber(Random* random, int kind) {
  switch (kind) {
    case 0:
      return random->Between(0, 1'000);
    case 1:
      return random->Between(-20, 20);
    case 2:
      return random->Between(-100'000, -1);
    case 3:
      return static_cast<std::int64_t>(random->Below(kLastId)) - (std::int64_t{1} << 31);
    default: {
      const auto any = static_cast<std::int64_t>(random->Below(~std::uint64_t{0}));
      return any >> random->Below(64);
    }
  }
}

Model SomeModel(Random* random, int kind, std::size_t size) {
  Model model;
  const std::uint32_t begin = random->Pick(std::vector<std::uint32_t>{0, 65'000, kLastId - 99'999});
  while (model.size() < size)
    model[begin + static_cast<std::uint32_t>(random->Below(100'000))] = SomeNumber(random, kind);
  return model;
}

IdSet SomeOf(Random* random, const Model& model, std::uint32_t percent) {
  IdSet some = Where(model, [&](auto, auto) { return random->Chance(percent); });
  some.Add(7);  // who may have no number
  some.Add(99'999);
  return some;
}

std::int64_t SomeLiteral(Random* random, const Model& model, int kind) {
  if (random->Chance(10))
    return random->Pick(std::vector<std::int64_t>{kLeast, kLeast + 1, -1, 0, 1, kGreatest});
  if (random->Chance(50)) return SomeNumber(random, kind);
  const auto at =
      std::next(model.begin(), static_cast<std::ptrdiff_t>(random->Below(model.size())));
  return at->second;
}

TEST_CASE("numbers of nobody are none") {
  const BitSliced none;
  CheckHolds(none, {});
  CHECK_FALSE(none.Get(0).has_value());
  CHECK(none.Compare(ExpressionOp::kGreaterEqual, kLeast).empty());
  CHECK(none.Compare(ExpressionOp::kLess, kLeast).empty());
  CHECK((none.Sum({1, 2}) == 0));
  CHECK_FALSE(none.Max({1, 2}).has_value());
  CHECK(none.Top(3, {1, 2}).empty());
  CHECK(BitSliced::Build({}).known().empty());
}

TEST_CASE("numbers at the ends of 64 bits are kept and compared and summed") {
  const Model model = {{0, kLeast},           {1, kGreatest},     {2, 0},     {3, -1},
                       {kLastId, kLeast + 1}, {5, kGreatest - 1}, {6, kLeast}};
  BitSliced sliced;
  for (const auto& [id, number] : model) sliced.Put(id, number);
  CheckHolds(sliced, model);
  for (const auto& [id, literal] : model) CheckComparisons(sliced, model, literal, nullptr);
  CheckMany(sliced, model, IdSet::Range(0, std::uint64_t{1} << 32), 3);
}

TEST_CASE("there are only as many slices as the widest number wants") {
  BitSliced sliced;
  sliced.Put(1, 0);
  sliced.Put(2, -1);
  CHECK(sliced.slices().empty());
  sliced.Put(3, 1);
  sliced.Put(4, -2);
  CHECK(sliced.slices().size() == 1);
  sliced.Put(5, 255);
  CHECK(sliced.slices().size() == 8);
  sliced.Put(6, -257);
  CHECK(sliced.slices().size() == 9);
  CheckHolds(sliced, {{1, 0}, {2, -1}, {3, 1}, {4, -2}, {5, 255}, {6, -257}});
  CHECK(BitSliced::Build(Entries{{1, 3}, {2, -4}}).slices().size() == 2);
}

TEST_CASE("a number that is put again is replaced and one that is removed is gone") {
  BitSliced sliced;
  sliced.Put(9, 1'000);
  sliced.Put(9, -3);
  CHECK(sliced.Get(9) == -3);
  CHECK(sliced.known().size() == 1);
  CHECK(sliced.Remove(9));
  CHECK_FALSE(sliced.Remove(9));
  CheckHolds(sliced, {});
  for (const IdSet& slice : sliced.slices()) CHECK(slice.empty());
}

TEST_CASE("entries are given in any order and the last of one id counts") {
  CheckHolds(BitSliced::Build(Entries{{9, 1}, {3, 5}, {9, -7}, {1, 4}, {3, 6}}),
             {{1, 4}, {3, 6}, {9, -7}});
  CheckHolds(BitSliced::Build(Entries{{1, 4}, {3, 5}, {3, 6}}), {{1, 4}, {3, 6}});
}

TEST_CASE("among equal numbers those of the lower id are the first") {
  const BitSliced sliced = BitSliced::Build(Entries{{1, 5}, {2, 9}, {3, 5}, {4, 5}, {5, 1}});
  const IdSet all = IdSet::Range(0, 10);
  CHECK((sliced.Top(2, all) == IdSet{1, 2}));
  CHECK((sliced.Top(3, all) == IdSet{1, 2, 3}));
  CHECK((sliced.Bottom(3, all) == IdSet{1, 3, 5}));
  CHECK(sliced.Top(0, all).empty());
  CHECK((sliced.Top(100, all) == sliced.known()));
}

TEST_CASE("what was moved from has no number and may be used again") {
  BitSliced a = BitSliced::Build(Entries{{1, 500}, {2, -7}});
  const BitSliced b = std::move(a);
  CheckHolds(b, {{1, 500}, {2, -7}});
  CheckHolds(a, {});  // NOLINT(bugprone-use-after-move): it is promised
  CHECK(a.Compare(ExpressionOp::kNotEqual, 3).empty());
  a.Put(4, -9);
  CheckHolds(a, {{4, -9}});
}

TEST_CASE("an operation that is no comparison is true of nobody") {
  const BitSliced sliced = BitSliced::Build(Entries{{1, 5}});
  CHECK(sliced.Compare(ExpressionOp::kAdd, 5).empty());
}

TEST_CASE("numbers are compared and summed and ranked as numbers are") {
  const std::uint64_t seed = 1'997;
  Random random(seed);
  INFO("seed " << seed);
  for (int round = 0; round < 30; ++round) {
    const int kind = round % 5;
    const std::size_t size = round < 10 ? 1 + random.Below(60) : 1 + random.Below(20'000);
    const Model model = SomeModel(&random, kind, size);
    INFO("round " << round << ": " << model.size() << " numbers of kind " << kind);
    const BitSliced sliced = BitSliced::Build(Entries(model.begin(), model.end()));
    CheckHolds(sliced, model);
    // All, many, and so few that they are gone over the other way.
    const IdSet many = SomeOf(&random, model, 60);
    const IdSet few = SomeOf(&random, model, 1);
    for (const IdSet* among : {static_cast<const IdSet*>(nullptr), &many, &few}) {
      const std::int64_t a = SomeLiteral(&random, model, kind);
      const std::int64_t b = SomeLiteral(&random, model, kind);
      CheckComparisons(sliced, model, a, among);
      CheckBetween(sliced, model, a, b, among);
    }
    for (const IdSet& among : {sliced.known(), many, few, IdSet()})
      CheckMany(sliced, model, among, random.Below(model.size() + 3));
  }
}

TEST_CASE("numbers that are put and removed one by one are what a map of them is") {
  const std::uint64_t seed = GENERATE(11, 12, 13);
  Random random(seed);
  INFO("seed " << seed);
  BitSliced sliced;
  Model model;
  for (int step = 0; step < 5'000; ++step) {
    const auto id = static_cast<std::uint32_t>(65'536 - 200 + random.Below(400));
    if (random.Chance(70)) {
      const std::int64_t number = SomeNumber(&random, step / 1'000);  // ever wider ones
      sliced.Put(id, number);
      model[id] = number;
    } else {
      REQUIRE(sliced.Remove(id) == (model.erase(id) == 1));
    }
    if (step % 250 != 0) continue;
    if (random.Chance(50)) sliced.Optimise();
    CheckHolds(sliced, model);
    CheckComparisons(sliced, model, SomeNumber(&random, step / 1'000), nullptr);
    CheckMany(sliced, model, SomeOf(&random, model, 50), random.Below(100));
  }
}

TEST_CASE("what was taken apart is put together again") {
  const Model model = {{1, 500}, {70'000, -7}, {kLastId, 3}};
  const BitSliced whole = BitSliced::Build(Entries(model.begin(), model.end()));
  const std::vector<IdSet> slices(whole.slices().begin(), whole.slices().end());
  const auto again = BitSliced::FromSlices(whole.known(), whole.negative(), slices);
  REQUIRE(again.ok());
  CheckHolds(*again, model);
}

TEST_CASE("slices that cannot be are data loss") {
  const auto code = [](IdSet known, IdSet negative, std::vector<IdSet> slices) {
    return BitSliced::FromSlices(std::move(known), std::move(negative), std::move(slices))
        .status()
        .code();
  };
  CHECK(code({1, 2}, {}, {{1}, {2}}) == absl::StatusCode::kOk);
  CHECK(code({1, 2}, {}, std::vector<IdSet>(63)) == absl::StatusCode::kOk);
  CHECK(code({1, 2}, {}, std::vector<IdSet>(64)) == absl::StatusCode::kDataLoss);
  CHECK(code({1, 2}, {3}, {}) == absl::StatusCode::kDataLoss);
  CHECK(code({1, 2}, {}, {{1}, {2, 3}}) == absl::StatusCode::kDataLoss);
}

TEST_CASE("numbers of many are held in about a bit a slice and person") {
  Entries entries;
  for (std::uint32_t id = 0; id < 200'000; ++id) entries.emplace_back(id, id * 7'919 % 1'024);
  const BitSliced sliced = BitSliced::Build(entries);
  CHECK(sliced.slices().size() == 10);
  CHECK(sliced.bytes() < 300'000);
  CHECK(sliced.bytes() > 200'000);
}

TEST_CASE("keys of fractions are ordered as the fractions are") {
  const double infinity = std::numeric_limits<double>::infinity();
  const double denormal = std::numeric_limits<double>::denorm_min();
  const std::vector<double> ascending = {-infinity,
                                         std::numeric_limits<double>::lowest(),
                                         -1e9,
                                         -1.5,
                                         -1,
                                         -denormal,
                                         0,
                                         denormal,
                                         0.1,
                                         1,
                                         std::nextafter(1, 2),
                                         1e300,
                                         infinity};
  for (std::size_t i = 0; i < ascending.size(); ++i) {
    const double number = ascending[i];
    CHECK(FromOrderedKey(OrderedKey(number)) == number);
    if (i > 0) CHECK(OrderedKey(ascending[i - 1]) < OrderedKey(number));
  }
  CHECK(OrderedKey(-0.0) == OrderedKey(0.0));
  CHECK_FALSE(std::signbit(FromOrderedKey(OrderedKey(-0.0))));
}

TEST_CASE("fractions are compared by their keys") {
  const std::uint64_t seed = 754;
  Random random(seed);
  INFO("seed " << seed);
  std::map<std::uint32_t, double> fractions;
  BitSliced sliced;
  for (std::uint32_t id = 0; id < 2'000; ++id) {
    fractions[id] = static_cast<double>(random.Between(-1'000, 1'000)) / 64;
    sliced.Put(id, OrderedKey(fractions[id]));
  }
  for (int i = 0; i < 50; ++i) {
    const double literal = static_cast<double>(random.Between(-1'000, 1'000)) / 64;
    IdSet below;
    for (const auto& [id, fraction] : fractions) {
      if (fraction < literal) below.Add(id);
    }
    REQUIRE((sliced.Compare(ExpressionOp::kLess, OrderedKey(literal)) == below));
  }
}

}  // namespace
}  // namespace polyonym
