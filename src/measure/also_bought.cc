#include "polyonym/measure/also_bought.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "absl/numeric/int128.h"

namespace polyonym {
namespace {

constexpr std::uint64_t kLow = 0xffff'ffff;

double Real(std::uint64_t count) { return static_cast<double>(count); }

}  // namespace

AlsoBought AlsoBought::Of(const BasketCounts& counts) {
  AlsoBought made;
  made.baskets_ = counts.baskets_;
  std::vector<Item> order(counts.names_.size()), place(counts.names_.size());
  std::iota(order.begin(), order.end(), Item{0});
  std::sort(order.begin(), order.end(),
            [&](Item a, Item b) { return counts.names_[a] < counts.names_[b]; });
  for (const Item item : order) {
    place[item] = static_cast<Item>(made.names_.size());
    made.names_.push_back(counts.names_[item]);
    made.counts_.push_back(counts.counts_[item]);
  }
  // How many others each has; then where they begin; then each is put there.
  made.begins_.resize(made.names_.size() + 1);
  for (const auto& [pair, together] : counts.pairs_) {
    ++made.begins_[place[pair >> 32] + 1];
    ++made.begins_[place[pair & kLow] + 1];
  }
  std::partial_sum(made.begins_.begin(), made.begins_.end(), made.begins_.begin());
  made.others_.resize(made.begins_.back());
  std::vector<std::size_t> next(made.begins_.begin(), made.begins_.end() - 1);
  for (const auto& [pair, together] : counts.pairs_) {
    const Item a = place[pair >> 32], b = place[pair & kLow];
    made.others_[next[a]++] = {b, together};
    made.others_[next[b]++] = {a, together};
  }
  for (std::size_t item = 0; item < made.names_.size(); ++item) {
    std::sort(made.others_.begin() + static_cast<std::ptrdiff_t>(made.begins_[item]),
              made.others_.begin() + static_cast<std::ptrdiff_t>(made.begins_[item + 1]),
              [](const Other& a, const Other& b) { return a.item < b.item; });
  }
  return made;
}

std::span<const AlsoBought::Other> AlsoBought::OthersOf(Item item) const {
  return {others_.data() + begins_[item], begins_[item + 1] - begins_[item]};
}

std::size_t AlsoBought::Find(std::string_view name) const {
  const auto found = std::lower_bound(names_.begin(), names_.end(), name);
  return found != names_.end() && *found == name ? static_cast<std::size_t>(found - names_.begin())
                                                 : names_.size();
}

std::uint64_t AlsoBought::BasketsWith(std::string_view item) const {
  const std::size_t found = Find(item);
  return found == names_.size() ? 0 : counts_[found];
}

double AlsoBought::CosineOf(const Pair& pair) const {
  const double square = Real(counts_[pair.item]) * Real(counts_[pair.other]);
  return Real(pair.together) / std::sqrt(square);
}

// By whole numbers, so that equal measures are equal: t, t / (a b), or t^2 / (a b), each of which fits.
bool AlsoBought::Better(const Pair& a, const Pair& b, PairOrder order) const {
  if (order != PairOrder::kTogether) {
    const auto square_of = [&](const Pair& pair) {
      return absl::uint128(counts_[pair.item]) * counts_[pair.other];
    };
    const auto part_of = [&](const Pair& pair) {
      const absl::uint128 together = pair.together;
      return order == PairOrder::kLift ? together : together * together;
    };
    // t^2 of one times a b of the other is below 2^128.
    const absl::uint128 left = part_of(a) * square_of(b), right = part_of(b) * square_of(a);
    if (left != right) return left > right;
  }
  if (a.together != b.together) return a.together > b.together;
  return std::pair(a.item, a.other) < std::pair(b.item, b.other);
}

void AlsoBought::KeepBest(std::vector<Pair>* pairs, std::size_t count, PairOrder order) const {
  const auto end = pairs->begin() + static_cast<std::ptrdiff_t>(std::min(count, pairs->size()));
  std::partial_sort(pairs->begin(), end, pairs->end(),
                    [&](const Pair& a, const Pair& b) { return Better(a, b, order); });
  pairs->erase(end, pairs->end());
}

ItemPair AlsoBought::Told(const Pair& pair) const {
  const double together = Real(pair.together);
  const std::uint64_t with_item = counts_[pair.item], with_other = counts_[pair.other];
  ItemPair told{names_[pair.item], names_[pair.other], pair.together, with_item, with_other};
  told.support = together / Real(baskets_);
  told.confidence = together / Real(with_item);
  told.lift = together * Real(baskets_) / (Real(with_item) * Real(with_other));
  told.cosine = CosineOf(pair);
  return told;
}

std::vector<ItemPair> AlsoBought::TellBest(std::vector<Pair> pairs, std::size_t count,
                                           PairOrder order) const {
  KeepBest(&pairs, count, order);
  std::vector<ItemPair> told;
  for (const Pair& pair : pairs) told.push_back(Told(pair));
  return told;
}

std::vector<ItemPair> AlsoBought::Top(std::string_view item, std::size_t count, PairOrder order,
                                      std::uint64_t min_together) const {
  const std::size_t found = Find(item);
  if (found == names_.size()) return {};
  std::vector<Pair> pairs;
  for (const Other& other : OthersOf(static_cast<Item>(found))) {
    if (other.together >= min_together)
      pairs.push_back({static_cast<Item>(found), other.item, other.together});
  }
  return TellBest(std::move(pairs), count, order);
}

std::vector<ItemPair> AlsoBought::TopPairs(std::size_t count, PairOrder order,
                                           std::uint64_t min_together) const {
  std::vector<Pair> best;
  // Thinned out whenever it has grown to twice what is asked for, so that it never holds all pairs.
  const std::size_t most = 2 * std::min(count, others_.size()) + 1'024;
  for (Item item = 0; item < names_.size(); ++item) {
    for (const Other& other : OthersOf(item)) {
      if (other.item < item || other.together < min_together) continue;
      best.push_back({item, other.item, other.together});
      if (best.size() >= most) KeepBest(&best, count, order);
    }
  }
  return TellBest(std::move(best), count, order);
}

std::vector<ScoredItem> AlsoBought::Recommend(std::span<const std::string_view> items,
                                              std::size_t count, std::uint64_t min_together) const {
  std::vector<Item> has;  // in order, so that sums are the same to the last bit
  for (const std::string_view name : items) {
    const std::size_t found = Find(name);
    if (found < names_.size()) has.push_back(static_cast<Item>(found));
  }
  std::sort(has.begin(), has.end());
  has.erase(std::unique(has.begin(), has.end()), has.end());

  struct Score {
    double sum = 0, greatest = 0;
    Item because = 0;
  };
  absl::flat_hash_map<Item, Score> scores;
  for (const Item item : has) {
    for (const Other& other : OthersOf(item)) {
      if (other.together < min_together) continue;
      const double cosine = CosineOf({item, other.item, other.together});
      Score& score = scores[other.item];
      score.sum += cosine;
      if (cosine > score.greatest) score = {score.sum, cosine, item};
    }
  }
  for (const Item item : has) scores.erase(item);

  std::vector<std::pair<Item, Score>> ranked(scores.begin(), scores.end());
  const auto end = ranked.begin() + static_cast<std::ptrdiff_t>(std::min(count, ranked.size()));
  std::partial_sort(ranked.begin(), end, ranked.end(), [](const auto& a, const auto& b) {
    return a.second.sum != b.second.sum ? a.second.sum > b.second.sum : a.first < b.first;
  });
  std::vector<ScoredItem> best;
  for (auto at = ranked.begin(); at != end; ++at)
    best.push_back({names_[at->first], at->second.sum, names_[at->second.because]});
  return best;
}

std::size_t AlsoBought::memory_bytes() const {
  std::size_t text = 0;
  for (const std::string& name : names_) text += name.size();
  return text + names_.capacity() * sizeof(std::string) +
         counts_.capacity() * sizeof(std::uint32_t) + begins_.capacity() * sizeof(std::size_t) +
         others_.capacity() * sizeof(Other);
}

}  // namespace polyonym
