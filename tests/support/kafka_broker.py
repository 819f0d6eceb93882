"""A real Apache Kafka, as a process of its own: start, stop, kill, pause, restart. Alone, or a node of a cluster.

Run as ``python -m tests.support.kafka_broker DIRECTORY [PORT]`` it is the broker of ``make kafka``, until Ctrl-C.
"""

from __future__ import annotations

import base64
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

ROOT = Path(__file__).parents[2]
JARS = ROOT / "var" / "kafka-jars"
UP_WITHIN_S = 60.0
STOP_WITHIN_S = 30.0
REQUIRED = "REQUIRE_LIVE"

SETTINGS = {
    "process.roles": "broker,controller",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
    "auto.create.topics.enable": "false",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "group.initial.rebalance.delay.ms": "0",
    "log.retention.check.interval.ms": "1000",
    "log.segment.delete.delay.ms": "100",
    # Else a broker that is killed within a minute of it, or 30 s after its start, has forgotten which records were removed,
    # and shows them again.
    "log.flush.start.offset.checkpoint.interval.ms": "500",
    "log.initial.task.delay.ms": "500",
}
"""One node stands for a cluster: a single replica, and nobody to wait for when a group forms."""

OF_THREE = {
    "offsets.topic.replication.factor": "3",
    "transaction.state.log.replication.factor": "3",
    "transaction.state.log.min.isr": "2",
    "min.insync.replicas": "2",
    "replica.lag.time.max.ms": "5000",
}
"""What differs where three nodes keep copies."""


class Listener(NamedTuple):
    """One more way in. ``told``: the port that it tells clients to use: another one where a proxy leads there."""

    name: str
    port: int
    told: int
    protocol: str = "PLAINTEXT"


class Node(NamedTuple):
    """One of those that make a cluster. ``controllers``: the ports of all of them, by number from 1."""

    number: int
    controllers: tuple[int, ...]
    cluster: str
    heap_mb: int = 768


