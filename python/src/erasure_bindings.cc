// Forgetting people, keeping facts for a time, people who are kept and not used, and other keys.
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bindings.h"
#include "calls.h"
#include "engine_handle.h"
#include "keys.h"
#include "polyonym/engine/erase.h"
#include "polyonym/engine/key_rotation.h"
#include "polyonym/engine/restriction.h"
#include "values.h"

namespace polyonym::python {
namespace {

struct How {
  bool dry_run = false;
  bool even_shared = false;
  bool suppress = true;
  bool finish = true;
  std::uint64_t finish_within_ms = 0;
};

EraseOptions OptionsOf(const How& how, const std::string& graph, nb::handle progress) {
  return {.dry_run = how.dry_run,
          .even_shared = how.even_shared,
          .suppress = how.suppress,
          .finish = how.finish,
          .finish_within_ms = how.finish_within_ms,
          .graph = graph,
          .progress = ProgressOf(progress)};
}

nb::object ToPython(const Erasure& erasure) {
  return Result("Erasure")(
      "hash"_a = nb::bytes(reinterpret_cast<const char*>(erasure.hash.data()), erasure.hash.size()),
      "sequence"_a = erasure.sequence);
}

nb::list ToPython(const std::vector<Erasure>& erasures) {
  return ListOf(erasures, [](const Erasure& erasure) { return ToPython(erasure); });
}

nb::object ToPython(const EraseReceipt& receipt) {
  return Result("EraseReceipt")(
      "sequence"_a = receipt.sequence, "time"_a = TimeOf(receipt.time_ms),
      "erasures"_a = ToPython(receipt.erasures),
      "erased_identifiers"_a = receipt.erased_identifiers,
      "kept_shared_identifiers"_a = receipt.kept_shared_identifiers,
      "removed_records"_a = receipt.removed_records,
      "rewritten_records"_a = receipt.rewritten_records, "removed_facts"_a = receipt.removed_facts,
      "removed_links"_a = receipt.removed_links,
      "rewritten_feed_rows"_a = receipt.rewritten_feed_rows,
      "removed_outbox_items"_a = receipt.removed_outbox_items,
      "rewritten_frames"_a = receipt.rewritten_frames, "finished"_a = receipt.finished,
      "seal"_a = nb::bytes(receipt.seal.data(), receipt.seal.size()));
}

nb::object Erase(const EngineHandle& handle, nb::list identifiers, bool whole_person,
                 const std::string& graph, bool dry_run, bool even_shared, bool suppress,
                 bool finish, std::uint64_t finish_within_ms, nb::handle progress) {
  const std::shared_ptr<Engine> engine = handle.Get();
  std::vector<EraseRequest> requests;
  for (nb::handle identifier : identifiers)
    requests.push_back({IdentifierOf(identifier, "identifiers"), whole_person});
  const EraseOptions options =
      OptionsOf({dry_run, even_shared, suppress, finish, finish_within_ms}, graph, progress);
  return ToPython(Call([&] { return engine->Erase(requests, options); }));
}

std::vector<Erasure> LedgerFrom(nb::list hashes, nb::list sequences) {
  std::vector<Erasure> ledger(nb::len(hashes));
  for (std::size_t i = 0; i < ledger.size(); ++i) {
    const auto hash = nb::cast<nb::bytes>(hashes[i]);
    if (hash.size() != ledger[i].hash.size())
      RaiseInvalid("ledger[" + std::to_string(i) + "].hash: must be 16 bytes");
    std::copy_n(static_cast<const std::uint8_t*>(hash.data()), hash.size(), ledger[i].hash.begin());
    ledger[i].sequence = nb::cast<std::uint64_t>(sequences[i]);
  }
  return ledger;
}

nb::object ReplayErasures(const EngineHandle& handle, nb::list hashes, nb::list sequences,
                          bool dry_run, bool finish, std::uint64_t finish_within_ms,
                          nb::handle progress) {
  const std::shared_ptr<Engine> engine = handle.Get();
  const std::vector<Erasure> ledger = LedgerFrom(hashes, sequences);
  const EraseOptions options = OptionsOf(
      {.dry_run = dry_run, .finish = finish, .finish_within_ms = finish_within_ms}, "", progress);
  return ToPython(Call([&] { return engine->ReplayErasures(ledger, options); }));
}

nb::object KeepOnly(const EngineHandle& handle, std::int64_t now_ms, bool dry_run, bool finish,
                    std::uint64_t finish_within_ms, nb::handle progress) {
  const std::shared_ptr<Engine> engine = handle.Get();
  const EraseOptions options = OptionsOf(
      {.dry_run = dry_run, .finish = finish, .finish_within_ms = finish_within_ms}, "", progress);
  const RetentionResult result = Call([&] { return engine->KeepOnly(now_ms, options); });
  return Result("Kept")("sequence"_a = result.sequence, "removed_facts"_a = result.removed_facts,
                        "rewritten_records"_a = result.rewritten_records,
                        "finished"_a = result.finished);
}

void RotateKeys(const EngineHandle& handle, const std::optional<nb::bytes>& keys, bool new_data_key,
                bool reseal, nb::handle progress) {
  const std::shared_ptr<Engine> engine = handle.Get();
  KeyRotation rotation{
      .keys = KeeperOf(keys), .new_data_key = new_data_key, .reseal = reseal, .progress = {}};
  if (const Progress shown = ProgressOf(progress); shown)
    rotation.progress = [shown](std::uint64_t rows) { shown(rows, 0); };
  Call([&] { return engine->RotateKeys(rotation); });
}

nb::object RestrictPerson(const EngineHandle& handle, nb::handle identifier, bool on,
                          std::int64_t time_ms, const std::string& graph) {
  const std::shared_ptr<Engine> engine = handle.Get();
  const Identifier of = IdentifierOf(identifier, "identifier");
  const Restricted done =
      Call([&] { return Restrict(engine.get(), of, on, time_ms, RestrictOptions{graph}); });
  return Result("Restricted")("profile"_a = python::ToPython(done.profile),
                              "records"_a = done.records, "sequence"_a = done.sequence);
}

}  // namespace

void BindErasure(nb::module_& module) {
  module.def("erase", &Erase, "engine"_a, "identifiers"_a, nb::kw_only(), "whole_person"_a,
             "graph"_a, "dry_run"_a, "even_shared"_a, "suppress"_a, "finish"_a,
             "finish_within_ms"_a, "progress"_a.none());
  module.def("replay_erasures", &ReplayErasures, "engine"_a, "hashes"_a, "sequences"_a,
             nb::kw_only(), "dry_run"_a, "finish"_a, "finish_within_ms"_a, "progress"_a.none());
  module.def(
      "erasures",
      [](const EngineHandle& handle) {
        const std::shared_ptr<Engine> engine = handle.Get();
        return ToPython(Call([&] { return engine->Erasures(); }));
      },
      "engine"_a);
  module.def(
      "lift_erasure",
      [](const EngineHandle& handle, nb::handle identifier) {
        const std::shared_ptr<Engine> engine = handle.Get();
        const Identifier of = IdentifierOf(identifier, "identifier");
        Call([&] { return engine->LiftErasure(of); });
      },
      "engine"_a, "identifier"_a);
  module.def(
      "finish_erasing",
      [](const EngineHandle& handle) {
        const std::shared_ptr<Engine> engine = handle.Get();
        Call([&] { return engine->FinishErasing(); });
      },
      "engine"_a);
  module.def("keep_only", &KeepOnly, "engine"_a, "now_ms"_a, nb::kw_only(), "dry_run"_a, "finish"_a,
             "finish_within_ms"_a, "progress"_a.none());
  module.def("rotate_keys", &RotateKeys, "engine"_a, nb::kw_only(), "keys"_a.none(),
             "new_data_key"_a, "reseal"_a, "progress"_a.none());
  module.def("restrict_person", &RestrictPerson, "engine"_a, "identifier"_a, nb::kw_only(), "on"_a,
             "time_ms"_a, "graph"_a);
}

}  // namespace polyonym::python
