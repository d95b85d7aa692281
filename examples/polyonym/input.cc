#include "input.h"

#include <unicode/ucnv.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

namespace polyonym::driver {

namespace {

constexpr std::size_t kChunk = std::size_t{1} << 18;

absl::Status Broken(const std::string& path, const char* what) {
  return absl::InvalidArgumentError(path + ": " + what + "; what came before was read");
}

// The bytes of a file as they lie there. Keeps the first ones for whoever has to know the compression.
class FileBytes : public Bytes {
 public:
  FileBytes(std::FILE* file, std::string path, ReadPosition* position)
      : file_(file), path_(std::move(path)), position_(position), buffer_(kChunk) {}
  ~FileBytes() override {
    if (file_ != stdin) std::fclose(file_);
  }
  absl::StatusOr<std::string_view> Next() override {
    if (peeked_) {
      peeked_ = false;
      return first_;
    }
    const std::size_t n = std::fread(buffer_.data(), 1, buffer_.size(), file_);
    if (n == 0 && std::ferror(file_) != 0)
      return absl::InvalidArgumentError(path_ + ": " + std::generic_category().message(errno));
    position_->read += n;
    return std::string_view(buffer_.data(), n);
  }
  absl::StatusOr<std::string_view> Peek() {
    auto first = Next();
    if (first.ok()) first_ = *first;
    peeked_ = true;
    return first;
  }

 private:
  std::FILE* file_;
  std::string path_;
  ReadPosition* position_;
  std::vector<char> buffer_;
  std::string_view first_;
  bool peeked_ = false;
};

class GzipBytes : public Bytes {
 public:
  GzipBytes(std::unique_ptr<Bytes> from, std::string path)
      : from_(std::move(from)), path_(std::move(path)), buffer_(kChunk) {
    inflateInit2(&stream_, 15 + 16);
  }
  ~GzipBytes() override { inflateEnd(&stream_); }
  absl::StatusOr<std::string_view> Next() override {
    while (true) {
      if (stream_.avail_in == 0) {
        auto more = from_->Next();
        if (!more.ok()) return more.status();
        if (more->empty()) {
          if (inside_) return Broken(path_, "the gzip stream ends in the middle");
          return std::string_view();
        }
        stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(more->data()));
        stream_.avail_in = static_cast<uInt>(more->size());
      }
      inside_ = true;
      stream_.next_out = reinterpret_cast<Bytef*>(buffer_.data());
      stream_.avail_out = static_cast<uInt>(buffer_.size());
      const int result = inflate(&stream_, Z_NO_FLUSH);
      if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
        return Broken(path_, "the gzip stream is broken");
      if (result == Z_STREAM_END) {  // another member may follow
        inside_ = false;
        inflateReset(&stream_);
      }
      const std::size_t n = buffer_.size() - stream_.avail_out;
      if (n > 0) return std::string_view(buffer_.data(), n);
    }
  }

 private:
  std::unique_ptr<Bytes> from_;
  std::string path_;
  std::vector<char> buffer_;
  z_stream stream_ = {};
  bool inside_ = false;
};

class ZstdBytes : public Bytes {
 public:
  ZstdBytes(std::unique_ptr<Bytes> from, std::string path)
      : from_(std::move(from)),
        path_(std::move(path)),
        buffer_(kChunk),
        stream_(ZSTD_createDStream()) {}
  ~ZstdBytes() override { ZSTD_freeDStream(stream_); }
  absl::StatusOr<std::string_view> Next() override {
    while (true) {
      if (in_.pos == in_.size && !full_) {
        auto more = from_->Next();
        if (!more.ok()) return more.status();
        if (more->empty()) {
          if (inside_) return Broken(path_, "the Zstandard stream ends in the middle");
          return std::string_view();
        }
        in_ = {more->data(), more->size(), 0};
      }
      ZSTD_outBuffer out = {buffer_.data(), buffer_.size(), 0};
      const std::size_t result = ZSTD_decompressStream(stream_, &out, &in_);
      if (ZSTD_isError(result) != 0) return Broken(path_, "the Zstandard stream is broken");
      inside_ = result != 0;
      full_ = out.pos == out.size;  // more may wait inside
      if (out.pos > 0) return std::string_view(buffer_.data(), out.pos);
    }
  }

 private:
  std::unique_ptr<Bytes> from_;
  std::string path_;
  std::vector<char> buffer_;
  ZSTD_DStream* stream_;
  ZSTD_inBuffer in_ = {nullptr, 0, 0};
  bool inside_ = false;
  bool full_ = false;
};

// Takes U+FEFF off the front.
class MarklessBytes : public Bytes {
 public:
  explicit MarklessBytes(std::unique_ptr<Bytes> from) : from_(std::move(from)) {}
  absl::StatusOr<std::string_view> Next() override {
    if (!first_) return from_->Next();
    first_ = false;
    while (head_.size() < 3) {
      auto more = from_->Next();
      if (!more.ok()) return more.status();
      if (more->empty()) break;
      head_.append(*more);
    }
    std::string_view head = head_;
    if (head.starts_with("\xef\xbb\xbf")) head.remove_prefix(3);
    return head.empty() ? from_->Next() : head;
  }

