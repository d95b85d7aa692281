"""Where the nodes of a small graph go: near those that they are linked with, and none upon another."""

from __future__ import annotations

import math
from typing import List, Sequence, Tuple

Place = Tuple[float, float]

#: How much wider than high pictures become: labels are long, and lie.
_ASPECT = 1.5
_GOLDEN_ANGLE = math.pi * (3 - math.sqrt(5))


def places(count: int, links: Sequence[Tuple[int, int, float]], boxes: Sequence[Place]) -> List[Place]:
    """Centres of `count` boxes, in pixels; their least x and y are 0. The same for the same graph.

    links: two nodes, and how far apart they want to be, 1 or so. boxes: widths and heights.

    Stress majorization: distances in the plane come near those in the graph. Then boxes that overlap are
    pushed apart.
    SOURCE: E. Gansner, Y. Koren and S. North, "Graph drawing by stress majorization", 2005.
    Cost: nodes squared, some milliseconds for ten, a fifth of a second for sixty.

    >>> centres = places(12, [(0, i, 1.0) for i in range(1, 12)], [(80.0, 50.0)] * 12)
    >>> pairs = [(a, b) for i, a in enumerate(centres) for b in centres[:i]]
    >>> any(abs(a[0] - b[0]) < 80 and abs(a[1] - b[1]) < 50 for a, b in pairs)  # none is upon another
    False
    """
    distances = _distances(count, links)
    # A spiral, the first nodes in the middle: a symmetry would keep nodes upon each other.
    points = [
        (math.sqrt(i) * math.cos(i * _GOLDEN_ANGLE), math.sqrt(i) * math.sin(i * _GOLDEN_ANGLE))
        for i in range(count)
    ]
    for _ in range(80 if count > 30 else 200):
        points = [_pulled(i, points, distances[i]) for i in range(count)]
    scale = max(
        64.0, 105.0 * min(1.0, math.sqrt(14 / max(count, 1)))
    )  # pixels of a link: of many nodes shorter ones
    spread = [(x * scale * _ASPECT, y * scale) for x, y in _lying(points)]
    return _from_zero(_apart(spread, boxes), boxes)


def _distances(count: int, links: Sequence[Tuple[int, int, float]]) -> List[List[float]]:
    """Shortest paths between all nodes; what is not connected is a step farther than what is farthest."""
    far = [[0.0 if i == j else math.inf for j in range(count)] for i in range(count)]
    for a, b, length in links:
        far[a][b] = far[b][a] = min(far[a][b], length)
    for via in range(count):
        row = far[via]
        for line in far:
            step = line[via]
            if step < math.inf:
                line[:] = [min(old, step + more) for old, more in zip(line, row)]
    most = max((d for line in far for d in line if d < math.inf), default=0.0)
    return [[d if d < math.inf else most + 1 for d in line] for line in far]


def _pulled(i: int, points: List[Place], wanted: List[float]) -> Place:
    """Where all others together want a node: each at its distance, near ones the most."""
    x, y = points[i]
    sum_x = sum_y = weights = 0.0
    for j, (other_x, other_y) in enumerate(points):
        if j == i:
            continue
        dx, dy = x - other_x, y - other_y
        pull = wanted[j] / (math.hypot(dx, dy) or 1e-9)
        weight = 1 / (wanted[j] * wanted[j])
        sum_x += weight * (other_x + dx * pull)
        sum_y += weight * (other_y + dy * pull)
        weights += weight
    return (sum_x / weights, sum_y / weights) if weights else (x, y)


def _lying(points: List[Place]) -> List[Place]:
    """Turned so that the longest extent lies flat."""
    count = len(points) or 1
    mid_x, mid_y = sum(x for x, _ in points) / count, sum(y for _, y in points) / count
    moved = [(x - mid_x, y - mid_y) for x, y in points]
    xx, yy, xy = sum(x * x for x, _ in moved), sum(y * y for _, y in moved), sum(x * y for x, y in moved)
    angle = 0.5 * math.atan2(2 * xy, xx - yy)
    cos, sin = math.cos(angle), math.sin(angle)
    return [(x * cos + y * sin, y * cos - x * sin) for x, y in moved]


def _apart(points: List[Place], boxes: Sequence[Place]) -> List[Place]:
    """Boxes that overlap are moved along the way that is shorter, half each, until none does."""
    moved = [list(point) for point in points]
    for _ in range(300):
        touched = False
        for i, a in enumerate(moved):
            for j in range(i):
                b = moved[j]
                over_x = (boxes[i][0] + boxes[j][0]) / 2 - abs(a[0] - b[0])
                over_y = (boxes[i][1] + boxes[j][1]) / 2 - abs(a[1] - b[1])
                if over_x <= 0 or over_y <= 0:
                    continue
                touched = True
                axis, over = (0, over_x) if over_x < over_y else (1, over_y)
                by = (over / 2 + 0.5) * (1 if a[axis] >= b[axis] else -1)
                a[axis] += by
                b[axis] -= by
        if not touched:
            break
    return [(x, y) for x, y in moved]


def _from_zero(points: List[Place], boxes: Sequence[Place]) -> List[Place]:
    left = min((x - box[0] / 2 for (x, _), box in zip(points, boxes)), default=0.0)
    top = min((y - box[1] / 2 for (_, y), box in zip(points, boxes)), default=0.0)
    return [(x - left, y - top) for x, y in points]
