#include "engine/log.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "codec/facts_filter.h"
#include "engine/bytes.h"
#include "engine/keyed_store.h"
#include "model/name_table.h"
#include "polyonym/model/judge.h"

namespace polyonym::engine {
namespace {

constexpr std::uint8_t kFrameVersion = 1;

// Names that a frame can come to: a record more than it is closed at.
constexpr std::uint64_t kMaxNames = Log::kFrameRecords + kFormatLimits.max_identifiers + 1;

constexpr std::uint8_t kOwnId = RecordHead::kOwnId;
constexpr std::uint8_t kVersion = RecordHead::kVersion;
constexpr std::uint8_t kFacts = RecordHead::kFacts;
constexpr std::uint8_t kTime = RecordHead::kTime;

bool HoldsRecords(std::uint8_t kind) {
  return kind == static_cast<std::uint8_t>(FrameKind::kRecords) ||
         kind == static_cast<std::uint8_t>(FrameKind::kFolded);
}

absl::Status Corrupt() {
  return absl::DataLossError("a log frame does not decode; run verify, then restore a backup");
}

absl::Status WasFolded() {
  return absl::OutOfRangeError(
      "the record is behind the horizon of its source: it was folded, and is not there any more");
}

// Of a record that lost names: by any others.
bool IsShapely(const Record& record, bool lossy) {
  constexpr std::int64_t kNoClock = std::numeric_limits<std::int64_t>::max();
  if (!lossy || !HasLostName(record))
    return CheckShape(record, kFormatLimits, kNoClock) == Reason::kNone;
  Record named = record;
  for (std::size_t i = 0; i < named.identifiers.size(); ++i) {
    if (named.identifiers[i].value.empty())
      named.identifiers[i].value = std::string(kLostId) + std::to_string(i);
  }
  return CheckShape(named, kFormatLimits, kNoClock) == Reason::kNone;
}

template <class Names>
absl::Status DecodeRecord(std::string_view bytes, FrameKind kind, bool lossy, const Names& names,
                          Record* record) {
  ByteReader in(bytes);
  Folded folded;
  std::uint64_t span = 0;
  if (kind == FrameKind::kFolded) {
    const std::uint64_t count = in.Varint();
    if (count == 0 || count > std::numeric_limits<std::uint32_t>::max()) return Corrupt();
    folded.count = static_cast<std::uint32_t>(count);
    span = in.Varint();
  }
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
  if (count > kFormatLimits.max_identifiers || count > in.remaining()) return Corrupt();
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
  // Whatever the checksum says: what no host could have sent is not taken.
  constexpr std::int64_t kNoClock = std::numeric_limits<std::int64_t>::max();
  if (!IsShapely(*record, lossy)) return Corrupt();
  if (kind != FrameKind::kFolded) return absl::OkStatus();
  if ((record->act != Act::kObserve && record->act != Act::kBind) ||
      span > static_cast<std::uint64_t>(kNoClock - *record->time_ms))
    return Corrupt();
  folded.last_ms = *record->time_ms + static_cast<std::int64_t>(span);
  record->folded = folded;
  return absl::OkStatus();
}

}  // namespace

std::string FrameKey(std::uint64_t frame) { return BigEndianKey(frame); }
std::uint64_t FrameNumber(std::string_view key) {
  return key.size() == 8 ? FromBigEndianKey(key) : 0;
}

absl::StatusOr<std::string> ReadFrameBytes(const Store& store, std::uint64_t number) {
  auto bytes = store.Get(Table::kLog, FrameKey(number));
  if (!bytes.ok()) return bytes.status();
  if (!bytes->has_value())
    return absl::DataLossError("a log frame is missing; run verify, then restore a backup");
  return *std::move(*bytes);
}

bool HasLostName(const Record& record) {
  return std::any_of(record.identifiers.begin(), record.identifiers.end(),
                     [](const RecordIdentifier& identifier) { return identifier.value.empty(); });
}

bool IsLossy(const Record& record) {
  return HasLostName(record) || (record.facts.find(codec::kLostRelation) != std::string::npos &&
                                 codec::HasLostRelation(record.facts));
}

// A frame of records, opened; its records are read one after the other, or by their places.
struct OpenFrame {
  FrameKind kind = FrameKind::kRecords;
  bool lossy = false;
  std::uint64_t sequence = 0;
  std::uint64_t first_record = 0;
  std::vector<std::string_view> names;
  std::uint64_t count = 0;
  ByteReader bodies{{}};  // from the first record on
  ByteReader rest{{}};    // from the next one on
  std::uint64_t next = 0;

