// model/definitions.h - what facts mean: how the values of many records become one profile, as data.
//
// Definitions are part of a policy: stored, versioned and put in force with it. A profile is a pure function of records, policy and
// clock, so that another definition changes what is read, and never what is kept.
//
// All folds take a person's facts in one order: by time, then namespace and value of the identifier that they belong to, then source,
// then record id, then place in the record. "Latest" is the last in it, and so on. No fold knows in which order records arrived.
#ifndef POLYONYM_MODEL_DEFINITIONS_H_
#define POLYONYM_MODEL_DEFINITIONS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "polyonym/model/campaigns.h"
#include "polyonym/model/facts.h"
#include "polyonym/model/privacy_rules.h"
#include "polyonym/model/reach_rules.h"
#include "polyonym/model/score_models.h"

namespace polyonym {

enum class FactClass : std::uint8_t { kBasic = 0, kSocial = 1, kInterest = 2, kInteraction = 3 };

// How values become one. Stored: never renumber.
enum class Fold : std::uint8_t {
  kLatest = 0,
  kFirst = 1,
  // Of the source that comes first in `sources`, its latest; sources not named come last.
  kMostTrusted = 2,
  // The latest of a source in `sources` (the person's own word), else the latest of all.
  kSelfDeclared = 3,
  kMin = 4,  // by Compare(); of money: by currency; not of flags and lists
  kMax = 5,
  kSum = 6,       // of numbers in millionths, whole numbers, money by currency; exact
  kCount = 7,     // of values
  kDistinct = 8,  // how many different values; exact up to `bound`, which it says when it is passed
  kUnion = 9,     // the different values, in order, up to `bound`; of lists their elements
  kTopN = 10,     // the `bound` values seen most often, most first; ties by Compare()
  // Of numbers and whole numbers: each value times 0.5^(age / half_life_ms), added in order of time.
  kDecayedSum = 11,
  // Seen at least `at_least` times and most often; ties by Compare(); not of lists.
  kMostFrequent = 12,
  // Of texts or flags: of the values present the one that comes first in `order`.
  kMostRestrictive = 13,
};

// Spans (`window_ms`, `valid_ms`) range from 0 to a hundred years, half-lives from a minute to a hundred years. Names are UTF-8 of 1 to
// 128 bytes. Lists have at most 4,096 items; layers, properties, stages, conditions and watched names 256.
// Validate() holds them to it.

struct TraitDefinition {
  std::string name;  // distinct from those of all traits and event traits
  FactClass klass = FactClass::kBasic;
  ValueType type = ValueType::kText;
  std::string unit;  // for people: cm, kg
  Fold fold = Fold::kLatest;
  std::vector<std::string> sources;  // kMostTrusted, kSelfDeclared
  std::vector<std::string> order;    // kMostRestrictive: values as ToText() writes them
  std::uint32_t bound = 1'000;       // kDistinct, kUnion, kTopN: range 1..100,000
  std::uint32_t at_least = 2;        // kMostFrequent: range 1..1,000,000
  std::int64_t half_life_ms = 0;     // kDecayedSum
  std::int64_t window_ms = 0;        // older values do not count; 0: all do
  // A value that says nothing, such as a form's preset: an anonymous record's does not count. As ToText() writes it.
  // For folds that choose one of the values: the first six, kMostFrequent, kMostRestrictive.
  std::string default_value;
  std::uint32_t completeness_weight = 0;  // share in the profile's completeness when it has a value
  std::uint8_t sensitivity = 0;           // Sensitivity
  friend bool operator==(const TraitDefinition&, const TraitDefinition&) = default;
};

enum class TagFold : std::uint8_t { kSum = 0, kDecayedSum = 1, kCount = 2, kLast = 3, kMax = 4 };

struct TagLayer {
  std::string name;
  std::int64_t at_least_micros = 0;  // of the tag's score
  friend bool operator==(const TagLayer&, const TagLayer&) = default;
};

struct TagDefinition {
  std::string name;
  FactClass klass = FactClass::kInterest;
  TagFold fold = TagFold::kSum;
  std::int64_t half_life_ms = 0;  // kDecayedSum
  std::int64_t window_ms = 0;     // older tags do not count; 0: all do
  // A tag ends so long after its time, where it does not say when; 0: never.
  std::int64_t valid_ms = 0;
  std::string parent;  // a tag whose score takes in this one's
  std::vector<std::string> topics;
  std::vector<TagLayer> layers;  // the order decides
  bool all_layers = false;       // false: the first that is reached; true: each that is
  std::uint8_t sensitivity = 0;  // Sensitivity
  friend bool operator==(const TagDefinition&, const TagDefinition&) = default;
};

// A condition on an event: its type, and values of properties as ToText() writes them.
struct EventMatch {
  std::vector<std::string> types;  // any of them; empty: every type
  struct Property {
    std::string name;
    std::vector<std::string> any_of;  // empty: it is there
    friend bool operator==(const Property&, const Property&) = default;
  };
  std::vector<Property> properties;           // all of them
  Direction direction = Direction::kUnknown;  // kUnknown: either
  friend bool operator==(const EventMatch&, const EventMatch&) = default;
};

// Behaviour: each event that matches gives a tag, at the event's time and place.
struct BehaviourTag {
  std::string name;  // for explanations; distinct
  EventMatch on;
  std::string tag;     // the tag; or what the values of `tag_of` are put behind
  std::string tag_of;  // a property: of a list each element gives a tag; empty: `tag` itself
  std::int64_t weight_micros = 1'000'000;  // range -kMaxWeightMicros..kMaxWeightMicros
  std::string weight_of;  // a number or whole property that multiplies the weight; empty: none
  friend bool operator==(const BehaviourTag&, const BehaviourTag&) = default;
};

// A trait computed from events: `trait` says how, each event that matches has one value.
struct EventTrait {
  EventMatch on;
  TraitDefinition trait;
  // What of the event is the value: a property, or `time`, `value` (money), `type`, `place`, `campaign`, `channel` (the namespace of the
  // identifier that it belongs to).
  std::string value_of = "time";
  friend bool operator==(const EventTrait&, const EventTrait&) = default;
};

enum class ConsentFold : std::uint8_t {
  kMostRestrictive = 0,  // granted where each identifier that speaks of it grants it
  kLatest = 1,           // the last word of any
  kAny = 2,              // granted where one grants it
};

struct PurposeDefinition {
  std::string name;
  ConsentFold fold = ConsentFold::kMostRestrictive;
  std::int64_t valid_ms = 0;  // a grant ends so long after its time; 0: never
  friend bool operator==(const PurposeDefinition&, const PurposeDefinition&) = default;
};

// A ladder that people climb: lifecycle, participation. Somebody stands on the last stage whose conditions hold, all of them.
struct Stage {
  struct Condition {
    EventMatch events;                          // that match, in the window up to now
    std::int64_t window_ms = 0;                 // 0: ever
    std::uint32_t at_least = 1;                 // events; range 0..1,000,000
    std::uint32_t at_most = ~std::uint32_t{0};  // at_least or more
    friend bool operator==(const Condition&, const Condition&) = default;
  };
  std::string name;
  std::vector<Condition> conditions;  // none: everybody
  friend bool operator==(const Stage&, const Stage&) = default;
};

struct Ladder {
  std::string name;
  std::vector<Stage> stages;
  friend bool operator==(const Ladder&, const Ladder&) = default;
};

// What somebody's purchases say (docs/scores.md): events that match and have a value in the currency are purchases; a value below 0 is a
// return. Scores among others need models, which a fit finds (profile/fit_scores.h) or the host writes.
struct PurchaseScore {
  std::string name;  // distinct
  EventMatch on;
  std::string currency;             // ISO 4217: three capitals; others are not converted
  RfmOptions rfm;                   // of the fit
  std::uint32_t expect_days = 365;  // purchases are expected in the next so many; range 1..3,650
  double days_per_unit = 7;         // BG/NBD's unit of time; range 0.01..3,650
  // Overdue ratios from which on somebody is due, and lost: 1 is a mean gap after the last purchase. 0 < due_at <= lost_at, finite.
  double due_at = 1;
  double lost_at = 3;

