// profile/stage_flows.h - how many people moved between the stages of a ladder in a window, and how long they had stood there.
//
// Use it over many people, of each the ladder that FoldProfile() gives with ProfileOptions::explain:
//
//   absl::StatusOr<StageFlows> flows = StageFlows::Make(ladder, {.from_ms = april, .to_ms = july});
//   for (const Profile& profile : everybody) absl::Status added = flows->Add(profile.ladders[0]);
//   StageFlowTable table = flows->Table();  // from lead to customer: 230 people, after 12 days in the median
//
// It counts what was. It foretells nothing, and a count of those who moved is no share of those who will: whoever came late in the
// window had little time to.
#ifndef POLYONYM_PROFILE_STAGE_FLOWS_H_
#define POLYONYM_PROFILE_STAGE_FLOWS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "polyonym/model/definitions.h"
#include "polyonym/profile/profile.h"

namespace polyonym {

// Moves at or after `from_ms` and before `to_ms` are in the window. Windows that follow each other so share no move and miss none. An
// empty one has no moves, and says where people stood.
struct StageFlowOptions {
  std::int64_t from_ms = 0;
  std::int64_t to_ms = 0;  // range: from_ms or later
};

// How long spells were that ended in the window, from their own beginning, be it before the window. Spells that still last are not
// in it, so that it tends to say less than how long people stay.
struct StageDwell {
  std::uint64_t spells = 0;  // how many it is of
  double mean_ms = 0;        // their exact sum, by their number; 0 where there are none
  // The lower median: of n in order, number (n + 1) / 2 rounded down, the first being 1. So always one that occurs; 0 where there are none.
  std::uint64_t median_ms = 0;
  friend bool operator==(const StageDwell&, const StageDwell&) = default;
};

// From one stage to another, which need not be the next.
struct StageMove {
  std::string from;
  std::string to;
  std::uint64_t people = 0;  // that made it at least once
  std::uint64_t moves = 0;   // each time
  StageDwell dwell;          // on `from`, before the move
  friend bool operator==(const StageMove&, const StageMove&) = default;
};

struct StageStand {
  std::string stage;          // empty: none yet
  std::uint64_t at_from = 0;  // people who stood there just before from_ms
  std::uint64_t at_to = 0;    // just before to_ms
  std::uint64_t entered = 0;  // moves to it
  std::uint64_t left = 0;     // moves from it
  std::uint64_t highest = 0;  // people who before to_ms, ever, stood there and no higher
  StageDwell dwell;           // on it, whatever came next
  friend bool operator==(const StageStand&, const StageStand&) = default;
};

// Invariants: (I1) at_from + entered - left == at_to, for each stage. (I2) `entered` of a stage is the sum of `moves` to it, `left` of
// those from it, and so with the spells of `dwell`. (I3) at_from, at_to and highest each sum to `people` over the stages. (I4) up + down
// is the sum of `moves`. (I5) at_to of a window is at_from of one that begins where it ends.
struct StageFlowTable {
  std::string ladder;              // its name
  std::vector<StageStand> stages;  // "" first, then as the ladder has them
  std::vector<StageMove> moves;    // that happened, by from, then to, both in that order
  std::uint64_t people = 0;        // that were added
  // Of those at "" just before from_ms and to_ms: who had no event yet. The difference is who appeared in the window.
  std::uint64_t unseen_at_from = 0;
  std::uint64_t unseen_at_to = 0;
  std::uint64_t up = 0;    // moves to a later stage of the ladder; "" is below all
  std::uint64_t down = 0;  // to an earlier one, or none
  friend bool operator==(const StageFlowTable&, const StageFlowTable&) = default;
};

// Adds people up.
//
// The first spell of a ladder begins at the person's first event, of whatever kind, and is one of "" where no stage held then.
// Before it somebody stands at "", unseen. So whoever appears straight on a stage makes a move from "" to it at their first event,
// with no dwell, as nothing says since when they were nobody; whoever appears at "" makes none, and that spell's dwell counts when
// it ends. Somebody who has no event has no spells and stays unseen, also where a stage holds for everybody. The last spell ends at
// the moment that the profile is as at, which is no move; what comes later is not known, and a window that reaches beyond takes it
// as lasting.
//
// The table is a function of the set of people: the order in which they are added does not matter.
// Memory: 8 bytes for each spell that ended in the window (for medians; up to 16 as the array grows), and about 100 bytes for each pair
// of stages between which somebody moved. People leave nothing else behind.
// THREADS: thread-compatible.
class StageFlows {
 public:
  // ERRORS: InvalidArgument for a to_ms before from_ms, or a stage whose name is empty or there twice (`stages[1].name`).
  static absl::StatusOr<StageFlows> Make(const Ladder& ladder, const StageFlowOptions& options);

  // Adds one person; each once, as nothing tells them apart. Reads `name`, `spells` and `entered_ms`.
  // ERRORS: InvalidArgument naming the field, and nobody is added: another ladder's name; no spells though somebody entered a stage, which
  // is what a ladder without ProfileOptions::explain looks like (unless they entered it at 0 ms); a spell's stage that the ladder does not
  // have (`spells[2].stage`) or that is the one before; a spell that does not begin where the one before ended, or does not end after it
  // began (the last may end as it begins).
  // COST: spells of the person, times the log of stages.
  absl::Status Add(const ProfileLadder& climbed);

  // Of those added so far. More may be added after it.
  // COST: linear in the spells that ended in the window, and 8 bytes for each of those on one stage, for a moment.
  StageFlowTable Table() const;

 private:
  // 0: none; otherwise one more than the stage's place in the ladder.
  using Rank = std::size_t;

  struct Stand {
    std::uint64_t at_from = 0, at_to = 0, entered = 0, left = 0, highest = 0;
  };

  struct Move {
    std::uint64_t people = 0;
    std::uint64_t last_person = 0;  // the number of the last one who made it, from 1
    std::uint64_t moves = 0;
    std::vector<std::uint64_t> dwells_ms;
  };

  StageFlows(const Ladder& ladder, const StageFlowOptions& options);

  absl::StatusOr<std::vector<Rank>> RanksOf(const ProfileLadder& climbed) const;
  // `before`: the spell that it ends; none for whoever appears.
  void CountMove(Rank from, Rank to, const StageSpell* before);

  std::string ladder_;
  StageFlowOptions window_;
  std::vector<std::string> names_;  // by rank
  std::map<std::string, Rank, std::less<>> ranks_;

  std::vector<Stand> stands_;  // by rank
  std::map<std::pair<Rank, Rank>, Move> moves_;
  std::uint64_t people_ = 0;
  std::uint64_t unseen_at_from_ = 0;
  std::uint64_t unseen_at_to_ = 0;
};

}  // namespace polyonym

#endif  // POLYONYM_PROFILE_STAGE_FLOWS_H_
