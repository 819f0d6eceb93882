"""What `hall topics create` does, decided before anything is changed: what is made, what differs, what is refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple, TypeVar

from streams.kafka.cluster import ClusterView, TopicView
from streams.kafka.topics import PARTITIONS, SHORTEST_KEPT_MS, SOURCES, Keep, Made, config_of, kept
from streams.kafka.words import counted
from streams.log import Time
from streams.topics import HOUR_MS, SNAPSHOTS, Topic

T = TypeVar("T")

REPLICATION = 3
ELSEWHERE = "Choose other topics with HALL_TOPIC_PREFIX, or remove these with all they hold"
BROKER_STAMPS = "LogAppendTime"


class Asked(NamedTuple):
    """The options, as given; None: not said."""

    partitions: int | None = None
    replication: int | None = None
    min_insync: int | None = None
    time: Time | None = None
    kept: Mapping[str, Keep] = MappingProxyType({})


class Difference(NamedTuple):
    """A setting of a topic that is not what it would be made with today."""

    topic: str
    setting: str
    found: str
    wanted: str


class Plan(NamedTuple):
    """``refused``: why nothing may be done, in sentences; then the rest is not to be carried out."""

    refused: tuple[str, ...]
    made: Made
    missing: tuple[Topic, ...]
    differs: tuple[Difference, ...]


def plan(view: ClusterView, topics: Sequence[Topic], asked: Asked) -> Plan:
    """What has to happen for ``topics`` to be there as they were asked for."""
    made = _made(view, topics, asked)
    refused = tuple(text for rule in REFUSALS for text in rule(Wish(view, topics, asked, made)))
    missing = tuple(topic for topic in topics if topic.name not in view.topics)
    differs = tuple(row for topic in topics if topic.name in view.topics for row in _differs(view, topic, asked, made))
    return Plan(refused, made, missing, differs)


def _made(view: ClusterView, topics: Sequence[Topic], asked: Asked) -> Made:
    """How missing topics are made: as asked, else as most of those that stand, else as the table says."""
    standing = [found for _, found in _plain(view, topics)]
    time: Time = most((time_of(found) for found in standing), "log")
    return Made(
        asked.partitions or most((len(found.partitions) for found in standing), PARTITIONS),
        asked.replication or most((found.copies for found in standing), min(REPLICATION, len(view.brokers))),
        asked.time or time,
        asked.min_insync,
        asked.kept,
    )


def most(values: Iterable[T], otherwise: T) -> T:
    """The value that most have, of several such the first; ``otherwise`` where there is none. One that differs is to blame."""
    common = Counter(values).most_common(1)
    return common[0][0] if common else otherwise


def time_of(view: TopicView) -> Time:
    """Whose clock stamps its records."""
    return "log" if view.config.get("message.timestamp.type") == BROKER_STAMPS else "producer"


def _plain(view: ClusterView, topics: Iterable[Topic]) -> list[tuple[str, TopicView]]:
    """Topics that stand, but those of states: their clock is always the broker's."""
    return [(t.name, view.topics[t.name]) for t in topics if t.name in view.topics and not t.compact]


# -- what may be altered -----------------------------------------------------------------------------------------------


def _at_least(found: str, wanted: str) -> bool:
    return float(found) >= float(wanted)


def _at_most(found: str, wanted: str) -> bool:
    return float(found) <= float(wanted)


SUFFICES: Mapping[str, Callable[[str, str], bool]] = {
    "max.message.bytes": _at_least, "message.timestamp.before.max.ms": _at_least, "message.timestamp.after.max.ms": _at_least,
    "segment.ms": _at_most, "segment.bytes": _at_most, "min.cleanable.dirty.ratio": _at_most,
}  # fmt: skip
"""Where more, or less, than what is wanted is as good."""


def _differs(view: ClusterView, topic: Topic, asked: Asked, made: Made) -> Iterator[Difference]:
    found = view.topics[topic.name]
    for setting, wanted in config_of(topic, _as_chosen(topic, found, asked, made)).items():
        now = found.config.get(setting)
        # What the broker does not tell, it does not know: an older one, without that setting.
        if now is not None and now != wanted and not SUFFICES.get(setting, str.__eq__)(now, wanted):
            yield Difference(topic.name, setting, now, wanted)


def _as_chosen(topic: Topic, found: TopicView, asked: Asked, made: Made) -> Made:
    """As it would be made today, but for what was chosen for it then and is sound: that is not put back unasked."""
    chosen = int(found.config.get("min.insync.replicas", "1"))
    sound = min(2, max(1, found.copies - 1)) <= chosen <= found.copies
    return made._replace(
        replication=found.copies, time=time_of(found), min_insync=asked.min_insync or (chosen if sound else None),
        kept={topic.name: _keep(found), **_asked_of(topic, found, asked, made)},
    )  # fmt: skip


def _asked_of(topic: Topic, found: TopicView, asked: Asked, made: Made) -> Mapping[str, Keep]:
    follows = topic.name == SNAPSHOTS and SNAPSHOTS not in asked.kept and any(name in asked.kept for name in SOURCES)
    if not follows:
        return asked.kept
    now, wanted = _keep(found), kept(topic, made)
    longer = None if None in (now.ms, wanted.ms) else max(now.ms or 0, wanted.ms or 0)
    return {SNAPSHOTS: Keep(longer, now.bytes)}


