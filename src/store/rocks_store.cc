// The store on RocksDB. One column family a table; settings follow what was measured: small memtables (the skip list is the
// limit), XXH3 checksums on tables (the packaged CRC has no hardware), ascending keys wherever it can be helped.
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <memory>
#include <mutex>
#include <set>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/options.h>
#include <rocksdb/sst_file_reader.h>
#include <rocksdb/sst_file_writer.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/write_batch.h>

#include "absl/base/thread_annotations.h"
#include "polyonym/store/store.h"
#include "store/checked_env.h"
#include "store/manifest_check.h"
#include "store/patience.h"
#include "store/rocks_backups.h"
#include "store/rocks_share.h"
#include "store/rocks_store.h"
#include "store/write_stalls.h"

namespace polyonym {
namespace {

namespace fs = std::filesystem;

constexpr const char* kTableNames[kTableCount] = {"log", "state", "meta", "feed"};
constexpr std::size_t kScanReadahead = std::size_t{2} << 20;
constexpr const char* kIngestPrefix = "ingest-";
// How long Rewrite() waits for whoever still reads old files.
constexpr std::chrono::seconds kWaitForReaders{20};

rocksdb::Slice ToSlice(std::string_view text) { return {text.data(), text.size()}; }
std::string_view ToView(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

// The one place where RocksDB's errors become ours. Its messages hold paths and offsets, no values.
absl::Status ToStatus(const rocksdb::Status& status) {
  if (status.ok()) return absl::OkStatus();
  const std::string what = status.ToString();
  if (status.IsCorruption()) return absl::DataLossError("the store is corrupt: " + what);
  if (status.IsBusy() || what.find("/LOCK:") != std::string::npos ||
      what.find("lock hold") != std::string::npos) {
    return absl::UnavailableError("the store is busy: another process has it open (" + what + ")");
  }
  if (what.find("Too many open files") != std::string::npos) {
    return absl::ResourceExhaustedError(
        "the process has no file handle left: raise its limit (ulimit -n), or keep fewer stores "
        "open (" +
        what + ")");
  }
  if (status.IsNotFound()) return absl::NotFoundError(what);
  // A file that could not be read at all is told as "Direct I/O is not supported".
  if (status.IsInvalidArgument() && what.find("Direct I/O") == std::string::npos)
    return absl::InvalidArgumentError(what);
  return absl::UnavailableError("the store cannot be read or written: " + what);
}

class RocksSnapshot : public StoreSnapshot {
 public:
  RocksSnapshot(std::shared_ptr<rocksdb::DB> db)
      : db_(std::move(db)), snapshot_(db_->GetSnapshot()) {}
  ~RocksSnapshot() override { db_->ReleaseSnapshot(snapshot_); }
  const rocksdb::Snapshot* get() const { return snapshot_; }

 private:
  std::shared_ptr<rocksdb::DB> db_;
  const rocksdb::Snapshot* snapshot_;
};

rocksdb::ReadOptions ReadAt(const StoreSnapshot* snapshot) {
  rocksdb::ReadOptions read;
  // Nothing is ever deleted by ranges here; and where RocksDB 7.8 looks for such deletions, an iterator that comes to a table it cannot read passes
  // over it, and over all behind it in the level, without an error.
  read.ignore_range_deletions = true;
  if (snapshot != nullptr) read.snapshot = static_cast<const RocksSnapshot*>(snapshot)->get();
  return read;
}

rocksdb::ColumnFamilyOptions FamilyOptions(Table table, const RocksStoreOptions& options,
                                           const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::ColumnFamilyOptions family;
  family.write_buffer_size = options.write_buffer_bytes;
  family.compression = table == Table::kState ? rocksdb::kLZ4Compression : rocksdb::kNoCompression;
  if (table == Table::kLog) family.bottommost_compression = rocksdb::kZSTD;
  rocksdb::BlockBasedTableOptions blocks;
  blocks.checksum = rocksdb::kXXH3;
  blocks.block_cache = cache;
  blocks.format_version = 5;
  if (table == Table::kState) blocks.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  if (options.share != nullptr) options.share->impl().Fit(&family, &blocks);
  family.table_factory.reset(rocksdb::NewBlockBasedTableFactory(blocks));
  return family;
}

rocksdb::DBOptions DatabaseOptions(const RocksStoreOptions& options) {
  rocksdb::DBOptions db;
  db.env = CheckedEnv();
  db.create_if_missing = options.create_if_missing;
  db.create_missing_column_families = options.create_if_missing;
  db.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  db.max_background_jobs = options.background_threads;
  db.info_log_level = rocksdb::ERROR_LEVEL;
  db.keep_log_file_num = 2;
  db.max_log_file_size = 1 << 20;
  db.max_open_files = 512;
  // Of so many at most 16 tables are looked at when a store is opened, and what is thrown beside threads that look ends the process.
  db.max_file_opening_threads = 1;
  db.max_total_wal_size = std::uint64_t{64}
                          << 20;  // else a table that is hardly written keeps every old log file
  db.stats_dump_period_sec = 0;
  db.stats_persist_period_sec = 0;
  if (options.share != nullptr) options.share->impl().Fit(&db);
  return db;
}

class RocksStore : public Store {
 public:
  RocksStore(std::shared_ptr<rocksdb::DB> db, std::vector<rocksdb::ColumnFamilyHandle*> families,
             std::string path, std::shared_ptr<RocksShare> share,
             std::shared_ptr<WriteStalls> stalls, std::unique_ptr<rocksdb::Env> env)
      : path_(std::move(path)),
        env_(std::move(env)),
        share_(std::move(share)),
        stalls_(std::move(stalls)),
        db_(std::move(db)),
        families_(std::move(families)) {
    if (share_ != nullptr) member_.emplace(&share_->impl(), db_.get(), &families_);
  }

  ~RocksStore() override {
    try {
      member_.reset();
      stalls_->Watch({});
      for (rocksdb::ColumnFamilyHandle* family : families_)
        db_->DestroyColumnFamilyHandle(family).PermitUncheckedError();
    } catch (...) {  // nobody is left to be told
    }
  }

  absl::StatusOr<std::optional<std::string>> Get(Table table, std::string_view key,
                                                 const StoreSnapshot* snapshot) const override {
    std::string value;
    const rocksdb::Status status = db_->Get(ReadAt(snapshot), Family(table), ToSlice(key), &value);
    if (status.IsNotFound()) return std::optional<std::string>();
    if (!status.ok()) return ToStatus(status);
    return std::optional<std::string>(std::move(value));
  }

  absl::StatusOr<std::vector<std::optional<std::string>>> MultiGet(
      Table table, std::span<const std::string> keys,
      const StoreSnapshot* snapshot) const override {
    std::vector<rocksdb::Slice> slices;
    slices.reserve(keys.size());
    for (const std::string& key : keys) slices.push_back(ToSlice(key));
    std::vector<rocksdb::PinnableSlice> found(keys.size());
    std::vector<rocksdb::Status> statuses(keys.size());
    db_->MultiGet(ReadAt(snapshot), Family(table), keys.size(), slices.data(), found.data(),
                  statuses.data());
    std::vector<std::optional<std::string>> values(keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (statuses[i].IsNotFound()) continue;
      if (!statuses[i].ok()) return ToStatus(statuses[i]);
      values[i] = found[i].ToString();
    }
    return values;
  }

  absl::Status Scan(Table table, std::string_view from, std::string_view to, const RowVisitor& row,
                    const StoreSnapshot* snapshot) const override {
    rocksdb::ReadOptions read = ReadAt(snapshot);
    read.readahead_size = kScanReadahead;
    read.fill_cache = false;  // what is scanned is seldom read again soon
    const rocksdb::Slice bound = ToSlice(to);
    if (!to.empty()) read.iterate_upper_bound = &bound;
    const std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator(read, Family(table)));
    for (it->Seek(ToSlice(from)); it->Valid(); it->Next()) {
      if (!row(ToView(it->key()), ToView(it->value()))) break;
    }
    return ToStatus(it->status());
  }

  absl::StatusOr<std::optional<std::string>> LastKey(Table table) const override {
    const std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator(ReadAt(nullptr), Family(table)));
    it->SeekToLast();
    if (it->Valid()) return std::optional<std::string>(it->key().ToString());
    if (!it->status().ok()) return ToStatus(it->status());
    return std::optional<std::string>();
  }

