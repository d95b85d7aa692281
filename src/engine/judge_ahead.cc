#include "engine/judge_ahead.h"

#include <algorithm>
#include <limits>
#include <thread>

namespace polyonym::engine {
namespace {

// The other is at work: waits a little, then lets others have the processor.
class Patience {
 public:
  // False once it has waited for long: some milliseconds.
  bool Wait() {
    constexpr int kTurns = 200, kLong = 5000;
    if (++turns_ < kTurns) {
#if defined(__x86_64__)
      __builtin_ia32_pause();
#endif
    } else {
      std::this_thread::yield();
    }
    return turns_ < kLong;
  }

 private:
  int turns_ = 0;
};

}  // namespace

std::span<Judged> JudgeAhead::GroupAt(std::size_t group) {
  return std::span(ring_->at(group % kRing))
      .first(std::min(kGroup, records_.size() - group * kGroup));
}

void JudgeAhead::JudgeGroup(std::size_t group) {
  const std::span<Judged> into = GroupAt(group);
  for (std::size_t i = 0; i < into.size(); ++i) {
    const Incoming& incoming = records_[group * kGroup + i];
    const Record& record = *incoming.record;
    const Reason malformed =
        incoming.check ? CheckShape(record, shape_.limits, shape_.now_ms) : Reason::kNone;
    if (malformed == Reason::kNone) {
      JudgeBy(*rules_, *index_, record, &into[i]);
    } else {
      into[i].malformed = malformed;
      into[i].new_kinds = false;
      into[i].names.clear();
    }
  }
}

void JudgeAhead::Tell(std::size_t group) {
  judged_[group % kRing].store(group + 1, std::memory_order_release);
}

void JudgeAhead::WaitFor(std::size_t group) const {
  for (Patience patience; judged_[group % kRing].load(std::memory_order_acquire) != group + 1;)
    patience.Wait();
}

std::span<Judged> JudgeAhead::Next() {
  const std::size_t group = next_++;
  finished_.store(group, std::memory_order_release);
  if (Claim(group)) {
    JudgeGroup(group);
  } else {
    WaitFor(group);
    if (failed_[group % kRing].load(std::memory_order_relaxed)) JudgeGroup(group);
  }
  return GroupAt(group);
}

void JudgeAhead::Help() {
  const std::size_t all = groups();
  Patience patience;
  for (;;) {
    const std::size_t group = claimed_.load(std::memory_order_acquire);
    if (group >= all) return;
    if (group >= finished_.load(std::memory_order_acquire) + kRing) {
      if (!patience.Wait()) return;
    } else if (Claim(group)) {
      bool failed = false;
      try {
        JudgeGroup(group);
      } catch (
          ...) {  // no memory is left: the writer judges it again, and hears of it where its caller can
        failed = true;
      }
      failed_[group % kRing].store(failed, std::memory_order_relaxed);
      Tell(group);
      patience = Patience();
    }
  }
}

void JudgeAhead::Close() {
  const std::size_t begun =
      claimed_.exchange(std::numeric_limits<std::size_t>::max() / 2, std::memory_order_acq_rel);
  for (std::size_t group = next_; group < std::min(begun, groups()); ++group) WaitFor(group);
}

}  // namespace polyonym::engine
