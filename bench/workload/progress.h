// workload/progress.h - on a terminal's standard error, how far a long workload is; silent elsewhere.
#ifndef POLYONYM_BENCH_WORKLOAD_PROGRESS_H_
#define POLYONYM_BENCH_WORKLOAD_PROGRESS_H_

#include <chrono>
#include <cstdint>
#include <cstdio>

#include <unistd.h>

namespace polyonym::workload {

class Progress {
 public:
  Progress(const char* what, std::uint64_t total) : what_(what), total_(total) {}
  ~Progress() {
    if (dirty_) std::fputs("\r\033[K", stderr);
  }

  // Draws at most ten times a second.
  void Update(std::uint64_t done) {
    const auto now = std::chrono::steady_clock::now();
    if (!shown_ || now - drawn_ < std::chrono::milliseconds(100)) return;
    drawn_ = now;
    dirty_ = true;
    std::fprintf(stderr, "\r\033[K%3.0f%% of %llu %s",
                 100.0 * static_cast<double>(done) / static_cast<double>(total_),
                 static_cast<unsigned long long>(total_), what_);
  }

 private:
  const char* const what_;
  const std::uint64_t total_;
  const bool shown_ = ::isatty(STDERR_FILENO) != 0;
  std::chrono::steady_clock::time_point drawn_ = std::chrono::steady_clock::now();
  bool dirty_ = false;
};

}  // namespace polyonym::workload

#endif  // POLYONYM_BENCH_WORKLOAD_PROGRESS_H_
