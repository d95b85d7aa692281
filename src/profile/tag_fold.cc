#include "profile/tag_fold.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/numeric/int128.h"
#include "polyonym/profile/affinity.h"
#include "profile/match.h"

namespace polyonym::profile {
namespace {

// One giving of a tag.
struct Given {
  std::int64_t weight_micros;
  std::int64_t time_ms;
  std::optional<std::int64_t> until_ms;
  const Place* place;
  std::string_view rule;
  Provenance from;
  // In the record: its tags, then its events, each by the behaviours in their order.
  bool by_behaviour;
  std::uint32_t fact;
  std::size_t behaviour;
};

using GivenTags = std::map<std::string, std::vector<Given>, std::less<>>;

// The weight times a property, within the bounds of a weight; none where it is no number.
std::optional<std::int64_t> Scale(std::int64_t micros, const Event& event,
                                  const std::string& property) {
  if (property.empty()) return micros;
  const auto at = event.properties.find(property);
  if (at == event.properties.end()) return std::nullopt;
  double factor = 0;
  if (const auto* number = std::get_if<double>(&at->second.is)) {
    factor = *number;
  } else if (const auto* whole = std::get_if<std::int64_t>(&at->second.is)) {
    factor = static_cast<double>(*whole);
  } else {
    return std::nullopt;
  }
  constexpr auto kLimit = static_cast<double>(kMaxWeightMicros);
  return static_cast<std::int64_t>(
      std::clamp(std::nearbyint(static_cast<double>(micros) * factor), -kLimit, kLimit));
}

void AddBehaviour(const BehaviourTag& behaviour, std::size_t number,
                  const std::vector<Placed<Event>>& events, GivenTags* given) {
  for (const Placed<Event>& placed : events) {
    const Event& event = *placed.fact;
    if (!Matches(behaviour.on, event)) continue;
    const auto weight = Scale(behaviour.weight_micros, event, behaviour.weight_of);
    if (!weight) continue;
    for (const std::string& tag : TagsOf(behaviour, event)) {
      (*given)[tag].push_back({*weight, placed.time_ms, std::nullopt,
                               event.place ? &*event.place : nullptr, behaviour.name,
                               ProvenanceOf(placed), true, placed.place, number});
    }
  }
}

const TagDefinition* Find(const Definitions& definitions, std::string_view name) {
  const auto at = std::find_if(definitions.tags.begin(), definitions.tags.end(),
                               [&](const TagDefinition& t) { return t.name == name; });
  return at == definitions.tags.end() ? nullptr : &*at;
}

// What a tag's parts are worth now, one by one; they add up to the score where the fold is a sum.
class Scorer {
 public:
  Scorer(const TagDefinition& definition, std::int64_t now_ms)
      : definition_(definition), now_ms_(now_ms) {}

  void Add(const Given& given) {
    ++count_;
    switch (definition_.fold) {
      case TagFold::kSum:
        whole_ += given.weight_micros;
        break;
      case TagFold::kDecayedSum:
        decayed_ += WorthOf(given);
        break;
      case TagFold::kCount:
        whole_ += 1'000'000;
        break;
      case TagFold::kLast:
        chosen_ = true;
        whole_ = given.weight_micros;
        break;
      case TagFold::kMax:
        chosen_ = count_ == 1 || given.weight_micros >= whole_;
        if (chosen_) whole_ = given.weight_micros;
        break;
    }
  }
  double score() const {
    if (definition_.fold == TagFold::kDecayedSum) return decayed_;
    return static_cast<double>(whole_) / 1e6;
  }
  // Of sums.
  double WorthOf(const Given& given) const {
    const double weight = static_cast<double>(given.weight_micros) / 1e6;
    switch (definition_.fold) {
      case TagFold::kDecayedSum:
        return weight * HalfLifeDecay(now_ms_ - given.time_ms, definition_.half_life_ms);
      case TagFold::kCount:
        return 1;
      case TagFold::kSum:
        return weight;
      default:
        return 0;
    }
  }
  // Of folds that choose one: whether the part just added is chosen as yet.
  bool chosen() const { return chosen_; }

