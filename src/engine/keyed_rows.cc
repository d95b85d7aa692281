// Rows: form (1): 0 as it is, 1 keyed. A keyed one has the row's number (8) next, of which and of a piece's place in the row (4) its nonce is made.
#include "engine/keyed_rows.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "codec/facts_filter.h"
#include "engine/bytes.h"
#include "engine/feed.h"
#include "engine/log.h"

namespace polyonym::engine {

using privacy::KeySlot;
using privacy::Nonce;
using privacy::SecretKey;

namespace {

constexpr char kAsItIs = 0;
constexpr char kKeyed = 1;
constexpr std::uint8_t kPlainFrameVersion = 1;  // as log.cc has it

absl::Status NoSuchFrame() {
  return absl::DataLossError("a log frame does not decode; run verify, then restore a backup");
}
absl::Status NoSuchPiece() {
  return absl::DataLossError(
      "what is sealed under an identifier's key does not open; run verify, then restore a backup");
}

bool HasRecords(std::uint8_t kind) {
  return kind == static_cast<std::uint8_t>(FrameKind::kRecords) ||
         kind == static_cast<std::uint8_t>(FrameKind::kFolded);
}

std::string AsItIs(std::string_view row) {
  std::string out(1, kAsItIs);
  out.reserve(1 + row.size());
  return out.append(row);
}

// What stands before the identifiers of a record, in a frame and in a keyed one alike.
struct BodyHead {
  std::string_view fold;
  std::uint8_t head = 0;
  std::uint64_t source = 0;
  std::string_view id;  // none where it is the content's hash
  std::string_view times;
  std::uint64_t identifiers = 0;

  bool own_id() const { return (head & RecordHead::kOwnId) != 0; }
  bool has_target() const {
    return (head & RecordHead::kAct) == static_cast<std::uint8_t>(Act::kDeleteSource);
  }
  bool has_facts() const { return (head & RecordHead::kFacts) != 0; }

  bool Read(std::uint8_t kind, std::string_view body, ByteReader* in) {
    if (kind == static_cast<std::uint8_t>(FrameKind::kFolded)) {
      in->Varint();
      in->Varint();
    }
    if (!in->ok()) return false;
    fold = body.substr(0, body.size() - in->remaining());
    head = in->Byte();
    source = in->Varint();
    if (!own_id()) id = in->Text();
    const std::size_t times_at = body.size() - in->remaining();
    if ((head & RecordHead::kTime) != 0) in->Varint();
    if ((head & RecordHead::kVersion) != 0) in->Varint();
    if (!in->ok()) return false;
    times = body.substr(times_at, body.size() - in->remaining() - times_at);
    identifiers = in->Varint();
    return in->ok() && identifiers <= in->remaining();
  }
  void Write(std::string* out) const {
    out->append(fold);
    out->push_back(static_cast<char>(head));
    PutVarint(out, source);
    if (!own_id()) PutText(out, id);
    out->append(times);
    PutVarint(out, identifiers);
  }
};

// Slots that facts are sealed under: those of the self identifiers, each once; where there are none, of all.
class Owners {
 public:
  void Add(KeySlot slot, bool self) {
    (self ? self_ : others_).push_back(slot);
    any_lost_ |= slot == 0 && self;
    other_lost_ |= slot == 0 && !self;
  }
  bool none() const { return self_.empty() && others_.empty(); }
  bool lost() const { return self_.empty() ? other_lost_ : any_lost_; }
  // With that of whom a relation is to; 0: of none.
  std::vector<KeySlot> With(KeySlot target) const {
    std::vector<KeySlot> slots;
    for (const KeySlot slot : self_.empty() ? others_ : self_) {
      if (std::find(slots.begin(), slots.end(), slot) == slots.end()) slots.push_back(slot);
    }
    if (target != 0) slots.push_back(target);
    return slots;
  }

 private:
  std::vector<KeySlot> self_, others_;
  bool any_lost_ = false, other_lost_ = false;
};

std::uint32_t GraphOfFeedKey(std::string_view key) {
  return key.size() == 10 ? static_cast<std::uint8_t>(key[1]) : 0;
}

std::string PackTexts(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) PutText(&out, text);
  return out;
}
bool UnpackTexts(std::string_view bytes, std::vector<std::string>* texts) {
  ByteReader in(bytes);
  while (in.ok() && in.remaining() > 0) texts->emplace_back(in.Text());
  return in.ok();
}

}  // namespace

