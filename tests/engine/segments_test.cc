// Questions about segments of a store's people: pages, overlaps, other times, and what is wrong in them.
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "engine/shop.h"
#include "harness/catch.h"
#include "polyonym/engine/segments.h"

namespace polyonym::harness {
namespace {

void Define(Engine& engine, const std::vector<std::pair<std::string, std::string>>& segments) {
  Policy policy = engine.Read().policy();
  policy.definitions = Definitions();
  policy.definitions.tags.emplace_back().name = "tea";
  for (const auto& [name, expression] : segments)
    policy.definitions.segments.push_back({name, expression, ""});
  Must(engine.SetPolicy(policy));
}

Record Likes(int i, std::int64_t weight) {
  Record record = Visit(i);
  Facts facts;
  facts.tags.push_back({"tea", weight * 1'000'000, {}, {}, "", {}, ""});
  record.facts = WriteFacts(facts);
  return record;
}

// Ten people, of whom number i likes tea i mod 4 times as much as one; who likes it not at all has no tag.
void Fill(Engine& engine) {
  for (int i = 1; i <= 10; ++i) ApplyOne(engine, i % 4 == 0 ? Visit(i) : Likes(i, i % 4));
}

ProfileId Number(const Engine& engine, int i) {
  return *engine.Read().Resolve({"crm", "c" + std::to_string(i)}).profile;
}

std::vector<double> OrdersOf(const SegmentMembers& members) {
  std::vector<double> orders;
  for (const SegmentMember& member : members.page) orders.push_back(member.order.value_or(-1));
  return orders;
}

}  // namespace

TEST_CASE("members are counted, put in order, and come in pages") {
  const auto engine = OpenShop();
  Fill(*engine);
  Define(*engine, {{"all", "has crm"}, {"some", "tag tea"}, {"much", "score of tag tea >= 2"}});
  const SegmentReader reader = Must(SegmentReader::Make(engine->Read()));
  const SegmentCounts counts = Must(reader.Count(true));
  CHECK(counts.people == 10);
  // Of 4 and 8 there is no score: whether it is 2 is not known.
  CHECK(counts.segments ==
        std::vector<SegmentCount>{{"all", 10, 0}, {"some", 8, 0}, {"much", 5, 2}});
  const SegmentMembers all = Must(reader.Members("all", {.order_by = "score of tag tea"}));
  CHECK(all.total == 10);
  CHECK(OrdersOf(all) == std::vector<double>{3, 3, 2, 2, 2, 1, 1, 1, -1, -1});
  const SegmentMembers least = Must(reader.Members(
      "all", {.order_by = "score of tag tea", .ascending = true, .limit = 4, .skip = 2}));
  CHECK(OrdersOf(least) == std::vector<double>{1, 2, 2, 2});
  CHECK(least.total == 10);
  CHECK(Must(reader.Members("all", {.limit = 0})).page.empty());
  CHECK(Must(reader.Members("all", {.skip = 11})).page.empty());
  const SegmentMembers by_id = Must(reader.Members("much"));
  REQUIRE(by_id.page.size() == 5);
  CHECK(by_id.page[0].profile == Number(*engine, 2));
  CHECK(!by_id.page[0].order);
}

TEST_CASE("a sample is of members, the same for one seed, and another for another") {
  const auto engine = OpenShop();
  for (int i = 1; i <= 200; ++i) ApplyOne(*engine, Visit(i));
  Define(*engine, {{"all", "has crm"}});
  const SegmentReader reader = Must(SegmentReader::Make(engine->Read()));
  const SegmentMembers one = Must(reader.Members("all", {.sample = 20, .seed = 1}));
  CHECK(one.total == 200);
  CHECK(one.page.size() == 20);
  CHECK(Must(reader.Members("all", {.sample = 20, .seed = 1})).page == one.page);
  CHECK(Must(reader.Members("all", {.sample = 20, .seed = 2})).page != one.page);
  CHECK(Must(reader.Members("all", {.limit = 1000, .sample = 500})).page.size() == 200);
}

TEST_CASE("overlaps are of each pair") {
  const auto engine = OpenShop();
  Fill(*engine);
  Define(*engine,
         {{"some", "tag tea"}, {"much", "score of tag tea >= 2"}, {"none", "not tag tea"}});
  const SegmentReader reader = Must(SegmentReader::Make(engine->Read()));
  const std::string names[] = {"some", "much", "none"};
  const SegmentOverlap overlap = Must(reader.Overlap(names));
  CHECK(overlap.both == std::vector<std::vector<std::uint64_t>>{{8, 5, 0}, {5, 5, 0}, {0, 0, 2}});
  CHECK(overlap.any == 10);
  CHECK(overlap.all == 0);
  CHECK(overlap.people == 10);
  CHECK(absl::IsInvalidArgument(reader.Overlap(std::span(names, 1)).status()));
}

TEST_CASE("membership follows a merge and is given back, and other times have their own") {
  const auto engine = OpenShop();
  ApplyOne(*engine, Likes(1, 1));
  Record other = Seen("openid", 5, {{"openid", "o"}});
  other.facts = Likes(2, 1).facts;
  ApplyOne(*engine, other);
  Define(*engine, {{"much", "score of tag tea >= 2"}});
  const auto much = [&](const auto& people, ProfileId id) {
    return Must(Must(SegmentReader::Make(people)).Contains("much", id));
  };
  const std::uint64_t apart = engine->Read().sequence();
  const ProfileId one = Number(*engine, 1);
  CHECK(!much(engine->Read(), one));
  ApplyOne(*engine, Seen("link", 10, {{"crm", "c1"}, {"openid", "o"}}));
  CHECK(much(engine->Read(), one));
  CHECK(!much(Must(engine->Read().AsKnown(apart)), one));
  CHECK(!much(Must(engine->Read().AsOf(9)), one));
  CHECK(much(Must(engine->Read().AsOf(10)), one));
  RecordSelector link;
  link.source = "shop";
  link.record_id = "link";
  Must(engine->Retract(link));
  CHECK(!much(engine->Read(), one));
}

TEST_CASE("what is wrong with segments is said where they are defined or asked for") {
  const auto engine = OpenShop();
  Fill(*engine);
  Policy policy = engine->Read().policy();
  policy.definitions.segments = {{"good", "has crm", ""}, {"bad", "score of tag tea >= 2", ""}};
  const auto refused = engine->SetPolicy(policy);
  CHECK(absl::IsInvalidArgument(refused.status()));
  CHECK_THAT(std::string(refused.status().message()),
             HoldsText("definitions.segments[1].expression: 1:"));
  CHECK(engine->Read().policy().definitions.segments.empty());
  policy.definitions.segments = {{"a", "in segment b", ""}, {"b", "in segment a", ""}};
  CHECK_THAT(std::string(engine->SetPolicy(policy).status().message()), HoldsText("circle"));

  Define(*engine, {{"all", "has crm"}});
  const SegmentReader reader = Must(SegmentReader::Make(engine->Read()));
  const ProfileId one = Number(*engine, 1);
  CHECK(absl::IsNotFound(reader.Contains("none", one).status()));
  CHECK(absl::IsNotFound(reader.Contains("all", ProfileId{1'000'000}).status()));
  CHECK(absl::IsNotFound(reader.Explain("none", one).status()));
  CHECK(absl::IsNotFound(reader.Members("none").status()));
  CHECK(absl::IsNotFound(reader.PortraitOf("none").status()));
  CHECK_THAT(std::string(reader.Members("all", {.order_by = "has crm"}).status().message()),
             HoldsText("order_by"));
  CHECK(absl::IsInvalidArgument(reader.Members("all", {.limit = 1'000'001}).status()));
  SegmentOptions options;
  options.definitions = Definitions();
  options.definitions->segments = {{"", "has crm", ""}};
  CHECK(absl::IsInvalidArgument(SegmentReader::Make(engine->Read(), options).status()));
}

TEST_CASE("definitions beside those in force can be asked about, and change nothing") {
  const auto engine = OpenShop();
  Fill(*engine);
  Define(*engine, {{"all", "has crm"}});
  SegmentOptions options;
  options.definitions = engine->Read().policy().definitions;
  options.definitions->segments = {{"try", "tag tea", ""}};
  std::uint64_t last = 0;
  options.progress = [&](std::uint64_t done, std::uint64_t) { last = done; };
  const SegmentReader reader = Must(SegmentReader::Make(engine->Read(), options));
  CHECK(Must(reader.Count(true)).segments == std::vector<SegmentCount>{{"try", 8, 0}});
  CHECK(last == 10);
  const Portrait portrait = Must(reader.PortraitOf("try"));
  CHECK(portrait.members == 8);
  REQUIRE(portrait.tags.size() == 1);
  CHECK(portrait.tags[0].lift == 1.25);
  CHECK(engine->Read().policy().definitions.segments.front().name == "all");
}

TEST_CASE("a reader says one thing while records come in, from several threads") {
  const auto engine = OpenShop();
  Fill(*engine);
  Define(*engine,
         {{"much", "score of tag tea >= 2 and count(any event) = 0 and month of now = 1"}});
  std::atomic<bool> done = false;
  std::thread writer([&] {
    for (int i = 11; i < 200; ++i) ApplyOne(*engine, Likes(i, i % 4 + 1));
    done = true;
  });
  const SegmentReader shared = Must(SegmentReader::Make(engine->Read()));
  const std::uint64_t members = Must(shared.Members("much")).total;
  std::vector<std::thread> readers;
  std::atomic<int> wrong = 0;
  for (int t = 0; t < 2; ++t) {
    readers.emplace_back([&] {
      do {
        if (Must(shared.Members("much")).total != members) ++wrong;
        const SegmentReader own = Must(SegmentReader::Make(engine->Read()));
        if (Must(own.Count()).segments[0].members != Must(own.Members("much")).total) ++wrong;
      } while (!done);
    });
  }
  writer.join();
  for (std::thread& reader : readers) reader.join();
  CHECK(wrong == 0);
}

}  // namespace polyonym::harness
