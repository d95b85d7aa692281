// Relations between profiles: who is tied to whom, and by what.
#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "bindings.h"
#include "calls.h"
#include "enum_names.h"
#include "polyonym/engine/relations.h"
#include "polyonym/engine/view.h"
#include "values.h"
#include "who.h"

namespace polyonym::python {
namespace {

using python::ToPython;

constexpr std::size_t kRelationKinds = static_cast<std::size_t>(RelationKind::kExpired) + 1;

nb::object ToPython(const Relation& relation) {
  return Result("Relation")(
      "source"_a = ToPython(relation.from), "target"_a = ToPython(relation.to),
      "kind"_a = TextOf(ToString(relation.kind)),
      "direction"_a = TextOf(ToString(relation.direction)),
      "source_identifier"_a = ToPython(relation.from_identifier),
      "target_identifier"_a = ToPython(relation.to_identifier), "pairs"_a = relation.pairs,
      "sightings"_a = relation.sightings, "first"_a = TimeOf(relation.first_ms),
      "last"_a = TimeOf(relation.last_ms));
}

nb::list ToPython(const std::vector<RelatedProfile>& related) {
  return ListOf(related, [](const RelatedProfile& r) {
    return Result("Related")(
        "profile"_a = ToPython(r.profile), "distance"_a = r.distance,
        "relations"_a = ListOf(r.relations, [](const Relation& t) { return ToPython(t); }));
  });
}

RelationOptions OptionsOf(std::uint32_t steps, const std::vector<std::string>& kinds,
                          std::size_t max_profiles, std::size_t max_evidence) {
  return {.max_steps = steps,
          .kinds = EnumsOf<RelationKind>(kinds, 0, kRelationKinds, "kinds"),
          .max_profiles = max_profiles,
          .max_evidence = max_evidence};
}

nb::list Neighbourhood(const View& view, nb::handle who, std::uint32_t steps,
                       const std::vector<std::string>& kinds, std::size_t max_profiles,
                       std::size_t max_evidence) {
  const Who asked = WhoOf(who, "who");
  const RelationOptions options = OptionsOf(steps, kinds, max_profiles, max_evidence);
  return ToPython(Call([&]() -> absl::StatusOr<std::vector<RelatedProfile>> {
    const auto id = FindWho(view, asked);
    if (!id.ok()) return id.status();
    return view.Neighbourhood(*id, options);
  }));
}

nb::list Path(const View& view, nb::handle a, nb::handle b, std::uint32_t steps,
              const std::vector<std::string>& kinds, std::size_t max_profiles,
              std::size_t max_evidence) {
  const Who from = WhoOf(a, "a"), to = WhoOf(b, "b");
  const RelationOptions options = OptionsOf(steps, kinds, max_profiles, max_evidence);
  return ToPython(Call([&]() -> absl::StatusOr<std::vector<RelatedProfile>> {
    const auto from_id = FindWho(view, from);
    if (!from_id.ok()) return from_id.status();
    const auto to_id = FindWho(view, to);
    if (!to_id.ok()) return to_id.status();
    return view.Path(*from_id, *to_id, options);
  }));
}

}  // namespace

void BindRelations(nb::module_& module) {
  module.def("neighbourhood", &Neighbourhood, "view"_a, "who"_a, nb::kw_only(), "steps"_a,
             "kinds"_a, "max_profiles"_a, "max_evidence"_a);
  module.def("path", &Path, "view"_a, "a"_a, "b"_a, nb::kw_only(), "steps"_a, "kinds"_a,
             "max_profiles"_a, "max_evidence"_a);
}

}  // namespace polyonym::python
