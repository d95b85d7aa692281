// The fast reader of record JSON: simdjson, mapped by hand, both forms of codec/json.h.
#include <simdjson.h>

#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "codec/convert.h"
#include "codec/json_errors.h"
#include "codec/json_shape.h"
#include "codec/timestamp.h"
#include "polyonym/codec/json.h"
#include "polyonym/model/identifier.h"

namespace polyonym {
namespace {

using codec::Expected;
using codec::FieldTwice;
using codec::UnknownField;
using simdjson::dom::element;
using simdjson::dom::element_type;

// The fields of a record, under the names of both forms.
enum Field : unsigned { kSource, kId, kTime, kVersion, kAct, kIdentifiers, kTarget, kFacts, kIds, kOther, kPair, kFieldCount };

struct FieldName {
  std::string_view name;
  Field field;
};
constexpr FieldName kFieldNames[] = {
    {"source", kSource},   {"id", kId},           {"t", kTime},           {"time_ms", kTime},
    {"timeMs", kTime},     {"ids", kIds},         {"other", kOther},      {"version", kVersion},
    {"act", kAct},         {"op", kAct},          {"pair", kPair},        {"identifiers", kIdentifiers},
    {"target", kTarget},   {"target_source", kTarget}, {"targetSource", kTarget}, {"facts", kFacts},
};

constexpr std::string_view kRoleNames[] = {"ROLE_SELF", "ROLE_OTHER"};
constexpr double kLargestExact = 9007199254740992.0;  // 2^53

const FieldName* FindField(std::string_view key) {
  const auto at = std::find_if(std::begin(kFieldNames), std::end(kFieldNames), [&](const FieldName& f) { return f.name == key; });
  return at == std::end(kFieldNames) ? nullptr : at;
}

bool ReadWhole(const element& value, std::int64_t* out) {
  switch (value.type()) {
    case element_type::INT64:
      *out = value.get_int64().value_unsafe();
      return true;
    case element_type::DOUBLE: {
      const double number = value.get_double().value_unsafe();
      if (std::floor(number) != number || std::abs(number) > kLargestExact) return false;
      *out = static_cast<std::int64_t>(number);
      return true;
    }
    case element_type::STRING: {
      const std::string_view text = value.get_string().value_unsafe();
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *out);
      return error == std::errc() && end == text.data() + text.size() && !text.empty();
    }
    default:
      return false;
  }
}

absl::Status ReadText(const element& value, std::string_view field, std::string* out) {
  std::string_view text;
  if (value.get_string().get(text) != simdjson::SUCCESS) return Expected(field, "text");
  out->assign(text);
  return absl::OkStatus();
}

// An identifier's value: text, or a whole number as its digits.
absl::Status ReadValue(const element& value, std::string_view field, std::string* out) {
  if (value.type() == element_type::INT64) {
    *out = std::to_string(value.get_int64().value_unsafe());
    return absl::OkStatus();
  }
  if (value.type() == element_type::UINT64) {
    *out = std::to_string(value.get_uint64().value_unsafe());
    return absl::OkStatus();
  }
  if (!value.is_string()) return Expected(field, "text or a whole number");
  return ReadText(value, field, out);
}

// An enum by one of its names or its number.
template <class Names>
bool ReadEnum(const element& value, const Names& names, std::string_view prefix, std::size_t* out) {
  std::string_view text;
  if (value.get_string().get(text) == simdjson::SUCCESS) {
    for (std::size_t i = 0; i < std::size(names); ++i) {
      if (text == names[i]) {
        *out = i;
        return true;
      }
    }
    return false;
  }
  std::int64_t number = 0;
  if (!prefix.empty() && value.is_int64() && ReadWhole(value, &number) && number >= 0 &&
      static_cast<std::uint64_t>(number) < std::size(names)) {
    *out = static_cast<std::size_t>(number);
    return true;
  }
  return false;
}

class ObjectReader {
 public:
  ObjectReader(const simdjson::dom::object& object, Record* record) : object_(object), record_(record) {}

