#include "polyonym/segment/bit_sliced.h"

#include <algorithm>
#include <bit>
#include <limits>

#include "absl/status/status.h"

namespace polyonym {
namespace {

constexpr std::size_t kMostSlices = 63;
constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();

// The least s for which `number` is in [-2^s, 2^s).
std::size_t SlicesOf(std::int64_t number) {
  const auto bits = static_cast<std::uint64_t>(number < 0 ? ~number : number);
  return static_cast<std::size_t>(std::bit_width(bits));
}

bool HasBit(std::int64_t number, std::size_t k) {
  return (static_cast<std::uint64_t>(number) >> k & 1) != 0;
}

// The number of what is below the sign, and the sign: all bits from `slices` up.
std::int64_t WithSign(std::uint64_t low, bool is_negative, std::size_t slices) {
  if (is_negative) low |= ~std::uint64_t{0} << slices;
  return static_cast<std::int64_t>(low);
}

// The part of `of` that is in `slice`, or that is not.
IdSet Part(const IdSet& of, const IdSet& slice, bool in) {
  return in ? IdSet::And(of, slice) : IdSet::AndNot(of, slice);
}

void Keep(IdSet* of, const IdSet& slice, bool in) {
  if (in) {
    *of &= slice;
  } else {
    *of -= slice;
  }
}

void Set(IdSet* slice, std::uint32_t id, bool in) {
  if (in) {
    slice->Add(id);
  } else {
    slice->Remove(id);
  }
}

// Ascending, one an id: the last that was given.
std::vector<BitSliced::Entry> Sorted(std::span<const BitSliced::Entry> entries) {
  std::vector<BitSliced::Entry> sorted(entries.begin(), entries.end());
  std::stable_sort(
      sorted.begin(), sorted.end(),
      [](const BitSliced::Entry& a, const BitSliced::Entry& b) { return a.first < b.first; });
  std::size_t kept = 0;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    const bool is_last = i + 1 == sorted.size() || sorted[i + 1].first != sorted[i].first;
    if (is_last) sorted[kept++] = sorted[i];
  }
  sorted.resize(kept);
  return sorted;
}

// The ids of the entries that `f` is true of.
template <class F>
IdSet IdsOf(std::span<const BitSliced::Entry> entries, std::vector<std::uint32_t>* room,
            const F& f) {
  room->clear();
  for (const auto& [id, number] : entries) {
    if (f(number)) room->push_back(id);
  }
  return IdSet::Of(*room);
}

}  // namespace

// Of two doubles of one sign the bits are ordered as whole numbers are, or the other way round where the sign is set.
std::int64_t OrderedKey(double number) {
  const auto bits = std::bit_cast<std::int64_t>(number == 0 ? 0.0 : number);
  return bits < 0 ? bits ^ std::numeric_limits<std::int64_t>::max() : bits;
}

double FromOrderedKey(std::int64_t key) {
  return std::bit_cast<double>(key < 0 ? key ^ std::numeric_limits<std::int64_t>::max() : key);
}

// ---- Life ----

BitSliced BitSliced::Build(std::span<const Entry> entries) {
  const auto ascends = [](const Entry& a, const Entry& b) { return a.first >= b.first; };
  if (std::adjacent_find(entries.begin(), entries.end(), ascends) != entries.end())
    return Build(Sorted(entries));
  BitSliced built;
  std::size_t slices = 0;
  for (const auto& [id, number] : entries) slices = std::max(slices, SlicesOf(number));
  std::vector<std::uint32_t> room;
  built.known_ = IdsOf(entries, &room, [](std::int64_t) { return true; });
  built.negative_ = IdsOf(entries, &room, [](std::int64_t number) { return number < 0; });
  for (std::size_t k = 0; k < slices; ++k) {
    built.slices_.push_back(
        IdsOf(entries, &room, [k](std::int64_t number) { return HasBit(number, k); }));
  }
  built.Optimise();
  return built;
}

