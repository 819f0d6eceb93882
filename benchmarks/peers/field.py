"""The field on which all compete: one broker, one input topic filled once, and one run of one engine over it."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from confluent_kafka import Producer
from confluent_kafka.admin import NewTopic

from benchmarks.peers.competitors import Competitor
from benchmarks.peers.frames import Outputs, Source
from benchmarks.peers.ours import TOPOLOGY
from benchmarks.peers.run import Run
from benchmarks.peers.task import Task, began_at
from streams.kafka.errors import KafkaError
from streams.kafka.log import KafkaLog
from streams.kafka.topics import Made, ensure_topics, needed
from streams.record import Record
from streams.topics import OBSERVATIONS
from tests.support.kafka_broker import remove_topics

ROOT = Path(__file__).parents[2]
PARTITIONS = 4
LOOK_EVERY_S = 0.05
STALL_AT_MOST_S = 60.0
LEADERS_WITHIN_S = 10.0
SETTLE_S = 0.5
"""Without a further output, once there are enough: whoever publishes too much shows it by then."""

LOG_TIME = {"message.timestamp.type": "LogAppendTime"}
_ID = re.compile(rb'^\{"id":"[^"]*",')
_OUTPUT = b'"type":"zone_changed"'


class Failed(Exception):
    """The run gives no figure: the message says why."""


class Input(NamedTuple):
    """A topic, how many frames are in it, and what has to come of them."""

    topic: str
    frames: int
    expected: Outputs


def fill(servers: str, topic: str, records: Sequence[Source]) -> None:
    """Make the topic, with each record in the partition of its key, under its own time."""
    with KafkaLog(servers) as log:
        log.create([NewTopic(topic, PARTITIONS, 1, config={"retention.ms": "-1"})])
    refused: list[object] = []
    producer = Producer(
        {
            "bootstrap.servers": servers, "partitioner": "murmur2_random", "enable.idempotence": True, "linger.ms": 20,
            "queue.buffering.max.messages": len(records) + 1, "log_level": 0,
            "on_delivery": lambda error, message: refused.append(error) if error else None,
        }
    )  # fmt: skip
    for number, (key, value, at_ms) in enumerate(records):
        producer.produce(topic, value, key, timestamp=at_ms)
        if number % 1000 == 0:
            producer.poll(0)
    if producer.flush(120) or refused:
        raise Failed(f"{topic}: could not be filled: {refused[:1] or 'the broker does not answer'}")


class Field:
    """``servers``: a broker for this alone. ``directory``: for what engines keep on the disk."""

    def __init__(self, servers: str, directory: Path) -> None:
        self.servers, self._directory = servers, directory

    def run(self, competitor: Competitor, python: Path, given: Input, name: str) -> Run:
        """Raises Failed."""
        directory = self._directory / name
        directory.mkdir(parents=True)
        task = Task(self.servers, given.topic, competitor.target or f"peers.{name}", name, str(directory))
        with KafkaLog(self.servers) as log:
            self._prepare(log, competitor, task)
            engine = Engine(competitor, python, task)
            try:
                return self._watched(log, competitor, engine, given)
            except KafkaError as e:
                raise Failed(str(e)) from e
            finally:
                engine.kill()

    def _prepare(self, log: KafkaLog, competitor: Competitor, task: Task) -> None:
        """An empty output topic whose times are the broker's; for ours, the engine's other topics as well."""
        if competitor.target is None:
            log.create([NewTopic(task.target, PARTITIONS, 1, config=LOG_TIME)])
        else:
            remove_topics(self.servers, *({topic.name for topic in needed(TOPOLOGY)} - {OBSERVATIONS}))
            ensure_topics(log, TOPOLOGY, Made(PARTITIONS, 1, "log"))
        _wait_for_leaders(log, task.target)

    def _watched(self, log: KafkaLog, competitor: Competitor, engine: Engine, given: Input) -> Run:
        cpu_s = self._wait(log, engine, given.expected.total())
        state = self._state(log, competitor, engine.task)
        engine.kill()
        began, ended = engine.began(), _checked(log, engine.task.target, given.expected)
        if began is None:
            raise Failed("published everything, and never said when it began")
        return Run(given.frames, ended - began, cpu_s, state)

    def _wait(self, log: KafkaLog, engine: Engine, count: int) -> float:
        """Until no more outputs come, there being ``count`` at least; the CPU time from its beginning to the last one.

        There may be more: Hallstream passes on the halls' configuration.
        """
        before, at_first, at_last, changed = -1, 0.0, 0.0, time.monotonic()
        while True:
            if not engine.running:
                raise Failed(f"ended by itself: {engine.last_words()}")
            if not at_first and engine.began() is not None:
                at_first = engine.cpu_s()
            there = sum(log.end(engine.task.target, p) for p in range(PARTITIONS))
            quiet_s = time.monotonic() - changed
            if there != before:
                before, changed, at_last = there, time.monotonic(), engine.cpu_s()
            elif there >= count and quiet_s > SETTLE_S:
                return at_last - at_first
            elif quiet_s > STALL_AT_MOST_S:
                raise Failed(f"{there:,} of {count:,} outputs, and no more for {STALL_AT_MOST_S:.0f} s")
            time.sleep(LOOK_EVERY_S)

    def _state(self, log: KafkaLog, competitor: Competitor, task: Task) -> str:
        topic = competitor.state(task)
        if topic is None:
            files = [file for file in Path(task.directory).rglob("*") if file.is_file() and file.name != Engine.SAID]
            return f"{sum(file.stat().st_size for file in files) / 1024:,.0f} KiB on the disk"
        return f"{sum(log.end(topic, p) for p in range(PARTITIONS)):,} records on Kafka"


class Engine:
    """The process of one run."""

    SAID = "said.log"

    def __init__(self, competitor: Competitor, python: Path, task: Task) -> None:
        self.task, self._file = task, Path(task.directory) / self.SAID
        *first, last = ([str(python), "-m", *command] for command in competitor.commands(task))
        env = {**os.environ, **task.to_env()}
        with self._file.open("w") as output:
            for command in first:
                if subprocess.run(command, cwd=ROOT, env=env, stdout=output, stderr=subprocess.STDOUT).returncode:
                    raise Failed(f"could not be prepared: {self.last_words()}")
            self._process = subprocess.Popen(last, cwd=ROOT, env=env, stdout=output, stderr=subprocess.STDOUT)

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def said(self) -> str:
        """Both of its outputs so far."""
        return self._file.read_text(encoding="utf-8", errors="replace")

    def last_words(self) -> str:
        return self.said().strip().rpartition("\n")[2][-300:]

    def began(self) -> float | None:
        return began_at(self.said())

    def cpu_s(self) -> float:
        """User and system time of the process with all its threads, in seconds (proc(5))."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


