#include "harness/process_memory.h"

#include <malloc.h>

#include <fstream>
#include <string>

namespace polyonym::harness {
namespace {

// Of a line of /proc/self/status, in bytes; less than 0 where there is none.
std::int64_t StatusBytes(const std::string& name) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(name + ":")) return std::stoll(line.substr(name.size() + 1)) * 1024;
  }
  return -1;
}

}  // namespace

bool CanMeasureMemory() {
#ifdef POLYONYM_SANITIZED
  return false;
#else
  return true;
#endif
}

std::int64_t AllocatedBytes() {
  const struct mallinfo2 now = mallinfo2();
  return static_cast<std::int64_t>(now.uordblks + now.hblkhd);
}

PeakMemory::PeakMemory() {
  malloc_trim(0);
  std::ofstream restart("/proc/self/clear_refs");
  restart << 5 << std::flush;  // VmHWM begins again at what is resident now
  if (restart) began_ = StatusBytes("VmRSS");
}

std::int64_t PeakMemory::GrownBytes() const {
  return began_ < 0 ? -1 : StatusBytes("VmHWM") - began_;
}

}  // namespace polyonym::harness
