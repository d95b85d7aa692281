// Retract() by itself: which records it hits, what it counts, and what it leaves behind for records
// that come later.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/shop.h"
#include "harness/catch.h"

namespace polyonym::harness {
namespace {

RecordSelector ById(const std::string& id, std::optional<std::int64_t> version = std::nullopt) {
  RecordSelector selector;
  selector.source = "shop";
  selector.record_id = id;
  selector.version = version;
  return selector;
}

RecordSelector ByTime(std::optional<std::int64_t> from_ms, std::optional<std::int64_t> to_ms) {
  RecordSelector selector;
  selector.source = "shop";
  selector.from_ms = from_ms;
  selector.to_ms = to_ms;
  return selector;
}

// Takes records back, after a dry run that must foretell the number and change nothing.
RetractResult Retract(Engine& engine, RecordSelector selector) {
  const EngineState before = ReadState(engine.Read(), {});
  const Stats stats = engine.Read().GetStats();
  selector.dry_run = true;
  const RetractResult foretold = Must(engine.Retract(selector));
  CHECK(foretold.sequence == stats.sequence);
  CHECK(foretold.changes.empty());
  CHECK(engine.Read().sequence() == stats.sequence);
  CHECK(engine.Read().GetStats().records == stats.records);
  CHECK(engine.Read().GetStats().standing_records == stats.standing_records);
  CHECK(Difference(before.state, ReadState(engine.Read(), {}).state) == "");
  selector.dry_run = false;
  const RetractResult done = Must(engine.Retract(selector));
  CHECK(done.retracted == foretold.retracted);
  CHECK(done.sequence == engine.Read().sequence());
  for (const Change& change : done.changes) CHECK(change.sequence == done.sequence);
  return done;
}

Record Version(std::int64_t version) {
  Record record = Visit(1);
  record.version = version;
  return record;
}

bool Known(const Engine& engine, const std::string& crm) {
  const Resolution r = engine.Read().Resolve(Identifier{"crm", crm});
  return r.known && !r.gone;
}

}  // namespace

TEST_CASE("a record is taken back once") {
  std::unique_ptr<Engine> engine = OpenShop();
  ApplyOne(*engine, Visit(1));
  ApplyOne(*engine, Visit(2));
  const RetractResult done = Retract(*engine, ById("visit1"));
  CHECK(done.retracted == 1);
  REQUIRE(done.changes.size() == 1);
  CHECK(done.changes[0].kind == ChangeKind::kGone);
  CHECK(done.changes[0].cause == Cause::kRetraction);
  CHECK_FALSE(Known(*engine, "c1"));
  CHECK(Known(*engine, "c2"));
  const RetractResult again = Retract(*engine, ById("visit1"));
  CHECK(again.retracted == 0);
  CHECK(again.sequence == done.sequence);
  // The record itself, sent again, stays away; a newer version of it does not.
  const ApplyResult same = ApplyOne(*engine, Visit(1));
  CHECK(same.records[0].outcome == Outcome::kUnchanged);
  CHECK(same.records[0].reason == Reason::kRetracted);
  CHECK(ApplyOne(*engine, Version(2)).records[0].outcome == Outcome::kApplied);
  CHECK(Known(*engine, "c1"));
}

TEST_CASE("a version that is given is the tombstone's: it hits what stands at or below it") {
  std::unique_ptr<Engine> engine = OpenShop();
  ApplyOne(*engine, Version(5));
  const std::uint64_t sequence = engine->Read().sequence();
  const RetractResult below = Retract(*engine, ById("visit1", 4));
  CHECK(below.retracted == 0);
  CHECK(below.sequence == sequence);
  CHECK(Known(*engine, "c1"));
  CHECK(Retract(*engine, ById("visit1", 9)).retracted == 1);
  CHECK_FALSE(Known(*engine, "c1"));
  CHECK(ApplyOne(*engine, Version(9)).records[0].reason == Reason::kRetracted);
  CHECK(ApplyOne(*engine, Version(10)).records[0].outcome == Outcome::kApplied);
  CHECK(Retract(*engine, ById("visit1", 10)).retracted == 1);
}

TEST_CASE("a tombstone may come before its record") {
  std::unique_ptr<Engine> engine = OpenShop();
  const std::uint64_t sequence = engine->Read().sequence();
  const RetractResult nothing =
      Retract(*engine, ById("visit1"));  // without a version there is nothing to write down
  CHECK(nothing.retracted == 0);
  CHECK(nothing.sequence == sequence);
  const RetractResult early = Retract(*engine, ById("visit1", 3));
  CHECK(early.retracted == 0);
  CHECK(early.sequence == sequence + 1);
  CHECK(Retract(*engine, ById("visit1", 3)).sequence == sequence + 1);
  const ApplyResult late = ApplyOne(*engine, Version(3));
  CHECK(late.records[0].outcome == Outcome::kUnchanged);
  CHECK(late.records[0].reason == Reason::kRetracted);
  CHECK_FALSE(Known(*engine, "c1"));
  CHECK(ApplyOne(*engine, Version(4)).records[0].outcome == Outcome::kApplied);
}

TEST_CASE("a record without an id of its own is taken back by its content's hash") {
  std::unique_ptr<Engine> engine = OpenShop();
  Record record = Visit(1);
  record.id.clear();
  ApplyOne(*engine, record);
  CHECK(Retract(*engine, ById(ToString(HashContent(record)))).retracted == 1);
  CHECK_FALSE(Known(*engine, "c1"));
}

TEST_CASE("acts and held records are taken back as others are") {
  std::unique_ptr<Engine> engine = OpenShop();
  ApplyOne(*engine, Visit(1));
  Record apart = Seen("apart", 5, {{"crm", "c1"}, {"phone", "p1"}});
  apart.act = Act::kCannotLink;
  ApplyOne(*engine, apart);
  CHECK_FALSE(engine->Read().Why({"crm", "c1"}, {"phone", "p1"})->connected);
  CHECK(Retract(*engine, ById("apart")).retracted == 1);
  CHECK(engine->Read().Why({"crm", "c1"}, {"phone", "p1"})->connected);
  CHECK(ApplyOne(*engine, Seen("held", 6, {{"crm", "a"}, {"crm", "b"}})).records[0].outcome ==
        Outcome::kHeld);
  CHECK(Retract(*engine, ById("held")).retracted == 1);
  CHECK(engine->Read().GetStats().held_records == 0);
}

TEST_CASE("a range takes back what stands of its source, both ends included") {
  std::unique_ptr<Engine> engine = OpenShop();
  for (int i = 1; i <= 9; ++i) ApplyOne(*engine, Visit(i));
  Record other = Visit(5);
  other.source = "till";
  ApplyOne(*engine, other);
  Record moved = Visit(4);  // a newer version, of another time: the old one does not stand any more
  moved.time_ms = 40;
  ApplyOne(*engine, moved);
  CHECK(Retract(*engine, ByTime(7, 3)).retracted == 0);
  CHECK(Retract(*engine, ByTime(100, std::nullopt)).retracted == 0);
  CHECK(Retract(*engine, ByTime(3, 5)).retracted == 2);
  CHECK_FALSE(Known(*engine, "c3"));
  CHECK(Known(*engine, "c4"));
  CHECK(Known(*engine, "c5"));  // the till saw them
  CHECK(engine->Read().Why({"crm", "c5"}, {"phone", "p5"})->chain.at(0).sightings == 1);
  CHECK(Retract(*engine, ByTime(3, 5)).retracted == 0);
  CHECK(Retract(*engine, ByTime(std::nullopt, 2)).retracted == 2);
  CHECK(Retract(*engine, ByTime(9, std::nullopt)).retracted ==
        2);                                        // visit 9, and visit 4 as it is now
  CHECK(engine->Read().GetStats().profiles == 4);  // 5, 6, 7 and 8
  CHECK(Must(engine->Read().Verify()).ok());
}

TEST_CASE("a selector that does not say what to take back is an error") {
  std::unique_ptr<Engine> engine = OpenShop();
  ApplyOne(*engine, Visit(1));
  const std::uint64_t sequence = engine->Read().sequence();
  RecordSelector both = ByTime(0, 9);
  both.record_id = "visit1";
  RecordSelector nobody = ById("visit1");
  nobody.source.clear();
  for (const bool dry_run : {false, true}) {
    for (RecordSelector selector : {both, nobody, ById(""), ByTime(std::nullopt, std::nullopt)}) {
      selector.dry_run = dry_run;
      CHECK(absl::IsInvalidArgument(engine->Retract(selector).status()));
    }
  }
  CHECK(engine->Read().sequence() == sequence);
  CHECK(Known(*engine, "c1"));
  RecordSelector elsewhere = ByTime(0, 9);
  elsewhere.source = "nowhere";
  CHECK(Retract(*engine, elsewhere).retracted == 0);
}

}  // namespace polyonym::harness
