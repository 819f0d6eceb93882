"""`hall feed`: recordings played into a log, in their own time or in ours."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec
import pytest

from agents.topology import TOPOLOGY
from commands.feed import _play
from streams.codec import TICK, encode
from streams.driver import Driver, lay_out
from streams.events import Configured, Event, Frame, HallRemoved
from streams.operating.feeding import Clock, Feeder, Pace
from streams.playing import Play
from streams.record import Record
from streams.recording import write_recording
from streams.topics import ALERTS, DEAD, JOURNAL, LATE, OBSERVATIONS
from tests.support.hall_files import FILES, hall_with
from tests.support.operating import HALL, START_MS, Box, walk, worker, wrong_once

FRAMES = walk(46)


def recording(box: Box, events: list[Event], name: str = "day.jsonl.gz") -> Path:
    """A recording as `hall simulate` writes one: configuration, frames, a tick now and then."""
    rows = [Record(OBSERVATIONS, 0, n, e.at_ms, e.hall.encode(), encode(e)) for n, e in enumerate(events)]
    ticks = [Record(OBSERVATIONS, 0, len(rows), rows[-1].timestamp_ms, None, TICK)] if rows else []
    conclusion = Record(JOURNAL, 0, 0, START_MS, b"small", b'{"id":"a:b:c:0:0:0","type":"zone_entered"}')
    write_recording(box.directory / name, [*rows, *ticks, conclusion])
    return box.directory / name


def day(box: Box) -> Path:
    return recording(box, [Configured(hall=HALL, at_ms=START_MS, files=FILES), *FRAMES])


def mot(box: Box) -> Path:
    """The same walk as MOTChallenge text."""
    lines = [f"{n + 1},7,{f.people[0].left_px},300,50,100,1,-1,-1,-1" for n, f in enumerate(FRAMES)]
    (box.directory / "walk.txt").write_text("\n".join(lines))
    return box.directory / "walk.txt"


def frames(box: Box) -> list[Frame]:
    found = [msgspec.json.decode(r.value or b"") for r in box.records(OBSERVATIONS) if r.key]
    return [msgspec.convert(f, Frame) for f in found if f["type"] == "frame"]


def times(box: Box, topic: str = OBSERVATIONS) -> list[int]:
    return [record.timestamp_ms for record in box.records(topic)]


def conclusions(records: Iterable[tuple[bytes | None, bytes | None]]) -> list[tuple[str, int, bytes]]:
    """Without the ids, which name another log's offsets."""
    found = [msgspec.json.decode(value or b"") for key, value in records if key]
    return sorted(
        (f["type"], f["at_ms"], msgspec.json.encode({k: v for k, v in f.items() if k != "id"})) for f in found
    )


# -- a log whose time is the recording's -------------------------------------------------------------------------------


def test_events_and_seconds_are_laid_out_as_a_replay_would(tmp_path: Path) -> None:
    box = Box(tmp_path).made("producer")
    result = box.hall("feed", day(box), "--speed", "max")
    expected = list(lay_out(OBSERVATIONS, {HALL: FILES}, FRAMES))
    fed = box.records(OBSERVATIONS)
    assert [(r.timestamp_ms, r.key) for r in fed] == [(r.timestamp_ms, r.key) for r in expected]
    assert [f.people for f in frames(box)] == [f.people for f in FRAMES]
    assert "47 events are in the log" in result.stdout


def test_files_that_were_put_in_force_before_are_said_at_the_recordings_time(tmp_path: Path) -> None:
    """On an empty log they stand at 1970, where retention takes them first; said again, they change nothing."""
    box = Box(tmp_path).made("producer")
    box.hall("config", "apply", box.hall_dir(), "--wait", 0)
    box.hall("feed", day(box), "--speed", "max")
    said = [r.timestamp_ms for r in box.records(OBSERVATIONS) if b'"configured"' in (r.value or b"")]
    assert said == [0, START_MS]
    box.settle()
    assert box.records(DEAD) == []


