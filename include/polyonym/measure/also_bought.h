// measure/also_bought.h - what people buy together, and what somebody who has these things may want next.
//
// Count baskets, one by one: what a person ever bought, or an order. Then ask:
//
//   BasketCounts counts = *BasketCounts::Make({});
//   for (const Order& order : orders) absl::Status added = counts.Add(order.items);
//   const AlsoBought also = AlsoBought::Of(counts);
//   also.Top("tea", 10);                       // cups: in 212 baskets together, lift 3.4
//   also.Recommend({{"tea", "cups"}}, 5);      // a pot 0.61, because of cups
//
// Items are texts of the host's choice (articles, categories, brands, topics). A score says that others had both: it knows neither stock,
// nor price, nor taste, and is a feature for a host's model, or a list to begin with. Baskets say what was, so a shop that
// shows its lists will find them in its baskets.
//
// MEASURES of an item and another, of N baskets, a with the item, b with the other, t with both:
//
//   support     t / N                  Agrawal, Imielinski and Swami, Mining association rules between sets of items, SIGMOD 1993
//   confidence  t / a                  the same: of those that have the item, how many have the other
//   lift        t N / (a b)            Brin, Motwani, Ullman and Tsur, SIGMOD 1997: how many times as often as by chance
//   cosine      t / sqrt(a b)          of the two columns of zeros and ones: 0 to 1
//
// A recommendation's score is the sum of cosines to the items that somebody has: item-based collaborative filtering, as Sarwar, Karypis,
// Konstan and Riedl (WWW 2001), Linden, Smith and York (IEEE Internet Computing 7(1), 2003) and Deshpande and Karypis (ACM
// Transactions on Information Systems 22(1), 2004) have it. Items are not bought twice in it: leave what is bought again and again to its own list.
//
// Everything is a function of the set of baskets: their order, that of their items, and how they were spread over counts that
// were merged do not show. Ties go to what was together more often, then by the bytes of the item.
#ifndef POLYONYM_MEASURE_ALSO_BOUGHT_H_
#define POLYONYM_MEASURE_ALSO_BOUGHT_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace polyonym {

struct BasketOptions {
  // Different items. A larger basket is left out and counted apart, since it says little of each pair and has the square of its items of
  // them: a reseller's, a test's. What is counted is exact of all others. RANGE: 2 to 10,000
  std::size_t max_basket_items = 200;
  // Beyond these ResourceExhausted, nothing is dropped in silence. Give categories instead of articles, or the articles that sell.
  std::size_t max_items = 1'000'000;  // RANGE: up to 2^32 - 1
  std::size_t max_pairs =
      20'000'000;  // of items that were in a basket together; some 20 to 40 bytes each
  friend bool operator==(const BasketOptions&, const BasketOptions&) = default;
};

// Adds baskets up.
//
// Memory: for each pair 17 bytes in a table that is between 7/16 and 7/8 full, so 20 to 40; for each item some 80 bytes and its text twice.
// THREADS: thread-compatible. One for each thread, merged at the end, is as good as one.
class BasketCounts {
 public:
  // ERRORS: InvalidArgument naming the field.
  static absl::StatusOr<BasketCounts> Make(const BasketOptions& options);

  // Adds one basket. An item that is there twice is there once; a basket without items is none.
  // ERRORS, and nothing is added: InvalidArgument for an item that is empty or longer than 1,024 bytes (`items[4]`). ResourceExhausted
  // beyond max_items, max_pairs or 2^32 - 1 baskets: a host that goes on after it has the counts of the other baskets, and
  // which they are depends on the order.
  // COST: half the square of the items, some 50 to 300 ns for each pair: most of it is waiting for memory.
  absl::Status Add(std::span<const std::string_view> items);

  // Adds the baskets of another, which must be others.
  // ERRORS, and nothing is added: InvalidArgument for other options; ResourceExhausted as Add().
  absl::Status Merge(const BasketCounts& other);

  std::uint64_t baskets() const { return baskets_; }    // without those left out
  std::uint64_t left_out() const { return left_out_; }  // larger than max_basket_items
  std::size_t items() const { return names_.size(); }
  std::size_t pairs() const { return pairs_.size(); }
  // Of tables and texts as they are allocated; without what an allocator takes for itself.
  std::size_t memory_bytes() const;

 private:
  friend class AlsoBought;
  using Item = std::uint32_t;  // a number as items came; nothing that is shown may depend on it

