// Bytes that say of horizons and folded records what cannot be, inside envelopes that fit: DataLoss, never a crash.
#include <memory>
#include <string>
#include <vector>

#include "engine/bytes.h"
#include "engine/log.h"
#include "harness/catch.h"
#include "harness/engine_state.h"
#include "hostile/store_rows.h"

namespace polyonym::harness {
namespace {

using engine::FrameKey;
using engine::PutText;
using engine::PutVarint;
using engine::ZigZag;

Policy PhonePolicy() {
  Policy policy;
  for (const char* name : {"crm", "phone"}) policy.namespaces.emplace_back().name = name;
  return policy;
}

Record Seen(std::int64_t time_ms) {
  Record record;
  record.source = "till";
  record.id = "r" + std::to_string(time_ms);
  record.time_ms = record.version = time_ms;
  record.identifiers = {{"crm", "c" + std::to_string(time_ms % 3), Role::kSelf},
                        {"phone", "p", Role::kSelf}};
  return record;
}

// A store that folded: its checkpoint is in it, or its log alone, uncleaned.
std::vector<StoreRow> MakeRows(bool with_checkpoint) {
  const TempFolder folder;
  {
    const std::unique_ptr<Engine> engine = Must(Engine::Open(folder / "store", LawOptions(0)));
    Must(engine->SetPolicy(PhonePolicy()).status());
    std::vector<Record> records;
    for (std::int64_t t = 0; t < 300; ++t) records.push_back(Seen(t));
    Must(engine->Apply(records).status());
    Must(engine->MoveHorizon("till", 250).status());
  }
  std::vector<StoreRow> rows = AllRows(folder / "store");
  if (with_checkpoint) return rows;
  std::erase_if(
      rows, [](const StoreRow& row) { return row.table == Table::kState || row.key == "cleaned"; });
  return rows;
}

// Opens the rows, and where that goes asks and changes everything once.
absl::Status Use(const std::vector<StoreRow>& rows) {
  std::unique_ptr<Store> store = OpenMemoryStore();
  WriteSet writes;
  for (const StoreRow& row : rows) writes.puts.push_back({row.table, row.key, row.value});
  Must(store->Commit(writes, true));
  const auto engine = Engine::OpenOn(std::move(store), LawOptions(0));
  if (!engine.ok()) return engine.status();
  const View view = (*engine)->Read();
  view.Why({"crm", "c0"}, {"crm", "c1"}).status().IgnoreError();
  view.Links({"phone", "p"}).status().IgnoreError();
  view.AsOf(290).status().IgnoreError();
  (*engine)->MoveHorizon("till", 280).status().IgnoreError();
  (*engine)->Apply(std::vector<Record>{Seen(295), Seen(299)}).status().IgnoreError();
  Policy blocking = PhonePolicy();
  blocking.namespaces[1].blocked_values = {"p"};
  (*engine)->SetPolicy(blocking).status().IgnoreError();
  return (*engine)->Read().Verify().status();
}

std::string PayloadOf(const StoreRow& row) {
  return std::string(Must(engine::OpenValue(1, row.key, row.value)));
}

}  // namespace

TEST_CASE("a cleaned log without its checkpoint does not open") {
  CHECK(Use(MakeRows(true)).ok());
  CHECK(Use(MakeRows(false)).code() == absl::StatusCode::kDataLoss);
}

TEST_CASE("horizons that cannot be are told") {
  // Behind the checkpoint of another fold, so that the frames are taken again.
  std::vector<StoreRow> rows;
  {
    const TempFolder folder;
    {
      const std::unique_ptr<Engine> engine = Must(Engine::Open(folder / "store", LawOptions(0)));
      Must(engine->SetPolicy(PhonePolicy()).status());
      std::vector<Record> records;
      for (std::int64_t t = 0; t < 30; ++t) records.push_back(Seen(t));
      Must(engine->Apply(records).status());
    }
    rows = AllRows(folder / "store");
  }
  const auto with_tail = [&](const std::vector<std::string>& payloads) {
    std::vector<StoreRow> out = rows;
    std::uint64_t frame = 2;  // a policy, and records
    for (const std::string& payload : payloads) {
      const std::string key = FrameKey(++frame);
      out.push_back({Table::kLog, key, engine::SealValue(1, key, payload)});
    }
    return out;
  };
  const auto horizon = [](const std::string& source, std::int64_t before_ms) {
    std::string payload(1, 4);
    PutVarint(&payload, 3);
    PutText(&payload, source);
    PutVarint(&payload, ZigZag(before_ms));
    return payload;
  };
  const auto folds = [](std::uint64_t count, std::uint64_t span, char act = 0, char kind = 5) {
    std::string body;
    if (kind == 5) {
      PutVarint(&body, count);
      PutVarint(&body, span);
    }
    body += std::string{static_cast<char>(0x90 | act), 0};
    PutVarint(&body, ZigZag(1));
    PutVarint(&body, 2);
    PutVarint(&body, 2);
    PutText(&body, "c0");
    PutVarint(&body, 4);
    PutText(&body, "p");
    std::string payload(1, kind);
    PutVarint(&payload, 3);
    PutVarint(&payload, 31);
    PutVarint(&payload, 3);
    for (const char* name : {"till", "crm", "phone"}) PutText(&payload, name);
    PutVarint(&payload, 1);
    PutText(&payload, body);
    return payload;
  };
  CHECK(Use(with_tail({})).ok());
  CHECK(Use(with_tail({horizon("till", 10), folds(10, 9)})).ok());
  CHECK(Use(with_tail({horizon("nobody", 10)})).ok());
  const std::vector<std::vector<std::string>> bad = {
      {horizon("till", 10)},                                    // nothing stands for what went
      {horizon("till", 10), folds(9, 9)},                       // too little
      {horizon("till", 10), folds(11, 9)},                      // too much
      {horizon("nobody", 10), folds(1, 0)},                     // for nothing
      {horizon("till", 10), horizon("till", 20)},               // two in one call
      {horizon("", 10)},                                        // nobody's
      {horizon("till", -1)},                                    // before 1970
      {folds(1, 0)},                                            // without a horizon
      {horizon("till", 10), folds(0, 0)},                       // of none
      {horizon("till", 10), folds(std::uint64_t{1} << 33, 0)},  // of too many
      {horizon("till", 10), folds(10, ~std::uint64_t{0})},      // till the end of time
      {horizon("till", 10), folds(10, 9, 3)},                   // an act that is never folded
      {horizon("till", 10), folds(10, 9, 0, 1)},                // a record among them
  };
  for (std::size_t i = 0; i < bad.size(); ++i) {
    INFO("case " << i);
    CHECK(Use(with_tail(bad[i])).code() == absl::StatusCode::kDataLoss);
  }
}

TEST_CASE("a checkpoint whose empty cells are in use does not open") {
  const std::vector<StoreRow> rows = MakeRows(true);
  std::size_t changed = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].table != Table::kState || rows[i].key[1] < 4 || rows[i].key[1] > 5) continue;
    if (!PayloadOf(rows[i]).empty()) continue;
    for (const std::size_t bytes : {std::size_t{64 * 8}, std::size_t{64 * 32}, std::size_t{5}}) {
      std::vector<StoreRow> altered = rows;
      altered[i].value = engine::SealValue(1, altered[i].key, std::string(bytes, '\1'));
      CHECK(Use(altered).code() == absl::StatusCode::kDataLoss);
      ++changed;
    }
  }
  CHECK(changed > 0);
  // And the other way round: a block that is in use is said to be empty.
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].table != Table::kState || rows[i].key[1] == 0 || PayloadOf(rows[i]).empty())
      continue;
    INFO("row " << i);
    std::vector<StoreRow> altered = rows;
    altered[i].value = engine::SealValue(1, altered[i].key, "");
    const absl::Status status = Use(altered);
    CHECK((status.ok() || status.code() == absl::StatusCode::kDataLoss));
  }
}

}  // namespace polyonym::harness
