// measure/growth.h - the growth loop: customers invite others, some of whom become customers, who invite others.
//
// Add up everybody, of each since when they are a customer and whom they invited:
//
//   Growth growth = *Growth::Make({.from_ms = april, .to_ms = july});
//   for (const Person& person : everybody) {
//     absl::Status added = growth.Add({.profile = person.id, .is_loyal = person.stage == "loyal", .customer_ms = person.first_bought_ms},
//                                     person.invited);
//   }
//   GrowthTable table = growth.Table();
//   table.loyal.k_factor;      // 0.31: newcomers that each loyal customer brought
//   table.cycle.median_ms;     // 19 days from a customer to the customers that they brought
//
// Who invited whom is in the facts and records of a host (a relation `invites`, an inviter in the role other); who belongs to whom is
// engine/relations.h's and View's. Here profiles are numbers. It counts what was, and invitations of late in the window had little time to be
// taken: a window that ended some cycles ago says more.
//
// THE RULE. A newcomer is somebody who became a customer at or after an invitation. They are credited to one inviter, whose invitation was the
// first of all; of one moment, to the inviter of the lesser id. They are counted in the window that holds the invitation: windows that follow each
// other so share no newcomer and miss none. Several invitations of one person by one inviter are one, the first. Of oneself they are none.
//
// K is the number of invitations per person, times the share of invitations that bring a newcomer: which is newcomers per person. Above 1 the
// loop grows by itself. SOURCE: the basic reproduction number of epidemics, as viral marketing took it over.
//
// Everything is a function of the set of people, in whatever order they were added and merged.
#ifndef POLYONYM_MEASURE_GROWTH_H_
#define POLYONYM_MEASURE_GROWTH_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "polyonym/model/identifier.h"

namespace polyonym {

struct GrowthOptions {
  // Invitations at or after `from_ms` and before `to_ms` are in the window.
  std::int64_t from_ms = 0;
  std::int64_t to_ms = 0;  // RANGE: from_ms or later
  // Newcomers are counted by generation up to this. RANGE: 1 to 1,000
  std::uint32_t max_generations = 16;
  // Everybody who is added, times 100 bytes, and invitations, times 24. DEFAULT: a hundred million
  std::size_t max_people = 100'000'000;
  std::size_t max_invitations = 100'000'000;
  friend bool operator==(const GrowthOptions&, const GrowthOptions&) = default;
};

struct GrowthPerson {
  ProfileId profile;
  bool is_loyal = false;                         // at a time of the host's choice: at from_ms, say
  std::optional<std::int64_t> customer_ms = {};  // since when; none: not yet
};

struct GrowthInvitation {
  ProfileId invited;
  std::int64_t time_ms = 0;
};

// What a group of people brought in the window. Ratios are 0 where they are of nothing.
struct GrowthGroup {
  std::uint64_t people = 0;
  std::uint64_t inviters = 0;     // of these, who invited somebody
  std::uint64_t invitations = 0;  // of one person by another, once
  std::uint64_t newcomers = 0;    // that are credited to them
  double invitations_per_person = 0;
  double conversion =
      0;                // newcomers / invitations: who was invited by several is a newcomer of one
  double k_factor = 0;  // their product: newcomers / people
  friend bool operator==(const GrowthGroup&, const GrowthGroup&) = default;
};

// The lower median: of n in order, number (n + 1) / 2 rounded down, the first being 1. 0 where there are none.
struct GrowthSpan {
  std::uint64_t newcomers = 0;  // how many it is of
  std::uint64_t median_ms = 0;
  friend bool operator==(const GrowthSpan&, const GrowthSpan&) = default;
};

// Invariants: (I1) newcomers of `everybody` are the sum of `generations` and `deeper`. (I2) loyal.k_factor is newcomers per loyal
// customer. (I3) `customers` holds those of `loyal` who are customers.
struct GrowthTable {
  GrowthGroup everybody;  // who was added
  GrowthGroup customers;  // who became one before to_ms
  GrowthGroup loyal;
  std::uint64_t invited = 0;  // people who were invited in the window, each once
  GrowthSpan wait;            // from the first invitation until the newcomer was a customer
  GrowthSpan
      cycle;  // from when the inviter was a customer until the newcomer was; of inviters who were one no later than that
  // [0]: newcomers brought by people whom nobody brought; [1]: by those; and so on. Lines go back beyond the window. As many as there are.
  std::vector<std::uint64_t> generations;
  std::uint64_t deeper =
      0;  // beyond max_generations, or in a circle of people who invited each other before they were customers
  friend bool operator==(const GrowthTable&, const GrowthTable&) = default;
};

// Adds people up. THREADS: thread-compatible. One for each thread, merged at the end, is as good as one.
class Growth {
 public:
  // ERRORS: InvalidArgument naming the field.
  static absl::StatusOr<Growth> Make(const GrowthOptions& options);

  // Adds one person with all their invitations, in the window or not: whoever was first counts.
  // ERRORS, and nobody is added: InvalidArgument for a profile that was added already. ResourceExhausted beyond max_people or
  // max_invitations.  COST: n log n invitations.
  absl::Status Add(const GrowthPerson& person, std::span<const GrowthInvitation> invitations);

  // Adds the people of another.
  // ERRORS, and nobody is added: InvalidArgument for other options, or somebody who is in both; ResourceExhausted as Add().
  absl::Status Merge(const Growth& other);

  // Of those added so far. Somebody who was invited and not added is no newcomer yet.
  // COST: people and invitations, and newcomers times max_generations at most; 40 bytes a newcomer for a moment.
  GrowthTable Table() const;

 private:
  struct Person {
    std::optional<std::int64_t> customer_ms;
    bool is_loyal = false;
    std::vector<GrowthInvitation> invitations;  // of each other person the first, by id
  };
  // To whom a newcomer is credited.
  struct Credit {
    std::uint64_t inviter = 0;
    std::int64_t invited_ms = 0;
  };
  using Credits = absl::flat_hash_map<std::uint64_t, Credit>;

  explicit Growth(const GrowthOptions& options) : options_(options) {}

  bool IsInWindow(std::int64_t time_ms) const;
  absl::Status CheckRoom(std::size_t people, std::size_t invitations) const;
  Credits CreditsOf() const;
  // 1: of somebody whom nobody brought; 0: beyond max_generations.
  std::uint32_t GenerationOf(const Credits& credits, const Credit& credit) const;
  void CountPeople(GrowthTable* table) const;
  void CountNewcomers(GrowthTable* table) const;

  GrowthOptions options_;
  absl::flat_hash_map<std::uint64_t, Person> people_;  // by profile
  std::size_t invitations_ = 0;
};

}  // namespace polyonym

#endif  // POLYONYM_MEASURE_GROWTH_H_
