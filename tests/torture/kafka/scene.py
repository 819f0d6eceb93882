"""A broker, cameras and workers, with a proxy between the workers and the broker; and what the log must say in the end."""

from __future__ import annotations

import time
from pathlib import Path
from random import Random

from agents.topology import TOPOLOGY
from streams.codec import TICK, BadRecord, id_of
from streams.operating.reading import checkpoint, eras, snapshots, stretch
from streams.topics import JOURNAL, OBSERVATIONS
from tests.support import kafka_verdict
from tests.support.clocks import shifted_clock
from tests.support.kafka_broker import KafkaBroker, bootstrap, cluster, free_port, start_together
from tests.support.kafka_proxy import Proxy
from tests.support.kafka_system import Cameras, KafkaSystem, Worker
from tests.support.system import until
from tests.torture.halls import halls

RESTARTED = (74, 75, 77)
"""Exit codes after which a supervisor starts a worker again. 77: a network that hangs up looks like a Kafka that wants proof."""

AT_MOST = 4
"""Workers: there are so many partitions."""


class Scene:
    """``count`` workers; every fault leaves at least one running, or to be restarted. ``named``: static membership.

    ``brokers``: one, or three that keep three copies; then workers reach the first of them through the proxy.
    """

    def __init__(self, directory: Path, count: int, seed: int, *, named: bool = False, brokers: int = 1) -> None:
        self.directory, self.chance, self._named, self._born = directory, Random(seed), named, 0
        behind = free_port()
        self.proxy = Proxy(behind, seed)
        second = behind, self.proxy.port
        self.brokers = (
            [KafkaBroker(directory / "broker", second=second)] if brokers == 1 else cluster(directory, second)
        )
        start_together(self.brokers)
        self.system = KafkaSystem(directory / "system", bootstrap(self.brokers), halls(6), copies=len(self.brokers))
        self.cameras = Cameras(self.system, seed)
        self.workers: list[Worker] = []
        self.clocks: dict[str, int] = {}
        """By worker: how many milliseconds its clock is ahead."""
        self.compared, self.whole = 0, True
        """Published events that were held against the replay before a part of the log went; whether none did."""
        for _ in range(count):
            self.add()

    # -- workers ---------------------------------------------------------------------------------------------------

    def add(self, name: str | None = None) -> Worker:
        """Another worker, or one that comes back under its name."""
        if name is None:
            self._born += 1
            name = f"w{self._born}"
        servers = [self.proxy.servers, *(broker.second for broker in self.brokers[1:])]
        env = {"HALL_BROKER": f"kafka://{','.join(servers)}"}
        if self._named:
            env["HALL_WORKER"] = name
        if self.clocks.get(name):
            env |= shifted_clock(self.directory, self.clocks[name])
        worker = self.system.start(name, env)
        self.workers.append(worker)
        return worker

    def any(self) -> Worker:
        return self.chance.choice(self.workers)

    def kill(self, worker: Worker) -> None:
        self.workers.remove(worker)
        worker.kill()

    def kill_all(self) -> list[str]:
        """Their names, to bring them back."""
        names = [worker.name for worker in self.workers]
        for worker in list(self.workers):
            self.kill(worker)
        return names

    def restart_ended(self) -> list[int]:
        """As a supervisor does with processes that ended because they could not go on for now; with which codes."""
        ended = [worker for worker in self.workers if not worker.running]
        for worker in ended:
            assert worker.process.returncode in RESTARTED, f"{worker.process.returncode}: {worker.heard()[-4000:]}"
            # What the interpreter says of aiokafka's unfinished tasks when it ends comes after the reason.
            assert "Traceback" not in worker.heard().partition("Error: ")[0], worker.heard()[-4000:]
            self.workers.remove(worker)
            self.add(worker.name)
        return [int(worker.process.returncode) for worker in ended]

    # -- the log ---------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Halls in force, cameras on; returns when every lane has marked every hall: what is lost before that is lost."""
        self.system.configure()
        self.cameras.start()
        places = [(lane.name, p) for lane in TOPOLOGY.lanes for p in self.system.busy()]
        until("the first checkpoints", lambda: all(self.system.marked(lane, p) > 0 for lane, p in places))

    def judge(self, *, drained: bool) -> kafka_verdict.Verdict:
        """What was published is what the replay gives; no worker may run."""
        verdict = kafka_verdict.replayed(self.system.log, self.system.partitions, drained=drained)
        self.compared += verdict.compared
        return verdict

    def told_lost(self, lost: set[tuple[str, int, int]]) -> None:
        """Wait until every loss (lane, first offset, next offset) is in the journal."""

        def told() -> bool:
            self.restart_ended()
            events = self.system.told("log_lost")
            return lost <= {(event["lane"], event["first_offset"], event["next_offset"]) for event in events}

        until(f"log_lost to be told of {sorted(lost)}", told)

    def published(self) -> set[str]:
        """The ids of all that stands in the journal."""
        system = self.system
        records = [r for p in range(system.partitions) for r in stretch(system.log, JOURNAL, p)]
        return {name for r in records if r.key and r.value and (name := _id(r.value)) is not None}

    def marks(self) -> dict[tuple[str, int], int]:
        """By lane and partition: what stands before it in the log is processed, and published."""
        places = [(lane.name, p) for lane in TOPOLOGY.lanes for p in range(self.system.partitions)]
        return {place: self.system.marked(*place) for place in places}

    def wait_until_replayable(self) -> None:
        """Until every lane has written a snapshot of the era that has begun: what stands before it cannot be replayed."""
        log = self.system.log
        places = [(lane, p) for lane in TOPOLOGY.lanes for p in self.system.busy()]

        def whole() -> bool:
            self.restart_ended()
            marks = {place: checkpoint(log, *place).mark for place in places}
            return all(
                mark and not mark.pending and snapshots(log, *place, eras(mark)) for place, mark in marks.items()
            )

        until("a snapshot of every lane in the new era", whole)

    def settle(self) -> tuple[kafka_verdict.Verdict, int, int]:
        """Cameras off, everything processed, an orderly end; then the verdict, how many states are equal, entries counted."""
        system = self.system
        self.cameras.stop()
        assert self.cameras.refused == 0
        self._rest(5.0)  # the last tracks end
        system.wait_until_marked()
        last = self.workers[0]
        for worker in self.workers[1:]:
            self.kill(worker)
        last.wait_until_up()
        system.put(OBSERVATIONS, [(None, TICK)])
        system.wait_until_marked()
        system.wait_until_read(JOURNAL)
        assert last.drain() == 0, last.heard()[-4000:]
        verdict = self.judge(drained=True)
        states = kafka_verdict.states_equal(system.log, verdict, system.partitions)
        unknown = {(lane.name, hall) for lane in TOPOLOGY.lanes for hall in system.halls} - states
        assert not unknown, f"halls that a lane does not know: {sorted(unknown)}"
        entries = kafka_verdict.counted_once(system.log, verdict, system.partitions) if self.whole else 0
        return verdict, len(states), entries

    def _rest(self, seconds: float) -> None:
        """Who could not go on is started again."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.restart_ended()
            time.sleep(0.5)

    def close(self) -> None:
        if self.cameras.is_alive():
            self.cameras.stop()
        self.system.close()
        self.proxy.close()
        for broker in self.brokers:
            broker.kill()


def _id(value: bytes) -> str | None:
    try:
        return id_of(value)
    except BadRecord:
        return None
