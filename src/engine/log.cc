#include "engine/log.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "engine/bytes.h"

namespace polyonym::engine {
namespace {

constexpr std::uint8_t kFrameVersion = 1;

// Bits of a record's head byte, above the act's four.
constexpr std::uint8_t kOwnId = 0x10;    // the id is the content's hash, and is not written
constexpr std::uint8_t kVersion = 0x20;  // the version differs from the time
constexpr std::uint8_t kFacts = 0x40;
constexpr std::uint8_t kTime = 0x80;

absl::Status Corrupt() { return absl::DataLossError("a log frame does not decode; run verify, then restore a backup"); }

absl::Status DecodeRecord(std::string_view bytes, const std::vector<std::string_view>& names, Record* record) {
  ByteReader in(bytes);
  const std::uint8_t head = in.Byte();
  if ((head & 0x0f) > static_cast<std::uint8_t>(Act::kRetract)) return Corrupt();
  record->act = static_cast<Act>(head & 0x0f);
  const std::uint64_t source = in.Varint();
  if (source >= names.size()) return Corrupt();
  record->source = names[source];
  if ((head & kOwnId) == 0) record->id = in.Text();
  if ((head & kTime) != 0) record->time_ms = UnZigZag(in.Varint());
  if ((head & kVersion) != 0) record->version = UnZigZag(in.Varint());
  const std::uint64_t count = in.Varint();
  if (count > in.remaining()) return Corrupt();
  record->identifiers.resize(count);
  for (RecordIdentifier& identifier : record->identifiers) {
    const std::uint64_t name = in.Varint();
    if (name / 2 >= names.size()) return Corrupt();
    identifier.ns = names[name / 2];
    identifier.role = (name & 1) != 0 ? Role::kOther : Role::kSelf;
    identifier.value = in.Text();
  }
  if (record->act == Act::kDeleteSource) record->target_source = in.Text();
  if ((head & kFacts) != 0) record->facts = in.Text();
  if (!in.AtEnd()) return Corrupt();
  if ((head & kOwnId) != 0) record->id = ToString(HashContent(*record));
  if (!record->version) record->version = record->time_ms;
  return absl::OkStatus();
}

}  // namespace

std::string FrameKey(std::uint64_t frame) { return BigEndianKey(frame); }

absl::StatusOr<Frame> DecodeFrame(std::uint64_t number, std::string_view bytes) {
  auto payload = OpenValue(kFrameVersion, FrameKey(number), bytes);
  if (!payload.ok()) return payload.status();
  ByteReader in(*payload);
  Frame frame;
  const std::uint8_t kind = in.Byte();
  frame.sequence = in.Varint();
  if (kind == static_cast<std::uint8_t>(FrameKind::kPolicy)) {
    frame.kind = FrameKind::kPolicy;
    frame.policy = in.Text();
    if (!in.AtEnd()) return Corrupt();
    return frame;
  }
  if (kind != static_cast<std::uint8_t>(FrameKind::kRecords)) return Corrupt();
  frame.first_record = in.Varint();
  const std::uint64_t name_count = in.Varint();
  if (name_count > in.remaining()) return Corrupt();
  std::vector<std::string_view> names(name_count);
  for (std::string_view& name : names) name = in.Text();
  const std::uint64_t count = in.Varint();
  if (count > in.remaining()) return Corrupt();
  frame.records.resize(count);
  for (Record& record : frame.records) {
    const std::string_view body = in.Text();
    if (!in.ok()) return Corrupt();
    if (absl::Status status = DecodeRecord(body, names, &record); !status.ok()) return status;
  }
  if (!in.AtEnd()) return Corrupt();
  return frame;
}

std::uint64_t Log::NameIndex(std::string_view name) {
  const auto at = std::find(names_.begin(), names_.end(), name);
  if (at != names_.end()) return static_cast<std::uint64_t>(at - names_.begin());
  names_.emplace_back(name);
  return names_.size() - 1;
}

std::uint64_t Log::Append(std::uint64_t sequence, std::uint64_t number, const Record& record, bool own_id) {
  if (!open_records_.empty() && (open_sequence_ != sequence || bodies_.size() >= kFrameBytes ||
                                 open_records_.size() >= kFrameRecords || names_.size() >= kFrameRecords)) {
    Seal();
  }
  if (open_records_.empty()) {
    open_sequence_ = sequence;
    open_first_ = number;
  }
  const bool has_version = record.version != record.time_ms;
  std::string body;
  body.push_back(static_cast<char>(static_cast<std::uint8_t>(record.act) | (own_id ? kOwnId : 0) |
                                   (has_version ? kVersion : 0) | (record.facts.empty() ? 0 : kFacts) |
                                   (record.time_ms ? kTime : 0)));
  PutVarint(&body, NameIndex(record.source));
  if (!own_id) PutText(&body, record.id);
  if (record.time_ms) PutVarint(&body, ZigZag(*record.time_ms));
  if (has_version) PutVarint(&body, ZigZag(*record.version));
  PutVarint(&body, record.identifiers.size());
  for (const RecordIdentifier& identifier : record.identifiers) {
    PutVarint(&body, NameIndex(identifier.ns) * 2 + (identifier.role == Role::kOther ? 1 : 0));
    PutText(&body, identifier.value);
  }
  if (record.act == Act::kDeleteSource) PutText(&body, record.target_source);
  if (!record.facts.empty()) PutText(&body, record.facts);
  PutText(&bodies_, body);
  const std::uint64_t location = (sealed_ + 1) << 16 | open_records_.size();
  open_records_.push_back(record);
  return location;
}

void Log::AppendPolicy(std::uint64_t sequence, std::string_view policy) {
  Seal();
  std::string payload(1, static_cast<char>(FrameKind::kPolicy));
  PutVarint(&payload, sequence);
  PutText(&payload, policy);
  ++sealed_;
  pending_.emplace(sealed_, SealValue(kFrameVersion, FrameKey(sealed_), payload));
}

void Log::Seal() {
  if (open_records_.empty()) return;
  std::string payload(1, static_cast<char>(FrameKind::kRecords));
  PutVarint(&payload, open_sequence_);
  PutVarint(&payload, open_first_);
  PutVarint(&payload, names_.size());
  for (const std::string& name : names_) PutText(&payload, name);
  PutVarint(&payload, open_records_.size());
  payload += bodies_;
  ++sealed_;
  pending_.emplace(sealed_, SealValue(kFrameVersion, FrameKey(sealed_), payload));
  open_records_.clear();
  names_.clear();
  bodies_.clear();
}

void Log::MoveTo(WriteSet* writes) {
  Seal();
  for (const auto& [number, bytes] : pending_) {
    bytes_written_ += bytes.size();
    writes->puts.push_back({Table::kLog, FrameKey(number), bytes});
  }
}

void Log::Release() { pending_.clear(); }

absl::StatusOr<std::shared_ptr<const Frame>> Log::ReadFrame(std::uint64_t number) const {
  if (cached_ != nullptr && cached_number_ == number) return cached_;
  absl::StatusOr<Frame> frame;
  if (const auto at = pending_.find(number); at != pending_.end()) {
    frame = DecodeFrame(number, at->second);
  } else {
    frame = ReadFrameFromStore(*store_, number);
  }
  if (!frame.ok()) return frame.status();
  cached_ = std::make_shared<const Frame>(*std::move(frame));
  cached_number_ = number;
  return cached_;
}

absl::StatusOr<Record> Log::ReadRecord(std::uint64_t location) const {
  const std::uint64_t place = location & 0xffff;
  if (location >> 16 == sealed_ + 1) {
    if (place >= open_records_.size()) return Corrupt();
    return open_records_[place];
  }
  auto frame = ReadFrame(location >> 16);
  if (!frame.ok()) return frame.status();
  if (place >= (*frame)->records.size()) return Corrupt();
  return (*frame)->records[place];
}

absl::StatusOr<Frame> ReadFrameFromStore(const Store& store, std::uint64_t number) {
  auto bytes = store.Get(Table::kLog, FrameKey(number));
  if (!bytes.ok()) return bytes.status();
  if (!bytes->has_value()) return absl::DataLossError("a log frame is missing; run verify, then restore a backup");
  return DecodeFrame(number, **bytes);
}

absl::StatusOr<Record> ReadRecordFromStore(const Store& store, std::uint64_t location) {
  auto frame = ReadFrameFromStore(store, location >> 16);
  if (!frame.ok()) return frame.status();
  const std::uint64_t place = location & 0xffff;
  if (place >= frame->records.size()) return Corrupt();
  return std::move(frame->records[place]);
}

}  // namespace polyonym::engine
