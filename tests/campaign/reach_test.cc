#include "polyonym/campaign/reach.h"

#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "harness/catch.h"
#include "polyonym/model/definitions.h"

namespace polyonym::harness {
namespace {

constexpr std::int64_t kMinuteMs = 60'000;
constexpr std::int64_t kHourMs = 60 * kMinuteMs;
constexpr std::int64_t kDayMs = 24 * kHourMs;

// What a clock that is `offset_hours` ahead of UTC shows.
std::int64_t At(int year, unsigned month, unsigned day, int hour, int minute = 0,
                double offset_hours = 8) {
  const std::chrono::sys_days date =
      std::chrono::year(year) / std::chrono::month(month) / std::chrono::day(day);
  return date.time_since_epoch().count() * kDayMs + hour * kHourMs + minute * kMinuteMs -
         static_cast<std::int64_t>(offset_hours * static_cast<double>(kHourMs));
}

// Somebody with a telephone, of whom things are told.
class Someone {
 public:
  Someone& Has(const Identifier& identifier) {
    identifiers_.push_back(identifier);
    return *this;
  }

  FactRow& Tell(std::int64_t time_ms, const Identifier& belongs_to = {"device", "d1"}) {
    FactRow& row = rows_.emplace_back();
    row.from.belongs_to = belongs_to;
    row.from.record_source = "crm";
    row.from.record_id = std::to_string(rows_.size());
    row.from.time_ms = time_ms;
    return row;
  }

  Someone& Sent(std::int64_t time_ms, const std::string& campaign = "",
                const std::string& ns = "device") {
    Event event;
    event.type = "message_sent";
    event.campaign = campaign;
    Tell(time_ms, {ns, "d1"}).facts.events.push_back(std::move(event));
    return *this;
  }

  Someone& Says(std::int64_t time_ms, const std::string& purpose, ConsentState state,
                const std::string& ns = "device") {
    Tell(time_ms, {ns, "d1"}).facts.consents.push_back({purpose, state, std::nullopt});
    return *this;
  }

  Someone& LivesIn(Value zone) {
    Tell(0).facts.traits.push_back({"time_zone", std::move(zone), std::nullopt, ""});
    return *this;
  }

  absl::StatusOr<ReachAnswer> TryAsk(const ReachRules& rules, std::int64_t now_ms,
                                     const OutboundMessage& message = {},
                                     const CampaignLabels& labels = {}) const {
    SegmentSubject person(definitions, rows_, identifiers_, identifiers_[0], now_ms);
    return Reach(rules, labels, &person, message);
  }

  ReachAnswer Ask(const ReachRules& rules, std::int64_t now_ms, const OutboundMessage& message = {},
                  const CampaignLabels& labels = {}) const {
    const absl::Status checked = CheckReach(rules);
    INFO(checked.message());
    REQUIRE(checked.ok());
    auto answer = TryAsk(rules, now_ms, message, labels);
    INFO(answer.status().message());
    REQUIRE(answer.ok());
    return *std::move(answer);
  }

  // Of the one channel.
  ChannelReach Push(const ReachRules& rules, std::int64_t now_ms,
                    const OutboundMessage& message = {}, const CampaignLabels& labels = {}) const {
    ReachAnswer answer = Ask(rules, now_ms, message, labels);
    REQUIRE(answer.channels.size() == 1);
    return answer.channels[0];
  }

  Definitions definitions;

