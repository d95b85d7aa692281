// engine/beside.h - two pieces of work beside each other, where the machine has the cores. What comes out may not depend on it.
//
// THREADS: both pieces must be safe beside each other.
#ifndef POLYONYM_SRC_ENGINE_BESIDE_H_
#define POLYONYM_SRC_ENGINE_BESIDE_H_

#include <cstdint>
#include <exception>
#include <system_error>
#include <thread>

namespace polyonym::engine {

// Cells from which on a thread is worth its start.
inline constexpr std::uint64_t kWorthThread = 1u << 15;

// Runs f and g; returns when both are done. One after the other where `cells` are few, there is one core, or no thread is to be had.
// What one of them throws (no memory is left) comes out of here, once both are done.
template <class F, class G>
void Beside(std::uint64_t cells, const F& f, const G& g) {
  std::exception_ptr thrown;
  const auto run = [](const auto& work, std::exception_ptr* into) {
    try {
      work();
    } catch (...) {
      *into = std::current_exception();
    }
  };
  std::exception_ptr thrown_beside;
  std::thread other;
  if (cells >= kWorthThread && std::thread::hardware_concurrency() > 1) {
    try {
      other = std::thread([&] { run(f, &thrown_beside); });
    } catch (const std::system_error&) {  // no thread is to be had
    }
  }
  const bool alone = !other.joinable();
  run(g, &thrown);
  if (alone) {
    run(f, &thrown_beside);
  } else {
    other.join();
  }
  if (!thrown) thrown = thrown_beside;
  if (thrown) std::rethrow_exception(thrown);
}

}  // namespace polyonym::engine

#endif  // POLYONYM_SRC_ENGINE_BESIDE_H_
