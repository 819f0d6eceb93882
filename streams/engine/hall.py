"""One hall in one lane: its configuration, its agents' states, and what must be remembered of its input.

A hall that fails goes back alone. The state at the last mark (``_base``) and the steps since then are kept; when an
agent raises, the hall is restored and stepped again, muted, up to the record that broke it, which that agent then
passes over. What stood is the new base, so no poison needs to be carried along.
"""

from __future__ import annotations

import zlib
from typing import Any, NamedTuple

import msgspec

from config.loading import load_files
from streams.checkpoint import HallRecord
from streams.engine.passes import AgentFailed, HallAgents, Made, Meter, States, Tap
from streams.engine.windows import Windows
from streams.events import Conclusion, Event
from streams.ids import Place
from streams.lane import Lane

FAILURES_TO_STOP = 10
FAILURE_WINDOW_MS = 60_000
ROOM_BYTES = 256_000
"""Records kept since the base; a shell that makes no checkpoints (a replay) must not fill the memory with them."""
TICK_BYTES = 256
NOBODY: frozenset[str] = frozenset()


class Body(msgspec.Struct, array_like=True):
    """Everything that is kept of a hall, the offset apart. ``failures``: when each agent failed, lately.

    ``since_ms``: the log's time when these files came into force; 0: not known, it was written by an older version.
    """

    files: bytes
    states: dict[str, msgspec.Raw]
    windows: Windows
    seen: dict[str, Place]
    failures: dict[str, list[int]]
    off: list[str]
    since_ms: int = 0


class Failure(NamedTuple):
    agent: str
    what: str
    stopped: bool


_body = msgspec.msgpack.Decoder(Body)


def pack_files(files: dict[str, str]) -> bytes:
    return zlib.compress(msgspec.json.encode(files, order="sorted"))


def unpack_files(packed: bytes) -> dict[str, str]:
    return msgspec.json.decode(zlib.decompress(packed), type=dict[str, str])


class InForce(NamedTuple):
    """A hall's configuration, and since when, in Unix milliseconds of the log's time; None: not known."""

    files: dict[str, str]
    since_ms: int | None


def in_force(record: HallRecord) -> InForce:
    """The configuration in a hall's record."""
    body = _body.decode(record.body)
    return InForce(unpack_files(body.files), body.since_ms or None)


def files_of(record: HallRecord) -> dict[str, str]:
    """The files alone."""
    return in_force(record).files


def state_in(record: HallRecord, agent: str) -> bytes | None:
    """An agent's encoded state in a hall's record; None if it has none there."""
    raw = _body.decode(record.body).states.get(agent)
    return None if raw is None else bytes(raw)


