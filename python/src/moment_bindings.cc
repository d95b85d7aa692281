// Moments: who was thought to be whom at another time, or would be under another policy.
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "bindings.h"
#include "calls.h"
#include "polyonym/codec/json.h"
#include "polyonym/engine/moment.h"
#include "polyonym/engine/view.h"
#include "values.h"
#include "who.h"

namespace polyonym::python {
namespace {

using python::ToPython;

nb::list ResolveMany(const Moment& moment, nb::handle identifiers) {
  const std::vector<Identifier> asked = IdentifiersOf(identifiers);
  const std::vector<Resolution> answers = Call([&] {
    std::vector<Resolution> found;
    found.reserve(asked.size());
    for (const Identifier& identifier : asked) found.push_back(moment.Resolve(identifier));
    return found;
  });
  return ListOf(answers, [](const Resolution& r) { return ToPython(r); });
}

nb::list MembersOf(const Moment& moment, nb::handle who) {
  const Who asked = WhoOf(who, "who");
  return ToPython(Call([&] {
    const auto* id = std::get_if<ProfileId>(&asked);
    return id != nullptr ? moment.Members(*id) : moment.MembersOf(std::get<Identifier>(asked));
  }));
}

// Groups of identifiers, in order of the smallest; some without a profile.
nb::list Groups(const Moment& moment) {
  std::vector<std::pair<std::optional<ProfileId>, std::vector<Identifier>>> groups;
  Call([&] {
    moment.ForEachProfile([&](std::optional<ProfileId> id, std::span<const Identifier> members) {
      groups.emplace_back(id, std::vector<Identifier>(members.begin(), members.end()));
      return !Interrupted();
    });
    return absl::OkStatus();
  });
  return ListOf(groups, [](const auto& group) {
    return nb::make_tuple(ToPython(group.first), ToPython(group.second));
  });
}

nb::object ToPython(const SimulatedChange& change) {
  const bool is_new = change.kind == ChangeKind::kCreated;
  return Result("SimulatedChange")(
      "kind"_a = TextOf(ToString(change.kind)),
      "profile"_a = is_new ? nb::none() : ToPython(change.from),
      "others"_a = ListOf(change.with, [](ProfileId id) { return ToPython(id); }),
      "parts"_a =
          ListOf(change.parts, [](const auto& part) { return nb::object(ToPython(part)); }));
}

// What another policy would do, and, beside it, the moment that it would make.
nb::tuple Simulate(const View& view, const std::string& json) {
  Simulation result = Call([&]() -> absl::StatusOr<Simulation> {
    auto policy = ReadPolicyJson(json);
    if (!policy.ok()) return policy.status();
    return view.Simulate(*policy);
  });
  nb::dict counts;
  counts["changes"] = ListOf(result.changes, [](const SimulatedChange& c) { return ToPython(c); });
  counts["merged"] = result.merged;
  counts["split"] = result.split;
  counts["held"] = result.held;
  counts["released"] = result.released;
  counts["profiles_before"] = result.profiles_before;
  counts["profiles_after"] = result.profiles_after;
  return nb::make_tuple(counts, std::move(result.after));
}

}  // namespace

void BindMoments(nb::module_& module) {
  nb::class_<Moment>(module, "Moment")
      .def("policy", [](const Moment& moment) { return WritePolicyJson(moment.policy(), false); })
      .def_prop_ro("clock_ms", &Moment::clock_ms)
      .def_prop_ro("now_ms", &Moment::now_ms)
      .def_prop_ro("held_records", &Moment::held_records)
      .def("count_profiles", &Moment::profiles)
      .def(
          "resolve",
          [](const Moment& moment, nb::handle identifier) {
            const Identifier asked = IdentifierOf(identifier, "identifier");
            return ToPython(Call([&] { return moment.Resolve(asked); }));
          },
          "identifier"_a)
      .def("resolve_many", &ResolveMany, "identifiers"_a)
      .def("members", &MembersOf, "who"_a)
      .def("groups", &Groups);
  module.def(
      "as_of",
      [](const View& view, std::int64_t time_ms) {
        return Call([&] { return view.AsOf(time_ms); });
      },
      "view"_a, "time_ms"_a);
  module.def(
      "as_known",
      [](const View& view, std::uint64_t sequence) {
        return Call([&] { return view.AsKnown(sequence); });
      },
      "view"_a, "sequence"_a);
  module.def("simulate", &Simulate, "view"_a, "json"_a);
}

}  // namespace polyonym::python
