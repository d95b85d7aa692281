// store/new_folder.h - a folder that is there whole or not at all: it is filled beside its place, put on stable storage, then renamed.
//
// Until then everything lies in a folder `<path>.tmp`, which is no store. A process that dies leaves it; the next one that makes the same folder
// takes it away.
//
// THREADS: single-threaded; one at a time for a path, between processes too.
#ifndef POLYONYM_SRC_STORE_NEW_FOLDER_H_
#define POLYONYM_SRC_STORE_NEW_FOLDER_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "store/file_lock.h"

namespace polyonym {

class NewFolder {
 public:
  // ERRORS: AlreadyExists (`path` is there, or a folder of that name with .tmp that is somebody else's), Unavailable (I/O; it is being made).
  static absl::StatusOr<std::unique_ptr<NewFolder>> Begin(const std::string& path);
  ~NewFolder();  // what was not finished goes
  NewFolder(const NewFolder&) = delete;
  NewFolder& operator=(const NewFolder&) = delete;

  // What becomes the folder; to be made and filled by the caller.
  std::string content() const { return scratch_ + "/content"; }
  // A place beside it, which goes.
  std::string Aside(const std::string& name) const { return scratch_ + "/" + name; }

  // The content is at its place, on stable storage.  ERRORS: AlreadyExists (something came there meanwhile), Unavailable (I/O).
  absl::Status Finish();

 private:
  NewFolder(std::string path, std::string scratch, FileLock lock);

  const std::string path_;
  const std::string scratch_;
  FileLock lock_;
};

// Puts a folder's files and its entry in the one above on stable storage.  ERRORS: Unavailable (I/O).
absl::Status SyncFolder(const std::string& path);

}  // namespace polyonym

#endif  // POLYONYM_SRC_STORE_NEW_FOLDER_H_
