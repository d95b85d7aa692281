#include "store/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace polyonym {

absl::StatusOr<FileLock> FileLock::Take(const std::string& path, bool wait) {
  int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (file < 0 && (errno == EROFS || errno == EACCES)) {
    file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0 && errno == ENOENT) return FileLock(-1);
  }
  if (file < 0) return absl::UnavailableError(path + ": " + std::string(::strerror(errno)));
  FileLock lock(file);
  int failed = 0;
  do {
    failed = ::flock(file, wait ? LOCK_EX : LOCK_EX | LOCK_NB);
  } while (failed != 0 && errno == EINTR);
  if (failed == 0) return lock;
  if (errno == EWOULDBLOCK)
    return absl::UnavailableError("busy: " + path + " is held by another call or process");
  return absl::UnavailableError(path + ": " + std::string(::strerror(errno)));
}

FileLock& FileLock::operator=(FileLock&& other) noexcept {
  std::swap(file_, other.file_);
  return *this;
}

FileLock::~FileLock() {
  if (file_ >= 0) ::close(file_);
}

}  // namespace polyonym
