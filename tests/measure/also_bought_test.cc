#include "polyonym/measure/also_bought.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "harness/catch.h"
#include "harness/histories.h"
#include "harness/random.h"

namespace polyonym {
namespace {

using harness::Approx;
using harness::ForEachSeed;
using harness::HoldsText;
using harness::Random;

using Basket = std::vector<std::string>;

absl::Status AddTo(BasketCounts* counts, const Basket& basket) {
  const std::vector<std::string_view> items(basket.begin(), basket.end());
  return counts->Add(items);
}

BasketCounts Empty(const BasketOptions& options = {}) {
  absl::StatusOr<BasketCounts> counts = BasketCounts::Make(options);
  INFO(counts.status().ToString());
  REQUIRE(counts.ok());
  return *std::move(counts);
}

BasketCounts Counted(const std::vector<Basket>& baskets, const BasketOptions& options = {}) {
  BasketCounts counts = Empty(options);
  for (const Basket& basket : baskets) {
    const absl::Status added = AddTo(&counts, basket);
    INFO(added.ToString());
    REQUIRE(added.ok());
  }
  return counts;
}

std::vector<ScoredItem> Next(const AlsoBought& also, const Basket& has, std::size_t count,
                             std::uint64_t min_together = 1) {
  const std::vector<std::string_view> items(has.begin(), has.end());
  return also.Recommend(items, count, min_together);
}

std::vector<std::string> OthersOf(const std::vector<ItemPair>& pairs) {
  std::vector<std::string> others;
  for (const ItemPair& pair : pairs) others.push_back(pair.other);
  return others;
}

// ---- Examples ----

// mlxtend's user guide, frequent_patterns/association_rules, Example 1: five purchases.
std::vector<Basket> Groceries() {
  return {{"Milk", "Onion", "Nutmeg", "Kidney Beans", "Eggs", "Yogurt"},
          {"Dill", "Onion", "Nutmeg", "Kidney Beans", "Eggs", "Yogurt"},
          {"Milk", "Apple", "Kidney Beans", "Eggs"},
          {"Milk", "Unicorn", "Corn", "Kidney Beans", "Yogurt"},
          {"Corn", "Onion", "Onion", "Kidney Beans", "Ice cream", "Eggs"}};
}

TEST_CASE("rules between groceries are those of mlxtend's guide") {
  // Its table of rules: antecedents, consequents, support, confidence, lift.
  struct Rule {
    const char *item, *other;
    double support, confidence, lift;
  };
  const Rule rules[] = {
      {"Eggs", "Kidney Beans", 0.8, 1.00, 1.00},  {"Kidney Beans", "Eggs", 0.8, 0.80, 1.00},
      {"Eggs", "Onion", 0.6, 0.75, 1.25},         {"Onion", "Eggs", 0.6, 1.00, 1.25},
      {"Milk", "Kidney Beans", 0.6, 1.00, 1.00},  {"Onion", "Kidney Beans", 0.6, 1.00, 1.00},
      {"Yogurt", "Kidney Beans", 0.6, 1.00, 1.00}};
  const AlsoBought also = AlsoBought::Of(Counted(Groceries()));
  CHECK(also.baskets() == 5);
  CHECK(also.items() == 11);
  CHECK(also.BasketsWith("Onion") == 3);
  CHECK(also.BasketsWith("Beer") == 0);
  for (const Rule& rule : rules) {
    CAPTURE(rule.item, rule.other);
    const std::vector<ItemPair> pairs = also.Top(rule.item, 100);
    const auto pair = std::find_if(pairs.begin(), pairs.end(),
                                   [&](const ItemPair& of) { return of.other == rule.other; });
    REQUIRE(pair != pairs.end());
    CHECK(pair->support == Approx(rule.support).epsilon(1e-12));
    CHECK(pair->confidence == Approx(rule.confidence).epsilon(1e-12));
    CHECK(pair->lift == Approx(rule.lift).epsilon(1e-12));
  }
}

TEST_CASE("what stands first depends on the order that is asked for") {
  // Tea is in six of eight baskets, cups in three, a pot in two.
  const AlsoBought also = AlsoBought::Of(Counted({{"tea", "cups"},
                                                  {"tea", "cups", "pot"},
                                                  {"tea", "pot", "milk"},
                                                  {"tea", "milk"},
                                                  {"tea", "milk", "cups"},
                                                  {"tea"},
                                                  {"milk"},
                                                  {"milk"}}));
  CHECK(OthersOf(also.Top("tea", 9, PairOrder::kTogether)) == Basket{"cups", "milk", "pot"});
  CHECK(OthersOf(also.Top("tea", 9, PairOrder::kLift)) == Basket{"cups", "pot", "milk"});
  CHECK(OthersOf(also.Top("tea", 9, PairOrder::kCosine)) == Basket{"cups", "pot", "milk"});
  CHECK(OthersOf(also.Top("tea", 2, PairOrder::kTogether)) == Basket{"cups", "milk"});
  CHECK(OthersOf(also.Top("tea", 9, PairOrder::kCosine, 3)) == Basket{"cups", "milk"});
  CHECK(also.Top("tea", 0).empty());
  CHECK(also.Top("coffee", 9).empty());

  const std::vector<ItemPair> pairs = also.TopPairs(2, PairOrder::kTogether);
  REQUIRE(pairs.size() == 2);
  CHECK(std::pair(pairs[0].item, pairs[0].other) ==
        std::pair<std::string, std::string>("cups", "tea"));
  CHECK(std::pair(pairs[1].item, pairs[1].other) ==
        std::pair<std::string, std::string>("milk", "tea"));
  CHECK(pairs[0].cosine == Approx(3 / std::sqrt(18.0)));
}

TEST_CASE("somebody is recommended what goes with all that they have") {
  const AlsoBought also = AlsoBought::Of(Counted({{"tea", "cups", "pot"},
                                                  {"tea", "cups"},
                                                  {"cups", "pot"},
                                                  {"milk", "tea"},
                                                  {"milk", "bread"}}));
  const std::vector<ScoredItem> next = Next(also, {"tea", "cups", "tea", "unknown"}, 10);
  REQUIRE(next.size() == 2);
  CHECK(next[0].item == "pot");
  CHECK(next[0].score == Approx(1 / std::sqrt(6.0) + 2 / std::sqrt(6.0)));
  CHECK(next[0].because == "cups");
  CHECK(next[1].item == "milk");
  CHECK(next[1].score == Approx(1 / std::sqrt(6.0)));
  CHECK(next[1].because == "tea");
  CHECK(Next(also, {"tea", "cups"}, 1).size() == 1);
  REQUIRE(Next(also, {"tea", "cups"}, 10, 2).size() == 1);
  CHECK(Next(also, {"tea", "cups"}, 10, 2)[0].score == Approx(2 / std::sqrt(6.0)));
  CHECK(Next(also, {"unknown"}, 10).empty());
  CHECK(Next(also, {}, 10).empty());
}

// ---- Against a slow model ----

std::vector<Basket> RandomBaskets(Random& random, std::size_t kinds) {
  std::vector<Basket> baskets(random.Below(25));
  for (Basket& basket : baskets) {
    const std::uint64_t items = random.Below(6);
    for (std::uint64_t i = 0; i < items; ++i)
      basket.push_back("item " + std::to_string(random.Below(kinds)));
  }
  return baskets;
}

// Each basket looked at for each question.
class Slow {
 public:
  Slow(const std::vector<Basket>& baskets, std::size_t max_items) {
    for (const Basket& basket : baskets) {
      const std::set<std::string> items(basket.begin(), basket.end());
      if (items.empty()) continue;
      if (items.size() > max_items) {
        ++left_out;
        continue;
      }
      baskets_.push_back(items);
      names.insert(items.begin(), items.end());
    }
  }

