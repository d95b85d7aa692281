#include "harness/naive_profile.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <map>
#include <numbers>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "polyonym/profile/affinity.h"
#include "polyonym/profile/bgnbd.h"
#include "polyonym/profile/purchases.h"
#include "polyonym/profile/rfm.h"

namespace polyonym::harness {
namespace {

// ---- Facts in their one order ----

// A fact, where it came from and its place in the record. Of one event several things may come: `part` tells them apart.
template <class Fact>
struct Placed {
  Fact fact;
  Provenance from;
  std::size_t place = 0;
  std::size_t part = 0;
};

template <class Fact>
bool ComesBefore(const Placed<Fact>& a, const Placed<Fact>& b) {
  const auto key = [](const Placed<Fact>& placed) {
    const Provenance& from = placed.from;
    return std::tie(from.time_ms, from.belongs_to, from.record_source, from.record_id, placed.place,
                    placed.part);
  };
  return key(a) < key(b);
}

template <class Fact>
std::int64_t TimeOf(const Fact& fact, const Provenance& record) {
  return fact.time_ms.value_or(record.time_ms);
}
std::int64_t TimeOf(const Trait&, const Provenance& record) { return record.time_ms; }

// Of one kind, up to now.
template <class Fact>
std::vector<Placed<Fact>> FactsOf(const std::vector<FactRow>& rows,
                                  std::vector<Fact> Facts::*const kind, std::int64_t now_ms) {
  std::vector<Placed<Fact>> facts;
  for (const FactRow& row : rows) {
    for (std::size_t i = 0; i < (row.facts.*kind).size(); ++i) {
      const Fact& fact = (row.facts.*kind)[i];
      Placed<Fact> placed{fact, row.from, i};
      placed.from.time_ms = TimeOf(fact, row.from);
      if constexpr (requires { fact.source; }) {
        if (!fact.source.empty()) placed.from.source = fact.source;
      }
      if (placed.from.time_ms <= now_ms) facts.push_back(placed);
    }
  }
  std::sort(facts.begin(), facts.end(), ComesBefore<Fact>);
  return facts;
}

bool InWindow(std::int64_t time_ms, std::int64_t window_ms, std::int64_t now_ms) {
  return window_ms == 0 || time_ms > now_ms - window_ms;
}

// Of whole days: it begins with the first of so many calendar days, of which today is the last.
bool InDays(const Definitions& definitions, std::int64_t time_ms, std::int64_t window_ms,
            std::int64_t now_ms) {
  constexpr std::int64_t kDay = 86'400'000;
  if (window_ms == 0 || window_ms % kDay != 0) return InWindow(time_ms, window_ms, now_ms);
  const std::int64_t offset = std::int64_t{definitions.utc_offset_minutes} * 60'000;
  std::int64_t midnight = 0;  // before now, in UTC
  while (midnight - offset <= now_ms) midnight += kDay;
  return time_ms >= midnight - offset - window_ms;
}

double Decay(std::int64_t age_ms, std::int64_t half_life_ms) {
  const auto part = static_cast<double>(age_ms % half_life_ms) / static_cast<double>(half_life_ms);
  double decay = std::exp2(-part);
  for (std::int64_t i = 0; i < age_ms / half_life_ms && decay > 0; ++i) decay /= 2;  // exact
  return decay;
}

bool Holds(const std::vector<std::string>& list, const std::string& text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

bool Same(const Value& a, const Value& b) { return Compare(a, b) == 0; }

// A list: one of its elements.
bool IsAnyOf(const Value& value, const std::vector<std::string>& texts) {
  if (value.type() != ValueType::kList) return Holds(texts, ToText(value));
  const ValueList& list = std::get<ValueList>(value.is);
  return std::any_of(list.begin(), list.end(),
                     [&](const Value& element) { return Holds(texts, ToText(element)); });
}

bool Matches(const EventMatch& match, const Event& event) {
  if (!match.types.empty() && !Holds(match.types, event.type)) return false;
  if (match.direction != Direction::kUnknown && match.direction != event.direction) return false;
  for (const EventMatch::Property& property : match.properties) {
    const auto at = event.properties.find(property.name);
    if (at == event.properties.end()) return false;
    if (!property.any_of.empty() && !IsAnyOf(at->second, property.any_of)) return false;
  }
  return true;
}

// ---- Traits ----

using Candidates = std::vector<TraitCandidate>;  // in the one order

std::int64_t RoundToMicros(double number) {
  return static_cast<std::int64_t>(std::nearbyint(number * 1e6));  // half to even
}

std::string CurrencyOf(const Value& value) {
  return value.type() == ValueType::kMoney ? std::get<Money>(value.is).currency : "";
}

// The sums: one, or of money one for each currency.
std::vector<Value> Sums(ValueType type, const Candidates& candidates) {
  std::map<std::string, std::int64_t> sums;
  if (type != ValueType::kMoney) sums[""] = 0;
  for (const TraitCandidate& candidate : candidates) {
    const Value& value = candidate.value;
    sums[CurrencyOf(value)] += type == ValueType::kNumber
                                   ? RoundToMicros(std::get<double>(value.is))
                               : type == ValueType::kWhole ? std::get<std::int64_t>(value.is)
                                                           : std::get<Money>(value.is).minor_units;
  }
  std::vector<Value> values;
  for (const auto& [currency, sum] : sums) {
    values.push_back(type == ValueType::kNumber  ? Value{static_cast<double>(sum) / 1e6}
                     : type == ValueType::kWhole ? Value{sum}
                                                 : Value{Money{sum, currency}});
  }
  return values;
}

double DecayedSum(const TraitDefinition& definition, const Candidates& candidates,
                  std::int64_t now_ms) {
  double sum = 0;
  for (const TraitCandidate& candidate : candidates) {
    const Value& value = candidate.value;
    const double number = value.type() == ValueType::kNumber
                              ? std::get<double>(value.is)
                              : static_cast<double>(std::get<std::int64_t>(value.is));
    sum += number * Decay(now_ms - candidate.from.time_ms, definition.half_life_ms);
  }
  return sum;
}

// The different values by Compare(), of lists their elements, and how often each is there.
std::vector<std::pair<Value, std::uint64_t>> Counts(const Candidates& candidates) {
  std::vector<Value> all;
  for (const TraitCandidate& candidate : candidates) {
    if (candidate.value.type() == ValueType::kList) {
      for (const Value& element : std::get<ValueList>(candidate.value.is)) all.push_back(element);
    } else {
      all.push_back(candidate.value);
    }
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const Value& a, const Value& b) { return Compare(a, b) < 0; });
  std::vector<std::pair<Value, std::uint64_t>> counts;
  for (const Value& value : all) {
    if (counts.empty() || !Same(counts.back().first, value)) counts.emplace_back(value, 0);
    ++counts.back().second;
  }
  return counts;
}

void SortMostFirst(std::vector<std::pair<Value, std::uint64_t>>* counts) {
  std::stable_sort(counts->begin(), counts->end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
}

constexpr std::size_t kNobody = static_cast<std::size_t>(-1);

std::size_t LatestWith(const Candidates& candidates, const Value& value) {
  for (std::size_t i = candidates.size(); i > 0; --i) {
    if (Same(candidates[i - 1].value, value)) return i - 1;
  }
  return kNobody;
}

// The latest of those for which `rank` is least.
template <class Rank>
std::size_t LatestOfLeast(const Candidates& candidates, const Rank& rank) {
  std::size_t best = kNobody;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (best == kNobody || rank(candidates[i]) <= rank(candidates[best])) best = i;
  }
  return best;
}

std::size_t IndexIn(const std::vector<std::string>& list, const std::string& text) {
  return static_cast<std::size_t>(std::find(list.begin(), list.end(), text) - list.begin());
}

std::size_t MostFrequent(const TraitDefinition& definition, const Candidates& candidates) {
  auto counts = Counts(candidates);
  SortMostFirst(&counts);
  if (counts.empty() || counts[0].second < definition.at_least) return kNobody;
  return LatestWith(candidates, counts[0].first);
}

// Of folds that choose one of the values: which; kNobody where there is none.
std::size_t Choose(const TraitDefinition& definition, const Candidates& candidates) {
  switch (definition.fold) {
    case Fold::kLatest:
      return candidates.empty() ? kNobody : candidates.size() - 1;
    case Fold::kFirst:
      return candidates.empty() ? kNobody : 0;
    case Fold::kMostTrusted:
      return LatestOfLeast(candidates, [&](const TraitCandidate& candidate) {
        return IndexIn(definition.sources, candidate.from.source);
      });
    case Fold::kSelfDeclared:
      return LatestOfLeast(candidates, [&](const TraitCandidate& candidate) {
        return Holds(definition.sources, candidate.from.source) ? 0 : 1;
      });
    case Fold::kMostFrequent:
      return MostFrequent(definition, candidates);
    case Fold::kMostRestrictive:
      return LatestOfLeast(candidates, [&](const TraitCandidate& candidate) {
        return IndexIn(definition.order, ToText(candidate.value));
      });
    default:
      return kNobody;
  }
}

// The least or greatest of each currency, by currency; of all that is no money one.
void FoldExtremes(const TraitDefinition& definition, const Candidates& candidates,
                  ProfileTrait* trait) {
  std::map<std::string, std::size_t> best;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const auto [at, fresh] = best.emplace(CurrencyOf(candidates[i].value), i);
    const auto order = Compare(candidates[i].value, candidates[at->second].value);
    if (definition.fold == Fold::kMin ? order < 0 : order > 0) at->second = i;
  }
  for (const auto& [currency, index] : best) trait->values.push_back(candidates[index].value);
  const bool has_winner = !best.empty() && definition.type != ValueType::kMoney;
  const std::size_t winner = has_winner ? best.begin()->second : kNobody;
  if (has_winner) trait->winner = candidates[winner];
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (i != winner) trait->lost.push_back(candidates[i]);
  }
}

