#include "engine/feed.h"

#include "engine/bytes.h"

namespace polyonym::engine {
namespace {

constexpr std::uint8_t kFeedVersion = 1;
constexpr std::size_t kLeastChange = 8;  // bytes

absl::Status Corrupt() {
  return absl::DataLossError("a feed row does not decode; run verify, then restore a backup");
}

}  // namespace

// Rows of further graphs lie behind those of the first, each graph's together.
std::string FeedKey(std::uint64_t sequence, std::uint32_t graph) {
  if (graph == 0) return BigEndianKey(sequence);
  return std::string{'\xff', static_cast<char>(graph)} + BigEndianKey(sequence);
}

std::uint64_t FeedSequence(std::string_view key) {
  return key.size() < 8 ? 0 : FromBigEndianKey(key.substr(key.size() - 8));
}

std::string EncodeFeedRow(std::uint64_t sequence, const FeedRow& row, std::uint32_t graph) {
  std::string out;
  PutVarint(&out, row.changes.size());
  for (std::size_t i = 0; i < row.changes.size(); ++i) {
    const Change& change = row.changes[i];
    out.push_back(static_cast<char>(change.kind));
    out.push_back(static_cast<char>(change.cause));
    PutVarint(&out, change.from.value);
    PutVarint(&out, change.to.value);
    PutVarint(&out, change.record);
    PutVarint(&out, row.before[i].first);
    PutVarint(&out, row.before[i].second);
    PutVarint(&out, change.identifiers.size());
    std::uint64_t last = 0;  // ascending, so the gaps are small
    for (const IdentifierNumber n : change.identifiers) {
      PutVarint(&out, n.value - last);
      last = n.value;
    }
  }
  return SealValue(kFeedVersion, FeedKey(sequence, graph), out);
}

absl::StatusOr<FeedRow> DecodeFeedRow(std::uint64_t sequence, std::string_view bytes,
                                      std::uint32_t graph) {
  auto payload = OpenValue(kFeedVersion, FeedKey(sequence, graph), bytes);
  if (!payload.ok()) return payload.status();
  ByteReader in(*payload);
  const std::uint64_t count = in.Varint();
  if (count > in.remaining() / kLeastChange) return Corrupt();
  FeedRow row;
  row.changes.resize(count);
  row.before.resize(count);
  for (std::size_t i = 0; i < count && in.ok(); ++i) {
    Change& change = row.changes[i];
    change.sequence = sequence;
    const std::uint8_t kind = in.Byte(), cause = in.Byte();
    if (kind > static_cast<std::uint8_t>(ChangeKind::kGone) ||
        cause > static_cast<std::uint8_t>(Cause::kErase))
      return Corrupt();
    change.kind = static_cast<ChangeKind>(kind);
    change.cause = static_cast<Cause>(cause);
    change.from.value = in.Varint();
    change.to.value = in.Varint();
    change.record = in.Varint();
    row.before[i].first = in.Varint();
    row.before[i].second = in.Varint();
    const std::uint64_t identifiers = in.Varint();
    if (identifiers > in.remaining()) return Corrupt();
    std::uint64_t last = 0;
    for (std::uint64_t k = 0; k < identifiers; ++k) {
      const std::uint64_t gap = in.Varint();
      if (gap > ~last) return Corrupt();
      last += gap;
      change.identifiers.push_back(IdentifierNumber{last});
    }
  }
  if (!in.AtEnd()) return Corrupt();
  return row;
}

}  // namespace polyonym::engine
