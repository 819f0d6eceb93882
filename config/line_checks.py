"""Checks of lines: long enough, inside the hall, free of loops, in sight, and leading where they say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import hypot
from typing import TYPE_CHECKING

from config.checks import HALL_FILE, Plan, at, first_crossing, inside_hall
from config.geometry import Point, inside
from config.hall import Line
from config.problems import Finding, Loc
from config.sight import seen_floor

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

LEAST_LINE_M = 0.1
SEEN_SHARE, SIDE_SHARE = 0.8, 0.5
"""Whoever crosses an unseen part is missed; of the sides a part may lie behind a pillar."""
BESIDE_M = 0.3
"""People count once they are past a line by the usual inertia, and a little: there a camera must see them."""
NEAR_WALL_M, TIMES_NEARER = 2.0, 3.0
"""Forward into the hall does not end at its wall so soon, and so much sooner than the way back."""
SAMPLES = 20


def sound_lines(plan: Plan) -> Iterator[Finding]:
    for index, line in plan.lines:
        yield from _sound_line(plan, ("lines", index), line)


def _sound_line(plan: Plan, loc: Loc, line: Line) -> Iterator[Finding]:
    yield from inside_hall(plan, (*loc, "from_m"), (line.from_m,))
    yield from inside_hall(plan, (*loc, "via_m"), line.via_m)
    yield from inside_hall(plan, (*loc, "to_m"), (line.to_m,))
    yield from _sound_path(loc, line)


def _whole_lines(plan: Plan) -> Iterator[tuple[int, Line]]:
    """Those without a mistake of their own, of which more would be told twice."""
    for index, line in plan.lines:
        if not plan.is_faulty("lines", index, "via_m") and not any(_sound_line(plan, ("lines", index), line)):
            yield index, line


def _sound_path(loc: Loc, line: Line) -> Iterator[Finding]:
    path = line.path_m
    for k, (a, b) in enumerate(pairwise(path)):
        if hypot(b[0] - a[0], b[1] - a[1]) < LEAST_LINE_M:
            key: Loc = ("to_m",) if k == len(path) - 2 else ("via_m", k)
            expected = f"a line at least {LEAST_LINE_M} m long"
            if line.via_m:
                expected = f"points of a line at least {LEAST_LINE_M} m apart"
            yield Finding(HALL_FILE, (*loc, *key), expected, f"{at(a)} to {at(b)}")
            return
    if line.via_m and path[0] == path[-1]:
        got = f"{at(path[0])} at both ends"
        hint = "a closed line has an inside: make it a zone, or end the line before it meets itself"
        yield Finding(HALL_FILE, (*loc, "to_m"), "a line with two ends", got, hint)
    elif (crossing := first_crossing(path, closed=False)) is not None:
        i, j = crossing
        got = f"{at(path[i])}-{at(path[i + 1])} meeting {at(path[j])}-{at(path[j + 1])}"
        hint = "list the points in their order along the line"
        yield Finding(HALL_FILE, (*loc, "via_m"), "a line that does not cross itself", got, hint)


# -- warnings ----------------------------------------------------------------------------------------------------------


def has_entrance(plan: Plan) -> Iterator[Finding]:
    if "lines" in plan.unread or any(plan.is_faulty("lines", index, "entrance") for index, _ in plan.lines):
        return
    if not any(line.entrance for _, line in plan.lines):
        hint = "without one nobody is counted in or out, and counts cannot be reconciled with the people seen"
        yield Finding(HALL_FILE, ("lines",), "a line with entrance: true", "none", hint, "warning")


def lines_seen(plan: Plan) -> Iterator[Finding]:
    """A crossing is counted where somebody is seen on both sides of the line."""
    seen = seen_floor(plan)
    if seen is None:
        return
    for index, line in _whole_lines(plan):
        got = _out_of_sight(line, seen)
        if got:
            hint = "who crosses there is not counted: move the line to where both its sides are seen, or add a camera"
            expected = "a line that cameras see, and both its sides"
            yield Finding(HALL_FILE, ("lines", index), expected, got, hint, "warning")


def _out_of_sight(line: Line, seen: BaseGeometry) -> str:
    """What no camera sees of a line; nothing where most of it is seen from both sides."""
    from shapely import Point as Spot

    spots = list(_beside(line.path_m))
    here, before, behind = (
        sum(seen.distance(Spot(spot[side])) < 0.05 for spot in spots) / len(spots) for side in range(3)
    )
    if here < SEEN_SHARE:
        return f"{here:.0%} of {line.id} seen" if here else f"nothing of {line.id} seen"
    if min(before, behind) < SIDE_SHARE:
        side = "where forward comes from" if before < behind else "where forward leads to"
        return f"{line.id} seen on one side only: {min(before, behind):.0%} of it {BESIDE_M} m off on the side {side}"
    return ""


def _beside(path: Sequence[Point]) -> Iterator[tuple[Point, Point, Point]]:
    """Spots along a line, each with those beside it: on its positive side, from where forward comes, and the other."""
    total = sum(hypot(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(path))
    for a, b in pairwise(path):
        length = hypot(b[0] - a[0], b[1] - a[1]) or 1.0
        across = -(b[1] - a[1]) / length * BESIDE_M, (b[0] - a[0]) / length * BESIDE_M
        count = max(1, round(SAMPLES * length / (total or 1.0)))
        for k in range(count):
            part = (k + 0.5) / count
            x, y = a[0] + part * (b[0] - a[0]), a[1] + part * (b[1] - a[1])
            yield (x, y), (x + across[0], y + across[1]), (x - across[0], y - across[1])


def entrances_lead_in(plan: Plan) -> Iterator[Finding]:
    """Forward over an entrance leads into the hall: not out of the plan, and not from its middle to a wall close by."""
    if plan.size_m is None:
        return
    for index, line in _whole_lines(plan):
        if not line.entrance:
            continue
        ahead, back = _room(line, plan.size_m)
        if ahead < NEAR_WALL_M and back > TIMES_NEARER * max(ahead, BESIDE_M) and not _porch_behind(plan, line):
            got = f"forward over {line.id} ends at the hall's edge after {ahead:.1f} m, backward after {back:.1f} m"
            hint = (
                "exchange from_m and to_m (and turn via_m round): forward leads from the right of who walks along it "
            )
            hint += "to the left, with y down"
            yield Finding(HALL_FILE, ("lines", index), "an entrance that leads in", got, hint, "warning")


def _room(line: Line, size_m: Point) -> tuple[float, float]:
    """How far it is from the line's middle to the edge of the plan: forward, and backward."""
    here, before, after = _middle(line)
    return _to_edge(here, after, size_m), _to_edge(here, before, size_m)


def _middle(line: Line) -> tuple[Point, Point, Point]:
    spots = list(_beside(line.path_m))
    return spots[len(spots) // 2]


def _to_edge(spot: Point, beside: Point, size_m: Point) -> float:
    far = [0.0 if not 0 <= value <= size else 1e9 for value, size in zip(spot, size_m, strict=True)]
    for value, towards, size in zip(spot, beside, size_m, strict=True):
        step = (towards - value) / BESIDE_M
        if abs(step) > 1e-9:
            far.append(max(0.0, ((size if step > 0 else 0.0) - value) / step))
    return min(far)


def _porch_behind(plan: Plan, line: Line) -> bool:
    """Whether an entrance zone lies on the side from which forward comes: then that is outside, however deep."""
    porches = [zone.polygon_m for _, zone in plan.zones if zone.kind == "entrance"]
    _, before, after = _middle(line)
    return any(inside(*before, porch) and not inside(*after, porch) for porch in porches)
