// The program that is killed: polyonym_crash_writer FOLDER SEED DURABILITY MARKS UNIT COUNT START...
//
// Sends the plan of SEED to the store in FOLDER, one thread a lane, each lane from its START on. On standard output it writes a Mark,
// unbuffered, once the store is open and once a step was acknowledged. DURABILITY is sync, group or wal.
//
// With a COUNT it kills itself when MARKS marks are written. UNIT is `bytes`: files have then grown by COUNT, and it dies in the middle of
// that write; every other call that changes files counts as some bytes. Or `calls`: before the COUNT-th call that changes files.
// The functions by which RocksDB reaches the system are defined here for that: a program's own come before the C library's.
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "crash/plan.h"
#include "polyonym/engine/engine.h"

namespace {

constexpr std::int64_t kBytesOfACall = 64;  // what a sync, a rename and the like count for

bool mortal = false;  // it kills itself; set before the first thread
std::atomic<std::int64_t> marks_left{0};
bool by_calls = false;  // likewise
std::atomic<std::int64_t> left_to_do{0};

[[noreturn]] void Die() {
  ::kill(::getpid(), SIGKILL);
  for (;;) ::pause();
}

// How many of `bytes` may still be written; then the end comes.
std::int64_t Allowed(std::int64_t bytes) {
  if (!mortal || marks_left > 0) return bytes;
  const std::int64_t left = left_to_do.fetch_sub(by_calls ? 1 : bytes);
  if (by_calls) return left > 1 ? bytes : 0;
  return left > bytes ? bytes : left > 0 ? left : 0;
}

void CountCall() {
  if (Allowed(kBytesOfACall) < kBytesOfACall) Die();
}

}  // namespace

extern "C" {

ssize_t write(int file, const void* data, std::size_t size) {
  const iovec whole{const_cast<void*>(data), size};
  if (file <= STDERR_FILENO) return ::writev(file, &whole, 1);
  const auto allowed = static_cast<std::size_t>(Allowed(static_cast<std::int64_t>(size)));
  if (allowed == size) return ::writev(file, &whole, 1);
  const iovec part{const_cast<void*>(data), allowed};
  if (::writev(file, &part, 1) < 0) Die();  // the last bytes, or none of them
  Die();
}

int fdatasync(int file) {
  CountCall();
  return static_cast<int>(::syscall(SYS_fdatasync, file));
}

int fsync(int file) {
  CountCall();
  return static_cast<int>(::syscall(SYS_fsync, file));
}

int rename(const char* from, const char* to) noexcept {
  CountCall();
  return ::renameat(AT_FDCWD, from, AT_FDCWD, to);
}

int link(const char* from, const char* to) noexcept {
  CountCall();
  return ::linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
}

int unlink(const char* path) noexcept {
  CountCall();
  return ::unlinkat(AT_FDCWD, path, 0);
}

}  // extern "C"

namespace polyonym::harness {
namespace {

void Write(const Mark& mark) {
  if (::write(STDOUT_FILENO, &mark, sizeof mark) != sizeof mark)
    std::_Exit(3);  // the parent is gone
  --marks_left;
}

void RunStep(const Step& step, std::size_t lane, Engine* engine) {
  const absl::StatusOr<std::uint64_t> sequence = Run(step, engine);
  if (!sequence.ok()) {
    std::fprintf(stderr, "%s\n", sequence.status().ToString().c_str());
    std::_Exit(2);
  }
  Write({lane, *sequence});
}

Durability DurabilityOf(const std::string& name) {
  return name == "sync"    ? Durability::kSync
         : name == "group" ? Durability::kGroup
                           : Durability::kWal;
}

int Main(const std::vector<std::string>& arguments) {
  const std::size_t lanes = arguments.size() - 6;
  const Plan plan = MakePlan(std::strtoull(arguments[1].c_str(), nullptr, 10), lanes);
  std::vector<std::size_t> next;
  for (std::size_t i = 0; i < lanes; ++i)
    next.push_back(std::strtoull(arguments[6 + i].c_str(), nullptr, 10));
  marks_left = std::strtoll(arguments[3].c_str(), nullptr, 10);
  by_calls = arguments[4] == "calls";
  left_to_do = std::strtoll(arguments[5].c_str(), nullptr, 10);
  mortal = left_to_do > 0;

  auto engine = Engine::Open(arguments[0], CrashOptions(plan.seed, DurabilityOf(arguments[2])));
  if (!engine.ok()) {
    std::fprintf(stderr, "%s\n", engine.status().ToString().c_str());
    return 2;
  }
  Write({});
  if (next[0] == 0)
    RunStep(plan.lanes[0][next[0]++], 0, engine->get());  // the policy, before any lane begins
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < lanes; ++i) {
    threads.emplace_back([&, i] {
      for (std::size_t step = next[i]; step < plan.lanes[i].size(); ++step)
        RunStep(plan.lanes[i][step], i, engine->get());
    });
  }
  for (std::thread& thread : threads) thread.join();
  return 0;
}

}  // namespace
}  // namespace polyonym::harness

int main(int count, char** arguments) {
  if (count < 8) return 1;
  return polyonym::harness::Main({arguments + 1, arguments + count});
}
