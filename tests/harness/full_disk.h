// harness/full_disk.h - a disk on which nothing more fits, for this process.
//
// THREADS: of the whole process: one at a time.
#ifndef POLYONYM_TESTS_HARNESS_FULL_DISK_H_
#define POLYONYM_TESTS_HARNESS_FULL_DISK_H_

#include <csignal>

#include <sys/resource.h>

namespace polyonym::harness {

// While it lives, no file may grow beyond `bytes`: a full disk, for this process.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit tight{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &tight);
  }
  ~FullDisk() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  void (*handler_)(int);
  rlimit before_{};
};

}  // namespace polyonym::harness

#endif  // POLYONYM_TESTS_HARNESS_FULL_DISK_H_
