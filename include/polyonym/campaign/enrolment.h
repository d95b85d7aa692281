// campaign/enrolment.h - who is in a campaign, and the record that enrols somebody.
//
// Enrolment is a fact (model/campaigns.h): a record says once which variant somebody was given, and from then on that stands, whatever
// becomes of the audience, of weights, or of the identifier that stands for the person. Where two people become one the earlier enrolment
// counts, and after a split each has their own again. To take a record back is to have nobody enrolled by it.
//
//   for each person who is there (View::ForEachPerson()):
//     SegmentSubject subject(definitions, *person.rows, person.identifiers, person.anchor, view.now_ms());
//     if (auto record = EnrolmentOf(campaign, &subject)) records.push_back(*std::move(record));
//   engine.Apply(records)
//
// THREADS: pure functions.
#ifndef POLYONYM_CAMPAIGN_ENROLMENT_H_
#define POLYONYM_CAMPAIGN_ENROLMENT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "polyonym/campaign/campaign.h"
#include "polyonym/model/identifier.h"
#include "polyonym/model/record.h"
#include "polyonym/segment/evaluate.h"

namespace polyonym {

struct Enrolment {
  std::string variant;  // kHoldoutVariant: held out; or one that the definition had once
  std::int64_t time_ms = 0;
  friend bool operator==(const Enrolment&, const Enrolment&) = default;
};

// None: the person is not in the campaign. The first that facts up to the subject's now tell, in the order of facts: as
// AssignmentOf().  COST: one pass over the person's events.
std::optional<Enrolment> EnrolmentIn(const CompiledCampaign& campaign, SegmentSubject* person);

// Whether the person with this anchor is left alone by all campaigns that share the holdout's salt.
bool IsHeldOut(const CampaignDefinition& campaign, const Identifier& anchor);

// What the person with this anchor would be enrolled as: kHoldoutVariant, or a variant by its weight.
std::string_view VariantFor(const CompiledCampaign& campaign, const Identifier& anchor);

struct EnrolmentOptions {
  // Whether this is the campaign's first enrolment. A frozen campaign has no other. One that broke off is the first still, and is taken up
  // where it broke off with the same now.  DEFAULT: yes
  bool is_first = true;
};

// The record that enrols somebody at the subject's now; none: the campaign does not run then, or is frozen and this is not the first
// enrolment, they are enrolled, or they are not in the audience.
// ENSURES: the same record, bytes and id, for the same person at the same now, so that applying it twice changes nothing. It names the anchor alone
// and links nobody. Of two that were made of one person at different times, as by hosts that did not know of each other, the earlier counts.
// COST: as CompiledCampaign::IsInAudience(), which is asked last.
std::optional<Record> EnrolmentOf(const CompiledCampaign& campaign, SegmentSubject* person,
                                  const EnrolmentOptions& options = {});

}  // namespace polyonym

#endif  // POLYONYM_CAMPAIGN_ENROLMENT_H_
