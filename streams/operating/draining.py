"""Asking workers on other machines to stop: through the log, since that is what all of them read."""

from __future__ import annotations

from streams.codec import drain_request
from streams.lane import Topology
from streams.log import Append, EventLog
from streams.operating.configuring import clock_ms


def ask(log: EventLog, topology: Topology, now_ms: int) -> None:
    """Tell every worker that runs now to finish what it has in hand, and to leave."""
    at_ms, value = clock_ms(log, now_ms), drain_request(now_ms)
    parts = ((lane.topic, number) for lane in topology.lanes for number in range(log.partitions(lane.topic)))
    log.append([Append(topic, number, None, value, at_ms) for topic, number in parts])
