// segment/regions.h - what is said of each value that an operand may have: a map from values to
// outcomes.
//
// Two statements about the same operand are combined value by value, which finds `n > 5 and n < 3`;
// nobody has to know what the operand is. Between two points there is taken to be another value,
// also where all are whole numbers.
//
// THREADS: Region is a plain value, the rest pure functions.
#ifndef POLYONYM_SRC_SEGMENT_REGIONS_H_
#define POLYONYM_SRC_SEGMENT_REGIONS_H_

#include <compare>
#include <cstddef>
#include <vector>

#include "segment/compare.h"
#include "segment/datum.h"
#include "segment/outcomes.h"

namespace polyonym::segment {

// n points cut the values of a type into 2n + 1 cells, of which the odd ones are the points
// themselves and the even ones what lies between them. As it is made it says nothing: each value
// may have any outcome.
struct Region {
  std::vector<Datum> points;  // rising, by TotalOrder()
  std::vector<Outcomes> cells = {kAnyOutcome};
  Outcomes at_unknown = kAnyOutcome;

  Outcomes outcomes() const;  // of all cells, and at unknown.  COST: linear
};

// `points`: in any order, and not each once.  COST: n log n.
Region RegionOf(std::vector<Datum> points, Outcomes at_points, Outcomes between,
                Outcomes at_unknown);

// With one point.
Region Cut(const Datum& point, Outcomes below, Outcomes at, Outcomes above, Outcomes at_unknown);

// Of a flag about itself: of the outcomes in `may_be`, each where it is that one.
Region RegionOfFlag(Outcomes may_be);

// Calls visit(point or null, cell of a, cell of b) from the least value up, over cells that neither
// cuts.  COST: linear.
template <class Visit>
void ForEachCell(const Region& a, const Region& b, const Visit& visit) {
  std::size_t i = 0, j = 0;
  while (true) {
    visit(nullptr, a.cells[2 * i], b.cells[2 * j]);
    const bool has_a = i < a.points.size(), has_b = j < b.points.size();
    if (!has_a && !has_b) return;
    const auto order = !has_b   ? std::strong_ordering::less
                       : !has_a ? std::strong_ordering::greater
                                : TotalOrder(a.points[i], b.points[j]);
    const Datum* point = order <= 0 ? &a.points[i] : &b.points[j];
    visit(point, a.cells[2 * i + (order <= 0 ? 1 : 0)], b.cells[2 * j + (order >= 0 ? 1 : 0)]);
    if (order <= 0) ++i;
    if (order >= 0) ++j;
  }
}

// combine(outcomes of a, outcomes of b) at each value, and at unknown.  COST: linear.
template <class Combine>
Region Combined(const Region& a, const Region& b, const Combine& combine) {
  Region out;
  out.cells.clear();
  ForEachCell(a, b, [&](const Datum* point, Outcomes x, Outcomes y) {
    if (point != nullptr) out.points.push_back(*point);
    out.cells.push_back(combine(x, y));
  });
  out.at_unknown = combine(a.at_unknown, b.at_unknown);
  return out;
}

}  // namespace polyonym::segment

#endif  // POLYONYM_SRC_SEGMENT_REGIONS_H_
