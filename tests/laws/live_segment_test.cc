// L7 of segments as they are kept: after every call, whatever it was, the engine's sets are what evaluating everybody says; the feed tells of each
// entry and exit once, in the call that caused it; and a store that is opened again knows the same.
#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "harness/catch.h"
#include "harness/engine_state.h"
#include "harness/feed_reader.h"
#include "laws/law.h"
#include "laws/with_segments.h"
#include "polyonym/engine/segments.h"

namespace polyonym::harness {
namespace {

using Memberships = std::set<std::pair<std::string, std::uint64_t>>;  // segment, profile

// Counts that keep the law honest.
struct Seen {
  int members = 0, entries = 0, exits = 0;
  std::map<Cause, int> causes;
};
Seen seen;

std::string Of(const SegmentDefinition& segment) {
  return segment.name + " (" + segment.expression + ")";
}

// What is kept against everybody evaluated one by one.
std::string CompareKept(const View& view, Memberships* memberships) {
  const Definitions definitions = view.policy().definitions;
  const SegmentReader kept = Must(SegmentReader::Make(view));
  const SegmentReader judged = Must(SegmentReader::Make(view, {.definitions = definitions}));
  if (definitions.segments.empty()) return "";
  if (!kept.is_live()) return "segments are not kept\n";
  if (judged.is_live()) return "what should be judged is looked up\n";
  std::string fault;
  view.ForEachProfile([&](ProfileId id, std::span<const Identifier>) {
    const std::vector<bool> got = Must(kept.Memberships(id)), want = Must(judged.Memberships(id));
    for (std::size_t s = 0; s < want.size(); ++s) {
      if (want[s]) memberships->emplace(definitions.segments[s].name, id.value);
      if (got[s] == want[s]) continue;
      fault += "profile " + std::to_string(id.value) + " is " + (got[s] ? "in" : "not in") + " " +
               Of(definitions.segments[s]) + " and should be otherwise\n";
    }
    return true;
  });
  if (!fault.empty()) return fault;
  const SegmentCounts got = Must(kept.Count()), want = Must(judged.Count());
  if (got.people != want.people || got.segments != want.segments)
    return "counts are not those of everybody\n";
  for (const SegmentDefinition& segment : definitions.segments) {
    if (Must(kept.Members(segment.name)).page != Must(judged.Members(segment.name)).page)
      return "members are not those of everybody: " + Of(segment) + "\n";
  }
  seen.members += static_cast<int>(memberships->size());
  return "";
}

// Memberships by the feed alone.
class MembershipFeed {
 public:
  std::string Take(const std::vector<Change>& changes) {
    std::string fault;
    for (const Change& change : changes) {
      if (change.kind != ChangeKind::kEntered && change.kind != ChangeKind::kLeft) continue;
      const bool entered = change.kind == ChangeKind::kEntered;
      const std::pair who(change.name, (entered ? change.to : change.from).value);
      if (entered ? !known_.insert(who).second : known_.erase(who) == 0)
        fault += "the feed says that " + std::to_string(who.second) +
                 (entered ? " came into " : " left ") + change.name + " where it was so already\n";
      ++(entered ? seen.entries : seen.exits);
      ++seen.causes[change.cause];
      if (change.cause == Cause::kUnknown) fault += "a change of membership has no cause\n";
      const bool by_record = change.cause == Cause::kRecord || change.cause == Cause::kConsent;
      if (by_record && change.record == 0) fault += "a record is the cause and is not named\n";
    }
    return fault;
  }
  const Memberships& known() const { return known_; }

 private:
  Memberships known_;
};

std::string CheckWith(const History& plain, std::size_t facts_bytes) {
  const History history = WithSegments(plain);
  if (history.steps.empty()) return "";
  Random random(history.seed ^ 0x11fe);
  EngineOptions options = LawOptions(history.seed);
  options.live_facts_bytes = facts_bytes;
  const std::unique_ptr<Engine> engine = Must(Engine::OpenInMemory(options));
  Must(engine->SetPolicy(history.policy));
  std::string fault;
  MembershipFeed feed;
  std::uint64_t next = 0;
  const auto check = [&] {
    const View view = engine->Read();
    Memberships memberships;
    fault = CompareKept(view, &memberships);
    const std::vector<Change> changes = Must(view.Changes(next, ~std::uint64_t{0}));
    next = view.sequence() + 1;
    fault += feed.Take(changes);
    if (fault.empty() && feed.known() != memberships) fault = "the feed knows of other members\n";
  };
  check();
  ApplySteps(*engine, history, random, [&](std::size_t done, const ApplyResult&) {
    if (!fault.empty()) return;
    check();
    if (!fault.empty()) fault += "after step " + std::to_string(done) + "\n";
  });
  return fault;
}

std::string Check(const History& plain) {
  return CheckWith(plain, EngineOptions().live_facts_bytes);
}

// What is known of some people is bytes, of some without facts, and of some nothing is.
std::string CheckShort(const History& plain) {
  Random random(plain.seed ^ 0x5407);
  return CheckWith(plain, 800 + random.Below(12) * 700);
}

// On disk, opened again at some places: from the log, from a checkpoint, or from both.
std::string CheckReopened(const History& plain) {
  const History history = WithSegments(plain);
  if (history.steps.empty()) return "";
  Random random(history.seed ^ 0x0be1);
  const TempFolder folder;
  EngineOptions options = LawOptions(history.seed);
  options.checkpoint_log_bytes = 0;
  auto engine = Must(Engine::Open(folder / "store", options));
  Must(engine->SetPolicy(history.policy));
  std::string fault;
  MembershipFeed feed;
  std::uint64_t next = 0;
  const auto check = [&](const std::string& when) {
    Memberships memberships;
    const View view = engine->Read();
    fault = CompareKept(view, &memberships);
    fault += feed.Take(Must(view.Changes(next, ~std::uint64_t{0})));
    next = view.sequence() + 1;
    if (fault.empty() && feed.known() != memberships) fault = "the feed knows of other members\n";
    if (!fault.empty()) fault += when + "\n";
  };
  for (const std::span<const HistoryStep> call : RandomCalls(history, random)) {
    MakeCall(*engine, history, call);
    if (random.Chance(20)) Must(engine->Checkpoint());
    if (random.Chance(80)) continue;
    engine.reset();
    engine = Must(Engine::Open(folder / "store", options));
    check("after opening again");
    if (!fault.empty()) return fault;
  }
  check("at the end");
  return fault;
}

}  // namespace

TEST_CASE("the members that are kept are those whom evaluating everybody finds after every call") {
  seen = {};
  CheckLaw(75'000, 400, Check);
  if (OneSeedOnly()) return;
  CHECK(seen.members > 0);
  for (const Cause cause : {Cause::kRecord, Cause::kRetraction, Cause::kAct, Cause::kTime,
                            Cause::kDefinition, Cause::kMerge, Cause::kSplit}) {
    INFO(ToString(cause));
    CHECK(seen.causes[cause] > 0);
  }
}
TEST_CASE("the members that are kept are those whom evaluating everybody finds at length",
          "[slow]") {
  CheckLaw(7'500'000, 4'000, Check);
}
TEST_CASE("the members that are kept are the same where there is little memory for facts") {
  CheckLaw(76'000, 400, CheckShort);
}
TEST_CASE("members are kept in a store that is closed and opened again") {
  CheckLaw(75'500, 60, CheckReopened);
}

}  // namespace polyonym::harness
