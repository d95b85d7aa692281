#include "store/rocks_backups.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <system_error>
#include <utility>

#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <rocksdb/metadata.h>
#include <rocksdb/utilities/backup_engine.h>

#include "store/file_lock.h"
#include "store/new_folder.h"

namespace polyonym {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLockName = "LOCK";
constexpr const char* kListFolder = "meta";               // RocksDB's: a file for each backup
constexpr const char* kSharedFolder = "shared_checksum";  // likewise: tables

// Messages have paths, no values.
absl::Status ToStatus(const rocksdb::Status& status) {
  if (status.ok()) return absl::OkStatus();
  const std::string what = status.ToString();
  if (status.IsCorruption()) return absl::DataLossError("the backup is damaged: " + what);
  if (status.IsNotFound()) return absl::NotFoundError("there is no such backup: " + what);
  return absl::UnavailableError("the backup cannot be read or written: " + what);
}

// ---- what is written, counted ----

// RocksDB writes by threads of its own, and by the caller's: whoever is told is told by one at a time.
class Counter {
 public:
  Counter(const BackupProgress& progress, std::uint64_t total)
      : progress_(progress), total_(total) {}
  void Add(std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    done_ += bytes;
    if (progress_) progress_(done_, std::max(done_, total_));
  }
  void End() {
    const std::lock_guard lock(mutex_);
    if (progress_) progress_(done_, done_);
  }

 private:
  const BackupProgress& progress_;
  const std::uint64_t total_;
  std::mutex mutex_;
  std::uint64_t done_ = 0;
};

class CountedFile : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  CountedFile(std::unique_ptr<rocksdb::FSWritableFile> file, Counter* counter)
      : FSWritableFileOwnerWrapper(std::move(file)), counter_(counter) {}
  rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                           rocksdb::IODebugContext* context) override {
    return Count(data, FSWritableFileOwnerWrapper::Append(data, options, context));
  }
  rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                           const rocksdb::DataVerificationInfo& verification,
                           rocksdb::IODebugContext* context) override {
    return Count(data, FSWritableFileOwnerWrapper::Append(data, options, verification, context));
  }

 private:
  rocksdb::IOStatus Count(const rocksdb::Slice& data, rocksdb::IOStatus status) {
    if (status.ok()) counter_->Add(data.size());
    return status;
  }
  Counter* const counter_;
};

class CountedFiles : public rocksdb::FileSystemWrapper {
 public:
  explicit CountedFiles(Counter* counter)
      : FileSystemWrapper(rocksdb::FileSystem::Default()), counter_(counter) {}
  const char* Name() const override { return "CountedFiles"; }
  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* context) override {
    rocksdb::IOStatus status = FileSystemWrapper::NewWritableFile(name, options, file, context);
    if (status.ok()) *file = std::make_unique<CountedFile>(std::move(*file), counter_);
    return status;
  }

 private:
  Counter* const counter_;
};

// ---- the folder ----

rocksdb::BackupEngineOptions OptionsOf(const std::string& folder, rocksdb::Env* env = nullptr) {
  rocksdb::BackupEngineOptions options(folder, env);
  options.share_table_files = true;
  options.share_files_with_checksum = true;
  options.sync = true;
  return options;
}

bool HasBackups(const std::string& folder) {
  std::error_code error;
  return fs::is_directory(fs::path(folder) / kListFolder, error);
}

// Before the first backup a folder is empty, or as a process left it that died in making that.
absl::Status CheckFolder(const std::string& folder) {
  if (HasBackups(folder)) return absl::OkStatus();
  static const std::set<std::string> kOurs = {kLockName, "private", "shared", kSharedFolder};
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    if (kOurs.contains(at->path().filename().string())) continue;
    return absl::FailedPreconditionError(
        folder + ": holds something that is not backups; name another folder");
  }
  return error ? absl::UnavailableError(folder + ": " + error.message()) : absl::OkStatus();
}

absl::StatusOr<FileLock> LockExisting(const std::string& folder, bool wait = false) {
  if (!HasBackups(folder)) return absl::NotFoundError(folder + ": there are no backups here");
  return FileLock::Take(folder + "/" + kLockName, wait);
}