  explicit BasketCounts(const BasketOptions& options) : options_(options) {}

  static std::uint64_t PairOf(Item a, Item b);
  Item ItemOf(std::string_view name);
  absl::Status CheckRoom(std::span<const std::string_view> basket) const;

  BasketOptions options_;
  absl::flat_hash_map<std::string, Item> numbers_;
  std::vector<std::string> names_;     // by item
  std::vector<std::uint32_t> counts_;  // by item: baskets that have it
  absl::flat_hash_map<std::uint64_t, std::uint32_t>
      pairs_;  // lesser item, then greater: baskets that have both
  std::uint64_t baskets_ = 0;
  std::uint64_t left_out_ = 0;
  std::size_t text_bytes_ = 0;
};

// A pair as seen from `item`.
struct ItemPair {
  std::string item;
  std::string other;
  std::uint64_t together = 0;  // baskets with both
  std::uint64_t with_item = 0;
  std::uint64_t with_other = 0;
  double support = 0;
  double confidence = 0;  // from the item to the other
  double lift = 0;
  double cosine = 0;
  friend bool operator==(const ItemPair&, const ItemPair&) = default;
};

enum class PairOrder : std::uint8_t {
  kTogether = 0,  // so, of one item, by confidence too. Favours what everybody buys
  kLift = 1,      // favours what is rare: ask for some baskets together
  kCosine = 2,    // between the two
};

struct ScoredItem {
  std::string item;
  double score = 0;  // sum of cosines: above 0, up to the number of items that somebody has
  std::string
      because;  // of these the one with the greatest cosine; of several the first by its bytes
  friend bool operator==(const ScoredItem&, const ScoredItem&) = default;
};

// Counts laid out for questions. It holds no counts that come later.
//
// Memory: 16 bytes a pair, and for each item some 50 bytes and its text.
// THREADS: safe, as it never changes.
class AlsoBought {
 public:
  // COST: n log n in pairs and items; some 0.2 us a pair.
  static AlsoBought Of(const BasketCounts& counts);

  // The others that were in a basket with `item`, best first, at most `count`; in at least `min_together` baskets. Empty for an item that
  // is not known.  COST: pairs of the item, times the log of `count`.
  std::vector<ItemPair> Top(std::string_view item, std::size_t count,
                            PairOrder order = PairOrder::kCosine,
                            std::uint64_t min_together = 1) const;

  // The same of all pairs, each once, the item of the lesser bytes first.  COST: all pairs, times the log of `count`.
  std::vector<ItemPair> TopPairs(std::size_t count, PairOrder order = PairOrder::kCosine,
                                 std::uint64_t min_together = 1) const;

  // What goes with `items` and is not among them, best first, at most `count`; pairs that were in fewer than `min_together` baskets score
  // nothing. Items that are not known count for nothing, and those given twice once. Equal scores are in order of the item's bytes.
  // COST: pairs of the items.
  std::vector<ScoredItem> Recommend(std::span<const std::string_view> items, std::size_t count,
                                    std::uint64_t min_together = 1) const;

  std::uint64_t baskets() const { return baskets_; }
  std::size_t items() const { return names_.size(); }
  std::uint64_t BasketsWith(std::string_view item) const;  // 0: not known
  std::size_t memory_bytes() const;

 private:
  using Item = std::uint32_t;  // in order of names

  struct Other {
    Item item;
    std::uint32_t together;
  };
  struct Pair {
    Item item, other;
    std::uint32_t together;
  };

  AlsoBought() = default;

  std::span<const Other> OthersOf(Item item) const;
  std::size_t Find(std::string_view name) const;  // items(): not known
  double CosineOf(const Pair& pair) const;
  bool Better(const Pair& a, const Pair& b, PairOrder order) const;
  void KeepBest(std::vector<Pair>* pairs, std::size_t count, PairOrder order) const;
  ItemPair Told(const Pair& pair) const;
  std::vector<ItemPair> TellBest(std::vector<Pair> pairs, std::size_t count, PairOrder order) const;

  std::vector<std::string> names_;     // in order
  std::vector<std::uint32_t> counts_;  // by item
  std::vector<std::size_t> begins_;    // by item, and the end: of its others
  std::vector<Other> others_;          // by item, in order
  std::uint64_t baskets_ = 0;
};

}  // namespace polyonym

#endif  // POLYONYM_MEASURE_ALSO_BOUGHT_H_
