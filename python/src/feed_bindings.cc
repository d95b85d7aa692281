// The feed of changes and the outbox, read by consumers.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nanobind/stl/unique_ptr.h>

#include "bindings.h"
#include "calls.h"
#include "engine_handle.h"
#include "enum_names.h"
#include "polyonym/engine/change_feed.h"
#include "polyonym/engine/outbox.h"
#include "values.h"

namespace polyonym::python {
namespace {

using python::ToPython;

constexpr std::size_t kCauses = static_cast<std::size_t>(Cause::kErase) + 1;

// A feed as Python holds it: open until close().
// THREADS: thread-safe; who waits for changes lets others in every 200 ms.
class FeedHandle {
 public:
  explicit FeedHandle(ChangeFeed feed) : feed_(std::move(feed)) {}
  // It may be the last that keeps the store open, which is synced as it closes.
  ~FeedHandle() {
    nb::gil_scoped_release released;
    feed_.reset();
  }

  // Waits up to `timeout_ms`, or, without it, until there is something or Ctrl-C is pressed.  REQUIRES: that the GIL is not held.
  absl::StatusOr<FeedBatch> Next(std::optional<std::uint64_t> timeout_ms) {
    using Clock = std::chrono::steady_clock;
    const Clock::time_point begin = Clock::now();
    for (;;) {
      std::uint64_t slice_ms = kSliceMs;
      if (timeout_ms) {
        const auto passed =
            std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begin).count();
        const std::uint64_t left = *timeout_ms - std::min<std::uint64_t>(*timeout_ms, passed);
        slice_ms = std::min(slice_ms, left);
      }
      absl::StatusOr<FeedBatch> batch = NextSlice(static_cast<std::uint32_t>(slice_ms));
      const bool is_last = timeout_ms && slice_ms < kSliceMs;
      if (!batch.ok() || !batch->changes.empty() || is_last || Interrupted()) return batch;
    }
  }

  absl::Status Acknowledge() {
    const std::lock_guard lock(mutex_);
    return feed_ ? feed_->Acknowledge() : ClosedError();
  }
  absl::StatusOr<std::uint64_t> Position() {
    const std::lock_guard lock(mutex_);
    if (!feed_) return ClosedError();
    return feed_->position();
  }
  absl::Status Close() {
    const std::lock_guard lock(mutex_);
    feed_.reset();
    return absl::OkStatus();
  }

 private:
  static constexpr std::uint64_t kSliceMs = 200;
  static absl::Status ClosedError() {
    return absl::FailedPreconditionError("the feed is closed; open it again");
  }
  absl::StatusOr<FeedBatch> NextSlice(std::uint32_t timeout_ms) {
    const std::lock_guard lock(mutex_);
    if (!feed_) return ClosedError();
    return feed_->Next(timeout_ms);
  }

  std::mutex mutex_;
  std::optional<ChangeFeed> feed_;
};

std::unique_ptr<FeedHandle> OpenFeed(const EngineHandle& handle, const std::string& graph,
                                     const std::string& consumer, std::optional<std::uint64_t> from,
                                     const std::vector<std::string>& kinds,
                                     std::vector<std::string> names,
                                     const std::vector<std::string>& without_causes,
                                     const std::vector<std::string>& profiles,
                                     std::uint64_t batch) {
  const std::shared_ptr<Engine> engine = handle.Get();
  FeedOptions options;
  options.consumer = consumer;
  options.from = from;
  options.graph = graph;
  options.max_changes = batch;
  options.filter.kinds = EnumsOf<ChangeKind>(kinds, 0, kChangeKinds, "kinds");
  options.filter.names = std::move(names);
  options.filter.without_causes = EnumsOf<Cause>(without_causes, 1, kCauses, "without_causes");
  for (const std::string& text : profiles) {
    const auto id = ParseProfileId(text);
    if (!id.ok())
      RaiseInvalid("profiles: must be profiles, such as p~1k; find() has that of an identifier");
    options.filter.profiles.push_back(*id);
  }
  return std::make_unique<FeedHandle>(Call([&] { return engine->OpenFeed(options); }));
}

nb::list Cursors(const EngineHandle& handle) {
  const std::shared_ptr<Engine> engine = handle.Get();
  return ListOf(Call([&] { return engine->FeedCursors(); }), [](const FeedCursor& cursor) {
    return Result("FeedCursor")("consumer"_a = cursor.consumer, "graph"_a = cursor.graph,
                                "position"_a = cursor.next);
  });
}

nb::list Outbox(const EngineHandle& handle, const std::string& graph, const std::string& trigger,
                std::uint64_t after, std::uint64_t limit) {
  const std::shared_ptr<Engine> engine = handle.Get();
  const OutboxOptions options{trigger, graph, after, limit};
  return ListOf(Call([&] { return engine->ReadOutbox(options); }), [](const OutboxItem& item) {
    return Result("OutboxItem")("id"_a = item.id, "sequence"_a = item.sequence,
                                "trigger"_a = item.trigger, "segment"_a = item.segment,
                                "profile"_a = ToPython(item.profile),
                                "cause"_a = TextOf(ToString(item.cause)),
                                "record"_a = item.record == 0 ? nb::none() : nb::cast(item.record),
                                "now"_a = TimeOf(item.now_ms));
  });
}

}  // namespace

void BindFeed(nb::module_& module) {
  nb::class_<FeedHandle>(module, "Feed")
      .def(
          "next",
          [](FeedHandle& feed, std::optional<std::uint64_t> timeout_ms) {
            return ToPython(Call([&] { return feed.Next(timeout_ms); }).changes);
          },
          "timeout_ms"_a.none())
      .def("acknowledge", [](FeedHandle& feed) { Call([&] { return feed.Acknowledge(); }); })
      .def_prop_ro("position",
                   [](FeedHandle& feed) { return Call([&] { return feed.Position(); }); })
      .def("close", [](FeedHandle& feed) { Call([&] { return feed.Close(); }); });
  module.def("open_feed", &OpenFeed, "engine"_a, nb::kw_only(), "graph"_a, "consumer"_a,
             "start"_a.none(), "kinds"_a, "names"_a, "without_causes"_a, "profiles"_a, "batch"_a);
  module.def("feed_cursors", &Cursors, "engine"_a);
  module.def(
      "drop_feed_cursor",
      [](const EngineHandle& handle, const std::string& consumer, const std::string& graph) {
        const std::shared_ptr<Engine> engine = handle.Get();
        Call([&] { return engine->DropFeedCursor(consumer, graph); });
      },
      "engine"_a, "consumer"_a, "graph"_a);
  module.def(
      "trim_feed",
      [](const EngineHandle& handle, std::uint64_t before) {
        const std::shared_ptr<Engine> engine = handle.Get();
        Call([&] { return engine->TrimFeed(before); });
      },
      "engine"_a, "before"_a);
  module.def("outbox", &Outbox, "engine"_a, nb::kw_only(), "graph"_a, "trigger"_a, "after"_a,
             "limit"_a);
  module.def(
      "acknowledge_outbox",
      [](const EngineHandle& handle, const std::vector<std::uint64_t>& ids,
         const std::string& graph) {
        const std::shared_ptr<Engine> engine = handle.Get();
        return Call([&] { return engine->AcknowledgeOutbox(ids, graph); });
      },
      "engine"_a, "ids"_a, "graph"_a);
}

}  // namespace polyonym::python
