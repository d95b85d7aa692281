// The fast reader of record JSON: simdjson, mapped by hand, both forms of codec/json.h.
//
// Where it refuses what protobuf's own reader takes, all of it sloppy writing that no printer of protobuf produces:
//   D1  an enum's number as text or with a point or exponent: "act":"1", "act":1.0
//   D2  a plus before the digits of a number in text: "time_ms":"+5"
//   D3  a whole number with a point or exponent that is beyond 2^53, where a double is no longer exact: "time_ms":1e18
//   D4  `identifiers` as a lone object, or with null or a list within the list
// Everything else that is in the protobuf mapping is read alike, or refused by both; a property test says so.
#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "codec/facts.h"
#include "codec/json_errors.h"
#include "codec/json_shape.h"
#include "model/timestamp.h"
#include "polyonym/codec/json.h"
#include "polyonym/model/identifier.h"
#include "polyonym/model/judge.h"

namespace polyonym {
namespace {

using codec::Expected;
using codec::FieldTwice;
using codec::UnknownField;
using simdjson::dom::element;
using simdjson::dom::element_type;

// The fields of a record, under the names of both forms.
enum Field : unsigned {
  kSource,
  kId,
  kTime,
  kVersion,
  kAct,
  kIdentifiers,
  kTarget,
  kFacts,
  kFolded,
  kIds,
  kOther,
  kPair,
  kFieldCount
};

struct FieldName {
  std::string_view name;
  Field field;
};
constexpr FieldName kFieldNames[] = {
    {"source", kSource},
    {"id", kId},
    {"t", kTime},
    {"time_ms", kTime},
    {"timeMs", kTime},
    {"ids", kIds},
    {"other", kOther},
    {"version", kVersion},
    {"act", kAct},
    {"op", kAct},
    {"pair", kPair},
    {"identifiers", kIdentifiers},
    {"target", kTarget},
    {"target_source", kTarget},
    {"targetSource", kTarget},
    {"facts", kFacts},
    {"folded", kFolded},
};

constexpr std::string_view kRoleNames[] = {"ROLE_SELF", "ROLE_OTHER"};
constexpr double kLargestExact = 9007199254740992.0;  // 2^53

const FieldName* FindField(std::string_view key) {
  const auto at = std::find_if(std::begin(kFieldNames), std::end(kFieldNames),
                               [&](const FieldName& f) { return f.name == key; });
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
bool ReadValue(const element& value, std::string* out) {
  if (value.type() == element_type::INT64) {
    *out = std::to_string(value.get_int64().value_unsafe());
  } else if (value.type() == element_type::UINT64) {
    *out = std::to_string(value.get_uint64().value_unsafe());
  } else if (value.is_string()) {
    *out = value.get_string().value_unsafe();
  } else {
    return false;
  }
  return true;
}

// An enum by one of its names or its number; its values are 0, 1, 2, … in the order of `names`.
template <class Names>
bool ReadEnum(const element& value, const Names& names, std::size_t* out) {
  if (value.is_string()) {
    const std::string_view text = value.get_string().value_unsafe();
    *out = static_cast<std::size_t>(std::find(std::begin(names), std::end(names), text) -
                                    std::begin(names));
  } else if (value.is_int64()) {
    // Below 0: far beyond the end.
    *out = static_cast<std::size_t>(value.get_int64().value_unsafe());
  } else {
    return false;
  }
  return *out < std::size(names);
}

bool HasTwice(std::vector<std::string_view> names, std::string_view* twice) {
  std::sort(names.begin(), names.end());
  const auto at = std::adjacent_find(names.begin(), names.end());
  if (at == names.end()) return false;
  *twice = *at;
  return true;
}

std::string Place(std::string_view list, std::size_t i) {
  return std::string(list) + "[" + std::to_string(i) + "]";
}

class ObjectReader {
 public:
  ObjectReader(const simdjson::dom::object& object, Record* record)
      : object_(object), record_(record) {}

  // What the record held before is gone, its memory is used again.
  absl::Status Read() {
    Clear();
    absl::Status status = ReadFields();
    record_->identifiers.resize(count_);
    if (status.ok() && too_many_) return codec::TooManyIdentifiers();
    return status;
  }

 private:
  void Clear() {
    record_->source.clear();
    record_->id.clear();
    record_->time_ms.reset();
    record_->version.reset();
    record_->act = Act::kObserve;
    record_->target_source.clear();
    record_->facts.clear();
    record_->folded.reset();
  }

  // The next identifier, empty; Read() cuts off what was left of earlier ones. More than a record may ever have are not kept.
  RecordIdentifier& NextIdentifier() {
    if (count_ == kFormatLimits.max_identifiers) {
      too_many_ = true;
      --count_;
    }
    if (count_ == record_->identifiers.size()) record_->identifiers.emplace_back();
    RecordIdentifier& next = record_->identifiers[count_++];
    next.ns.clear();
    next.value.clear();
    next.role = Role::kSelf;
    return next;
  }

  absl::Status ReadFields() {
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
      case kFolded:
        return ReadFolded(value);
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
      const auto parsed = ParseTimestamp(text);
      if (parsed) {
        record_->time_ms = *parsed;
        return absl::OkStatus();
      }
    }
    return Expected(name, name == "t"
                              ? "whole milliseconds since 1970, or RFC 3339 text with a zone"
                              : "a whole number of milliseconds since 1970");
  }

  absl::Status ReadOp(const element& value) {
    std::string_view text;
    if (value.get_string().get(text) != simdjson::SUCCESS)
      return Expected("op", "the name of an act");
    const std::optional<Act> act = ParseAct(text);
    if (!act) return Expected("op", "the name of an act, such as observe, bind or retract");
    record_->act = *act;
    return absl::OkStatus();
  }

  absl::Status ReadAct(const element& value) {
    constexpr std::string_view kActNames[] = {
        "ACT_OBSERVE",           "ACT_BIND",          "ACT_UNBIND",
        "ACT_MUST_LINK",         "ACT_CANNOT_LINK",   "ACT_RENAME",
        "ACT_DELETE_IDENTIFIER", "ACT_DELETE_SOURCE", "ACT_RETRACT"};
    std::size_t index = 0;
    if (!ReadEnum(value, kActNames, &index)) return Expected("act", "one of the ACT_ names");
    record_->act = static_cast<Act>(index);
    return absl::OkStatus();
  }

  absl::Status ReadIdentifiers(const element& value) {
    simdjson::dom::array array;
    if (value.get_array().get(array) != simdjson::SUCCESS) return Expected("identifiers", "a list");
    std::size_t i = 0;
    for (const element item : array) {
      simdjson::dom::object object;
      if (item.get_object().get(object) != simdjson::SUCCESS)
        return Expected(Place("identifiers", i), "an object");
      if (absl::Status status = ReadIdentifier(i, object); !status.ok()) return status;
      ++i;
    }
    return absl::OkStatus();
  }

  // `i`: its place in the list, for errors.
  absl::Status ReadIdentifier(std::size_t i, const simdjson::dom::object& object) {
    RecordIdentifier& out = NextIdentifier();
    unsigned seen = 0;
    for (const simdjson::dom::key_value_pair field : object) {
      const unsigned bit = field.key == "namespace" ? 1
                           : field.key == "value"   ? 2
                           : field.key == "role"    ? 4
                                                    : 0;
      if (bit == 0) return UnknownField(Place("identifiers", i), field.key);
      if ((seen & bit) != 0) return FieldTwice(Place("identifiers", i), field.key);
      seen |= bit;
      if (field.value.is_null()) continue;
      std::size_t role = 0;
      if (bit == 4 && !ReadEnum(field.value, kRoleNames, &role)) {
        return Expected(codec::Path(Place("identifiers", i), "role"), "ROLE_SELF or ROLE_OTHER");
      }
      if (bit == 4) {
        out.role = static_cast<Role>(role);
      } else if (!ReadText(field.value, "", bit == 1 ? &out.ns : &out.value).ok()) {
        return Expected(codec::Path(Place("identifiers", i), field.key), "text");
      }
    }
    return absl::OkStatus();
  }

  // {"phone": ["…", …], "crm": "…"}
  absl::Status ReadGroups(std::string_view name, const element& value, Role role) {
    simdjson::dom::object object;
    if (value.get_object().get(object) != simdjson::SUCCESS)
      return Expected(name, "an object of namespaces");
    std::vector<std::string_view> namespaces;
    for (const simdjson::dom::key_value_pair group : object) namespaces.push_back(group.key);
    std::string_view twice;
    if (HasTwice(std::move(namespaces), &twice)) return FieldTwice(name, twice);
    for (const simdjson::dom::key_value_pair group : object) {
      if (!ReadGroup(group.key, group.value, role)) {
        return Expected(codec::Path(name, group.key), "text, a whole number, or a list of these");
      }
    }
    return absl::OkStatus();
  }

  bool ReadGroup(std::string_view ns, const element& value, Role role) {
    simdjson::dom::array array;
    if (value.get_array().get(array) != simdjson::SUCCESS) return AddIdentifier(ns, value, role);
    return std::all_of(array.begin(), array.end(),
                       [&](const element& item) { return AddIdentifier(ns, item, role); });
  }

  bool AddIdentifier(std::string_view ns, const element& value, Role role) {
    RecordIdentifier& out = NextIdentifier();
    out.ns = ns;
    out.role = role;
    return ReadValue(value, &out.value);
  }

  absl::Status ReadPair(const element& value) {
    simdjson::dom::array array;
    if (value.get_array().get(array) != simdjson::SUCCESS)
      return Expected("pair", "a list of namespace:value texts");
    std::size_t i = 0;
    for (const element item : array) {
      std::string_view text;
      if (item.get_string().get(text) != simdjson::SUCCESS)
        return Expected(Place("pair", i), "namespace:value text");
      auto identifier = ParseIdentifier(text);
      if (!identifier.ok()) {
        return absl::InvalidArgumentError(Place("pair", i) + ": " +
                                          std::string(identifier.status().message()));
      }
      RecordIdentifier& out = NextIdentifier();
      out.ns = std::move(identifier->ns);
      out.value = std::move(identifier->value);
      ++i;
    }
    return absl::OkStatus();
  }

  absl::Status ReadFacts(const element& value) {
    if (!value.is_object()) return Expected("facts", "an object");
    return codec::FactsFromJson(simdjson::minify(value), &record_->facts);
  }

  // {"count": 3, "last_ms": …}
  absl::Status ReadFolded(const element& value) {
    simdjson::dom::object object;
    if (value.get_object().get(object) != simdjson::SUCCESS) return Expected("folded", "an object");
    Folded folded;
    unsigned seen = 0;
    for (const simdjson::dom::key_value_pair field : object) {
      const bool last = field.key == "last_ms" || field.key == "lastMs";
      if (!last && field.key != "count") return UnknownField("folded", field.key);
      const unsigned bit = last ? 1 : 2;
      if ((seen & bit) != 0) return FieldTwice("folded", field.key);
      seen |= bit;
      if (field.value.is_null()) continue;
      std::int64_t number = 0;
      if (!ReadWhole(field.value, &number))
        return Expected(codec::Path("folded", field.key), "a whole number of 64 bits");
      if (last) {
        folded.last_ms = number;
      } else if (number < 0 || number > std::numeric_limits<std::uint32_t>::max()) {
        return Expected("folded.count", "a whole number of 32 bits");
      } else {
        folded.count = static_cast<std::uint32_t>(number);
      }
    }
    record_->folded = folded;
    return absl::OkStatus();
  }

  const simdjson::dom::object& object_;
  Record* record_;
  unsigned seen_ = 0;
  std::size_t count_ = 0;  // identifiers read so far
  bool too_many_ = false;
};

}  // namespace

class JsonRecordReader::Impl {
 public:
  absl::Status Read(std::string_view line, Record* record) {
    absl::Status status = ReadInto(line, record);
    if (!status.ok()) *record = Record();
    return status;
  }

