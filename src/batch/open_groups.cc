#include "batch/open_groups.h"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"

namespace polyonym::batch {

struct OpenGroups::Solving {
  Shard shard;
  std::unique_ptr<engine::Definition> definition;
  absl::flat_hash_set<std::vector<std::uint32_t>> contents;  // of rows without an id
  std::vector<std::uint32_t> counted;                        // of the row at hand
  engine::Definition::Solved solved;
  std::vector<std::uint32_t> node_of;  // by solved name; of one with lives, that of the first
  absl::flat_hash_map<std::uint32_t, std::vector<std::uint32_t>>
      lives;  // by name, the solved names
};

void OpenGroups::Solve(std::vector<Shard> shards, std::vector<std::uint32_t>* key,
                       std::vector<std::uint32_t>* row_key) {
  local_of_.resize(nodes_->texts.size());
  std::vector<Solving> all(shards.size());
  for (std::size_t i = 0; i < shards.size(); ++i) all[i].shard = std::move(shards[i]);
  engine::RunTasks(options_.threads, all.size(), [&](std::size_t i) { Run(&all[i]); });
  NumberLives(&all, key);
  engine::RunTasks(options_.threads, all.size(),
                   [&](std::size_t i) { SetKeys(all[i], key, row_key); });
}

void OpenGroups::Run(Solving* solving) {
  solving->definition = std::make_unique<engine::Definition>(options_.policy);
  for (const std::uint32_t node : solving->shard.nodes) {
    const Text& text = nodes_->texts[node];
    local_of_[node] = solving->definition->AddName(
        {std::string(nodes_->namespaces[text.kind]), std::string(text.view())});
  }
  for (const std::size_t row : solving->shard.rows) AddRow(row, solving);
  solving->solved = solving->definition->Solve(options_.clock_ms, options_.up_to_ms);
}

void OpenGroups::AddRow(std::size_t row, Solving* solving) {
  if (IsRepeated(row, solving)) return;
  judge_.VerdictOf(row, &solving->counted);
  const std::vector<std::uint32_t>& counted = solving->counted;
  std::vector<engine::Definition::Name> names;
  for (const std::uint32_t node : counted) names.push_back({local_of_[node]});
  for (const std::uint32_t from : counted) {
    for (const std::uint32_t of : nodes_->DerivedFrom(from)) {
      if (std::find(counted.begin(), counted.end(), of) == counted.end())
        names.push_back({local_of_[of], Role::kSelf, local_of_[from]});
    }
  }
  solving->definition->AddSighting(rows_.TimeOf(row), std::move(names));
}

// The same texts at the same time, of a row without an id, are one record.
bool OpenGroups::IsRepeated(std::size_t row, Solving* solving) const {
  if (!rows_.keys.empty() && rows_.keys[row] != kNone) return false;
  std::vector<std::uint32_t> content(texts_ + rows_.BeginOf(row), texts_ + rows_.EndOf(row));
  std::sort(content.begin(), content.end());
  const auto time = static_cast<std::uint64_t>(rows_.TimeOf(row));
  content.push_back(static_cast<std::uint32_t>(time));
  content.push_back(static_cast<std::uint32_t>(time >> 32));
  return !solving->contents.insert(std::move(content)).second;
}

// The first life of a value is the value's node. The others come behind all nodes, by value and beginning.
void OpenGroups::NumberLives(std::vector<Solving>* all, std::vector<std::uint32_t>* key) {
  std::vector<std::tuple<std::uint32_t, std::int64_t, std::uint32_t*>> later;
  for (Solving& solving : *all) {
    const auto& solved = solving.solved;
    solving.node_of = solving.shard.nodes;
    solving.node_of.resize(solved.names.size());
    for (std::uint32_t i = static_cast<std::uint32_t>(solving.shard.nodes.size());
         i < solved.names.size(); ++i) {
      std::vector<std::uint32_t>& lives = solving.lives[solved.life_of[i]];
      solving.node_of[i] = solving.node_of[solved.life_of[i]];
      if (!lives.empty())
        later.emplace_back(solving.node_of[i], solved.first_ms[i], &solving.node_of[i]);
      lives.push_back(i);
    }
  }
  if (later.empty()) return;
  std::sort(later.begin(), later.end());
  std::size_t next = nodes_->texts.size();
  nodes_->texts.Resize(next + later.size());
  key->resize(nodes_->texts.size(), kNone);
  for (const auto& [node, first_ms, number] : later) {
    *number = static_cast<std::uint32_t>(next);
    nodes_->texts[next++] = nodes_->texts[node];
  }
}

void OpenGroups::SetKeys(const Solving& solving, std::vector<std::uint32_t>* key,
                         std::vector<std::uint32_t>* row_key) const {
  const auto& solved = solving.solved;
  std::vector<std::uint32_t> key_of(solved.names.size(), kNone);  // by group
  const auto counts = [&](std::uint32_t i) {
    return solved.live[i] > 0 && !solving.lives.contains(i);
  };
  for (std::uint32_t i = 0; i < solved.names.size(); ++i) {
    if (counts(i)) key_of[solved.group[i]] = std::min(key_of[solved.group[i]], solving.node_of[i]);
  }
  for (std::uint32_t i = 0; i < solved.names.size(); ++i) {
    if (counts(i)) (*key)[solving.node_of[i]] = key_of[solved.group[i]];
  }
  std::vector<std::uint32_t> counted;
  for (const std::size_t row : solving.shard.rows)
    (*row_key)[row] = key_of[solved.group[PrimaryOf(row, solving, &counted)]];
}

// A solved name: docs/rule.md section 6.
std::uint32_t OpenGroups::PrimaryOf(std::size_t row, const Solving& solving,
                                    std::vector<std::uint32_t>* counted) const {
  const auto& solved = solving.solved;
  judge_.VerdictOf(row, counted);
  const auto place = [&](std::uint32_t i) {
    return std::tuple(solved.shared[i] != 0, solved.rules->PriorityOf(solved.kind[i]),
                      std::cref(solved.names[i]));
  };
  std::uint32_t best = kNone;
  for (const std::uint32_t node : *counted) {
    std::uint32_t i = local_of_[node];
    if (const auto at = solving.lives.find(i); at != solving.lives.end()) {
      i = at->second.front();
      for (const std::uint32_t life : at->second) {
        if (solved.first_ms[life] <= rows_.TimeOf(row)) i = life;
      }
    }
    if (best == kNone || place(i) < place(best)) best = i;
  }
  return best;
}

}  // namespace polyonym::batch
