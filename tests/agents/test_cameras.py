"""Cameras: odd rows are counted by kind, and an alarm says what most of a stretch looks like."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import msgspec
import pytest
from msgspec.structs import replace

from agents.cameras import ALARM, Cameras, CamerasState
from agents.topology import SENSING
from config.hall import Hall
from config.rules import Rules
from streams.events import AlarmCleared, AlarmRaised, Event, Extent, Frame, InputOdd, OddKind, OddRows, Person
from tests.support.chain import Chain, Link
from tests.support.halls import (
    CAMERA,
    HALL,
    RAW,
    START_MS,
    camera,
    configured,
    crowd,
    frame,
    person,
    rules,
    small_hall,
    tick,
    with_ticks,
)

T = START_MS // 60_000 * 60_000


def told(second: float, rows: int, extent: Extent | None = None, **kinds: int) -> OddRows:
    names: dict[str, OddKind] = {kind: kind for kind in OddKind.__args__}  # type: ignore[attr-defined]
    return OddRows(
        hall=HALL, at_ms=T + round(second * 1000), camera=CAMERA, rows=rows,
        kinds=tuple((names[kind], count) for kind, count in kinds.items()), extent=extent or Extent(),
    )  # fmt: skip


class Run:
    """One agent; a tick and then what trajectory has to say, second by second."""

    def __init__(self, hall: Hall | None = None) -> None:
        self.link = Link(Cameras(hall or small_hall(), rules()))

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


# -- through the whole lane ------------------------------------------------------------------------------------------------


def test_an_ordinary_crowd_raises_no_alarm() -> None:
    chain = Chain(SENSING.agents, small_hall(), Rules())
    said = [e for event in with_ticks(crowd(3, people=8, seconds=120), closing_s=90) for e in chain.run(event)[0]]
    assert [e for e in said if isinstance(e, AlarmRaised)] == []


def odd_of(frames: Iterable[Frame], plain: Rules | None = None) -> dict[str, int]:
    """By kind, what is told of them."""
    chain = Chain(SENSING.agents, small_hall(), plain or Rules())
    said = [e for event in with_ticks(frames, closing_s=90) for e in chain.run(event)[0]]
    kinds = Counter[str]()
    for event in said:
        if isinstance(event, InputOdd):
            kinds.update(event.kinds)
    return dict(kinds)


def seen(*people: Person, count: int = 20) -> list[Frame]:
    """The same rows in every frame, with somebody about whom nothing is odd."""
    return [
        Frame(hall=HALL, at_ms=T + n * 100, camera=CAMERA, people=(person("ok", 6.0, 4.0), *people))
        for n in range(count)
    ]


GOOD = person("1", 3.0, 4.0)
ODD: dict[OddKind, tuple[Person, ...]] = {
    "off_floor": (Person("1", 0, 0, 32, 112, x_m=2e4, y_m=9.9e4),),
    "no_size": (replace(GOOD, width_px=0.0),),
    "outside_image": (Person("1", 3000, 0, 32, 112, x_m=3.0, y_m=4.0), Person("1", 900, 100, 32, 112)),
    "low_score": (replace(GOOD, score=0.01),),
    "same_id_twice": (GOOD, person("1", 7.0, 7.0)),
    "same_row_twice": (GOOD, GOOD),
}


@pytest.mark.parametrize("kind", [kind for kind in ODD if kind not in ("off_floor", "outside_image")])
def test_every_kind_of_odd_row_is_found_and_counted(kind: OddKind) -> None:
    assert odd_of(seen(*ODD[kind])) == {kind: 20}


def test_rows_beyond_this_world_are_off_the_floor() -> None:
    assert odd_of(seen(*ODD["off_floor"])) == {"off_floor": 20}


def test_rows_outside_the_image_are_counted_unless_the_camera_gives_the_floor_point() -> None:
    given, box = ODD["outside_image"]
    assert odd_of(seen(given)) == {}
    assert odd_of(seen(box)) == {"outside_image": 20}


def test_ids_that_flicker_are_counted_once_each() -> None:
    frames = [frame(T + n * 100, ("ok", 6.0, 4.0), (f"f{n}", 3.0, 4.0)) for n in range(20)]
    assert odd_of(frames) == {"unconfirmed": 20}


def test_with_raw_rules_an_id_twice_is_told_as_well() -> None:
    assert odd_of(seen(*ODD["same_id_twice"]), rules(**RAW)) == {"same_id_twice": 20}


def test_a_score_below_0_says_that_there_is_none() -> None:
    assert odd_of(seen(replace(GOOD, score=-1.0))) == {}


# -- bounds and faults -----------------------------------------------------------------------------------------------------


def test_a_new_calibration_gets_a_new_judgement() -> None:
    #   seconds   0 ...... 8 | new files | 9 ........ 25      the odd rows of before are of no concern
    run = Run()
    assert run.pass_(range(8), 10, no_size=10) == []
    assert run.offer(configured(T + 8_000)) == ()
    assert [e for e in run.pass_(range(9, 26), 10) if isinstance(e, AlarmRaised)] == []


def test_an_alarm_outlives_new_files_until_the_rows_are_better() -> None:
    run = Run()
    said = run.pass_(range(30), 10, no_size=10)
    said += run.offer(configured(T + 30_000))
    said += run.pass_(range(31, 60), 10, no_size=10)
    assert [type(e) for e in said if not isinstance(e, InputOdd)] == [AlarmRaised]
    assert [type(e) for e in run.pass_(range(60, 90), 10) if not isinstance(e, InputOdd)] == [AlarmCleared]


def test_between_the_thresholds_an_alarm_stays_as_it_is() -> None:
    run = Run()
    said = [*run.pass_(range(50), 10, no_size=4), *run.pass_(range(50, 80), 10, no_size=10)]
    assert [type(e) for e in said if not isinstance(e, InputOdd)] == [AlarmRaised]
    said = run.pass_(range(80, 140), 10, no_size=4)
    assert [type(e) for e in said if not isinstance(e, InputOdd)] == []


def test_of_two_cameras_only_the_odd_one_is_named() -> None:
    eye = ((1, 0, 0), (0, 1, 0), (0, 0, 1))
    two = small_hall(cameras=(camera(CAMERA, homography=eye), camera("c2", homography=eye)))
    run = Run(two)
    said: list[Event] = []
    for second in range(30):
        said += run.pass_([second], 10, no_size=10)
        run.offer(replace(told(second, 10), camera="c2"))
    assert [e.subject for e in said if isinstance(e, AlarmRaised)] == [CAMERA]


def test_a_camera_that_the_hall_has_not_is_nobody() -> None:
    run = Run()
    run.offer(replace(told(0, 10, no_size=10), camera="gone"))
    assert run.link.state.cameras == {}


def test_the_state_does_not_grow_with_what_is_told() -> None:
    run = Run()
    sizes = []
    for minute in range(1, 181):
        run.pass_(
            range(minute * 60, minute * 60 + 60, 5), 1000, None, **{str(kind): 900 for kind in ODD}, unconfirmed=900
        )
        sizes.append(len(msgspec.msgpack.encode(run.link.state)))
    assert max(sizes) <= sizes[2] + 64
