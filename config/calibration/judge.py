"""One camera's calibration, judged: the likely cause if one explains it, else what is doubtful on its floor."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from math import isfinite
from typing import NamedTuple

from config.calibration.causes import causes
from config.calibration.fit import AGREE, Mistake, Points, fit, mistake
from config.calibration.footprint import footprint
from config.calibration.spread import coarsest, least_certain
from config.calibration.units import UNITS, in_unit
from config.calibration.view import EXCHANGED, View, scaled
from config.calibration.wording import MISMATCH_LEFT, Cause, source
from config.geometry import area
from config.hall import Camera
from config.homography import LEAST_POINTS

NO_CAMERA = 0.3
"""A map so far from any pinhole (17 degrees between axes) is not explained by a lens either."""
NO_CAMERA_OF_FIVE = 0.4
UNSEEN_SHARE = 0.15
COARSE_M = 0.3
UNCERTAIN_M = 1.0
MORE_THAN_HALL = 1.5
"""Times the hall's floor that an image may show before somebody has to say what of it counts."""


class Verdict(NamedTuple):
    """``causes`` explain; where there are none, ``consequences`` tell what is doubtful on the floor it answers for."""

    view: View
    causes: tuple[Cause, ...]
    consequences: tuple[Cause, ...]


@lru_cache(maxsize=256)
def verdict(camera: Camera, size_m: tuple[float, float] | None) -> Verdict:
    """A camera's. One cause explains the rest: consequences are not told beside it. Raises ValueError: it has no map."""
    view = View.of(camera, size_m)
    found = explanations(view, camera.points)
    return Verdict(view, found, () if found else tuple(_consequences(view, camera.points)))


def explanations(view: View, points: Points) -> tuple[Cause, ...]:
    """Another reading of the numbers, single points that are wrong, or both. A wrong point makes maps that look odd in
    other ways too: beside one, only readings that are certain are named."""
    read = causes(view)
    unit = max((cause.unit for cause in read if cause.unit != 1.0), default=1.0)
    wrong = tuple(disagreement(view, points, unit, alone=not read))
    return tuple(cause for cause in read if cause.certain or not wrong) + wrong


# -- points against each other -----------------------------------------------------------------------------------------


def disagreement(view: View, points: Points, unit: float, *, alone: bool) -> Iterator[Cause]:
    """Points that contradict each other, by more than anybody measures wrong. ``alone``: nothing else explains them."""
    if not points or (len(points) == LEAST_POINTS and not alone):
        return
    worst = fit(points, unit).worst
    if (what := mistake(points, view.size_px, unit)) is not None:
        yield _named(what, len(points), unit)
    elif len(points) > LEAST_POINTS and worst > AGREE:
        got = f"points of which none can be called wrong alone, {_times(worst)} what is usual"
        hint = (
            "does the lens bend straight lines? Then correct the images, tracker's too; else measure the points again"
        )
        yield Cause("points", "points that agree to a few centimetres and pixels", got, hint)
    elif alone and view.mismatch > (NO_CAMERA if len(points) > LEAST_POINTS + 1 else NO_CAMERA_OF_FIVE):
        got = f"a map {view.mismatch:.2f} from any camera's"
        hint = "is the image stretched or cut, or a point wrong? Measure a few more points and check again"
        few = len(points) <= LEAST_POINTS + 1
        yield Cause("points", "points as a camera may see them", got, hint, turns=few)


def _named(what: Mistake, count: int, unit: float) -> Cause:
    names = " and ".join(f"points[{k}]" for k in what.points)
    off = f"{what.off_m / unit:.2f} m" if isfinite(what.off_m) and what.off_m < 1e4 * unit else "far"
    key = f"points.{what.points[0]}"
    if what.swapped:
        got = f"{names} with each other's floor_m: exchanged, all {count} points agree"
        hint = f"exchange the floor_m of {names} ({off} apart)"
        return Cause(key, "points that agree", got, hint, turns=count <= LEAST_POINTS + 1)
    got = f"{names}, {off} from where the other {count - len(what.points)} put it"
    sure = "" if count - len(what.points) > LEAST_POINTS else "probably this one; a sixth point would prove it: "
    return Cause(
        key, "points that agree", got, f"{sure}measure {names} again, px and floor_m; if right, the lens bends it"
    )


def _times(worst: float) -> str:
    return f"off by {worst:.0f} times" if isfinite(worst) else "beyond the horizon, far over"


# -- orientation -------------------------------------------------------------------------------------------------------


