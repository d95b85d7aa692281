// segment/segment_bits.h - some of the segments, by number.
#ifndef POLYONYM_SRC_SEGMENT_SEGMENT_BITS_H_
#define POLYONYM_SRC_SEGMENT_SEGMENT_BITS_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace polyonym::segment {

class SegmentBits {
 public:
  SegmentBits() = default;
  explicit SegmentBits(std::size_t segments) : words_((segments + 63) / 64) {}
  void Set(std::size_t segment) { words_[segment / 64] |= Bit(segment); }
  void Put(std::size_t segment, bool is) {
    if (is) {
      words_[segment / 64] |= Bit(segment);
    } else {
      words_[segment / 64] &= ~Bit(segment);
    }
  }
  bool Has(std::size_t segment) const { return (words_[segment / 64] & Bit(segment)) != 0; }
  void Clear() { words_.assign(words_.size(), 0); }
  // REQUIRES: as many.
  SegmentBits& operator|=(const SegmentBits& other) {
    for (std::size_t i = 0; i < words_.size(); ++i) words_[i] |= other.words_[i];
    return *this;
  }
  SegmentBits& operator-=(const SegmentBits& other) {
    for (std::size_t i = 0; i < words_.size(); ++i) words_[i] &= ~other.words_[i];
    return *this;
  }
  // f(segment) in ascending order.
  template <class F>
  void ForEach(const F& f) const {
    for (std::size_t i = 0; i < words_.size(); ++i) {
      for (std::uint64_t left = words_[i]; left != 0; left &= left - 1)
        f(i * 64 + static_cast<std::size_t>(__builtin_ctzll(left)));
    }
  }
  // The same of those that are in both.  REQUIRES: as many.
  template <class F>
  void ForEachOfBoth(const SegmentBits& other, const F& f) const {
    for (std::size_t i = 0; i < words_.size(); ++i) {
      for (std::uint64_t left = words_[i] & other.words_[i]; left != 0; left &= left - 1)
        f(i * 64 + static_cast<std::size_t>(__builtin_ctzll(left)));
    }
  }
  std::size_t bytes() const { return words_.size() * sizeof(words_.front()); }
  // All of them, to be kept elsewhere.
  std::span<const std::uint64_t> words() const { return words_; }
  static SegmentBits OfWords(std::vector<std::uint64_t> words) {
    SegmentBits bits;
    bits.words_ = std::move(words);
    return bits;
  }

 private:
  static std::uint64_t Bit(std::size_t segment) { return std::uint64_t{1} << segment % 64; }
  std::vector<std::uint64_t> words_;
};

}  // namespace polyonym::segment

#endif  // POLYONYM_SRC_SEGMENT_SEGMENT_BITS_H_
