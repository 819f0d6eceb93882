"""The topics, as a table: what each carries, how long it is kept, and how it is cleaned up.

Every topic has the same number of partitions, for ever, and is keyed by hall id; tick records have no key.
"""

from __future__ import annotations

from typing import NamedTuple

GROUP = "hallstream"
"""The consumer group under which the engine's position in a log is kept; the Faust app has the same name."""

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS

OBSERVATIONS = "hall.observations"
JOURNAL = "hall.journal"
ALERTS = "hall.alerts"
COMMANDS = "hall.commands"
LATE = "hall.late"
DEAD = "hall.dead"
SNAPSHOTS = "hall.snapshots"


PARTITIONS_ADVICE = (
    "What to do: `hall topics check` names the topics that differ. Partitions can only be added, and are for ever: begin anew "
    "beside these topics (HALL_TOPIC_PREFIX), or remove and make them again, which loses what is in them"
)


class Topic(NamedTuple):
    """``retention_*`` None: without that limit. ``compact``: the newest record of a key is kept for ever, older ones go."""

    name: str
    carries: str
    retention_ms: int | None = 30 * DAY_MS
    retention_bytes: int | None = None
    compact: bool = False


TOPICS = (
    Topic(OBSERVATIONS, "camera frames, face sightings, frames shed, configuration, ticks", DAY_MS, 5 * 2**30),
    Topic(JOURNAL, "everything concluded, and what desks, tickets and devices say; ticks"),
    Topic(ALERTS, "the life cycle of alerts"),
    Topic(COMMANDS, "commands to devices and their delivery"),
    Topic(LATE, "input too far from the hall's time to be used"),
    Topic(DEAD, "what could not be used: raw bytes, reason, agent"),
    Topic(SNAPSHOTS, "hourly whole states of the engine"),
)

PUBLISHED = (JOURNAL, ALERTS, COMMANDS, LATE, DEAD)
"""What the engine publishes events into; others may write into some of them too."""


STATE_ENDING = "-changelog"


def state_topic(lane: str) -> str:
    """The topic that holds a lane's checkpoints; Faust names it after the app and the table."""
    return f"{GROUP}-{lane}-state{STATE_ENDING}"


def all_topics(lanes: tuple[str, ...]) -> tuple[Topic, ...]:
    """Every topic the engine needs, the lanes' checkpoints included."""
    states = (Topic(state_topic(lane), f"checkpoints of the {lane} lane", None, None, compact=True) for lane in lanes)
    return (*TOPICS, *states)
