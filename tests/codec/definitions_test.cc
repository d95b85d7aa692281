// Definitions are a part of a policy, as protobuf and as JSON.
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "harness/catch.h"

#include "codec/random_records.h"
#include "polyonym/codec/json.h"
#include "polyonym/codec/proto.h"

namespace polyonym::harness {
namespace {

std::string Hex(const std::string& bytes) {
  std::string hex;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    hex += "0123456789abcdef"[byte >> 4];
    hex += "0123456789abcdef"[byte & 15];
  }
  return hex;
}

Policy PolicyOf(Definitions definitions) {
  Policy policy;
  policy.definitions = std::move(definitions);
  return policy;
}

std::vector<std::string> RandomTexts(Random& random) {
  std::vector<std::string> texts(random.Below(3));
  for (std::string& text : texts) text = RandomText(random);
  return texts;
}

std::uint32_t RandomCount(Random& random) {
  return static_cast<std::uint32_t>(random.Below(std::uint64_t{1} << 32));
}

template <class T, class Make>
void FillList(Random& random, std::vector<T>* list, const Make& make) {
  for (std::uint64_t i = random.Below(3); i > 0; --i) list->push_back(make(random));
}

template <class Enum>
Enum RandomEnum(Random& random, std::uint64_t count) {
  return static_cast<Enum>(random.Below(count));
}

// Half of what has a default keeps it.
TraitDefinition RandomTrait(Random& random) {
  TraitDefinition trait;
  trait.name = RandomText(random);
  trait.klass = RandomEnum<FactClass>(random, 4);
  if (random.Chance(50)) trait.type = RandomEnum<ValueType>(random, 9);
  trait.unit = RandomText(random);
  trait.fold = RandomEnum<Fold>(random, 14);
  trait.sources = RandomTexts(random);
  trait.order = RandomTexts(random);
  if (random.Chance(50)) trait.bound = random.Chance(30) ? 0 : RandomCount(random);
  if (random.Chance(50)) trait.at_least = random.Chance(30) ? 0 : RandomCount(random);
  trait.half_life_ms = RandomWhole(random);
  trait.window_ms = RandomWhole(random);
  trait.default_value = RandomText(random);
  trait.completeness_weight = RandomCount(random);
  trait.sensitivity = static_cast<std::uint8_t>(random.Below(3));
  return trait;
}

TagDefinition RandomTag(Random& random) {
  TagDefinition tag;
  tag.name = RandomText(random);
  if (random.Chance(50)) tag.klass = RandomEnum<FactClass>(random, 4);
  tag.fold = RandomEnum<TagFold>(random, 5);
  tag.half_life_ms = RandomWhole(random);
  tag.window_ms = RandomWhole(random);
  tag.valid_ms = RandomWhole(random);
  tag.parent = RandomText(random);
  tag.topics = RandomTexts(random);
  FillList(random, &tag.layers, [](Random& r) { return TagLayer{RandomText(r), RandomWhole(r)}; });
  tag.all_layers = random.Chance(50);
  tag.sensitivity = static_cast<std::uint8_t>(random.Below(3));
  return tag;
}

EventMatch RandomMatch(Random& random) {
  EventMatch match;
  match.types = RandomTexts(random);
  FillList(random, &match.properties, [](Random& r) {
    return EventMatch::Property{RandomText(r), RandomTexts(r)};
  });
  match.direction = RandomEnum<Direction>(random, 3);
  return match;
}

BehaviourTag RandomBehaviour(Random& random) {
  BehaviourTag behaviour;
  behaviour.name = RandomText(random);
  behaviour.on = RandomMatch(random);
  behaviour.tag = RandomText(random);
  behaviour.tag_of = RandomText(random);
  if (random.Chance(50)) behaviour.weight_micros = RandomWhole(random);
  behaviour.weight_of = RandomText(random);
  return behaviour;
}

EventTrait RandomEventTrait(Random& random) {
  EventTrait trait;
  trait.on = RandomMatch(random);
  trait.trait = RandomTrait(random);
  if (random.Chance(50)) trait.value_of = RandomText(random);
  return trait;
}

Stage RandomStage(Random& random) {
  Stage stage;
  stage.name = RandomText(random);
  FillList(random, &stage.conditions, [](Random& r) {
    Stage::Condition condition;
    condition.events = RandomMatch(r);
    condition.window_ms = RandomWhole(r);
    if (r.Chance(50)) condition.at_least = r.Chance(30) ? 0 : RandomCount(r);
    if (r.Chance(50)) condition.at_most = r.Chance(30) ? 0 : RandomCount(r);
    return condition;
  });
  return stage;
}

RfmModel RandomRfmModel(Random& random) {
  RfmModel model;
  model.nesting = RandomEnum<RfmNesting>(random, 2);
  for (std::size_t d = 0; d < kRfmDimensions; ++d) {
    if (random.Chance(50)) model.bins[d] = random.Chance(30) ? 0 : RandomCount(random);
    FillList(random, &model.bounds[d], [](Random& r) {
      std::vector<double> bounds;
      FillList(r, &bounds, RandomNumber);
      return bounds;
    });
  }
  return model;
}

PurchaseScore RandomPurchaseScore(Random& random) {
  PurchaseScore score;
  score.name = RandomText(random);
  score.on = RandomMatch(random);
  score.currency = RandomText(random);
  for (std::uint32_t& bins : score.rfm.bins) {
    if (random.Chance(50)) bins = random.Chance(30) ? 0 : RandomCount(random);
  }
  score.rfm.nesting = RandomEnum<RfmNesting>(random, 2);
  if (random.Chance(50)) score.expect_days = random.Chance(30) ? 0 : RandomCount(random);
  for (double* number : {&score.days_per_unit, &score.due_at, &score.lost_at}) {
    if (random.Chance(50)) *number = random.Chance(30) ? 0 : RandomNumber(random);
  }
  if (random.Chance(50)) score.rfm_model = RandomRfmModel(random);
  if (random.Chance(50)) {
    score.bgnbd_model = {RandomNumber(random), RandomNumber(random), RandomNumber(random),
                         RandomNumber(random)};
  }
  score.fitted_ms = RandomWhole(random);
  score.fitted_customers = static_cast<std::uint64_t>(RandomWhole(random));
  return score;
}

ChannelScore RandomChannelScore(Random& random) {
  ChannelScore score;
  score.name = RandomText(random);
  score.on = RandomMatch(random);
  if (random.Chance(50)) score.half_life_ms = random.Chance(30) ? 0 : RandomWhole(random);
  return score;
}

// Any definitions that a reader may give, valid or not.
Definitions RandomDefinitions(Random& random) {
  Definitions definitions;
  FillList(random, &definitions.traits, RandomTrait);
  FillList(random, &definitions.tags, RandomTag);
  FillList(random, &definitions.behaviours, RandomBehaviour);
  FillList(random, &definitions.event_traits, RandomEventTrait);
  FillList(random, &definitions.purposes, [](Random& r) {
    return PurposeDefinition{RandomText(r), RandomEnum<ConsentFold>(r, 3), RandomWhole(r)};
  });
  FillList(random, &definitions.ladders, [](Random& r) {
    Ladder ladder;
    ladder.name = RandomText(r);
    FillList(r, &ladder.stages, RandomStage);
    return ladder;
  });
  FillList(random, &definitions.purchase_scores, RandomPurchaseScore);
  FillList(random, &definitions.channel_scores, RandomChannelScore);
  FillList(random, &definitions.segments, [](Random& r) {
    return SegmentDefinition{RandomText(r), RandomText(r), RandomText(r)};
  });
  FillList(random, &definitions.triggers, [](Random& r) {
    return TriggerDefinition{RandomText(r), RandomText(r), r.Chance(50), r.Chance(50)};
  });
  definitions.watched_traits = RandomTexts(random);
  definitions.watched_tags = RandomTexts(random);
  definitions.show_undefined = random.Chance(50);
  definitions.identifying = RandomTexts(random);
  definitions.utc_offset_minutes = static_cast<std::int32_t>(random.Between(-900, 900));
  return definitions;
}

Definitions ReadDefinitions(const std::string& json) {
  const auto policy = ReadPolicyJson("{\"definitions\":" + json + "}");
  INFO(json << ": " << policy.status().ToString());
  REQUIRE(policy.ok());
  return policy->definitions;
}

}  // namespace

