// engine/bytes.h - numbers as bytes: LEB128 varints, zigzag, fixed little-endian, big-endian keys; and the sealed envelope
// that every stored value travels in: a version byte and a checksum bound to its key.
//
// THREADS: pure functions.
#ifndef POLYONYM_SRC_ENGINE_BYTES_H_
#define POLYONYM_SRC_ENGINE_BYTES_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace polyonym::engine {

inline void PutVarint(std::string* out, std::uint64_t value) {
  while (value >= 0x80) {
    out->push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out->push_back(static_cast<char>(value));
}
inline std::uint64_t ZigZag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}
inline std::int64_t UnZigZag(std::uint64_t value) {
  return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
}
// The same into memory that has room; returns where it ends. A varint has up to kMaxVarint bytes.
inline constexpr std::size_t kMaxVarint = 10;
inline char* PutVarint(char* at, std::uint64_t value) {
  while (value >= 0x80) {
    *at++ = static_cast<char>(value | 0x80);
    value >>= 7;
  }
  *at++ = static_cast<char>(value);
  return at;
}
inline char* PutText(char* at, std::string_view text) {
  at = PutVarint(at, text.size());
  std::memcpy(at, text.data(), text.size());
  return at + text.size();
}
inline void PutText(std::string* out, std::string_view text) {
  PutVarint(out, text.size());
  out->append(text);
}
std::string BigEndianKey(std::uint64_t number);
std::uint64_t FromBigEndianKey(std::string_view key);  // REQUIRES: 8 bytes

// Reads what the functions above wrote. After a failed read every later one fails too.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}
  std::uint64_t Varint();
  std::string_view Text();
  std::string_view Raw(std::uint64_t bytes);
  std::uint8_t Byte();
  bool ok() const { return ok_; }
  bool AtEnd() const { return ok_ && rest_.empty(); }
  std::size_t remaining() const { return rest_.size(); }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

// version byte, XXH3-64 of (key, payload) little-endian, payload.
std::string SealValue(std::uint8_t version, std::string_view key, std::string_view payload);
// ERRORS: DataLoss when the checksum does not fit, FailedPrecondition when the version is newer than `newest`.
absl::StatusOr<std::string_view> OpenValue(std::uint8_t newest, std::string_view key,
                                           std::string_view sealed);

}  // namespace polyonym::engine

#endif  // POLYONYM_SRC_ENGINE_BYTES_H_
