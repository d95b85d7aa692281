#include "profile/tag_fold.h"

#include <algorithm>
#include <cmath>
#include <list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "absl/numeric/int128.h"
#include "polyonym/profile/affinity.h"
#include "profile/match.h"

namespace polyonym::profile {
namespace {

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

std::vector<std::string> LayersOf(const TagDefinition& definition, double score) {
  std::vector<std::string> layers;
  for (const TagLayer& layer : definition.layers) {
    if (score * 1e6 < static_cast<double>(layer.at_least_micros)) continue;
    layers.push_back(layer.name);
    if (!definition.all_layers) break;
  }
  return layers;
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

// One giving of a tag.
struct TagFolder::Given {
  std::string_view tag;
  std::int64_t weight_micros;
  std::int64_t time_ms;
  std::optional<std::int64_t> until_ms;
  const Place* place;
  std::string_view rule;
  const FactRow* row;
  std::string_view source;  // the tag's own; empty: the record's
  // In the record: its tags, then its events, each by the behaviours in their order.
  bool by_behaviour;
  std::uint32_t fact;
  std::size_t behaviour;

  Provenance Told() const {
    Provenance from = row->from;
    from.time_ms = time_ms;
    if (!source.empty()) from.source = source;
    return from;
  }
};

// Fills what was given, and puts it in order.
class TagFolder::Gatherer {
 public:
  explicit Gatherer(TagFolder* out) : out_(*out) {}

  void Gather(const std::vector<FactRow>& rows, const std::vector<Placed<Event>>& events) {
    for (const FactRow& row : rows) AddTold(row);
    const auto& behaviours = out_.definitions_.behaviours;
    for (std::size_t i = 0; i < behaviours.size(); ++i) AddBehaviour(behaviours[i], i, events);
    PutInOrder();
    if (AddToParents()) PutInOrder();
    ForEachTag([&](std::size_t from, std::size_t to) {
      out_.groups_.push_back({out_.given_[from].tag, from, to});
    });
  }

 private:
  void AddTold(const FactRow& row) {
    std::uint32_t place = 0;
    for (const Tag& tag : row.facts.tags) {
      const std::int64_t time_ms = TimeOf(tag, row);
      if (time_ms <= out_.now_.ms && IsAskedFor(tag.name))
        out_.given_.push_back({tag.name, tag.weight_micros, time_ms, tag.valid_until_ms,
                               tag.place ? &*tag.place : nullptr, tag.rule, &row, tag.source, false,
                               place, 0});
      ++place;
    }
  }
  void AddBehaviour(const BehaviourTag& behaviour, std::size_t number,
                    const std::vector<Placed<Event>>& events) {
    for (const Placed<Event>& placed : events) {
      const Event& event = *placed.fact;
      if (!Matches(behaviour.on, event)) continue;
      const auto weight = Scale(behaviour.weight_micros, event, behaviour.weight_of);
      if (!weight) continue;
      const Place* place = event.place ? &*event.place : nullptr;
      for (std::string& tag : TagsOf(behaviour, event)) {
        if (!IsAskedFor(tag)) continue;
        out_.given_.push_back({out_.names_.emplace_back(std::move(tag)),
                               *weight,
                               placed.time_ms,
                               std::nullopt,
                               place,
                               behaviour.name,
                               placed.row,
                               {},
                               true,
                               placed.place,
                               number});
      }
    }
  }
  bool IsAskedFor(std::string_view tag) const { return !out_.only_ || out_.only_->name == tag; }

  // By tag, then in the one order of all facts. What one event gives to one tag several times is the same.
  static bool IsBefore(const Given& a, const Given& b) {
    if (a.tag != b.tag) return a.tag < b.tag;
    if (a.time_ms != b.time_ms) return a.time_ms < b.time_ms;
    if (a.row != b.row) {
      const auto x = OrderOf(*a.row), y = OrderOf(*b.row);
      if (x != y) return x < y;
    }
    return std::tie(a.by_behaviour, a.fact, a.behaviour) <
           std::tie(b.by_behaviour, b.fact, b.behaviour);
  }
  void PutInOrder() { std::sort(out_.given_.begin(), out_.given_.end(), IsBefore); }

  // visit(from, to): what was given of each tag.  REQUIRES: they are in order.
  template <class Visit>
  void ForEachTag(const Visit& visit) {
    const auto& given = out_.given_;
    for (std::size_t from = 0, to = 0; from < given.size(); from = to) {
      while (to < given.size() && given[to].tag == given[from].tag) ++to;
      visit(from, to);
    }
  }

  // What is given of a tag is valid in those above it as long as it is there. False: there are none below others.
  bool AddToParents() {
    if (out_.only_) {
      EndWith(out_.only_->definition, out_.given_);
      return false;
    }
    const auto& definitions = out_.definitions_.tags;
    const bool any = std::any_of(definitions.begin(), definitions.end(), [](const auto& tag) {
      return tag.valid_ms != 0 || !tag.parent.empty();
    });
    if (!any) return false;
    std::vector<Given> more;
    ForEachTag([&](std::size_t from, std::size_t to) {
      const std::span<Given> given(out_.given_.data() + from, to - from);
      const TagDefinition* at = FindDefinition(out_.definitions_, given.front().tag);
      EndWith(at, given);
      for (std::size_t steps = 0;
           at != nullptr && !at->parent.empty() && steps < definitions.size(); ++steps) {
        for (const Given& g : given) more.emplace_back(g).tag = at->parent;
        at = FindDefinition(out_.definitions_, at->parent);
      }
    });
    out_.given_.insert(out_.given_.end(), more.begin(), more.end());
    return !more.empty();
  }

  // What is given of a tag is valid as long as its definition says, where it does not say itself.
  static void EndWith(const TagDefinition* definition, std::span<Given> given) {
    if (definition == nullptr || definition->valid_ms == 0) return;
    for (Given& g : given) {
      if (!g.until_ms) g.until_ms = g.time_ms + definition->valid_ms;
    }
  }

  TagFolder& out_;
};

// What a tag's parts are worth now, one by one; they add up to the score where the fold is a sum.
class TagFolder::Scorer {
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

TagFolder::TagFolder(const Definitions& definitions, const std::vector<FactRow>& rows,
                     const std::vector<Placed<Event>>& events, Now now)
    : definitions_(definitions), now_(now) {
  Gatherer(this).Gather(rows, events);
}

TagFolder::TagFolder(const Definitions& definitions, const std::vector<FactRow>& rows,
                     const std::vector<Placed<Event>>& events, Now now, std::string_view name,
                     const TagDefinition* definition)
    : definitions_(definitions), now_(now), only_({name, definition}) {
  Gatherer(this).Gather(rows, events);
}

const TagDefinition* TagFolder::FindDefinition(const Definitions& definitions,
                                               std::string_view name) {
  const auto at = std::find_if(definitions.tags.begin(), definitions.tags.end(),
                               [&](const TagDefinition& t) { return t.name == name; });
  return at == definitions.tags.end() ? nullptr : &*at;
}

bool TagFolder::HaveParents(const Definitions& definitions) {
  return std::any_of(definitions.tags.begin(), definitions.tags.end(),
                     [](const TagDefinition& tag) { return !tag.parent.empty(); });
}

TagFolder::~TagFolder() = default;

std::optional<std::size_t> TagFolder::Find(std::string_view name) const {
  const auto at =
      std::lower_bound(groups_.begin(), groups_.end(), name,
                       [](const Group& group, std::string_view n) { return group.name < n; });
  if (at == groups_.end() || at->name != name) return std::nullopt;
  return static_cast<std::size_t>(at - groups_.begin());
}

bool TagFolder::Counts(const Given& given, std::int64_t window_ms) const {
  return now_.Sees(given.time_ms, window_ms) && (!given.until_ms || now_.ms < *given.until_ms);
}

bool TagFolder::IsThere(std::size_t tag, std::int64_t window_ms) const {
  const Group& group = groups_[tag];
  for (std::size_t i = group.from; i < group.to; ++i) {
    if (Counts(given_[i], window_ms)) return true;
  }
  return false;
}

std::optional<ProfileTag> TagFolder::Fold(std::size_t tag, bool explain) const {
  const Group& group = groups_[tag];
  const TagDefinition* definition =
      only_ ? only_->definition : FindDefinition(definitions_, group.name);
  if (definition != nullptr) return FoldAs(*definition, group, explain);
  if (!definitions_.show_undefined) return std::nullopt;
  TagDefinition undefined;
  undefined.name = group.name;
  return FoldAs(undefined, group, explain);
}

std::optional<ProfileTag> TagFolder::FoldAs(const TagDefinition& definition, const Group& group,
                                            bool explain) const {
  ProfileTag out;
  out.name = definition.name;
  Scorer scorer(definition, now_.ms);
  bool for_ever = false;
  std::optional<std::size_t> chosen;  // the part that decides
  for (const Given& g : std::span(given_).subspan(group.from, group.to - group.from)) {
    if (!Counts(g, definition.window_ms)) continue;
    scorer.Add(g);
    if (scorer.chosen()) chosen = out.count;
    out.first_ms = out.count == 0 ? g.time_ms : out.first_ms;
    ++out.count;
    out.last_ms = g.time_ms;
    if (g.place != nullptr) out.last_place = *g.place;
    for_ever = for_ever || !g.until_ms;
    if (g.until_ms) out.valid_until_ms = std::max(out.valid_until_ms.value_or(0), *g.until_ms);
    if (explain)
      out.parts.push_back({g.weight_micros, g.Told(), std::string(g.rule), scorer.WorthOf(g)});
  }
  if (out.count == 0) return std::nullopt;
  if (explain && chosen) out.parts[*chosen].counts_for = scorer.score();
  if (for_ever) out.valid_until_ms.reset();
  out.score = scorer.score();
  out.layers = LayersOf(definition, out.score);
  return out;
}

std::vector<ProfileTag> FoldTags(const TagFolder& tags, bool explain) {
  std::vector<ProfileTag> out;
  for (std::size_t tag = 0; tag < tags.size(); ++tag) {
    if (auto folded = tags.Fold(tag, explain)) out.push_back(*std::move(folded));
  }
  std::sort(out.begin(), out.end(), [](const ProfileTag& a, const ProfileTag& b) {
    return a.score != b.score ? a.score > b.score : a.name < b.name;
  });
  return out;
}

}  // namespace polyonym::profile