 private:
  std::vector<Identifier> identifiers_ = {{"device", "d1"}};
  std::vector<FactRow> rows_;
};

ReachRules PushRules(const std::vector<FrequencyCap>& caps,
                     const std::vector<QuietHours>& quiet = {},
                     const std::string& zone = "Asia/Shanghai") {
  ReachRules rules;
  rules.channels = {{"push", {"device"}, ""}};
  rules.caps = caps;
  rules.quiet_hours = quiet;
  rules.zone_trait = "time_zone";
  rules.default_zone = zone;
  return rules;
}

const FrequencyCap kTwoAWeek{.name = "two a week", .count = 2, .period = CapPeriod::kWeek};
const FrequencyCap kOneADay{.name = "one a day", .count = 1, .period = CapPeriod::kDay};
const FrequencyCap kTwoAMonth{.name = "two a month", .count = 2, .period = CapPeriod::kMonth};
const FrequencyCap kTwoIn30Days{
    .name = "two in 30 days", .count = 2, .period = CapPeriod::kRolling, .span_ms = 30 * kDayMs};

std::vector<std::string> RulesOf(const ChannelReach& reach) {
  std::vector<std::string> rules;
  for (const ReachHold& hold : reach.holds) rules.push_back(hold.rule);
  return rules;
}

std::vector<HoldKind> KindsOf(const ChannelReach& reach) {
  std::vector<HoldKind> kinds;
  for (const ReachHold& hold : reach.holds) kinds.push_back(hold.kind);
  return kinds;
}

using Kinds = std::vector<HoldKind>;
using Names = std::vector<std::string>;

}  // namespace

// ---- Caps: published behaviours ----

TEST_CASE(
    "of two pushes a week those of Monday and Wednesday go out and that of Thursday does not") {
  const ReachRules rules = PushRules({kTwoAWeek});
  Someone who;  // 2026-06-15 is a Monday
  CHECK(who.Push(rules, At(2026, 6, 15, 10)).open());
  who.Sent(At(2026, 6, 15, 10));
  CHECK(who.Push(rules, At(2026, 6, 17, 10)).open());
  who.Sent(At(2026, 6, 17, 10));
  const ChannelReach thursday = who.Push(rules, At(2026, 6, 18, 10));
  REQUIRE(KindsOf(thursday) == Kinds{HoldKind::kCap});
  CHECK(thursday.holds[0].rule == "two a week");
  CHECK(thursday.holds[0].until_ms == At(2026, 6, 22, 0));
  CHECK(thursday.open_ms == At(2026, 6, 22, 0));
  CHECK_FALSE(who.Push(rules, At(2026, 6, 22, 0) - 1).open());
  CHECK(who.Push(rules, At(2026, 6, 22, 0)).open());
}

TEST_CASE("one a day is of the calendar so that 23:00 and 00:00 are both allowed") {
  const ReachRules rules = PushRules({kOneADay});
  Someone who;
  who.Sent(At(2026, 6, 15, 23));
  CHECK_FALSE(who.Push(rules, At(2026, 6, 15, 23)).open());
  CHECK_FALSE(who.Push(rules, At(2026, 6, 15, 23, 59)).open());
  CHECK(who.Push(rules, At(2026, 6, 16, 0)).open());
  // The day is that of the person's zone: in London it is still the afternoon of the 15th.
  CHECK_FALSE(who.LivesIn({"Europe/London"}).Push(rules, At(2026, 6, 16, 0)).open());
  CHECK(who.Push(rules, At(2026, 6, 15, 23)).open_ms == At(2026, 6, 16, 0, 0, 1));
}

TEST_CASE("every cap that is full is named and the latest of them decides") {
  Someone who;
  who.Sent(At(2026, 6, 17, 9)).Sent(At(2026, 6, 17, 10));
  const ChannelReach reach =
      who.Push(PushRules({kTwoAMonth, kOneADay, kTwoAWeek}), At(2026, 6, 17, 11));
  REQUIRE(RulesOf(reach) == Names{"two a month", "one a day", "two a week"});
  CHECK(reach.holds[0].until_ms == At(2026, 7, 1, 0));
  CHECK(reach.holds[1].until_ms == At(2026, 6, 18, 0));
  CHECK(reach.holds[2].until_ms == At(2026, 6, 22, 0));
  CHECK(reach.open_ms == At(2026, 7, 1, 0));
}

TEST_CASE("a cap on a label goes by the labels that campaigns carry when it is asked") {
  FrequencyCap cap = kTwoAWeek;
  cap.count = 1;
  cap.labels = {"sale"};
  const ReachRules rules = PushRules({cap});
  Someone who;
  who.Sent(At(2026, 6, 15, 10), "A");
  const std::int64_t now_ms = At(2026, 6, 17, 10);
  const OutboundMessage b{.campaign = "B", .labels = {"sale"}};
  CHECK(who.Push(rules, now_ms, b, {{"A", {}}, {"B", {"sale"}}}).open());       // taken off A
  CHECK(who.Push(rules, now_ms, b).open());                                     // A is gone
  CHECK_FALSE(who.Push(rules, now_ms, b, {{"A", {"new", "sale"}}}).open());     // and put back
  CHECK(who.Push(rules, now_ms, {.campaign = "C"}, {{"A", {"sale"}}}).open());  // C has none
  CHECK_FALSE(
      who.Push(rules, now_ms, {.campaign = "C"}, {{"A", {"sale"}}, {"C", {"sale"}}}).open());
  CHECK(who.Push(rules, now_ms, {}, {{"A", {"sale"}}, {"", {"sale"}}}).open());
}

TEST_CASE("the labels of campaigns are those of their definitions") {
  Definitions definitions;
  definitions.campaigns.resize(2);
  definitions.campaigns[0].name = "A";
  definitions.campaigns[0].labels = {"sale", "new"};
  definitions.campaigns[1].name = "B";
  CHECK(LabelsOf(definitions) == CampaignLabels{{"A", {"sale", "new"}}, {"B", {}}});
}

TEST_CASE("a month is 30 days or the calendar's as the cap says") {
  Someone who;
  who.Sent(At(2026, 6, 29, 12)).Sent(At(2026, 6, 30, 12));
  const std::int64_t now_ms = At(2026, 7, 1, 0);
  CHECK(who.Push(PushRules({kTwoAMonth}), now_ms).open());
  const ChannelReach rolling = who.Push(PushRules({kTwoIn30Days}), now_ms);
  REQUIRE(RulesOf(rolling) == Names{"two in 30 days"});
  CHECK(rolling.holds[0].until_ms == At(2026, 7, 29, 12));  // the first of the two is 30 days old
  CHECK_FALSE(who.Push(PushRules({kTwoIn30Days}), At(2026, 7, 29, 12) - 1).open());
  CHECK(who.Push(PushRules({kTwoIn30Days}), At(2026, 7, 29, 12)).open());
}

TEST_CASE(
    "four a week and two a month let four through in a week in which a month ends on Wednesday") {
  FrequencyCap four_a_week{.name = "four a week", .count = 4, .period = CapPeriod::kWeek};
  const ReachRules rules = PushRules({four_a_week, kTwoAMonth});
  Someone who;
  const auto may_be_sent_on = [&](unsigned month, unsigned day) {
    const std::int64_t now_ms = At(2026, month, day, 10);
    const bool may = who.Push(rules, now_ms).open();
    if (may) who.Sent(now_ms);
    return may;
  };
  CHECK(may_be_sent_on(9, 28));  // Monday
  CHECK(may_be_sent_on(9, 29));
  CHECK_FALSE(may_be_sent_on(9, 30));  // Wednesday, the month's last day
  CHECK(may_be_sent_on(10, 1));
  CHECK(may_be_sent_on(10, 2));
  CHECK_FALSE(may_be_sent_on(10, 3));
  CHECK(RulesOf(who.Push(rules, At(2026, 10, 3, 10))) == Names{"four a week", "two a month"});
  CHECK(RulesOf(who.Push(rules, At(2026, 10, 5, 10))) == Names{"two a month"});
}

// ---- Caps ----

TEST_CASE(
    "a cap of several weeks counts this one and those before it from the day on which they begin") {
  FrequencyCap cap{.name = "two in two weeks", .count = 2, .period = CapPeriod::kWeek, .units = 2};
  Someone who;
  who.Sent(At(2026, 6, 14, 12)).Sent(At(2026, 6, 17, 12));  // a Sunday and a Wednesday
  const std::int64_t now_ms = At(2026, 6, 18, 12);
  CHECK(who.Push(PushRules({cap}), now_ms).open_ms == At(2026, 6, 22, 0));
  cap.week_begins = 7;  // the Sunday begins a week
  CHECK(who.Push(PushRules({cap}), now_ms).open_ms == At(2026, 6, 28, 0));
  cap.units = 1;
  CHECK(who.Push(PushRules({cap}), now_ms).open_ms == At(2026, 6, 21, 0));
  cap.week_begins = 1;
  CHECK(who.Push(PushRules({cap}), now_ms).open_ms == now_ms);
  const FrequencyCap months{.name = "m", .period = CapPeriod::kMonth, .units = 3};
  CHECK(who.Push(PushRules({months}), now_ms).open_ms == At(2026, 9, 1, 0));
}

TEST_CASE("a cap that is more than full lets go when enough have ceased to count") {
  const FrequencyCap cap{.name = "c", .count = 2, .period = CapPeriod::kRolling, .span_ms = 100};
  Someone who;
  who.Sent(40).Sent(10).Sent(30).Sent(20);  // told in no order
  const ChannelReach reach = who.Push(PushRules({cap}), 50);
  REQUIRE(reach.holds.size() == 1);
  CHECK(reach.holds[0].until_ms == 130);
  CHECK_FALSE(who.Push(PushRules({cap}), 129).open());
  CHECK(who.Push(PushRules({cap}), 130).open());
}

TEST_CASE("a cap holds back on its own channels and counts what was sent there") {
  ReachRules rules;
  rules.channels = {{"sms", {"phone"}, ""}, {"call", {"phone"}, ""}, {"wechat", {"openid"}, ""}};
  FrequencyCap on_sms = kOneADay, on_all = kTwoAWeek;
  on_sms.channels = {"sms"};
  rules.caps = {on_sms, on_all};
  const std::int64_t now_ms = At(2026, 6, 17, 12, 0, 0);
  Someone who;
  who.Has({"openid/wx1", "o"}).Has({"phone", "1"});
  who.Sent(now_ms - 3, "", "openid/wx1");
  const auto holds = [&] {
    std::vector<Names> of;
    for (const ChannelReach& reach : who.Ask(rules, now_ms).channels) of.push_back(RulesOf(reach));
    return of;
  };
  CHECK(holds() == std::vector<Names>{{}, {}, {}});
  // A call says that it is none of the letters, though it goes to the same number.
  Event call;
  call.type = "message_sent";
  call.properties[std::string(kChannelProperty)] = {std::string("call")};
  FactRow& row = who.Tell(now_ms - 2, {"phone", "1"});
  row.facts.events.push_back(call);
  CHECK(holds() == std::vector<Names>{{"two a week"}, {"two a week"}, {"two a week"}});
  // A property that names none of the channels says nothing: the namespace does.
  row.facts.events[0].properties[std::string(kChannelProperty)] = {std::string("fax")};
  CHECK(holds() == std::vector<Names>{{"one a day", "two a week"}, {"two a week"}, {"two a week"}});
  row.facts.events[0].properties[std::string(kChannelProperty)] = {true};
  CHECK(holds()[0] == Names{"one a day", "two a week"});
}

TEST_CASE("a cap on campaigns counts and holds back these alone") {
  FrequencyCap cap = kOneADay;
  cap.campaigns = {"A", "B"};
  const std::int64_t now_ms = At(2026, 6, 17, 12);
  Someone who;
  who.Sent(now_ms - 1, "C");
  CHECK(who.Push(PushRules({cap}), now_ms, {.campaign = "A"}).open());
  who.Sent(now_ms - 1, "B");
  CHECK_FALSE(who.Push(PushRules({cap}), now_ms, {.campaign = "A"}).open());
  CHECK(who.Push(PushRules({cap}), now_ms, {.campaign = "C"}).open());
  CHECK(who.Push(PushRules({cap}), now_ms).open());
}

TEST_CASE("only messages that were sent by now are counted") {
  const std::int64_t now_ms = At(2026, 6, 17, 12);
  ReachRules rules = PushRules({kOneADay});
  Someone who;
  Event event;
  event.type = "message_sent";
  event.direction = Direction::kIn;  // from the person
  who.Tell(now_ms - 1).facts.events.push_back(event);
  event.direction = Direction::kOut;
  event.type = "order";
  who.Tell(now_ms - 1).facts.events.push_back(event);
  who.Sent(now_ms + 1);
  CHECK(who.Push(rules, now_ms).open());
  CHECK(who.Push(rules, now_ms).open_ms == now_ms);
  rules.message_events = {"message_sent", "order"};
  CHECK_FALSE(who.Push(rules, now_ms).open());
  CHECK_FALSE(who.Push(PushRules({kOneADay}), now_ms + 1).open());
}

TEST_CASE("an urgent message is held back by neither caps nor quiet hours but by the person") {
  const std::int64_t now_ms = At(2026, 6, 17, 23);
  ReachRules rules = PushRules({kOneADay}, {{.name = "night", .from_minute = 22 * 60}});
  Someone who;
  who.Sent(now_ms - 1);
  CHECK(RulesOf(who.Push(rules, now_ms)) == Names{"one a day", "night"});
  CHECK(who.Push(rules, now_ms, {.urgent = true}).open());
  CHECK(who.Push(rules, now_ms, {.urgent = true}).open_ms == now_ms);
  rules.channels[0].purpose = "ads";
  CHECK(RulesOf(who.Push(rules, now_ms, {.urgent = true})) == Names{"ads"});
}

TEST_CASE("messages to two people count for one when they are found to be one") {
  const std::int64_t now_ms = At(2026, 6, 17, 12);
  Someone who;
  who.Sent(now_ms - 2, "", "device");
  CHECK(who.Push(PushRules({kTwoAWeek}), now_ms).open());
  who.Sent(now_ms - 1, "", "cookie");
  CHECK_FALSE(who.Push(PushRules({kTwoAWeek}), now_ms).open());
}

// ---- Clocks ----

TEST_CASE("quiet hours reach over midnight and end on the next morning") {
  const QuietHours night{.name = "night", .from_minute = 22 * 60, .to_minute = 8 * 60};
  const ReachRules rules = PushRules({}, {night});
  const Someone who;
  CHECK(who.Push(rules, At(2026, 6, 17, 22) - 1).open());
  CHECK(who.Push(rules, At(2026, 6, 17, 22)).open_ms == At(2026, 6, 18, 8));
  CHECK(who.Push(rules, At(2026, 6, 18, 7, 59)).open_ms == At(2026, 6, 18, 8));
  CHECK(who.Push(rules, At(2026, 6, 18, 8)).open());
  const ChannelReach reach = who.Push(rules, At(2026, 6, 18, 3));
  REQUIRE(reach.holds.size() == 1);
  CHECK(reach.holds[0] == ReachHold{HoldKind::kQuietHours, "night", At(2026, 6, 18, 8)});
}

TEST_CASE("quiet hours of some weekdays are those that begin on them") {
  const QuietHours friday{
      .name = "friday", .from_minute = 22 * 60, .to_minute = 8 * 60, .weekdays = {5}};
  const QuietHours sunday{.name = "sunday", .to_minute = 24 * 60, .weekdays = {7}};
  const ReachRules rules = PushRules({}, {friday, sunday});
  const Someone who;
  CHECK(who.Push(rules, At(2026, 6, 19, 7)).open());  // Friday morning
  CHECK(who.Push(rules, At(2026, 6, 19, 23)).open_ms == At(2026, 6, 20, 8));
  CHECK(who.Push(rules, At(2026, 6, 20, 23)).open());
  CHECK(who.Push(rules, At(2026, 6, 21, 0)).open_ms == At(2026, 6, 22, 0));
}

TEST_CASE("where quiet hours follow each other the person is written to after the last") {
  const QuietHours a{.name = "a", .from_minute = 8 * 60, .to_minute = 12 * 60};
  const QuietHours b{.name = "b", .from_minute = 11 * 60, .to_minute = 14 * 60};
  const QuietHours c{.name = "c", .from_minute = 14 * 60, .to_minute = 15 * 60};
  const ChannelReach reach = Someone().Push(PushRules({}, {a, b, c}), At(2026, 6, 17, 11, 30));
  REQUIRE(RulesOf(reach) == Names{"a", "b"});
  CHECK(reach.holds[0].until_ms == At(2026, 6, 17, 12));
  CHECK(reach.holds[1].until_ms == At(2026, 6, 17, 14));
  CHECK(reach.open_ms == At(2026, 6, 17, 15));
}

TEST_CASE("quiet hours that never end have no end") {
  const ReachRules rules = PushRules({}, {{.name = "always", .to_minute = 24 * 60}});
  const ChannelReach reach = Someone().Push(rules, At(2026, 6, 17, 12));
  REQUIRE(reach.holds.size() == 1);
  CHECK_FALSE(reach.holds[0].until_ms.has_value());
  CHECK_FALSE(reach.open_ms.has_value());
  ReachRules week = PushRules({}, {{.name = "but Sundays", .to_minute = 24 * 60}});
  week.quiet_hours[0].weekdays = {1, 2, 3, 4, 5, 6};
  CHECK(Someone().Push(week, At(2026, 6, 15, 0)).open_ms == At(2026, 6, 21, 0));
}

TEST_CASE("quiet hours go by what clocks show when they are changed") {
  const auto quiet_until = [](std::uint32_t to_minute) {
    return PushRules({}, {{.name = "night", .from_minute = 22 * 60, .to_minute = to_minute}},
                     "America/New_York");
  };
  const Someone who;
  // 2026-03-08: from 2:00 EST to 3:00 EDT. 2:30 is passed over, and not waited for.
  const std::int64_t jump_ms = At(2026, 3, 8, 2, 0, -5);
  CHECK(who.Push(quiet_until(150), At(2026, 3, 8, 1, 0, -5)).open_ms == jump_ms);
  CHECK_FALSE(who.Push(quiet_until(150), jump_ms - 1).open());
  CHECK(who.Push(quiet_until(150), jump_ms).open());
  CHECK(who.Push(quiet_until(8 * 60), At(2026, 3, 7, 23, 0, -5)).open_ms ==
        At(2026, 3, 8, 8, 0, -4));
  // 2026-11-01: from 2:00 EDT to 1:00 EST. What is quiet until 1:30 is so twice.
  CHECK(who.Push(quiet_until(90), At(2026, 11, 1, 0, 30, -4)).open_ms ==
        At(2026, 11, 1, 1, 30, -4));
  CHECK(who.Push(quiet_until(90), At(2026, 11, 1, 1, 30, -4)).open());
  CHECK(who.Push(quiet_until(90), At(2026, 11, 1, 1, 0, -5)).open_ms == At(2026, 11, 1, 1, 30, -5));
  CHECK(who.Push(quiet_until(8 * 60), At(2026, 10, 31, 23, 0, -4)).open_ms ==
        At(2026, 11, 1, 8, 0, -5));
}

TEST_CASE("a day begins when clocks are put forward over midnight") {
  // São Paulo, 2017-10-15: from 0:00 to 1:00.
  Someone who;
  who.Sent(At(2017, 10, 14, 12, 0, -3));
  const ReachRules rules = PushRules({kOneADay}, {}, "America/Sao_Paulo");
  CHECK(who.Push(rules, At(2017, 10, 14, 13, 0, -3)).open_ms == At(2017, 10, 15, 0, 0, -3));
  // Samoa went from 29 to 31 December 2011.
  Someone there;
  there.Sent(At(2011, 12, 29, 12, 0, -10));
  FrequencyCap two_days = kOneADay;
  two_days.units = 2;
  for (const FrequencyCap& cap : {kOneADay, two_days})
    CHECK(there.Push(PushRules({cap}, {}, "Pacific/Apia"), At(2011, 12, 29, 13, 0, -10)).open_ms ==
          At(2011, 12, 31, 0, 0, 14));
}

TEST_CASE("a midnight that comes twice ends a day once") {
  // St. John's, 2010-11-07: from 0:01 back to 23:01 of the day before.
  const ReachRules rules = PushRules({kOneADay}, {}, "America/St_Johns");
  const std::int64_t midnight_ms = At(2010, 11, 7, 0, 0, -2.5);
  const std::int64_t next_ms = At(2010, 11, 8, 0, 0, -3.5);
  Someone who;
  who.Sent(midnight_ms - 1);
  CHECK(who.Push(rules, midnight_ms - 1).open_ms == midnight_ms);
  CHECK(who.Push(rules, midnight_ms + 30 * kMinuteMs).open());  // it is 23:30 again
  for (const std::int64_t sent_ms : {midnight_ms, midnight_ms + 30 * kMinuteMs}) {
    Someone other;
    other.Sent(sent_ms);
    CHECK(other.Push(rules, midnight_ms + 45 * kMinuteMs).open_ms == next_ms);
  }
}

TEST_CASE("who has no zone that there is has the default and the answer says so") {
  const ReachRules rules = PushRules({});
  const auto zone_of = [&](std::optional<Value> zone) {
    Someone who;
    if (zone) who.LivesIn(*std::move(zone));
    const ReachAnswer answer = who.Ask(rules, At(2026, 6, 17, 12));
    return std::pair(answer.zone, answer.zone_from);
  };
  CHECK(zone_of({}) == std::pair(std::string("Asia/Shanghai"), ZoneSource::kDefault));
  CHECK(zone_of(Value{std::string("Europe/London")}) ==
        std::pair(std::string("Europe/London"), ZoneSource::kPerson));
  for (const std::string unknown : {"Atlantis", "CST", "asia/shanghai?", " "})
    CHECK(zone_of(Value{unknown}) == std::pair(std::string("Asia/Shanghai"), ZoneSource::kUnknown));
  CHECK(zone_of(Value{true}) == std::pair(std::string("Asia/Shanghai"), ZoneSource::kUnknown));
  CHECK(zone_of(Value{std::string()}) ==
        std::pair(std::string("Asia/Shanghai"), ZoneSource::kDefault));
  ReachRules plain = rules;
  plain.zone_trait = plain.default_zone = "";
  const ReachAnswer answer = Someone().LivesIn({"Europe/London"}).Ask(plain, 0);
  CHECK(answer.zone.empty());
  CHECK(answer.zone_from == ZoneSource::kDefault);
}

// ---- The person ----

TEST_CASE("a channel reaches the identifiers of its families and scopes") {
  ReachRules rules;
  rules.channels = {
      {"any app", {"openid"}, ""}, {"one app", {"openid/wx1"}, ""}, {"sms", {"phone"}, ""}};
  Someone who;
  who.Has({"openid/wx1", "a"}).Has({"openid/wx2", "b"});
  const ReachAnswer answer = who.Ask(rules, 0);
  REQUIRE(answer.channels.size() == 3);
  CHECK(answer.channels[0].identifiers ==
        std::vector<Identifier>{{"openid/wx1", "a"}, {"openid/wx2", "b"}});
  CHECK(answer.channels[1].identifiers == std::vector<Identifier>{{"openid/wx1", "a"}});
  CHECK(answer.channels[2].identifiers.empty());
  CHECK(answer.channels[0].open());
  CHECK(KindsOf(answer.channels[2]) == Kinds{HoldKind::kNoIdentifier});
  CHECK_FALSE(answer.channels[2].open_ms.has_value());
}

TEST_CASE("without the channel's consent nothing goes out and the answer says what is amiss") {
  ReachRules rules = PushRules({});
  rules.channels[0].purpose = "ads";
  const auto ask = [&](const Someone& who) {
    const ChannelReach reach = who.Push(rules, 1'000);
    CHECK((reach.open() || (reach.holds[0].rule == "ads" && !reach.holds[0].until_ms)));
    CHECK(reach.open_ms == (reach.open() ? std::optional<std::int64_t>(1'000) : std::nullopt));
    return KindsOf(reach);
  };
  using S = ConsentState;
  CHECK(ask(Someone()) == Kinds{HoldKind::kConsentMissing});
  CHECK(ask(Someone().Says(1, "mail", S::kGranted)) == Kinds{HoldKind::kConsentMissing});
  CHECK(ask(Someone().Says(1, "ads", S::kUnknown)) == Kinds{HoldKind::kConsentMissing});
  CHECK(ask(Someone().Says(1, "ads", S::kGranted)).empty());
  CHECK(ask(Someone().Says(1, "ads", S::kGranted).Says(2, "ads", S::kDenied)) ==
        Kinds{HoldKind::kConsentDenied});
  CHECK(ask(Someone().Says(1, "ads", S::kGranted).Says(2, "ads", S::kWithdrawn)) ==
        Kinds{HoldKind::kConsentWithdrawn});
  // One identifier grants and another denies: never silently granted.
  CHECK(ask(Someone().Says(1, "ads", S::kDenied).Says(2, "ads", S::kGranted, "phone")) ==
        Kinds{HoldKind::kConsentConflict});
  CHECK(ask(Someone().Says(2'000, "ads", S::kGranted)) == Kinds{HoldKind::kConsentMissing});
}

TEST_CASE("a grant that ended does not count and one that lives does") {
  ReachRules rules = PushRules({});
  rules.channels[0].purpose = "ads";
  Someone who;
  who.definitions.purposes = {{.name = "ads", .valid_ms = 100}};
  who.Says(0, "ads", ConsentState::kGranted);
  CHECK(who.Push(rules, 99).open());
  CHECK(KindsOf(who.Push(rules, 100)) == Kinds{HoldKind::kConsentExpired});
  who.Says(50, "ads", ConsentState::kGranted, "phone");
  CHECK(who.Push(rules, 100).open());
}

TEST_CASE("who denied profiling gets no message that a segment chose them for") {
  ReachRules rules = PushRules({});
  rules.profiling_purpose = "profiling";
  const OutboundMessage profiled{.profiled = true};
  Someone who;
  CHECK(who.Push(rules, 10, profiled).open());  // nobody said anything
  who.Says(1, "profiling", ConsentState::kGranted);
  CHECK(who.Push(rules, 10, profiled).open());
  who.Says(2, "profiling", ConsentState::kWithdrawn, "phone");
  const ChannelReach reach = who.Push(rules, 10, profiled);
  REQUIRE(KindsOf(reach) == Kinds{HoldKind::kProfiling});
  CHECK(reach.holds[0].rule == "profiling");
  CHECK_FALSE(reach.open_ms.has_value());
  CHECK(who.Push(rules, 10).open());  // to everybody
  rules.profiling_purpose = "";
  CHECK(who.Push(rules, 10, profiled).open());
}

TEST_CASE("nothing at all reaches somebody who is restricted") {
  ReachRules rules = PushRules({kOneADay}, {{.name = "day", .from_minute = 60}});
  const std::int64_t now_ms = At(2026, 6, 17, 12);
  Someone who;
  who.definitions.privacy.restriction_purpose = "use";
  CHECK(who.Push(PushRules({}), now_ms).open());  // nobody said anything
  who.Says(1, "use", ConsentState::kGranted);
  CHECK(who.Push(PushRules({}), now_ms).open());
  who.Says(2, "use", ConsentState::kWithdrawn, "phone");
  for (const OutboundMessage& message :
       {OutboundMessage{}, OutboundMessage{.profiled = true}, OutboundMessage{.urgent = true}}) {
    const ChannelReach reach = who.Push(PushRules({}), now_ms, message);
    REQUIRE(KindsOf(reach) == Kinds{HoldKind::kRestricted});
    CHECK(reach.holds[0].rule == "use");
    CHECK_FALSE(reach.holds[0].until_ms.has_value());
    CHECK_FALSE(reach.open_ms.has_value());
  }
  // Behind all else, so that kinds come in their order.
  who.Sent(now_ms - 1);
  CHECK(KindsOf(who.Push(rules, now_ms)) ==
        Kinds{HoldKind::kCap, HoldKind::kQuietHours, HoldKind::kRestricted});
  who.definitions.privacy.restriction_purpose = "";
  CHECK(who.Push(PushRules({}), now_ms).open());
  CHECK(ToString(HoldKind::kRestricted) == "restricted");
}

TEST_CASE("a message is not put off to when somebody will be restricted again") {
  const std::int64_t now_ms = At(2026, 6, 17, 12), next_ms = At(2026, 6, 18, 0);
  Someone who;
  who.definitions.privacy.restriction_purpose = "use";
  who.Says(1, "use", ConsentState::kDenied).Says(now_ms - 10, "use", ConsentState::kGranted);
  who.Sent(now_ms - 5);
  CHECK(who.Push(PushRules({kOneADay}), now_ms).open_ms == next_ms);
  who.definitions.purposes = {{.name = "use", .valid_ms = next_ms - now_ms + 10}};
  CHECK_FALSE(who.Push(PushRules({kOneADay}), now_ms).open_ms.has_value());
}

TEST_CASE("all that holds a message back is named by kind and in the order of the rules") {
  ReachRules rules = PushRules({kTwoAWeek, kOneADay}, {{.name = "z", .from_minute = 60},
                                                       {.name = "a", .to_minute = 24 * 60}});
  rules.channels[0] = {"sms", {"phone"}, "ads"};
  rules.profiling_purpose = "profiling";
  const std::int64_t now_ms = At(2026, 6, 17, 12);
  Someone who;
  who.Sent(now_ms - 1).Sent(now_ms - 2).Says(1, "profiling", ConsentState::kDenied);
  const ChannelReach reach = who.Push(rules, now_ms, {.profiled = true});
  CHECK(KindsOf(reach) == Kinds{HoldKind::kNoIdentifier, HoldKind::kConsentMissing,
                                HoldKind::kProfiling, HoldKind::kCap, HoldKind::kCap,
                                HoldKind::kQuietHours, HoldKind::kQuietHours});
  CHECK(RulesOf(reach) == Names{"", "ads", "profiling", "two a week", "one a day", "z", "a"});
}

TEST_CASE("a message is not put off to when consent will have ended") {
  ReachRules rules = PushRules({kOneADay});
  rules.channels[0].purpose = "ads";
  const std::int64_t now_ms = At(2026, 6, 17, 12), next_ms = At(2026, 6, 18, 0);
  Someone who;
  who.Says(now_ms - 10, "ads", ConsentState::kGranted).Sent(now_ms - 5);
  const auto with_grants_for = [&](std::int64_t valid_ms) {
    who.definitions.purposes = {{.name = "ads", .valid_ms = valid_ms}};
    return who.Push(rules, now_ms);
  };
  CHECK(with_grants_for(0).open_ms == next_ms);
  CHECK(with_grants_for(next_ms - now_ms + 11).open_ms == next_ms);
  const ChannelReach reach = with_grants_for(next_ms - now_ms + 10);
  CHECK_FALSE(reach.open_ms.has_value());
  REQUIRE(reach.holds.size() == 1);
  CHECK(reach.holds[0].until_ms == next_ms);
  // What is said later than now does not count yet.
  who.Says(now_ms + 1, "ads", ConsentState::kDenied);
  CHECK(with_grants_for(0).open_ms == next_ms);
  // A denial of profiling comes back when the grant over it ends.
  rules.channels[0].purpose = "";
  rules.profiling_purpose = "ads";
  Someone other;
  other.Says(1, "ads", ConsentState::kDenied).Says(now_ms - 1, "ads", ConsentState::kGranted);
  other.Sent(now_ms - 5).definitions.purposes = {{.name = "ads", .valid_ms = 10}};
  CHECK(other.Push(rules, now_ms, {.profiled = true}).holds.size() == 1);
  CHECK_FALSE(other.Push(rules, now_ms, {.profiled = true}).open_ms.has_value());
  CHECK(other.Push(rules, now_ms).open_ms == next_ms);
}

// ---- Asking ----

TEST_CASE("the channels that were asked for are answered in that order") {
  ReachRules rules;
  rules.channels = {{"sms", {"phone"}, ""}, {"mail", {"email"}, ""}, {"push", {"device"}, ""}};
  const auto names = [&](const Names& wanted) {
    Names got;
    for (const ChannelReach& reach : Someone().Ask(rules, 0, {.channels = wanted}).channels)
      got.push_back(reach.channel);
    return got;
  };
  CHECK(names({}) == Names{"sms", "mail", "push"});
  CHECK(names({"push", "sms"}) == Names{"push", "sms"});
  const auto answer = Someone().TryAsk(rules, 0, {.channels = {"push", "fax"}});
  CHECK(answer.status().code() == absl::StatusCode::kInvalidArgument);
  CHECK_THAT(std::string(answer.status().message()),
             HoldsText("channels[1]: must be a channel that the rules define"));
}

TEST_CASE("rules with a zone that there is not cannot be put in force") {
  ReachRules rules = PushRules({}, {}, "Atlantis");
  CHECK_THAT(std::string(CheckReach(rules).message()),
             HoldsText("default_zone: must be a time zone of IANA's database"));
  CHECK_THAT(std::string(Someone().TryAsk(rules, 0).status().message()),
             HoldsText("default_zone: must be"));
  CHECK(Someone().LivesIn({"Asia/Tokyo"}).TryAsk(rules, 0).ok());
  rules.default_zone = "";
  CHECK(CheckReach(rules).ok());
  rules.caps = {{.name = ""}};
  CHECK_THAT(std::string(CheckReach(rules).message()), HoldsText("caps[0].name"));
  rules.channels.resize(65);
  CHECK_THAT(std::string(Someone().TryAsk(rules, 0).status().message()),
             HoldsText("channels: at most 64"));
}

TEST_CASE("times at the ends of what a number holds are taken") {
  const std::int64_t least = std::numeric_limits<std::int64_t>::min();
  const std::int64_t greatest = std::numeric_limits<std::int64_t>::max();
  const FrequencyCap rolling{
      .name = "r", .count = 1, .period = CapPeriod::kRolling, .span_ms = 36'600 * kDayMs};
  const ReachRules rules =
      PushRules({kOneADay, kTwoAMonth, rolling}, {{.name = "night", .from_minute = 1'320}});
  for (const std::int64_t time_ms : {least, greatest}) {
    Someone who;
    who.Sent(time_ms).Sent(time_ms);
    const ChannelReach reach = who.Push(rules, time_ms);
    if (time_ms == greatest) {
      REQUIRE(reach.holds.empty());
    } else {
      CHECK(RulesOf(reach) == Names{"one a day", "two a month", "r"});
    }
  }
}

TEST_CASE("kinds of holds have names") {
  CHECK(ToString(HoldKind::kNoIdentifier) == "no_identifier");
  CHECK(ToString(HoldKind::kConsentExpired) == "consent_expired");
  CHECK(ToString(HoldKind::kProfiling) == "profiling");
  CHECK(ToString(HoldKind::kQuietHours) == "quiet_hours");
  CHECK(ToString(HoldKind{99}) == "unknown");
}

}  // namespace polyonym::harness
