"""Records for the toy lanes, engines that run on them, and short words for what comes out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from streams.checkpoint import hall_key, mark_key, restore
from streams.codec import TICK, encode, encode_named
from streams.engine import Checkpoint, Engine, Output
from streams.events import Configured, Dead, Event
from streams.lane import Lane
from streams.record import Record
from tests.support.toy import SENSING, SERVICE, START_MS, Counted, Poke, files


class Script:
    """Writes the records of one partition; time stands still unless ``at`` (seconds after START_MS) says otherwise."""

    def __init__(self, lane: Lane = SENSING, partition: int = 0) -> None:
        self.records: list[Record] = []
        self.lane, self.partition, self.now_ms, self.offset = lane, partition, START_MS, 0

    def raw(self, key: bytes | None, value: bytes | None, *, at: float | None = None) -> Record:
        if at is not None:
            self.now_ms = START_MS + round(at * 1000)
        record = Record(self.lane.topic, self.partition, self.offset, self.now_ms, key, value)
        self.offset += 1
        self.records.append(record)
        return record

    def put(self, event: Event, *, at: float | None = None) -> Record:
        return self.raw(event.hall.encode(), encode(event), at=at)

    def tick(self, at: float) -> Record:
        return self.raw(None, TICK, at=at)

    def poke(self, hall: str = "a", order: str = "", *, at: float | None = None, **fields: Any) -> Record:
        if at is not None:
            self.now_ms = START_MS + round(at * 1000)
        return self.put(Poke(hall=hall, at_ms=fields.pop("at_ms", self.now_ms), order=order, **fields))

    def configure(self, hall: str = "a", name: str = "Hall", *, at: float | None = None, **more: Any) -> Record:
        return self.put(Configured(hall=hall, at_ms=START_MS, files=files(hall, name, **more)), at=at)

    def named(self, event_id: str, event: Event, *, at: float | None = None) -> Record:
        """A conclusion, as the lane above publishes it."""
        return self.raw(event.hall.encode(), encode_named(event_id, event), at=at)


def counted(hall: str = "a", count: int = 1, order: str = "") -> Counted:
    return Counted(hall=hall, at_ms=START_MS, decided_at_ms=START_MS, count=count, order=order)


def feed(engine: Engine, records: Iterable[Record]) -> list[Output]:
    return [output for record in records for output in engine.process(record)]


def told(outputs: Iterable[Output]) -> list[str]:
    """Outputs in short: ``a counter counted 4``; the engine's with their reason, alert or offsets."""
    return [f"{o.id.hall} {o.id.agent} {_short(o.event)}" for o in outputs if o.id is not None]


def _short(event: Event | None) -> str:
    kind = str(getattr(event, "__struct_config__").tag)  # noqa: B009 - not part of the annotated type
    for field in ("count", "total", "heard", "reason", "alert", "behind_ms", "first_offset"):
        if hasattr(event, field):
            value = getattr(event, field)
            return f"{kind} {value:g}" if isinstance(value, float) else f"{kind} {value}"
    return kind


def running(*halls: str, at: float = 0.0) -> tuple[Script, Engine]:
    """An engine of the sensing lane with these halls, and the script that goes on."""
    script, engine = Script(), Engine(SENSING)
    for hall in halls:
        script.configure(hall, at=at)
    feed(engine, script.records)
    return script, engine


def service(*halls: str) -> tuple[Script, Engine]:
    """The same of the service lane."""
    script, engine = Script(SERVICE), Engine(SERVICE)
    for n, hall in enumerate(halls):
        configured = Configured(hall=hall, at_ms=START_MS, files=files(hall))
        script.named(f"{hall}:sensing:engine:5:{n}:0", configured)
    feed(engine, script.records)
    return script, engine


def letter(outputs: list[Output]) -> Dead:
    """The one output, a dead letter."""
    (output,) = outputs
    assert isinstance(output.event, Dead)
    assert output.topic == "hall.dead"
    return output.event


# -- state -------------------------------------------------------------------------------------------------------------

Store = dict[bytes, bytes]
"""A lane's state topic, one partition of it."""


def write(store: Store, writer: str, checkpoint: Checkpoint, *, halls: int | None = None, mark: bool = True) -> None:
    """Steps 2 and 3 of a checkpoint; a crash after ``halls`` hall records, or before the ``mark``."""
    for hall, value in checkpoint.halls[:halls]:
        store[hall_key(writer, hall)] = value
    if mark and (halls is None or halls >= len(checkpoint.halls)):
        store[mark_key(writer)] = checkpoint.mark


def restart(store: Store, lane: Lane = SENSING, *, topology: int = 0, **options: Any) -> Engine:
    return Engine(lane, restored=restore(store), topology=topology, **options)


def again(engine: Engine, **options: Any) -> Engine:
    """An engine that goes on where this one stands."""
    store: Store = {}
    write(store, "w", engine.whole())
    options.setdefault("topology", engine.topology)
    return Engine(engine.lane, restored=restore(store), **options)


def states(engine: Engine) -> dict[str, bytes]:
    """By hall, everything that would be kept of it."""
    return {hall.hall.id: hall.encode() for hall in engine.halls.values()}
