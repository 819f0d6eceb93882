"""From runs to rows of the table: the median of each engine, and ours to each peer round by round."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median

from benchmarks.figures import Figure
from benchmarks.peers.competitors import OURS, PEERS, Competitor
from benchmarks.peers.run import Run

NOT_MEASURED = "not measured"


@dataclass
class Results:
    """By competitor: its runs, one a round, and why it gave no more. Who failed once has no figure."""

    runs: dict[str, list[Run]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    def of(self, competitor: Competitor) -> list[Run]:
        return [] if competitor.name in self.failed else self.runs.get(competitor.name, [])


def by_wall(run: Run) -> float:
    """Frames a second, by the clock on the wall."""
    return run.frames / run.wall_s


def by_cpu(run: Run) -> float:
    """Frames a second of CPU time of the engine's process; that of the broker is not in it."""
    return run.frames / run.cpu_s


def figures(results: Results) -> Iterator[Figure]:
    yield _own(OURS, results)
    for peer in PEERS:
        yield _own(peer, results)
        if results.of(OURS) and results.of(peer):
            yield _against(peer, results)


def _own(competitor: Competitor, results: Results) -> Figure:
    runs = results.of(competitor)
    if not runs:
        return Figure(competitor.title, NOT_MEASURED, "", results.failed.get(competitor.name, "it did not run"))
    walls = [by_wall(run) for run in runs]
    cpu = median(by_cpu(run) for run in runs)
    note = f"{_span(walls, '{:,.0f}')}; {cpu:,.0f} by CPU time; state: {runs[-1].state}"
    return Figure(competitor.title, f"{median(walls):,.0f} frames/s", "", note)


def _against(peer: Competitor, results: Results) -> Figure:
    walls, cpus = (_ratios(results.of(OURS), results.of(peer), by) for by in (by_wall, by_cpu))
    aimed_at = f"{peer.aimed_at:g} : 1" if peer.aimed_at else ""
    note = f"{_span(walls, '{:.2f}')}; {median(cpus):.2f} : 1 by CPU time"
    return Figure(f"  Hallstream : {peer.title}", f"{median(walls):.2f} : 1", aimed_at, note)


def _ratios(ours: Sequence[Run], theirs: Sequence[Run], by: Callable[[Run], float]) -> list[float]:
    """Round by round: the two ran within a minute of each other, on a machine that was alike."""
    return [by(our) / by(their) for our, their in zip(ours, theirs, strict=True)]


def _span(values: Sequence[float], form: str) -> str:
    if len(values) == 1:
        return "one round"
    return f"{form.format(min(values))} to {form.format(max(values))} in {len(values)} rounds"
