"""Producers that write in transactions. What one takes back has not happened, what it has not decided yet is waited for:
by lanes, verbs and the start alike (decision 24)."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from confluent_kafka import KafkaException

from agents.topology import TOPOLOGY
from streams.checkpoint import Mark, encode_mark
from streams.codec import TICK
from streams.log import Append
from streams.operating import configuring
from streams.partitioner import partition_of
from streams.topics import DEAD, JOURNAL, OBSERVATIONS, state_topic
from tests.support import kafka_verdict
from tests.support.kafka_broker import KafkaBroker
from tests.support.kafka_hall import forget
from tests.support.kafka_system import ROOT, Cameras, KafkaSystem
from tests.support.kafka_transactions import ExactlyOnce, Transactional
from tests.support.system import until
from tests.torture.halls import halls

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]

HALLS = halls(4)
ONE = min(HALLS)
PARTITION = partition_of(ONE.encode(), 4)
"""Where the hall is whose records the transactions are about."""


@pytest.fixture
def system(broker: KafkaBroker, tmp_path: Path) -> Iterator[KafkaSystem]:
    forget(broker.servers)
    made = KafkaSystem(tmp_path / "system", broker.servers, HALLS)
    yield made
    made.close()


@pytest.fixture
def recorded(broker: KafkaBroker, tmp_path: Path) -> Iterator[KafkaSystem]:
    """On topics of a recording's own time: nothing ticks there, so nothing comes behind what stands at the end."""
    forget(broker.servers)
    made = KafkaSystem(tmp_path / "system", broker.servers, HALLS, time="producer")
    yield made
    made.close()


class Done(NamedTuple):
    code: int
    out: str
    err: str


