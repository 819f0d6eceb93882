"""How long, and how far away, a person who is lost from view may still come back as the same: by zone.

A waiting area needs patience: who sits there is hidden for seconds by others who pass, and has not left. A door must
not have it: who vanishes there has gone, and who appears there is somebody else.
"""

from __future__ import annotations

from typing import NamedTuple

from config.hall import Hall, Zone, ZoneKind
from config.rules import PatienceRules, Rules, TrajectoryRules


class Patience(NamedTuple):
    """``join_ms``: for a new id; ``hold_ms``: for the same id, of who stood or sat when last seen; ``join_m``: how far."""

    join_ms: int
    hold_ms: int
    join_m: float


class KindPatience(NamedTuple):
    join_s: float
    hold_s: float


NONE = KindPatience(0.0, 0.0)
BY_KIND: dict[ZoneKind, KindPatience] = {
    ZoneKind.WAITING: KindPatience(10.0, 30.0),
    ZoneKind.DESKS: KindPatience(10.0, 30.0),
    ZoneKind.EXPERIENCE: KindPatience(10.0, 30.0),
    ZoneKind.KIOSKS: KindPatience(5.0, 20.0),
    ZoneKind.PAYMENT: KindPatience(5.0, 20.0),
    ZoneKind.GUIDE: KindPatience(5.0, 10.0),
    ZoneKind.TICKETS: KindPatience(5.0, 10.0),
}
"""At least this much, where people stand and sit; other kinds (entrance, open) have the hall's own ``join_within_s``."""


def hall_patience(rules: TrajectoryRules) -> Patience:
    """Where no zone says otherwise."""
    join_ms = round(rules.join_within_s * 1000)
    return Patience(join_ms, join_ms, rules.join_within_m)


def zone_patience(zone: Zone, rules: TrajectoryRules) -> Patience:
    """A zone's own, filled up by its kind and by the hall's. Where ids are taken at their word, kinds do not matter."""
    kind = BY_KIND.get(zone.kind, NONE) if rules.judges_identity else NONE
    own = rules.zones.get(zone.id, PatienceRules())
    join_s = max(rules.join_within_s, kind.join_s) if own.join_within_s is None else own.join_within_s
    hold_s = max(join_s, kind.hold_s) if own.hold_s is None else max(join_s, own.hold_s)
    join_m = own.join_within_m if own.join_within_m is not None and rules.judges_identity else rules.join_within_m
    return Patience(round(join_s * 1000), round(hold_s * 1000), join_m)


def longest_patience_s(hall: Hall, rules: Rules) -> float:
    """After this long without being seen no track is left, whatever the zone it was lost in."""
    held = [zone_patience(zone, rules.trajectory).hold_ms for zone in hall.zones]
    return max([hall_patience(rules.trajectory).hold_ms, *held]) / 1000
