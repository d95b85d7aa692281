#include "polyonym/engine/environment.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <map>
#include <mutex>
#include <system_error>
#include <utility>

#include <sys/resource.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "absl/base/thread_annotations.h"
#include "engine/background.h"
#include "engine/engine_impl.h"

namespace polyonym {
namespace {

using Clock = std::chrono::steady_clock;
using Lock = std::unique_lock<std::mutex>;

absl::Status Validate(const EnvironmentOptions& options) {
  if (options.background_threads < 1 || options.background_threads > 64)
    return absl::InvalidArgumentError("background_threads: must be between 1 and 64");
  if (options.write_buffer_bytes < std::size_t{1} << 20)
    return absl::InvalidArgumentError("write_buffer_bytes: must be at least 1 MiB");
  return absl::OkStatus();
}

std::size_t StoresThatHandlesAllow() {
  constexpr std::size_t kHandles = 16;  // of a store, with some to spare
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return std::max<std::size_t>(1, static_cast<std::size_t>(limit.rlim_cur) / kHandles);
}

// The same for every spelling of a folder.
absl::StatusOr<std::string> NameOf(const std::string& path) {
  if (path.empty()) return absl::InvalidArgumentError("path: name a folder");
  std::error_code error;
  const std::filesystem::path absolute = std::filesystem::absolute(path, error);
  if (error) return absl::UnavailableError("the folder cannot be found: " + error.message());
  const std::filesystem::path name = std::filesystem::weakly_canonical(absolute, error);
  if (error) return absl::UnavailableError("the folder cannot be found: " + error.message());
  return (name / "").parent_path().string();  // without a slash at the end
}

// The heap keeps what was freed for what comes next: right while stores take turns, not when they are closed for want of memory.
void GiveHeapBack() {
#ifdef __GLIBC__
  ::malloc_trim(0);
#endif
}

}  // namespace

class Environment::Impl : public std::enable_shared_from_this<Environment::Impl> {
 public:
  explicit Impl(const EnvironmentOptions& options)
      : options_(options),
        max_open_stores_(options.max_open_stores != 0 ? options.max_open_stores
                                                      : StoresThatHandlesAllow()),
        share_(std::make_shared<RocksShare>(options.block_cache_bytes, options.write_buffer_bytes)),
        background_(std::make_shared<engine::Background>(
            static_cast<std::size_t>(options.background_threads))) {}

  absl::StatusOr<std::shared_ptr<Engine>> Open(const std::string& path, EngineOptions options);
  std::size_t CloseIdle();
  void End();
  EnvironmentStats GetStats() const;

 private:
  struct OpenStore {
    const std::string* name = nullptr;
    std::unique_ptr<Engine> engine;  // null while it is being opened or closed
    std::size_t holders = 0;
    std::uint64_t bytes = 0;     // as last looked at
    std::uint64_t last_use = 0;  // of uses_: when it was lent or let go last
    Clock::time_point idle_since = {};
  };

  static std::uint64_t BytesOf(const Engine& engine) {
    return engine.impl_->resident_bytes() + kStoreBytes;
  }
  // Views keep what they show, and its folder, open. Nobody reads new ones while no pointer is lent.
  static bool HasViews(const OpenStore& store) { return store.engine->impl_.use_count() > 1; }

  OpenStore* FindOpen(const std::string& name, Lock* lock);
  absl::Status MakeRoom(Lock* lock);
  std::shared_ptr<Engine> Lend(OpenStore* store);
  void Return(OpenStore* store);
  void Look(OpenStore* store);
  bool OverBudget() const {
    return options_.memory_budget_bytes != 0 && total_bytes_ > options_.memory_budget_bytes;
  }
  void KeepToBudget(Lock* lock);
  OpenStore* LongestIdle();
  void Close(OpenStore* store, Lock* lock);
  void CallSweep();
  void Sweep();