  absl::Status Open(FrameKind of, std::uint64_t call, ByteReader in);
  absl::Status Open(std::string_view payload);
  absl::StatusOr<Record> ReadRecord(std::uint64_t place);
};

absl::Status OpenFrame::Open(FrameKind of, std::uint64_t call, ByteReader in) {
  kind = of;
  sequence = call;
  first_record = in.Varint();
  const std::uint64_t name_count = in.Varint();
  if (name_count > kMaxNames || name_count > in.remaining()) return Corrupt();
  names.resize(name_count);
  for (std::string_view& name : names) name = in.Text();
  count = in.Varint();
  if (!in.ok() || count > Log::kFrameRecords || count > in.remaining()) return Corrupt();
  bodies = rest = in;
  next = 0;
  return absl::OkStatus();
}

absl::Status OpenFrame::Open(std::string_view payload) {
  ByteReader in(payload);
  const std::uint8_t byte = in.Byte();
  const auto of = static_cast<std::uint8_t>(byte & ~kSomeIsLost);
  if (!HoldsRecords(of)) return Corrupt();
  lossy = byte != of;
  const std::uint64_t call = in.Varint();
  return Open(static_cast<FrameKind>(of), call, in);
}

absl::StatusOr<Record> OpenFrame::ReadRecord(std::uint64_t place) {
  if (place >= count) return Corrupt();
  if (place < next) {
    rest = bodies;
    next = 0;
  }
  for (; next < place; ++next) rest.Text();
  const std::string_view body = rest.Text();
  ++next;
  if (!rest.ok()) return Corrupt();
  if (body.empty()) return WasFolded();
  Record record;
  if (absl::Status status = DecodeRecord(body, kind, lossy, names, &record); !status.ok())
    return status;
  return record;
}

namespace {

bool ReadGone(ByteReader* in, std::vector<GoneRecord>* gone) {
  const std::uint64_t count = in->Varint();
  if (count > in->remaining()) return false;
  gone->reserve(count);
  std::uint64_t next = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t gap = in->Varint();
    if (gap > std::numeric_limits<std::uint32_t>::max()) return false;
    next += gap;
    const std::uint8_t left = in->Byte();
    if (!in->ok() || next > std::numeric_limits<std::uint32_t>::max() ||
        left > static_cast<std::uint8_t>(GoneRecord::Left::kRecord))
      return false;
    gone->push_back({static_cast<std::uint32_t>(next), static_cast<GoneRecord::Left>(left)});
    ++next;
  }
  return in->ok();
}

bool ReadNames(ByteReader* in, std::vector<std::vector<std::uint32_t>>* names) {
  const std::uint64_t graphs = in->Varint();
  if (graphs > 0xff) return false;
  names->resize(graphs);
  for (std::vector<std::uint32_t>& of_graph : *names) {
    const std::uint64_t count = in->Varint();
    if (count > in->remaining()) return false;
    std::uint64_t next = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::uint64_t gap = in->Varint();
      if (!in->ok() || gap > std::numeric_limits<std::uint32_t>::max()) return false;
      next += gap;
      if (next > std::numeric_limits<std::uint32_t>::max()) return false;
      of_graph.push_back(static_cast<std::uint32_t>(next));
      ++next;
    }
  }
  return in->AtEnd();
}

