// A host that wants a long read to end: EngineOptions::interrupted.
#include <memory>
#include <vector>

#include "engine/shop.h"
#include "harness/catch.h"
#include "polyonym/engine/segments.h"

namespace polyonym::harness {
namespace {

// A store of some people whose host asks calls to end while `ends` says so.
std::unique_ptr<Engine> OpenInterruptible(const bool* ends) {
  EngineOptions options;
  options.interrupted = [ends] { return *ends; };
  auto engine = Must(Engine::OpenInMemory(options));
  Policy policy = ShopPolicy();
  policy.definitions.segments.push_back({"members", "has crm", ""});
  Must(engine->SetPolicy(policy));
  for (int i = 1; i <= 10; ++i) ApplyOne(*engine, Visit(i));
  return engine;
}

}  // namespace

TEST_CASE(
    "reads of everybody and of the whole log end where the host asks, and go on where it does "
    "not") {
  bool ends = true;
  const auto engine = OpenInterruptible(&ends);
  const View view = engine->Read();
  const auto everybody = [&] { return view.ForEachPerson([](const Person&) { return true; }); };
  const auto all_records = [&] { return view.Export([](const StoredRecord&) { return true; }); };
  CHECK(IsCancelled(everybody()));
  CHECK(IsCancelled(all_records()));
  CHECK(IsCancelled(view.Verify().status()));
  CHECK(IsCancelled(view.AsOf(view.now_ms()).status()));
  CHECK(IsCancelled(view.AsKnown(view.sequence()).status()));
  CHECK(IsCancelled(view.Simulate(ShopPolicy()).status()));
  CHECK(IsCancelled(engine->FitScores().status()));
  SegmentOptions draft;
  draft.definitions = view.policy().definitions;
  CHECK(IsCancelled(Must(SegmentReader::Make(view, draft)).Count().status()));

  ends = false;
  Must(everybody());
  Must(all_records());
  CHECK(Must(view.Verify()).ok());
  CHECK(Must(Must(SegmentReader::Make(view, draft)).Count()).segments.front().members == 10);
}

TEST_CASE("what writes, and what is asked of one person, does not end so") {
  bool ends = false;
  const auto engine = OpenInterruptible(&ends);
  ends = true;
  ApplyOne(*engine, Visit(11));
  Policy policy = engine->Read().policy();
  policy.definitions.segments.push_back({"everybody", "not has email", ""});
  Must(engine->SetPolicy(policy));
  const View view = engine->Read();
  const ProfileId profile = *view.Resolve({"crm", "c11"}).profile;
  CHECK(view.ReadProfile(profile).ok());
  CHECK(Must(Must(SegmentReader::Make(view)).Count()).segments.front().members == 11);
  ends = false;
  CHECK(Must(view.Verify()).ok());
}

TEST_CASE("a moment that was made is asked of everybody only as long as the host wants") {
  bool ends = false;
  const auto engine = OpenInterruptible(&ends);
  const View view = engine->Read();
  const Moment moment = Must(view.AsOf(view.now_ms()));
  int people = 0;
  const absl::Status status = moment.ForEachPerson([&](const Person&) {
    ends = ++people == 3;
    return true;
  });
  CHECK(IsCancelled(status));
  CHECK(people == 3);
}

}  // namespace polyonym::harness
