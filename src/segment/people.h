// segment/people.h - a set of people on the way to a verdict: one that is kept elsewhere, one made for it, or everybody but one.
//
// Copies are what a verdict over millions costs most, so sets of columns are borrowed, and complements are not made before they must be.
//
// THREADS: thread-compatible.  What is borrowed must outlive it.
#ifndef POLYONYM_SRC_SEGMENT_PEOPLE_H_
#define POLYONYM_SRC_SEGMENT_PEOPLE_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "polyonym/segment/id_set.h"

namespace polyonym::segment {

class People {
 public:
  People() = default;  // nobody
  explicit People(IdSet made) : made_(std::move(made)) {}
  static People Borrowed(const IdSet& kept) {
    People out;
    out.kept_ = &kept;
    return out;
  }

  // Everybody else.
  People Rest() && {
    is_rest_ = !is_rest_;
    return std::move(*this);
  }

  // Whether it is everybody but set().
  bool is_rest() const { return is_rest_; }
  const IdSet& set() const { return kept_ != nullptr ? *kept_ : made_; }
  bool is_borrowed() const { return kept_ != nullptr; }

  // set(), and the object is spent.  COST: where it is borrowed, a copy.
  IdSet Take() && { return kept_ != nullptr ? *kept_ : std::move(made_); }
  IdSet TakeOf(const IdSet& everybody) &&;
  std::uint64_t CountOf(const IdSet& everybody) const;

 private:
  const IdSet* kept_ = nullptr;
  IdSet made_;
  bool is_rest_ = false;
};

// Who is in all of them, in any.  REQUIRES: one or more.  COST: the smallest first.
People Intersection(std::vector<People> of);
People Union(std::vector<People> of);

// How many Intersection() has; the last set is not made.
std::uint64_t CountIntersection(std::vector<People> of, const IdSet& everybody);

}  // namespace polyonym::segment

#endif  // POLYONYM_SRC_SEGMENT_PEOPLE_H_