absl::StatusOr<BitSliced> BitSliced::FromSlices(IdSet known, IdSet negative,
                                                std::vector<IdSet> slices) {
  if (slices.size() > kMostSlices)
    return absl::DataLossError("numbers in slices have more slices than any number wants");
  const auto is_part = [&known](const IdSet& slice) {
    return IdSet::CountAndNot(slice, known) == 0;
  };
  if (!is_part(negative) || !std::all_of(slices.begin(), slices.end(), is_part))
    return absl::DataLossError("numbers in slices have a slice of ids that have no number");
  BitSliced made;
  made.known_ = std::move(known);
  made.negative_ = std::move(negative);
  made.slices_ = std::move(slices);
  return made;
}

void BitSliced::Widen(std::size_t slices) {
  if (slices > slices_.size()) slices_.resize(slices, negative_);  // the sign goes on for ever
}

void BitSliced::Optimise() {
  known_.Optimise();
  negative_.Optimise();
  for (IdSet& slice : slices_) slice.Optimise();
}

std::size_t BitSliced::bytes() const {
  std::size_t bytes = sizeof *this + known_.bytes() + negative_.bytes();
  for (const IdSet& slice : slices_) bytes += sizeof slice + slice.bytes();
  return bytes;
}

// ---- One person ----

void BitSliced::Put(std::uint32_t id, std::int64_t number) {
  Widen(SlicesOf(number));
  known_.Add(id);
  Set(&negative_, id, number < 0);
  for (std::size_t k = 0; k < slices_.size(); ++k) Set(&slices_[k], id, HasBit(number, k));
}

bool BitSliced::Remove(std::uint32_t id) {
  if (!known_.Remove(id)) return false;
  negative_.Remove(id);
  for (IdSet& slice : slices_) slice.Remove(id);
  return true;
}

std::optional<std::int64_t> BitSliced::Get(std::uint32_t id) const {
  if (!known_.Contains(id)) return std::nullopt;
  std::uint64_t low = 0;
  for (std::size_t k = 0; k < slices_.size(); ++k)
    low |= std::uint64_t{slices_[k].Contains(id)} << k;
  return WithSign(low, negative_.Contains(id), slices_.size());
}

// ---- Comparisons ----

IdSet BitSliced::KnownOf(const IdSet* among) const {
  return among == nullptr ? known_ : IdSet::And(known_, *among);
}

IdSet BitSliced::EqualTo(std::int64_t literal, const IdSet* among) const {
  if (SlicesOf(literal) > slices_.size()) return {};
  IdSet equal = KnownOf(among);
  Keep(&equal, negative_, literal < 0);
  for (std::size_t k = slices_.size(); k-- > 0 && !equal.empty();)
    Keep(&equal, slices_[k], HasBit(literal, k));
  return equal;
}

// From the lowest bit up, a set of who is above the literal in the bits so far: who has a higher bit there than the literal is, and who
// has a lower one is not, whatever is below. Hence one operation a slice, but over everybody.
IdSet BitSliced::AboveOfAll(std::int64_t literal) const {
  IdSet above;
  for (std::size_t k = 0; k < slices_.size(); ++k) {
    if (HasBit(literal, k)) {
      above &= slices_[k];
    } else {
      above |= slices_[k];
    }
  }
  if (literal < 0) {
    above |= IdSet::AndNot(known_, negative_);
  } else {
    above -= negative_;
  }
  return above;
}

// From the sign down, over those who are equal in the bits so far: they grow fewer.
IdSet BitSliced::AboveOfFew(std::int64_t literal, IdSet undecided) const {
  IdSet above;
  if (literal < 0) above = IdSet::AndNot(undecided, negative_);
  Keep(&undecided, negative_, literal < 0);
  for (std::size_t k = slices_.size(); k-- > 0 && !undecided.empty();) {
    const bool bit = HasBit(literal, k);
    if (!bit) above |= IdSet::And(undecided, slices_[k]);
    Keep(&undecided, slices_[k], bit);
  }
  return above;
}

