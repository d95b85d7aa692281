#include "polyonym/campaign/enrolment.h"

#include <utility>

#include "polyonym/campaign/buckets.h"
#include "polyonym/model/facts.h"
#include "segment/subject.h"

namespace polyonym {
namespace {

// It went neither to the person nor from them, so that it has no direction.
Event Assigned(const std::string& campaign, std::string_view variant) {
  Event event;
  event.type = std::string(kAssignedType);
  event.campaign = campaign;
  event.mode = Mode::kAutomatic;
  event.properties[std::string(kVariantProperty)] = Value{std::string(variant)};
  return event;
}

Record RecordOf(const std::string& campaign, std::string_view variant, const Identifier& anchor,
                std::int64_t now_ms) {
  Record record;
  record.source = CampaignSource(campaign);
  record.time_ms = now_ms;
  record.identifiers = {{anchor.ns, anchor.value, Role::kSelf}};
  Facts facts;
  facts.events = {Assigned(campaign, variant)};
  record.facts = WriteFacts(facts);
  record.id = ToString(HashContent(record));
  return record;
}

}  // namespace

std::optional<Enrolment> EnrolmentIn(const CompiledCampaign& campaign, SegmentSubject* person) {
  const SegmentSubject::Impl& of = person->impl();
  Assignment told = AssignmentOf(campaign.definition().name, campaign.split(), of.rows(),
                                 of.anchor(), of.now_ms());
  if (told.by_hash) return std::nullopt;
  return Enrolment{std::move(told.variant), told.time_ms};
}

bool IsHeldOut(const CampaignDefinition& campaign, const Identifier& anchor) {
  if (campaign.holdout_millionths == 0) return false;
  return BucketOf(campaign.holdout_salt, anchor) <
         static_cast<double>(campaign.holdout_millionths) / kWholeMillionths;
}

std::string_view VariantFor(const CompiledCampaign& campaign, const Identifier& anchor) {
  if (IsHeldOut(campaign.definition(), anchor)) return kHoldoutVariant;
  const VariantSplit& split = campaign.split();
  const auto variant = VariantByHash(campaign.definition().name, split, anchor);
  return variant ? split.variants[*variant].name : std::string_view();
}

std::optional<Record> EnrolmentOf(const CompiledCampaign& campaign, SegmentSubject* person,
                                  const EnrolmentOptions& options) {
  const SegmentSubject::Impl& of = person->impl();
  const CampaignDefinition& definition = campaign.definition();
  if (!campaign.Runs(of.now_ms()) || (definition.frozen && !options.is_first)) return std::nullopt;
  if (EnrolmentIn(campaign, person) || campaign.IsInAudience(person) != true) return std::nullopt;
  const std::string_view variant = VariantFor(campaign, of.anchor());
  if (variant.empty()) return std::nullopt;  // weights make it impossible
  return RecordOf(definition.name, variant, of.anchor(), of.now_ms());
}

}  // namespace polyonym
