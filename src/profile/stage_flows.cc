#include "polyonym/profile/stage_flows.h"

#include <algorithm>
#include <span>

#include "absl/numeric/int128.h"
#include "absl/strings/str_cat.h"

namespace polyonym {
namespace {

// Exact over the whole range of times.
std::uint64_t LengthOf(const StageSpell& spell) {
  return static_cast<std::uint64_t>(spell.to_ms) - static_cast<std::uint64_t>(spell.from_ms);
}

// Reorders `lengths_ms`.
StageDwell DwellOf(std::span<std::uint64_t> lengths_ms) {
  StageDwell dwell;
  dwell.spells = lengths_ms.size();
  if (lengths_ms.empty()) return dwell;
  absl::uint128 sum = 0;  // whole, so that the order of people does not show in the last bit
  for (const std::uint64_t length_ms : lengths_ms) sum += length_ms;
  dwell.mean_ms = static_cast<double>(sum) / static_cast<double>(dwell.spells);
  const auto median = lengths_ms.begin() + static_cast<std::ptrdiff_t>((lengths_ms.size() - 1) / 2);
  std::nth_element(lengths_ms.begin(), median, lengths_ms.end());
  dwell.median_ms = *median;
  return dwell;
}

absl::Status CheckTimes(const std::vector<StageSpell>& spells, std::size_t i) {
  const StageSpell& spell = spells[i];
  if (i > 0 && spell.from_ms != spells[i - 1].to_ms) {
    return absl::InvalidArgumentError(
        absl::StrCat("spells[", i, "].from_ms: allowed is the to_ms of the spell before"));
  }
  const bool is_last = i + 1 == spells.size();
  if (is_last ? spell.to_ms < spell.from_ms : spell.to_ms <= spell.from_ms) {
    return absl::InvalidArgumentError(absl::StrCat("spells[", i,
                                                   "].to_ms: allowed are times after from_ms",
                                                   is_last ? ", and from_ms itself" : ""));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<StageFlows> StageFlows::Make(const Ladder& ladder, const StageFlowOptions& options) {
  if (options.to_ms < options.from_ms)
    return absl::InvalidArgumentError("to_ms: allowed are from_ms and later times");
  StageFlows flows(ladder, options);
  for (std::size_t i = 0; i < ladder.stages.size(); ++i) {
    if (!flows.ranks_.try_emplace(ladder.stages[i].name, i + 1).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("stages[", i, "].name: allowed are names that are not empty, each once"));
    }
  }
  return flows;
}

StageFlows::StageFlows(const Ladder& ladder, const StageFlowOptions& options)
    : ladder_(ladder.name), window_(options), names_{""}, ranks_{{"", 0}} {
  for (const Stage& stage : ladder.stages) names_.push_back(stage.name);
  stands_.resize(names_.size());
}

absl::StatusOr<std::vector<StageFlows::Rank>> StageFlows::RanksOf(
    const ProfileLadder& climbed) const {
  if (climbed.name != ladder_)
    return absl::InvalidArgumentError("name: allowed is that of the ladder that flows are of");
  if (climbed.spells.empty() && climbed.entered_ms != 0) {
    return absl::InvalidArgumentError(
        "spells: allowed are all of the person's, as ProfileOptions::explain gives them");
  }
  std::vector<Rank> ranks;
  ranks.reserve(climbed.spells.size());
  for (std::size_t i = 0; i < climbed.spells.size(); ++i) {
    const auto rank = ranks_.find(climbed.spells[i].stage);
    if (rank == ranks_.end() || (i > 0 && rank->second == ranks.back())) {
      return absl::InvalidArgumentError(
          absl::StrCat("spells[", i, "].stage: allowed are the ladder's stages and the empty name",
                       i > 0 ? ", but for the one of the spell before" : ""));
    }
    if (absl::Status status = CheckTimes(climbed.spells, i); !status.ok()) return status;
    ranks.push_back(rank->second);
  }
  return ranks;
}

void StageFlows::CountMove(Rank from, Rank to, const StageSpell* before) {
  ++stands_[from].left;
  ++stands_[to].entered;
  Move& move = moves_[{from, to}];
  ++move.moves;
  if (move.last_person != people_) ++move.people;
  move.last_person = people_;
  if (before != nullptr) move.dwells_ms.push_back(LengthOf(*before));
}

absl::Status StageFlows::Add(const ProfileLadder& climbed) {
  const absl::StatusOr<std::vector<Rank>> ranks = RanksOf(climbed);
  if (!ranks.ok()) return ranks.status();
  ++people_;
  const std::vector<StageSpell>& spells = climbed.spells;
  if (spells.empty() || spells[0].from_ms >= window_.from_ms) ++unseen_at_from_;
  if (spells.empty() || spells[0].from_ms >= window_.to_ms) ++unseen_at_to_;
  Rank at_from = 0, standing = 0, highest = 0;
  for (std::size_t i = 0; i < spells.size() && spells[i].from_ms < window_.to_ms; ++i) {
    const Rank rank = (*ranks)[i];
    if (spells[i].from_ms < window_.from_ms) {
      at_from = rank;
    } else if (rank != standing) {  // who appears at "" stood there before
      CountMove(standing, rank, i > 0 ? &spells[i - 1] : nullptr);
    }
    standing = rank;
    highest = std::max(highest, rank);
  }
  ++stands_[at_from].at_from;
  ++stands_[standing].at_to;
  ++stands_[highest].highest;
  return absl::OkStatus();
}

StageFlowTable StageFlows::Table() const {
  StageFlowTable table;
  table.ladder = ladder_;
  table.people = people_;
  table.unseen_at_from = unseen_at_from_;
  table.unseen_at_to = unseen_at_to_;
  auto next = moves_.begin();
  for (Rank rank = 0; rank < names_.size(); ++rank) {
    std::vector<std::uint64_t> dwells_ms;  // on this stage, those before each move together
    for (; next != moves_.end() && next->first.first == rank; ++next) {
      const auto& [pair, move] = *next;
      const std::size_t begin = dwells_ms.size();
      dwells_ms.insert(dwells_ms.end(), move.dwells_ms.begin(), move.dwells_ms.end());
      table.moves.push_back({names_[rank], names_[pair.second], move.people, move.moves,
                             DwellOf(std::span(dwells_ms).subspan(begin))});
      (pair.second > rank ? table.up : table.down) += move.moves;
    }
    const Stand& stand = stands_[rank];
    table.stages.push_back({names_[rank], stand.at_from, stand.at_to, stand.entered, stand.left,
                            stand.highest, DwellOf(dwells_ms)});
  }
  return table;
}

}  // namespace polyonym
