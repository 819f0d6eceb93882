"""What docs/operations.md promises of a running engine is what a running engine has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from prometheus_client import Metric

from streams.events import DeadReason
from streams.topics import OBSERVATIONS
from streams.worker.failure import EXITS
from tests.support.scraping import families, get
from tests.support.strolls import FILES, now_ms, send, stroll
from tests.support.system import until
from tests.torture.system import EmbeddedSystem

PAGE = (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `(hall_\w+)` \| (\w+) \| ([\w, ]*) ?\| ([^|]+) \|", re.MULTILINE)
TOLD = {
    name: (kind, sorted(filter(None, labels.strip().split(", "))), help_)
    for name, kind, labels, help_ in ROW.findall(PAGE)
}
"""Of each metric its type, its labels and its meaning."""


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedSystem]:
    """An engine that has met everything that makes a metric appear."""
    system = EmbeddedSystem(tmp_path_factory.mktemp("box"), {"hall-1": FILES})
    system.start()
    try:
        until("the engine to be ready", lambda: get(system.url + "/readyz")[0] == 200)
        send(system, stroll("1"))
        send(system, stroll("2", at_ms=now_ms() - 3_600_000))
        system.put(OBSERVATIONS, [(b"hall-1", b"junk")])
        until("every metric to have a sample", lambda: labels_of(families(system.url)).keys() >= TOLD.keys())
        yield system
    finally:
        system.close()


def labels_of(found: list[Metric]) -> dict[str, list[str]]:
    """By name as a counter is exposed; without those of a histogram's buckets. Only metrics with a sample have labels."""
    return {
        exposed(family): sorted(set(family.samples[0].labels) - {"le"}) for family in found if family.samples
    }  # fmt: skip


def exposed(family: Metric) -> str:
    return family.name + ("_total" if family.type == "counter" else "")


def test_the_table_of_metrics_is_what_prometheus_gets(engine: EmbeddedSystem) -> None:
    found = families(engine.url)
    labels = labels_of(found)
    assert {exposed(f): (f.type, labels[exposed(f)], f.documentation) for f in found} == TOLD


def test_health_is_where_the_page_says(engine: EmbeddedSystem) -> None:
    told = re.findall(r"^\| `(/\w+)` \|", PAGE, re.MULTILINE)
    assert told == ["/healthz", "/readyz", "/metrics"]
    assert all(get(engine.url + path)[0] == 200 for path in told)


def test_the_unit_restarts_where_starting_again_can_help() -> None:
    (prevented,) = re.findall(r"^RestartPreventExitStatus=(.+)$", PAGE, re.MULTILINE)
    assert [int(code) for code in prevented.split()] == [row.code for row in EXITS if row.final and row.code]


def test_the_alerts_ask_for_metrics_that_there_are() -> None:
    (rules,) = re.findall(r"```yaml\n(groups:.*?)```", PAGE, re.DOTALL)
    asked = set(re.findall(r"\bhall_\w+", rules))
    assert len(asked) >= 5
    assert asked <= TOLD.keys()


def test_every_reason_of_a_dead_letter_is_explained() -> None:
    (paragraph,) = re.findall(r"^\*\*Dead letters\*\*.*?\n\n", PAGE, re.MULTILINE | re.DOTALL)
    assert [reason for reason in get_args(DeadReason) if f"`{reason}`" not in paragraph] == []
