// segment/portrait.h - what the members of a segment are like, against everybody.
//
//   PortraitMaker maker(definitions);
//   for (each person) maker.Add(profile, is_member);
//   Portrait portrait = maker.Make();  // of runners the tag `trail` has a lift of 12; their median age is 31, everybody's 38
//
// It counts what was told, and explains nothing. Nor does it hide people: a value that one member has, and a least and a greatest number,
// are somebody's. PortraitOptions::at_least keeps small groups out of it; traits and tags labelled sensitive never enter.
#ifndef POLYONYM_SEGMENT_PORTRAIT_H_
#define POLYONYM_SEGMENT_PORTRAIT_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "polyonym/model/definitions.h"
#include "polyonym/profile/profile.h"

namespace polyonym {

// Every number is allowed.
struct PortraitOptions {
  std::uint32_t top = 10;  // entries of each list, the first in its order; 0: none
  // Members: what fewer have is not listed, and numbers of fewer people are not summarised. The lift of what few have is mostly chance,
  // and leads the list of tags: raise this where there are many members. 0: what no member has is listed too.
  std::uint64_t at_least = 1;
  // Different values of a trait, of everybody: a trait with more says who people are rather than what they are like, and none of its values
  // is listed. About 100 bytes each, and the text where it is longer than 15 bytes.
  std::uint32_t max_values = 100'000;
};

// A value, a tag or a channel, and who has it.
struct PortraitShare {
  std::string name;
  std::uint64_t members = 0;
  std::uint64_t everybody = 0;  // 1 or more
  double share = 0;             // of all members, 0..1; 0 where there are no members
  // The share of members who have it, by the share of everybody who has it: 2: twice as common among members; 1: it says nothing of them;
  // 0: none has it. From 0 to Portrait::everybody / Portrait::members. Brin, Motwani, Ullman and Tsur 1997 call it interest.
  double lift = 0;
  friend bool operator==(const PortraitShare&, const PortraitShare&) = default;
};

// Of the numbers of a trait; of somebody who has several, each. As doubles: beyond 2^53 whole ones are rounded.
struct PortraitNumbers {
  std::uint64_t count = 0;  // 1 or more
  double min = 0;
  double max = 0;
  double mean = 0;  // min..max
  double median =
      0;  // the lower one: of n in order, number (n + 1) / 2 rounded down, the first being 1; so always one that occurs
  friend bool operator==(const PortraitNumbers&, const PortraitNumbers&) = default;
};

// Numbers, whole numbers, amounts of money and instants are summarised, all other values told apart. The elements of a list, or of a trait
// that has several values, count each by itself; a list in a list is one value.
struct PortraitTrait {
  std::string name;
  std::uint64_t known_members = 0;  // who have a value, be it an empty list
  std::uint64_t known_everybody = 0;
  // Who has a value, as ToText() writes it; of money, who has an amount in a currency (`CNY`). The one that most members have first, then by
  // lift, then by name. Somebody who has several counts in each, so that the shares of such a trait may sum to more than 1.
  std::vector<PortraitShare> values;
  bool beyond_bound = false;  // there are more than PortraitOptions::max_values: none is listed
  // Of finite numbers. None: nobody has one; fewer than PortraitOptions::at_least have a value; or, of all three, they have more than one
  // unit between them, be it in different people: nothing is converted, and money in two currencies is only counted, in `values`.
  std::optional<PortraitNumbers> members;
  std::optional<PortraitNumbers> everybody;
  // What they are in: `CNY`: its minor units; `ms`: instants, since 1970-01-01T00:00:00Z; empty: plain numbers, whose
  // TraitDefinition::unit is for people.
  std::string unit;
  friend bool operator==(const PortraitTrait&, const PortraitTrait&) = default;
};

// Everybody: members and all others.
// Invariants: (I1) a count of members is at most that of everybody. (I2) A count in `values` is at most known_members or known_everybody,
// and these at most `members` or `everybody`. (I3) It is a function of the set of people, to the last bit: the order in which they were
// added does not show.
struct Portrait {
  std::uint64_t members = 0;
  std::uint64_t everybody = 0;
  // Tags that a profile has, whatever the score. The greatest lift first, then the one that most members have, then by name.
  std::vector<PortraitShare> tags;
  // Families of the identifiers' namespaces. The one that most members have first, then by lift, then by name.
  std::vector<PortraitShare> channels;
  std::vector<PortraitTrait>
      traits;  // all that are defined and not sensitive, known of anybody or not; by name
  friend bool operator==(const Portrait&, const Portrait&) = default;
};

// Memory: for each different value, tag and family about 100 bytes, and longer text besides; values are bounded, tags are as many as
// definitions and facts name. For each number 8 bytes (for medians; up to 16 as the array grows). People leave nothing else behind.
// THREADS: thread-compatible.
class PortraitMaker {
 public:
  // Traits and tags that the definitions label kSensitive are left out. Tags that are not defined have no label, and are in it; a tag above a
  // sensitive one goes by its own label, though its score takes in the other's. Traits that are not defined are left out, having no
  // type that two people would share.
  // REQUIRES: definitions that Validate() accepts. They may go away.
  explicit PortraitMaker(const Definitions& definitions, const PortraitOptions& options = {});
  ~PortraitMaker();

  // Adds one person; each once, as nothing tells them apart. Reads `traits`, `tags` and `identifiers`.
  // COST: a look-up in a hash table for each of their values, tags and identifiers.
  void Add(const Profile& profile, bool is_member);

  // Of those added so far. More may be added after it.
  // COST: for each list a pass over what was told apart; for each trait n log n in its numbers, and 8 bytes for each of them, for a moment.
  Portrait Make() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace polyonym

#endif  // POLYONYM_SEGMENT_PORTRAIT_H_
