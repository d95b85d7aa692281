#include "segment/people.h"

#include <algorithm>
#include <cstddef>
#include <iterator>

namespace polyonym::segment {
namespace {

// The least sets first; of one size those that need no copy.
void SortBySize(std::vector<People>* people) {
  std::vector<std::pair<std::uint64_t, std::size_t>> order;
  for (std::size_t i = 0; i < people->size(); ++i)
    order.emplace_back(2 * (*people)[i].set().size() + ((*people)[i].is_borrowed() ? 1 : 0), i);
  std::sort(order.begin(), order.end());
  std::vector<People> sorted;
  for (const auto& [size, i] : order) sorted.push_back(std::move((*people)[i]));
  *people = std::move(sorted);
}

// Of their sets, whether or not they are rests.
IdSet Joined(std::vector<People> of) {
  SortBySize(&of);
  IdSet out = std::move(of.back()).Take();
  of.pop_back();
  for (const People& people : of) out |= people.set();
  return out;
}

// Of sets that are no rests.
IdSet Met(std::vector<People> of) {
  SortBySize(&of);
  if (of.size() == 1) return std::move(of.front()).Take();
  IdSet out = of.front().is_borrowed() ? IdSet::And(of[0].set(), of[1].set())
                                       : std::move(of.front()).Take();
  for (std::size_t i = 1; i < of.size() && !out.empty(); ++i) out &= of[i].set();
  return out;
}

}  // namespace

IdSet People::TakeOf(const IdSet& everybody) && {
  return is_rest_ ? IdSet::AndNot(everybody, set()) : std::move(*this).Take();
}

std::uint64_t People::CountOf(const IdSet& everybody) const {
  return is_rest_ ? IdSet::CountAndNot(everybody, set()) : set().size();
}

People Intersection(std::vector<People> of) {
  const auto rests =
      std::stable_partition(of.begin(), of.end(), [](const People& p) { return !p.is_rest(); });
  std::vector<People> without(std::make_move_iterator(rests), std::make_move_iterator(of.end()));
  of.erase(rests, of.end());
  if (of.empty()) return People(Joined(std::move(without))).Rest();
  if (of.size() == 1 && without.empty()) return std::move(of.front());
  if (of.size() == 1 && without.size() == 1 && of.front().is_borrowed())
    return People(IdSet::AndNot(of.front().set(), without.front().set()));
  IdSet out = Met(std::move(of));
  for (const People& people : without) {
    if (!out.empty()) out -= people.set();
  }
  return People(std::move(out));
}

People Union(std::vector<People> of) {
  if (of.size() == 1) return std::move(of.front());
  if (std::none_of(of.begin(), of.end(), [](const People& p) { return p.is_rest(); }))
    return People(Joined(std::move(of)));
  for (People& people : of) people = std::move(people).Rest();
  return Intersection(std::move(of)).Rest();
}

std::uint64_t CountIntersection(std::vector<People> of, const IdSet& everybody) {
  if (of.size() == 1) return of.front().CountOf(everybody);
  SortBySize(&of);
  const People last = std::move(of.back());
  of.pop_back();
  const People others = Intersection(std::move(of));
  if (!last.is_rest() && !others.is_rest()) return IdSet::CountAnd(others.set(), last.set());
  if (!others.is_rest()) return IdSet::CountAndNot(others.set(), last.set());
  if (!last.is_rest()) return IdSet::CountAndNot(last.set(), others.set());
  return everybody.size() - IdSet::CountOr(others.set(), last.set());
}

}  // namespace polyonym::segment
