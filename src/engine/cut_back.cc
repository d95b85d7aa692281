#include "engine/cut_back.h"

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/bytes.h"
#include "engine/feed.h"
#include "engine/lens.h"
#include "engine/log.h"
#include "engine/outbox.h"

namespace polyonym::engine {
namespace {

constexpr std::size_t kRowsAtOnce = 4'096;  // of one commit
constexpr std::string_view kBeginKey = "feed_begins";
constexpr std::string_view kCursorPrefix = "cursor/";
constexpr std::string_view kBehindCursors = "cursor0";  // the next byte
constexpr std::uint8_t kNumberVersion = 1;
constexpr std::uint8_t kStateVersion = 1;

// What the log says of itself.
struct Outline {
  std::uint64_t last_sequence = 0;
  std::uint64_t last_rewriting = 0;  // sequence of the last fold or erasure
  std::uint64_t first_cut = 0;       // number of the first frame behind the call; 0: none
  std::uint32_t graphs = 1;          // that there are up to the call
};

absl::StatusOr<Outline> ReadOutline(const Store& store, std::uint64_t sequence) {
  Outline outline;
  absl::Status problem;
  absl::Status status =
      store.Scan(Table::kLog, "", "", [&](std::string_view key, std::string_view value) {
        const std::uint64_t number = FrameNumber(key);
        auto frame = DecodeConditions(number, value);
        if (!frame.ok()) {
          problem = frame.status();
          return false;
        }
        outline.last_sequence = frame->sequence;
        if (frame->kind == FrameKind::kHorizon || frame->kind == FrameKind::kErase)
          outline.last_rewriting = frame->sequence;
        if (frame->sequence > sequence) {
          if (outline.first_cut == 0) outline.first_cut = number;
        } else if (frame->kind == FrameKind::kPolicy) {
          outline.graphs = std::max(outline.graphs, frame->graph + 1);
        }
        return true;
      });
  if (!status.ok()) return status;
  if (!problem.ok()) return problem;
  return outline;
}

// Sequence of the checkpoint; 0 where there is none.
absl::StatusOr<std::uint64_t> CheckpointedSequence(const Store& store) {
  const std::string key(10, '\0');  // the manifest of the first graph: graph, part and block 0
  auto row = store.Get(Table::kState, key);
  if (!row.ok()) return row.status();
  if (!row->has_value()) return 0;
  auto payload = OpenValue(kStateVersion, key, **row);
  if (!payload.ok()) return payload.status();
  ByteReader in(*payload);
  in.Text();    // name
  in.Varint();  // seed
  in.Varint();  // bits
  const std::uint64_t sequence = in.Varint();
  if (!in.ok()) return absl::DataLossError("the checkpoint does not decode");
  return sequence;
}

// Whether every record up to the call is in the log.
absl::StatusOr<bool> IsWhole(const Store& store, std::uint64_t sequence) {
  bool whole = true;
  absl::Status problem;
  absl::Status status =
      store.Scan(Table::kLog, "", "", [&](std::string_view key, std::string_view value) {
        auto frame = DecodeFrame(FrameNumber(key), value);
        problem = frame.status();
        if (!frame.ok() || frame->sequence > sequence) return false;
        whole = std::none_of(frame->records.begin(), frame->records.end(),
                             [](const Record& record) { return record.source.empty(); });
        return whole;
      });
  if (!status.ok()) return status;
  if (!problem.ok()) return problem;
  return whole;
}

// Commits what has gathered once it is a good deal.
class Eraser {
 public:
  explicit Eraser(Store* store) : store_(store) {}

