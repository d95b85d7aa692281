#include "crash/sent.h"

#include <algorithm>
#include <utility>

#include "harness/engine_state.h"
#include "harness/naive.h"

namespace polyonym::harness {

Sent::Sent(const Plan& plan) : plan_(plan) {
  for (const Lane& lane : plan.lanes) expected_.push_back(ExpectedOf(lane));
}

// Which records of a call are stored is decided by shape and version alone: any policy will do to ask the definition.
std::vector<Sent::Expected> Sent::ExpectedOf(const Lane& lane) {
  std::vector<Record> all;
  for (const Step& step : lane) all.insert(all.end(), step.records.begin(), step.records.end());
  const NaiveWorld world(Compile(Policy()), all);
  std::vector<Expected> expected;
  const Policy* in_force = nullptr;
  std::size_t next = 0;
  for (std::size_t i = 0; i < lane.size(); ++i) {
    Expected one;
    one.step = i;
    one.commit.policy = lane[i].kind == Step::Kind::kSetPolicy &&
                        (in_force == nullptr || lane[i].policy != *in_force);
    if (one.commit.policy) in_force = &lane[i].policy;
    for (std::size_t r = 0; r < lane[i].records.size(); ++r) {
      const NaiveWorld::Entry& entry = world.entries()[next++];
      const bool stored = entry.outcome == Outcome::kApplied || entry.outcome == Outcome::kHeld;
      if (stored) one.commit.records.push_back(entry.record);
    }
    if (one.commit.policy || !one.commit.records.empty()) expected.push_back(std::move(one));
  }
  return expected;
}

// Sequences have no gaps, so one without records is a policy's.
std::vector<Sent::Commit> Sent::ReadCommits(const View& view) {
  std::vector<Commit> commits(view.sequence());
  Must(view.Export([&](const StoredRecord& stored) {
    commits.at(stored.sequence - 1).records.push_back(stored.record);
    return true;
  }));
  for (Commit& commit : commits) commit.policy = commit.records.empty();
  return commits;
}

std::string Sent::Place(const std::vector<Commit>& commits, const Progress& least,
                        const Progress& most, Progress* done) const {
  std::vector<std::size_t> taken(plan_.lanes.size());
  for (std::size_t i = 0; i < commits.size(); ++i) {
    const Commit& got = commits[i];
    const std::size_t lane = got.policy ? 0 : LaneOf(plan_, got.records[0].source);
    const std::string what = "sequence " + std::to_string(i + 1) + ": ";
    if (taken[lane] == expected_[lane].size()) return what + "more than was sent\n";
    const Commit& want = expected_[lane][taken[lane]++].commit;
    if (got.policy != want.policy || got.records != want.records)
      return what + "not what its call sent, or not in order\n";
  }
  for (std::size_t lane = 0; lane < taken.size(); ++lane) {
    // The lane stands somewhere behind the last call that left something, and before the next one that would.
    const std::vector<Expected>& calls = expected_[lane];
    const std::size_t low = taken[lane] == 0 ? 0 : calls[taken[lane] - 1].step + 1;
    const std::size_t high =
        taken[lane] == calls.size() ? plan_.lanes[lane].size() : calls[taken[lane]].step;
    const std::string what = "lane " + std::to_string(lane) + " stands at " + std::to_string(low) +
                             ".." + std::to_string(high);
    if (high < least[lane])
      return what + ": lost what was acknowledged, up to " + std::to_string(least[lane]) + "\n";
    if (low > most[lane])
      return what + ": more than was sent, up to " + std::to_string(most[lane]) + "\n";
    (*done)[lane] = std::clamp(least[lane], low, high);
  }
  return "";
}

std::vector<Policy> Sent::PoliciesIn(const Progress& done) const {
  std::vector<Policy> policies;
  for (const Expected& call : expected_[0]) {
    if (call.step < done[0] && call.commit.policy)
      policies.push_back(plan_.lanes[0][call.step].policy);
  }
  return policies;
}

std::string Sent::CheckState(const View& view, const std::vector<Commit>& commits,
                             const std::vector<Policy>& policies) const {
  const Policy policy = policies.empty() ? Policy() : policies.back();
  if (view.policy() != policy) return "another policy is in force than the last that was put\n";
  std::vector<Record> records;
  for (const Commit& commit : commits)
    records.insert(records.end(), commit.records.begin(), commit.records.end());
  // What an earlier policy counted is known for ever.
  std::string fault =
      CompareWithNaive(view, NaiveWorld(Compile(policy), records), policies.size() < 2);
  const VerifyReport report = Must(view.Verify());
  for (const std::string& problem : report.problems) fault += "Verify: " + problem + "\n";
  return fault;
}

std::string Sent::CheckFeed(const View& view, const std::vector<Commit>& commits,
                            const std::vector<Policy>& policies) {
  const std::vector<Change> feed = AllChanges(view);
  if (feed.size() < shown_.size() || !std::equal(shown_.begin(), shown_.end(), feed.begin())) {
    return "the feed took back what it had shown\n";
  }
  FeedReader reader;
  reader.Take(feed);
  if (!reader.problems().empty()) return "the feed: " + reader.problems()[0] + "\n";
  if (reader.profiles() != NumbersInProfiles(view))
    return "the feed gives other profiles than the view\n";

  // The same calls, never cut off.
  const std::unique_ptr<Engine> whole = Must(Engine::OpenInMemory(LawOptions(plan_.seed)));
  std::size_t next_policy = 0;
  for (const Commit& commit : commits) {
    Must(commit.policy ? whole->SetPolicy(policies[next_policy++]).status()
                       : whole->Apply(commit.records).status());
  }
  if (AllChanges(whole->Read()) != feed)
    return "the feed differs from that of a store that was never cut off\n";
  std::string fault;
  view.ForEachProfile([&](ProfileId id, std::span<const Identifier>) {
    if (Must(view.How(id)) != Must(whole->Read().How(id)))
      fault = "How() differs from that of a store that was never cut off\n";
    return fault.empty();
  });
  shown_ = feed;
  return fault;
}

std::string Sent::Check(const Engine& engine, const Progress& least, const Progress& most,
                        Progress* done, bool feed) {
  const View view = engine.Read();
  const std::vector<Commit> commits = ReadCommits(view);
  std::string fault = Place(commits, least, most, done);
  if (!fault.empty()) return fault;
  const std::vector<Policy> policies = PoliciesIn(*done);
  fault = CheckState(view, commits, policies);
  if (feed) fault += CheckFeed(view, commits, policies);
  return fault;
}

}  // namespace polyonym::harness
