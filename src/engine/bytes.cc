#include "engine/bytes.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstring>

namespace polyonym::engine {
namespace {

std::uint64_t Checksum(std::string_view key, std::string_view payload) {
  return XXH3_64bits_withSeed(payload.data(), payload.size(), XXH3_64bits(key.data(), key.size()));
}

}  // namespace

std::string BigEndianKey(std::uint64_t number) {
  std::string key(8, '\0');
  for (int i = 7; i >= 0; --i, number >>= 8)
    key[static_cast<std::size_t>(i)] = static_cast<char>(number & 0xff);
  return key;
}

std::uint64_t FromBigEndianKey(std::string_view key) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < 8 && i < key.size(); ++i)
    number = number << 8 | static_cast<unsigned char>(key[i]);
  return number;
}

std::uint64_t ByteReader::Varint() {
  std::uint64_t value = 0;
  for (int shift = 0; ok_ && shift < 64; shift += 7) {
    const std::uint8_t byte = Byte();
    value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) return value;
  }
  ok_ = false;
  return 0;
}

std::uint8_t ByteReader::Byte() {
  const std::string_view one = Raw(1);
  return one.empty() ? 0 : static_cast<std::uint8_t>(one[0]);
}

std::string_view ByteReader::Text() { return Raw(Varint()); }

std::string_view ByteReader::Raw(std::uint64_t bytes) {
  if (!ok_ || bytes > rest_.size()) {
    ok_ = false;
    return {};
  }
  const std::string_view raw = rest_.substr(0, bytes);
  rest_.remove_prefix(bytes);
  return raw;
}

std::string SealValue(std::uint8_t version, std::string_view key, std::string_view payload) {
  std::string sealed;
  sealed.reserve(9 + payload.size());
  sealed.push_back(static_cast<char>(version));
  const std::uint64_t checksum = Checksum(key, payload);
  sealed.append(reinterpret_cast<const char*>(&checksum), 8);
  sealed.append(payload);
  return sealed;
}

absl::StatusOr<std::string_view> OpenValue(std::uint8_t newest, std::string_view key,
                                           std::string_view sealed) {
  if (sealed.size() < 9)
    return absl::DataLossError("a stored value is cut short; run verify, then restore a backup");
  const auto version = static_cast<std::uint8_t>(sealed[0]);
  if (version == 0)
    return absl::DataLossError("a stored value has no version; run verify, then restore a backup");
  if (version > newest) {
    return absl::FailedPreconditionError(
        "a stored value has a newer format; open the store with a newer polyonym");
  }
  std::uint64_t checksum = 0;
  std::memcpy(&checksum, sealed.data() + 1, 8);
  const std::string_view payload = sealed.substr(9);
  if (checksum != Checksum(key, payload)) {
    return absl::DataLossError(
        "a stored value fails its checksum; run verify, then restore a backup");
  }
  return payload;
}

}  // namespace polyonym::engine
