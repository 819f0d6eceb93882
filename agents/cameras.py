"""Cameras: what is odd about the rows they send, counted by kind, and an alarm where most of a stretch is of one kind.

One row that lies off the floor is a box that jumped; most of them are a mistake in the set-up: the tracker ran at another
resolution than the calibration, writes corners in place of sizes, or numbers from 0 to 1 in place of pixels. Without an
alarm the hall would simply be empty. What the rows look like (``agents.likely_cause``) is part of the alarm.

``trajectory`` finds the odd rows (``OddRows``, inside the pass), because it knows which it could use. Once a minute they
leave as ``input_odd``. A stretch is judged after ``STRETCH_MS``, once it has ``ROWS_TO_JUDGE`` rows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import msgspec

from agents.likely_cause import Look, likely_cause
from config.hall import Hall
from config.rules import Rules
from streams.events import AlarmCleared, AlarmRaised, Configured, Event, InputOdd, OddRows, Tick

ALARM = "odd-input"
STRETCH_MS = 10_000
ROWS_TO_JUDGE = 20
RAISE_OVER, CLEAR_AT = 0.5, 0.2
"""Share of a stretch's rows that are of one kind."""
MINUTE_MS = 60_000


class CameraInput(msgspec.Struct):
    """``rows`` and ``kinds``: of this minute. ``look``: of this stretch, which began at ``since_ms``.

    ``all_rows``, ``all_odd``: since the camera is known, for whoever looks at the state; ``detail``: of a raised alarm.
    """

    since_ms: int
    look: Look
    rows: int = 0
    kinds: dict[str, int] = {}
    raised_ms: int | None = None
    all_rows: int = 0
    all_odd: dict[str, int] = {}
    detail: str = ""


class CamerasState(msgspec.Struct):
    tick_ms: int = -1
    cameras: dict[str, CameraInput] = {}


class Cameras:
    name: ClassVar[str] = "cameras"
    reads: ClassVar[tuple[type[Event], ...]] = (OddRows, Tick, Configured)
    writes: ClassVar[tuple[type[Event], ...]] = (InputOdd, AlarmRaised, AlarmCleared)

    def __init__(self, hall: Hall, rules: Rules) -> None:
        self._hall = hall.id
        self._cameras = {camera.id: camera for camera in hall.cameras}
        self._on: dict[type[Event], Callable[[CamerasState, Any], tuple[Event, ...]]] = {
            OddRows: self._odd, Tick: self._tick, Configured: self._configured,
        }  # fmt: skip

    def initial(self) -> CamerasState:
        return CamerasState()

    def on_event(self, state: CamerasState, event: Event) -> tuple[Event, ...]:
        return self._on[type(event)](state, event)

    def _odd(self, state: CamerasState, event: OddRows) -> tuple[Event, ...]:
        camera = state.cameras.get(event.camera)
        if camera is None:
            if event.camera not in self._cameras:
                return ()
            camera = state.cameras[event.camera] = CameraInput(state.tick_ms, Look())
        camera.rows += event.rows
        camera.all_rows += event.rows
        for kind, count in event.kinds:
            camera.kinds[kind] = camera.kinds.get(kind, 0) + count
            camera.all_odd[kind] = camera.all_odd.get(kind, 0) + count
        camera.look.add(event)
        return ()

    def _tick(self, state: CamerasState, tick: Tick) -> tuple[Event, ...]:
        before_ms, state.tick_ms = state.tick_ms, max(state.tick_ms, tick.at_ms)
        out: list[Event] = []
        for name, camera in state.cameras.items():
            if camera.since_ms < 0:
                camera.since_ms = state.tick_ms
            if camera.look.rows >= ROWS_TO_JUDGE and state.tick_ms - camera.since_ms >= STRETCH_MS:
                out += self._judge(name, camera, state.tick_ms)
            if before_ms // MINUTE_MS != state.tick_ms // MINUTE_MS:
                out += self._tell(name, camera, before_ms, state.tick_ms)
        return tuple(out)

    def _tell(self, name: str, camera: CameraInput, before_ms: int, now_ms: int) -> tuple[Event, ...]:
        rows, kinds, camera.rows, camera.kinds = camera.rows, camera.kinds, 0, {}
        if not kinds:
            return ()
        minute_ms = (now_ms if before_ms < 0 else before_ms) // MINUTE_MS * MINUTE_MS
        kinds = dict(sorted(kinds.items()))
        return (InputOdd(hall=self._hall, at_ms=minute_ms, decided_at_ms=now_ms, camera=name, rows=rows, kinds=kinds),)

    def _judge(self, name: str, camera: CameraInput, now_ms: int) -> tuple[Event, ...]:
        since_ms, look = camera.since_ms, camera.look
        camera.since_ms, camera.look = now_ms, Look()
        cause = likely_cause(self._cameras[name].size_px, look, RAISE_OVER)
        if cause is not None and camera.raised_ms is None:
            camera.raised_ms, camera.detail = since_ms, f"camera {name}: {cause.text}"
            return (AlarmRaised(
                hall=self._hall, at_ms=since_ms, decided_at_ms=now_ms, alarm=ALARM, metric="odd_input", value=cause.share,
                limit=RAISE_OVER, severity="warning", subject=name, detail=camera.detail,
            ),)  # fmt: skip
        share, _ = look.commonest()
        if cause is None and camera.raised_ms is not None and share <= CLEAR_AT:
            return (self._cleared(name, camera, since_ms, now_ms, share),)
        return ()

    def _cleared(self, name: str, camera: CameraInput, at_ms: int, now_ms: int, share: float) -> AlarmCleared:
        raised_ms, camera.raised_ms, camera.detail = camera.raised_ms or 0, None, ""
        return AlarmCleared(
            hall=self._hall, at_ms=at_ms, decided_at_ms=now_ms, alarm=ALARM, metric="odd_input", value=share,
            raised_ms=raised_ms, subject=name,
        )  # fmt: skip

    def _configured(self, state: CamerasState, event: Configured) -> tuple[Event, ...]:
        """What was said of cameras that are gone is over; a new calibration gets a new judgement."""
        out: list[Event] = []
        for name, camera in list(state.cameras.items()):
            camera.since_ms, camera.look = state.tick_ms, Look()
            if name not in self._cameras:
                if camera.raised_ms is not None:
                    cleared = self._cleared(name, camera, event.at_ms, event.at_ms, 0.0)
                    out.append(msgspec.structs.replace(cleared, reason="config"))
                del state.cameras[name]
        return tuple(out)
