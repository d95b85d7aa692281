// tail.h - lines of a file as it grows, or of a stream as they come.
//
// A line is given once its end is there: the last one of a file that is being written is waited for. Standard input, and any other stream, has an
// end; a regular file has none here. One that was cut short, or put in place of the one that is open, is read from its beginning.
//
// THREADS: single-threaded.  ERRORS: InvalidArgument (cannot be read, is a folder or compressed).
#ifndef POLYONYM_EXAMPLES_POLYONYM_TAIL_H_
#define POLYONYM_EXAMPLES_POLYONYM_TAIL_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace polyonym::driver {

class Tail {
 public:
  struct Line {
    std::uint64_t number = 0;  // from 1
    std::string text;          // without its end; cut as Lines::kMaxLine says
  };

  // `-` is standard input.
  static absl::StatusOr<std::unique_ptr<Tail>> Open(const std::string& path);
  ~Tail();
  Tail(const Tail&) = delete;
  Tail& operator=(const Tail&) = delete;

  // Lines that are there, up to `most`. Waits for the first one up to `wait_ms`, or until a signal comes.
  absl::StatusOr<std::deque<Line>> Next(std::size_t most, std::int64_t wait_ms);

  // It is a stream that is at its end, and all lines were given.
  bool ended() const { return ended_ && ready_.empty(); }

 private:
  Tail(std::string path, int file, bool grows);
  // Whether something is to be read, or the end.
  static bool WaitFor(int file, std::int64_t wait_ms);
  absl::StatusOr<std::size_t> Read();
  void Split(std::string_view bytes);
  void EndLine();
  // Of a file, at its end: whether to begin it again, as it is now.
  bool Reopen();

  const std::string path_;
  int file_;
  const bool grows_;
  std::uint64_t read_ = 0;  // bytes of the file that is open
  std::uint64_t number_ = 0;
  std::string line_;  // that has no end yet
  std::deque<Line> ready_;
  bool ended_ = false;
};

}  // namespace polyonym::driver

#endif  // POLYONYM_EXAMPLES_POLYONYM_TAIL_H_
