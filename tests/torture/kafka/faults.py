"""The faults, as a table: what is done to workers, the broker and the network, and what they have to make of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

from agents.topology import TOPOLOGY
from streams.codec import encode
from streams.events import Configured
from streams.ids import parse_id
from streams.partitioner import partition_of
from streams.topics import JOURNAL, OBSERVATIONS, state_topic
from tests.support.kafka_broker import remove_topics, start_together
from tests.support.kafka_proxy import COMMIT, PRODUCE, Pace
from tests.support.kafka_transactions import Transactional
from tests.support.system import until
from tests.torture.halls import variants
from tests.torture.kafka.scene import AT_MOST, RESTARTED, Scene

SESSION_S = 6.0
HOUR_MS = 3_600_000


class Fault(NamedTuple):
    name: str
    weight: int
    act: Callable[[Scene], None]


# -- workers -----------------------------------------------------------------------------------------------------------


def kill(scene: Scene) -> None:
    """kill -9 of a worker, and a new start."""
    worker = scene.any()
    scene.kill(worker)
    time.sleep(scene.chance.choice((0.0, 0.5, SESSION_S + 1)))
    scene.add(worker.name)


def kill_at_start(scene: Scene) -> None:
    """kill -9 while it recovers, or the others take over."""
    for _ in range(scene.chance.randint(1, 3)):
        worker = scene.any()
        scene.kill(worker)
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
    """One worker more."""
    if len(scene.workers) < AT_MOST:
        scene.add()


def drain(scene: Scene) -> None:
    """One worker less, in good order; the last one comes back."""
    worker = scene.any()
    scene.workers.remove(worker)
    if worker.running and "worker is running" in worker.heard():
        code = worker.drain()
        assert code in (0, *RESTARTED), f"exit code {code}: {worker.heard()[-4000:]}"
    else:
        worker.kill()
    if not scene.workers:
        scene.add(worker.name)


def skew_clock(scene: Scene) -> None:
    """A worker comes back with a clock that is an hour off, and keeps it: it is the broker that stamps."""
    worker = scene.any()
    scene.kill(worker)
    scene.clocks[worker.name] = scene.chance.choice((-HOUR_MS, HOUR_MS))
    scene.add(worker.name)


# -- the broker --------------------------------------------------------------------------------------------------------


def kill_broker(scene: Scene) -> None:
    """kill -9 of a broker; of a cluster's three, now and then two: then everybody waits until they are back."""
    killed = scene.chance.sample(scene.brokers, scene.chance.choice((1, 1, 2)) if len(scene.brokers) > 1 else 1)
    for broker in killed:
        broker.kill()
    time.sleep(scene.chance.uniform(0.0, 3.0 if len(scene.brokers) == 1 else 12.0))
    start_together(killed)


def pause_broker(scene: Scene) -> None:
    """A broker does not answer for a while, and connections stay open; of three, the others lead after some seconds."""
    broker = scene.chance.choice(scene.brokers)
    broker.pause()
    time.sleep(scene.chance.uniform(0.5, 8.0 if len(scene.brokers) == 1 else 20.0))
    broker.go_on()


def restart_brokers(scene: Scene) -> None:
    """All brokers restarted in good order, one after the other, as for an update of theirs."""
    for broker in scene.brokers:
        broker.stop()
        broker.start()
        time.sleep(scene.chance.uniform(0.0, 3.0))


def _ended_for_it(scene: Scene) -> bool:
    """Whoever ended for what was before, such as a broker that had been killed, comes back, and meets this."""
    if any(worker.process.poll() == 74 for worker in scene.workers):
        return True
    scene.restart_ended()
    return False


def refuse_sends(scene: Scene) -> None:
    """A topic takes nothing of any size any more: whoever writes there says so and ends, and misses nothing later."""
    topic = scene.chance.choice((JOURNAL, *(state_topic(lane.name) for lane in TOPOLOGY.lanes)))
    scene.system.alter(topic, max_message_bytes="20")
    try:
        until(f"a worker to end, as {topic} takes nothing", lambda: _ended_for_it(scene))
    except AssertionError as e:
        raise AssertionError("\n".join((str(e), *(f"{w.name}: {w.heard()[-3000:]}" for w in scene.workers)))) from None
    finally:
        scene.system.alter(topic, max_message_bytes="10485760")
    for worker in scene.workers:
        if worker.process.returncode == 74:
            assert "the broker did not take what was sent" in worker.heard(), worker.heard()[-4000:]


