#include "polyonym/model/reach_rules.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "harness/catch.h"

namespace polyonym::harness {
namespace {

constexpr std::int64_t kDayMs = 86'400'000;

ReachRules SomeRules() {
  ReachRules rules;
  rules.channels = {{"sms", {"phone"}, "marketing"}, {"wechat", {"wechat.openid/wx1"}, ""}};
  rules.caps = {
      {.name = "a day", .channels = {"sms"}, .labels = {"促销"}, .campaigns = {"spring"}},
      {.name = "30 days", .count = 2, .period = CapPeriod::kRolling, .span_ms = 30 * kDayMs}};
  rules.quiet_hours = {{.name = "night",
                        .channels = {"wechat"},
                        .from_minute = 1'320,
                        .to_minute = 480,
                        .weekdays = {5, 6}},
                       {.name = "sundays", .to_minute = 1'440, .weekdays = {7}}};
  rules.zone_trait = "time_zone";
  rules.default_zone = "Asia/Shanghai";
  rules.profiling_purpose = "profiling";
  return rules;
}

std::string FaultWith(const std::function<void(ReachRules*)>& change) {
  ReachRules rules = SomeRules();
  change(&rules);
  const absl::Status status = Validate(rules);
  CHECK(status.code() == absl::StatusCode::kInvalidArgument);
  return std::string(status.message());
}

using Rules = ReachRules*;

std::vector<std::string> ManyNames(std::size_t count) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < count; ++i) names.push_back("n" + std::to_string(i));
  return names;
}

}  // namespace

TEST_CASE("rules of reach that are whole are taken and so are none") {
  CHECK(Validate(SomeRules()).ok());
  CHECK(Validate(ReachRules{}).ok());
  CHECK(ReachRules{}.message_events == std::vector<std::string>{"message_sent"});
  CHECK(SomeRules() == SomeRules());
  CHECK(SomeRules() != ReachRules{});
}

TEST_CASE("a channel that cannot be is turned away by its field") {
  CHECK_THAT(FaultWith([](Rules r) { r->channels[1].name = ""; }),
             HoldsText("channels[1].name: must be UTF-8 of 1 to 128 bytes"));
  CHECK_THAT(FaultWith([](Rules r) { r->channels[1].name = "sms"; }),
             HoldsText("channels[1].name: is there twice"));
  CHECK_THAT(FaultWith([](Rules r) { r->channels[0].namespaces.clear(); }),
             HoldsText("channels[0].namespaces: must name one or more"));
  CHECK_THAT(FaultWith([](Rules r) {
               r->channels[0].namespaces = {"phone", "a:b"};
             }),
             HoldsText("channels[0].namespaces[1]: must be a family or family/scope"));
  CHECK_THAT(FaultWith([](Rules r) {
               r->channels[0].namespaces = {"phone", "phone"};
             }),
             HoldsText("channels[0].namespaces[1]: is there twice"));
  CHECK_THAT(FaultWith([](Rules r) { r->channels[0].namespaces = ManyNames(257); }),
             HoldsText("channels[0].namespaces: at most 256"));
  CHECK_THAT(FaultWith([](Rules r) { r->channels[0].purpose = std::string(129, 'p'); }),
             HoldsText("channels[0].purpose: must be UTF-8 of at most 128 bytes"));
  CHECK_THAT(FaultWith([](Rules r) { r->channels.resize(65); }), HoldsText("channels: at most 64"));
}

TEST_CASE("a cap that cannot be is turned away by its field") {
  CHECK_THAT(FaultWith([](Rules r) { r->caps[1].name = "a day"; }),
             HoldsText("caps[1].name: is there twice"));
  CHECK_THAT(FaultWith([](Rules r) { r->caps[0].name = std::string(129, 'n'); }),
             HoldsText("caps[0].name: must be UTF-8"));
  CHECK_THAT(FaultWith([](Rules r) {
               r->caps[0].channels = {"sms", "fax"};
             }),
             HoldsText("caps[0].channels[1]: must be a channel that is defined here"));
  CHECK_THAT(FaultWith([](Rules r) { r->caps[0].labels = {"\xff"}; }),
             HoldsText("caps[0].labels[0]: must be UTF-8"));
  CHECK_THAT(FaultWith([](Rules r) { r->caps[0].labels = ManyNames(257); }),
             HoldsText("caps[0].labels: at most 256"));
  CHECK_THAT(FaultWith([](Rules r) {
               r->caps[0].campaigns = {"a", "a"};
             }),
             HoldsText("caps[0].campaigns[1]: is there twice"));
  CHECK_THAT(FaultWith([](Rules r) { r->caps[1].count = 0; }),
             HoldsText("caps[1].count: must be between 1 and 10,000"));
  CHECK_THAT(FaultWith([](Rules r) { r->caps[1].count = 10'001; }), HoldsText("caps[1].count"));
  CHECK_THAT(FaultWith([](Rules r) { r->caps[1].period = CapPeriod{4}; }),
             HoldsText("caps[1].period: is not one"));
  CHECK_THAT(FaultWith([](Rules r) { r->caps[1].span_ms = 0; }),
             HoldsText("caps[1].span_ms: must be between a millisecond and a hundred years"));
  CHECK_THAT(FaultWith([](Rules r) { r->caps[1].span_ms = 36'601 * kDayMs; }),
             HoldsText("caps[1].span_ms: must be between"));
  CHECK_THAT(FaultWith([](Rules r) { r->caps[0].span_ms = 1; }),
             HoldsText("caps[0].span_ms: must be 0 where"));
  CHECK_THAT(FaultWith([](Rules r) { r->caps[1].units = 2; }),
             HoldsText("caps[1].units: must be between 1 and 366, and 1 where"));
  CHECK_THAT(FaultWith([](Rules r) { r->caps[0].units = 367; }), HoldsText("caps[0].units"));
  CHECK_THAT(FaultWith([](Rules r) { r->caps[0].units = 0; }), HoldsText("caps[0].units"));
  CHECK_THAT(FaultWith([](Rules r) { r->caps[0].week_begins = 8; }),
             HoldsText("caps[0].week_begins: must be between 1 (Monday) and 7 (Sunday)"));
  CHECK_THAT(FaultWith([](Rules r) { r->caps.resize(257); }), HoldsText("caps: at most 256"));
}

TEST_CASE("quiet hours that cannot be are turned away by their field") {
  CHECK_THAT(FaultWith([](Rules r) { r->quiet_hours[1].name = "night"; }),
             HoldsText("quiet_hours[1].name: is there twice"));
  CHECK_THAT(FaultWith([](Rules r) { r->quiet_hours[0].channels = {"fax"}; }),
             HoldsText("quiet_hours[0].channels[0]: must be a channel that is defined here"));
  CHECK_THAT(FaultWith([](Rules r) { r->quiet_hours[0].from_minute = 1'440; }),
             HoldsText("quiet_hours[0].from_minute: must be between 0 and 1,439"));
  CHECK_THAT(FaultWith([](Rules r) { r->quiet_hours[0].to_minute = 1'441; }),
             HoldsText("quiet_hours[0].to_minute: must be between 0 and 1,440"));
  CHECK_THAT(FaultWith([](Rules r) { r->quiet_hours[0].to_minute = 1'320; }),
             HoldsText("quiet_hours[0].to_minute: must be between 0 and 1,440, and another"));
  CHECK_THAT(FaultWith([](Rules r) { r->quiet_hours[0].weekdays = {0}; }),
             HoldsText("quiet_hours[0].weekdays[0]: must be between 1 (Monday) and 7 (Sunday)"));
  CHECK_THAT(FaultWith([](Rules r) {
               r->quiet_hours[0].weekdays = {3, 3};
             }),
             HoldsText("quiet_hours[0].weekdays[1]: is there twice"));
  CHECK_THAT(FaultWith([](Rules r) { r->quiet_hours[0].weekdays.assign(8, 1); }),
             HoldsText("quiet_hours[0].weekdays: at most 7"));
  CHECK_THAT(FaultWith([](Rules r) { r->quiet_hours.resize(257); }),
             HoldsText("quiet_hours: at most 256"));
}

TEST_CASE("what else cannot be in rules of reach is turned away by its field") {
  CHECK_THAT(FaultWith([](Rules r) { r->zone_trait = "\xff"; }), HoldsText("zone_trait: must be"));
  CHECK_THAT(FaultWith([](Rules r) { r->default_zone = std::string(129, 'z'); }),
             HoldsText("default_zone: must be the name of a time zone"));
  CHECK_THAT(FaultWith([](Rules r) { r->profiling_purpose = std::string(129, 'p'); }),
             HoldsText("profiling_purpose: must be"));
  CHECK_THAT(FaultWith([](Rules r) { r->message_events.clear(); }),
             HoldsText("message_events: must name one type or more"));
  CHECK_THAT(FaultWith([](Rules r) {
               r->message_events = {"sent", ""};
             }),
             HoldsText("message_events[1]: must be UTF-8"));
  CHECK_THAT(FaultWith([](Rules r) { r->message_events = ManyNames(257); }),
             HoldsText("message_events: at most 256"));
}

TEST_CASE("periods of caps have names") {
  CHECK(ToString(CapPeriod::kRolling) == "rolling");
  CHECK(ToString(CapPeriod::kDay) == "day");
  CHECK(ToString(CapPeriod::kWeek) == "week");
  CHECK(ToString(CapPeriod::kMonth) == "month");
  CHECK(ToString(CapPeriod{9}) == "unknown");
}

}  // namespace polyonym::harness