void FoldCounted(const TraitDefinition& definition, const Candidates& candidates,
                 ProfileTrait* trait) {
  auto counts = Counts(candidates);
  const bool is_top = definition.fold == Fold::kTopN;  // which is asked for no more than its bound
  if (is_top) SortMostFirst(&counts);
  trait->beyond_bound = !is_top && counts.size() > definition.bound;
  if (counts.size() > definition.bound) counts.resize(definition.bound);
  if (definition.fold == Fold::kDistinct) {
    trait->values = {Value{static_cast<std::int64_t>(counts.size())}};
    return;
  }
  for (const auto& [value, count] : counts) trait->values.push_back(value);
}

// `candidates`: those that take part.
ProfileTrait FoldTrait(const TraitDefinition& definition, const Candidates& candidates,
                       std::int64_t now_ms) {
  ProfileTrait trait;
  trait.name = definition.name;
  trait.count = candidates.size();
  switch (definition.fold) {
    case Fold::kMin:
    case Fold::kMax:
      FoldExtremes(definition, candidates, &trait);
      return trait;
    case Fold::kSum:
      trait.values = Sums(definition.type, candidates);
      break;
    case Fold::kCount:
      trait.values = {Value{static_cast<std::int64_t>(candidates.size())}};
      break;
    case Fold::kDecayedSum:
      trait.values = {Value{DecayedSum(definition, candidates, now_ms)}};
      break;
    case Fold::kDistinct:
    case Fold::kUnion:
    case Fold::kTopN:
      FoldCounted(definition, candidates, &trait);
      break;
    default:
      break;
  }
  const std::size_t winner = Choose(definition, candidates);
  if (winner != kNobody) {
    trait.values = {candidates[winner].value};
    trait.winner = candidates[winner];
  }
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (i != winner) trait.lost.push_back(candidates[i]);
  }
  return trait;
}