std::string ProfileSlotName(std::uint32_t graph, std::uint64_t profile) {
  std::string name(1, static_cast<char>(graph));
  return name + BigEndianKey(profile);
}

// The nonces of a row.
class KeyedRows::Numbers {
 public:
  explicit Numbers(std::uint64_t row) { std::memcpy(nonce_.data(), &row, sizeof row); }
  const Nonce& Next() {
    std::memcpy(nonce_.data() + 8, &piece_, sizeof piece_);
    ++piece_;
    return nonce_;
  }

 private:
  Nonce nonce_{};
  std::uint32_t piece_ = 0;
};

absl::StatusOr<std::shared_ptr<KeyedRows>> KeyedRows::Make(std::unique_ptr<privacy::Keyring> ring) {
  std::uint64_t first = 0;
  if (absl::Status status = privacy::FillRandom(&first, sizeof first); !status.ok()) return status;
  return std::shared_ptr<KeyedRows>(new KeyedRows(std::move(ring), first));
}

KeyedRows::KeyedRows(std::unique_ptr<privacy::Keyring> ring, std::uint64_t first_row)
    : ring_(std::move(ring)), next_row_(first_row) {}

absl::Status KeyedRows::Learn(KeySlot slot, std::string_view ns, std::string_view value) const {
  return teaches_ ? ring_->Teach(slot, ns, value) : absl::OkStatus();
}

absl::StatusOr<std::string> KeyedRows::Seal(Table table, std::string_view key,
                                            std::string_view row) const {
  return table == Table::kLog ? SealFrame(key, row) : SealFeedRow(key, row);
}

absl::StatusOr<std::string> KeyedRows::Open(Table table, std::string_view key,
                                            std::string_view sealed,
                                            std::optional<std::uint64_t> only_place) const {
  if (sealed.empty()) return NoSuchFrame();
  if (sealed[0] == kAsItIs) return std::string(sealed.substr(1));
  if (sealed[0] != kKeyed) {
    return absl::FailedPreconditionError(
        "a stored value has a newer format; open the store with a newer polyonym");
  }
  return table == Table::kLog ? OpenFrame(key, sealed, only_place) : OpenFeedRow(key, sealed);
}

// ---- pieces ----

// Seals pieces of one row.
class KeyedRows::Sealer {
 public:
  explicit Sealer(const KeyedRows& rows)
      : ring_(*rows.ring_), row_(rows.next_row_.fetch_add(1)), numbers_(row_) {}

  void Begin(std::string* out) const {
    out->push_back(kKeyed);
    out->append(reinterpret_cast<const char*>(&row_), sizeof row_);
  }

  // Puts the text as long as it is sealed.
  absl::Status Put(std::span<const KeySlot> slots, std::string_view plain, std::string* out) {
    auto key = ring_.KeyOf(slots);
    if (!key.ok()) return key.status();
    if (!key->has_value())
      return absl::InternalError("something is to be sealed under a key that was destroyed");
    PutVarint(out, plain.size() + privacy::kTagBytes);
    return privacy::SealOnce(**key, numbers_.Next(), plain, out);
  }
  absl::Status Put(KeySlot slot, std::string_view plain, std::string* out) {
    return Put(std::span(&slot, 1), plain, out);
  }

  absl::Status PutFacts(const Owners& owners, std::string_view facts, std::string* out);

 private:
  privacy::Keyring& ring_;
  const std::uint64_t row_;
  Numbers numbers_;
};

