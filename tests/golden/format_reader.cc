#include "golden/format_reader.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <functional>
#include <stdexcept>
#include <tuple>

namespace polyonym::harness {
namespace {

void Demand(bool good, const char* what) {
  if (!good) throw std::runtime_error(what);
}

std::uint64_t Fixed(std::string_view bytes) {  // little-endian
  std::uint64_t number = 0;
  for (std::size_t i = bytes.size(); i > 0; --i)
    number = number << 8 | static_cast<unsigned char>(bytes[i - 1]);
  return number;
}

std::uint64_t KeyNumber(std::string_view key) {  // big-endian
  Demand(key.size() == 8, "a key is not 8 bytes");
  std::uint64_t number = 0;
  for (const char byte : key) number = number << 8 | static_cast<unsigned char>(byte);
  return number;
}

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}
  std::string Bytes(std::uint64_t count) {
    Demand(count <= bytes_.size() - at_, "bytes end too soon");
    at_ += count;
    return std::string(bytes_.substr(at_ - count, count));
  }
  std::uint64_t Byte() { return Fixed(Bytes(1)); }
  std::uint64_t Varint() {
    std::uint64_t number = 0;
    for (int shift = 0; shift < 70; shift += 7) {
      const std::uint64_t byte = Byte();
      number |= (byte & 0x7f) << shift;
      if (byte < 0x80) return number;
    }
    throw std::runtime_error("a varint is too long");
  }
  std::int64_t ZigZag() {
    const std::uint64_t number = Varint();
    return number % 2 == 0 ? static_cast<std::int64_t>(number / 2)
                           : -static_cast<std::int64_t>(number / 2) - 1;
  }
  std::string Text() { return Bytes(Varint()); }
  std::size_t at() const { return at_; }
  void End() const { Demand(at_ == bytes_.size(), "bytes are left over"); }

 private:
  std::string_view bytes_;
  std::uint64_t at_ = 0;
};

void PutFixed(std::uint64_t number, std::string* out) {
  for (int i = 0; i < 8; ++i) out->push_back(static_cast<char>(number >> (8 * i)));
}

void PutLongText(std::string_view text, std::string* out) {
  PutFixed(text.size(), out);
  *out += text;
}

// As 32 hexadecimal digits.
std::string ContentsHash(const Record& record) {
  const auto time = [](std::optional<std::int64_t> t) {
    return t ? static_cast<std::uint64_t>(*t) : std::uint64_t{1} << 63;
  };
  std::vector<RecordIdentifier> identifiers = record.identifiers;
  if (record.act != Act::kRename) {
    std::sort(identifiers.begin(), identifiers.end(),
              [](const RecordIdentifier& a, const RecordIdentifier& b) {
                return std::tie(a.ns, a.role, a.value) < std::tie(b.ns, b.role, b.value);
              });
  }
  std::string bytes(1, static_cast<char>(record.act));
  PutLongText(record.source, &bytes);
  PutFixed(time(record.time_ms), &bytes);
  PutFixed(time(record.version ? record.version : record.time_ms), &bytes);
  PutFixed(identifiers.size(), &bytes);
  for (const RecordIdentifier& identifier : identifiers) {
    PutLongText(identifier.ns, &bytes);
    bytes.push_back(static_cast<char>(identifier.role));
    PutLongText(identifier.value, &bytes);
  }
  PutLongText(record.target_source, &bytes);
  PutLongText(record.facts, &bytes);
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  std::string hex;
  for (const std::uint64_t half : {std::uint64_t{hash.high64}, std::uint64_t{hash.low64}}) {
    for (int shift = 60; shift >= 0; shift -= 4)
      hex.push_back("0123456789abcdef"[half >> shift & 15]);
  }
  return hex;
}

Record ReadLoggedRecord(int kind, std::string_view bytes, const std::vector<std::string>& names) {
  Record record;
  if (bytes.empty()) return record;
  Reader in(bytes);
  Folded folded;
  if (kind == 5) {
    folded.count = static_cast<std::uint32_t>(in.Varint());
    folded.last_ms = static_cast<std::int64_t>(in.Varint());  // less the first
  }
  const std::uint64_t head = in.Byte();
  Demand((head & 0x0f) <= 8, "an act is unknown");
  record.act = static_cast<Act>(head & 0x0f);
  record.source = names.at(in.Varint());
  if ((head & 0x10) == 0) record.id = in.Text();
  if ((head & 0x80) != 0) record.time_ms = in.ZigZag();
  record.version = (head & 0x20) != 0 ? in.ZigZag() : record.time_ms;
  for (std::uint64_t left = in.Varint(); left > 0; --left) {
    const std::uint64_t name = in.Varint();
    RecordIdentifier identifier;
    identifier.ns = names.at(name / 2);
    identifier.role = name % 2 == 1 ? Role::kOther : Role::kSelf;
    identifier.value = in.Text();
    record.identifiers.push_back(std::move(identifier));
  }
  if (record.act == Act::kDeleteSource) record.target_source = in.Text();
  if ((head & 0x40) != 0) record.facts = in.Text();
  in.End();
  if ((head & 0x10) != 0) record.id = ContentsHash(record);
  if (kind == 5) {
    folded.last_ms += *record.time_ms;
    record.folded = folded;
  }
  return record;
}

