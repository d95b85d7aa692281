// Laws of reach: whatever was sent and said, under whatever rules, it answers what a slow model says that looks at every quarter of an hour.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "harness/catch.h"
#include "harness/random.h"
#include "polyonym/campaign/reach.h"
#include "polyonym/model/definitions.h"
#include "segment/calendar.h"

namespace polyonym::harness {
namespace {

constexpr std::int64_t kMinuteMs = 60'000;
constexpr std::int64_t kDayMs = 1'440 * kMinuteMs;
// All offsets of the zones below, and the times at which they change, lie on this grid; so do quiet hours and most spans.
constexpr std::int64_t kStepMs = 15 * kMinuteMs;
constexpr std::int64_t kHorizonMs = 80 * kDayMs;  // longer than any cap here lasts
constexpr std::uint32_t kMinutesOfWeek = 7 * 1'440;

using Names = std::vector<std::string>;

const Names kCampaigns = {"", "spring", "summer", "春节"};
const Names kLabels = {"sale", "news"};
const std::vector<Identifier> kIdentifiers = {
    {"phone", "1"}, {"device", "a"}, {"openid/wx1", "x"}, {"openid/wx2", "y"}, {"crm", "7"}};
const std::vector<ReachChannel> kChannels = {{"sms", {"phone"}, "ads"},
                                             {"call", {"phone"}, ""},
                                             {"push", {"device", "openid/wx1"}, ""},
                                             {"wechat", {"openid"}, "ads"}};

// A zone, and a day near which its clocks are changed or its calendar does something.
struct Where {
  std::string zone;
  int year;
  unsigned month, day;
};
const std::vector<Where> kPlaces = {
    {"Asia/Shanghai", 2026, 2, 28},      {"", 2024, 2, 29},
    {"America/New_York", 2026, 3, 8},    {"America/New_York", 2026, 11, 1},
    {"Europe/London", 2026, 3, 29},      {"Australia/Lord_Howe", 2026, 4, 5},
    {"America/Sao_Paulo", 2017, 10, 15}, {"America/Sao_Paulo", 2018, 2, 18},
    {"Pacific/Apia", 2011, 12, 30},      {"Asia/Kathmandu", 2026, 12, 31},
    {"Africa/Cairo", 2009, 4, 24}};

struct Case {
  Definitions definitions;
  ReachRules rules;
  CampaignLabels labels;
  std::vector<FactRow> rows;
  std::vector<Identifier> identifiers;
  std::int64_t now_ms = 0;
  OutboundMessage message;
  std::string zone;
};

// ---- Random cases ----

Names Some(Random& random, const Names& from, std::uint32_t percent) {
  Names some;
  for (const std::string& name : from) {
    if (!name.empty() && random.Chance(percent)) some.push_back(name);
  }
  return some;
}

Names ChannelNames() {
  Names names;
  for (const ReachChannel& channel : kChannels) names.push_back(channel.name);
  return names;
}

FrequencyCap RandomCap(Random& random, bool on_grid) {
  FrequencyCap cap;
  cap.name = "cap " + std::to_string(random.Below(1'000'000));
  if (random.Chance(40)) cap.channels = Some(random, ChannelNames(), 40);
  if (random.Chance(30)) cap.labels = Some(random, kLabels, 60);
  if (random.Chance(20)) cap.campaigns = Some(random, kCampaigns, 60);
  cap.count = static_cast<std::uint32_t>(random.Between(1, 4));
  cap.period = static_cast<CapPeriod>(random.Below(4));
  cap.week_begins = static_cast<std::uint32_t>(random.Between(1, 7));
  if (cap.period == CapPeriod::kRolling) {
    cap.span_ms = kStepMs * random.Between(1, random.Chance(50) ? 96 : 30 * 96);
    if (!on_grid) cap.span_ms += random.Between(0, 1) * 7;
  } else {
    cap.units =
        static_cast<std::uint32_t>(random.Between(1, cap.period == CapPeriod::kDay ? 9 : 2));
  }
  return cap;
}

QuietHours RandomQuiet(Random& random) {
  QuietHours quiet;
  quiet.name = "quiet " + std::to_string(random.Below(1'000'000));
  if (random.Chance(30)) quiet.channels = Some(random, ChannelNames(), 50);
  quiet.from_minute = 15 * static_cast<std::uint32_t>(random.Below(96));
  do {
    quiet.to_minute = 15 * static_cast<std::uint32_t>(random.Below(97));
  } while (quiet.to_minute == quiet.from_minute);
  for (std::uint32_t day = 1; day <= 7; ++day) {
    if (random.Chance(40)) quiet.weekdays.push_back(day);
  }
  if (random.Chance(10)) {
    quiet.from_minute = 0;
    quiet.to_minute = kMinutesOfDay;
    if (random.Chance(20)) quiet.weekdays.clear();
  }
  return quiet;
}

Event RandomEvent(Random& random) {
  Event event;
  event.type = random.Chance(80) ? "message_sent" : random.Chance(50) ? "letter" : "order";
  event.campaign = random.Pick(kCampaigns);
  if (random.Chance(10)) event.direction = random.Chance(50) ? Direction::kIn : Direction::kOut;
  if (random.Chance(25))
    event.properties["channel"] = {random.Chance(80) ? random.Pick(ChannelNames()) : "fax"};
  return event;
}

FactRow RandomRow(Random& random, std::int64_t now_ms, bool on_grid, std::size_t number) {
  FactRow row;
  row.from.belongs_to = random.Pick(kIdentifiers);
  row.from.record_source = "crm";
  row.from.record_id = std::to_string(number);
  const std::int64_t back = random.Between(0, random.Chance(60) ? 4 * 96 : 40 * 96);
  row.from.time_ms = now_ms - back * kStepMs + (random.Chance(5) ? kDayMs : 0);
  if (!on_grid) row.from.time_ms -= random.Between(0, 2 * kMinuteMs);
  if (random.Chance(85)) row.facts.events.push_back(RandomEvent(random));
  if (random.Chance(20))
    row.facts.consents.push_back(
        {random.Chance(50) ? "ads" : "profiling",
         static_cast<ConsentState>(random.Chance(70) ? 1 : random.Below(4)), std::nullopt});
  return row;
}

Case RandomCase(Random& random) {
  Case made;
  const bool on_grid = random.Chance(60);
  const Where& where = random.Pick(kPlaces);
  const std::chrono::sys_days day =
      std::chrono::year(where.year) / std::chrono::month(where.month) / std::chrono::day(where.day);
  made.zone = where.zone;
  made.now_ms = day.time_since_epoch().count() * kDayMs + kStepMs * random.Between(-5 * 96, 2 * 96);

  made.rules.channels = kChannels;
  for (std::uint64_t n = random.Below(4); n > 0; --n)
    made.rules.caps.push_back(RandomCap(random, on_grid));
  for (std::uint64_t n = random.Below(4); n > 0; --n)
    made.rules.quiet_hours.push_back(RandomQuiet(random));
  made.rules.message_events = {"message_sent", "letter"};
  made.rules.default_zone = random.Chance(30) ? made.zone : "Asia/Tokyo";
  made.rules.zone_trait = made.rules.default_zone == made.zone ? "" : "zone";
  if (random.Chance(50)) made.rules.profiling_purpose = "profiling";
  if (random.Chance(20))
    made.definitions.privacy.restriction_purpose = random.Chance(50) ? "ads" : "profiling";
  made.definitions.purposes = {
      {.name = "ads", .valid_ms = random.Chance(50) ? 0 : kStepMs * random.Between(1, 40 * 96)}};

  for (const std::string& campaign : kCampaigns) made.labels[campaign] = Some(random, kLabels, 50);
  for (std::uint64_t n = random.Below(14); n > 0; --n)
    made.rows.push_back(RandomRow(random, made.now_ms, on_grid, made.rows.size()));
  if (!made.rules.zone_trait.empty()) {
    FactRow& row = made.rows.emplace_back();
    row.from.belongs_to = kIdentifiers[0];
    row.facts.traits.push_back({"zone", {made.zone.empty() ? "UTC" : made.zone}, {}, ""});
  }
  for (const Identifier& identifier : kIdentifiers) {
    if (random.Chance(70)) made.identifiers.push_back(identifier);
  }
  std::sort(made.identifiers.begin(), made.identifiers.end());
  made.message.campaign = random.Pick(kCampaigns);
  made.message.channels = Some(random, ChannelNames(), 60);
  made.message.labels = Some(random, kLabels, 30);
  made.message.profiled = random.Chance(40);
  made.message.urgent = random.Chance(5);
  return made;
}

// ---- The slow model: whether each rule holds at a time, by its definition ----

bool Has(const Names& names, const std::string& name) {
  return std::count(names.begin(), names.end(), name) > 0;
}

bool Meet(const Names& a, const Names& b) {
  return std::any_of(a.begin(), a.end(), [&](const std::string& name) { return Has(b, name); });
}

class Naive {
 public:
  explicit Naive(const Case& made) : made_(made), zone_(*segment::TimeZone::Of(made.zone)) {
    for (const FactRow& row : made.rows) {
      for (const Event& event : row.facts.events) {
        if (row.from.time_ms <= made.now_ms && event.type != "order" &&
            event.direction != Direction::kIn)
          sent_.push_back({&row, &event, zone_.LocalMs(row.from.time_ms)});
      }
    }
    for (const QuietHours& quiet : made.rules.quiet_hours) MarkWeek(quiet);
  }