# -- what lies between -------------------------------------------------------------------------------------------------


def reset_connections(scene: Scene) -> None:
    """Some or all connections are reset, a few times in a row; what was on its way may have arrived or not."""
    for _ in range(scene.chance.randint(1, 5)):
        scene.proxy.reset(scene.chance.choice((0.3, 1.0)))
        time.sleep(scene.chance.uniform(0.05, 1.0))


def lose_answers(scene: Scene) -> None:
    """The broker has written, or taken a position, and the worker does not hear of it: what it sends again is there already."""
    before = scene.proxy.lost
    scene.proxy.losing = {PRODUCE: scene.chance.randint(1, 8), COMMIT: scene.chance.randint(0, 2)}
    try:
        until("an answer to get lost", lambda: scene.proxy.lost > before or any(not w.running for w in scene.workers))
        time.sleep(scene.chance.uniform(0.5, 3.0))
    finally:
        scene.proxy.losing = {}


def tear_requests(scene: Scene) -> None:
    """A connection ends in the middle of a request."""
    before, scene.proxy.tearing = scene.proxy.torn, scene.chance.randint(1, 4)
    try:
        until("a request to be torn", lambda: scene.proxy.torn > before or any(not w.running for w in scene.workers))
        time.sleep(scene.chance.uniform(0.5, 2.0))
    finally:
        scene.proxy.tearing = 0


def mute(scene: Scene) -> None:
    """Requests arrive, answers do not, for a while; then all connections end."""
    scene.proxy.muted = True
    time.sleep(scene.chance.choice((1.0, 4.0, SESSION_S + 3)))
    scene.proxy.muted = False
    scene.proxy.reset()


def refuse_connections(scene: Scene) -> None:
    """Nobody gets through to the broker, for less or more than a session."""
    scene.proxy.refuse()
    time.sleep(scene.chance.choice((0.5, 3.0, SESSION_S + 3)))
    scene.proxy.accept()


def slow_answers(scene: Scene) -> None:
    """Every answer takes its time, and large ones drip."""
    scene.proxy.pace = Pace(0.05, 0.5, scene.chance.choice((20_000, 200_000)))
    time.sleep(scene.chance.uniform(3.0, 12.0))
    scene.proxy.pace = None


# -- the log -----------------------------------------------------------------------------------------------------------


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


def transactions(scene: Scene) -> None:
    """A gateway writes some in a row; what it takes back is in no journal, and no replay."""
    gateway = Transactional(scene.system.servers, "gateway")
    for _ in range(scene.chance.randint(2, 12)):
        scene.chance.choice((gateway.committed, gateway.aborted))(OBSERVATIONS, _letters(scene))


def left_open(scene: Scene) -> None:
    """One stays open, and all that stands behind it waits, whoever comes or goes meanwhile; then it ends, in one way or another."""
    gateway = Transactional(scene.system.servers, "gateway")
    gateway.open(OBSERVATIONS, _letters(scene))
    scene.chance.choice((kill, add, pause_past_session, _wait))(scene)
    gateway.more(OBSERVATIONS, _letters(scene))
    time.sleep(scene.chance.choice((0.5, SESSION_S, 2 * SESSION_S)))
    assert all(w.process.poll() != 65 for w in scene.workers), "another log"
    scene.chance.choice((gateway.commit, gateway.abort, lambda: _fence(scene)))()


def _wait(scene: Scene) -> None:
    time.sleep(scene.chance.uniform(0.0, 2.0))


def _fence(scene: Scene) -> None:
    """The next of its name aborts what it has open."""
    Transactional(scene.system.servers, "gateway").committed(OBSERVATIONS, _letters(scene))


def _letters(scene: Scene) -> list[tuple[bytes | None, bytes | None]]:
    """Nobody can read them, so each makes a dead letter; a tick makes nothing, in every hall of a partition."""
    halls = scene.chance.sample(sorted(scene.system.halls), scene.chance.randint(1, 3))
    return [(hall.encode(), scene.chance.randbytes(8)) for hall in halls]


def retention(scene: Scene) -> None:
    """Records are removed before the engine has read them. What stood is judged first; then the loss has to be told."""
    _lose(scene, lambda mark, end: end, rest_s=1.5)


def lose_what_was_published(scene: Scene) -> None:
    """
    mark         published        kill -9
    |------------|-----------------|
    | removed .......... | left ...        the same offsets give other events now, which must not have the same ids
    """
    _lose(scene, lambda mark, end: scene.chance.randint(mark + 1, end - 1) if end - mark > 1 else mark, rest_s=0.0)


