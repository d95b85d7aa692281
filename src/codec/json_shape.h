// codec/json_shape.h - bounds on untrusted JSON, before anything is made of it.
#ifndef POLYONYM_SRC_CODEC_JSON_SHAPE_H_
#define POLYONYM_SRC_CODEC_JSON_SHAPE_H_

#include <cstddef>
#include <string_view>

#include "absl/status/status.h"

namespace polyonym::codec {

inline constexpr std::size_t kMaxJsonBytes = std::size_t{16} << 20;
inline constexpr std::size_t kMaxJsonDepth =
    32;  // objects and lists within each other, the outermost one counted
// What is made of an empty object takes some hundred times its two bytes, and of an empty text some thirty times.
inline constexpr std::size_t kMaxJsonObjects = 65'536;  // and lists
inline constexpr std::size_t kMaxJsonValues = 1'000'000;

// The size, how much is in it, and that there is no byte order mark (some parsers pass over it, some do not).
// ERRORS: InvalidArgument.  COST: one pass; none where the text is too short to have too much in it.
absl::Status CheckJsonStart(std::string_view json);

// ERRORS: InvalidArgument for text that is not one JSON object in UTF-8, is over the bounds, or names a field twice; the field
// is named below `parent`.
absl::Status CheckJsonShape(std::string_view json, std::string_view parent = "");

}  // namespace polyonym::codec

#endif  // POLYONYM_SRC_CODEC_JSON_SHAPE_H_
