#include "harness/feed_reader.h"

#include <algorithm>
#include <set>

#include "harness/engine_state.h"

namespace polyonym::harness {

void FeedReader::Take(std::span<const Change> changes) {
  for (std::size_t at = 0; at < changes.size();) {
    std::size_t end = at;
    while (end < changes.size() && changes[end].sequence == changes[at].sequence) ++end;
    if (changes[at].sequence <= sequence_) problems_.push_back("the feed goes back");
    sequence_ = changes[at].sequence;
    std::size_t who = at;  // those that say who is who come first
    while (who < end && IsWhoIsWho(changes[who].kind)) ++who;
    for (std::size_t i = who; i < end; ++i) {
      if (IsWhoIsWho(changes[i].kind))
        problems_.push_back("who is who comes behind something else");
    }
    TakeOne(changes.subspan(at, who - at));
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

// By Follow(), because one identifier may have a number for each of its lives.
std::map<std::uint64_t, std::uint64_t> NumbersInProfiles(const View& view) {
  std::set<ProfileId> listed;
  view.ForEachProfile([&](ProfileId id, std::span<const Identifier>) {
    listed.insert(id);
    return true;
  });
  std::map<std::uint64_t, std::uint64_t> out;
  for (std::uint64_t n = 0; n <= view.GetStats().identifiers;
       ++n) {  // whether numbers begin with 0 or 1
    if (view.IsAlias(IdentifierNumber{n})) continue;
    const auto id = view.Follow(ProfileId{n});
    if (id.ok() && listed.contains(*id)) out[n] = id->value;
  }
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
