#include "store/new_folder.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

namespace polyonym {
namespace {

namespace fs = std::filesystem;

constexpr const char* kMarker = "UNFINISHED";  // in a scratch folder of ours; it is the lock too

absl::Status Failed(const std::string& path, const std::string& why) {
  return absl::UnavailableError(path + ": " + why);
}

absl::Status SyncOne(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return Failed(path, ::strerror(errno));
  const int failed = ::fsync(file);
  const int error = errno;
  ::close(file);
  return failed == 0 ? absl::OkStatus() : Failed(path, ::strerror(error));
}

// Without a slash at the end, so that `.tmp` comes beside it and not into it.
std::string Plain(const std::string& path) {
  const fs::path normal = fs::path(path).lexically_normal();
  return (normal.has_filename() ? normal : normal.parent_path()).string();
}

}  // namespace

absl::Status SyncFolder(const std::string& path) {
  std::error_code error;
  for (fs::recursive_directory_iterator at(path, error), end; !error && at != end;
       at.increment(error)) {
    std::error_code ignored;
    if (!at->is_regular_file(ignored) && !at->is_directory(ignored)) continue;
    if (absl::Status status = SyncOne(at->path()); !status.ok()) return status;
  }
  if (error) return Failed(path, error.message());
  if (absl::Status status = SyncOne(path); !status.ok()) return status;
  const fs::path above = fs::path(path).parent_path();
  return SyncOne(above.empty() ? "." : above.string());
}

NewFolder::NewFolder(std::string path, std::string scratch, FileLock lock)
    : path_(std::move(path)), scratch_(std::move(scratch)), lock_(std::move(lock)) {}

NewFolder::~NewFolder() {
  try {
    std::error_code ignored;
    fs::remove_all(scratch_, ignored);
  } catch (...) {  // no memory for names: the next one of this path takes it away
  }
}

absl::StatusOr<std::unique_ptr<NewFolder>> NewFolder::Begin(const std::string& path) {
  const std::string plain = Plain(path);
  if (plain.empty()) return absl::InvalidArgumentError("the path of the new folder is empty");
  const std::string scratch = plain + ".tmp";
  std::error_code error;
  if (fs::exists(fs::symlink_status(plain, error)))
    return absl::AlreadyExistsError(path + ": is there already; name a new folder");
  const bool left = fs::exists(fs::symlink_status(scratch, error));
  if (left && !fs::exists(fs::path(scratch) / kMarker, error) && !fs::is_empty(scratch, error)) {
    return absl::AlreadyExistsError(scratch +
                                    ": is in the way, and not what an earlier run left; move it");
  }
  fs::create_directories(scratch, error);
  if (error) return Failed(scratch, error.message());
  auto lock = FileLock::Take((fs::path(scratch) / kMarker).string());
  if (!lock.ok()) return lock.status();
  for (fs::directory_iterator at(scratch, error), end; !error && at != end; at.increment(error)) {
    std::error_code failed;
    if (at->path().filename() != kMarker) fs::remove_all(at->path(), failed);
    if (failed) return Failed(at->path().string(), failed.message());
  }
  if (error) return Failed(scratch, error.message());
  return std::unique_ptr<NewFolder>(new NewFolder(plain, scratch, *std::move(lock)));
}

absl::Status NewFolder::Finish() {
  if (absl::Status status = SyncFolder(content()); !status.ok()) return status;
  std::error_code error;
  if (fs::exists(fs::symlink_status(path_, error)))
    return absl::AlreadyExistsError(path_ + ": came there meanwhile; name a new folder");
  if (::rename(content().c_str(), path_.c_str()) != 0) return Failed(path_, ::strerror(errno));
  fs::remove_all(scratch_, error);
  const fs::path above = fs::path(path_).parent_path();
  return SyncOne(above.empty() ? "." : above.string());
}

}  // namespace polyonym
