#include "crash/fault_file_system.h"

#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <utility>

namespace polyonym::harness {

namespace rdb = rocksdb;
using rdb::FileOptions;
using rdb::IODebugContext;
using rdb::IOOptions;
using rdb::IOStatus;
using rdb::Slice;

namespace {

bool IsText(const std::string& name) { return name == "LOG" || name.starts_with("LOG.old."); }

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

const char* ToString(Operation operation) {
  switch (operation) {
    case Operation::kCreate:
      return "create";
    case Operation::kAppend:
      return "write";
    case Operation::kOverwrite:
      return "write within";
    case Operation::kSync:
      return "sync";
    case Operation::kSyncFolder:
      return "sync of the folder";
    case Operation::kRename:
      return "rename";
    case Operation::kLink:
      return "link";
    case Operation::kDelete:
      return "delete";
    case Operation::kTruncate:
      return "truncate";
    case Operation::kRead:
      return "read";
  }
  return "";
}

// ---- fate ----

FaultFileSystem::Fate FaultFileSystem::Next(Operation operation, const std::string& name) {
  ++counts_[static_cast<std::size_t>(operation)];
  if ((operation == Operation::kRead) != fault_.reads) return {};
  ++operations_;
  if (fault_.operation == 0 || operations_ < fault_.operation) return {};
  if (operations_ > fault_.operation && fault_.how != Fault::How::kForEver) return {};
  if (!failed_) what_failed_ = operation;
  if (!failed_) file_that_failed_ = name;
  failed_ = true;
  return {fault_.how == Fault::How::kShort && operation != Operation::kRead,
          IOStatus::IOError("the tests' disk failed")};
}

IOStatus FaultFileSystem::NextRead(const std::string& name) {
  const std::lock_guard lock(mutex_);
  return Next(Operation::kRead, name).answer;
}

template <class Call, class Note>
IOStatus FaultFileSystem::Do(Operation operation, const std::string& name, const Call& call,
                             const Note& note) {
  const std::lock_guard lock(mutex_);
  Fate fate = Next(operation, name);
  if (!fate.done) return fate.answer;
  IOStatus status = call();
  if (!status.ok()) return status;
  note();
  return fate.answer;
}

template <class Call>
IOStatus FaultFileSystem::Sync(FileNumber file, const std::string& name, const Call& call) {
  IOStatus status = Do(Operation::kSync, name, call,
                       [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS { journal_.SyncFile(file); });
  if (!status.ok()) {
    const std::lock_guard lock(mutex_);
    journal_.FailSync(file);
  }
  return status;
}

IOStatus FaultFileSystem::Append(FileNumber file, const std::string& name,
                                 rdb::FSWritableFile* target, const Slice& bytes,
                                 const IOOptions& options, IODebugContext* debug) {
  const std::lock_guard lock(mutex_);
  Fate fate = Next(Operation::kAppend, name);
  Slice part = bytes;
  if (!fate.answer.ok())
    part = Slice(bytes.data(), !fate.done || bytes.empty() ? 0 : random_.Below(bytes.size()));
  const std::uint64_t used = journal_.bytes();
  if (capacity_ && used + part.size() > *capacity_) {
    part = Slice(bytes.data(), *capacity_ > used ? *capacity_ - used : 0);
    was_full_ = true;
    if (fate.answer.ok()) fate.answer = IOStatus::NoSpace("No space left on the tests' disk");
  }
  if (!part.empty()) {
    IOStatus status = target->Append(part, options, debug);
    if (!status.ok()) return status;
    journal_.Append(file, {part.data(), part.size()});
  }
  return fate.answer;
}

IOStatus FaultFileSystem::Refuse() {
  const std::lock_guard lock(mutex_);
  ++refused_;
  return IOStatus::NotSupported("the tests' file system does not follow such writes");
}

void FaultFileSystem::Flip(Slice* read, char* scratch) {
  const std::lock_guard lock(mutex_);
  if (flip_every_ == 0 || read->empty() || random_.Below(flip_every_) != 0) return;
  if (read->data() != scratch) {
    std::memmove(scratch, read->data(), read->size());
    *read = Slice(scratch, read->size());
  }
  const std::uint64_t bit = random_.Below(8 * read->size());
  scratch[bit / 8] = static_cast<char>(scratch[bit / 8] ^ (1 << bit % 8));
  ++flipped_;
}

// ---- files ----

class FaultWritableFile : public rdb::FSWritableFileOwnerWrapper {
 public:
  FaultWritableFile(FaultFileSystem* files, FileNumber file, std::string name,
                    std::unique_ptr<rdb::FSWritableFile> target)
      : FSWritableFileOwnerWrapper(std::move(target)),
        files_(*files),
        file_(file),
        name_(std::move(name)) {}

  IOStatus Append(const Slice& bytes, const IOOptions& options, IODebugContext* debug) override {
    return files_.Append(file_, name_, target(), bytes, options, debug);
  }
  IOStatus Append(const Slice& bytes, const IOOptions& options, const rdb::DataVerificationInfo&,
                  IODebugContext* debug) override {
    return files_.Append(file_, name_, target(), bytes, options, debug);
  }
  IOStatus PositionedAppend(const Slice&, std::uint64_t, const IOOptions&,
                            IODebugContext*) override {
    return files_.Refuse();
  }
  IOStatus PositionedAppend(const Slice&, std::uint64_t, const IOOptions&,
                            const rdb::DataVerificationInfo&, IODebugContext*) override {
    return files_.Refuse();
  }
  IOStatus Truncate(std::uint64_t size, const IOOptions& options, IODebugContext* debug) override {
    return files_.Do(
        Operation::kTruncate, name_, [&] { return target()->Truncate(size, options, debug); },
        [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS { files_.journal_.Truncate(file_, size); });
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    return files_.Sync(file_, name_, [&] { return target()->Sync(options, debug); });
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return files_.Sync(file_, name_, [&] { return target()->Fsync(options, debug); });
  }

 private:
  FaultFileSystem& files_;
  const FileNumber file_;
  const std::string name_;
};

// By which a table that was made apart gets its number as it is taken in.
class FaultRandomWriteFile : public rdb::FSRandomRWFileOwnerWrapper {
 public:
  FaultRandomWriteFile(FaultFileSystem* files, FileNumber file, std::string name,
                       std::unique_ptr<rdb::FSRandomRWFile> target)
      : FSRandomRWFileOwnerWrapper(std::move(target)),
        files_(*files),
        file_(file),
        name_(std::move(name)) {}

  IOStatus Write(std::uint64_t offset, const Slice& bytes, const IOOptions& options,
                 IODebugContext* debug) override {
    return files_.Do(
        Operation::kOverwrite, name_,
        [&] { return target()->Write(offset, bytes, options, debug); },
        [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
          files_.journal_.Overwrite(file_, offset, {bytes.data(), bytes.size()});
        });
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    return files_.Sync(file_, name_, [&] { return target()->Sync(options, debug); });
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return files_.Sync(file_, name_, [&] { return target()->Fsync(options, debug); });
  }

 private:
  FaultFileSystem& files_;
  const FileNumber file_;
  const std::string name_;
};

class FaultFolder : public rdb::FSDirectoryWrapper {
 public:
  FaultFolder(FaultFileSystem* files, std::unique_ptr<rdb::FSDirectory> target)
      : FSDirectoryWrapper(std::move(target)), files_(*files) {}

  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return SyncBy([&] { return FSDirectoryWrapper::Fsync(options, debug); });
  }
  IOStatus FsyncWithDirOptions(const IOOptions& options, IODebugContext* debug,
                               const rdb::DirFsyncOptions& how) override {
    return SyncBy([&] { return FSDirectoryWrapper::FsyncWithDirOptions(options, debug, how); });
  }

 private:
  template <class Call>
  IOStatus SyncBy(const Call& call) {
    return files_.Do(Operation::kSyncFolder, "the folder", call,
                     [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS { files_.journal_.SyncFolder(); });
  }

  FaultFileSystem& files_;
};

class FaultSequentialFile : public rdb::FSSequentialFileOwnerWrapper {
 public:
  FaultSequentialFile(FaultFileSystem* files, std::string name,
                      std::unique_ptr<rdb::FSSequentialFile> target)
      : FSSequentialFileOwnerWrapper(std::move(target)), files_(*files), name_(std::move(name)) {}

  IOStatus Read(std::size_t n, const IOOptions& options, Slice* result, char* scratch,
                IODebugContext* debug) override {
    IOStatus status = files_.NextRead(name_);
    if (status.ok()) status = target()->Read(n, options, result, scratch, debug);
    if (status.ok()) files_.Flip(result, scratch);
    return status;
  }
  IOStatus PositionedRead(std::uint64_t offset, std::size_t n, const IOOptions& options,
                          Slice* result, char* scratch, IODebugContext* debug) override {
    IOStatus status = files_.NextRead(name_);
    if (status.ok()) status = target()->PositionedRead(offset, n, options, result, scratch, debug);
    if (status.ok()) files_.Flip(result, scratch);
    return status;
  }

 private:
  FaultFileSystem& files_;
  const std::string name_;
};

class FaultRandomAccessFile : public rdb::FSRandomAccessFileOwnerWrapper {
 public:
  FaultRandomAccessFile(FaultFileSystem* files, std::string name,
                        std::unique_ptr<rdb::FSRandomAccessFile> target)
      : FSRandomAccessFileOwnerWrapper(std::move(target)), files_(*files), name_(std::move(name)) {}

  IOStatus Read(std::uint64_t offset, std::size_t n, const IOOptions& options, Slice* result,
                char* scratch, IODebugContext* debug) const override {
    IOStatus status = files_.NextRead(name_);
    if (status.ok()) status = target()->Read(offset, n, options, result, scratch, debug);
    if (status.ok()) files_.Flip(result, scratch);
    return status;
  }
  IOStatus MultiRead(rdb::FSReadRequest* requests, std::size_t count, const IOOptions& options,
                     IODebugContext* debug) override {
    for (std::size_t i = 0; i < count; ++i) {
      rdb::FSReadRequest& one = requests[i];
      one.status = Read(one.offset, one.len, options, &one.result, one.scratch, debug);
    }
    return IOStatus::OK();
  }

 private:
  FaultFileSystem& files_;
  const std::string name_;
};

// ---- the file system ----

FaultFileSystem::FaultFileSystem(std::string folder)
    : FileSystemWrapper(rdb::FileSystem::Default()),
      folder_(std::move(folder)),
      env_(rdb::NewCompositeEnv(std::shared_ptr<rdb::FileSystem>(this, [](auto*) {}))) {
  if (!std::filesystem::exists(folder_)) return;
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
    const std::string name = entry.path().filename().string();
    if (IsText(name)) continue;
    const FileNumber file = journal_.Create(name);
    journal_.Append(file, ReadFile(entry.path()));
    journal_.SyncFile(file);
  }
  journal_.SyncFolder();
}

FaultFileSystem::~FaultFileSystem() = default;

void FaultFileSystem::FailAt(const Fault& fault) {
  const std::lock_guard lock(mutex_);
  fault_ = fault;
  operations_ = 0;
  failed_ = false;
  random_ = Random(fault.operation);
}
std::uint64_t FaultFileSystem::operations() const {
  const std::lock_guard lock(mutex_);
  return operations_;
}
bool FaultFileSystem::failed() const {
  const std::lock_guard lock(mutex_);
  return failed_;
}
Operation FaultFileSystem::what_failed() const {
  const std::lock_guard lock(mutex_);
  return what_failed_;
}
std::string FaultFileSystem::file_that_failed() const {
  const std::lock_guard lock(mutex_);
  return file_that_failed_;
}
void FaultFileSystem::SetCapacity(std::optional<std::uint64_t> bytes) {
  const std::lock_guard lock(mutex_);
  capacity_ = bytes;
  was_full_ = false;
}
bool FaultFileSystem::was_full() const {
  const std::lock_guard lock(mutex_);
  return was_full_;
}
void FaultFileSystem::FlipReads(std::uint64_t every, std::uint64_t seed) {
  const std::lock_guard lock(mutex_);
  flip_every_ = every;
  flipped_ = 0;
  random_ = Random(seed);
}
std::uint64_t FaultFileSystem::flipped() const {
  const std::lock_guard lock(mutex_);
  return flipped_;
}
std::array<std::uint64_t, kOperationKinds> FaultFileSystem::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}
DiskJournal FaultFileSystem::journal() const {
  const std::lock_guard lock(mutex_);
  return journal_;
}
std::uint64_t FaultFileSystem::refused() const {
  const std::lock_guard lock(mutex_);
  return refused_;
}
std::size_t FaultFileSystem::events() const {
  const std::lock_guard lock(mutex_);
  return journal_.size();
}

std::string FaultFileSystem::CompareWithFolder() const {
  const std::lock_guard lock(mutex_);
  std::map<std::string, std::string> noted = journal_.Now();
  std::string fault;
  if (refused_ != 0) fault += std::to_string(refused_) + " ways to write were refused\n";
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
    const std::string name = entry.path().filename().string();
    if (IsText(name)) continue;
    const auto at = noted.find(name);
    if (at == noted.end()) {
      fault += name + " is in the folder and was not seen to be made\n";
      continue;
    }
    if (at->second != ReadFile(entry.path())) fault += name + " has other bytes than were seen\n";
    noted.erase(at);
  }
  for (const auto& [name, bytes] : noted) fault += name + " is not in the folder\n";
  return fault;
}

std::optional<std::string> FaultFileSystem::NameIn(const std::string& path) const {
  const std::filesystem::path lexical = std::filesystem::path(path).lexically_normal();
  if (lexical.parent_path() != std::filesystem::path(folder_).lexically_normal())
    return std::nullopt;
  std::string name = lexical.filename().string();
  if (IsText(name)) return std::nullopt;
  return name;
}

IOStatus FaultFileSystem::NewSequentialFile(const std::string& path, const FileOptions& options,
                                            std::unique_ptr<rdb::FSSequentialFile>* file,
                                            IODebugContext* debug) {
  IOStatus status = NextRead(path);
  if (status.ok()) status = target()->NewSequentialFile(path, options, file, debug);
  if (status.ok()) *file = std::make_unique<FaultSequentialFile>(this, path, std::move(*file));
  return status;
}

IOStatus FaultFileSystem::NewRandomAccessFile(const std::string& path, const FileOptions& options,
                                              std::unique_ptr<rdb::FSRandomAccessFile>* file,
                                              IODebugContext* debug) {
  IOStatus status = NextRead(path);
  if (status.ok()) status = target()->NewRandomAccessFile(path, options, file, debug);
  if (status.ok()) *file = std::make_unique<FaultRandomAccessFile>(this, path, std::move(*file));
  return status;
}

IOStatus FaultFileSystem::NewWritableFile(const std::string& path, const FileOptions& options,
                                          std::unique_ptr<rdb::FSWritableFile>* file,
                                          IODebugContext* debug) {
  const std::optional<std::string> name = NameIn(path);
  if (!name) return target()->NewWritableFile(path, options, file, debug);
  if (options.use_mmap_writes || options.use_direct_writes) return Refuse();
  FileNumber number = 0;
  IOStatus status = Do(
      Operation::kCreate, *name,
      [&] { return target()->NewWritableFile(path, options, file, debug); },
      [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS { number = journal_.Create(*name); });
  if (status.ok()) {
    *file = std::make_unique<FaultWritableFile>(this, number, *name, std::move(*file));
  } else {
    file->reset();
  }
  return status;
}

IOStatus FaultFileSystem::ReopenWritableFile(const std::string& path, const FileOptions& options,
                                             std::unique_ptr<rdb::FSWritableFile>* file,
                                             IODebugContext* debug) {
  const std::optional<std::string> name = NameIn(path);
  if (!name) return target()->ReopenWritableFile(path, options, file, debug);
  if (options.use_mmap_writes || options.use_direct_writes) return Refuse();
  std::optional<FileNumber> number;
  {
    const std::lock_guard lock(mutex_);
    number = journal_.Find(*name);
  }
  if (!number) return Refuse();
  IOStatus status = target()->ReopenWritableFile(path, options, file, debug);
  if (status.ok())
    *file = std::make_unique<FaultWritableFile>(this, *number, *name, std::move(*file));
  return status;
}

IOStatus FaultFileSystem::ReuseWritableFile(const std::string&, const std::string&,
                                            const FileOptions&,
                                            std::unique_ptr<rdb::FSWritableFile>*,
                                            IODebugContext*) {
  return Refuse();
}
IOStatus FaultFileSystem::NewRandomRWFile(const std::string& path, const FileOptions& options,
                                          std::unique_ptr<rdb::FSRandomRWFile>* file,
                                          IODebugContext* debug) {
  const std::optional<std::string> name = NameIn(path);
  if (!name) return target()->NewRandomRWFile(path, options, file, debug);
  std::optional<FileNumber> number;
  {
    const std::lock_guard lock(mutex_);
    number = journal_.Find(*name);
  }
  if (!number) return Refuse();
  IOStatus status = target()->NewRandomRWFile(path, options, file, debug);
  if (status.ok())
    *file = std::make_unique<FaultRandomWriteFile>(this, *number, *name, std::move(*file));
  return status;
}
IOStatus FaultFileSystem::NewMemoryMappedFileBuffer(const std::string&,
                                                    std::unique_ptr<rdb::MemoryMappedFileBuffer>*) {
  return Refuse();
}

IOStatus FaultFileSystem::NewDirectory(const std::string& path, const IOOptions& options,
                                       std::unique_ptr<rdb::FSDirectory>* folder,
                                       IODebugContext* debug) {
  IOStatus status = target()->NewDirectory(path, options, folder, debug);
  const bool ours = NameIn(path + "/x").has_value();
  if (status.ok() && ours) *folder = std::make_unique<FaultFolder>(this, std::move(*folder));
  return status;
}

IOStatus FaultFileSystem::DeleteFile(const std::string& path, const IOOptions& options,
                                     IODebugContext* debug) {
  const std::optional<std::string> name = NameIn(path);
  if (!name) return target()->DeleteFile(path, options, debug);
  return Do(
      Operation::kDelete, *name, [&] { return target()->DeleteFile(path, options, debug); },
      [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS { journal_.Remove(*name); });
}

IOStatus FaultFileSystem::Truncate(const std::string& path, std::size_t size,
                                   const IOOptions& options, IODebugContext* debug) {
  const std::optional<std::string> name = NameIn(path);
  if (!name) return target()->Truncate(path, size, options, debug);
  return Do(
      Operation::kTruncate, *name, [&] { return target()->Truncate(path, size, options, debug); },
      [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
        if (const auto file = journal_.Find(*name)) journal_.Truncate(*file, size);
      });
}

IOStatus FaultFileSystem::RenameFile(const std::string& from, const std::string& to,
                                     const IOOptions& options, IODebugContext* debug) {
  const std::optional<std::string> old = NameIn(from), fresh = NameIn(to);
  if (!old && !fresh) return target()->RenameFile(from, to, options, debug);
  if (!old || !fresh) return Refuse();
  return Do(
      Operation::kRename, *fresh, [&] { return target()->RenameFile(from, to, options, debug); },
      [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS { journal_.Rename(*old, *fresh); });
}

IOStatus FaultFileSystem::LinkFile(const std::string& from, const std::string& to,
                                   const IOOptions& options, IODebugContext* debug) {
  const std::optional<std::string> old = NameIn(from), fresh = NameIn(to);
  if (!fresh) return target()->LinkFile(from, to, options, debug);  // a copy elsewhere
  if (!old) return Refuse();
  return Do(
      Operation::kLink, *fresh, [&] { return target()->LinkFile(from, to, options, debug); },
      [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS { journal_.Link(*old, *fresh); });
}

IOStatus FaultFileSystem::LockFile(const std::string& path, const IOOptions& options,
                                   rdb::FileLock** lock, IODebugContext* debug) {
  IOStatus status = target()->LockFile(path, options, lock, debug);
  if (const auto name = NameIn(path); status.ok() && name) {
    const std::lock_guard locked(mutex_);
    if (!journal_.Find(*name)) journal_.Create(*name);
  }
  return status;
}

IOStatus FaultFileSystem::GetFreeSpace(const std::string& path, const IOOptions& options,
                                       std::uint64_t* bytes, IODebugContext* debug) {
  {
    const std::lock_guard lock(mutex_);
    if (capacity_) {
      *bytes = *capacity_ > journal_.bytes() ? *capacity_ - journal_.bytes() : 0;
      return IOStatus::OK();
    }
  }
  return target()->GetFreeSpace(path, options, bytes, debug);
}

}  // namespace polyonym::harness