IdSet BitSliced::Above(std::int64_t literal, const IdSet* among) const {
  if (SlicesOf(literal) > slices_.size()) return literal < 0 ? KnownOf(among) : IdSet();
  // One in so many: of so few, two or three operations a slice cost less than one of all.
  constexpr std::uint64_t kFew = 64;
  if (among != nullptr && among->size() < known_.size() / kFew)
    return AboveOfFew(literal, KnownOf(among));
  IdSet above = AboveOfAll(literal);
  if (among != nullptr) above &= *among;
  return above;
}

IdSet BitSliced::Compare(ExpressionOp op, std::int64_t literal, const IdSet* among) const {
  switch (op) {
    case ExpressionOp::kEqual:
      return EqualTo(literal, among);
    case ExpressionOp::kNotEqual:
      return IdSet::AndNot(KnownOf(among), EqualTo(literal, among));
    case ExpressionOp::kGreater:
      return Above(literal, among);
    case ExpressionOp::kLessEqual:
      return IdSet::AndNot(KnownOf(among), Above(literal, among));
    case ExpressionOp::kGreaterEqual:
      return literal == kLeast ? KnownOf(among) : Above(literal - 1, among);
    case ExpressionOp::kLess:
      if (literal == kLeast) return {};
      return IdSet::AndNot(KnownOf(among), Above(literal - 1, among));
    default:
      return {};
  }
}

IdSet BitSliced::Between(std::int64_t low, std::int64_t high, const IdSet* among) const {
  IdSet between = Compare(ExpressionOp::kGreaterEqual, low, among);
  between -= Above(high, &between);
  return between;
}

// ---- Over many ----

absl::int128 BitSliced::Sum(const IdSet& among) const {
  absl::int128 sum = 0;
  int k = 0;
  for (const IdSet& slice : slices_) sum += absl::int128(IdSet::CountAnd(slice, among)) << k++;
  return sum - (absl::int128(IdSet::CountAnd(negative_, among)) << k);
}

std::optional<std::int64_t> BitSliced::Extreme(End end, const IdSet& among) const {
  IdSet left = KnownOf(&among);
  if (left.empty()) return std::nullopt;
  // Those who have the bit that is wanted, where there are any. Returns the bit that is left.
  const auto narrow = [&left](const IdSet& slice, bool wanted) {
    IdSet part = Part(left, slice, wanted);
    if (part.empty()) return !wanted;
    left = std::move(part);
    return wanted;
  };
  const bool wanted = end == End::kGreatest;
  const bool is_negative = narrow(negative_, !wanted);
  std::uint64_t low = 0;
  for (std::size_t k = slices_.size(); k-- > 0;)
    low |= std::uint64_t{narrow(slices_[k], wanted)} << k;
  return WithSign(low, is_negative, slices_.size());
}

std::optional<std::int64_t> BitSliced::Min(const IdSet& among) const {
  return Extreme(End::kLeast, among);
}

std::optional<std::int64_t> BitSliced::Max(const IdSet& among) const {
  return Extreme(End::kGreatest, among);
}

// Those who have the bit that is wanted are all taken, or, where that would be too many, nobody else is.
IdSet BitSliced::Outermost(End end, std::uint64_t n, const IdSet& among) const {
  IdSet undecided = KnownOf(&among);
  if (undecided.size() <= n) return undecided;
  IdSet taken;
  const auto narrow = [&](const IdSet& slice, bool wanted) {
    IdSet part = Part(undecided, slice, wanted);
    const std::uint64_t size = part.size();
    if (size > n) {
      undecided = std::move(part);
      return;
    }
    n -= size;
    taken |= part;
    Keep(&undecided, slice, !wanted);
  };
  const bool wanted = end == End::kGreatest;
  narrow(negative_, !wanted);
  for (std::size_t k = slices_.size(); k-- > 0 && n > 0;) narrow(slices_[k], wanted);
  taken.AddMany(undecided.Page(0, static_cast<std::size_t>(n)));
  return taken;
}

IdSet BitSliced::Top(std::uint64_t n, const IdSet& among) const {
  return Outermost(End::kGreatest, n, among);
}

IdSet BitSliced::Bottom(std::uint64_t n, const IdSet& among) const {
  return Outermost(End::kLeast, n, among);
}

}  // namespace polyonym
