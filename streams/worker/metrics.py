"""What the engine says of itself to Prometheus. Names and units by Prometheus' rules; labels are bounded.

Read at scrape time from the engines' own counters, so that the work pays nothing for it; only the ages of events are
observed as they happen.
"""

from __future__ import annotations

import collections
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple, get_args

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from streams.engine import Output
from streams.engine.partition import METER_EVERY
from streams.events import Dead, DeadReason, InputOdd, OddKind
from streams.topics import LATE
from streams.worker.clocks import ahead_ms
from streams.worker.held import HeldInput
from streams.worker.lanes import Lanes

AGE_BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 60.0, 600.0)


disable_created_metrics()  # type: ignore[no-untyped-call]  # they double every series and nobody reads them


class Row(NamedTuple):
    """A counter the engine keeps itself."""

    name: str
    kept_as: str
    help: str


ENGINE_COUNTERS = (
    Row("hall_records", "records", "Records of the lane's topic that were processed."),
    Row("hall_repeats", "repeats", "Records dropped because they had been seen before."),
    Row("hall_frames_shed", "frames_shed", "Frames that cameras dropped under pressure, as they reported."),
    Row("hall_log_lost_records", "lost", "Records removed from the log before they were read."),
    Row("hall_agent_failures", "agent_failures", "Times an agent raised or returned what it must not."),
    Row("hall_clock_set_back", "clock_set_back", "Times the log's time went back, and every hall began anew."),
    Row("hall_configurations", "configured", "Configurations that came into force."),
)


