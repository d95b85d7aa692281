// segment/definition_lookup.h - what the definitions have under a name.
//
// THREADS: pure functions; what they point to is of the definitions.  COST: linear in the
// definitions.
#ifndef POLYONYM_SRC_SEGMENT_DEFINITION_LOOKUP_H_
#define POLYONYM_SRC_SEGMENT_DEFINITION_LOOKUP_H_

#include <algorithm>
#include <string_view>
#include <vector>

#include "polyonym/model/definitions.h"

namespace polyonym::segment {

// One of a list of definitions, by their `name`; null: there is none.
template <class Item>
const Item* Find(const std::vector<Item>& items, std::string_view name) {
  const auto at =
      std::find_if(items.begin(), items.end(), [&](const Item& item) { return item.name == name; });
  return at == items.end() ? nullptr : &*at;
}

// A trait that is told or one that is computed of events; null: there is none.
const TraitDefinition* FindTrait(const Definitions& definitions, std::string_view name);

// Whether profiles can show the tag: it is defined, or a behaviour gives it and what is not defined
// is shown.
bool HasTag(const Definitions& definitions, std::string_view name);

// Whether a tag is defined with the topic.
bool HasTopic(const Definitions& definitions, std::string_view topic);

}  // namespace polyonym::segment

#endif  // POLYONYM_SRC_SEGMENT_DEFINITION_LOOKUP_H_
