"""What no single value can show to be wrong: names, shapes and references across a hall's files.

A check takes the ``Plan`` of whatever could be read and yields findings. One that is hard to do in a millisecond, or
that finds no more than a doubt, is a row of ``WARNINGS``; the engine starts without asking those.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar
from zoneinfo import ZoneInfo, available_timezones

from config.geometry import Point, area, cross, segments_meet
from config.hall import Camera, Hall, Line, Zone
from config.problems import Finding, Loc, did_you_mean
from config.rules import Limit, Rules

HALL_FILE = "hall.yaml"
RULES_FILE = "rules.yaml"

OUTSIDE_BY_M = 0.5
"""How far a shape may reach out of ``size_m``: plans are measured by hand."""
LEAST_AREA_M2 = 0.01
CRUSH_PER_M2 = 10.0
"""More people do not fit on a square metre."""

T = TypeVar("T", Zone, Line, Camera, Limit)
Numbered = tuple[tuple[int, T], ...]
"""Items with their place in the file; those that do not even read are left out."""


@dataclass(frozen=True)
class Plan:
    """What could be read of a hall's files. A check that needs what is missing (None) says nothing about it."""

    zones: Numbered[Zone] = ()
    lines: Numbered[Line] = ()
    cameras: Numbered[Camera] = ()
    limits: Numbered[Limit] = ()
    size_m: tuple[float, float] | None = None
    timezone: str | None = None
    dwell_zones: tuple[str, ...] = ()
    patience_zones: tuple[str, ...] = ()
    flow_lines: tuple[str, ...] = ()
    zone_ids: frozenset[str] | None = None
    """All ids that zones of the file carry, those of unreadable zones among them; None: not known."""
    ids: Mapping[str, tuple[tuple[int, str], ...]] = field(default_factory=dict)
    """By kind (zones, lines, cameras, limits) the ids with their places, those of unreadable items among them."""
    unread: frozenset[str] = frozenset()
    """Kinds of which not every item could be read."""
    faulty: frozenset[Loc] = frozenset()
    """Values that have a mistake of their own, which is told elsewhere: a default stands in for each."""

    def is_faulty(self, kind: str, index: int, *keys: str) -> bool:
        """Whether one of these keys of an item was left out, so that nothing can be said of what follows from it."""
        return any((kind, index, key) in self.faulty for key in keys)

    @classmethod
    def of(cls, hall: Hall, rules: Rules) -> Plan:
        return cls(
            zones=tuple(enumerate(hall.zones)),
            lines=tuple(enumerate(hall.lines)),
            cameras=tuple(enumerate(hall.cameras)),
            limits=tuple(enumerate(rules.limits)),
            size_m=hall.size_m,
            timezone=hall.timezone,
            dwell_zones=tuple(rules.dwell.zones),
            patience_zones=tuple(rules.trajectory.zones),
            flow_lines=tuple(rules.flow.lines),
            zone_ids=frozenset(zone.id for zone in hall.zones),
            ids={
                "zones": _ids(hall.zones),
                "lines": _ids(hall.lines),
                "cameras": _ids(hall.cameras),
                "limits": _ids(rules.limits),
            },
        )


def _ids(items: tuple[T, ...]) -> tuple[tuple[int, str], ...]:
    return tuple((index, item.id) for index, item in enumerate(items))


Check = Callable[[Plan], Iterator[Finding]]


def unique_ids(plan: Plan) -> Iterator[Finding]:
    """Ids name things in events: within zones, lines, cameras and limits each is given once."""
    for kind, ids in plan.ids.items():
        yield from _repeated(RULES_FILE if kind == "limits" else HALL_FILE, kind, ids)


def _repeated(file: str, kind: str, ids: tuple[tuple[int, str], ...]) -> Iterator[Finding]:
    first: dict[str, int] = {}
    for index, id_ in ids:
        if id_ in first:
            got = f"{id_!r} as in {kind}[{first[id_]}]"
            yield Finding(file, (kind, index, "id"), f"an id of its own among the {kind}", got, "rename one of the two")
        first.setdefault(id_, index)


def known_timezone(plan: Plan) -> Iterator[Finding]:
    if plan.timezone is None:
        return
    try:
        ZoneInfo(plan.timezone)
    except (KeyError, ValueError, OSError):  # unknown; "../x"; a directory of the database ("Asia")
        hint = did_you_mean(plan.timezone, available_timezones(), "names are of the form Asia/Shanghai")
        yield Finding(HALL_FILE, ("timezone",), "an IANA time zone", repr(plan.timezone), hint)


def sound_zones(plan: Plan) -> Iterator[Finding]:
    for index, zone in plan.zones:
        yield from sound_polygon(plan, ("zones", index, "polygon_m"), zone.polygon_m)


