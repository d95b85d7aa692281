// batch/row_judge.h - the verdict on a row, by what is known of its texts: model/judge.h without the strings.
#ifndef POLYONYM_SRC_BATCH_ROW_JUDGE_H_
#define POLYONYM_SRC_BATCH_ROW_JUDGE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "batch/rows.h"

namespace polyonym::batch {

// THREADS: immutable; a Scratch for each thread.
class RowJudge {
 public:
  RowJudge(const Rows& rows, const std::uint32_t* texts, const Nodes& nodes,
           const engine::Rules& rules, const RowOptions& options);

  // No row can be rejected or held but for having no cell: nothing has to be asked.
  bool all_pass() const { return all_pass_; }

  // Why the row is rejected, as CheckShape().
  Reason ShapeOf(std::size_t row) const;
  // Why the row is held, as JudgeRecord(). Sets `counted` to its nodes, each once, in the order of cells, derived ones left out.
  Reason VerdictOf(std::size_t row, std::vector<std::uint32_t>* counted) const;

 private:
  bool BreaksLimitOfOne(const std::vector<std::uint32_t>& counted) const;

  const Rows& rows_;
  const std::uint32_t* texts_;  // by cell
  const Nodes& nodes_;
  const engine::Rules& rules_;
  const RowOptions& options_;
  enum class One : std::uint8_t { kNo = 0, kOfScope = 1, kOfFamily = 2 };
  std::vector<One> one_;  // by kind: a limit of one, for ever
  bool limits_of_one_ = false;
  bool all_pass_ = false;
};

}  // namespace polyonym::batch

#endif  // POLYONYM_SRC_BATCH_ROW_JUDGE_H_
