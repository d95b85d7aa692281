// segment/below_first.h - goes through segments so that those that others ask for come first.
#ifndef POLYONYM_SRC_SEGMENT_BELOW_FIRST_H_
#define POLYONYM_SRC_SEGMENT_BELOW_FIRST_H_

#include <cstddef>
#include <memory>
#include <vector>

#include "segment/compiled.h"

namespace polyonym::segment {

// Settles a segment and those that it asks for, these first: with a stack of its own, since segments may ask for each other
// in long chains.  REQUIRES: none of them is in a circle; settle_one(segment) makes is_settled(segment) true.
template <class IsSettled, class SettleOne>
void SettleFrom(const std::vector<std::unique_ptr<CompiledSegment>>& segments, std::size_t segment,
                const IsSettled& is_settled, const SettleOne& settle_one) {
  if (is_settled(segment)) return;
  if (segments[segment]->asks_for.empty()) return settle_one(segment);
  std::vector<std::size_t> open = {segment};
  while (!open.empty()) {
    const std::size_t at = open.back();
    const std::size_t height = open.size();
    if (!is_settled(at)) {
      for (const std::size_t below : segments[at]->asks_for) {
        if (!is_settled(below)) open.push_back(below);
      }
    }
    if (open.size() > height) continue;
    open.pop_back();
    if (!is_settled(at)) settle_one(at);
  }
}

}  // namespace polyonym::segment

#endif  // POLYONYM_SRC_SEGMENT_BELOW_FIRST_H_