def _lose(scene: Scene, upto: Callable[[int, int], int], rest_s: float) -> None:
    """``upto``: where the log begins then, by the lane's mark and the log's end."""
    topic = scene.chance.choice((OBSERVATIONS, OBSERVATIONS, JOURNAL))
    [lane] = [lane.name for lane in TOPOLOGY.lanes if lane.topic == topic]
    names, system = scene.kill_all(), scene.system
    scene.judge(drained=False)
    time.sleep(rest_s)
    marks = {p: system.marked(lane, p) for p in range(system.partitions)}
    begins = {p: max(system.log.start(topic, p), upto(mark, system.log.end(topic, p))) for p, mark in marks.items()}
    starts = system.lose(topic, begins)
    until("the broker to note where its log begins, for when it is killed", lambda: _noted(scene, topic, starts))
    lost = {(lane, marks[p], starts[p]) for p in system.busy() if 0 < marks[p] < starts[p]}
    scene.whole = False
    for name in names:
        scene.add(name)
    scene.told_lost(lost)


def _noted(scene: Scene, topic: str, starts: dict[int, int]) -> bool:
    return all(
        broker.noted_start(topic, partition) >= start for broker in scene.brokers for partition, start in starts.items()
    )


def lose_state(scene: Scene) -> None:
    """A state topic is removed, under workers or while there are none, and made again: nobody goes on, until `hall reset` has
    rebuilt the state. What stood is judged first, because a new era begins then."""
    topic = state_topic(scene.chance.choice(TOPOLOGY.lanes).name)
    names, system = scene.kill_all(), scene.system
    scene.judge(drained=False)
    before, marks = scene.published(), scene.marks()
    running = scene.chance.random() < 0.5
    if running:
        scene.add(names[0]).wait_until_up()
    remove_topics(system.servers, topic)
    if running:
        _refused(scene, "removed")
    system.hall("topics", "create", "--partitions", str(system.partitions), "--replication", str(len(scene.brokers)))
    scene.add(names[0])
    _refused(scene, "made again")
    said = system.hall("reset", "--yes")
    assert "REBUILT" in said or not scene.whole or running, said
    if "DROPPED" not in said and not running:
        fresh = [parse_id(name) for name in scene.published() - before]
        again = [
            name
            for name in fresh
            if name.offset < marks[name.lane, partition_of(name.hall.encode(), system.partitions)]
        ]
        assert not again, f"what was processed has its ids already: {again[:3]}"
    scene.whole = False
    system.configure()  # where retention had left no snapshot to build upon
    for name in names:
        scene.add(name)
    scene.wait_until_replayable()


def _refused(scene: Scene, what: str) -> None:
    """The only worker says that the state is gone, and ends for good."""

    def over() -> bool:
        code = scene.workers[0].process.poll()
        if code in RESTARTED:
            scene.restart_ended()  # it met what was before, such as a topic that is not there
        return code == 65

    until(f"a worker to end, as the state topic was {what}", over)
    said = scene.workers[0].heard()
    assert "`hall reset`" in said, said[-4000:]
    assert "Traceback" not in said.partition("Error: ")[0], said[-4000:]
    scene.kill_all()


FAULTS = (
    Fault("kill -9", 10, kill),
    Fault("kill -9 at start", 3, kill_at_start),
    Fault("SIGSTOP", 3, pause),
    Fault("SIGSTOP past the session", 4, pause_past_session),
    Fault("worker added", 3, add),
    Fault("worker drained", 3, drain),
    Fault("clock an hour off", 2, skew_clock),
    Fault("broker killed", 2, kill_broker),
    Fault("broker paused", 2, pause_broker),
    Fault("brokers restarted", 1, restart_brokers),
    Fault("sends refused", 2, refuse_sends),
    Fault("connections reset", 3, reset_connections),
    Fault("answers lost", 5, lose_answers),
    Fault("requests torn", 2, tear_requests),
    Fault("answers withheld", 3, mute),
    Fault("connections refused", 2, refuse_connections),
    Fault("slow answers", 3, slow_answers),
    Fault("reconfigured", 3, reconfigure),
    Fault("junk", 1, junk),
    Fault("transactions", 3, transactions),
    Fault("transaction left open", 3, left_open),
    Fault("retention", 1, retention),
    Fault("published records lost", 1, lose_what_was_published),
    Fault("state topic gone", 1, lose_state),
)