// What an event is worth to a computed trait; kNone: nothing.
Value ValueOf(const EventTrait& computed, const Placed<Event>& placed) {
  const Event& event = placed.fact;
  const auto text = [](const std::string& of) { return of.empty() ? Value{} : Value{of}; };
  if (computed.value_of == "time") return {Instant{placed.from.time_ms}};
  if (computed.value_of == "value") return event.value ? Value{*event.value} : Value{};
  if (computed.value_of == "type") return text(event.type);
  if (computed.value_of == "place") return event.place ? text(event.place->name) : Value{};
  if (computed.value_of == "campaign") return text(event.campaign);
  if (computed.value_of == "channel") return text(placed.from.belongs_to.ns);
  const auto at = event.properties.find(computed.value_of);
  return at == event.properties.end() ? Value{} : at->second;
}

class TraitFolder {
 public:
  TraitFolder(const Definitions& definitions, const std::vector<FactRow>& rows, std::int64_t now_ms,
              Profile* profile)
      : definitions_(definitions),
        traits_(FactsOf(rows, &Facts::traits, now_ms)),
        events_(FactsOf(rows, &Facts::events, now_ms)),
        now_ms_(now_ms),
        profile_(*profile) {}

  void Fold() {
    std::set<std::string> defined;
    for (const TraitDefinition& definition : definitions_.traits) {
      defined.insert(definition.name);
      FoldDefined(definition, SaidOf(definition.name));
    }
    for (const EventTrait& computed : definitions_.event_traits) {
      defined.insert(computed.trait.name);
      FoldDefined(computed.trait, ComputedBy(computed));
    }
    for (const Placed<Trait>& placed : traits_) {
      if (definitions_.show_undefined && defined.insert(placed.fact.name).second)
        FoldUndefined(placed.fact.name);
    }
    std::sort(profile_.traits.begin(), profile_.traits.end(),
              [](const ProfileTrait& a, const ProfileTrait& b) { return a.name < b.name; });
    if (weights_ > 0)
      profile_.completeness = static_cast<double>(present_) / static_cast<double>(weights_);
  }

