// input.h - bytes of a file or of standard input: decompressed, and as UTF-8 text.
//
// gzip (also of several members) and Zstandard (also of several frames) are told by their first bytes, whatever the name.
//
// THREADS: single-threaded.  ERRORS: InvalidArgument (cannot be read, broken compression, unknown encoding).
#ifndef POLYONYM_EXAMPLES_POLYONYM_INPUT_H_
#define POLYONYM_EXAMPLES_POLYONYM_INPUT_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace polyonym::driver {

// A stream of bytes.
class Bytes {
 public:
  virtual ~Bytes() = default;
  // The next bytes, valid until the next call; empty at the end.
  virtual absl::StatusOr<std::string_view> Next() = 0;
};

// Where a file is being read, for a progress bar: bytes as they lie on disk.
struct ReadPosition {
  std::uint64_t read = 0;
  std::uint64_t total = 0;  // 0: not known
};

// Opens `path`, or standard input for `-`. `position` is kept up to date while the stream is read, and outlives it.
absl::StatusOr<std::unique_ptr<Bytes>> OpenInput(const std::string& path, ReadPosition* position);

// Size of a file; 0 where it is none.
std::uint64_t SizeOfInput(const std::string& path);

// The same bytes without a byte order mark, of GB 18030 as UTF-8. What is no character of GB 18030 becomes U+FFFD.
std::unique_ptr<Bytes> WithoutMark(std::unique_ptr<Bytes> bytes);
absl::StatusOr<std::unique_ptr<Bytes>> FromGb18030(std::unique_ptr<Bytes> bytes);

// Lines of a stream, without their ends (LF or CR LF).
class Lines {
 public:
  explicit Lines(std::unique_ptr<Bytes> bytes) : bytes_(std::move(bytes)) {}

  // False at the end. A line over `kMaxLine` bytes is cut there, and so has at least that size.
  absl::StatusOr<bool> Next(std::string* line);
  std::uint64_t number() const { return number_; }  // of the last line, from 1

  static constexpr std::size_t kMaxLine = (std::size_t{16} << 20) + 1;

 private:
  std::unique_ptr<Bytes> bytes_;
  std::string_view rest_;
  std::uint64_t number_ = 0;
  bool ended_ = false;
};

}  // namespace polyonym::driver

#endif  // POLYONYM_EXAMPLES_POLYONYM_INPUT_H_
