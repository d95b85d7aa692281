// The horizon of a source: what is folded, what stays, and what is answered about what is gone.
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/shop.h"
#include "harness/catch.h"

namespace polyonym::harness {
namespace {

// An act of somebody else's, whose records are not folded.
Record AtDesk(Act act, const std::string& id, std::int64_t time_ms,
              const std::vector<Identifier>& identifiers) {
  Record record = Said(act, id, time_ms, identifiers);
  record.source = "desk";
  return record;
}

// A phone and an openid seen together at each of these times.
void SeeAt(Engine& engine, const std::vector<std::int64_t>& times) {
  for (const std::int64_t t : times)
    ApplyOne(engine, Seen("at" + std::to_string(t), t, {{"phone", "p1"}, {"openid", "o1"}}));
}

LinkEvidence LinkOf(const View& view) {
  return Must(view.Why({"phone", "p1"}, {"openid", "o1"})).chain.at(0);
}

std::vector<StoredRecord> Kept(const View& view) {
  std::vector<StoredRecord> out;
  Must(view.Export([&](const StoredRecord& stored) {
    out.push_back(stored);
    return true;
  }));
  return out;
}

absl::StatusCode CodeOfRetract(Engine& engine, const std::string& id) {
  RecordSelector selector;
  selector.source = "shop";
  selector.record_id = id;
  return engine.Retract(selector).status().code();
}

}  // namespace

TEST_CASE("records that name the same become one, with their times and number") {
  const std::unique_ptr<Engine> engine = OpenShop();
  SeeAt(*engine, {10, 20, 30, 40});
  const HorizonResult result = Must(engine->MoveHorizon("shop", 35));
  CHECK(result.folded_records == 3);
  CHECK(result.dropped_records == 0);
  CHECK(result.folds == 1);
  const View view = engine->Read();
  const std::vector<StoredRecord> kept = Kept(view);
  REQUIRE(kept.size() == 2);
  CHECK(kept[0].record.id == "at40");
  REQUIRE(kept[1].record.folded.has_value());
  CHECK(kept[1].standing);
  CHECK(*kept[1].record.time_ms == 10);
  CHECK(*kept[1].record.folded == Folded{3, 30});
  const LinkEvidence link = LinkOf(view);
  CHECK(link.sightings == 4);
  CHECK(link.first_ms == 10);
  CHECK(link.last_ms == 40);
  CHECK(link.sources == std::vector<std::string>{"shop"});
  CHECK(link.records.size() == 2);
  CHECK(view.GetStats().folded_records == 3);
  CHECK(view.GetStats().standing_records == 2);
  CHECK(view.Horizons().at(0).source == "shop");
  CHECK(view.Horizons().at(0).before_ms == 35);
  CHECK(view.RecordOf(1).status().code() == absl::StatusCode::kOutOfRange);
  CHECK(Must(view.Verify()).ok());
}

TEST_CASE("what comes from behind a horizon is turned away, and nothing else") {
  const std::unique_ptr<Engine> engine = OpenShop();
  SeeAt(*engine, {10, 20, 30});
  Must(engine->MoveHorizon("shop", 25).status());
  const auto reason_of = [&](const Record& record) {
    const RecordResult result = ApplyOne(*engine, record).records.at(0);
    CHECK((result.outcome == Outcome::kRejected) == (result.reason == Reason::kBehindHorizon));
    return result.reason;
  };
  CHECK(reason_of(Seen("at10", 10, {{"phone", "p1"}, {"openid", "o1"}})) == Reason::kBehindHorizon);
  CHECK(reason_of(Seen("new", 24, {{"phone", "p2"}})) == Reason::kBehindHorizon);
  CHECK(reason_of(Seen("new", 25, {{"phone", "p2"}})) == Reason::kNone);
  CHECK(reason_of(Seen("at30", 30, {{"phone", "p1"}, {"openid", "o1"}})) == Reason::kDuplicate);
  Record elsewhere = Seen("e", 3, {{"phone", "p3"}});
  elsewhere.source = "till";
  CHECK(reason_of(elsewhere) == Reason::kNone);
  const std::vector<Identifier> pair = {{"phone", "p1"}, {"openid", "o1"}};
  CHECK(reason_of(AtDesk(Act::kUnbind, "u1", 24, pair)) == Reason::kBehindHorizon);
  CHECK(reason_of(AtDesk(Act::kDeleteIdentifier, "d1", 24, {pair[0]})) == Reason::kBehindHorizon);
  CHECK(reason_of(AtDesk(Act::kMustLink, "m1", 1, pair)) == Reason::kNone);
  CHECK(LinkOf(engine->Read()).sightings == 3);
  CHECK(reason_of(AtDesk(Act::kUnbind, "u2", 25, pair)) == Reason::kNone);
  CHECK(engine->Read().Resolve(pair[0]).profile == engine->Read().Resolve(pair[1]).profile);
  CHECK(LinkOf(engine->Read()).sightings == 1);  // of time 30: what was folded is void as a whole
  Record deletion = AtDesk(Act::kDeleteSource, "s1", 24, {});
  deletion.target_source = "shop";
  CHECK(reason_of(deletion) == Reason::kBehindHorizon);
  CHECK(Must(engine->Read().Verify()).ok());
}

TEST_CASE("what is behind a horizon cannot be taken back or asked about") {
  const std::unique_ptr<Engine> engine = OpenShop();
  SeeAt(*engine, {10, 20, 30});
  const std::uint64_t before = engine->Read().sequence();
  const HorizonResult moved = Must(engine->MoveHorizon("shop", 25));
  CHECK(CodeOfRetract(*engine, "at10") == absl::StatusCode::kOutOfRange);
  CHECK(CodeOfRetract(*engine, "never") == absl::StatusCode::kOutOfRange);
  RecordSelector range;
  range.source = "shop";
  range.to_ms = 30;
  CHECK(engine->Retract(range).status().code() == absl::StatusCode::kOutOfRange);
  range.from_ms = 24;
  CHECK(engine->Retract(range).status().code() == absl::StatusCode::kOutOfRange);
  const View view = engine->Read();
  CHECK(view.AsOf(24).status().code() == absl::StatusCode::kOutOfRange);
  CHECK(Must(view.AsOf(25)).Resolve({"phone", "p1"}).known);
  CHECK(view.AsKnown(before).status().code() == absl::StatusCode::kOutOfRange);
  CHECK(Must(view.AsKnown(moved.sequence)).Resolve({"phone", "p1"}).known);
  range.from_ms = 25;
  CHECK(Must(engine->Retract(range)).retracted == 1);
  CHECK(LinkOf(engine->Read()).last_ms == 20);
  RecordSelector till;
  till.source = "till";
  till.record_id = "never";
  CHECK(Must(engine->Retract(till)).retracted == 0);  // it has no horizon
}

TEST_CASE("a tombstone is turned away behind the horizon, and kept for what may yet come") {
  const std::unique_ptr<Engine> engine = OpenShop();
  SeeAt(*engine, {10, 30});
  Must(engine->MoveHorizon("shop", 25).status());
  Record tombstone;
  tombstone.source = "shop";
  tombstone.id = "at10";
  tombstone.act = Act::kRetract;
  tombstone.version = 10;
  CHECK(ApplyOne(*engine, tombstone).records.at(0).reason == Reason::kBehindHorizon);
  tombstone.id = "to come";
  tombstone.version = 50;
  CHECK(ApplyOne(*engine, tombstone).records.at(0).outcome == Outcome::kApplied);
  CHECK(ApplyOne(*engine, Seen("to come", 40, {{"phone", "p9"}})).records.at(0).reason ==
        Reason::kRetracted);
}

TEST_CASE("acts from behind a horizon are kept, and can be taken back exactly") {
  const std::unique_ptr<Engine> engine = OpenShop();
  SeeAt(*engine, {10, 20, 30});
  ApplyOne(*engine, AtDesk(Act::kUnbind, "u", 15, {{"phone", "p1"}, {"openid", "o1"}}));
  CHECK(LinkOf(engine->Read()).sightings == 2);
  const HorizonResult result = Must(engine->MoveHorizon("shop", 30));
  CHECK(result.folds == 2);  // one of them is void
  CHECK(LinkOf(engine->Read()).sightings == 2);
  CHECK(LinkOf(engine->Read()).first_ms == 20);
  RecordSelector selector;
  selector.source = "desk";
  selector.record_id = "u";
  CHECK(Must(engine->Retract(selector)).retracted == 1);
  CHECK(LinkOf(engine->Read()).sightings == 3);
  CHECK(LinkOf(engine->Read()).first_ms == 10);
  CHECK(Must(engine->Read().Verify()).ok());
}

TEST_CASE("a later horizon folds again what stood for others") {
  const std::unique_ptr<Engine> engine = OpenShop();
  SeeAt(*engine, {10, 20, 30, 40});
  CHECK(Must(engine->MoveHorizon("shop", 25)).folds == 1);
  const HorizonResult second = Must(engine->MoveHorizon("shop", 35));
  CHECK(second.folded_records == 1);
  CHECK(second.folds == 1);
  const std::vector<StoredRecord> kept = Kept(engine->Read());
  REQUIRE(kept.size() == 2);
  CHECK(*kept[1].record.folded == Folded{3, 30});
  CHECK(engine->Read().GetStats().folded_records == 3);
  CHECK(Must(engine->MoveHorizon("shop", 35)).sequence == second.sequence);  // it stands there
  CHECK(engine->MoveHorizon("shop", 34).status().code() == absl::StatusCode::kInvalidArgument);
  CHECK(engine->MoveHorizon("shop", 41).status().code() == absl::StatusCode::kInvalidArgument);
  CHECK(engine->MoveHorizon("", 30).status().code() == absl::StatusCode::kInvalidArgument);
  Must(engine->AdvanceTo(50).status());
  CHECK(Must(engine->MoveHorizon("shop", 50)).folds == 1);
}

TEST_CASE("folded records are judged by another policy as they would have been") {
  const std::unique_ptr<Engine> engine = OpenShop();
  for (int i = 0; i < 5; ++i)
    ApplyOne(*engine, Seen("r" + std::to_string(i), 10 + i, {{"phone", "P1"}, {"openid", "o1"}}));
  ApplyOne(*engine, Seen("late", 50, {{"phone", "p1"}, {"crm", "c1"}}));
  Must(engine->MoveHorizon("shop", 40).status());
  CHECK(engine->Read().Resolve({"crm", "c1"}).profile !=
        engine->Read().Resolve({"openid", "o1"}).profile);
  Policy lower = ShopPolicy();
  lower.namespaces[1].normaliser = Normaliser::kLowerCase;
  const PolicyResult result = Must(engine->SetPolicy(lower));
  CHECK(result.changed_records == 1);
  CHECK(engine->Read().Resolve({"crm", "c1"}).profile ==
        engine->Read().Resolve({"openid", "o1"}).profile);
  lower.namespaces[1].blocked_values = {"p1"};
  Must(engine->SetPolicy(lower).status());
  CHECK(engine->Read().Resolve({"openid", "o1"}).profile !=
        engine->Read().Resolve({"crm", "c1"}).profile);
  CHECK(Must(engine->Read().Held({})).size() == 2);
  CHECK(Must(engine->Read().Verify()).ok());
}

TEST_CASE("held records and versions that do not stand are folded and dropped") {
  const std::unique_ptr<Engine> engine = OpenShop();
  ApplyOne(*engine, Seen("h1", 10, {{"crm", "c1"}, {"crm", "c2"}}));  // two of one
  ApplyOne(*engine, Seen("h2", 11, {{"crm", "c2"}, {"crm", "c1"}}));
  ApplyOne(*engine, Seen("v", 60, {{"phone", "p1"}}));
  Record second = Seen("v", 12, {{"phone", "p2"}});
  second.version = 99;
  ApplyOne(*engine, second);
  ApplyOne(*engine, Seen("now", 70, {{"phone", "p3"}}));
  const HorizonResult result = Must(engine->MoveHorizon("shop", 20));
  CHECK(result.folded_records == 3);
  CHECK(result.dropped_records == 1);
  CHECK(result.folds == 2);
  const View view = engine->Read();
  CHECK(view.GetStats().held_records == 1);
  CHECK(view.Resolve({"phone", "p1"}).gone);
  CHECK_FALSE(view.Resolve({"phone", "p2"}).gone);
  CHECK(Must(view.Verify()).ok());
  Policy two = ShopPolicy();
  two.namespaces[0].limits[0].max = 2;
  Must(engine->SetPolicy(two).status());
  CHECK(engine->Read().Resolve({"crm", "c1"}).profile ==
        engine->Read().Resolve({"crm", "c2"}).profile);
}

TEST_CASE("every graph is folded, and one that is made later has what was folded") {
  const std::unique_ptr<Engine> engine = OpenShop();
  PolicyOptions household;
  household.graph = "household";
  Must(engine->SetPolicy(ShopPolicy(), household).status());
  SeeAt(*engine, {10, 20, 30});
  Must(engine->MoveHorizon("shop", 25).status());
  PolicyOptions company;
  company.graph = "company";
  CHECK(Must(engine->SetPolicy(ShopPolicy(), company)).judged_records == 2);
  for (const char* graph : {"", "household", "company"}) {
    INFO("graph " << graph);
    const View view = Must(engine->Read(graph));
    CHECK(LinkOf(view).sightings == 3);
    CHECK(Kept(view).size() == 2);
    CHECK(view.Horizons().size() == 1);
    CHECK(view.AsOf(24).status().code() == absl::StatusCode::kOutOfRange);
    CHECK(Must(view.Verify()).ok());
  }
}

TEST_CASE("a record that says it was folded is rejected") {
  const std::unique_ptr<Engine> engine = OpenShop();
  Record record = Visit(1);
  record.folded = Folded{3, 9};
  const RecordResult result = ApplyOne(*engine, record).records.at(0);
  CHECK(result.reason == Reason::kFolded);
  CHECK(result.field == "folded");
}

TEST_CASE("a view from before a fold says so where it needs what went") {
  const std::unique_ptr<Engine> engine = OpenShop();
  SeeAt(*engine, {10, 20, 30});
  const View old = engine->Read();
  Must(engine->MoveHorizon("shop", 25).status());
  CHECK(old.Resolve({"phone", "p1"}).known);
  CHECK(Must(old.Links({"phone", "p1"}, View::Detail::kCounts)).at(0).link.sightings == 3);
  CHECK(old.RecordOf(1).status().code() == absl::StatusCode::kOutOfRange);
  CHECK(old.Verify().status().code() == absl::StatusCode::kOutOfRange);
  CHECK(old.Why({"phone", "p1"}, {"openid", "o1"}).status().code() ==
        absl::StatusCode::kOutOfRange);
}

TEST_CASE("memory of what was folded is given back, and stays given back") {
  const TempFolder folder;
  EngineOptions options = LawOptions(0);
  std::unique_ptr<Engine> engine = Must(Engine::Open(folder / "store", options));
  Must(engine->SetPolicy(ShopPolicy()).status());
  constexpr int kRecords = 20'000;
  std::vector<Record> batch;
  for (int i = 0; i < kRecords; ++i) {
    const std::string n = std::to_string(i % 100);
    batch.push_back(Seen("r" + std::to_string(i), i, {{"crm", "c" + n}, {"phone", "p" + n}}));
  }
  Must(engine->Apply(batch).status());
  const std::uint64_t log_before = engine->Read().GetStats().resident_bytes;
  const HorizonResult result = Must(engine->MoveHorizon("shop", kRecords - 1));
  CHECK(result.folded_records == kRecords - 1);
  CHECK(result.folds == 100);
  const std::uint64_t folded = engine->Read().GetStats().resident_bytes;
  // Pages that went are used for what comes: as much again takes little more.
  for (Record& record : batch) {
    record.id = "s" + record.id;
    *record.time_ms += kRecords;
  }
  Must(engine->Apply(batch).status());
  const std::uint64_t after = engine->Read().GetStats().resident_bytes;
  INFO(log_before << " before, " << folded << " folded, " << after << " after");
  CHECK(after - folded < log_before / 10);
  Must(engine->MoveHorizon("shop", 2 * kRecords - 1).status());
  const std::size_t kept = Kept(engine->Read()).size();
  CHECK(kept == 101);
  engine.reset();
  engine = Must(Engine::Open(folder / "store", options));
  CHECK(Kept(engine->Read()).size() == kept);
  INFO(engine->Read().GetStats().resident_bytes << " when opened again");
  CHECK(engine->Read().GetStats().resident_bytes * 4 < log_before);
  CHECK(Must(engine->Read().Verify()).ok());
}

TEST_CASE("a store whose log cannot be cleaned opens all the same, and is cleaned once it can be") {
  const std::shared_ptr<Store> store = OpenMemoryStore();
  const auto holds = [&](const std::string& text) {
    bool found = false;
    Must(store->Scan(Table::kLog, "", "", [&](std::string_view, std::string_view value) {
      found |= value.find(text) != std::string_view::npos;
      return true;
    }));
    return found;
  };
  for (int opened = 0; opened < 3; ++opened) {
    INFO("opened " << opened << " times before");
    const auto plan = std::make_shared<FailingStore::Plan>();
    plan->fail_ingests = opened < 2;  // no checkpoint can be written
    const std::unique_ptr<Engine> engine = Must(OpenOnFailing(store, plan));
    if (opened == 0) {
      Must(engine->SetPolicy(ShopPolicy()).status());
      SeeAt(*engine, {10, 20, 30, 40});
      CHECK_FALSE(engine->MoveHorizon("shop", 35).ok());
    }
    CHECK(LinkOf(engine->Read()).sightings == 4);
    CHECK(Kept(engine->Read()).size() == 2);
    CHECK(holds("at10") == (opened < 2));
    CHECK(Must(engine->Read().Verify()).ok());
  }
}

TEST_CASE("a fold that was cut short anywhere is finished when the store is opened again") {
  const auto story = [](Engine& engine) {
    Must(engine.SetPolicy(ShopPolicy()).status());
    SeeAt(engine, {10, 20, 30, 40});
    Must(engine.Checkpoint());
    ApplyOne(engine, Visit(35));
    ApplyOne(engine, Seen("last", 50, {{"phone", "p1"}}));
  };
  const std::shared_ptr<Store> whole = OpenMemoryStore();
  const auto plan = std::make_shared<FailingStore::Plan>();
  std::uint64_t first = 0, last = 0;
  {
    const std::unique_ptr<Engine> engine = Must(OpenOnFailing(whole, plan));
    story(*engine);
    first = plan->commits;
    Must(engine->MoveHorizon("shop", 45).status());
    last = plan->commits;
  }
  REQUIRE(last - first == 2);  // the fold, and what it cleans
  for (std::uint64_t fail = first; fail <= last; ++fail) {
    for (const bool ingests : {false, true}) {
      INFO("commit " << fail << (ingests ? ", no checkpoint" : ""));
      const std::shared_ptr<Store> store = OpenMemoryStore();
      const auto failing = std::make_shared<FailingStore::Plan>();
      failing->fail_commit = fail;
      bool moved = false;
      {
        const std::unique_ptr<Engine> engine = Must(OpenOnFailing(store, failing));
        story(*engine);
        failing->fail_ingests = ingests;
        moved = engine->MoveHorizon("shop", 45).ok();
      }
      CHECK(moved == (fail == last && !ingests));
      const std::unique_ptr<Engine> engine =
          Must(OpenOnFailing(store, std::make_shared<FailingStore::Plan>()));
      const View view = engine->Read();
      const bool folded = fail != first;
      CHECK(view.Horizons().size() == (folded ? 1 : 0));
      CHECK(Kept(view).size() == (folded ? 3 : 6));
      CHECK(LinkOf(view).sightings == 4);
      CHECK(Must(view.Verify()).ok());
      if (!folded) continue;
      std::string log;
      Must(store->Scan(Table::kLog, "", "", [&](std::string_view, std::string_view value) {
        log += value;
        return true;
      }));
      CHECK(log.find("at10") == std::string::npos);
      CHECK(log.find("last") != std::string::npos);
    }
  }
}

}  // namespace polyonym::harness