 private:
  // kNone among them: such a value says nothing.
  Candidates SaidOf(const std::string& name) const {
    Candidates candidates;
    for (const Placed<Trait>& placed : traits_) {
      if (placed.fact.name == name)
        candidates.push_back({placed.fact.value, placed.from, placed.fact.confidence});
    }
    return candidates;
  }

  Candidates ComputedBy(const EventTrait& computed) const {
    Candidates candidates;
    for (const Placed<Event>& placed : events_) {
      if (Matches(computed.on, placed.fact))
        candidates.push_back({ValueOf(computed, placed), placed.from, std::nullopt});
    }
    return candidates;
  }

  void FoldDefined(const TraitDefinition& definition, const Candidates& all) {
    bool is_listed = false;
    Candidates candidates;
    for (const TraitCandidate& candidate : all) {
      if (candidate.value.type() == ValueType::kNone) continue;
      if (candidate.value.type() != definition.type) {
        ++profile_.left_out;
        continue;
      }
      is_listed = true;
      const bool is_preset = candidate.from.anonymous && !definition.default_value.empty() &&
                             ToText(candidate.value) == definition.default_value;
      if (!is_preset && InDays(definitions_, candidate.from.time_ms, definition.window_ms, now_ms_))
        candidates.push_back(candidate);
    }
    weights_ += definition.completeness_weight;
    if (!is_listed) return;
    profile_.traits.push_back(FoldTrait(definition, candidates, now_ms_));
    const ProfileTrait& trait = profile_.traits.back();
    if (!trait.values.empty()) present_ += definition.completeness_weight;
  }

  void FoldUndefined(const std::string& name) {
    Candidates candidates = SaidOf(name);
    std::erase_if(candidates, [](const TraitCandidate& candidate) {
      return candidate.value.type() == ValueType::kNone;
    });
    TraitDefinition latest;
    latest.name = name;
    if (!candidates.empty()) profile_.traits.push_back(FoldTrait(latest, candidates, now_ms_));
  }

  const Definitions& definitions_;
  const std::vector<Placed<Trait>> traits_;
  const std::vector<Placed<Event>> events_;
  const std::int64_t now_ms_;
  Profile& profile_;
  std::uint64_t weights_ = 0;
  std::uint64_t present_ = 0;
};

// ---- Tags ----

// A tag that was given, by a record or by a behaviour.
struct GivenTag {
  std::string name;
  std::int64_t weight_micros = 0;
  std::optional<Place> place;
  std::string rule;
  std::optional<std::int64_t> end_ms;
};

std::vector<std::string> TagsOf(const BehaviourTag& behaviour, const Event& event) {
  if (behaviour.tag_of.empty()) return {behaviour.tag};
  const auto at = event.properties.find(behaviour.tag_of);
  if (at == event.properties.end()) return {};
  if (at->second.type() != ValueType::kList) return {behaviour.tag + ToText(at->second)};
  std::vector<std::string> names;
  for (const Value& element : std::get<ValueList>(at->second.is))
    names.push_back(behaviour.tag + ToText(element));
  return names;
}

// None where there is no number to multiply with.
std::optional<std::int64_t> WeightOf(const BehaviourTag& behaviour, const Event& event) {
  if (behaviour.weight_of.empty()) return behaviour.weight_micros;
  const auto at = event.properties.find(behaviour.weight_of);
  if (at == event.properties.end()) return std::nullopt;
  double product = static_cast<double>(behaviour.weight_micros);
  if (at->second.type() == ValueType::kNumber) {
    product *= std::get<double>(at->second.is);
  } else if (at->second.type() == ValueType::kWhole) {
    product *= static_cast<double>(std::get<std::int64_t>(at->second.is));
  } else {
    return std::nullopt;
  }
  return static_cast<std::int64_t>(std::nearbyint(product));
}