 private:
  const TagDefinition& definition_;
  const std::int64_t now_ms_;
  std::uint64_t count_ = 0;
  bool chosen_ = false;
  absl::int128 whole_ = 0;  // millionths
  double decayed_ = 0;
};

std::vector<std::string> LayersOf(const TagDefinition& definition, double score) {
  std::vector<std::string> layers;
  for (const TagLayer& layer : definition.layers) {
    if (score * 1e6 < static_cast<double>(layer.at_least_micros)) continue;
    layers.push_back(layer.name);
    if (!definition.all_layers) break;
  }
  return layers;
}

bool Counts(const TagDefinition& definition, const Given& given, Now now) {
  return now.Sees(given.time_ms, definition.window_ms) &&
         (!given.until_ms || now.ms < *given.until_ms);
}

// `given` in order.
std::optional<ProfileTag> FoldTag(const TagDefinition& definition, const std::vector<Given>& given,
                                  Now now, bool explain) {
  ProfileTag out;
  out.name = definition.name;
  Scorer scorer(definition, now.ms);
  bool for_ever = false;
  std::optional<std::size_t> chosen;  // the part that decides
  for (const Given& g : given) {
    if (!Counts(definition, g, now)) continue;
    scorer.Add(g);
    if (scorer.chosen()) chosen = out.count;
    out.first_ms = out.count == 0 ? g.time_ms : out.first_ms;
    ++out.count;
    out.last_ms = g.time_ms;
    if (g.place != nullptr) out.last_place = *g.place;
    for_ever = for_ever || !g.until_ms;
    if (g.until_ms) out.valid_until_ms = std::max(out.valid_until_ms.value_or(0), *g.until_ms);
    if (explain)
      out.parts.push_back({g.weight_micros, g.from, std::string(g.rule), scorer.WorthOf(g)});
  }
  if (out.count == 0) return std::nullopt;
  if (explain && chosen) out.parts[*chosen].counts_for = scorer.score();
  if (for_ever) out.valid_until_ms.reset();
  out.score = scorer.score();
  out.layers = LayersOf(definition, out.score);
  return out;
}

// The one order of all facts. What one event gives to one tag several times stays as it was.
void PutInOrder(std::vector<Given>* given) {
  const auto before = [](const Given& a, const Given& b) {
    const auto key = [](const Given& g) {
      return std::tie(g.time_ms, g.from.belongs_to.ns, g.from.belongs_to.value,
                      g.from.record_source, g.from.record_id, g.by_behaviour, g.fact, g.behaviour);
    };
    return key(a) < key(b);
  };
  std::stable_sort(given->begin(), given->end(), before);
}

void AddTo(std::vector<Given>* all, const std::vector<Given>& more) {
  all->insert(all->end(), more.begin(), more.end());
  PutInOrder(all);
}

}  // namespace

std::vector<std::string> TagsOf(const BehaviourTag& behaviour, const Event& event) {
  if (behaviour.tag_of.empty()) return {behaviour.tag};
  const auto at = event.properties.find(behaviour.tag_of);
  if (at == event.properties.end()) return {};
  std::vector<std::string> tags;
  if (const auto* list = std::get_if<ValueList>(&at->second.is)) {
    for (const Value& element : *list) tags.push_back(behaviour.tag + ToText(element));
  } else {
    tags.push_back(behaviour.tag + ToText(at->second));
  }
  return tags;
}

std::vector<ProfileTag> FoldTags(const Definitions& definitions,
                                 const std::vector<Placed<Tag>>& tags,
                                 const std::vector<Placed<Event>>& events, Now now, bool explain) {
  GivenTags all;
  for (const Placed<Tag>& placed : tags) {
    const Tag& tag = *placed.fact;
    all[tag.name].push_back({tag.weight_micros, placed.time_ms, tag.valid_until_ms,
                             tag.place ? &*tag.place : nullptr, tag.rule, ProvenanceOf(placed),
                             false, placed.place, 0});
  }
  for (std::size_t i = 0; i < definitions.behaviours.size(); ++i)
    AddBehaviour(definitions.behaviours[i], i, events, &all);

  // Each tag has what the tags below it have, as long as that is valid there.
  GivenTags with_children;
  for (auto& [name, given] : all) {
    PutInOrder(&given);
    const TagDefinition* definition = Find(definitions, name);
    for (Given& g : given) {
      if (definition != nullptr && definition->valid_ms != 0 && !g.until_ms)
        g.until_ms = g.time_ms + definition->valid_ms;
    }
    AddTo(&with_children[name], given);
    for (std::size_t steps = 0;
         definition != nullptr && !definition->parent.empty() && steps < definitions.tags.size();
         ++steps) {
      AddTo(&with_children[definition->parent], given);
      definition = Find(definitions, definition->parent);
    }
  }
  std::vector<ProfileTag> out;
  for (const auto& [name, given] : with_children) {
    const TagDefinition* definition = Find(definitions, name);
    if (definition == nullptr && !definitions.show_undefined) continue;
    TagDefinition undefined;
    undefined.name = name;
    auto tag = FoldTag(definition != nullptr ? *definition : undefined, given, now, explain);
    if (tag) out.push_back(*std::move(tag));
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const ProfileTag& a, const ProfileTag& b) { return a.score > b.score; });
  return out;
}

}  // namespace polyonym::profile
