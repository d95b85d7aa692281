// The form is that of RocksDB's logs (db/log_format.h): blocks of 32 KiB of records, each a masked CRC-32C of what follows the length (4
// bytes), a length (2) and a kind (1), all little-endian, and so many bytes. What is left of a block that is too short for these is zeros.
#include "store/manifest_check.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <string>
#include <string_view>

namespace polyonym {
namespace {

constexpr std::size_t kBlock = 32'768;
constexpr std::size_t kHead = 7;
constexpr std::size_t kLengthAt = 4;
constexpr std::size_t kKindAt = 6;
constexpr std::uint8_t kLastKind =
    4;  // 1: whole, 2 to 4: the first part of one, a middle one, the last

constexpr std::array<std::uint32_t, 256> MakeCrcTable() {
  constexpr std::uint32_t kCastagnoli = 0x82f6'3b78;  // reflected
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t n = 0; n < table.size(); ++n) {
    std::uint32_t crc = n;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? kCastagnoli : 0);
    table[n] = crc;
  }
  return table;
}

std::uint32_t MaskedCrc(std::string_view bytes) {
  static constexpr std::array<std::uint32_t, 256> kTable = MakeCrcTable();
  std::uint32_t crc = ~std::uint32_t{0};
  for (const char c : bytes) crc = (crc >> 8) ^ kTable[(crc ^ static_cast<std::uint8_t>(c)) & 0xff];
  crc = ~crc;
  return ((crc >> 15) | (crc << 17)) + 0xa282'ead8;
}

std::uint8_t ByteAt(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint8_t>(bytes[at]);
}

std::size_t LengthAt(std::string_view block, std::size_t at) {
  return ByteAt(block, at + kLengthAt) | std::size_t{ByteAt(block, at + kLengthAt + 1)} << 8;
}

// Whether the sum at the head of a record is that of a payload of so many bytes.
bool HasSum(std::string_view block, std::size_t at, std::size_t length) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < kLengthAt; ++i)
    sum |= std::uint32_t{ByteAt(block, at + i)} << (8 * i);
  return sum == MaskedCrc(block.substr(at + kKindAt, length + 1));
}

bool IsRecord(std::string_view block, std::size_t at) {
  const std::size_t length = LengthAt(block, at);
  const std::uint8_t kind = ByteAt(block, at + kKindAt);
  return kind != 0 && kind <= kLastKind && length <= block.size() - at - kHead &&
         HasSum(block, at, length);
}

// Of one that is longer than the rest of the bytes: whether it is whole but for its length, or others lie behind it.
bool WasNotTorn(std::string_view block, std::size_t at) {
  if (HasSum(block, at, block.size() - at - kHead)) return true;
  for (++at; at + kHead <= block.size(); ++at) {
    if (IsRecord(block, at)) return true;
  }
  return false;
}

bool IsRotten(std::string_view block, bool is_last) {
  for (std::size_t at = 0; at + kHead <= block.size(); at += kHead + LengthAt(block, at)) {
    if (ByteAt(block, at + kKindAt) > kLastKind) return true;
    if (LengthAt(block, at) > block.size() - at - kHead) return is_last && WasNotTorn(block, at);
  }
  return false;
}

}  // namespace

absl::Status CheckManifest(const std::string& folder) {
  std::string name;
  if (!std::getline(std::ifstream(folder + "/CURRENT"), name) || !name.starts_with("MANIFEST-"))
    return absl::OkStatus();
  std::ifstream in(folder + "/" + name, std::ios::binary);
  std::string block(kBlock, '\0');
  do {
    in.read(block.data(), kBlock);
    const auto read = static_cast<std::size_t>(in.gcount());
    const bool is_last = in.eof() || in.peek() == std::ifstream::traits_type::eof();
    if (!IsRotten(std::string_view(block).substr(0, read), is_last)) continue;
    return absl::DataLossError(
        "the list of the store's tables (MANIFEST) is rotten: repair it, or restore a backup");
  } while (in);
  return absl::OkStatus();
}

}  // namespace polyonym
