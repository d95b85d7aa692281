// codec/json.h - records, policies and definitions as JSON, and back.
//
// Records take two forms, told apart field by field:
//   the protobuf mapping of polyonym.v1.Record: {"source":"pos","id":"7","timeMs":"1700000000000","identifiers":[{"namespace":
//     "phone","value":"…","role":"ROLE_SELF"}],"act":"ACT_OBSERVE"} (lowerCamelCase or snake_case names, 64-bit numbers as
//     strings or numbers, enums by name or number), and
//   the short form: {"source":"pos","id":"7","t":1700000000000,"ids":{"phone":["…"],"crm":"c1"},"other":{"phone":["…"]},
//     "op":"observe"}; `t` is milliseconds or RFC 3339 text, `op` a name of ToString(Act). For pair acts the two identifiers
//     come in order as "pair":["phone:…","crm:…"] (rename: old, then new), delete_identifier as "pair":["phone:…"],
//     delete_source with "target":"source".
// In both, "folded":{"count":3,"last_ms":1700000000000} tells that a record stands for others; Engine::Apply() rejects one that does.
// Unknown fields are errors that name them, and so are duplicate ones, a byte order mark, more than 16 MiB, more than 32
// levels of objects and lists, more than 65,536 of these, and more than 1,000,000 values.
#ifndef POLYONYM_CODEC_JSON_H_
#define POLYONYM_CODEC_JSON_H_

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "polyonym/model/definitions.h"
#include "polyonym/model/policy.h"
#include "polyonym/model/record.h"

namespace polyonym {

// Reads records, one JSON object at a time; keeps its parser's memory between calls.
// THREADS: thread-compatible.
class JsonRecordReader {
 public:
  JsonRecordReader();
  ~JsonRecordReader();
  JsonRecordReader(JsonRecordReader&&) noexcept;
  JsonRecordReader& operator=(JsonRecordReader&&) noexcept;

  // Reads one object into `record`, reusing its memory.
  // ERRORS: InvalidArgument naming the field and what was expected (never the value); `record` is empty then.
  // COST: one pass; the fast reader.
  absl::Status Read(std::string_view line, Record* record);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// The same by protobuf's own JSON reader (the protobuf mapping only): slower, the reference of the differential test.
absl::StatusOr<Record> ReadRecordJsonByProtobuf(std::string_view json);

// The short form where it can say everything, else the protobuf mapping. One line, no line end; the reader gives the record back.
// Empty where JSON cannot say it: text that is not UTF-8, facts that are no polyonym.v1.Facts or beyond the reader's bounds.
std::string WriteRecordJson(const Record& record);

// A policy by the protobuf mapping of polyonym.v1.Policy.  ERRORS: InvalidArgument naming the field.
absl::StatusOr<Policy> ReadPolicyJson(std::string_view json);
// REQUIRES: Validate() took the policy.
std::string WritePolicyJson(const Policy& policy, bool pretty);

// A policy's definitions alone, by the protobuf mapping of polyonym.v1.Definitions.  ERRORS: InvalidArgument naming the field, as
// Validate(const Definitions&) names it; what that forbids is read nevertheless.  COST: linear, as of all of these.  THREADS: safe.
absl::StatusOr<Definitions> ReadDefinitionsJson(std::string_view json);
// REQUIRES: Validate() took them.
std::string WriteDefinitionsJson(const Definitions& definitions, bool pretty);

}  // namespace polyonym

#endif  // POLYONYM_CODEC_JSON_H_
