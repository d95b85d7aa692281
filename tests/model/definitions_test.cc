#include "polyonym/model/definitions.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "harness/catch.h"
#include "polyonym/model/policy.h"

namespace polyonym::harness {
namespace {

using Edit = std::function<void(Definitions*)>;

constexpr std::int64_t kMinute = 60'000;
constexpr std::int64_t kHundredYears = std::int64_t{100} * 366 * 86'400'000;

TraitDefinition TraitOf(const std::string& name, ValueType type, Fold fold) {
  TraitDefinition trait;
  trait.name = name;
  trait.type = type;
  trait.fold = fold;
  if (fold == Fold::kMostTrusted || fold == Fold::kSelfDeclared) trait.sources = {"crm"};
  if (fold == Fold::kMostRestrictive) trait.order = {"no", "yes"};
  if (fold == Fold::kDecayedSum) trait.half_life_ms = kMinute;
  return trait;
}

TagDefinition TagOf(const std::string& name, const std::string& parent = "") {
  TagDefinition tag;
  tag.name = name;
  tag.parent = parent;
  return tag;
}

// Every group of a dimension has the same bounds.
RfmModel NestedModel() {
  RfmModel model;
  model.bins = {5, 3, 2};
  model.nesting = RfmNesting::kNested;
  model.bounds[0] = {{365, 180, 90, 30}};
  model.bounds[1].assign(5, {1, 2.5});
  model.bounds[2].assign(15, {10'000});
  return model;
}

std::vector<PurchaseScore> FullPurchaseScores() {
  PurchaseScore shop;
  shop.name = "shop";
  shop.on.types = {"order"};
  shop.currency = "CNY";
  PurchaseScore mall = shop;
  mall.name = "mall";
  mall.rfm_model = NestedModel();
  mall.bgnbd_model = {0.25, 4.5, 0.75, 2.5};
  mall.fitted_ms = 1'700'000'000'000;
  mall.fitted_customers = 2'357;
  return {shop, mall};
}

// Definitions in which every field has something to say.
Definitions FullDefinitions() {
  Definitions full;
  full.traits = {TraitOf("city", ValueType::kText, Fold::kMostTrusted),
                 TraitOf("height", ValueType::kNumber, Fold::kLatest)};
  full.traits[0].default_value = "Beijing";
  full.traits[1].unit = "cm";
  full.tags = {TagOf("vip", "customer"), TagOf("customer")};
  full.tags[0].topics = {"value"};
  full.tags[0].layers = {{"gold", 5'000'000}, {"silver", 2'000'000}};
  BehaviourTag bought;
  bought.name = "bought";
  bought.on.types = {"order"};
  bought.on.properties = {{"sku", {}}, {"shop", {"a", "b"}}};
  bought.tag = "bought:";
  bought.tag_of = "sku";
  full.behaviours = {bought};
  EventTrait spent;
  spent.on.types = {"order"};
  spent.trait = TraitOf("spent", ValueType::kMoney, Fold::kSum);
  spent.value_of = "value";
  full.event_traits = {spent};
  full.purposes = {{"sms", ConsentFold::kLatest, kMinute}, {"mail"}};
  Stage::Condition active;
  active.events.types = {"order"};
  active.window_ms = 90 * 86'400'000LL;
  full.ladders = {{"lifecycle", {{"known", {}}, {"active", {active}}}}};
  full.purchase_scores = FullPurchaseScores();
  full.channel_scores = {{"talks", {{"message"}, {}, Direction::kUnknown}}, {"all", {}, kMinute}};
  full.segments = {{"vip", "tag vip", "Asia/Shanghai"}, {"new", "not did(order)", ""}};
  full.triggers = {{"greet", "new", false, false}, {"miss", "vip", true, true}};
  full.watched_traits = {"city", "not defined"};
  full.watched_tags = {"vip"};
  full.identifying = {"phone", "crm"};
  full.utc_offset_minutes = 480;
  return full;
}

absl::Status ValidateWith(const Edit& edit) {
  Definitions definitions = FullDefinitions();
  edit(&definitions);
  return Validate(definitions);
}

// A fault is named by itself and as a part of a policy, with what is allowed.
void CheckFault(const std::string& field, const Edit& edit) {
  const absl::Status status = ValidateWith(edit);
  INFO(field << ": " << status.ToString());
  REQUIRE(absl::IsInvalidArgument(status));
  const std::string message(status.message());
  CHECK(message.rfind(field + ":", 0) == 0);
  CHECK(message.size() > field.size() + 10);
  Policy policy;
  policy.definitions = FullDefinitions();
  edit(&policy.definitions);
  CHECK(Validate(policy).message() == "definitions." + message);
}

void CheckFine(const Edit& edit) {
  const absl::Status status = ValidateWith(edit);
  INFO(status.ToString());
  CHECK(status.ok());
}

// A number that is allowed from `least` to `most`, and neither below nor above.
void CheckRange(const std::string& field, std::int64_t least, std::int64_t most,
                const std::function<void(Definitions*, std::int64_t)>& set) {
  for (const std::int64_t fine : {least, most}) CheckFine([&](Definitions* d) { set(d, fine); });
  for (const std::int64_t wrong : {least - 1, most + 1})
    CheckFault(field, [&](Definitions* d) { set(d, wrong); });
}

// A list that may be `most` long, and not longer.
void CheckLength(const std::string& field, std::size_t most,
                 const std::function<void(Definitions*, std::size_t)>& set) {
  CheckFine([&](Definitions* d) { set(d, most); });
  CheckFault(field, [&](Definitions* d) { set(d, most + 1); });
}

// A name at `field`, which may be empty where `may_be_empty` says so.
void CheckName(const std::string& field, bool may_be_empty,
               const std::function<void(Definitions*, const std::string&)>& set) {
  for (const std::string& fine : {std::string(128, 'x'), std::string("等级"), std::string("a b")})
    CheckFine([&](Definitions* d) { set(d, fine); });
  for (const std::string& wrong : {std::string(129, 'x'), std::string("caf\xe9")})
    CheckFault(field, [&](Definitions* d) { set(d, wrong); });
  if (may_be_empty)
    CheckFine([&](Definitions* d) { set(d, ""); });
  else
    CheckFault(field, [&](Definitions* d) { set(d, ""); });
}

template <class T, class Set>
void Fill(std::vector<T>* list, std::size_t size, const Set& set) {
  list->assign(size, T());
  for (std::size_t i = 0; i < size; ++i) set("n" + std::to_string(i), &(*list)[i]);
}

}  // namespace

TEST_CASE("definitions without a fault are valid, and so are none") {
  CHECK(Validate(FullDefinitions()).ok());
  CHECK(Validate(Definitions()).ok());
  Policy policy;
  policy.definitions = FullDefinitions();
  CHECK(Validate(policy).ok());
}

TEST_CASE("a definition's name is 1 to 128 bytes of UTF-8") {
  CheckName("traits[1].name", false,
            [](Definitions* d, const std::string& name) { d->traits[1].name = name; });
  CheckName("event_traits[0].trait.name", false,
            [](Definitions* d, const std::string& name) { d->event_traits[0].trait.name = name; });
  CheckName("tags[0].name", false,
            [](Definitions* d, const std::string& name) { d->tags[0].name = name; });
  CheckName("tags[0].layers[1].name", false,
            [](Definitions* d, const std::string& name) { d->tags[0].layers[1].name = name; });
  CheckName("tags[0].topics[0]", false,
            [](Definitions* d, const std::string& name) { d->tags[0].topics[0] = name; });
  CheckName("behaviours[0].name", false,
            [](Definitions* d, const std::string& name) { d->behaviours[0].name = name; });
  CheckName("purposes[1].name", false,
            [](Definitions* d, const std::string& name) { d->purposes[1].name = name; });
  CheckName("ladders[0].name", false,
            [](Definitions* d, const std::string& name) { d->ladders[0].name = name; });
  CheckName("ladders[0].stages[1].name", false,
            [](Definitions* d, const std::string& name) { d->ladders[0].stages[1].name = name; });
}

TEST_CASE("a score's name is 1 to 128 bytes of UTF-8, and distinct in its list") {
  CheckName("purchase_scores[1].name", false,
            [](Definitions* d, const std::string& name) { d->purchase_scores[1].name = name; });
  CheckName("channel_scores[1].name", false,
            [](Definitions* d, const std::string& name) { d->channel_scores[1].name = name; });
  CheckFault("purchase_scores[1].name",
             [](Definitions* d) { d->purchase_scores[1].name = "shop"; });
  CheckFault("channel_scores[1].name", [](Definitions* d) { d->channel_scores[1].name = "talks"; });
  CheckFine([](Definitions* d) { d->channel_scores[0].name = d->purchase_scores[0].name; });
}

TEST_CASE("a trigger has a distinct name of 1 to 128 bytes and a segment that is defined") {
  CheckName("triggers[1].name", false,
            [](Definitions* d, const std::string& name) { d->triggers[1].name = name; });
  CheckFault("triggers[1].name", [](Definitions* d) { d->triggers[1].name = "greet"; });
  for (const char* segment : {"", "Vip", "city"}) {
    CheckFault("triggers[0].segment", [&](Definitions* d) { d->triggers[0].segment = segment; });
  }
  CheckFault("triggers[0].segment", [](Definitions* d) { d->segments.pop_back(); });
  CheckFine([](Definitions* d) {
    d->triggers[0].name = "vip";     // of another space than segments
    d->triggers[0].segment = "vip";  // which has two
  });
}

TEST_CASE("purposes and segments that are named have to be defined") {
  const auto check = [](const std::string& field, bool is_segment,
                        const std::function<void(Definitions*, const std::string&)>& set) {
    CheckFine([&](Definitions* d) { set(d, is_segment ? "vip" : "sms"); });
    CheckFine([&](Definitions* d) { set(d, ""); });
    CheckFault(field, [&](Definitions* d) { set(d, is_segment ? "sms" : "vip"); });
  };
  check("segments[1].purpose", false,
        [](Definitions* d, const std::string& name) { d->segments[1].purpose = name; });
  check("privacy.restriction_purpose", false,
        [](Definitions* d, const std::string& name) { d->privacy.restriction_purpose = name; });
  check("privacy.roles[1].purpose", false, [](Definitions* d, const std::string& name) {
    d->privacy.roles = {{.name = "clerk"}, {.name = "head", .purpose = name}};
  });
  check("privacy.roles[0].in_segment", true, [](Definitions* d, const std::string& name) {
    d->privacy.roles = {{.name = "clerk", .in_segment = name}};
  });
  check("privacy.retentions[0].unless_granted", false, [](Definitions* d, const std::string& name) {
    d->privacy.retentions = {{"trait:city", kMinute, name}};
  });
}

TEST_CASE("a fault of rules of privacy is named in the definitions") {
  CheckFault("privacy.labels[0].sensitivity", [](Definitions* d) {
    d->privacy.labels = {{"trait:city", 3}};
  });
}

TEST_CASE("what a segment asks besides its expression is a difference") {
  Policy before, after;
  before.definitions = after.definitions = FullDefinitions();
  after.definitions.segments[0].purpose = "sms";
  after.definitions.segments[0].profiles_nobody = true;
  CHECK(Diff(before, after) ==
        std::vector<std::string>{"definitions.segments[vip].purpose: \"\" -> \"sms\"",
                                 "definitions.segments[vip].profiles_nobody: false -> true"});
}

TEST_CASE("watched names are 1 to 128 bytes of UTF-8, and each is there once") {
  CheckName("watched_traits[1]", false,
            [](Definitions* d, const std::string& name) { d->watched_traits[1] = name; });
  CheckName("watched_tags[0]", false,
            [](Definitions* d, const std::string& name) { d->watched_tags[0] = name; });
  CheckFault("watched_traits[1]", [](Definitions* d) { d->watched_traits[1] = "city"; });
  CheckFault("watched_tags[1]", [](Definitions* d) { d->watched_tags.push_back("vip"); });
  CheckFine([](Definitions* d) { d->watched_tags = d->watched_traits; });
}

TEST_CASE("what a score counts is checked as an event match") {
  CheckName("purchase_scores[0].on.types[0]", false, [](Definitions* d, const std::string& name) {
    d->purchase_scores[0].on.types[0] = name;
  });
  CheckFault("channel_scores[0].on.direction",
             [](Definitions* d) { d->channel_scores[0].on.direction = Direction{3}; });
}

TEST_CASE("a purchase score has a currency of three capitals") {
  for (const char* wrong : {"", "CN", "CNYY", "cny", "C1Y", "元"})
    CheckFault("purchase_scores[0].currency",
               [&](Definitions* d) { d->purchase_scores[0].currency = wrong; });
  CheckFine([](Definitions* d) { d->purchase_scores[0].currency = "ZZZ"; });
}

TEST_CASE("numbers of scores are within their ranges") {
  CheckRange("purchase_scores[0].expect_days", 1, 3'650, [](Definitions* d, std::int64_t days) {
    d->purchase_scores[0].expect_days = static_cast<std::uint32_t>(days);
  });
  CheckRange("purchase_scores[0].days_per_unit", 10, 3'650'000,
             [](Definitions* d, std::int64_t thousandths) {
               d->purchase_scores[0].days_per_unit = static_cast<double>(thousandths) / 1000;
             });
  CheckRange("purchase_scores[1].fitted_ms", 0, kMaxFactTimeMs,
             [](Definitions* d, std::int64_t ms) { d->purchase_scores[1].fitted_ms = ms; });
  CheckRange("channel_scores[0].half_life_ms", kMinute, kHundredYears,
             [](Definitions* d, std::int64_t ms) { d->channel_scores[0].half_life_ms = ms; });
  CheckRange("purchase_scores[0].rfm.bins[2]", 2, 9, [](Definitions* d, std::int64_t bins) {
    d->purchase_scores[0].rfm.bins[2] = static_cast<std::uint32_t>(bins);
  });
  CheckFault("purchase_scores[0].rfm.nesting",
             [](Definitions* d) { d->purchase_scores[0].rfm.nesting = RfmNesting{2}; });
  CheckFine([](Definitions* d) { d->purchase_scores[0].rfm.nesting = RfmNesting::kNested; });
}

TEST_CASE("nobody is lost before they are due") {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  const auto set = [](double due_at, double lost_at) {
    return [=](Definitions* d) {
      d->purchase_scores[1].due_at = due_at;
      d->purchase_scores[1].lost_at = lost_at;
    };
  };
  CheckFine(set(2, 2));
  CheckFine(set(0.001, 1e300));
  for (const double wrong : {0.0, -1.0, kInfinity, kNan})
    CheckFault("purchase_scores[1].due_at", set(wrong, 3));
  for (const double wrong : {1.999, kInfinity, kNan})
    CheckFault("purchase_scores[1].lost_at", set(2, wrong));
  CheckFault("purchase_scores[1].days_per_unit",
             [](Definitions* d) { d->purchase_scores[1].days_per_unit = kNan; });
}

TEST_CASE("a score's models are checked to their last number") {
  CheckFault("purchase_scores[1].rfm_model.bounds[1][4][0]", [](Definitions* d) {
    d->purchase_scores[1].rfm_model->bounds[1][4][0] = std::numeric_limits<double>::quiet_NaN();
  });
  CheckFault("purchase_scores[1].rfm_model.bounds[0][0][2]",
             [](Definitions* d) { d->purchase_scores[1].rfm_model->bounds[0][0][2] = 181; });
  CheckFault("purchase_scores[1].rfm_model.bounds[1][0][1]",
             [](Definitions* d) { d->purchase_scores[1].rfm_model->bounds[1][0][1] = 0.5; });
  CheckFault("purchase_scores[1].rfm_model.bounds[2][14]", [](Definitions* d) {
    d->purchase_scores[1].rfm_model->bounds[2][14] = {1, 2};
  });
  CheckFault("purchase_scores[1].rfm_model.bounds[1]", [](Definitions* d) {
    d->purchase_scores[1].rfm_model->nesting = RfmNesting::kIndependent;
  });
  CheckFault("purchase_scores[1].rfm_model.bins[0]",
             [](Definitions* d) { d->purchase_scores[1].rfm_model->bins[0] = 10; });
  CheckFault("purchase_scores[0].rfm_model.bounds[0]",
             [](Definitions* d) { d->purchase_scores[0].rfm_model.emplace(); });
  CheckFault("purchase_scores[1].bgnbd_model.alpha",
             [](Definitions* d) { d->purchase_scores[1].bgnbd_model->alpha = 0; });
  CheckFault("purchase_scores[1].bgnbd_model.b", [](Definitions* d) {
    d->purchase_scores[1].bgnbd_model->b = std::numeric_limits<double>::infinity();
  });
  // The host's bins are those of the next fit; a model keeps its own.
  CheckFine([](Definitions* d) { d->purchase_scores[1].rfm.bins = {2, 2, 2}; });
}

TEST_CASE("names of what a definition reads are checked as names") {
  CheckName("traits[0].sources[0]", false,
            [](Definitions* d, const std::string& name) { d->traits[0].sources[0] = name; });
  CheckName("traits[1].unit", true,
            [](Definitions* d, const std::string& name) { d->traits[1].unit = name; });
  CheckName("behaviours[0].on.types[0]", false,
            [](Definitions* d, const std::string& name) { d->behaviours[0].on.types[0] = name; });
  CheckName("behaviours[0].on.properties[1].name", false,
            [](Definitions* d, const std::string& name) {
              d->behaviours[0].on.properties[1].name = name;
            });
  CheckName("behaviours[0].weight_of", true,
            [](Definitions* d, const std::string& name) { d->behaviours[0].weight_of = name; });
  CheckName("behaviours[0].tag_of", true,
            [](Definitions* d, const std::string& name) { d->behaviours[0].tag_of = name; });
  CheckName("event_traits[0].value_of", false,
            [](Definitions* d, const std::string& name) { d->event_traits[0].value_of = name; });
  CheckName("ladders[0].stages[1].conditions[0].events.types[0]", false,
            [](Definitions* d, const std::string& name) {
              d->ladders[0].stages[1].conditions[0].events.types[0] = name;
            });
}

TEST_CASE("a behaviour's tag may be empty where a property gives the rest of it") {
  CheckName("behaviours[0].tag", true,
            [](Definitions* d, const std::string& name) { d->behaviours[0].tag = name; });
  CheckName("behaviours[0].tag", false, [](Definitions* d, const std::string& name) {
    d->behaviours[0].tag = name;
    d->behaviours[0].tag_of.clear();
  });
}

TEST_CASE("names are distinct in their space, and may be the same in two spaces") {
  CheckFault("traits[1].name", [](Definitions* d) { d->traits[1].name = "city"; });
  CheckFault("event_traits[0].trait.name",
             [](Definitions* d) { d->event_traits[0].trait.name = "height"; });
  CheckFault("event_traits[1].trait.name",
             [](Definitions* d) { d->event_traits.push_back(d->event_traits[0]); });
  CheckFault("tags[2].name", [](Definitions* d) { d->tags.push_back(TagOf("vip")); });
  CheckFault("tags[0].layers[1].name", [](Definitions* d) { d->tags[0].layers[1].name = "gold"; });
  CheckFault("behaviours[1].name",
             [](Definitions* d) { d->behaviours.push_back(d->behaviours[0]); });
  CheckFault("purposes[1].name", [](Definitions* d) { d->purposes[1].name = "sms"; });
  CheckFault("ladders[1].name", [](Definitions* d) { d->ladders.push_back(d->ladders[0]); });
  CheckFault("ladders[0].stages[1].name",
             [](Definitions* d) { d->ladders[0].stages[1].name = "known"; });
  CheckFine([](Definitions* d) {
    for (std::string* name :
         {&d->traits[0].name, &d->tags[0].name, &d->behaviours[0].name, &d->purposes[0].name,
          &d->ladders[0].name, &d->tags[0].layers[0].name, &d->ladders[0].stages[0].name})
      *name = "same";
    Ladder other = d->ladders[0];
    other.name = "other";
    d->ladders.push_back(other);
    d->tags[1].layers = d->tags[0].layers;
  });
}

TEST_CASE("a trait has the folds that its type has, and no others") {
  using enum ValueType;
  const std::vector<ValueType> every = {kText, kNumber, kFlag,  kInstant,
                                        kDate, kList,   kWhole, kMoney};
  const std::vector<ValueType> ordered = {kText, kNumber, kInstant, kDate, kWhole, kMoney};
  const std::vector<std::pair<Fold, std::vector<ValueType>>> allowed = {
      {Fold::kLatest, every},
      {Fold::kFirst, every},
      {Fold::kMostTrusted, every},
      {Fold::kSelfDeclared, every},
      {Fold::kMin, ordered},
      {Fold::kMax, ordered},
      {Fold::kSum, {kNumber, kWhole, kMoney}},
      {Fold::kCount, every},
      {Fold::kDistinct, every},
      {Fold::kUnion, every},
      {Fold::kTopN, every},
      {Fold::kDecayedSum, {kNumber, kWhole}},
      {Fold::kMostFrequent, {kText, kNumber, kFlag, kInstant, kDate, kWhole, kMoney}},
      {Fold::kMostRestrictive, {kText, kFlag}}};
  CHECK(allowed.size() == 14);
  for (const auto& [fold, types] : allowed) {
    for (const ValueType type : every) {
      CAPTURE(std::string(ToString(fold)), static_cast<int>(type));
      const TraitDefinition trait = TraitOf("t", type, fold);
      if (std::find(types.begin(), types.end(), type) != types.end()) {
        CheckFine([&](Definitions* d) { d->traits[1] = trait; });
        CheckFine([&](Definitions* d) { d->event_traits[0].trait = trait; });
      } else {
        CheckFault("traits[1].fold", [&](Definitions* d) { d->traits[1] = trait; });
        CheckFault("event_traits[0].trait.fold",
                   [&](Definitions* d) { d->event_traits[0].trait = trait; });
      }
    }
  }
  CHECK_THAT(std::string(ValidateWith([](Definitions* d) {
                           d->traits[0] = TraitOf("t", kList, Fold::kSum);
                         }).message()),
             HoldsText("sum is for number, whole, money"));
}

TEST_CASE("a fold has what it needs") {
  const auto set = [](Fold fold) {
    return [fold](Definitions* d) { d->traits[1] = TraitOf("t", ValueType::kText, fold); };
  };
  for (const Fold fold : {Fold::kMostTrusted, Fold::kSelfDeclared}) {
    CheckFine(set(fold));
    CheckFault("traits[1].sources", [&](Definitions* d) {
      set(fold)(d);
      d->traits[1].sources.clear();
    });
  }
  CheckFine(set(Fold::kMostRestrictive));
  CheckFault("traits[1].order", [&](Definitions* d) {
    set(Fold::kMostRestrictive)(d);
    d->traits[1].order.clear();
  });
  CheckFault("traits[1].half_life_ms", [](Definitions* d) {
    d->traits[1] = TraitOf("t", ValueType::kNumber, Fold::kDecayedSum);
    d->traits[1].half_life_ms = 0;
  });
  CheckFault("tags[1].half_life_ms",
             [](Definitions* d) { d->tags[1].fold = TagFold::kDecayedSum; });
}

TEST_CASE("a half-life is between a minute and a hundred years, or none where no fold reads it") {
  CheckRange("traits[1].half_life_ms", kMinute, kHundredYears, [](Definitions* d, std::int64_t ms) {
    d->traits[1] = TraitOf("t", ValueType::kWhole, Fold::kDecayedSum);
    d->traits[1].half_life_ms = ms;
  });
  CheckRange("tags[1].half_life_ms", kMinute, kHundredYears, [](Definitions* d, std::int64_t ms) {
    d->tags[1].fold = TagFold::kDecayedSum;
    d->tags[1].half_life_ms = ms;
  });
  for (const std::int64_t ms : {std::int64_t{-1}, kMinute - 1, kHundredYears + 1}) {
    CheckFault("traits[1].half_life_ms", [&](Definitions* d) { d->traits[1].half_life_ms = ms; });
    CheckFault("tags[1].half_life_ms", [&](Definitions* d) { d->tags[1].half_life_ms = ms; });
  }
  CheckFine([](Definitions* d) { d->tags[1].half_life_ms = kMinute; });
}

TEST_CASE("a default value is for folds that choose one of the values") {
  for (int i = 0; i < 14; ++i) {
    const Fold fold = static_cast<Fold>(i);
    const bool is_text = fold != Fold::kSum && fold != Fold::kDecayedSum;
    TraitDefinition trait = TraitOf("t", is_text ? ValueType::kText : ValueType::kWhole, fold);
    trait.default_value = "0";
    const bool chooses = i <= 5 || fold == Fold::kMostFrequent || fold == Fold::kMostRestrictive;
    CAPTURE(std::string(ToString(fold)));
    if (chooses)
      CheckFine([&](Definitions* d) { d->traits[1] = trait; });
    else
      CheckFault("traits[1].default_value", [&](Definitions* d) { d->traits[1] = trait; });
  }
}

TEST_CASE("texts of definitions are UTF-8 of at most 64 KiB") {
  const std::string longest(65'536, 'x');
  const auto check = [&](const std::string& field,
                         const std::function<void(Definitions*, const std::string&)>& set) {
    for (const std::string& fine : {std::string("一"), longest})
      CheckFine([&](Definitions* d) { set(d, fine); });
    for (const std::string& wrong : {std::string("\xff"), longest + "x"})
      CheckFault(field, [&](Definitions* d) { set(d, wrong); });
  };
  check("traits[0].default_value",
        [](Definitions* d, const std::string& text) { d->traits[0].default_value = text; });
  check("traits[0].order[0]",
        [](Definitions* d, const std::string& text) { d->traits[0].order = {text}; });
  check("behaviours[0].on.properties[1].any_of[1]", [](Definitions* d, const std::string& text) {
    d->behaviours[0].on.properties[1].any_of[1] = text;
  });
}

TEST_CASE("numbers of definitions are within their ranges") {
  CheckRange("traits[0].bound", 1, 100'000, [](Definitions* d, std::int64_t bound) {
    d->traits[0].bound = static_cast<std::uint32_t>(bound);
  });
  CheckRange("traits[0].at_least", 1, 1'000'000, [](Definitions* d, std::int64_t at_least) {
    d->traits[0].at_least = static_cast<std::uint32_t>(at_least);
  });
  CheckRange("behaviours[0].weight_micros", -kMaxWeightMicros, kMaxWeightMicros,
             [](Definitions* d, std::int64_t w) { d->behaviours[0].weight_micros = w; });
  CheckRange("utc_offset_minutes", -840, 840, [](Definitions* d, std::int64_t minutes) {
    d->utc_offset_minutes = static_cast<std::int32_t>(minutes);
  });
  for (const std::uint8_t fine : {0, 2}) {
    CheckFine([&](Definitions* d) { d->traits[0].sensitivity = d->tags[0].sensitivity = fine; });
  }
  CheckFault("traits[0].sensitivity", [](Definitions* d) { d->traits[0].sensitivity = 3; });
  CheckFault("tags[0].sensitivity", [](Definitions* d) { d->tags[0].sensitivity = 3; });
}

TEST_CASE("spans of definitions are between none and a hundred years") {
  CheckRange("traits[0].window_ms", 0, kHundredYears,
             [](Definitions* d, std::int64_t ms) { d->traits[0].window_ms = ms; });
  CheckRange("event_traits[0].trait.window_ms", 0, kHundredYears,
             [](Definitions* d, std::int64_t ms) { d->event_traits[0].trait.window_ms = ms; });
  CheckRange("tags[0].window_ms", 0, kHundredYears,
             [](Definitions* d, std::int64_t ms) { d->tags[0].window_ms = ms; });
  CheckRange("tags[0].valid_ms", 0, kHundredYears,
             [](Definitions* d, std::int64_t ms) { d->tags[0].valid_ms = ms; });
  CheckRange("purposes[0].valid_ms", 0, kHundredYears,
             [](Definitions* d, std::int64_t ms) { d->purposes[0].valid_ms = ms; });
  CheckRange("ladders[0].stages[1].conditions[0].window_ms", 0, kHundredYears,
             [](Definitions* d, std::int64_t ms) {
               d->ladders[0].stages[1].conditions[0].window_ms = ms;
             });
}

TEST_CASE("a condition's least number of events is not above its most") {
  const auto set = [](std::uint32_t at_least, std::uint32_t at_most) {
    return [=](Definitions* d) {
      d->ladders[0].stages[1].conditions[0].at_least = at_least;
      d->ladders[0].stages[1].conditions[0].at_most = at_most;
    };
  };
  CheckFine(set(0, 0));
  CheckFine(set(3, 3));
  CheckFine(set(1'000'000, ~std::uint32_t{0}));
  CheckFault("ladders[0].stages[1].conditions[0].at_most", set(3, 2));
  CheckFault("ladders[0].stages[1].conditions[0].at_least", set(1'000'001, ~std::uint32_t{0}));
}

TEST_CASE("a tag's parent is defined, and no tag is its own ancestor") {
  CheckFault("tags[0].parent", [](Definitions* d) { d->tags[0].parent = "nobody"; });
  CheckFault("tags[1].parent", [](Definitions* d) { d->tags[1].parent = "customer"; });
  CheckFault("tags[0].parent", [](Definitions* d) { d->tags[1].parent = "vip"; });
  // The cycle is named, not the tag from which it was found.
  CheckFault("tags[1].parent", [](Definitions* d) {
    d->tags = {TagOf("a", "b"), TagOf("b", "c"), TagOf("c", "b")};
  });
  CheckFine([](Definitions* d) {
    d->tags = {TagOf("a", "c"), TagOf("b", "c"), TagOf("c", "d"), TagOf("d")};
  });
}

TEST_CASE("a chain of parents as long as the list is walked once") {
  const auto chain = [](Definitions* d) {
    Fill(&d->tags, 4'096, [](const std::string& name, TagDefinition* tag) { tag->name = name; });
    for (std::size_t i = 1; i < d->tags.size(); ++i) d->tags[i - 1].parent = d->tags[i].name;
  };
  CheckFine(chain);
  CheckFault("tags[0].parent", [&](Definitions* d) {
    chain(d);
    d->tags.back().parent = d->tags[0].name;
  });
}

TEST_CASE("identifying families are distinct and without a scope") {
  for (const char* wrong : {"", "a b", "phone/wx1", "手机"}) {
    CheckFault("identifying[1]", [&](Definitions* d) { d->identifying[1] = wrong; });
  }
  CheckFault("identifying[1]", [](Definitions* d) { d->identifying[1] = "phone"; });
  CheckFine([](Definitions* d) { d->identifying = {"wechat.openid", "p$_-9"}; });
}

TEST_CASE("choices of definitions that the library does not know are named") {
  CheckFault("traits[0].class", [](Definitions* d) { d->traits[0].klass = FactClass{4}; });
  CheckFault("traits[0].type", [](Definitions* d) { d->traits[0].type = ValueType::kNone; });
  for (const int type : {9, 40, 255}) {
    CheckFault("traits[0].type",
               [&](Definitions* d) { d->traits[0].type = static_cast<ValueType>(type); });
  }
  CheckFault("traits[0].fold", [](Definitions* d) { d->traits[0].fold = Fold{14}; });
  CheckFault("tags[0].class", [](Definitions* d) { d->tags[0].klass = FactClass{4}; });
  CheckFault("tags[0].fold", [](Definitions* d) { d->tags[0].fold = TagFold{5}; });
  CheckFault("behaviours[0].on.direction",
             [](Definitions* d) { d->behaviours[0].on.direction = Direction{3}; });
  CheckFault("event_traits[0].on.direction",
             [](Definitions* d) { d->event_traits[0].on.direction = Direction{3}; });
  CheckFault("purposes[0].fold", [](Definitions* d) { d->purposes[0].fold = ConsentFold{3}; });
  CheckFine([](Definitions* d) {
    d->traits[0].klass = FactClass::kInteraction;
    d->tags[0].fold = TagFold::kMax;
    d->behaviours[0].on.direction = Direction::kOut;
    d->purposes[0].fold = ConsentFold::kAny;
  });
}

TEST_CASE("lists of definitions are bounded") {
  CheckLength("traits", 4'096, [](Definitions* d, std::size_t n) {
    Fill(&d->traits, n, [](const std::string& name, TraitDefinition* t) { t->name = name; });
  });
  CheckLength("event_traits", 4'096, [](Definitions* d, std::size_t n) {
    Fill(&d->event_traits, n, [](const std::string& name, EventTrait* t) { t->trait.name = name; });
  });
  CheckLength("tags", 4'096, [](Definitions* d, std::size_t n) {
    Fill(&d->tags, n, [](const std::string& name, TagDefinition* t) { t->name = name; });
  });
  CheckLength("behaviours", 4'096, [](Definitions* d, std::size_t n) {
    Fill(&d->behaviours, n,
         [](const std::string& name, BehaviourTag* b) { b->name = b->tag = name; });
  });
  CheckLength("purposes", 4'096, [](Definitions* d, std::size_t n) {
    Fill(&d->purposes, n, [](const std::string& name, PurposeDefinition* p) { p->name = name; });
  });
  CheckLength("ladders", 4'096, [](Definitions* d, std::size_t n) {
    Fill(&d->ladders, n, [](const std::string& name, Ladder* l) { l->name = name; });
  });
  CheckLength("purchase_scores", 4'096, [](Definitions* d, std::size_t n) {
    Fill(&d->purchase_scores, n, [](const std::string& name, PurchaseScore* s) {
      s->name = name;
      s->currency = "CNY";
    });
  });
  CheckLength("channel_scores", 4'096, [](Definitions* d, std::size_t n) {
    Fill(&d->channel_scores, n, [](const std::string& name, ChannelScore* s) { s->name = name; });
  });
  CheckLength("segments", 4'096, [](Definitions* d, std::size_t n) {
    d->triggers.clear();
    Fill(&d->segments, n, [](const std::string& name, SegmentDefinition* s) {
      s->name = name;
      s->expression = "yes";
    });
  });
  CheckLength("triggers", 4'096, [](Definitions* d, std::size_t n) {
    Fill(&d->triggers, n, [](const std::string& name, TriggerDefinition* t) {
      t->name = name;
      t->segment = "vip";
    });
  });
  const auto set_text = [](const std::string& name, std::string* text) { *text = name; };
  CheckLength("watched_traits", 256,
              [&](Definitions* d, std::size_t n) { Fill(&d->watched_traits, n, set_text); });
  CheckLength("watched_tags", 256,
              [&](Definitions* d, std::size_t n) { Fill(&d->watched_tags, n, set_text); });
  CheckLength("identifying", 4'096,
              [&](Definitions* d, std::size_t n) { Fill(&d->identifying, n, set_text); });
}

