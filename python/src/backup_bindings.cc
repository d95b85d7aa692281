// Backups of a store, and what is left of one that is damaged.
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
#include "polyonym/engine/backup.h"
#include "polyonym/engine/repair.h"
#include "values.h"

namespace polyonym::python {
namespace {

nb::object ToPython(const BackupInfo& info) {
  return Result("Backup")("id"_a = info.id, "sequence"_a = info.sequence,
                          "time"_a = TimeOf(info.time_ms), "bytes"_a = info.bytes,
                          "new_bytes"_a = info.new_bytes);
}

nb::object ToPython(const UnsoundRow& row) {
  return Result("UnsoundRow")("table"_a = row.table, "key"_a = row.key, "what"_a = row.what);
}

nb::list ToPython(const std::vector<UnsoundRow>& rows) {
  return ListOf(rows, [](const UnsoundRow& row) { return ToPython(row); });
}

nb::object Repair(const std::string& path, const std::string& to,
                  const std::optional<nb::bytes>& keys, const std::string& keyring,
                  nb::handle progress) {
  const RepairOptions options{KeeperOf(keys), keyring, ProgressOf(progress)};
  const RepairReport report = Call([&] { return RepairStore(path, to, options); });
  return Result("Repaired")("method"_a = TextOf(ToString(report.method)),
                            "gathered"_a = report.gathered, "unsound"_a = ToPython(report.unsound),
                            "frames"_a = report.frames, "records"_a = report.records,
                            "lost_records"_a = report.lost_records,
                            "standing_records"_a = report.standing_records,
                            "sequence"_a = report.sequence, "notes"_a = report.notes);
}

}  // namespace

void BindBackups(nb::module_& module) {
  module.def(
      "back_up",
      [](const EngineHandle& handle, const std::string& folder, nb::handle progress) {
        const std::shared_ptr<Engine> engine = handle.Get();
        const BackupOptions options{ProgressOf(progress)};
        return ToPython(Call([&] { return engine->BackUp(folder, options); }));
      },
      "engine"_a, "folder"_a, "progress"_a.none());
  module.def(
      "list_backups",
      [](const std::string& folder) {
        return ListOf(Call([&] { return ListBackups(folder); }),
                      [](const BackupInfo& info) { return ToPython(info); });
      },
      "folder"_a);
  module.def(
      "verify_backup",
      [](const std::string& folder, std::uint32_t id) {
        Call([&] { return VerifyBackup(folder, id); });
      },
      "folder"_a, "id"_a);
  module.def(
      "restore_backup",
      [](const std::string& folder, std::uint32_t id, const std::string& path,
         std::optional<std::uint64_t> up_to_sequence, const std::optional<nb::bytes>& keys,
         const std::string& keyring, nb::handle progress) {
        const RestoreOptions options{up_to_sequence, KeeperOf(keys), keyring, ProgressOf(progress)};
        Call([&] { return RestoreBackup(folder, id, path, options); });
      },
      "folder"_a, "id"_a, "path"_a, nb::kw_only(), "up_to_sequence"_a.none(), "keys"_a.none(),
      "keyring"_a, "progress"_a.none());
  module.def(
      "drop_backups",
      [](const std::string& folder, std::uint32_t keep) {
        Call([&] { return DropBackups(folder, keep); });
      },
      "folder"_a, "keep"_a);
  module.def(
      "check_rows",
      [](const std::string& path, const std::optional<nb::bytes>& keys,
         const std::string& keyring) {
        const CheckRowsOptions options{KeeperOf(keys), keyring};
        return ToPython(Call([&] { return CheckRows(path, options); }));
      },
      "path"_a, nb::kw_only(), "keys"_a.none(), "keyring"_a);
  module.def("repair", &Repair, "path"_a, "to"_a, nb::kw_only(), "keys"_a.none(), "keyring"_a,
             "progress"_a.none());
}

}  // namespace polyonym::python
