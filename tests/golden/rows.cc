#include "golden/rows.h"

#include <fstream>
#include <limits>

#include "golden/story.h"
#include "harness/engine_state.h"
#include "polyonym/codec/json.h"
#include "polyonym/codec/proto.h"

namespace polyonym::harness {
namespace {

constexpr std::int64_t kLate = 1'700'000'000'000;

Change SomeChange(std::uint64_t sequence, ChangeKind kind, Cause cause) {
  Change change;
  change.sequence = sequence;
  change.kind = kind;
  change.cause = cause;
  change.from.value = sequence * 100;
  change.to.value = 7;
  change.record = sequence << 21;
  if (kind != ChangeKind::kMerged)
    change.identifiers = {{3}, {4}, {300}, {70'000}, {std::uint64_t{1} << 40}};
  return change;
}

Change SomeMembership(std::uint64_t sequence, ChangeKind kind, Cause cause) {
  Change change;
  change.sequence = sequence;
  change.kind = kind;
  change.cause = cause;
  (kind == ChangeKind::kLeft ? change.from : change.to).value = sequence * 100;
  change.record = sequence << 21;
  change.name = kind == ChangeKind::kTag ? "likes:茶" : "vip";
  if (kind == ChangeKind::kTrait) change.values = {"Xi'an", ""};
  if (kind == ChangeKind::kTag && cause != Cause::kErase) change.values = {"2.5"};
  return change;
}

std::vector<Record> SomeRecords() {
  const std::vector<RecordIdentifier> one = {{"crm", "c1", Role::kSelf}};
  const std::vector<RecordIdentifier> two = {{"crm", "c1", Role::kSelf},
                                             {"phone", "+86 139", Role::kSelf}};
  Record full;
  full.source = "pos";
  full.id = "张三:1";
  full.time_ms = kLate;
  full.version = std::numeric_limits<std::int64_t>::max();
  full.identifiers = {{"crm", "c1", Role::kSelf},
                      {"wechat.openid/wx1", std::string(200, 'o'), Role::kOther},
                      {"crm", "c:2", Role::kSelf}};
  full.facts = std::string(
      "\x0a\x06\x0a\x04"
      "city",
      8);
  Record bare;
  bare.source = "web";
  bare.time_ms = 0;
  bare.version = 0;
  bare.identifiers = one;
  bare.id = ToString(HashContent(bare));
  std::vector<Record> records = {full, bare};
  for (const Act act : {Act::kBind, Act::kUnbind, Act::kMustLink, Act::kCannotLink, Act::kRename,
                        Act::kDeleteIdentifier}) {
    Record record;
    record.source = "desk";
    record.id = ToString(act);
    record.time_ms = record.version = kLate + static_cast<std::int64_t>(act);
    record.act = act;
    record.identifiers = act == Act::kDeleteIdentifier ? one : two;
    if (act == Act::kRename) record.identifiers[1] = {"crm", "c2", Role::kSelf};  // of one family
    records.push_back(record);
  }
  Record deletes;
  deletes.source = "desk";
  deletes.id = "ds";
  deletes.time_ms = deletes.version = 1;
  deletes.act = Act::kDeleteSource;
  deletes.target_source = "old";
  Record tombstone;
  tombstone.source = "web";
  tombstone.id = "9";
  tombstone.version = 5;  // and no time
  tombstone.act = Act::kRetract;
  records.push_back(deletes);
  records.push_back(tombstone);
  return records;
}

}  // namespace

std::map<std::uint64_t, engine::FeedRow> GoldenFeedRows(int version) {
  std::map<std::uint64_t, engine::FeedRow> rows;
  for (std::uint64_t i = 0; i <= 10; ++i) {
    const auto kind = static_cast<ChangeKind>(i % 6);
    rows[i + 1] = {{SomeChange(i + 1, kind, static_cast<Cause>(i))}, {{i, i * 1000}}, 0};
  }
  const std::uint64_t large = std::uint64_t{1} << 40;
  engine::FeedRow& several = rows[large];
  for (int kind = 0; kind < 6; ++kind) {
    several.changes.push_back(SomeChange(large, static_cast<ChangeKind>(kind), Cause::kRecord));
    several.before.emplace_back(large - 1, 0);
  }
  if (version == 1) return rows;
  for (std::uint64_t i = 0; i <= 10; ++i) {
    const auto kind = static_cast<ChangeKind>(6 + i % 4);
    rows[i + 101] = {{SomeMembership(i + 101, kind, static_cast<Cause>(i))}, {}, kLate};
  }
  for (int kind = 6; kind < 10; ++kind)
    several.changes.push_back(SomeMembership(large, static_cast<ChangeKind>(kind), Cause::kRecord));
  several.now_ms = kLate;
  return rows;
}

std::map<std::uint64_t, engine::Frame> GoldenFrames() {
  engine::Frame policy;
  policy.kind = engine::FrameKind::kPolicy;
  policy.sequence = 1;
  policy.policy = WritePolicyProto(Must(ReadPolicyJson(StoryUpToCheckpoint().at(0).policy)));
  engine::Frame further = policy;
  further.sequence = 300;
  further.graph = kFurtherGraph;
  further.graph_name = "household";
  engine::Frame clock;
  clock.kind = engine::FrameKind::kClock;
  clock.sequence = 301;
  clock.clock_ms = kLate;
  engine::Frame horizon;
  horizon.kind = engine::FrameKind::kHorizon;
  horizon.sequence = 302;
  horizon.source = "till";
  horizon.before_ms = kLate;
  engine::Frame folded;
  folded.kind = engine::FrameKind::kFolded;
  folded.sequence = 302;
  folded.first_record = 77;
  for (const std::uint32_t count : {1u, 300u}) {
    Record& record = folded.records.emplace_back();
    record.source = "till";
    record.time_ms = record.version = kLate - 1'000'000;
    record.act = count == 1 ? Act::kObserve : Act::kBind;
    record.identifiers = {{"crm", "c1", Role::kSelf}, {"phone", "+86 139", Role::kSelf}};
    record.id = ToString(HashContent(record));
    record.folded = Folded{count, kLate - (count == 1 ? 1'000'000 : 1)};
  }
  engine::Frame records;
  records.sequence = std::uint64_t{1} << 33;
  records.first_record = 1'000'000;
  records.records = SomeRecords();
  return {{1, policy},    {400, further}, {401, clock},
          {402, horizon}, {403, folded},  {std::uint64_t{1} << 35, records}};
}

std::string EncodeFrame(std::uint64_t number, const engine::Frame& frame) {
  engine::Log log(nullptr);
  log.StartAfter(number - 1);
  if (frame.kind == engine::FrameKind::kPolicy)
    log.AppendPolicy(frame.sequence, frame.policy, frame.graph, frame.graph_name);
  if (frame.kind == engine::FrameKind::kClock) log.AppendClock(frame.sequence, frame.clock_ms);
  if (frame.kind == engine::FrameKind::kHorizon)
    log.AppendHorizon(frame.sequence, frame.source, frame.before_ms);
  for (std::size_t i = 0; i < frame.records.size(); ++i) {
    const Record& record = frame.records[i];
    log.Append(frame.sequence, frame.first_record + i, record,
               record.id == ToString(HashContent(record)));
  }
  WriteSet writes;
  log.MoveTo(&writes);
  return writes.puts.at(0).value;
}

std::string ToHex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (const char byte : bytes) {
    hex.push_back(kDigits[static_cast<unsigned char>(byte) >> 4]);
    hex.push_back(kDigits[static_cast<unsigned char>(byte) & 15]);
  }
  return hex;
}

std::string FromHex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  }
  return bytes;
}

std::map<std::pair<std::string, std::uint64_t>, std::string> ReadRows(const std::string& path) {
  std::map<std::pair<std::string, std::uint64_t>, std::string> rows;
  std::ifstream in(path);
  std::string kind, hex;
  for (std::uint64_t number = 0; in >> kind >> number >> hex;) rows[{kind, number}] = FromHex(hex);
  return rows;
}

}  // namespace polyonym::harness
