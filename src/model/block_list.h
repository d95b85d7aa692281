// model/block_list.h - values that are placeholders, masks or test data in any system, whatever the namespace.
//
// The list is kept small on purpose: a value is on it only where no person can be meant by it. `guest`, `test` or short numbers
// may be somebody's id, and are for the host's own policy.
#ifndef POLYONYM_SRC_MODEL_BLOCK_LIST_H_
#define POLYONYM_SRC_MODEL_BLOCK_LIST_H_

#include <string_view>

#include "polyonym/model/policy.h"

namespace polyonym {

// True when the value, trimmed, is one that nobody can be known under.  COST: a scan of the value; no allocation.
bool IsPlaceholder(std::string_view raw_value, Normaliser normaliser);

}  // namespace polyonym

#endif  // POLYONYM_SRC_MODEL_BLOCK_LIST_H_