absl::StatusOr<Frame> DecodeFrame(std::uint64_t number, std::string_view bytes, bool with_records) {
  auto payload = OpenValue(kFrameVersion, FrameKey(number), bytes);
  if (!payload.ok()) return payload.status();
  ByteReader in(*payload);
  Frame frame;
  const std::uint8_t kind = in.Byte();
  frame.sequence = in.Varint();
  if (kind == static_cast<std::uint8_t>(FrameKind::kPolicy)) {
    frame.kind = FrameKind::kPolicy;
    const std::uint64_t graph = in.Varint();
    frame.graph = static_cast<std::uint32_t>(graph);
    frame.graph_name = in.Text();
    frame.policy = in.Text();
    if (!in.AtEnd() || graph > 0xff) return Corrupt();
    return frame;
  }
  if (kind == static_cast<std::uint8_t>(FrameKind::kClock)) {
    frame.kind = FrameKind::kClock;
    frame.clock_ms = UnZigZag(in.Varint());
    if (!in.AtEnd() || frame.clock_ms < 0) return Corrupt();
    return frame;
  }
  if (kind == static_cast<std::uint8_t>(FrameKind::kHorizon)) {
    frame.kind = FrameKind::kHorizon;
    frame.source = in.Text();
    frame.before_ms = UnZigZag(in.Varint());
    if (!in.AtEnd() || frame.source.empty() || frame.before_ms < 0) return Corrupt();
    return frame;
  }
  if (kind == static_cast<std::uint8_t>(FrameKind::kErase)) {
    frame.kind = FrameKind::kErase;
    if (!ReadGone(&in, &frame.gone) || !ReadNames(&in, &frame.names)) return Corrupt();
    return frame;
  }
  const auto of = static_cast<std::uint8_t>(kind & ~kSomeIsLost);
  if (!HoldsRecords(of)) return Corrupt();
  frame.kind = static_cast<FrameKind>(of);
  frame.lossy = kind != of;
  if (!with_records) return frame;
  OpenFrame open;
  open.lossy = frame.lossy;
  if (absl::Status status = open.Open(frame.kind, frame.sequence, in); !status.ok()) return status;
  frame.first_record = open.first_record;
  frame.records.resize(open.count);
  for (Record& record : frame.records) {
    const std::string_view body = open.rest.Text();
    if (!open.rest.ok()) return Corrupt();
    if (body.empty()) continue;  // it was folded
    if (absl::Status status = DecodeRecord(body, open.kind, open.lossy, open.names, &record);
        !status.ok())
      return status;
  }
  if (!open.rest.AtEnd()) return Corrupt();
  return frame;
}

}  // namespace

absl::StatusOr<Frame> DecodeFrame(std::uint64_t number, std::string_view bytes) {
  return DecodeFrame(number, bytes, true);
}

absl::StatusOr<Frame> DecodeConditions(std::uint64_t number, std::string_view bytes) {
  return DecodeFrame(number, bytes, false);
}

absl::StatusOr<Record> DecodeRecordOfFrame(std::uint64_t number, std::string_view bytes,
                                           std::uint64_t place) {
  auto payload = OpenValue(kFrameVersion, FrameKey(number), bytes);
  if (!payload.ok()) return payload.status();
  OpenFrame open;
  if (absl::Status status = open.Open(*payload); !status.ok()) return status;
  return open.ReadRecord(place);
}

absl::StatusOr<std::string> WithoutRecords(
    std::uint64_t number, std::string_view bytes,
    const std::function<bool(std::uint64_t, std::uint64_t)>& goes) {
  auto payload = OpenValue(kFrameVersion, FrameKey(number), bytes);
  if (!payload.ok()) return payload.status();
  OpenFrame open;
  if (absl::Status status = open.Open(*payload); !status.ok()) return status;
  bool any = false;
  std::string bodies;
  for (std::uint64_t place = 0; place < open.count; ++place) {
    std::string_view body = open.rest.Text();
    if (goes(open.first_record, place)) body = {};
    any |= !body.empty();
    PutText(&bodies, body);
  }
  if (!open.rest.AtEnd()) return Corrupt();
  std::string out(
      1, static_cast<char>(static_cast<std::uint8_t>(open.kind) | (open.lossy ? kSomeIsLost : 0)));
  PutVarint(&out, open.sequence);
  PutVarint(&out, open.first_record);
  PutVarint(&out, any ? open.names.size() : 0);
  for (const std::string_view name : open.names) {
    if (any) PutText(&out, name);
  }
  PutVarint(&out, open.count);
  out += bodies;
  return SealValue(kFrameVersion, FrameKey(number), out);
}

Log::Log(const Store* store) : store_(store), frames_(store) {}
Log::~Log() = default;

std::uint64_t Log::NameIndex(std::string_view name) {
  std::uint16_t& guess = name_at_[PlaceOfName<kNamePlaces>(name)];
  if (guess < names_.size() && names_[guess] == name) return guess;
  const auto at = std::find(names_.begin(), names_.end(), name);
  const auto index = static_cast<std::uint64_t>(at - names_.begin());
  if (at == names_.end()) names_.emplace_back(name);
  guess = static_cast<std::uint16_t>(index);
  return index;
}

