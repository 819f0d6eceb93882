"""The recording of simulated halls: a log as their camera processes would have written it."""

from __future__ import annotations

from itertools import pairwise

import msgspec
import pytest

from config.loading import load_files, read_dir
from devices.simulator import Simulator
from devices.simulator.recorder import TICK, RenameError, records, renamed
from streams.events import Configured, Frame
from streams.record import Record
from tests.support.simhall import EXAMPLES, at, example

START_MS = at(example("demo"), 9)


def recorded(ms: int, fps: float = 3.0) -> list[Record]:
    texts = read_dir(EXAMPLES / "demo")
    halls = []
    for hall_id in ("demo-1", "demo-2"):
        own = {**texts, "hall.yaml": renamed(texts["hall.yaml"], hall_id)}
        halls.append((Simulator(load_files(own).hall, seed=1, start_ms=START_MS, fps=fps), own))
    return list(records(halls, start_ms=START_MS, end_ms=START_MS + ms))


def test_offsets_count_and_time_never_goes_back() -> None:
    found = recorded(60_000)
    assert [r.offset for r in found] == list(range(len(found)))
    assert all(a.timestamp_ms <= b.timestamp_ms for a, b in pairwise(found))
    assert {(r.topic, r.partition) for r in found} == {("hall.observations", 0)}


def test_it_begins_with_the_configuration_of_every_hall() -> None:
    first, second, *rest = recorded(1000)
    for record, hall_id in ((first, "demo-1"), (second, "demo-2")):
        event = msgspec.json.decode(record.value or b"", type=Configured)
        assert (record.key, event.hall, event.at_ms) == (hall_id.encode(), hall_id, START_MS)
        assert load_files(event.files).hall.id == hall_id
    assert not any(b'"configured"' in (r.value or b"") for r in rest)


def test_a_tick_stands_behind_what_happened_up_to_its_second() -> None:
    """3 fps: frames at 0, 333, 667, 1000, ...; a tick at every second, and one where it ends, here at 2.5 s."""
    kinds = [(r.timestamp_ms - START_MS, "tick" if r.key is None else "frame") for r in recorded(2500)[2:]]
    frames = 4 * ["frame"]  # two halls of two cameras
    expected = []
    for at_ms in (0, 333, 667, 1000, 1333, 1667, 2000, 2333):
        expected += [(at_ms, kind) for kind in frames + (["tick"] if at_ms % 1000 == 0 else [])]
    assert kinds == [*expected, (2500, "tick")]
    assert {r.value for r in recorded(1000) if r.key is None} == {TICK}


def test_frames_carry_the_hall_and_the_time_of_their_record() -> None:
    for record in recorded(30_000)[2:]:
        if record.key is not None:
            frame = msgspec.json.decode(record.value or b"", type=Frame)
            assert (frame.hall.encode(), frame.at_ms) == (record.key, record.timestamp_ms)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("id: demo\nname: x\n", 'id: "d-1"\nname: x\n'),
        (
            "# the hall\nid: 'demo'   # its id\nzones:\n  - id: a\n",
            '# the hall\nid: "d-1"   # its id\nzones:\n  - id: a\n',
        ),
        ("name: x\nid:   demo", 'name: x\nid: "d-1"'),
    ],
)
def test_only_the_halls_own_id_is_replaced(before: str, after: str) -> None:
    assert renamed(before, "d-1") == after


def test_a_file_whose_id_is_not_at_its_border_is_refused() -> None:
    with pytest.raises(RenameError, match="expected a line `id: NAME`"):
        renamed("{id: demo, name: x}", "d-1")