void ReadWhoIsWho(Reader& in, Change* change, FeedChanges* row) {
  Demand(row->before.size() + 1 == row->changes.size(), "who is who comes behind something else");
  change->from.value = in.Varint();
  change->to.value = in.Varint();
  change->record = in.Varint();
  const std::uint64_t before_from = in.Varint();
  row->before.emplace_back(before_from, in.Varint());
  std::uint64_t last = 0;
  for (std::uint64_t left = in.Varint(); left > 0; --left) {
    last += in.Varint();
    change->identifiers.push_back({last});
  }
}

void ReadOtherChange(Reader& in, const std::vector<std::string>& names, Change* change) {
  Demand(change->kind <= ChangeKind::kTag, "a change is of no kind");
  (change->kind == ChangeKind::kLeft ? change->from : change->to).value = in.Varint();
  change->record = in.Varint();
  change->name = names.at(in.Varint());
  if (change->kind != ChangeKind::kTrait && change->kind != ChangeKind::kTag) return;
  for (std::uint64_t left = in.Varint(); left > 0; --left) change->values.push_back(in.Text());
}

void ReadWhatIsKeptOfSegments(Reader& in, Manifest* m) {
  const std::uint64_t kept = in.Varint();
  Demand(kept <= 1, "segments are neither kept nor not");
  m->segments_are_kept = kept == 1;
  if (!m->segments_are_kept) return;
  m->dues = in.Varint();
  m->next_slot = in.Varint();
  for (std::uint64_t left = in.Varint(); left > 0; --left) m->slots.push_back(in.Varint());
  const std::set<std::uint64_t> once(m->slots.begin(), m->slots.end());
  Demand(once.size() == m->slots.size(), "two segments have one slot");
  Demand(once.empty() || *once.rbegin() < m->next_slot, "a slot is not below the next one");
  Demand(m->dues <= m->nodes, "there are more dues than nodes");
}

std::set<std::uint64_t> ReadArray(Reader& in, std::size_t bytes) {
  std::set<std::uint64_t> ids;
  for (std::size_t left = bytes / 2; left > 0; --left) {
    const std::uint64_t id = Fixed(in.Bytes(2));
    Demand(ids.empty() || id > *ids.rbegin(), "ids of an array do not ascend");
    ids.insert(id);
  }
  return ids;
}

std::set<std::uint64_t> ReadBitmap(Reader& in) {
  std::set<std::uint64_t> ids;
  const std::string bits = in.Bytes(8192);
  for (std::uint64_t id = 0; id < 65536; ++id) {
    if ((static_cast<unsigned char>(bits[id / 8]) >> id % 8 & 1) != 0) ids.insert(id);
  }
  return ids;
}

std::set<std::uint64_t> ReadRuns(Reader& in, std::size_t bytes) {
  std::set<std::uint64_t> ids;
  for (std::size_t left = bytes / 4; left > 0; --left) {
    const std::uint64_t first = Fixed(in.Bytes(2)), last = first + Fixed(in.Bytes(2));
    Demand(ids.empty() || first > *ids.rbegin() + 1, "runs touch");
    Demand(last <= 65535, "a run ends beyond its chunk");
    for (std::uint64_t id = first; id <= last; ++id) ids.insert(ids.end(), id);
  }
  return ids;
}

// The one that takes the fewest bytes; of those that take as many, the first.
std::uint64_t KindOf(const std::set<std::uint64_t>& ids) {
  std::size_t runs = 0;
  for (const std::uint64_t id : ids) runs += id == 0 || !ids.contains(id - 1) ? 1 : 0;
  const std::size_t array = 2 * ids.size();
  if (array <= 8192 && array <= 4 * runs) return 1;
  return 8192 <= 4 * runs ? 2 : 3;
}

}  // namespace

