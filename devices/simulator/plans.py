"""What visitors want, as tables: the stages of a visit, the routes made of them, and how large groups are."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum
from random import Random

from config.hall import ZoneKind


class Discipline(Enum):
    """How a stage deals with people."""

    QUEUE = "one behind the other, the first is served"
    PLACE = "a place of one's own, or wait for it"
    ROAM = "go about the zone"


@dataclass(frozen=True)
class Stage:
    """One thing to do in the hall. Durations are lognormal: median and sigma.

    ``waits_in``: where to wait when no place is free (None: in the zone itself). ``called``: one always waits there
    first and is called, as with a ticket. ``balk_at``: a queue that long is passed by. ``turnaround_s``: from one
    person to the next.
    """

    name: str
    kind: ZoneKind
    discipline: Discipline
    median_s: float
    sigma: float
    waits_in: ZoneKind | None = None
    called: bool = False
    patience_s: float = 900.0
    balk_at: int | None = None
    turnaround_s: tuple[float, float] = (0.5, 3.0)


STAGES: dict[str, Stage] = {
    s.name: s
    for s in (
        Stage("guide", ZoneKind.GUIDE, Discipline.QUEUE, 30, 0.5, patience_s=180, balk_at=3),
        Stage("ticket", ZoneKind.TICKETS, Discipline.QUEUE, 20, 0.4, patience_s=240),
        Stage(
            "desk", ZoneKind.DESKS, Discipline.PLACE, 330, 0.6,
            waits_in=ZoneKind.WAITING, called=True, patience_s=1200, turnaround_s=(8, 25),
        ),
        Stage("kiosk", ZoneKind.KIOSKS, Discipline.PLACE, 150, 0.5, patience_s=300),
        Stage("payment", ZoneKind.PAYMENT, Discipline.PLACE, 75, 0.4, patience_s=240),
        Stage("experience", ZoneKind.EXPERIENCE, Discipline.ROAM, 180, 0.6),
        Stage("look", ZoneKind.OPEN, Discipline.ROAM, 40, 0.8),
    )
}  # fmt: skip


@dataclass(frozen=True)
class Route:
    """Why one comes (``aim``: the stage without which one would not), the share who do, stages and their chances."""

    name: str
    aim: str
    share: float
    stages: tuple[tuple[str, float], ...]


ROUTES: tuple[Route, ...] = (
    Route("desk", "desk", 50, (("guide", 0.5), ("ticket", 1.0), ("desk", 1.0), ("payment", 0.15))),
    Route("kiosk", "kiosk", 20, (("guide", 0.3), ("kiosk", 1.0))),
    Route("payment", "payment", 15, (("payment", 1.0),)),
    Route("experience", "experience", 10, (("guide", 0.4), ("experience", 1.0), ("kiosk", 0.2))),
    Route("question", "guide", 5, (("guide", 1.0),)),
)
# In a hall without any of the above: through it, from one door to another, some with a stop on the way.
PASSING = Route("passing", "look", 100, (("look", 0.35),))

GROUP_SIZES: tuple[tuple[int, float], ...] = ((1, 78), (2, 17), (3, 5))
MEAN_GROUP = sum(n * w for n, w in GROUP_SIZES) / sum(w for _, w in GROUP_SIZES)


def plan(rng: Random, kinds: Collection[ZoneKind]) -> tuple[Route, tuple[Stage, ...]]:
    """A route that this hall can serve, and its stages for one party; stages whose zones are missing are left out."""
    routes = [r for r in ROUTES if STAGES[r.aim].kind in kinds] or [PASSING]
    route = rng.choices(routes, [r.share for r in routes])[0]
    chosen = (STAGES[name] for name, chance in route.stages if rng.random() < chance)
    return route, tuple(s for s in chosen if s.kind in kinds)


def group_size(rng: Random) -> int:
    return rng.choices([n for n, _ in GROUP_SIZES], [w for _, w in GROUP_SIZES])[0]


PER_DESK_AND_HOUR = 15.0
STAFFED_DESKS = 4
WITHOUT_DESKS_PER_HOUR = 40.0


def visitors_per_hour(desks: int) -> float:
    """The base rate that keeps that many desks busy: half of the visitors want one, for six minutes or so."""
    return PER_DESK_AND_HOUR * min(desks, STAFFED_DESKS) if desks else WITHOUT_DESKS_PER_HOUR
