#include "engine/checkpoint.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "engine/bytes.h"
#include "engine/check_cells.h"
#include "engine/families.h"
#include "engine/keyed_store.h"
#include "polyonym/codec/proto.h"
#include "polyonym/model/judge.h"

namespace polyonym::engine {
namespace {

static_assert(std::endian::native == std::endian::little,
              "cells are stored as they lie in memory, little-endian");

constexpr std::uint8_t kStateVersion = 1;
constexpr std::size_t kBlockCells = 64;
constexpr std::uint64_t kValueChunk = 16 * 1024;

// Second byte of a key in Table::kState; the first is the graph. Stored: never renumber.
enum class Part : char {
  kManifest = 0,
  kNodes = 1,
  kProfiles = 2,
  kLinks = 3,
  kMentions = 4,
  kRecords = 5,
  kRenames = 6,
  kValues = 7,
  kDues = 8,
  kMembers = 9,  // block: a segment's slot, and a chunk of profiles
};

// Of kMembers.
constexpr int kSlotShift = 16;
constexpr std::uint64_t kChunkMask = (std::uint64_t{1} << kSlotShift) - 1;
constexpr std::uint64_t kMaxSlots = std::uint64_t{1} << 32;

std::string KeyOf(std::uint32_t graph, Part part, std::uint64_t block) {
  return std::string{static_cast<char>(graph), static_cast<char>(part)} + BigEndianKey(block);
}

// Seals the rows of a graph and hands them on. After a failure it does nothing.
class RowWriter {
 public:
  RowWriter(std::uint32_t graph, PageMemory* memory, const Store::RowSink& add)
      : graph_(graph), memory_(memory), add_(&add) {}

  void Add(Part part, std::uint64_t block, std::string_view payload) {
    if (!status_.ok()) return;
    const std::string key = KeyOf(graph_, part, block);
    const std::string value = SealValue(kStateVersion, key, payload);
    bytes_ += key.size() + value.size();
    status_ = (*add_)(key, value);
    if (memory_ != nullptr) memory_->Keep();  // what was read for the row may go
  }
  const absl::Status& status() const { return status_; }
  std::uint64_t bytes() const { return bytes_; }

 private:
  const std::uint32_t graph_;
  PageMemory* const memory_;
  const Store::RowSink* const add_;
  absl::Status status_;
  std::uint64_t bytes_ = 0;
};

// Whether nothing is left of what the cell had.
template <class Cell>
bool IsGone(const Cell& cell) {
  if constexpr (requires { cell.gone(); }) {
    return cell.gone();
  } else {
    return false;
  }
}

template <class Array>
void AddCells(const Array& array, Part part, std::uint64_t size, std::uint64_t commit,
              std::uint64_t since, RowWriter* rows) {
  std::string payload;
  for (std::uint64_t first = 0; first < size; first += kBlockCells) {
    const std::uint64_t last = std::min<std::uint64_t>(first + kBlockCells, size);
    bool changed = false;
    for (std::uint64_t i = first; i < last && !changed; i += Array::page_cells()) {
      changed = array.PageCommit(i, commit) > since;
    }
    if (!changed) continue;
    payload.clear();
    bool gone = last - first == kBlockCells;
    for (std::uint64_t i = first; i < last; ++i) {
      const auto& cell = array.At(i, commit);
      payload.append(reinterpret_cast<const char*>(&cell), sizeof cell);
      gone = gone && IsGone(cell);
    }
    if (gone) payload.clear();
    rows->Add(part, first / kBlockCells, payload);
  }
}

template <class Array>
bool LoadCells(std::string_view payload, std::uint64_t block, std::uint64_t size, Array* array) {
  using Cell = std::remove_cvref_t<decltype(array->Latest(0))>;
  const std::uint64_t first = block * kBlockCells;
  if (first >= size) return true;  // of a larger past
  const std::uint64_t cells = std::min<std::uint64_t>(kBlockCells, size - first);
  if constexpr (requires { Cell().gone(); }) {
    if (payload.empty() && cells == kBlockCells && array->size() == first) {
      for (std::uint64_t i = 0; i < cells; i += Array::page_cells()) array->AppendFreePage();
      return true;
    }
  }
  if (payload.size() < cells * sizeof(Cell) || array->size() != first) return false;
  for (std::uint64_t i = 0; i < cells; ++i) {
    Cell cell;
    std::memcpy(static_cast<void*>(&cell), payload.data() + i * sizeof(Cell), sizeof(Cell));
    array->Append(cell);
  }
  return true;
}

// Chunks follow each other without a gap, and all but the last are full.
bool LoadValues(std::string_view payload, std::uint64_t block, std::uint64_t end,
                ValueArena* values) {
  const std::uint64_t from = block * kValueChunk;
  if (block >= (std::uint64_t{1} << 48) || from != values->end() || from >= end) return false;
  if (payload.size() != std::min(kValueChunk, end - from) && payload.size() != kValueChunk)
    return false;
  values->Restore(from, payload);
  return true;
}

// Where values lie in the chunks of a graph, and their slots. Chunks are asked for in ascending order.
class ValuePlaces {
 public:
  ValuePlaces(const Index& index, const CommitState& state, const KeyedRows& keys)
      : index_(index), state_(state), keys_(keys) {}

