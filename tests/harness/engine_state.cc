#include "harness/engine_state.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <stdexcept>

#include <unistd.h>

namespace polyonym::harness {
namespace {

std::string Spell(const Identifier& identifier) { return polyonym::ToString(identifier); }

LinkState Read(const View::Neighbour& neighbour) {
  const LinkEvidence& e = neighbour.link;
  LinkState out;
  out.first_ms = e.first_ms;
  out.last_ms = e.last_ms;
  out.seen = e.sightings;
  out.forced = e.must_link;
  out.kept = neighbour.kept;
  out.expired = neighbour.expired;
  return out;
}

bool HasLives(const Policy& policy, const Identifier& name) {
  return std::any_of(policy.namespaces.begin(), policy.namespaces.end(),
                     [&](const NamespacePolicy& ns) {
                       return ns.name == FamilyOf(name.ns) && ns.validity_ms != 0;
                     });
}

// Collects the links of everybody, and tells those between last lives from the rest: asked about an identifier, an engine
// answers for its last life, but the other end may be any. Lives of one value differ in their times, so do their links.
class LinkReader {
 public:
  LinkReader(const View& view, std::vector<std::string>* problems)
      : view_(view), policy_(view.policy()), problems_(*problems) {}

  void Ask(const Identifier& of) {
    auto links = view_.Links(of, View::Detail::kCounts);
    if (!links.ok())
      return problems_.push_back("Links(" + Spell(of) + "): " + links.status().ToString());
    for (const View::Neighbour& neighbour : *links) {
      const Pair pair(neighbour.link.a, neighbour.link.b);
      if (!(pair.first < pair.second))
        problems_.push_back("a link of " + Spell(of) + " is not a < b");
      Answers& answers = of_[pair];
      std::vector<LinkState>& from = of == pair.first    ? answers.first
                                     : of == pair.second ? answers.second
                                                         : answers.renamed;
      from.push_back(Read(neighbour));
    }
  }

  std::map<Pair, LinkState> Take() {
    std::map<Pair, LinkState> out;
    for (const auto& [pair, answers] : of_) {
      const std::string what = "the link " + Spell(pair.first) + " - " + Spell(pair.second);
      for (const LinkState& link : answers.first) {
        if (!Has(answers.second, link)) {
          if (!HasLives(policy_, pair.second)) problems_.push_back(what + " has one end");
        } else if (!out.emplace(pair, link).second) {
          problems_.push_back(what + " is there twice");
        }
      }
      for (const LinkState& link : answers.second) {
        if (!Has(answers.first, link) && !HasLives(policy_, pair.first))
          problems_.push_back(what + " has one end");
      }
      for (const LinkState& link : answers.renamed) {
        if (!Has(answers.first, link) && !Has(answers.second, link))
          problems_.push_back(what + " differs by the name that is asked");
      }
    }
    return out;
  }

 private:
  struct Answers {
    std::vector<LinkState> first;  // asked about that end of the pair
    std::vector<LinkState> second;
    std::vector<LinkState> renamed;  // asked about another name of an end
  };
  static bool Has(const std::vector<LinkState>& links, const LinkState& link) {
    return std::find(links.begin(), links.end(), link) != links.end();
  }

