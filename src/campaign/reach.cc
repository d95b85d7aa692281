#include "polyonym/campaign/reach.h"

#include <algorithm>
#include <bitset>
#include <cstddef>
#include <iterator>
#include <utility>
#include <variant>

#include "campaign/cap_clock.h"
#include "campaign/quiet.h"
#include "polyonym/profile/profile.h"
#include "profile/ordered_facts.h"
#include "segment/calendar.h"
#include "segment/fact_turns.h"
#include "segment/subject.h"

namespace polyonym {
namespace {

using Channels = std::bitset<kMaxReachChannels>;  // by their places in the rules
using PersonImpl = SegmentSubject::Impl;

bool HasName(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool HasOneOf(const std::vector<std::string>& names, const std::vector<std::string>& others) {
  return std::any_of(names.begin(), names.end(),
                     [&](const std::string& name) { return HasName(others, name); });
}

// A message of no campaign carries none.
const std::vector<std::string>& CarriedBy(const CampaignLabels& labels,
                                          const std::string& campaign) {
  static const auto* const kNone = new std::vector<std::string>();
  const auto at = campaign.empty() ? labels.end() : labels.find(campaign);
  return at == labels.end() ? *kNone : at->second;
}

bool IsOf(const ReachChannel& channel, std::string_view ns) {
  return std::any_of(channel.namespaces.begin(), channel.namespaces.end(),
                     [&](const std::string& of) { return ns == of || FamilyOf(ns) == of; });
}

// ---- The zone ----

struct Zone {
  segment::TimeZone clock;
  std::string name;
  ZoneSource from = ZoneSource::kDefault;
};

// What the person's trait says; null: there is none, or it says nothing.
const ProfileTrait* ZoneTraitOf(const ReachRules& rules, PersonImpl* person) {
  if (rules.zone_trait.empty()) return nullptr;
  const ProfileTrait* trait = person->Trait(rules.zone_trait);
  const bool says_nothing =
      trait == nullptr || trait->values.empty() || trait->values[0] == Value{std::string()};
  return says_nothing ? nullptr : trait;
}

// Null: no text, or several.
const std::string* TextOf(const ProfileTrait* trait) {
  if (trait == nullptr || trait->values.size() != 1) return nullptr;
  return std::get_if<std::string>(&trait->values[0].is);
}

absl::StatusOr<segment::TimeZone> DefaultZone(const ReachRules& rules) {
  auto zone = segment::TimeZone::Of(rules.default_zone);
  if (!zone.ok())
    return absl::InvalidArgumentError("default_zone: " + std::string(zone.status().message()));
  return zone;
}

absl::StatusOr<Zone> ZoneOf(const ReachRules& rules, PersonImpl* person) {
  const ProfileTrait* trait = ZoneTraitOf(rules, person);
  if (const std::string* text = TextOf(trait)) {
    auto zone = segment::TimeZone::Of(*text);
    if (zone.ok()) return Zone{*std::move(zone), *text, ZoneSource::kPerson};
  }
  auto zone = DefaultZone(rules);
  if (!zone.ok()) return zone.status();
  return Zone{*std::move(zone), rules.default_zone,
              trait == nullptr ? ZoneSource::kDefault : ZoneSource::kUnknown};
}

// ---- Consent ----

// Why a purpose is not granted; none: it is. `consent`: what the fold says, null where nobody said anything.
std::optional<HoldKind> Refusal(const ProfileConsent* consent) {
  if (consent == nullptr) return HoldKind::kConsentMissing;
  switch (consent->state) {
    case ConsentState::kGranted:
      return std::nullopt;
    case ConsentState::kUnknown:  // something was said of it, and nothing stands
      return HoldKind::kConsentExpired;
    case ConsentState::kDenied:
      return consent->conflict ? HoldKind::kConsentConflict : HoldKind::kConsentDenied;
    case ConsentState::kWithdrawn:
      return consent->conflict ? HoldKind::kConsentConflict : HoldKind::kConsentWithdrawn;
  }
  return HoldKind::kConsentMissing;
}

// Not whether it is granted: who said nothing refuses nothing.
bool IsRefused(const ProfileConsent* consent) {
  return consent != nullptr &&
         (consent->state == ConsentState::kDenied || consent->state == ConsentState::kWithdrawn);
}

// What was said of purposes up to the person's now, as it stands at a later time: grants may have ended.
std::vector<ProfileConsent> ConsentsAt(const PersonImpl& person, std::int64_t time_ms) {
  std::vector<FactRow> said;
  for (const FactRow& row : person.rows()) {
    if (row.facts.consents.empty()) continue;
    FactRow& copy = said.emplace_back();
    copy.from = row.from;
    for (const Consent& consent : row.facts.consents) {
      if (profile::TimeOf(consent, row) <= person.now_ms()) copy.facts.consents.push_back(consent);
    }
  }
  ProfileOptions options;
  options.traits = options.tags = options.ladders = options.contacts = false;
  options.scores = options.relations = options.timeline = options.ambiguous = false;
  return FoldProfile(person.definitions(), said, options, time_ms).consents;
}

// ---- What was sent ----

struct Sent {
  const Event* event;
  std::int64_t time_ms;
  Channels on;
};

class History {
 public:
  // In order of time, up to the person's now.
  History(const ReachRules& rules, const CampaignLabels& labels, PersonImpl* person)
      : labels_(labels) {
    for (const auto& placed : person->events()) {
      if (placed.fact->direction == Direction::kIn ||
          !HasName(rules.message_events, placed.fact->type))
        continue;
      sent_.push_back({placed.fact, placed.time_ms,
                       ChannelsOf(rules, *placed.fact, placed.row->from.belongs_to.ns)});
    }
  }

  // Until when the cap is full; none: it is not. `on`: the cap's channels.
  std::optional<std::int64_t> FullUntil(const FrequencyCap& cap, const Channels& on,
                                        std::int64_t now_ms, const segment::TimeZone& zone) const {
    std::vector<std::int64_t>
        ends;  // of messages that count now; they end in the order in which they were sent
    for (const Sent& sent : sent_) {
      if (!Counts(cap, on, sent)) continue;
      const std::int64_t end = campaign::CountsUntil(cap, sent.time_ms, zone);
      if (end > now_ms) ends.push_back(end);
    }
    if (ends.size() < cap.count) return std::nullopt;
    return ends[ends.size() - cap.count];
  }

 private:
  static Channels ChannelsOf(const ReachRules& rules, const Event& event, std::string_view ns) {
    Channels named, by_namespace;
    const auto property = event.properties.find(std::string(kChannelProperty));
    const auto* name = property == event.properties.end()
                           ? nullptr
                           : std::get_if<std::string>(&property->second.is);
    for (std::size_t i = 0; i < rules.channels.size(); ++i) {
      named[i] = name != nullptr && rules.channels[i].name == *name;
      by_namespace[i] = IsOf(rules.channels[i], ns);
    }
    return named.any() ? named : by_namespace;
  }

  bool Counts(const FrequencyCap& cap, const Channels& on, const Sent& sent) const {
    if (!cap.channels.empty() && (sent.on & on).none()) return false;
    const std::string& campaign = sent.event->campaign;
    if (!cap.campaigns.empty() && !HasName(cap.campaigns, campaign)) return false;
    return cap.labels.empty() || HasOneOf(cap.labels, CarriedBy(labels_, campaign));
  }

  const CampaignLabels& labels_;
  std::vector<Sent> sent_;
};

// ---- One message to one person ----

class Asking {
 public:
  Asking(const ReachRules& rules, const CampaignLabels& labels, PersonImpl* person,
         const OutboundMessage& message, const segment::TimeZone& zone)
      : rules_(rules), labels_(labels), person_(person), message_(message), zone_(zone) {
    if (!message.urgent && !rules.caps.empty()) FillCaps(History(rules, labels, person));
  }

  ChannelReach Ask(std::size_t channel) {
    const ReachChannel& of = rules_.channels[channel];
    ChannelReach reach;
    reach.channel = of.name;
    for (const Identifier& identifier : person_->identifiers()) {
      if (IsOf(of, identifier.ns)) reach.identifiers.push_back(identifier);
    }
    if (reach.identifiers.empty()) reach.holds.push_back({HoldKind::kNoIdentifier, "", {}});
    AskConsent(
        of, [&](const std::string& purpose) { return person_->Consent(purpose); }, &reach.holds);
    const bool is_restricted =
        IsRestricted([&](const std::string& purpose) { return person_->Consent(purpose); });
    const bool is_for_the_person_to_change = !reach.open() || is_restricted;
    std::int64_t caps_until = person_->now_ms();
    for (const Cap& cap : full_) {
      if (!cap.on[channel]) continue;
      caps_until = std::max(caps_until, cap.until_ms);
      reach.holds.push_back({HoldKind::kCap, cap.rule->name, Moment(cap.until_ms)});
    }
    const std::vector<const QuietHours*> quiet = QuietOn(of.name);
    AskQuiet(quiet, &reach);
    if (is_restricted) reach.holds.push_back({HoldKind::kRestricted, Restriction(), {}});
    if (!is_for_the_person_to_change) reach.open_ms = OpenAt(of, quiet, caps_until);
    return reach;
  }

 private:
  // A cap that is full and under which the message falls, on these channels.
  struct Cap {
    const FrequencyCap* rule;
    Channels on;
    std::int64_t until_ms;
  };

  static std::optional<std::int64_t> Moment(std::int64_t ms) {
    return ms == segment::kNeverMs ? std::nullopt : std::optional<std::int64_t>(ms);
  }

  void FillCaps(const History& history) {
    for (const FrequencyCap& cap : rules_.caps) {
      if (!cap.labels.empty() && !HasOneOf(cap.labels, message_.labels) &&
          !HasOneOf(cap.labels, CarriedBy(labels_, message_.campaign)))
        continue;
      if (!cap.campaigns.empty() && !HasName(cap.campaigns, message_.campaign)) continue;
      Channels on;
      for (std::size_t i = 0; i < rules_.channels.size(); ++i)
        on[i] = cap.channels.empty() || HasName(cap.channels, rules_.channels[i].name);
      const auto until = history.FullUntil(cap, on, person_->now_ms(), zone_);
      if (until) full_.push_back({&cap, on, *until});
    }
  }

  // What a person's consents hold back. `consent_of`: what stands of a purpose, null where nothing was said.
  template <class ConsentOf>
  void AskConsent(const ReachChannel& channel, const ConsentOf& consent_of,
                  std::vector<ReachHold>* holds) const {
    if (!channel.purpose.empty()) {
      if (const auto refusal = Refusal(consent_of(channel.purpose)))
        holds->push_back({*refusal, channel.purpose, {}});
    }
    if (!message_.profiled || rules_.profiling_purpose.empty()) return;
    if (IsRefused(consent_of(rules_.profiling_purpose)))
      holds->push_back({HoldKind::kProfiling, rules_.profiling_purpose, {}});
  }

  const std::string& Restriction() const {
    return person_->definitions().privacy.restriction_purpose;
  }
  template <class ConsentOf>
  bool IsRestricted(const ConsentOf& consent_of) const {
    return !Restriction().empty() && IsRefused(consent_of(Restriction()));
  }

  bool IsConsentedAt(const ReachChannel& channel, std::int64_t time_ms) const {
    const std::vector<ProfileConsent> consents = ConsentsAt(*person_, time_ms);
    const auto consent_of = [&](const std::string& purpose) -> const ProfileConsent* {
      const auto at = std::find_if(consents.begin(), consents.end(),
                                   [&](const ProfileConsent& c) { return c.purpose == purpose; });
      return at == consents.end() ? nullptr : &*at;
    };
    std::vector<ReachHold> holds;
    AskConsent(channel, consent_of, &holds);
    return holds.empty() && !IsRestricted(consent_of);
  }

  std::vector<const QuietHours*> QuietOn(const std::string& channel) const {
    std::vector<const QuietHours*> on;
    for (const QuietHours& quiet : rules_.quiet_hours) {
      if (!message_.urgent && (quiet.channels.empty() || HasName(quiet.channels, channel)))
        on.push_back(&quiet);
    }
    return on;
  }

  void AskQuiet(const std::vector<const QuietHours*>& quiet, ChannelReach* reach) const {
    for (const QuietHours* one : quiet) {
      const auto until = campaign::EndOfQuiet({&one, 1}, person_->now_ms(), zone_);
      if (until == person_->now_ms()) continue;
      reach->holds.push_back({HoldKind::kQuietHours, one->name, until});
    }
  }

  // Caps that let go stay so as long as nothing else comes: what is left is to wait for quiet hours, and to ask for the consent of then.
  std::optional<std::int64_t> OpenAt(const ReachChannel& channel,
                                     const std::vector<const QuietHours*>& quiet,
                                     std::int64_t caps_until) const {
    if (caps_until == segment::kNeverMs) return std::nullopt;
    const auto open = campaign::EndOfQuiet(quiet, caps_until, zone_);
    if (!open || *open == person_->now_ms()) return open;
    return IsConsentedAt(channel, *open) ? open : std::nullopt;
  }

  const ReachRules& rules_;
  const CampaignLabels& labels_;
  PersonImpl* person_;
  const OutboundMessage& message_;
  const segment::TimeZone& zone_;
  std::vector<Cap> full_;  // as the rules define them
};

// Their places in the rules.
absl::StatusOr<std::vector<std::size_t>> Wanted(const ReachRules& rules,
                                                const OutboundMessage& message) {
  std::vector<std::size_t> wanted;
  for (std::size_t i = 0; i < rules.channels.size() && message.channels.empty(); ++i)
    wanted.push_back(i);
  for (std::size_t i = 0; i < message.channels.size(); ++i) {
    const auto at = std::find_if(
        rules.channels.begin(), rules.channels.end(),
        [&](const ReachChannel& channel) { return channel.name == message.channels[i]; });
    if (at == rules.channels.end())
      return absl::InvalidArgumentError("channels[" + std::to_string(i) +
                                        "]: must be a channel that the rules define");
    wanted.push_back(static_cast<std::size_t>(at - rules.channels.begin()));
  }
  return wanted;
}

}  // namespace

std::string_view ToString(HoldKind kind) {
  constexpr std::string_view kNames[] = {
      "no_identifier",    "consent_missing", "consent_denied", "consent_withdrawn",
      "consent_conflict", "consent_expired", "profiling",      "cap",
      "quiet_hours",      "restricted"};
  const auto index = static_cast<std::size_t>(kind);
  return index < std::size(kNames) ? kNames[index] : "unknown";
}

CampaignLabels LabelsOf(const Definitions& definitions) {
  CampaignLabels labels;
  for (const CampaignDefinition& campaign : definitions.campaigns)
    labels[campaign.name] = campaign.labels;
  return labels;
}

absl::Status CheckReach(const ReachRules& rules) {
  if (absl::Status status = Validate(rules); !status.ok()) return status;
  return DefaultZone(rules).status();
}

absl::StatusOr<ReachAnswer> Reach(const ReachRules& rules, const CampaignLabels& labels,
                                  SegmentSubject* person, const OutboundMessage& message) {
  if (rules.channels.size() > kMaxReachChannels)
    return absl::InvalidArgumentError("channels: at most " + std::to_string(kMaxReachChannels));
  const auto wanted = Wanted(rules, message);
  if (!wanted.ok()) return wanted.status();
  const auto zone = ZoneOf(rules, &person->impl());
  if (!zone.ok()) return zone.status();
  Asking asking(rules, labels, &person->impl(), message, zone->clock);
  ReachAnswer answer{zone->name, zone->from, {}};
  for (const std::size_t channel : *wanted) answer.channels.push_back(asking.Ask(channel));
  return answer;
}

}  // namespace polyonym