TEST_CASE("any definitions are read as they were written, and written again as the same bytes") {
  ForEachSeed(1, 1000, [](std::uint64_t seed) {
    CAPTURE(seed);
    Random random(seed);
    Policy policy = random.Chance(50) ? RandomRawPolicy(random) : Policy();
    policy.definitions = RandomDefinitions(random);
    const std::string bytes = WritePolicyProto(policy);
    const auto from_bytes = ReadPolicyProto(bytes);
    REQUIRE(from_bytes.ok());
    REQUIRE(*from_bytes == policy);
    REQUIRE(WritePolicyProto(*from_bytes) == bytes);
    for (const bool pretty : {false, true}) {
      const auto from_json = ReadPolicyJson(WritePolicyJson(policy, pretty));
      REQUIRE(from_json.ok());
      REQUIRE(*from_json == policy);
    }
  });
}

// Stores and logs hold policies of before there were definitions. The bytes are those that were written then.
TEST_CASE("a policy without definitions has the bytes that it always had") {
  CHECK(Hex(WritePolicyProto(Policy())) == "20904e28e807");
  CHECK(WritePolicyJson(Policy(), false) ==
        "{\"max_identifiers_per_profile\":10000,\"default_max_neighbours\":1000}");
  Policy shop;
  shop.name = "shop";
  NamespacePolicy phone;
  phone.name = "phone";
  phone.normaliser = Normaliser::kPhone;
  phone.region = "CN";
  phone.limits = {{3, false, 0}};
  phone.sensitivity = Sensitivity::kPersonal;
  shop.namespaces = {phone};
  CHECK(Hex(WritePolicyProto(shop)) ==
        "0a0473686f7020904e28e80732170a0570686f6e6510641a02080328043202434e50016001");
}

