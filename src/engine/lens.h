// engine/lens.h - one reading of a store's records: a policy, the index that it gives, and the commits that readers see of it.
//
// A store has one lens for each of its graphs. All take the same records, in the same order, from the same log; each has
// numbers, profiles and a feed of its own.
//
// THREADS: the group leader's, but for `publisher`, and for `index` as its header says.
#ifndef POLYONYM_SRC_ENGINE_LENS_H_
#define POLYONYM_SRC_ENGINE_LENS_H_

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "engine/core.h"
#include "engine/feed.h"
#include "engine/index.h"
#include "engine/live_segments.h"
#include "engine/log.h"
#include "engine/profile_cache.h"
#include "engine/state.h"

namespace polyonym::engine {

class Lens {
 public:
  static constexpr std::uint32_t kMaxGraphs = 16;

  // `like`: the lens whose hashes it shares; null for the first. Start() or Load() comes next.
  Lens(std::uint32_t number, std::string name, const Index* like, const Core::Settings& settings);

  // Begins without a record, or from a checkpoint that was loaded into `index`.
  void Start(Log* log, std::shared_ptr<const Rules> rules);
  absl::Status Load(Log* log, const CommitState& state);

  const Core::Settings& settings() const { return settings_; }

  const std::uint32_t number;  // the first is 0
  const std::string name;      // of its graph; empty for the first
  Index index;
  std::unique_ptr<Core> core;
  Publisher publisher;
  ProfileCache profiles;
  LiveSegments live;
  std::uint64_t checkpointed = 0;  // a checkpoint shows all up to this call

  // Opens call `sequence`: what Changes() compares with is what was before.
  void Begin(std::uint64_t sequence);
  // What the open call did since `last` was published, noted in the profiles, with what was noted before.
  FeedRow Changes(std::uint64_t last, std::uint64_t sequence);
  // Counts what goes into the call's row of the feed.
  void CountChanges(std::span<const Change> changes);
  void Publish(std::uint64_t sequence, std::uint64_t last_frame);
  // What Publish() would show.
  std::shared_ptr<CommitState> StateOf(std::uint64_t sequence, std::uint64_t last_frame) const;
  // Of the open call.
  Node nodes_before() const { return nodes_before_; }
  const std::shared_ptr<CommitState>& before() const { return before_; }  // null: nobody asks

  // What was done since this was asked last.
  struct Work {
    std::array<std::uint64_t, kChangeKinds> changes{};  // by ChangeKind
    std::uint64_t feed_rows = 0;
    Core::Flips flips;
  };
  Work TakeWork();

 private:
  const Core::Settings settings_;
  std::shared_ptr<const Rules> rules_before_;
  Node nodes_before_ = 0;
  std::shared_ptr<CommitState> before_;
  Work work_;
};

}  // namespace polyonym::engine

#endif  // POLYONYM_SRC_ENGINE_LENS_H_
