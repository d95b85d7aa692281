// engine/families.h - a few bits that say which families of namespaces a record names.
//
// A new policy asks which records its differences may concern. Each of the first families that a store meets has a bit of its own,
// all others share the last: a record without the bit does not name the family; one with it may.
//
// THREADS: the writer's.
#ifndef POLYONYM_SRC_ENGINE_FAMILIES_H_
#define POLYONYM_SRC_ENGINE_FAMILIES_H_

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/cells.h"
#include "polyonym/model/record.h"

namespace polyonym::engine {

class Families {
 public:
  static constexpr std::size_t kOwnBits = 32 - RecordCell::kFamilies - 1;

  Families() = default;
  explicit Families(std::vector<std::string> names) : names_(std::move(names)) {}

  // Those with a bit of their own, in order of first appearance.
  const std::vector<std::string>& names() const { return names_; }

  // The bits of a record, as they stand in its cell's flags. New families are noted.
  std::uint32_t Note(const Record& record) {
    std::uint32_t bits = 0;
    for (const RecordIdentifier& identifier : record.identifiers) {
      const std::string_view family = FamilyOf(identifier.ns);
      std::size_t at = Find(family);
      if (at == names_.size() && at < kOwnBits) names_.emplace_back(family);
      bits |= Bit(at);
    }
    return bits;
  }

  // The bit of a family; 0 where no record names it.
  std::uint32_t BitOf(std::string_view family) const {
    const std::size_t at = Find(family);
    return at == names_.size() && at < kOwnBits ? 0 : Bit(at);
  }

  // All of them.
  static std::uint32_t AllBits() { return ~std::uint32_t{0} << RecordCell::kFamilies; }

 private:
  std::size_t Find(std::string_view family) const {
    return static_cast<std::size_t>(std::find(names_.begin(), names_.end(), family) -
                                    names_.begin());
  }
  static std::uint32_t Bit(std::size_t at) {
    return std::uint32_t{1} << (RecordCell::kFamilies + std::min(at, kOwnBits));
  }

  std::vector<std::string> names_;
};

}  // namespace polyonym::engine

#endif  // POLYONYM_SRC_ENGINE_FAMILIES_H_
