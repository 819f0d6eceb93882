"""What `--retention` takes, and what is said of anything else."""

from __future__ import annotations

import click
import pytest

from commands.retention import Retention, keeps
from streams.kafka.topics import Keep
from streams.topics import DAY_MS, HOUR_MS, JOURNAL, OBSERVATIONS, all_topics

TOPICS = all_topics(("sensing",))


def read(*texts: str) -> dict[str, Keep]:
    return keeps([Retention().convert(text, None, None) for text in texts], TOPICS)


@pytest.mark.parametrize(
    ("text", "keep"),
    [
        ("journal=90d", Keep(90 * DAY_MS, None)),
        ("hall.journal=2w", Keep(14 * DAY_MS, None)),
        ("journal=90min", Keep(90 * 60_000, None)),
        ("journal=3600s", Keep(HOUR_MS, None)),
        ("journal=forever", Keep(None, None)),
        ("journal=5GB", Keep(30 * DAY_MS, 5_000_000_000)),
        ("journal=5GiB,24 h", Keep(DAY_MS, 5 * 2**30)),
        ("journal=forever, 512MiB", Keep(None, 512 * 2**20)),
    ],
)
def test_durations_and_sizes(text: str, keep: Keep) -> None:
    assert read(text) == {JOURNAL: keep}


def test_a_limit_that_is_not_named_stays_as_the_table_has_it() -> None:
    assert read("observations=48h") == {OBSERVATIONS: Keep(2 * DAY_MS, 5 * 2**30)}
    assert read("observations=anysize") == {OBSERVATIONS: Keep(DAY_MS, None)}


def test_several_topics_and_a_topic_several_times() -> None:
    assert read("observations=48h", "journal=7d", "observations=1GB") == {
        OBSERVATIONS: Keep(2 * DAY_MS, 10**9),
        JOURNAL: Keep(7 * DAY_MS, None),
    }


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("journal", "expected TOPIC=LIMIT, such as journal=90d"),
        ("=90d", "expected TOPIC=LIMIT"),
        ("journal=", "expected TOPIC=LIMIT"),
        ("jornal=90d", "expected a topic among hall.observations, .*; got 'jornal'"),
        ("hallstream-sensing-state-changelog=1d", "a state's topic keeps the newest of each key"),
        ("journal=90", "expected a duration such as 90min, 24h or 30d, .*; got '90'"),
        ("journal=0d", "got '0d'"),
        ("journal=1m", "got '1m'"),
        ("journal=-1", "got '-1'"),
        ("journal=5GB,", "got ''"),
        ("journal=2²d", "got '2²d'"),
    ],
)
def test_what_is_said_of_anything_else(text: str, says: str) -> None:
    with pytest.raises(click.BadParameter, match=says):
        read(text)