class KafkaBroker:
    """``directory`` keeps the broker's logs over restarts; the port stays the same too. ``settings``: on top of ours.

    ``second``: a plain listener more, by its port and the one that it tells clients. ``listeners``: any others; what
    their protocols need (certificates, users) is in ``settings``. ``node``: its place in a cluster; None: it is one alone.
    """

    def __init__(
        self, directory: Path, port: int | None = None, settings: Mapping[str, str] | None = None,
        second: tuple[int, int] | None = None, listeners: Sequence[Listener] = (), node: Node | None = None,
    ) -> None:  # fmt: skip
        self.directory = directory.resolve()  # the broker runs in it, and is told paths of it
        self.directory.mkdir(parents=True, exist_ok=True)
        self.port = port or free_port()
        self.servers = f"127.0.0.1:{self.port}"
        self._settings = {**SETTINGS, **(settings or {})}
        self._listeners = (*([Listener("SECOND", *second)] if second else []), *listeners)
        self._node = node or Node(1, (free_port(),), _cluster_id())
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def second(self) -> str:
        """Where the first listener beside the plain one is."""
        return f"127.0.0.1:{self._listeners[0].port}"

    @property
    def controller(self) -> int:
        """The port on which its controller listens; nobody else's business."""
        return self._node.controllers[self._node.number - 1]

    def start(self) -> None:
        """Start, and wait until it answers. Raises RuntimeError with the end of its log when it does not."""
        self.launch()
        self.wait_until_up()

    def launch(self) -> None:
        """Start, and do not wait: a node answers when there are enough of its cluster."""
        assert self._process is None
        properties = self.directory / "server.properties"
        if not (self.directory / "data" / "meta.properties").exists():
            properties.write_text(self._properties())
            _java("kafka.tools.StorageTool", "format", f"--cluster-id={self._node.cluster}", "-c", str(properties))
        with (self.directory / "broker.log").open("ab") as output:
            command = _command("kafka.Kafka", str(properties), heap_mb=self._node.heap_mb)
            self._process = subprocess.Popen(
                command, cwd=self.directory, stdout=output, stderr=output, start_new_session=True
            )

    def _properties(self) -> str:
        more, node = self._listeners, self._node
        own = {
            "node.id": str(node.number),
            "listeners": ",".join(
                [f"PLAINTEXT://{self.servers},CONTROLLER://127.0.0.1:{self.controller}"]
                + [f"{one.name}://127.0.0.1:{one.port}" for one in more]
            ),
            "advertised.listeners": ",".join(
                [f"PLAINTEXT://{self.servers}"] + [f"{one.name}://127.0.0.1:{one.told}" for one in more]
            ),
            "listener.security.protocol.map": ",".join(
                [SETTINGS["listener.security.protocol.map"]] + [f"{one.name}:{one.protocol}" for one in more]
            ),
            "controller.quorum.voters": ",".join(f"{n}@127.0.0.1:{port}" for n, port in enumerate(node.controllers, 1)),
            "log.dirs": str(self.directory / "data"),
        }
        return "".join(f"{key}={value}\n" for key, value in {**self._settings, **own}.items())

    def wait_until_up(self) -> None:
        """Until it answers. Raises RuntimeError."""
        deadline = time.monotonic() + UP_WITHIN_S
        while not answers(self.servers):
            if self._process is None or self._process.poll() is not None or time.monotonic() > deadline:
                said = (self.directory / "broker.log").read_text(errors="replace")[-3000:]
                raise RuntimeError(f"Kafka did not come up within {UP_WITHIN_S:.0f} s: {said}")
            time.sleep(0.1)

    def stop(self) -> None:
        """An orderly end."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(STOP_WITHIN_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None

    def kill(self) -> None:
        """kill -9."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def restart(self) -> None:
        """kill -9, and a new start on the same logs and the same port."""
        self.kill()
        self.start()

    def pause(self) -> None:
        """SIGSTOP: connections stay open, and nobody answers; until ``go_on``."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def noted_start(self, topic: str, partition: int) -> int:
        """Where the log of a partition begins, as a broker that is killed now will know it at its next start."""
        data = self.directory / "data"
        noted = [line.split() for line in (data / "log-start-offset-checkpoint").read_text().splitlines()]
        starts = [int(words[2]) for words in noted if words[:2] == [topic, str(partition)]]
        return max([*starts, min(int(found.stem) for found in (data / f"{topic}-{partition}").glob("*.log"))])

    def wait(self) -> None:
        """Until it ends by itself."""
        if self._process is not None:
            self._process.wait()


def cluster(directory: Path, first: tuple[int, int]) -> list[KafkaBroker]:
    """Three nodes, not started yet. ``first``: the second listener of the first one, as ``KafkaBroker`` has it."""
    ports, name = free_ports(8), _cluster_id()
    plain, controllers, (port_2, port_3) = ports[:3], tuple(ports[3:6]), ports[6:]
    # Who comes in by the second listener is told of those that have one, so all have.
    seconds = first, (port_2, port_2), (port_3, port_3)
    nodes = [Node(number, controllers, name, heap_mb=400) for number in (1, 2, 3)]
    return [
        KafkaBroker(directory / f"node-{node.number}", port, OF_THREE, second, node=node)
        for node, port, second in zip(nodes, plain, seconds, strict=True)
    ]


def bootstrap(brokers: Sequence[KafkaBroker]) -> str:
    """All of them, for a client."""
    return ",".join(broker.servers for broker in brokers)


def start_together(brokers: Sequence[KafkaBroker]) -> None:
    """Start some of a cluster, and wait until all of these answer."""
    for broker in brokers:
        broker.launch()
    for broker in brokers:
        broker.wait_until_up()


@contextmanager
def running(directory: Path) -> Iterator[KafkaBroker]:
    """A broker for as long as it is needed: a skip, or a failure, where its jars cannot be had."""
    require_jars()
    broker = KafkaBroker(directory)
    broker.start()
    try:
        yield broker
    finally:
        broker.kill()


def answers(servers: str) -> bool:
    """Whether a broker answers there."""
    host, _, port = servers.rpartition(":")
    try:
        socket.create_connection((host, int(port)), 0.5).close()
        return bool(AdminClient({"bootstrap.servers": servers, "log_level": 0}).list_topics(timeout=5).brokers)
    except (OSError, KafkaException):
        return False


def remove_topics(servers: str, *names: str) -> None:
    """As far as they are there, and with them what groups committed in them; returns when they are gone."""
    admin = AdminClient({"bootstrap.servers": servers, "log_level": 0})
    there = [name for name in admin.list_topics(timeout=10).topics if name in names]
    for future in admin.delete_topics(there).values() if there else ():
        future.result(UP_WITHIN_S)
    deadline = time.monotonic() + UP_WITHIN_S
    while still := set(names) & admin.list_topics(timeout=10).topics.keys():
        assert time.monotonic() < deadline, f"{servers}: still there: {', '.join(sorted(still))}"
        time.sleep(0.05)


def free_port() -> int:
    return free_ports(1)[0]


def free_ports(count: int) -> list[int]:
    """Different ones: asked for one after the other, the same may come twice."""
    with ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]


def require_jars() -> None:
    """Kafka's jars are there, or are fetched; a skip that says what is missing, or a failure where live tests must run."""
    done = subprocess.run(
        ["bash", str(ROOT / ".ci" / "kafka"), str(JARS)], capture_output=True, text=True, timeout=600, check=False
    )
    if done.returncode == 0:
        return
    reason = f"no Kafka to test with: {(done.stderr or done.stdout).strip()[-500:]}"
    if os.environ.get(REQUIRED):
        pytest.fail(reason)
    pytest.skip(reason)