def sound_polygon(plan: Plan, loc: Loc, polygon: tuple[Point, ...]) -> Iterator[Finding]:
    """Inside the hall, with an area, and with no edge that crosses or runs back over another."""
    yield from inside_hall(plan, loc, polygon)
    if polygon[0] == polygon[-1]:
        got = f"{at(polygon[0])} at both ends"
        yield Finding(HALL_FILE, loc, "a polygon that closes itself", got, "leave out the last point")
    elif (crossing := first_crossing(polygon)) is not None:
        i, j = crossing
        got = f"edge {_edge(polygon, i)} meeting edge {_edge(polygon, j)}"
        yield Finding(HALL_FILE, loc, "a simple polygon", got, "list the corners in their order around the zone")
    elif area(polygon) < LEAST_AREA_M2:
        got = f"{area(polygon):.4f} m²"
        yield Finding(HALL_FILE, loc, f"an area of at least {LEAST_AREA_M2} m²", got, "are the corners in one line?")


def first_crossing(corners: tuple[Point, ...], *, closed: bool = True) -> tuple[int, int] | None:
    """The first two edges (i: from corner i to the next) that touch other than in a corner they share; None: simple.

    ``closed``: a last edge leads back to the first corner, as in a polygon.
    """
    n = len(corners)
    edges = n if closed else n - 1
    for i in range(edges):
        a, b = corners[i], corners[(i + 1) % n]
        if (closed or i + 1 < edges) and _runs_back(a, b, corners[(i + 2) % n]):
            return i, (i + 1) % n
        for j in range(i + 2, edges - (closed and i == 0)):
            if segments_meet(a, b, corners[j], corners[(j + 1) % n]):
                return i, j
    return None


def _runs_back(a: Point, b: Point, c: Point) -> bool:
    """Whether the way a, b, c turns round in b and comes back over itself, or stands still."""
    return cross(*a, *b, *c) == 0 and (b[0] - a[0]) * (c[0] - b[0]) + (b[1] - a[1]) * (c[1] - b[1]) <= 0


def inside_hall(plan: Plan, loc: Loc, points: tuple[Point, ...]) -> Iterator[Finding]:
    if plan.size_m is None:
        return
    width, depth = plan.size_m
    for point in points:
        if max(-point[0], point[0] - width, -point[1], point[1] - depth) > OUTSIDE_BY_M:
            expected = f"points inside the hall, (0, 0) to {at(plan.size_m)}"
            yield Finding(HALL_FILE, loc, expected, at(point), "correct the point, or size_m")
            return


def known_zones(plan: Plan) -> Iterator[Finding]:
    """Rules speak of zones that the hall has."""
    if plan.zone_ids is None:
        return
    named: list[tuple[Loc, str]] = [
        (("limits", index, "zone"), limit.zone) for index, limit in plan.limits if limit.zone is not None
    ]
    named += [(("dwell", "zones", zone), zone) for zone in plan.dwell_zones]
    named += [(("trajectory", "zones", zone), zone) for zone in plan.patience_zones]
    for loc, zone in named:
        if zone not in plan.zone_ids:
            known = ", ".join(sorted(plan.zone_ids))
            hint = did_you_mean(zone, plan.zone_ids, f"zones are {known}")
            yield Finding(RULES_FILE, loc, f"a zone of {HALL_FILE}", repr(zone), hint)


def known_lines(plan: Plan) -> Iterator[Finding]:
    """Rules speak of lines that the hall has."""
    known = [line for _, line in plan.ids.get("lines", ())]
    for line in plan.flow_lines if "lines" not in plan.unread else ():
        if line not in known:
            hint = did_you_mean(line, known, f"lines are {', '.join(sorted(known)) or 'none'}")
            yield Finding(RULES_FILE, ("flow", "lines", line), f"a line of {HALL_FILE}", repr(line), hint)


def clearing_limits(plan: Plan) -> Iterator[Finding]:
    """An alarm that clears while its value is still over the limit would be raised and cleared for ever."""
    for index, limit in plan.limits:
        if limit.clears_at > limit.over and not plan.is_faulty("limits", index, "over", "clear_at"):
            expected = f"at most over, {limit.over:g}"
            hint = "above it the alarm would clear while it is raised; give a value below over, or leave clear_at out"
            yield Finding(RULES_FILE, ("limits", index, "clear_at"), expected, f"{limit.clears_at:g}", hint)


def sensible_limits(plan: Plan) -> Iterator[Finding]:
    """Limits that hold from the first person on, or that nothing can ever reach."""
    areas = {zone.id: area(zone.polygon_m) for _, zone in plan.zones}
    for index, limit in plan.limits:
        if plan.is_faulty("limits", index, "over", "metric"):
            continue
        loc: Loc = ("limits", index, "over")
        if limit.metric == "density" and limit.over >= CRUSH_PER_M2:
            expected = f"people/m² below {CRUSH_PER_M2:g}"
            yield Finding(RULES_FILE, loc, expected, f"{limit.over:g}", "no crowd is ever that dense", "warning")
        elif limit.metric == "density" and 1 / max(area_m2 := areas.get(limit.zone or "", 1e9), 1e-9) > limit.over:
            got = f"{limit.over:g} for zone {limit.zone} of {area_m2:.2f} m²"
            hint = "one person alone is over it: use occupancy, or a larger zone"
            yield Finding(RULES_FILE, loc, "people/m² that one person stays below", got, hint, "warning")


def _edge(polygon: tuple[Point, ...], index: int) -> str:
    return f"{at(polygon[index])}-{at(polygon[(index + 1) % len(polygon)])}"


def at(point: Point) -> str:
    return f"({point[0]:g}, {point[1]:g})"
