"""Workers on a real Kafka as their operators have them: processes, their log, cameras, and hands to break things with."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

from agents.topology import TOPOLOGY
from config.loading import load_files
from devices.simulator import Simulator
from streams.codec import encode
from streams.kafka.log import KafkaLog
from streams.kafka.topics import Made, ensure_topics, needed, new_topic
from streams.log import Time
from streams.operating import configuring
from streams.operating.reading import checkpoint, stretch
from streams.partitioner import partition_of
from streams.topics import GROUP, JOURNAL, OBSERVATIONS
from tests.support.kafka_broker import remove_topics
from tests.support.kafka_site import hall
from tests.support.system import PATIENCE_S, Halls, Pair, until

ROOT = Path(__file__).parents[2]
RUNS = re.compile(r"running; (http://\S+)/metrics")
STEP_S = 0.05
_SET, _UNSET = AlterConfigOpType.SET, AlterConfigOpType.DELETE


class Worker:
    """``hall worker`` as a process; with ``topology``, on another one (a name of ``tests.support.topologies``)."""

    def __init__(self, name: str, directory: Path, env: Mapping[str, str], topology: str | None = None) -> None:
        self.name, self._file = name, directory / f"worker-{name}-{time.monotonic_ns()}.log"
        run = ["hall", "worker"] if topology is None else ["tests.support.kafka_worker", topology]
        with self._file.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *run], cwd=ROOT, env={**os.environ, **env}, stdout=output,
                stderr=subprocess.STDOUT, text=True,
            )  # fmt: skip

    def heard(self) -> str:
        return self._file.read_text(errors="replace")

    @property
    def running(self) -> bool:
        return self.process.poll() is None

    def wait_until_up(self) -> None:
        until(f"worker {self.name} to run", lambda: RUNS.search(self.heard()) is not None or not self.running)
        assert self.running, f"the worker ended: {self.heard()[-3000:]}"

    @property
    def url(self) -> str:
        """Where it serves HTTP, once it is up."""
        found = RUNS.search(self.heard())
        assert found, f"it does not say where: {self.heard()[-3000:]}"
        return found[1]

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """SIGSTOP: to the others it looks dead, and it does not know."""
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def drain(self) -> int:
        """SIGTERM; the exit code."""
        self.process.terminate()
        return self.ended()

    def ended(self, patience_s: float = PATIENCE_S) -> int:
        try:
            return self.process.wait(patience_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(
                f"the worker has not ended within {patience_s:.0f} s: {self.heard()[-3000:]}"
            ) from None


class KafkaSystem:
    """``servers``: a broker that runs, or several. The topics are made at once, with ``copies``; every test needs fresh ones."""

    def __init__(
        self, directory: Path, servers: str, halls: Halls, *, partitions: int = 4, time: Time = "log", copies: int = 1
    ) -> None:  # fmt: skip
        self.directory, self.servers, self.halls, self.partitions = directory, servers, halls, partitions
        self._made = Made(partitions, copies, time)
        directory.mkdir(parents=True, exist_ok=True)
        self.log = KafkaLog(servers)
        ensure_topics(self.log, TOPOLOGY, self._made)
        self._admin = AdminClient({"bootstrap.servers": servers, "log_level": 0})
        self._producer = Producer(
            {
                "bootstrap.servers": servers,
                "partitioner": "murmur2_random",
                "linger.ms": 2,
                "enable.idempotence": True,
                "log_level": 0,
                "on_delivery": self._delivered,
            }
        )
        self.workers: list[Worker] = []
        self.refused = 0

    def _delivered(self, error: object, message: object) -> None:
        self.refused += error is not None

    def environment(self, env: Mapping[str, str]) -> dict[str, str]:
        own = {
            "HALL_BROKER": f"kafka://{self.servers}", "HALL_VAR": str(self.directory / "var"),
            "HALL_HTTP": "127.0.0.1:0", "HALL_LOG_LEVEL": "INFO",
        }  # fmt: skip
        return {**own, **env}

    def start(self, name: str = "a", env: Mapping[str, str] | None = None, topology: str | None = None) -> Worker:
        """Start a worker; returns at once."""
        worker = Worker(name, self.directory, self.environment(env or {}), topology)
        self.workers.append(worker)
        return worker

    def hall(self, *arguments: str) -> str:
        """``hall ARGUMENTS``, as an operator types it; what it printed."""
        return hall(self.environment({}), *arguments)

    def put(self, topic: str, pairs: Sequence[Pair], *, at_ms: int | None = None, wait: bool = True) -> None:
        """Append, as anybody may; a key goes to the partition it belongs to, and what has none to every partition."""
        for key, value in pairs:
            if key is not None:
                self._producer.produce(topic, value, key, **({} if at_ms is None else {"timestamp": at_ms}))
            else:
                for partition in range(self.partitions):
                    self._producer.produce(
                        topic, value, partition=partition, **({} if at_ms is None else {"timestamp": at_ms})
                    )
        self._producer.poll(0)
        if wait:
            assert self._producer.flush(PATIENCE_S) == 0

    def configure(self, at_ms: int | None = None) -> None:
        """Put the halls in force."""
        configuring.put(self.log, self.halls, time.time_ns() // 1_000_000 if at_ms is None else at_ms)

    def busy(self) -> list[int]:
        """The partitions that have halls."""
        return sorted({partition_of(hall.encode(), self.partitions) for hall in self.halls})

    def marked(self, lane: str, partition: int) -> int:
        mark = checkpoint(self.log, TOPOLOGY.lane(lane), partition).mark
        return mark.next_offset if mark else 0

    def committed(self, topic: str, partition: int) -> int:
        """The group's position: up to where a checkpoint is whole and its owner was accepted; 0 without one."""
        return self.log.position(GROUP, topic, partition) or 0

    def alter(self, topic: str, **settings: str) -> None:
        """Set a topic's settings, in Kafka's names with _ for dots; "" gives one back to the broker."""
        entries = [
            ConfigEntry(name.replace("_", "."), value, incremental_operation=_SET if value else _UNSET)
            for name, value in settings.items()
        ]
        resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=entries)
        self._admin.incremental_alter_configs([resource])[resource].result(PATIENCE_S)

    def lose(self, topic: str, upto: Mapping[int, int] | None = None) -> dict[int, int]:
        """As retention does: what stands before ``upto`` (by partition) goes; None: all that a topic has now.

        By partition, where the log begins then.
        """
        ends = [
            TopicPartition(topic, p, self.log.end(topic, p) if upto is None else upto[p])
            for p in range(self.partitions)
        ]
        for future in self._admin.delete_records([tp for tp in ends if tp.offset > 0]).values():
            future.result(PATIENCE_S)
        return {tp.partition: tp.offset for tp in ends}

    def make_again(self, topic: str) -> None:
        """Remove a topic, and make one of the same name."""
        remove_topics(self.servers, topic)
        [spec] = [found for found in needed(TOPOLOGY) if found.name == topic]
        self.log.create([new_topic(spec, self._made)])
        self.log.close()  # librdkafka may go on with what it knew of the old one
        self.log = KafkaLog(self.servers)

    def told(self, kind: str) -> list[dict[str, Any]]:
        """What the journal says of this type, every partition; repeats too."""
        records = [r for p in range(self.partitions) for r in stretch(self.log, JOURNAL, p)]
        events = (json.loads(r.value) for r in records if r.value and f'"type":"{kind}"'.encode() in r.value)
        return [event for event in events if event["type"] == kind]

    def wait_until_marked(self) -> None:
        """Until checkpoints cover all that is in the sensing lane now; some worker must be running."""
        self.wait_until_read(OBSERVATIONS)

    def wait_until_read(self, topic: str) -> None:
        """Until the lane that reads it has checkpointed what is in it now."""
        [lane] = [lane.name for lane in TOPOLOGY.lanes if lane.topic == topic]
        # Committed a moment ago: to be read in a moment.
        ends = {p: self.log.written(topic, p) for p in range(self.partitions)}
        until(f"{lane} to read up to {ends}", lambda: all(self.marked(lane, p) >= end for p, end in ends.items()))

    def close(self) -> None:
        for worker in self.workers:
            if worker.running:
                worker.kill()
        self.log.close()