class TagFolder {
 public:
  TagFolder(const Definitions& definitions, const std::vector<FactRow>& rows, std::int64_t now_ms,
            Profile* profile)
      : definitions_(definitions), now_ms_(now_ms), profile_(*profile) {
    for (const Placed<Tag>& placed : FactsOf(rows, &Facts::tags, now_ms)) {
      const Tag& tag = placed.fact;
      Give({{tag.name, tag.weight_micros, tag.place, tag.rule, tag.valid_until_ms},
            placed.from,
            placed.place});
    }
    for (const Placed<Event>& placed : FactsOf(rows, &Facts::events, now_ms)) GiveOf(placed);
    std::sort(given_.begin(), given_.end(), ComesBefore<GivenTag>);
  }

  void Fold() {
    for (const TagDefinition& definition : definitions_.tags) FoldTag(definition);
    std::set<std::string> undefined;
    for (const Placed<GivenTag>& placed : given_) {
      if (definitions_.show_undefined && FindDefinition(placed.fact.name) == nullptr)
        undefined.insert(placed.fact.name);
    }
    for (const std::string& name : undefined) {
      TagDefinition sum;
      sum.name = name;
      FoldTag(sum);
    }
    std::sort(profile_.tags.begin(), profile_.tags.end(),
              [](const ProfileTag& a, const ProfileTag& b) {
                return a.score != b.score ? a.score > b.score : a.name < b.name;
              });
  }

 private:
  // In a record tags come before events.
  static constexpr std::size_t kBehindTags = 1'000'000;

  const TagDefinition* FindDefinition(const std::string& name) const {
    for (const TagDefinition& definition : definitions_.tags) {
      if (definition.name == name) return &definition;
    }
    return nullptr;
  }

  void Give(Placed<GivenTag> placed) {
    const TagDefinition* definition = FindDefinition(placed.fact.name);
    if (definition != nullptr && definition->valid_ms != 0 && !placed.fact.end_ms)
      placed.fact.end_ms = placed.from.time_ms + definition->valid_ms;
    given_.push_back(std::move(placed));
  }

  void GiveOf(const Placed<Event>& event) {
    std::size_t part = 0;
    for (const BehaviourTag& behaviour : definitions_.behaviours) {
      const std::optional<std::int64_t> weight = WeightOf(behaviour, event.fact);
      if (!weight || !Matches(behaviour.on, event.fact)) continue;
      for (const std::string& name : TagsOf(behaviour, event.fact)) {
        Give({{name, *weight, event.fact.place, behaviour.name, {}},
              event.from,
              kBehindTags + event.place,
              part++});
      }
    }
  }

  // Whether `name` is `ancestor` or below it.
  bool IsBelow(std::string name, const std::string& ancestor) const {
    while (name != ancestor) {
      const TagDefinition* definition = FindDefinition(name);
      if (definition == nullptr || definition->parent.empty()) return false;
      name = definition->parent;
    }
    return true;
  }

  void FoldTag(const TagDefinition& definition) {
    std::vector<Placed<GivenTag>> parts;
    for (const Placed<GivenTag>& placed : given_) {
      if (IsBelow(placed.fact.name, definition.name) &&
          (!placed.fact.end_ms || now_ms_ < *placed.fact.end_ms) &&
          InDays(definitions_, placed.from.time_ms, definition.window_ms, now_ms_)) {
        parts.push_back(placed);
      }
    }
    if (parts.empty()) return;
    ProfileTag tag;
    tag.name = definition.name;
    tag.count = parts.size();
    tag.first_ms = parts.front().from.time_ms;
    tag.last_ms = parts.back().from.time_ms;
    for (const Placed<GivenTag>& part : parts) {
      if (part.fact.place) tag.last_place = part.fact.place;
    }
    tag.valid_until_ms = EndOf(parts);
    Score(definition, parts, &tag);
    for (const TagLayer& layer : definition.layers) {
      if (tag.score < static_cast<double>(layer.at_least_micros) / 1e6) continue;
      tag.layers.push_back(layer.name);
      if (!definition.all_layers) break;
    }
    profile_.tags.push_back(std::move(tag));
  }

