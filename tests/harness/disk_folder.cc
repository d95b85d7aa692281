#include "harness/disk_folder.h"

#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <iostream>
#include <string>
#include <system_error>

namespace polyonym::harness {
namespace {

bool IsOnDisk(const std::filesystem::path& path) {
  struct statfs system {};
  return ::statfs(path.c_str(), &system) == 0 && system.f_type != TMPFS_MAGIC &&
         system.f_type != RAMFS_MAGIC;
}

std::filesystem::path Place() {
  std::error_code ignored;
  const std::filesystem::path here = std::filesystem::current_path(ignored);
  if (IsOnDisk(here) && ::access(here.c_str(), W_OK | X_OK) == 0) return here;
  return std::filesystem::temp_directory_path();
}

}  // namespace

DiskFolder::DiskFolder() {
  static std::atomic<std::uint64_t> next{0};
  path_ =
      Place() / ("polyonym_test_" + std::to_string(::getpid()) + "_disk_" + std::to_string(next++));
  std::filesystem::create_directories(path_);
  on_disk_ = IsOnDisk(path_);
  if (!on_disk_)
    std::cerr << "skipped: what is dropped from memory, since " << path_.parent_path()
              << " is not on a disk\n";
}

DiskFolder::~DiskFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace polyonym::harness
