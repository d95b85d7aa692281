#include "tail.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <system_error>
#include <utility>

#include "input.h"

namespace polyonym::driver {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::int64_t kLookAgainMs = 50;  // a file says nothing when it grows

absl::Status CannotRead(const std::string& path) {
  return absl::InvalidArgumentError(path + ": " + std::generic_category().message(errno));
}

bool IsCompressed(std::string_view beginning) {
  return beginning.starts_with("\x1f\x8b") || beginning.starts_with("\x28\xb5\x2f\xfd");
}

}  // namespace

absl::StatusOr<std::unique_ptr<Tail>> Tail::Open(const std::string& path) {
  const int file = path == "-" ? STDIN_FILENO : open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat state = {};
  if (file < 0 || fstat(file, &state) != 0) return CannotRead(path);
  auto tail =
      std::unique_ptr<Tail>(new Tail(path, file, path != "-" && S_ISREG(state.st_mode) != 0));
  if (S_ISDIR(state.st_mode)) return absl::InvalidArgumentError(path + ": is a folder");
  return tail;
}

Tail::Tail(std::string path, int file, bool grows)
    : path_(std::move(path)), file_(file), grows_(grows) {}

Tail::~Tail() {
  if (file_ != STDIN_FILENO) close(file_);
}

absl::StatusOr<std::deque<Tail::Line>> Tail::Next(std::size_t most, std::int64_t wait_ms) {
  const Clock::time_point until = Clock::now() + std::chrono::milliseconds(wait_ms);
  const auto left = [&]() -> std::int64_t {
    if (!ready_.empty()) return 0;
    return std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
  };
  while (ready_.size() < most && !ended_) {
    if (!grows_ && !WaitFor(file_, left())) break;
    const auto n = Read();
    if (!n.ok()) return n.status();
    if (*n > 0) continue;
    if (!grows_) {
      ended_ = true;
      if (!line_.empty()) EndLine();
    } else if (!Reopen()) {
      const std::int64_t wait = std::min(left(), kLookAgainMs);
      if (wait <= 0 || (poll(nullptr, 0, static_cast<int>(wait)) != 0 && errno == EINTR)) break;
    }
  }
  const auto end =
      ready_.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(most, ready_.size()));
  std::deque<Line> lines(std::make_move_iterator(ready_.begin()), std::make_move_iterator(end));
  ready_.erase(ready_.begin(), end);
  return lines;
}

bool Tail::WaitFor(int file, std::int64_t wait_ms) {
  pollfd wanted = {file, POLLIN, 0};
  return poll(&wanted, 1, static_cast<int>(std::max<std::int64_t>(wait_ms, 0))) > 0;
}

absl::StatusOr<std::size_t> Tail::Read() {
  std::array<char, 1 << 16> buffer;
  const ssize_t n = read(file_, buffer.data(), buffer.size());
  if (n < 0 && errno == EINTR) return Read();
  if (n < 0) return CannotRead(path_);
  std::string_view bytes(buffer.data(), static_cast<std::size_t>(n));
  if (read_ == 0) {
    if (IsCompressed(bytes))
      return absl::InvalidArgumentError(path_ + ": is compressed, and so cannot be followed");
    if (bytes.starts_with("\xef\xbb\xbf")) bytes.remove_prefix(3);
  }
  read_ += static_cast<std::uint64_t>(n);
  Split(bytes);
  return static_cast<std::size_t>(n);
}

void Tail::Split(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    const std::size_t room = Lines::kMaxLine - std::min(Lines::kMaxLine, line_.size());
    line_.append(bytes.substr(0, std::min(end, room)));
    if (end == std::string_view::npos) return;
    EndLine();
    bytes.remove_prefix(end + 1);
  }
}

void Tail::EndLine() {
  if (line_.ends_with('\r')) line_.pop_back();
  ready_.push_back({++number_, std::exchange(line_, {})});
}

bool Tail::Reopen() {
  struct stat here = {}, there = {};
  if (fstat(file_, &here) != 0 || stat(path_.c_str(), &there) != 0) return false;
  const bool same = here.st_dev == there.st_dev && here.st_ino == there.st_ino;
  if (same && static_cast<std::uint64_t>(there.st_size) >= read_) return false;
  const int file = open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  close(std::exchange(file_, file));
  read_ = number_ = 0;
  line_.clear();
  return true;
}

}  // namespace polyonym::driver
