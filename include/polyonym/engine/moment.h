// engine/moment.h - who was thought to be whom at another time, or would be under another policy.
//
// A Moment is computed from the log by the definition of the rule, apart from the store's own index, and kept whole: ask it as often as
// you like. View::AsOf(), View::AsKnown() and View::Simulate() make them.
//
// THREADS: thread-safe (immutable).  Memory: the names and groups of everybody, and the view that it was made from.
#ifndef POLYONYM_ENGINE_MOMENT_H_
#define POLYONYM_ENGINE_MOMENT_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "polyonym/model/change.h"
#include "polyonym/model/identifier.h"
#include "polyonym/model/outcome.h"
#include "polyonym/model/policy.h"
#include "polyonym/profile/profile.h"

namespace polyonym {

// What is known of an identifier. `profile` is set when `known`, also for shared and gone ones (they stand alone).
struct Resolution {
  bool known = false;    // some record, standing or not, ever named it
  bool shared = false;   // a guard holds: it joins nothing
  bool blocked = false;  // policy blocks the value
  bool held = false;  // policy holds it for another reason (undeclared namespace, not normalisable)
  bool gone = false;  // no standing record names it any more
  bool expired = false;  // its validity is over: a sighting now would be of another identifier
  std::optional<ProfileId> profile;
};

class Moment {
 public:
  class Impl;  // of src/engine alone

  // The policy, and the clock, that it was computed under.
  const Policy& policy() const;
  std::int64_t clock_ms() const;
  std::int64_t now_ms() const;     // as of when its profiles are read, where nothing else is said
  std::uint64_t profiles() const;  // groups of live identifiers
  std::uint64_t held_records() const;  // standing records that policy held

  // As View::Resolve(). Profile ids are those that a store would have given which had only what this moment has; where an
  // identifier was never numbered in this store, `profile` is empty. Where records since have moved when the lives of a value begin, an id
  // may be the value's instead of the life's.
  Resolution Resolve(const Identifier& identifier) const;

  // Normalised identifiers of the profile where an identifier lived, sorted.  ERRORS: NotFound (it was not known, or gone).
  absl::StatusOr<std::vector<Identifier>> MembersOf(const Identifier& identifier) const;

  // Where the identifier behind a profile id lived; an id as Resolve() gives.  ERRORS: NotFound (it was not known, or gone).
  absl::StatusOr<ProfileId> Follow(ProfileId id) const;

  // Identifiers of the profile where `id` lived, sorted.  ERRORS: NotFound.
  absl::StatusOr<std::vector<Identifier>> Members(ProfileId id) const;

  // What the person was like then: View::ReadProfile() of a store that had only what this moment has, by the definitions of its policy.
  // DEFAULT of options.now_ms: AsOf(): its time; AsKnown(): the later of clock and newest record of then; Simulate(): of now.
  // Profile::policy_version is 0; its id says nothing where Resolve() gives none.
  // ERRORS: NotFound, as above; InvalidArgument (options out of range); DataLoss; OutOfRange (its records were folded since).
  // COST: a read of each of the person's records with facts.
  absl::StatusOr<Profile> ReadProfile(ProfileId id, const ProfileOptions& options = {}) const;
  absl::StatusOr<Profile> ReadProfile(const Identifier& identifier,
                                      const ProfileOptions& options = {}) const;

  // As View's, of then.  ForEachPerson(): those who have a number in the store, in order of their smallest member.
  absl::StatusOr<Person> ReadPerson(ProfileId id) const;
  absl::Status ForEachPerson(const std::function<bool(const Person&)>& visit) const;

  // Every profile that had a live identifier, each once, in order of its smallest member, until `visit` returns false.
  // `id` is empty where no member has a number in the store.
  void ForEachProfile(
      const std::function<bool(std::optional<ProfileId> id,
                               std::span<const Identifier> sorted_members)>& visit) const;

 private:
  friend class View;
  explicit Moment(std::shared_ptr<const Impl> impl);
  std::shared_ptr<const Impl> impl_;
};

// What another policy would do to one of today's profiles.
struct SimulatedChange {
  // kMerged: all of `from` would be in one profile with `with`.  kSplit: `from` would come apart into `parts`.
  // kGone: no identifier of `from` would be counted any more.  kCreated: `parts` would be people whom nobody knows today.
  ChangeKind kind = ChangeKind::kMerged;
  ProfileId from;                              // today's profile; meaningless for kCreated
  std::vector<ProfileId> with;                 // kMerged: today's other profiles, ascending
  std::vector<std::vector<Identifier>> parts;  // kSplit, kCreated: each sorted
};

// What another policy would make of the same records and clock.
struct Simulation {
  std::vector<SimulatedChange> changes;  // by `from`, those of kCreated last
  std::uint64_t merged = 0;              // today's profiles that would be joined with another
  std::uint64_t split = 0;               // today's profiles that would come apart
  std::uint64_t held = 0;                // standing records counted today that would be held
  std::uint64_t released = 0;            // standing records held today that would be counted
  std::uint64_t profiles_before = 0;
  std::uint64_t profiles_after = 0;
  Moment after;  // what it would be
};

}  // namespace polyonym

#endif  // POLYONYM_ENGINE_MOMENT_H_