def _wait_for_leaders(log: KafkaLog, topic: str) -> None:
    """A topic is to be seen before each of its partitions has found who serves it."""
    deadline = time.monotonic() + LEADERS_WITHIN_S
    for partition in range(PARTITIONS):
        while True:
            try:
                log.end(topic, partition)
                break
            except KafkaError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(LOOK_EVERY_S)


def _checked(log: KafkaLog, topic: str, expected: Outputs) -> float:
    """When the broker took the last output, in seconds since the epoch. Raises Failed for any other than expected."""
    found: Outputs = Counter()
    last_ms = 0
    for record in _records(log, topic):
        value = bare(record.value or b"")
        if _OUTPUT in value:
            found[record.key or b"", value] += 1
            last_ms = max(last_ms, record.timestamp_ms)
    if fault := difference(found, expected):
        raise Failed(fault)
    return last_ms / 1000


def bare(value: bytes) -> bytes:
    """The output without the id that Hallstream gives it."""
    return _ID.sub(b"{", value)


def difference(found: Outputs, expected: Outputs) -> str:
    """What is wrong with the outputs; empty if nothing is."""
    missing, extra = expected - found, found - expected
    if not missing and not extra:
        return ""
    example = next(iter(missing or extra))[1].decode(errors="replace")
    return (
        f"other outputs than expected: {missing.total():,} missing, {extra.total():,} too many, such as {example[:200]}"
    )


def _records(log: KafkaLog, topic: str) -> Iterator[Record]:
    for partition in range(PARTITIONS):
        offset, end = 0, log.end(topic, partition)
        while offset < end:
            records = log.read(topic, partition, offset, limit=10_000)
            yield from records
            offset = records[-1].offset + 1
