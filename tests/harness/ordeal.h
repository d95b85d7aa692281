// harness/ordeal.h - what a hostile script does to an engine and to other people: memory, and how long they wait.
//
// A script sends what nobody should send. Behind each of its calls a few other people come, one record each, and are asked for. Afterwards the
// same calls are made to a *twin*: an engine of the same options and policy that is told, call by call, as many ordinary records with as
// many bytes as the script had stored, and has the same other people behind each call. What the script takes more than its twin is its harm:
//   held:  bytes that malloc has given out at the end, the engine still open, over those before it was opened;
//   peak:  the most that was resident meanwhile, over what was before;
//   apply, read: medians of how long a record, a look-up and a profile of the other people took.
// So a script is charged with what its records take beyond their bytes: an ordinary record has two identifiers and one link. Everything
// runs in one thread: what the script's own calls take is `seconds`, and none of the other people's.
//
// THREADS: none.
#ifndef POLYONYM_TESTS_HARNESS_ORDEAL_H_
#define POLYONYM_TESTS_HARNESS_ORDEAL_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "harness/engine_state.h"
#include "harness/random.h"
#include "polyonym/engine/engine.h"

namespace polyonym::harness {

enum class OrdealSize : std::uint8_t { kSmall, kLarge };
enum class OrdealStore : std::uint8_t { kMemory, kDisk };

// As of when everything is: what other people do is a little later.
inline constexpr std::int64_t kOrdealNowMs = 1'767'225'600'000;  // 2026-01-01

class Ordeal {
 public:
  Ordeal(Engine* engine, OrdealSize size) : engine_(engine), size_(size) {}

  Engine& engine() const { return *engine_; }
  View Read() const { return engine_->Read(); }
  bool is_large() const { return size_ == OrdealSize::kLarge; }
  std::size_t Of(std::size_t small, std::size_t large) const { return is_large() ? large : small; }
  Random& random() { return random_; }

  // A call of the script's, and other people behind it.
  ApplyResult Send(std::span<const Record> records);
  RecordResult Send(const Record& record);
  // The same in calls of 100.
  void SendAll(std::span<const Record> records);
  // make(i) for each i < count, in calls of `batch`: never all of them in memory.
  void SendEach(std::size_t count, std::size_t batch,
                const std::function<Record(std::size_t i)>& make);
  // Other people behind something else that the script did.
  void LetOthersCome();
  // Input of the script's own that it holds at its worst: no growth of the engine's.
  void HoldsInput(std::int64_t bytes) { input_bytes_ = std::max(input_bytes_, bytes); }

  // Something is not as it should be. A script goes on.
  void Expect(bool good, const std::string& what) {
    if (!good) problems_.push_back(what);
  }

  struct Call {
    std::uint64_t records = 0;  // that were stored
    std::uint64_t bytes = 0;    // of them
  };
  const std::vector<Call>& calls() const { return calls_; }
  std::int64_t input_bytes() const { return input_bytes_; }
  const std::vector<std::string>& problems() const { return problems_; }

  // For who runs it: one other person; an ordinary call in a script's place; whether all others are as they should be; how long they took.
  void LetOneCome();
  void SendOrdinary(const Call& call);
  void CheckOthers();
  std::vector<std::uint64_t> apply_ns, read_ns;

 private:
  void LetSomeCome();

  Engine* engine_;
  OrdealSize size_;
  Random random_{20'260'101};
  std::vector<Call> calls_;
  std::vector<std::string> problems_;
  std::int64_t input_bytes_ = 0;
  std::uint64_t rounds_ = 0;
  std::uint64_t ordinary_ = 0;
};

struct Script {
  std::string name;
  std::function<void(Ordeal&)> run;
  std::function<void(Policy*, EngineOptions*)> prepare;  // DEFAULT: as they are
};

struct OrdealFigures {
  std::uint64_t calls = 0, records = 0, bytes = 0;
  double seconds = 0, twin_seconds = 0;           // all but the other people's
  std::int64_t held = 0, twin_held = 0;           // bytes
  std::int64_t peak = 0, twin_peak = 0;           // less than 0: not known
  std::uint64_t apply_ns = 0, twin_apply_ns = 0;  // medians
  std::uint64_t read_ns = 0, twin_read_ns = 0;
  std::vector<std::string> problems;

  std::int64_t MoreHeld() const { return held - twin_held; }
  std::int64_t MorePeak() const { return peak < 0 || twin_peak < 0 ? 0 : peak - twin_peak; }
  double ApplyRatio() const {
    return static_cast<double>(apply_ns) / static_cast<double>(twin_apply_ns);
  }
  double ReadRatio() const {
    return static_cast<double>(read_ns) / static_cast<double>(twin_read_ns);
  }
};

// The policy under which scripts run, unless they prepare another: namespaces of every normaliser, traits, tags, segments that are kept.
Policy OrdealPolicy();
OrdealFigures Endure(const Script& script, OrdealSize size, OrdealStore store);
// One line of a table.
std::string ToLine(const Script& script, OrdealStore store, const OrdealFigures& figures);

// An observation of the identifiers, by source `hostile` unless it is changed.
Record Told(const std::string& id, std::int64_t time_ms,
            const std::vector<std::pair<std::string, std::string>>& identifiers);
// Runs each script, in a section of its name, small and in memory: others are as they should be, and memory keeps to its bound.
void EndureSmall(std::span<const Script> scripts);
// Large, in memory and on disk; the medians of other people too, in one of three tries.
void EndureLarge(std::span<const Script> scripts);

}  // namespace polyonym::harness

#endif  // POLYONYM_TESTS_HARNESS_ORDEAL_H_
