"""``make golden``: write anew what the golden recordings should give, after a change of behaviour that is meant.

What went in, and the states of old, stay as they are; only what the engine concluded from them is written again. The
places that differ are printed first: they belong into the CHANGELOG, and ``VERSION`` of agents/topology.py has to grow.
A recording that is not there is made from a simulated hall.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from commands.replaying import replay_log
from commands.results import Results
from config.loading import load_files, read_dir
from devices.simulator import Simulator
from devices.simulator.recorder import records
from streams.codec import encode
from streams.driver import closing_ticks
from streams.events import Configured, Frame, FramesShed
from streams.record import Record
from streams.topics import OBSERVATIONS
from tests.golden.making import GONE_ON, WHOLE, inputs, lived, states

DEMO = Path(__file__).parents[2] / "config" / "examples" / "demo"
START_MS = 1_772_413_155_000
"""08:59:15 on a Monday in March 2026, in Shanghai: an hour ends in the recording."""
LENGTH_MS = 75_000
LOST = 10
RULES = """\
trajectory: {join_within_s: 3.0}
dwell: {thresholds_s: [5, 20], zones: {waiting: [10, 60]}}
density: {hold_s: 1}
heat: {cell_m: 1.0}
limits:
  - {id: waiting-full, zone: waiting, metric: occupancy, over: 4, for_s: 2, clear_at: 3}
  - {id: tickets-dense, zone: tickets, metric: density, over: 0.2}
  - {id: long, zone: desks, metric: dwell, over: 15}
reconcile: {every_s: 20, tolerance: 0}
"""
OTHER_RULES = RULES.replace("over: 4", "over: 2").replace("clear_at: 3", "clear_at: 1") + "zones: {inertia_s: 2.0}\n"


def main() -> None:
    for path in (WHOLE, GONE_ON):
        if not path.exists():
            _invent()
        _tell(path)
        before = states(path)
        lived(list(inputs(path)), before).write(path, before)
        print(f"{path.name}: {path.stat().st_size:,} bytes")


def _tell(path: Path) -> None:
    """What is different from what was published then."""
    for difference in replay_log(path, Results(None, None, None, None), prove=True).differences:
        name = ":".join(map(str, (*difference.stream, *difference.place)))
        print(f"{path.name}: {name}\n  then {difference.published!r}\n  now  {difference.replayed!r}")


def _invent() -> None:
    given = list(_numbered(_odd(_simulated())))
    half = len(given) // 2
    first = lived(given[:half], {})
    middle = first.states()
    lived(given, {}).write(WHOLE, {})
    lived(given[half + LOST :], middle).write(GONE_ON, middle)


def _simulated() -> Iterator[Record]:
    files = read_dir(DEMO) | {"rules.yaml": RULES}
    hall = load_files(files).hall
    crowd = Simulator(hall, seed=1, start_ms=START_MS, fps=2.0, level=2.0, warm=True, always_open=True)
    yield from records([(crowd, files)], start_ms=START_MS, end_ms=START_MS + LENGTH_MS)
    for at_ms in closing_ticks(START_MS + LENGTH_MS, {hall.id: files}):
        yield Record(OBSERVATIONS, 0, 0, at_ms, None, b'{"type":"tick"}')


def _odd(given: Iterator[Record]) -> Iterator[Record]:
    """What happens in real logs: repeats, clocks that are off, frames shed, junk, other rules in mid-log."""
    first = next(given)
    yield first
    number = 0
    for record in given:
        yield record
        if record.key is None or record.value is None:
            continue
        number += 1
        frame = msgspec.json.decode(record.value, type=Frame)
        yield from _oddities(number, frame, record)
        if number == 180:
            hall = msgspec.json.decode(first.value or b"", type=Configured)
            other = msgspec.structs.replace(hall, at_ms=frame.at_ms, files=hall.files | {"rules.yaml": OTHER_RULES})
            yield record._replace(value=encode(other))


def _oddities(number: int, frame: Frame, record: Record) -> Iterator[Record]:
    change, nth = msgspec.structs.replace, number % 50
    if nth == 1:
        yield record
    if nth == 2:
        yield record._replace(value=encode(change(frame, at_ms=frame.at_ms - 90_000, seq=1_000_000 + number)))
    if nth == 3:
        shed = FramesShed(
            hall=frame.hall, at_ms=frame.at_ms, source="shedding", boot="1", seq=number, camera=frame.camera, count=3
        )
        yield record._replace(value=encode(shed))
    if nth == 4:
        yield record._replace(value=encode(change(frame, camera="north", seq=2_000_000 + number)))
    if number % 90 == 5:
        yield record._replace(value=b'{"type":"frame","hall":')
        yield record._replace(key=b"elsewhere")


def _numbered(given: Iterator[Record]) -> Iterator[Record]:
    for offset, record in enumerate(given):
        yield record._replace(offset=offset)


if __name__ == "__main__":
    main()
