#include "harness/random_facts.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "polyonym/profile/rfm.h"

namespace polyonym::harness {
namespace {

using Names = std::vector<std::string>;
using Typed = RandomNames::Typed;

const std::vector<Typed> kTraits = {
    {"city", ValueType::kText},    {"height", ValueType::kNumber}, {"member", ValueType::kFlag},
    {"seen", ValueType::kInstant}, {"born", ValueType::kDate},     {"likes", ValueType::kList},
    {"orders", ValueType::kWhole}, {"spent", ValueType::kMoney},   {"昵称😀", ValueType::kText},
    {"𠮷", ValueType::kNumber},
};
// What events say, and what `value_of` says of every event.
const std::vector<Typed> kProperties = {
    {"city", ValueType::kText},  {"amount", ValueType::kNumber}, {"pieces", ValueType::kWhole},
    {"items", ValueType::kList}, {"gift", ValueType::kFlag},     {"𠮷", ValueType::kDate},
    {"paid", ValueType::kMoney}, {"due", ValueType::kInstant},
};
const std::vector<Typed> kOfEvents = {
    {"time", ValueType::kInstant}, {"value", ValueType::kMoney},   {"type", ValueType::kText},
    {"place", ValueType::kText},   {"campaign", ValueType::kText}, {"channel", ValueType::kText},
};
const Names kTags = {"coffee", "tea", "drinks", "city:Shanghai", "city:𠮷野家", "😀", "all"};
const Names kEventTypes = {"order", "click", "message", "访问"};
const Names kPurposes = {"ads", "mail", "研究"};
const Names kRelations = {"家人", "knows"};
const Names kCampaigns = {"spring", "双十一"};
const Names kSources = {"crm", "shop", "app"};
const Names kTexts = {"Shanghai", "武汉", "𠮷野家", "👨‍👩‍👧😀", "yes", ""};
const std::vector<Identifier> kIdentifiers = {
    {"phone", "1"}, {"crm", "1"}, {"crm", "2"}, {"openid/wx1", "a"}, {"openid/wx2", "a"}};
const std::vector<Place> kPlaces = {{"外滩", 31.24, 121.49},
                                    {"Wuhan", 30.58, 114.29},
                                    {"", 31.25, 121.50},
                                    {"somewhere", std::nullopt, std::nullopt},
                                    {"pole", 90.0, -180.0}};

constexpr std::int64_t kDayMs = 86'400'000;

std::int64_t Steps(Random& random, std::int64_t low, std::int64_t high) {
  return kRandomStepMs * random.Between(low, high);
}

ValueType RandomType(Random& random) {
  return static_cast<ValueType>(random.Between(1, static_cast<std::int64_t>(ValueType::kMoney)));
}

double RandomNumber(Random& random) {
  static const std::vector<double> kNumbers = {
      0.0, -0.0, 1.0, 0.1, -2.5, 1.25, 0.0000005, 0.0000015, 1e8 + 0.1, 12.3456785, -0.0000025};
  return random.Pick(kNumbers);
}

std::int64_t RandomWhole(Random& random) {
  static const std::vector<std::int64_t> kWholes = {0, 1, 1, 2, 3, -4, 1000};
  return random.Pick(kWholes);
}

Money RandomMoney(Random& random) {
  static const Names kCurrencies = {"CNY", "CNY", "JPY", "USD"};
  return {random.Between(-1, 3) * 50, random.Pick(kCurrencies)};
}

Date RandomDate(Random& random) {
  static const std::vector<Date> kDates = {
      {.year = 1990, .month = 2, .day = 28},
      {.year = std::nullopt, .month = 2, .day = 29},
      {.year = 2000, .month = 2, .day = 29},
      {.year = 2020, .month = 4, .day = 8, .calendar = Calendar::kChinese, .leap_month = true},
      {.year = 2020, .month = 4, .day = 8, .calendar = Calendar::kChinese},
      {.year = std::nullopt, .month = 8, .day = 15, .calendar = Calendar::kChinese}};
  return random.Pick(kDates);
}

ValueList RandomList(Random& random) {
  ValueList list(random.Below(4));
  for (Value& value : list) {
    value = random.Chance(80)
                ? Value{random.Pick(kTexts)}
                : RandomValue(random, random.Chance(50) ? ValueType::kWhole : ValueType::kNumber);
  }
  return list;
}

}  // namespace

Value RandomValue(Random& random, ValueType type) {
  switch (type) {
    case ValueType::kNone:
      return {};
    case ValueType::kText:
      return {random.Pick(kTexts)};
    case ValueType::kNumber:
      return {RandomNumber(random)};
    case ValueType::kFlag:
      return {random.Chance(50)};
    case ValueType::kInstant:
      return {Instant{kRandomFactsMs + Steps(random, -3, 3)}};
    case ValueType::kDate:
      return {RandomDate(random)};
    case ValueType::kList:
      return {RandomList(random)};
    case ValueType::kWhole:
      return {RandomWhole(random)};
    case ValueType::kMoney:
      return {RandomMoney(random)};
  }
  return {};
}

namespace {

// Mostly of the type that goes with the name.
Value RandomValueOf(Random& random, const Typed& typed) {
  return RandomValue(random, random.Chance(85) ? typed.type : RandomType(random));
}

std::int64_t RandomWeight(Random& random) {
  static const std::vector<std::int64_t> kWeights = {1'000'000, 1'000'000, 250'000, 3'333'333,
                                                     -500'000,  1,         0};
  return random.Pick(kWeights);
}

std::optional<Place> RandomPlace(Random& random) {
  if (random.Chance(50)) return std::nullopt;
  return random.Pick(kPlaces);
}

// ---- Facts ----

class FactsMaker {
 public:
  FactsMaker(Random& random, std::int64_t time_ms, bool with_faults)
      : random_(random), time_ms_(time_ms), with_faults_(with_faults) {}

  Facts Make() {
    Facts facts;
    for (std::uint64_t n = random_.Below(4); n > 0; --n) facts.traits.push_back(MakeTrait());
    for (std::uint64_t n = random_.Below(3); n > 0; --n) facts.tags.push_back(MakeTag());
    for (std::uint64_t n = random_.Below(4); n > 0; --n) facts.events.push_back(MakeEvent());
    for (std::uint64_t n = random_.Below(2); n > 0; --n) facts.relations.push_back(MakeRelation());
    for (std::uint64_t n = random_.Below(3); n > 0; --n) facts.consents.push_back(MakeConsent());
    return facts;
  }

 private:
  bool IsFault() { return with_faults_ && random_.Chance(3); }

  std::string Name(std::string good) {
    if (!IsFault()) return good;
    return random_.Chance(50) ? "" : std::string(kMaxFactNameBytes + 1, 'n');
  }

  std::string Source() { return random_.Chance(70) ? "" : random_.Pick(kSources); }

  std::optional<std::int64_t> Time() {
    if (IsFault()) return random_.Chance(50) ? -1 : kMaxFactTimeMs + 1;
    if (random_.Chance(50)) return std::nullopt;
    return time_ms_ + Steps(random_, -6, 3);
  }

  std::int64_t Weight() {
    if (IsFault()) return kMaxWeightMicros + 1;
    return RandomWeight(random_);
  }

  std::optional<Place> PlaceOf() {
    if (IsFault()) return Place{"nowhere", 91.0, 0.0};
    return RandomPlace(random_);
  }

  Value ValueOf(const Typed& typed) {
    if (!IsFault()) return RandomValueOf(random_, typed);
    switch (random_.Below(4)) {
      case 0:
        return {std::numeric_limits<double>::quiet_NaN()};
      case 1:
        return {std::numeric_limits<double>::infinity()};
      case 2:
        return {Date{.year = 2023, .month = 2, .day = 29}};
      default:
        return {Money{1, "yuan"}};
    }
  }

  Trait MakeTrait() {
    const Typed& typed = random_.Pick(kTraits);
    Trait trait;
    trait.name = Name(typed.name);
    trait.value = random_.Chance(5) ? Value{} : ValueOf(typed);
    if (trait.value.type() == ValueType::kWhole && random_.Chance(10))
      trait.value = {std::int64_t{9'007'199'254'740'993}};  // which no double is
    trait.source = Source();
    if (random_.Chance(30)) trait.confidence = static_cast<double>(random_.Below(5)) / 4;
    return trait;
  }

  Tag MakeTag() {
    Tag tag;
    tag.name = Name(random_.Pick(kTags));
    tag.weight_micros = Weight();
    tag.time_ms = Time();
    tag.place = PlaceOf();
    tag.rule = random_.Chance(50) ? "" : "model 2";
    tag.source = Source();
    if (random_.Chance(30)) tag.valid_until_ms = time_ms_ + Steps(random_, -4, 15);
    return tag;
  }

  Event MakeEvent() {
    Event event;
    event.type = Name(random_.Pick(kEventTypes));
    event.time_ms = Time();
    if (event.time_ms && random_.Chance(40)) *event.time_ms -= random_.Between(1, 5) * kDayMs;
    event.place = PlaceOf();
    if (random_.Chance(40)) event.value = RandomMoney(random_);
    for (const Typed& typed : kProperties) {
      if (random_.Chance(40)) event.properties[typed.name] = ValueOf(typed);
    }
    event.direction = static_cast<Direction>(random_.Below(3));
    event.mode = static_cast<Mode>(random_.Below(4));
    event.visibility = static_cast<Visibility>(random_.Below(4));
    if (random_.Chance(30)) event.campaign = kCampaigns[random_.Chance(50) ? 1 : 0];
    return event;
  }

  RelationFact MakeRelation() {
    const Identifier& other = random_.Pick(kIdentifiers);
    return {
        Name(kRelations[random_.Chance(50) ? 1 : 0]), {other.ns, other.value}, Weight(), Time()};
  }

  Consent MakeConsent() {
    return {Name(random_.Pick(kPurposes)), static_cast<ConsentState>(random_.Below(4)), Time()};
  }

  Random& random_;
  const std::int64_t time_ms_;
  const bool with_faults_;
};

// ---- Definitions ----

constexpr Fold kLastFold = Fold::kMostRestrictive;

// As Validate() has it.
bool Has(Fold fold, ValueType type) {
  const bool is_number = type == ValueType::kNumber || type == ValueType::kWhole;
  switch (fold) {
    case Fold::kMin:
    case Fold::kMax:
      return type != ValueType::kFlag && type != ValueType::kList;
    case Fold::kSum:
      return is_number || type == ValueType::kMoney;
    case Fold::kDecayedSum:
      return is_number;
    case Fold::kMostFrequent:
      return type != ValueType::kList;
    case Fold::kMostRestrictive:
      return type == ValueType::kText || type == ValueType::kFlag;
    default:
      return true;
  }
}

bool Chooses(Fold fold) {
  return fold <= Fold::kMax || fold == Fold::kMostFrequent || fold == Fold::kMostRestrictive;
}

std::int64_t RandomWindow(Random& random) {
  if (random.Chance(50)) return 0;
  return random.Chance(30) ? random.Between(1, 2) * kDayMs : Steps(random, 1, 12);
}

TraitDefinition RandomTrait(Random& random, std::string name, const Typed& typed) {
  TraitDefinition trait;
  trait.name = std::move(name);
  trait.klass = static_cast<FactClass>(random.Below(4));
  trait.type = random.Chance(90) ? typed.type : RandomType(random);
  do {
    trait.fold = static_cast<Fold>(random.Below(static_cast<std::uint64_t>(kLastFold) + 1));
  } while (!Has(trait.fold, trait.type));
  for (std::uint64_t n = random.Between(1, 2); n > 0; --n)
    trait.sources.push_back(random.Pick(kSources));
  for (std::uint64_t n = random.Between(1, 3); n > 0; --n)
    trait.order.push_back(ToText(RandomValue(random, trait.type)));
  trait.bound = random.Chance(70) ? static_cast<std::uint32_t>(random.Between(1, 3)) : 1'000;
  trait.at_least = static_cast<std::uint32_t>(random.Between(1, 3));
  trait.half_life_ms = Steps(random, 1, 6);
  trait.window_ms = RandomWindow(random);
  if (Chooses(trait.fold) && random.Chance(40))
    trait.default_value = ToText(RandomValue(random, trait.type));
  trait.completeness_weight = static_cast<std::uint32_t>(random.Below(4));
  trait.sensitivity = static_cast<std::uint8_t>(random.Below(3));
  return trait;
}

EventTrait RandomEventTrait(Random& random, std::string name) {
  const Typed& typed = random.Pick(random.Chance(50) ? kOfEvents : kProperties);
  return {RandomMatch(random), RandomTrait(random, std::move(name), typed), typed.name};
}

TagDefinition RandomTag(Random& random, std::size_t index) {
  TagDefinition tag;
  tag.name = kTags[index];
  tag.klass = static_cast<FactClass>(random.Below(4));
  tag.fold = static_cast<TagFold>(random.Below(5));
  tag.half_life_ms = Steps(random, 1, 6);
  tag.window_ms = RandomWindow(random);
  tag.valid_ms = RandomWindow(random);
  for (const char* layer : {"high", "mid", "低😀"}) {
    if (random.Chance(60)) tag.layers.push_back({layer, random.Between(-1, 6) * 500'000});
  }
  tag.all_layers = random.Chance(50);
  for (const char* topic : {"sport", "健康"}) {
    if (random.Chance(40)) tag.topics.push_back(topic);
  }
  tag.sensitivity = static_cast<std::uint8_t>(random.Below(3));
  return tag;
}

BehaviourTag RandomBehaviour(Random& random, std::string name) {
  BehaviourTag behaviour;
  behaviour.name = std::move(name);
  behaviour.on = RandomMatch(random);
  switch (random.Below(4)) {
    case 0:
      behaviour.tag = "city:";
      behaviour.tag_of = random.Chance(50) ? "city" : "items";
      break;
    case 1:
      behaviour.tag_of = random.Pick(kProperties).name;
      break;
    default:
      behaviour.tag = random.Pick(kTags);
  }
  behaviour.weight_micros = RandomWeight(random);
  if (random.Chance(40)) behaviour.weight_of = random.Chance(50) ? "amount" : "pieces";
  return behaviour;
}

Ladder RandomLadder(Random& random, std::string name) {
  Ladder ladder{std::move(name), {}};
  for (const char* stage : {"new", "active", "忠诚", "lost"}) {
    if (random.Chance(30)) continue;
    ladder.stages.push_back({stage, {}});
    for (std::uint64_t n = random.Below(3); n > 0; --n) {
      Stage::Condition condition{.events = RandomMatch(random), .window_ms = RandomWindow(random)};
      condition.at_least = static_cast<std::uint32_t>(random.Below(4));
      if (random.Chance(30))
        condition.at_most = condition.at_least + static_cast<std::uint32_t>(random.Below(3));
      ladder.stages.back().conditions.push_back(std::move(condition));
    }
  }
  return ladder;
}

RfmModel RandomRfmModel(Random& random) {
  RfmOptions options;
  for (std::uint32_t& bins : options.bins) bins = static_cast<std::uint32_t>(random.Between(2, 4));
  options.nesting = random.Chance(50) ? RfmNesting::kNested : RfmNesting::kIndependent;
  std::vector<RfmValues> customers(static_cast<std::size_t>(random.Between(1, 9)));
  for (RfmValues& customer : customers) {
    customer = {static_cast<double>(random.Below(6)), static_cast<double>(random.Between(1, 4)),
                static_cast<double>(random.Between(-2, 6) * 50)};
  }
  return FitRfm(customers, options).value();
}

PurchaseScore RandomPurchaseScore(Random& random, std::string name) {
  static const std::vector<double> kPositive = {0.25, 0.8, 1, 2.5, 4.4};
  PurchaseScore score;
  score.name = std::move(name);
  if (random.Chance(40)) score.on = RandomMatch(random);
  score.currency = random.Chance(70) ? "CNY" : "JPY";
  if (random.Chance(50)) score.expect_days = static_cast<std::uint32_t>(random.Between(1, 400));
  if (random.Chance(50)) score.days_per_unit = random.Pick(kPositive);
  score.due_at = random.Pick(kPositive);
  score.lost_at = score.due_at + static_cast<double>(random.Below(3));
  if (random.Chance(60)) score.rfm_model = RandomRfmModel(random);
  if (random.Chance(60)) {
    score.bgnbd_model = {random.Pick(kPositive), random.Pick(kPositive), random.Pick(kPositive),
                         random.Pick(kPositive)};
  }
  return score;
}

// Some names that are traits of records too: such a trait is computed from events all the same.
void AddTraits(Random& random, Definitions* definitions) {
  for (const Typed& typed : kTraits) {
    if (random.Chance(60)) {
      definitions->traits.push_back(RandomTrait(random, typed.name, typed));
    } else if (random.Chance(20)) {
      definitions->event_traits.push_back(RandomEventTrait(random, typed.name));
    }
  }
  for (const char* name : {"last order", "channels", "最近"}) {
    if (random.Chance(60)) definitions->event_traits.push_back(RandomEventTrait(random, name));
  }
}

// A tag's parent is one that comes later in kTags, so that there is no cycle.
void AddTags(Random& random, Definitions* definitions) {
  for (std::size_t i = 0; i < kTags.size(); ++i) {
    if (random.Chance(70)) definitions->tags.push_back(RandomTag(random, i));
  }
  for (std::size_t i = 0; i + 1 < definitions->tags.size(); ++i) {
    if (random.Chance(50)) continue;
    const auto parent = static_cast<std::size_t>(random.Between(
        static_cast<std::int64_t>(i) + 1, static_cast<std::int64_t>(definitions->tags.size()) - 1));
    definitions->tags[i].parent = definitions->tags[parent].name;
  }
  random.Shuffle(&definitions->tags);
  for (const char* name : {"buys", "reads", "去"}) {
    if (random.Chance(50)) definitions->behaviours.push_back(RandomBehaviour(random, name));
  }
}

}  // namespace

const RandomNames& NamesOfRandomFacts() {
  static const RandomNames kNames = {kProperties, kEventTypes,  kPurposes, kRelations,
                                     kCampaigns,  kIdentifiers, kPlaces};
  return kNames;
}

Facts RandomFacts(Random& random, std::int64_t time_ms) {
  return FactsMaker(random, time_ms, /*with_faults=*/true).Make();
}

std::vector<FactRow> RandomRows(Random& random) {
  std::vector<FactRow> rows;
  std::set<std::pair<std::string, std::string>> records;
  for (std::uint64_t n = random.Below(random.Chance(50) ? 5 : 13); n > 0; --n) {
    FactRow row;
    row.from.record = 100 - n;
    row.from.source = row.from.record_source = random.Pick(kSources);
    row.from.record_id = std::to_string(random.Below(9));
    if (!records.emplace(row.from.record_source, row.from.record_id).second) continue;
    row.from.time_ms = kRandomFactsMs + Steps(random, -8, 1);
    row.from.belongs_to = random.Pick(kIdentifiers);
    row.from.anonymous = random.Chance(50);
    row.facts = FactsMaker(random, row.from.time_ms, /*with_faults=*/false).Make();
    if (random.Chance(10)) row.left_out = random.Between(1, 3);
    rows.push_back(std::move(row));
  }
  return rows;
}

EventMatch RandomMatch(Random& random) {
  EventMatch match;
  while (random.Chance(45)) match.types.push_back(random.Pick(kEventTypes));
  while (random.Chance(25)) {
    const Typed& typed = random.Pick(kProperties);
    EventMatch::Property property{typed.name, {}};
    while (random.Chance(70)) property.any_of.push_back(ToText(RandomValueOf(random, typed)));
    match.properties.push_back(std::move(property));
  }
  if (random.Chance(20)) match.direction = random.Chance(50) ? Direction::kIn : Direction::kOut;
  return match;
}

Definitions RandomDefinitions(Random& random) {
  Definitions definitions;
  AddTraits(random, &definitions);
  AddTags(random, &definitions);
  for (const std::string& purpose : kPurposes) {
    if (random.Chance(60)) {
      definitions.purposes.push_back(
          {purpose, static_cast<ConsentFold>(random.Below(3)), RandomWindow(random)});
    }
  }
  for (const char* name : {"lifecycle", "参与"}) {
    if (random.Chance(60)) definitions.ladders.push_back(RandomLadder(random, name));
  }
  for (const char* name : {"shop", "购买"}) {
    if (random.Chance(60)) definitions.purchase_scores.push_back(RandomPurchaseScore(random, name));
  }
  for (const char* name : {"talks", "渠道"}) {
    if (random.Chance(60))
      definitions.channel_scores.push_back({name, RandomMatch(random), Steps(random, 1, 6)});
  }
  definitions.show_undefined = random.Chance(60);
  definitions.identifying = {"phone", "crm"};
  // The last has midnight among the facts.
  definitions.utc_offset_minutes = random.Pick(std::vector<std::int32_t>{0, 480, 120});
  return definitions;
}

}  // namespace polyonym::harness