  static std::optional<std::int64_t> EndOf(const std::vector<Placed<GivenTag>>& parts) {
    std::int64_t end = std::numeric_limits<std::int64_t>::min();
    for (const Placed<GivenTag>& part : parts) {
      if (!part.fact.end_ms) return std::nullopt;
      end = std::max(end, *part.fact.end_ms);
    }
    return end;
  }

  void Score(const TagDefinition& definition, const std::vector<Placed<GivenTag>>& parts,
             ProfileTag* tag) const {
    std::size_t greatest = 0;
    std::int64_t micros = 0;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (parts[i].fact.weight_micros >= parts[greatest].fact.weight_micros) greatest = i;
      micros += parts[i].fact.weight_micros;
    }
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const double weight = static_cast<double>(parts[i].fact.weight_micros) / 1e6;
      double counts_for = 0;
      switch (definition.fold) {
        case TagFold::kSum:
          counts_for = weight;
          break;
        case TagFold::kDecayedSum:
          counts_for = weight * Decay(now_ms_ - parts[i].from.time_ms, definition.half_life_ms);
          break;
        case TagFold::kCount:
          counts_for = 1;
          break;
        case TagFold::kLast:
          counts_for = i + 1 == parts.size() ? weight : 0;
          break;
        case TagFold::kMax:
          counts_for = i == greatest ? weight : 0;
          break;
      }
      tag->score += counts_for;
      tag->parts.push_back(
          {parts[i].fact.weight_micros, parts[i].from, parts[i].fact.rule, counts_for});
    }
    if (definition.fold == TagFold::kSum) tag->score = static_cast<double>(micros) / 1e6;  // exact
  }

  const Definitions& definitions_;
  const std::int64_t now_ms_;
  Profile& profile_;
  std::vector<Placed<GivenTag>> given_;  // in the one order
};

// ---- Consents ----

bool Restricts(const Placed<Consent>& word) { return word.fact.state != ConsentState::kGranted; }

// Of the last words of each identifier, in order, which speaks for the person.
Placed<Consent> Speaker(ConsentFold fold, const std::vector<Placed<Consent>>& words) {
  Placed<Consent> speaker = words.front();
  for (const Placed<Consent>& word : words) {
    const bool is_stronger = Restricts(word) == Restricts(speaker) ||
                             fold == ConsentFold::kLatest ||
                             Restricts(word) == (fold == ConsentFold::kMostRestrictive);
    if (is_stronger) speaker = word;
  }
  return speaker;
}

void FoldConsents(const Definitions& definitions, const std::vector<FactRow>& rows,
                  std::int64_t now_ms, Profile* profile) {
  const auto consents = FactsOf(rows, &Facts::consents, now_ms);
  std::set<std::string> purposes;
  for (const Placed<Consent>& consent : consents) {
    if (consent.fact.state != ConsentState::kUnknown) purposes.insert(consent.fact.purpose);
  }
  for (const std::string& purpose : purposes) {
    PurposeDefinition definition;
    for (const PurposeDefinition& defined : definitions.purposes) {
      if (defined.name == purpose) definition = defined;
    }
    std::map<Identifier, Placed<Consent>> last;
    for (const Placed<Consent>& consent : consents) {
      const bool has_ended = consent.fact.state == ConsentState::kGranted &&
                             definition.valid_ms != 0 &&
                             now_ms >= consent.from.time_ms + definition.valid_ms;
      if (consent.fact.purpose == purpose && consent.fact.state != ConsentState::kUnknown &&
          !has_ended) {
        last[consent.from.belongs_to] = consent;
      }
    }
    ProfileConsent result;
    result.purpose = purpose;
    std::vector<Placed<Consent>> words;
    for (const auto& [identifier, word] : last) words.push_back(word);
    std::sort(words.begin(), words.end(), ComesBefore<Consent>);
    if (!words.empty()) {
      const Placed<Consent> speaker = Speaker(definition.fold, words);
      result.state = speaker.fact.state;
      result.time_ms = speaker.from.time_ms;
    }
    for (const Placed<Consent>& word : words)
      result.conflict |= Restricts(word) != Restricts(words.front());
    profile->consents.push_back(result);
  }
}

// ---- Ladders ----

using Events = std::vector<Placed<Event>>;

bool IsMet(const Stage::Condition& condition, const Events& events, std::int64_t at_ms) {
  std::uint64_t count = 0;
  for (const Placed<Event>& event : events) {
    if (event.from.time_ms <= at_ms && InWindow(event.from.time_ms, condition.window_ms, at_ms) &&
        Matches(condition.events, event.fact)) {
      ++count;
    }
  }
  return count >= condition.at_least && count <= condition.at_most;
}

