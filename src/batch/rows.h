// batch/rows.h - from rows of numbered texts to groups: what batch/columns.h and batch/resolve.h share.
//
// A row is an observation, or a bind, of its cells, all of role self. Groups that no limit, guard or lifetime can touch are what
// plain union-find gives, by heredity (identity/closed_groups.h says why); only the others are put before engine::Definition.
#ifndef POLYONYM_SRC_BATCH_ROWS_H_
#define POLYONYM_SRC_BATCH_ROWS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "batch/large_pages.h"
#include "batch/numbering.h"
#include "batch/texts.h"
#include "engine/rules.h"
#include "polyonym/batch/resolve.h"
#include "polyonym/model/judge.h"
#include "polyonym/model/outcome.h"
#include "polyonym/model/record.h"

namespace polyonym::batch {

struct Rows {
  std::size_t count = 0;
  std::size_t stride = 0;                  // cells of a row, where `ends` is empty
  std::span<const std::uint64_t> ends;     // of the cells of each row
  std::span<const std::int64_t> times;     // empty: all 0
  std::span<const std::int64_t> versions;  // empty: the times
  std::span<const Act> acts;               // kObserve or kBind; empty: all kObserve
  // Rows of one number have one id: the highest version of them stands. kNone: the content is the id. Empty: of all rows.
  std::span<const std::uint32_t> keys;
  std::span<const Text> ids;                            // by key, where they were not checked yet
  std::function<ContentHash(std::size_t row)> content;  // breaks ties between versions

  std::int64_t TimeOf(std::size_t row) const { return times.empty() ? 0 : times[row]; }
  std::int64_t VersionOf(std::size_t row) const {
    return versions.empty() ? TimeOf(row) : versions[row];
  }
  std::size_t BeginOf(std::size_t row) const {
    return ends.empty() ? row * stride : row == 0 ? 0 : ends[row - 1];
  }
  std::size_t EndOf(std::size_t row) const { return ends.empty() ? (row + 1) * stride : ends[row]; }
};

struct RowOptions {
  std::shared_ptr<const CompiledPolicy> policy;
  RecordLimits limits;
  std::int64_t now_ms = INT64_MAX;
  std::int64_t clock_ms = 0;
  std::int64_t up_to_ms = INT64_MAX;
  unsigned threads = 1;
};

// Identifiers that count, normalised: nodes. Of a value that names one after another (docs/rule.md section 2), all of them.
struct Nodes {
  std::vector<std::string> namespaces;  // by kind
  LargeArray<Text> texts;               // by node
  std::vector<TextStore> stores;        // what of them is not the caller's
  bool as_given = false;                // every text counts, and is its own node
  LargeArray<std::uint32_t> node_of;    // by text; kNone: none. Empty where `as_given`
  std::vector<Reason>
      reasons;  // by text: why it is held, or rejects its row. Empty where `as_given`
  // By node, those that are derived from it: [derived_begin[n], derived_begin[n + 1]). Empty: none of any.
  std::vector<std::uint32_t> derived_begin;
  std::vector<std::uint32_t> derived;

  std::uint32_t NodeOf(std::uint32_t text) const { return as_given ? text : node_of[text]; }
  Reason ReasonOf(std::uint32_t text) const { return as_given ? Reason::kNone : reasons[text]; }
  std::span<const std::uint32_t> DerivedFrom(std::uint32_t node) const {
    if (derived_begin.empty()) return {};
    return std::span(derived).subspan(derived_begin[node],
                                      derived_begin[node + 1] - derived_begin[node]);
  }
};

// Judges each distinct text once. Adds the namespaces of what is derived.
Nodes JudgeTexts(LargeArray<Text> texts, const RowOptions& options, Kinds* kinds);

struct Solution {
  Nodes nodes;
  std::vector<std::uint32_t> group;  // by node; kNone: no row that counts names it
  std::uint32_t groups = 0;
  std::vector<Reason>
      row_reason;  // why it counts for nothing; kNone too where it is later than `up_to_ms`
  std::vector<std::uint32_t> row_group;  // of its primary; kNone where it does not count
};

// `number_of` is by cell, and comes back by node; the texts go into the nodes.
Solution SolveRows(const Rows& rows, Numbering* numbering, const RowOptions& options, Kinds* kinds);

// By nodes and the group of each.
Partition PartitionOf(const Nodes& nodes, std::span<const std::uint32_t> group,
                      std::uint32_t groups);

}  // namespace polyonym::batch

#endif  // POLYONYM_SRC_BATCH_ROWS_H_