TEST_CASE("lists within a definition are bounded") {
  const auto set_text = [](const std::string& name, std::string* text) { *text = name; };
  CheckLength("traits[0].sources", 4'096,
              [&](Definitions* d, std::size_t n) { Fill(&d->traits[0].sources, n, set_text); });
  CheckLength("traits[0].order", 4'096,
              [&](Definitions* d, std::size_t n) { Fill(&d->traits[0].order, n, set_text); });
  CheckLength("tags[0].topics", 4'096,
              [&](Definitions* d, std::size_t n) { Fill(&d->tags[0].topics, n, set_text); });
  CheckLength("behaviours[0].on.types", 4'096, [&](Definitions* d, std::size_t n) {
    Fill(&d->behaviours[0].on.types, n, set_text);
  });
  CheckLength("behaviours[0].on.properties[1].any_of", 4'096, [&](Definitions* d, std::size_t n) {
    Fill(&d->behaviours[0].on.properties[1].any_of, n, set_text);
  });
  CheckLength("behaviours[0].on.properties", 256, [](Definitions* d, std::size_t n) {
    d->behaviours[0].on.properties.assign(n, {"sku", {}});
  });
  CheckLength("tags[0].layers", 256, [](Definitions* d, std::size_t n) {
    Fill(&d->tags[0].layers, n, [](const std::string& name, TagLayer* l) { l->name = name; });
  });
  CheckLength("ladders[0].stages", 256, [](Definitions* d, std::size_t n) {
    Fill(&d->ladders[0].stages, n, [](const std::string& name, Stage* s) { s->name = name; });
  });
  CheckLength("ladders[0].stages[0].conditions", 256,
              [](Definitions* d, std::size_t n) { d->ladders[0].stages[0].conditions.resize(n); });
}

