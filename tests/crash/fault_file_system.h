// crash/fault_file_system.h - RocksDB's file system over one folder, that writes down what is done and fails when it is told to.
//
//   FaultFileSystem files(folder);
//   auto store = OpenRocksStoreIn(folder, options, files.env());
//   files.FailAt({.operation = 7, .how = Fault::How::kForEver});
//
// What it does not see: RocksDB's log of texts (LOG), which is no data; and what the store does to its folder by itself. Ways to write that it does not
// follow (memory maps, direct writes, files used again) it refuses, and refused() counts: RocksDB may go on by another way.
//
// THREADS: thread-safe; operations come one after the other.
#ifndef POLYONYM_TESTS_CRASH_FAULT_FILE_SYSTEM_H_
#define POLYONYM_TESTS_CRASH_FAULT_FILE_SYSTEM_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include "absl/base/thread_annotations.h"
#include "crash/disk_journal.h"
#include "harness/random.h"

namespace polyonym::harness {

enum class Operation : std::uint8_t {
  kCreate,
  kAppend,
  kOverwrite,
  kSync,
  kSyncFolder,
  kRename,
  kLink,
  kDelete,
  kTruncate,
  kRead
};
inline constexpr std::size_t kOperationKinds = 10;
const char* ToString(Operation operation);

// Which operation fails, and how.
struct Fault {
  enum class How : std::uint8_t {
    kOnce,     // nothing is done
    kForEver,  // nothing is done from then on
    kShort,  // of a write a part is done; anything else is done in full, and only the answer is an error
  };
  std::uint64_t operation = 0;  // the n-th from when it is set on, from 1; 0: none
  How how = How::kOnce;
  bool reads = false;  // reads are counted, and nothing else; or all but reads
};

class FaultFileSystem : public rocksdb::FileSystemWrapper {
 public:
  // Of a folder whose files, if any, are on stable storage.
  explicit FaultFileSystem(std::string folder);
  ~FaultFileSystem() override;
  const char* Name() const override { return "polyonym.FaultFileSystem"; }

  // An environment with it; lives as long as the object.
  rocksdb::Env* env() const { return env_.get(); }

  // ---- faults ----
  void FailAt(const Fault& fault);
  // Of the kind that is counted, since FailAt().
  std::uint64_t operations() const;
  bool failed() const;
  // What failed first; of no meaning where nothing did.
  Operation what_failed() const;
  std::string file_that_failed() const;
  // Files may have so many bytes in all; a write that does not fit does so in part. None: any number.
  void SetCapacity(std::optional<std::uint64_t> bytes);
  bool was_full() const;
  // From now on about one of `every` reads has a bit flipped; 0: none has.
  void FlipReads(std::uint64_t every, std::uint64_t seed);
  std::uint64_t flipped() const;

  // ---- what was done ----
  std::array<std::uint64_t, kOperationKinds> counts() const;
  // Of this moment.
  DiskJournal journal() const;
  std::size_t events() const;
  // Ways to write that were refused: what is done is not what RocksDB does on a disk then.
  std::uint64_t refused() const;
  // Whether the folder has what was written down, and nothing else but LOG files.  Returns what is wrong.
  std::string CompareWithFolder() const;

  // ---- rocksdb::FileSystem ----
  rocksdb::IOStatus NewSequentialFile(const std::string& path, const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSSequentialFile>* file,
                                      rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewRandomAccessFile(const std::string& path,
                                        const rocksdb::FileOptions& options,
                                        std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                                        rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus ReopenWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                       std::unique_ptr<rocksdb::FSWritableFile>* file,
                                       rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus ReuseWritableFile(const std::string& path, const std::string& old,
                                      const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSWritableFile>* file,
                                      rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewRandomRWFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSRandomRWFile>* file,
                                    rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewMemoryMappedFileBuffer(
      const std::string& path, std::unique_ptr<rocksdb::MemoryMappedFileBuffer>* buffer) override;
  rocksdb::IOStatus NewDirectory(const std::string& path, const rocksdb::IOOptions& options,
                                 std::unique_ptr<rocksdb::FSDirectory>* folder,
                                 rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus DeleteFile(const std::string& path, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus Truncate(const std::string& path, std::size_t size,
                             const rocksdb::IOOptions& options,
                             rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to,
                               const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus LinkFile(const std::string& from, const std::string& to,
                             const rocksdb::IOOptions& options,
                             rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus LockFile(const std::string& path, const rocksdb::IOOptions& options,
                             rocksdb::FileLock** lock, rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus GetFreeSpace(const std::string& path, const rocksdb::IOOptions& options,
                                 std::uint64_t* bytes, rocksdb::IODebugContext* debug) override;

 private:
  friend class FaultWritableFile;
  friend class FaultRandomWriteFile;
  friend class FaultFolder;
  friend class FaultSequentialFile;
  friend class FaultRandomAccessFile;

  // What becomes of an operation: whether it is done, and the answer if not ok.
  struct Fate {
    bool done = true;
    rocksdb::IOStatus answer;
  };
  Fate Next(Operation operation, const std::string& name) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Counts a read; errors stop it.
  rocksdb::IOStatus NextRead(const std::string& name);
  // What was read, with a bit flipped now and then; `scratch` has room for it.
  void Flip(rocksdb::Slice* read, char* scratch);
  // Does it by `call`, and writes it down by `note`, as fate will have it.
  template <class Call, class Note>
  rocksdb::IOStatus Do(Operation operation, const std::string& name, const Call& call,
                       const Note& note);

  template <class Call>
  rocksdb::IOStatus Sync(FileNumber file, const std::string& name, const Call& call);
  rocksdb::IOStatus Append(FileNumber file, const std::string& name,
                           rocksdb::FSWritableFile* target, const rocksdb::Slice& bytes,
                           const rocksdb::IOOptions& options, rocksdb::IODebugContext* debug);
  rocksdb::IOStatus Refuse();
  // Its name in the folder; none where it lies elsewhere, or is a LOG.
  std::optional<std::string> NameIn(const std::string& path) const;

  const std::string folder_;
  const std::unique_ptr<rocksdb::Env> env_;
  mutable std::mutex mutex_;
  DiskJournal journal_ ABSL_GUARDED_BY(mutex_);
  std::array<std::uint64_t, kOperationKinds> counts_ ABSL_GUARDED_BY(mutex_){};
  Fault fault_ ABSL_GUARDED_BY(mutex_);
  std::uint64_t operations_ ABSL_GUARDED_BY(mutex_) = 0;
  bool failed_ ABSL_GUARDED_BY(mutex_) = false;
  Operation what_failed_ ABSL_GUARDED_BY(mutex_) = Operation::kCreate;
  std::string file_that_failed_ ABSL_GUARDED_BY(mutex_);
  std::optional<std::uint64_t> capacity_ ABSL_GUARDED_BY(mutex_);
  bool was_full_ ABSL_GUARDED_BY(mutex_) = false;
  std::uint64_t flip_every_ ABSL_GUARDED_BY(mutex_) = 0;
  std::uint64_t refused_ ABSL_GUARDED_BY(mutex_) = 0;
  std::uint64_t flipped_ ABSL_GUARDED_BY(mutex_) = 0;
  Random random_ ABSL_GUARDED_BY(mutex_){0};
};

}  // namespace polyonym::harness

#endif  // POLYONYM_TESTS_CRASH_FAULT_FILE_SYSTEM_H_
