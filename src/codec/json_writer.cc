#include <google/protobuf/descriptor.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/type_resolver_util.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "codec/convert.h"
#include "codec/facts.h"
#include "codec/json_shape.h"
#include "model/utf8.h"
#include "polyonym/codec/json.h"
#include "polyonym/model/identifier.h"
#include "polyonym/v1/record.pb.h"

namespace polyonym {
namespace {

void PutQuoted(std::string* out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out->push_back('"');
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out->push_back('\\');
      out->push_back(c);
    } else if (byte < 0x20) {
      out->append("\\u00");
      out->push_back(kHex[byte >> 4]);
      out->push_back(kHex[byte & 15]);
    } else {
      out->push_back(c);
    }
  }
  out->push_back('"');
}

void PutField(std::string* out, std::string_view name) {
  out->append(out->size() > 1 ? "," : "");
  PutQuoted(out, name);
  out->push_back(':');
}

// The short form keeps the order of identifiers within a namespace only.
bool ShortFormKeepsOrder(const Record& record) {
  const RecordIdentifier* last = nullptr;
  std::map<std::pair<Role, std::string_view>, int> runs;
  for (const RecordIdentifier& identifier : record.identifiers) {
    const bool same_run =
        last != nullptr && last->ns == identifier.ns && last->role == identifier.role;
    if (!same_run && ++runs[{identifier.role, identifier.ns}] > 1) return false;
    if (last != nullptr && last->role > identifier.role) return false;
    last = &identifier;
  }
  return true;
}

bool IsPair(const Record& record) {
  return record.act != Act::kObserve && record.act != Act::kDeleteSource &&
         record.act != Act::kRetract;
}

bool HasShortForm(const Record& record) {
  if (!record.facts.empty()) return false;
  if (!IsPair(record)) return ShortFormKeepsOrder(record);
  for (const RecordIdentifier& identifier : record.identifiers) {
    if (identifier.role != Role::kSelf || !IsValidNamespace(identifier.ns) ||
        identifier.value.empty())
      return false;
  }
  return true;
}

void PutGroups(const Record& record, Role role, std::string_view field, std::string* out) {
  std::string groups;
  std::string_view last;
  for (const RecordIdentifier& identifier : record.identifiers) {
    if (identifier.role != role) continue;
    if (groups.empty() || identifier.ns != last) {
      if (!groups.empty()) groups.append("],");
      PutQuoted(&groups, identifier.ns);
      groups.append(":[");
    } else {
      groups.push_back(',');
    }
    last = identifier.ns;
    PutQuoted(&groups, identifier.value);
  }
  if (groups.empty()) return;
  PutField(out, field);
  out->append("{" + groups + "]}");
}

std::string WriteShort(const Record& record) {
  std::string out = "{";
  PutField(&out, "source");
  PutQuoted(&out, record.source);
  if (!record.id.empty()) {
    PutField(&out, "id");
    PutQuoted(&out, record.id);
  }
  if (record.time_ms) {
    PutField(&out, "t");
    out.append(std::to_string(*record.time_ms));
  }
  if (record.version) {
    PutField(&out, "version");
    out.append(std::to_string(*record.version));
  }
  if (record.act != Act::kObserve) {
    PutField(&out, "op");
    PutQuoted(&out, ToString(record.act));
  }
  if (IsPair(record) && !record.identifiers.empty()) {
    PutField(&out, "pair");
    std::string pair;
    for (const RecordIdentifier& identifier : record.identifiers) {
      if (!pair.empty()) pair.push_back(',');
      PutQuoted(&pair, ToString(Identifier{identifier.ns, identifier.value}));
    }
    out.append("[" + pair + "]");
  } else {
    PutGroups(record, Role::kSelf, "ids", &out);
    PutGroups(record, Role::kOther, "other", &out);
  }
  if (!record.target_source.empty()) {
    PutField(&out, "target");
    PutQuoted(&out, record.target_source);
  }
  if (record.folded) {
    PutField(&out, "folded");
    out.append("{\"count\":" + std::to_string(record.folded->count) +
               ",\"last_ms\":" + std::to_string(record.folded->last_ms) + "}");
  }
  return out + "}";
}

bool HoldsUtf8(const Record& record) {
  const auto ok = [](const RecordIdentifier& identifier) {
    return IsUtf8(identifier.ns) && IsUtf8(identifier.value);
  };
  return IsUtf8(record.source) && IsUtf8(record.id) && IsUtf8(record.target_source) &&
         std::all_of(record.identifiers.begin(), record.identifiers.end(), ok);
}

// Empty where the facts cannot be said in JSON.
std::string WriteMapping(const Record& record) {
  v1::Record message;
  codec::ToProto(record, &message);
  if (!record.facts.empty() && !codec::FactsFromBytes(record.facts, message.mutable_facts()).ok())
    return {};
  namespace pb = google::protobuf;
  pb::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  // From bytes with sorted maps: out of a message maps come in the order of their hash tables, which differs from run to run.
  static pb::util::TypeResolver* const types = pb::util::NewTypeResolverForDescriptorPool(
      "type.googleapis.com", pb::DescriptorPool::generated_pool());
  std::string json;
  const auto status = pb::util::BinaryToJsonString(
      types, "type.googleapis.com/" + std::string(message.GetTypeName()),
      codec::SerialiseDeterministic(message), &json, options);
  if (!status.ok()) return {};
  return codec::CheckJsonShape(json).ok() ? json : std::string();
}

}  // namespace

std::string WriteRecordJson(const Record& record) {
  if (!HoldsUtf8(record)) return {};
  std::string json = HasShortForm(record) ? WriteShort(record) : WriteMapping(record);
  return json.size() <= codec::kMaxJsonBytes ? json : std::string();
}

}  // namespace polyonym
