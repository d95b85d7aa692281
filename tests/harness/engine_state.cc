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
  return out;
}

void ReadLinks(const View& view, const Identifier& of, EngineState* out) {
  auto links = view.Links(of, View::Detail::kCounts);
  if (!links.ok()) {
    out->problems.push_back("Links(" + Spell(of) + "): " + links.status().ToString());
    return;
  }
  for (const View::Neighbour& neighbour : *links) {
    if (!(neighbour.link.a < neighbour.link.b))
      out->problems.push_back("a link of " + Spell(of) + " is not a < b");
    const LinkState state = Read(neighbour);
    const auto [at, first] =
        out->state.links.try_emplace({neighbour.link.a, neighbour.link.b}, state);
    if (!first && at->second != state) {
      out->problems.push_back("the link " + Spell(neighbour.link.a) + " - " +
                              Spell(neighbour.link.b) + " differs from its two ends");
    }
  }
}

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
  return options;
}

EngineState ReadState(const View& view, const std::set<Identifier>& others, bool links) {
  EngineState out;
  ProfileId last;
  view.ForEachProfile([&](ProfileId id, std::span<const Identifier> members) {
    if (!out.members_of.empty() && !(last < id))
      out.problems.push_back("profiles are not listed in order of id");
    last = id;
    Group group(members.begin(), members.end());
    if (!std::is_sorted(group.begin(), group.end()))
      out.problems.push_back("members of a profile are not sorted");
    for (const Identifier& member : group) {
      if (!out.profile_of.try_emplace(member, id).second)
        out.problems.push_back(Spell(member) + " is in two profiles");
    }
    out.state.groups.push_back(group);
    out.members_of[id] = std::move(group);
    return true;
  });
  std::sort(out.state.groups.begin(), out.state.groups.end());
  for (const auto& [id, members] : out.members_of) {
    auto asked = view.Members(id);
    if (!asked.ok() || *asked != members)
      out.problems.push_back("Members(" + polyonym::ToString(id) + ") differs from the list");
  }
  std::vector<Identifier> all(others.begin(), others.end());
  for (const auto& [member, id] : out.profile_of) {
    if (!others.contains(member)) all.push_back(member);
  }
  const std::vector<Resolution> answers = view.Resolve(all);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Resolution& r = answers[i];
    const auto listed = out.profile_of.find(all[i]);
    if (r.gone) out.state.gone.insert(all[i]);
    if (r.shared) out.state.shared.insert(all[i]);
    if (r.known != r.profile.has_value())
      out.problems.push_back(Spell(all[i]) + ": known and profile disagree");
    if (listed == out.profile_of.end()) {
      if (r.known && !r.gone)
        out.problems.push_back(Spell(all[i]) + " is known, not gone, and in no profile");
      continue;
    }
    if (!r.known || r.gone || r.profile != listed->second) {
      out.problems.push_back(Spell(all[i]) + " resolves to another profile than lists it");
    }
    if (links) ReadLinks(view, all[i], &out);
  }
  return out;
}

std::set<Identifier> NamedIdentifiers(const NaiveWorld& world) {
  std::set<Identifier> out;
  for (const NaiveWorld::Entry& entry : world.entries()) {
    for (const RecordVerdict::Counted& counted : entry.verdict.counted) {
      out.insert({entry.record.identifiers[counted.index].ns, counted.value});
    }
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
    History history = RandomHistory(seed, shape);
    const std::string fault = guarded(history);
    if (fault.empty()) return;
    History less = history;
    const auto fails = [&](const std::vector<Record>& records) {
      less.records = records;
      return !guarded(less).empty();
    };
    history.records = Minimise(std::move(history.records), fails);
    less.records = history.records;
    report = "whole history: " + fault + "least history: " + guarded(less) + Describe(history);
  });
  return report;
}

void FeedReader::Take(std::span<const Change> changes) {
  for (std::size_t at = 0; at < changes.size();) {
    std::size_t end = at;
    while (end < changes.size() && changes[end].sequence == changes[at].sequence) ++end;
    if (changes[at].sequence <= sequence_) problems_.push_back("the feed goes back");
    sequence_ = changes[at].sequence;
    TakeOne(changes.subspan(at, end - at));
    at = end;
  }
}

