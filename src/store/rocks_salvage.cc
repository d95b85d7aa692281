#include "store/rocks_salvage.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include <rocksdb/env.h>

#include "store/readable_rows.h"
#include "store/rocks_store.h"

namespace polyonym {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kRowsAtOnce = 1'000;

// RocksDB's own lock of a folder, as long as the object lives. A folder without the file has nobody in it.
class FolderLock {
 public:
  static absl::StatusOr<std::unique_ptr<FolderLock>> Take(const std::string& path) {
    auto lock = std::unique_ptr<FolderLock>(new FolderLock());
    const std::string file = path + "/LOCK";
    std::error_code error;
    if (!fs::exists(file, error)) return lock;
    const rocksdb::Status status = rocksdb::Env::Default()->LockFile(file, &lock->lock_);
    if (status.ok()) return lock;
    return absl::UnavailableError("the store is busy: another process has it open (" +
                                  status.ToString() + ")");
  }
  ~FolderLock() {
    if (lock_ != nullptr) rocksdb::Env::Default()->UnlockFile(lock_).PermitUncheckedError();
  }
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  FolderLock() = default;
  rocksdb::FileLock* lock_ = nullptr;
};

bool IsTableFile(const fs::path& path) { return path.extension() == ".sst"; }

// What says what a store holds; the rest of its folder is of no use to another.
bool IsOfStore(const fs::path& path) {
  const std::string name = path.filename().string();
  return IsTableFile(path) || path.extension() == ".log" || name == "CURRENT" ||
         name == "IDENTITY" || name.starts_with("MANIFEST-") || name.starts_with("OPTIONS-");
}

absl::Status CopyFiles(const std::string& path, const std::string& copy,
                       std::vector<std::string>* unread) {
  std::error_code error;
  fs::create_directories(copy, error);
  if (error) return absl::UnavailableError(copy + ": " + error.message());
  std::size_t files = 0;
  for (fs::directory_iterator at(path, error), end; !error && at != end; at.increment(error)) {
    if (!IsOfStore(at->path())) continue;
    ++files;
    const fs::path to = fs::path(copy) / at->path().filename();
    std::error_code failed;
    // A table file is never written to again, so that a link of it is as good as a copy.
    if (IsTableFile(at->path())) {
      fs::create_hard_link(at->path(), to, failed);
      if (!failed) continue;
      failed.clear();
    }
    fs::copy_file(at->path(), to, failed);
    if (failed == std::errc::no_space_on_device)
      return absl::UnavailableError(copy + ": " + failed.message());
    if (failed) {
      fs::remove(to, failed);
      unread->push_back(at->path().filename().string());
    }
  }
  if (error) return absl::UnavailableError(path + ": " + error.message());
  return files != 0 ? absl::OkStatus() : absl::NotFoundError(path + ": there is no store here");
}

// Table files say which table they are of; write-ahead logs say numbers of tables alone, and those that no table file is of are passed over. So there
// is a file of each table: of one key that is deleted, as every store numbers them.
absl::Status AddTableOfEach(const std::string& copy) {
  const std::string model = copy + ".model";
  {
    auto store = OpenRocksStore(model, {});
    if (!store.ok()) return store.status();
    WriteSet writes;
    for (int i = 0; i < kTableCount; ++i) writes.erases.push_back({static_cast<Table>(i), ""});
    absl::Status status = (*store)->Commit(writes, true);
    if (status.ok()) status = FlushRocksTables(store->get());
    if (!status.ok()) return status;
  }
  std::uint64_t number = 0;
  std::error_code error;
  for (fs::directory_iterator at(copy, error), end; !error && at != end; at.increment(error)) {
    std::uint64_t of = 0;
    if (std::sscanf(at->path().filename().c_str(), "%lu.", &of) == 1) number = std::max(number, of);
  }
  for (fs::directory_iterator at(model, error), end; !error && at != end; at.increment(error)) {
    if (!IsTableFile(at->path())) continue;
    char name[32];
    std::snprintf(name, sizeof name, "%06lu.sst", static_cast<unsigned long>(++number));
    std::error_code failed;
    fs::rename(at->path(), fs::path(copy) / name, failed);
    if (failed) return absl::UnavailableError(copy + ": " + failed.message());
  }
  if (error) return absl::UnavailableError(copy + ": " + error.message());
  fs::remove_all(model, error);
  return absl::OkStatus();
}

// Adds the rows of one file whose keys the store does not have.
absl::Status AddRowsOf(const std::string& file, Store* store) {
  Table table = Table::kLog;
  bool known = false;
  WriteSet writes;
  absl::Status status;
  const RowScan scan = [&](std::string_view from, const Store::RowVisitor& row) {
    return ScanRocksTableFile(file, &table, &known, from, row);
  };
  ForEachReadableRow(
      scan,
      [&](std::string_view key, std::string_view value) {
        auto there = store->Get(table, key);
        if (there.ok() && there->has_value()) return true;
        writes.puts.push_back({table, std::string(key), std::string(value)});
        if (writes.puts.size() < kRowsAtOnce) return true;
        status = store->Commit(writes, false);
        writes.clear();
        return status.ok();
      },
      [](const UnreadableStretch&) {});
  if (status.ok() && !writes.empty()) status = store->Commit(writes, false);
  return status;
}

// Files that RocksDB set aside, the newest first.
absl::Status AddLostTables(const std::string& copy, SalvagedStore* salvaged) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator at(fs::path(copy) / "lost", error), end; !error && at != end;
       at.increment(error)) {
    if (IsTableFile(at->path())) files.push_back(at->path());
  }
  std::sort(files.rbegin(), files.rend());
  salvaged->lost_tables = !files.empty();
  for (const fs::path& file : files) {
    if (absl::Status status = AddRowsOf(file.string(), salvaged->store.get()); !status.ok())
      return status;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<SalvagedStore> SalvageRocksStore(const std::string& path, const std::string& copy) {
  std::error_code error;
  if (!fs::is_directory(path, error)) return absl::NotFoundError(path + ": there is no store here");
  auto lock = FolderLock::Take(path);
  if (!lock.ok()) return lock.status();
  SalvagedStore salvaged;
  if (absl::Status status = CopyFiles(path, copy, &salvaged.unread); !status.ok()) return status;
  if (fs::exists(fs::path(copy) / "CURRENT", error)) {
    auto store = OpenDamagedRocksStore(copy);
    if (store.ok()) {
      salvaged.store = *std::move(store);
      return salvaged;
    }
    if (absl::IsFailedPrecondition(store.status())) return store.status();
  }
  salvaged.gathered = true;
  if (absl::Status status = AddTableOfEach(copy); !status.ok()) return status;
  if (absl::Status status = GatherRocksTables(copy); !status.ok()) return status;
  auto store = OpenDamagedRocksStore(copy);
  if (!store.ok()) return store.status();
  salvaged.store = *std::move(store);
  if (absl::Status status = AddLostTables(copy, &salvaged); !status.ok()) return status;
  return salvaged;
}

}  // namespace polyonym
