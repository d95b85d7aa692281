// The feed of changes, played from its start, gives the people.
#include <algorithm>

#include "harness/catch.h"
#include "harness/engine_state.h"
#include "laws/law.h"

namespace polyonym::harness {
namespace {

std::string Problems(const FeedReader& reader, const View& view) {
  std::string fault;
  for (const std::string& problem : reader.problems()) fault += problem + "\n";
  if (reader.profiles() != NumbersInProfiles(view))
    fault += "the feed gives other profiles than the view\n";
  return fault;
}

std::string Check(const History& history) {
  Random random(history.seed ^ 0xfeed);
  std::unique_ptr<Engine> engine = OpenInMemory(history.policy, history.seed);
  FeedReader follower;  // what Apply returned
  std::vector<Change> returned;
  const auto take = [&](const auto& result) {  // of Apply() or SetPolicy()
    for (const Change& change : result.changes) {
      if (change.sequence != result.sequence)
        throw std::runtime_error("a change has another sequence than its call");
    }
    follower.Take(result.changes);
    returned.insert(returned.end(), result.changes.begin(), result.changes.end());
  };
  for (const std::span<const Record> batch : RandomBatches(history.records, random)) {
    take(Must(engine->Apply(batch)));
    if (random.Chance(8)) {
      const std::string fault = Problems(follower, engine->Read());
      if (!fault.empty()) return fault;
    }
  }
  if (random.Chance(30)) {
    take(Must(engine->SetPolicy(RandomPolicy(random))));
    take(Must(engine->SetPolicy(history.policy)));
  }
  const View view = engine->Read();
  std::string fault = Problems(follower, view);
  const std::vector<Change> read = AllChanges(view);
  if (read != returned) fault += "Changes() differs from what the calls returned\n";
  FeedReader reader;
  reader.Take(read);
  fault += Problems(reader, view);
  // What made a profile is part of the feed, oldest first.
  view.ForEachProfile([&](ProfileId id, std::span<const Identifier>) {
    const auto how = view.How(id);
    if (!how.ok()) {
      fault += "How: " + how.status().ToString() + "\n";
      return false;
    }
    for (std::size_t i = 0; i < how->size(); ++i) {
      if (i > 0 && (*how)[i].sequence < (*how)[i - 1].sequence)
        fault += "How is not oldest first\n";
      if (std::find(read.begin(), read.end(), (*how)[i]) == read.end())
        fault += "How tells what the feed does not\n";
    }
    if (how->empty()) fault += "How tells nothing of " + polyonym::ToString(id) + "\n";
    return fault.empty();
  });
  return fault;
}

}  // namespace

TEST_CASE("the feed, played from its start, gives the people") { CheckLaw(110'000, 1'250, Check); }
TEST_CASE("the feed, played from its start, gives the people, at length", "[slow]") {
  CheckLaw(11'000'000, 12'500, Check);
}

}  // namespace polyonym::harness
