"""Floor points in another unit, order or place than metres on the plan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from config.calibration.view import EXCHANGED, View, scaled
from config.calibration.wording import (
    HIGHEST_M,
    LOWEST_M,
    SUSPICIOUS,
    Cause,
    floor_extent,
    hall_text,
    height,
    may_hang_there,
    source,
)

Unit = tuple[str, float]
"""A unit of length, and how many of it make a metre."""


UNITS: tuple[Unit, ...] = (("centimetres", 100.0), ("millimetres", 1000.0), ("feet", 3.2808), ("inches", 39.37))


def shares_for_floor(view: View) -> Iterator[Cause]:
    if view.floor and view.size_m and max(max(map(abs, p)) for p in view.floor) <= 1.05 and min(view.size_m) >= 3:
        got = "all between 0 and 1"
        hint = f"as shares of the plan? Multiply by its size ({view.size_m[0]:g} x {view.size_m[1]:g} m)"
        yield Cause("points", "floor_m in metres over the floor", got, hint, True, 1 / min(view.size_m))


def other_unit(view: View) -> Iterator[Cause]:
    """The floor in centimetres: far outside the hall, or seen from a camera that hangs hundreds of metres high."""
    outside, factor = view.outside_hall(), None
    if 2 * len(outside) > len(view.floor):
        factor = in_unit(view, [unit for unit in UNITS if _inside_as(view, unit[1])])
    elif view.pinhole.heights_m[0] > HIGHEST_M and (view.floor_m is None or view.unseen_share > 0.3 or not view.px):
        factor = in_unit(view, UNITS)
    elif not view.px and not view.samples:
        factor = in_unit(view, [unit for unit in UNITS if _metric(view, unit[1]).samples])
    if factor is None:
        return
    (name, per_metre), low = factor, view.pinhole.heights_m[0]
    got = f"{floor_extent(view)}, seen from {height(view)}"
    hint = f"are these {name}? Divide by {per_metre:g}"
    yield Cause(
        source(view),
        f"floor_m in metres, inside the hall{hall_text(view)}",
        got,
        hint,
        bool(outside) or low > 4 * HIGHEST_M,
        per_metre,
    )


def exchanged_floor(view: View) -> Iterator[Cause]:
    swapped = view.read(floor=EXCHANGED)
    outside = view.outside_hall(0.05) or (not view.px and not view.samples and swapped.samples)
    if view.mirrored and outside and not swapped.outside_hall(0.0):
        got = f"{floor_extent(view)}, mirrored"
        hint = "are x and y of the floor exchanged? x runs along the plan's width, y along its depth"
        yield Cause(source(view), f"floor_m inside the hall{hall_text(view)}", got, hint, True, turns=True)


def elsewhere(view: View) -> Iterator[Cause]:
    outside = view.outside_hall()
    if 2 * len(outside) > len(view.floor):
        got = f"{len(outside)} of {len(view.floor)} outside it: {floor_extent(view)}"
        hint = "another unit, another origin, or pixels of the plan's drawing? floor_m counts metres from the plan's (0, 0)"
        yield Cause("points", f"floor_m inside the hall{hall_text(view)}", got, hint, True)


def impossible_height(view: View) -> Iterator[Cause]:
    if view.mismatch > 3 * SUSPICIOUS or may_hang_there(view):
        return
    got = f"one {height(view)}"
    hint = "are all lengths of the hall metres, and the points measured from the plan's (0, 0)?"
    yield Cause(source(view), f"a camera {LOWEST_M:g} to {HIGHEST_M:g} m above the floor", got, hint)


def in_unit(view: View, units: Sequence[Unit]) -> Unit | None:
    """The unit of length under which a camera hangs as high as they do, and shows most of its floor_m."""
    high = [unit for unit in units if _plausible_height(view, unit[1])]
    return min(high, key=lambda unit: round(_metric(view, unit[1]).unseen_share, 1), default=None)


def _metric(view: View, per_metre: float) -> View:
    return view.read(floor=scaled(1 / per_metre, 1 / per_metre))


def _inside_as(view: View, per_metre: float) -> bool:
    return not _metric(view, per_metre).outside_hall(0.05)


def _plausible_height(view: View, per_metre: float) -> bool:
    low, high = (height / per_metre for height in view.pinhole.heights_m)
    return low <= 12 and high >= 1.8
