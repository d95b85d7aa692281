#include "who.h"

#include <variant>

namespace polyonym::python {

absl::StatusOr<ProfileId> FindWho(const View& view, const Who& who) {
  if (const auto* id = std::get_if<ProfileId>(&who)) return view.Follow(*id);
  const Resolution found = view.Resolve(std::get<Identifier>(who));
  if (found.profile) return *found.profile;
  return absl::NotFoundError(found.blocked || found.held
                                 ? "the identifier is held: policy forbids its namespace or value"
                                 : "the identifier was never seen");
}

nb::object ToPython(const Resolution& resolution) {
  return Result("Resolution")("profile"_a = ToPython(resolution.profile),
                              "known"_a = resolution.known, "shared"_a = resolution.shared,
                              "blocked"_a = resolution.blocked, "held"_a = resolution.held,
                              "gone"_a = resolution.gone, "expired"_a = resolution.expired);
}

std::vector<Identifier> IdentifiersOf(nb::handle identifiers) {
  std::vector<Identifier> asked;
  for (nb::handle item : identifiers) asked.push_back(IdentifierOf(item, "identifiers"));
  return asked;
}

}  // namespace polyonym::python