class HallRuntime:
    """Steps one hall. Raises ConfigError (or what an agent's constructor raises) when its files cannot be used."""

    def __init__(self, lane: Lane, files: dict[str, str], name: str, since_ms: int, resume_at: int = 0) -> None:
        self._lane = lane
        self.windows: Windows = {}
        self.seen: dict[str, Place] = {}
        self._failures: dict[str, list[int]] = {}
        self._off: frozenset[str] = NOBODY
        self._adopt(files, name, since_ms)
        self._states: States = self.agents.initial()
        self.resume_at = resume_at
        """The first offset its state has not seen; what comes before is skipped for the whole hall."""
        self._since: list[Event | bytes] = []
        self._room = ROOM_BYTES
        self._base = self.encode()
        self.written: bytes | None = None
        """The body last written to a checkpoint."""

    def _adopt(self, files: dict[str, str], name: str, since_ms: int) -> None:
        loaded = load_files(files)
        if loaded.hall.id != name:
            raise ValueError(
                f"hall.yaml: id: expected {name!r}, the hall these files were sent to; got {loaded.hall.id!r}"
            )
        agents = HallAgents(self._lane, loaded.hall, loaded.rules)
        self.agents, self.hall, self.rules, self._since_ms = agents, loaded.hall, loaded.rules, since_ms
        # Sorted, as they come back from a checkpoint: whoever says them again says them in the same order.
        self.files, self._packed = dict(sorted(files.items())), pack_files(files)
        self.cameras = frozenset(camera.id for camera in loaded.hall.cameras)
        self.late_after_ms = int(loaded.rules.engine.late_after_s * 1000)
        self.ahead_at_most_ms = int(loaded.rules.engine.ahead_at_most_s * 1000)

    @classmethod
    def restore(cls, lane: Lane, name: str, record: HallRecord, *, forgive: bool) -> HallRuntime:
        """From a checkpoint. ``forgive``: the code is newer, so agents that were switched off get another chance."""
        body = _body.decode(record.body)
        hall = cls(lane, unpack_files(body.files), name, body.since_ms, resume_at=record.offset)
        hall._load(body)
        if forgive:
            hall._failures, hall._off = {}, NOBODY
        hall._base, hall.written = hall.encode(), record.body
        return hall

    def _load(self, body: Body) -> None:
        self._states = self.agents.decode(body.states)
        self.windows, self.seen = body.windows, body.seen
        self._failures, self._off = body.failures, frozenset(body.off)

    def encode(self) -> bytes:
        """The body, byte for byte a function of what the hall has seen."""
        states = self.agents.encode(self._states)
        body = Body(self._packed, states, self.windows, self.seen, self._failures, sorted(self._off), self._since_ms)
        return msgspec.msgpack.encode(body)

    def state_of(self, agent: str) -> Any:
        """The state of one agent, to be looked at; None if there is no such agent."""
        return dict(zip(self.agents.names, self._states, strict=True)).get(agent)

    def rebase(self) -> bytes:
        """Make here the place to go back to; the steps before it are forgotten. Returns the body."""
        self._base = self.encode()
        self._since, self._room = [], ROOM_BYTES
        return self._base

    def reconfigure(self, files: dict[str, str], name: str, since_ms: int) -> None:
        """New agents over the old states; raises without having changed anything."""
        states = _body.decode(self.encode()).states
        self._adopt(files, name, since_ms)
        self._states = self.agents.decode(states)
        self._failures, self._off = {}, NOBODY
        self.rebase()

    def begin_anew(self, since_ms: int) -> None:
        """Forget everything that was concluded. What the hall has been sent stays known: a repeat is one in any time."""
        self._since_ms = since_ms
        self._states = self.agents.initial()
        self._failures, self._off = {}, NOBODY
        self.rebase()

    def clear_plan(self) -> None:
        """Agents of a floor without zones, lines and cameras over the old states; raises without having changed anything."""
        states = _body.decode(self.encode()).states
        hall = self.hall.model_copy(update={"zones": (), "lines": (), "cameras": ()})
        agents = HallAgents(self._lane, hall, self.rules.model_copy(update={"limits": ()}))
        self.agents, self._states = agents, agents.decode(states)
        self._failures, self._off = {}, NOBODY
        self.rebase()

    def step(
        self, event: Event, raw: bytes | None, time_ms: int, tap: Tap | None = None, meter: Meter | None = None
    ) -> tuple[list[Made], list[Failure]]:
        """Offer one event (``raw``: its bytes; None for a tick). Of every agent, all outputs are returned or none."""
        failures: list[Failure] = []
        skip = self._off
        while True:
            try:
                made = self.agents.run(self._states, event, skip, meter)
                break
            except AgentFailed as failed:
                failures.append(self._note(failed, time_ms))
                skip |= {failed.agent}
                self._go_back()
        self._since.append(event if raw is None else raw)
        self._room -= TICK_BYTES if raw is None else len(raw)
        if failures or self._room < 0:
            self.rebase()
        if tap:
            if not isinstance(event, Conclusion):  # else the lane that drew it has shown it
                tap(event)
            for _, concluded, _ in made:
                tap(concluded)
        return made, failures

    def _go_back(self) -> None:
        """Back to the base, then forward again over the steps that went well, muted."""
        windows, seen, failures, off = self.windows, self.seen, self._failures, self._off
        self._load(_body.decode(self._base))
        decode = self._lane.decoder.decode
        for step in self._since:
            self.agents.run(self._states, decode(step) if isinstance(step, bytes) else step, self._off)
        # What the hall has seen and who failed are facts of the log, not of the agents: they stay.
        self.windows, self.seen, self._failures, self._off = windows, seen, failures, off

    def _note(self, failed: AgentFailed, time_ms: int) -> Failure:
        times = [t for t in self._failures.get(failed.agent, []) if t > time_ms - FAILURE_WINDOW_MS] + [time_ms]
        stopped = len(times) >= FAILURES_TO_STOP
        if stopped:
            self._off |= {failed.agent}
            self._failures.pop(failed.agent, None)
        else:
            self._failures[failed.agent] = times
        return Failure(failed.agent, failed.what, stopped)
