// segment/verdicts.h - what conditions are of one person, by number: two bits each.
#ifndef POLYONYM_SRC_SEGMENT_VERDICTS_H_
#define POLYONYM_SRC_SEGMENT_VERDICTS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace polyonym::segment {

enum class Verdict : std::uint8_t { kNotAsked = 0, kFalse, kTrue, kUnknown };

inline Verdict VerdictOf(std::optional<bool> is) {
  if (!is) return Verdict::kUnknown;
  return *is ? Verdict::kTrue : Verdict::kFalse;
}

// REQUIRES: it was asked.
inline std::optional<bool> FlagOf(Verdict verdict) {
  if (verdict == Verdict::kUnknown) return std::nullopt;
  return verdict == Verdict::kTrue;
}

class Verdicts {
 public:
  Verdicts() = default;  // of no condition
  explicit Verdicts(std::size_t conditions) : words_((conditions + kInWord - 1) / kInWord) {}

  bool empty() const { return words_.empty(); }
  Verdict Of(std::size_t condition) const {
    return static_cast<Verdict>(words_[condition / kInWord] >> ShiftOf(condition) & kMask);
  }
  void Set(std::size_t condition, Verdict verdict) {
    std::uint64_t& word = words_[condition / kInWord];
    word &= ~(kMask << ShiftOf(condition));
    word |= std::uint64_t{static_cast<std::uint8_t>(verdict)} << ShiftOf(condition);
  }
  // Those of `which` are `verdict` now.  `which`: kUnknown, both bits, for those; as many.
  void SetAll(const Verdicts& which, Verdict verdict) {
    const std::uint64_t all = kOfEach * static_cast<std::uint64_t>(verdict);
    for (std::size_t i = 0; i < words_.size(); ++i) {
      const std::uint64_t mask = which.words_[i];
      words_[i] = (words_[i] & ~mask) | (all & mask);
    }
  }
  // f(condition), ascending, of those that are others in `before`.  REQUIRES: as many.
  template <class F>
  void ForEachOther(const Verdicts& before, const F& f) const {
    for (std::size_t i = 0; i < words_.size(); ++i) {
      for (std::uint64_t left = words_[i] ^ before.words_[i]; left != 0;) {
        const auto at = static_cast<std::size_t>(__builtin_ctzll(left)) / kBits;
        f(i * kInWord + at);
        left &= ~(kMask << at * kBits);
      }
    }
  }
  std::size_t bytes() const { return words_.size() * sizeof(words_.front()); }
  // All of them, to be kept elsewhere.
  std::span<const std::uint64_t> words() const { return words_; }
  static Verdicts OfWords(std::vector<std::uint64_t> words) {
    Verdicts verdicts;
    verdicts.words_ = std::move(words);
    return verdicts;
  }

 private:
  static constexpr std::size_t kBits = 2;
  static constexpr std::size_t kInWord = 64 / kBits;
  static constexpr std::uint64_t kMask = (std::uint64_t{1} << kBits) - 1;
  static constexpr std::uint64_t kOfEach = ~std::uint64_t{0} / kMask;  // its lower bit
  static std::size_t ShiftOf(std::size_t condition) { return condition % kInWord * kBits; }

  std::vector<std::uint64_t> words_;
};

}  // namespace polyonym::segment

#endif  // POLYONYM_SRC_SEGMENT_VERDICTS_H_