  // Messages under a cap that count at a time.
  std::uint32_t Count(const FrequencyCap& cap, std::int64_t at_ms) const {
    const std::int64_t local = zone_.LocalMs(at_ms);
    return static_cast<std::uint32_t>(
        std::count_if(sent_.begin(), sent_.end(), [&](const Sent& sent) {
          return sent.row->from.time_ms <= at_ms && IsUnder(cap, sent) &&
                 IsIn(cap, sent, at_ms, local);
        }));
  }

  bool IsFull(std::size_t cap, std::int64_t at_ms) const {
    return Count(made_.rules.caps[cap], at_ms) >= made_.rules.caps[cap].count;
  }

  // Whether the message that is to go out falls under it there.
  bool Concerns(const FrequencyCap& cap, const std::string& channel) const {
    Names labels = made_.message.labels;
    if (!made_.message.campaign.empty()) {
      const Names& more = made_.labels.at(made_.message.campaign);
      labels.insert(labels.end(), more.begin(), more.end());
    }
    return !made_.message.urgent && (cap.channels.empty() || Has(cap.channels, channel)) &&
           (cap.campaigns.empty() || Has(cap.campaigns, made_.message.campaign)) &&
           (cap.labels.empty() || Meet(cap.labels, labels));
  }

  bool IsQuiet(std::size_t quiet, std::int64_t at_ms) const {
    // 1970-01-05 was a Monday. Minutes do not go below it here.
    const std::int64_t minute = (zone_.LocalMs(at_ms) - 4 * kDayMs) / kMinuteMs;
    return weeks_[quiet][static_cast<std::size_t>(minute % kMinutesOfWeek)];
  }

