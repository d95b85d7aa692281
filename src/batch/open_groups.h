// batch/open_groups.h - the groups that plain union-find cannot answer for, put before engine::Definition.
#ifndef POLYONYM_SRC_BATCH_OPEN_GROUPS_H_
#define POLYONYM_SRC_BATCH_OPEN_GROUPS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "batch/row_judge.h"
#include "batch/rows.h"
#include "engine/definition.h"

namespace polyonym::batch {

// Over components that no live row leads out of, in shards of whole components, one for each thread.
class OpenGroups {
 public:
  static constexpr std::uint8_t kClosed = 0xff;

  OpenGroups(const Rows& rows, const std::uint32_t* texts, const RowJudge& judge,
             const RowOptions& options, Nodes* nodes)
      : rows_(rows), texts_(texts), judge_(judge), options_(options), nodes_(nodes) {}

  // The nodes and live rows of a shard, ascending.
  struct Shard {
    std::vector<std::uint32_t> nodes;
    std::vector<std::size_t> rows;
  };

  // Sets `key`, by node, to the smallest node of its group, and `row_key` to that of a row's primary. A value that names one after
  // another gets further nodes, at the end of nodes and keys.
  void Solve(std::vector<Shard> shards, std::vector<std::uint32_t>* key,
             std::vector<std::uint32_t>* row_key);

 private:
  struct Solving;
  void Run(Solving* solving);
  void AddRow(std::size_t row, Solving* solving);
  bool IsRepeated(std::size_t row, Solving* solving) const;
  void NumberLives(std::vector<Solving>* all, std::vector<std::uint32_t>* key);
  void SetKeys(const Solving& solving, std::vector<std::uint32_t>* key,
               std::vector<std::uint32_t>* row_key) const;
  std::uint32_t PrimaryOf(std::size_t row, const Solving& solving,
                          std::vector<std::uint32_t>* counted) const;

  const Rows& rows_;
  const std::uint32_t* texts_;
  const RowJudge& judge_;
  const RowOptions& options_;
  Nodes* nodes_;
  std::vector<std::uint32_t> local_of_;  // by node, in its shard
};

}  // namespace polyonym::batch

#endif  // POLYONYM_SRC_BATCH_OPEN_GROUPS_H_