  // What a fit found. A model that is none gives no score.
  std::optional<RfmModel> rfm_model;           // which may have other bins than `rfm`
  std::optional<BgNbdParameters> bgnbd_model;  // in units of `days_per_unit`
  std::int64_t fitted_ms = 0;                  // as of when; range 0 (never)..kMaxFactTimeMs
  std::uint64_t fitted_customers = 0;          // to how many
  friend bool operator==(const PurchaseScore&, const PurchaseScore&) = default;
};

// Which channels somebody prefers, by what they do there (profile/affinity.h): each event that matches, and does not go to the person,
// is an interaction on the channel that its identifier's namespace is.
struct ChannelScore {
  std::string name;  // distinct
  EventMatch on;
  std::int64_t half_life_ms = 30LL * 86'400'000;  // DEFAULT: 30 days
  friend bool operator==(const ChannelScore&, const ChannelScore&) = default;
};

// A group of people: who is in it is what the expression says at any moment (segment/expression.h).
struct SegmentDefinition {
  std::string name;  // distinct
  std::string
      expression;  // its text, 1 byte to 64 KiB; what it means is checked where it is put in force
  std::string time_zone;  // of IANA's database, for days, weeks and months; empty: UTC
  // Of `purposes`: whoever does not grant it is no member, whatever the expression says. Empty: none is asked.
  std::string purpose;
  // Whether people who object to profiling may be members: who denied or withdrew ReachRules::profiling_purpose. For lists that a law or a
  // contract asks for, which say nothing about who somebody is.
  bool profiles_nobody = false;
  friend bool operator==(const SegmentDefinition&, const SegmentDefinition&) = default;
};

// Something to do when people come into a segment or leave it: each time a row of the outbox (engine/outbox.h), which the host
// acknowledges.
struct TriggerDefinition {
  std::string name;      // distinct
  std::string segment;   // of `segments`
  bool on_exit = false;  // as somebody leaves; false: as somebody comes in
  // Also where a merge, a split, a guard, a definition or an erasure caused it. false: what people did, and time: of the causes
  // (model/change.h) record, retraction, act, time, consent.
  bool any_cause = false;
  friend bool operator==(const TriggerDefinition&, const TriggerDefinition&) = default;
};

struct Definitions {
  std::vector<TraitDefinition> traits;
  std::vector<TagDefinition> tags;
  std::vector<BehaviourTag> behaviours;
  std::vector<EventTrait> event_traits;
  std::vector<PurposeDefinition> purposes;
  std::vector<Ladder> ladders;
  std::vector<PurchaseScore> purchase_scores;
  std::vector<ChannelScore> channel_scores;
  std::vector<SegmentDefinition> segments;
  std::vector<TriggerDefinition> triggers;
  std::vector<CampaignDefinition> campaigns;
  ReachRules reach;      // by which messages go out: campaign/reach.h
  PrivacyRules privacy;  // who sees what of whom: docs/security.md
  // Names, defined or not, whose changes of value go to the change feed, profile by profile; each there once.
  std::vector<std::string> watched_traits;
  std::vector<std::string> watched_tags;
  // Whether a trait or tag that is not defined is shown, by its latest value or its sum; else it is kept and not shown.
  bool show_undefined = true;
  // Namespaces (families) that say who somebody is: a record that names none of them is anonymous.
  std::vector<std::string> identifying;
  // Where a day begins, for windows of whole days: of traits and tags these are calendar days, today's the last of them, as in "the last 7
  // days". Range -840..840.
  std::int32_t utc_offset_minutes = 0;
  friend bool operator==(const Definitions&, const Definitions&) = default;
};

// ERRORS: InvalidArgument naming the field (`tags[2].layers[0].name`) and what is allowed: names that are empty, too long or given twice,
// a fold that the type does not have, a half-life or bound that is missing or out of range, a parent that is not defined or is
// its own ancestor, a trigger's segment that is not defined, what ValidateCampaigns() and
// Validate() of reach rules say (`reach.caps[3].count`), a model that is none (`purchase_scores[1].rfm_model.bounds[1][4][0]`).
// COST: one pass, n log n in names.
absl::Status Validate(const Definitions& definitions);

std::string_view ToString(Fold fold);        // `most_trusted`
std::string_view ToString(TagFold fold);     // `decayed_sum`
std::string_view ToString(FactClass klass);  // `interest`

}  // namespace polyonym

#endif  // POLYONYM_MODEL_DEFINITIONS_H_
