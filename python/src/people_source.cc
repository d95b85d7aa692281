#include "people_source.h"

#include <algorithm>

namespace polyonym::python {
namespace {

constexpr std::uint64_t kPeopleAReport = 1'024;

template <class State>
People Of(const State& state, std::uint64_t count) {
  return {[state](const std::function<bool(const Person&)>& visit) {
            return state.ForEachPerson(visit);
          },
          state.policy().definitions, state.now_ms(), count};
}

std::string Place(const char* what, std::size_t place) {
  return std::string(what) + "[" + std::to_string(place) + "]: ";
}

absl::Status FindTwice(const char* what, const std::vector<std::string>& names) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (std::find(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(i), names[i]) !=
        names.begin() + static_cast<std::ptrdiff_t>(i))
      return absl::InvalidArgumentError(Place(what, i) + "is given twice");
  }
  return absl::OkStatus();
}

}  // namespace

People PeopleOf(const View& view) { return Of(view, view.CountProfiles()); }
People PeopleOf(const Moment& moment) { return Of(moment, moment.profiles()); }

absl::Status VisitUntil(const People& people, const Progress& progress,
                        const std::function<absl::Status(const Person&)>& visit) {
  std::uint64_t done = 0;
  absl::Status problem;
  absl::Status status = people.for_each([&](const Person& person) {
    problem = visit(person);
    if (!problem.ok()) return false;
    if (++done % kPeopleAReport != 0) return true;
    if (progress) progress(done, people.count);
    return !Interrupted();
  });
  if (!problem.ok()) return problem;
  if (status.ok() && progress) progress(done, done);
  return status;
}

absl::Status Visit(const People& people, const Progress& progress,
                   const std::function<void(const Person&)>& visit) {
  return VisitUntil(people, progress, [&](const Person& person) {
    visit(person);
    return absl::OkStatus();
  });
}

bool IsSensitive(std::uint8_t label) {
  return label >= static_cast<std::uint8_t>(Sensitivity::kSensitive);
}

absl::StatusOr<std::vector<const TraitDefinition*>> FindTraits(
    const Definitions& definitions, const std::optional<std::vector<std::string>>& names) {
  std::vector<const TraitDefinition*> all, found;
  for (const TraitDefinition& trait : definitions.traits) all.push_back(&trait);
  for (const EventTrait& computed : definitions.event_traits) all.push_back(&computed.trait);
  if (!names) {
    std::erase_if(all,
                  [](const TraitDefinition* trait) { return IsSensitive(trait->sensitivity); });
    return all;
  }
  if (absl::Status status = FindTwice("traits", *names); !status.ok()) return status;
  for (std::size_t i = 0; i < names->size(); ++i) {
    const auto at = std::find_if(all.begin(), all.end(), [&](const TraitDefinition* trait) {
      return trait->name == (*names)[i];
    });
    if (at == all.end())
      return absl::InvalidArgumentError(Place("traits", i) +
                                        "no trait of this name is defined in the policy");
    found.push_back(*at);
  }
  return found;
}

absl::StatusOr<std::vector<std::size_t>> FindSegments(
    const CompiledSegments& segments, const std::optional<std::vector<std::string>>& names) {
  std::vector<std::size_t> places;
  if (!names) {
    for (std::size_t s = 0; s < segments.size(); ++s) places.push_back(s);
    return places;
  }
  if (absl::Status status = FindTwice("segments", *names); !status.ok()) return status;
  for (std::size_t i = 0; i < names->size(); ++i) {
    places.push_back(segments.Find((*names)[i]));
    if (places.back() == CompiledSegments::kNone)
      return absl::InvalidArgumentError(Place("segments", i) +
                                        "no segment of this name is defined in the policy");
  }
  return places;
}

}  // namespace polyonym::python
