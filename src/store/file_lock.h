// store/file_lock.h - a lock between processes: a file that one of them holds, given back also where it is killed.
//
// THREADS: a value; whoever holds it may be asked from any thread.
#ifndef POLYONYM_SRC_STORE_FILE_LOCK_H_
#define POLYONYM_SRC_STORE_FILE_LOCK_H_

#include <string>
#include <utility>

#include "absl/status/statusor.h"

namespace polyonym {

class FileLock {
 public:
  // The file is made where it is not there, and stays. Where it can neither be made nor be there, since the disk is read-only, nobody can change
  // anything beside it, and nothing is held. `wait`: until the other is done.
  // ERRORS: Unavailable (another has it, I/O).
  static absl::StatusOr<FileLock> Take(const std::string& path, bool wait = false);

  FileLock(FileLock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}
  FileLock& operator=(FileLock&& other) noexcept;
  ~FileLock();

 private:
  explicit FileLock(int file) : file_(file) {}
  int file_;
};

}  // namespace polyonym

#endif  // POLYONYM_SRC_STORE_FILE_LOCK_H_
