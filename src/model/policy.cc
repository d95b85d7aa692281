#include "polyonym/model/policy.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "model/fault.h"
#include "model/pattern.h"
#include "model/utf8.h"
#include "polyonym/model/identifier.h"

namespace polyonym {
namespace {

constexpr std::uint32_t kMaxPriority = 1'000'000;
constexpr std::size_t kMaxPolicyName = 256;
constexpr std::size_t kMaxNamespaces = 4096;
constexpr std::size_t kMaxLimits = 8;
constexpr std::size_t kMaxGuards = 8;
constexpr std::size_t kMaxBlocked = 10'000;
constexpr std::size_t kMaxPatterns = 64;
constexpr std::size_t kMaxDerived = 8;

absl::Status Bad(const std::string& field, std::string_view what) {
  return absl::InvalidArgumentError(field + ": " + std::string(what));
}

absl::Status CheckPattern(const std::string& field, const std::string& pattern) {
  const auto compiled = CompilePattern(pattern);
  if (compiled->ok()) return absl::OkStatus();
  return Bad(field, "is not an RE2 pattern: " + compiled->error());
}

absl::Status CheckSpan(const std::string& field, std::int64_t span_ms) {
  if (span_ms >= 0 && span_ms <= kMaxSpanMs) return absl::OkStatus();
  return Bad(field, "must be between 0 (for ever) and a hundred years");
}

absl::Status CheckLimits(const std::string& field, const NamespacePolicy& ns) {
  if (ns.limits.size() > kMaxLimits) return Bad(field + ".limits", "at most 8");
  for (std::size_t i = 0; i < ns.limits.size(); ++i) {
    const std::string at = field + ".limits[" + std::to_string(i) + "]";
    if (ns.limits[i].max == 0)
      return Bad(at + ".max", "must be 1 or more; block the namespace's values to have none");
    if (absl::Status status = CheckSpan(at + ".window_ms", ns.limits[i].window_ms); !status.ok())
      return status;
    for (std::size_t j = 0; j < i; ++j) {
      if (ns.limits[j].per_scope == ns.limits[i].per_scope &&
          ns.limits[j].window_ms == ns.limits[i].window_ms) {
        return Bad(at, "contradicts limits[" + std::to_string(j) +
                           "], which counts the same; keep one of them");
      }
    }
  }
  if (ns.guards.size() > kMaxGuards) return Bad(field + ".guards", "at most 8");
  for (std::size_t i = 0; i < ns.guards.size(); ++i) {
    const std::string& of = ns.guards[i].of;
    if (!of.empty() && !IsValidNamespace(of)) {
      return Bad(field + ".guards[" + std::to_string(i) + "].of",
                 "must be a namespace or family, or empty for all");
    }
    for (std::size_t j = 0; j < i; ++j) {
      if (ns.guards[j].of == of) {
        return Bad(field + ".guards[" + std::to_string(i) + "]",
                   "contradicts guards[" + std::to_string(j) +
                       "], which counts the same; keep one of them");
      }
    }
  }
  return absl::OkStatus();
}

absl::Status CheckValues(const std::string& field, const NamespacePolicy& ns) {
  if (ns.blocked_values.size() > kMaxBlocked)
    return Bad(field + ".blocked_values", "at most 10,000; use a pattern");
  for (std::size_t i = 0; i < ns.blocked_values.size(); ++i) {
    const std::string at = field + ".blocked_values[" + std::to_string(i) + "]";
    if (ns.blocked_values[i].empty()) return Bad(at, "must not be empty");
    if (!IsUtf8(ns.blocked_values[i])) return Bad(at, "must be UTF-8");
  }
  if (ns.blocked_patterns.size() > kMaxPatterns)
    return Bad(field + ".blocked_patterns", "at most 64; join them with |");
  for (std::size_t i = 0; i < ns.blocked_patterns.size(); ++i) {
    absl::Status status = CheckPattern(field + ".blocked_patterns[" + std::to_string(i) + "]",
                                       ns.blocked_patterns[i]);
    if (!status.ok()) return status;
  }
  if (!ns.valid_pattern.empty()) {
    if (absl::Status status = CheckPattern(field + ".valid_pattern", ns.valid_pattern);
        !status.ok())
      return status;
  }
  const bool has_region =
      ns.region.size() == 2 &&
      std::all_of(ns.region.begin(), ns.region.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
  if (!ns.region.empty() && !has_region)
    return Bad(field + ".region", "must be an ISO 3166 code of two capitals, such as CN");
  if (!ns.region.empty() && ns.normaliser != Normaliser::kPhone)
    return Bad(field + ".region", "is for the phone normaliser");
  return absl::OkStatus();
}

absl::Status CheckParents(const Policy& policy) {
  std::map<std::string, std::string> parent_of;
  for (const NamespacePolicy& ns : policy.namespaces) parent_of[ns.name] = ns.parent;
  for (std::size_t i = 0; i < policy.namespaces.size(); ++i) {
    const std::string field = "namespaces[" + std::to_string(i) + "].parent";
    std::set<std::string> on_the_way = {policy.namespaces[i].name};
    for (std::string up = policy.namespaces[i].parent; !up.empty(); up = parent_of[up]) {
      if (!parent_of.contains(up)) return Bad(field, "must be a namespace of this policy");
      if (!on_the_way.insert(up).second)
        return Bad(field, "must not lead back to the namespace itself");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckDerived(const Policy& policy) {
  std::map<std::string_view, const NamespacePolicy*> named;
  for (const NamespacePolicy& ns : policy.namespaces) named[ns.name] = &ns;
  for (std::size_t i = 0; i < policy.namespaces.size(); ++i) {
    const NamespacePolicy& ns = policy.namespaces[i];
    const std::string field = "namespaces[" + std::to_string(i) + "].derived";
    if (ns.derived.size() > kMaxDerived) return Bad(field, "at most 8");
    for (std::size_t j = 0; j < ns.derived.size(); ++j) {
      const Derived& derived = ns.derived[j];
      const std::string at = field + "[" + std::to_string(j) + "]";
      const auto target = named.find(FamilyOf(derived.ns));
      if (!IsValidNamespace(derived.ns) || target == named.end())
        return Bad(at + ".namespace", "must be a namespace of this policy");
      if (target->second == &ns || !target->second->derived.empty())
        return Bad(at + ".namespace", "must be another namespace, which derives nothing itself");
      if (derived.digest > Digest::kMd5 || derived.of > DigestOf::kNationalDigits)
        return Bad(at, "is not one that this library knows");
      if (derived.of != DigestOf::kNormalised && ns.normaliser != Normaliser::kPhone)
        return Bad(at + ".of",
                   "digits are those of a phone: use the phone normaliser, or digest the "
                   "normalised value");
      for (std::size_t k = 0; k < j; ++k) {
        if (ns.derived[k] == derived) return Bad(at, "is there twice");
      }
    }
  }
  return absl::OkStatus();
}

// ---- Diff ----

std::string Show(const std::string& text) { return "\"" + text + "\""; }
std::string Show(bool flag) { return flag ? "true" : "false"; }
std::string Show(std::uint8_t number) { return std::to_string(number); }
std::string Show(std::int32_t number) { return std::to_string(number); }
std::string Show(std::uint32_t number) { return std::to_string(number); }
std::string Show(std::uint64_t number) { return std::to_string(number); }
std::string Show(std::int64_t number) { return std::to_string(number); }
// In as many digits as tell it from every other.
std::string Show(double number) {
  std::array<char, 32> digits = {};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  return {digits.data(), end};
}
template <class Enum>
requires std::is_enum_v<Enum> std::string Show(Enum value) {
  return std::to_string(static_cast<int>(value));
}
std::string Show(FactClass klass) { return std::string(ToString(klass)); }
std::string Show(ValueType type) { return std::string(ToString(type)); }
std::string Show(Fold fold) { return std::string(ToString(fold)); }
std::string Show(TagFold fold) { return std::string(ToString(fold)); }
std::string Show(const Limit& limit) {
  return "max " + std::to_string(limit.max) + (limit.per_scope ? " per scope" : "") +
         (limit.window_ms == 0 ? "" : " in " + std::to_string(limit.window_ms) + " ms");
}
std::string Show(const Guard& guard) {
  return std::to_string(guard.max_neighbours) + " of " + (guard.of.empty() ? "any" : guard.of);
}
std::string Show(const Derived& derived) {
  return derived.ns + " by digest " + std::to_string(static_cast<int>(derived.digest)) +
         " of form " + std::to_string(static_cast<int>(derived.of));
}
std::string Show(CapPeriod period) { return std::string(ToString(period)); }
std::string Show(const Money& money) { return ToText({money}); }
std::string Show(const RetentionRule& rule) {
  return rule.field + " for " + std::to_string(rule.keep_ms) + " ms" +
         (rule.unless_granted.empty() ? "" : " unless granted " + rule.unless_granted);
}
std::string Show(const TagLayer& layer) {
  return layer.name + " at " + std::to_string(layer.at_least_micros);
}
std::string Show(const EventMatch::Property& property);
std::string Show(const Stage::Condition& condition);
template <class T>
std::string Show(const std::vector<T>& list) {
  std::string out = "[";
  for (const T& item : list) out += (out.size() > 1 ? ", " : "") + Show(item);
  return out + "]";
}
std::string Show(const EventMatch::Property& property) {
  return property.name + (property.any_of.empty() ? "" : " in " + Show(property.any_of));
}
std::string Show(const EventMatch& match) {
  return (match.types.empty() ? "any" : Show(match.types)) +
         (match.properties.empty() ? "" : " where " + Show(match.properties)) +
         (match.direction == Direction::kUnknown ? "" : " of direction " + Show(match.direction));
}
std::string Show(const Stage::Condition& condition) {
  return std::to_string(condition.at_least) +
         (condition.at_most == Stage::Condition().at_most
              ? " or more"
              : " to " + std::to_string(condition.at_most)) +
         " of " + Show(condition.events) +
         (condition.window_ms == 0 ? "" : " in " + std::to_string(condition.window_ms) + " ms");
}
std::string Show(RfmNesting nesting) {
  return nesting == RfmNesting::kNested ? "nested" : "independent";
}
std::string Show(const RfmOptions& options) {
  const auto& bins = options.bins;
  return Show(bins[0]) + " x " + Show(bins[1]) + " x " + Show(bins[2]) + " " +
         Show(options.nesting);
}
std::string Show(const RfmModel& model) {
  std::string out = Show(RfmOptions{model.bins, model.nesting});
  for (const auto& bounds : model.bounds) out += ", " + Show(bounds);
  return out;
}
std::string Show(const BgNbdParameters& model) {
  return "r " + Show(model.r) + ", alpha " + Show(model.alpha) + ", a " + Show(model.a) + ", b " +
         Show(model.b);
}
template <class T>
std::string Show(const std::optional<T>& value) {
  return value ? Show(*value) : "none";
}

class Differences {
 public:
  template <class T>
  void Compare(const std::string& path, const T& before, const T& after) {
    if (!(before == after)) lines_.push_back(path + ": " + Show(before) + " -> " + Show(after));
  }
  // Items of two lists by their names: `compare` is called with the path of each that is in both.
  template <class T, class NameOf, class CompareItems>
  void Match(const std::string& list, const std::vector<T>& before, const std::vector<T>& after,
             const NameOf& name_of, const CompareItems& compare) {
    std::map<std::string_view, const T*> old;
    for (const T& item : before) old[name_of(item)] = &item;
    for (const T& item : after) {
      const std::string path = list + "[" + name_of(item) + "]";
      const auto at = old.find(name_of(item));
      if (at == old.end()) {
        Note(path + ": added");
        continue;
      }
      compare(path + ".", *at->second, item, this);
      old.erase(at);
    }
    for (const auto& [name, item] : old) Note(list + "[" + std::string(name) + "]: removed");
  }
  void Note(std::string line) { lines_.push_back(std::move(line)); }
  std::vector<std::string> Take() { return std::move(lines_); }

 private:
  std::vector<std::string> lines_;
};

void CompareNamespaces(const std::string& path, const NamespacePolicy& a, const NamespacePolicy& b,
                       Differences* out) {
  out->Compare(path + "priority", a.priority, b.priority);
  out->Compare(path + "limits", a.limits, b.limits);
  out->Compare(path + "guards", a.guards, b.guards);
  out->Compare(path + "normaliser", a.normaliser, b.normaliser);
  out->Compare(path + "region", a.region, b.region);
  // Blocked values may be somebody's: only their number is shown.
  if (a.blocked_values != b.blocked_values) {
    out->Note(path + "blocked_values: " + Show(std::uint64_t{a.blocked_values.size()}) +
              " values -> " + Show(std::uint64_t{b.blocked_values.size()}) + " values");
  }
  out->Compare(path + "blocked_patterns", a.blocked_patterns, b.blocked_patterns);
  out->Compare(path + "valid_pattern", a.valid_pattern, b.valid_pattern);
  out->Compare(path + "builtin_blocks", a.builtin_blocks, b.builtin_blocks);
  out->Compare(path + "parent", a.parent, b.parent);
  out->Compare(path + "sensitivity", a.sensitivity, b.sensitivity);
  out->Compare(path + "link_lifetime_ms", a.link_lifetime_ms, b.link_lifetime_ms);
  out->Compare(path + "validity_ms", a.validity_ms, b.validity_ms);
  out->Compare(path + "derived", a.derived, b.derived);
}

void CompareTraits(const std::string& path, const TraitDefinition& a, const TraitDefinition& b,
                   Differences* out) {
  out->Compare(path + "class", a.klass, b.klass);
  out->Compare(path + "type", a.type, b.type);
  out->Compare(path + "unit", a.unit, b.unit);
  out->Compare(path + "fold", a.fold, b.fold);
  out->Compare(path + "sources", a.sources, b.sources);
  out->Compare(path + "order", a.order, b.order);
  out->Compare(path + "bound", a.bound, b.bound);
  out->Compare(path + "at_least", a.at_least, b.at_least);
  out->Compare(path + "half_life_ms", a.half_life_ms, b.half_life_ms);
  out->Compare(path + "window_ms", a.window_ms, b.window_ms);
  out->Compare(path + "default_value", a.default_value, b.default_value);
  out->Compare(path + "completeness_weight", a.completeness_weight, b.completeness_weight);
  out->Compare(path + "sensitivity", a.sensitivity, b.sensitivity);
}

void CompareTags(const std::string& path, const TagDefinition& a, const TagDefinition& b,
                 Differences* out) {
  out->Compare(path + "class", a.klass, b.klass);
  out->Compare(path + "fold", a.fold, b.fold);
  out->Compare(path + "half_life_ms", a.half_life_ms, b.half_life_ms);
  out->Compare(path + "window_ms", a.window_ms, b.window_ms);
  out->Compare(path + "valid_ms", a.valid_ms, b.valid_ms);
  out->Compare(path + "parent", a.parent, b.parent);
  out->Compare(path + "topics", a.topics, b.topics);
  out->Compare(path + "layers", a.layers, b.layers);
  out->Compare(path + "all_layers", a.all_layers, b.all_layers);
  out->Compare(path + "sensitivity", a.sensitivity, b.sensitivity);
}

void CompareBehaviours(const std::string& path, const BehaviourTag& a, const BehaviourTag& b,
                       Differences* out) {
  out->Compare(path + "on", a.on, b.on);
  out->Compare(path + "tag", a.tag, b.tag);
  out->Compare(path + "tag_of", a.tag_of, b.tag_of);
  out->Compare(path + "weight_micros", a.weight_micros, b.weight_micros);
  out->Compare(path + "weight_of", a.weight_of, b.weight_of);
}

void CompareEventTraits(const std::string& path, const EventTrait& a, const EventTrait& b,
                        Differences* out) {
  out->Compare(path + "on", a.on, b.on);
  CompareTraits(path + "trait.", a.trait, b.trait, out);
  out->Compare(path + "value_of", a.value_of, b.value_of);
}

void ComparePurposes(const std::string& path, const PurposeDefinition& a,
                     const PurposeDefinition& b, Differences* out) {
  out->Compare(path + "fold", a.fold, b.fold);
  out->Compare(path + "valid_ms", a.valid_ms, b.valid_ms);
}

// Stages that come, go or change places are one line: their order decides.
void CompareLadders(const std::string& path, const Ladder& a, const Ladder& b, Differences* out) {
  const auto names_of = [](const Ladder& ladder) {
    std::vector<std::string> names;
    for (const Stage& stage : ladder.stages) names.push_back(stage.name);
    return names;
  };
  out->Compare(path + "stages", names_of(a), names_of(b));
  for (const Stage& stage : b.stages) {
    const auto old = std::find_if(a.stages.begin(), a.stages.end(),
                                  [&](const Stage& other) { return other.name == stage.name; });
    if (old == a.stages.end()) continue;
    out->Compare(path + "stages[" + stage.name + "].conditions", old->conditions, stage.conditions);
  }
}

void ComparePurchaseScores(const std::string& path, const PurchaseScore& a, const PurchaseScore& b,
                           Differences* out) {
  out->Compare(path + "on", a.on, b.on);
  out->Compare(path + "currency", a.currency, b.currency);
  out->Compare(path + "rfm", a.rfm, b.rfm);
  out->Compare(path + "expect_days", a.expect_days, b.expect_days);
  out->Compare(path + "days_per_unit", a.days_per_unit, b.days_per_unit);
  out->Compare(path + "due_at", a.due_at, b.due_at);
  out->Compare(path + "lost_at", a.lost_at, b.lost_at);
  out->Compare(path + "rfm_model", a.rfm_model, b.rfm_model);
  out->Compare(path + "bgnbd_model", a.bgnbd_model, b.bgnbd_model);
  out->Compare(path + "fitted_ms", a.fitted_ms, b.fitted_ms);
  out->Compare(path + "fitted_customers", a.fitted_customers, b.fitted_customers);
}

void CompareChannelScores(const std::string& path, const ChannelScore& a, const ChannelScore& b,
                          Differences* out) {
  out->Compare(path + "on", a.on, b.on);
  out->Compare(path + "half_life_ms", a.half_life_ms, b.half_life_ms);
}

void CompareSegments(const std::string& path, const SegmentDefinition& a,
                     const SegmentDefinition& b, Differences* out) {
  out->Compare(path + "expression", a.expression, b.expression);
  out->Compare(path + "time_zone", a.time_zone, b.time_zone);
  out->Compare(path + "purpose", a.purpose, b.purpose);
  out->Compare(path + "profiles_nobody", a.profiles_nobody, b.profiles_nobody);
}

void CompareTriggers(const std::string& path, const TriggerDefinition& a,
                     const TriggerDefinition& b, Differences* out) {
  out->Compare(path + "segment", a.segment, b.segment);
  out->Compare(path + "on_exit", a.on_exit, b.on_exit);
  out->Compare(path + "any_cause", a.any_cause, b.any_cause);
}

void CompareCampaigns(const std::string& path, const CampaignDefinition& a,
                      const CampaignDefinition& b, Differences* out) {
  out->Compare(path + "audience", a.audience, b.audience);
  out->Compare(path + "time_zone", a.time_zone, b.time_zone);
  out->Compare(path + "frozen", a.frozen, b.frozen);
  out->Compare(path + "from_ms", a.from_ms, b.from_ms);
  out->Compare(path + "to_ms", a.to_ms, b.to_ms);
  out->Compare(path + "channels", a.channels, b.channels);
  out->Compare(path + "labels", a.labels, b.labels);
  const auto name = [](const auto& item) -> const std::string& { return item.name; };
  out->Match(path + "variants", a.variants, b.variants, name,
             [](const std::string& at, const CampaignVariant& x, const CampaignVariant& y,
                Differences* differences) {
               differences->Compare(at + "weight_millionths", x.weight_millionths,
                                    y.weight_millionths);
               differences->Compare(at + "is_control", x.is_control, y.is_control);
             });
  out->Compare(path + "salt", a.salt, b.salt);
  out->Compare(path + "holdout_salt", a.holdout_salt, b.holdout_salt);
  out->Compare(path + "holdout_millionths", a.holdout_millionths, b.holdout_millionths);
  out->Match(
      path + "steps", a.steps, b.steps, name,
      [](const std::string& at, const CampaignStep& x, const CampaignStep& y,
         Differences* differences) { differences->Compare(at + "events", x.events, y.events); });
  out->Compare(path + "goal", a.goal, b.goal);
  out->Compare(path + "goal_within_ms", a.goal_within_ms, b.goal_within_ms);
  out->Compare(path + "fixed_cost", a.fixed_cost, b.fixed_cost);
  out->Compare(path + "cost_per_reached", a.cost_per_reached, b.cost_per_reached);
}

void CompareReachChannels(const std::string& path, const ReachChannel& a, const ReachChannel& b,
                          Differences* out) {
  out->Compare(path + "namespaces", a.namespaces, b.namespaces);
  out->Compare(path + "purpose", a.purpose, b.purpose);
}

void CompareCaps(const std::string& path, const FrequencyCap& a, const FrequencyCap& b,
                 Differences* out) {
  out->Compare(path + "channels", a.channels, b.channels);
  out->Compare(path + "labels", a.labels, b.labels);
  out->Compare(path + "campaigns", a.campaigns, b.campaigns);
  out->Compare(path + "count", a.count, b.count);
  out->Compare(path + "period", a.period, b.period);
  out->Compare(path + "span_ms", a.span_ms, b.span_ms);
  out->Compare(path + "units", a.units, b.units);
  out->Compare(path + "week_begins", a.week_begins, b.week_begins);
}

void CompareQuietHours(const std::string& path, const QuietHours& a, const QuietHours& b,
                       Differences* out) {
  out->Compare(path + "channels", a.channels, b.channels);
  out->Compare(path + "from_minute", a.from_minute, b.from_minute);
  out->Compare(path + "to_minute", a.to_minute, b.to_minute);
  out->Compare(path + "weekdays", a.weekdays, b.weekdays);
}

void CompareReach(const std::string& path, const ReachRules& a, const ReachRules& b,
                  Differences* out) {
  const auto name = [](const auto& item) -> const std::string& { return item.name; };
  out->Match(path + "channels", a.channels, b.channels, name, CompareReachChannels);
  out->Match(path + "caps", a.caps, b.caps, name, CompareCaps);
  out->Match(path + "quiet_hours", a.quiet_hours, b.quiet_hours, name, CompareQuietHours);
  out->Compare(path + "zone_trait", a.zone_trait, b.zone_trait);
  out->Compare(path + "default_zone", a.default_zone, b.default_zone);
  out->Compare(path + "profiling_purpose", a.profiling_purpose, b.profiling_purpose);
  out->Compare(path + "message_events", a.message_events, b.message_events);
}

void CompareRoles(const std::string& path, const RoleDefinition& a, const RoleDefinition& b,
                  Differences* out) {
  out->Compare(path + "up_to", a.up_to, b.up_to);
  out->Compare(path + "also", a.also, b.also);
  out->Compare(path + "never", a.never, b.never);
  out->Compare(path + "namespaces", a.namespaces, b.namespaces);
  out->Compare(path + "in_segment", a.in_segment, b.in_segment);
  out->Compare(path + "purpose", a.purpose, b.purpose);
  out->Compare(path + "may_read", a.may_read, b.may_read);
  out->Compare(path + "may_list", a.may_list, b.may_list);
  out->Compare(path + "may_export", a.may_export, b.may_export);
  out->Compare(path + "may_change", a.may_change, b.may_change);
}

void ComparePrivacy(const std::string& path, const PrivacyRules& a, const PrivacyRules& b,
                    Differences* out) {
  const auto field = [](const auto& item) -> const std::string& { return item.field; };
  out->Match(path + "labels", a.labels, b.labels, field,
             [](const std::string& at, const FieldLabel& x, const FieldLabel& y,
                Differences* differences) {
               differences->Compare(at + "sensitivity", x.sensitivity, y.sensitivity);
             });
  out->Match(
      path + "roles", a.roles, b.roles,
      [](const RoleDefinition& role) -> const std::string& { return role.name; }, CompareRoles);
  out->Match(path + "disclosures", a.disclosures, b.disclosures, field,
             [](const std::string& at, const DisclosureRule& x, const DisclosureRule& y,
                Differences* differences) {
               differences->Compare(at + "may_see", x.may_see, y.may_see);
               differences->Compare(at + "reason", x.reason, y.reason);
             });
  out->Compare(path + "retentions", a.retentions, b.retentions);
  out->Compare(path + "restriction_purpose", a.restriction_purpose, b.restriction_purpose);
}

void CompareDefinitions(const Definitions& a, const Definitions& b, Differences* out) {
  const std::string path = "definitions.";
  const auto name = [](const auto& item) -> const std::string& { return item.name; };
  out->Match(path + "traits", a.traits, b.traits, name, CompareTraits);
  out->Match(path + "tags", a.tags, b.tags, name, CompareTags);
  out->Match(path + "behaviours", a.behaviours, b.behaviours, name, CompareBehaviours);
  out->Match(
      path + "event_traits", a.event_traits, b.event_traits,
      [](const EventTrait& item) -> const std::string& { return item.trait.name; },
      CompareEventTraits);
  out->Match(path + "purposes", a.purposes, b.purposes, name, ComparePurposes);
  out->Match(path + "ladders", a.ladders, b.ladders, name, CompareLadders);
  out->Match(path + "purchase_scores", a.purchase_scores, b.purchase_scores, name,
             ComparePurchaseScores);
  out->Match(path + "channel_scores", a.channel_scores, b.channel_scores, name,
             CompareChannelScores);
  out->Match(path + "segments", a.segments, b.segments, name, CompareSegments);
  out->Match(path + "triggers", a.triggers, b.triggers, name, CompareTriggers);
  out->Match(path + "campaigns", a.campaigns, b.campaigns, name, CompareCampaigns);
  CompareReach(path + "reach.", a.reach, b.reach, out);
  ComparePrivacy(path + "privacy.", a.privacy, b.privacy, out);
  out->Compare(path + "watched_traits", a.watched_traits, b.watched_traits);
  out->Compare(path + "watched_tags", a.watched_tags, b.watched_tags);
  out->Compare(path + "show_undefined", a.show_undefined, b.show_undefined);
  out->Compare(path + "identifying", a.identifying, b.identifying);
  out->Compare(path + "utc_offset_minutes", a.utc_offset_minutes, b.utc_offset_minutes);
}

}  // namespace

absl::Status Validate(const Policy& policy) {
  if (policy.namespaces.size() > kMaxNamespaces)
    return Bad("namespaces", "at most 4,096; use families with scopes");
  if (!IsUtf8(policy.name) || policy.name.size() > kMaxPolicyName)
    return Bad("name", "must be UTF-8 of at most 256 bytes");
  if (policy.ranking > Ranking::kStrongest)
    return Bad("ranking", "is not one that this library knows");
  if (policy.undeclared > Undeclared::kHoldIdentifier)
    return Bad("undeclared", "is not one that this library knows");
  std::set<std::string> names;
  for (std::size_t i = 0; i < policy.namespaces.size(); ++i) {
    const NamespacePolicy& ns = policy.namespaces[i];
    const std::string field = "namespaces[" + std::to_string(i) + "]";
    if (!IsValidNamespace(ns.name) || !ScopeOf(ns.name).empty()) {
      return Bad(
          field + ".name",
          "must be letters, digits and _ . $ -, without a scope (one policy serves all scopes)");
    }
    if (!names.insert(ns.name).second) return Bad(field + ".name", "is there twice");
    if (ns.priority == 0 || ns.priority > kMaxPriority)
      return Bad(field + ".priority", "must be between 1 (best) and 1,000,000");
    if (ns.normaliser > Normaliser::kEmail)
      return Bad(field + ".normaliser", "is not one that this library knows");
    if (ns.sensitivity > Sensitivity::kSensitive)
      return Bad(field + ".sensitivity", "is not one that this library knows");
    if (absl::Status status = CheckLimits(field, ns); !status.ok()) return status;
    if (absl::Status status = CheckValues(field, ns); !status.ok()) return status;
    if (absl::Status status = CheckSpan(field + ".link_lifetime_ms", ns.link_lifetime_ms);
        !status.ok())
      return status;
    if (absl::Status status = CheckSpan(field + ".validity_ms", ns.validity_ms); !status.ok())
      return status;
  }
  if (absl::Status status = CheckParents(policy); !status.ok()) return status;
  if (absl::Status status = CheckDerived(policy); !status.ok()) return status;
  const absl::Status status = Validate(policy.definitions);
  return status.ok() ? status
                     : absl::InvalidArgumentError("definitions." + std::string(status.message()));
}

std::vector<std::string> Diff(const Policy& before, const Policy& after) {
  Differences out;
  out.Compare("name", before.name, after.name);
  out.Compare("ranking", before.ranking, after.ranking);
  out.Compare("undeclared", before.undeclared, after.undeclared);
  out.Compare("max_identifiers_per_profile", before.max_identifiers_per_profile,
              after.max_identifiers_per_profile);
  out.Compare("default_max_neighbours", before.default_max_neighbours,
              after.default_max_neighbours);
  out.Match(
      "namespaces", before.namespaces, after.namespaces,
      [](const NamespacePolicy& ns) -> const std::string& { return ns.name; }, CompareNamespaces);
  CompareDefinitions(before.definitions, after.definitions, &out);
  return out.Take();
}

}  // namespace polyonym
