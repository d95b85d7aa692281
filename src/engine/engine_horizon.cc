// The horizon of a source: what is behind it is folded, and leaves the log. docs/horizon.md.
//
// The fold itself is one commit, in which nothing leaves the log. A log without records cannot be taken from its beginning any more, so
// that a checkpoint follows; only then are the frames written again without what was folded. Where a process dies in between,
// opening goes on from there.
#include <algorithm>
#include <limits>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "engine/bytes.h"
#include "engine/engine_impl.h"
#include "engine/span.h"

namespace polyonym {

using engine::Horizons;
using engine::RecordCell;
using engine::Span;

namespace {

constexpr std::size_t kFramesAtOnce = 1024;  // that are written again while others wait
constexpr std::string_view kCleanedKey = "cleaned";
constexpr std::uint8_t kCleanedVersion = 1;

// What records must share to be folded to one, beside what the core says.
std::string NamingOf(const Record& record) {
  std::vector<std::tuple<std::string_view, Role, std::string_view>> names;
  for (const RecordIdentifier& i : record.identifiers) names.emplace_back(i.ns, i.role, i.value);
  std::sort(names.begin(), names.end());
  std::string naming(1, static_cast<char>(record.act));
  for (const auto& [ns, role, value] : names) {
    engine::PutText(&naming, ns);
    naming.push_back(static_cast<char>(role));
    engine::PutText(&naming, value);
  }
  return naming;
}

// Records that stand for others, in order of the first of those.
class Folds {
 public:
  void Add(Record record, std::string key) {
    key += NamingOf(record);
    const Span span = engine::SpanOf(record);
    auto at = by_key_.find(key);
    if (at != by_key_.end()) {
      Record& fold = records_[at->second];
      const std::uint64_t count = std::uint64_t{fold.folded->count} + span.count;
      if (count <= std::numeric_limits<std::uint32_t>::max()) {
        fold.time_ms = std::min(*fold.time_ms, span.first_ms);
        fold.folded->last_ms = std::max(fold.folded->last_ms, span.last_ms);
        fold.folded->count = static_cast<std::uint32_t>(count);
        return;
      }
    }
    by_key_[key] = records_.size();
    record.facts.clear();
    record.folded = Folded{span.count, span.last_ms};
    records_.push_back(std::move(record));
  }
  std::vector<Record> Take() {
    for (Record& record : records_) {
      record.version = record.time_ms;
      record.id = ToString(HashContent(record));
    }
    return std::move(records_);
  }