def mirrored(view: View) -> str:
    """Why a map may mirror the floor: the reading under which the image shows most of floor_m, if one does."""
    if view.size_m is None:
        return _AXIS
    up = ((1.0, 0.0, 0.0), (0.0, -1.0, view.size_m[1]), (0.0, 0.0, 1.0))
    left = ((-1.0, 0.0, view.size_m[0]), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    readings = {_AXIS: up, _LEFT: left, _EXCHANGED: EXCHANGED}
    if view.floor_m is None:
        return _AXIS
    unseen = {hint: view.read(floor=floor).unseen_share for hint, floor in readings.items()}
    best = min(unseen, key=lambda hint: unseen[hint])
    return best if unseen[best] < unseen[_AXIS] - 0.1 else _AXIS


_BOTTOM = " (px count from the image's top left corner, y down)"
_AXIS = (
    "is your plan's y axis pointing up? In hall.yaml y runs down, as in an image: write depth - y for every y" + _BOTTOM
)
_LEFT = "is your plan's x axis pointing left? Write width - x for x; or is the image itself mirrored?" + _BOTTOM
_EXCHANGED = (
    "are x and y of floor_m exchanged in the points? x runs along the plan's width, y along its depth" + _BOTTOM
)


# -- the floor it answers for ------------------------------------------------------------------------------------------


def _consequences(view: View, points: Points) -> Iterator[Cause]:
    """A mirrored map's floor is elsewhere; that it is mirrored is told for all cameras of the hall together."""
    floor = () if view.mirrored else tuple(_bounds(view))
    yield from floor
    if len(points) == LEAST_POINTS:
        got = "4, which fit a map whatever they are"
        hint = "add a fifth, away from the others: only then can a wrong one show"
        yield Cause("points", "5 points or more", got, hint)
    if not floor and not view.mirrored:
        yield from _precision(view, points)


def _bounds(view: View) -> Iterator[Cause]:
    if view.floor_m is not None:
        yield from _unseen(view)
    elif view.size_m is not None:
        shown = footprint(view.h, view.size_px)
        times = area(shown) / (view.size_m[0] * view.size_m[1]) if len(shown) > 2 else 0.0
        if times > MORE_THAN_HALL:
            got = f"{area(shown):.0f} m² of it, {times:.1f} times the hall's"
            hint = f"give floor_m, the polygon it is trusted with{_or_scaled(view, times)}"
            yield Cause("", "a camera that answers for floor of the hall", got, hint)


def _or_scaled(view: View, times: float) -> str:
    """Without perspective the map alone cannot show another resolution: the hall's size does."""
    factor = times**0.5
    return f"; or was it calibrated on images {factor:.2g} times as small?" if factor > 1.4 and not view.px else ""


def _unseen(view: View) -> Iterator[Cause]:
    if view.unseen_share <= UNSEEN_SHARE:
        return
    behind = sum(view.behind(*spot) for spot in view.unseen)
    x, y = max(view.unseen, key=lambda spot: min(abs(spot[0] - p[0]) + abs(spot[1] - p[1]) for p in view.samples
                                                 if view.shows(*p)) if view.unseen_share < 1 else 0.0)  # fmt: skip
    got = f"{view.unseen_share:.0%} of it outside the image, such as ({x:.1f}, {y:.1f})"
    if behind:
        got = f"{view.unseen_share:.0%} of it outside the image, {behind / len(view.samples):.0%} behind the camera or "
        got += f"beyond the horizon, such as ({x:.1f}, {y:.1f})"
    yield Cause("floor_m", "floor that the camera's image shows", got, _unseen_hint(view))


def _unseen_hint(view: View) -> str:
    """Another resolution or unit that would show all of floor_m, if there is one."""
    for part in (4 / 3, 1.5, 2.0, 3.0):
        size = round(view.size_px[0] * part), round(view.size_px[1] * part)
        other = view.read(px=scaled(1 / part, 1 / part))
        # Nothing but the floor speaks for it where the map is an overhead camera's, as good in every size.
        better = other.mismatch < MISMATCH_LEFT * view.mismatch or (not view.px and view.unseen_share > 0.3)
        if better and other.unseen_share < 0.02:
            return (
                f"is the map made for images of {size[0]} x {size[1]}? Scale it to size_px, or give size_px as it was"
            )
    seen = [unit for unit in UNITS if view.read(floor=scaled(1 / unit[1], 1 / unit[1])).unseen_share < 0.1]
    if (unit := in_unit(view, seen)) is not None:
        return f"is the map made in {unit[0]}? Divide by {unit[1]:g}: then all of floor_m is seen"
    return "draw floor_m where the image shows floor; people elsewhere in it are never seen"


def _precision(view: View, points: Points) -> Iterator[Cause]:
    if (coarse := coarsest(view)) is not None and coarse.value > COARSE_M:
        got = f"{coarse.value:.2f} m at ({coarse.spot[0]:.1f}, {coarse.spot[1]:.1f})"
        hint = "people jump there by as much; end floor_m nearer to the camera" + (
            "" if view.floor_m else " (give one)"
        )
        yield Cause(_floor_key(view), f"a pixel that is at most {COARSE_M:g} m of floor", got, hint)
        return
    if points and (worst := least_certain(view, points)) is not None and worst.value > UNCERTAIN_M:
        xs, ys = [p[0] for p in view.floor], [p[1] for p in view.floor]
        got = f"{worst.value:.1f} m at ({worst.spot[0]:.1f}, {worst.spot[1]:.1f}) from ordinary errors of measuring; "
        got += f"points lie at x {min(xs):.1f} to {max(xs):.1f}, y {min(ys):.1f} to {max(ys):.1f}"
        hint = "measure points near there too, and off the others' line; or end floor_m nearer to them"
        yield Cause("points", f"points that fix the floor it answers for to {UNCERTAIN_M:g} m", got, hint)


def _floor_key(view: View) -> str:
    return "floor_m" if view.floor_m is not None else source(view)
