#include "segment/definition_lookup.h"

#include <algorithm>
#include <string_view>

namespace polyonym::segment {

const TraitDefinition* FindTrait(const Definitions& definitions, std::string_view name) {
  if (const TraitDefinition* told = Find(definitions.traits, name)) return told;
  const auto at =
      std::find_if(definitions.event_traits.begin(), definitions.event_traits.end(),
                   [&](const EventTrait& computed) { return computed.trait.name == name; });
  return at == definitions.event_traits.end() ? nullptr : &at->trait;
}

bool HasTag(const Definitions& definitions, std::string_view name) {
  if (Find(definitions.tags, name) != nullptr) return true;
  return definitions.show_undefined &&
         std::any_of(definitions.behaviours.begin(), definitions.behaviours.end(),
                     [&](const BehaviourTag& behaviour) {
                       return behaviour.tag_of.empty() ? name == behaviour.tag
                                                       : name.starts_with(behaviour.tag);
                     });
}

bool HasTopic(const Definitions& definitions, std::string_view topic) {
  return std::any_of(
      definitions.tags.begin(), definitions.tags.end(), [&](const TagDefinition& tag) {
        return std::find(tag.topics.begin(), tag.topics.end(), topic) != tag.topics.end();
      });
}

}  // namespace polyonym::segment
