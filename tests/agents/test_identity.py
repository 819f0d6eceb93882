"""Who somebody is, is judged: newcomers, joins, cameras that start anew, ids that jump or are given twice, entrances.

In the hall of support/halls: waiting from x 3 to 9, the door at x 0.5 from y 2 to 6, in is to the right.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

import pytest

from agents.trajectory import Trajectory
from config.hall import Hall, Line
from config.rules import Rules
from streams.events import (
    EntrancePassed,
    Event,
    Frame,
    OddRows,
    Person,
    Positions,
    TrackEnded,
    TrackJoined,
    TrackStarted,
)
from tests.support.chain import Link
from tests.support.halls import HALL, START_MS, configured, person, rules, small_hall, tick

T = START_MS
Spot = tuple[str, float, float]
E = TypeVar("E", bound=Event)


class Run:
    """One trajectory agent; it is shown frames at 10 a second, with a tick at each whole second."""

    def __init__(self, plain: Rules | None = None, hall: Hall | None = None) -> None:
        self.link = Link(Trajectory(hall or small_hall(), plain or rules()))
        self.ms = 0
        self.boot = "1"

    def offer(self, event: Event) -> tuple[Event, ...]:
        return self.link.agent.on_event(self.link.state, event)

    def see(self, *people: Spot, camera: str = "c1") -> list[Event]:
        """The next frame, 100 ms after the last."""
        return self.show(*(person(*p) for p in people), camera=camera)

    def show(self, *people: Person, camera: str = "c1") -> list[Event]:
        made = list(self.offer(tick(T + self.ms))) if self.ms % 1000 == 0 else []
        made += self.offer(Frame(hall=HALL, at_ms=T + self.ms, camera=camera, boot=self.boot, people=people))
        self.ms += 100
        return made

    def walk(self, id_: str, path: Iterable[tuple[float, float]]) -> list[Event]:
        return [event for x, y in path for event in self.see((id_, x, y))]

    def wait(self, seconds: float) -> list[Event]:
        """Empty frames."""
        return [event for _ in range(round(seconds * 10)) for event in self.see()]


def line(x0: float, x1: float, mps: float = 1.2, y: float = 4.0) -> list[tuple[float, float]]:
    """From x0 to x1 at 10 points a second."""
    count = round(abs(x1 - x0) / mps * 10)
    return [(x0 + (x1 - x0) * n / count, y) for n in range(count + 1)]


def stay(x: float, seconds: float, y: float = 4.0) -> list[tuple[float, float]]:
    return [(x, y)] * round(seconds * 10)


def of(kind: type[E], events: Iterable[Event]) -> list[E]:
    return [event for event in events if type(event) is kind]


def odd_rows(events: Iterable[Event]) -> list[OddRows]:
    return [event for event in of(OddRows, events) if event.kinds]


def tracks(events: Iterable[Event]) -> list[str]:
    return [event.track for event in of(TrackStarted, events)]


# -- newcomers -----------------------------------------------------------------------------------------------------------


def test_who_is_believed_later_loses_no_first_steps() -> None:
    #   seconds   0    0.8
    #   seen      xxxxxxxx*xxxx     believed at *: told with the times of the first steps
    run = Run()
    made = run.walk("7", line(4.0, 5.2))
    (started,) = of(TrackStarted, made)
    assert (started.at_ms, started.decided_at_ms) == (T, T + 800)
    at = [(p.at_ms - T, [track for track, *_ in p.rows]) for p in of(Positions, made) if p.rows]
    assert at == [(ms, ["c1/7"]) for ms in range(0, 1100, 100)]
    assert [p.rows[0][1] for p in of(Positions, made) if p.rows] == pytest.approx([4.0 + 0.12 * n for n in range(11)])


def test_a_false_box_of_half_a_second_is_nobody() -> None:
    run = Run()
    made = run.walk("7", stay(5.0, 0.5)) + run.wait(5)
    assert tracks(made) == []
    assert [odd.kinds for odd in odd_rows(made)] == [(("unconfirmed", 5),)]
    assert run.link.state.candidates == {"c1": {}}


def test_a_camera_of_one_frame_a_second_is_believed_at_the_second_one() -> None:
    run = Run()
    run.see(("7", 4.0, 4.0))
    run.ms = 1000
    assert tracks(run.see(("7", 4.5, 4.0))) == ["c1/7"]


def test_confirm_s_can_be_set_and_is_0_for_raw_points() -> None:
    assert tracks(Run(rules(trajectory={"confirm_s": 0})).see(("7", 4.0, 4.0))) == ["c1/7"]
    assert tracks(Run(rules(trajectory={"smoothing_s": 0, "join_within_m": 0})).see(("7", 4.0, 4.0))) == ["c1/7"]
    assert tracks(Run(rules(trajectory={"confirm_s": 2})).walk("7", stay(4.0, 2.0))) == []


# -- joins ---------------------------------------------------------------------------------------------------------------


def test_a_broken_id_is_joined_and_the_track_keeps_its_name() -> None:
    #   camera   7 7 7 . . . 9 9 9 9       walks on at 1.2 m/s; half a second unseen
    #   track    7 7 7       7 7 7 7
    run = Run()
    run.walk("7", line(4.0, 5.8))
    run.wait(0.5)
    made = run.walk("9", line(6.4, 7.0))
    (joined,) = of(TrackJoined, made)
    assert (joined.track, joined.source_track, joined.at_ms - T) == ("c1/7", "9", 2100)
    assert joined.gap_ms == 600
    assert joined.distance_m < 0.2
    assert {row[0] for p in of(Positions, made) for row in p.rows} == {"c1/7"}
    assert len([p for p in of(Positions, made) if p.rows]) == 6


def test_who_comes_the_other_way_is_somebody_else() -> None:
    #   7 ===> lost            at the edge of the view, half a second apart
    #          <=== 9
    run = Run()
    made = run.walk("7", line(4.0, 6.0)) + run.wait(0.5) + run.walk("9", line(6.2, 4.2))
    assert tracks(made) == ["c1/7", "c1/9"]
    assert of(TrackJoined, made) == []


def test_two_that_are_lost_at_once_come_back_as_themselves() -> None:
    #   7 ===>  lost  ===> a            both lost in one moment, half a metre apart, walking opposite ways
    #   b <===  lost  <=== 8
    run = Run()
    for (x, y), (u, v) in zip(line(4.0, 6.0), line(8.0, 6.0, y=4.5), strict=True):
        run.see(("7", x, y), ("8", u, v))
    run.wait(0.3)
    made: list[Event] = []
    for (x, y), (u, v) in zip(line(6.4, 7.4), line(5.6, 4.6, y=4.5), strict=True):
        made += run.see(("a", x, y), ("b", u, v))
    assert {joined.source_track: joined.track for joined in of(TrackJoined, made)} == {"a": "c1/7", "b": "c1/8"}


@pytest.mark.parametrize(
    ("x", "seconds", "same"),
    [
        (6.0, 8.0, True),  # in the waiting area: who sat there and is found there again after 8 s is the same
        (6.0, 12.0, False),  # but not after 12
        (1.5, 1.5, True),  # in the entrance zone only for as long as the hall says, 2 s
        (1.5, 4.0, False),
    ],
)
def test_a_waiting_area_is_patient_and_an_entrance_is_not(x: float, seconds: float, same: bool) -> None:
    run = Run()
    run.walk("7", stay(x, 3.0))
    run.wait(seconds)
    made = run.walk("9", stay(x + 0.2, 2.0))
    assert bool(of(TrackJoined, made)) == same


@pytest.mark.parametrize(
    ("path", "seconds", "held"), [(stay(6.0, 3.0), 20, True), (stay(6.0, 3.0), 31, False), (line(4.0, 7.0), 13, False)]
)
def test_who_sat_is_held_in_a_waiting_area_and_who_walked_is_not(
    path: list[tuple[float, float]], seconds: float, held: bool
) -> None:
    run = Run()
    run.walk("7", path)
    assert bool(of(TrackEnded, run.wait(seconds))) != held
    made = run.see(("7", *path[-1]))
    made += run.walk("7", [path[-1]] * 10)
    assert (tracks(made) == []) == held


def test_a_zone_can_have_a_patience_of_its_own() -> None:
    run = Run(rules(trajectory={"zones": {"waiting": {"join_within_s": 1, "hold_s": 3}}}))
    run.walk("7", stay(6.0, 3.0))
    assert of(TrackEnded, run.wait(2)) == []
    assert len(of(TrackEnded, run.wait(4))) == 1


# -- a tracker that starts again -------------------------------------------------------------------------------------------


def test_after_a_restart_of_the_camera_yesterdays_1_is_not_todays_1() -> None:
    #   boot a: 1 at x 4       boot b: 1 at x 8, a moment later: somebody else
    run = Run()
    run.walk("1", stay(4.0, 2.0))
    run.boot = "2"
    made = run.walk("1", stay(8.0, 2.0)) + run.wait(40)
    assert len(tracks(made)) == 1
    assert tracks(made) != ["c1/1"]
    assert {over.track for over in of(TrackEnded, made)} == {"c1/1", *tracks(made)}


def test_after_a_restart_who_is_where_somebody_was_is_the_same_under_any_id() -> None:
    run = Run()
    for _ in range(20):
        run.see(("1", 4.0, 4.0), ("2", 6.0, 4.0))
    run.boot = "2"
    made = [event for _ in range(20) for event in run.see(("2", 4.0, 4.1), ("1", 6.0, 4.1))]
    assert {j.source_track: j.track for j in of(TrackJoined, made)} == {"2": "c1/1", "1": "c1/2"}
    assert tracks(made) == []


def test_an_id_that_is_suddenly_far_away_is_a_new_track() -> None:
    #   7 at x 4 . . . half a second . . . 7 at x 11
    run = Run()
    run.walk("7", stay(4.0, 2.0))
    run.wait(0.5)
    made = run.walk("7", stay(11.0, 2.0)) + run.wait(40)
    (name,) = tracks(made)
    assert name.startswith("c1/7@")
    assert [(over.track, over.at_ms - T) for over in of(TrackEnded, made)] == [("c1/7", 1900), (name, 4400)]


def test_an_id_that_comes_back_where_one_can_walk_to_is_the_same() -> None:
    run = Run()
    run.walk("7", line(4.0, 5.0))
    run.wait(1.0)
    assert tracks(run.walk("7", line(6.4, 8.0))) == []


# -- one id twice ----------------------------------------------------------------------------------------------------------


def test_one_id_twice_in_a_frame_is_two_people_from_frame_to_frame() -> None:
    #   7 at x 4 and 7 at x 8, in any order: never one that jumps to and fro
    run = Run()
    made = []
    for n in range(30):
        two = [("7", 4.0, 4.0), ("7", 8.0, 4.0)]
        made += run.see(*(two if n % 2 else reversed(two)))
    assert len(tracks(made)) == 2
    by_track = {row[0]: row[1] for p in of(Positions, made) for row in p.rows}
    assert sorted(by_track.values()) == pytest.approx([4.0, 8.0])
    assert all(abs(row[1] - by_track[row[0]]) < 0.01 for p in of(Positions, made) for row in p.rows)
    assert sum(dict(odd.kinds)["same_id_twice"] for odd in odd_rows(made)) >= 20


def test_the_same_row_twice_is_one_row() -> None:
    run = Run()
    made = [event for _ in range(21) for event in run.see(("7", 4.0, 4.0), ("7", 4.0, 4.0))]
    assert tracks(made) == ["c1/7"]
    assert max(len(p.rows) for p in of(Positions, made)) == 1
    assert {kind for odd in of(OddRows, made) for kind, _ in odd.kinds} == {"same_row_twice"}


# -- rows that are nobody ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("box", "kind"),
    [
        (Person("7", 300, 100, 0, 100), "no_size"),
        (Person("7", 300, 100, 30, -5), "no_size"),
        (Person("7", 0.3, 0.2, 0.05, 0.2), "no_size"),  # shares of the image
        (Person("7", 300, 100, 30, 100, 0.0), "low_score"),
        (Person("7", 2000, 100, 30, 100), "outside_image"),
        (Person("7", 300, 100, 30, 100, 1.0, 9e4, 9e4), "off_floor"),
    ],
)
def test_odd_rows_are_counted_by_kind(box: Person, kind: str) -> None:
    run = Run()
    made = [event for _ in range(11) for event in run.show(box)]
    (odd,) = of(OddRows, made)
    assert [count for name, count in odd.kinds if name == kind] == [10]
    assert odd.rows == 10


def test_a_score_below_0_means_that_none_was_given() -> None:
    run = Run()
    made = [event for _ in range(12) for event in run.show(Person("7", 300, 100, 30, 100, -1.0))]
    assert tracks(made) == ["c1/7"]


# -- entrances ---------------------------------------------------------------------------------------------------------------


def passages(events: Iterable[Event]) -> list[tuple[str, bool]]:
    return [(passed.track, passed.forward) for passed in of(EntrancePassed, events)]


def test_an_id_that_breaks_on_the_way_out_is_one_person_who_is_counted_once() -> None:
    #   street |door| hall          lost at x 0.9, before the line at 0.5; seen again at 0.0, behind it
    #   <==9 . . .|. . 7======
    run = Run()
    made = run.walk("7", line(3.0, 0.9)) + run.wait(0.6) + run.walk("9", line(0.0, -1.0)) + run.wait(5)
    assert [(joined.track, joined.source_track) for joined in of(TrackJoined, made)] == [("c1/7", "9")]
    assert passages(made) == [("c1/7", False)]
    assert [over.reason for over in of(TrackEnded, made)] == ["left"]


def test_who_waits_before_the_door_with_a_broken_id_is_out_once() -> None:
    #   street  7 . . 9 |door|       walked out, stands before the door, is lost for a second and a half, stands there
    run = Run()
    made = run.walk("7", [*line(3.0, -0.3), *stay(-0.3, 2.0)]) + run.wait(1.5) + run.walk("9", stay(-0.2, 2.0))
    assert [(joined.track, joined.source_track) for joined in of(TrackJoined, made)] == [("c1/7", "9")]
    made += run.walk("9", line(-0.2, 3.0))
    assert passages(made) == [("c1/7", False), ("c1/7", True)]


def test_who_is_counted_out_ends_at_once_and_is_nobodys_beginning() -> None:
    #   street | door | hall          7 walks out, is gone; a second later 9 comes in where 7 went
    #   <=======|=====7
    #   9=======|====>
    run = Run()
    made = run.walk("7", line(3.0, 0.1)) + run.wait(0.4)
    assert passages(made) == [("c1/7", False)]
    made = run.walk("9", line(0.1, 3.0))
    assert of(TrackJoined, made) == []
    assert passages(made) == [("c1/9", True)]
    (over,) = of(TrackEnded, made)
    assert (over.track, over.reason) == ("c1/7", "left")
    assert over.decided_at_ms - over.at_ms < 2500


@pytest.mark.parametrize("smoothing_s", [0, 0.3, 1.0, 3.0])
def test_who_is_last_seen_just_behind_the_line_has_crossed_it(smoothing_s: float) -> None:
    #   0 . . x | door at 0.5 | . . . 3        last seen at x 0.2
    run = Run(rules(trajectory={"smoothing_s": smoothing_s}))
    made = run.walk("7", line(3.0, 0.2, mps=1.4)) + run.wait(5)
    assert passages(made) == [("c1/7", False)]


def test_who_is_last_seen_just_before_the_line_has_not() -> None:
    made = (run := Run()).walk("7", line(3.0, 0.7)) + run.wait(5)
    assert passages(made) == []


def test_who_stands_in_the_doorway_and_goes_back_has_not_passed() -> None:
    run = Run()
    made = run.walk("7", [*line(3.0, 0.4, mps=0.6), *stay(0.4, 2.0), *line(0.4, 3.0, mps=0.6)])
    assert passages(made) == []


def test_an_entrance_that_is_moved_forgets_what_was_going_on_there() -> None:
    run = Run()
    run.walk("7", line(3.0, 0.4))
    moved = small_hall(lines=(Line(id="door", name="Door", from_m=(0.2, 2), to_m=(0.2, 6), entrance=True),))
    run.link.agent = Trajectory(moved, rules())
    run.offer(configured(T + run.ms))
    assert passages(run.walk("7", line(0.4, 3.0))) == []
