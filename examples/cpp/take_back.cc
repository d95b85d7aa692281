// take_back.cc - a wrong merge, taken back exactly.
// `make build` builds it (build/release/examples/take_back); where Polyonym is installed:
//   c++ take_back.cc $(pkg-config --cflags --libs polyonym) -o take_back
// Prints:
//   two customers: p~0 {crm:C1 phone:111} p~2 {crm:C2 phone:222}
//   an import gives both one phone: p~0 {crm:C1 crm:C2 phone:111 phone:222 phone:999}
//   the import taken back: p~0 {crm:C1 phone:111} p~2 {crm:C2 phone:222}
#include <cstdio>
#include <string>
#include <vector>

#include "polyonym/engine/engine.h"

namespace {

polyonym::Record Seen(const char* source, const std::vector<polyonym::RecordIdentifier>& ids) {
  return {.source = source, .time_ms = 1'700'000'000'000, .identifiers = ids};
}

std::string People(const polyonym::View& view) {
  std::string text;
  view.ForEachProfile([&](polyonym::ProfileId id, std::span<const polyonym::Identifier> members) {
    text += " " + ToString(id) + " {";
    for (const auto& member : members) text += ToString(member) + " ";
    text.back() = '}';
    return true;
  });
  return text;
}

absl::Status Run(polyonym::Engine& engine) {
  const polyonym::Policy policy{.namespaces = {{.name = "crm"}, {.name = "phone"}}};
  if (const auto set = engine.SetPolicy(policy); !set.ok()) return set.status();
  const auto shop = engine.Apply(std::vector{Seen("shop", {{"crm", "C1"}, {"phone", "111"}}),
                                             Seen("shop", {{"crm", "C2"}, {"phone", "222"}})});
  if (!shop.ok()) return shop.status();
  const std::string before = People(engine.Read());
  std::printf("two customers:%s\n", before.c_str());

  const auto import = engine.Apply(std::vector{Seen("import", {{"crm", "C1"}, {"phone", "999"}}),
                                               Seen("import", {{"crm", "C2"}, {"phone", "999"}})});
  if (!import.ok()) return import.status();
  std::printf("an import gives both one phone:%s\n", People(engine.Read()).c_str());

  const auto back = engine.Retract({.source = "import", .from_ms = 0});
  if (!back.ok()) return back.status();
  const std::string after = People(engine.Read());
  std::printf("the import taken back:%s\n", after.c_str());
  return after == before ? absl::OkStatus() : absl::InternalError("not what there was before");
}

}  // namespace

int main() {
  const auto engine = polyonym::Engine::OpenInMemory({});
  const absl::Status status = engine.ok() ? Run(**engine) : engine.status();
  if (!status.ok()) std::fprintf(stderr, "take_back: %s\n", status.ToString().c_str());
  return status.ok() ? 0 : 1;
}
