// codec/random_records.h - random records, facts and policies that hold whatever their types allow, and protobuf's own
// printer for them.
//
// Messages are made by reflection: generated headers are private to the library. The same seed gives the same values.
#ifndef POLYONYM_TESTS_CODEC_RANDOM_RECORDS_H_
#define POLYONYM_TESTS_CODEC_RANDOM_RECORDS_H_

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/util/json_util.h>

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "harness/histories.h"
#include "polyonym/codec/proto.h"
#include "polyonym/model/policy.h"
#include "polyonym/model/record.h"

namespace polyonym::harness {

inline std::unique_ptr<google::protobuf::Message> NewMessage(const std::string& name) {
  namespace pb = google::protobuf;
  const pb::Descriptor* type = pb::DescriptorPool::generated_pool()->FindMessageTypeByName(name);
  return std::unique_ptr<pb::Message>(
      pb::MessageFactory::generated_factory()->GetPrototype(type)->New());
}

// Up to 5 characters of every length in UTF-8, with those that JSON must escape.
inline std::string RandomText(Random& random) {
  static const std::vector<std::string> kParts = {
      "a",    "Z",    "7", " ",  ":",      "/",
      "\"",   "\\",   "{", "\n", "\t",     std::string(1, '\0'),
      "\x1f", "\x7f", "é", "张", "\u2028", "\U0001F600"};
  std::string text;
  for (std::uint64_t i = random.Below(6); i > 0; --i) text += random.Pick(kParts);
  return text;
}

inline std::int64_t RandomWhole(Random& random) {
  static const std::vector<std::int64_t> kEdges = {0,
                                                   1,
                                                   -1,
                                                   1700000000000,
                                                   (std::int64_t{1} << 53) + 1,
                                                   std::numeric_limits<std::int64_t>::max(),
                                                   std::numeric_limits<std::int64_t>::min()};
  return random.Chance(50) ? random.Pick(kEdges) : random.Between(-1'000'000, 1'000'000);
}

inline double RandomNumber(Random& random) {
  static const std::vector<double> kEdges = {0.0,
                                             0.1,
                                             -2.5,
                                             5e-324,
                                             1.7976931348623157e308,
                                             1e21,
                                             123456789012345678.0,
                                             3.0,
                                             std::numeric_limits<double>::infinity()};
  if (random.Chance(50)) return random.Pick(kEdges);
  return static_cast<double>(random.Between(-1'000'000'000, 1'000'000'000)) / 4096.0;
}

// `levels`: how deep messages may still go.
inline void FillRandomly(Random& random, int levels, google::protobuf::Message* message) {
  using google::protobuf::FieldDescriptor;
  const auto& type = *message->GetDescriptor();
  const auto& reflection = *message->GetReflection();
  const auto fill = [&](const FieldDescriptor& field) {
    const bool list = field.is_repeated();
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING:
        return list ? reflection.AddString(message, &field, RandomText(random))
                    : reflection.SetString(message, &field, RandomText(random));
      case FieldDescriptor::CPPTYPE_INT64:
        return reflection.SetInt64(message, &field, RandomWhole(random));
      case FieldDescriptor::CPPTYPE_INT32:
        return reflection.SetInt32(message, &field,
                                   static_cast<std::int32_t>(random.Between(-3000, 3000)));
      case FieldDescriptor::CPPTYPE_DOUBLE:
        return reflection.SetDouble(message, &field, RandomNumber(random));
      case FieldDescriptor::CPPTYPE_BOOL:
        return reflection.SetBool(message, &field, random.Chance(50));
      case FieldDescriptor::CPPTYPE_ENUM: {
        const auto& values = *field.enum_type();
        return reflection.SetEnum(
            message, &field, values.value(static_cast<int>(random.Below(values.value_count()))));
      }
      case FieldDescriptor::CPPTYPE_MESSAGE:
        if (levels == 0) return;
        return FillRandomly(random, levels - 1,
                            list ? reflection.AddMessage(message, &field)
                                 : reflection.MutableMessage(message, &field));
      default:
        FAIL("a type of field that the generator does not know: " << field.full_name());
    }
  };
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (field.real_containing_oneof() != nullptr) continue;
    for (std::uint64_t n = random.Below(field.is_repeated() ? 3 : 2); n > 0; --n) fill(field);
  }
  for (int i = 0; i < type.real_oneof_decl_count(); ++i) {
    const auto& choice = *type.oneof_decl(i);
    if (random.Chance(90))
      fill(*choice.field(static_cast<int>(random.Below(choice.field_count()))));
  }
}

