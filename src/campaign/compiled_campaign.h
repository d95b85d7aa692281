// campaign/compiled_campaign.h - what a compiled campaign is made of.
#ifndef POLYONYM_SRC_CAMPAIGN_COMPILED_CAMPAIGN_H_
#define POLYONYM_SRC_CAMPAIGN_COMPILED_CAMPAIGN_H_

#include <cstddef>
#include <memory>

#include "campaign/goal.h"
#include "polyonym/campaign/campaign.h"
#include "segment/calendar.h"

namespace polyonym {

class CompiledCampaign::Impl {
 public:
  CampaignDefinition definition;
  VariantSplit split;
  std::shared_ptr<const CompiledSegments> audiences;  // of all campaigns
  std::size_t audience = 0;                           // its number in these
  campaign::Goal goal;
  segment::TimeZone zone;
};

}  // namespace polyonym

#endif  // POLYONYM_SRC_CAMPAIGN_COMPILED_CAMPAIGN_H_