std::string_view Log::EncodeBody(const Record& record, bool own_id) {
  const bool has_version = record.version.has_value() && record.version != record.time_ms;
  std::size_t most = record.id.size() + record.target_source.size() + record.facts.size() +
                     kMaxVarint * (10 + 2 * record.identifiers.size());
  for (const RecordIdentifier& identifier : record.identifiers) most += identifier.value.size();
  if (body_.size() < most) body_.resize(most);
  char* at = body_.data();
  if (record.folded) {
    at = PutVarint(at, record.folded->count);
    at = PutVarint(at, static_cast<std::uint64_t>(record.folded->last_ms - *record.time_ms));
  }
  *at++ = static_cast<char>(static_cast<std::uint8_t>(record.act) | (own_id ? kOwnId : 0) |
                            (has_version ? kVersion : 0) | (record.facts.empty() ? 0 : kFacts) |
                            (record.time_ms ? kTime : 0));
  at = PutVarint(at, NameIndex(record.source));
  if (!own_id) at = PutText(at, record.id);
  if (record.time_ms) at = PutVarint(at, ZigZag(*record.time_ms));
  if (has_version) at = PutVarint(at, ZigZag(*record.version));
  at = PutVarint(at, record.identifiers.size());
  for (const RecordIdentifier& identifier : record.identifiers) {
    at = PutVarint(at, NameIndex(identifier.ns) * 2 + (identifier.role == Role::kOther ? 1 : 0));
    at = PutText(at, identifier.value);
  }
  if (record.act == Act::kDeleteSource) at = PutText(at, record.target_source);
  if (!record.facts.empty()) at = PutText(at, record.facts);
  return {body_.data(), static_cast<std::size_t>(at - body_.data())};
}

std::uint64_t Log::Append(std::uint64_t sequence, std::uint64_t number, const Record& record,
                          bool own_id) {
  const FrameKind kind = record.folded ? FrameKind::kFolded : FrameKind::kRecords;
  if (!places_.empty() &&
      (open_sequence_ != sequence || open_kind_ != kind || bodies_.size() >= kFrameBytes ||
       places_.size() >= kFrameRecords || names_.size() >= kFrameRecords)) {
    Seal();
  }
  if (places_.empty()) {
    open_kind_ = kind;
    open_sequence_ = sequence;
    open_first_ = number;
  }
  const std::string_view body = EncodeBody(record, own_id);
  const std::uint64_t location = (sealed_ + 1) << 16 | places_.size();
  ++appended_;
  places_.push_back(bodies_.size());
  PutText(&bodies_, body);
  return location;
}

void Log::AppendPolicy(std::uint64_t sequence, std::string_view policy, std::uint32_t graph,
                       std::string_view graph_name) {
  Seal();
  std::string payload(1, static_cast<char>(FrameKind::kPolicy));
  PutVarint(&payload, sequence);
  PutVarint(&payload, graph);
  PutText(&payload, graph_name);
  PutText(&payload, policy);
  AppendFrame(payload);
}

void Log::AppendClock(std::uint64_t sequence, std::int64_t clock_ms) {
  Seal();
  std::string payload(1, static_cast<char>(FrameKind::kClock));
  PutVarint(&payload, sequence);
  PutVarint(&payload, ZigZag(clock_ms));
  AppendFrame(payload);
}

void Log::AppendHorizon(std::uint64_t sequence, std::string_view source, std::int64_t before_ms) {
  Seal();
  std::string payload(1, static_cast<char>(FrameKind::kHorizon));
  PutVarint(&payload, sequence);
  PutText(&payload, source);
  PutVarint(&payload, ZigZag(before_ms));
  AppendFrame(payload);
}

void Log::AppendErase(std::uint64_t sequence, const std::vector<GoneRecord>& gone,
                      const std::vector<std::vector<std::uint32_t>>& names) {
  Seal();
  std::string payload(1, static_cast<char>(FrameKind::kErase));
  PutVarint(&payload, sequence);
  PutVarint(&payload, gone.size());
  std::uint64_t next = 0;
  for (const GoneRecord& record : gone) {
    PutVarint(&payload, record.index - next);
    payload.push_back(static_cast<char>(record.left));
    next = std::uint64_t{record.index} + 1;
  }
  PutVarint(&payload, names.size());
  for (const std::vector<std::uint32_t>& of_graph : names) {
    PutVarint(&payload, of_graph.size());
    next = 0;
    for (const std::uint32_t node : of_graph) {
      PutVarint(&payload, node - next);
      next = std::uint64_t{node} + 1;
    }
  }
  AppendFrame(payload);
}