// One past the last stage that holds; 0: none does.
std::size_t StageAt(const Ladder& ladder, const Events& events, std::int64_t at_ms) {
  std::size_t stage = 0;
  for (std::size_t i = 0; i < ladder.stages.size(); ++i) {
    const auto& conditions = ladder.stages[i].conditions;
    if (std::all_of(conditions.begin(), conditions.end(), [&](const Stage::Condition& condition) {
          return IsMet(condition, events, at_ms);
        })) {
      stage = i + 1;
    }
  }
  return stage;
}

// When a stage may begin or end.
std::set<std::int64_t> MomentsOf(const Ladder& ladder, const Events& events, std::int64_t now_ms) {
  std::set<std::int64_t> moments;
  for (const Placed<Event>& event : events) {
    moments.insert(event.from.time_ms);
    for (const Stage& stage : ladder.stages) {
      for (const Stage::Condition& condition : stage.conditions)
        moments.insert(event.from.time_ms + condition.window_ms);
    }
  }
  std::erase_if(moments, [&](std::int64_t moment) { return moment > now_ms; });
  return moments;
}

ProfileLadder FoldLadder(const Ladder& ladder, const Events& events, std::int64_t now_ms) {
  const auto name = [&](std::size_t stage) {
    return stage == 0 ? "" : ladder.stages[stage - 1].name;
  };
  ProfileLadder result;
  result.name = ladder.name;
  std::size_t stage = StageAt(ladder, events, now_ms);
  result.stage = name(stage);
  std::size_t highest = stage;
  for (const std::int64_t moment : MomentsOf(ladder, events, now_ms)) {
    const std::size_t then = StageAt(ladder, events, moment);
    highest = std::max(highest, then);
    if (!result.spells.empty()) {
      result.spells.back().to_ms = moment;
      if (result.spells.back().stage == name(then)) continue;
    }
    result.spells.push_back({name(then), moment, moment});
  }
  if (!result.spells.empty()) {
    result.spells.back().to_ms = now_ms;
    result.entered_ms = result.spells.back().from_ms;
  }
  result.highest = name(highest);
  return result;
}

// ---- Events ----

std::vector<ChannelContact> ContactsOf(const Events& events) {
  std::map<std::string, ChannelContact> contacts;
  for (const Placed<Event>& event : events) {
    ChannelContact& contact = contacts[event.from.belongs_to.ns];
    contact.channel = event.from.belongs_to.ns;
    ++contact.events;
    if (event.fact.direction == Direction::kIn) {
      ++contact.in;
      contact.last_in_ms = event.from.time_ms;
    } else if (event.fact.direction == Direction::kOut) {
      ++contact.out;
      contact.last_out_ms = event.from.time_ms;
    }
  }
  std::vector<ChannelContact> result;
  for (const auto& [channel, contact] : contacts) result.push_back(contact);
  return result;
}

// ---- Scores: gathered here, by the formulas of the library ----

PurchaseState StateOf(const PurchaseScore& score, const PurchaseSummary& summary) {
  if (summary.count == 0) return PurchaseState::kNone;
  if (summary.frequency == 0) return PurchaseState::kOnce;
  const double overdue = *summary.overdue_ratio;
  return overdue < score.due_at    ? PurchaseState::kActive
         : overdue < score.lost_at ? PurchaseState::kDue
                                   : PurchaseState::kLost;
}

ProfilePurchases PurchasesOf(const Definitions& definitions, const PurchaseScore& score,
                             const Events& events, std::int64_t now_ms) {
  std::vector<Purchase> purchases;
  for (const Placed<Event>& event : events) {
    if (!Matches(score.on, event.fact) || !event.fact.value) continue;
    if (event.fact.value->currency != score.currency) continue;
    purchases.push_back({event.from.time_ms, event.fact.value->minor_units});
  }
  ProfilePurchases result;
  result.name = score.name;
  result.currency = score.currency;
  result.summary =
      SummarisePurchases(purchases, {now_ms + 1, definitions.utc_offset_minutes}).value();
  result.state = StateOf(score, result.summary);
  if (result.state == PurchaseState::kNone) return result;
  if (score.rfm_model)
    result.rfm = ScoreRfm(*score.rfm_model, RfmValuesOf(result.summary).value()).value();
  if (!score.bgnbd_model) return result;
  const BgNbdHistory history = BgNbdHistoryOf(result.summary, score.days_per_unit).value();
  const double units = score.expect_days / score.days_per_unit;
  result.alive = BgNbdAlive(*score.bgnbd_model, history).value();
  result.expected = BgNbdConditionalPurchases(*score.bgnbd_model, history, units).value();
  if (result.state != PurchaseState::kOnce)
    result.expected_minor_units = *result.expected * result.summary.mean_repeat_minor_units;
  return result;
}

