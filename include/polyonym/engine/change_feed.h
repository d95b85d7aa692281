// engine/change_feed.h - the feed of changes, read by consumers that each have a place in it.
//
//   auto feed = engine->OpenFeed({.consumer = "mailer", .filter = {.kinds = {ChangeKind::kEntered}}});
//   while (auto batch = feed->Next(1'000); batch.ok()) {
//     for (const Change& change : batch->changes) Handle(change);
//     feed->Acknowledge();   // dealt with: nobody is given it again
//   }
//
// What a call changed is there in whole, calls in their order, whatever the filter leaves of each. A consumer's cursor lies in the store: it says up to
// where everything was dealt with. Who dies between Next() and Acknowledge() is given the same changes again; what was acknowledged
// never comes again. So a host that does its work and acknowledges in one step of its own sees each change exactly once: it keeps
// position() with its work, and begins there (FeedOptions::from).
//
// docs/feed.md has it for people; View::Changes() is the same without a consumer, a filter, or waiting.
#ifndef POLYONYM_ENGINE_CHANGE_FEED_H_
#define POLYONYM_ENGINE_CHANGE_FEED_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "polyonym/model/change.h"
#include "polyonym/model/identifier.h"

namespace polyonym {

// A change passes that passes all of these; an empty one lets all pass.
struct FeedFilter {
  std::vector<ChangeKind> kinds;  // of these kinds
  // Of segments, traits and tags by one of these names. A change of who is who has no name, and passes: `kinds` leaves it out.
  std::vector<std::string> names;
  std::vector<Cause> without_causes;  // of none of these causes
  // That speaks of one of these, as `from` or `to`, by the id that it had then: somebody who was merged away has another from then on, which the
  // merge says.
  std::vector<ProfileId> profiles;
};

struct FeedOptions {
  // Whose cursor is kept, in this graph; 1 to 128 bytes. One feed at a time should have it: two would each be given everything.
  // DEFAULT empty: nobody's, the host keeps position() itself.
  std::string consumer;
  // Where to begin, a sequence: where there is no consumer, or it has no cursor yet.  DEFAULT: the beginning.
  std::optional<std::uint64_t> from;
  std::string graph;  // DEFAULT: the first
  FeedFilter filter;
  // About so many changes a batch: it ends with the call that reaches it.  DEFAULT 1,000; range 1..1,000,000.
  std::uint64_t max_changes = 1'000;
};

struct FeedBatch {
  std::vector<Change> changes;  // of whole calls, by sequence; of each what the filter lets pass
  std::uint64_t next = 0;       // sequence behind them, and behind what did not pass
  bool at_end = false;          // nothing else was committed when this was read
};

// Up to where a consumer has dealt with everything.
struct FeedCursor {
  std::string consumer;
  std::string graph;
  std::uint64_t next = 0;  // sequence of the call that it is given next
  friend bool operator==(const FeedCursor&, const FeedCursor&) = default;
};

// Of Engine::OpenFeed(). It keeps the store open, also when the engine is gone.
//
// THREADS: thread-compatible: one thread at a time. Any number of feeds at once.
class ChangeFeed {
 public:
  ChangeFeed(ChangeFeed&&) noexcept;
  ChangeFeed& operator=(ChangeFeed&&) noexcept;
  ~ChangeFeed();

  // The changes behind position(), which moves behind them. Where nothing there passes the filter, waits until something is committed that does, or
  // `timeout_ms` is over: then the batch is empty, and position() has moved past what did not pass. Nothing is given that a loss of power could take
  // back, but under Durability::kWal.
  // ERRORS: OutOfRange (position() lies before what is kept: read the present state from a view, and go on behind its sequence), Cancelled (the
  // engine is closed, and there is nothing more), DataLoss, Unavailable (I/O). position() stays.
  // COST: a scan of the feed's rows from position() on, each decoded whole; kGroup: a sync, where the last one is not of all that is there.
  absl::StatusOr<FeedBatch> Next(std::uint32_t timeout_ms);

  // All that Next() gave is dealt with: the consumer's cursor moves to position(). It never goes back. Lasts as long as a commit would
  // (EngineOptions::durability): what takes back an acknowledgement has the same given again.
  // ERRORS: FailedPrecondition (the feed has no consumer; or the engine is read-only after a failed write), Unavailable (as Engine::Apply()), DataLoss.
  // COST: a small write; none where nothing was given since the last.
  absl::Status Acknowledge();

  // Sequence of the call that Next() begins with.
  std::uint64_t position() const;

 private:
  friend class Engine;
  class Impl;
  explicit ChangeFeed(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace polyonym

#endif  // POLYONYM_ENGINE_CHANGE_FEED_H_