class Cameras(threading.Thread):
    """Simulated crowds, as time passes: never stop by themselves."""

    def __init__(self, system: KafkaSystem, seed: int, fps: float = 10) -> None:
        super().__init__(name="cameras", daemon=True)
        self._system, self._over, self.frames = system, threading.Event(), 0
        now = time.time_ns() // 1_000_000
        self._crowds = [
            Simulator(
                load_files(files).hall, seed=seed, start_ms=now, level=4.0, fps=fps, warm=True, always_open=True,
                keep_truth=False,
            )
            for files in system.halls.values()
        ]  # fmt: skip

    def run(self) -> None:
        while not self._over.wait(STEP_S):
            now = time.time_ns() // 1_000_000
            frames = [frame for crowd in self._crowds for frame in crowd.step(now)]
            self.send([(f.hall.encode(), encode(f)) for f in frames])
            self.frames += len(frames)

    def send(self, pairs: Sequence[Pair]) -> None:
        self._system.put(OBSERVATIONS, pairs, wait=False)

    @property
    def refused(self) -> int:
        """Records that the broker did not take."""
        return self._system.refused

    def stop(self, *, wait: bool = True) -> None:
        """``wait``: until the broker has all of it."""
        self._over.set()
        self.join()
        self._system.put(OBSERVATIONS, [], wait=wait)