  bool Concerns(const QuietHours& quiet, const std::string& channel) const {
    return !made_.message.urgent && (quiet.channels.empty() || Has(quiet.channels, channel));
  }

  // What stands of a purpose, by identifier.
  std::map<Identifier, ConsentState> Words(const std::string& purpose, std::int64_t at_ms) const {
    const std::int64_t valid_ms = purpose == "ads" ? made_.definitions.purposes[0].valid_ms : 0;
    std::map<Identifier, std::pair<std::int64_t, std::string>> last;
    std::map<Identifier, ConsentState> words;
    for (const FactRow& row : made_.rows) {
      for (const Consent& consent : row.facts.consents) {
        const std::int64_t time_ms = row.from.time_ms;
        const bool is_over =
            consent.state == ConsentState::kGranted && valid_ms > 0 && at_ms >= time_ms + valid_ms;
        if (consent.purpose != purpose || consent.state == ConsentState::kUnknown || is_over ||
            time_ms > made_.now_ms)
          continue;
        const auto place = std::pair(time_ms, row.from.record_id);
        const auto [at, is_new] = last.try_emplace(row.from.belongs_to, place);
        if (!is_new && place < at->second) continue;
        at->second = place;
        words[row.from.belongs_to] = consent.state;
      }
    }
    return words;
  }

