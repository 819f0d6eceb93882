"""Watches the exact paths, frame by frame, and writes down the truth."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from config.geometry import segments_meet
from config.hall import Hall
from devices.simulator.camera import Span
from devices.simulator.cells import Cells
from devices.simulator.floor import side
from devices.simulator.party import StageChange, Visitor
from devices.simulator.truth import Crossing, Hour, PathPoint, Seen, StagePoint, Stay, Track, TrueVisitor


class OpenStay:
    """A stay that has not ended; ``seen`` rows are [camera, first_ms, last_ms, frames]."""

    __slots__ = ("enter_ms", "last_ms", "seen")

    def __init__(self, enter_ms: int) -> None:
        self.enter_ms = self.last_ms = enter_ms
        self.seen: list[_SeenRow] = []

    def at(self, at_ms: int, cameras: tuple[str, ...], longest_ms: float) -> None:
        self.last_ms = at_ms
        for camera in cameras:
            for row in reversed(self.seen):
                if row.camera == camera and at_ms - row.last_ms <= longest_ms:
                    row.last_ms = at_ms
                    row.frames += 1
                    break
            else:
                self.seen.append(_SeenRow(camera, at_ms))

    def closed(self, zone: str, leave_ms: int | None) -> Stay:
        seen = tuple(Seen(r.camera, r.first_ms, r.last_ms, r.frames) for r in self.seen)
        return Stay(zone, self.enter_ms, leave_ms, self.last_ms, seen)


class _SeenRow:
    __slots__ = ("camera", "first_ms", "frames", "last_ms")

    def __init__(self, camera: str, at_ms: int) -> None:
        self.camera, self.first_ms, self.last_ms, self.frames = camera, at_ms, at_ms, 1


class Account:
    """What is known of one visitor so far."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor
        self.zones: tuple[int, ...] = ()
        self.open: dict[int, OpenStay] = {}
        self.before: tuple[int, float, float, tuple[str, ...]] | None = None
        """The last frame: its time, the point, and the cameras that had the visitor in view."""
        self.stays: list[Stay] = []
        self.crossings: list[Crossing] = []
        self.tracks: list[Span] = []
        self.stages: list[StagePoint] = []


