#include "polyonym/engine/change_feed.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "engine/engine_impl.h"
#include "engine/feed.h"
#include "engine/state.h"

namespace polyonym {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMaxConsumerBytes = 128;
constexpr std::uint64_t kMaxChanges = 1'000'000;

// A filter, ready to be asked.
class Sieve {
 public:
  explicit Sieve(const FeedFilter& filter)
      : kinds_(MaskOf(filter.kinds)),
        without_causes_(MaskOf(filter.without_causes)),
        names_(filter.names.begin(), filter.names.end()) {
    for (const ProfileId profile : filter.profiles) profiles_.insert(profile.value);
  }

  bool Passes(const Change& change) const {
    if (kinds_ != 0 && !Has(kinds_, change.kind)) return false;
    if (Has(without_causes_, change.cause)) return false;
    if (!names_.empty() && !IsWhoIsWho(change.kind) && !names_.contains(change.name)) return false;
    return profiles_.empty() || SpeaksOfOne(change);
  }

 private:
  template <class E>
  static std::uint32_t MaskOf(const std::vector<E>& values) {
    std::uint32_t mask = 0;
    for (const E value : values) mask |= std::uint32_t{1} << static_cast<unsigned>(value);
    return mask;
  }
  template <class E>
  static bool Has(std::uint32_t mask, E value) {
    return (mask >> static_cast<unsigned>(value) & 1) != 0;
  }
  // What a field holds that means nothing is no profile.
  bool SpeaksOfOne(const Change& change) const {
    const bool came = change.kind == ChangeKind::kCreated || change.kind == ChangeKind::kJoined;
    const bool left = change.kind == ChangeKind::kLeft;
    const bool has_from = (IsWhoIsWho(change.kind) && !came) || left;
    const bool has_to = change.kind != ChangeKind::kGone && !left;
    return (has_from && profiles_.contains(change.from.value)) ||
           (has_to && profiles_.contains(change.to.value));
  }

  const std::uint32_t kinds_;  // a bit each
  const std::uint32_t without_causes_;
  const absl::flat_hash_set<std::string> names_;
  absl::flat_hash_set<std::uint64_t> profiles_;
};

absl::Status Validate(const FeedOptions& options) {
  if (options.consumer.size() > kMaxConsumerBytes)
    return absl::InvalidArgumentError("consumer: a name is up to 128 bytes");
  if (options.max_changes < 1 || options.max_changes > kMaxChanges)
    return absl::InvalidArgumentError("max_changes: must be between 1 and 1,000,000");
  const auto& kinds = options.filter.kinds;
  const auto& causes = options.filter.without_causes;
  if (std::any_of(kinds.begin(), kinds.end(),
                  [](ChangeKind kind) { return static_cast<std::size_t>(kind) >= kChangeKinds; })) {
    return absl::InvalidArgumentError("filter.kinds: holds what is no kind of change");
  }
  if (std::any_of(causes.begin(), causes.end(), [](Cause cause) { return cause > Cause::kErase; }))
    return absl::InvalidArgumentError("filter.without_causes: holds what is no cause");
  return absl::OkStatus();
}

}  // namespace

class ChangeFeed::Impl {
 public:
  Impl(std::shared_ptr<Engine::Impl> engine, std::shared_ptr<engine::Lens> lens,
       const FeedOptions& options, std::uint64_t position, std::optional<std::uint64_t> cursor)
      : engine_(std::move(engine)),
        lens_(std::move(lens)),
        consumer_(options.consumer),
        sieve_(options.filter),
        max_changes_(options.max_changes),
        position_(position),
        acknowledged_(cursor) {}

  absl::StatusOr<FeedBatch> Next(std::uint32_t timeout_ms) {
    const Clock::time_point until = Clock::now() + std::chrono::milliseconds(timeout_ms);
    for (;;) {
      const bool closed = lens_->publisher.closed();  // asked first: what was shown before is read
      auto batch = Read();
      if (!batch.ok()) return batch.status();
      position_ = batch->next;
      if (!batch->changes.empty() || !batch->at_end) return batch;
      if (closed) return absl::CancelledError("the engine is closed, and the feed is at its end");
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
      if (left <= 0) return batch;
      lens_->publisher.WaitFor(position_, static_cast<std::uint32_t>(left));
    }
  }

  absl::Status Acknowledge() {
    if (consumer_.empty()) {
      return absl::FailedPreconditionError(
          "the feed has no consumer: keep position() yourself, or open it with one");
    }
    if (acknowledged_ == position_) return absl::OkStatus();
    if (absl::Status status = engine_->MoveFeedCursor(lens_->number, consumer_, position_);
        !status.ok()) {
      return status;
    }
    acknowledged_ = position_;
    return absl::OkStatus();
  }

  std::uint64_t position() const { return position_; }

 private:
  // What is there by now.
  absl::StatusOr<FeedBatch> Read() const {
    const std::uint64_t newest = lens_->publisher.newest()->sequence;
    FeedBatch batch;
    batch.next = std::max(position_, newest + 1);
    batch.at_end = true;
    absl::Status status = engine_->ReadFeed(lens_->number, position_, newest,
                                            [&](std::uint64_t sequence, engine::FeedRow row) {
                                              for (Change& change : row.changes) {
                                                if (sieve_.Passes(change))
                                                  batch.changes.push_back(std::move(change));
                                              }
                                              if (batch.changes.size() < max_changes_) return true;
                                              batch.next = sequence + 1;
                                              batch.at_end = sequence == newest;
                                              return false;
                                            });
    if (!status.ok()) return status;
    return batch;
  }

  const std::shared_ptr<Engine::Impl> engine_;
  const std::shared_ptr<engine::Lens> lens_;
  const std::string consumer_;
  const Sieve sieve_;
  const std::uint64_t max_changes_;
  std::uint64_t position_;
  std::optional<std::uint64_t> acknowledged_;
};

ChangeFeed::ChangeFeed(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ChangeFeed::ChangeFeed(ChangeFeed&&) noexcept = default;
ChangeFeed& ChangeFeed::operator=(ChangeFeed&&) noexcept = default;
ChangeFeed::~ChangeFeed() = default;

absl::StatusOr<FeedBatch> ChangeFeed::Next(std::uint32_t timeout_ms) {
  return impl_->Next(timeout_ms);
}
absl::Status ChangeFeed::Acknowledge() { return impl_->Acknowledge(); }
std::uint64_t ChangeFeed::position() const { return impl_->position(); }

absl::StatusOr<ChangeFeed> Engine::OpenFeed(const FeedOptions& options) const {
  if (absl::Status status = Validate(options); !status.ok()) return status;
  auto lens = impl_->FindGraph(options.graph);
  if (!lens.ok()) return lens.status();
  std::uint64_t position = options.from.value_or(0);
  std::optional<std::uint64_t> cursor;
  if (!options.consumer.empty()) {
    auto stored = impl_->FeedCursorOf((*lens)->number, options.consumer);
    if (!stored.ok()) return stored.status();
    cursor = *stored;
    position = cursor.value_or(position);
  }
  if (position > (*lens)->publisher.newest()->sequence + 1) {
    return absl::OutOfRangeError(
        "from: lies behind the last call, as in a store that was restored; read the present state "
        "from a view, and go on behind its sequence");
  }
  return ChangeFeed(
      std::make_unique<ChangeFeed::Impl>(impl_, *std::move(lens), options, position, cursor));
}

}  // namespace polyonym