  std::shared_ptr<const StoreSnapshot> Snapshot() const override {
    return std::make_shared<RocksSnapshot>(db_);
  }

  absl::Status Commit(const WriteSet& writes, bool sync) override {
    if (absl::Status status = Latched(); !status.ok()) return status;
    rocksdb::WriteBatch batch;
    for (const WriteSet::Put& put : writes.puts) {
      if (rocksdb::Status status = batch.Put(Family(put.table), put.key, put.value); !status.ok())
        return ToStatus(status);
    }
    for (const WriteSet::Erase& erase : writes.erases) {
      if (rocksdb::Status status = batch.Delete(Family(erase.table), erase.key); !status.ok())
        return ToStatus(status);
    }
    rocksdb::WriteOptions options;
    options.sync = sync;
    rocksdb::Status status;
    {
      const std::lock_guard lock(log_mutex_);
      if (absl::Status latched = Latched(); !latched.ok()) return latched;
      status = db_->Write(options, &batch);
      if (!status.ok()) failed_ = true;
    }
    if (member_ && status.ok()) member_->Wrote();
    return ToStatus(status);
  }

  absl::Status Sync() override {
    const std::lock_guard lock(log_mutex_);
    if (absl::Status status = Latched(); !status.ok()) return status;
    return Latch(db_->SyncWAL());
  }

