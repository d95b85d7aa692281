#include "profile/trait_folder.h"

#include <algorithm>
#include <iterator>
#include <list>
#include <string>
#include <utility>

#include "profile/match.h"

namespace polyonym::profile {
namespace {

// What an event says to a computed trait; none: nothing. It is not a property, which lies in the event.
std::optional<Value> ValueOf(const std::string& what, const Placed<Event>& placed) {
  const Event& event = *placed.fact;
  if (what == "time") return Value{Instant{placed.time_ms}};
  if (what == "type") return Value{event.type};
  if (what == "channel") return Value{placed.row->from.belongs_to.ns};
  const auto text = [](const std::string& said) {
    return said.empty() ? std::nullopt : std::optional<Value>(Value{said});
  };
  if (what == "campaign") return text(event.campaign);
  if (what == "place") return text(event.place ? event.place->name : "");
  return event.value ? std::optional<Value>(Value{*event.value}) : std::nullopt;
}

// Candidates of a computed trait, and the values that they point at.
class Computed {
 public:
  Computed(const EventTrait& computed, const std::vector<Placed<Event>>& events) {
    for (const Placed<Event>& placed : events) {
      if (!Matches(computed.on, *placed.fact)) continue;
      if (const Value* value = Find(computed.value_of, placed))
        candidates_.push_back({{}, value, placed.row, placed.time_ms, {}, {}});
    }
  }
  std::vector<Candidate> Take() { return std::move(candidates_); }

 private:
  const Value* Find(const std::string& what, const Placed<Event>& placed) {
    constexpr std::string_view kOfEvents[] = {"time",     "type",  "channel",
                                              "campaign", "place", "value"};
    if (std::find(std::begin(kOfEvents), std::end(kOfEvents), what) == std::end(kOfEvents)) {
      const auto at = placed.fact->properties.find(what);
      return at == placed.fact->properties.end() ? nullptr : &at->second;
    }
    std::optional<Value> value = ValueOf(what, placed);
    return value ? &values_.emplace_back(*std::move(value)) : nullptr;
  }

  std::vector<Candidate> candidates_;
  std::list<Value> values_;
};

const TraitDefinition* FindTold(const Definitions& definitions, std::string_view name) {
  const auto at =
      std::find_if(definitions.traits.begin(), definitions.traits.end(),
                   [&](const TraitDefinition& definition) { return definition.name == name; });
  return at == definitions.traits.end() ? nullptr : &*at;
}

const EventTrait* FindComputed(const Definitions& definitions, std::string_view name) {
  const auto at =
      std::find_if(definitions.event_traits.begin(), definitions.event_traits.end(),
                   [&](const EventTrait& computed) { return computed.trait.name == name; });
  return at == definitions.event_traits.end() ? nullptr : &*at;
}

// Of the candidates those of the definition's type.
std::optional<ProfileTrait> FoldOfType(const TraitDefinition& definition,
                                       std::vector<Candidate> candidates, Now now, Told told,
                                       std::uint64_t* left_out) {
  const std::size_t others = std::erase_if(
      candidates, [&](const Candidate& c) { return c.value->type() != definition.type; });
  if (left_out != nullptr) *left_out += others;
  if (candidates.empty()) return std::nullopt;
  return FoldTrait(definition, std::move(candidates), now, told);
}

}  // namespace

TraitFolder::TraitFolder(const Definitions& definitions, const std::vector<FactRow>& rows, Now now)
    : definitions_(definitions), now_(now) {
  Add(Ordered(rows, &Facts::traits, now.ms));
  std::stable_sort(told_.begin(), told_.end(),
                   [](const Candidate& a, const Candidate& b) { return a.trait < b.trait; });
}

TraitFolder::TraitFolder(const Definitions& definitions, const std::vector<FactRow>& rows, Now now,
                         std::string_view name)
    : definitions_(definitions), now_(now) {
  Add(Ordered(rows, &Facts::traits, now.ms,
              [&](const Trait& trait) { return trait.name == name; }));
}

void TraitFolder::Add(const std::vector<Placed<Trait>>& traits) {
  told_.reserve(traits.size());
  for (const Placed<Trait>& placed : traits) {
    const Trait& trait = *placed.fact;
    if (trait.value.type() == ValueType::kNone) continue;
    told_.push_back(
        {trait.name, &trait.value, placed.row, placed.time_ms, trait.source, trait.confidence});
  }
}

std::span<const Candidate> TraitFolder::CandidatesOf(std::string_view name) const {
  const auto from =
      std::lower_bound(told_.begin(), told_.end(), name,
                       [](const Candidate& c, std::string_view n) { return c.trait < n; });
  auto to = from;
  while (to != told_.end() && to->trait == name) ++to;
  return {from, to};
}

std::vector<std::string_view> TraitFolder::Names() const {
  std::vector<std::string_view> names;
  for (const Candidate& candidate : told_) {
    if (names.empty() || names.back() != candidate.trait) names.push_back(candidate.trait);
  }
  return names;
}

std::optional<ProfileTrait> TraitFolder::Fold(std::string_view name,
                                              absl::FunctionRef<const Events&()> events, Told told,
                                              std::uint64_t* left_out) const {
  // A trait is computed or told, not both.
  if (const EventTrait* computed = FindComputed(definitions_, name)) {
    Computed of(*computed, events());
    return FoldOfType(computed->trait, of.Take(), now_, told, left_out);
  }
  const std::span<const Candidate> known = CandidatesOf(name);
  if (known.empty()) return std::nullopt;
  std::vector<Candidate> candidates(known.begin(), known.end());
  if (const TraitDefinition* definition = FindTold(definitions_, name))
    return FoldOfType(*definition, std::move(candidates), now_, told, left_out);
  if (!definitions_.show_undefined) return std::nullopt;
  TraitDefinition undefined;
  undefined.name = name;
  undefined.type = candidates.back().value->type();
  return FoldTrait(undefined, std::move(candidates), now_, told);
}

std::vector<ProfileTrait> FoldTraits(const TraitFolder& traits, const TraitFolder::Events& events,
                                     bool explain, std::uint64_t* left_out) {
  std::vector<std::string_view> names = traits.Names();
  for (const EventTrait& computed : traits.definitions().event_traits)
    names.push_back(computed.trait.name);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  const auto all = [&]() -> const TraitFolder::Events& { return events; };
  std::vector<ProfileTrait> out;
  for (const std::string_view name : names) {
    if (auto trait = traits.Fold(name, all, explain ? Told::kAll : Told::kWinner, left_out))
      out.push_back(*std::move(trait));
  }
  return out;
}

}  // namespace polyonym::profile
