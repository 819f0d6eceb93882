"""Groups are asked for on a real broker, through a network that fails in mid-question: an error at most, never the end of us.

That librdkafka, asked the same, ends the process: docs/decisions/0026-asking-groups.md.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from threading import Event, Thread

import pytest

from streams.kafka.asking import Asker
from streams.kafka.errors import KafkaError, Unreachable
from streams.kafka.log import KafkaLog
from streams.kafka.topics import Made, ensure_topics
from streams.topics import GROUP, JOURNAL, OBSERVATIONS
from tests.support.kafka_broker import KafkaBroker, free_port
from tests.support.kafka_proxy import COMMIT, Pace, Proxy
from tests.support.toy import TOPOLOGY

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]

FETCH, FIND, DESCRIBE = 9, 10, 15
QUESTIONS = 300


@pytest.fixture(scope="module")
def proxied(jars: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[KafkaBroker, Proxy]]:
    behind = free_port()
    proxy = Proxy(behind, seed=1)
    broker = KafkaBroker(tmp_path_factory.mktemp("kafka"), second=(behind, proxy.port))
    broker.start()
    with KafkaLog(broker.servers) as log:
        ensure_topics(log, TOPOLOGY, Made(2, 1))
    yield broker, proxy
    proxy.close()
    broker.kill()


@pytest.fixture
def log(proxied: tuple[KafkaBroker, Proxy]) -> Iterator[KafkaLog]:
    with KafkaLog(proxied[1].servers) as opened:
        yield opened


def test_positions_are_told_as_they_were_set(log: KafkaLog) -> None:
    """Of a group that nobody has heard of there are none; 0 is one."""
    assert log.position("somebody", OBSERVATIONS, 0) is None
    places = {(GROUP, OBSERVATIONS, 0): 5, (GROUP, OBSERVATIONS, 1): 0, (GROUP, JOURNAL, 1): 7}
    log.append([], positions=places)
    assert {place: log.position(*place) for place in places} == places
    assert log.position(GROUP, JOURNAL, 0) is None


def test_a_group_without_members_is_described(log: KafkaLog) -> None:
    assert log.runners() == []
    assert log.holder("worker-1") is None
    assert log.group.described().state in ("dead", "empty")
    assert log.group.operations(GROUP) != 0, "a cluster that checks nobody allows everything, or says nothing"


def test_a_question_over_a_connection_that_stands_is_quick(log: KafkaLog) -> None:
    """Whoever waits for a feed, or a configuration, asks all the time: one that connected each time took ten times as long."""
    asker = Asker(log.access)
    try:
        taken = []
        for _ in range(20):
            began = time.monotonic()
            asker.positions(GROUP)
            taken.append(time.monotonic() - began)
        assert sorted(taken[1:])[9] < 0.05
        assert len(asker._lines) == 1
    finally:
        asker.close()


Fault = Callable[[Proxy, KafkaBroker, Random], None]


def _mute(proxy: Proxy, broker: KafkaBroker, chance: Random) -> None:
    proxy.muted = True
    time.sleep(chance.uniform(0.05, 1.0))
    proxy.muted = False
    proxy.reset()


def _refuse(proxy: Proxy, broker: KafkaBroker, chance: Random) -> None:
    proxy.refuse()
    time.sleep(chance.uniform(0.05, 1.0))
    proxy.accept()


def _reset(proxy: Proxy, broker: KafkaBroker, chance: Random) -> None:
    proxy.reset(0.7)


def _lose(proxy: Proxy, broker: KafkaBroker, chance: Random) -> None:
    proxy.losing = dict.fromkeys((FETCH, FIND, DESCRIBE, COMMIT), 2)
    time.sleep(chance.uniform(0.05, 0.5))
    proxy.losing = {}


def _slow(proxy: Proxy, broker: KafkaBroker, chance: Random) -> None:
    proxy.pace = Pace(0.05, 0.3, 20_000)
    time.sleep(chance.uniform(0.5, 1.5))
    proxy.pace = None


def _pause(proxy: Proxy, broker: KafkaBroker, chance: Random) -> None:
    broker.pause()
    time.sleep(chance.uniform(0.1, 2.0))
    broker.go_on()


FAULTS: tuple[Fault, ...] = (_mute, _refuse, _reset, _lose, _slow, _pause)


class Questioner(Thread):
    """Asks again and again, of three kinds, until there are enough of them; what went wrong is kept."""

    def __init__(self, log: KafkaLog, number: int) -> None:
        super().__init__(name=f"questioner-{number}", daemon=True)
        self._log, self._chance, self.answered, self.refused = log, Random(number), 0, list[KafkaError]()
        self.broken: BaseException | None = None
        self.enough = Event()

    def run(self) -> None:
        try:
            while not self.enough.is_set():
                self._ask()
        except BaseException as e:  # noqa: BLE001 - the test says what it was
            self.broken = e

    def _ask(self) -> None:
        kinds = (
            self._position,
            self._log.runners,
            lambda: self._log.holder("x"),
            lambda: self._log.group.operations(GROUP),
        )
        try:
            self._chance.choice(kinds)()
        except KafkaError as e:
            self.refused.append(e)
        else:
            self.answered += 1

    def _position(self) -> None:
        self._log.group._asked_s = float("-inf")
        assert self._log.position(GROUP, OBSERVATIONS, 0) == 5


def test_hundreds_of_questions_through_a_network_that_fails(proxied: tuple[KafkaBroker, Proxy], log: KafkaLog) -> None:
    """Answered rightly, or refused in words of ours; and when all is well again, answered."""
    broker, proxy = proxied
    log.append([], positions={(GROUP, OBSERVATIONS, 0): 5})
    askers, chance = [Questioner(log, number) for number in range(3)], Random(4)
    for asker in askers:
        asker.start()
    deadline = time.monotonic() + 60
    while sum(asker.answered for asker in askers) < QUESTIONS and time.monotonic() < deadline:
        for fault in chance.sample(FAULTS, len(FAULTS)):
            fault(proxy, broker, chance)
            time.sleep(chance.uniform(0.0, 0.2))
    for asker in askers:
        asker.enough.set()
    for asker in askers:
        asker.join(60)
    assert [asker.broken for asker in askers] == [None] * 3
    assert all(not asker.is_alive() for asker in askers)
    assert sum(asker.answered for asker in askers) >= QUESTIONS
    assert {type(error) for asker in askers for error in asker.refused} <= {Unreachable}
    log.group._asked_s = float("-inf")
    assert log.position(GROUP, OBSERVATIONS, 0) == 5


def test_a_coordinator_that_is_away_is_waited_for_and_then_given_up(
    jars: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker = KafkaBroker(tmp_path / "kafka")
    broker.start()
    with KafkaLog(broker.servers) as log:
        ensure_topics(log, TOPOLOGY, Made(2, 1))
        log.append([], positions={(GROUP, OBSERVATIONS, 0): 5})
        broker.kill()
        monkeypatch.setattr("streams.kafka.log.PATIENCE_S", 1.0)
        with pytest.raises(Unreachable, match="no Kafka answers"):
            log.runners()
        monkeypatch.undo()
        broker.start()
        assert log.position(GROUP, OBSERVATIONS, 0) == 5
    broker.kill()
