"""The simulator: a crowd in a hall, seen by its cameras, with the truth beside it."""

from __future__ import annotations

from collections.abc import Iterator

from config.hall import Hall
from devices.simulator.camera import CameraProcess, Noise
from devices.simulator.crowd import Crowd, Happened
from devices.simulator.party import StageChange
from devices.simulator.truth import Truth
from devices.simulator.witness import Witness
from streams.events import Frame

WARM_S = 2400
"""How long a warm hall has been running unseen: most visits are over by then."""


class Simulator:
    """A hall from ``start_ms`` on: the same arguments give the same frames and the same truth, in every process.

    * ``fps``: frames a second of every camera; all cameras look at the same moments.
    * ``level``: multiplies the arrivals; 0: nobody comes.
    * ``warm``: people are inside already, as if the doors had been open for a while.
    * ``always_open``: there are visitors at any time of day, for demonstrations at night.
    * ``boot``: the camera processes' boot id; by default made of seed and start.
    * ``keep_truth`` False: nothing is kept of visitors who have left (``truth()`` then knows only who is inside), so that
      a simulator may run for weeks.

    It has no clock: whoever owns it says how far to go. Time only moves forward.
    """

    def __init__(
        self, hall: Hall, *, seed: int, start_ms: int, fps: float = 8.0, level: float = 1.0, noise: Noise | None = None,
        warm: bool = False, always_open: bool = False, boot: str | None = None, keep_truth: bool = True,
    ) -> None:  # fmt: skip
        if not 0 < fps <= 100:
            raise ValueError(f"fps: expected more than 0 and at most 100 frames a second, got {fps}")
        if level < 0:
            raise ValueError(f"level: expected 0 (nobody) or more (1: an ordinary day), got {level}")
        self._hall, self._seed, self._fps, self._level, self._start_ms = hall, seed, fps, level, start_ms
        self._keep_truth = keep_truth
        crowd_from = start_ms - 1000 * WARM_S if warm else start_ms
        self._crowd = Crowd(hall, seed=seed, start_ms=crowd_from, level=level, always_open=always_open)
        self._witness = Witness(hall, 1000 / fps)
        boot = boot if boot is not None else f"sim-{seed}-{start_ms}"
        self._cameras = [
            CameraProcess(hall.id, camera, seed=seed, fps=fps, boot=boot, noise=noise or Noise())
            for camera in hall.cameras
        ]
        self._number = 0
        self._now_ms = crowd_from
        self.changes: tuple[StageChange, ...] = ()
        """What parties did during the last ``step`` or ``skip``: what a simulated ticket machine or desk acts on."""
        if warm:
            self._pass(start_ms - 1, counts=False)

    @property
    def hall(self) -> str:
        return self._hall.id

    @property
    def inside(self) -> int:
        """How many people are in the hall."""
        return len(self._crowd.visitors)

    def positions(self) -> tuple[tuple[str, float, float], ...]:
        """Where everyone really was at the last frame: (visitor, x_m, y_m)."""
        return tuple((v.id, v.body.x, v.body.y) for v in self._crowd.visitors.values())

    def step(self, until_ms: int) -> list[Frame]:
        """The frames since the last step, up to and with ``until_ms``, in order of time and of the hall's cameras."""
        return list(self.frames(until_ms))

    def frames(self, until_ms: int) -> Iterator[Frame]:
        """As ``step``, one by one; to be read to its end before anything else is asked."""
        changes: list[StageChange] = []
        while (at_ms := self._next_ms()) <= until_ms:
            self._number += 1
            changes += self._pass(at_ms).changes
            yield from self._look(at_ms)
        changes += self._pass(until_ms).changes
        self.changes = tuple(changes)

    def skip(self, until_ms: int) -> None:
        """Let time pass unseen, as after a pause of the machine; the next frame comes after ``until_ms``."""
        changes = self._pass(until_ms).changes
        while self._next_ms() <= until_ms:
            self._number += 1
        self.changes = tuple(changes)

    def truth(self) -> Truth:
        """All that really happened so far."""
        return Truth(
            hall=self._hall.id,
            timezone=self._hall.timezone,
            seed=self._seed,
            fps=self._fps,
            level=self._level,
            start_ms=self._start_ms,
            end_ms=max(self._now_ms, self._start_ms),
            frames={c.view.id: c.frames for c in self._cameras},
            arrivals=self._witness.hours(),
            visitors=self._witness.visitors(),
            false_tracks=self._witness.false_tracks(),
        )

    def _next_ms(self) -> int:
        # Counted, not added up: the thousandth frame is where it should be.
        return self._start_ms + round(self._number * 1000 / self._fps)

    def _pass(self, until_ms: int, *, counts: bool = True) -> Happened:
        """The crowd goes on up to and with ``until_ms``, and the books with it."""
        if until_ms <= self._now_ms:
            return Happened()
        self._now_ms = until_ms
        happened = self._crowd.advance(until_ms)
        self._witness.entered(happened.entered, counts=counts and self._keep_truth)
        for change in happened.changes:
            self._witness.stage(change)
        for visitor in happened.left:
            self._witness.left(visitor, keep=counts and self._keep_truth)
            for camera in self._cameras:
                camera.forget(visitor.id)
        return happened

    def _look(self, at_ms: int) -> list[Frame]:
        visitors = self._crowd.visitors.values()
        people = []
        for visitor in visitors:
            body = visitor.body
            body.move(at_ms)
            people.append((visitor.id, body.x, body.y, body.height_m))
        frames: list[Frame] = []
        seen_by: dict[str, tuple[str, ...]] = {}
        for camera in self._cameras:
            frame, in_view = camera.frame(at_ms, people)
            frames.append(frame)
            for visitor_id in in_view:
                seen_by[visitor_id] = (*seen_by.get(visitor_id, ()), camera.view.id)
            if camera.spans:
                self._witness.tracks(camera.take_spans(), keep_false=self._keep_truth)
        for visitor_id, x, y, _ in people:
            self._witness.at(visitor_id, at_ms, x, y, seen_by.get(visitor_id, ()))
        return frames