  bool IsGranted(const std::string& purpose, std::int64_t at_ms) const {
    const auto words = Words(purpose, at_ms);
    return !words.empty() && std::all_of(words.begin(), words.end(), [](const auto& word) {
      return word.second == ConsentState::kGranted;
    });
  }

  bool IsRefused(const std::string& purpose, std::int64_t at_ms) const {
    return !Words(purpose, at_ms).empty() && !IsGranted(purpose, at_ms);
  }

  Names HoldsAt(const ReachChannel& channel, std::int64_t at_ms) const {
    Names holds;
    if (std::none_of(made_.identifiers.begin(), made_.identifiers.end(),
                     [&](const Identifier& who) { return IsOf(channel, who.ns); }))
      holds.push_back("identifier");
    if (!channel.purpose.empty() && !IsGranted(channel.purpose, at_ms)) holds.push_back("consent");
    if (made_.message.profiled && !made_.rules.profiling_purpose.empty() &&
        IsRefused(made_.rules.profiling_purpose, at_ms))
      holds.push_back("profiling");
    for (std::size_t i = 0; i < made_.rules.caps.size(); ++i) {
      const FrequencyCap& cap = made_.rules.caps[i];
      if (Concerns(cap, channel.name) && IsFull(i, at_ms)) holds.push_back(cap.name);
    }
    for (std::size_t i = 0; i < made_.rules.quiet_hours.size(); ++i) {
      const QuietHours& quiet = made_.rules.quiet_hours[i];
      if (Concerns(quiet, channel.name) && IsQuiet(i, at_ms)) holds.push_back(quiet.name);
    }
    const std::string& restriction = made_.definitions.privacy.restriction_purpose;
    if (!restriction.empty() && IsRefused(restriction, at_ms)) holds.push_back("restricted");
    return holds;
  }

 private:
  struct Sent {
    const FactRow* row;
    const Event* event;
    std::int64_t local_ms;
  };

  static bool IsOf(const ReachChannel& channel, const std::string& ns) {
    return Has(channel.namespaces, ns) || Has(channel.namespaces, ns.substr(0, ns.find('/')));
  }

  static bool IsOn(const ReachChannel& channel, const Sent& sent) {
    const auto property = sent.event->properties.find("channel");
    const std::string named =
        property == sent.event->properties.end() ? "" : ToText(property->second);
    if (Has(ChannelNames(), named)) return named == channel.name;
    return IsOf(channel, sent.row->from.belongs_to.ns);
  }

  bool IsUnder(const FrequencyCap& cap, const Sent& sent) const {
    const std::string& campaign = sent.event->campaign;
    const bool is_on = cap.channels.empty() ||
                       std::any_of(kChannels.begin(), kChannels.end(), [&](const auto& channel) {
                         return Has(cap.channels, channel.name) && IsOn(channel, sent);
                       });
    return is_on && (cap.campaigns.empty() || Has(cap.campaigns, campaign)) &&
           (cap.labels.empty() ||
            (!campaign.empty() && Meet(cap.labels, made_.labels.at(campaign))));
  }

  // The number of the period that a clock's time is in.
  static std::int64_t PeriodOf(const FrequencyCap& cap, std::int64_t local_ms) {
    const std::int64_t day = local_ms / kDayMs;  // times are after 1970
    if (cap.period == CapPeriod::kDay) return day;
    if (cap.period == CapPeriod::kWeek) return (day + 3 + 7 - (cap.week_begins - 1)) / 7;
    const std::chrono::year_month_day date{
        std::chrono::sys_days(std::chrono::days(static_cast<int>(day)))};
    return static_cast<int>(date.year()) * 12 +
           static_cast<int>(static_cast<unsigned>(date.month()));
  }

  static bool IsIn(const FrequencyCap& cap, const Sent& sent, std::int64_t at_ms,
                   std::int64_t local_ms) {
    if (cap.period == CapPeriod::kRolling) return at_ms - sent.row->from.time_ms < cap.span_ms;
    return PeriodOf(cap, local_ms) - PeriodOf(cap, sent.local_ms) < cap.units;
  }

