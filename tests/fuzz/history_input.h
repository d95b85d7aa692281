// fuzz/history_input.h - small policies and records drawn from the input's bytes, close enough to each other that every rule bites.
#ifndef POLYONYM_TESTS_FUZZ_HISTORY_INPUT_H_
#define POLYONYM_TESTS_FUZZ_HISTORY_INPUT_H_

#include <span>
#include <string>
#include <vector>

#include "engine/engine_impl.h"
#include "fuzz/input.h"
#include "polyonym/engine/engine.h"

namespace polyonym::fuzz {

inline constexpr const char* kFamilies[] = {"crm", "phone", "device", "openid"};

inline Policy DrawPolicy(Input& in) {
  Policy policy;
  policy.ranking = static_cast<Ranking>(in.Below(3));
  policy.undeclared = static_cast<Undeclared>(in.Below(2));
  policy.max_identifiers_per_profile = static_cast<std::uint32_t>(in.Below(6));
  policy.default_max_neighbours = static_cast<std::uint32_t>(in.Below(6));
  for (const char* const name : kFamilies) {
    NamespacePolicy& ns = policy.namespaces.emplace_back();
    ns.name = name;
    ns.priority = 1 + static_cast<std::uint32_t>(in.Below(4));
    const std::size_t limit = in.Below(8);
    if (limit > 0 && limit < 3) ns.limits = {{static_cast<std::uint32_t>(limit), false, 0}};
    if (limit == 3) ns.limits = {{1, true, 0}, {2, false, 0}};
    if (limit == 4) ns.limits = {{1, false, 10}};
    if (const std::size_t guard = in.Below(16); guard < 4) ns.guards = {{kFamilies[guard], 1}};
    if (in.Below(4) == 0 && ns.name != "crm") ns.parent = "crm";
    const std::size_t time = in.Below(8);
    if (time == 1 || time == 2) ns.link_lifetime_ms = static_cast<std::int64_t>(5 * time);
    if (time == 2 || time == 3) ns.validity_ms = static_cast<std::int64_t>(4 * time);
    // What derives nothing may be derived: the first family never is.
    if (time == 4 && ns.name == "crm") ns.derived = {{"openid/a"}};
  }
  return policy;
}

inline RecordIdentifier DrawIdentifier(Input& in) {
  const std::uint8_t byte = in.Byte();
  RecordIdentifier identifier;
  identifier.ns = kFamilies[byte % 4];
  if (identifier.ns == "openid") identifier.ns += (byte & 0x40) != 0 ? "/a" : "/b";
  identifier.value = std::string("v") + static_cast<char>('0' + byte / 4 % 4);
  identifier.role = byte >= 0xf0 ? Role::kOther : Role::kSelf;
  return identifier;
}

// Of any act; not always of good shape.
inline Record DrawRecord(Input& in) {
  Record record;
  const std::size_t kind = in.Below(32);
  record.act = kind < 9 ? static_cast<Act>(kind) : Act::kObserve;
  record.source = std::string("s") + static_cast<char>('0' + in.Below(2));
  const std::size_t id = in.Below(32);
  if (id != 0) record.id = "r" + std::to_string(id);
  record.time_ms = static_cast<std::int64_t>(in.Below(64));
  if (kind % 4 == 0) record.version = static_cast<std::int64_t>(in.Below(4));
  if (record.act == Act::kDeleteSource) record.target_source = "s0";
  const std::size_t pair = record.act == Act::kDeleteIdentifier ? 1
                           : record.act >= Act::kDeleteSource   ? 0
                                                                : 2;
  const std::size_t count = record.act == Act::kObserve ? 1 + in.Below(4) : pair;
  for (std::size_t i = 0; i < count; ++i) record.identifiers.push_back(DrawIdentifier(in));
  if (record.act == Act::kRename) record.identifiers[1].ns = record.identifiers[0].ns;
  return record;
}

inline PolicyOptions FurtherGraph() {
  PolicyOptions options;
  options.graph = "further";
  return options;
}

inline auto ApplyTo(std::span<const Record> records, Engine* engine) {
  return engine->Apply(records);
}
inline auto ApplyTo(std::span<const Record> records, Engine::Impl* engine) {
  return engine->Apply(records, /*bulk=*/false);
}

// The rest of the input: calls of the engine.
template <class E>
void DrawCalls(Input& in, E* engine) {
  std::int64_t clock_ms = 0;
  while (!in.empty()) {
    const std::size_t call = in.Below(16);
    if (call == 0) {
      const Policy policy = DrawPolicy(in);
      Must(engine->SetPolicy(policy, in.Below(4) == 0 ? FurtherGraph() : PolicyOptions()).status());
    } else if (call == 2) {
      clock_ms += static_cast<std::int64_t>(in.Below(16));
      Must(engine->AdvanceTo(clock_ms).status());
    } else if (call == 1) {
      Must(engine->Checkpoint());
    } else {
      std::vector<Record> records;
      for (std::size_t left = 1 + call % 4; left > 0; --left) records.push_back(DrawRecord(in));
      Must(ApplyTo(records, engine).status());
    }
  }
}

inline EngineOptions MemoryOptions() {
  EngineOptions options;
  options.durability = Durability::kWal;
  options.checkpoint_log_bytes = 0;
  options.hash_seed = 1;  // the same input does the same every time
  return options;
}

}  // namespace polyonym::fuzz

#endif  // POLYONYM_TESTS_FUZZ_HISTORY_INPUT_H_
