#include "progress.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "output.h"
#include "session.h"

namespace polyonym::driver {

Progress::Progress(std::string what) : what_(std::move(what)), shown_(isatty(STDERR_FILENO) != 0) {}

Progress::~Progress() {
  if (dirty_) std::fputs("\r\033[K", stderr);
}

double Progress::seconds() const {
  return std::chrono::duration<double>(Clock::now() - start_).count();
}

void Progress::Update(std::uint64_t count, const ReadPosition& position) {
  if (!shown_ || Clock::now() - drawn_ < std::chrono::milliseconds(100)) return;
  drawn_ = Clock::now();
  dirty_ = true;
  const double rate = static_cast<double>(count) / std::max(seconds(), 1e-3);
  std::string line = "\r\033[K";
  if (position.total > 0) {
    constexpr int kWidth = 30;
    const double done =
        std::min(1.0, static_cast<double>(position.read) / static_cast<double>(position.total));
    const int filled = static_cast<int>(done * kWidth);
    line += "[" + std::string(filled, '#') + std::string(kWidth - filled, '.') + "] " +
            std::to_string(static_cast<int>(done * 100)) + "%  ";
  }
  line += FormatCount(count) + " " + what_ + "  " + FormatCount(static_cast<std::uint64_t>(rate)) +
          "/s";
  if (position.total > 0 && position.read > 0) {
    const double left =
        seconds() * static_cast<double>(position.total - std::min(position.read, position.total)) /
        static_cast<double>(position.read);
    char text[48];
    std::snprintf(text, sizeof(text), "  %d:%02d left", static_cast<int>(left) / 60,
                  static_cast<int>(left) % 60);
    line += text;
  }
  std::fputs(line.c_str(), stderr);
  std::fflush(stderr);
}

PolicyResult PutInForce(const Policy& policy, const std::string& graph, Engine* engine,
                        std::optional<std::uint64_t> if_version) {
  Progress progress("steps");
  PolicyOptions options;
  options.graph = graph;
  options.if_version = if_version;
  options.progress = [&](std::uint64_t done, std::uint64_t total) {
    progress.Update(done, {done, total});
  };
  auto result = engine->SetPolicy(policy, options);
  if (absl::IsInvalidArgument(result.status()) || absl::IsResourceExhausted(result.status()))
    Fail(kUsage, result.status());
  return FromStore(std::move(result));
}

}  // namespace polyonym::driver
