// segment/compiled.h - an expression made ready: what of its nodes is worked out once for all people.
#ifndef POLYONYM_SRC_SEGMENT_COMPILED_H_
#define POLYONYM_SRC_SEGMENT_COMPILED_H_

#include <re2/re2.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "polyonym/segment/expression.h"
#include "segment/calendar.h"

namespace polyonym::segment {

// Of a node, beside what it says itself.
struct Prepared {
  std::unique_ptr<const re2::RE2> pattern;  // kMatches
  std::size_t segment = 0;                  // kInSegment: its number
  bool is_list = false;                     // kTrait: its values are one list, however many
  bool is_flag = false;                     // kTrait: its value is a flag
};

// Whether a pattern is found anywhere in a text.
inline bool FindsIn(const re2::RE2& pattern, std::string_view text) {
  return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), pattern);
}

struct CompiledSegment {
  std::string name;
  Expression expression;  // stays where it is: nodes are known by their addresses
  TimeZone zone;
  std::string zone_name;
  absl::flat_hash_map<const Expression*, Prepared> prepared;
  std::vector<std::size_t> asks_for;  // numbers of segments
  std::uint32_t inputs = 0;           // SegmentInput

  const Prepared& PreparedOf(const Expression& node) const { return prepared.find(&node)->second; }
};

}  // namespace polyonym::segment

#endif  // POLYONYM_SRC_SEGMENT_COMPILED_H_
