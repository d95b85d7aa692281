// harness/process_memory.h - how much memory this process holds, and how much it held at most.
//
// THREADS: none of its own; the figures are the whole process's, so that nothing else should run beside what is measured.
#ifndef POLYONYM_TESTS_HARNESS_PROCESS_MEMORY_H_
#define POLYONYM_TESTS_HARNESS_PROCESS_MEMORY_H_

#include <cstdint>

namespace polyonym::harness {

// False under a sanitizer, which has an allocator of its own that keeps what was freed.
bool CanMeasureMemory();

// Bytes that malloc has given out and not taken back, of all its arenas, mapped ones too (mallinfo2).
std::int64_t AllocatedBytes();

// The most that was resident since the last call of RestartPeak(), of which this takes off what was resident then: code, stacks and maps
// count, and so does what was freed since (VmHWM of /proc/self/status). Less than 0 where the system does not tell.
class PeakMemory {
 public:
  PeakMemory();  // has malloc give back what is free, and begins
  std::int64_t GrownBytes() const;

 private:
  std::int64_t began_ = -1;
};

}  // namespace polyonym::harness

#endif  // POLYONYM_TESTS_HARNESS_PROCESS_MEMORY_H_