def hall(system: KafkaSystem, *arguments: str) -> Done:
    done = subprocess.run(
        [sys.executable, "-m", "hall", *arguments], cwd=ROOT, env={**os.environ, **system.environment({})},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    return Done(done.returncode, done.stdout, done.stderr)


def letters(*names: str) -> list[tuple[bytes, bytes]]:
    """Records that nobody can read: each makes a dead letter, so that it is seen whether it was processed."""
    return [(ONE.encode(), f"letter {name}".encode()) for name in names]


def dead(system: KafkaSystem) -> list[str]:
    """Which letters were processed, in order, repeats too."""
    found = (json.loads(r.value or b"") for p in range(4) for r in system.log.read(DEAD, p, 0, limit=1000))
    texts = (base64.b64decode(event["raw"]).decode() for event in found)
    return [text.removeprefix("letter ") for text in texts if text.startswith("letter ")]


def processed(system: KafkaSystem, *names: str) -> None:
    until(f"{names} to be processed", lambda: dead(system) == list(names))


def held(system: KafkaSystem) -> dict[str, Any] | None:
    """What ``hall status`` says of the partition."""
    lanes = json.loads(hall(system, "status", "--json").out)["lanes"]
    found: dict[str, Any] | None
    [found] = [row["held"] for row in lanes if (row["lane"], row["partition"]) == ("sensing", PARTITION)]
    return found


def proved(system: KafkaSystem) -> kafka_verdict.Verdict:
    """The workers leave; what they published, and their states, are those of the replay, and everything counts once."""
    system.put(OBSERVATIONS, [(None, TICK)])
    system.wait_until_marked()
    system.wait_until_read(JOURNAL)
    for worker in system.workers:
        assert not worker.running or worker.drain() == 0, worker.heard()[-3000:]
        assert "fetching it again" not in worker.heard(), "a rewind"
    verdict = kafka_verdict.replayed(system.log, system.partitions)
    assert len(kafka_verdict.states_equal(system.log, verdict, system.partitions)) == 2 * len(HALLS)
    kafka_verdict.counted_once(system.log, verdict, system.partitions)
    assert not system.told("log_lost")
    return verdict


def begun(system: KafkaSystem) -> None:
    """A worker that has marked every hall in both lanes."""
    system.configure()
    system.start("first").wait_until_up()
    places = [(lane.name, p) for lane in TOPOLOGY.lanes for p in system.busy()]
    until("the first marks", lambda: all(system.marked(*place) > 0 for place in places))


def test_what_a_producer_takes_back_has_not_happened(system: KafkaSystem) -> None:
    """
    offset     n .. n+2    n+3     n+4 .. n+5   n+6      n+7
    the log    a a a       abort   b b          commit   c
    processed              ------> b b -----------------> c
    """
    begun(system)
    gateway = Transactional(system.servers, "gateway")
    gateway.aborted(OBSERVATIONS, letters("a1", "a2", "a3"))
    gateway.committed(OBSERVATIONS, letters("b1", "b2"))
    system.put(OBSERVATIONS, letters("c"))
    processed(system, "b1", "b2", "c")
    proved(system)
    assert dead(system) == ["b1", "b2", "c"]


def test_a_log_whose_first_records_were_taken_back_is_recorded_whole(system: KafkaSystem, tmp_path: Path) -> None:
    Transactional(system.servers, "gateway").aborted(OBSERVATIONS, letters("a1", "a2"))
    begun(system)
    system.put(OBSERVATIONS, letters("c"))
    processed(system, "c")
    proved(system)
    recorded = hall(system, "record", str(tmp_path / "log.jsonl.gz"))
    assert recorded == Done(0, recorded.out, ""), "nothing is left out"
    assert "0 streams differ" in hall(system, "replay", str(tmp_path / "log.jsonl.gz"), "--prove").err


def test_a_transaction_that_is_open_is_waited_for_by_all_and_counts_once(system: KafkaSystem, tmp_path: Path) -> None:
    """
    gateway   b1 ────────── open ─────────────────────────── b2 commit
    cameras      c ............................................
    lanes     |  a worker ─ killed, started ─ another joins ─| b1 b2 c
    """
    begun(system)
    cameras = Cameras(system, 3)
    cameras.start()
    gateway = Transactional(system.servers, "gateway")
    gateway.open(OBSERVATIONS, letters("b1"))
    at = system.log.end(OBSERVATIONS, PARTITION)
    system.put(OBSERVATIONS, letters("c"))
    # Started again under it, and joined by another: nobody takes it for another log.
    system.workers[0].kill()
    for name in ("again", "joining"):
        system.start(name).wait_until_up()
    until("both to work", lambda: len(system.log.runners()) == 2)

    # Every verb knows only what is decided, and says that there is more.
    hint = f"hall.observations/{PARTITION}: an open transaction at offset {at} has held back"
    shown = hall(system, "log", "cat", "observations", "--partition", str(PARTITION), "--raw")
    assert "letter" not in shown.out
    assert f"not shown: {hint}" in shown.err
    file = tmp_path / "under.jsonl.gz"
    assert f"left out: {hint}" in hall(system, "record", str(file)).err
    assert hall(system, "replay", str(file), "--prove").code == 0
    unknown = hall(system, "explain", f"{ONE}:sensing:engine:{era(system)}:{at}:0")
    assert unknown.code != 0
    assert hint in unknown.out + unknown.err
    checked = json.loads(hall(system, "topics", "check", "--json").out)["findings"]
    until("the check to find it", lambda: "open transactions" in warned(system))
    assert [f["topic"] for f in checked if f["what"] == "open transactions" and f["severity"] == "fine"] != []
    until("status to find it long", lambda: hall(system, "status").code == 4)
    assert hint in hall(system, "status").out
    assert (found := held(system)) is not None
    assert found["offset"] == at
    assert found["seconds"] > 20
    assert any(hint in worker.heard() for worker in system.workers), "a warning"

    assert all(worker.running for worker in system.workers[1:]), [w.heard()[-2000:] for w in system.workers[1:]]
    assert dead(system) == []
    gateway.more(OBSERVATIONS, letters("b2"))
    gateway.commit()
    processed(system, "b1", "c", "b2")
    cameras.stop()
    until("status to be content", lambda: hall(system, "status").code == 0)
    assert held(system) is None
    proved(system)


def era(system: KafkaSystem) -> int:
    lanes = json.loads(hall(system, "status", "--json").out)["lanes"]
    return next(int(row["era"]) for row in lanes if (row["lane"], row["partition"]) == ("sensing", PARTITION))


def warned(system: KafkaSystem) -> set[str]:
    found = json.loads(hall(system, "topics", "check", "--json").out)["findings"]
    return {finding["what"] for finding in found if finding["severity"] == "warning"}


@pytest.mark.parametrize("where", ["auto", "end"])
def test_a_reset_under_an_open_transaction_counts_nothing_twice(system: KafkaSystem, where: str) -> None:
    """
    gateway  a commit   b ── open ───────── commit
    reset                      | new era
    counted  a                              b
    """
    begun(system)
    gateway = Transactional(system.servers, "gateway")
    gateway.committed(OBSERVATIONS, letters("a"))
    processed(system, "a")
    gateway.open(OBSERVATIONS, letters("b"))
    assert system.workers[0].drain() == 0
    done = hall(system, "reset", "--yes", "--from", where)
    assert done.code == 0, done.err
    assert "before what is held back, and reads it once" in done.out
    system.start("again").wait_until_up()
    gateway.commit()
    processed(system, "a", "b")


def test_a_state_that_has_seen_more_than_is_committed_is_no_other_log(system: KafkaSystem) -> None:
    """As versions wrote it that read everything: the mark stands behind the start of a transaction that is still open."""
    begun(system)
    gateway = Transactional(system.servers, "gateway")
    gateway.open(OBSERVATIONS, letters("b"))
    assert system.workers[0].drain() == 0
    topic, at = state_topic("sensing"), system.log.written(OBSERVATIONS, PARTITION)
    advance_mark(system, topic, at)
    system.start("again").wait_until_up()
    gateway.commit()
    system.put(OBSERVATIONS, letters("c"))
    processed(system, "c")


def advance_mark(system: KafkaSystem, topic: str, offset: int) -> None:
    """The newest mark, as if its lane had come so far."""
    [(key, record)] = [(k, r) for k, r in system.log.newest(topic)[PARTITION].items() if b"/" not in k]
    mark = msgspec.structs.replace(msgspec.msgpack.decode(record.value or b"", type=Mark), next_offset=offset)
    system.log.append([Append(topic, PARTITION, key, encode_mark(mark))])


def test_what_stands_at_the_end_without_a_record_keeps_nobody_waiting(recorded: KafkaSystem) -> None:
    """
    the log   ... | a1 a2 abort |      nothing comes behind it, ever: no tick, no frame
    the mark                    ^
    """
    begun(recorded)
    gateway = Transactional(recorded.servers, "gateway")
    for what in (gateway.aborted, gateway.committed):
        what(OBSERVATIONS, letters("x"), at_ms=START_MS)
        recorded.wait_until_marked()
    processed(recorded, "x")
    recorded.wait_until_read(JOURNAL)
    assert configuring.clock_ms(recorded.log, 0) == 1_700_000_000_000, (
        "the recording's time, whatever stands at the end"
    )
    lanes = json.loads(hall(recorded, "status", "--json").out)["lanes"]
    assert [row["lag"] for row in lanes] == [0] * 8
    assert hall(recorded, "config", "apply", str(ROOT / "config" / "examples" / "demo")).code == 0
    assert recorded.workers[0].drain() == 0
    # Nor a start: what it recovers may end so, too.
    for lane in TOPOLOGY.lanes:
        for partition in range(4):
            gateway.aborted(state_topic(lane.name), letters("y"), partition=partition)
    again = recorded.start("again")
    again.wait_until_up()
    recorded.put(OBSERVATIONS, letters("z"))
    processed(recorded, "x", "z")


def test_a_recording_that_is_fed_behind_an_open_transaction_waits_for_it(recorded: KafkaSystem, tmp_path: Path) -> None:
    """
    gateway   a ── open ──────────────── commit
    feed        its events | waits ............ | ends when they are processed
    """
    begun(recorded)
    gateway = Transactional(recorded.servers, "gateway")
    for partition in range(4):
        recorded.log.append([Append(OBSERVATIONS, partition, None, TICK, START_MS)])
    recorded.wait_until_marked()
    gateway.open(OBSERVATIONS, letters("a"), at_ms=START_MS)
    assert hall(recorded, "simulate", "--hours", "0.02", "--out", str(tmp_path / "day")).code == 0
    command = [sys.executable, "-m", "hall", "feed", str(tmp_path / "day" / "recording.jsonl.gz"), "--speed", "max"]
    env = {**os.environ, **recorded.environment({})}
    feed = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    until("what is fed to be held back", lambda: held_records(recorded) > 70)
    assert "an open transaction at offset" in hall(recorded, "status").out
    assert feed.poll() is None, feed.communicate()[0]
    gateway.commit()
    said, _ = feed.communicate(timeout=60)
    assert feed.returncode == 0, said
    processed(recorded, "a")
    lanes = json.loads(hall(recorded, "status", "--json").out)["lanes"]
    assert [row["lag"] for row in lanes] == [0] * 8


START_MS = 1_700_000_000_000


def held_records(system: KafkaSystem) -> int:
    return sum(held.records for held in system.log.held(OBSERVATIONS).values())


def test_workers_join_and_leave_while_a_gateway_writes_only_in_transactions(system: KafkaSystem) -> None:
    begun(system)
    cameras = ExactlyOnce(system, 5)
    cameras.start()
    for name in ("second", "third"):
        system.start(name).wait_until_up()
        ends = {p: system.log.end(OBSERVATIONS, p) for p in system.busy()}
        until("marks past it", lambda: all(system.marked("sensing", p) > end for p, end in ends.items()))  # noqa: B023
    assert all(worker.running for worker in system.workers), [worker.heard()[-2000:] for worker in system.workers]
    system.workers[0].kill()
    until("entries", lambda: len(system.told("zone_entered")) > 3)
    cameras.stop()
    assert cameras.transactions > 50
    verdict = proved(system)
    assert verdict.compared > 10
    workers: Sequence[Any] = system.workers
    assert not any("another log" in worker.heard() for worker in workers)


def test_a_producer_that_is_fenced_has_written_nothing(system: KafkaSystem) -> None:
    """
    gateway   a commit   b ── open ──────────────✗ (fenced)
    its next                          c commit
    """
    begun(system)
    old = Transactional(system.servers, "gateway")
    old.committed(OBSERVATIONS, letters("a"))
    old.open(OBSERVATIONS, letters("b"))
    new = Transactional(system.servers, "gateway")
    new.committed(OBSERVATIONS, letters("c"))
    with pytest.raises(KafkaException):
        old.commit()
    processed(system, "a", "c")
    proved(system)
    assert dead(system) == ["a", "c"]


def test_a_transaction_that_nobody_ends_is_ended_by_its_timeout(system: KafkaSystem) -> None:
    begun(system)
    Transactional(system.servers, "gateway", timeout_s=1.0).open(OBSERVATIONS, letters("b"))
    system.put(OBSERVATIONS, letters("c"))
    processed(system, "c")
    proved(system)
