// Events of a store as columns: whose they are follows merges, and segments say of whom they are read.
#include <string>
#include <vector>

#include "engine/shop.h"
#include "harness/catch.h"
#include "polyonym/engine/event_reader.h"

namespace polyonym::harness {
namespace {

Record Ordered(const std::string& person, std::int64_t time_ms, const std::string& item,
               const std::string& type = "order") {
  Record record = Seen(type + person + std::to_string(time_ms), time_ms, {{"phone", person}});
  Facts facts;
  Event& event = facts.events.emplace_back();
  event.type = type;
  event.campaign = "spring";
  event.value = Money{time_ms, "CNY"};
  event.properties["item"].is = item;
  record.facts = WriteFacts(facts);
  return record;
}

std::unique_ptr<Engine> OpenWithOrders() {
  auto engine = OpenShop();
  ApplyOne(*engine, Ordered("a", 30, "tea"));
  ApplyOne(*engine, Ordered("a", 10, "cup"));
  ApplyOne(*engine, Ordered("b", 20, "tea"));
  ApplyOne(*engine, Ordered("b", 25, "tea", "view"));
  return engine;
}

constexpr EventTableOptions kAll = {
    .values = true, .campaigns = true, .channels = true, .items = true};

}  // namespace

TEST_CASE("events are read person by person in the order of their times with what was asked for") {
  const auto engine = OpenWithOrders();
  const EventTable table =
      Must(ReadEvents(engine->Read(), {.columns = kAll, .item_property = "item"}));
  REQUIRE(table.people() == 2);
  REQUIRE(table.events() == 4);
  CHECK(std::vector<std::int64_t>(table.times_ms().begin(), table.times_ms().end()) ==
        std::vector<std::int64_t>{10, 30, 20, 25});
  CHECK(table.minor_units()[1] == 30);
  const auto item = table.CodeOf(EventDimension::kItem, "cup");
  REQUIRE(item);
  CHECK(table.items()[0] == *item);
  const auto channel = table.CodeOf(EventDimension::kChannel, "phone");
  REQUIRE(channel);
  CHECK(table.channels()[3] == *channel);
}

TEST_CASE("events of two who are one person are one history and two again after the split") {
  const auto engine = OpenWithOrders();
  const Record link = Said(Act::kMustLink, "same", 40, {{"phone", "a"}, {"phone", "b"}});
  ApplyOne(*engine, link);
  const EventTable one = Must(ReadEvents(engine->Read()));
  REQUIRE(one.people() == 1);
  CHECK(std::vector<std::int64_t>(one.times_ms().begin(), one.times_ms().end()) ==
        std::vector<std::int64_t>{10, 20, 25, 30});
  Must(engine->Retract({.source = "shop", .record_id = "same"}));
  CHECK(Must(ReadEvents(engine->Read())).people() == 2);
}

TEST_CASE("types times and segments say which events are read and of whom") {
  const auto engine = OpenWithOrders();
  EventReadOptions options;
  options.types = {"order"};
  options.from_ms = 15;
  options.to_ms = 30;
  CHECK(Must(ReadEvents(engine->Read(), options)).events() == 1);
  options = {};
  Definitions definitions = engine->Read().policy().definitions;
  definitions.segments = {{"viewers", "did(view)", ""}};
  options.definitions = definitions;
  options.segment = "viewers";
  const EventTable viewers = Must(ReadEvents(engine->Read(), options));
  CHECK(viewers.people() == 1);
  CHECK(viewers.events() == 2);
  options.segment = "buyers";
  CHECK(absl::IsNotFound(ReadEvents(engine->Read(), options).status()));
  options.segment = "";
  options.now_ms = 20;
  CHECK(Must(ReadEvents(engine->Read(), options)).events() == 2);
}

}  // namespace polyonym::harness
