// model/reach_rules.h - whom we may write to, where, how often and when: channels, caps and quiet hours, as data.
//
// These are the rules alone; campaign/reach.h says of a person what they come to. All rules are ANDed: a message goes out where none of them
// holds it back, so that the most restrictive wins, and the order of rules says nothing.
//
//   ReachRules rules;
//   rules.channels = {{"sms", {"phone"}, "marketing"}, {"push", {"device"}, ""}};
//   rules.caps = {{.name = "two pushes a week", .channels = {"push"}, .count = 2, .period = CapPeriod::kWeek}};
//   rules.quiet_hours = {{.name = "night", .from_minute = 22 * 60, .to_minute = 8 * 60}};
//   rules.zone_trait = "time_zone";
//   rules.default_zone = "Asia/Shanghai";
//
// THREADS: plain values.
#ifndef POLYONYM_MODEL_REACH_RULES_H_
#define POLYONYM_MODEL_REACH_RULES_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace polyonym {

// Validate() holds them to these. Names are UTF-8 of 1 to 128 bytes; in no list is one there twice.
inline constexpr std::size_t kMaxReachChannels = 64;
inline constexpr std::size_t kMaxReachRules = 256;  // caps; quiet hours; names in any list of them
inline constexpr std::uint32_t kMaxCapCount = 10'000;
inline constexpr std::uint32_t kMaxCapUnits = 366;
inline constexpr std::uint32_t kMinutesOfDay = 24 * 60;

// A way to somebody: letters, calls, one mini-program's messages.
struct ReachChannel {
  std::string name;  // distinct
  // Whose identifiers can be written to: families, of all their scopes (`wechat.openid`), or one scope (`wechat.openid/wx1`). One or more.
  std::vector<std::string> namespaces;
  std::string purpose;  // the consent that must be granted; empty: none is needed
  friend bool operator==(const ReachChannel&, const ReachChannel&) = default;
};

// What time a cap looks back over. Stored: never renumber.
enum class CapPeriod : std::uint8_t {
  kRolling = 0,  // `span_ms` up to now: a message counts until it is as old as that
  // The person's calendar: the day, week or month that now is in, and those before it that make up `units`.
  kDay = 1,
  kWeek = 2,
  kMonth = 3,
};

// So many messages and no more. "A month" is either: kMonth is the calendar's, begins anew on its first day, and two of them may meet
// in one week; 30 days of kRolling never let more through in any 30 days.
struct FrequencyCap {
  std::string name;  // distinct
  // Which messages it counts, and which it holds back: those that each of the three lists takes. Empty: all.
  std::vector<std::string> channels;  // on any of these
  std::vector<std::string>
      labels;  // of a campaign that carries any of these now, whatever it carried when it was sent
  std::vector<std::string> campaigns;  // of any of these
  std::uint32_t count = 1;             // range 1..10,000
  CapPeriod period = CapPeriod::kDay;
  std::int64_t span_ms = 0;       // kRolling: 1 ms to a hundred years; else 0
  std::uint32_t units = 1;        // range 1..366; kRolling: 1
  std::uint32_t week_begins = 1;  // kWeek: 1 Monday (ISO 8601) to 7 Sunday
  friend bool operator==(const FrequencyCap&, const FrequencyCap&) = default;
};

// When nobody is written to: from <= what the person's clock shows < to. Clocks decide, also on days when they are changed: an hour that is shown
// twice is quiet both times, and one that is passed over is not waited for.
struct QuietHours {
  std::string name;                   // distinct
  std::vector<std::string> channels;  // empty: all
  std::uint32_t from_minute = 0;      // of the day; range 0..1,439
  // Range 0..1,440, another than `from_minute`. Less: it reaches over midnight. 0 to 1,440: the whole day.
  std::uint32_t to_minute = 0;
  // The days on which they begin: 1 Monday to 7 Sunday. Empty: every day. 22:00 to 8:00 of Friday ends on Saturday morning.
  std::vector<std::uint32_t> weekdays;
  friend bool operator==(const QuietHours&, const QuietHours&) = default;
};

struct ReachRules {
  std::vector<ReachChannel> channels;
  std::vector<FrequencyCap> caps;
  std::vector<QuietHours> quiet_hours;
  // The person's own time zone: a text trait with a name of IANA's database. Empty: everybody has the default.
  std::string zone_trait;
  std::string default_zone;  // a name of IANA's database; empty: UTC
  // Whoever denied or withdrew this purpose gets no message that a segment chose them for. Empty: no such purpose.
  std::string profiling_purpose;
  // Types of events that are a message sent; one or more.
  std::vector<std::string> message_events = {"message_sent"};
  friend bool operator==(const ReachRules&, const ReachRules&) = default;
};

// ERRORS: InvalidArgument naming the field (`caps[3].count`) and what is allowed: what is said above, and a channel of a cap or of quiet
// hours that is not defined. Whether a zone is one is checked where rules are put in force (campaign/reach.h).
// COST: one pass, n log n in names.
absl::Status Validate(const ReachRules& rules);

std::string_view ToString(CapPeriod period);  // `rolling`

}  // namespace polyonym

#endif  // POLYONYM_MODEL_REACH_RULES_H_
