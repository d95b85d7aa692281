// Engine: what writes, and what is asked of a whole store.
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/unique_ptr.h>

#include "bindings.h"
#include "calls.h"
#include "engine_handle.h"
#include "keys.h"
#include "polyonym/codec/json.h"
#include "polyonym/engine/engine.h"
#include "values.h"

namespace polyonym::python {
namespace {

struct OpenOptions {
  std::string durability;
  std::uint32_t group_ms = 100;
  bool create = true;
  std::uint64_t memory_budget_bytes = 0;
  std::uint64_t feed_keep_calls = 0;
  bool check_clock = true;
  std::optional<nb::bytes> keys;
  std::optional<nb::bytes> erase_key;
  std::string keyring;
};

EngineOptions OptionsOf(const OpenOptions& from) {
  EngineOptions options;
  if (from.durability == "sync") {
    options.durability = Durability::kSync;
  } else if (from.durability == "group") {
    options.durability = Durability::kGroup;
  } else if (from.durability == "wal") {
    options.durability = Durability::kWal;
  } else {
    RaiseInvalid("durability: must be sync, group or wal");
  }
  options.group_ms = from.group_ms;
  options.create_if_missing = from.create;
  options.memory_budget_bytes = from.memory_budget_bytes;
  options.feed_keep_calls = from.feed_keep_calls;
  options.interrupted = &Interrupted;
  options.keys = KeeperOf(from.keys);
  if (from.erase_key) options.erase_key = BytesOf(*from.erase_key);
  options.keyring = from.keyring;
  if (from.check_clock) {
    options.now_ms = [] {
      return std::chrono::duration_cast<std::chrono::milliseconds>(
                 std::chrono::system_clock::now().time_since_epoch())
          .count();
    };
  }
  return options;
}

std::unique_ptr<EngineHandle> Open(const std::optional<std::string>& path, const OpenOptions& how) {
  const EngineOptions options = OptionsOf(how);
  std::unique_ptr<Engine> engine =
      Call([&] { return path ? Engine::Open(*path, options) : Engine::OpenInMemory(options); });
  return std::make_unique<EngineHandle>(std::move(engine));
}

nb::object ToPython(const RecordResult& result) {
  return Result("RecordResult")(
      "outcome"_a = TextOf(ToString(result.outcome)), "reason"_a = TextOf(ToString(result.reason)),
      "field"_a = result.field, "profile"_a = python::ToPython(result.profile),
      "held_identifiers"_a = result.held_identifiers,
      "left_out_facts"_a = ListOf(result.left_out_facts, [](const FactFault& fault) {
        return nb::cast(fault.path + ": " + fault.what);
      }));
}

// What a line that is no record comes to: rejected by itself.
struct Unread {
  std::size_t place;
  std::string problem;
};

// Records as JSON, one a line of `lines`.
nb::object Apply(const EngineHandle& handle, const std::vector<std::string>& lines) {
  const std::shared_ptr<Engine> engine = handle.Get();
  std::vector<Unread> unread;
  const ApplyResult result = Call([&]() -> absl::StatusOr<ApplyResult> {
    JsonRecordReader reader;
    std::vector<Record> records;
    records.reserve(lines.size());
    for (std::size_t i = 0; i < lines.size(); ++i) {
      Record record;
      if (absl::Status status = reader.Read(lines[i], &record); status.ok()) {
        records.push_back(std::move(record));
      } else {
        unread.push_back({i, std::string(status.message().data(), status.message().size())});
      }
    }
    return engine->Apply(records);
  });
  nb::list records;
  auto next = unread.begin();
  for (std::size_t i = 0, r = 0; i < lines.size(); ++i) {
    if (next != unread.end() && next->place == i) {
      records.append(Result("RecordResult")(
          "outcome"_a = "rejected", "reason"_a = "bad_field", "field"_a = (next++)->problem,
          "profile"_a = nb::none(), "held_identifiers"_a = 0, "left_out_facts"_a = nb::list()));
    } else {
      records.append(ToPython(result.records[r++]));
    }
  }
  return Result("Applied")("sequence"_a = result.sequence, "records"_a = records,
                           "changes"_a = python::ToPython(result.changes));
}

nb::object Retract(const EngineHandle& handle, const std::string& source,
                   const std::optional<std::string>& id, std::optional<std::int64_t> version,
                   std::optional<std::int64_t> from_ms, std::optional<std::int64_t> to_ms,
                   bool dry_run) {
  const std::shared_ptr<Engine> engine = handle.Get();
  const RecordSelector selector{source, id, version, from_ms, to_ms, dry_run};
  const RetractResult result = Call([&] { return engine->Retract(selector); });
  return Result("Retracted")("sequence"_a = result.sequence, "retracted"_a = result.retracted,
                             "changes"_a = python::ToPython(result.changes));
}

nb::object ToPython(const PolicyResult& result) {
  return Result("PolicySet")("sequence"_a = result.sequence,
                             "judged_records"_a = result.judged_records,
                             "changed_records"_a = result.changed_records,
                             "replayed_profiles"_a = result.replayed_profiles,
                             "changes"_a = python::ToPython(result.changes));
}

nb::object SetPolicy(const EngineHandle& handle, const std::string& json, const std::string& graph,
                     std::optional<std::uint64_t> if_version, nb::handle progress) {
  const std::shared_ptr<Engine> engine = handle.Get();
  const PolicyOptions options{ProgressOf(progress), graph, if_version};
  return ToPython(Call([&]() -> absl::StatusOr<PolicyResult> {
    auto policy = ReadPolicyJson(json);
    if (!policy.ok()) return policy.status();
    return engine->SetPolicy(*policy, options);
  }));
}

nb::object AdvanceTo(const EngineHandle& handle, std::int64_t now_ms) {
  const std::shared_ptr<Engine> engine = handle.Get();
  const AdvanceResult result = Call([&] { return engine->AdvanceTo(now_ms); });
  return Result("Advanced")("sequence"_a = result.sequence,
                            "expired_links"_a = result.expired_links,
                            "replayed_profiles"_a = result.replayed_profiles,
                            "changes"_a = python::ToPython(result.changes));
}

// Runs `f(engine)` without the GIL.
template <class F>
auto On(const EngineHandle& handle, const F& f) {
  const std::shared_ptr<Engine> engine = handle.Get();
  return Call([&] { return f(*engine); });
}

}  // namespace

void BindEngine(nb::module_& module) {
  nb::class_<EngineHandle>(module, "Engine")
      .def_static(
          "open",
          [](const std::optional<std::string>& path, const std::string& durability,
             std::uint32_t group_ms, bool create, std::uint64_t memory_budget_bytes,
             std::uint64_t feed_keep_calls, bool check_clock, const std::optional<nb::bytes>& keys,
             const std::optional<nb::bytes>& erase_key, const std::string& keyring) {
            return Open(path, {durability, group_ms, create, memory_budget_bytes, feed_keep_calls,
                               check_clock, keys, erase_key, keyring});
          },
          "path"_a.none(), nb::kw_only(), "durability"_a, "group_ms"_a, "create"_a,
          "memory_budget_bytes"_a, "feed_keep_calls"_a, "check_clock"_a, "keys"_a.none(),
          "erase_key"_a.none(), "keyring"_a)
      .def("close", &EngineHandle::Close)
      .def_prop_ro("closed", &EngineHandle::closed)
      .def("apply", &Apply, "lines"_a)
      .def("retract", &Retract, "source"_a, nb::kw_only(), "id"_a.none(), "version"_a.none(),
           "from_ms"_a.none(), "to_ms"_a.none(), "dry_run"_a)
      .def("set_policy", &SetPolicy, "json"_a, nb::kw_only(), "graph"_a, "if_version"_a.none(),
           "progress"_a.none())
      .def("advance_to", &AdvanceTo, "now_ms"_a)
      .def(
          "view",
          [](const EngineHandle& handle, const std::string& graph) {
            return On(handle, [&](Engine& engine) { return engine.Read(graph); });
          },
          "graph"_a)
      .def("graphs",
           [](const EngineHandle& h) { return On(h, [](Engine& e) { return e.Graphs(); }); })
      .def("checkpoint",
           [](const EngineHandle& h) { On(h, [](Engine& e) { return e.Checkpoint(); }); })
      .def("sync", [](const EngineHandle& h) { On(h, [](Engine& e) { return e.Sync(); }); })
      .def(
          "copy_to",
          [](const EngineHandle& h, const std::string& path) {
            On(h, [&](Engine& e) { return e.CopyTo(path); });
          },
          "path"_a)
      .def(
          "move_horizon",
          [](const EngineHandle& h, const std::string& source, std::int64_t before_ms,
             nb::handle progress) {
            const HorizonOptions options{ProgressOf(progress)};
            const HorizonResult r =
                On(h, [&](Engine& e) { return e.MoveHorizon(source, before_ms, options); });
            return nb::make_tuple(r.sequence, r.folded_records, r.dropped_records, r.folds);
          },
          "source"_a, "before_ms"_a, "progress"_a.none());
}

}  // namespace polyonym::python