def test_without_an_engine_nothing_is_told_to_the_lanes_behind_the_first(tmp_path: Path) -> None:
    """They learn the time from the first lane, once an engine runs."""
    box = Box(tmp_path).made("producer")
    box.hall("feed", day(box), "--speed", "max")
    assert box.records(JOURNAL) == []
    box.settle()
    assert any(record.key is None for record in box.records(JOURNAL))


def test_a_running_engine_concludes_what_a_replay_concludes(tmp_path: Path) -> None:
    box = Box(tmp_path).made("producer")
    with worker(box):
        box.hall("feed", day(box), "--speed", "max")
        box.hall("drain")
    box.settle()
    replayed = Driver(TOPOLOGY).run(lay_out(OBSERVATIONS, {HALL: FILES}, FRAMES))
    expected = conclusions((o.key, o.value) for o in replayed if o.topic == JOURNAL)
    assert conclusions((r.key, r.value) for r in box.records(JOURNAL)) == expected
    assert {kind for kind, *_ in expected} >= {"zone_entered", "zone_left", "track_ended", "zone_hour", "heat_added"}


def test_a_time_that_is_wrong_by_years_is_named_and_costs_a_minute(tmp_path: Path) -> None:
    """
    event     1 (files), 2 to 11   12: 2099   13 ... 73   74 to 91
    frames    taken                taken      late        taken        no tick on the way there and back
    """
    box = Box(tmp_path).made("producer")
    file = recording(box, [Configured(hall=HALL, at_ms=START_MS, files=FILES), *wrong_once()])
    said = box.hall("feed", file, "--speed", "max").stderr
    assert (
        "WARNING: the time of event 12 is 27,441 days ahead of what follows: a wrong time, or a clock that was" in said
    )
    ticks = [record.timestamp_ms for record in box.records(OBSERVATIONS) if record.key is None]
    assert max(ticks) < START_MS + 3_600_000
    box.settle()
    late = [msgspec.json.decode(record.value or b"")["at_ms"] for record in box.records(LATE)]
    assert late == [START_MS + n * 1000 for n in range(11, 11 + len(late))]
    assert len(late) == 60
    assert len(box.records(ALERTS)) == 1


def test_fed_twice_it_happens_twice(tmp_path: Path) -> None:
    """Under its old name (source, boot, seq) everything would be dropped as a repeat."""
    box = Box(tmp_path).made("producer")
    box.hall("feed", day(box), "--speed", "max")
    result = box.hall("feed", day(box), "--speed", "max", "--start", "2023-11-15T08:00")
    assert "1 configurations left out" in result.stderr
    assert len({f.boot for f in frames(box)}) == 2
    box.settle()
    started = [r for r in box.records(JOURNAL) if b"track_started" in (r.value or b"")]
    assert len(started) == 2
    assert min(f.at_ms for f in frames(box)[46:]) == 1_700_006_400_000, "08:00 of the hall's own clock, in Shanghai"


def test_a_recording_before_the_logs_own_time_is_refused_with_a_time_that_does(tmp_path: Path) -> None:
    box = Box(tmp_path).made("producer")
    box.hall("feed", day(box), "--speed", "max", "--no-close")
    error = box.hall("feed", day(box), "--speed", "max", code=64).stderr
    assert "let it begin after that (--start 2023-11-14T22:14:29+00:00)" in error
    box.hall("feed", day(box), "--speed", "max", "--start", "2023-11-14T22:14:29+00:00")


def test_a_second_recording_can_follow_at_once_if_the_first_was_not_closed(tmp_path: Path) -> None:
    box = Box(tmp_path).made("producer")
    box.hall("feed", recording(box, [*FRAMES[:20]]), "--speed", "max", "--no-close", "--hall", box.hall_dir())
    box.hall("feed", recording(box, [*FRAMES[20:]]), "--speed", "max")
    assert [f.at_ms for f in frames(box)] == [f.at_ms for f in FRAMES]
    assert times(box) == sorted(times(box))