  absl::Status IngestFrom(Table table, const RowSource& rows) override {
    if (absl::Status status = Latched(); !status.ok()) return status;
    const std::string file = path_ + "/" + kIngestPrefix + std::to_string(++ingested_) + ".tmp";
    std::error_code ignored;
    auto written = WriteRun(file, table, rows);
    absl::Status status = written.status();
    if (written.ok() && *written != 0) {
      rocksdb::IngestExternalFileOptions ingest;
      ingest.move_files = true;
      status = ToStatus(db_->IngestExternalFile(Family(table), {file}, ingest));
    }
    fs::remove(file, ignored);
    return status;
  }

  absl::StatusOr<int> ScratchFile() const override {
    int file = ::open(path_.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (file >= 0) return file;
    // Not every file system has files without a name.
    std::string name = path_ + "/scratch-XXXXXX";
    file = ::mkostemp(name.data(), O_CLOEXEC);
    if (file < 0)
      return absl::ErrnoToStatus(errno, "the store's folder cannot have a scratch file");
    ::unlink(name.c_str());
    return file;
  }

  absl::Status CopyTo(const std::string& path) const override {
    std::error_code error;
    if (fs::exists(path, error))
      return absl::AlreadyExistsError("the folder to copy to is there already; name a new one");
    rocksdb::Checkpoint* made = nullptr;
    rocksdb::Status status = rocksdb::Checkpoint::Create(db_.get(), &made);
    const std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
    if (status.ok()) status = checkpoint->CreateCheckpoint(path);
    return ToStatus(status);
  }

  absl::StatusOr<std::uint32_t> BackUp(
      const std::string& folder, std::string_view label,
      const std::function<void(std::uint64_t, std::uint64_t)>& progress) override {
    return MakeRocksBackup(db_.get(), folder, label, progress);
  }

  // Tables in memory are written out, which begins another write-ahead log; then every table is merged into new files. What a snapshot holds
  // goes on into these.
  absl::Status Rewrite(const std::function<bool()>& go_on) override {
    if (absl::Status status = Latched(); !status.ok()) return status;
    Patience patience(go_on);
    if (patience.over()) return patience.status();
    const std::set<std::string> before = DataFiles();
    if (absl::Status status = Flush(); !status.ok()) return status;
    rocksdb::CompactRangeOptions options;
    options.exclusive_manual_compaction = true;
    options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
    options.canceled = patience.flag();
    for (rocksdb::ColumnFamilyHandle* family : families_) {
      if (patience.over()) return patience.status();
      const rocksdb::Status status = db_->CompactRange(options, family, nullptr, nullptr);
      if (!status.ok()) return patience.over() ? patience.status() : ToStatus(status);
    }
    return AwaitGone(before, &patience);
  }

  absl::Status Flush() { return ToStatus(db_->Flush(rocksdb::FlushOptions(), families_)); }

  std::uint64_t ApproximateBytes() const override {
    std::uint64_t sum = 0;
    std::error_code error;
    for (fs::directory_iterator at(path_, error), end; !error && at != end; at.increment(error)) {
      std::error_code no_size;
      const std::uintmax_t size = fs::file_size(at->path(), no_size);
      if (!no_size) sum += size;
    }
    return sum;
  }

  bool WritesStalled() const override { return stalls_->any(); }
  void WatchStalls(std::function<void()> changed) override { stalls_->Watch(std::move(changed)); }

 private:
  rocksdb::ColumnFamilyHandle* Family(Table table) const {
    return families_[static_cast<std::size_t>(table)];
  }

  // Names of files that hold rows. A write-ahead log to which nothing came yet holds none, and is not switched.
  std::set<std::string> DataFiles() const {
    std::set<std::string> names;
    std::error_code error;
    for (fs::directory_iterator at(path_, error), end; !error && at != end; at.increment(error)) {
      const std::string extension = at->path().extension().string();
      std::error_code no_size;
      if ((extension == ".sst" || extension == ".log") && at->file_size(no_size) != 0)
        names.insert(at->path().filename().string());
    }
    return names;
  }

  // Until none of `files` is left: the last reader of a file takes it away, a reader that lasts keeps it.
  absl::Status AwaitGone(const std::set<std::string>& files, Patience* patience) {
    const auto until = std::chrono::steady_clock::now() + kWaitForReaders;
    for (;;) {
      // Begun and ended, this has the whole folder looked through.
      if (rocksdb::Status status = db_->DisableFileDeletions(); !status.ok())
        return ToStatus(status);
      if (rocksdb::Status status = db_->EnableFileDeletions(/*force=*/false); !status.ok())
        return ToStatus(status);
      const std::set<std::string> now = DataFiles();
      const auto left = std::find_if(files.begin(), files.end(),
                                     [&](const std::string& file) { return now.contains(file); });
      if (left == files.end()) return absl::OkStatus();
      if (std::chrono::steady_clock::now() >= until) {
        return absl::UnavailableError(
            "the store's files were written again, but " + *left +
            " is still read (a long export, a backup, a copy): try again when that is done");
      }
      if (patience->over()) return patience->status();
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }

  // Returns how many rows there were.
  absl::StatusOr<std::uint64_t> WriteRun(const std::string& file, Table table,
                                         const RowSource& rows) {
    rocksdb::SstFileWriter writer(rocksdb::EnvOptions(), db_->GetOptions(Family(table)),
                                  Family(table));
    std::uint64_t count = 0;
    std::string last;
    absl::Status status = rows([&](std::string_view key, std::string_view value) {
      if (count == 0) {
        if (absl::Status opened = ToStatus(writer.Open(file)); !opened.ok()) return opened;
      } else if (key <= last) {
        return absl::InvalidArgumentError("rows: keys must ascend and be distinct");
      }
      ++count;
      last.assign(key);
      return ToStatus(writer.Put(ToSlice(key), ToSlice(value)));
    });
    if (status.ok() && count != 0) status = ToStatus(writer.Finish());
    if (!status.ok()) return status;
    return count;
  }

  absl::Status Latched() const {
    if (!failed_) return absl::OkStatus();
    return absl::FailedPreconditionError(
        "the store is read-only after a failed write; mend the cause and open it again");
  }
  absl::Status Latch(const rocksdb::Status& status) {
    if (!status.ok()) failed_ = true;
    return ToStatus(status);
  }

  const std::string path_;
  const std::unique_ptr<const rocksdb::Env> env_;  // of the database, where it has one of its own
  const std::shared_ptr<RocksShare> share_;
  const std::shared_ptr<WriteStalls> stalls_;
  std::shared_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> families_;
  std::optional<RocksShare::Impl::Member> member_;  // where it shares
  // A sync of the write-ahead log that follows a write to it which failed ends the process in RocksDB 7.8 as Debian builds it: so no sync begins
  // before such a write is known.
  std::mutex log_mutex_;
  std::atomic<bool> failed_{false};
  std::atomic<std::uint64_t> ingested_{0};
};

// Sorted files that a process was writing when it died: no table has them, and nobody else writes now.
void RemoveUnfinishedRuns(const std::string& path) {
  std::error_code error;
  for (fs::directory_iterator at(path, error), end; !error && at != end; at.increment(error)) {
    std::error_code ignored;
    const std::string name = at->path().filename().string();
    if (name.starts_with(kIngestPrefix) && name.ends_with(".tmp")) fs::remove(at->path(), ignored);
  }
}

// Whether a folder without CURRENT holds nothing but what RocksDB writes before it: the making of a store was cut short there.
bool IsUnfinished(const std::string& path) {
  bool begun = false;
  std::error_code error;
  for (fs::directory_iterator at(path, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename().string();
    const bool of_rocksdb = name == "LOCK" || name == "IDENTITY" || name == "LOG" ||
                            name.starts_with("LOG.old.") || name.starts_with("MANIFEST-") ||
                            name.starts_with("OPTIONS-") || name.ends_with(".dbtmp");
    if (!of_rocksdb || !at->is_regular_file(error)) return false;
    begun = true;
  }
  return begun && !error;
}

// Whether the folder may be opened as a store, or made one.
absl::Status CheckFolder(const std::string& path, bool create_if_missing) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (status.type() == fs::file_type::not_found) {
    if (create_if_missing) return absl::OkStatus();
    return absl::NotFoundError("there is no store here, and it was not to be made");
  }
  if (status.type() != fs::file_type::directory) {
    return absl::FailedPreconditionError("this is not a folder, so not a store; name a folder");
  }
  if (fs::exists(fs::path(path) / "CURRENT", error)) return absl::OkStatus();
  const bool empty = fs::is_empty(path, error);
  if (error) return absl::UnavailableError("the folder cannot be read: " + error.message());
  if (!empty && !IsUnfinished(path)) {
    return absl::FailedPreconditionError(
        "the folder holds something that is not a polyonym store; name another (nothing was "
        "changed)");
  }
  if (!create_if_missing)
    return absl::NotFoundError("there is no store here, and it was not to be made");
  return absl::OkStatus();
}

// Whether a RocksDB database is ours: it has our tables, or is one of ours whose making was cut short. Changes nothing.
absl::Status CheckDatabase(const rocksdb::DBOptions& options, const std::string& path) {
  std::vector<std::string> names;
  rocksdb::Status status = rocksdb::DB::ListColumnFamilies(options, path, &names);
  if (!status.ok()) return ToStatus(status);
  const auto has = [&](const char* name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  if (std::all_of(std::begin(kTableNames), std::end(kTableNames), has)) return absl::OkStatus();
  const auto foreign = absl::FailedPreconditionError(
      "the folder holds a RocksDB database that is not a polyonym store; name another");
  for (const std::string& name : names) {
    const bool ours =
        std::find(std::begin(kTableNames), std::end(kTableNames), name) != std::end(kTableNames);
    if (!ours && name != rocksdb::kDefaultColumnFamilyName) return foreign;
  }
  rocksdb::DB* opened = nullptr;
  status = rocksdb::DB::OpenForReadOnly(rocksdb::Options(options, rocksdb::ColumnFamilyOptions()),
                                        path, &opened);
  if (!status.ok()) return ToStatus(status);
  const std::unique_ptr<rocksdb::DB> db(opened);
  const std::unique_ptr<rocksdb::Iterator> it(db->NewIterator(rocksdb::ReadOptions()));
  it->SeekToFirst();
  return it->Valid() ? foreign : ToStatus(it->status());
}

// The default family first, which is not used; then one for each table, in their order.
std::vector<rocksdb::ColumnFamilyDescriptor> FamiliesOf(
    const RocksStoreOptions& options, const std::shared_ptr<rocksdb::Cache>& cache) {
  std::vector<rocksdb::ColumnFamilyDescriptor> families = {
      {rocksdb::kDefaultColumnFamilyName, FamilyOptions(Table::kMeta, options, cache)}};
  for (int i = 0; i < kTableCount; ++i)
    families.emplace_back(kTableNames[i], FamilyOptions(static_cast<Table>(i), options, cache));
  return families;
}

absl::StatusOr<std::unique_ptr<Store>> OpenDatabase(const std::string& path,
                                                    const RocksStoreOptions& options,
                                                    rocksdb::DBOptions db_options,
                                                    std::unique_ptr<rocksdb::Env> env = nullptr) {
  if (env != nullptr) db_options.env = env.get();
  std::error_code error;
  if (fs::exists(fs::path(path) / "CURRENT", error)) {
    if (absl::Status status = CheckManifest(path); !status.ok()) return status;
    if (absl::Status status = CheckDatabase(db_options, path); !status.ok()) return status;
  }
  const std::shared_ptr<rocksdb::Cache> cache =
      options.share == nullptr ? rocksdb::NewLRUCache(options.block_cache_bytes) : nullptr;
  const auto stalls = std::make_shared<WriteStalls>();
  db_options.listeners.push_back(stalls);
  rocksdb::DB* opened = nullptr;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::Status status =
      rocksdb::DB::Open(db_options, path, FamiliesOf(options, cache), &handles, &opened);
  if (!status.ok()) return ToStatus(status);
  std::shared_ptr<rocksdb::DB> db(opened);
  RemoveUnfinishedRuns(path);
  db->DestroyColumnFamilyHandle(handles.front())
      .PermitUncheckedError();  // the default family is not used
  handles.erase(handles.begin());
  return std::unique_ptr<Store>(new RocksStore(std::move(db), std::move(handles), path,
                                               options.share, stalls, std::move(env)));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Store>> OpenRocksStore(const std::string& path,
                                                      const RocksStoreOptions& options) {
  return OpenRocksStoreIn(path, options, nullptr);
}

absl::StatusOr<std::unique_ptr<Store>> OpenRocksStoreIn(const std::string& path,
                                                        const RocksStoreOptions& options,
                                                        rocksdb::Env* env) {
  if (absl::Status status = CheckFolder(path, options.create_if_missing); !status.ok())
    return status;
  std::error_code error;
  if (options.create_if_missing) fs::create_directories(path, error);
  if (error) return absl::UnavailableError("the folder cannot be made: " + error.message());
  return OpenDatabase(path, options, DatabaseOptions(options),
                      env == nullptr ? nullptr : MakeCheckedEnv(env));
}

absl::StatusOr<std::unique_ptr<Store>> OpenDamagedRocksStore(const std::string& path) {
  RocksStoreOptions options;
  options.create_if_missing = false;
  if (absl::Status status = CheckFolder(path, false); !status.ok()) return status;
  rocksdb::DBOptions db_options = DatabaseOptions(options);
  db_options.wal_recovery_mode = rocksdb::WALRecoveryMode::kSkipAnyCorruptedRecords;
  return OpenDatabase(path, options, std::move(db_options));
}

absl::Status FlushRocksTables(Store* store) { return static_cast<RocksStore*>(store)->Flush(); }

absl::Status GatherRocksTables(const std::string& path) {
  const RocksStoreOptions options;
  return ToStatus(rocksdb::RepairDB(path, DatabaseOptions(options),
                                    FamiliesOf(options, rocksdb::NewLRUCache(0)),
                                    FamilyOptions(Table::kMeta, options, nullptr)));
}

absl::Status ScanRocksTableFile(const std::string& file, Table* table, bool* known,
                                std::string_view from, const Store::RowVisitor& row) {
  rocksdb::Options options;
  options.env = CheckedEnv();
  rocksdb::SstFileReader reader(options);
  if (absl::Status status = ToStatus(reader.Open(file)); !status.ok()) return status;
  const std::string name = reader.GetTableProperties()->column_family_name;
  const auto at = std::find(std::begin(kTableNames), std::end(kTableNames), name);
  *known = at != std::end(kTableNames);
  if (!*known) return absl::OkStatus();
  *table = static_cast<Table>(at - std::begin(kTableNames));
  const std::unique_ptr<rocksdb::Iterator> it(reader.NewIterator(rocksdb::ReadOptions()));
  for (it->Seek(ToSlice(from)); it->Valid(); it->Next()) {
    if (!row(ToView(it->key()), ToView(it->value()))) return absl::OkStatus();
  }
  return ToStatus(it->status());
}

}  // namespace polyonym
