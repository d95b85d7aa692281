// Backups: the store's files in a folder, each with a label that says which state it has.
#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "engine/bytes.h"
#include "engine/cut_back.h"
#include "engine/engine_impl.h"
#include "engine/keyed_store.h"
#include "polyonym/engine/backup.h"
#include "store/new_folder.h"
#include "store/rocks_backups.h"

namespace polyonym {
namespace {

// A label is sealed as rows are: payload varint sequence, zigzag varint time.
constexpr std::string_view kLabelKey = "backup";
constexpr std::uint8_t kLabelVersion = 1;

std::string EncodeLabel(std::uint64_t sequence, std::int64_t time_ms) {
  std::string payload;
  engine::PutVarint(&payload, sequence);
  engine::PutVarint(&payload, engine::ZigZag(time_ms));
  return engine::SealValue(kLabelVersion, kLabelKey, payload);
}

absl::StatusOr<BackupInfo> InfoOf(const RocksBackup& backup) {
  const std::string which = "backup " + std::to_string(backup.id) + ": ";
  auto payload = engine::OpenValue(kLabelVersion, kLabelKey, backup.label);
  if (absl::IsFailedPrecondition(payload.status()))
    return absl::FailedPreconditionError(which + "it was made by a newer version of the library");
  BackupInfo info;
  info.id = backup.id;
  info.bytes = backup.bytes;
  if (payload.ok()) {
    engine::ByteReader in(*payload);
    info.sequence = in.Varint();
    info.time_ms = engine::UnZigZag(in.Varint());
    if (in.AtEnd()) return info;
  }
  return absl::DataLossError(which + "its label is damaged, or not of this library's making");
}

}  // namespace

absl::StatusOr<BackupInfo> Engine::BackUp(const std::string& folder, const BackupOptions& options) {
  const auto lock = impl_->BeginCopy();
  if (!lock.ok()) return lock.status();
  if (absl::Status status = impl_->Sync(); !status.ok()) return status;
  const auto state = impl_->publisher().newest();
  const std::string label =
      EncodeLabel(state->sequence, std::max(state->clock_ms, state->newest_ms));
  std::uint64_t copied = 0;
  auto id =
      impl_->mutable_store().BackUp(folder, label, [&](std::uint64_t done, std::uint64_t total) {
        copied = done;
        if (options.progress) options.progress(done, total);
      });
  if (!id.ok()) return id.status();
  auto backups = ListRocksBackups(folder, /*wait=*/true);
  if (!backups.ok()) {
    return absl::Status(backups.status().code(), "backup " + std::to_string(*id) +
                                                     " was made, but the folder is not well: " +
                                                     std::string(backups.status().message()));
  }
  const auto at = std::find_if(backups->begin(), backups->end(),
                               [&](const RocksBackup& backup) { return backup.id == *id; });
  if (at == backups->end())
    return absl::UnavailableError("the backup was made, and dropped by somebody at once");
  auto info = InfoOf(*at);
  if (info.ok()) info->new_bytes = copied;
  return info;
}

absl::StatusOr<std::vector<BackupInfo>> ListBackups(const std::string& folder) {
  auto backups = ListRocksBackups(folder);
  if (!backups.ok()) return backups.status();
  std::vector<BackupInfo> infos;
  for (const RocksBackup& backup : *backups) {
    auto info = InfoOf(backup);
    if (!info.ok()) return info.status();
    infos.push_back(*info);
  }
  return infos;
}

absl::Status VerifyBackup(const std::string& folder, std::uint32_t id) {
  return VerifyRocksBackup(folder, id);
}

absl::Status RestoreBackup(const std::string& folder, std::uint32_t id, const std::string& path,
                           const RestoreOptions& options) {
  auto made = NewFolder::Begin(path);
  if (!made.ok()) return made.status();
  const std::string content = (*made)->content();
  absl::Status status = RestoreRocksBackup(folder, id, content, options.progress);
  if (!status.ok()) return status;
  if (options.up_to_sequence) {
    RocksStoreOptions rocks;
    rocks.create_if_missing = false;
    auto store = OpenRocksStore(content, rocks);
    if (store.ok())
      store = engine::WithKeysAndKeyring(*std::move(store), options.keys, options.keyring);
    if (!store.ok()) return store.status();
    status = engine::CutBack(*options.up_to_sequence, store->get());
    if (!status.ok()) return status;
  }
  return (*made)->Finish();
}

absl::Status DropBackups(const std::string& folder, std::uint32_t keep) {
  if (keep == 0)
    return absl::InvalidArgumentError("keep: must be 1 or more; remove the folder to drop all");
  return DropRocksBackups(folder, keep);
}

}  // namespace polyonym
