// codec/facts.h - the facts of a record: bytes in the model, a message in JSON and on the wire.
#ifndef POLYONYM_SRC_CODEC_FACTS_H_
#define POLYONYM_SRC_CODEC_FACTS_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace polyonym::v1 {
class Facts;
}

namespace polyonym::codec {

// Facts of a record as its bytes: the same for the same facts, however they were sent.
// ERRORS: InvalidArgument for facts nested too deep.
absl::Status FactsToBytes(const v1::Facts& facts, std::string* bytes);

// `json` is the object that stands in the record's field `facts`.
// ERRORS: InvalidArgument naming the field, from `facts` on.
absl::Status FactsFromJson(std::string_view json, std::string* bytes);

// ERRORS: InvalidArgument for bytes that are not a polyonym.v1.Facts.
absl::Status FactsFromBytes(std::string_view bytes, v1::Facts* facts);

// Facts::of_person alone; false where bytes are not facts.  COST: a step for each fact.
bool IsOfPerson(std::string_view bytes);

}  // namespace polyonym::codec

#endif  // POLYONYM_SRC_CODEC_FACTS_H_