  absl::StatusOr<std::vector<KeyedRows::ValueSpan>> In(std::uint64_t from, std::uint64_t bytes) {
    std::vector<KeyedRows::ValueSpan> spans;
    for (; next_ < state_.nodes; ++next_) {
      const NodeCell& cell = index_.nodes.At(next_, state_.sequence);
      if (cell.life()) continue;  // its value is there already
      if (cell.value < last_value_)
        return absl::InternalError("values do not lie in the order of their identifiers");
      if (cell.value >= from + bytes) break;
      last_value_ = cell.value;
      if (cell.erased()) continue;
      const std::string_view value = index_.values.At(cell.value);
      const std::uint64_t begin = cell.value + kLengthBytes, end = begin + value.size();
      const std::uint64_t first = std::max(begin, from), last = std::min(end, from + bytes);
      if (first < last) {
        auto slot = keys_.ring().SlotOf(state_.rules->kinds()[cell.kind], value);
        if (!slot.ok()) return slot.status();
        spans.push_back({first - from, last - first, *slot});
      }
      if (end > from + bytes) break;  // the rest of it is in the next chunk
    }
    return spans;
  }

 private:
  static constexpr std::uint64_t kLengthBytes = 4;  // before each value

  const Index& index_;
  const CommitState& state_;
  const KeyedRows& keys_;
  std::uint64_t next_ = 0;
  std::uint64_t last_value_ = 0;
};

// Values that the checkpoint has, and nobody can read.
void FindLost(const std::vector<std::uint64_t>& begins, Index* index) {
  if (begins.empty()) return;
  const absl::flat_hash_set<std::uint64_t> lost(begins.begin(), begins.end());
  for (Node n = 0; n < index->nodes.size(); ++n) {
    const NodeCell& cell = index->nodes.Latest(n);
    if (!cell.life() && !cell.erased() && lost.contains(cell.value + sizeof(std::uint32_t)))
      index->lost_values.emplace(cell.value, n);
  }
}

const KeyedRows* KeysOf(const Store& store) {
  const auto* keyed = dynamic_cast<const KeyedStore*>(&store);
  return keyed == nullptr ? nullptr : keyed->rows().get();
}

// What is kept of segments: nothing where there never was one.
void PutLive(const CommitState& s, std::string* out) {
  PutVarint(out, s.live != nullptr ? 1 : 0);
  if (s.live == nullptr) return;
  PutVarint(out, s.dues);
  PutVarint(out, s.live->next_slot);
  PutVarint(out, s.live->segments.size());
  for (const LiveSegment& segment : s.live->segments) PutVarint(out, segment.slot);
}

// False where it does not decode. A manifest of a time before segments were kept ends before it.
bool ReadLive(ByteReader* in, CommitState* s) {
  if (in->AtEnd()) return true;
  const std::uint64_t kept = in->Varint();
  if (kept == 0) return in->ok();
  auto live = std::make_shared<LiveState>();
  s->dues = in->Varint();
  const std::uint64_t next_slot = in->Varint(), count = in->Varint();
  const Definitions& definitions = s->rules->policy().policy().definitions;
  if (kept != 1 || !in->ok() || s->dues > s->nodes || next_slot >= kMaxSlots ||
      count != definitions.segments.size())
    return false;
  live->next_slot = static_cast<std::uint32_t>(next_slot);
  live->definitions = std::make_shared<const Definitions>(definitions);
  auto compiled = CompiledSegments::Compile(definitions);
  if (!compiled.ok()) return false;
  live->compiled = *std::move(compiled);
  absl::flat_hash_set<std::uint64_t> slots;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t slot = in->Varint();
    if (slot >= next_slot || !slots.insert(slot).second) return false;
    live->segments.emplace_back().slot = static_cast<std::uint32_t>(slot);
  }
  s->live = std::move(live);
  return true;
}

std::string EncodeManifest(const CheckpointPart& p) {
  const Index& index = *p.index;
  const CommitState& s = *p.state;
  std::string out;
  PutText(&out, p.graph_name);
  PutVarint(&out, index.seed);
  PutVarint(&out, static_cast<std::uint64_t>(index.hash_bits));
  for (const std::uint64_t number : {s.sequence,
                                     s.nodes,
                                     s.links,
                                     s.profiles,
                                     s.mentions,
                                     s.records,
                                     s.renames,
                                     s.values_end,
                                     s.last_frame,
                                     s.totals.standing_records,
                                     s.totals.held_records,
                                     s.totals.live_names,
                                     s.totals.live_nodes,
                                     s.totals.merged_away,
                                     s.totals.shared,
                                     s.totals.links,
                                     s.totals.refused,
                                     s.rules->version(),
                                     std::uint64_t{s.rules->rank_epoch()},
                                     ZigZag(s.clock_ms),
                                     ZigZag(s.newest_ms)}) {
    PutVarint(&out, number);
  }
  PutVarint(&out, s.horizons->sequence());
  PutVarint(&out, s.horizons->folded());
  PutVarint(&out, s.horizons->all().size());
  for (const auto& [source, before_ms] : s.horizons->all()) {
    PutText(&out, source);
    PutVarint(&out, ZigZag(before_ms));
  }
  PutText(&out, WritePolicyProto(s.rules->policy().policy()));
  for (const std::vector<std::string>* names : {&s.rules->kinds(), &s.families}) {
    PutVarint(&out, names->size());
    for (const std::string& name : *names) PutText(&out, name);
  }
  PutLive(s, &out);
  return out;
}

// Null where they do not decode.
std::shared_ptr<const Horizons> ReadHorizons(ByteReader* in) {
  auto horizons = std::make_shared<Horizons>();
  const std::uint64_t sequence = in->Varint(), folded = in->Varint();
  const std::uint64_t count = in->Varint();
  if (count > in->remaining() || (sequence == 0 && (count != 0 || folded != 0))) return nullptr;
  horizons->Erase(sequence, folded);
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::string source(in->Text());
    const std::int64_t before_ms = UnZigZag(in->Varint());
    if (source.empty() || before_ms < 0) return nullptr;
    horizons->Move(source, before_ms, sequence, 0);
  }
  return horizons;
}

