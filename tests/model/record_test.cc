#include "polyonym/model/record.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "harness/catch.h"
#include "harness/histories.h"

namespace polyonym::harness {
namespace {

Record FullRecord() {
  Record record;
  record.source = "shop";
  record.id = "order-1";
  record.time_ms = 1'700'000'000'000;
  record.version = 7;
  record.identifiers = {
      {"phone", "13912345678"}, {"wechat.openid/wx1", "o\xc3\xa9"}, {"crm", "9", Role::kOther}};
  record.facts = "facts";
  return record;
}

}  // namespace

TEST_CASE("equal records have equal hashes, whatever their id") {
  Record other = FullRecord();
  CHECK(HashContent(other) == HashContent(FullRecord()));
  other.id = "order-2";
  CHECK(HashContent(other) == HashContent(FullRecord()));
  other.id.clear();
  CHECK(HashContent(other) == HashContent(FullRecord()));
}

TEST_CASE("a version left out is the time") {
  Record record = FullRecord();
  record.version = record.time_ms;
  Record left_out = record;
  left_out.version.reset();
  CHECK(HashContent(record) == HashContent(left_out));
}

TEST_CASE("each field changes the hash, and so does where one ends and the next begins") {
  const std::vector<std::function<void(Record*)>> edits = {
      [](Record* r) { r->source = "shoq"; },
      [](Record* r) { r->time_ms = 1'700'000'000'001; },
      [](Record* r) { r->time_ms.reset(); },
      [](Record* r) { r->version = 8; },
      [](Record* r) { r->version = r->time_ms; },
      [](Record* r) { r->version = 0; },
      [](Record* r) { r->act = Act::kBind; },
      [](Record* r) { r->identifiers[0].ns = "phonf"; },
      [](Record* r) { r->identifiers[0].value = "13912345679"; },
      [](Record* r) { r->identifiers[0].role = Role::kOther; },
      [](Record* r) { r->identifiers[2].role = Role::kSelf; },
      [](Record* r) { r->identifiers.pop_back(); },
      [](Record* r) { r->identifiers.push_back(r->identifiers[0]); },
      [](Record* r) { std::swap(r->identifiers[0].value, r->identifiers[1].value); },
      [](Record* r) { r->target_source = "shop"; },
      [](Record* r) { r->facts = "fact"; },
      [](Record* r) { r->facts.clear(); },
      [](Record* r) { r->target_source = "f", r->facts = "acts"; },
      [](Record* r) { r->identifiers[0].ns = "phone1", r->identifiers[0].value = "3912345678"; },
  };
  std::set<ContentHash> hashes = {HashContent(FullRecord())};
  for (std::size_t i = 0; i < edits.size(); ++i) {
    Record record = FullRecord();
    edits[i](&record);
    INFO("edit " << i);
    CHECK(hashes.insert(HashContent(record)).second);
  }
}

TEST_CASE("the order of identifiers matters in a rename alone") {
  Record record = FullRecord();
  const ContentHash hash = HashContent(record);
  Random random(1);
  for (int i = 0; i < 10; ++i) {
    random.Shuffle(&record.identifiers);
    CHECK(HashContent(record) == hash);
  }
  record.act = Act::kRename;
  record.identifiers = {{"crm", "1"}, {"crm", "2"}};
  const ContentHash renamed = HashContent(record);
  std::swap(record.identifiers[0], record.identifiers[1]);
  CHECK(HashContent(record) != renamed);
}

// Stored records are named by these: they are the same on every machine and in every release.
TEST_CASE("hashes never change") {
  Record rename;
  rename.source = "crm";
  rename.time_ms = 0;
  rename.act = Act::kRename;
  rename.identifiers = {{"crm", "b"}, {"crm", "a"}};
  Record retract;
  retract.source = "crm";
  retract.act = Act::kRetract;
  retract.version = 5;
  Record delete_source;
  delete_source.source = "crm";
  delete_source.time_ms = 1;
  delete_source.act = Act::kDeleteSource;
  delete_source.target_source = "shop";
  CHECK(ToString(HashContent(FullRecord())) == "9709dabef770a7cc72f47ee1998a2476");
  CHECK(ToString(HashContent(rename)) == "cd7451e5923f2f1fab5bd98b9c8c0498");
  CHECK(ToString(HashContent(retract)) == "bef4e6f0b312cdd75888f7a515634239");
  CHECK(ToString(HashContent(delete_source)) == "eca4293e27955ad387884af87e0728cb");
  CHECK(ToString(HashContent(Record())) == "5e60b79af42bd2ca95e45cf182720882");
}

TEST_CASE("a hash is written as 32 digits, high half first") {
  CHECK(ToString(ContentHash{}) == std::string(32, '0'));
  CHECK(ToString(ContentHash{0x0123456789abcdef, 0xfedcba9876543210}) ==
        "0123456789abcdeffedcba9876543210");
  CHECK(ContentHash{1, 0} > ContentHash{0, ~std::uint64_t{0}});
}

TEST_CASE("acts have their names and numbers for ever") {
  const std::vector<std::pair<int, std::string>> names = {
      {0, "observe"},           {1, "bind"},          {2, "unbind"},
      {3, "must_link"},         {4, "cannot_link"},   {5, "rename"},
      {6, "delete_identifier"}, {7, "delete_source"}, {8, "retract"}};
  for (const auto& [number, name] : names) {
    CHECK(ToString(static_cast<Act>(number)) == name);
    CHECK(ParseAct(name) == static_cast<Act>(number));
  }
  CHECK(static_cast<int>(Act::kRetract) == 8);
  for (const char* no_act : {"", "Observe", "observe ", "unknown", "9", "must-link"})
    CHECK(ParseAct(no_act) == std::nullopt);
  CHECK_FALSE(ParseAct(ToString(static_cast<Act>(9))).has_value());
}

}  // namespace polyonym::harness
