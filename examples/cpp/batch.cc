// batch.cc - a night's export straight to people, with no store; and what a guard does.
// `make build` builds it (build/release/examples/batch); where Polyonym is installed:
//   c++ batch.cc $(pkg-config --cflags --libs polyonym) -o batch
// Prints:
//   no guard: 3001 identifiers, 901 people, the largest has 301
//   guarded devices: 3001 identifiers, 1001 people, the largest has 3
#include <algorithm>
#include <cstdio>
#include <string>

#include "polyonym/batch/resolve.h"

namespace {

// A card, in turn with a phone number or an app; every tenth visit is typed on the shop's tablet.
polyonym::Record Visit(int n) {
  const std::string customer = std::to_string(n * 7 % 1'000);
  polyonym::Record record{.source = "shop", .time_ms = 1'700'000'000'000 + n * 60'000};
  record.identifiers = {{"card", "M" + customer}};
  if (n % 3 == 0) record.identifiers.push_back({"phone", "13600" + customer});
  if (n % 3 == 1) record.identifiers.push_back({"device", "app-of-" + customer});
  if (n % 10 == 0) record.identifiers.push_back({"device", "tablet-of-the-shop"});
  return record;
}

absl::Status Resolve(const char* title, const polyonym::Policy& policy) {
  const auto resolver = polyonym::batch::MemoryResolver::Create(policy);
  if (!resolver.ok()) return resolver.status();
  for (int n = 0; n < 5'000; ++n) {
    const auto why_not = (*resolver)->Add(Visit(n));
    if (why_not != polyonym::Reason::kNone) return absl::InternalError("a record was rejected");
  }
  std::size_t identifiers = 0;
  std::size_t largest = 0;
  const polyonym::batch::Partition people = (*resolver)->Resolve();
  for (const auto& person : people.groups) {
    identifiers += person.size();
    largest = std::max(largest, person.size());
  }
  std::printf("%s: %zu identifiers, %zu people, the largest has %zu\n", title, identifiers,
              people.groups.size(), largest);
  return absl::OkStatus();
}

absl::Status Run() {
  polyonym::Policy policy{.namespaces = {{.name = "card"}, {.name = "phone"}, {.name = "device"}}};
  if (const auto status = Resolve("no guard", policy); !status.ok()) return status;
  // What was seen with more than three cards is shared, and joins nothing.
  policy.namespaces[2].guards = {{.of = "card", .max_neighbours = 3}};
  return Resolve("guarded devices", policy);
}

}  // namespace

int main() {
  const absl::Status status = Run();
  if (!status.ok()) std::fprintf(stderr, "batch: %s\n", status.ToString().c_str());
  return status.ok() ? 0 : 1;
}