// Relations are sealed one by one, so that each goes with whom it is to: count; of each its slot, its place in the rest, text; the rest.
absl::Status KeyedRows::Sealer::PutFacts(const Owners& owners, std::string_view facts,
                                         std::string* out) {
  if (owners.none()) {
    PutText(out, facts);
    return absl::OkStatus();
  }
  std::vector<codec::RelationSpan> relations = codec::RelationsIn(facts);
  std::erase_if(relations, [](const codec::RelationSpan& r) { return r.value.empty(); });
  PutVarint(out, relations.size());
  std::string rest;
  std::size_t at = 0;
  for (const codec::RelationSpan& relation : relations) {
    rest.append(facts.substr(at, relation.begin - at));
    at = relation.end;
    auto slot = ring_.SlotOf(relation.ns, relation.value);
    if (!slot.ok()) return slot.status();
    PutVarint(out, *slot);
    PutVarint(out, rest.size());
    absl::Status status =
        Put(owners.With(*slot), facts.substr(relation.begin, relation.end - relation.begin), out);
    if (!status.ok()) return status;
  }
  rest.append(facts.substr(at));
  return Put(owners.With(0), rest, out);
}

// Opens them again, in their order.
class KeyedRows::Opener {
 public:
  Opener(const KeyedRows& rows, std::uint64_t row) : rows_(rows), numbers_(row) {}

  // Appends the text; `lost`: it was sealed under a key that is no more, and nothing is appended.
  absl::Status Read(std::span<const KeySlot> slots, std::string_view sealed, std::string* plain,
                    bool* lost) {
    const Nonce& nonce = numbers_.Next();
    auto key = rows_.ring_->KeyOf(slots);
    if (!key.ok()) return key.status();
    *lost = !key->has_value();
    if (*lost || privacy::OpenOnce(**key, nonce, sealed, plain)) return absl::OkStatus();
    return NoSuchPiece();
  }
  void Pass() { numbers_.Next(); }

  // An identifier's value, told to the keyring where it is to learn.
  absl::Status ReadValue(KeySlot slot, std::string_view ns, std::string_view sealed,
                         std::string* value, bool* lost) {
    absl::Status status = Read(std::span(&slot, 1), sealed, value, lost);
    return status.ok() && !*lost ? rows_.Learn(slot, ns, *value) : status;
  }

  // `lost`: all are; `less`: a relation is, and stands as lost.
  absl::Status ReadFacts(const Owners& owners, ByteReader* in, std::string* facts, bool* lost,
                         bool* less);
  void PassFacts(const Owners& owners, ByteReader* in);

 private:
  const KeyedRows& rows_;
  Numbers numbers_;
};

absl::Status KeyedRows::Opener::ReadFacts(const Owners& owners, ByteReader* in, std::string* facts,
                                          bool* lost, bool* less) {
  if (owners.none()) {
    *facts = in->Text();
    return absl::OkStatus();
  }
  struct Piece {
    std::uint64_t at;
    std::string bytes;
  };
  const std::uint64_t count = in->Varint();
  if (count > in->remaining()) return NoSuchFrame();
  std::vector<Piece> relations(count);
  for (Piece& piece : relations) {
    const auto slot = static_cast<KeySlot>(in->Varint());
    piece.at = in->Varint();
    const std::string_view sealed = in->Text();
    if (!in->ok()) return NoSuchFrame();
    bool gone = owners.lost();
    if (gone) {
      Pass();
      continue;
    }
    if (absl::Status status = Read(owners.With(slot), sealed, &piece.bytes, &gone); !status.ok())
      return status;
    if (gone) {
      piece.bytes = codec::kLostRelation;
      *less = true;
    } else if (rows_.teaches_) {
      const std::vector<codec::RelationSpan> one = codec::RelationsIn(piece.bytes);
      if (one.size() != 1) return NoSuchPiece();
      if (absl::Status status = rows_.Learn(slot, one[0].ns, one[0].value); !status.ok())
        return status;
    }
  }
  const std::string_view sealed = in->Text();
  if (!in->ok()) return NoSuchFrame();
  std::string rest;
  *lost = owners.lost();
  if (*lost) {
    Pass();
    return absl::OkStatus();
  }
  if (absl::Status status = Read(owners.With(0), sealed, &rest, lost); !status.ok()) return status;
  if (*lost) return absl::OkStatus();
  std::uint64_t at = 0;
  for (const Piece& piece : relations) {
    if (piece.at < at || piece.at > rest.size()) return NoSuchPiece();
    facts->append(rest, at, piece.at - at).append(piece.bytes);
    at = piece.at;
  }
  facts->append(rest, at);
  return absl::OkStatus();
}

