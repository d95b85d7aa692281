// model/name_table.h - from a name to its number, for names that nearly every record asks for again.
//
// A direct-mapped front of a few names stands before a hash map: a name that is in front costs one multiplication and one comparison.
// Names may come from outside: a name that shares its place in front with another costs a look-up in the map, never more.
//
// THREADS: thread-compatible.
#ifndef POLYONYM_SRC_MODEL_NAME_TABLE_H_
#define POLYONYM_SRC_MODEL_NAME_TABLE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "absl/container/node_hash_map.h"
#include "model/text_hash.h"

namespace polyonym {

// A number under `kPlaces` from the ends and the length of a name. Not a hash to rely on.
template <std::size_t kPlaces>
std::size_t PlaceOfName(std::string_view name) {
  static_assert((kPlaces & (kPlaces - 1)) == 0);
  std::uint64_t front = 0, back = 0;
  if (name.size() >= 8) {
    std::memcpy(&front, name.data(), 8);
    std::memcpy(&back, name.data() + name.size() - 8, 8);
  } else if (name.size() >= 4) {
    std::memcpy(&front, name.data(), 4);
    std::memcpy(&back, name.data() + name.size() - 4, 4);
  } else {
    for (const char c : name) front = front << 8 | static_cast<unsigned char>(c);
  }
  const std::uint64_t mixed =
      (front ^ (back << 23 | back >> 41) ^ name.size()) * 0x9e3779b97f4a7c15u;
  return static_cast<std::size_t>(mixed >> 40) & (kPlaces - 1);
}

class NameTable {
 public:
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};

  NameTable() = default;
  NameTable(const NameTable&) = delete;
  NameTable& operator=(const NameTable&) = delete;

  // A name that is there already keeps its number.
  void Add(std::string_view name, std::uint32_t number) {
    const auto [at, is_new] = numbers_.try_emplace(std::string(name), number);
    Front& front = front_[PlaceOfName<kFront>(name)];
    if (is_new && front.number == kNone) front = {at->first, number};
  }

  // kNone where it was not added.
  std::uint32_t Find(std::string_view name) const {
    const Front& front = front_[PlaceOfName<kFront>(name)];
    if (front.name == name && front.number != kNone) return front.number;
    const auto at = numbers_.find(name);
    return at == numbers_.end() ? kNone : at->second;
  }

 private:
  static constexpr std::size_t kFront = 64;
  struct Front {
    std::string_view name;  // of the map's key, which does not move
    std::uint32_t number = kNone;
  };
  std::array<Front, kFront> front_;
  absl::node_hash_map<std::string, std::uint32_t, TextHash, std::equal_to<>> numbers_;
};

}  // namespace polyonym

#endif  // POLYONYM_SRC_MODEL_NAME_TABLE_H_