class Witness:
    """Truth of a hall as it comes in. ``longest_ms``: a gap between frames beyond which nothing is said of lines."""

    def __init__(self, hall: Hall, frame_ms: float) -> None:
        self._hall, self._longest_ms = hall, 2 * frame_ms
        self._cells = Cells(
            [z.polygon_m for z in hall.zones],
            [(line.from_m, line.to_m) for line in hall.lines],
            step_m=2.5 * self._longest_ms / 1000 + 0.1,  # nobody does 2.5 m/s
        )
        self._accounts: dict[str, Account] = {}
        self._closed: list[Account] = []
        self._hours: dict[int, list[int]] = {}
        self._false: list[Span] = []

    def entered(self, visitors: Iterable[Visitor], *, counts: bool) -> None:
        """``counts``: whether they are arrivals of the simulated time, or were there before it began."""
        for visitor in visitors:
            self._accounts[visitor.id] = Account(visitor)
            if counts:
                hour = self._hours.setdefault(_hour_ms(visitor.entered_ms, self._hall.tz), [0, 0])
                hour[0] += visitor is visitor.party.members[0]
                hour[1] += 1

    def stage(self, change: StageChange) -> None:
        point = StagePoint(change.stage, change.phase, change.at_ms, change.zone)
        for visitor in change.visitors:
            self._accounts[visitor].stages.append(point)

    def tracks(self, spans: Iterable[Span], *, keep_false: bool) -> None:
        for span in spans:
            if span.visitor is None:
                if keep_false:
                    self._false.append(span)
            elif account := self._accounts.get(span.visitor):
                account.tracks.append(span)

    def at(self, visitor: str, at_ms: int, x: float, y: float, cameras: tuple[str, ...]) -> None:
        """A frame: where the visitor really is, and which cameras have it in view."""
        account = self._accounts[visitor]
        zones = self._cells.zones(x, y)
        if zones != account.zones:
            self._change(account, zones, at_ms)
        for stay in account.open.values():
            stay.at(at_ms, cameras, self._longest_ms)
        if account.before and at_ms - account.before[0] <= self._longest_ms and (near := self._cells.near(x, y)):
            self._cross(account, account.before, near, at_ms, x, y, cameras)
        account.before = at_ms, x, y, cameras

    def _change(self, account: Account, zones: tuple[int, ...], at_ms: int) -> None:
        for zone in account.zones:
            if zone not in zones:
                self._close(account, zone, at_ms)
        for zone in zones:
            account.open.setdefault(zone, OpenStay(at_ms))
        account.zones = zones

    def _close(self, account: Account, zone: int, leave_ms: int) -> None:
        account.stays.append(account.open.pop(zone).closed(self._hall.zones[zone].id, leave_ms))

    def _cross(
        self, account: Account, before: tuple[int, float, float, tuple[str, ...]], near: tuple[int, ...],
        at_ms: int, x: float, y: float, cameras: tuple[str, ...],
    ) -> None:  # fmt: skip
        _, bx, by, saw = before
        for i in near:
            line = self._hall.lines[i]
            was, now = side(line, bx, by), side(line, x, y)
            if was != now and segments_meet((bx, by), (x, y), line.from_m, line.to_m):
                seen = any(camera in saw for camera in cameras)
                account.crossings.append(Crossing(line.id, at_ms, "forward" if was else "backward", seen))

    def left(self, visitor: Visitor, *, keep: bool) -> None:
        account = self._accounts.pop(visitor.id)
        if not keep:
            return
        for zone in account.zones:
            self._close(account, zone, account.open[zone].last_ms)
        self._closed.append(account)

    def visitors(self) -> tuple[TrueVisitor, ...]:
        """Everyone so far, in the order in which they came."""
        accounts = [*self._closed, *self._accounts.values()]
        return tuple(self._true(a) for a in sorted(accounts, key=lambda a: int(a.visitor.id[1:])))

    def hours(self) -> tuple[Hour, ...]:
        return tuple(Hour(hour, *counts) for hour, counts in sorted(self._hours.items()))

    def false_tracks(self) -> tuple[Track, ...]:
        return tuple(_track(s) for s in self._false)

    def _true(self, account: Account) -> TrueVisitor:
        visitor, party = account.visitor, account.visitor.party
        still = [stay.closed(self._hall.zones[zone].id, None) for zone, stay in account.open.items()]
        return TrueVisitor(
            visitor=visitor.id,
            party=party.id,
            route=party.route.name,
            entered_ms=visitor.entered_ms,
            entered_by=party.entered_by.id,
            left_ms=visitor.left_ms,
            left_by=None if visitor.left_ms is None else party.leaves_by.id,
            walked_out=party.walked_out,
            points=tuple(PathPoint(at, round(x, 3), round(y, 3)) for at, x, y in visitor.body.key_points),
            stages=tuple(account.stages),
            stays=tuple(sorted((*account.stays, *still), key=lambda s: (s.enter_ms, s.zone))),
            crossings=tuple(account.crossings),
            tracks=tuple(_track(s) for s in account.tracks),
        )


def _track(span: Span) -> Track:
    return Track(span.camera, span.track, span.first_ms, span.last_ms)


def _hour_ms(at_ms: int, tz: ZoneInfo) -> int:
    """The beginning of that hour by the clock on the wall, which may be off from UTC by half an hour."""
    local = datetime.fromtimestamp(at_ms / 1000, tz)
    offset_ms = round((local.utcoffset() or timedelta()).total_seconds() * 1000)
    return (at_ms + offset_ms) // 3_600_000 * 3_600_000 - offset_ms