def _keep(found: TopicView) -> Keep:
    ms, size = (int(found.config.get(key, "-1")) for key in ("retention.ms", "retention.bytes"))
    return Keep(None if ms < 0 else ms, None if size < 0 else size)


# -- what is for ever --------------------------------------------------------------------------------------------------


class Wish(NamedTuple):
    """All that a refusal is decided by."""

    view: ClusterView
    topics: Sequence[Topic]
    asked: Asked
    made: Made

    def standing(self, of: Callable[[TopicView], T]) -> dict[str, T]:
        """Something about each topic that is there."""
        return {t.name: of(self.view.topics[t.name]) for t in self.topics if t.name in self.view.topics}


Refusal = Callable[[Wish], Iterator[str]]


def _settings_are_seen(wish: Wish) -> Iterator[str]:
    if hidden := [name for name, config in wish.standing(lambda found: found.config).items() if not config]:
        yield (
            f"expected to see the settings of {wish.view.called(hidden)}: `hall topics acl --role operator` says which right "
            "that is"
        )


def _partitions_stay(wish: Wish) -> Iterator[str]:
    counts = wish.standing(lambda found: len(found.partitions))
    others = {name: count for name, count in counts.items() if count != wish.made.partitions}
    if others:
        yield (
            f"expected {wish.made.partitions} partitions in every topic, got {_listed(wish, others)}. That is for ever: a hall's "
            f"records and its state lie in the partition that the count gives it. {ELSEWHERE}"
        )


def _clock_stays(wish: Wish) -> Iterator[str]:
    times = {name: time_of(found) for name, found in _plain(wish.view, wish.topics) if found.config}
    others = [name for name, time in times.items() if time != wish.made.time]
    if others:
        yield (
            f"expected topics of {wish.made.time} time, got the other kind in {wish.view.called(others)}. That is for ever: the "
            f"engine's time comes from these stamps. {ELSEWHERE}"
        )


def _copies_are_moved_elsewhere(wish: Wish) -> Iterator[str]:
    copies = wish.standing(lambda found: found.copies)
    others = {name: count for name, count in copies.items() if wish.asked.replication not in (None, count)}
    if others:
        yield (
            f"expected {wish.asked.replication} copies of every topic, got {_listed(wish, others)}. Copies of what stands are "
            "added with kafka-reassign-partitions.sh; then run this again"
        )


def _enough_brokers(wish: Wish) -> Iterator[str]:
    if wish.made.replication > len(wish.view.brokers):
        yield f"expected a broker for each of {wish.made.replication} copies, but the cluster has {len(wish.view.brokers)}"


def _enough_in_sync(wish: Wish) -> Iterator[str]:
    asked = wish.asked.min_insync
    if asked is None:
        return
    copies = {wish.made.replication, *wish.standing(lambda found: found.copies).values()}
    if asked > min(copies):
        yield f"--min-insync {asked} with {counted(min(copies), 'copy', 'copies')}: nothing could ever be written"
    if asked < 2 and max(copies) >= REPLICATION:
        yield (
            f"--min-insync {asked} with {counted(max(copies), 'copy', 'copies')}: a record would count as written when one broker "
            "has it, and be lost with that broker. Use 2"
        )


def _recordings_are_kept(wish: Wish) -> Iterator[str]:
    if wish.made.time == "producer" and (
        aged := [name for name, keep in wish.asked.kept.items() if keep.ms is not None]
    ):
        yield (
            f"a time limit for {wish.view.called(aged)}, whose records carry a recording's own time: by that clock they may be "
            "years old, and would be removed before they are read. Limit the bytes instead, or remove the topics when done"
        )


def _replays_are_possible(wish: Wish) -> Iterator[str]:
    short = [
        name
        for name, keep in wish.asked.kept.items()
        if name in (*SOURCES, SNAPSHOTS) and keep.ms is not None and keep.ms < SHORTEST_KEPT_MS
    ]
    if wish.made.time == "log" and short:
        yield (
            f"less than {SHORTEST_KEPT_MS // HOUR_MS} h for {wish.view.called(short)}: snapshots come once an hour, and without "
            "one nothing can be replayed; a worker that is away for longer loses records"
        )


REFUSALS: tuple[Refusal, ...] = (
    _settings_are_seen, _partitions_stay, _clock_stays,
    _copies_are_moved_elsewhere, _enough_brokers, _enough_in_sync, _recordings_are_kept, _replays_are_possible,
)  # fmt: skip


def _listed(wish: Wish, counts: Mapping[str, int]) -> str:
    """``8 in hall.journal, hall.late``: by number, for topics mostly have the same."""
    by_count: dict[int, list[str]] = {}
    for name, count in counts.items():
        by_count.setdefault(count, []).append(name)
    return "; ".join(f"{count} in {wish.view.called(names)}" for count, names in sorted(by_count.items()))
