#include "polyonym/model/definitions.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "model/fault.h"
#include "model/utf8.h"
#include "polyonym/model/identifier.h"
#include "polyonym/model/policy.h"

namespace polyonym {
namespace {

constexpr std::size_t kMaxList = 4096;
constexpr std::size_t kMaxSegmentBytes = 64 * 1024;
constexpr std::size_t kMaxShortList = 256;  // layers, properties, stages, conditions, watched names
constexpr std::uint32_t kMaxBound = 100'000;
constexpr std::uint32_t kMaxAtLeast = 1'000'000;
constexpr std::uint32_t kMaxExpectDays = 3'650;
constexpr double kMinDaysPerUnit = 0.01;
constexpr double kMaxDaysPerUnit = 3'650;
constexpr std::size_t kCurrencyLetters = 3;
constexpr std::int32_t kMaxOffsetMinutes = 14 * 60;
constexpr std::int64_t kMinHalfLifeMs = 60'000;

constexpr std::string_view kTextRule = "must be UTF-8 of at most 64 KiB";
constexpr std::string_view kUnknown = "is not one that this library knows";
constexpr std::string_view kSegmentRule = "must be a segment that is defined here";
constexpr std::string_view kPurposeRule = "must be a purpose that is defined here, or empty";

// ---- Which types a fold has ----

constexpr unsigned Types() { return 0; }
template <class... More>
constexpr unsigned Types(ValueType type, More... more) {
  return 1u << static_cast<unsigned>(type) | Types(more...);
}

constexpr unsigned kOrdered = Types(ValueType::kText, ValueType::kNumber, ValueType::kInstant,
                                    ValueType::kDate, ValueType::kWhole, ValueType::kMoney);
constexpr unsigned kAny = kOrdered | Types(ValueType::kFlag, ValueType::kList);

struct FoldRow {
  std::string_view name;
  bool chooses;  // one of the values, as it is
  unsigned types;
  std::string_view rule;  // where it is not for all types
};

// By Fold.
constexpr FoldRow kFolds[] = {
    {"latest", true, kAny, ""},
    {"first", true, kAny, ""},
    {"most_trusted", true, kAny, ""},
    {"self_declared", true, kAny, ""},
    {"min", true, kOrdered, "min is for text, number, instant, date, whole, money"},
    {"max", true, kOrdered, "max is for text, number, instant, date, whole, money"},
    {"sum", false, Types(ValueType::kNumber, ValueType::kWhole, ValueType::kMoney),
     "sum is for number, whole, money"},
    {"count", false, kAny, ""},
    {"distinct", false, kAny, ""},
    {"union", false, kAny, ""},
    {"top_n", false, kAny, ""},
    {"decayed_sum", false, Types(ValueType::kNumber, ValueType::kWhole),
     "decayed_sum is for number, whole"},
    {"most_frequent", true, kOrdered | Types(ValueType::kFlag),
     "most_frequent is for every type but list; of lists take top_n"},
    {"most_restrictive", true, Types(ValueType::kText, ValueType::kFlag),
     "most_restrictive is for text, flag"},
};

// ---- The checks ----

bool IsText(std::string_view text) { return text.size() <= kMaxFactTextBytes && IsUtf8(text); }

// The names of one space.
class Names {
 public:
  void Add(std::string_view name, const std::string& at, std::string_view field, Fault* fault) {
    fault->Require(IsName(name), at, field, kNameRule);
    fault->Require(names_.insert(name).second, at, field, kDistinctRule);
  }

