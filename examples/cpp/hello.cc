// hello.cc - records in, a person out.
// `make build` builds it (build/release/examples/hello); where Polyonym is installed:
//   c++ hello.cc $(pkg-config --cflags --libs polyonym) -o hello
// Prints:
//   p~0 holds
//     crm:C7
//     phone:+8613601234567
//     wechat.openid/wx1:oA1b2
#include <cstdio>
#include <vector>

#include "absl/status/status.h"
#include "polyonym/engine/engine.h"

namespace {

absl::Status Run() {
  // Engine::Open("people.db", {}) would keep everything on disk.
  const auto engine = polyonym::Engine::OpenInMemory({});
  if (!engine.ok()) return engine.status();

  polyonym::Policy policy;
  policy.namespaces = {
      {.name = "crm", .priority = 1},
      {.name = "phone", .normaliser = polyonym::Normaliser::kPhone, .region = "CN"},
      {.name = "wechat.openid", .normaliser = polyonym::Normaliser::kExact},
  };
  if (const auto set = (*engine)->SetPolicy(policy); !set.ok()) return set.status();

  // Two channels write one phone number in two ways.
  polyonym::Record sale{.source = "shop", .time_ms = 1'700'000'000'000};
  sale.identifiers = {{"crm", "C7"}, {"phone", "136 0123 4567"}};
  polyonym::Record visit{.source = "wechat", .time_ms = 1'700'000'060'000};
  visit.identifiers = {{"phone", "+8613601234567"}, {"wechat.openid/wx1", "oA1b2"}};
  const auto applied = (*engine)->Apply(std::vector{sale, visit});
  if (!applied.ok()) return applied.status();

  const polyonym::View view = (*engine)->Read();
  const polyonym::Resolution found = view.Resolve({"wechat.openid/wx1", "oA1b2"});
  if (!found.profile) return absl::NotFoundError("the openid is nobody's");
  const auto members = view.Members(*found.profile);
  if (!members.ok()) return members.status();
  std::printf("%s holds\n", polyonym::ToString(*found.profile).c_str());
  for (const auto& member : *members) std::printf("  %s\n", polyonym::ToString(member).c_str());
  return absl::OkStatus();
}

}  // namespace

int main() {
  const absl::Status status = Run();
  if (!status.ok()) std::fprintf(stderr, "hello: %s\n", status.ToString().c_str());
  return status.ok() ? 0 : 1;
}