std::string OpenEnvelope(std::string_view key, std::string_view value, int version) {
  Demand(value.size() >= 9, "a value is shorter than its envelope");
  Demand(value[0] == version, "a value has another version");
  const std::string_view payload = value.substr(9);
  const std::uint64_t seed = XXH3_64bits(key.data(), key.size());
  Demand(Fixed(value.substr(1, 8)) == XXH3_64bits_withSeed(payload.data(), payload.size(), seed),
         "a checksum does not fit");
  return std::string(payload);
}

Manifest ReadManifest(std::string_view payload) {
  Reader in(payload);
  Manifest m{};
  m.graph_name = in.Text();
  for (std::uint64_t* number :
       {&m.seed,         &m.hash_bits,        &m.sequence,      &m.nodes,
        &m.links,        &m.profiles,         &m.mentions,      &m.records,
        &m.renames,      &m.end_of_values,    &m.last_frame,    &m.standing_records,
        &m.held_records, &m.live_identifiers, &m.live_nodes,    &m.merged_away,
        &m.shared,       &m.live_links,       &m.refused_links, &m.policy_version,
        &m.rank_epoch}) {
    *number = in.Varint();
  }
  m.clock_ms = in.ZigZag();
  m.newest_ms = in.ZigZag();
  m.folded_at = in.Varint();
  m.folded = in.Varint();
  for (std::uint64_t left = in.Varint(); left > 0; --left) {
    const std::string source = in.Text();
    m.horizons[source] = in.ZigZag();
  }
  m.policy = in.Text();
  for (std::uint64_t left = in.Varint(); left > 0; --left) m.namespaces.push_back(in.Text());
  for (std::uint64_t left = in.Varint(); left > 0; --left) m.families.push_back(in.Text());
  m.bytes_before_segments = in.at();
  if (in.at() < payload.size()) ReadWhatIsKeptOfSegments(in, &m);
  in.End();
  return m;
}

std::set<std::uint64_t> ReadChunk(std::string_view bytes) {
  if (bytes.empty()) return {};
  Reader in(bytes);
  const std::uint64_t kind = in.Byte();
  Demand(kind >= 1 && kind <= 3, "a chunk is of no kind");
  const std::set<std::uint64_t> ids = kind == 1   ? ReadArray(in, bytes.size() - 1)
                                      : kind == 2 ? ReadBitmap(in)
                                                  : ReadRuns(in, bytes.size() - 1);
  in.End();
  Demand(!ids.empty(), "a chunk that has bytes has no ids");
  Demand(KindOf(ids) == kind, "a chunk is not of the smallest kind");
  return ids;
}

LoggedFrame ReadLoggedFrame(std::string_view payload) {
  Reader in(payload);
  LoggedFrame frame;
  frame.kind = static_cast<int>(in.Byte());
  frame.sequence = in.Varint();
  if (frame.kind == 2) {
    frame.graph = in.Varint();
    frame.graph_name = in.Text();
    frame.policy = in.Text();
  } else if (frame.kind == 3) {
    frame.clock_ms = in.ZigZag();
  } else if (frame.kind == 4) {
    frame.source = in.Text();
    frame.before_ms = in.ZigZag();
  } else {
    Demand(frame.kind == 1 || frame.kind == 5, "a frame is of no kind");
    frame.first_record = in.Varint();
    std::vector<std::string> names(in.Varint());
    for (std::string& name : names) name = in.Text();
    for (std::uint64_t left = in.Varint(); left > 0; --left)
      frame.records.push_back(ReadLoggedRecord(frame.kind, in.Text(), names));
  }
  in.End();
  return frame;
}

FeedChanges ReadFeedChanges(std::uint64_t sequence, std::string_view payload, int version) {
  Reader in(payload);
  FeedChanges row;
  std::vector<std::string> names;
  if (version == 2) {
    row.now_ms = in.ZigZag();
    for (std::uint64_t left = in.Varint(); left > 0; --left) names.push_back(in.Text());
  }
  for (std::uint64_t left = in.Varint(); left > 0; --left) {
    Change& change = row.changes.emplace_back();
    change.sequence = sequence;
    change.kind = static_cast<ChangeKind>(in.Byte());
    change.cause = static_cast<Cause>(in.Byte());
    if (change.kind <= ChangeKind::kGone) {
      ReadWhoIsWho(in, &change, &row);
    } else {
      Demand(version == 2, "a change is of a kind that came later");
      ReadOtherChange(in, names, &change);
    }
  }
  in.End();
  return row;
}