  const EnvironmentOptions options_;
  const std::size_t max_open_stores_;
  const std::shared_ptr<RocksShare> share_;
  const std::shared_ptr<engine::Background> background_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;  // a store was opened or closed
  std::map<std::string, OpenStore> stores_ ABSL_GUARDED_BY(mutex_);
  std::uint64_t uses_ ABSL_GUARDED_BY(mutex_) = 0;
  std::size_t closing_ ABSL_GUARDED_BY(mutex_) = 0;
  std::uint64_t total_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  std::uint64_t opened_ ABSL_GUARDED_BY(mutex_) = 0;
  std::uint64_t evicted_ ABSL_GUARDED_BY(mutex_) = 0;
  bool sweep_called_ ABSL_GUARDED_BY(mutex_) = false;
  bool ending_ ABSL_GUARDED_BY(mutex_) = false;
};

// ---- opening ----

absl::StatusOr<std::shared_ptr<Engine>> Environment::Impl::Open(const std::string& path,
                                                                EngineOptions options) {
  const absl::StatusOr<std::string> name = NameOf(path);
  if (!name.ok()) return name.status();
  Lock lock(mutex_);
  if (OpenStore* found = FindOpen(*name, &lock)) return Lend(found);
  const auto at = stores_.try_emplace(*name).first;
  at->second.name = &at->first;
  absl::Status status = MakeRoom(&lock);
  if (status.ok()) {
    lock.unlock();
    options.rocks.share = share_;
    options.rocks.background_threads = options_.background_threads;
    auto engine = Engine::Open(*name, options, background_);
    lock.lock();
    status = engine.status();
    if (engine.ok()) at->second.engine = *std::move(engine);
  }
  changed_.notify_all();
  if (!status.ok()) {
    stores_.erase(at);
    return status;
  }
  ++opened_;
  std::shared_ptr<Engine> lent = Lend(&at->second);
  for (auto& [other, store] : stores_) Look(&store);
  KeepToBudget(&lock);
  return lent;
}

// The store, if it is open; null if it is to be opened.
Environment::Impl::OpenStore* Environment::Impl::FindOpen(const std::string& name, Lock* lock) {
  while (true) {
    const auto at = stores_.find(name);
    if (at == stores_.end()) return nullptr;
    OpenStore& store = at->second;
    if (store.engine == nullptr) {
      changed_.wait(*lock);
    } else if (store.holders == 0 && !HasViews(store) && !store.engine->impl_->ReadOnly().ok()) {
      Close(&store, lock);
    } else {
      return &store;
    }
  }
}

absl::Status Environment::Impl::MakeRoom(Lock* lock) {
  while (stores_.size() > max_open_stores_) {
    if (OpenStore* store = LongestIdle()) {
      Close(store, lock);
    } else if (closing_ > 0) {
      changed_.wait(*lock);
    } else {
      return absl::ResourceExhaustedError(
          "max_open_stores: so many stores are open, and all are held; let one go, or allow more");
    }
  }
  return absl::OkStatus();
}

// ---- lending ----

std::shared_ptr<Engine> Environment::Impl::Lend(OpenStore* store) {
  ++store->holders;
  store->last_use = ++uses_;
  return {store->engine.get(),
          [self = shared_from_this(), store](Engine*) { self->Return(store); }};
}

void Environment::Impl::Return(OpenStore* store) {
  Lock lock(mutex_);
  Look(store);
  store->last_use = ++uses_;
  if (--store->holders == 0) {
    store->idle_since = Clock::now();
    if (ending_ && !HasViews(*store)) return Close(store, &lock);
    CallSweep();
  }
  KeepToBudget(&lock);
}

// ---- closing ----

void Environment::Impl::Look(OpenStore* store) {
  if (store->engine == nullptr) return;
  const std::uint64_t now = BytesOf(*store->engine);
  total_bytes_ += now - store->bytes;
  store->bytes = now;
}

// Of the stores that may be closed the one used longest ago, or null.
Environment::Impl::OpenStore* Environment::Impl::LongestIdle() {
  OpenStore* longest = nullptr;
  for (auto& [name, store] : stores_) {
    if (store.engine == nullptr || store.holders > 0 || HasViews(store)) continue;
    if (longest == nullptr || store.last_use < longest->last_use) longest = &store;
  }
  return longest;
}

// The store used last stays: one that is larger than the budget would else be opened for every request.
void Environment::Impl::KeepToBudget(Lock* lock) {
  while (OverBudget()) {
    OpenStore* store = LongestIdle();
    if (store == nullptr || store->last_use == uses_) return;
    Close(store, lock);
  }
}

// Gives up the lock meanwhile; those who want the store wait until it is closed.
void Environment::Impl::Close(OpenStore* store, Lock* lock) {
  std::unique_ptr<Engine> engine = std::move(store->engine);
  ++closing_;
  ++evicted_;
  lock->unlock();
  engine->Checkpoint().IgnoreError();  // the log has it all, and takes longer to open
  engine.reset();
  lock->lock();
  --closing_;
  total_bytes_ -= store->bytes;
  stores_.erase(*store->name);
  changed_.notify_all();
}

std::size_t Environment::Impl::CloseIdle() {
  Lock lock(mutex_);
  std::size_t closed = 0;
  for (; OpenStore* store = LongestIdle(); ++closed) Close(store, &lock);
  lock.unlock();
  if (closed > 0) GiveHeapBack();
  return closed;
}

void Environment::Impl::End() {
  {
    const Lock lock(mutex_);
    ending_ = true;
  }
  background_->checkpoints.Forget(this);
  CloseIdle();
}

// ---- what was idle for long ----

void Environment::Impl::CallSweep() {
  if (options_.idle_ms == 0 || sweep_called_ || ending_) return;
  sweep_called_ = true;
  background_->checkpoints.After(std::chrono::milliseconds(options_.idle_ms / 4 + 1), this,
                                 [this] { Sweep(); });
}

void Environment::Impl::Sweep() {
  Lock lock(mutex_);
  const auto since = Clock::now() - std::chrono::milliseconds(options_.idle_ms);
  bool closed = false;
  for (OpenStore* store = LongestIdle(); store != nullptr && store->idle_since <= since;
       store = LongestIdle()) {
    Close(store, &lock);
    closed = true;
  }
  if (closed) {
    lock.unlock();
    GiveHeapBack();
    lock.lock();
  }
  sweep_called_ = false;
  for (const auto& [name, store] : stores_) {
    if (store.engine != nullptr && store.holders == 0) return CallSweep();
  }
}

EnvironmentStats Environment::Impl::GetStats() const {
  EnvironmentStats stats;
  const Lock lock(mutex_);
  for (const auto& [name, store] : stores_) {
    if (store.engine == nullptr) continue;
    ++stats.open_stores;
    stats.held_stores += store.holders > 0;
    stats.resident_bytes += BytesOf(*store.engine);
  }
  stats.cached_bytes = share_->cached_bytes();
  stats.write_buffered_bytes = share_->write_buffered_bytes();
  stats.opened = opened_;
  stats.evicted = evicted_;
  return stats;
}

// ---- the public face ----

absl::StatusOr<std::unique_ptr<Environment>> Environment::Make(const EnvironmentOptions& options) {
  if (absl::Status status = Validate(options); !status.ok()) return status;
  return std::unique_ptr<Environment>(new Environment(std::make_shared<Impl>(options)));
}

Environment::Environment(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
Environment::~Environment() { impl_->End(); }

absl::StatusOr<std::shared_ptr<Engine>> Environment::Open(const std::string& path,
                                                          const EngineOptions& options) {
  return impl_->Open(path, options);
}
std::size_t Environment::CloseIdle() { return impl_->CloseIdle(); }
EnvironmentStats Environment::GetStats() const { return impl_->GetStats(); }

}  // namespace polyonym
