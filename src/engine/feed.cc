// Payload of version 2: now (zigzag), names (count, texts), changes (count, then each). A change: kind, cause; of who is who from, to,
// record, before (two), identifiers (count, gaps); else profile, record, index of the name, and of traits and tags values (count, texts).
// Version 1 has neither now nor names, and who is who alone.
#include "engine/feed.h"

#include <map>

#include "engine/bytes.h"
#include "polyonym/model/facts.h"

namespace polyonym::engine {
namespace {

constexpr std::uint8_t kFeedVersion = 2;
constexpr std::uint8_t kWhoIsWhoAlone = 1;  // the version before
// Bytes of the shortest change.
constexpr std::size_t kLeastWhoIsWho = 8;
constexpr std::size_t kLeastChange = 5;

absl::Status Corrupt() {
  return absl::DataLossError("a feed row does not decode; run verify, then restore a backup");
}

bool HasValues(ChangeKind kind) { return kind == ChangeKind::kTrait || kind == ChangeKind::kTag; }

// ---- Writing ----

// The names of a row, each once, in order of first use. Changes of one name mostly lie together.
class NameTable {
 public:
  explicit NameTable(const std::vector<Change>& changes) {
    std::map<std::string_view, std::uint64_t> numbers;
    for (const Change& change : changes) {
      if (IsWhoIsWho(change.kind)) continue;
      if (of_changes_.empty() || names_[of_changes_.back()] != change.name) {
        const auto [at, is_new] = numbers.emplace(change.name, names_.size());
        if (is_new) names_.push_back(change.name);
        of_changes_.push_back(at->second);
      } else {
        of_changes_.push_back(of_changes_.back());
      }
    }
  }
  void PutTo(std::string* out) const {
    PutVarint(out, names_.size());
    for (const std::string_view name : names_) PutText(out, name);
  }
  // By change that has one, in their order.
  std::uint64_t NumberOf(std::size_t change) const { return of_changes_[change]; }

 private:
  std::vector<std::string_view> names_;
  std::vector<std::uint64_t> of_changes_;
};

void PutWhoIsWho(const Change& change, const std::pair<std::uint64_t, std::uint64_t>& before,
                 std::string* out) {
  PutVarint(out, change.from.value);
  PutVarint(out, change.to.value);
  PutVarint(out, change.record);
  PutVarint(out, before.first);
  PutVarint(out, before.second);
  PutVarint(out, change.identifiers.size());
  std::uint64_t last = 0;  // ascending, so the gaps are small
  for (const IdentifierNumber n : change.identifiers) {
    PutVarint(out, n.value - last);
    last = n.value;
  }
}

// Or what a watched trait or tag is.
void PutMembership(const Change& change, std::uint64_t name, std::string* out) {
  PutVarint(out, change.kind == ChangeKind::kLeft ? change.from.value : change.to.value);
  PutVarint(out, change.record);
  PutVarint(out, name);
  if (!HasValues(change.kind)) return;
  PutVarint(out, change.values.size());
  for (const std::string& value : change.values) PutText(out, value);
}

// ---- Reading: each is false where the bytes are not such a part ----

bool ReadNames(ByteReader& in, std::vector<std::string_view>* names) {
  const std::uint64_t count = in.Varint();
  if (count > in.remaining()) return false;
  for (std::uint64_t i = 0; i < count; ++i) {
    names->push_back(in.Text());
    // The bound keeps what comes of a row in step with its bytes: a change repeats its name.
    if (names->back().empty() || names->back().size() > kMaxFactNameBytes) return false;
  }
  return in.ok();
}

bool ReadWhoIsWho(ByteReader& in, Change* change, FeedRow* row) {
  change->from.value = in.Varint();
  change->to.value = in.Varint();
  change->record = in.Varint();
  const std::uint64_t before_from = in.Varint();
  row->before.emplace_back(before_from, in.Varint());
  const std::uint64_t identifiers = in.Varint();
  if (identifiers > in.remaining()) return false;
  std::uint64_t last = 0;
  for (std::uint64_t k = 0; k < identifiers; ++k) {
    const std::uint64_t gap = in.Varint();
    if (gap > ~last) return false;
    last += gap;
    change->identifiers.push_back(IdentifierNumber{last});
  }
  return in.ok();
}

bool ReadMembership(ByteReader& in, const std::vector<std::string_view>& names, Change* change) {
  (change->kind == ChangeKind::kLeft ? change->from : change->to).value = in.Varint();
  change->record = in.Varint();
  const std::uint64_t name = in.Varint();
  if (!in.ok() || name >= names.size()) return false;
  change->name = names[name];
  if (!HasValues(change->kind)) return true;
  const std::uint64_t values = in.Varint();
  if (values > in.remaining()) return false;
  for (std::uint64_t k = 0; k < values && in.ok(); ++k) change->values.emplace_back(in.Text());
  return in.ok();
}

bool ReadChange(ByteReader& in, ChangeKind last_kind, const std::vector<std::string_view>& names,
                FeedRow* row) {
  const std::uint8_t kind = in.Byte(), cause = in.Byte();
  if (kind > static_cast<std::uint8_t>(last_kind) ||
      cause > static_cast<std::uint8_t>(Cause::kErase))
    return false;
  const bool all_who_is_who = row->before.size() == row->changes.size();
  Change& change = row->changes.emplace_back();
  change.kind = static_cast<ChangeKind>(kind);
  change.cause = static_cast<Cause>(cause);
  if (!IsWhoIsWho(change.kind)) return ReadMembership(in, names, &change);
  return all_who_is_who && ReadWhoIsWho(in, &change, row);
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
  constexpr std::size_t kAChange = 12;  // bytes, about
  std::string out;
  out.reserve(row.changes.size() * kAChange);
  const NameTable names(row.changes);
  PutVarint(&out, ZigZag(row.now_ms));
  names.PutTo(&out);
  PutVarint(&out, row.changes.size());
  std::size_t named = 0;
  for (std::size_t i = 0; i < row.changes.size(); ++i) {
    const Change& change = row.changes[i];
    out.push_back(static_cast<char>(change.kind));
    out.push_back(static_cast<char>(change.cause));
    if (IsWhoIsWho(change.kind)) {
      PutWhoIsWho(change, row.before[i], &out);
    } else {
      PutMembership(change, names.NumberOf(named++), &out);
    }
  }
  return SealValue(kFeedVersion, FeedKey(sequence, graph), out);
}

absl::StatusOr<FeedRow> DecodeFeedRow(std::uint64_t sequence, std::string_view bytes,
                                      std::uint32_t graph) {
  auto payload = OpenValue(kFeedVersion, FeedKey(sequence, graph), bytes);
  if (!payload.ok()) return payload.status();
  const bool is_old = static_cast<std::uint8_t>(bytes[0]) == kWhoIsWhoAlone;
  ByteReader in(*payload);
  FeedRow row;
  std::vector<std::string_view> names;
  if (!is_old) {
    row.now_ms = UnZigZag(in.Varint());
    if (!ReadNames(in, &names)) return Corrupt();
  }
  const ChangeKind last_kind = is_old ? ChangeKind::kGone : ChangeKind::kTag;
  const std::uint64_t count = in.Varint();
  if (count > in.remaining() / (is_old ? kLeastWhoIsWho : kLeastChange)) return Corrupt();
  row.changes.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) {
    if (!ReadChange(in, last_kind, names, &row)) return Corrupt();
    row.changes.back().sequence = sequence;
  }
  if (!in.AtEnd()) return Corrupt();
  return row;
}

}  // namespace polyonym::engine
