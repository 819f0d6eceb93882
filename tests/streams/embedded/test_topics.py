"""Topics of the embedded log: made by anyone, altered only where that is harmless."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from streams.embedded.errors import LogFull, TopicConflict
from streams.embedded.log import Log
from streams.embedded.schema import MAX_PARTITIONS
from streams.log import Append, TopicSpec
from tests.support.embedded import values


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    with Log.open(tmp_path / "halls.log") as log:
        yield log


def test_topics_are_listed_as_they_were_made(log: Log) -> None:
    specs = [TopicSpec("b", 3, time="producer", retention_ms=5, retention_bytes=7), TopicSpec("a", compact=True)]
    for spec in specs:
        log.create_topic(spec)
        log.create_topic(spec)
    assert log.topics() == {"a": specs[1], "b": specs[0]}


def test_retention_can_be_altered(log: Log) -> None:
    log.create_topic(TopicSpec("t", retention_ms=5))
    log.create_topic(TopicSpec("t", retention_bytes=9))
    assert log.topics() == {"t": TopicSpec("t", retention_bytes=9)}


@pytest.mark.parametrize(
    ("other", "says"),
    [
        (TopicSpec("t", 3), "partitions is 2, asked for 3"),
        (TopicSpec("t", 2, compact=True), "compact is False, asked for True"),
        (TopicSpec("t", 2, time="producer"), "time is 'log', asked for 'producer'"),
    ],
)
def test_what_is_for_ever_cannot_be_altered(log: Log, other: TopicSpec, says: str) -> None:
    log.create_topic(TopicSpec("t", 2))
    with pytest.raises(TopicConflict, match=says):
        log.create_topic(other)
    assert log.topics() == {"t": TopicSpec("t", 2)}


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"name": ""}, "letters"),
        ({"name": "hall journal"}, "letters"),
        ({"partitions": 0}, "at least 1 partition, got 0"),
        ({"time": "lunch"}, "'log' or 'producer', got 'lunch'"),
        ({"retention_ms": -1}, "0 or more"),
        ({"compact": True, "retention_ms": 1}, "no retention on a compact topic"),
    ],
)
def test_a_spec_that_makes_no_sense_is_refused(fields: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        TopicSpec(**{"name": "t", **fields})


def test_topics_made_by_others_are_found(log: Log, tmp_path: Path) -> None:
    with Log.open(tmp_path / "halls.log") as other:
        other.create_topic(TopicSpec("new"))
    log.append([Append("new", 0, None, b"v")])
    assert values(log, "new") == [b"v"]


def test_the_last_partition_number_works_and_the_next_is_refused(log: Log) -> None:
    """The number shares 64 signed bits with the offset: the very last one must not spill over."""
    log.create_topic(TopicSpec("many", MAX_PARTITIONS))
    log.append([Append("many", MAX_PARTITIONS - 1, None, b"v")])
    assert values(log, "many", MAX_PARTITIONS - 1) == [b"v"]
    assert log.stats()[-1][1:5] == (MAX_PARTITIONS - 1, 0, 1, 1)
    with pytest.raises(LogFull, match="room for 32767 partitions"):
        log.create_topic(TopicSpec("more"))
    assert "more" not in log.topics()