  std::uint64_t With(const std::string& a, const std::string& b) const {
    return static_cast<std::uint64_t>(
        std::count_if(baskets_.begin(), baskets_.end(), [&](const std::set<std::string>& basket) {
          return basket.count(a) > 0 && basket.count(b) > 0;
        }));
  }
  std::uint64_t With(const std::string& a) const { return With(a, a); }
  std::uint64_t baskets() const { return baskets_.size(); }

  // What is greater comes first: the measure as a fraction of whole numbers, how many together; then what is lesser by bytes.
  bool Better(const std::pair<std::string, std::string>& a,
              const std::pair<std::string, std::string>& b, PairOrder order) const {
    const std::uint64_t t = With(a.first, a.second), u = With(b.first, b.second);
    const std::uint64_t squares[] = {With(a.first) * With(a.second),
                                     With(b.first) * With(b.second)};
    std::uint64_t left = t, right = u;
    if (order == PairOrder::kCosine) left *= t, right *= u;
    if (order != PairOrder::kTogether) left *= squares[1], right *= squares[0];
    return left != right ? left > right : t != u ? t > u : a < b;
  }

  std::vector<std::pair<std::string, std::string>> Best(const std::string& item, PairOrder order,
                                                        std::uint64_t min_together) const {
    std::vector<std::pair<std::string, std::string>> pairs;
    for (const std::string& a : names) {
      for (const std::string& b : names) {
        const bool is_asked = item.empty() ? a < b : a == item && a != b;
        const std::uint64_t together = With(a, b);
        if (is_asked && together > 0 && together >= min_together) pairs.emplace_back(a, b);
      }
    }
    std::sort(pairs.begin(), pairs.end(),
              [&](const auto& a, const auto& b) { return Better(a, b, order); });
    return pairs;
  }