absl::StatusOr<std::unique_ptr<rocksdb::BackupEngineReadOnly>> OpenToRead(
    const std::string& folder, rocksdb::Env* into = rocksdb::Env::Default()) {
  rocksdb::BackupEngineReadOnly* engine = nullptr;
  const rocksdb::Status status =
      rocksdb::BackupEngineReadOnly::Open(OptionsOf(folder), into, &engine);
  if (!status.ok()) return ToStatus(status);
  return std::unique_ptr<rocksdb::BackupEngineReadOnly>(engine);
}

absl::StatusOr<std::unique_ptr<rocksdb::BackupEngine>> OpenToWrite(const std::string& folder,
                                                                   rocksdb::Env* env = nullptr) {
  rocksdb::BackupEngine* engine = nullptr;
  const rocksdb::Status status =
      rocksdb::BackupEngine::Open(OptionsOf(folder, env), rocksdb::Env::Default(), &engine);
  if (!status.ok()) return ToStatus(status);
  return std::unique_ptr<rocksdb::BackupEngine>(engine);
}

// Bytes of the store's tables that the folder does not have. A shared table's name begins with its number and ends with its size.
std::uint64_t BytesToCopy(rocksdb::DB* db, const std::string& folder) {
  std::set<std::pair<std::string, std::string>> known;
  std::error_code error;
  for (fs::directory_iterator at(fs::path(folder) / kSharedFolder, error), end; !error && at != end;
       at.increment(error)) {
    const std::string name = at->path().stem().string();
    known.emplace(name.substr(0, name.find('_')), name.substr(name.rfind('_') + 1));
  }
  std::vector<rocksdb::LiveFileMetaData> files;
  db->GetLiveFilesMetaData(&files);
  std::uint64_t bytes = 0;
  for (const rocksdb::LiveFileMetaData& file : files) {
    const std::string number = fs::path(file.name).stem().string();
    if (!known.contains({number, std::to_string(file.size)})) bytes += file.size;
  }
  return bytes;
}

// Those that cannot be read, since files of theirs are missing. What is in the files is not looked at.
std::vector<std::uint32_t> Damaged(const rocksdb::BackupEngineReadOnlyBase& engine) {
  std::vector<std::uint32_t> ids;
  engine.GetCorruptedBackups(&ids);
  std::sort(ids.begin(), ids.end());
  return ids;
}

bool Contains(const std::vector<std::uint32_t>& ids, std::uint32_t id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

std::string TextOf(const std::vector<std::uint32_t>& ids) {
  std::string text;
  for (const std::uint32_t id : ids) text += (text.empty() ? "" : ", ") + std::to_string(id);
  return text.empty() ? "none" : text;
}

// Why a backup cannot be opened is a NotFound of RocksDB's too, where it is a file that is missing.
absl::Status ToStatusOf(const rocksdb::BackupEngineReadOnlyBase& engine, std::uint32_t id,
                        const rocksdb::Status& status) {
  if (!status.ok() && Contains(Damaged(engine), id)) {
    return absl::DataLossError("the backup is damaged: files of it are missing: " +
                               status.ToString());
  }
  return ToStatus(status);
}

}  // namespace

absl::StatusOr<std::uint32_t> MakeRocksBackup(rocksdb::DB* db, const std::string& folder,
                                              std::string_view label,
                                              const BackupProgress& progress) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return absl::UnavailableError(folder + ": " + error.message());
  if (absl::Status status = CheckFolder(folder); !status.ok()) return status;
  auto lock = FileLock::Take(folder + "/" + kLockName);
  if (!lock.ok()) return lock.status();
  const bool first = !HasBackups(folder);
  Counter counter(progress, BytesToCopy(db, folder));
  const std::unique_ptr<rocksdb::Env> env =
      rocksdb::NewCompositeEnv(std::make_shared<CountedFiles>(&counter));
  auto engine = OpenToWrite(folder, env.get());
  if (!engine.ok()) return engine.status();
  rocksdb::CreateBackupOptions options;
  options.flush_before_backup = true;
  rocksdb::BackupID id = 0;
  const rocksdb::Status made =
      (*engine)->CreateNewBackupWithMetadata(options, db, std::string(label), &id);
  if (made.IsCorruption()) return absl::DataLossError("the store is corrupt: " + made.ToString());
  if (!made.ok()) return ToStatus(made);
  if (first) {
    if (absl::Status status = SyncFolder(folder); !status.ok()) return status;
  }
  counter.End();
  return id;
}

