"""Where a part of the log itself is gone, or the log is another one: said, counted, and never papered over."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from streams.topics import DEAD, JOURNAL, OBSERVATIONS, state_topic
from tests.support.scraping import scrape
from tests.support.strolls import FILES, kinds, named, now_ms, send, stroll, told, wait_for
from tests.support.system import Halls, until
from tests.torture.system import EmbeddedSystem

RULES = """\
trajectory: {join_within_s: 1.0, join_within_m: 0.0}
limits:
  - {id: occupied, zone: middle, metric: occupancy, over: 0}
"""


@pytest.fixture
def halls() -> Halls:
    """The service lane has something to say of everybody: one in the middle is one too many."""
    return {"hall-1": {**FILES, "rules.yaml": RULES}}


def lose(system: EmbeddedSystem, topic: str) -> int:
    """Retention takes everything that a topic has; where the log begins then."""
    spec = system.log.topics()[topic]
    system.log.create_topic(replace(spec, retention_ms=0))
    system.log.retain(now_ms() + 200_000)
    system.log.create_topic(spec)
    return system.log.start(topic, 0)


def test_what_retention_took_before_it_was_read_is_told_and_counted_and_the_engine_goes_on(
    embedded: EmbeddedSystem,
) -> None:
    embedded.start()
    wait_for(embedded, "configured")
    embedded.wait_until_marked()
    embedded.kill()
    marked = embedded.marked("sensing")
    send(embedded, stroll("lost"))
    start = lose(embedded, OBSERVATIONS)
    assert start > marked
    send(embedded, stroll("anna"))
    embedded.start()
    wait_for(embedded, "trip_ended")
    (lost,) = wait_for(embedded, "log_lost")
    assert (lost["hall"], lost["lane"], lost["first_offset"], lost["next_offset"]) == (
        "hall-1",
        "sensing",
        marked,
        start,
    )
    assert scrape(embedded.url)["hall_log_lost_records_total", "sensing"] == start - marked
    assert kinds(told(embedded), "lost") == []
    assert "zone_left east" in kinds(told(embedded), "anna")
    embedded.wait_until_marked()
    assert embedded.drain() == 0
    embedded.prove()


def test_a_loss_is_told_once_whatever_happens_then(embedded: EmbeddedSystem) -> None:
    embedded.start()
    wait_for(embedded, "configured")
    embedded.wait_until_marked()
    embedded.kill()
    send(embedded, stroll("lost"))
    lose(embedded, OBSERVATIONS)
    send(embedded, stroll("anna"))
    for _ in range(2):
        embedded.start()
        wait_for(embedded, "log_lost")
        embedded.kill()
    embedded.start()
    wait_for(embedded, "trip_ended")
    assert len(wait_for(embedded, "log_lost")) == 1
    embedded.wait_until_marked()
    assert embedded.drain() == 0
    embedded.prove()


def test_a_journal_that_lost_what_was_not_read_is_told_by_the_lane_that_missed_it(embedded: EmbeddedSystem) -> None:
    embedded.start()
    wait_for(embedded, "configured")
    until("the service lane to know the hall", lambda: "hall-1" in embedded.checkpoint("service").halls)
    assert embedded.drain() == 0
    embedded.put(JOURNAL, [(b"hall-1", b"unread")] * 5)
    start = lose(embedded, JOURNAL)
    embedded.start()
    (lost,) = wait_for(embedded, "log_lost")
    assert (lost["lane"], lost["next_offset"]) == ("service", start)
    send(embedded, stroll("anna"))
    wait_for(embedded, "trip_ended")
    assert embedded.drain() == 0
    embedded.prove()


def test_a_lane_that_lost_its_state_and_the_journal_that_named_its_halls_learns_them_again(
    embedded: EmbeddedSystem,
) -> None:
    """
    journal   configured .. anna .. | retention |          era 2: configured .. bert ..
    sensing   hall-1 ............................ kept ... and says so
    service   hall-1 .............. | unreadable | dropped ...... hall-1 ........... occupied!
    """
    embedded.start()
    wait_for(embedded, "configured")
    send(embedded, stroll("anna"))
    wait_for(embedded, "alarm_cleared")
    embedded.wait_until_marked()
    assert embedded.drain() == 0
    lose(embedded, JOURNAL)
    (writer,) = embedded.checkpoint("service").writers
    embedded.put(state_topic("service"), [(f"{writer}/hall-1".encode(), b"\xc1 written by nobody")])
    done = embedded.hall("reset", "--yes")
    assert "the state fits this log" in done.stdout, done.stderr
    assert "the state is DROPPED" in done.stdout

    embedded.start()
    send(embedded, stroll("bert"))
    wait_for(embedded, "alarm_raised", alarm="occupied")
    first = told(embedded)[0]
    assert (first["type"], first["files"]) == ("configured", embedded.halls["hall-1"])
    assert not embedded.records(DEAD)
    embedded.wait_until_marked()
    assert embedded.drain() == 0
    embedded.prove()


@pytest.fixture
def restored(embedded: EmbeddedSystem, tmp_path: Path) -> EmbeddedSystem:
    """A backup in the log's place: Anna is in both, Bert only in the log that is gone."""
    embedded.start()
    wait_for(embedded, "configured")
    send(embedded, stroll("anna"))
    wait_for(embedded, "trip_ended")
    embedded.wait_until_marked()
    copy = tmp_path / "backup.db"
    embedded.log.backup(copy)
    send(embedded, stroll("bert"))
    wait_for(embedded, "trip_ended", 2)
    embedded.kill()
    embedded.replace_log(copy)
    return embedded


