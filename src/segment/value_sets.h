// segment/value_sets.h - the people of each different value.
//
// Values are told apart by TotalOrder(): numbers by what they come to, text by bytes. A value that nobody has any more is forgotten.
//
// THREADS: thread-compatible.
#ifndef POLYONYM_SRC_SEGMENT_VALUE_SETS_H_
#define POLYONYM_SRC_SEGMENT_VALUE_SETS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "polyonym/model/facts.h"
#include "polyonym/segment/bit_sliced.h"
#include "polyonym/segment/expression.h"
#include "polyonym/segment/id_set.h"
#include "segment/compare.h"
#include "segment/datum.h"
#include "segment/people.h"

namespace polyonym::segment {

// What is said of a value: true, false, or neither.
using Predicate = absl::FunctionRef<std::optional<bool>(const Datum&)>;

// Values by number, and who has them. It does not know what somebody has: its users do.
class ValueSets {
 public:
  // Numbers are used again once nobody has the value.
  // COST: O(log n) of the values, here and in Find().
  std::uint32_t NumberOf(const Datum& value);
  void Add(std::uint32_t number, std::uint32_t person);
  void Remove(std::uint32_t number, std::uint32_t person);

  // Null: nobody has it.
  const IdSet* Find(const Datum& value) const;
  // The people of the values of which `is` says so.  COST: every value, and a union for each that is taken.
  IdSet Where(Predicate is) const;

  void Optimise();
  std::size_t bytes() const;

 private:
  struct Less {
    using is_transparent = void;
    bool operator()(const Value& a, const Value& b) const {
      return TotalOrder(Read(a), Read(b)) < 0;
    }
    bool operator()(const Value& a, const Datum& b) const { return TotalOrder(Read(a), b) < 0; }
    bool operator()(const Datum& a, const Value& b) const { return TotalOrder(a, Read(b)) < 0; }
  };
  using Numbers = std::map<Value, std::uint32_t, Less>;
  struct Entry {
    Numbers::iterator at;
    IdSet people;
  };

  Numbers numbers_;
  std::vector<Entry> entries_;  // by number
  std::vector<std::uint32_t> free_;
};

// One value a person: text or dates.
class SingleValues {
 public:
  void Put(std::uint32_t person, const Datum& value);
  void Remove(std::uint32_t person);

  const IdSet& known() const { return number_of_.known(); }
  const IdSet* Find(const Datum& value) const { return sets_.Find(value); }
  // The people of whose value `is` says so.
  IdSet Where(Predicate is) const { return sets_.Where(is); }

  void Optimise();
  std::size_t bytes() const { return sets_.bytes() + number_of_.bytes(); }

 private:
  ValueSets sets_;
  BitSliced number_of_;
};

// A list of values a person, which may have none: who has which element. How often and in which order is not kept.
class ListedValues {
 public:
  void Put(std::uint32_t person, List elements);
  void Remove(std::uint32_t person);

  // Who has a list.
  const IdSet& known() const { return known_; }
  const IdSet* Find(const Datum& element) const { return sets_.Find(element); }
  // Who has an element of which `is` says so.
  IdSet Where(Predicate is) const { return sets_.Where(is); }

  void Optimise();
  std::size_t bytes() const;

 private:
  using Elements = std::vector<std::uint32_t>;  // numbers, ascending, each once

  void Drop(const Elements& elements, std::uint32_t person);

  ValueSets sets_;
  IdSet known_;
  absl::flat_hash_map<std::uint32_t, Elements> elements_of_;  // of lists that are not empty
};

}  // namespace polyonym::segment

#endif  // POLYONYM_SRC_SEGMENT_VALUE_SETS_H_