void KeyedRows::Opener::PassFacts(const Owners& owners, ByteReader* in) {
  if (owners.none()) {
    in->Text();
    return;
  }
  const std::uint64_t count = in->Varint();
  for (std::uint64_t i = 0; i < count && in->ok(); ++i) {
    in->Varint();
    in->Varint();
    in->Text();
    Pass();
  }
  in->Text();
  Pass();
}

// ---- frames ----

namespace {

// The names that a frame's records are written with.
bool ReadNames(ByteReader* in, std::vector<std::string_view>* names) {
  const std::uint64_t count = in->Varint();
  if (count > in->remaining()) return false;
  names->resize(count);
  for (std::string_view& name : *names) name = in->Text();
  return in->ok();
}

}  // namespace

absl::StatusOr<std::string> KeyedRows::SealFrame(std::string_view key, std::string_view row) const {
  auto payload = OpenValue(kPlainFrameVersion, key, row);
  if (!payload.ok()) return payload.status();
  ByteReader in(*payload);
  const auto kind = static_cast<std::uint8_t>(in.Byte() & ~kSomeIsLost);
  if (!HasRecords(kind)) return AsItIs(row);
  in.Varint();
  in.Varint();
  std::vector<std::string_view> names;
  if (!ReadNames(&in, &names)) return NoSuchFrame();
  const std::uint64_t count = in.Varint();
  if (!in.ok()) return NoSuchFrame();
  Sealer sealer(*this);
  std::string out;
  out.reserve(2 * payload->size());
  sealer.Begin(&out);
  out.push_back(static_cast<char>(kind));
  out.append(payload->substr(1, payload->size() - in.remaining() - 1));
  std::string body;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::string_view plain = in.Text();
    if (!in.ok()) return NoSuchFrame();
    body.clear();
    if (!plain.empty()) {
      ByteReader reader(plain);
      BodyHead head;
      if (!head.Read(kind, plain, &reader)) return NoSuchFrame();
      std::string rest;
      Owners owners;
      for (std::uint64_t k = 0; k < head.identifiers; ++k) {
        const std::uint64_t name = reader.Varint();
        const std::string_view value = reader.Text();
        if (!reader.ok() || name / 2 >= names.size()) return NoSuchFrame();
        KeySlot slot = 0;
        if (!value.empty()) {
          auto given = ring_->SlotOf(names[name / 2], value);
          if (!given.ok()) return given.status();
          slot = *given;
        }
        owners.Add(slot, (name & 1) == 0);
        PutVarint(&rest, name);
        PutVarint(&rest, slot);
        if (slot == 0) {
          PutText(&rest, {});
        } else if (absl::Status status = sealer.Put(slot, value, &rest); !status.ok()) {
          return status;
        }
      }
      if (head.has_target()) PutText(&rest, reader.Text());
      if (head.has_facts()) {
        const std::string_view facts = reader.Text();
        if (owners.lost()) {
          head.head = static_cast<std::uint8_t>(head.head & ~RecordHead::kFacts);
        } else if (absl::Status status = sealer.PutFacts(owners, facts, &rest); !status.ok()) {
          return status;
        }
      }
      if (!reader.AtEnd()) return NoSuchFrame();
      head.Write(&body);
      body += rest;
    }
    PutText(&out, body);
  }
  if (!in.AtEnd()) return NoSuchFrame();
  return out;
}