  absl::Status Read() {
    for (const simdjson::dom::key_value_pair field : object_) {
      const FieldName* known = FindField(field.key);
      if (known == nullptr) return UnknownField("", field.key);
      if ((seen_ >> known->field & 1u) != 0) return FieldTwice("", field.key);
      seen_ |= 1u << known->field;
      if (field.value.is_null()) continue;  // as protobuf: not there
      if (absl::Status status = ReadField(*known, field.value); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

 private:
  absl::Status ReadField(const FieldName& known, const element& value) {
    switch (known.field) {
      case kSource:
        return ReadText(value, known.name, &record_->source);
      case kId:
        return ReadText(value, known.name, &record_->id);
      case kTarget:
        return ReadText(value, known.name, &record_->target_source);
      case kTime:
        return ReadTime(known.name, value);
      case kVersion: {
        std::int64_t version = 0;
        if (!ReadWhole(value, &version)) return Expected(known.name, "a whole number of 64 bits");
        record_->version = version;
        return absl::OkStatus();
      }
      case kAct:
        return known.name == "op" ? ReadOp(value) : ReadAct(value);
      case kIdentifiers:
        return ReadIdentifiers(value);
      case kFacts:
        return ReadFacts(value);
      case kIds:
        return ReadGroups("ids", value, Role::kSelf);
      case kOther:
        return ReadGroups("other", value, Role::kOther);
      case kPair:
        return ReadPair(value);
      case kFieldCount:
        break;
    }
    return absl::OkStatus();
  }

  absl::Status ReadTime(std::string_view name, const element& value) {
    std::int64_t time_ms = 0;
    if (ReadWhole(value, &time_ms)) {
      record_->time_ms = time_ms;
      return absl::OkStatus();
    }
    std::string_view text;
    if (name == "t" && value.get_string().get(text) == simdjson::SUCCESS) {
      const auto parsed = codec::ParseTimestamp(text);
      if (parsed) {
        record_->time_ms = *parsed;
        return absl::OkStatus();
      }
    }
    return Expected(name, name == "t" ? "whole milliseconds since 1970, or RFC 3339 text with a zone"
                                      : "a whole number of milliseconds since 1970");
  }

  absl::Status ReadOp(const element& value) {
    std::string_view text;
    if (value.get_string().get(text) != simdjson::SUCCESS) return Expected("op", "the name of an act");
    const std::optional<Act> act = ParseAct(text);
    if (!act) return Expected("op", "the name of an act, such as observe, bind or retract");
    record_->act = *act;
    return absl::OkStatus();
  }

  absl::Status ReadAct(const element& value) {
    constexpr std::string_view kActNames[] = {"ACT_OBSERVE", "ACT_BIND",   "ACT_UNBIND",            "ACT_MUST_LINK",     "ACT_CANNOT_LINK",
                                              "ACT_RENAME",  "ACT_DELETE_IDENTIFIER", "ACT_DELETE_SOURCE", "ACT_RETRACT"};
    std::size_t index = 0;
    if (!ReadEnum(value, kActNames, "ACT_", &index)) return Expected("act", "one of the ACT_ names");
    record_->act = static_cast<Act>(index);
    return absl::OkStatus();
  }

  absl::Status ReadIdentifiers(const element& value) {
    simdjson::dom::array array;
    if (value.get_array().get(array) != simdjson::SUCCESS) return Expected("identifiers", "a list");
    std::size_t i = 0;
    for (const element item : array) {
      const std::string path = "identifiers[" + std::to_string(i++) + "]";
      simdjson::dom::object object;
      if (item.get_object().get(object) != simdjson::SUCCESS) return Expected(path, "an object");
      if (absl::Status status = ReadIdentifier(path, object); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  absl::Status ReadIdentifier(const std::string& path, const simdjson::dom::object& object) {
    RecordIdentifier& out = record_->identifiers.emplace_back();
    unsigned seen = 0;
    for (const simdjson::dom::key_value_pair field : object) {
      const unsigned bit = field.key == "namespace" ? 1 : field.key == "value" ? 2 : field.key == "role" ? 4 : 0;
      if (bit == 0) return UnknownField(path, field.key);
      if ((seen & bit) != 0) return FieldTwice(path, field.key);
      seen |= bit;
      if (field.value.is_null()) continue;
      absl::Status status;
      if (bit == 1) status = ReadText(field.value, path + ".namespace", &out.ns);
      if (bit == 2) status = ReadText(field.value, path + ".value", &out.value);
      if (bit == 4) {
        std::size_t role = 0;
        if (!ReadEnum(field.value, kRoleNames, "ROLE_", &role)) status = Expected(path + ".role", "ROLE_SELF or ROLE_OTHER");
        out.role = static_cast<Role>(role);
      }
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  // {"phone": ["…", …], "crm": "…"}
  absl::Status ReadGroups(const std::string& name, const element& value, Role role) {
    simdjson::dom::object object;
    if (value.get_object().get(object) != simdjson::SUCCESS) return Expected(name, "an object of namespaces");
    std::vector<std::string_view> namespaces;
    for (const simdjson::dom::key_value_pair group : object) {
      if (std::find(namespaces.begin(), namespaces.end(), group.key) != namespaces.end()) return FieldTwice(name, group.key);
      namespaces.push_back(group.key);
      const std::string path = codec::Path(name, group.key);
      simdjson::dom::array array;
      const bool is_list = group.value.get_array().get(array) == simdjson::SUCCESS;
      if (!is_list) {
        if (absl::Status status = AddIdentifier(path, group.key, group.value, role); !status.ok()) return status;
        continue;
      }
      for (const element item : array) {
        if (absl::Status status = AddIdentifier(path, group.key, item, role); !status.ok()) return status;
      }
    }
    return absl::OkStatus();
  }

  absl::Status AddIdentifier(const std::string& path, std::string_view ns, const element& value, Role role) {
    RecordIdentifier& out = record_->identifiers.emplace_back();
    out.ns = ns;
    out.role = role;
    return ReadValue(value, path, &out.value);
  }

  absl::Status ReadPair(const element& value) {
    simdjson::dom::array array;
    if (value.get_array().get(array) != simdjson::SUCCESS) return Expected("pair", "a list of namespace:value texts");
    for (const element item : array) {
      std::string_view text;
      if (item.get_string().get(text) != simdjson::SUCCESS) return Expected("pair", "a list of namespace:value texts");
      auto identifier = ParseIdentifier(text);
      if (!identifier.ok()) return absl::InvalidArgumentError("pair: " + std::string(identifier.status().message()));
      record_->identifiers.push_back({std::move(identifier->ns), std::move(identifier->value), Role::kSelf});
    }
    return absl::OkStatus();
  }

  absl::Status ReadFacts(const element& value) {
    if (!value.is_object()) return Expected("facts", "an object");
    const std::string json = simdjson::minify(value);
    if (absl::Status status = codec::CheckJsonShape(json); !status.ok()) {
      return absl::InvalidArgumentError("facts: " + std::string(status.message()));
    }
    v1::Facts facts;
    const auto status = google::protobuf::util::JsonStringToMessage(json, &facts);
    // Protobuf's message may quote a value, so it is not passed on.
    if (!status.ok()) return Expected("facts", "the protobuf mapping of polyonym.v1.Facts; a field is unknown or of another type");
    record_->facts = codec::SerialiseDeterministic(facts);
    return absl::OkStatus();
  }

  const simdjson::dom::object& object_;
  Record* record_;
  unsigned seen_ = 0;
};

}  // namespace

class JsonRecordReader::Impl {
 public:
  absl::Status Read(std::string_view line, Record* record) {
    *record = Record();
    if (line.size() > codec::kMaxJsonBytes) return absl::InvalidArgumentError("the line is longer than 16 MiB");
    if (line.size() > parser_.capacity() || parser_.max_depth() != codec::kMaxJsonDepth) {
      const std::size_t capacity = std::max<std::size_t>(line.size() * 2, 4096);
      if (parser_.allocate(std::min(capacity, codec::kMaxJsonBytes), codec::kMaxJsonDepth) != simdjson::SUCCESS) {
        return absl::ResourceExhaustedError("no memory for the line");
      }
    }
    element root;
    if (const auto error = parser_.parse(line.data(), line.size()).get(root); error != simdjson::SUCCESS) {
      return codec::NotJson(error);
    }
    simdjson::dom::object object;
    if (root.get_object().get(object) != simdjson::SUCCESS) return absl::InvalidArgumentError("expected a JSON object");
    return ObjectReader(object, record).Read();
  }

 private:
  simdjson::dom::parser parser_{codec::kMaxJsonBytes};
};

JsonRecordReader::JsonRecordReader() : impl_(std::make_unique<Impl>()) {}
JsonRecordReader::~JsonRecordReader() = default;
JsonRecordReader::JsonRecordReader(JsonRecordReader&&) noexcept = default;
JsonRecordReader& JsonRecordReader::operator=(JsonRecordReader&&) noexcept = default;

absl::Status JsonRecordReader::Read(std::string_view line, Record* record) { return impl_->Read(line, record); }

}  // namespace polyonym
