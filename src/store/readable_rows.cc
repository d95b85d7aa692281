#include "store/readable_rows.h"

#include <cstdint>
#include <limits>
#include <utility>

namespace polyonym {
namespace {

constexpr std::size_t kNumberBytes = 8;  // at the end of a key, the high byte first
constexpr std::uint64_t kSingleSteps = 64;

// `key` with the number at its end raised; none where that has no room.
std::optional<std::string> Raised(const std::string& key, std::uint64_t by) {
  if (key.size() < kNumberBytes) return std::nullopt;
  const std::size_t at = key.size() - kNumberBytes;
  std::uint64_t number = 0;
  for (std::size_t i = at; i < key.size(); ++i)
    number = number << 8 | static_cast<std::uint8_t>(key[i]);
  if (by > std::numeric_limits<std::uint64_t>::max() - number) return std::nullopt;
  number += by;
  std::string raised = key.substr(0, at);
  for (int shift = 56; shift >= 0; shift -= 8) raised.push_back(static_cast<char>(number >> shift));
  return raised;
}

// The least key whose bytes before the number are greater.
std::optional<std::string> NextPrefix(const std::string& key) {
  if (key.size() < kNumberBytes) return std::nullopt;
  std::string prefix = key.substr(0, key.size() - kNumberBytes);
  while (!prefix.empty() && prefix.back() == '\xff') prefix.pop_back();
  if (prefix.empty()) return std::nullopt;
  prefix.back() = static_cast<char>(prefix.back() + 1);
  return prefix;
}

class Reader {
 public:
  Reader(const RowScan& scan, const Store::RowVisitor& row) : scan_(scan), row_(row) {}

  // From a key on; not ok where it cannot go on, behind last().
  absl::Status Read(const std::string& from) {
    return scan_(from, [&](std::string_view key, std::string_view value) {
      last_ = key;
      ended_ = !row_(key, value);
      return !ended_;
    });
  }
  const std::string& last() const { return last_; }
  bool ended() const { return ended_; }

  // Where reading goes on behind last(): a key from which a row, or the end, can be had. None: nowhere.
  std::optional<std::string> FindNext() const {
    const std::string begin = last_.empty() ? std::string(kNumberBytes, '\0') : last_;
    for (std::uint64_t step = 1; step <= kSingleSteps; ++step) {
      const std::optional<std::string> key = Raised(begin, step);
      if (!key) break;
      if (CanRead(*key)) return key;
    }
    // Then in doubled steps, and back to the least that will do.
    std::uint64_t failed = kSingleSteps;
    for (std::uint64_t step = kSingleSteps * 2;; step *= 2) {
      const std::optional<std::string> key = Raised(begin, step);
      if (!key) break;
      if (CanRead(*key)) return Least(begin, failed, step);
      failed = step;
      if (step > std::numeric_limits<std::uint64_t>::max() / 2) break;
    }
    const std::optional<std::string> beyond = NextPrefix(begin);
    if (beyond && CanRead(*beyond)) return beyond;
    return std::nullopt;
  }

 private:
  bool CanRead(const std::string& from) const {
    return scan_(from, [](std::string_view, std::string_view) { return false; }).ok();
  }
  std::optional<std::string> Least(const std::string& begin, std::uint64_t failed,
                                   std::uint64_t good) const {
    while (good - failed > 1) {
      const std::uint64_t middle = failed + (good - failed) / 2;
      (CanRead(*Raised(begin, middle)) ? good : failed) = middle;
    }
    return Raised(begin, good);
  }

  const RowScan& scan_;
  const Store::RowVisitor& row_;
  std::string last_;
  bool ended_ = false;
};

}  // namespace

void ForEachReadableRow(const RowScan& scan, const Store::RowVisitor& row,
                        const std::function<void(const UnreadableStretch&)>& stretch) {
  Reader reader(scan, row);
  std::string from;
  for (;;) {
    const absl::Status status = reader.Read(from);
    if (status.ok() || reader.ended()) return;
    UnreadableStretch broken{reader.last(), reader.FindNext(), status};
    stretch(broken);
    if (!broken.next) return;
    from = *std::move(broken.next);
  }
}

void ForEachReadableRow(const Store& store, Table table, const Store::RowVisitor& row,
                        const std::function<void(const UnreadableStretch&)>& stretch) {
  ForEachReadableRow(
      [&](std::string_view from, const Store::RowVisitor& visit) {
        return store.ScanDamaged(table, from, visit);
      },
      row, stretch);
}

}  // namespace polyonym