void Log::AppendFrame(std::string_view payload) {
  ++appended_;
  ++sealed_;
  const auto at =
      pending_.emplace(sealed_, SealValue(kFrameVersion, FrameKey(sealed_), payload)).first;
  pending_bytes_ += at->second.size();
}

void Log::Seal() {
  if (places_.empty()) return;
  std::string payload(1, static_cast<char>(open_kind_));
  PutVarint(&payload, open_sequence_);
  PutVarint(&payload, open_first_);
  PutVarint(&payload, names_.size());
  for (const std::string& name : names_) PutText(&payload, name);
  PutVarint(&payload, places_.size());
  payload += bodies_;
  AppendFrame(payload);
  places_.clear();
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

absl::Status Log::WriteTo(const Store::RowSink& add) {
  Seal();
  for (const auto& [number, bytes] : pending_) {
    bytes_written_ += bytes.size();
    if (absl::Status status = add(FrameKey(number), bytes); !status.ok()) return status;
  }
  return absl::OkStatus();
}

void Log::Release() {
  pending_.clear();
  pending_bytes_ = 0;
}

absl::StatusOr<Record> Log::ReadRecord(std::uint64_t location) const {
  return ReadRecord(location, &frames_);
}

absl::StatusOr<Record> Log::ReadRecord(std::uint64_t location, FrameReader* frames) const {
  const std::uint64_t number = location >> 16;
  const std::uint64_t place = location & 0xffff;
  if (number == sealed_ + 1) {
    if (place >= places_.size()) return Corrupt();
    Record record;
    const std::string_view body =
        ByteReader(std::string_view(bodies_).substr(places_[place])).Text();
    if (absl::Status status = DecodeRecord(body, open_kind_, false, names_, &record); !status.ok())
      return status;
    return record;
  }
  if (const auto at = pending_.find(number); at != pending_.end())
    return DecodeRecordOfFrame(number, at->second, place);
  return frames->Read(location);
}

struct FrameReader::Opened {
  std::uint64_t number = 0;  // 0: none
  std::string bytes;
  OpenFrame frame;
};

FrameReader::FrameReader(const Store* store) : store_(store), opened_(std::make_unique<Opened>()) {}
FrameReader::~FrameReader() = default;
FrameReader::FrameReader(FrameReader&&) noexcept = default;
FrameReader& FrameReader::operator=(FrameReader&&) noexcept = default;

absl::StatusOr<Record> FrameReader::Read(std::uint64_t location) {
  const std::uint64_t number = location >> 16;
  if (opened_->number != number) {
    opened_->number = 0;
    auto bytes = ReadFrameBytes(*store_, number);
    if (!bytes.ok()) return bytes.status();
    opened_->bytes = *std::move(bytes);
    auto payload = OpenValue(kFrameVersion, FrameKey(number), opened_->bytes);
    if (!payload.ok()) return payload.status();
    if (absl::Status status = opened_->frame.Open(*payload); !status.ok()) return status;
    opened_->number = number;
  }
  return opened_->frame.ReadRecord(location & 0xffff);
}

absl::StatusOr<Frame> ReadFrameFromStore(const Store& store, std::uint64_t number) {
  auto bytes = ReadFrameBytes(store, number);
  if (!bytes.ok()) return bytes.status();
  return DecodeFrame(number, *bytes);
}

absl::StatusOr<Record> ReadRecordFromStore(const Store& store, std::uint64_t location) {
  // With a key for each identifier the others of the frame need not be opened.
  const auto* keyed = dynamic_cast<const KeyedStore*>(&store);
  auto bytes = keyed == nullptr ? ReadFrameBytes(store, location >> 16)
                                : keyed->FrameForRecord(location >> 16, location & 0xffff);
  if (!bytes.ok()) return bytes.status();
  return DecodeRecordOfFrame(location >> 16, *bytes, location & 0xffff);
}

}  // namespace polyonym::engine