TEST_CASE("definitions that say nothing are none: equal policies have equal bytes") {
  for (const char* json :
       {"{}", "{\"definitions\":{}}", "{\"definitions\":null}",
        "{\"definitions\":{\"show_undefined\":true,\"utc_offset_minutes\":0}}"}) {
    INFO(json);
    const auto policy = ReadPolicyJson(json);
    REQUIRE(policy.ok());
    CHECK(*policy == Policy());
    CHECK(WritePolicyProto(*policy) == WritePolicyProto(Policy()));
  }
  // Field 7, given and empty.
  const auto given = ReadPolicyProto(std::string("\x3a\x00", 2));
  REQUIRE(given.ok());
  CHECK(*given == Policy());
}

TEST_CASE("a default that is written out is the same as one that is not") {
  const Definitions short_form = ReadDefinitions(
      "{\"traits\":[{\"name\":\"a\"}],\"tags\":[{\"name\":\"b\"}],"
      "\"behaviours\":[{\"name\":\"c\",\"tag\":\"d\"}],\"event_traits\":[{}],"
      "\"ladders\":[{\"stages\":[{\"conditions\":[{}]}]}],"
      "\"purchase_scores\":[{\"rfm_model\":{}}],\"channel_scores\":[{}]}");
  const Definitions long_form = ReadDefinitions(
      "{\"traits\":[{\"name\":\"a\",\"class\":\"FACT_CLASS_BASIC\",\"type\":\"VALUE_TYPE_TEXT\","
      "\"bound\":1000,\"at_least\":2}],\"tags\":[{\"name\":\"b\",\"class\":\"FACT_CLASS_INTEREST\"}"
      "],"
      "\"behaviours\":[{\"name\":\"c\",\"tag\":\"d\",\"weight_micros\":1000000,\"on\":{}}],"
      "\"event_traits\":[{\"value_of\":\"time\",\"trait\":{},\"on\":{}}],"
      "\"ladders\":[{\"stages\":[{\"conditions\":[{\"at_least\":1,\"at_most\":4294967295}]}]}],"
      "\"purchase_scores\":[{\"rfm\":{\"recency_bins\":5,\"frequency_bins\":5,"
      "\"monetary_bins\":5,\"nesting\":\"RFM_NESTING_INDEPENDENT\"},\"expect_days\":365,"
      "\"days_per_unit\":7,\"due_at\":1,\"lost_at\":3,\"rfm_model\":{\"recency\":{\"bins\":5},"
      "\"frequency\":{\"bins\":5},\"monetary\":{\"bins\":5}},\"fitted_ms\":\"0\"}],"
      "\"channel_scores\":[{\"half_life_ms\":\"2592000000\"}],"
      "\"show_undefined\":true}");
  Definitions expected;
  expected.traits.resize(1);
  expected.traits[0].name = "a";
  expected.tags.resize(1);
  expected.tags[0].name = "b";
  expected.behaviours.resize(1);
  expected.behaviours[0].name = "c";
  expected.behaviours[0].tag = "d";
  expected.event_traits.resize(1);
  expected.ladders = {{"", {{"", {Stage::Condition()}}}}};
  expected.purchase_scores.resize(1);
  expected.purchase_scores[0].rfm_model.emplace();
  expected.channel_scores.resize(1);
  CHECK(short_form == expected);
  CHECK(long_form == expected);
  CHECK(WritePolicyProto(PolicyOf(short_form)) == WritePolicyProto(PolicyOf(long_form)));
}

