// engine/subject_access.h - all that is held on a person, told to them: the right of access.
//
//   auto report = ReportToSubject(engine->Read(), {"phone", "+8613800000001"});
//   for (const SubjectRecord& record : report->records) ...
//
// What the log has is gone through from its beginning, so that records which do not count are told too: those that are held, superseded or taken
// back. Definitions::privacy.disclosures say what is not told, and why; what no rule speaks of is told. Of somebody else nothing is told but by
// which kind of identifier they are named.
//
// *Nothing of what is withheld shows through.* A withheld field is left out of records. A trait, tag, score, stage or count that would be
// another without the withheld facts is computed from them, and withheld too. So is each part of an explanation that asks for such. An id of a
// record that has the value of an identifier in it which is not told is not told either. What hosts put into names of sources, of types and into
// properties of events is told as it is.
//
// THREADS: a pure function of a view; plain values.
#ifndef POLYONYM_ENGINE_SUBJECT_ACCESS_H_
#define POLYONYM_ENGINE_SUBJECT_ACCESS_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "polyonym/campaign/enrolment.h"
#include "polyonym/engine/relations.h"
#include "polyonym/engine/view.h"
#include "polyonym/model/facts.h"
#include "polyonym/model/identifier.h"
#include "polyonym/model/outcome.h"
#include "polyonym/model/policy.h"
#include "polyonym/model/record.h"
#include "polyonym/profile/profile.h"
#include "polyonym/segment/evaluate.h"

namespace polyonym {

// Why something is withheld that no rule names.
inline constexpr std::string_view kComputedFromWithheld = "it is computed from what is withheld";
// Stands for the text and the value of a part of an explanation.
inline constexpr std::string_view kWithheldPart = "withheld";

struct SubjectOptions {
  std::optional<std::int64_t>
      now_ms;  // as of when the profile is folded.  DEFAULT: now_ms() of the view
  // Called now and then: records that were looked at, of how many. May not call the engine.
  std::function<void(std::uint64_t done, std::uint64_t total)> progress;
};

struct SubjectIdentifier {
  std::string ns;
  std::optional<std::string> value;  // normalised; none: withheld
  Sensitivity sensitivity = Sensitivity::kNormal;
  std::uint64_t records =
      0;  // that count and name it, in any role; of those that were folded, each
  std::optional<std::int64_t> first_ms;  // of the times of these
  std::optional<std::int64_t> last_ms;
  friend bool operator==(const SubjectIdentifier&, const SubjectIdentifier&) = default;
};

// An identifier that a record names.
struct SubjectName {
  std::string ns;
  std::optional<std::string> value;  // as the channel gave it; none: withheld, or it is not theirs
  Role role = Role::kSelf;
  bool is_theirs = false;
  Reason held = Reason::kNone;  // why policy does not count it
  friend bool operator==(const SubjectName&, const SubjectName&) = default;
};

// What a record is to the profile. In the order in which it is asked.
enum class SubjectRecordState : std::uint8_t {
  kSuperseded = 0,  // another version stands, or it was taken back
  kHeld = 1,        // policy does not count it
  kVoided = 2,      // its source was deleted up to its time
  kCounts = 3,
};
std::string_view ToString(SubjectRecordState state);  // `superseded`, ...

// A record that is about them, or that names them.
struct SubjectRecord {
  std::uint64_t number = 0;
  std::string source;
  std::optional<std::string> id;  // none: withheld
  std::optional<std::int64_t> time_ms;
  Act act = Act::kObserve;
  std::optional<Folded> folded;  // it stands for several
  SubjectRecordState state = SubjectRecordState::kCounts;
  // Its primary identifier is theirs, and so are its facts. Else it is about somebody else and names them.
  bool about_them = false;
  std::vector<SubjectName> identifiers;  // in the record's order
  // Those that are told; of a record that is about somebody else, relations to them alone. Relations to others are without the other's value.
  Facts facts;
  std::uint64_t withheld_facts = 0;
  std::uint64_t left_out_facts = 0;  // that break a bound (model/facts.h), and are in no profile
  friend bool operator==(const SubjectRecord&, const SubjectRecord&) = default;
};

// Two of their identifiers that were seen together.
struct SubjectLink {
  SubjectName a;
  SubjectName b;
  bool counts = false;  // false: its lifetime is over
  bool must_link = false;
  bool cannot_link = false;
  std::uint64_t sightings = 0;
  std::int64_t first_ms = 0;
  std::int64_t last_ms = 0;
  std::vector<std::string> sources;  // distinct, sorted
  friend bool operator==(const SubjectLink&, const SubjectLink&) = default;
};

// Identifiers of others that were seen with theirs and did not join them, by kind.
struct SubjectTie {
  RelationKind kind = RelationKind::kRefused;  // kShared, kExpired
  std::string ns;
  std::uint64_t pairs = 0;
  std::uint64_t sightings = 0;
  std::int64_t first_ms = 0;
  std::int64_t last_ms = 0;
  friend bool operator==(const SubjectTie&, const SubjectTie&) = default;
};

// A segment that they are a member of.
struct SubjectSegment {
  std::string name;
  SegmentExplanation because;
  friend bool operator==(const SubjectSegment&, const SubjectSegment&) = default;
};

struct SubjectCampaign {
  std::string name;
  Enrolment enrolment;
  friend bool operator==(const SubjectCampaign&, const SubjectCampaign&) = default;
};

struct WithheldField {
  // As the rule has it, such as `event:*`; or what is computed from such, where its name is defined or told: else `tag:*`. Ladders are scores, as
  // are `score:contacts` and `score:completeness`.
  std::string field;
  std::string reason;       // of the rule, or kComputedFromWithheld
  std::uint64_t count = 0;  // times that something was left out
  friend bool operator==(const WithheldField&, const WithheldField&) = default;
};

struct SubjectReport {
  std::uint64_t sequence = 0;                  // of the view
  bool is_restricted = false;                  // engine/restriction.h
  std::vector<SubjectIdentifier> identifiers;  // by namespace and value
  std::vector<SubjectRecord> records;          // in order of arrival
  std::vector<SubjectLink> links;              // by identifiers
  std::vector<SubjectTie> ties;                // by kind and namespace
  // Folded and explained. Its `identifiers`, `relations`, `timeline` and `ambiguous` are empty: the above and records have them. `completeness` is
  // 0 where it is withheld.
  Profile profile;
  std::vector<SubjectSegment> segments;    // as defined
  std::vector<SubjectCampaign> campaigns;  // as defined
  std::vector<WithheldField> withheld;     // by field
};

// Of the person whom an identifier names.
// ERRORS: NotFound (it was never seen, or is held), FailedPrecondition (it is shared by several people, and so names nobody), DataLoss, OutOfRange
// (records were folded since the view was taken).
// COST: a pass over the log: one to two µs a record, and the decoding of facts, some µs a record that has any; a read of the records behind
// each of their links.
absl::StatusOr<SubjectReport> ReportToSubject(const View& view, const Identifier& identifier,
                                              const SubjectOptions& options = {});

}  // namespace polyonym

#endif  // POLYONYM_ENGINE_SUBJECT_ACCESS_H_
