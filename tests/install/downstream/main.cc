// A program that links polyonym::polyonym: two identifiers seen together are one person.
#include <cstdio>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "polyonym/engine/engine.h"
#include "polyonym/model/identifier.h"
#include "polyonym/version.h"

namespace {

int Fail(const absl::Status& status) {
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  return 1;
}

}  // namespace

int main() {
  const auto phone = polyonym::ParseIdentifier("phone:+8613800000001");
  const auto card = polyonym::ParseIdentifier("card:a7");
  if (!phone.ok()) return Fail(phone.status());
  if (!card.ok()) return Fail(card.status());

  polyonym::Policy policy;
  policy.namespaces.resize(2);
  policy.namespaces[0].name = "phone";
  policy.namespaces[0].normaliser = polyonym::Normaliser::kPhone;
  policy.namespaces[1].name = "card";

  polyonym::Record record;
  record.source = "shop";
  record.time_ms = 1'700'000'000'000;
  for (const auto& identifier : {*phone, *card}) {
    record.identifiers.push_back({identifier.ns, identifier.value});
  }

  const auto engine = polyonym::Engine::OpenInMemory({});
  if (!engine.ok()) return Fail(engine.status());
  if (const auto set = (*engine)->SetPolicy(policy); !set.ok()) return Fail(set.status());
  if (const auto applied = (*engine)->Apply({&record, 1}); !applied.ok())
    return Fail(applied.status());

  const auto people = (*engine)->Read().Resolve(std::vector<polyonym::Identifier>{*phone, *card});
  if (!people[0].profile.has_value() || people[0].profile != people[1].profile) {
    return Fail(absl::InternalError("the two identifiers are not one person"));
  }
  std::printf("polyonym %s: %s\n", POLYONYM_VERSION,
              polyonym::ToString(*people[0].profile).c_str());
  return 0;
}
