// campaign/reach.h - whether a person may be written to now, on which channels, and if not, what holds a message back and until when.
//
// Ask it before a message goes out, and for what is known of somebody's reachability: with a message of no campaign, it says which of their
// identifiers can be written to with consent. It sends nothing and counts nothing itself: what was sent is told as events
// (ReachRules::message_events), so that a merge, a split or a record that is taken back changes what is counted as it changes everything.
//
//   SegmentSubject person(definitions, rows, identifiers, anchor, now_ms);
//   auto answer = Reach(definitions.reach, LabelsOf(definitions), &person, {.campaign = "spring", .channels = {"sms"}, .labels = {"sale"}});
//   answer->channels[0].open();           // or why not:
//   answer->channels[0].holds[0];         // {kCap, "two a week", until_ms}
//
// All rules are asked, and all that hold a message back are named, not the first alone. A message goes out where none does.
//
// The channel of a message that was sent is that which its text property `channel` names, where rules define one of that name; else every channel
// that has the namespace of the identifier that the event belongs to, which is what the language calls the `channel` of an event.
//
// THREADS: pure functions; a person is read by one thread at a time.
#ifndef POLYONYM_CAMPAIGN_REACH_H_
#define POLYONYM_CAMPAIGN_REACH_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "polyonym/model/definitions.h"
#include "polyonym/model/identifier.h"
#include "polyonym/model/reach_rules.h"
#include "polyonym/segment/evaluate.h"

namespace polyonym {

// Of a message that was sent: the name of a channel of the rules. For channels that share a namespace, such as letters and calls to one phone,
// and where the record names a better identifier than the one that was written to.
inline constexpr std::string_view kChannelProperty = "channel";

// Which labels campaigns carry now, by their names; one that is not there carries none.
using CampaignLabels = std::map<std::string, std::vector<std::string>, std::less<>>;
CampaignLabels LabelsOf(const Definitions& definitions);

// A message that is to go out.
struct OutboundMessage {
  std::string campaign;               // empty: of none
  std::vector<std::string> channels;  // names; empty: all that are defined
  // That its campaign carries now; what CampaignLabels has of the campaign counts too.
  std::vector<std::string> labels;
  bool profiled = false;  // a segment chose the person
  // Held back by neither caps nor quiet hours: a code to log in, a recall. It counts once it was sent, as any.
  bool urgent = false;
  friend bool operator==(const OutboundMessage&, const OutboundMessage&) = default;
};

enum class HoldKind : std::uint8_t {
  kNoIdentifier = 0,  // nothing that could be written to
  // The purpose of the channel is not granted, as the profile's fold says (model/definitions.h):
  kConsentMissing = 1,    // nobody said anything
  kConsentDenied = 2,     // denied, by each identifier that speaks of it
  kConsentWithdrawn = 3,  // withdrawn, or the later of both words
  kConsentConflict = 4,   // denied or withdrawn by one and granted by another
  kConsentExpired = 5,    // it was granted, and every grant has ended
  kProfiling =
      6,  // the message is profiled, and ReachRules::profiling_purpose is denied or withdrawn
  kCap = 7,
  kQuietHours = 8,
  kRestricted = 9,  // PrivacyRules::restriction_purpose is denied or withdrawn: nothing goes out
};

std::string_view ToString(HoldKind kind);  // `consent_missing`

// A rule that holds a message back.
struct ReachHold {
  HoldKind kind = HoldKind::kNoIdentifier;
  // Of a cap or quiet hours the name, of consent, profiling and restriction the purpose, else empty.
  std::string rule;
  // The first moment after now at which the rule does not hold, if nothing else comes: until then it does. None: only the person can change it,
  // or quiet hours do not end within 16 days.
  std::optional<std::int64_t> until_ms;
  friend bool operator==(const ReachHold&, const ReachHold&) = default;
};

struct ChannelReach {
  std::string channel;
  std::vector<ReachHold> holds;         // by kind, then as the rules define them
  std::vector<Identifier> identifiers;  // that could be written to; sorted
  // The first moment from now on at which nothing holds it back, if nothing else comes. None: only the person can change it, consent ends before,
  // or quiet hours do not end within 16 days of the last cap.
  std::optional<std::int64_t> open_ms;
  bool open() const { return holds.empty(); }
  friend bool operator==(const ChannelReach&, const ChannelReach&) = default;
};

enum class ZoneSource : std::uint8_t {
  kDefault = 0,  // the person has none
  kPerson = 1,
  kUnknown = 2,  // the person's is no zone of IANA's database, or no text: the default counts
};

struct ReachAnswer {
  std::string zone;  // whose days and hours count; empty: UTC
  ZoneSource zone_from = ZoneSource::kDefault;
  std::vector<ChannelReach> channels;  // that were asked for, in that order
  friend bool operator==(const ReachAnswer&, const ReachAnswer&) = default;
};

// Whether rules can be put in force: Validate(), and whether their default zone is one.
// ERRORS: InvalidArgument naming the field.
absl::Status CheckReach(const ReachRules& rules);

// As of the person's now. Facts of later times do not count, for `until_ms` neither; the zone is that of now. Events that come from the person
// (Direction::kIn) are no message that was sent. Which purpose restricts people is said by the definitions that the person was made with.
// REQUIRES: CheckReach(rules) holds.
// ERRORS: InvalidArgument for a channel that the rules do not define (`channels[1]`), more channels than rules may have, or a default zone
// that is asked for and is none.
// COST: what a SegmentSubject folds of traits and consents; a pass over the events for each cap that the message falls under; for a channel that
// is not open one more fold of consents.
absl::StatusOr<ReachAnswer> Reach(const ReachRules& rules, const CampaignLabels& labels,
                                  SegmentSubject* person, const OutboundMessage& message);

}  // namespace polyonym

#endif  // POLYONYM_CAMPAIGN_REACH_H_
