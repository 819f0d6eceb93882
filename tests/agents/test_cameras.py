"""Cameras: odd rows are counted by kind, and an alarm says what most of a stretch looks like."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from agents.cameras import ALARM, Cameras, CamerasState
from agents.likely_cause import Look, likely_cause
from agents.topology import SENSING
from config.hall import Hall
from config.rules import Rules
from streams.events import AlarmCleared, AlarmRaised, Event, Extent, Frame, InputOdd, OddKind, OddRows, Person
from tests.support.chain import Chain, Link
from tests.support.halls import CAMERA, HALL, START_MS, camera, configured, crowd, rules, small_hall, tick, with_ticks

T = START_MS // 60_000 * 60_000
HD = (1920, 1080)


def told(second: float, rows: int, extent: Extent | None = None, **kinds: int) -> OddRows:
    names: dict[str, OddKind] = {kind: kind for kind in OddKind.__args__}  # type: ignore[attr-defined]
    return OddRows(
        hall=HALL, at_ms=T + round(second * 1000), camera=CAMERA, rows=rows,
        kinds=tuple((names[kind], count) for kind, count in kinds.items()), extent=extent or Extent(),
    )  # fmt: skip


class Run:
    """One agent; a tick and then what trajectory has to say, second by second."""

    def __init__(self) -> None:
        self.link = Link(Cameras(small_hall(), rules()))

    def pass_(self, seconds: Iterable[int], rows: int, extent: Extent | None = None, **kinds: int) -> list[Event]:
        said: list[Event] = []
        for second in seconds:
            said += self.offer(tick(T + second * 1000))
            said += self.offer(told(second, rows, extent, **kinds))
        return said

    def offer(self, event: Event) -> tuple[Event, ...]:
        return self.link.agent.on_event(self.link.state, event)


def test_odd_rows_are_told_by_the_minute_and_kind() -> None:
    run = Run()
    said = run.pass_(range(60), 10, no_size=1, off_floor=2)
    assert said == []
    said = list(run.offer(tick(T + 60_000)))
    assert said == [
        InputOdd(
            hall=HALL, at_ms=T, decided_at_ms=T + 60_000, camera=CAMERA, rows=600,
            kinds={"no_size": 60, "off_floor": 120},
        ),
    ]  # fmt: skip


def test_a_minute_in_which_nothing_was_odd_is_not_told() -> None:
    assert Run().pass_(range(130), 10) == []


def test_an_alarm_is_raised_once_while_most_rows_are_of_one_kind_and_cleared_when_they_are_not() -> None:
    #   seconds   0 ........ 30        60 ....... 120
    #   odd       all of them          none             raised once, cleared once
    run = Run()
    said = run.pass_(range(30), 10, no_size=10)
    (raised,) = [e for e in said if isinstance(e, AlarmRaised)]
    assert (raised.alarm, raised.subject, raised.metric, raised.value, raised.zone) == (
        ALARM,
        CAMERA,
        "odd_input",
        1.0,
        "",
    )
    assert "boxes without width or height" in raised.detail
    said = run.pass_(range(30, 120), 10)
    (cleared,) = [e for e in said if isinstance(e, AlarmCleared)]
    assert (cleared.subject, cleared.raised_ms) == (CAMERA, raised.at_ms)


def test_a_handful_of_rows_is_no_stretch() -> None:
    assert [e for e in Run().pass_(range(15), 1, no_size=1) if isinstance(e, AlarmRaised)] == []


def test_a_camera_that_is_gone_takes_its_alarm_with_it() -> None:
    run = Run()
    run.pass_(range(30), 10, no_size=10)
    run.link.agent = Cameras(
        small_hall(cameras=(camera("other", homography=((1, 0, 0), (0, 1, 0), (0, 0, 1))),)), rules()
    )
    (cleared,) = run.offer(configured(T + 31_000))
    assert isinstance(cleared, AlarmCleared)
    assert cleared.reason == "config"
    assert isinstance(run.link.state, CamerasState)
    assert run.link.state.cameras == {}


# -- what it looks like ----------------------------------------------------------------------------------------------------


def look(*boxes: tuple[float, float, float, float], **kinds: int) -> Look:
    """As trajectory gathers it: the boxes that it could not use."""
    from agents.views import Odd

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


def test_shares_of_the_image_are_named() -> None:
    boxes = [(x / 1920, y / 1080, w / 1920, h / 1080) for x, y, w, h in walk(1920, 1080)]
    cause = likely_cause(HD, look(*boxes, no_size=len(boxes)), 0.5)
    assert cause is not None
    assert "boxes lie within 0..1" in cause.text


@pytest.mark.parametrize("kind", ["low_score", "same_id_twice", "same_row_twice", "unconfirmed", "outside_image"])
def test_every_kind_has_its_sentence(kind: str) -> None:
    cause = likely_cause(HD, look(**{kind: 1}), 0.5)
    assert cause is not None
    assert len(cause.text) > 20


def test_an_ordinary_crowd_raises_no_alarm() -> None:
    chain = Chain(SENSING.agents, small_hall(), Rules())
    said = [e for event in with_ticks(crowd(3, people=8, seconds=120), closing_s=90) for e in chain.run(event)[0]]
    assert [e for e in said if isinstance(e, AlarmRaised)] == []


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