TEST_CASE("folds and classes have names, and a number that is none has none") {
  CHECK(ToString(Fold::kLatest) == "latest");
  CHECK(ToString(Fold::kTopN) == "top_n");
  CHECK(ToString(Fold::kMostRestrictive) == "most_restrictive");
  CHECK(ToString(Fold{14}) == "unknown");
  CHECK(ToString(TagFold::kDecayedSum) == "decayed_sum");
  CHECK(ToString(TagFold::kMax) == "max");
  CHECK(ToString(TagFold{5}) == "unknown");
  CHECK(ToString(FactClass::kInteraction) == "interaction");
  CHECK(ToString(FactClass{4}) == "unknown");
}

// ---- Diff ----

namespace {

struct Difference {
  std::string line;  // behind `definitions.`
  Edit edit;
};

std::vector<std::string> DiffOf(const Definitions& before, const Definitions& after) {
  Policy a, b;
  a.definitions = before;
  b.definitions = after;
  return Diff(a, b);
}

// Each edit by itself is its line, and all of them are as many.
void CheckLines(const std::vector<Difference>& cases) {
  Definitions all = FullDefinitions();
  for (const Difference& one : cases) {
    Definitions after = FullDefinitions();
    one.edit(&after);
    CHECK(DiffOf(FullDefinitions(), after) == std::vector<std::string>{"definitions." + one.line});
    one.edit(&all);
  }
  CHECK(DiffOf(FullDefinitions(), all).size() == cases.size());
}

}  // namespace