  const View& view_;
  const Policy policy_;
  std::vector<std::string>& problems_;
  std::map<Pair, Answers> of_;
};

}  // namespace

namespace {

// In memory where the system has such a place and TMPDIR asks for no other: hundreds of small stores are synced there, and no
// test cuts the power.
std::filesystem::path PlaceForFolders() {
  const std::filesystem::path memory = "/dev/shm";
  const bool writable = ::access(memory.c_str(), W_OK | X_OK) == 0;
  return writable && std::getenv("TMPDIR") == nullptr ? memory
                                                      : std::filesystem::temp_directory_path();
}

}  // namespace

TempFolder::TempFolder() {
  static std::atomic<std::uint64_t> next{0};
  path_ = PlaceForFolders() /
          ("polyonym_test_" + std::to_string(::getpid()) + "_" + std::to_string(next++));
  std::filesystem::create_directories(path_);
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

EngineOptions LawOptions(std::uint64_t seed) {
  EngineOptions options;
  options.durability = Durability::kWal;
  options.checkpoint_log_bytes = 0;
  options.rocks.write_buffer_bytes = std::size_t{1} << 20;
  options.rocks.block_cache_bytes = std::size_t{1} << 20;
  options.rocks.background_threads = 1;
  if (seed % 4 == 3) options.hash_bits = static_cast<int>(4 + seed / 4 % 5);
  if (seed % 3 == 1) options.replay_at_once = seed / 3 % 16;  // calls put off most of what they run
  return options;
}

namespace {

using Listed = std::map<Identifier, std::set<ProfileId>>;

// Every profile, as listed and as asked.
Listed ReadProfiles(const View& view, EngineState* out) {
  const Policy policy = view.policy();
  Listed listed;
  ProfileId last;
  view.ForEachProfile([&](ProfileId id, std::span<const Identifier> members) {
    if (!out->members_of.empty() && !(last < id))
      out->problems.push_back("profiles are not listed in order of id");
    last = id;
    Group group(members.begin(), members.end());
    if (!std::is_sorted(group.begin(), group.end()))
      out->problems.push_back("members of a profile are not sorted");
    for (const Identifier& member : group) {
      std::set<ProfileId>& in = listed[member];
      if (!in.insert(id).second || (in.size() > 1 && !HasLives(policy, member)))
        out->problems.push_back(Spell(member) + " is listed twice");
    }
    out->state.groups.push_back(group);
    out->members_of[id] = std::move(group);
    return true;
  });
  std::sort(out->state.groups.begin(), out->state.groups.end());
  for (const auto& [id, members] : out->members_of) {
    auto asked = view.Members(id);
    if (!asked.ok() || *asked != members)
      out->problems.push_back("Members(" + polyonym::ToString(id) + ") differs from the list");
  }
  return listed;
}

}  // namespace

EngineState ReadState(const View& view, const std::set<Identifier>& others, bool links) {
  EngineState out;
  const Policy policy = view.policy();
  const Listed listed = ReadProfiles(view, &out);
  LinkReader reader(view, &out.problems);
  std::vector<Identifier> all(others.begin(), others.end());
  for (const auto& [member, in] : listed) {
    if (!others.contains(member)) all.push_back(member);
  }
  const std::vector<Resolution> answers = view.Resolve(all);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Resolution& r = answers[i];
    const auto in = listed.find(all[i]);
    if (r.gone) out.state.gone.insert(all[i]);
    if (r.shared) out.state.shared.insert(all[i]);
    if (r.known != r.profile.has_value())
      out.problems.push_back(Spell(all[i]) + ": known and profile disagree");
    if (in == listed.end()) {
      if (r.known && !r.gone)
        out.problems.push_back(Spell(all[i]) + " is known, not gone, and in no profile");
      continue;
    }
    if (r.expired) out.state.expired.insert(all[i]);
    if (r.known && r.gone && HasLives(policy, all[i])) continue;  // an earlier life is listed
    if (!r.known || r.gone || !in->second.contains(*r.profile)) {
      out.problems.push_back(Spell(all[i]) + " resolves to another profile than lists it");
      continue;
    }
    out.profile_of[all[i]] = *r.profile;
    if (links) reader.Ask(all[i]);
  }
  out.state.links = reader.Take();
  return out;
}

std::set<Identifier> NamedIdentifiers(const NaiveWorld& world) {
  std::set<Identifier> out;
  for (const NaiveWorld::Entry& entry : world.entries()) {
    for (const RecordVerdict::Counted& counted : entry.verdict.counted)
      out.insert(NaiveWorld::NameOf(entry, counted));
  }
  return out;
}

std::string CompareWithNaive(const View& view, const NaiveWorld& world, bool compare_gone,
                             bool links) {
  EngineState got =
      ReadState(view, compare_gone ? NamedIdentifiers(world) : std::set<Identifier>(), links);
  State want = world.state();
  if (!links) want.links.clear();
  if (!compare_gone) {
    want.gone.clear();
    got.state.gone.clear();
  }
  std::string out = Difference(want, got.state);
  for (const auto& [name, id] : got.profile_of) {
    const NaiveWorld::Node node = world.NodeOf(name);
    if (world.IsMentioned(node) && got.members_of.at(id) != world.NamesInGroupOf(node))
      out += Spell(name) + " resolves to another profile than that of its last life\n";
  }
  for (const std::string& problem : got.problems) out += problem + "\n";
  return out;
}

std::string CompareOutcomes(const ApplyResult& result, std::size_t first, const NaiveWorld& world) {
  std::string out;
  for (std::size_t i = 0; i < result.records.size(); ++i) {
    const RecordResult& got = result.records[i];
    const NaiveWorld::Entry& want = world.entries()[first + i];
    const std::string what = "record " + std::to_string(first + i) + ": ";
    if (got.outcome != want.outcome) {
      out += what + "wanted " + std::string(ToString(want.outcome)) + ", got " +
             std::string(ToString(got.outcome)) + "\n";
      continue;
    }
    if (want.record.act != Act::kRetract && got.reason != want.reason) {
      out += what + "wanted " + std::string(ToString(want.reason)) + ", got " +
             std::string(ToString(got.reason)) + "\n";
    }
    if (want.outcome == Outcome::kApplied && got.held_identifiers != want.verdict.held.size()) {
      out += what + "held identifiers are miscounted\n";
    }
    if (got.outcome == Outcome::kRejected && got.field.empty())
      out += what + "rejected, and no field is named\n";
    if ((got.outcome == Outcome::kRejected || got.outcome == Outcome::kHeld) && got.profile) {
      out += what + "held or rejected, and has a profile\n";
    }
  }
  return out;
}

NaiveWorld WorldAt(const History& history, std::size_t steps_done) {
  return NaiveWorld(Compile(PolicyAt(history, steps_done)), RecordsAt(history, steps_done),
                    ClockAt(history, steps_done));
}

ApplyResult MakeCall(Engine& engine, const History& history, std::span<const HistoryStep> call) {
  const HistoryStep& first = call.front();
  if (first.kind == HistoryStep::Kind::kAdvance) {
    AdvanceResult result = Must(engine.AdvanceTo(first.clock_ms));
    return {result.sequence, {}, std::move(result.changes)};
  }
  if (first.kind == HistoryStep::Kind::kPolicy) {
    PolicyResult result = Must(engine.SetPolicy(first.policy));
    return {result.sequence, {}, std::move(result.changes)};
  }
  return Must(engine.Apply(std::span(history.records).subspan(first.record, call.size())));
}

void ApplySteps(Engine& engine, const History& history, Random& random,
                const std::function<void(std::size_t, const ApplyResult&)>& after) {
  std::size_t done = 0;
  for (const std::span<const HistoryStep> call : RandomCalls(history, random)) {
    const ApplyResult result = MakeCall(engine, history, call);
    done += call.size();
    if (after) after(done, result);
  }
}

std::unique_ptr<Engine> OpenInMemory(const Policy& policy, std::uint64_t seed) {
  std::unique_ptr<Engine> engine = Must(Engine::OpenInMemory(LawOptions(seed)));
  Must(engine->SetPolicy(policy).status());
  return engine;
}

std::shared_ptr<const CompiledPolicy> Compile(const Policy& policy) {
  return Must(CompiledPolicy::Compile(policy));
}

void Must(const absl::Status& status) {
  if (!status.ok()) throw std::runtime_error(status.ToString());
}

std::string FindFailure(std::uint64_t first_seed, std::size_t count, const HistoryShape& shape,
                        const std::function<std::string(const History&)>& check) {
  const auto guarded = [&](const History& history) -> std::string {
    try {
      return check(history);
    } catch (const std::exception& error) {
      return std::string("thrown: ") + error.what() + "\n";
    }
  };
  std::string report;
  ForEachSeed(first_seed, count, [&](std::uint64_t seed) {
    if (!report.empty()) return;
    const History history = RandomHistory(seed, shape);
    const std::string fault = guarded(history);
    if (fault.empty()) return;
    const History less =
        Minimise(history, [&](const History& fewer) { return !guarded(fewer).empty(); });
    report = "whole history: " + fault + "least history: " + guarded(less) + Describe(less);
  });
  return report;
}

}  // namespace polyonym::harness