absl::StatusOr<std::string> KeyedRows::OpenFrame(std::string_view key, std::string_view sealed,
                                                 std::optional<std::uint64_t> only_place) const {
  ByteReader in(sealed.substr(1));
  std::uint64_t row = 0;
  const std::string_view number = in.Raw(sizeof row);
  if (!in.ok()) return NoSuchFrame();
  std::memcpy(&row, number.data(), sizeof row);
  const std::size_t payload_at = sealed.size() - in.remaining();
  const std::uint8_t kind = in.Byte();
  if (!HasRecords(kind)) return NoSuchFrame();
  in.Varint();
  const std::uint64_t first_record = in.Varint();
  std::vector<std::string_view> names;
  if (!ReadNames(&in, &names)) return NoSuchFrame();
  const std::uint64_t count = in.Varint();
  if (!in.ok()) return NoSuchFrame();
  std::string out(sealed.substr(payload_at, sealed.size() - in.remaining() - payload_at));
  out.reserve(sealed.size());
  Opener opener(*this, row);
  bool frame_lossy = false;
  std::string body, rest, text;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::string_view keyed = in.Text();
    if (!in.ok()) return NoSuchFrame();
    body.clear();
    if (!keyed.empty()) {
      const bool passes = only_place && *only_place != i;
      ByteReader reader(keyed);
      BodyHead head;
      if (!head.Read(kind, keyed, &reader)) return NoSuchFrame();
      rest.clear();
      Owners owners;
      bool lossy = false;
      for (std::uint64_t k = 0; k < head.identifiers; ++k) {
        const std::uint64_t name = reader.Varint();
        auto slot = static_cast<KeySlot>(reader.Varint());
        const std::string_view value = reader.Text();
        if (!reader.ok() || name / 2 >= names.size()) return NoSuchFrame();
        text.clear();
        bool lost = slot == 0;
        if (passes) {
          if (!lost) opener.Pass();
        } else if (!lost) {
          absl::Status status = opener.ReadValue(slot, names[name / 2], value, &text, &lost);
          if (!status.ok()) return status;
        }
        lossy |= lost;
        owners.Add(lost ? 0 : slot, (name & 1) == 0);
        PutVarint(&rest, name);
        PutText(&rest, text);
      }
      if (head.has_target()) PutText(&rest, reader.Text());
      if (head.has_facts() && passes) {
        opener.PassFacts(owners, &reader);
      } else if (head.has_facts()) {
        text.clear();
        bool lost = false;
        absl::Status status = opener.ReadFacts(owners, &reader, &text, &lost, &lossy);
        if (!status.ok()) return status;
        lossy |= lost;
        if (text.empty()) {
          head.head = static_cast<std::uint8_t>(head.head & ~RecordHead::kFacts);
        } else {
          PutText(&rest, text);
        }
      }
      if (!reader.AtEnd()) return NoSuchFrame();
      if (!passes) {
        frame_lossy |= lossy;
        std::string id;
        if (lossy && head.own_id()) {
          head.head = static_cast<std::uint8_t>(head.head & ~RecordHead::kOwnId);
          id = std::string(kLostId) + std::to_string(first_record + i);
          head.id = id;
        }
        head.Write(&body);
        body += rest;
      }
    }
    PutText(&out, body);
  }
  if (!in.AtEnd()) return NoSuchFrame();
  if (frame_lossy) out[0] = static_cast<char>(kind | kSomeIsLost);
  return SealValue(kPlainFrameVersion, key, out);
}

// ---- the feed ----

// Form, number, count; of each change with values its place, the profile's slot, its values; the row without them.
absl::StatusOr<std::string> KeyedRows::SealFeedRow(std::string_view key,
                                                   std::string_view row) const {
  const std::uint32_t graph = GraphOfFeedKey(key);
  auto decoded = DecodeFeedRow(FeedSequence(key), row, graph);
  if (!decoded.ok()) return decoded.status();
  std::vector<std::size_t> with_values;
  for (std::size_t i = 0; i < decoded->changes.size(); ++i) {
    if (!decoded->changes[i].values.empty()) with_values.push_back(i);
  }
  if (with_values.empty()) return AsItIs(row);
  Sealer sealer(*this);
  std::string out;
  sealer.Begin(&out);
  PutVarint(&out, with_values.size());
  for (const std::size_t i : with_values) {
    Change& change = decoded->changes[i];
    auto slot = ring_->SlotOf(kProfileSlots, ProfileSlotName(graph, change.to.value));
    if (!slot.ok()) return slot.status();
    PutVarint(&out, i);
    PutVarint(&out, *slot);
    if (absl::Status status = sealer.Put(*slot, PackTexts(change.values), &out); !status.ok())
      return status;
    change.values.clear();
  }
  return out + EncodeFeedRow(FeedSequence(key), *decoded, graph);
}