TEST_CASE("what is not the default is kept where it is nothing") {
  const Definitions read = ReadDefinitions(
      "{\"traits\":[{\"type\":\"VALUE_TYPE_NONE\",\"bound\":0,\"at_least\":0}],"
      "\"tags\":[{\"class\":\"FACT_CLASS_BASIC\"}],\"behaviours\":[{\"weight_micros\":0}],"
      "\"event_traits\":[{\"value_of\":\"\"}],"
      "\"ladders\":[{\"stages\":[{\"conditions\":[{\"at_least\":0,\"at_most\":0}]}]}],"
      "\"show_undefined\":false}");
  CHECK(read.traits[0].type == ValueType::kNone);
  CHECK(read.traits[0].bound == 0);
  CHECK(read.traits[0].at_least == 0);
  CHECK(read.tags[0].klass == FactClass::kBasic);
  CHECK(read.behaviours[0].weight_micros == 0);
  CHECK(read.event_traits[0].value_of.empty());
  CHECK(read.ladders[0].stages[0].conditions[0].at_least == 0);
  CHECK(read.ladders[0].stages[0].conditions[0].at_most == 0);
  CHECK_FALSE(read.show_undefined);
  const auto again = ReadPolicyProto(WritePolicyProto(PolicyOf(read)));
  REQUIRE(again.ok());
  CHECK(again->definitions == read);
}

TEST_CASE("triggers and what is watched are written as they are named") {
  const Definitions read = ReadDefinitions(
      "{\"segments\":[{\"name\":\"vip\",\"expression\":\"tag vip\"}],"
      "\"triggers\":[{\"name\":\"greet\",\"segment\":\"vip\"},"
      "{\"name\":\"miss\",\"segment\":\"vip\",\"on_exit\":true,\"any_cause\":true}],"
      "\"watched_traits\":[\"city\",\"age\"],\"watched_tags\":[\"vip\"]}");
  Definitions expected;
  expected.segments = {{"vip", "tag vip", ""}};
  expected.triggers = {{"greet", "vip", false, false}, {"miss", "vip", true, true}};
  expected.watched_traits = {"city", "age"};
  expected.watched_tags = {"vip"};
  CHECK(read == expected);
}