def test_mot_text_is_fed_at_its_frame_rate(tmp_path: Path) -> None:
    box = Box(tmp_path).made("producer")
    box.hall("feed", mot(box), "--speed", "max", "--hall", box.hall_dir(), "--fps", 5, "--start", "2023-11-15T06:13:20")
    assert [(f.at_ms, f.people) for f in frames(box)] == [(f.at_ms, f.people) for f in FRAMES]


# -- a log that stamps what arrives ------------------------------------------------------------------------------------


def test_there_only_real_time_makes_sense(tmp_path: Path) -> None:
    box = Box(tmp_path).made("log")
    error = box.hall("feed", day(box), "--speed", 10, code=64).stderr
    assert "hall topics create --time producer" in error
    assert "the first event is now" in box.hall("feed", day(box), "--start", "2023-11-15T08:00", code=64).stderr
    assert box.records(OBSERVATIONS) == []


def test_the_first_event_is_now_and_the_rest_follows_in_real_time(tmp_path: Path) -> None:
    box = Box(tmp_path).made("log")
    box.hall("feed", mot(box), "--hall", box.hall_dir(), "--fps", 100)
    at, stamped = [f.at_ms for f in frames(box)], times(box)[1:]
    assert [a - at[0] for a in at] == [10 * n for n in range(46)]
    assert all(stamp >= a for a, stamp in zip(at, stamped, strict=True)), "nothing arrives before it has happened"
    assert TICK not in [r.value for r in box.records(OBSERVATIONS)], "the engine ticks"


# -- whose halls -------------------------------------------------------------------------------------------------------


def test_a_hall_the_log_does_not_know_needs_its_files(tmp_path: Path) -> None:
    box = Box(tmp_path).made("producer")
    assert (
        "the log does not know: give its files with --hall"
        in box.hall("feed", recording(box, [*FRAMES]), "--speed", "max", code=64).stderr
    )
    box.hall("feed", recording(box, [*FRAMES]), "--speed", "max", "--hall", box.hall_dir())
    assert box.records(OBSERVATIONS)[0].value == encode(Configured(hall=HALL, at_ms=START_MS, files=FILES))


def test_a_hall_the_log_knows_keeps_its_files(tmp_path: Path) -> None:
    box = Box(tmp_path).made("producer").put([]).settle()
    other = Configured(hall=HALL, at_ms=START_MS, files=hall_with("name: West\n", "name: Far west\n"))
    result = box.hall("feed", recording(box, [other, *FRAMES]), "--speed", "max")
    assert "1 configurations left out" in result.stderr
    said = [r.value or b"" for r in box.records(OBSERVATIONS) if b'"configured"' in (r.value or b"")]
    assert all(b"name: West" in value for value in said)


def test_other_files_than_those_in_force_are_refused(tmp_path: Path) -> None:
    """Whoever names files wants to see what they give, not what the log's give."""
    box = Box(tmp_path).made("producer").put([]).settle()
    other = box.hall_dir(files=hall_with("name: West\n", "name: Far west\n"))
    before = len(box.records(OBSERVATIONS))
    error = box.hall("feed", recording(box, [*FRAMES]), "--speed", "max", "--hall", other, code=64).stderr
    assert "small is in force in this log with other files than those of --hall" in error
    assert len(box.records(OBSERVATIONS)) == before


def test_a_hall_that_the_recording_is_not_of_is_refused(tmp_path: Path) -> None:
    box = Box(tmp_path).made("producer")
    other = box.hall_dir("other", hall_with("id: small", "id: other"))
    error = box.hall("feed", day(box), "--speed", "max", "--hall", other, code=64).stderr
    assert "--hall is hall 'other', but" in error
    assert "is of small" in error
    assert box.records(OBSERVATIONS) == []


