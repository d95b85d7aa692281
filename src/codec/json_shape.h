// codec/json_shape.h - bounds on untrusted JSON, before anything is made of it.
#ifndef POLYONYM_SRC_CODEC_JSON_SHAPE_H_
#define POLYONYM_SRC_CODEC_JSON_SHAPE_H_

#include <cstddef>
#include <string_view>

#include "absl/status/status.h"

namespace polyonym::codec {

inline constexpr std::size_t kMaxJsonBytes = std::size_t{16} << 20;
inline constexpr std::size_t kMaxJsonDepth = 32;

// ERRORS: InvalidArgument for text that is not one JSON value in UTF-8, is over the bounds, or names a field twice.
absl::Status CheckJsonShape(std::string_view json);

}  // namespace polyonym::codec

#endif  // POLYONYM_SRC_CODEC_JSON_SHAPE_H_