TEST_CASE("a score's models are written as their dimensions are named") {
  const Definitions read = ReadDefinitions(
      "{\"purchase_scores\":[{\"name\":\"shop\",\"currency\":\"CNY\",\"rfm\":{"
      "\"frequency_bins\":4,\"nesting\":\"RFM_NESTING_NESTED\"},\"rfm_model\":{"
      "\"recency\":{\"bins\":3,\"groups\":[{\"bounds\":[90,30]}]},"
      "\"frequency\":{\"bins\":2,\"groups\":[{\"bounds\":[1]}]},"
      "\"monetary\":{\"bins\":2,\"groups\":[{\"bounds\":[9999.5]}]}},"
      "\"bgnbd_model\":{\"r\":0.25,\"alpha\":4.5,\"a\":0.75,\"b\":2.5}}]}");
  PurchaseScore shop;
  shop.name = "shop";
  shop.currency = "CNY";
  shop.rfm = {{5, 4, 5}, RfmNesting::kNested};
  shop.rfm_model.emplace();
  shop.rfm_model->bins = {3, 2, 2};
  shop.rfm_model->bounds = {{{{90, 30}}, {{1}}, {{9999.5}}}};
  shop.bgnbd_model = {0.25, 4.5, 0.75, 2.5};
  CHECK(read.purchase_scores == std::vector<PurchaseScore>{shop});
  CHECK(Validate(read).ok());
}

// A parameter that is not there is 0, which no model has: none is made up.
TEST_CASE("a BG/NBD model with a parameter missing is not valid") {
  const Definitions read = ReadDefinitions(
      "{\"purchase_scores\":[{\"name\":\"shop\",\"currency\":\"CNY\","
      "\"bgnbd_model\":{\"r\":0.25,\"alpha\":4.5,\"b\":2.5}}]}");
  CHECK_THAT(std::string(Validate(read).message()), HoldsText("purchase_scores[0].bgnbd_model.a:"));
}

TEST_CASE("each choice has its name in JSON") {
  const std::vector<std::string> folds = {
      "LATEST", "FIRST",       "MOST_TRUSTED",  "SELF_DECLARED",   "MIN",
      "MAX",    "SUM",         "COUNT",         "DISTINCT",        "UNION",
      "TOP_N",  "DECAYED_SUM", "MOST_FREQUENT", "MOST_RESTRICTIVE"};
  for (std::size_t i = 0; i < folds.size(); ++i) {
    CHECK(ReadDefinitions("{\"traits\":[{\"fold\":\"FOLD_" + folds[i] + "\"}]}").traits[0].fold ==
          static_cast<Fold>(i));
  }
  const std::vector<std::string> types = {"NONE", "TEXT", "NUMBER", "FLAG", "INSTANT",
                                          "DATE", "LIST", "WHOLE",  "MONEY"};
  for (std::size_t i = 0; i < types.size(); ++i) {
    CHECK(ReadDefinitions("{\"traits\":[{\"type\":\"VALUE_TYPE_" + types[i] + "\"}]}")
              .traits[0]
              .type == static_cast<ValueType>(i));
  }
  const std::vector<std::string> classes = {"BASIC", "SOCIAL", "INTEREST", "INTERACTION"};
  for (std::size_t i = 0; i < classes.size(); ++i) {
    CHECK(ReadDefinitions("{\"tags\":[{\"class\":\"FACT_CLASS_" + classes[i] + "\"}]}")
              .tags[0]
              .klass == static_cast<FactClass>(i));
  }
  const std::vector<std::string> tag_folds = {"SUM", "DECAYED_SUM", "COUNT", "LAST", "MAX"};
  for (std::size_t i = 0; i < tag_folds.size(); ++i) {
    CHECK(
        ReadDefinitions("{\"tags\":[{\"fold\":\"TAG_FOLD_" + tag_folds[i] + "\"}]}").tags[0].fold ==
        static_cast<TagFold>(i));
  }
  const std::vector<std::string> consents = {"MOST_RESTRICTIVE", "LATEST", "ANY"};
  for (std::size_t i = 0; i < consents.size(); ++i) {
    CHECK(ReadDefinitions("{\"purposes\":[{\"fold\":\"CONSENT_FOLD_" + consents[i] + "\"}]}")
              .purposes[0]
              .fold == static_cast<ConsentFold>(i));
  }
  CHECK(ReadDefinitions("{\"behaviours\":[{\"on\":{\"direction\":\"DIRECTION_OUT\"}}]}")
            .behaviours[0]
            .on.direction == Direction::kOut);
  CHECK(ReadDefinitions("{\"traits\":[{\"sensitivity\":\"SENSITIVITY_SENSITIVE\"}]}")
            .traits[0]
            .sensitivity == 2);
}