absl::StatusOr<CommitState> DecodeManifest(const Index& index, std::string_view payload) {
  ByteReader in(payload);
  CommitState s;
  in.Text();  // the graph's name
  const std::uint64_t seed = in.Varint(), hash_bits = in.Varint();
  if (in.ok() && (seed != index.seed || hash_bits != static_cast<std::uint64_t>(index.hash_bits))) {
    return absl::FailedPreconditionError("hash_seed, hash_bits: the store was made with others");
  }
  std::uint64_t version = 0, rank_epoch = 0, clock_ms = 0, newest_ms = 0;
  for (std::uint64_t* number : {&s.sequence,
                                &s.nodes,
                                &s.links,
                                &s.profiles,
                                &s.mentions,
                                &s.records,
                                &s.renames,
                                &s.values_end,
                                &s.last_frame,
                                &s.totals.standing_records,
                                &s.totals.held_records,
                                &s.totals.live_names,
                                &s.totals.live_nodes,
                                &s.totals.merged_away,
                                &s.totals.shared,
                                &s.totals.links,
                                &s.totals.refused,
                                &version,
                                &rank_epoch,
                                &clock_ms,
                                &newest_ms}) {
    *number = in.Varint();
  }
  s.clock_ms = UnZigZag(clock_ms);
  s.newest_ms = UnZigZag(newest_ms);
  bool sound = rank_epoch < Rules::kRankEpochs && s.clock_ms >= 0 && s.newest_ms >= 0;
  const auto horizons = ReadHorizons(&in);
  sound &= horizons != nullptr && horizons->sequence() <= s.sequence;
  if (sound) s.horizons = horizons;
  auto policy = ReadPolicyProto(in.Text());
  if (!policy.ok())
    return absl::DataLossError(
        "the checkpoint's policy does not decode; run verify, then restore a backup");
  auto compiled = CompiledPolicy::Compile(*std::move(policy));
  if (!compiled.ok())
    return absl::DataLossError(
        "the checkpoint's policy does not compile; run verify, then restore a backup");
  std::vector<std::string> kinds;
  for (std::vector<std::string>* names : {&kinds, &s.families}) {
    const std::uint64_t count = in.Varint();
    sound &= count <= in.remaining();
    for (std::uint64_t i = 0; i < count && sound; ++i) {
      names->emplace_back(in.Text());
      sound = IsValidNamespace(names->back());
    }
  }
  s.rules = Rules::Make(*std::move(compiled), version, static_cast<std::uint32_t>(rank_epoch),
                        std::move(kinds));
  sound = sound && in.ok() && ReadLive(&in, &s);
  if (!in.AtEnd() || !sound || s.families.size() > Families::kOwnBits)
    return absl::DataLossError("the checkpoint's manifest does not decode; restore a backup");
  return s;
}