TEST_CASE("definitions that mean the same do not differ") {
  CHECK(DiffOf(FullDefinitions(), FullDefinitions()).empty());
  Definitions turned = FullDefinitions();
  std::swap(turned.traits[0], turned.traits[1]);
  std::swap(turned.tags[0], turned.tags[1]);
  std::swap(turned.purposes[0], turned.purposes[1]);
  std::swap(turned.purchase_scores[0], turned.purchase_scores[1]);
  std::swap(turned.channel_scores[0], turned.channel_scores[1]);
  std::swap(turned.segments[0], turned.segments[1]);
  std::swap(turned.triggers[0], turned.triggers[1]);
  CHECK(DiffOf(FullDefinitions(), turned).empty());
}

TEST_CASE("each difference of a trait is one line") {
  CheckLines({
      {"traits[city].class: basic -> social",
       [](Definitions* d) { d->traits[0].klass = FactClass::kSocial; }},
      {"traits[height].type: number -> whole",
       [](Definitions* d) { d->traits[1].type = ValueType::kWhole; }},
      {"traits[height].unit: \"cm\" -> \"m\"", [](Definitions* d) { d->traits[1].unit = "m"; }},
      {"traits[city].fold: most_trusted -> self_declared",
       [](Definitions* d) { d->traits[0].fold = Fold::kSelfDeclared; }},
      {"traits[city].sources: [\"crm\"] -> [\"crm\", \"erp\"]",
       [](Definitions* d) { d->traits[0].sources.push_back("erp"); }},
      {"traits[city].order: [] -> [\"a\"]", [](Definitions* d) { d->traits[0].order = {"a"}; }},
      {"traits[city].bound: 1000 -> 7", [](Definitions* d) { d->traits[0].bound = 7; }},
      {"traits[city].at_least: 2 -> 3", [](Definitions* d) { d->traits[0].at_least = 3; }},
      {"traits[city].half_life_ms: 0 -> 60000",
       [](Definitions* d) { d->traits[0].half_life_ms = 60'000; }},
      {"traits[city].window_ms: 0 -> 5", [](Definitions* d) { d->traits[0].window_ms = 5; }},
      {"traits[city].default_value: \"Beijing\" -> \"\"",
       [](Definitions* d) { d->traits[0].default_value.clear(); }},
      {"traits[city].completeness_weight: 0 -> 4",
       [](Definitions* d) { d->traits[0].completeness_weight = 4; }},
      {"traits[city].sensitivity: 0 -> 2", [](Definitions* d) { d->traits[0].sensitivity = 2; }},
      {"event_traits[spent].on: [\"order\"] -> any",
       [](Definitions* d) { d->event_traits[0].on.types.clear(); }},
      {"event_traits[spent].trait.fold: sum -> latest",
       [](Definitions* d) { d->event_traits[0].trait.fold = Fold::kLatest; }},
      {"event_traits[spent].value_of: \"value\" -> \"time\"",
       [](Definitions* d) { d->event_traits[0].value_of = "time"; }},
      {"traits[new]: added",
       [](Definitions* d) { d->traits.push_back(TraitOf("new", ValueType::kText, Fold::kFirst)); }},
  });
  CheckLines({
      {"traits[city]: removed", [](Definitions* d) { d->traits.erase(d->traits.begin()); }},
      {"event_traits[spent]: removed", [](Definitions* d) { d->event_traits.clear(); }},
  });
}

TEST_CASE("each difference of a tag, a behaviour or a purpose is one line") {
  CheckLines({
      {"tags[vip].class: interest -> basic",
       [](Definitions* d) { d->tags[0].klass = FactClass::kBasic; }},
      {"tags[vip].fold: sum -> decayed_sum",
       [](Definitions* d) { d->tags[0].fold = TagFold::kDecayedSum; }},
      {"tags[vip].half_life_ms: 0 -> 60000",
       [](Definitions* d) { d->tags[0].half_life_ms = 60'000; }},
      {"tags[vip].window_ms: 0 -> 5", [](Definitions* d) { d->tags[0].window_ms = 5; }},
      {"tags[vip].valid_ms: 0 -> 6", [](Definitions* d) { d->tags[0].valid_ms = 6; }},
      {"tags[vip].parent: \"customer\" -> \"\"", [](Definitions* d) { d->tags[0].parent.clear(); }},
      {"tags[vip].topics: [\"value\"] -> []", [](Definitions* d) { d->tags[0].topics.clear(); }},
      {"tags[vip].layers: [gold at 5000000, silver at 2000000] -> [silver at 2000000, gold at "
       "5000000]",
       [](Definitions* d) { std::swap(d->tags[0].layers[0], d->tags[0].layers[1]); }},
      {"tags[vip].all_layers: false -> true", [](Definitions* d) { d->tags[0].all_layers = true; }},
      {"tags[vip].sensitivity: 0 -> 1", [](Definitions* d) { d->tags[0].sensitivity = 1; }},
      {"behaviours[bought].on: [\"order\"] where [sku, shop in [\"a\", \"b\"]] -> [\"order\"] "
       "where [sku] of direction 1",
       [](Definitions* d) {
         d->behaviours[0].on.properties.pop_back();
         d->behaviours[0].on.direction = Direction::kIn;
       }},
      {"behaviours[bought].tag: \"bought:\" -> \"b:\"",
       [](Definitions* d) { d->behaviours[0].tag = "b:"; }},
      {"behaviours[bought].tag_of: \"sku\" -> \"\"",
       [](Definitions* d) { d->behaviours[0].tag_of.clear(); }},
      {"behaviours[bought].weight_micros: 1000000 -> -5",
       [](Definitions* d) { d->behaviours[0].weight_micros = -5; }},
      {"behaviours[bought].weight_of: \"\" -> \"n\"",
       [](Definitions* d) { d->behaviours[0].weight_of = "n"; }},
      {"purposes[sms].fold: 1 -> 2",
       [](Definitions* d) { d->purposes[0].fold = ConsentFold::kAny; }},
      {"purposes[mail].valid_ms: 0 -> 9", [](Definitions* d) { d->purposes[1].valid_ms = 9; }},
      {"purposes[call]: added", [](Definitions* d) { d->purposes.push_back({"call"}); }},
      {"tags[customer]: removed", [](Definitions* d) { d->tags.pop_back(); }},
  });
}

TEST_CASE("each difference of a score is one line") {
  CheckLines({
      {"purchase_scores[shop].on: [\"order\"] -> any",
       [](Definitions* d) { d->purchase_scores[0].on.types.clear(); }},
      {"purchase_scores[shop].currency: \"CNY\" -> \"JPY\"",
       [](Definitions* d) { d->purchase_scores[0].currency = "JPY"; }},
      {"purchase_scores[shop].rfm: 5 x 5 x 5 independent -> 5 x 4 x 5 nested",
       [](Definitions* d) {
         d->purchase_scores[0].rfm = {{5, 4, 5}, RfmNesting::kNested};
       }},
      {"purchase_scores[shop].expect_days: 365 -> 90",
       [](Definitions* d) { d->purchase_scores[0].expect_days = 90; }},
      {"purchase_scores[shop].days_per_unit: 7 -> 0.1",
       [](Definitions* d) { d->purchase_scores[0].days_per_unit = 0.1; }},
      {"purchase_scores[shop].due_at: 1 -> 1.0000000000000002",
       [](Definitions* d) { d->purchase_scores[0].due_at = std::nextafter(1.0, 2.0); }},
      {"purchase_scores[shop].lost_at: 3 -> 4",
       [](Definitions* d) { d->purchase_scores[0].lost_at = 4; }},
      {"purchase_scores[shop].rfm_model: none -> 2 x 2 x 2 independent, [[30]], [[1]], [[99.5]]",
       [](Definitions* d) {
         RfmModel model;
         model.bins = {2, 2, 2};
         model.bounds = {{{{30}}, {{1}}, {{99.5}}}};
         d->purchase_scores[0].rfm_model = model;
       }},
      {"purchase_scores[mall].bgnbd_model: r 0.25, alpha 4.5, a 0.75, b 2.5 -> none",
       [](Definitions* d) { d->purchase_scores[1].bgnbd_model.reset(); }},
      {"purchase_scores[mall].fitted_ms: 1700000000000 -> 0",
       [](Definitions* d) { d->purchase_scores[1].fitted_ms = 0; }},
      {"purchase_scores[mall].fitted_customers: 2357 -> 1",
       [](Definitions* d) { d->purchase_scores[1].fitted_customers = 1; }},
      {"channel_scores[talks].on: [\"message\"] -> [\"message\"] of direction 1",
       [](Definitions* d) { d->channel_scores[0].on.direction = Direction::kIn; }},
      {"channel_scores[talks].half_life_ms: 2592000000 -> 60000",
       [](Definitions* d) { d->channel_scores[0].half_life_ms = kMinute; }},
      {"channel_scores[all]: removed", [](Definitions* d) { d->channel_scores.pop_back(); }},
  });
}

TEST_CASE("each difference of a segment, a trigger or what is watched is one line") {
  CheckLines({
      {"segments[new].time_zone: \"\" -> \"Asia/Tokyo\"",
       [](Definitions* d) { d->segments[1].time_zone = "Asia/Tokyo"; }},
      {"triggers[greet].segment: \"new\" -> \"vip\"",
       [](Definitions* d) { d->triggers[0].segment = "vip"; }},
      {"triggers[greet].on_exit: false -> true",
       [](Definitions* d) { d->triggers[0].on_exit = true; }},
      {"triggers[greet].any_cause: false -> true",
       [](Definitions* d) { d->triggers[0].any_cause = true; }},
      {"triggers[miss]: removed", [](Definitions* d) { d->triggers.pop_back(); }},
      {"watched_traits: [\"city\", \"not defined\"] -> [\"city\"]",
       [](Definitions* d) { d->watched_traits.pop_back(); }},
      {"watched_tags: [\"vip\"] -> []", [](Definitions* d) { d->watched_tags.clear(); }},
  });
}

TEST_CASE("each difference of a ladder, and of what holds for all, is one line") {
  CheckLines({
      {"ladders[lifecycle].stages: [\"known\", \"active\"] -> [\"active\", \"known\"]",
       [](Definitions* d) { std::swap(d->ladders[0].stages[0], d->ladders[0].stages[1]); }},
      {"show_undefined: true -> false", [](Definitions* d) { d->show_undefined = false; }},
      {"identifying: [\"phone\", \"crm\"] -> [\"phone\"]",
       [](Definitions* d) { d->identifying.pop_back(); }},
      {"utc_offset_minutes: 480 -> -60", [](Definitions* d) { d->utc_offset_minutes = -60; }},
      {"ladders[new]: added",
       [](Definitions* d) {
         d->ladders.push_back({"new", {}});
       }},
  });
  CheckLines({
      {"ladders[lifecycle].stages[active].conditions: [1 or more of [\"order\"] in 7776000000 ms] "
       "-> [0 to 2 of [\"order\"]]",
       [](Definitions* d) {
         Stage::Condition& condition = d->ladders[0].stages[1].conditions[0];
         condition.at_least = 0;
         condition.at_most = 2;
         condition.window_ms = 0;
       }},
      {"ladders[lifecycle].stages: [\"known\", \"active\"] -> [\"known\", \"active\", \"loyal\"]",
       [](Definitions* d) {
         d->ladders[0].stages.push_back({"loyal", {}});
       }},
  });
}

}  // namespace polyonym::harness
