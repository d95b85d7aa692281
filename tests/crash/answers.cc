#include "crash/answers.h"

#include <algorithm>
#include <utility>

#include "crash/sent.h"

namespace polyonym::harness {
namespace {

bool SameRecord(const StoredRecord& a, const StoredRecord& b) {
  return a.number == b.number && a.sequence == b.sequence && a.standing == b.standing &&
         a.held == b.held && a.record == b.record;
}

std::vector<std::uint64_t> CountsOf(const View& view) {
  const Stats s = view.GetStats();
  return {s.records,     s.standing_records, s.held_records,       s.folded_records,
          s.identifiers, s.live_identifiers, s.shared_identifiers, s.profiles,
          s.links,       s.refused_links,    s.largest_profile};
}

absl::Status ReadGraph(const View& view, bool feeds, GraphAnswers* out) {
  out->policy = view.policy();
  out->policy_version = view.policy_version();
  out->clock_ms = view.clock_ms();
  for (const SourceHorizon& h : view.Horizons()) out->horizons.emplace_back(h.source, h.before_ms);
  out->counts = CountsOf(view);
  absl::Status status = view.Export([&](const StoredRecord& stored) {
    out->records.push_back(stored);
    return true;
  });
  if (!status.ok()) return status;
  status = view.ReadEveryProfile({}, [&](const Profile& profile) {
    out->profiles.push_back(profile);
    return true;
  });
  if (!status.ok()) return status;
  out->state = ReadState(view, {});
  for (const std::string& problem : out->state.problems) {
    if (problem.find("DATA_LOSS") != std::string::npos) return absl::DataLossError(problem);
  }
  for (const auto& [id, members] : out->state.members_of) {
    if (!feeds) break;
    auto how = view.How(id);
    if (!how.ok()) return how.status();
    out->how.push_back(*std::move(how));
  }
  auto report = view.Verify();
  if (!report.ok()) return report.status();
  if (!report->ok()) return absl::DataLossError("Verify: " + report->problems[0]);
  return absl::OkStatus();
}

std::string DifferenceOf(const std::vector<StoredRecord>& want,
                         const std::vector<StoredRecord>& got) {
  const auto [w, g] = std::mismatch(want.begin(), want.end(), got.begin(), got.end(), SameRecord);
  if (w == want.end() && g == got.end()) return "";
  const auto name = [](const auto& at, const auto& end) {
    return at == end ? "none"
                     : "number " + std::to_string(at->number) + " of call " +
                           std::to_string(at->sequence) + (at->standing ? ", standing" : "") +
                           (at->held ? ", held" : "");
  };
  return std::to_string(got.size()) + " records are kept, not " + std::to_string(want.size()) +
         "; first " + name(g, got.end()) + ", where it was to be " + name(w, want.end()) + "\n";
}

std::string DifferenceOf(const GraphAnswers& want, const GraphAnswers& got, bool feeds) {
  if (want.graph != got.graph) return "other graphs are there\n";
  if (want.policy != got.policy || want.policy_version != got.policy_version)
    return "another policy is in force\n";
  if (want.clock_ms != got.clock_ms) return "the clock differs\n";
  if (want.horizons != got.horizons) return "the horizons differ\n";
  if (std::string fault = DifferenceOf(want.records, got.records); !fault.empty()) return fault;
  std::string fault = Difference(want.state.state, got.state.state);
  if (!fault.empty()) return fault;
  if (want.state.problems != got.state.problems)
    return got.state.problems.empty() ? "answers fit that should not\n"
                                      : got.state.problems[0] + "\n";
  if (want.state.members_of != got.state.members_of ||
      want.state.profile_of != got.state.profile_of)
    return "ids differ\n";
  if (want.counts != got.counts) return "the counts of everything differ\n";
  if (want.profiles != got.profiles) return "profiles differ\n";
  if (!feeds) return "";
  if (const std::string where = FirstDifference(want.feed, got.feed); !where.empty())
    return "the feeds differ, " + where + "\n";
  if (want.how != got.how) return "How() differs\n";
  return "";
}

}  // namespace

absl::StatusOr<Answers> ReadAnswers(const Engine& engine, bool feeds) {
  Answers answers;
  answers.sequence = engine.Read().sequence();
  answers.feeds = feeds;
  auto erasures = engine.Erasures();
  if (!erasures.ok()) return erasures.status();
  answers.erasures = *std::move(erasures);
  absl::StatusOr<Feeds> read = feeds ? ReadFeeds(engine) : Feeds();
  if (!read.ok()) return read.status();
  for (const std::string& graph : engine.Graphs()) {
    auto view = engine.Read(graph);
    if (!view.ok()) return view.status();
    GraphAnswers& out = answers.graphs.emplace_back();
    out.graph = graph;
    out.feed = (*read)[graph];
    if (absl::Status status = ReadGraph(*view, feeds, &out); !status.ok()) return status;
  }
  return answers;
}

std::string Difference(const Answers& want, const Answers& got) {
  if (want.sequence != got.sequence)
    return "sequence " + std::to_string(got.sequence) + ", not " + std::to_string(want.sequence) +
           "\n";
  if (want.graphs.size() != got.graphs.size()) return "other graphs are there\n";
  if (want.erasures != got.erasures) return "the ledger of erasures differs\n";
  std::string fault;
  for (std::size_t i = 0; i < want.graphs.size() && fault.empty(); ++i)
    fault = DifferenceOf(want.graphs[i], got.graphs[i], want.feeds && got.feeds);
  return fault;
}

Expected::Expected(const Plan& plan) {
  const std::unique_ptr<Engine> engine = Must(Engine::OpenInMemory(PlanOptions(plan.seed)));
  answers_.push_back(std::make_shared<const Answers>(Must(ReadAnswers(*engine))));
  for (const Step& step : plan.lanes[0]) {
    left_.push_back(Must(Run(step, engine.get())));
    const bool same = engine->Read().sequence() == answers_.back()->sequence;
    answers_.push_back(same ? answers_.back()
                            : std::make_shared<const Answers>(Must(ReadAnswers(*engine))));
  }
}

std::optional<std::size_t> Expected::Find(const Answers& got, std::size_t least, std::size_t most,
                                          std::string* fault) const {
  most = std::min(most, steps());
  for (std::size_t i = least; i <= most; ++i) {
    if (answers_[i]->sequence != got.sequence) continue;
    *fault = Difference(*answers_[i], got);
    if (!fault->empty()) return std::nullopt;
    return i;
  }
  *fault = "sequence " + std::to_string(got.sequence) + ", where " +
           std::to_string(answers_[least]->sequence) + " to " +
           std::to_string(answers_[most]->sequence) + " were to be\n";
  return std::nullopt;
}

}  // namespace polyonym::harness