bool Complete(const CommitState& s, const Index& index) {
  return index.nodes.size() == s.nodes && index.profiles.size() == s.profiles &&
         index.links.size() == s.links && index.mentions.size() == s.mentions &&
         index.records.size() == s.records && index.renames.size() == s.renames &&
         index.values.end() >= s.values_end;
}

// Members of segments while they are loaded, by slot.
struct LoadedSets {
  absl::flat_hash_map<std::uint64_t, IdSet> by_slot;

  explicit LoadedSets(const LiveState* live) {
    if (live == nullptr) return;
    for (const LiveSegment& segment : live->segments) by_slot[segment.slot];
  }
  // Rows of segments that are no more may be left.
  bool Add(std::uint64_t block, std::string_view payload) {
    const auto at = by_slot.find(block >> kSlotShift);
    if (at == by_slot.end() || payload.empty()) return true;
    return at->second.AddChunk(static_cast<std::uint32_t>(block & kChunkMask), payload).ok();
  }
  // False where somebody is in one who is not in the index.
  bool MoveTo(LiveState* live, std::uint64_t nodes, std::uint64_t commit) {
    for (LiveSegment& segment : live->segments) {
      IdSet& members = by_slot[segment.slot];
      const auto last = members.empty() ? std::nullopt : members.Nth(members.size() - 1);
      if (last && *last >= nodes) return false;
      segment.members = MemberSet::Of(std::move(members), commit, *MemberSet::Empty());
    }
    return true;
  }
};

bool LoadRow(Part part, std::uint64_t block, std::string_view payload, const CommitState& s,
             Index* index, LiveSegments::Dues* dues, LoadedSets* sets) {
  switch (part) {
    case Part::kManifest:
      return true;
    case Part::kNodes:
      return LoadCells(payload, block, s.nodes, &index->nodes);
    case Part::kProfiles:
      return LoadCells(payload, block, s.profiles, &index->profiles);
    case Part::kLinks:
      return LoadCells(payload, block, s.links, &index->links);
    case Part::kMentions:
      return LoadCells(payload, block, s.mentions, &index->mentions);
    case Part::kRecords:
      return LoadCells(payload, block, s.records, &index->records);
    case Part::kRenames:
      return LoadCells(payload, block, s.renames, &index->renames);
    case Part::kValues:
      return LoadValues(payload, block, s.values_end, &index->values);
    case Part::kDues:
      return LoadCells(payload, block, s.dues, dues);
    case Part::kMembers:
      return sets->Add(block, payload);
  }
  return false;
}

}  // namespace

