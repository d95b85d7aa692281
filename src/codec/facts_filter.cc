#include "codec/facts_filter.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include <algorithm>

#include "codec/convert.h"
#include "codec/facts.h"
#include "codec/wire.h"
#include "polyonym/v1/record.pb.h"

namespace polyonym::codec {
namespace {

// f(number of the field) for each field of the message, until it returns false or the bytes are none.
template <class F>
void ForEachField(std::string_view bytes, const F& f) {
  using google::protobuf::internal::WireFormatLite;
  google::protobuf::io::CodedInputStream in(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                            static_cast<int>(bytes.size()));
  while (const std::uint32_t tag = in.ReadTag()) {
    if (!f(WireFormatLite::GetTagFieldNumber(tag)) || !WireFormatLite::SkipField(&in, tag)) return;
  }
}

// Takes out of a repeated field what `goes` says; returns how many went.
template <class Field, class Goes>
std::uint64_t Drop(Field* field, const Goes& goes) {
  int kept = 0;
  for (int i = 0; i < field->size(); ++i) {
    if (goes(field->Get(i))) continue;
    if (kept != i) field->SwapElements(kept, i);
    ++kept;
  }
  const int gone = field->size() - kept;
  if (gone > 0) field->DeleteSubrange(kept, gone);
  return static_cast<std::uint64_t>(gone);
}

// What is left of facts; nothing where nothing but a flag is.
std::string BytesOf(const v1::Facts& facts) {
  const bool empty = facts.traits().empty() && facts.tags().empty() && facts.events().empty() &&
                     facts.relations().empty() && facts.consents().empty();
  return empty ? std::string() : SerialiseDeterministic(facts);
}

}  // namespace

std::uint64_t CountFacts(std::string_view bytes) {
  std::uint64_t count = 0;
  ForEachField(bytes, [&](int number) {
    count += number != v1::Facts::kOfPersonFieldNumber ? 1 : 0;
    return true;
  });
  return count;
}

bool HasRelations(std::string_view bytes) {
  bool has = false;
  ForEachField(bytes, [&](int number) {
    has = number == v1::Facts::kRelationsFieldNumber;
    return !has;
  });
  return has;
}

std::uint64_t DropRelations(
    std::string* bytes,
    const std::function<bool(std::string_view ns, std::string_view value)>& goes) {
  v1::Facts facts;
  if (!HasRelations(*bytes) || !FactsFromBytes(*bytes, &facts).ok()) return 0;
  const std::uint64_t gone = Drop(facts.mutable_relations(), [&](const v1::Relation& r) {
    return goes(r.other().namespace_(), r.other().value());
  });
  if (gone > 0) *bytes = BytesOf(facts);
  return gone;
}

std::vector<RelationSpan> RelationsIn(std::string_view bytes) {
  using google::protobuf::internal::WireFormatLite;
  std::vector<RelationSpan> spans;
  google::protobuf::io::CodedInputStream in(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                            static_cast<int>(bytes.size()));
  for (;;) {
    const auto begin = static_cast<std::size_t>(in.CurrentPosition());
    const std::uint32_t tag = in.ReadTag();
    if (tag == 0) break;
    if (tag != WireFormatLite::MakeTag(v1::Facts::kRelationsFieldNumber,
                                       WireFormatLite::WIRETYPE_LENGTH_DELIMITED)) {
      if (!WireFormatLite::SkipField(&in, tag)) return {};
      continue;
    }
    std::uint32_t size = 0;
    v1::Relation relation;
    if (!in.ReadVarint32(&size)) return {};
    const auto from = static_cast<std::size_t>(in.CurrentPosition());
    if (size > bytes.size() - from || !in.Skip(static_cast<int>(size))) return {};
    const std::string_view body = bytes.substr(from, size);
    if (!CheckWire(body, *v1::Relation::descriptor(), 1).ok() ||
        !relation.ParseFromArray(body.data(), static_cast<int>(body.size())))
      return {};
    spans.push_back({begin, static_cast<std::size_t>(in.CurrentPosition()),
                     relation.other().namespace_(), relation.other().value()});
  }
  return spans;
}

bool HasLostRelation(std::string_view bytes) {
  const std::vector<RelationSpan> spans = RelationsIn(bytes);
  return std::any_of(spans.begin(), spans.end(), [&](const RelationSpan& span) {
    return bytes.substr(span.begin, span.end - span.begin) == kLostRelation;
  });
}

std::uint64_t DropFacts(
    std::string* bytes, std::int64_t record_ms,
    const std::function<bool(FieldKind kind, std::string_view name, std::int64_t time_ms)>& goes) {
  v1::Facts facts;
  if (!FactsFromBytes(*bytes, &facts).ok()) return 0;
  const auto time_of = [&](const auto& fact) {
    return fact.has_time_ms() ? fact.time_ms() : record_ms;
  };
  std::uint64_t gone = Drop(facts.mutable_traits(), [&](const v1::Trait& t) {
    return goes(FieldKind::kTrait, t.name(), record_ms);
  });
  gone += Drop(facts.mutable_tags(),
               [&](const v1::Tag& t) { return goes(FieldKind::kTag, t.name(), time_of(t)); });
  gone += Drop(facts.mutable_events(),
               [&](const v1::Event& e) { return goes(FieldKind::kEvent, e.type(), time_of(e)); });
  gone += Drop(facts.mutable_relations(), [&](const v1::Relation& r) {
    return goes(FieldKind::kRelation, r.type(), time_of(r));
  });
  gone += Drop(facts.mutable_consents(), [&](const v1::Consent& c) {
    return goes(FieldKind::kConsent, c.purpose(), time_of(c));
  });
  if (gone > 0) *bytes = BytesOf(facts);
  return gone;
}

}  // namespace polyonym::codec
