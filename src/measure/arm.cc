// Adding up the arms of measure/lift.h.
#include <cstddef>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "measure/currency_code.h"
#include "polyonym/measure/lift.h"

namespace polyonym {
namespace {

constexpr absl::int128 kMost = std::numeric_limits<absl::int128>::max();
constexpr absl::int128 kLeast = std::numeric_limits<absl::int128>::min();
constexpr absl::int128 kMost64 = std::numeric_limits<std::int64_t>::max();

// By currency; of one person.
using Totals = std::map<std::string, absl::int128>;

absl::StatusOr<Totals> TotalsOf(std::span<const Money> paid) {
  Totals totals;
  for (std::size_t i = 0; i < paid.size(); ++i) {
    if (!IsCurrencyCode(paid[i].currency)) {
      return absl::InvalidArgumentError(
          absl::StrCat("paid[", i, "].currency: allowed are three upper-case letters"));
    }
    totals[paid[i].currency] += paid[i].minor_units;
  }
  for (const auto& [currency, total] : totals) {
    if (total > kMost64 || total < -kMost64) {
      return absl::OutOfRangeError(
          absl::StrCat("paid: the total in ", currency, " does not fit into 64 bits"));
    }
  }
  return totals;
}

bool AddsUp(absl::int128 a, absl::int128 b) { return b >= 0 ? a <= kMost - b : a >= kLeast - b; }

// `money` with `more` has room.
absl::Status CheckRoom(const std::map<std::string, ArmMoney, std::less<>>& money,
                       const std::string& currency, const ArmMoney& more) {
  const auto found = money.find(currency);
  if (found == money.end() || (AddsUp(found->second.squares, more.squares) &&
                               AddsUp(found->second.minor_units, more.minor_units)))
    return absl::OkStatus();
  return absl::OutOfRangeError(
      absl::StrCat("money[", currency, "]: the sum of squares does not fit into 128 bits"));
}

}  // namespace

absl::Status Arm::Add(bool has_converted, std::span<const Money> paid) {
  Arm one;
  one.people = 1;
  one.converted = has_converted ? 1 : 0;
  if (!paid.empty()) {
    absl::StatusOr<Totals> totals = TotalsOf(paid);
    if (!totals.ok()) return totals.status();
    for (const auto& [currency, total] : *totals) one.money[currency] = {total, total * total};
  }
  return Merge(one);
}

absl::Status Arm::Merge(const Arm& other) {
  const std::uint64_t room = std::numeric_limits<std::uint64_t>::max();
  if (other.people > room - people || other.converted > room - converted)
    return absl::OutOfRangeError("people: the sum does not fit into 64 bits");
  for (const auto& [currency, more] : other.money) {
    if (absl::Status status = CheckRoom(money, currency, more); !status.ok()) return status;
  }
  people += other.people;
  converted += other.converted;
  for (const auto& [currency, more] : other.money) {
    if (more.squares == 0) continue;  // an arm is the same whether or not it was told of nothing
    ArmMoney& of = money[currency];
    of.minor_units += more.minor_units;
    of.squares += more.squares;
  }
  return absl::OkStatus();
}

}  // namespace polyonym