def test_a_restored_backup_is_refused_until_it_is_meant(restored: EmbeddedSystem) -> None:
    for _ in range(2):  # starting again does not help
        restored.start()
        assert restored.ended() == 65
        assert "the state belongs to log" in restored.heard()
        assert "`hall reset` starts a new era" in restored.heard()
        assert "Traceback" not in restored.heard()


def test_after_hall_reset_a_new_era_goes_on_and_the_proof_holds(restored: EmbeddedSystem) -> None:
    eras = {int(event["id"].split(":")[3]) for event in named(restored.records(JOURNAL))}
    done = restored.hall("reset", "--yes")
    assert done.returncode == 0, done.stderr
    restored.start()
    send(restored, stroll("carl"))
    wait_for(restored, "trip_ended", 2)
    newest = [event for event in told(restored) if (event.get("track") or "").endswith("/carl")]
    assert all(int(event["id"].split(":")[3]) > max(eras) for event in newest)
    assert kinds(told(restored), "bert") == []
    assert "zone_left east" in kinds(told(restored), "carl")
    assert [kind for kind in kinds(told(restored), "anna") if "zone_entered" in kind] == [
        "zone_entered west", "zone_entered middle", "zone_entered east",
    ]  # fmt: skip
    restored.wait_until_marked()
    assert restored.drain() == 0
    restored.prove()


# -- a copy of the log, put back without a word ------------------------------------------------------------------------
#
#   Anna  | copied |  Bert               what was
#   Anna  | put back, goes on: Carl      offsets that Bert had, for other events


def published(system: EmbeddedSystem) -> dict[str, bytes]:
    return {event["id"]: json.dumps(event).encode() for event in told(system)}


def twice(first: dict[str, bytes], second: dict[str, bytes]) -> list[str]:
    """Ids that stand for two events."""
    return [name for name in first.keys() & second.keys() if first[name] != second[name]]


