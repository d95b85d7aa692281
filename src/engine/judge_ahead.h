// engine/judge_ahead.h - checks and judges the records of a call in groups, on a second core where there is one free.
//
// The writer asks for one group after the other. A helper takes groups from the front too, some ahead of the writer, who judges
// for itself whatever nobody has begun: so a helper that comes late, or never, costs nothing. Judging looks at nothing that
// the writer changes, so what comes of it does not depend on who did it.
//
// THREADS: Group() and Close() the writer's, Help() any one other thread's, also after Close().
#ifndef POLYONYM_SRC_ENGINE_JUDGE_AHEAD_H_
#define POLYONYM_SRC_ENGINE_JUDGE_AHEAD_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "engine/judged.h"

namespace polyonym::engine {

// A record whose id is filled in. It is appended to the log, unless `location` says where it already lies.
struct Incoming {
  const Record* record = nullptr;
  bool own_id = false;  // the id is its content's hash
  std::optional<std::uint64_t> location;
  bool check = false;  // its shape was not checked yet
};

class JudgeAhead {
 public:
  static constexpr std::size_t kGroup =
      32;  // records; what the processor can have under way, and more
  static constexpr std::size_t kRing = 8;  // groups
  using Group = std::array<Judged, kGroup>;
  using Ring = std::array<Group, kRing>;

  // What a record's shape is checked by first.
  struct Shape {
    RecordLimits limits;
    std::int64_t now_ms = 0;
  };

  // `records`, `ring` and `index` are not looked at after Close().
  JudgeAhead(std::span<const Incoming> records, const Shape& shape,
             std::shared_ptr<const Rules> rules, const Index* index, Ring* ring)
      : records_(records), shape_(shape), rules_(std::move(rules)), index_(index), ring_(ring) {}

  std::size_t groups() const { return (records_.size() + kGroup - 1) / kGroup; }

  // The next group, judged; its records in order. It is the writer's until it asks for another.
  std::span<Judged> Next();

  // Judges groups until all are begun, or the writer has not asked for one in a long while.
  void Help();

  // No more groups are begun, and none is under way when this returns.
  void Close();

 private:
  std::span<Judged> GroupAt(std::size_t group);
  bool Claim(std::size_t group) {
    return claimed_.compare_exchange_strong(group, group + 1, std::memory_order_acq_rel);
  }
  void JudgeGroup(std::size_t group);
  void Tell(std::size_t group);  // that it was judged
  void WaitFor(std::size_t group) const;

  const std::span<const Incoming> records_;
  const Shape shape_;
  const std::shared_ptr<const Rules> rules_;
  const Index* const index_;
  Ring* const ring_;
  std::atomic<std::size_t> claimed_{0};   // groups that somebody began
  std::atomic<std::size_t> finished_{0};  // groups that the writer has done with
  // Of each place in the ring: the groups up to the last that was judged there.
  std::array<std::atomic<std::size_t>, kRing> judged_{};
  std::array<std::atomic<bool>, kRing> failed_{};  // a helper ran out of memory at it
  std::size_t next_ = 0;
};

}  // namespace polyonym::engine

#endif  // POLYONYM_SRC_ENGINE_JUDGE_AHEAD_H_