absl::StatusOr<std::string> KeyedRows::OpenFeedRow(std::string_view key,
                                                   std::string_view sealed) const {
  ByteReader in(sealed.substr(1));
  std::uint64_t row = 0;
  const std::string_view number = in.Raw(sizeof row);
  if (!in.ok()) return NoSuchFrame();
  std::memcpy(&row, number.data(), sizeof row);
  const std::uint64_t count = in.Varint();
  if (count > in.remaining()) return NoSuchPiece();
  Opener opener(*this, row);
  struct Values {
    std::uint64_t change;
    KeySlot slot;
    std::string_view sealed;
  };
  std::vector<Values> all(count);
  for (Values& values : all) {
    values.change = in.Varint();
    values.slot = static_cast<KeySlot>(in.Varint());
    values.sealed = in.Text();
  }
  if (!in.ok()) return NoSuchPiece();
  const std::uint32_t graph = GraphOfFeedKey(key);
  auto decoded =
      DecodeFeedRow(FeedSequence(key), sealed.substr(sealed.size() - in.remaining()), graph);
  if (!decoded.ok()) return decoded.status();
  std::string text;
  for (const Values& values : all) {
    if (values.change >= decoded->changes.size()) return NoSuchPiece();
    Change& change = decoded->changes[values.change];
    text.clear();
    bool lost = false;
    absl::Status status = opener.Read(std::span(&values.slot, 1), values.sealed, &text, &lost);
    if (status.ok() && !lost)
      status = Learn(values.slot, kProfileSlots, ProfileSlotName(graph, change.to.value));
    if (!status.ok()) return status;
    if (!lost && !UnpackTexts(text, &change.values)) return NoSuchPiece();
  }
  return EncodeFeedRow(FeedSequence(key), *decoded, graph);
}

// ---- chunks of values ----

// Form, number, count; of each part how far behind the last one it begins, how long it is, its slot; the chunk, its parts sealed in place.
absl::StatusOr<std::string> KeyedRows::SealChunk(std::string chunk,
                                                 const std::vector<ValueSpan>& spans) const {
  const std::uint64_t row = next_row_.fetch_add(1);
  Numbers numbers(row);
  std::string out(1, kKeyed);
  out.append(reinterpret_cast<const char*>(&row), sizeof row);
  PutVarint(&out, spans.size());
  std::uint64_t at = 0;
  for (const ValueSpan& span : spans) {
    auto key = ring_->KeyOf(span.slot);
    if (!key.ok()) return key.status();
    if (!key->has_value())
      return absl::InternalError("something is to be sealed under a key that was destroyed");
    absl::Status status =
        privacy::CryptOnce(**key, numbers.Next(), chunk.data() + span.begin, span.size);
    if (!status.ok()) return status;
    PutVarint(&out, span.begin - at);
    PutVarint(&out, span.size);
    PutVarint(&out, span.slot);
    at = span.begin + span.size;
  }
  return out + chunk;
}

absl::StatusOr<std::string> KeyedRows::OpenChunk(std::string_view sealed,
                                                 std::vector<std::uint64_t>* lost) const {
  ByteReader in(sealed);
  if (in.Byte() != static_cast<std::uint8_t>(kKeyed)) return NoSuchPiece();
  std::uint64_t row = 0;
  const std::string_view number = in.Raw(sizeof row);
  if (!in.ok()) return NoSuchPiece();
  std::memcpy(&row, number.data(), sizeof row);
  const std::uint64_t count = in.Varint();
  if (count > in.remaining()) return NoSuchPiece();
  std::vector<ValueSpan> spans(count);
  std::uint64_t at = 0;
  for (ValueSpan& span : spans) {
    span.begin = at + in.Varint();
    span.size = in.Varint();
    span.slot = static_cast<KeySlot>(in.Varint());
    at = span.begin + span.size;
    if (span.begin > sealed.size() || span.size > sealed.size()) return NoSuchPiece();
  }
  if (!in.ok() || at > in.remaining()) return NoSuchPiece();
  std::string chunk(sealed.substr(sealed.size() - in.remaining()));
  Numbers numbers(row);
  for (const ValueSpan& span : spans) {
    const Nonce& nonce = numbers.Next();
    auto key = ring_->KeyOf(span.slot);
    if (!key.ok()) return key.status();
    if (!key->has_value()) {
      std::memset(chunk.data() + span.begin, 0, span.size);
      lost->push_back(span.begin);
      continue;
    }
    absl::Status status = privacy::CryptOnce(**key, nonce, chunk.data() + span.begin, span.size);
    if (!status.ok()) return status;
  }
  return chunk;
}

}  // namespace polyonym::engine
