// codec/convert_campaigns.h - campaigns and reach rules between protobuf and the model.
#ifndef POLYONYM_SRC_CODEC_CONVERT_CAMPAIGNS_H_
#define POLYONYM_SRC_CODEC_CONVERT_CAMPAIGNS_H_

#include <string>

#include "codec/enum_reader.h"
#include "polyonym/model/campaigns.h"
#include "polyonym/model/reach_rules.h"
#include "polyonym/v1/definitions.pb.h"

namespace polyonym::codec {

// `to` is as new; `at` is the path of the message, for errors.
void FromProto(const v1::CampaignDefinition& from, const std::string& at, EnumReader* enums,
               CampaignDefinition* to);
void ToProto(const CampaignDefinition& from, v1::CampaignDefinition* to);
void FromProto(const v1::ReachRules& from, const std::string& at, EnumReader* enums,
               ReachRules* to);
void ToProto(const ReachRules& from, v1::ReachRules* to);

}  // namespace polyonym::codec

#endif  // POLYONYM_SRC_CODEC_CONVERT_CAMPAIGNS_H_