@pytest.mark.parametrize("end", ["drained", "killed"])
def test_a_copy_that_was_put_back_goes_on_under_ids_of_its_own(embedded: EmbeddedSystem, end: str) -> None:
    embedded.start()
    wait_for(embedded, "configured")
    send(embedded, stroll("anna"))
    wait_for(embedded, "trip_ended")
    if end == "drained":
        assert embedded.drain() == 0
    else:
        embedded.kill()
    kept = embedded.copy_away()
    embedded.start()
    send(embedded, stroll("bert"))
    wait_for(embedded, "trip_ended", 2)
    embedded.wait_until_marked()
    assert embedded.drain() == 0
    before = published(embedded)

    embedded.put_back(kept)
    send(embedded, stroll("carl"))  # cameras do not wait for the engine
    embedded.start()
    wait_for(embedded, "trip_ended", 2)
    after = published(embedded)
    assert twice(before, after) == []
    assert kinds(told(embedded), "bert") == []
    assert "zone_left east" in kinds(told(embedded), "carl")
    assert "A new era begins" in embedded.heard()
    assert [kind for kind in kinds(told(embedded), "anna") if "zone_entered" in kind] == [
        "zone_entered west", "zone_entered middle", "zone_entered east",
    ], "what was published before is not said again under other ids"  # fmt: skip
    embedded.wait_until_marked()
    assert embedded.drain() == 0
    embedded.prove()


def test_a_copy_that_is_put_back_twice_gives_neither_time_what_the_other_gave(embedded: EmbeddedSystem) -> None:
    """
    nothing marked yet | copied, with what cameras appended behind it | Bert ...     put back: Carl ...     again: Dora ...
    """
    embedded.start()
    wait_for(embedded, "configured")
    embedded.kill()
    send(embedded, stroll("anna"))
    kept = embedded.copy_away()
    had: list[dict[str, bytes]] = []
    for name in ("bert", "carl", "dora"):
        if had:
            embedded.put_back(kept)
        send(embedded, stroll(name))
        embedded.start()
        wait_for(embedded, "trip_ended", 2)
        embedded.kill()
        had.append(published(embedded))
    for first, second in ((0, 1), (0, 2), (1, 2)):
        assert twice(had[first], had[second]) == []


def test_a_log_that_was_not_copied_keeps_its_era_whatever_happens_to_the_engine(embedded: EmbeddedSystem) -> None:
    for end in (embedded.drain, embedded.kill, embedded.drain):
        embedded.start()
        wait_for(embedded, "configured")
        embedded.wait_until_marked()
        end()
        assert "era" not in embedded.heard()
    eras = {tuple(event["id"].split(":")[1:4:2]) for event in told(embedded)}
    assert len(eras) == len({lane for lane, _ in eras}), "one of each lane"


def test_a_log_that_was_removed_while_the_engine_ran_is_not_replaced_by_an_empty_one(embedded: EmbeddedSystem) -> None:
    embedded.start()
    wait_for(embedded, "configured")
    embedded.wait_until_marked()
    embedded.log.close()
    embedded.path.rename(embedded.path.with_name("mistake.db"))
    assert embedded.ended() == 75, embedded.heard()[-2000:]
    assert "was moved, removed or replaced" in embedded.heard()
    embedded.start()
    assert embedded.ended() == 65, embedded.heard()[-2000:]
    assert "the log that was here is gone" in embedded.heard()
    assert not embedded.path.exists()


# -- the recording's own clock -----------------------------------------------------------------------------------------


@pytest.fixture
def played(tmp_path: Path) -> Iterator[EmbeddedSystem]:
    """Topics of producer time: what is played in brings its own clock."""
    made = EmbeddedSystem(tmp_path / "played", {"hall-1": FILES}, time="producer")
    yield made
    made.close()


def test_where_the_recording_is_the_clock_nothing_ticks_of_itself(played: EmbeddedSystem) -> None:
    played.start()
    wait_for(played, "configured")
    walk = stroll("anna")
    send(played, walk)
    wait_for(played, "zone_entered", zone="east")
    end = played.log.end(OBSERVATIONS, 0)
    time.sleep(2.5)  # two ticks, and the end of the track, if there were a ticker
    assert played.log.end(OBSERVATIONS, 0) == end
    assert "track_ended" not in kinds(told(played), "anna")
    assert played.drain() == 0
    assert played.prove().compared > 5