  void MarkWeek(const QuietHours& quiet) {
    std::vector<bool> week(kMinutesOfWeek);
    for (std::uint32_t day = 1; day <= 7; ++day) {
      if (!quiet.weekdays.empty() &&
          std::count(quiet.weekdays.begin(), quiet.weekdays.end(), day) == 0)
        continue;
      const std::uint32_t wrap = quiet.to_minute < quiet.from_minute ? 1'440 : 0;
      for (std::uint32_t minute = quiet.from_minute; minute < quiet.to_minute + wrap; ++minute)
        week[((day - 1) * 1'440 + minute) % kMinutesOfWeek] = true;
    }
    weeks_.push_back(std::move(week));
  }

  const Case& made_;
  segment::TimeZone zone_;
  std::vector<Sent> sent_;
  std::vector<std::vector<bool>> weeks_;  // by quiet hours, each minute of a week from Monday on
};

// ---- The checks ----

ReachAnswer Ask(const Case& made, std::int64_t at_ms) {
  SegmentSubject person(made.definitions, made.rows, made.identifiers, kIdentifiers[0], at_ms);
  auto answer = Reach(made.rules, made.labels, &person, made.message);
  INFO(answer.status().message());
  REQUIRE(answer.ok());
  return *std::move(answer);
}

const ReachChannel& ChannelOf(const std::string& name) {
  return *std::find_if(kChannels.begin(), kChannels.end(),
                       [&](const ReachChannel& channel) { return channel.name == name; });
}

Names NamesOf(const ChannelReach& reach) {
  Names names;
  for (const ReachHold& hold : reach.holds) {
    if (hold.kind == HoldKind::kNoIdentifier) {
      names.push_back("identifier");
    } else if (hold.kind == HoldKind::kProfiling || hold.kind == HoldKind::kRestricted) {
      names.push_back(std::string(ToString(hold.kind)));
    } else {
      names.push_back(hold.kind < HoldKind::kProfiling ? "consent" : hold.rule);
    }
  }
  return names;
}

std::string CheckKind(const Naive& naive, const ReachHold& hold, std::int64_t now_ms) {
  if (hold.kind == HoldKind::kNoIdentifier || hold.kind >= HoldKind::kProfiling) return "";
  const auto words = naive.Words(hold.rule, now_ms);
  std::set<bool> granted;
  for (const auto& [who, state] : words) granted.insert(state == ConsentState::kGranted);
  const bool is_right =
      hold.kind == HoldKind::kConsentMissing || hold.kind == HoldKind::kConsentExpired
          ? words.empty()
      : hold.kind == HoldKind::kConsentConflict ? granted.size() == 2
                                                : granted == std::set<bool>{false};
  return is_right ? "" : "another kind of refusal\n";
}

// The first moment from `from_ms` on at which it does not hold any more, on the grid. None: it always does.
std::optional<std::int64_t> FirstFree(const std::function<bool(std::int64_t)>& holds,
                                      std::int64_t from_ms) {
  for (std::int64_t at = from_ms; at <= from_ms + kHorizonMs; at += kStepMs) {
    if (!holds(at)) return at;
  }
  return std::nullopt;
}

// That something holds up to a moment and not at it.
std::string CheckUntil(const std::string& what, const std::function<bool(std::int64_t)>& holds,
                       std::int64_t now_ms, std::optional<std::int64_t> until_ms) {
  const std::optional<std::int64_t> free_ms = FirstFree(holds, now_ms);
  if (!until_ms) return free_ms ? what + ": it does let go\n" : "";
  // A moment off the grid need not be followed by one on it that is free too.
  if (free_ms && *free_ms < *until_ms) return what + ": it lets go earlier\n";
  if (holds(*until_ms)) return what + ": it holds when it should let go\n";
  if (*until_ms > now_ms && !holds(*until_ms - 1)) return what + ": it lets go before\n";
  return "";
}

std::string CheckRule(const Case& made, const Naive& naive, const ReachHold& hold) {
  const auto by_name = [&](const auto& rule) { return rule.name == hold.rule; };
  if (hold.kind == HoldKind::kCap) {
    const auto& caps = made.rules.caps;
    const auto at =
        static_cast<std::size_t>(std::find_if(caps.begin(), caps.end(), by_name) - caps.begin());
    return CheckUntil(
        hold.rule, [&](std::int64_t ms) { return naive.IsFull(at, ms); }, made.now_ms,
        hold.until_ms);
  }
  if (hold.kind == HoldKind::kQuietHours) {
    const auto& quiet = made.rules.quiet_hours;
    const auto at =
        static_cast<std::size_t>(std::find_if(quiet.begin(), quiet.end(), by_name) - quiet.begin());
    return CheckUntil(
        hold.rule, [&](std::int64_t ms) { return naive.IsQuiet(at, ms); }, made.now_ms,
        hold.until_ms);
  }
  return hold.until_ms ? hold.rule + ": only the person can change it\n" : "";
}

std::string CheckChannel(const Case& made, const Naive& naive, const ChannelReach& reach) {
  const ReachChannel& channel = ChannelOf(reach.channel);
  const Names want = naive.HoldsAt(channel, made.now_ms);
  std::string faults;
  if (NamesOf(reach) != want) faults += reach.channel + ": other rules hold it back\n";
  if (reach.open() != (reach.open_ms == made.now_ms)) faults += "open now and not open now\n";
  for (const ReachHold& hold : reach.holds)
    faults += CheckKind(naive, hold, made.now_ms) + CheckRule(made, naive, hold);
  faults += CheckUntil(
      reach.channel, [&](std::int64_t ms) { return !naive.HoldsAt(channel, ms).empty(); },
      made.now_ms, reach.open_ms);
  return faults;
}

std::string CheckCase(const Case& made) {
  REQUIRE(CheckReach(made.rules).ok());
  const Naive naive(made);
  const ReachAnswer answer = Ask(made, made.now_ms);
  std::string faults;
  if (answer.zone != made.zone && !(made.zone.empty() && answer.zone == "UTC"))
    faults += "another zone\n";
  for (const ChannelReach& reach : answer.channels) faults += CheckChannel(made, naive, reach);
  return faults;
}

// Asked at the moment that it said, and just before, it says what it said that it would.
std::string CheckAgain(const Case& made) {
  Case known = made;  // what is told of later times comes in between
  std::erase_if(known.rows, [&](const FactRow& row) { return row.from.time_ms > made.now_ms; });
  std::string faults;
  for (const ChannelReach& reach : Ask(known, made.now_ms).channels) {
    if (!reach.open_ms || reach.open()) continue;
    const auto is_open_at = [&](std::int64_t ms) {
      for (const ChannelReach& then : Ask(known, ms).channels) {
        if (then.channel == reach.channel) return then.open();
      }
      return false;
    };
    if (!is_open_at(*reach.open_ms)) faults += reach.channel + ": it is not open then\n";
    if (is_open_at(*reach.open_ms - 1)) faults += reach.channel + ": it is open before\n";
  }
  return faults;
}

std::string CheckOrder(const Case& made, Random& random) {
  Case shuffled = made;
  random.Shuffle(&shuffled.rows);
  return Ask(shuffled, made.now_ms) == Ask(made, made.now_ms)
             ? ""
             : "in another order it says something else\n";
}

FactRow RowOfMessage(const Case& made, std::int64_t time_ms) {
  FactRow row;
  row.from.belongs_to = kIdentifiers.back();
  row.from.record_source = "host";
  row.from.record_id = std::to_string(made.rows.size());
  row.from.time_ms = time_ms;
  Event event;
  event.type = "message_sent";
  event.campaign = made.message.campaign;
  event.properties["channel"] = {made.message.channels[0]};
  row.facts.events.push_back(std::move(event));
  return row;
}

// A host that writes on one channel as soon as it is open, from a moment at which nothing was sent.
Case SendWheneverOpen(const Case& made, const std::string& channel) {
  Case sent = made;
  sent.rows.clear();
  sent.rules.zone_trait.clear();
  sent.rules.default_zone = made.zone;
  for (ReachChannel& of : sent.rules.channels) of.purpose.clear();
  sent.identifiers = kIdentifiers;
  sent.message = {.campaign = made.message.campaign, .channels = {channel}};
  for (int asked = 0; asked < 80; ++asked) {
    const ChannelReach reach = Ask(sent, sent.now_ms).channels[0];
    if (!reach.open_ms) break;
    sent.now_ms = *reach.open_ms;
    if (reach.open()) sent.rows.push_back(RowOfMessage(sent, sent.now_ms));
  }
  return sent;
}

std::string CheckNeverTooMany(const Case& made, Random& random) {
  const Case sent = SendWheneverOpen(made, random.Pick(ChannelNames()));
  const Naive naive(sent);
  std::string faults;
  for (const FrequencyCap& cap : sent.rules.caps) {
    if (!naive.Concerns(cap, sent.message.channels[0])) continue;
    for (const FactRow& row : sent.rows) {
      if (naive.Count(cap, row.from.time_ms) > cap.count) faults += cap.name + ": too many\n";
    }
  }
  return faults;
}

std::uint64_t FromEnvironment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr || *text == '\0' ? otherwise : std::strtoull(text, nullptr, 10);
}

// POLYONYM_SEED: that case alone; POLYONYM_HISTORIES: so many in a hundred of them.
void CheckCases(std::uint64_t first_seed, std::uint64_t count,
                const std::function<std::string(const Case&, Random&)>& check) {
  const std::uint64_t only = FromEnvironment("POLYONYM_SEED", 0);
  const std::uint64_t first = only != 0 ? only : first_seed;
  const std::uint64_t cases =
      only != 0 ? 1 : count * FromEnvironment("POLYONYM_HISTORIES", 100) / 100;
  for (std::uint64_t seed = first; seed < first + cases; ++seed) {
    Random random(seed);
    const Case made = RandomCase(random);
    INFO("POLYONYM_SEED=" << seed << " in " << made.zone);
    const std::string fault = check(made, random);
    INFO(fault);
    REQUIRE(fault.empty());
  }
}

}  // namespace

TEST_CASE(
    "reach says of random histories what a model says that looks at every quarter of an hour") {
  CheckCases(1, 500, [](const Case& made, Random&) { return CheckCase(made); });
}

TEST_CASE("reach says at length what the model says", "[slow]") {
  CheckCases(100'001, 20'000, [](const Case& made, Random&) { return CheckCase(made); });
}

TEST_CASE("a channel opens at the moment that was said and not before") {
  CheckCases(20'001, 3'000, [](const Case& made, Random&) { return CheckAgain(made); });
}

TEST_CASE("who writes as soon as a channel is open never writes more often than a cap allows") {
  CheckCases(40'001, 500, CheckNeverTooMany);
}

TEST_CASE("reach does not depend on the order of records") {
  CheckCases(30'001, 1'000, CheckOrder);
}

TEST_CASE("random histories come to every kind of hold and to every kind of end") {
  std::map<HoldKind, std::size_t> kinds;
  std::size_t endless = 0, put_off = 0, open = 0;
  for (std::uint64_t seed = 1; seed <= 1'000; ++seed) {
    Random random(seed);
    const Case made = RandomCase(random);
    for (const ChannelReach& reach : Ask(made, made.now_ms).channels) {
      for (const ReachHold& hold : reach.holds) ++kinds[hold.kind];
      open += reach.open() ? 1 : 0;
      put_off += reach.open_ms && !reach.open() ? 1 : 0;
      endless += std::any_of(reach.holds.begin(), reach.holds.end(),
                             [](const ReachHold& hold) {
                               return hold.kind == HoldKind::kQuietHours && !hold.until_ms;
                             })
                     ? 1
                     : 0;
    }
  }
  for (int kind = 0; kind <= 9; ++kind) {
    CAPTURE(kind);
    CHECK(kinds[HoldKind{static_cast<std::uint8_t>(kind)}] > 10);
  }
  CHECK(open > 200);
  CHECK(put_off > 200);
  CHECK(endless > 5);
}

}  // namespace polyonym::harness
