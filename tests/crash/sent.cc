#include "crash/sent.h"

#include <algorithm>
#include <memory>
#include <numeric>
#include <set>

#include "harness/engine_state.h"
#include "harness/naive.h"

namespace polyonym::harness {
namespace {

std::vector<StoredRecord> ReadRecords(const View& view) {
  std::vector<StoredRecord> records;
  Must(view.Export([&](const StoredRecord& stored) {
    records.push_back(stored);
    return true;
  }));
  return records;
}

bool SameRecord(const StoredRecord& a, const StoredRecord& b) {
  return a.number == b.number && a.sequence == b.sequence && a.standing == b.standing &&
         a.held == b.held && a.record == b.record;
}

std::vector<std::pair<std::string, std::int64_t>> HorizonsOf(const View& view) {
  std::vector<std::pair<std::string, std::int64_t>> out;
  for (const SourceHorizon& h : view.Horizons()) out.emplace_back(h.source, h.before_ms);
  return out;
}

std::vector<std::uint64_t> CountsOf(const View& view) {
  const Stats s = view.GetStats();
  return {s.records,     s.standing_records, s.held_records,       s.folded_records,
          s.identifiers, s.live_identifiers, s.shared_identifiers, s.profiles,
          s.links,       s.refused_links};
}

// One graph against that of a store that was never cut off, and against the definition.
std::string CompareGraph(const View& view, const View& whole) {
  if (view.policy() != whole.policy() || view.policy_version() != whole.policy_version())
    return "another policy is in force than the last that was put\n";
  if (view.clock_ms() != whole.clock_ms()) return "the clock differs\n";
  if (HorizonsOf(view) != HorizonsOf(whole)) return "the horizons differ\n";
  const std::vector<StoredRecord> kept = ReadRecords(view), wanted = ReadRecords(whole);
  if (!std::equal(kept.begin(), kept.end(), wanted.begin(), wanted.end(), SameRecord))
    return "other records are kept than were sent\n";
  std::vector<Record> records;
  for (const StoredRecord& stored : kept) records.push_back(stored.record);
  const NaiveWorld world(Compile(view.policy()), records, view.clock_ms());
  const std::set<Identifier> named = NamedIdentifiers(world);
  const EngineState got = ReadState(view, named), want = ReadState(whole, named);
  std::string fault = Difference(want.state, got.state);
  if (got.members_of != want.members_of || got.profile_of != want.profile_of)
    fault += "ids differ\n";
  if (CountsOf(view) != CountsOf(whole)) fault += "the counts of everything differ\n";
  // What an earlier policy counted, or a folded record, is known for ever.
  fault += CompareWithNaive(view, world, false);
  const VerifyReport report = Must(view.Verify());
  for (const std::string& problem : report.problems) fault += "Verify: " + problem + "\n";
  return fault;
}

}  // namespace

std::string FirstDifference(const std::vector<Change>& want, const std::vector<Change>& got) {
  const auto [w, g] = std::mismatch(want.begin(), want.end(), got.begin(), got.end());
  if (w == want.end() && g == got.end()) return "";
  const auto text = [](const auto& at, const auto& end) {
    if (at == end) return std::string("the end");
    return std::string(ToString(at->kind)) + " by " + std::string(ToString(at->cause)) +
           " in call " + std::to_string(at->sequence) + " of record " + std::to_string(at->record);
  };
  return "first " + text(g, got.end()) + " in place of " + text(w, want.end()) + ", change " +
         std::to_string(g - got.begin()) + " of " + std::to_string(got.size()) + ", " +
         std::to_string(want.size()) + " were to be";
}

absl::StatusOr<Feeds> ReadFeeds(const Engine& engine) {
  Feeds feeds;
  for (const std::string& graph : engine.Graphs()) {
    auto feed = Must(engine.Read(graph)).Changes(0, 1'000'000);
    if (!feed.ok()) return feed.status();
    feeds[graph] = *std::move(feed);
  }
  return feeds;
}

void Sent::Acknowledge(std::size_t lane, std::uint64_t sequence) {
  const Call call{lane, next_[lane]++};
  if (sequence != 0 && !left_.emplace(sequence, call).second)
    twice_ = "sequence " + std::to_string(sequence) + " was acknowledged twice\n";
}

std::string Sent::Check(const Engine& engine, const Progress& least, const Progress& most,
                        Progress* done, bool feed) {
  const std::uint64_t last = engine.Read().sequence();
  for (const auto& [sequence, call] : left_) {
    if (sequence > last && call.step < least[call.lane])
      return "sequence " + std::to_string(sequence) + ": lost what was acknowledged\n";
  }
  left_.erase(left_.upper_bound(last), left_.end());
  const std::string fault = twice_ + Fill(engine, most, feed);
  if (!fault.empty()) return fault;
  *done = least;
  for (const auto& [sequence, call] : left_)
    (*done)[call.lane] = std::max((*done)[call.lane], call.step + 1);
  next_ = *done;
  return "";
}

// Commits that nobody acknowledged are of the calls that were under way. Of several lanes nobody knows which was first: any order
// will do in which the store is what they give.
std::string Sent::Fill(const Engine& engine, const Progress& most, bool feed) {
  std::vector<std::uint64_t> unknown;
  for (std::uint64_t sequence = 1; sequence <= engine.Read().sequence(); ++sequence) {
    if (!left_.contains(sequence)) unknown.push_back(sequence);
  }
  std::vector<Call> under_way;
  for (std::size_t lane = 0; lane < next_.size(); ++lane) {
    if (next_[lane] < most[lane]) under_way.push_back({lane, next_[lane]});
  }
  if (unknown.size() > under_way.size()) return "more is there than was sent\n";
  std::vector<std::size_t> order(under_way.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::string fault;
  do {
    for (std::size_t i = 0; i < unknown.size(); ++i) left_[unknown[i]] = under_way[order[i]];
    fault = Compare(engine, feed);
  } while (!fault.empty() && !unknown.empty() && std::next_permutation(order.begin(), order.end()));
  return fault;
}

std::string Sent::Compare(const Engine& engine, bool feed) {
  // The same calls, never cut off.
  const std::unique_ptr<Engine> whole = Must(Engine::OpenInMemory(PlanOptions(plan_.seed)));
  for (const auto& [sequence, call] : left_) {
    const auto left = Run(plan_.lanes[call.lane][call.step], whole.get());
    if (!left.ok() || *left != sequence)
      return "sequence " + std::to_string(sequence) + ": not by the call that is next\n";
  }
  if (engine.Graphs() != whole->Graphs()) return "other graphs are there\n";
  if (Must(engine.Erasures()) != Must(whole->Erasures())) return "the ledger of erasures differs\n";
  std::string fault;
  for (const std::string& graph : engine.Graphs()) {
    const View view = Must(engine.Read(graph)), want = Must(whole->Read(graph));
    std::string found = CompareGraph(view, want);
    if (feed) found += CompareFeed(graph, view, want);
    if (!found.empty()) fault += "graph '" + graph + "': " + found;
  }
  return fault;
}

std::string Sent::CompareFeed(const std::string& graph, const View& view, const View& whole) {
  const std::vector<Change> feed = AllChanges(view);
  std::vector<Change>& shown = shown_[graph];
  if (feed.size() < shown.size() || !std::equal(shown.begin(), shown.end(), feed.begin()))
    return "the feed took back what it had shown\n";
  FeedReader reader;
  reader.Take(feed);
  if (!reader.problems().empty()) return "the feed: " + reader.problems()[0] + "\n";
  if (reader.profiles() != NumbersInProfiles(view))
    return "the feed gives other profiles than the view\n";
  if (const std::string where = FirstDifference(AllChanges(whole), feed); !where.empty())
    return "the feed differs from that of a store that was never cut off, " + where + "\n";
  std::string fault;
  view.ForEachProfile([&](ProfileId id, std::span<const Identifier>) {
    if (Must(view.How(id)) != Must(whole.How(id)))
      fault = "How() differs from that of a store that was never cut off\n";
    return fault.empty();
  });
  shown = feed;
  return fault;
}

}  // namespace polyonym::harness
