// harness/disk_folder.h - a folder on a disk, where the machine has one for tests: pages of files in a memory file system cannot be
// dropped, so what is said of memory cannot be seen there.
#ifndef POLYONYM_TESTS_HARNESS_DISK_FOLDER_H_
#define POLYONYM_TESTS_HARNESS_DISK_FOLDER_H_

#include <filesystem>

namespace polyonym::harness {

class DiskFolder {
 public:
  // In the folder where the tests run, if it is on a disk, else in the system's place for such. Says so where neither is on a disk.
  DiskFolder();
  ~DiskFolder();
  DiskFolder(const DiskFolder&) = delete;
  DiskFolder& operator=(const DiskFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  bool on_disk() const { return on_disk_; }

 private:
  std::filesystem::path path_;
  bool on_disk_ = false;
};

}  // namespace polyonym::harness

#endif  // POLYONYM_TESTS_HARNESS_DISK_FOLDER_H_