// All changes of one Apply happen at once: `from` speaks of the state before, `to` of the state after.
void FeedReader::TakeOne(std::span<const Change> changes) {
  const auto before = profile_of_;
  const std::string where = "sequence " + std::to_string(sequence_) + ": ";
  std::set<std::uint64_t> moved;
  const auto move = [&](std::uint64_t number, const Change& change) {
    if (!moved.insert(number).second) problems_.push_back(where + "an identifier moves twice");
    if (change.kind == ChangeKind::kGone) {
      profile_of_.erase(number);
    } else {
      profile_of_[number] = change.to.value;
    }
  };
  for (const Change& change : changes) {
    const bool fresh = change.kind == ChangeKind::kCreated || change.kind == ChangeKind::kJoined;
    if (change.kind == ChangeKind::kMerged) {
      std::size_t members = 0;
      for (const auto& [number, profile] : before) {
        if (profile != change.from.value) continue;
        move(number, change);
        ++members;
      }
      if (members == 0) problems_.push_back(where + "a profile that was not there is merged");
      if (!change.identifiers.empty()) problems_.push_back(where + "a merge lists identifiers");
      continue;
    }
    if (change.identifiers.empty())
      problems_.push_back(where + std::string(ToString(change.kind)) + " lists no identifiers");
    for (const IdentifierNumber identifier : change.identifiers) {
      const auto was = before.find(identifier.value);
      if (fresh != (was == before.end())) {
        problems_.push_back(where + std::string(ToString(change.kind)) +
                            (fresh ? " of one that was there" : " of one that was not there"));
      } else if (!fresh && was->second != change.from.value) {
        problems_.push_back(where + std::string(ToString(change.kind)) +
                            " from a profile that it was not in");
      }
      move(identifier.value, change);
    }
  }
  // What each word promises of the profile it names.
  std::set<std::uint64_t> had, has;
  for (const auto& [number, profile] : before) had.insert(profile);
  for (const auto& [number, profile] : profile_of_) has.insert(profile);
  for (const Change& change : changes) {
    if (change.kind == ChangeKind::kCreated && had.contains(change.to.value)) {
      problems_.push_back(where + "created, and was there before");
    }
    if (change.kind != ChangeKind::kGone && !has.contains(change.to.value)) {
      problems_.push_back(where + std::string(ToString(change.kind)) +
                          " to a profile that nobody is in");
    }
    if (change.kind != ChangeKind::kSplit) continue;
    const auto whole =
        std::count_if(profile_of_.begin(), profile_of_.end(),
                      [&](const auto& entry) { return entry.second == change.to.value; });
    if (static_cast<std::size_t>(whole) != change.identifiers.size()) {
      problems_.push_back(where + "what split off is not the whole of its profile");
    }
  }
}

std::map<std::uint64_t, std::uint64_t> NumbersInProfiles(const View& view) {
  std::map<Identifier, std::uint64_t> number_of;
  for (std::uint64_t n = 0; n <= view.GetStats().identifiers;
       ++n) {  // whether numbers begin with 0 or 1
    auto identifier = view.IdentifierOf(IdentifierNumber{n});
    if (identifier.ok()) number_of[*std::move(identifier)] = n;
  }
  std::map<std::uint64_t, std::uint64_t> out;
  view.ForEachProfile([&](ProfileId id, std::span<const Identifier> members) {
    for (const Identifier& member : members) out[number_of.at(member)] = id.value;
    return true;
  });
  return out;
}

std::vector<Change> AllChanges(const View& view) {
  std::vector<Change> out;
  for (std::uint64_t from = 0;;) {
    std::vector<Change> some = Must(view.Changes(from, 7));
    if (some.empty()) return out;
    from = some.back().sequence + 1;
    out.insert(out.end(), some.begin(), some.end());
  }
}

}  // namespace polyonym::harness
