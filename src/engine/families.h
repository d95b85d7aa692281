// engine/families.h - a few bits that say which families of namespaces a record names.
//
// A new policy asks which records its differences may concern. Each of the first families that a store meets has a bit of its own,
// all others share the last: a record without the bit does not name the family; one with it may.
//
// THREADS: the writer's.
#ifndef POLYONYM_SRC_ENGINE_FAMILIES_H_
#define POLYONYM_SRC_ENGINE_FAMILIES_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
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

  // The bits of a record, as they stand in its cell's flags. New families are noted. `kinds`: of its identifiers; kNone where there is none
  // yet.
  std::uint32_t Note(const Record& record, std::span<const Kind> kinds) {
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < kinds.size(); ++i) {
      const std::uint32_t known = kinds[i] < bits_of_kind_.size() ? bits_of_kind_[kinds[i]] : 0;
      bits |= known != 0 ? known : NoteFamily(FamilyOf(record.identifiers[i].ns), kinds[i]);
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
  std::uint32_t NoteFamily(std::string_view family, Kind kind) {
    const std::size_t at = Find(family);
    if (at == names_.size() && at < kOwnBits) names_.emplace_back(family);
    if (kind != kNone) {
      bits_of_kind_.resize(std::max<std::size_t>(bits_of_kind_.size(), kind + std::size_t{1}));
      bits_of_kind_[kind] = Bit(at);
    }
    return Bit(at);
  }
  std::size_t Find(std::string_view family) const {
    return static_cast<std::size_t>(std::find(names_.begin(), names_.end(), family) -
                                    names_.begin());
  }
  static std::uint32_t Bit(std::size_t at) {
    return std::uint32_t{1} << (RecordCell::kFamilies + std::min(at, kOwnBits));
  }

  std::vector<std::string> names_;
  std::vector<std::uint32_t> bits_of_kind_;  // 0: not asked yet
};

}  // namespace polyonym::engine

#endif  // POLYONYM_SRC_ENGINE_FAMILIES_H_
