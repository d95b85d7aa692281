// What every store does, the one in memory and the one on RocksDB alike, in plain and sealed: each member of store.h.
// Random histories of all of them are in history_test.cc.
#include <algorithm>
#include <atomic>
#include <barrier>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "harness/catch.h"
#include "store/sealed_stores.h"
#include "store/store_model.h"

namespace polyonym::harness {
namespace {

using std::string_literals::operator""s;

// Keys that sort by bytes, not by letters or length; values of any bytes.
const Rows& OddRows() {
  static const Rows kRows = {{""s, "empty key"},        {"\0"s, ""},
                             {"\0\0"s, "two"},          {"a"s, "\0\xff\n"s},
                             {"a\0"s, "longer"},        {"aa"s, std::string(300'000, 'x')},
                             {"\x7f"s, "below 0x80"},   {"\x80"s, "above"},
                             {"\xff"s, "last but one"}, {"\xff\xff"s, "last"}};
  return kRows;
}

std::vector<std::string> KeysOf(const Rows& rows) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : rows) keys.push_back(key);
  return keys;
}

}  // namespace

TEMPLATE_TEST_CASE("an empty store answers nothing, without an error", "", InMemory, OnDisk,
                   SealedInMemory, SealedOnDisk) {
  TestType made;
  const Store& store = made.store();
  for (const Table table : kTables) {
    CHECK(Must(store.Get(table, "key")) == std::nullopt);
    CHECK(Must(store.LastKey(table)) == std::nullopt);
    CHECK(ScanRows(store, table).empty());
    const std::vector<std::string> keys = {"a", "b"};
    CHECK(Must(store.MultiGet(table, keys)) ==
          std::vector<std::optional<std::string>>{std::nullopt, std::nullopt});
    CHECK(Must(store.MultiGet(table, {})).empty());
  }
}

TEMPLATE_TEST_CASE("keys and values are bytes, in bytewise order", "", InMemory, OnDisk,
                   SealedInMemory, SealedOnDisk) {
  TestType made;
  Store& store = made.store();
  Must(store.Commit(Puts(Table::kMeta, OddRows()), false));
  CHECK(ScanRows(store, Table::kMeta) == OddRows());
  CHECK(Must(store.LastKey(Table::kMeta)) == "\xff\xff"s);
  for (const auto& [key, value] : OddRows()) CHECK(Must(store.Get(Table::kMeta, key)) == value);
  CHECK(Must(store.Get(Table::kMeta, "a\0\0"s)) == std::nullopt);
}

TEMPLATE_TEST_CASE("tables are apart", "", InMemory, OnDisk, SealedInMemory, SealedOnDisk) {
  TestType made;
  Store& store = made.store();
  WriteSet writes;
  for (const Table table : kTables) {
    writes.puts.push_back({table, "key", std::to_string(static_cast<int>(table))});
  }
  Must(store.Commit(writes, false));
  writes.clear();
  CHECK(writes.empty());
  writes.erases.push_back({Table::kState, "key"});
  Must(store.Commit(writes, false));
  CHECK(Must(store.Get(Table::kLog, "key")) == "0");
  CHECK(Must(store.Get(Table::kState, "key")) == std::nullopt);
  CHECK(Must(store.Get(Table::kMeta, "key")) == "2");
  CHECK(Must(store.Get(Table::kFeed, "key")) == "3");
}

TEMPLATE_TEST_CASE("many keys at once are answered in the order that they were asked in", "",
                   InMemory, OnDisk, SealedInMemory, SealedOnDisk) {
  TestType made;
  Store& store = made.store();
  Must(store.Commit(Puts(Table::kLog, {{"a", "1"}, {"b", "2"}, {"c", "3"}}), false));
  const std::vector<std::string> keys = {"c", "nowhere", "a", "c", ""};
  const auto values = Must(store.MultiGet(Table::kLog, keys));
  CHECK(values ==
        std::vector<std::optional<std::string>>{"3", std::nullopt, "1", "3", std::nullopt});
}

TEMPLATE_TEST_CASE("a scan takes its lower end in and leaves its upper end out", "", InMemory,
                   OnDisk, SealedInMemory, SealedOnDisk) {
  TestType made;
  Store& store = made.store();
  Must(store.Commit(Puts(Table::kLog, {{"a", "1"}, {"b", "2"}, {"c", "3"}, {"d", "4"}}), false));
  const auto scan = [&](const std::string& from, const std::string& to) {
    std::string keys;
    for (const auto& [key, value] : ScanRows(store, Table::kLog, from, to)) keys += key;
    return keys;
  };
  CHECK(scan("", "") == "abcd");
  CHECK(scan("b", "") == "bcd");
  CHECK(scan("b", "d") == "bc");
  CHECK(scan("aa", "cc") == "bc");
  CHECK(scan("b", "b") == "");
  CHECK(scan("d", "a") == "");
  CHECK(scan("e", "") == "");
  CHECK(scan("", "a") == "");
  CHECK(ScanRows(store, Table::kLog, "b", "", 2) == Rows{{"b", "2"}, {"c", "3"}});
}

TEMPLATE_TEST_CASE("a visitor may ask the store and change it; the scan shows each key once", "",
                   InMemory, OnDisk, SealedInMemory, SealedOnDisk) {
  TestType made;
  Store& store = made.store();
  Must(store.Commit(Puts(Table::kState, {{"a", "1"}, {"c", "3"}, {"d", "4"}}), false));
  std::vector<std::string> keys;
  Must(store.Scan(Table::kState, "", "", [&](std::string_view key, std::string_view) {
    if (keys.empty()) {
      CHECK(Must(store.Get(Table::kState, "c")) == "3");
      Must(store.Commit(Puts(Table::kState, {{"c", "new"}}), false));
    }
    keys.emplace_back(key);
    return true;
  }));
  CHECK(keys == std::vector<std::string>{"a", "c", "d"});
}

TEMPLATE_TEST_CASE("a snapshot does not see what is committed, erased or ingested later", "",
                   InMemory, OnDisk, SealedInMemory, SealedOnDisk) {
  TestType made;
  Store& store = made.store();
  Must(store.Commit(Puts(Table::kState, {{"a", "1"}, {"b", "2"}, {"c", "3"}}), false));
  const auto then = store.Snapshot();
  WriteSet writes = Puts(Table::kState, {{"a", "new"}, {"d", "new"}});
  writes.erases.push_back({Table::kState, "b"});
  Must(store.Commit(writes, false));
  const auto between = store.Snapshot();
  Must(store.Ingest(Table::kState, {{"a", "ingested"}, {"b", "ingested"}, {"e", "ingested"}}));

  const Rows old = {{"a", "1"}, {"b", "2"}, {"c", "3"}};
  const std::vector<std::string> keys = {"a", "b", "d", "e"};
  CHECK(ScanRows(store, Table::kState, "", "", 9, then.get()) == old);
  CHECK(Must(store.Get(Table::kState, "a", then.get())) == "1");
  CHECK(Must(store.Get(Table::kState, "d", then.get())) == std::nullopt);
  CHECK(Must(store.MultiGet(Table::kState, keys, then.get())) ==
        std::vector<std::optional<std::string>>{"1", "2", std::nullopt, std::nullopt});
  CHECK(ScanRows(store, Table::kState, "", "", 9, between.get()) ==
        Rows{{"a", "new"}, {"c", "3"}, {"d", "new"}});
  CHECK(KeysOf(ScanRows(store, Table::kState)) ==
        std::vector<std::string>{"a", "b", "c", "d", "e"});
  CHECK(Must(store.LastKey(Table::kState)) == "e");
}

TEMPLATE_TEST_CASE("ingested rows replace equal keys, before and after commits", "", InMemory,
                   OnDisk, SealedInMemory, SealedOnDisk) {
  TestType made;
  Store& store = made.store();
  const auto value = [&] { return Must(store.Get(Table::kState, "key")); };
  const auto erase = [&] {
    WriteSet writes;
    writes.erases.push_back({Table::kState, "key"});
    Must(store.Commit(writes, false));
  };
  Must(store.Commit(Puts(Table::kState, {{"key", "committed"}}), false));
  Must(store.Ingest(Table::kState, {{"key", "ingested"}}));
  CHECK(value() == "ingested");
  Must(store.Ingest(Table::kState, {{"key", "ingested again"}, {"other", "1"}}));
  CHECK(value() == "ingested again");
  Must(store.Commit(Puts(Table::kState, {{"key", "committed again"}}), false));
  CHECK(value() == "committed again");
  erase();
  CHECK(value() == std::nullopt);
  Must(store.Ingest(Table::kState, {{"key", "back"}}));
  CHECK(value() == "back");
  erase();
  CHECK(KeysOf(ScanRows(store, Table::kState)) == std::vector<std::string>{"other"});
  made.Reopen();
  if (TestType::kOnDisk) {
    CHECK(KeysOf(ScanRows(made.store(), Table::kState)) == std::vector<std::string>{"other"});
  }
}

TEMPLATE_TEST_CASE("rows out of order are not ingested, none of them", "", InMemory, OnDisk,
                   SealedInMemory, SealedOnDisk) {
  TestType made;
  Store& store = made.store();
  Must(store.Ingest(Table::kState, {{"b", "1"}, {"c", "2"}}));
  for (const Rows& rows : {Rows{{"a", "x"}, {"c", "x"}, {"b", "x"}}, Rows{{"a", "x"}, {"a", "y"}},
                           Rows{{"\xff", "x"}, {"\x01", "x"}}}) {
    CHECK(absl::IsInvalidArgument(store.Ingest(Table::kState, rows)));
  }
  CHECK(ScanRows(store, Table::kState) == Rows{{"b", "1"}, {"c", "2"}});
  Must(store.Ingest(Table::kState, {}));
  Must(store.Ingest(Table::kState, OddRows()));
  Must(store.Commit(Puts(Table::kState, {{"z", "a refused ingestion is no failed write"}}), false));
  CHECK(Must(store.Get(Table::kState, "\x80"s)) == "above");
}

TEMPLATE_TEST_CASE("synced or not, what is committed is there", "", InMemory, OnDisk,
                   SealedInMemory, SealedOnDisk) {
  TestType made;
  Store& store = made.store();
  Must(store.Sync());
  Must(store.Commit(Puts(Table::kLog, {{"a", "1"}}), true));
  Must(store.Commit(Puts(Table::kLog, {{"b", "2"}}), false));
  Must(store.Commit(WriteSet(), true));
  Must(store.Sync());
  CHECK(KeysOf(ScanRows(store, Table::kLog)) == std::vector<std::string>{"a", "b"});
}

TEMPLATE_TEST_CASE("bytes grow with what is held, and not with what was replaced", "", InMemory,
                   OnDisk, SealedInMemory, SealedOnDisk) {
  TestType made;
  Store& store = made.store();
  const std::uint64_t empty = store.ApproximateBytes();
  for (int i = 0; i < 100; ++i) {
    Must(store.Commit(Puts(Table::kFeed, {{"key", std::string(10'000, static_cast<char>(i))}}),
                      false));
  }
  CHECK(store.ApproximateBytes() >= empty + 10'000);
  // On disk, what was replaced stays until the store tidies up.
  if (!TestType::kOnDisk) CHECK(store.ApproximateBytes() < empty + 100'000);
}

TEMPLATE_TEST_CASE("a copy is the whole store as it stood, in a new folder", "", InMemory, OnDisk,
                   SealedInMemory, SealedOnDisk) {
  TestType made;
  Store& store = made.store();
  StoreModel model;
  for (const Table table : kTables) {
    const WriteSet writes = Puts(table, OddRows());
    Must(store.Commit(writes, false));
    model.Commit(writes);
  }
  Must(store.Ingest(Table::kState, {{"in", "gested"}}));
  model.Ingest(Table::kState, {{"in", "gested"}});
  const std::string path = made.NewPath();
  const absl::Status copied = store.CopyTo(path);
  if (!TestType::kOnDisk) {
    CHECK(absl::IsUnimplemented(copied));
    CHECK_FALSE(std::filesystem::exists(path));
    return;
  }
  Must(copied);
  CHECK(absl::IsAlreadyExists(store.CopyTo(path)));
  Must(store.Commit(Puts(Table::kLog, {{"later", "not in the copy"}}), false));
  const std::unique_ptr<Store> copy = OpenCopy<TestType>(path);
  CHECK(HoldsAll(*copy, model));
  Must(copy->Commit(Puts(Table::kFeed, {{"own", "way"}}), false));
  CHECK(Must(store.Get(Table::kFeed, "own")) == std::nullopt);
}

TEMPLATE_TEST_CASE("readers see all of a commit or none of it", "", InMemory, OnDisk,
                   SealedInMemory, SealedOnDisk) {
  TestType made;
  Store& store = made.store();
  constexpr int kWriters = 2, kReaders = 2, kRounds = 200;
  std::barrier start(kWriters + kReaders);
  std::atomic<int> torn{0}, failed{0};
  std::vector<std::thread> threads;
  for (int w = 0; w < kWriters; ++w) {
    threads.emplace_back([&, w] {
      start.arrive_and_wait();
      for (int i = 0; i < kRounds; ++i) {
        // The same value under one key in every table.
        const std::string key = "k" + std::to_string(w), value = std::to_string(i);
        WriteSet writes;
        for (const Table table : kTables) writes.puts.push_back({table, key, value});
        if (!store.Commit(writes, false).ok()) ++failed;
      }
    });
  }
  for (int r = 0; r < kReaders; ++r) {
    threads.emplace_back([&] {
      start.arrive_and_wait();
      for (int i = 0; i < kRounds; ++i) {
        const auto snapshot = store.Snapshot();
        for (const char* key : {"k0", "k1"}) {
          const auto first = store.Get(Table::kLog, key, snapshot.get());
          for (const Table table : kTables) {
            const auto value = store.Get(table, key, snapshot.get());
            if (!first.ok() || !value.ok() || *value != *first) ++torn;
          }
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(torn == 0);
  CHECK(failed == 0);
  for (const Table table : kTables) {
    CHECK(ScanRows(store, table) == Rows{{"k0", "199"}, {"k1", "199"}});
  }
}

}  // namespace polyonym::harness
