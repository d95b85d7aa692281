// segment/compile.h - the segments of definitions, ready to be evaluated.
#ifndef POLYONYM_SRC_SEGMENT_COMPILE_H_
#define POLYONYM_SRC_SEGMENT_COMPILE_H_

#include <memory>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "polyonym/model/definitions.h"
#include "segment/compiled.h"

namespace polyonym::segment {

// By number, as defined.  ERRORS: those of CompiledSegments::Compile().  COST: linear, and the patterns.
absl::StatusOr<std::vector<std::unique_ptr<CompiledSegment>>> CompileAll(
    const Definitions& definitions);

// One expression by itself, which may not ask for segments.  ERRORS: those of CompiledNumber::Compile().
absl::StatusOr<std::unique_ptr<CompiledSegment>> CompileNumber(const Definitions& definitions,
                                                               std::string_view expression,
                                                               std::string_view time_zone);

}  // namespace polyonym::segment

#endif  // POLYONYM_SRC_SEGMENT_COMPILE_H_
