"""A clock that was ahead, and was put right: the engine says so, and goes on; killed in the middle of it, it says the same.

So that nobody has to wait for a minute, the clocks of these boxes are behind: what is right is a minute and a half ago.
"""

from __future__ import annotations

from collections.abc import Sequence

from streams.codec import TICK, encode
from streams.embedded.log import Log
from streams.events import Event
from streams.log import Append
from streams.topics import ALERTS, JOURNAL, LATE, OBSERVATIONS
from tests.support.clocks import shifted_clock
from tests.support.scraping import scrape
from tests.support.strolls import kinds, now_ms, send, stroll, told, wait_for
from tests.support.system import until
from tests.torture.system import EmbeddedSystem

HOURS_MS = 7_200_000


def at(system: EmbeddedSystem, ago_s: float, events: Sequence[Event] = ()) -> None:
    """A tick in every lane, and what a camera sends, stamped by a clock that is so far behind."""
    rows = [Append(topic, 0, None, TICK) for topic in (OBSERVATIONS, JOURNAL)]
    rows += [Append(OBSERVATIONS, 0, event.hall.encode(), encode(event)) for event in events]
    with Log.open(system.path, now_ms=lambda: now_ms() - round(ago_s * 1000)) as log:
        log.append(rows)


def ran(system: EmbeddedSystem, first_s: int, last_s: int) -> None:
    """The right clock, from so many seconds ago on."""
    for ago_s in range(first_s, last_s, -1):
        at(system, ago_s)


def start(system: EmbeddedSystem, ago_s: int) -> None:
    system.start(env=shifted_clock(system.directory, -1000 * ago_s))


def test_it_is_said_as_long_as_it_lasts_and_then_the_log_goes_on(embedded: EmbeddedSystem) -> None:
    """
    stamps    right   2 h ahead   60 s of the right time   right
    frames    -       -           late                     taken, in a new era
    """
    start(embedded, 90)
    wait_for(embedded, "configured")
    at(embedded, -HOURS_MS / 1000)
    at(embedded, 85, stroll("late", at_ms=now_ms() - 85_000))
    until("frames to be late", lambda: bool(embedded.records(LATE)))
    until("the warning", lambda: "ahead of this machine's clock: all input is late" in embedded.heard())
    assert scrape(embedded.url)["hall_time_ahead_seconds", "sensing"] > 7_000
    embedded.wait_until_marked()
    status = embedded.hall("status")
    assert status.returncode == 4
    assert "sensing/0: the log's time is 7," in status.stdout
    embedded.kill()
    ran(embedded, 75, 40)
    start(embedded, 40)
    embedded.wait_until_marked()
    assert "stamped more than 2 minutes before the log's time" in embedded.hall("status").stdout
    embedded.kill()
    ran(embedded, 30, 0)
    embedded.start()
    (back,) = wait_for(embedded, "clock_set_back")
    assert back["from_ms"] - back["at_ms"] > HOURS_MS - 60_000
    send(embedded, stroll("anna"))
    wait_for(embedded, "trip_ended")
    assert "zone_left east" in kinds(told(embedded), "anna")
    assert kinds(told(embedded), "late") == []
    alerts = told(embedded, ALERTS)
    assert {alert["alert"] for alert in alerts} == {"clock_set_back"}
    assert 1 <= len(alerts) <= 2, "the service lane tells of its own only if it found out before it was told"
    embedded.wait_until_marked()
    assert embedded.hall("status").returncode == 0
    assert embedded.drain() == 0
    embedded.prove()


def test_who_is_killed_while_time_goes_back_says_the_same_again(embedded: EmbeddedSystem) -> None:
    """The minute stands in the log when the engine comes, and it is killed as soon as it has said so, time and again."""
    start(embedded, 100)
    wait_for(embedded, "configured")
    embedded.kill()
    at(embedded, -HOURS_MS / 1000)
    ran(embedded, 90, 0)
    for _ in range(3):
        embedded.start()
        wait_for(embedded, "clock_set_back")
        embedded.kill()
    embedded.start()
    embedded.wait_until_marked()
    assert embedded.drain() == 0
    assert len({event["id"] for event in told(embedded) if event["type"] == "clock_set_back"}) == 1
    embedded.prove()