  std::map<std::string, double> Scores(const Basket& has, std::uint64_t min_together) const {
    std::map<std::string, double> scores;
    for (const std::string& mine : std::set<std::string>(has.begin(), has.end())) {
      for (const std::string& other : names) {
        const std::uint64_t together = With(mine, other);
        if (std::count(has.begin(), has.end(), other) > 0 || together == 0) continue;
        if (together >= min_together)
          scores[other] += static_cast<double>(together) /
                           std::sqrt(static_cast<double>(With(mine) * With(other)));
      }
    }
    return scores;
  }

  std::set<std::string> names;
  std::uint64_t left_out = 0;

 private:
  std::vector<std::set<std::string>> baskets_;
};

std::vector<std::pair<std::string, std::string>> NamesOf(const std::vector<ItemPair>& pairs) {
  std::vector<std::pair<std::string, std::string>> names;
  for (const ItemPair& pair : pairs) names.emplace_back(pair.item, pair.other);
  return names;
}

TEST_CASE("pairs are those of the slow model in the order that was asked for") {
  ForEachSeed(1, 400, [](std::uint64_t seed) {
    CAPTURE(seed);
    Random random(seed);
    const std::vector<Basket> baskets = RandomBaskets(random, 8);
    BasketOptions options;
    options.max_basket_items = 2 + random.Below(4);
    const Slow slow(baskets, options.max_basket_items);
    const BasketCounts counts = Counted(baskets, options);
    const AlsoBought also = AlsoBought::Of(counts);
    CHECK(counts.baskets() == slow.baskets());
    CHECK(counts.left_out() == slow.left_out);
    CHECK(counts.items() == slow.names.size());
    CHECK(counts.pairs() == slow.Best("", PairOrder::kTogether, 1).size());
    const auto order = static_cast<PairOrder>(random.Below(3));
    const std::uint64_t min_together = random.Below(4);
    const std::size_t count = random.Below(12);
    const auto check = [&](const std::string& item, const std::vector<ItemPair>& got) {
      auto want = slow.Best(item, order, min_together);
      want.resize(std::min(count, want.size()));
      CHECK(NamesOf(got) == want);
      for (const ItemPair& pair : got) {
        CHECK(pair.together == slow.With(pair.item, pair.other));
        CHECK(pair.with_item == slow.With(pair.item));
        CHECK(pair.with_other == slow.With(pair.other));
        const auto t = static_cast<double>(pair.together), n = static_cast<double>(slow.baskets());
        const auto a = static_cast<double>(pair.with_item),
                   b = static_cast<double>(pair.with_other);
        CHECK(pair.support == Approx(t / n));
        CHECK(pair.confidence == Approx(t / a));
        CHECK(pair.lift == Approx((t / a) / (b / n)));
        CHECK(pair.cosine == Approx(t / std::sqrt(a * b)));
      }
    };
    for (const std::string& item : slow.names)
      check(item, also.Top(item, count, order, min_together));
    check("", also.TopPairs(count, order, min_together));
  });
}

TEST_CASE("recommendations are sums of cosines to what somebody has and never what they have") {
  ForEachSeed(1'000, 400, [](std::uint64_t seed) {
    CAPTURE(seed);
    Random random(seed);
    const std::vector<Basket> baskets = RandomBaskets(random, 12);
    const Slow slow(baskets, 200);
    const AlsoBought also = AlsoBought::Of(Counted(baskets));
    Basket has;
    while (random.Chance(70)) has.push_back("item " + std::to_string(random.Below(14)));
    const std::uint64_t min_together = random.Below(3);
    const std::map<std::string, double> want = slow.Scores(has, min_together);
    const std::vector<ScoredItem> got = Next(also, has, 100, min_together);
    REQUIRE(got.size() == want.size());
    for (std::size_t i = 0; i < got.size(); ++i) {
      REQUIRE(want.count(got[i].item) == 1);
      CHECK(got[i].score == Approx(want.at(got[i].item)));
      CHECK(got[i].score <= static_cast<double>(has.size()) + 1e-9);
      CHECK(slow.With(got[i].item, got[i].because) >= std::max<std::uint64_t>(1, min_together));
      CHECK(std::count(has.begin(), has.end(), got[i].because) > 0);
      if (i == 0) continue;
      CHECK((got[i - 1].score > got[i].score ||
             (got[i - 1].score == got[i].score && got[i - 1].item < got[i].item)));
    }
    std::vector<ScoredItem> few = got;
    few.resize(std::min<std::size_t>(3, few.size()));
    CHECK(Next(also, has, 3, min_together) == few);
  });
}

TEST_CASE("baskets in any order and spread over counts in any way give one answer") {
  ForEachSeed(2'000, 300, [](std::uint64_t seed) {
    CAPTURE(seed);
    Random random(seed);
    std::vector<Basket> baskets = RandomBaskets(random, 9);
    const AlsoBought all = AlsoBought::Of(Counted(baskets, {.max_basket_items = 4}));
    const std::uint64_t left_out = Counted(baskets, {.max_basket_items = 4}).left_out();
    random.Shuffle(&baskets);
    std::vector<BasketCounts> parts(1 + random.Below(4), Empty({.max_basket_items = 4}));
    for (Basket& basket : baskets) {
      random.Shuffle(&basket);
      REQUIRE(AddTo(&parts[random.Below(parts.size())], basket).ok());
    }
    random.Shuffle(&parts);
    BasketCounts merged = Empty({.max_basket_items = 4});
    for (const BasketCounts& part : parts) REQUIRE(merged.Merge(part).ok());
    const AlsoBought also = AlsoBought::Of(merged);
    CHECK(merged.left_out() == left_out);
    CHECK(also.baskets() == all.baskets());
    CHECK(also.items() == all.items());
    for (const PairOrder order : {PairOrder::kTogether, PairOrder::kLift, PairOrder::kCosine})
      CHECK(also.TopPairs(1'000, order) == all.TopPairs(1'000, order));
    // To the last bit.
    CHECK(Next(also, {"item 3", "item 1", "item 2"}, 100) ==
          Next(all, {"item 1", "item 2", "item 3"}, 100));
  });
}

