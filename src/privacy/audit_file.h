// privacy/audit_file.h - the files of an audit log: one that grows, and those that were put aside.
//
// What is appended is there whole, or not at all: what a failed write left is cut off again before the next.
//
// THREADS: thread-compatible.
#ifndef POLYONYM_SRC_PRIVACY_AUDIT_FILE_H_
#define POLYONYM_SRC_PRIVACY_AUDIT_FILE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace polyonym::privacy {

// A file descriptor that is closed with its owner; -1: none.
class OwnedFd {
 public:
  OwnedFd() = default;
  explicit OwnedFd(int fd) : fd_(fd) {}
  ~OwnedFd();
  OwnedFd(OwnedFd&& other) noexcept;
  OwnedFd& operator=(OwnedFd&& other) noexcept;
  int get() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

absl::Status SyncFile(const OwnedFd& file);  // ERRORS: Unavailable.

// Numbers of the files that were put aside, ascending: 3 of `audit.log.3`.  ERRORS: Unavailable.
absl::StatusOr<std::vector<std::uint64_t>> FilesAside(const std::string& path);
std::string NameAside(const std::string& path, std::uint64_t number);

class AuditFile {
 public:
  // Opens `path`, or makes it, for nobody else of the machine: the lock is on a file beside it.
  // ERRORS: Unavailable (another has it; I/O).
  static absl::StatusOr<AuditFile> Open(const std::string& path);
  // One that is there, and that nobody writes.  ERRORS: Unavailable.
  static absl::StatusOr<AuditFile> OpenToRead(const std::string& path);

  std::uint64_t bytes() const { return bytes_; }

  // Up to so many bytes from there on.  ERRORS: Unavailable.
  absl::StatusOr<std::string> Read(std::uint64_t from, std::size_t max_bytes) const;
  // Cuts it off there.
  absl::Status Truncate(std::uint64_t bytes);
  // ERRORS: Unavailable: nothing of it is there, now or after the next call.
  absl::Status Append(std::string_view line);
  absl::Status Sync() const { return SyncFile(file_); }
  // Another descriptor of the file, to sync it while others append.
  OwnedFd Again() const;

  // Puts the file aside, under the number that follows the last, and begins an empty one. Synced before, and the folder behind.
  // ERRORS: Unavailable: the next call that writes goes on where this one failed.
  absl::Status PutAside();

 private:
  AuditFile() = default;
  absl::Status OpenCurrent();
  absl::Status TakeSize();
  absl::Status SyncFolder() const;

  std::string path_;
  OwnedFd lock_;
  OwnedFd file_;
  std::uint64_t bytes_ = 0;
  bool is_ragged_ = false;  // behind `bytes_` lies what a failed write left
};

}  // namespace polyonym::privacy

#endif  // POLYONYM_SRC_PRIVACY_AUDIT_FILE_H_
