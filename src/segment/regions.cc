#include "segment/regions.h"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace polyonym::segment {

Outcomes Region::outcomes() const {
  Outcomes all = at_unknown;
  for (const Outcomes cell : cells) all |= cell;
  return all;
}

Region RegionOf(std::vector<Datum> points, Outcomes at_points, Outcomes between,
                Outcomes at_unknown) {
  std::sort(points.begin(), points.end(),
            [](const Datum& a, const Datum& b) { return TotalOrder(a, b) < 0; });
  points.erase(std::unique(points.begin(), points.end(),
                           [](const Datum& a, const Datum& b) { return TotalOrder(a, b) == 0; }),
               points.end());
  Region region;
  region.cells.assign(2 * points.size() + 1, between);
  for (std::size_t i = 0; i < points.size(); ++i) region.cells[2 * i + 1] = at_points;
  region.points = std::move(points);
  region.at_unknown = at_unknown;
  return region;
}

Region Cut(const Datum& point, Outcomes below, Outcomes at, Outcomes above, Outcomes at_unknown) {
  return {{point}, {below, at, above}, at_unknown};
}

Region RegionOfFlag(Outcomes may_be) {
  Region region = RegionOf({Datum(false), Datum(true)}, 0, 0, may_be & kUnknown);
  region.cells[1] = may_be & kFalse;
  region.cells[3] = may_be & kTrue;
  return region;
}

}  // namespace polyonym::segment
