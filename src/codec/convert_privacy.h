// codec/convert_privacy.h - rules of privacy between protobuf and the model.
#ifndef POLYONYM_SRC_CODEC_CONVERT_PRIVACY_H_
#define POLYONYM_SRC_CODEC_CONVERT_PRIVACY_H_

#include <string>

#include "codec/enum_reader.h"
#include "polyonym/model/privacy_rules.h"
#include "polyonym/v1/definitions.pb.h"

namespace polyonym::codec {

// `to` is as new; `at` is the path of the message, for errors.
void FromProto(const v1::PrivacyRules& from, const std::string& at, EnumReader* enums,
               PrivacyRules* to);
void ToProto(const PrivacyRules& from, v1::PrivacyRules* to);

}  // namespace polyonym::codec

#endif  // POLYONYM_SRC_CODEC_CONVERT_PRIVACY_H_
