#include "engine/packed_rows.h"

#include <cstdint>
#include <utility>

#include "engine/bytes.h"
#include "polyonym/model/facts.h"

namespace polyonym::engine {

void PutIdentifier(const Identifier& identifier, std::string* out) {
  PutText(out, identifier.ns);
  PutText(out, identifier.value);
}

Identifier ReadIdentifier(ByteReader* in) {
  Identifier identifier;
  identifier.ns = in->Text();
  identifier.value = in->Text();
  return identifier;
}

void PackRow(const FactRow& row, std::string* out) {
  PutVarint(out, row.from.record);
  PutText(out, row.from.record_source);
  PutText(out, row.from.record_id);
  PutVarint(out, ZigZag(row.from.time_ms));
  PutIdentifier(row.from.belongs_to, out);
  PutVarint(out, row.left_out << 1 | (row.from.anonymous ? 1 : 0));
  PutText(out, WriteFacts(row.facts));
}

absl::Status UnpackRows(std::string_view packed, std::vector<FactRow>* rows) {
  ByteReader in(packed);
  while (!in.AtEnd()) {
    FactRow& row = rows->emplace_back();
    row.from.record = in.Varint();
    row.from.record_source = in.Text();
    row.from.source = row.from.record_source;
    row.from.record_id = in.Text();
    row.from.time_ms = UnZigZag(in.Varint());
    row.from.belongs_to = ReadIdentifier(&in);
    const std::uint64_t left_out = in.Varint();
    row.left_out = left_out >> 1;
    row.from.anonymous = (left_out & 1) != 0;
    auto facts = ReadFacts(in.Text());
    if (!in.ok() || !facts.ok())
      return absl::InternalError("facts that were kept of a person cannot be read again");
    row.facts = *std::move(facts);
  }
  return absl::OkStatus();
}

}  // namespace polyonym::engine