TEST_CASE("a choice of definitions that the library does not know is named by its place") {
  Definitions full;
  full.traits.resize(2);
  full.tags.resize(1);
  full.behaviours.resize(1);
  full.event_traits.resize(1);
  full.purposes.resize(1);
  full.ladders = {{"", {{"", {}}, {"", {Stage::Condition()}}}}};
  full.purchase_scores.resize(2);
  full.purchase_scores[1].rfm_model.emplace();
  full.channel_scores.resize(1);
  const auto check = [&](const std::string& field, const auto& edit) {
    Definitions newer = full;
    edit(&newer);
    const Policy policy = PolicyOf(newer);
    for (const absl::Status& status : {ReadPolicyProto(WritePolicyProto(policy)).status(),
                                       ReadPolicyJson(WritePolicyJson(policy, false)).status()}) {
      CHECK(absl::IsInvalidArgument(status));
      CHECK(status.message() == "definitions." + field +
                                    ": holds a value that this library does not know; use a newer "
                                    "one");
    }
  };
  check("traits[1].class", [](Definitions* d) { d->traits[1].klass = FactClass{4}; });
  check("traits[1].type", [](Definitions* d) { d->traits[1].type = ValueType{9}; });
  check("traits[1].fold", [](Definitions* d) { d->traits[1].fold = Fold{14}; });
  check("traits[1].sensitivity", [](Definitions* d) { d->traits[1].sensitivity = 3; });
  check("tags[0].class", [](Definitions* d) { d->tags[0].klass = FactClass{4}; });
  check("tags[0].fold", [](Definitions* d) { d->tags[0].fold = TagFold{5}; });
  check("tags[0].sensitivity", [](Definitions* d) { d->tags[0].sensitivity = 3; });
  check("behaviours[0].on.direction",
        [](Definitions* d) { d->behaviours[0].on.direction = Direction{3}; });
  check("event_traits[0].on.direction",
        [](Definitions* d) { d->event_traits[0].on.direction = Direction{3}; });
  check("event_traits[0].trait.fold",
        [](Definitions* d) { d->event_traits[0].trait.fold = Fold{14}; });
  check("purposes[0].fold", [](Definitions* d) { d->purposes[0].fold = ConsentFold{3}; });
  check("ladders[0].stages[1].conditions[0].events.direction", [](Definitions* d) {
    d->ladders[0].stages[1].conditions[0].events.direction = Direction{3};
  });
  check("purchase_scores[0].on.direction",
        [](Definitions* d) { d->purchase_scores[0].on.direction = Direction{3}; });
  check("purchase_scores[0].rfm.nesting",
        [](Definitions* d) { d->purchase_scores[0].rfm.nesting = RfmNesting{2}; });
  check("purchase_scores[1].rfm_model.nesting",
        [](Definitions* d) { d->purchase_scores[1].rfm_model->nesting = RfmNesting{2}; });
  check("channel_scores[0].on.direction",
        [](Definitions* d) { d->channel_scores[0].on.direction = Direction{3}; });
  // The first of two is the one that is named.
  check("traits[0].fold", [](Definitions* d) {
    d->traits[0].fold = Fold{14};
    d->tags[0].fold = TagFold{5};
  });
}

}  // namespace polyonym::harness
