#include "crash/remains.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "engine/bytes.h"
#include "engine/feed.h"
#include "engine/log.h"
#include "harness/engine_state.h"

namespace polyonym::harness {
namespace {

// A number in a sealed row, behind a text and `skip` others where it `has_text`.
std::uint64_t NumberIn(const Store& store, Table table, const std::string& key, bool has_text,
                       int skip) {
  const std::optional<std::string> row = Must(store.Get(table, key));
  if (!row) return 0;
  engine::ByteReader in(Must(engine::OpenValue(1, key, *row)));
  if (has_text) in.Text();
  for (int i = 0; i < skip; ++i) in.Varint();
  return in.Varint();
}

}  // namespace

std::string ToText(const Counts& counts) {
  std::string text;
  for (const auto& [what, count] : counts) text += "\n  " + what + ": " + std::to_string(count);
  return text;
}

Remains LookAt(const Store& store) {
  Remains remains;
  engine::Frame last;
  Must(store.Scan(Table::kLog, "", "", [&](std::string_view key, std::string_view value) {
    last = Must(engine::DecodeConditions(engine::FrameNumber(key), value));
    remains.erased = last.kind == engine::FrameKind::kErase ||
                     (remains.erased && last.kind != engine::FrameKind::kHorizon);
    if (last.kind == engine::FrameKind::kHorizon || last.kind == engine::FrameKind::kErase)
      remains.fold = last.sequence;
    return true;
  }));
  if (last.kind == engine::FrameKind::kPolicy &&
      !Must(store.Get(Table::kFeed, engine::FeedKey(last.sequence, last.graph)))) {
    remains.policy = last.sequence;
    remains.graph = last.graph;
  }
  // The manifest of the first graph: name, seed, bits, sequence.
  remains.checkpoint = NumberIn(store, Table::kState, std::string(10, '\0'), true, 2);
  remains.cleaned = NumberIn(store, Table::kMeta, "cleaned", false, 0);
  return remains;
}

void Count(const Remains& remains, const Engine& engine, Counts* counts) {
  if (remains.policy != 0) {
    const View view = Must(engine.Read(engine.Graphs().at(remains.graph)));
    const std::vector<Change> changes = Must(view.Changes(remains.policy, 1));
    if (!changes.empty() && changes.front().sequence == remains.policy)
      ++(*counts)[remains.graph == 0 ? kPolicyAlone : kFurtherPolicyAlone];
  }
  if (remains.fold == 0 || remains.cleaned >= remains.fold) return;
  const bool alone = remains.checkpoint < remains.fold;
  ++(*counts)[remains.erased ? alone ? kErasureAlone : kErasureUncleaned
              : alone        ? kFoldAlone
                             : kFoldUncleaned];
}

std::string CheckLogIsClean(const Store& store, const View& view) {
  std::size_t in_log = 0, kept = 0;
  Must(store.Scan(Table::kLog, "", "", [&](std::string_view key, std::string_view value) {
    const engine::Frame frame = Must(engine::DecodeFrame(engine::FrameNumber(key), value));
    in_log += static_cast<std::size_t>(
        std::count_if(frame.records.begin(), frame.records.end(),
                      [](const Record& record) { return !record.source.empty(); }));
    return true;
  }));
  Must(view.Export([&](const StoredRecord&) {
    ++kept;
    return true;
  }));
  if (in_log == kept) return "";
  return "the log has " + std::to_string(in_log) + " records, of which " + std::to_string(kept) +
         " are kept\n";
}

}  // namespace polyonym::harness
