// Published examples of values, tags, consents and stages: each with its numbers.
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "harness/catch.h"
#include "polyonym/profile/profile.h"

namespace polyonym::harness {
namespace {

constexpr std::int64_t kDay = 86'400'000;

FactRow Row(std::int64_t time_ms, Facts facts, const std::string& id = "r",
            Identifier belongs_to = {"crm", "1"}) {
  FactRow row;
  row.from.source = row.from.record_source = "shop";
  row.from.record_id = id;
  row.from.time_ms = time_ms;
  row.from.belongs_to = std::move(belongs_to);
  row.facts = std::move(facts);
  return row;
}

FactRow Says(std::int64_t time_ms, const std::string& trait, Value value,
             const std::string& source = "") {
  Facts facts;
  facts.traits.push_back({trait, std::move(value), {}, source});
  return Row(time_ms, facts);
}

FactRow Does(std::int64_t time_ms, Event event) {
  Facts facts;
  facts.events.push_back(std::move(event));
  return Row(time_ms, facts);
}

FactRow Tags(std::int64_t time_ms, const std::string& tag, std::int64_t weight_micros = 1'000'000) {
  Facts facts;
  facts.tags.push_back({tag, weight_micros, {}, {}, "", {}, ""});
  return Row(time_ms, facts);
}

FactRow Consents(std::int64_t time_ms, const std::string& whose, ConsentState state) {
  Facts facts;
  facts.consents.push_back({"ads", state, {}});
  return Row(time_ms, facts, "r", {"crm", whose});
}

Definitions WithTrait(Fold fold, ValueType type) {
  TraitDefinition trait;
  trait.name = "x";
  trait.fold = fold;
  trait.type = type;
  Definitions definitions;
  definitions.traits = {trait};
  return definitions;
}

std::string ValueOf(const Definitions& definitions, const std::vector<FactRow>& rows,
                    std::int64_t now_ms = 1000 * kDay) {
  const Profile profile = FoldProfile(definitions, rows, {}, now_ms);
  if (profile.traits.empty()) return "";
  std::string text;
  for (const Value& value : profile.traits[0].values)
    text += (text.empty() ? "" : ", ") + ToText(value);
  return text;
}

double ScoreOf(const Definitions& definitions, const std::vector<FactRow>& rows,
               std::int64_t now_ms) {
  const Profile profile = FoldProfile(definitions, rows, {}, now_ms);
  return profile.tags.empty() ? -1 : profile.tags[0].score;
}

Value Text(const char* text) { return {std::string(text)}; }
Value Whole(std::int64_t number) { return {number}; }

}  // namespace

TEST_CASE("of two values the newer is chosen; one that says nothing is not") {
  const Definitions latest = WithTrait(Fold::kLatest, ValueType::kText);
  CHECK(ValueOf(latest, {Says(2, "x", Text("aaa")), Says(1, "x", Text("bbb"))}) == "aaa");
  CHECK(ValueOf(latest, {Says(2, "x", {}), Says(1, "x", Text("bbb"))}) == "bbb");
}

TEST_CASE("an anonymous record's preset gives way to any other value") {
  Definitions definitions = WithTrait(Fold::kLatest, ValueType::kText);
  definitions.traits[0].default_value = "aaa";
  FactRow newer = Says(2, "x", Text("aaa"));
  const FactRow older = Says(1, "x", Text("bbb"));
  CHECK(ValueOf(definitions, {newer, older}) == "aaa");
  newer.from.anonymous = true;
  CHECK(ValueOf(definitions, {newer, older}) == "bbb");
  CHECK(ValueOf(definitions, {newer}).empty());
}

TEST_CASE("sums add, first and last are the earliest and the latest") {
  CHECK(ValueOf(WithTrait(Fold::kSum, ValueType::kWhole),
                {Says(1, "x", Whole(3)), Says(2, "x", Whole(4))}) == "7");
  const std::vector<FactRow> rows = {Says(5, "x", {Instant{5}}), Says(2, "x", {Instant{2}})};
  CHECK(ValueOf(WithTrait(Fold::kMin, ValueType::kInstant), rows) == ToText({Instant{2}}));
  CHECK(ValueOf(WithTrait(Fold::kMax, ValueType::kInstant), rows) == ToText({Instant{5}}));
}

TEST_CASE("money is added by currency, in minor units, returns subtracted") {
  const std::vector<FactRow> rows = {Says(1, "x", {Money{1999, "CNY"}}),
                                     Says(2, "x", {Money{-500, "CNY"}}),
                                     Says(3, "x", {Money{7, "JPY"}})};
  const Profile profile = FoldProfile(WithTrait(Fold::kSum, ValueType::kMoney), rows, {}, 10);
  REQUIRE(profile.traits.size() == 1);
  CHECK(profile.traits[0].values == std::vector<Value>{{Money{1499, "CNY"}}, {Money{7, "JPY"}}});
}

TEST_CASE("most frequent needs two; of as frequent ones it is the alphabetically first") {
  const Definitions most = WithTrait(Fold::kMostFrequent, ValueType::kText);
  const auto rows = [](const std::vector<const char*>& values) {
    std::vector<FactRow> out;
    std::int64_t t = 0;
    for (const char* value : values) out.push_back(Says(++t, "x", Text(value)));
    return out;
  };
  CHECK(ValueOf(most, rows({"b", "a"})).empty());
  CHECK(ValueOf(most, rows({"b", "a", "b"})) == "b");
  CHECK(ValueOf(most, rows({"b", "a", "a", "b"})) == "a");
}

TEST_CASE("the person's own word outranks others, the most trusted source the rest") {
  Definitions own = WithTrait(Fold::kSelfDeclared, ValueType::kText);
  own.traits[0].sources = {"form"};
  const std::vector<FactRow> rows = {Says(1, "x", Text("said"), "form"),
                                     Says(2, "x", Text("guessed"), "model"),
                                     Says(3, "x", Text("bought"), "erp")};
  CHECK(ValueOf(own, rows) == "said");
  CHECK(ValueOf(own, {rows[1], rows[2]}) == "bought");
  Definitions trusted = WithTrait(Fold::kMostTrusted, ValueType::kText);
  trusted.traits[0].sources = {"erp", "form"};
  CHECK(ValueOf(trusted, rows) == "bought");
  CHECK(ValueOf(trusted, {rows[0], rows[1]}) == "said");
}

TEST_CASE("a tag has the first layer that it reaches, or each") {
  Definitions definitions;
  TagDefinition tag;
  tag.name = "orders";
  tag.fold = TagFold::kCount;
  tag.layers = {{"high", 5'000'000}, {"mid", 2'000'000}, {"low", 0}};
  definitions.tags = {tag};
  std::vector<FactRow> rows;
  for (int i = 0; i < 6; ++i) rows.push_back(Tags(i, "orders"));
  CHECK(FoldProfile(definitions, rows, {}, 10).tags[0].layers == std::vector<std::string>{"high"});
  definitions.tags[0].all_layers = true;
  CHECK(FoldProfile(definitions, rows, {}, 10).tags[0].layers ==
        std::vector<std::string>{"high", "mid", "low"});
  definitions.tags[0].layers = {{"low", 0}, {"mid", 2'000'000}, {"high", 5'000'000}};
  definitions.tags[0].all_layers = false;  // and the order decides
  CHECK(FoldProfile(definitions, rows, {}, 10).tags[0].layers == std::vector<std::string>{"low"});
}

TEST_CASE("a decayed tag halves in its half-life, and adds up when people merge") {
  Definitions definitions;
  TagDefinition tag;
  tag.name = "likes";
  tag.fold = TagFold::kDecayedSum;
  tag.half_life_ms = 30 * kDay;
  definitions.tags = {tag};
  const std::vector<FactRow> rows = {Tags(0, "likes"), Tags(30 * kDay, "likes")};
  CHECK(ScoreOf(definitions, rows, 30 * kDay) == 1.5);
  CHECK(ScoreOf(definitions, rows, 60 * kDay) == 0.75);
  CHECK(ScoreOf(definitions, {rows[0]}, 60 * kDay) + ScoreOf(definitions, {rows[1]}, 60 * kDay) ==
        0.75);
  definitions.tags[0].half_life_ms = 600'000;
  CHECK(ScoreOf(definitions, {rows[0]}, 3'600'000) == 0.015625);
}

TEST_CASE("each view of a product of a topic adds to the interest in it, and to what is above it") {
  Definitions definitions;
  TagDefinition sport, running;
  sport.name = "interest/sport";
  running.name = "interest/running";
  running.parent = "interest/sport";
  definitions.tags = {sport, running};
  BehaviourTag behaviour;
  behaviour.name = "viewed";
  behaviour.on.types = {"view"};
  behaviour.tag = "interest/";
  behaviour.tag_of = "topic";
  definitions.behaviours = {behaviour};
  Event view;
  view.type = "view";
  view.properties["topic"] = {ValueList{Text("running"), Text("tea")}};
  Event buy = view;
  buy.type = "buy";
  ProfileOptions options;
  options.explain = true;
  const Profile profile = FoldProfile(
      definitions, {Does(1, view), Does(2, view), Does(3, buy), Tags(4, "interest/sport")}, options,
      10);
  REQUIRE(profile.tags.size() == 3);
  CHECK(profile.tags[0].name == "interest/sport");
  CHECK(profile.tags[0].score == 3);
  CHECK(profile.tags[1].name == "interest/running");
  CHECK(profile.tags[1].score == 2);
  CHECK(profile.tags[2].name == "interest/tea");
  CHECK(profile.tags[1].parts[0].rule == "viewed");
}

TEST_CASE("a consent that one identifier denies does not become granted") {
  const auto state_of = [](const Definitions& definitions, const std::vector<FactRow>& rows) {
    return FoldProfile(definitions, rows, {}, 100).consents.at(0);
  };
  const std::vector<FactRow> rows = {Consents(2, "A", ConsentState::kGranted),
                                     Consents(1, "B", ConsentState::kDenied)};
  const ProfileConsent merged = state_of({}, rows);
  CHECK(merged.state == ConsentState::kDenied);
  CHECK(merged.conflict);
  CHECK(state_of(
            {}, {Consents(1, "A", ConsentState::kDenied), Consents(2, "A", ConsentState::kGranted)})
            .state == ConsentState::kGranted);
  // What ended counts for nothing, whoever said it.
  Definitions definitions;
  definitions.purposes = {{"ads", ConsentFold::kMostRestrictive, 50}};
  const ProfileConsent live = state_of(definitions, {Consents(10, "A", ConsentState::kGranted),
                                                     Consents(90, "B", ConsentState::kGranted)});
  CHECK(live.state == ConsentState::kGranted);
  CHECK(live.time_ms == 90);
  CHECK(!live.conflict);
}

TEST_CASE("a stage is a function of the events, and the highest is remembered") {
  Definitions definitions;
  Ladder ladder;
  ladder.name = "lifecycle";
  Stage::Condition bought, lately;
  bought.events.types = lately.events.types = {"buy"};
  lately.window_ms = 90 * kDay;
  ladder.stages = {{"lead", {}}, {"customer", {bought}}, {"active", {lately}}};
  definitions.ladders = {ladder};
  Event buy, view;
  buy.type = "buy";
  view.type = "view";
  ProfileOptions options;
  options.explain = true;
  const Profile profile =
      FoldProfile(definitions, {Does(0, view), Does(10 * kDay, buy)}, options, 200 * kDay);
  const ProfileLadder& climbed = profile.ladders.at(0);
  CHECK(climbed.stage == "customer");
  CHECK(climbed.highest == "active");
  CHECK(climbed.entered_ms == 100 * kDay);
  CHECK(climbed.spells == std::vector<StageSpell>{{"lead", 0, 10 * kDay},
                                                  {"active", 10 * kDay, 100 * kDay},
                                                  {"customer", 100 * kDay, 200 * kDay}});
}

TEST_CASE("the last seven days are calendar days, today's the last of them") {
  // Base day 2019-06-19 in Shanghai: the last 7 days are 06-13 to 06-19; the 7 days before today, 06-12 to 06-18.
  constexpr std::int64_t kHour = 3'600'000;
  constexpr std::int64_t kBase = 1'560'873'600'000;  // 2019-06-19T00:00+08:00
  Definitions definitions = WithTrait(Fold::kCount, ValueType::kFlag);
  definitions.traits[0].window_ms = 7 * kDay;
  definitions.utc_offset_minutes = 480;
  std::vector<FactRow> rows;
  for (int day = -8; day <= 0; ++day) {
    rows.push_back(Says(kBase + day * kDay, "x", {true}));            // the first of the day
    rows.push_back(Says(kBase + (day + 1) * kDay - 1, "x", {true}));  // and the last
  }
  CHECK(ValueOf(definitions, rows, kBase + 15 * kHour) == "13");  // today is not over
  CHECK(ValueOf(definitions, rows, kBase + kDay - 1) == "14");
  CHECK(ValueOf(definitions, rows, kBase - 1) == "14");
  CHECK(ValueOf(definitions, rows, kBase) == "13");
  definitions.utc_offset_minutes = 0;  // there it is still the 18th, for eight hours
  CHECK(ValueOf(definitions, rows, kBase) == "14");
}

TEST_CASE("seven days up to 2019-06-19 are 06-13 to 06-19, up to the day before 06-12 to 06-18") {
  constexpr std::int64_t kJune = 1'559'347'200'000;  // 2019-06-01T00:00Z
  const auto noon = [](int day) { return kJune + (day - 1) * kDay + kDay / 2; };
  Definitions definitions = WithTrait(Fold::kUnion, ValueType::kText);
  definitions.traits[0].window_ms = 7 * kDay;
  TagDefinition& tag = definitions.tags.emplace_back();
  tag.name = "here";
  tag.window_ms = 7 * kDay;
  std::vector<FactRow> rows;
  for (int day = 10; day <= 20; ++day) {
    rows.push_back(Says(noon(day), "x", {"06-" + std::to_string(day)}));
    rows.push_back(Tags(noon(day), "here"));
  }
  CHECK(ValueOf(definitions, rows, noon(19)) == "06-13, 06-14, 06-15, 06-16, 06-17, 06-18, 06-19");
  CHECK(ValueOf(definitions, rows, noon(18)) == "06-12, 06-13, 06-14, 06-15, 06-16, 06-17, 06-18");
  for (const int today : {18, 19}) {
    const ProfileTag here = FoldProfile(definitions, rows, {}, noon(today)).tags.at(0);
    CHECK(here.score == 7);
    CHECK(here.first_ms == noon(today - 6));
    CHECK(here.last_ms == noon(today));
  }
  // Before noon today's is still to come. A window of 7 times 24 hours would see that of the 12th.
  const ProfileTag morning = FoldProfile(definitions, rows, {}, noon(19) - 1).tags.at(0);
  CHECK(morning.score == 6);
  CHECK(morning.first_ms == noon(13));
}

TEST_CASE("emoji and four-byte Han stay as they came") {
  const std::string name = "\xF0\xA0\xAE\xB7\xE9\x87\x8E\xE5\xAE\xB6\xF0\x9F\xA6\x8A";
  Facts facts;
  facts.traits.push_back({"nickname", {name}, {}, ""});
  const Facts read = *ReadFacts(WriteFacts(facts));
  CHECK(ValueOf({}, {Row(1, read)}) == name);
}

}  // namespace polyonym::harness