def test_a_hall_that_comes_into_force_with_the_recording_is_told(tmp_path: Path) -> None:
    box = Box(tmp_path).made("producer")
    other = box.hall_dir("other", hall_with("id: small", "id: other"))
    box.hall("config", "apply", other)
    told = box.hall("feed", day(box), "--speed", "max").stderr
    assert "small: was not in force in this log (in force: other); the files of the recording are put in force" in told
    assert "`hall config remove small` takes the hall out again" in told
    again = box.hall("feed", day(box), "--speed", "max", "--start", "2023-11-15T08:00").stderr
    assert "was not in force" not in again


def test_a_recording_that_removes_its_hall_removes_the_one_it_brought_and_no_other(tmp_path: Path) -> None:
    # configured, frames, hall_removed
    events = [
        Configured(hall=HALL, at_ms=START_MS, files=FILES),
        *FRAMES,
        HallRemoved(hall=HALL, at_ms=FRAMES[-1].at_ms),
    ]
    for known in (False, True):
        box = Box(tmp_path / str(known))
        box.directory.mkdir()
        box.made("producer")
        if known:
            box.hall("config", "apply", box.hall_dir())
        box.hall("feed", recording(box, list(events)), "--speed", "max")
        removed = [r for r in box.records(OBSERVATIONS) if b'"hall_removed"' in (r.value or b"")]
        assert len(removed) == (0 if known else 1)


def test_a_hall_s_rules_can_come_from_another_file(tmp_path: Path) -> None:
    box = Box(tmp_path).made("producer")
    (tmp_path / "raw.yaml").write_text("flow: {inertia_m: 0.0}\n")
    box.hall("feed", mot(box), "--speed", "max", "--hall", box.hall_dir(), "--rules", tmp_path / "raw.yaml")
    assert b"inertia_m: 0.0" in (box.records(OBSERVATIONS)[0].value or b"")
    assert "--rules goes with --hall" in box.hall("feed", mot(box), "--rules", tmp_path / "raw.yaml", code=64).stderr


# -- what cannot be played ---------------------------------------------------------------------------------------------


def test_a_file_that_is_no_recording_is_refused(tmp_path: Path) -> None:
    box = Box(tmp_path).made()
    (tmp_path / "notes.txt").write_text("dear diary")
    assert "A recording is what" in box.hall("feed", tmp_path / "notes.txt", "--hall", box.hall_dir(), code=65).stderr


def test_a_recording_of_nothing_is_refused(tmp_path: Path) -> None:
    box = Box(tmp_path).made()
    assert "nothing to play" in box.hall("feed", recording(box, []), code=65).stderr


def test_mot_text_needs_a_hall_and_a_camera(tmp_path: Path) -> None:
    box = Box(tmp_path).made()
    assert "which hall they are of (the log has none)" in box.hall("feed", mot(box), code=64).stderr
    assert (
        "(cam), got 'cam2'" in box.hall("feed", mot(box), "--hall", box.hall_dir(), "--camera", "cam2", code=64).stderr
    )


@pytest.mark.parametrize("speed", ["0", "-1", "nan", "fast"])
def test_a_speed_is_a_factor_above_0_or_max(tmp_path: Path, speed: str) -> None:
    box = Box(tmp_path).made()
    assert "expected a factor above 0" in box.hall("feed", day(box), "--speed", speed, code=64).stderr


def test_ctrl_c_leaves_what_was_fed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    box = Box(tmp_path).made("producer")

    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    clock = Clock(now=lambda: 0.0, rest=interrupt)
    plays = [Play(f.at_ms, OBSERVATIONS, f) for f in FRAMES]
    with box.log() as log:
        _play(Feeder(log, TOPOLOGY, own_clock=True, clock=clock), iter(plays), Pace(1, clock), 46, None)
    assert "stopped: 1 events are in the log" in capsys.readouterr().out
    assert len(box.records(OBSERVATIONS)) == 1
