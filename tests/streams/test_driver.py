"""The engine without a log: a log's recording replays to the same ids; anything else is laid out as a log first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.local_hour import local_hour
from streams.checkpoint import Restored, hall_key, mark_key, restore
from streams.codec import TICK, encode
from streams.driver import (
    HOUR_MS,
    MINUTE_MS,
    MONTH_MS,
    SECOND_MS,
    Driver,
    LogDriver,
    closing_ticks,
    lay_out,
    merge,
    seconds_between,
    step,
)
from streams.engine import Engine, Output
from streams.events import Configured, Event, LogLost, Tick
from streams.lane import Lane
from streams.partitioner import partition_of
from streams.record import Record
from streams.recording import read_recording, write_recording
from streams.snapshot import latest, snapshot_outputs
from tests.support.script import Script, feed, states, told
from tests.support.toy import SENSING, SERVICE, START_MS, TOPOLOGY, Counted, Poke, files

HALLS = {"a": files("a"), "b": files("b")}


def poke(at_ms: int, hall: str = "a", order: str = "") -> Poke:
    return Poke(hall=hall, at_ms=START_MS + at_ms, order=order)


def pokes(count: int = 20) -> list[Event]:
    return [poke(n * 700, "ab"[n % 2], "breaker:raise" if n == 7 else "") for n in range(count)]


def times(records: Iterable[Record]) -> list[tuple[str, int]]:
    """What each record is, and when (ms after the start)."""
    return [("tick" if r.key is None else r.key.decode(), r.timestamp_ms - START_MS) for r in records]


# -- laying out --------------------------------------------------------------------------------------------------------


def test_events_are_laid_out_as_a_log() -> None:
    """Configuration, then the events with the log's ticks between them: a second's tick before what happened in it."""
    records = list(lay_out(SENSING.topic, HALLS, [poke(500), poke(1500, "b"), poke(1500), poke(3000)], close=False))
    assert times(records) == [
        ("a", 500), ("b", 500), ("a", 500), ("tick", 1000), ("b", 1500), ("a", 1500), ("tick", 2000), ("tick", 3000),
        ("a", 3000),
    ]  # fmt: skip
    assert [r.offset for r in records] == list(range(len(records)))
    assert {(r.topic, r.partition) for r in records} == {(SENSING.topic, 0)}
    assert records[0].value == encode(Configured(hall="a", at_ms=START_MS + 500, files=HALLS["a"]))
    assert (records[3].value, records[8].value) == (TICK, encode(poke(3000)))


def test_time_never_goes_back_in_a_log_whatever_the_events_say() -> None:
    records = list(lay_out(SENSING.topic, {"a": files("a")}, [poke(2500), poke(100), poke(2600)], close=False))
    assert times(records) == [("a", 2500), ("a", 2500), ("a", 2500), ("a", 2600)]


def test_nothing_to_play_is_still_a_log() -> None:
    records = list(lay_out(SENSING.topic, HALLS, []))
    assert [r.key for r in records[:2]] == [b"a", b"b"]
    assert told(feed(Engine(SENSING), records))[0] == "a engine configured"
    assert list(lay_out(SENSING.topic, {}, [], close=False)) == []


def test_a_long_silence_is_an_hour_of_seconds_and_a_month_of_minutes() -> None:
    """So its hours are hours with zeros, as they are live: nobody looked away for more than a minute."""
    ticks = list(seconds_between(500, 5 * HOUR_MS))
    seconds, minutes = ticks[:3600], ticks[3600:]
    assert seconds == list(range(1000, HOUR_MS + 1, SECOND_MS))
    assert minutes == list(range(HOUR_MS + MINUTE_MS, 5 * HOUR_MS + 1, MINUTE_MS))
    assert len(list(seconds_between(0, 100 * MONTH_MS))) == 3600 + MONTH_MS // MINUTE_MS - 60


@given(st.integers(0, 10**7), st.integers(-5000, 3 * HOUR_MS))
def test_ticks_are_whole_seconds_within_the_span_and_rising(before: int, span: int) -> None:
    ticks = list(seconds_between(before, before + span))
    assert all(before < tick <= before + span and tick % SECOND_MS == 0 for tick in ticks)
    assert ticks == sorted(set(ticks))
    if 0 < span <= HOUR_MS:
        assert len(ticks) == (before + span) // SECOND_MS - before // SECOND_MS


@pytest.mark.parametrize("wait_s", [0.1, 2.0, 2.7, 3600.0])
def test_the_end_is_long_enough_for_every_track_and_the_hour_to_end(wait_s: float) -> None:
    rules = f"trajectory: {{join_within_s: {wait_s}}}"
    end = START_MS + 1234
    ticks = closing_ticks(end, {"a": files("a"), "b": files("b", rules=rules)})
    assert ticks == sorted(set(ticks))
    assert ticks[0] == START_MS + 2000
    assert ticks[1] > end + wait_s * 1000, "unseen tracks have ended"
    assert all(later - before > 60_000 for before, later in pairwise(ticks)), "nobody takes that for observed time"
    assert ticks[-2] > (end // HOUR_MS + 1) * HOUR_MS, "and the hour is over"


def test_the_end_closes_the_hour_of_every_halls_clock() -> None:
    zones = ("Asia/Kolkata", "Asia/Kathmandu", "UTC")
    texts = {f"h{n}": (files(f"h{n}"), zone) for n, zone in enumerate(zones)}
    halls = {h: text | {"hall.yaml": f"timezone: {zone}\n{text['hall.yaml']}"} for h, (text, zone) in texts.items()}
    ticks = closing_ticks(START_MS, halls)
    assert ticks[-2] > max(local_hour(ZoneInfo(z), START_MS)[1] for z in zones)


def test_streams_are_merged_by_time() -> None:
    one, two = [poke(1), poke(5), poke(5)], [poke(0, "b"), poke(5, "b"), poke(9, "b")]
    assert [(e.hall, e.at_ms - START_MS) for e in merge(one, two)] == [
        ("b", 0), ("a", 1), ("a", 5), ("a", 5), ("b", 5), ("b", 9),
    ]  # fmt: skip


# -- a chain of lanes --------------------------------------------------------------------------------------------------


def chained() -> tuple[list[Record], list[Output], Driver]:
    driver = Driver(TOPOLOGY)
    records = list(lay_out(SENSING.topic, HALLS, pokes()))
    return records, list(driver.run(records)), driver


def test_what_the_first_lane_publishes_is_the_seconds_log() -> None:
    driver, script = Driver(TOPOLOGY), Script()
    assert told(driver.run([script.configure("a"), script.poke("a")])) == [
        "a engine configured", "a tally said 1", "a counter counted 0", "a tally said 2", "a summer summed 0",
        "a tally said 3",
        "a counter counted 4", "a tally said 4", "a breaker summed 2", "a tally said 5", "a summer summed 4",
        "a tally said 6",
    ]  # fmt: skip


def test_only_what_belongs_there_goes_into_the_second_log() -> None:
    """Not its alerts, not its dead letters, and of what has no key only ticks."""
    driver, script = Driver(TOPOLOGY), Script()
    list(
        driver.run(
            [script.configure("a"), script.poke("a", "breaker:raise"), script.raw(None, b"junk"), script.tick(1)]
        )
    )
    assert driver.engines[1].counts["records"] == 3 + 2 + 0 + 1
    assert driver.engines[1].time_ms == START_MS + 1000


def test_a_chain_equals_its_lanes_run_one_by_one() -> None:
    records, outputs, driver = chained()
    sensing = Engine(SENSING, topology=1)
    assert [o for o in outputs if o.id and o.id.lane == "sensing"] == feed(sensing, records)
    assert states(sensing) == states(driver.engines[0])
    assert sum(o.id.lane == "service" for o in outputs if o.id) > 20


def test_the_same_input_gives_the_same_output() -> None:
    _, first, one = chained()
    _, second, two = chained()
    assert first == second
    assert [states(e) for e in one.engines] == [states(e) for e in two.engines]


def test_a_tap_sees_every_event_of_every_pass() -> None:
    seen: list[Event] = []
    script = Script()
    list(
        Driver(TOPOLOGY, tap=seen.append).run(
            [script.configure("a"), script.poke("a", "breaker:raise"), script.tick(1)]
        )
    )
    kinds = [type(event).__name__ for event in seen]
    assert kinds.count("Echo") == 1, "what stays inside, too"
    assert kinds.count("Poke") == 1, "and once, although the pass was run twice"
    assert kinds.count("Tick") == 2
    assert Tick(hall="a", at_ms=START_MS + 1000) in seen


# -- logs --------------------------------------------------------------------------------------------------------------


def log_of_both_lanes() -> tuple[list[Record], list[Output]]:
    """What a run left in the log: the records of both lanes, mixed, as the embedded log would hold them."""
    records, outputs, _ = chained()
    journal = Script(SERVICE)
    mixed: list[Record] = []
    engine = Engine(SENSING, topology=1)
    for record in records:
        mixed.append(record)
        if record.key is None:
            mixed.append(journal.tick((record.timestamp_ms - START_MS) / 1000))
        for o in engine.process(record):
            if o.topic == SERVICE.topic:
                journal.now_ms = o.timestamp_ms
                mixed.append(journal.raw(o.key, o.value))
    return mixed, outputs


def test_a_recorded_log_replays_to_the_same_ids_byte_for_byte(tmp_path: Path) -> None:
    log, outputs = log_of_both_lanes()
    path = tmp_path / "log.jsonl.gz"
    write_recording(path, log)
    replayed = list(LogDriver(TOPOLOGY).run(read_recording(path)))
    for lane in ("sensing", "service"):
        assert [o for o in replayed if o.id and o.id.lane == lane] == [o for o in outputs if o.id and o.id.lane == lane]


def test_records_of_other_topics_are_passed_over() -> None:
    log, _ = log_of_both_lanes()
    others = [Record("hall.alerts", 0, n, 0, b"a", b"junk") for n in range(3)]
    assert list(LogDriver(TOPOLOGY).run([*others, *log, *others])) == list(LogDriver(TOPOLOGY).run(log))


def test_each_partition_of_each_lane_has_an_engine() -> None:
    driver = LogDriver(TOPOLOGY, partitions=4)
    scripts = {hall: Script(partition=partition_of(hall.encode(), 4)) for hall in ("a", "b", "c", "d", "e")}
    records = [script.configure(hall) for hall, script in scripts.items()]
    by_partition: dict[int, int] = {}
    for record in records:  # several halls of one partition share its offsets
        offset = by_partition.get(record.partition, 0)
        by_partition[record.partition] = offset + 1
        assert told(driver.run([record._replace(offset=offset)]))[0].endswith("engine configured")
    assert set(driver.engines) == {("sensing", partition) for partition in by_partition}


def test_it_starts_where_it_is_told_to() -> None:
    log, _ = log_of_both_lanes()
    live = LogDriver(TOPOLOGY)
    list(live.run(log[:30]))
    engines = list(live.engines.values())
    snapshot = [
        Record(o.topic, o.partition, n, 0, o.key, o.value)
        for n, o in enumerate(o for e in engines for o in snapshot_outputs(e))
    ]
    rest = list(live.run(log[30:]))
    assert len(rest) > 20

    def restored(lane: Lane, partition: int) -> object:
        return latest(lambda: snapshot, lane.name, partition)

    assert list(LogDriver(TOPOLOGY, restore=restored).run(log[30:])) == rest  # type: ignore[arg-type]
    assert list(LogDriver(TOPOLOGY, restore=restored).run(log)) == rest, "what it has seen before says nothing"  # type: ignore[arg-type]


def test_what_is_missing_before_the_first_record_was_lost_and_later_gaps_are_the_logs() -> None:
    script = Script()
    records = [script.configure("a"), *(script.poke("a") for _ in range(6))]
    engine = Engine(SENSING)
    outputs = [output for record in (*records[:2], *records[4:]) for output in step(engine, record)]
    assert not any(isinstance(o.event, LogLost) for o in outputs)
    assert engine.counts["lost"] == 0

    began_late = Engine(SENSING)
    assert [step(began_late, record) for record in records[3:]] != []
    assert began_late.counts["lost"] == 3


def test_driven_lanes_need_not_be_the_engines_own() -> None:
    """A topology of one lane has nobody below."""

    def counts(outputs: Iterator[Output]) -> list[int]:
        return [o.event.count for o in outputs if isinstance(o.event, Counted)]

    alone = TOPOLOGY.__class__(1, (SENSING,))
    assert counts(Driver(alone).run(lay_out(SENSING.topic, {"a": files("a")}, [poke(0), poke(1)], close=False))) == [
        0,
        4,
        8,
    ]


def test_where_the_logs_start_is_known_only_what_lies_before_it_was_lost() -> None:
    """
    a state that goes on at 3, and a log that has 5 6 next: aborted records and a marker, or what retention took

    starts at 0     3 and 4 never counted
    starts at 5     3 and 4 were lost
    """
    script = Script()
    records = [script.configure("a"), *(script.poke("a") for _ in range(6))]
    for start, lost in ((0, 0), (3, 0), (5, 2)):
        engine = Engine(SENSING)
        feed(engine, records[:3])
        again = Engine(SENSING, restored=restored_of(engine))
        outputs = [output for record in records[5:] for output in step(again, record, start)]
        assert sum(isinstance(o.event, LogLost) for o in outputs) == bool(lost)
        assert again.counts["lost"] == lost


def restored_of(engine: Engine) -> Restored:
    whole = engine.whole()
    halls = {hall_key("w", hall): value for hall, value in whole.halls}
    return restore({**halls, mark_key("w"): whole.mark})