 private:
  std::set<std::string_view> names_;
};

void CheckSize(std::size_t size, const std::string& list, Fault* fault) {
  fault->Require(size <= kMaxList, list, "", "at most 4,096");
}

void CheckShortSize(std::size_t size, const std::string& list, Fault* fault) {
  fault->Require(size <= kMaxShortList, list, "", "at most 256");
}

void CheckEach(const std::vector<std::string>& list, bool (*holds)(std::string_view),
               std::string_view rule, const std::string& at, Fault* fault) {
  CheckSize(list.size(), at, fault);
  for (std::size_t i = 0; i < list.size(); ++i)
    fault->Require(holds(list[i]), Item(at, i), "", rule);
}

void CheckSpan(std::int64_t ms, const std::string& at, std::string_view field, Fault* fault) {
  fault->Require(ms >= 0 && ms <= kMaxSpanMs, at, field,
                 "must be between 0 (none) and a hundred years");
}

// A half-life that no fold reads is 0, or one that could be read.
void CheckHalfLife(std::int64_t ms, bool is_read, const std::string& at, Fault* fault) {
  const bool is_one = ms >= kMinHalfLifeMs && ms <= kMaxSpanMs;
  fault->Require(is_one || (ms == 0 && !is_read), at, ".half_life_ms",
                 "must be between a minute and a hundred years (decayed_sum needs one)");
}

void CheckSensitivity(std::uint8_t sensitivity, const std::string& at, Fault* fault) {
  fault->Require(sensitivity <= static_cast<std::uint8_t>(Sensitivity::kSensitive), at,
                 ".sensitivity", "must be 0 (normal), 1 (personal) or 2 (sensitive)");
}

void CheckFold(const TraitDefinition& trait, const std::string& at, Fault* fault) {
  const auto index = static_cast<std::size_t>(trait.fold);
  const bool is_known = index < std::size(kFolds);
  fault->Require(is_known, at, ".fold", kUnknown);
  if (!is_known) return;
  const FoldRow& row = kFolds[index];
  fault->Require((row.types & Types(trait.type)) != 0, at, ".fold", row.rule);
  fault->Require(!trait.sources.empty() ||
                     (trait.fold != Fold::kMostTrusted && trait.fold != Fold::kSelfDeclared),
                 at, ".sources", "must name one source or more for most_trusted, self_declared");
  fault->Require(!trait.order.empty() || trait.fold != Fold::kMostRestrictive, at, ".order",
                 "must have one value or more for most_restrictive");
  fault->Require(row.chooses || trait.default_value.empty(), at, ".default_value",
                 "must be empty but for folds that choose one of the values: latest, first, "
                 "most_trusted, self_declared, min, max, most_frequent, most_restrictive");
  CheckHalfLife(trait.half_life_ms, trait.fold == Fold::kDecayedSum, at, fault);
}

// All but the name.
void CheckTrait(const TraitDefinition& trait, const std::string& at, Fault* fault) {
  fault->Require(trait.klass <= FactClass::kInteraction, at, ".class", kUnknown);
  fault->Require(trait.type != ValueType::kNone, at, ".type", "must be a type that a value has");
  fault->Require(trait.type <= ValueType::kMoney, at, ".type", kUnknown);
  if (!fault->status().ok()) return;  // a fold is judged by a type that there is
  fault->Require(IsNameOrEmpty(trait.unit), at, ".unit", "must be UTF-8 of at most 128 bytes");
  CheckEach(trait.sources, IsName, kNameRule, at + ".sources", fault);
  CheckEach(trait.order, IsText, kTextRule, at + ".order", fault);
  fault->Require(IsText(trait.default_value), at, ".default_value", kTextRule);
  CheckFold(trait, at, fault);
  fault->Require(trait.bound >= 1 && trait.bound <= kMaxBound, at, ".bound",
                 "must be between 1 and 100,000");
  fault->Require(trait.at_least >= 1 && trait.at_least <= kMaxAtLeast, at, ".at_least",
                 "must be between 1 and 1,000,000");
  CheckSpan(trait.window_ms, at, ".window_ms", fault);
  CheckSensitivity(trait.sensitivity, at, fault);
}

void CheckTag(const TagDefinition& tag, const std::string& at, Fault* fault) {
  fault->Require(tag.klass <= FactClass::kInteraction, at, ".class", kUnknown);
  fault->Require(tag.fold <= TagFold::kMax, at, ".fold", kUnknown);
  CheckHalfLife(tag.half_life_ms, tag.fold == TagFold::kDecayedSum, at, fault);
  CheckSpan(tag.window_ms, at, ".window_ms", fault);
  CheckSpan(tag.valid_ms, at, ".valid_ms", fault);
  CheckEach(tag.topics, IsName, kNameRule, at + ".topics", fault);
  CheckShortSize(tag.layers.size(), at + ".layers", fault);
  Names layers;
  for (std::size_t i = 0; i < tag.layers.size(); ++i)
    layers.Add(tag.layers[i].name, Item(at + ".layers", i), ".name", fault);
  CheckSensitivity(tag.sensitivity, at, fault);
}

// Each tag is walked over once: a walk ends where an earlier one has been, or at a tag of its own, which is a cycle.
void CheckParents(const std::vector<TagDefinition>& tags, Fault* fault) {
  std::map<std::string_view, std::size_t> index_of;
  for (std::size_t i = 0; i < tags.size(); ++i) index_of.emplace(tags[i].name, i);
  constexpr std::size_t kNever = static_cast<std::size_t>(-1);
  std::vector<std::size_t> walk_of(tags.size(), kNever);
  for (std::size_t i = 0; i < tags.size(); ++i) {
    std::size_t on = i;
    while (walk_of[on] == kNever && !tags[on].parent.empty()) {
      walk_of[on] = i;
      const auto up = index_of.find(tags[on].parent);
      fault->Require(up != index_of.end(), Item("tags", on), ".parent",
                     "must be a tag that is defined here");
      if (up == index_of.end()) return;
      on = up->second;
      fault->Require(walk_of[on] != i, Item("tags", on), ".parent",
                     "must not lead back to the tag itself");
    }
  }
}

void CheckMatch(const EventMatch& match, const std::string& at, Fault* fault) {
  CheckEach(match.types, IsName, kNameRule, at + ".types", fault);
  CheckShortSize(match.properties.size(), at + ".properties", fault);
  for (std::size_t i = 0; i < match.properties.size(); ++i) {
    const std::string property = Item(at + ".properties", i);
    fault->Require(IsName(match.properties[i].name), property, ".name", kNameRule);
    CheckEach(match.properties[i].any_of, IsText, kTextRule, property + ".any_of", fault);
  }
  fault->Require(match.direction <= Direction::kOut, at, ".direction", kUnknown);
}

void CheckBehaviour(const BehaviourTag& behaviour, const std::string& at, Fault* fault) {
  CheckMatch(behaviour.on, at + ".on", fault);
  fault->Require(behaviour.tag_of.empty() ? IsName(behaviour.tag) : IsNameOrEmpty(behaviour.tag),
                 at, ".tag",
                 "must be UTF-8 of 1 to 128 bytes; it may be empty where tag_of names a property");
  fault->Require(IsNameOrEmpty(behaviour.tag_of), at, ".tag_of",
                 "must be a property's name of at most 128 bytes, or empty");
  fault->Require(
      behaviour.weight_micros >= -kMaxWeightMicros && behaviour.weight_micros <= kMaxWeightMicros,
      at, ".weight_micros", "must be between -10^15 and 10^15 millionths");
  fault->Require(IsNameOrEmpty(behaviour.weight_of), at, ".weight_of",
                 "must be a property's name of at most 128 bytes, or empty");
}

void CheckStage(const Stage& stage, const std::string& at, Fault* fault) {
  CheckShortSize(stage.conditions.size(), at + ".conditions", fault);
  for (std::size_t i = 0; i < stage.conditions.size(); ++i) {
    const Stage::Condition& condition = stage.conditions[i];
    const std::string place = Item(at + ".conditions", i);
    CheckMatch(condition.events, place + ".events", fault);
    CheckSpan(condition.window_ms, place, ".window_ms", fault);
    fault->Require(condition.at_least <= kMaxAtLeast, place, ".at_least",
                   "must be between 0 and 1,000,000");
    fault->Require(condition.at_least <= condition.at_most, place, ".at_most",
                   "must be at_least or more");
  }
}

void CheckTraits(const Definitions& definitions, Fault* fault) {
  Names names;  // of both lists: a profile has one list of traits
  CheckSize(definitions.traits.size(), "traits", fault);
  for (std::size_t i = 0; i < definitions.traits.size(); ++i) {
    const std::string at = Item("traits", i);
    names.Add(definitions.traits[i].name, at, ".name", fault);
    CheckTrait(definitions.traits[i], at, fault);
  }
  CheckSize(definitions.event_traits.size(), "event_traits", fault);
  for (std::size_t i = 0; i < definitions.event_traits.size(); ++i) {
    const EventTrait& computed = definitions.event_traits[i];
    const std::string at = Item("event_traits", i);
    names.Add(computed.trait.name, at, ".trait.name", fault);
    CheckMatch(computed.on, at + ".on", fault);
    CheckTrait(computed.trait, at + ".trait", fault);
    fault->Require(IsName(computed.value_of), at, ".value_of", kNameRule);
  }
}

void CheckTags(const Definitions& definitions, Fault* fault) {
  Names names;
  CheckSize(definitions.tags.size(), "tags", fault);
  for (std::size_t i = 0; i < definitions.tags.size(); ++i) {
    const std::string at = Item("tags", i);
    names.Add(definitions.tags[i].name, at, ".name", fault);
    CheckTag(definitions.tags[i], at, fault);
  }
  CheckParents(definitions.tags, fault);
  Names behaviours;
  CheckSize(definitions.behaviours.size(), "behaviours", fault);
  for (std::size_t i = 0; i < definitions.behaviours.size(); ++i) {
    const std::string at = Item("behaviours", i);
    behaviours.Add(definitions.behaviours[i].name, at, ".name", fault);
    CheckBehaviour(definitions.behaviours[i], at, fault);
  }
}

void CheckPurposes(const std::vector<PurposeDefinition>& purposes, Fault* fault) {
  Names names;
  CheckSize(purposes.size(), "purposes", fault);
  for (std::size_t i = 0; i < purposes.size(); ++i) {
    const std::string at = Item("purposes", i);
    names.Add(purposes[i].name, at, ".name", fault);
    fault->Require(purposes[i].fold <= ConsentFold::kAny, at, ".fold", kUnknown);
    CheckSpan(purposes[i].valid_ms, at, ".valid_ms", fault);
  }
}

void CheckLadders(const std::vector<Ladder>& ladders, Fault* fault) {
  Names names;
  CheckSize(ladders.size(), "ladders", fault);
  for (std::size_t i = 0; i < ladders.size(); ++i) {
    const std::string at = Item("ladders", i);
    names.Add(ladders[i].name, at, ".name", fault);
    CheckShortSize(ladders[i].stages.size(), at + ".stages", fault);
    Names stages;
    for (std::size_t j = 0; j < ladders[i].stages.size(); ++j) {
      const std::string place = Item(at + ".stages", j);
      stages.Add(ladders[i].stages[j].name, place, ".name", fault);
      CheckStage(ladders[i].stages[j], place, fault);
    }
  }
}

bool IsCurrency(std::string_view currency) {
  return currency.size() == kCurrencyLetters &&
         std::all_of(currency.begin(), currency.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

void CheckPurchaseScore(const PurchaseScore& score, const std::string& at, Fault* fault) {
  CheckMatch(score.on, at + ".on", fault);
  fault->Require(IsCurrency(score.currency), at, ".currency",
                 "must be an ISO 4217 code of three capitals, such as CNY");
  fault->Take(Validate(score.rfm), at + ".rfm");
  fault->Require(score.expect_days >= 1 && score.expect_days <= kMaxExpectDays, at, ".expect_days",
                 "must be between 1 and 3,650");
  fault->Require(score.days_per_unit >= kMinDaysPerUnit && score.days_per_unit <= kMaxDaysPerUnit,
                 at, ".days_per_unit", "must be between 0.01 and 3,650");
  fault->Require(score.due_at > 0 && std::isfinite(score.due_at), at, ".due_at",
                 "must be above 0, and finite");
  fault->Require(score.lost_at >= score.due_at && std::isfinite(score.lost_at), at, ".lost_at",
                 "must be due_at or more, and finite");
  if (score.rfm_model) fault->Take(Validate(*score.rfm_model), at + ".rfm_model");
  if (score.bgnbd_model) fault->Take(Validate(*score.bgnbd_model), at + ".bgnbd_model");
  fault->Require(score.fitted_ms >= 0 && score.fitted_ms <= kMaxFactTimeMs, at, ".fitted_ms",
                 "must be between 0 (never) and the year 2100");
}

void CheckScores(const Definitions& definitions, Fault* fault) {
  Names purchases;
  CheckSize(definitions.purchase_scores.size(), "purchase_scores", fault);
  for (std::size_t i = 0; i < definitions.purchase_scores.size(); ++i) {
    const std::string at = Item("purchase_scores", i);
    purchases.Add(definitions.purchase_scores[i].name, at, ".name", fault);
    CheckPurchaseScore(definitions.purchase_scores[i], at, fault);
  }
  Names channels;
  CheckSize(definitions.channel_scores.size(), "channel_scores", fault);
  for (std::size_t i = 0; i < definitions.channel_scores.size(); ++i) {
    const ChannelScore& score = definitions.channel_scores[i];
    const std::string at = Item("channel_scores", i);
    channels.Add(score.name, at, ".name", fault);
    CheckMatch(score.on, at + ".on", fault);
    fault->Require(score.half_life_ms >= kMinHalfLifeMs && score.half_life_ms <= kMaxSpanMs, at,
                   ".half_life_ms", "must be between a minute and a hundred years");
  }
}

std::set<std::string_view> NamesOf(const std::vector<SegmentDefinition>& segments) {
  std::set<std::string_view> names;
  for (const SegmentDefinition& segment : segments) names.insert(segment.name);
  return names;
}

std::set<std::string_view> NamesOf(const std::vector<PurposeDefinition>& purposes) {
  std::set<std::string_view> names;
  for (const PurposeDefinition& purpose : purposes) names.insert(purpose.name);
  return names;
}

// Of a name that may be left out.
void CheckDefined(const std::string& name, const std::set<std::string_view>& defined,
                  const std::string& at, std::string_view field, std::string_view rule,
                  Fault* fault) {
  fault->Require(name.empty() || defined.contains(name), at, field, rule);
}

void CheckSegments(const Definitions& definitions, Fault* fault) {
  const std::vector<SegmentDefinition>& segments = definitions.segments;
  const std::set<std::string_view> purposes = NamesOf(definitions.purposes);
  Names names;
  CheckSize(segments.size(), "segments", fault);
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const std::string at = Item("segments", i);
    names.Add(segments[i].name, at, ".name", fault);
    fault->Require(!segments[i].expression.empty() &&
                       segments[i].expression.size() <= kMaxSegmentBytes &&
                       IsUtf8(segments[i].expression),
                   at, ".expression", "must be UTF-8 of 1 byte to 64 KiB");
    fault->Require(
        segments[i].time_zone.size() <= kMaxFactNameBytes && IsUtf8(segments[i].time_zone), at,
        ".time_zone", "must be the name of a time zone, such as Asia/Shanghai");
    CheckDefined(segments[i].purpose, purposes, at, ".purpose", kPurposeRule, fault);
  }
}

void CheckTriggers(const Definitions& definitions, Fault* fault) {
  const std::set<std::string_view> segments = NamesOf(definitions.segments);
  Names names;
  CheckSize(definitions.triggers.size(), "triggers", fault);
  for (std::size_t i = 0; i < definitions.triggers.size(); ++i) {
    const std::string at = Item("triggers", i);
    names.Add(definitions.triggers[i].name, at, ".name", fault);
    fault->Require(segments.contains(definitions.triggers[i].segment), at, ".segment",
                   kSegmentRule);
  }
}

// What rules of privacy name; the rest of them is Validate()'s.
void CheckPrivacyNames(const Definitions& definitions, Fault* fault) {
  const std::set<std::string_view> purposes = NamesOf(definitions.purposes);
  const std::set<std::string_view> segments = NamesOf(definitions.segments);
  const PrivacyRules& rules = definitions.privacy;
  for (std::size_t i = 0; i < rules.roles.size(); ++i) {
    const std::string at = Item("privacy.roles", i);
    CheckDefined(rules.roles[i].in_segment, segments, at, ".in_segment", kSegmentRule, fault);
    CheckDefined(rules.roles[i].purpose, purposes, at, ".purpose", kPurposeRule, fault);
  }
  for (std::size_t i = 0; i < rules.retentions.size(); ++i) {
    CheckDefined(rules.retentions[i].unless_granted, purposes, Item("privacy.retentions", i),
                 ".unless_granted", kPurposeRule, fault);
  }
  CheckDefined(rules.restriction_purpose, purposes, "privacy", ".restriction_purpose", kPurposeRule,
               fault);
}

void CheckWatched(const std::vector<std::string>& watched, const std::string& list, Fault* fault) {
  Names names;
  CheckShortSize(watched.size(), list, fault);
  for (std::size_t i = 0; i < watched.size(); ++i) names.Add(watched[i], Item(list, i), "", fault);
}

void CheckIdentifying(const std::vector<std::string>& families, Fault* fault) {
  CheckSize(families.size(), "identifying", fault);
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < families.size(); ++i) {
    const std::string at = Item("identifying", i);
    fault->Require(IsValidNamespace(families[i]) && ScopeOf(families[i]).empty(), at, "",
                   "must be letters, digits and _ . $ -, without a scope");
    fault->Require(seen.insert(families[i]).second, at, "", "is there twice");
  }
}

}  // namespace

absl::Status Validate(const Definitions& definitions) {
  Fault fault;
  CheckTraits(definitions, &fault);
  CheckTags(definitions, &fault);
  CheckPurposes(definitions.purposes, &fault);
  CheckLadders(definitions.ladders, &fault);
  CheckScores(definitions, &fault);
  CheckSegments(definitions, &fault);
  CheckTriggers(definitions, &fault);
  CheckWatched(definitions.watched_traits, "watched_traits", &fault);
  CheckWatched(definitions.watched_tags, "watched_tags", &fault);
  CheckIdentifying(definitions.identifying, &fault);
  fault.Require(definitions.utc_offset_minutes >= -kMaxOffsetMinutes &&
                    definitions.utc_offset_minutes <= kMaxOffsetMinutes,
                "utc_offset_minutes", "", "must be between -840 and 840");
  if (!fault.status().ok()) return fault.status();
  if (absl::Status status = ValidateCampaigns(definitions.campaigns); !status.ok()) return status;
  const absl::Status reach = Validate(definitions.reach);
  if (!reach.ok()) return absl::InvalidArgumentError("reach." + std::string(reach.message()));
  const absl::Status privacy = Validate(definitions.privacy);
  if (!privacy.ok()) return absl::InvalidArgumentError("privacy." + std::string(privacy.message()));
  CheckPrivacyNames(definitions, &fault);
  return fault.status();
}

std::string_view ToString(Fold fold) {
  const auto index = static_cast<std::size_t>(fold);
  return index < std::size(kFolds) ? kFolds[index].name : "unknown";
}

std::string_view ToString(TagFold fold) {
  constexpr std::string_view kNames[] = {"sum", "decayed_sum", "count", "last", "max"};
  const auto index = static_cast<std::size_t>(fold);
  return index < std::size(kNames) ? kNames[index] : "unknown";
}

std::string_view ToString(FactClass klass) {
  constexpr std::string_view kNames[] = {"basic", "social", "interest", "interaction"};
  const auto index = static_cast<std::size_t>(klass);
  return index < std::size(kNames) ? kNames[index] : "unknown";
}

}  // namespace polyonym