 private:
  std::unique_ptr<Bytes> from_;
  std::string head_;
  bool first_ = true;
};

class Gb18030Bytes : public Bytes {
 public:
  Gb18030Bytes(std::unique_ptr<Bytes> from, UConverter* gb, UConverter* utf8)
      : from_(std::move(from)), gb_(gb), utf8_(utf8), buffer_(kChunk), pivot_(kChunk / 4) {
    pivot_from_ = pivot_to_ = pivot_.data();
  }
  ~Gb18030Bytes() override {
    ucnv_close(gb_);
    ucnv_close(utf8_);
  }
  absl::StatusOr<std::string_view> Next() override {
    while (true) {
      if (in_.empty() && !ended_) {
        auto more = from_->Next();
        if (!more.ok()) return more.status();
        in_ = *more;
        ended_ = in_.empty();
      }
      UErrorCode error = U_ZERO_ERROR;
      char* out = buffer_.data();
      const char* in = in_.data();
      ucnv_convertEx(utf8_, gb_, &out, out + buffer_.size(), &in, in + in_.size(), pivot_.data(),
                     &pivot_from_, &pivot_to_, pivot_.data() + pivot_.size(), reset_, ended_,
                     &error);
      reset_ = false;
      in_.remove_prefix(static_cast<std::size_t>(in - in_.data()));
      if (U_FAILURE(error) && error != U_BUFFER_OVERFLOW_ERROR) {
        return absl::InvalidArgumentError(std::string("GB 18030: ") + u_errorName(error));
      }
      const auto n = static_cast<std::size_t>(out - buffer_.data());
      if (n > 0 || (ended_ && error != U_BUFFER_OVERFLOW_ERROR))
        return std::string_view(buffer_.data(), n);
    }
  }

 private:
  std::unique_ptr<Bytes> from_;
  UConverter* gb_;
  UConverter* utf8_;
  std::vector<char> buffer_;
  std::vector<UChar> pivot_;
  UChar* pivot_from_ = nullptr;
  UChar* pivot_to_ = nullptr;
  std::string_view in_;
  bool reset_ = true;
  bool ended_ = false;
};

}  // namespace

std::uint64_t SizeOfInput(const std::string& path) {
  std::error_code error;
  const std::uintmax_t size = path == "-" ? 0 : std::filesystem::file_size(path, error);
  return error ? 0 : static_cast<std::uint64_t>(size);
}

absl::StatusOr<std::unique_ptr<Bytes>> OpenInput(const std::string& path, ReadPosition* position) {
  std::error_code error;
  if (path != "-" && std::filesystem::is_directory(path, error))
    return absl::InvalidArgumentError(path + ": is a folder");
  std::FILE* file = path == "-" ? stdin : std::fopen(path.c_str(), "rb");
  if (file == nullptr)
    return absl::InvalidArgumentError(path + ": " + std::generic_category().message(errno));
  auto bytes = std::make_unique<FileBytes>(file, path, position);
  const auto first = bytes->Peek();
  if (!first.ok()) return first.status();
  std::unique_ptr<Bytes> out;
  if (first->starts_with("\x1f\x8b")) {
    out = std::make_unique<GzipBytes>(std::move(bytes), path);
  } else if (first->starts_with("\x28\xb5\x2f\xfd")) {
    out = std::make_unique<ZstdBytes>(std::move(bytes), path);
  } else {
    out = std::move(bytes);
  }
  return out;
}

std::unique_ptr<Bytes> WithoutMark(std::unique_ptr<Bytes> bytes) {
  return std::make_unique<MarklessBytes>(std::move(bytes));
}

absl::StatusOr<std::unique_ptr<Bytes>> FromGb18030(std::unique_ptr<Bytes> bytes) {
  UErrorCode error = U_ZERO_ERROR;
  UConverter* gb = ucnv_open("gb18030", &error);
  UConverter* utf8 = ucnv_open("UTF-8", &error);
  if (U_FAILURE(error)) {
    ucnv_close(gb);
    ucnv_close(utf8);
    return absl::InvalidArgumentError("this build of ICU cannot read GB 18030");
  }
  return WithoutMark(std::make_unique<Gb18030Bytes>(std::move(bytes), gb, utf8));
}

absl::StatusOr<bool> Lines::Next(std::string* line) {
  line->clear();
  bool any = false;
  while (!ended_) {
    if (rest_.empty()) {
      auto more = bytes_->Next();
      if (!more.ok()) return more.status();
      rest_ = *more;
      ended_ = rest_.empty();
      continue;
    }
    any = true;
    const std::size_t end = rest_.find('\n');
    const std::string_view part = rest_.substr(0, end);
    line->append(part.substr(0, kMaxLine - std::min(kMaxLine, line->size())));
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
    if (end != std::string_view::npos) break;
  }
  if (!any) return false;
  if (line->ends_with('\r')) line->pop_back();
  ++number_;
  return true;
}

}  // namespace polyonym::driver