def _command(main: str, *arguments: str, heap_mb: int = 768) -> list[str]:
    # log4j's default configuration is quiet but for errors; the heap is what one node for tests needs. Java's thorough
    # compiler would pay for itself after minutes: until then it takes half a processor from what is tried here.
    return [
        "java", f"-Xmx{heap_mb}m", "-XX:TieredStopAtLevel=1", "-Dkafka.logs.dir=logs", "-cp", str(JARS / "lib" / "*"), main,
        *arguments,
    ]  # fmt: skip


def _java(main: str, *arguments: str) -> None:
    done = subprocess.run(_command(main, *arguments), capture_output=True, text=True, timeout=60, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{main} failed: {(done.stdout + done.stderr)[-3000:]}")


def _cluster_id() -> str:
    return base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")


def place(directory: Path, port: int) -> Path:
    """Where the data of a broker on this port is: each port has its own, as a broker's data knows its address."""
    return directory / str(port)


@contextmanager
def terminable() -> Iterator[None]:
    """SIGTERM ends us as Ctrl-C does: whoever is told to go takes his broker with him."""

    def end(_signal: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def main(directory: str, port: str = "9092") -> int:
    if answers(f"127.0.0.1:{port}"):
        print(
            f"something answers on 127.0.0.1:{port} already: a Kafka that runs may be used as it is "
            f"(HALL_BROKER=kafka://127.0.0.1:{port}); another one beside it: make kafka PORT=9192",
            file=sys.stderr,
        )
        return 75
    broker = KafkaBroker(place(Path(directory), int(port)), int(port))
    with terminable():
        try:
            broker.start()
            print(
                f"Kafka is up: HALL_BROKER=kafka://{broker.servers}   data in {broker.directory}   Ctrl-C stops it",
                flush=True,
            )
            broker.wait()
        except KeyboardInterrupt:
            return 0
        finally:
            broker.stop()
    print("Kafka has ended by itself: the reason is in broker.log there", file=sys.stderr)
    return 70


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