ProfileChannels ChannelsOf(const ChannelScore& score, const Events& events, std::int64_t now_ms) {
  std::vector<ChannelInteraction> interactions;
  for (const Placed<Event>& event : events) {
    const std::string& channel = event.from.belongs_to.ns;
    if (Matches(score.on, event.fact))
      interactions.push_back({channel, event.from.time_ms, event.fact.direction});
  }
  return {score.name, ChannelAffinities(interactions, now_ms, score.half_life_ms).value()};
}

// Haversine.
double MetresBetween(double latitude_a, double longitude_a, double latitude_b, double longitude_b) {
  constexpr double kRadians = std::numbers::pi / 180;
  const double south = std::sin((latitude_b - latitude_a) * kRadians / 2);
  const double west = std::sin((longitude_b - longitude_a) * kRadians / 2);
  const double square = south * south + std::cos(latitude_a * kRadians) *
                                            std::cos(latitude_b * kRadians) * west * west;
  return 2 * 6'371'009.0 * std::asin(std::sqrt(std::min(1.0, square)));
}

bool IsOnPage(const TimelineOptions& page, const Placed<Event>& event) {
  if (page.from_ms && event.from.time_ms < *page.from_ms) return false;
  if (page.to_ms && event.from.time_ms >= *page.to_ms) return false;
  if (!Matches(page.match, event.fact)) return false;
  if (!page.within) return true;
  const std::optional<Place>& place = event.fact.place;
  return place && place->latitude && place->longitude &&
         MetresBetween(*place->latitude, *place->longitude, page.within->latitude,
                       page.within->longitude) <= page.within->radius_m;
}

void TakePage(const TimelineOptions& page, const Events& events, Profile* profile) {
  for (std::size_t i = events.size(); i > 0; --i) {
    const Placed<Event>& event = events[i - 1];
    if (!IsOnPage(page, event)) continue;
    const std::uint64_t index = profile->events++;
    if (index >= page.skip && index < page.skip + page.limit)
      profile->timeline.push_back(
          {event.fact, event.from, static_cast<std::uint32_t>(event.place)});
  }
}

void Unexplain(Profile* profile) {
  for (ProfileTrait& trait : profile->traits) trait.lost.clear();
  for (ProfileTag& tag : profile->tags) tag.parts.clear();
  for (ProfileLadder& ladder : profile->ladders) ladder.spells.clear();
}

}  // namespace

Profile NaiveProfile(const Definitions& definitions, std::vector<FactRow> rows,
                     const ProfileOptions& options, std::int64_t now_ms) {
  Profile profile;
  profile.now_ms = now_ms;
  profile.facts = rows.size();
  for (const FactRow& row : rows) profile.left_out += row.left_out;
  const Events events = FactsOf(rows, &Facts::events, now_ms);
  if (options.traits) TraitFolder(definitions, rows, now_ms, &profile).Fold();
  if (options.tags) TagFolder(definitions, rows, now_ms, &profile).Fold();
  if (options.consents) FoldConsents(definitions, rows, now_ms, &profile);
  if (options.ladders) {
    for (const Ladder& ladder : definitions.ladders)
      profile.ladders.push_back(FoldLadder(ladder, events, now_ms));
  }
  if (options.contacts) profile.contacts = ContactsOf(events);
  if (options.scores) {
    for (const PurchaseScore& score : definitions.purchase_scores)
      profile.purchases.push_back(PurchasesOf(definitions, score, events, now_ms));
    for (const ChannelScore& score : definitions.channel_scores)
      profile.channels.push_back(ChannelsOf(score, events, now_ms));
  }
  if (options.relations) {
    for (const Placed<RelationFact>& placed : FactsOf(rows, &Facts::relations, now_ms))
      profile.relations.push_back({placed.fact, placed.from});
  }
  if (options.timeline) TakePage(options.page, events, &profile);
  if (!options.explain) Unexplain(&profile);
  return profile;
}

}  // namespace polyonym::harness