 private:
  std::vector<Record> records_;
  absl::flat_hash_map<std::string, std::size_t> by_key_;
};

}  // namespace

absl::Status Engine::Impl::CheckHorizon(const std::string& source, std::int64_t before_ms) const {
  const engine::Core& core = *first().core;
  if (before_ms < core.horizons()->Of(source)) {
    return absl::InvalidArgumentError(
        "before_ms: the source's horizon stands later already, and never goes back");
  }
  const std::int64_t host = options_.now_ms ? options_.now_ms() : 0;
  if (before_ms < 0 || before_ms > std::max({core.clock_ms(), core.newest_ms(), host})) {
    return absl::InvalidArgumentError(
        "before_ms: must be between 1970 and the latest time that is known (the clock, the newest "
        "record, the host's clock): every record before it would be turned away");
  }
  return absl::OkStatus();
}

absl::StatusOr<HorizonResult> Engine::Impl::MoveHorizon(const std::string& source,
                                                        std::int64_t before_ms,
                                                        const HorizonOptions& options) {
  const engine::TimedCall call(recorder_, recorder_.move_horizon);
  constexpr std::size_t kMaxSourceBytes = 128;
  if (source.empty() || source.size() > kMaxSourceBytes)
    return absl::InvalidArgumentError("source: say whose records to fold, in 1 to 128 bytes");
  HorizonResult result;
  bool moved = false;
  Job job;
  job.alone = true;
  job.run = [&] {
    if (absl::Status status = CheckHorizon(source, before_ms); !status.ok()) return status;
    if (before_ms == first().core->horizons()->Of(source)) return absl::OkStatus();
    moved = true;
    log_.AppendHorizon(last_sequence_ + 1, source, before_ms);
    BeginFold(source);
    Folds folds;
    const FoldedOut out = FoldOut(
        source, before_ms, options.progress,
        [&](Record record, std::string key) { folds.Add(std::move(record), std::move(key)); });
    for (const Record& fold : folds.Take()) {
      const std::uint64_t location =
          log_.Append(last_sequence_ + 1, first().index.records.size() + 1, fold, true);
      for (const auto& lens : lenses_) lens->core->FoldIn(fold, location);
      ++result.folds;
    }
    EndFold(source, before_ms, out);
    result.folded_records = out.folded;
    result.dropped_records = out.dropped;
    return absl::OkStatus();
  };
  if (absl::Status status = Submit(&job); !status.ok()) return status;
  result.sequence = job.sequence;
  if (moved) {
    recorder_.folded_records.Add(result.folded_records + result.dropped_records);
    if (absl::Status status = CleanLog(); !status.ok()) return status;
  }
  return result;
}

void Engine::Impl::BeginFold(const std::string& source) {
  for (const auto& lens : lenses_) lens->core->BeginFold(source);
}

// Takes out of every graph what the source has behind the horizon, and the versions of it that do not stand. `stood` is told of
// those that stood, and what must be equal for two of them to be folded to one.
Engine::Impl::FoldedOut Engine::Impl::FoldOut(
    const std::string& source, std::int64_t before_ms,
    const std::function<void(std::uint64_t, std::uint64_t)>& progress,
    const std::function<void(Record, std::string)>& stood) {
  engine::Index& index = first().index;
  const std::uint32_t hash = index.CutSource(index.HashSource(source));
  const std::uint64_t total = index.records.size();
  FoldedOut out;
  std::string key;
  for (std::uint32_t r = 0; r < total; ++r) {
    constexpr std::uint32_t kEvery = 65'536;
    if (r % kEvery == 0 && progress) progress(r, total);
    const RecordCell cell = index.records.Latest(r);
    const bool stands = cell.has(RecordCell::kStands);
    if (cell.gone() || cell.source != hash || (stands && !engine::Core::Folds(cell.act())))
      continue;
    auto record = log_.ReadRecord(cell.location);
    if (!record.ok()) {
      first().core->Fail(record.status());
      return out;
    }
    if (record->source != source || (stands && *record->time_ms >= before_ms)) continue;
    key.clear();
    for (const auto& lens : lenses_) lens->core->FoldOut(r, *record, &key);
    frames_to_clean_.insert(cell.location >> 16);
    out.folded += stands && !record->folded ? 1 : 0;
    out.dropped += stands ? 0 : 1;
    if (!stands) continue;
    out.seen += engine::SpanOf(*record).count;
    stood(*std::move(record), key);
  }
  if (progress) progress(total, total);
  return out;
}

void Engine::Impl::EndFold(const std::string& source, std::int64_t before_ms,
                           const FoldedOut& out) {
  for (const auto& lens : lenses_) lens->core->EndFold(source, before_ms, out.folded + out.dropped);
}

// Writes a checkpoint, then the frames again that had what was folded.
absl::Status Engine::Impl::CleanLog() {
  if (absl::Status status = ReadOnly(); !status.ok()) return status;
  if (absl::Status status = WriteCheckpoint(); !status.ok()) return status;
  bool more = true;
  while (more) {
    Job job;
    job.alone = true;
    job.run = [&] { return CleanFrames(&more); };
    if (absl::Status status = Submit(&job); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status Engine::Impl::CleanFrames(bool* more) {
  const engine::Index& index = first().index;
  const std::uint64_t folded_at = first().core->horizons()->sequence();
  const std::uint64_t shown = checkpoint_sequence_;
  *more = false;
  if (shown < folded_at) return absl::OkStatus();  // another fold came meanwhile, and does it
  WriteSet writes;
  std::size_t done = 0;
  auto next = frames_to_clean_.begin();
  for (; next != frames_to_clean_.end() && done < kFramesAtOnce; ++next, ++done) {
    auto bytes = engine::ReadFrameBytes(*store_, *next);
    if (!bytes.ok()) return bytes.status();
    auto cleaned =
        engine::WithoutRecords(*next, *bytes, [&](std::uint64_t first_record, std::uint64_t place) {
          const std::uint64_t r = first_record - 1 + place;
          return r < index.records.size() && index.records.Latest(r).gone();
        });
    if (!cleaned.ok()) return cleaned.status();
    if (*cleaned == *bytes) continue;
    writes.puts.push_back({Table::kLog, engine::FrameKey(*next), *std::move(cleaned)});
    ++cleaned_frames_;
  }
  *more = next != frames_to_clean_.end();
  if (!*more) {
    std::string payload;
    engine::PutVarint(&payload, folded_at);
    writes.puts.push_back({Table::kMeta, std::string(kCleanedKey),
                           engine::SealValue(kCleanedVersion, kCleanedKey, payload)});
  }
  if (absl::Status status = store_->Commit(writes, false); !status.ok()) return status;
  frames_to_clean_.erase(frames_to_clean_.begin(), next);
  log_.ForgetFrames();
  for (const auto& lens : lenses_) lens->checkpointed = shown;
  return absl::OkStatus();
}

// After opening: whether the log was cleaned of everything that was folded. Where it was not, all of it is gone through.
absl::Status Engine::Impl::GoOnCleaning() {
  const std::uint64_t folded_at = first().core->horizons()->sequence();
  if (folded_at == 0) return absl::OkStatus();
  auto row = store_->Get(Table::kMeta, kCleanedKey);
  if (!row.ok()) return row.status();
  if (row->has_value()) {
    auto payload = engine::OpenValue(kCleanedVersion, kCleanedKey, **row);
    if (!payload.ok()) return payload.status();
    engine::ByteReader in(*payload);
    const std::uint64_t cleaned_at = in.Varint();
    if (!in.AtEnd())
      return absl::DataLossError("the row of cleaned frames does not decode; restore a backup");
    if (cleaned_at >= folded_at) return absl::OkStatus();
  }
  absl::Status problem;
  absl::Status status =
      store_->Scan(Table::kLog, "", "", [&](std::string_view key, std::string_view value) {
        const std::uint64_t number = engine::FrameNumber(key);
        auto frame = engine::DecodeConditions(number, value);
        if (!frame.ok()) {
          problem = frame.status();
          return false;
        }
        if (engine::HoldsRecords(*frame)) frames_to_clean_.insert(number);
        return true;
      });
  if (!status.ok()) return status;
  if (!problem.ok()) return problem;
  // A full disk does not keep a store from being opened: what is left is cleaned when a horizon moves, or it is opened again.
  status = CleanLog();
  return absl::IsDataLoss(status) ? status : absl::OkStatus();
}

}  // namespace polyonym