// Serialised facts in the one form that readers give them.
inline std::string RandomFacts(Random& random) {
  const auto facts = NewMessage("polyonym.v1.Facts");
  FillRandomly(random, 6, facts.get());
  Record record;
  record.facts = facts->SerializeAsString();
  const auto read = ReadRecordProto(WriteRecordProto(record));
  REQUIRE(read.ok());
  return read->facts;
}

inline std::string RandomNamespace(Random& random) {
  static const std::vector<std::string> kNames = {"phone", "crm", "wechat.openid/wx1", "email",
                                                  "p$_-9"};
  return random.Chance(90) ? random.Pick(kNames) : RandomText(random);
}

// Any record that a reader may give, well shaped or not.
inline Record RandomRecord(Random& random) {
  Record record;
  record.source = RandomText(random);
  if (random.Chance(70)) record.id = RandomText(random);
  if (random.Chance(80)) record.time_ms = RandomWhole(random);
  if (random.Chance(40)) record.version = RandomWhole(random);
  record.act = random.Chance(50) ? Act::kObserve : static_cast<Act>(random.Below(9));
  for (std::uint64_t i = random.Below(5); i > 0; --i) {
    record.identifiers.push_back({RandomNamespace(random), RandomText(random),
                                  random.Chance(70) ? Role::kSelf : Role::kOther});
  }
  if (random.Chance(20)) record.target_source = RandomText(random);
  if (random.Chance(40)) record.facts = RandomFacts(random);
  if (random.Chance(20))
    record.folded = Folded{static_cast<std::uint32_t>(random.Below(std::uint64_t{1} << 32)),
                           RandomWhole(random)};
  return record;
}

inline NamespacePolicy RandomNamespacePolicy(Random& random) {
  NamespacePolicy ns;
  ns.name = RandomText(random);
  ns.priority = static_cast<std::uint32_t>(random.Below(std::uint64_t{1} << 32));
  for (std::uint64_t i = random.Below(3); i > 0; --i) {
    ns.limits.push_back(
        {static_cast<std::uint32_t>(random.Below(4)), random.Chance(50), RandomWhole(random)});
  }
  for (std::uint64_t i = random.Below(3); i > 0; --i) {
    ns.guards.push_back({RandomText(random), static_cast<std::uint32_t>(random.Below(4))});
  }
  ns.normaliser = static_cast<Normaliser>(random.Below(6));
  ns.region = RandomText(random);
  for (std::uint64_t i = random.Below(3); i > 0; --i)
    ns.blocked_values.push_back(RandomText(random));
  for (std::uint64_t i = random.Below(3); i > 0; --i)
    ns.blocked_patterns.push_back(RandomText(random));
  ns.valid_pattern = RandomText(random);
  ns.builtin_blocks = random.Chance(50);
  ns.parent = RandomText(random);
  ns.sensitivity = static_cast<Sensitivity>(random.Below(3));
  if (random.Chance(50)) ns.link_lifetime_ms = RandomWhole(random);
  if (random.Chance(50)) ns.validity_ms = RandomWhole(random);
  for (std::uint64_t i = random.Below(3); i > 0; --i) {
    ns.derived.push_back({RandomNamespace(random), static_cast<Digest>(random.Below(2)),
                          static_cast<DigestOf>(random.Below(3))});
  }
  return ns;
}

// Any policy that a reader may give, valid or not.
inline Policy RandomRawPolicy(Random& random) {
  Policy policy;
  policy.name = RandomText(random);
  policy.ranking = static_cast<Ranking>(random.Below(3));
  policy.undeclared = static_cast<Undeclared>(random.Below(2));
  policy.max_identifiers_per_profile = static_cast<std::uint32_t>(random.Below(3));
  policy.default_max_neighbours = static_cast<std::uint32_t>(random.Below(3));
  for (std::uint64_t i = random.Below(4); i > 0; --i)
    policy.namespaces.push_back(RandomNamespacePolicy(random));
  return policy;
}

// The record as protobuf prints it, in one of the ways that it can.
inline std::string PrintByProtobuf(Random& random, const Record& record) {
  const auto message = NewMessage("polyonym.v1.Record");
  REQUIRE(message->ParseFromString(WriteRecordProto(record)));
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = random.Chance(20);
  options.preserve_proto_field_names = random.Chance(50);
  options.always_print_enums_as_ints = random.Chance(30);
  options.always_print_primitive_fields = random.Chance(20);
  std::string json;
  REQUIRE(google::protobuf::util::MessageToJsonString(*message, &json, options).ok());
  return json;
}

}  // namespace polyonym::harness

#endif  // POLYONYM_TESTS_CODEC_RANDOM_RECORDS_H_
