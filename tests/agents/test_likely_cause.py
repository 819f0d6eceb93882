"""The likely cause of odd rows: which mistake in the set-up is named, and that an ordinary camera gives no cause."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from agents.likely_cause import Look, likely_cause
from agents.topology import SENSING
from agents.views import Odd
from config.hall import Hall
from config.rules import Rules
from streams.events import AlarmCleared, AlarmRaised, Extent, Frame, InputOdd, OddKind, OddRows, Person
from tests.support.chain import Chain
from tests.support.halls import CAMERA, HALL, START_MS, camera, frame, small_hall, with_ticks
from tests.support.simhall import clean_hour, demo_hour, example, simulate

T = START_MS // 60_000 * 60_000
HD = (1920, 1080)


def look(*boxes: tuple[float, float, float, float], **kinds: int) -> Look:
    """As trajectory gathers it: the boxes that it could not use."""
    odd = Odd()
    for box in boxes:
        odd.refuse("off_floor", Person("1", *box))
    found = Look()
    names: dict[str, OddKind] = {kind: kind for kind in OddKind.__args__}  # type: ignore[attr-defined]
    rows = tuple((names[kind], count) for kind, count in (kinds or {"off_floor": len(boxes)}).items())
    found.add(OddRows(hall=HALL, at_ms=T, camera=CAMERA, rows=max(len(boxes), 1), kinds=rows, extent=odd.extent))
    return found


def walk(width: float, height: float, count: int = 40) -> list[tuple[float, float, float, float]]:
    """Boxes all over an image of that size."""
    step = 0.9 * width / count
    return [(n * step, (n * 7 % count) / count * height * 0.7, width / 12, height * 0.3) for n in range(count)]


@pytest.mark.parametrize(
    ("boxes", "text"),
    [
        (walk(640, 640), "boxes lie within 640 x 640, the camera is 1920 x 1080"),
        (walk(640, 360), "boxes lie within 640 x 360, the camera is 1920 x 1080: the tracker ran at another size"),
        (walk(1280, 720), "boxes lie within 1280 x 720, the camera is 1920 x 1080"),
        (walk(3840, 2160), "boxes lie within 3840 x 2160, the camera is 1920 x 1080"),
        ([(x, y, x + w, y + h) for x, y, w, h in walk(1920, 1080)], "these are corners (left, top, right, bottom)"),
        (walk(1920, 1080), "is this the right camera, and are its calibration and floor_m right?"),
    ],
)
def test_the_likely_cause_of_rows_off_the_floor(boxes: list[tuple[float, float, float, float]], text: str) -> None:
    cause = likely_cause(HD, look(*boxes), 0.5)
    assert cause is not None
    assert text in cause.text


@pytest.mark.parametrize("size_px", [HD, (1280, 720), (2688, 1520), (3840, 2160), (2592, 1944), (1280, 960)])
@pytest.mark.parametrize("ran_at", [(640, 640), (640, 360), (640, 480), (960, 540), (320, 320)])
def test_the_size_that_a_tracker_ran_at_is_named_whatever_the_cameras_shape(
    ran_at: tuple[int, int], size_px: tuple[int, int]
) -> None:
    """
    .-----------------.
    |.-------.        |     boxes reach the edges of the small image, on both sides
    || o   o |        |
    ||   o  o|        |
    |'-------'        |
    '-----------------'
    """
    cause = likely_cause(size_px, look(*walk(*ran_at)), 0.5)
    assert cause is not None
    assert f"boxes lie within {ran_at[0]} x {ran_at[1]}, the camera is {size_px[0]} x {size_px[1]}" in cause.text


def test_who_walks_on_one_side_of_the_image_makes_no_other_size_of_it() -> None:
    """All are in the left two thirds of an image of 1280 x 720: a shape of 4:3 fits them better, but not by much."""
    cause = likely_cause(HD, look(*walk(900, 720)), 0.5)
    assert cause is not None
    assert "boxes lie within 1280 x 720" in cause.text


def test_shares_of_the_image_are_named() -> None:
    boxes = [(x / 1920, y / 1080, w / 1920, h / 1080) for x, y, w, h in walk(1920, 1080)]
    cause = likely_cause(HD, look(*boxes, no_size=len(boxes)), 0.5)
    assert cause is not None
    assert "boxes lie within 0..1" in cause.text


@pytest.mark.parametrize("kind", OddKind.__args__)  # type: ignore[attr-defined]
def test_every_kind_has_its_sentence(kind: str) -> None:
    cause = likely_cause(HD, look(**{kind: 1}), 0.5)
    assert cause is not None
    assert len(cause.text) > 20


def test_a_tracker_at_another_size_is_found_out_through_the_whole_lane() -> None:
    hall: Hall = small_hall(
        cameras=(
            camera(
                size_px=HD,
                homography=((0.01, 0, 0), (0, 0.01, 0), (0, 0, 1)),
                floor_m=((5, 5), (12, 5), (12, 8), (5, 8)),
            ),
        )
    )
    chain = Chain(SENSING.agents, hall, Rules())
    frames = [
        Frame(hall=HALL, at_ms=T + n * 100, camera=CAMERA, people=(Person("1", *walk(640, 360, 100)[n]),))
        for n in range(100)
    ]
    said = [e for event in with_ticks(frames, closing_s=90) for e in chain.run(event)[0]]
    (raised,) = [e for e in said if isinstance(e, AlarmRaised)]
    assert "640 x 360" in raised.detail
    assert [e.kinds for e in said if isinstance(e, InputOdd)] == [{"off_floor": 100}]


# -- a simulated hall, before cameras that are set up wrongly ----------------------------------------------------------------

Spoil = Callable[[Person], Person]


def alarms(hall: Hall, frames: Iterable[Frame]) -> list[str]:
    """The texts of the alarms that are raised; none is raised again before it was cleared."""
    chain = Chain(SENSING.agents, hall, Rules())
    said = [e for event in with_ticks(frames, closing_s=30) for e in chain.run(event)[0]]
    up: set[str] = set()
    for event in said:
        if isinstance(event, AlarmRaised):
            assert event.subject not in up
            up.add(event.subject)
        elif isinstance(event, AlarmCleared):
            up.remove(event.subject)
    return [event.detail for event in said if isinstance(event, AlarmRaised)]


def spoilt(spoil: Spoil) -> Iterator[Frame]:
    """A quarter of an hour of the demo hall, whose cameras are of 1920 x 1080, every row spoilt."""
    frames, _ = simulate(example("demo"), 0.25)
    for one in frames:
        yield replace(one, people=tuple(replace(spoil(p), x_m=None, y_m=None) for p in one.people))


def scaled(across: float, down: float) -> Spoil:
    return lambda p: replace(
        p,
        left_px=p.left_px * across,
        top_px=p.top_px * down,
        width_px=p.width_px * across,
        height_px=p.height_px * down,
    )


def corners(p: Person) -> Person:
    return replace(p, width_px=p.left_px + p.width_px, height_px=p.top_px + p.height_px)


def points(p: Person) -> Person:
    return replace(p, left_px=p.left_px + p.width_px / 2, top_px=p.top_px + p.height_px, width_px=0.0, height_px=0.0)


def flickering() -> Spoil:
    numbers = count()
    return lambda p: replace(p, track=str(next(numbers)))


@pytest.mark.parametrize(
    ("spoil", "text"),
    [
        (scaled(640 / 1920, 360 / 1080), "the camera is 1920 x 1080: the tracker ran at another size"),
        (scaled(640 / 1920, 640 / 1080), "the camera is 1920 x 1080: the tracker ran at another size"),
        (scaled(2, 2), "the camera is 1920 x 1080: the tracker ran at another size"),
        (corners, "these are corners (left, top, right, bottom), not sizes"),
        (scaled(1 / 1920, 1 / 1080), "boxes lie within 0..1: shares of the image, not pixels"),
        (points, "are boxes without width or height: does the tracker write points?"),
        (flickering(), "does the tracker hold its ids?"),
    ],
    ids=["640 x 360", "640 x 640", "4K", "corners", "0..1", "points", "flickering ids"],
)
def test_the_mistake_is_named(spoil: Spoil, text: str) -> None:
    said = alarms(example("demo"), spoilt(spoil))
    assert said
    assert all(text in detail for detail in said)


@pytest.mark.parametrize("second_tracker_m", [0.0, 4.0], ids=["the same rows", "other boxes"])
def test_two_trackers_that_write_as_one_camera_are_named(second_tracker_m: float) -> None:
    #   every id stands twice in every frame: half of the rows repeat another, and all of them are in question
    def people(beside_m: float) -> list[tuple[str, float, float]]:
        return [(str(n), 2.0 + n, 2.0 + beside_m) for n in range(4)]

    frames = [frame(T + n * 100, *people(0.0), *people(second_tracker_m)) for n in range(300)]
    (said,) = alarms(small_hall(), frames)
    assert "100% of" in said
    assert ("do two trackers write as one camera?" if second_tracker_m else "twice in their frame") in said


@pytest.mark.slow
@pytest.mark.parametrize("frames", [demo_hour, clean_hour], ids=["usual noise", "perfect cameras"])
def test_a_simulated_hour_raises_no_alarm(frames: Callable[[], tuple[list[Frame], object]]) -> None:
    assert alarms(example("demo"), frames()[0]) == []


# -- hostile numbers ---------------------------------------------------------------------------------------------------------

NUMBERS = st.floats(-2e6, 2e6)
COUNTS = st.integers(0, 2**53)
ROWS = st.builds(
    OddRows, hall=st.just(HALL), at_ms=st.just(T), camera=st.just(CAMERA), rows=COUNTS,
    kinds=st.dictionaries(st.sampled_from(OddKind.__args__), COUNTS).map(lambda kinds: tuple(kinds.items())),  # type: ignore[attr-defined]
    extent=st.builds(Extent, COUNTS, COUNTS, NUMBERS, NUMBERS, NUMBERS, NUMBERS),
)  # fmt: skip


@given(st.lists(ROWS, max_size=5), st.tuples(st.integers(1, 20_000), st.integers(1, 20_000)))
def test_a_cause_has_a_share_and_a_sentence_whatever_is_told(told: list[OddRows], size_px: tuple[int, int]) -> None:
    found = Look()
    for one in told:
        found.add(one)
    cause = likely_cause(size_px, found, 0.5)
    if cause is not None:
        assert 0 <= cause.share <= 1
        assert cause.text


def test_of_no_rows_there_is_no_cause() -> None:
    assert likely_cause(HD, Look(), 0.5) is None
