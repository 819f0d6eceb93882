"""What is made of the moments that cameras and reader wrote down."""

from __future__ import annotations

from array import array
from pathlib import Path

import pytest

from benchmarks.camera_process import Prepared
from benchmarks.journal import News
from benchmarks.latency import WARM_S, Times, figures, frames_of
from streams.codec import encode
from streams.events import Frame

MS = 10**6
WARM = WARM_S * 10**9


def frame(at_ms: int) -> Frame:
    return Frame(hall="h", at_ms=at_ms, camera="c", people=(), source="h/c", boot="1", seq=7)


def test_a_prepared_frame_is_sent_as_if_it_had_been_seen_at_that_moment() -> None:
    assert Prepared.of(frame(1000)).sent(1_772_416_800_123) == encode(frame(1_772_416_800_123))


def test_what_cameras_write_down_is_read_by_partition_and_offset(tmp_path: Path) -> None:
    out = tmp_path / "frames"
    out.write_bytes(array("q", [3, 42, 1000, 1500, 0, 42, 2000, 2600]).tobytes())
    assert frames_of(out) == {(3, 42): Times(1000, 1500), (0, 42): Times(2000, 2600)}


def test_an_event_is_timed_by_the_frame_of_its_own_partition_after_the_warm_up() -> None:
    #  frame      partition 0, offset 1    partition 1, offset 1   partition 0, offset 2
    #  due        0 (still warming up)     WARM                    WARM + 10 ms
    #  in the log                          2 ms later              1 ms later
    #  read                                5 ms later              9 ms later
    frames = {
        (0, 1): Times(0, MS),
        (1, 1): Times(WARM, WARM + 2 * MS),
        (0, 2): Times(WARM + 10 * MS, WARM + 11 * MS),
    }
    seen = [News(900 * MS, 0, 1), News(WARM + 5 * MS, 1, 1), News(WARM + 19 * MS, 0, 2), News(WARM, 0, 77)]
    due, stood, sent = figures(seen, frames, share=0.25)
    assert due.got == "p50 5.0, p99 9.0, most 9.0 ms"
    assert due.note == "2 events"
    assert stood.got == "p50 3.0, p99 8.0, most 8.0 ms"
    assert sent.note == "the engine used 25% of a core"
    assert float(sent.got.split()[0]) == pytest.approx(3 / 5.011, abs=0.5)
