// people_source.h - everybody of a state, whichever kind of state it is: what tables and features are read from.
#ifndef POLYONYM_PYTHON_PEOPLE_SOURCE_H_
#define POLYONYM_PYTHON_PEOPLE_SOURCE_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "calls.h"
#include "polyonym/engine/moment.h"
#include "polyonym/engine/view.h"
#include "polyonym/segment/evaluate.h"

namespace polyonym::python {

struct People {
  std::function<absl::Status(const std::function<bool(const Person&)>& visit)> for_each;
  Definitions definitions;
  std::int64_t now_ms = 0;
  std::uint64_t count = 0;  // about so many
};
People PeopleOf(const View& view);
People PeopleOf(const Moment& moment);

// Each of them, in the order of the state, until `visit` is not ok; ends early where Interrupted(). `progress` may be empty.
// ERRORS: what `visit` answers, as View::ForEachPerson().
absl::Status VisitUntil(const People& people, const Progress& progress,
                        const std::function<absl::Status(const Person&)>& visit);
absl::Status Visit(const People& people, const Progress& progress,
                   const std::function<void(const Person&)>& visit);

// The fact's own time, else the record's.
template <class Fact>
std::int64_t TimeOf(const Fact& fact, const FactRow& row) {
  return fact.time_ms.value_or(row.from.time_ms);
}

// What nobody asked for by name is left out of where many are listed.
bool IsSensitive(std::uint8_t label);

// Definitions of traits, told and computed: of these names, in their order; without names all that are not labelled sensitive, as defined.
// ERRORS: InvalidArgument (`traits[2]`: no trait of this name is defined; a name is given twice).
absl::StatusOr<std::vector<const TraitDefinition*>> FindTraits(
    const Definitions& definitions, const std::optional<std::vector<std::string>>& names);

// Places of segments: of these names, in their order; without names all.  ERRORS: as FindTraits().
absl::StatusOr<std::vector<std::size_t>> FindSegments(
    const CompiledSegments& segments, const std::optional<std::vector<std::string>>& names);

}  // namespace polyonym::python

#endif  // POLYONYM_PYTHON_PEOPLE_SOURCE_H_