  // Erases rows from a key on whose key `goes`.
  absl::Status Erase(Table table, const std::string& from, const std::string& to,
                     const std::function<bool(std::string_view key)>& goes) {
    std::string next = from;
    for (bool more = true; more;) {
      more = false;
      WriteSet writes;
      absl::Status status =
          store_->Scan(table, next, to, [&](std::string_view key, std::string_view) {
            if (writes.erases.size() == kRowsAtOnce) {
              next = key;
              more = true;
              return false;
            }
            if (goes(key)) writes.erases.push_back({table, std::string(key)});
            return true;
          });
      if (status.ok() && !writes.empty()) status = store_->Commit(writes, false);
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

 private:
  Store* const store_;
};

bool Always(std::string_view) { return true; }

// Keys are those of docs/format.md, of the first graph and of further ones.
std::uint64_t SequenceOfFeedKey(std::string_view key) {
  return key.size() < 8 ? 0 : FromBigEndianKey(key.substr(key.size() - 8));
}

// A number that lies behind the last call is set just behind it.
absl::Status LowerNumber(std::string_view key, std::string_view value, std::uint64_t most,
                         WriteSet* writes) {
  auto payload = OpenValue(kNumberVersion, key, value);
  if (!payload.ok()) return payload.status();
  ByteReader in(*payload);
  const std::uint64_t number = in.Varint();
  if (!in.AtEnd()) return absl::DataLossError("a row about the feed does not decode");
  if (number <= most) return absl::OkStatus();
  std::string lower;
  PutVarint(&lower, most);
  writes->puts.push_back({Table::kMeta, std::string(key), SealValue(kNumberVersion, key, lower)});
  return absl::OkStatus();
}

absl::Status MoveCursors(std::uint64_t sequence, std::uint32_t graphs, Store* store) {
  WriteSet writes;
  absl::Status problem;
  absl::Status status = store->Scan(
      Table::kMeta, kCursorPrefix, kBehindCursors,
      [&](std::string_view key, std::string_view value) {
        const bool known = key.size() > kCursorPrefix.size() &&
                           static_cast<std::uint8_t>(key[kCursorPrefix.size()]) < graphs;
        if (known) {
          problem = LowerNumber(key, value, sequence + 1, &writes);
        } else {
          writes.erases.push_back({Table::kMeta, std::string(key)});
        }
        return problem.ok();
      });
  if (!status.ok()) return status;
  if (!problem.ok()) return problem;
  auto begin = store->Get(Table::kMeta, kBeginKey);
  if (!begin.ok()) return begin.status();
  if (begin->has_value()) {
    status = LowerNumber(kBeginKey, **begin, sequence + 1, &writes);
    if (!status.ok()) return status;
  }
  return writes.empty() ? absl::OkStatus() : store->Commit(writes, false);
}

}  // namespace

absl::Status CutBack(std::uint64_t sequence, Store* store) {
  auto outline = ReadOutline(*store, sequence);
  if (!outline.ok()) return outline.status();
  const auto out_of_range = [&](const std::string& why) {
    return absl::OutOfRangeError("up_to_sequence: " + why);
  };
  if (sequence > outline->last_sequence)
    return out_of_range("it ends at " + std::to_string(outline->last_sequence));
  if (sequence < outline->last_rewriting) {
    return out_of_range("records were folded or erased by call " +
                        std::to_string(outline->last_rewriting) +
                        "; a state of before it can be had from an earlier backup alone");
  }
  auto checkpointed = CheckpointedSequence(*store);
  if (!checkpointed.ok()) return checkpointed.status();
  const bool from_beginning = *checkpointed > sequence;
  if (from_beginning) {
    auto whole = IsWhole(*store, sequence);
    if (!whole.ok()) return whole.status();
    if (!*whole) {
      return out_of_range("its checkpoint is of call " + std::to_string(*checkpointed) +
                          ", and its log was cleaned of what was folded or erased; name that call "
                          "or a later one, or take an earlier backup");
    }
  }
  Eraser eraser(store);
  absl::Status status;
  if (from_beginning) status = eraser.Erase(Table::kState, "", "", Always);
  if (status.ok() && outline->first_cut != 0)
    status = eraser.Erase(Table::kLog, FrameKey(outline->first_cut), "", Always);
  if (status.ok()) {
    status = eraser.Erase(Table::kFeed, "", "",
                          [&](std::string_view key) { return SequenceOfFeedKey(key) > sequence; });
  }
  for (std::uint32_t graph = 0; status.ok() && graph < Lens::kMaxGraphs; ++graph) {
    status = eraser.Erase(Table::kMeta, OutboxKey(FirstOutboxId(sequence + 1), graph),
                          OutboxKey(~std::uint64_t{0}, graph), Always);
  }
  if (status.ok()) status = MoveCursors(sequence, outline->graphs, store);
  return status;
}

}  // namespace polyonym::engine