DocumentedStore::DocumentedStore(const Store& store) {
  int version = 0;  // of the row at hand
  const auto each = [&](Table table, int newest,
                        const std::function<void(const std::string&, const std::string&)>& row) {
    const absl::Status status =
        store.Scan(table, "", "", [&](std::string_view key, std::string_view value) {
          version = value.empty() ? 0 : value[0];
          Demand(version >= 1 && version <= newest, "a value has another version");
          row(std::string(key), OpenEnvelope(key, value, version));
          return true;
        });
    Demand(status.ok(), "a table cannot be read");
  };
  each(Table::kMeta, 1, [&](const std::string& key, const std::string& payload) {
    Demand(key == "header" || key == "cleaned", "an unknown row of meta");
    Reader in(payload);
    (key == "header" ? salt_ : cleaned_at_) = in.Varint();
    in.End();
  });
  each(Table::kLog, 1, [&](const std::string& key, const std::string& payload) {
    Demand(KeyNumber(key) == frames_.size() + 1, "frames have a gap");
    frames_[KeyNumber(key)] = ReadLoggedFrame(payload);
  });
  each(Table::kFeed, 2, [&](const std::string& key, const std::string& payload) {
    ReadFeed(key, version, payload);
  });
  each(Table::kState, 1,
       [&](const std::string& key, const std::string& payload) { ReadState(key, payload); });
}

void DocumentedStore::ReadFeed(const std::string& key, int version, const std::string& payload) {
  std::uint64_t graph = 0;
  std::string_view number = key;
  if (key.size() == 10) {
    Demand(key[0] == '\xff' && key[1] > 0, "an unknown row of feed");
    graph = static_cast<std::uint64_t>(key[1]);
    number.remove_prefix(2);
  }
  graphs_[graph].feed_[KeyNumber(number)] = ReadFeedChanges(KeyNumber(number), payload, version);
}

void DocumentedStore::ReadState(const std::string& key, const std::string& payload) {
  Demand(key.size() == 10 && key[0] >= 0 && key[0] < 16 && key[1] >= 0 && key[1] <= 9,
         "an unknown row of state");
  const std::uint64_t block = KeyNumber(std::string_view(key).substr(2));
  DocumentedGraph& graph = graphs_[static_cast<std::uint64_t>(key[0])];
  graph.state_[{key[1], block}] = payload;
  if (key[1] != 0) return;
  Demand(block == 0, "a second manifest");
  graph.manifest_ = ReadManifest(payload);
}

std::uint64_t DocumentedGraph::Field(Part part, std::uint64_t cell, std::size_t offset,
                                     std::size_t bytes) const {
  constexpr std::size_t kCellBytes[] = {0, 64, 80, 48, 8, 32, 12, 1, 8};
  const std::string& block = state_.at({part, cell / 64});
  Demand(block.size() % kCellBytes[part] == 0, "a block does not hold whole cells");
  return Fixed(std::string_view(block).substr(cell % 64 * kCellBytes[part] + offset, bytes));
}

std::string DocumentedGraph::ValueAt(std::uint64_t place) const {
  const auto bytes = [&](std::uint64_t from, std::uint64_t count) {
    std::string out;
    for (std::uint64_t at = from; at < from + count; ++at)
      out.push_back(state_.at({kValues, at / 16384}).at(at % 16384));
    return out;
  };
  return bytes(place + 4, Fixed(bytes(place, 4)));
}

std::set<std::uint64_t> DocumentedGraph::MembersOf(std::uint64_t slot) const {
  std::set<std::uint64_t> ids;
  const std::uint64_t first = slot * 65536;
  for (auto row = state_.lower_bound({kMembers, first});
       row != state_.end() && row->first < std::pair<int, std::uint64_t>(kMembers, first + 65536);
       ++row) {
    for (const std::uint64_t id : ReadChunk(row->second))
      ids.insert(ids.end(), (row->first.second - first) * 65536 + id);
  }
  return ids;
}

std::set<std::uint64_t> DocumentedGraph::SlotsWithRows() const {
  std::set<std::uint64_t> slots;
  for (const auto& [place, row] : state_) {
    if (place.first == kMembers) slots.insert(place.second / 65536);
  }
  return slots;
}

std::uint64_t KeyedHash(std::uint64_t salt, std::string_view source) {
  return XXH3_64bits_withSeed(source.data(), source.size(), salt);
}

std::uint64_t KeyedHash(std::uint64_t salt, std::string_view source, std::string_view id) {
  return XXH3_64bits_withSeed(id.data(), id.size(), KeyedHash(salt, source));
}

}  // namespace polyonym::harness