namespace {

absl::StatusOr<std::optional<std::string>> ReadManifest(const Store& store, std::uint32_t graph) {
  const std::string key = KeyOf(graph, Part::kManifest, 0);
  auto manifest = store.Get(Table::kState, key);
  if (!manifest.ok()) return manifest.status();
  if (!manifest->has_value()) return std::optional<std::string>();
  auto payload = OpenValue(kStateVersion, key, **manifest);
  if (!payload.ok()) return payload.status();
  return std::optional<std::string>(*payload);
}

// By slot, which need not be the order of definitions.
void AddMembers(const LiveState& live, std::uint64_t since, RowWriter* rows) {
  std::vector<const LiveSegment*> segments;
  for (const LiveSegment& segment : live.segments) segments.push_back(&segment);
  std::sort(segments.begin(), segments.end(),
            [](const LiveSegment* a, const LiveSegment* b) { return a->slot < b->slot; });
  for (const LiveSegment* segment : segments) {
    const std::vector<std::uint32_t> chunks = segment->members->ChunksSince(since);
    if (chunks.empty()) continue;
    const IdSet ids = segment->members->ToSet();
    for (const std::uint32_t chunk : chunks) {
      rows->Add(Part::kMembers, std::uint64_t{segment->slot} << kSlotShift | chunk,
                ids.EncodeChunk(chunk));
    }
  }
}

// Rows of segments that the checkpoint before had and this one has not: nobody reads them any more.
absl::Status EraseSlots(std::uint32_t graph, const std::vector<std::uint32_t>& slots,
                        Store* store) {
  for (const std::uint64_t slot : slots) {
    WriteSet gone;
    absl::Status status =
        store->Scan(Table::kState, KeyOf(graph, Part::kMembers, slot << kSlotShift),
                    KeyOf(graph, Part::kMembers, (slot + 1) << kSlotShift),
                    [&](std::string_view key, std::string_view) {
                      gone.erases.push_back({Table::kState, std::string(key)});
                      return true;
                    });
    if (status.ok() && !gone.empty()) status = store->Commit(gone, false);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

// Those of `before` that are not in `now`.
std::vector<std::uint32_t> SlotsGone(const LiveState* before, const LiveState* now) {
  std::vector<std::uint32_t> gone;
  if (before == nullptr) return gone;
  absl::flat_hash_set<std::uint32_t> kept;
  if (now != nullptr) {
    for (const LiveSegment& segment : now->segments) kept.insert(segment.slot);
  }
  for (const LiveSegment& segment : before->segments) {
    if (!kept.contains(segment.slot)) gone.push_back(segment.slot);
  }
  return gone;
}

absl::Status AddGraph(const CheckpointPart& part, std::uint64_t since, const Store& store,
                      RowWriter* rows, std::vector<std::uint32_t>* slots_gone) {
  const Index& index = *part.index;
  const CommitState& state = *part.state;
  rows->Add(Part::kManifest, 0, EncodeManifest(part));
  AddCells(index.nodes, Part::kNodes, state.nodes, state.sequence, since, rows);
  AddCells(index.profiles, Part::kProfiles, state.profiles, state.sequence, since, rows);
  AddCells(index.links, Part::kLinks, state.links, state.sequence, since, rows);
  AddCells(index.mentions, Part::kMentions, state.mentions, state.sequence, since, rows);
  AddCells(index.records, Part::kRecords, state.records, state.sequence, since, rows);
  AddCells(index.renames, Part::kRenames, state.renames, state.sequence, since, rows);
  // Values are only ever added, or wiped; the chunk that the last checkpoint ended in is written again. Without a last checkpoint's end at
  // hand, chunks that are there already are found by asking the store.
  std::uint64_t from = 0;
  std::uint64_t live_since = 0;  // all, where the last checkpoint kept nothing of segments
  if (since != 0) {
    auto manifest = ReadManifest(store, part.graph);
    if (!manifest.ok()) return manifest.status();
    if (manifest->has_value()) {
      auto last = DecodeManifest(index, **manifest);
      if (!last.ok()) return last.status();
      from = last->values_end / kValueChunk * kValueChunk;
      if (last->live != nullptr) live_since = since;
      *slots_gone = SlotsGone(last->live.get(), state.live.get());
    }
  }
  std::set<std::uint64_t> chunks;
  index.values.ForEachWiped(since, state.sequence, [&](std::uint64_t place, std::uint64_t bytes) {
    for (std::uint64_t c = place / kValueChunk; c <= (place + bytes - 1) / kValueChunk; ++c) {
      if (c * kValueChunk < from) chunks.insert(c);
    }
  });
  const KeyedRows* const keys = KeysOf(store);
  std::optional<ValuePlaces> places;
  if (keys != nullptr) places.emplace(index, state, *keys);
  const auto add_chunk = [&](std::uint64_t chunk) {
    const std::uint64_t first = chunk * kValueChunk;
    const std::uint64_t bytes = std::min(kValueChunk, state.values_end - first);
    std::string raw = index.values.Raw(first, bytes, state.sequence);
    if (keys != nullptr) {
      auto spans = places->In(first, bytes);
      if (!spans.ok()) return spans.status();
      auto sealed = keys->SealChunk(std::move(raw), *spans);
      if (!sealed.ok()) return sealed.status();
      raw = *std::move(sealed);
    }
    rows->Add(Part::kValues, chunk, raw);
    return absl::OkStatus();
  };
  for (const std::uint64_t chunk : chunks) {
    if (absl::Status status = add_chunk(chunk); !status.ok()) return status;
  }
  for (; from < state.values_end; from += kValueChunk) {
    if (absl::Status status = add_chunk(from / kValueChunk); !status.ok()) return status;
  }
  AddCells(*part.dues, Part::kDues, state.dues, state.sequence, live_since, rows);
  if (state.live != nullptr) AddMembers(*state.live, live_since, rows);
  return rows->status();
}

}  // namespace

absl::StatusOr<std::uint64_t> WriteCheckpoint(const std::vector<CheckpointPart>& parts,
                                              std::uint64_t since, Store* store) {
  std::uint64_t bytes = 0;
  std::vector<std::vector<std::uint32_t>> slots_gone(parts.size());
  absl::Status status = store->IngestFrom(Table::kState, [&](const Store::RowSink& add) {
    for (std::size_t p = 0; p < parts.size(); ++p) {
      RowWriter rows(parts[p].graph, parts[p].index->memory.get(), add);
      if (absl::Status added = AddGraph(parts[p], since, *store, &rows, &slots_gone[p]);
          !added.ok())
        return added;
      bytes += rows.bytes();
    }
    // From here on nobody is told again of what lies behind the checkpoint.
    const KeyedRows* const keys = KeysOf(*store);
    return keys == nullptr ? absl::OkStatus() : keys->ring().Sync();
  });
  for (std::size_t p = 0; p < parts.size() && status.ok(); ++p)
    status = EraseSlots(parts[p].graph, slots_gone[p], store);
  if (!status.ok()) return status;
  return bytes;
}

absl::StatusOr<std::optional<std::string>> CheckpointedName(const Store& store,
                                                            std::uint32_t graph) {
  auto manifest = ReadManifest(store, graph);
  if (!manifest.ok()) return manifest.status();
  if (!manifest->has_value()) return std::optional<std::string>();
  return std::optional<std::string>(ByteReader(**manifest).Text());
}

absl::StatusOr<std::optional<CommitState>> LoadCheckpoint(const Store& store, std::uint32_t graph,
                                                          Index* index, LiveSegments::Dues* dues) {
  auto payload = ReadManifest(store, graph);
  if (!payload.ok()) return payload.status();
  if (!payload->has_value()) return std::optional<CommitState>();
  auto state = DecodeManifest(*index, **payload);
  if (!state.ok()) return state.status();
  index->Begin(state->sequence);
  dues->Begin(state->sequence);
  LoadedSets sets(state->live.get());
  const KeyedRows* const keys = KeysOf(store);
  std::vector<std::uint64_t> lost, lost_in_chunk;
  absl::Status problem;
  absl::Status status = store.Scan(
      Table::kState, std::string(1, static_cast<char>(graph)),
      std::string(1, static_cast<char>(graph + 1)),
      [&](std::string_view key, std::string_view value) {
        auto row = OpenValue(kStateVersion, key, value);
        std::string chunk;
        if (row.ok() && keys != nullptr && key.size() == 10 &&
            static_cast<Part>(key[1]) == Part::kValues) {
          lost_in_chunk.clear();
          auto opened = keys->OpenChunk(*row, &lost_in_chunk);
          if (opened.ok()) {
            chunk = *std::move(opened);
            row = std::string_view(chunk);
            for (const std::uint64_t begin : lost_in_chunk)
              lost.push_back(FromBigEndianKey(key.substr(2)) * kValueChunk + begin);
          } else {
            row = opened.status();
          }
        }
        if (!row.ok()) {
          problem = row.status();
        } else if (key.size() != 10 ||
                   !LoadRow(static_cast<Part>(key[1]), FromBigEndianKey(key.substr(2)), *row,
                            *state, index, dues, &sets)) {
          problem =
              absl::DataLossError("a checkpoint row does not fit its manifest; restore a backup");
        }
        return problem.ok();
      });
  if (!status.ok()) return status;
  if (!problem.ok()) return problem;
  if (!Complete(*state, *index))
    return absl::DataLossError("checkpoint rows are missing; restore a backup");
  FindLost(lost, index);
  if (absl::Status sound = CheckCells(*index, *state); !sound.ok()) return sound;
  if (dues->size() != state->dues)
    return absl::DataLossError("checkpoint rows are missing; restore a backup");
  if (state->live != nullptr) {
    auto live = std::make_shared<LiveState>(*state->live);
    if (!sets.MoveTo(live.get(), state->nodes, state->sequence))
      return absl::DataLossError("members of a segment are nobody; restore a backup");
    state->live = std::move(live);
  }
  return std::optional<CommitState>(*std::move(state));
}

}  // namespace polyonym::engine