class AgentMeter:
    """Takes the time of one lane's agents, on every 64th pass."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock, self._started = clock, 0.0
        self.seconds: dict[str, float] = {}

    def begin(self) -> None:
        self._started = self._clock()

    def end(self, agent: str) -> None:
        self.seconds[agent] = self.seconds.get(agent, 0.0) + self._clock() - self._started


class WorkerMetrics(Collector):
    """Register with ``bind``; ``observe`` is the lanes' observer."""

    def __init__(self, lanes: tuple[str, ...]) -> None:
        self.registry = CollectorRegistry()
        self.meters = {lane: AgentMeter() for lane in lanes}
        self._lanes: Lanes | None = None
        self._held: HeldInput | None = None
        self._ends: Callable[[str, int], int] = lambda topic, partition: 0
        self._outputs = Counter("hall_outputs", "Events published.", ["lane", "topic"], registry=self.registry)
        self._dead = Counter(
            "hall_dead", "Records and outputs that could not be used.", ["reason"], registry=self.registry
        )
        for reason in get_args(DeadReason):
            self._dead.labels(reason)  # from the start, so that an alert on the first one sees it rise
        self._odd = Counter(
            "hall_input_odd", "Rows of cameras that were odd, as docs/accuracy.md explains.", ["kind"],
            registry=self.registry,
        )  # fmt: skip
        for kind in get_args(OddKind):
            self._odd.labels(kind)
        self._late = Counter("hall_late", "Input too far from the hall's time.", registry=self.registry)
        self._age = Histogram(
            "hall_event_age_seconds", "From a record's arrival in the log to what was concluded from it.", ["lane"],
            buckets=AGE_BUCKETS, registry=self.registry,
        )  # fmt: skip
        self._ages = {lane: self._age.labels(lane) for lane in lanes}
        self._counters_of: dict[tuple[str, str], Counter] = {}

    def bind(self, lanes: Lanes, ends: Callable[[str, int], int], held: HeldInput | None = None) -> None:
        """``ends(topic, partition)``: up to where it can be read, for the lag; ``held``: what cannot be read yet."""
        self._lanes, self._ends, self._held = lanes, ends, held
        self.registry.register(self)

    def observe(self, lane: str, outputs: list[Output]) -> None:
        """Outputs that are published together. The first one's cause is the oldest: its age stands for all."""
        self._ages[lane].observe(max(0.0, time.time() - outputs[0].timestamp_ms / 1000))
        for topic, count in collections.Counter([output.topic for output in outputs]).items():
            self._counted(lane, topic).inc(count)
        for output in outputs:
            if isinstance(output.event, Dead):
                self._dead.labels(output.event.reason).inc()
            elif isinstance(output.event, InputOdd):
                for kind, rows in output.event.kinds.items():
                    self._odd.labels(kind).inc(rows)
            elif output.topic == LATE:
                self._late.inc()

    def _counted(self, lane: str, topic: str) -> Counter:
        """Kept: to look a counter up by its labels costs as much as a small agent."""
        found = self._counters_of.get((lane, topic))
        if found is None:
            found = self._counters_of[lane, topic] = self._outputs.labels(lane, topic)
        return found

    def collect(self) -> Iterator[Metric]:
        if self._lanes is None:
            return
        yield from self._counters(self._lanes)
        yield from self._gauges(self._lanes)
        agents = CounterMetricFamily(
            "hall_agent_seconds", "Time spent in an agent, scaled up from a sample.", labels=["lane", "agent"]
        )  # fmt: skip
        for lane, meter in self.meters.items():
            for agent, seconds in sorted(meter.seconds.items()):
                agents.add_metric([lane, agent], seconds * METER_EVERY)
        yield agents

    def _counters(self, lanes: Lanes) -> Iterator[Metric]:
        for row in ENGINE_COUNTERS:
            family = CounterMetricFamily(row.name, row.help, labels=["lane", "partition"])
            for part in lanes.parts.values():
                family.add_metric([part.engine.lane.name, str(part.engine.partition)], part.engine.counts[row.kept_as])
            yield family
        spent = CounterMetricFamily(
            "hall_checkpoint_seconds", "Time spent on encoding checkpoints.", labels=["lane", "partition"]
        )
        for part in lanes.parts.values():
            spent.add_metric([part.engine.lane.name, str(part.engine.partition)], part.checkpoint_s)
        yield spent

    def _gauges(self, lanes: Lanes) -> Iterator[Metric]:
        labels = ["lane", "partition"]
        lag = GaugeMetricFamily("hall_lag_records", "Records in the log that are not yet processed.", labels=labels)
        age = GaugeMetricFamily("hall_mark_age_seconds", "Since the last checkpoint was on disk.", labels=labels)
        halls = GaugeMetricFamily("hall_halls", "Halls that are configured.", labels=labels)
        ahead = GaugeMetricFamily(
            "hall_time_ahead_seconds", "By how much the log's time is ahead of this machine's clock.", labels=labels
        )  # fmt: skip
        bare = GaugeMetricFamily(
            "hall_lane_without_state", "1: began without a state although it cannot be the first time, and knows no hall.",
            labels=labels,
        )  # fmt: skip
        for tp, part in lanes.parts.items():
            names = [part.engine.lane.name, str(tp.partition)]
            bare.add_metric(names, float(part.without_state))
            lag.add_metric(names, max(0, self._ends(tp.topic, tp.partition) - part.engine.next_offset))
            age.add_metric(names, time.monotonic() - part.marked_at)
            halls.add_metric(names, len(part.engine.halls))
            if not lanes.own_clock:
                ahead.add_metric(names, ahead_ms(part.engine, time.time_ns() // 1_000_000) / 1000)
        yield from (lag, age, halls, ahead, bare)
        if self._held is not None:
            yield from _held_back(lanes, self._held)


def _held_back(lanes: Lanes, held: HeldInput) -> Iterator[Metric]:
    labels = ["lane", "partition"]
    records = GaugeMetricFamily(
        "hall_input_held_back_records", "Records that an open transaction holds back.", labels=labels
    )
    seconds = GaugeMetricFamily(
        "hall_input_held_back_seconds", "For how long the oldest open transaction holds records back.", labels=labels
    )
    for tp, part in lanes.parts.items():
        names, found = [part.engine.lane.name, str(tp.partition)], held.of(tp)
        records.add_metric(names, found.records)
        seconds.add_metric(names, found.seconds)
    yield from (records, seconds)
