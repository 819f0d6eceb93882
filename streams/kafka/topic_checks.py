"""What is expected of the engine's topics on Kafka, as rows: what would lose data, stop the engine, or surprise its operator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

from streams.kafka.cluster import ClusterView, TopicView
from streams.kafka.planning import BROKER_STAMPS, ELSEWHERE, REPLICATION
from streams.kafka.topics import ANY_TIME, SHORTEST_KEPT_MS, SHORTEST_SEGMENT_MS, SOURCES
from streams.kafka.words import counted
from streams.kafka.writing import LARGEST_RECORD
from streams.log import Time
from streams.topics import HOUR_MS, SNAPSHOTS, Topic

Severity = Literal["error", "warning", "fine"]

SLOW_SEGMENT_BYTES = 128 * 2**20
BY_ALTER = "`hall topics create --alter`"


class Seen(NamedTuple):
    """What a row about a topic looks at. ``time``: whose clock the log is meant to have; ``partitions``: of the others."""

    topic: Topic
    view: TopicView
    cluster: ClusterView
    time: Time
    partitions: int

    def config(self, setting: str) -> str:
        return self.view.config.get(setting, "")

    def number(self, setting: str) -> float:
        """Infinite where there is no limit."""
        value = float(self.config(setting) or -1)
        return float("inf") if value < 0 else value

    @property
    def insync(self) -> int:
        """Copies that must have a record."""
        return int(self.config("min.insync.replicas") or 1)


class Check(NamedTuple):
    """``applies``: to which topics. ``expected`` and ``found`` in words; ``holds``: whether it is as it should be."""

    what: str
    severity: Severity
    applies: Callable[[Seen], bool]
    expected: Callable[[Seen], str]
    found: Callable[[Seen], str]
    holds: Callable[[Seen], bool]
    why: str
    cure: str = BY_ALTER


def _plain(seen: Seen) -> bool:
    return not seen.topic.compact


def _state(seen: Seen) -> bool:
    return seen.topic.compact


def _copied(seen: Seen) -> bool:
    return seen.view.copies > 1


def _live(seen: Seen) -> bool:
    return _plain(seen) and seen.time == "log"


def _recorded(seen: Seen) -> bool:
    return _plain(seen) and seen.time == "producer"


def _replayed(seen: Seen) -> bool:
    return _live(seen) and seen.topic.name in (*SOURCES, SNAPSHOTS)


def _snapshots(seen: Seen) -> bool:
    return _live(seen) and seen.topic.name == SNAPSHOTS


def _racked(seen: Seen) -> bool:
    return _copied(seen) and len({rack for rack in seen.cluster.brokers.values() if rack}) > 1


def _is(text: str) -> Callable[[Seen], str]:
    return lambda seen: text


def _setting(name: str) -> Callable[[Seen], str]:
    return lambda seen: seen.config(name)


def _hours(name: str) -> Callable[[Seen], str]:
    def text(seen: Seen) -> str:
        ms = seen.number(name)
        return "for ever" if ms == float("inf") else f"{ms / HOUR_MS:.3g} h"

    return text


def _equals(name: str, value: str) -> Callable[[Seen], bool]:
    return lambda seen: seen.config(name) == value


def _sources_ms(seen: Seen) -> float:
    """How long the lane is kept that is kept longest."""
    others = [seen._replace(view=seen.cluster.topics[name]) for name in SOURCES if name in seen.cluster.topics]
    return max((other.number("retention.ms") for other in others), default=0)


def _count(seen: Seen, bad: Callable[[Seen, int], bool]) -> int:
    return sum(bad(seen, number) for number in range(len(seen.view.partitions)))


def _of(bad: Callable[[Seen, int], bool]) -> Callable[[Seen], str]:
    return lambda seen: f"{len(seen.view.partitions) - _count(seen, bad)} of {len(seen.view.partitions)} partitions"


def _offline(seen: Seen, number: int) -> bool:
    return seen.view.partitions[number].leader is None


def _wanted(seen: Seen) -> int:
    """Copies in sync; more than there are is a fault of its own."""
    return min(seen.insync, seen.view.copies)


def _short(seen: Seen, number: int) -> bool:
    return len(seen.view.partitions[number].isr) < _wanted(seen)


def _behind(seen: Seen, number: int) -> bool:
    found = seen.view.partitions[number]
    return len(found.isr) < len(found.replicas)


def _one_rack(seen: Seen, number: int) -> bool:
    return len({seen.cluster.brokers.get(broker, "") for broker in seen.view.partitions[number].replicas}) < 2


def _held(seen: Seen) -> str:
    return "; ".join(seen.view.held) or "none"


def _misplaced(seen: Seen) -> str:
    lies = seen.view.misplaced
    return "so" if lies is None else f"{lies.hall}: state in {lies.partition}, belongs to {lies.belongs}"


CHECKS: tuple[Check, ...] = (
    Check(
        "partitions", "error", lambda s: True, lambda s: str(s.partitions), lambda s: str(len(s.view.partitions)),
        lambda s: len(s.view.partitions) == s.partitions,
        "a hall's records would be looked for in another partition",
        f"it is for ever. {ELSEWHERE}, and `hall topics create`",
    ),
    Check(
        "halls' partitions", "error", _state, _is("each hall where its id belongs"), _misplaced,
        lambda s: s.view.misplaced is None,
        "the number of partitions was changed: halls are not found where they are looked for, and start without state",
        f"`hall record` what is there, then {ELSEWHERE[0].lower()}{ELSEWHERE[1:]}; `hall topics create`, `hall feed`",
    ),
    Check(
        "message.timestamp.type", "error", _live, _is(BROKER_STAMPS), _setting("message.timestamp.type"),
        _equals("message.timestamp.type", BROKER_STAMPS),
        "the engine's time would be a camera's: one clock that is ahead, and everything else is late",
        f"for recordings it is right: `hall topics check --time producer`. Otherwise it is for ever. {ELSEWHERE}",
    ),
    Check(
        "message.timestamp.type", "error", _recorded, _is("CreateTime"), _setting("message.timestamp.type"),
        _equals("message.timestamp.type", "CreateTime"),
        "a recording would be played at the time of day, not at its own", f"it is for ever. {ELSEWHERE}",
    ),
    Check(
        "message.timestamp.type", "error", _state, _is(BROKER_STAMPS), _setting("message.timestamp.type"),
        _equals("message.timestamp.type", BROKER_STAMPS), "workers refuse to start: checkpoints are stamped by the broker",
    ),
    Check(
        "cleanup.policy", "error", _plain, _is("delete"), _setting("cleanup.policy"), _equals("cleanup.policy", "delete"),
        "compaction removes all of a hall's records but the newest",
    ),
    Check(
        "cleanup.policy", "error", _state, _is("compact"), _setting("cleanup.policy"), _equals("cleanup.policy", "compact"),
        "states of quiet halls would be removed for their age, and a recovery would wait for records that are gone",
    ),
    Check(
        "unclean.leader.election.enable", "error", lambda s: True, _is("false"), _setting("unclean.leader.election.enable"),
        _equals("unclean.leader.election.enable", "false"),
        "a copy that lags may become the leader: records that were acknowledged vanish, and others get their offsets",
    ),
    Check(
        "copies", "warning", lambda s: True, lambda s: f"{REPLICATION} or more", lambda s: str(s.view.copies),
        lambda s: s.view.copies >= REPLICATION,
        "with one copy a disk's end is the log's; with two, a broker's restart leaves one",
        "kafka-reassign-partitions.sh, on a cluster of three brokers or more",
    ),
    Check(
        "min.insync.replicas", "error", lambda s: s.view.copies >= REPLICATION, _is("2 or more"),
        _setting("min.insync.replicas"), lambda s: s.insync >= 2,
        "a record counts as written when one broker has it, and is lost with that broker",
    ),
    Check(
        "min.insync.replicas", "error", lambda s: True, lambda s: f"at most {s.view.copies}, the copies",
        _setting("min.insync.replicas"), lambda s: s.insync <= s.view.copies,
        "brokers that go by the letter take no record at all; others (4.1) count the copies there are",
    ),
    Check(
        "min.insync.replicas", "warning", _copied, lambda s: f"fewer than {s.view.copies}, the copies",
        _setting("min.insync.replicas"), lambda s: s.insync < s.view.copies,
        "no broker may restart without stopping the engine",
        "kafka-reassign-partitions.sh for one more copy; or fewer: `hall topics create --alter --min-insync N`",
    ),
    Check(
        "leaders", "error", lambda s: True, _is("every partition has one"), _of(_offline), lambda s: not _count(s, _offline),
        "what is offline can be neither read nor written", "start the brokers that hold it",
    ),
    Check(
        "in sync", "error", lambda s: True, lambda s: f"{counted(_wanted(s), 'copy', 'copies')} of every partition", _of(_short),
        lambda s: not _count(s, _short), "the others take no writes now", "start the brokers that are away",
    ),
    Check(
        "copies in sync", "warning", _copied, _is("all copies of every partition"), _of(_behind),
        lambda s: not _count(s, _behind), "fewer copies than there should be hold the newest records",
        "start the brokers that are away, or wait until they have caught up",
    ),
    Check(
        "open transactions", "warning", lambda s: True, _is("none that lasts"), _held, lambda s: not s.view.held,
        "workers and verbs read what is committed, so all halls of that partition wait",
        "`kafka-transactions.sh describe-producers --topic {called} --partition N` says whose it is; where `find-hanging` lists "
        "it: `abort --topic {called} --partition N --start-offset OFFSET`",
    ),
    Check(
        "racks", "warning", _racked, _is("copies in two racks or more"), _of(_one_rack), lambda s: not _count(s, _one_rack),
        "a rack's end takes all copies", "kafka-reassign-partitions.sh",
    ),
    Check(
        "max.message.bytes", "error", lambda s: True, lambda s: f"{LARGEST_RECORD} or more", _setting("max.message.bytes"),
        lambda s: s.number("max.message.bytes") >= LARGEST_RECORD,
        "a hall's state, or its configuration, does not fit: the worker ends with code 74",
    ),
    Check(
        "retention.ms", "error", _replayed, lambda s: f"{SHORTEST_KEPT_MS // HOUR_MS} h or more", _hours("retention.ms"),
        lambda s: s.number("retention.ms") >= SHORTEST_KEPT_MS,
        "what a worker has not read by then is lost; snapshots come once an hour, and without one nothing can be replayed",
        "`hall topics create --alter --retention {topic}=24h`",
    ),
    Check(
        "retention.ms", "warning", _snapshots, lambda s: "as long as what the lanes read", _hours("retention.ms"),
        lambda s: s.number("retention.ms") >= _sources_ms(s),
        "older records of the lanes cannot be replayed: a replay begins at a snapshot",
        "`hall topics create --alter --retention {topic}=DURATION`",
    ),
    Check(
        "retention.ms", "error", _recorded, _is("for ever"), _hours("retention.ms"),
        lambda s: s.number("retention.ms") == float("inf"),
        "a recording's own time may be years ago: it would be removed before it is read",
    ),
    Check(
        "message.timestamp.after.max.ms", "warning", _recorded, _is(ANY_TIME), _setting("message.timestamp.after.max.ms"),
        lambda s: s.config("message.timestamp.after.max.ms") in (ANY_TIME, ""),
        "a recording that is played as of tomorrow (`hall feed --start`) is refused",
    ),
    Check(
        "segment.ms", "warning", _live, _is("no longer than retention.ms"), _hours("segment.ms"),
        lambda s: s.number("segment.ms") <= max(s.number("retention.ms"), SHORTEST_SEGMENT_MS),
        "Kafka removes whole segments: personal data stays for longer than retention.ms says",
    ),
    Check(
        "segment.ms", "warning", _state, _is("1 h or less"), _hours("segment.ms"),
        lambda s: s.number("segment.ms") <= HOUR_MS, "what is not in a closed segment is not compacted: recovery takes longer",
    ),
    Check(
        "segment.bytes", "warning", _state, lambda s: f"{SLOW_SEGMENT_BYTES} or less", _setting("segment.bytes"),
        lambda s: s.number("segment.bytes") <= SLOW_SEGMENT_BYTES,
        "what is not in a closed segment is not compacted: recovery takes longer",
    ),
    Check(
        "min.cleanable.dirty.ratio", "warning", _state, _is("0.5 or less"), _setting("min.cleanable.dirty.ratio"),
        lambda s: s.number("min.cleanable.dirty.ratio") <= 0.5, "recovery reads many old states for a new one",
    ),
    Check(
        "min.compaction.lag.ms", "warning", _state, _is("1 h or less"), _hours("min.compaction.lag.ms"),
        lambda s: s.number("min.compaction.lag.ms") <= HOUR_MS, "recovery reads all states of that time",
        "kafka-configs.sh --alter --entity-type topics --entity-name {called} --delete-config min.compaction.lag.ms",
    ),
)  # fmt: skip