 private:
  absl::Status ReadInto(std::string_view line, Record* record) {
    if (absl::Status status = codec::CheckJsonStart(line); !status.ok()) return status;
    if (line.size() > parser_.capacity() || parser_.max_depth() != codec::kMaxJsonDepth) {
      const std::size_t capacity = std::max<std::size_t>(line.size() * 2, 4096);
      if (parser_.allocate(std::min(capacity, codec::kMaxJsonBytes), codec::kMaxJsonDepth) !=
          simdjson::SUCCESS) {
        return absl::ResourceExhaustedError("no memory for the line");
      }
    }
    element root;
    if (const auto error = parser_.parse(line.data(), line.size()).get(root);
        error != simdjson::SUCCESS) {
      return codec::NotJson(simdjson::error_message(error));
    }
    simdjson::dom::object object;
    if (root.get_object().get(object) != simdjson::SUCCESS)
      return absl::InvalidArgumentError("expected a JSON object");
    return ObjectReader(object, record).Read();
  }

  simdjson::dom::parser parser_{codec::kMaxJsonBytes};
};

JsonRecordReader::JsonRecordReader() : impl_(std::make_unique<Impl>()) {}
JsonRecordReader::~JsonRecordReader() = default;
JsonRecordReader::JsonRecordReader(JsonRecordReader&&) noexcept = default;
JsonRecordReader& JsonRecordReader::operator=(JsonRecordReader&&) noexcept = default;

absl::Status JsonRecordReader::Read(std::string_view line, Record* record) {
  return impl_->Read(line, record);
}

}  // namespace polyonym
