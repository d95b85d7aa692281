// Policies cross the border as JSON: docs/driver.md has its form.
#include <string>
#include <vector>

#include "bindings.h"
#include "calls.h"
#include "polyonym/codec/json.h"
#include "polyonym/model/judge.h"
#include "polyonym/model/presets.h"
#include "polyonym/segment/evaluate.h"
#include "values.h"

namespace polyonym::python {
namespace {

// The policy as this library writes it: equal policies are equal texts.
std::string NormalisedPolicy(const std::string& json) {
  return Call([&]() -> absl::StatusOr<std::string> {
    auto policy = ReadPolicyJson(json);
    if (!policy.ok()) return policy.status();
    auto compiled = CompiledPolicy::Compile(*policy);
    if (!compiled.ok()) return compiled.status();
    auto segments = CompiledSegments::Compile(policy->definitions);
    if (!segments.ok()) return segments.status();
    return WritePolicyJson(*policy, false);
  });
}

std::string PresetPolicy(const std::vector<std::string>& names) {
  std::vector<Preset> presets;
  for (const std::string& name : names) {
    const std::optional<Preset> preset = ParsePreset(name);
    if (!preset) RaiseInvalid("there is no preset of this name; presets() lists them");
    presets.push_back(*preset);
  }
  return Call([&]() -> absl::StatusOr<std::string> {
    auto policy = PolicyOf(presets);
    if (!policy.ok()) return policy.status();
    return WritePolicyJson(*policy, false);
  });
}

nb::dict PresetList() {
  nb::dict about;
  for (const PresetInfo& info : Presets()) about[nb::cast(info.name)] = nb::cast(info.about);
  return about;
}

}  // namespace

void BindPolicy(nb::module_& module) {
  module.def("normalised_policy", &NormalisedPolicy, "json"_a);
  module.def("preset_policy", &PresetPolicy, "names"_a);
  module.def("presets", &PresetList);
}

}  // namespace polyonym::python
