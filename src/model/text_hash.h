// model/text_hash.h - hashes text for hash maps that are asked with views: seeded by the process, so that nobody outside can
// make keys collide.
#ifndef POLYONYM_SRC_MODEL_TEXT_HASH_H_
#define POLYONYM_SRC_MODEL_TEXT_HASH_H_

#include <cstddef>
#include <string_view>

#include "absl/hash/hash.h"
#include "absl/strings/string_view.h"

namespace polyonym {

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return absl::Hash<absl::string_view>()(absl::string_view(text.data(), text.size()));
  }
};

}  // namespace polyonym

#endif  // POLYONYM_SRC_MODEL_TEXT_HASH_H_
