// profile/profile.h - what a person is like: the folds of the facts of all identifiers of a profile.
//
// A record's facts belong to its primary identifier (docs/rule.md section 6), and so to the profile of that. Nothing of a profile is
// stored as truth: it is read from records, so that every merge and every split, every retraction and every other definition shows
// at once, and is taken back as exactly.
#ifndef POLYONYM_PROFILE_PROFILE_H_
#define POLYONYM_PROFILE_PROFILE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "polyonym/model/change.h"
#include "polyonym/model/definitions.h"
#include "polyonym/model/facts.h"
#include "polyonym/model/identifier.h"
#include "polyonym/profile/affinity.h"
#include "polyonym/profile/purchases.h"
#include "polyonym/profile/rfm.h"

namespace polyonym {

// Where a fact came from.
struct Provenance {
  std::uint64_t record = 0;  // its number: View::RecordOf()
  std::string source;        // the fact's own, else the record's
  std::string record_source;
  std::string record_id;
  std::int64_t time_ms = 0;  // the fact's own, else the record's
  Identifier belongs_to;     // the record's primary identifier
  bool anonymous = false;    // the record names no identifying namespace
  friend bool operator==(const Provenance&, const Provenance&) = default;
};

// One record's facts, as they belong to the profile.
struct FactRow {
  Provenance from;  // of the record: source and time are its own
  Facts facts;
  std::uint64_t left_out = 0;  // facts that break a bound
  friend bool operator==(const FactRow&, const FactRow&) = default;
};

// A person before any fold: who they are, and all that is told of them.
struct Person {
  ProfileId id;
  std::vector<Identifier> identifiers;  // sorted
  // The identifier that stands for the person: of the best priority, of these the first by namespace and value. It depends on no order of
  // records, and stays as long as no better one joins.
  Identifier anchor;
  std::shared_ptr<const std::vector<FactRow>> rows;
};

struct TraitCandidate {
  Value value;
  Provenance from;
  std::optional<double> confidence;
  friend bool operator==(const TraitCandidate&, const TraitCandidate&) = default;
};

struct ProfileTrait {
  std::string name;
  // One value; of sums of money one for each currency, of unions and top-n several, in order.
  std::vector<Value> values;
  std::uint64_t count = 0;               // values that took part
  bool beyond_bound = false;             // there are more than the definition's bound
  std::optional<TraitCandidate> winner;  // of folds that choose one
  std::vector<TraitCandidate>
      lost;  // ProfileOptions::explain: what took part and did not win, in order
  friend bool operator==(const ProfileTrait&, const ProfileTrait&) = default;
};

struct TagPart {
  std::int64_t weight_micros = 0;
  Provenance from;
  std::string rule;       // or the behaviour's name
  double counts_for = 0;  // of the score
  friend bool operator==(const TagPart&, const TagPart&) = default;
};

struct ProfileTag {
  std::string name;
  double score = 0;  // its own parts and those of the tags below it
  std::uint64_t count = 0;
  std::int64_t first_ms = 0;
  std::int64_t last_ms = 0;
  std::optional<Place> last_place;
  std::optional<std::int64_t> valid_until_ms;  // of the part that ends last; none: one never ends
  std::vector<std::string> layers;
  std::vector<TagPart> parts;  // ProfileOptions::explain
  friend bool operator==(const ProfileTag&, const ProfileTag&) = default;
};

struct ProfileConsent {
  std::string purpose;
  ConsentState state = ConsentState::kUnknown;
  bool conflict = false;  // identifiers of the person say different things
  std::int64_t time_ms = 0;
  friend bool operator==(const ProfileConsent&, const ProfileConsent&) = default;
};

struct StageSpell {
  std::string stage;  // empty: none yet
  std::int64_t from_ms = 0;
  std::int64_t to_ms = 0;  // of the last: now
  friend bool operator==(const StageSpell&, const StageSpell&) = default;
};

struct ProfileLadder {
  std::string name;
  std::string stage;    // where they stand now; empty: nowhere
  std::string highest;  // where they ever stood
  std::int64_t entered_ms = 0;
  std::vector<StageSpell> spells;  // ProfileOptions::explain
  friend bool operator==(const ProfileLadder&, const ProfileLadder&) = default;
};

struct ChannelContact {
  std::string channel;  // namespace of the identifier that events belong to
  std::optional<std::int64_t> last_in_ms;
  std::optional<std::int64_t> last_out_ms;
  std::uint64_t in = 0;
  std::uint64_t out = 0;
  std::uint64_t events = 0;  // with no direction too
  friend bool operator==(const ChannelContact&, const ChannelContact&) = default;
};

enum class PurchaseState : std::uint8_t {
  kNone = 0,  // nothing was bought
  kOnce = 1,  // on one day: no gap is known, so nothing is due
  kActive = 2,
  kDue = 3,   // overdue_ratio is PurchaseScore::due_at or more
  kLost = 4,  // lost_at or more
};

std::string_view ToString(PurchaseState state);  // `active`

// A PurchaseScore as of `now_ms`, which is seen itself; days are those of Definitions::utc_offset_minutes.
struct ProfilePurchases {
  std::string name;
  std::string currency;
  PurchaseSummary summary;
  PurchaseState state = PurchaseState::kNone;
  std::optional<RfmScore> rfm;  // none: no model, or nothing was bought
  // BG/NBD: that they are still a customer, 0..1, and purchases in the next `expect_days`. None: no model, nothing was bought, or no finite
  // number.
  std::optional<double> alive;
  std::optional<double> expected;
  // What these are worth: expected * summary.mean_repeat_minor_units; none where frequency is 0, since no repeat has a value yet.
  std::optional<double> expected_minor_units;
  friend bool operator==(const ProfilePurchases&, const ProfilePurchases&) = default;
};

// A ChannelScore.
struct ProfileChannels {
  std::string name;
  std::vector<ChannelAffinity> channels;  // the greatest share first
  friend bool operator==(const ProfileChannels&, const ProfileChannels&) = default;
};

struct TimelineEvent {
  Event event;
  Provenance from;
  std::uint32_t place = 0;  // in the record's facts
  friend bool operator==(const TimelineEvent&, const TimelineEvent&) = default;
};

// Facts that somebody told of a whole person (Facts::of_person) who has come apart since: they may be meant for any of the parts.
struct AmbiguousFacts {
  Provenance from;
  Facts facts;
  bool counts_here = false;  // `from.belongs_to` is of this profile, and they are folded in it
  // Of what the record names, deleted identifiers aside: what is of this profile, and what is not (View::Resolve() says whose it is); sorted.
  std::vector<Identifier> here;
  std::vector<Identifier> elsewhere;
  friend bool operator==(const AmbiguousFacts&, const AmbiguousFacts&) = default;
};

struct ProfileRelation {
  RelationFact relation;
  Provenance from;
  friend bool operator==(const ProfileRelation&, const ProfileRelation&) = default;
};

// A page of events, newest first.
struct TimelineOptions {
  std::optional<std::int64_t> from_ms;  // at or after
  std::optional<std::int64_t> to_ms;    // before
  EventMatch match;
  // Events with a place within `radius_m` metres of it (great circle on a sphere of 6,371,009 m).
  struct Area {
    double latitude = 0;
    double longitude = 0;
    double radius_m = 0;
  };
  std::optional<Area> within;
  std::uint32_t limit = 20;  // range 0..10,000
  std::uint64_t skip = 0;    // events of pages before
};

struct ProfileOptions {
  // What decays and expires is as at this time, and facts of later times do not count. DEFAULT: the later of the store's clock and
  // its newest record.
  std::optional<std::int64_t> now_ms;
  bool traits = true;
  bool tags = true;
  bool consents = true;
  bool ladders = true;
  bool contacts = true;
  bool scores = true;  // purchases and channels
  bool relations = true;
  bool timeline = true;
  bool ambiguous = true;
  TimelineOptions page;
  bool explain = false;  // fills `lost`, `parts` and `spells`
};

struct Profile {
  ProfileId id;
  std::vector<Identifier> identifiers;  // of it, sorted
  std::int64_t now_ms = 0;
  std::uint64_t policy_version = 0;
  std::vector<ProfileTrait> traits;      // by name
  std::vector<ProfileTag> tags;          // by score, the greatest first; then by name
  std::vector<ProfileConsent> consents;  // by purpose
  std::vector<ProfileLadder> ladders;    // as defined
  std::vector<ChannelContact> contacts;  // by channel
  // As defined, one for each score, of somebody without events too; but see `left_out`.
  std::vector<ProfilePurchases> purchases;
  std::vector<ProfileChannels> channels;
  std::vector<ProfileRelation> relations;
  std::vector<TimelineEvent> timeline;  // the page
  std::uint64_t events = 0;             // that the page is of
  // In order of record time, then source and record id; none of a time after `now_ms`.
  std::vector<AmbiguousFacts> ambiguous;
  double completeness =
      0;  // 0..1: weights of traits that have a value, by the sum of weights; 0 where none has a weight
  std::uint64_t facts = 0;  // records with facts
  // Facts that break a bound, or have another type than is defined; and scores that cannot be computed, each of them one: sums of money
  // beyond 64 bits; a time of an event that has none of its own, or `now_ms`, outside purchases.h's or affinity.h's range.
  std::uint64_t left_out = 0;
  friend bool operator==(const Profile&, const Profile&) = default;
};

// The folds alone: rows in any order, of one person.  COST: sorting the rows, and a pass over their facts; for each ladder
// and score one over the events, and for each BG/NBD model what profile/bgnbd.h says.
Profile FoldProfile(const Definitions& definitions, const std::vector<FactRow>& rows,
                    const ProfileOptions& options, std::int64_t now_ms);

}  // namespace polyonym

#endif  // POLYONYM_PROFILE_PROFILE_H_
