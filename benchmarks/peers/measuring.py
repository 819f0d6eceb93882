"""One job on one real Kafka: Hallstream, stock Faust, Quix Streams and Bytewax, one after the other, in rounds."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from rich.console import Console

from benchmarks.figures import Figure, Options, rate
from benchmarks.peers.competitors import COMPETITORS, Competitor
from benchmarks.peers.environments import Unavailable, python_of
from benchmarks.peers.field import Failed, Field, Input, fill
from benchmarks.peers.frames import alone, configurations, frames
from benchmarks.peers.results import Results, figures
from benchmarks.peers.run import Run
from streams.topics import OBSERVATIONS
from tests.support.kafka_broker import KafkaBroker, require_jars

ENVIRONMENTS = Path(__file__).parents[2] / "var" / "bench-peers"


class Size(NamedTuple):
    frames: int
    rounds: int


FULL, QUICK = Size(200_000, 3), Size(40_000, 1)


def measure(options: Options) -> Iterator[Figure]:
    size = QUICK if options.quick else FULL
    require_jars()
    results = Results()
    pythons = _pythons(results)
    broker = KafkaBroker(options.directory / "kafka")
    broker.start()
    try:
        inputs, alone_s = _inputs(broker.servers, size.frames)
        _compete(Field(broker.servers, options.directory / "runs"), inputs, pythons, size.rounds, results)
    finally:
        broker.kill()
    yield Figure("the job alone, in a loop", rate(size.frames, alone_s), "", "no Kafka, no state kept: the limit")
    yield from figures(results)


def _pythons(results: Results) -> dict[str, Path]:
    """By competitor; those without an environment do not compete, and the results say why."""
    pythons = {}
    for competitor in COMPETITORS:
        _say(f"environment of {competitor.title}")
        try:
            pythons[competitor.name] = (
                python_of(ENVIRONMENTS, competitor.environment) if competitor.environment else Path(sys.executable)
            )
        except Unavailable as e:
            results.failed[competitor.name] = str(e)
    return pythons


def _inputs(servers: str, count: int) -> tuple[dict[float, Input], float]:
    """By share: a topic with that share of the frames, its first ones. And how long the job alone takes for all."""
    records = list(frames(count))
    inputs, took_s = {}, 0.0
    for share in sorted({competitor.share for competitor in COMPETITORS}):
        part = [*configurations(), *records[: round(count * share)]]
        topic = OBSERVATIONS if share == 1.0 else f"peers.first-{len(part)}"
        _say(f"filling {topic} with {len(part):,} records")
        fill(servers, topic, part)
        expected, took_s = alone(part)
        inputs[share] = Input(topic, round(count * share), expected)
    return inputs, took_s


def _compete(field: Field, inputs: dict[float, Input], pythons: dict[str, Path], rounds: int, results: Results) -> None:
    for number in range(1, rounds + 1):
        for competitor in COMPETITORS:
            if competitor.name in pythons and competitor.name not in results.failed:
                _run(field, competitor, pythons[competitor.name], inputs[competitor.share], number, results)


def _run(field: Field, competitor: Competitor, python: Path, given: Input, number: int, results: Results) -> None:
    try:
        run: Run = field.run(competitor, python, given, f"{competitor.name}-{number}")
    except Failed as e:
        results.failed[competitor.name] = str(e)
        _say(f"round {number}: {competitor.title}: {e}")
        return
    results.runs.setdefault(competitor.name, []).append(run)
    _say(
        f"round {number}: {competitor.title}: {rate(run.frames, run.wall_s)}, {rate(run.frames, run.cpu_s)} by CPU time"
    )


def _say(what: str) -> None:
    Console(stderr=True, highlight=False).print(f"  {time.strftime('%H:%M:%S')} {what}", style="dim")
