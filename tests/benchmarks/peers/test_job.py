"""The job that all engines do: it decides what is compared, so it is held here, and so is that ours is the same."""

from __future__ import annotations

import msgspec
import pytest

from benchmarks.peers import ours
from benchmarks.peers.field import bare
from benchmarks.peers.frames import CAMERA, HALLS, alone, configurations, frames
from benchmarks.peers.job import FORGET_AFTER_MS, TRACKS_AT_MOST, Tracks, ZoneChanged, process, step
from streams.driver import Driver
from streams.events import Frame, Person
from streams.record import Record
from streams.topics import OBSERVATIONS


def frame(at_ms: int, **spots: tuple[float, float] | None) -> Frame:
    """Tracks and where they stand; None: the camera does not know."""
    people = tuple(Person(track, 0, 0, 1, 1, 1.0, *(spot or ())) for track, spot in spots.items())
    return Frame(hall="h", at_ms=at_ms, camera=CAMERA, people=people)


def told(changes: list[ZoneChanged]) -> list[tuple[str, str, str]]:
    return [(change.track, change.before, change.after) for change in changes]


#      0        5            12           20 m
#    0 +--------+------------+------------+
#      |        |            |   desks    |
#    5 |entrance|  waiting   +------------+
#      |        |            |   kiosks   |
#   10 +--------+------------+------------+


@pytest.mark.parametrize(
    ("spot", "zone"),
    [
        ((0.0, 0.0), "entrance"), ((4.99, 9.99), "entrance"), ((5.0, 3.0), "waiting"), ((12.0, 4.99), "desks"),
        ((12.0, 5.0), "kiosks"), ((19.99, 9.99), "kiosks"), ((20.0, 5.0), ""), ((3.0, 10.0), ""), ((-0.1, 5.0), ""),
    ],
)  # fmt: skip
def test_a_track_is_in_the_zone_it_stands_in_left_and_top_belonging_to_it(spot: tuple[float, float], zone: str) -> None:
    # In no zone before, from the entrance: so that also "" is a change.
    tracks: Tracks = {"t": ["elsewhere", 0]}
    assert told(step(tracks, frame(1, t=spot))) == [("t", "elsewhere", zone)]
    assert tracks == {"t": [zone, 1]}


def test_only_changes_are_told_in_the_order_of_the_frame() -> None:
    tracks: Tracks = {}
    assert told(step(tracks, frame(1, a=(1, 1), b=(6, 1)))) == [("a", "", "entrance"), ("b", "", "waiting")]
    assert step(tracks, frame(2, a=(2, 2), b=(7, 1))) == []
    assert told(step(tracks, frame(3, b=(13, 1), a=(6, 1)))) == [
        ("b", "waiting", "desks"),
        ("a", "entrance", "waiting"),
    ]


def test_a_person_without_a_floor_point_is_passed_over() -> None:
    tracks: Tracks = {}
    assert step(tracks, frame(1, a=None)) == []
    assert tracks == {}


def test_tracks_not_seen_for_a_while_are_forgotten_once_there_are_many() -> None:
    tracks: Tracks = {f"t{n}": ["waiting", n] for n in range(TRACKS_AT_MOST)}
    step(tracks, frame(FORGET_AFTER_MS + 10, t10=(6, 1)))
    assert len(tracks) == TRACKS_AT_MOST
    step(tracks, frame(FORGET_AFTER_MS + 10, new=(6, 1)))
    assert sorted(tracks, key=lambda track: int(tracks[track][1]))[0] == "t11"
    assert {"t10", "new"} <= set(tracks)


def test_state_may_be_written_down_and_read_back_between_any_two_frames() -> None:
    kept: Tracks = {}
    stored = b"{}"
    for _, value, _ in frames(400):
        read = msgspec.json.decode(stored, type=Tracks)
        assert process(read, value) == process(kept, value)
        stored = msgspec.json.encode(read)


def test_frames_are_seeded_and_have_8_to_20_people() -> None:
    some = list(frames(400, seed=2))
    assert some == list(frames(400, seed=2))
    assert some != list(frames(400, seed=3))
    counts = [len(msgspec.json.decode(value, type=Frame).people) for _, value, _ in some]
    assert min(counts) >= 8
    assert max(counts) <= 20
    assert len(set(counts)) > 3
    assert {key.decode() for key, _, _ in some} == set(HALLS)


def test_the_product_s_engine_publishes_what_the_job_alone_does() -> None:
    sources = [*configurations(), *frames(2000)]
    records = [Record(OBSERVATIONS, 0, n, at_ms, key, value) for n, (key, value, at_ms) in enumerate(sources)]
    outputs = list(Driver(ours.TOPOLOGY).run(records))
    published = [(output.key, bare(output.value)) for output in outputs]
    changes = [pair for pair in published if b'"zone_changed"' in pair[1]]
    expected, _ = alone(sources)
    assert all(b'"configured"' in value for _, value in set(published) - set(changes))  # passed on
    assert sorted(changes) == sorted(expected.elements())
    assert len(changes) > 300
