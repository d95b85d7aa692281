// The program that is killed: polyonym_crash_writer FOLDER SEED DURABILITY MARKS BYTES START...
//
// Sends the plan of SEED to the store in FOLDER, one thread a lane, each lane from its START on. On standard output it marks
// with one unbuffered byte each: `o` once the store is open, and the digit of its lane once a step was acknowledged. DURABILITY is
// sync, group or wal.
//
// With BYTES it kills itself: when MARKS marks are written and files have then grown by BYTES, in the middle of that write. Every
// other call that changes files counts as some bytes. The functions by which RocksDB reaches the system are defined here
// for that: a program's own come before the C library's.
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
std::atomic<std::int64_t> bytes_left{0};

[[noreturn]] void Die() {
  ::kill(::getpid(), SIGKILL);
  for (;;) ::pause();
}

// How many of `bytes` may still be written; then the end comes.
std::int64_t Allowed(std::int64_t bytes) {
  if (!mortal || marks_left > 0) return bytes;
  const std::int64_t left = bytes_left.fetch_sub(bytes);
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

void Mark(char mark) {
  if (::write(STDOUT_FILENO, &mark, 1) != 1) std::_Exit(3);  // the parent is gone
  --marks_left;
}

void RunStep(const Step& step, std::size_t lane, Engine* engine) {
  if (const absl::Status status = Run(step, engine); !status.ok()) {
    std::fprintf(stderr, "%s\n", status.ToString().c_str());
    std::_Exit(2);
  }
  Mark(static_cast<char>('0' + lane));
}

Durability DurabilityOf(const std::string& name) {
  return name == "sync"    ? Durability::kSync
         : name == "group" ? Durability::kGroup
                           : Durability::kWal;
}

int Main(const std::vector<std::string>& arguments) {
  const std::size_t lanes = arguments.size() - 5;
  const Plan plan = MakePlan(std::strtoull(arguments[1].c_str(), nullptr, 10), lanes);
  std::vector<std::size_t> next;
  for (std::size_t i = 0; i < lanes; ++i)
    next.push_back(std::strtoull(arguments[5 + i].c_str(), nullptr, 10));
  marks_left = std::strtoll(arguments[3].c_str(), nullptr, 10);
  bytes_left = std::strtoll(arguments[4].c_str(), nullptr, 10);
  mortal = bytes_left > 0;

  auto engine = Engine::Open(arguments[0], CrashOptions(plan.seed, DurabilityOf(arguments[2])));
  if (!engine.ok()) {
    std::fprintf(stderr, "%s\n", engine.status().ToString().c_str());
    return 2;
  }
  Mark('o');
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
  if (count < 7) return 1;
  return polyonym::harness::Main({arguments + 1, arguments + count});
}
