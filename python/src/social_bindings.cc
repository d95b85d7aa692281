// Social capital: how well people are bound into a community, by the facts that stand.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bindings.h"
#include "calls.h"
#include "polyonym/engine/social.h"
#include "values.h"

namespace polyonym::python {
namespace {

// Contribution is None where nothing is read as one.
nb::object ComponentsOf(const CapitalComponents& of, bool contributes) {
  return Result("CapitalComponents")(
      "trust"_a = of.trust, "strength"_a = of.strength, "activity"_a = of.activity,
      "contribution"_a = contributes ? nb::cast(of.contribution) : nb::none());
}

nb::object PersonOf(const PersonCapital& person, bool contributes) {
  const CapitalBasis& basis = person.capital.basis;
  return Result("PersonCapital")(
      "profile"_a = ToPython(person.profile), "index"_a = person.capital.index,
      "components"_a = ComponentsOf(person.capital.components, contributes),
      "good_evidence"_a = basis.good_evidence, "bad_evidence"_a = basis.bad_evidence,
      "tie_strengths"_a = basis.tie_strengths, "active_days"_a = basis.active_days,
      "mean_contribution"_a =
          contributes ? nb::cast(basis.mean_contribution_micros / 1e6) : nb::none());
}

nb::object CapitalOf(const View& view, const std::string& currency, std::optional<double> reference,
                     const std::vector<std::string>& group, std::optional<std::int64_t> now_ms) {
  const bool contributes = !currency.empty();
  SocialReading reading;
  reading.currency = currency;
  reading.fit_reference = !reference;
  if (reference) reading.options.contribution_reference_micros = *reference * 1e6;
  // Where nothing is a contribution it is left out: the index of everybody would be 0.
  if (!contributes) reading.options.weights.contribution = 0;
  reading.now_ms = now_ms;
  const StoreCapital capital = Call([&]() -> absl::StatusOr<StoreCapital> {
    std::vector<ProfileId> profiles;
    for (const std::string& profile : group) {
      const auto id = ParseProfileId(profile);
      if (!id.ok()) return id.status();
      profiles.push_back(*id);
    }
    return ReadSocialCapital(view, reading, profiles);
  });
  return Result("SocialCapital")(
      "people"_a =
          ListOf(capital.people,
                 [&](const PersonCapital& person) { return PersonOf(person, contributes); }),
      "index"_a = capital.group.index, "mean"_a = ComponentsOf(capital.group.mean, contributes),
      "gini"_a = ComponentsOf(capital.group.gini, contributes),
      "reference"_a =
          contributes ? nb::cast(capital.contribution_reference_micros / 1e6) : nb::none(),
      "left_out"_a = capital.left_out);
}

}  // namespace

void BindSocial(nb::module_& module) {
  module.def("social_capital", &CapitalOf, "view"_a, nb::kw_only(), "currency"_a,
             "reference"_a.none(), "group"_a, "now_ms"_a.none());
}

}  // namespace polyonym::python
