"""Exactness under faults on real Kafka: workers and the broker are killed and stopped, and the log is held to its replay.

``python -m tests.torture.kafka --kills 200 --seed 1`` is the long ordeal.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import NamedTuple

from agents.topology import TOPOLOGY
from streams.codec import TICK, encode
from streams.events import Configured
from streams.topics import OBSERVATIONS
from tests.support import kafka_verdict
from tests.support.kafka_broker import KafkaBroker, require_jars
from tests.support.kafka_system import Cameras, KafkaSystem, Worker
from tests.support.system import until
from tests.torture.halls import halls, variants

SESSION_S = 6.0


class Scene:
    """A broker, cameras and ``count`` workers; every fault leaves at least one worker running."""

    def __init__(self, directory: Path, count: int, seed: int, *, named: bool, hall_count: int = 6) -> None:
        self.chance, self._named, self._born = Random(seed), named, 0
        self.broker = KafkaBroker(directory / "broker")
        self.broker.start()
        self.system = KafkaSystem(directory / "system", self.broker.servers, halls(hall_count))
        self.cameras = Cameras(self.system, seed)
        self.workers: list[Worker] = []
        for _ in range(count):
            self.add()

    def add(self, name: str | None = None) -> Worker:
        """Another worker, or one that comes back under its name."""
        self._born += 1
        name = name or f"w{self._born}"
        worker = self.system.start(name, {"HALL_WORKER": name} if self._named else {})
        self.workers.append(worker)
        return worker

    def any(self) -> Worker:
        return self.chance.choice(self.workers)

    def restart_ended(self) -> None:
        """As a supervisor does with a process that ended because it could not go on for now."""
        for worker in [w for w in self.workers if not w.running]:
            assert worker.process.returncode in (74, 75), worker.heard()[-4000:]
            self.workers.remove(worker)
            self.add(worker.name)

    def close(self) -> None:
        if self.cameras.is_alive():
            self.cameras.stop()
        self.system.close()
        self.broker.kill()


class Fault(NamedTuple):
    name: str
    weight: int
    act: Callable[[Scene], None]


def kill(scene: Scene) -> None:
    """kill -9 of a worker, and a new start."""
    worker = scene.any()
    scene.workers.remove(worker)
    worker.kill()
    time.sleep(scene.chance.choice((0.0, 0.5, SESSION_S + 1)))
    scene.add(worker.name)


def kill_at_start(scene: Scene) -> None:
    """kill -9 while it recovers, or the others take over."""
    for _ in range(scene.chance.randint(1, 3)):
        worker = scene.any()
        scene.workers.remove(worker)
        worker.kill()
        scene.add(worker.name)
        time.sleep(scene.chance.uniform(0.5, 4.0))


def pause(scene: Scene) -> None:
    """SIGSTOP of a worker, for less than its session."""
    worker = scene.any()
    worker.stop()
    time.sleep(scene.chance.uniform(0.5, 3.0))
    worker.go_on()


def pause_past_session(scene: Scene) -> None:
    """SIGSTOP past the session: the others own its partitions when it wakes up, and it does not know."""
    worker = scene.any()
    worker.stop()
    time.sleep(SESSION_S + scene.chance.uniform(0.5, 3.0))
    worker.go_on()


def add(scene: Scene) -> None:
    """One worker more, up to four."""
    if len(scene.workers) < 4:
        scene.add()


def drain(scene: Scene) -> None:
    """One worker less, in good order; the last one comes back."""
    worker = scene.any()
    scene.workers.remove(worker)
    if worker.running and "worker is running" in worker.heard():
        code = worker.drain()
        assert code in (0, 74, 75), f"exit code {code}: {worker.heard()[-4000:]}"
    else:
        worker.kill()
    if not scene.workers:
        scene.add(worker.name)


def kill_broker(scene: Scene) -> None:
    """kill -9 of the broker; everybody waits until it is back."""
    scene.broker.kill()
    time.sleep(scene.chance.uniform(0.0, 3.0))
    scene.broker.start()


def pause_broker(scene: Scene) -> None:
    """The broker does not answer for a while, and connections stay open."""
    scene.broker.pause()
    time.sleep(scene.chance.uniform(0.5, 8.0))
    scene.broker.go_on()


def reconfigure(scene: Scene) -> None:
    """Other files in mid-log, now and then ones that cannot be used."""
    hall = scene.chance.choice(sorted(scene.system.halls))
    files = dict(scene.chance.choice(variants(scene.system.halls[hall])))
    event = Configured(hall=hall, at_ms=time.time_ns() // 1_000_000, files=files)
    scene.system.put(OBSERVATIONS, [(hall.encode(), encode(event))])


def junk(scene: Scene) -> None:
    """What no camera of ours sends."""
    hall = scene.chance.choice(sorted(scene.system.halls)).encode()
    pairs = [(hall, scene.chance.randbytes(50)), (hall, None), (b"nobody", b"{}"), (None, b"x"), (hall, b"{" * 9000)]
    scene.system.put(OBSERVATIONS, pairs)


FAULTS = (
    Fault("kill -9", 10, kill),
    Fault("kill -9 at start", 3, kill_at_start),
    Fault("SIGSTOP", 3, pause),
    Fault("SIGSTOP past the session", 4, pause_past_session),
    Fault("worker added", 3, add),
    Fault("worker drained", 3, drain),
    Fault("broker killed", 2, kill_broker),
    Fault("broker paused", 2, pause_broker),
    Fault("reconfigured", 3, reconfigure),
    Fault("junk", 1, junk),
)


class Ordeal(NamedTuple):
    faults: Counter[str]
    frames: int
    compared: int
    repeats: int
    states: int
    seconds: float


def ordeal(
    directory: Path, kills: int, seed: int, *, workers: int = 2, named: bool = False,
    only: tuple[Fault, ...] = FAULTS, say: Callable[[str], None] = lambda _: None,
) -> Ordeal:  # fmt: skip
    """Raises AssertionError where anything differs from the replay of the log that was left."""
    started, done = time.monotonic(), Counter[str]()
    scene = Scene(directory, workers, seed, named=named)
    try:
        scene.system.configure()
        scene.cameras.start()
        until("the first checkpoint", lambda: any(scene.system.marked("sensing", p) > 0 for p in scene.system.busy()))
        for number in range(1, kills + 1):
            fault = scene.chance.choices(only, [f.weight for f in only])[0]
            say(f"{number}/{kills} {fault.name} ({len(scene.workers)} workers)")
            fault.act(scene)
            done[fault.name] += 1
            time.sleep(scene.chance.uniform(0.5, 6.0))
            scene.restart_ended()
        return _settle(scene, done, started)
    finally:
        scene.close()


def _settle(scene: Scene, done: Counter[str], started: float) -> Ordeal:
    """Cameras off, everything processed, an orderly end; then the verdict."""
    system = scene.system
    scene.cameras.stop()
    assert scene.cameras.refused == 0
    deadline = time.monotonic() + 5.0
    while time.monotonic() < deadline:  # the last tracks end; who could not go on is started again
        scene.restart_ended()
        time.sleep(0.5)
    system.wait_until_marked()
    for worker in scene.workers[1:]:
        worker.kill()
    last = scene.workers[0]
    last.wait_until_up()
    system.put(OBSERVATIONS, [(None, TICK)])
    system.wait_until_marked()
    assert last.drain() == 0, last.heard()[-4000:]
    verdict = kafka_verdict.replayed(system.log, system.partitions)
    states = kafka_verdict.states_equal(system.log, verdict, system.partitions)
    assert states == len(TOPOLOGY.lanes) * len(system.halls)
    return Ordeal(
        done, scene.cameras.frames, verdict.compared, verdict.repeats, states, time.monotonic() - started
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.torture.kafka", description=__doc__)
    parser.add_argument("--kills", type=int, default=200, help="how many faults (default 200)")
    parser.add_argument("--seed", type=int, default=1, help="which ones, and when (default 1)")
    parser.add_argument("--workers", type=int, default=2, help="at the beginning (default 2)")
    parser.add_argument("--named", action="store_true", help="static membership")
    parser.add_argument("--keep", type=Path, help="work in this directory, and keep it")
    options = parser.parse_args()
    require_jars()
    with tempfile.TemporaryDirectory(prefix="hall-torture-") as temporary:
        directory = (options.keep or Path(temporary)) / f"seed-{options.seed}"
        result = ordeal(
            directory, options.kills, options.seed, workers=options.workers, named=options.named,
            say=lambda line: print(line, flush=True),
        )  # fmt: skip
    faults = ", ".join(f"{count} {name}" for name, count in sorted(result.faults.items()))
    print(
        f"\nexact. seed {options.seed}, {result.faults.total()} faults in {result.seconds:.0f} s ({faults}); {result.frames} "
        f"frames; {result.compared} published events and {result.states} states equal the replay, {result.repeats} repeats dropped"
    )


if __name__ == "__main__":
    main()
