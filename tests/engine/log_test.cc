#include "engine/log.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/bytes.h"
#include "engine/corrupt.h"
#include "harness/catch.h"
#include "harness/engine_state.h"

namespace polyonym::engine {
namespace {

using harness::Must;
using harness::Random;

// UTF-8 of every length, with bytes that mean something elsewhere.
std::string RandomText(Random& random, std::size_t least) {
  static const std::vector<std::string> kPieces = {
      "a", "7", "/", " ", "\x7f", std::string(1, '\0'), "é", "张", "\U0001F600"};
  std::string text;
  for (std::uint64_t i = least + random.Below(random.Chance(5) ? 60 : 5); i > 0; --i) {
    text += random.Pick(kPieces);
  }
  return text;
}

std::int64_t RandomTime(Random& random) {
  static const std::vector<std::int64_t> kEdges = {0, 1, 127, 128, INT64_MAX, 1'700'000'000'000};
  return random.Chance(40) ? random.Pick(kEdges) : random.Between(0, 200);
}

std::size_t IdentifiersOf(Act act, Random& random) {
  if (act == Act::kObserve) return 1 + random.Below(random.Chance(3) ? 300 : 4);
  if (act == Act::kDeleteIdentifier) return 1;
  return act == Act::kDeleteSource || act == Act::kRetract ? 0 : 2;
}

// A record as the engine hands it to the log: of good shape, with id, time and version filled in.
// `own_id`: its id is its content's hash.
Record RandomRecord(Random& random, bool own_id) {
  Record record;
  record.act = static_cast<Act>(random.Below(9));
  record.source = "s" + std::to_string(random.Below(3));
  if (record.act != Act::kRetract || random.Chance(50)) record.time_ms = RandomTime(random);
  record.version = record.time_ms && random.Chance(50) ? record.time_ms : RandomTime(random);
  const std::size_t count = IdentifiersOf(record.act, random);
  for (std::size_t i = 0; i < count; ++i) {
    RecordIdentifier& identifier = record.identifiers.emplace_back();
    identifier.ns = record.act == Act::kRename ? "ns" : "ns" + std::to_string(random.Below(4));
    if (random.Chance(10)) identifier.ns += "/" + std::to_string(random.Below(2'000));
    identifier.value = std::to_string(i) + RandomText(random, 0);  // two of an act are distinct
    if (random.Chance(40)) identifier.role = Role::kOther;
  }
  if (record.act == Act::kDeleteSource)
    record.target_source = "s" + std::to_string(random.Below(9));
  if (random.Chance(30)) record.facts = RandomText(random, 1);
  record.id = own_id ? ToString(HashContent(record)) : RandomText(random, 1);
  return record;
}

bool SameConditions(const Frame& a, const Frame& b) {
  return a.kind == b.kind && a.policy == b.policy && a.graph == b.graph &&
         a.graph_name == b.graph_name && a.clock_ms == b.clock_ms;
}

// A log, the store behind it, and everything that was put in.
class LogHistory {
 public:
  explicit LogHistory(std::uint64_t seed)
      : random_(seed), store_(OpenMemoryStore()), log_(store_.get()) {}

  void Step() {
    const std::uint64_t act = random_.Below(100);
    if (act < 70) {
      const bool own_id = random_.Chance(30);
      const Record record = RandomRecord(random_, own_id);
      locations_.push_back(log_.Append(sequence_, records_.size() + 1, record, own_id));
      records_.push_back(record);
    } else if (act < 74) {
      Frame& frame = conditions_.emplace_back();
      frame.kind = FrameKind::kPolicy;
      frame.policy = RandomText(random_, 0);
      frame.graph = static_cast<std::uint32_t>(random_.Chance(50) ? 0 : random_.Below(256));
      if (frame.graph != 0) frame.graph_name = RandomText(random_, 1);
      log_.AppendPolicy(sequence_, frame.policy, frame.graph, frame.graph_name);
    } else if (act < 77) {
      Frame& frame = conditions_.emplace_back();
      frame.kind = FrameKind::kClock;
      frame.clock_ms = RandomTime(random_);
      log_.AppendClock(sequence_, frame.clock_ms);
    } else if (act < 85) {
      ++sequence_;
    } else if (act < 90) {
      log_.Seal();
    } else {
      Commit();
    }
  }
  void Commit() {
    WriteSet writes;
    log_.MoveTo(&writes);
    Must(store_->Commit(writes, false));
    log_.Release();
  }
  // The first record that does not come back as it was; empty: all do.
  std::string CheckRecords(bool from_store) {
    for (std::size_t i = 0; i < records_.size(); ++i) {
      const auto read =
          from_store ? ReadRecordFromStore(*store_, locations_[i]) : log_.ReadRecord(locations_[i]);
      if (!read.ok()) return "record " + std::to_string(i) + ": " + read.status().ToString();
      if (*read != records_[i]) return "record " + std::to_string(i) + " is another";
    }
    return "";
  }
  // The frames of the store against what was put in; empty: all is there, in order.
  std::string CheckFrames() {
    std::string fault;
    std::uint64_t number = 0, sequence = 0, records = 0, conditions = 0;
    Must(store_->Scan(Table::kLog, "", "", [&](std::string_view key, std::string_view value) {
      if (key != FrameKey(++number)) fault += "frames are not numbered without a gap\n";
      const Frame frame = Must(DecodeFrame(number, value));
      if (frame.sequence < sequence) fault += "sequences go back\n";
      sequence = frame.sequence;
      const Frame without_records = Must(DecodeConditions(number, value));
      if (!SameConditions(frame, without_records)) fault += "without its records it is another\n";
      if (frame.kind != FrameKind::kRecords) {
        if (!SameConditions(frame, conditions_[conditions++]))
          fault += "a policy or clock is another\n";
        return true;
      }
      if (frame.first_record != records + 1) fault += "a frame's first record is misnumbered\n";
      if (frame.records.empty() || frame.records.size() > Log::kFrameRecords)
        fault += "a frame has no or too many records\n";
      if (value.size() > 3 * Log::kFrameBytes + 65'536) fault += "a frame is too large\n";
      for (std::size_t place = 0; place < frame.records.size(); ++place) {
        const auto alone = DecodeRecordOfFrame(number, value, place);
        if (frame.records[place] != records_[records]) fault += "a frame's record is another\n";
        if (!alone.ok() || *alone != records_[records++]) fault += "a record alone is another\n";
      }
      const auto behind = DecodeRecordOfFrame(number, value, frame.records.size());
      if (!absl::IsDataLoss(behind.status())) fault += "a frame has more records than it holds\n";
      return true;
    }));
    if (records != records_.size() || conditions != conditions_.size())
      fault += "something is missing\n";
    if (number != log_.last_frame()) fault += "the last frame is misnumbered\n";
    return fault;
  }
  const Store& store() const { return *store_; }
  std::uint64_t last_frame() const { return log_.last_frame(); }
  std::uint64_t bytes_written() const { return log_.bytes_written(); }

 private:
  Random random_;
  std::unique_ptr<Store> store_;
  Log log_;
  std::uint64_t sequence_ = 1;
  std::vector<Record> records_;
  std::vector<std::uint64_t> locations_;
  std::vector<Frame> conditions_;  // policies and clocks
};

std::vector<std::pair<std::uint64_t, std::string>> SomeFrames(std::uint64_t seed) {
  LogHistory history(seed);
  for (int step = 0; step < 40; ++step) history.Step();
  history.Commit();
  std::vector<std::pair<std::uint64_t, std::string>> frames;
  for (std::uint64_t n = 1; n <= history.last_frame(); ++n) {
    frames.emplace_back(n, **history.store().Get(Table::kLog, FrameKey(n)));
  }
  return frames;
}

}  // namespace

TEST_CASE(
    "records come back as they were, from the open frame, from closed ones and from the store") {
  harness::ForEachSeed(1, 150, [](std::uint64_t seed) {
    LogHistory history(seed);
    for (int step = 0; step < 200; ++step) {
      history.Step();
      if (step % 20 != 0) continue;
      const std::string fault = history.CheckRecords(false);
      INFO("seed " << seed << ", step " << step << ": " << fault);
      REQUIRE(fault.empty());
    }
    history.Commit();
    const std::string fault =
        history.CheckRecords(false) + history.CheckRecords(true) + history.CheckFrames();
    INFO("seed " << seed << ": " << fault);
    REQUIRE(fault.empty());
    std::uint64_t bytes = 0;
    for (std::uint64_t n = 1; n <= history.last_frame(); ++n) {
      bytes += (*history.store().Get(Table::kLog, FrameKey(n)))->size();
    }
    REQUIRE(history.bytes_written() == bytes);
  });
}

TEST_CASE("small records fill frames of about four kilobytes, and calls do not share one") {
  const std::unique_ptr<Store> store = OpenMemoryStore();
  Log log(store.get());
  log.StartAfter(7);
  Random random(1);
  Record record;
  record.source = "s";
  record.time_ms = record.version = 1;
  record.identifiers = {{"crm", "7"}};
  for (std::uint64_t i = 1; i <= 3'000; ++i) {
    record.id = std::to_string(i);
    log.Append(1, i, record, false);
  }
  log.Append(2, 3'001, record, false);
  WriteSet writes;
  log.MoveTo(&writes);
  REQUIRE(writes.puts.size() > 3);
  CHECK(writes.puts.front().key == FrameKey(8));
  std::size_t records = 0;
  for (std::size_t i = 0; i < writes.puts.size(); ++i) {
    const Frame frame = Must(DecodeFrame(8 + i, writes.puts[i].value));
    records += frame.records.size();
    CHECK(frame.sequence == (i + 1 == writes.puts.size() ? 2 : 1));
    CHECK(writes.puts[i].value.size() < Log::kFrameBytes + 100);
  }
  CHECK(records == 3'001);
}

TEST_CASE("frames that were not released are written again, and none twice after that") {
  const std::unique_ptr<Store> store = OpenMemoryStore();
  Log log(store.get());
  log.AppendPolicy(1, "policy");
  WriteSet first, second, third;
  log.MoveTo(&first);
  log.MoveTo(&second);
  log.Release();
  log.MoveTo(&third);
  REQUIRE(first.puts.size() == 1);
  REQUIRE(second.puts.size() == 1);
  CHECK(second.puts[0].value == first.puts[0].value);
  CHECK(third.empty());
}

TEST_CASE("a record that is not there is DataLoss") {
  const std::unique_ptr<Store> store = OpenMemoryStore();
  Log log(store.get());
  Random random(1);
  const std::uint64_t location = log.Append(1, 1, RandomRecord(random, false), false);
  for (const std::uint64_t nowhere :
       {location + 1, location + (1 << 16), std::uint64_t{0}, ~std::uint64_t{0}}) {
    CHECK(absl::IsDataLoss(log.ReadRecord(nowhere).status()));
    CHECK(absl::IsDataLoss(ReadRecordFromStore(*store, nowhere).status()));
  }
  CHECK(log.ReadRecord(location).ok());
  log.Seal();
  CHECK(log.ReadRecord(location).ok());
  CHECK(absl::IsDataLoss(log.ReadRecord(location + 1).status()));
}

TEST_CASE("a frame with any bit flipped or its end cut is never read as another") {
  std::size_t frames = 0;
  harness::ForEachSeed(1, 4, [&](std::uint64_t seed) {
    for (const auto& [number, bytes] : SomeFrames(seed)) {
      if (bytes.size() > 3'000) continue;  // the square of its length is looked at
      ++frames;
      const std::string fault = FindAccepted(bytes, [&, n = number](const std::string& broken) {
        const auto alone = DecodeRecordOfFrame(n, broken, 0);
        return alone.ok() ? absl::InternalError("a record") : DecodeFrame(n, broken).status();
      });
      INFO("seed " << seed << ", frame " << number << ": " << fault);
      REQUIRE(fault.empty());
      REQUIRE(absl::IsDataLoss(DecodeFrame(number + 1, bytes).status()));  // under another key
    }
  });
  CHECK(frames > 10);
}

TEST_CASE("whatever stands under a checksum that fits is a frame or DataLoss") {
  std::uint64_t decoded = 0, refused = 0;
  harness::ForEachSeed(1, 100, [&](std::uint64_t seed) {
    Random random(seed);
    for (const auto& [number, bytes] : SomeFrames(seed)) {
      for (int i = 0; i < 40; ++i) {
        const auto frame =
            DecodeFrame(number, Rewritten(bytes.substr(9), FrameKey(number), random));
        ++(frame.ok() ? decoded : refused);
        INFO("seed " << seed << ", frame " << number << ": " << frame.status().ToString());
        REQUIRE((frame.ok() || absl::IsDataLoss(frame.status())));
      }
    }
  });
  CHECK(decoded > 100);
  CHECK(refused > 100);
}

TEST_CASE("a record that no host could have sent is DataLoss, though its checksum fits") {
  const std::vector<std::function<void(Record*)>> edits = {
      [](Record* r) { r->source.clear(); },
      [](Record* r) { r->time_ms = -1; },
      [](Record* r) { r->version = -1; },
      [](Record* r) { r->identifiers[0].value.clear(); },
      [](Record* r) { r->identifiers[0].value = "\xff"; },
      [](Record* r) { r->identifiers[0].ns = "a b"; },
      [](Record* r) { r->act = Act::kBind; },
      [](Record* r) { r->id = std::string(257, 'x'); },
  };
  Record good;
  good.source = "s";
  good.id = "1";
  good.time_ms = good.version = 1;
  good.identifiers = {{"crm", "7"}};
  const auto decode = [](const Record& record) {
    const std::unique_ptr<Store> store = OpenMemoryStore();
    Log log(store.get());
    log.Append(1, 1, record, false);
    WriteSet writes;
    log.MoveTo(&writes);
    return DecodeFrame(1, writes.puts.at(0).value).status();
  };
  CHECK(decode(good).ok());
  for (std::size_t i = 0; i < edits.size(); ++i) {
    Record bad = good;
    edits[i](&bad);
    INFO("edit " << i);
    CHECK(absl::IsDataLoss(decode(bad)));
  }
}

TEST_CASE("counts in a frame beyond what there are bytes for are DataLoss, not memory") {
  for (const std::uint64_t count :
       {std::uint64_t{1} << 20, std::uint64_t{1} << 40, ~std::uint64_t{0}}) {
    std::string names(1, '\x01'), records(1, '\x01');
    for (std::string* payload : {&names, &records}) {
      PutVarint(payload, 1);
      PutVarint(payload, 1);
    }
    PutVarint(&names, count);
    PutVarint(&records, 0);
    PutVarint(&records, count);
    CHECK(absl::IsDataLoss(DecodeFrame(1, SealValue(1, FrameKey(1), names)).status()));
    CHECK(absl::IsDataLoss(DecodeFrame(1, SealValue(1, FrameKey(1), records)).status()));
  }
}

TEST_CASE("a clock before 1970, a graph beyond a byte and a frame of no kind are DataLoss") {
  const auto decode = [](char kind, std::uint64_t number, const std::string& rest) {
    std::string payload(1, kind);
    PutVarint(&payload, 1);
    PutVarint(&payload, number);
    return DecodeFrame(1, SealValue(1, FrameKey(1), payload + rest)).status();
  };
  const std::string texts(2, '\0');  // no name, no policy
  CHECK(decode(3, ZigZag(0), "").ok());
  CHECK(absl::IsDataLoss(decode(3, ZigZag(-1), "")));
  CHECK(absl::IsDataLoss(decode(3, ZigZag(1), texts)));
  CHECK(decode(2, 255, texts).ok());
  CHECK(absl::IsDataLoss(decode(2, 256, texts)));
  CHECK(absl::IsDataLoss(decode(2, std::uint64_t{1} << 32, texts)));
  CHECK(absl::IsDataLoss(decode(2, 1, texts.substr(1))));
  CHECK(absl::IsDataLoss(decode(4, 0, texts)));
  CHECK(absl::IsDataLoss(decode(0, 0, texts)));
}

TEST_CASE("a frame without some of its records keeps the others in their places") {
  Log log(nullptr);
  std::vector<Record> records;
  for (int i = 0; i < 5; ++i) {
    Record& record = records.emplace_back();
    record.source = "shop";
    record.id = "r" + std::to_string(i);
    record.time_ms = record.version = i;
    record.identifiers = {{"phone", "secret" + std::to_string(i), Role::kSelf}};
    log.Append(1, 10 + static_cast<std::uint64_t>(i), record, false);
  }
  WriteSet writes;
  log.MoveTo(&writes);
  const std::string whole = writes.puts.at(0).value;
  const std::string some = Must(WithoutRecords(
      1, whole, [](std::uint64_t first, std::uint64_t place) { return (first + place) % 2 == 0; }));
  for (std::uint64_t place = 0; place < 5; ++place) {
    INFO("place " << place);
    const bool gone = place % 2 == 0;
    const auto record = DecodeRecordOfFrame(1, some, place);
    CHECK(record.status().code() == (gone ? absl::StatusCode::kOutOfRange : absl::StatusCode::kOk));
    if (!gone) CHECK(*record == records[place]);
    CHECK((some.find("secret" + std::to_string(place)) == std::string::npos) == gone);
    CHECK(Must(DecodeFrame(1, some)).records.at(place).source.empty() == gone);
  }
  CHECK(Must(WithoutRecords(1, some, [](auto, auto) { return false; })) == some);
  CHECK(Must(WithoutRecords(1, whole, [](auto, auto) { return false; })) == whole);
  const std::string none = Must(WithoutRecords(1, whole, [](auto, auto) { return true; }));
  CHECK(none.find("shop") == std::string::npos);
  CHECK(none.size() < 25);
  CHECK(Must(DecodeFrame(1, none)).first_record == 10);
  CHECK(WithoutRecords(2, whole, [](auto, auto) { return true; }).status().code() ==
        absl::StatusCode::kDataLoss);
}

}  // namespace polyonym::engine