absl::StatusOr<std::vector<RocksBackup>> ListRocksBackups(const std::string& folder, bool wait) {
  auto lock = LockExisting(folder, wait);
  if (!lock.ok()) return lock.status();
  auto engine = OpenToRead(folder);
  if (!engine.ok()) return engine.status();
  std::vector<rocksdb::BackupInfo> infos;
  (*engine)->GetBackupInfo(&infos, true);
  const std::vector<std::uint32_t> damaged = Damaged(**engine);
  std::vector<RocksBackup> backups;
  std::vector<std::uint32_t> well;
  std::set<std::string> seen;
  for (const rocksdb::BackupInfo& info : infos) {
    RocksBackup& backup = backups.emplace_back();
    backup.id = info.backup_id;
    backup.label = info.app_metadata;
    backup.bytes = info.size;
    well.push_back(info.backup_id);
    for (const rocksdb::BackupFileInfo& file : info.file_details) {
      if (seen.insert(file.directory + "/" + file.relative_filename).second)
        backup.new_bytes += file.size;
    }
  }
  if (damaged.empty()) return backups;
  return absl::DataLossError("damaged backups: " + TextOf(damaged) +
                             " (files of them are missing); the others are: " + TextOf(well) +
                             ". Dropping backups drops the damaged ones too");
}

absl::Status VerifyRocksBackup(const std::string& folder, std::uint32_t id) {
  auto lock = LockExisting(folder);
  if (!lock.ok()) return lock.status();
  auto engine = OpenToRead(folder);
  if (!engine.ok()) return engine.status();
  return ToStatusOf(**engine, id, (*engine)->VerifyBackup(id, true));
}

absl::Status RestoreRocksBackup(const std::string& folder, std::uint32_t id,
                                const std::string& path, const BackupProgress& progress) {
  auto lock = LockExisting(folder);
  if (!lock.ok()) return lock.status();
  std::uint64_t total = 0;
  {
    auto engine = OpenToRead(folder);
    if (!engine.ok()) return engine.status();
    rocksdb::BackupInfo info;
    const rocksdb::Status known = (*engine)->GetBackupInfo(id, &info);
    if (!known.ok()) return ToStatusOf(**engine, id, known);
    total = info.size;
  }
  Counter counter(progress, total);
  const std::unique_ptr<rocksdb::Env> env =
      rocksdb::NewCompositeEnv(std::make_shared<CountedFiles>(&counter));
  auto engine = OpenToRead(folder, env.get());
  if (!engine.ok()) return engine.status();
  const rocksdb::Status restored = (*engine)->RestoreDBFromBackup(id, path, path);
  if (restored.ok()) counter.End();
  if (!restored.IsCorruption()) return ToStatusOf(**engine, id, restored);
  // It does not say in which file.
  const rocksdb::Status verified = (*engine)->VerifyBackup(id, true);
  return ToStatus(verified.ok() ? restored : verified);
}

absl::Status DropRocksBackups(const std::string& folder, std::uint32_t keep) {
  auto lock = LockExisting(folder);
  if (!lock.ok()) return lock.status();
  auto engine = OpenToWrite(folder);
  if (!engine.ok()) return engine.status();
  const std::vector<std::uint32_t> damaged = Damaged(**engine);
  std::vector<rocksdb::BackupInfo> infos;
  (*engine)->GetBackupInfo(&infos);
  if (infos.empty() && !damaged.empty()) {
    return absl::DataLossError("all backups here are damaged: " + TextOf(damaged) +
                               "; nothing was dropped");
  }
  for (const std::uint32_t id : damaged) {
    if (rocksdb::Status status = (*engine)->DeleteBackup(id); !status.ok()) return ToStatus(status);
  }
  if (rocksdb::Status status = (*engine)->PurgeOldBackups(keep); !status.ok())
    return ToStatus(status);
  return ToStatus((*engine)->GarbageCollect());
}

}  // namespace polyonym
