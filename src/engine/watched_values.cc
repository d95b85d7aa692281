#include "engine/watched_values.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "engine/fact_rows.h"
#include "engine/view_impl.h"
#include "segment/subject.h"

namespace polyonym::engine {
namespace {

// Of one person: kind and name to what it comes to, as texts.
using Values = std::map<std::pair<ChangeKind, std::string>, std::vector<std::string>>;

class Reader {
 public:
  explicit Reader(const Definitions& watching)
      : traits_(watching.watched_traits.begin(), watching.watched_traits.end()),
        tags_(watching.watched_tags.begin(), watching.watched_tags.end()) {}

  // Of those of the people who are there, by their place.
  absl::StatusOr<std::vector<Values>> Read(const View::Impl& view,
                                           const std::vector<Watched>& people) const {
    std::vector<Values> out(people.size());
    std::vector<Node> roots;
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < people.size(); ++i) {
      const Node root = view.FindRoot(people[i].id);
      if (root == kNone) continue;
      roots.push_back(root);
      places.push_back(i);
    }
    const Definitions& definitions = view.rules().policy().policy().definitions;
    absl::Status status = view.ForEachTold(roots, [&](std::size_t at, const PersonFacts& facts) {
      out[places[at]] = Of(definitions, facts.rows, view.now_ms());
      return true;
    });
    if (!status.ok()) return status;
    return out;
  }

 private:
  // As segments see them: what is not asked for is not folded, and there may be much of it.
  Values Of(const Definitions& definitions, const std::vector<FactRow>& rows,
            std::int64_t now_ms) const {
    const Identifier nobody;
    SegmentSubject::Impl person(definitions, rows, {}, nobody, now_ms);
    Values values;
    for (const std::string& name : traits_) {
      const ProfileTrait* trait = person.Trait(name);
      if (trait == nullptr) continue;
      std::vector<std::string>& texts = values[{ChangeKind::kTrait, name}];
      for (const Value& value : trait->values) texts.push_back(ToText(value));
    }
    for (const std::string& name : tags_) {
      if (const ProfileTag* tag = person.Tag(name))
        values[{ChangeKind::kTag, name}] = {ToText({tag->score})};
    }
    return values;
  }

  std::set<std::string> traits_, tags_;
};

void AddDifference(const Watched& person, const Values& before, const Values& after,
                   std::uint64_t sequence, std::vector<Change>* changes) {
  const auto add = [&](const auto& key, std::vector<std::string> values) {
    Change& change = changes->emplace_back();
    change.sequence = sequence;
    std::tie(change.kind, change.name) = key;
    change.cause = person.cause;
    change.record = person.record;
    change.to = ProfileId{person.id};
    change.values = std::move(values);
  };
  for (const auto& [key, values] : after) {
    const auto was = before.find(key);
    if (was == before.end() ? !values.empty() : was->second != values) add(key, values);
  }
  for (const auto& [key, values] : before) {
    if (!values.empty() && !after.contains(key)) add(key, {});
  }
}

}  // namespace

absl::Status AddWatchedChanges(const View::Impl& before, const View::Impl& after,
                               const std::vector<Watched>& people, std::vector<Change>* changes) {
  const Reader reader(after.rules().policy().policy().definitions);
  const auto was = reader.Read(before, people);
  if (!was.ok()) return was.status();
  const auto is = reader.Read(after, people);
  if (!is.ok()) return is.status();
  std::vector<Change> found;
  for (std::size_t i = 0; i < people.size(); ++i)
    AddDifference(people[i], (*was)[i], (*is)[i], after.state().sequence, &found);
  std::sort(found.begin(), found.end(), [](const Change& a, const Change& b) {
    return std::tie(a.kind, a.name, a.to) < std::tie(b.kind, b.name, b.to);
  });
  std::move(found.begin(), found.end(), std::back_inserter(*changes));
  return absl::OkStatus();
}

}  // namespace polyonym::engine
