#include "store/patience.h"

#include <chrono>
#include <utility>

namespace polyonym {
namespace {

constexpr std::chrono::milliseconds kBetweenQuestions{5};

}  // namespace

Patience::Patience(std::function<bool()> go_on) : go_on_(std::move(go_on)) {
  if (go_on_) watcher_ = std::thread([this] { Watch(); });
}

Patience::~Patience() {
  if (!watcher_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    done_ = true;
  }
  ended_.notify_one();
  watcher_.join();
}

bool Patience::over() {
  if (go_on_ && !over_ && !go_on_()) over_ = true;
  return over_;
}

absl::Status Patience::status() const {
  return absl::CancelledError(
      "the store's files were not all written again: files of before may be left; call it again");
}

void Patience::Watch() {
  std::unique_lock lock(mutex_);
  while (!ended_.wait_for(lock, kBetweenQuestions, [this] { return done_; })) {
    if (over()) return;
  }
}

}  // namespace polyonym