TEST_CASE("the best of many pairs are kept without keeping all") {
  // 200 items, all pairs of which were in a basket: 19,900 pairs, of which that with the last is in as many more as its number.
  Basket all;
  for (int i = 100; i < 300; ++i) all.push_back(std::to_string(i));
  BasketCounts counts = Counted({all});
  for (int i = 0; i < 100; ++i) {
    const Basket pair = {"299", std::to_string(100 + i)};
    for (int times = 0; times <= i; ++times) REQUIRE(AddTo(&counts, pair).ok());
  }
  const AlsoBought also = AlsoBought::Of(counts);
  CHECK(counts.pairs() == 19'900);
  const std::vector<ItemPair> best = also.TopPairs(3, PairOrder::kTogether);
  CHECK(NamesOf(best) == std::vector<std::pair<std::string, std::string>>{
                             {"199", "299"}, {"198", "299"}, {"197", "299"}});
  CHECK(also.TopPairs(100'000).size() == 19'900);
}

// ---- Bounds ----

TEST_CASE("a basket that is too large is left out and counted") {
  const BasketCounts counts =
      Counted({{"a", "b"}, {"a", "b", "c"}, {"a", "a", "b", "b"}, {}}, {.max_basket_items = 2});
  CHECK(counts.baskets() == 2);
  CHECK(counts.left_out() == 1);
  CHECK(counts.items() == 2);
  CHECK(AlsoBought::Of(counts).Top("a", 9).at(0).support == 1);
}

TEST_CASE("more items or pairs than were asked for are refused whole") {
  BasketCounts counts = Counted({{"a", "b"}, {"c"}}, {.max_items = 4, .max_pairs = 3});
  const auto refused = [&](const Basket& basket, const std::string& what) {
    const absl::Status status = AddTo(&counts, basket);
    CHECK(status.code() == absl::StatusCode::kResourceExhausted);
    CHECK_THAT(std::string(status.message()), HoldsText(what));
    CHECK(counts.baskets() == 2);
    CHECK(counts.items() == 3);
    CHECK(counts.pairs() == 1);
  };
  refused({"d", "e"}, "max_items");
  refused({"a", "b", "c", "d"}, "max_pairs");

  BasketCounts other = Counted({{"a", "c", "b"}, {"d"}}, {.max_items = 4, .max_pairs = 3});
  REQUIRE(counts.Merge(other).ok());  // three pairs, one of which was there
  CHECK(counts.pairs() == 3);
  CHECK(AddTo(&counts, {"a", "b", "c"}).ok());
  CHECK(AddTo(&counts, {"a", "d"}).code() == absl::StatusCode::kResourceExhausted);
  BasketCounts more = Counted({{"a", "d"}}, {.max_items = 4, .max_pairs = 3});
  CHECK(counts.Merge(more).code() == absl::StatusCode::kResourceExhausted);
  BasketCounts others = Counted({{"x", "y"}}, {.max_items = 4, .max_pairs = 3});
  CHECK_THAT(std::string(counts.Merge(others).message()), HoldsText("max_items"));
  CHECK(counts.items() == 4);
  CHECK(counts.baskets() == 5);
}

TEST_CASE("items and options that cannot be are refused by the name of the field") {
  BasketCounts counts = Empty();
  const absl::Status empty = AddTo(&counts, {"a", ""});
  CHECK(empty.code() == absl::StatusCode::kInvalidArgument);
  CHECK_THAT(std::string(empty.message()), HoldsText("items[1]"));
  CHECK_FALSE(AddTo(&counts, {std::string(1'025, 'x')}).ok());
  CHECK(counts.items() == 0);
  CHECK_THAT(std::string(BasketCounts::Make({.max_basket_items = 1}).status().message()),
             HoldsText("max_basket_items"));
  CHECK_THAT(
      std::string(BasketCounts::Make({.max_items = std::size_t{1} << 32}).status().message()),
      HoldsText("max_items"));
  CHECK(counts.Merge(Empty({.max_pairs = 7})).code() == absl::StatusCode::kInvalidArgument);
}

TEST_CASE("nothing counted has no answers") {
  const AlsoBought also = AlsoBought::Of(Empty());
  CHECK(also.items() == 0);
  CHECK(also.TopPairs(10).empty());
  CHECK(also.Top("a", 10).empty());
  CHECK(Next(also, {"a"}, 10).empty());
}

TEST_CASE("memory that is counted grows with pairs") {
  BasketCounts counts = Empty();
  const std::size_t before = counts.memory_bytes();
  Basket basket;
  for (int i = 0; i < 150; ++i) basket.push_back(std::to_string(i));
  REQUIRE(AddTo(&counts, basket).ok());
  CHECK(counts.memory_bytes() >= before + counts.pairs() * 12);
  CHECK(AlsoBought::Of(counts).memory_bytes() >= counts.pairs() * 16);
}

}  // namespace
}  // namespace polyonym
