#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "polyonym/measure/also_bought.h"

namespace polyonym {
namespace {

constexpr std::size_t kMostItemBytes = 1'024;
constexpr std::size_t kMostBasketItems = 10'000;
constexpr std::uint64_t kMost32 = std::numeric_limits<std::uint32_t>::max();

// absl's tables of the packaged Abseil look texts up by its own view.
absl::string_view KeyOf(std::string_view text) { return {text.data(), text.size()}; }

std::uint64_t PairsOf(std::uint64_t items) { return items < 2 ? 0 : items * (items - 1) / 2; }

absl::Status TooMany(const char* what, const char* option) {
  return absl::ResourceExhaustedError(
      absl::StrCat(what, ": more than ", option, "; raise it, or count categories of items"));
}

}  // namespace

absl::StatusOr<BasketCounts> BasketCounts::Make(const BasketOptions& options) {
  if (options.max_basket_items < 2 || options.max_basket_items > kMostBasketItems)
    return absl::InvalidArgumentError("max_basket_items: allowed are 2 to 10,000");
  if (options.max_items > kMost32)
    return absl::InvalidArgumentError("max_items: allowed are up to 2^32 - 1");
  return BasketCounts(options);
}

std::uint64_t BasketCounts::PairOf(Item a, Item b) {
  return std::uint64_t{std::min(a, b)} << 32 | std::max(a, b);
}

BasketCounts::Item BasketCounts::ItemOf(std::string_view name) {
  const auto found = numbers_.find(KeyOf(name));
  if (found != numbers_.end()) return found->second;
  const auto item = static_cast<Item>(names_.size());
  numbers_.try_emplace(std::string(name), item);
  names_.emplace_back(name);
  counts_.push_back(0);
  text_bytes_ += name.size();
  return item;
}

// `basket`: each item once.
absl::Status BasketCounts::CheckRoom(std::span<const std::string_view> basket) const {
  if (baskets_ >= kMost32)
    return absl::ResourceExhaustedError("baskets: more than 2^32 - 1; count them in parts");
  const bool may_items = names_.size() + basket.size() > options_.max_items;
  const bool may_pairs = pairs_.size() + PairsOf(basket.size()) > options_.max_pairs;
  if (!may_items && !may_pairs) return absl::OkStatus();
  std::vector<Item> known;
  for (const std::string_view name : basket) {
    const auto found = numbers_.find(KeyOf(name));
    if (found != numbers_.end()) known.push_back(found->second);
  }
  if (names_.size() + basket.size() - known.size() > options_.max_items)
    return TooMany("items", "max_items");
  std::uint64_t pairs = pairs_.size() + PairsOf(basket.size());
  for (std::size_t i = 0; i < known.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) pairs -= pairs_.count(PairOf(known[i], known[j]));
  }
  return pairs > options_.max_pairs ? TooMany("pairs", "max_pairs") : absl::OkStatus();
}

absl::Status BasketCounts::Add(std::span<const std::string_view> items) {
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (items[i].empty() || items[i].size() > kMostItemBytes)
      return absl::InvalidArgumentError(
          absl::StrCat("items[", i, "]: allowed are 1 to 1,024 bytes"));
  }
  std::vector<std::string_view> basket(items.begin(), items.end());
  std::sort(basket.begin(), basket.end());
  basket.erase(std::unique(basket.begin(), basket.end()), basket.end());
  if (basket.empty()) return absl::OkStatus();
  if (basket.size() > options_.max_basket_items) {
    ++left_out_;
    return absl::OkStatus();
  }
  if (absl::Status status = CheckRoom(basket); !status.ok()) return status;
  std::vector<Item> numbers;
  for (const std::string_view name : basket) {
    numbers.push_back(ItemOf(name));
    ++counts_[numbers.back()];
    for (std::size_t i = 0; i + 1 < numbers.size(); ++i)
      ++pairs_[PairOf(numbers[i], numbers.back())];
  }
  ++baskets_;
  return absl::OkStatus();
}

absl::Status BasketCounts::Merge(const BasketCounts& other) {
  if (other.options_ != options_)
    return absl::InvalidArgumentError("other: allowed is one with the same options");
  if (other.baskets_ > kMost32 - baskets_)
    return absl::ResourceExhaustedError("baskets: more than 2^32 - 1; count them in parts");
  // Of the other's items those that are here, and one beyond all for the rest.
  const auto unknown = static_cast<Item>(kMost32);
  std::vector<Item> here(other.names_.size(), unknown);
  std::uint64_t items = names_.size(), pairs = pairs_.size();
  for (std::size_t i = 0; i < here.size(); ++i) {
    const auto found = numbers_.find(KeyOf(other.names_[i]));
    if (found != numbers_.end()) here[i] = found->second;
    items += found == numbers_.end() ? 1 : 0;
  }
  if (items > options_.max_items) return TooMany("items", "max_items");
  for (const auto& [pair, together] : other.pairs_) {
    const Item a = here[pair >> 32], b = here[pair & kMost32];
    pairs += a == unknown || b == unknown || !pairs_.contains(PairOf(a, b)) ? 1 : 0;
  }
  if (pairs > options_.max_pairs) return TooMany("pairs", "max_pairs");

  for (std::size_t i = 0; i < here.size(); ++i) {
    here[i] = ItemOf(other.names_[i]);
    counts_[here[i]] += other.counts_[i];
  }
  for (const auto& [pair, together] : other.pairs_)
    pairs_[PairOf(here[pair >> 32], here[pair & kMost32])] += together;
  baskets_ += other.baskets_;
  left_out_ += other.left_out_;
  return absl::OkStatus();
}

std::size_t BasketCounts::memory_bytes() const {
  // A slot, and a byte of control for each.
  const std::size_t item = sizeof(decltype(numbers_)::value_type) + 1;
  const std::size_t pair = sizeof(decltype(pairs_)::value_type) + 1;
  return numbers_.capacity() * item + pairs_.capacity() * pair +
         names_.capacity() * sizeof(std::string) + counts_.capacity() * sizeof(std::uint32_t) +
         2 * text_bytes_;
}

}  // namespace polyonym
