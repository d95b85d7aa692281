// why.cc - why two identifiers are one person, and what keeps two others apart.
// `make build` builds it (build/release/examples/why); where Polyonym is installed:
//   c++ why.cc $(pkg-config --cflags --libs polyonym) -o why
// Prints:
//   cookie:k9 and phone:111 are one person:
//     cookie:k9 - crm:C2, seen together 1x, last in shop/4
//     crm:C2 - phone:111, seen together 2x, last in shop/3
//   crm:C1 and crm:C2 are two: a profile may hold 1 of crm, and would hold 2
//     refused: crm:C1 - phone:111, seen together 1x, last in shop/1
#include <cstdio>
#include <vector>

#include "polyonym/engine/engine.h"

namespace {

polyonym::Record Seen(const char* id, int day, const std::vector<polyonym::RecordIdentifier>& ids) {
  return {.source = "shop", .id = id, .time_ms = day * 86'400'000LL, .identifiers = ids};
}

void Print(const char* what, const polyonym::LinkEvidence& link) {
  std::printf("  %s%s - %s, seen together %ux, last in %s\n", what, ToString(link.a).c_str(),
              ToString(link.b).c_str(), link.sightings, link.records.front().c_str());
}

absl::Status Run(polyonym::Engine& engine) {
  polyonym::Policy policy{.namespaces = {{.name = "crm"}, {.name = "phone"}, {.name = "cookie"}}};
  policy.namespaces[0].limits = {{.max = 1}};  // of two crm ids, the latest seen keeps the phone
  if (const auto set = engine.SetPolicy(policy); !set.ok()) return set.status();
  const auto applied = engine.Apply(std::vector{Seen("1", 100, {{"crm", "C1"}, {"phone", "111"}}),
                                                Seen("2", 300, {{"crm", "C2"}, {"phone", "111"}}),
                                                Seen("3", 350, {{"crm", "C2"}, {"phone", "111"}}),
                                                Seen("4", 400, {{"crm", "C2"}, {"cookie", "k9"}})});
  if (!applied.ok()) return applied.status();

  const polyonym::View view = engine.Read();
  const auto why = view.Why({"cookie", "k9"}, {"phone", "111"});
  if (!why.ok()) return why.status();
  if (!why->connected) return absl::InternalError("the cookie and the phone are two people");
  std::printf("cookie:k9 and phone:111 are one person:\n");
  for (const auto& link : why->chain) Print("", link);

  const auto apart = view.WhyNot({"crm", "C1"}, {"crm", "C2"});
  if (!apart.ok()) return apart.status();
  if (!apart->refused) return absl::InternalError("no link was refused");
  std::printf("crm:C1 and crm:C2 are two: a profile may hold %u of %s, and would hold %u\n",
              apart->limit, apart->limit_namespace.c_str(), apart->would_be);
  Print("refused: ", *apart->refused);
  return absl::OkStatus();
}

}  // namespace

int main() {
  const auto engine = polyonym::Engine::OpenInMemory({});
  const absl::Status status = engine.ok() ? Run(**engine) : engine.status();
  if (!status.ok()) std::fprintf(stderr, "why: %s\n", status.ToString().c_str());
  return status.ok() ? 0 : 1;
}
