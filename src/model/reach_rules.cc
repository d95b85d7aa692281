#include "polyonym/model/reach_rules.h"

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "model/fault.h"
#include "polyonym/model/facts.h"
#include "polyonym/model/identifier.h"

namespace polyonym {
namespace {

constexpr std::uint32_t kDaysOfWeek = 7;

// The rules, up to the first fault.
class ReachCheck {
 public:
  explicit ReachCheck(const ReachRules& rules) : rules_(rules) {
    for (const ReachChannel& channel : rules.channels) channels_.insert(channel.name);
  }

  absl::Status Run() {
    Channels();
    Caps();
    Quiet();
    Require(IsNameOrEmpty(rules_.zone_trait), "zone_trait", "must be UTF-8 of at most 128 bytes");
    Require(IsNameOrEmpty(rules_.default_zone), "default_zone",
            "must be the name of a time zone, such as Asia/Shanghai, or empty for UTC");
    Require(IsNameOrEmpty(rules_.profiling_purpose), "profiling_purpose",
            "must be UTF-8 of at most 128 bytes");
    Require(!rules_.message_events.empty(), "message_events", "must name one type or more");
    Names("message_events", rules_.message_events);
    return fault_.status();
  }

 private:
  void Require(bool holds, const std::string& field, std::string_view rule) {
    fault_.Require(holds, field, "", rule);
  }

  // False: there are too many to look at.
  bool Size(const std::string& list, std::size_t size, std::size_t most) {
    if (size > most) Require(false, list, "at most " + std::to_string(most));
    return size <= most;
  }

  void Names(const std::string& list, const std::vector<std::string>& names) {
    if (!Size(list, names.size(), kMaxReachRules)) return;
    std::set<std::string_view> seen;
    for (std::size_t i = 0; i < names.size(); ++i) {
      Require(IsName(names[i]), Item(list, i), kNameRule);
      Require(seen.insert(names[i]).second, Item(list, i), kDistinctRule);
    }
  }

  void ChannelNames(const std::string& list, const std::vector<std::string>& names) {
    Names(list, names);
    for (std::size_t i = 0; i < names.size() && fault_.status().ok(); ++i)
      Require(channels_.contains(names[i]), Item(list, i),
              "must be a channel that is defined here");
  }

  void Channels() {
    if (!Size("channels", rules_.channels.size(), kMaxReachChannels)) return;
    std::set<std::string_view> seen;
    for (std::size_t i = 0; i < rules_.channels.size(); ++i) {
      const ReachChannel& channel = rules_.channels[i];
      const std::string at = Item("channels", i);
      Require(IsName(channel.name), at + ".name", kNameRule);
      Require(seen.insert(channel.name).second, at + ".name", kDistinctRule);
      Require(!channel.namespaces.empty(), at + ".namespaces", "must name one or more");
      Names(at + ".namespaces", channel.namespaces);
      for (std::size_t n = 0; n < channel.namespaces.size() && fault_.status().ok(); ++n)
        Require(IsValidNamespace(channel.namespaces[n]), Item(at + ".namespaces", n),
                "must be a family or family/scope of letters, digits and _ . $ -");
      Require(IsNameOrEmpty(channel.purpose), at + ".purpose",
              "must be UTF-8 of at most 128 bytes; empty: no consent is needed");
    }
  }

  void Caps() {
    if (!Size("caps", rules_.caps.size(), kMaxReachRules)) return;
    std::set<std::string_view> seen;
    for (std::size_t i = 0; i < rules_.caps.size(); ++i) {
      const FrequencyCap& cap = rules_.caps[i];
      const std::string at = Item("caps", i);
      Require(IsName(cap.name), at + ".name", kNameRule);
      Require(seen.insert(cap.name).second, at + ".name", kDistinctRule);
      ChannelNames(at + ".channels", cap.channels);
      Names(at + ".labels", cap.labels);
      Names(at + ".campaigns", cap.campaigns);
      Require(cap.count >= 1 && cap.count <= kMaxCapCount, at + ".count",
              "must be between 1 and 10,000");
      Period(cap, at);
    }
  }

  void Period(const FrequencyCap& cap, const std::string& at) {
    Require(cap.period <= CapPeriod::kMonth, at + ".period", "is not one that this library knows");
    const bool is_rolling = cap.period == CapPeriod::kRolling;
    if (is_rolling) {
      Require(cap.span_ms >= 1 && cap.span_ms <= kMaxSpanMs, at + ".span_ms",
              "must be between a millisecond and a hundred years where the period is rolling");
    } else {
      Require(cap.span_ms == 0, at + ".span_ms", "must be 0 where the period is the calendar's");
    }
    Require(cap.units >= 1 && cap.units <= (is_rolling ? 1 : kMaxCapUnits), at + ".units",
            "must be between 1 and 366, and 1 where the period is rolling");
    Require(cap.week_begins >= 1 && cap.week_begins <= kDaysOfWeek, at + ".week_begins",
            "must be between 1 (Monday) and 7 (Sunday)");
  }

  void Quiet() {
    if (!Size("quiet_hours", rules_.quiet_hours.size(), kMaxReachRules)) return;
    std::set<std::string_view> seen;
    for (std::size_t i = 0; i < rules_.quiet_hours.size(); ++i) {
      const QuietHours& quiet = rules_.quiet_hours[i];
      const std::string at = Item("quiet_hours", i);
      Require(IsName(quiet.name), at + ".name", kNameRule);
      Require(seen.insert(quiet.name).second, at + ".name", kDistinctRule);
      ChannelNames(at + ".channels", quiet.channels);
      Require(quiet.from_minute < kMinutesOfDay, at + ".from_minute",
              "must be between 0 and 1,439");
      Require(quiet.to_minute <= kMinutesOfDay && quiet.to_minute != quiet.from_minute,
              at + ".to_minute",
              "must be between 0 and 1,440, and another than from_minute; the whole day is 0 to "
              "1,440");
      Weekdays(at + ".weekdays", quiet.weekdays);
    }
  }

  void Weekdays(const std::string& list, const std::vector<std::uint32_t>& weekdays) {
    if (!Size(list, weekdays.size(), kDaysOfWeek)) return;
    std::set<std::uint32_t> seen;
    for (std::size_t i = 0; i < weekdays.size(); ++i) {
      Require(weekdays[i] >= 1 && weekdays[i] <= kDaysOfWeek, Item(list, i),
              "must be between 1 (Monday) and 7 (Sunday)");
      Require(seen.insert(weekdays[i]).second, Item(list, i), "is there twice");
    }
  }

  const ReachRules& rules_;
  std::set<std::string_view> channels_;
  Fault fault_;
};

}  // namespace

absl::Status Validate(const ReachRules& rules) { return ReachCheck(rules).Run(); }

std::string_view ToString(CapPeriod period) {
  constexpr std::string_view kNames[] = {"rolling", "day", "week", "month"};
  const auto index = static_cast<std::size_t>(period);
  return index < std::size(kNames) ? kNames[index] : "unknown";
}

}  // namespace polyonym
