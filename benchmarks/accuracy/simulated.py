"""A simulated morning in the demo hall, against its truth: counts, joins, and person-seconds.

The truth is that of ``devices.simulator.truth``: for each camera what it had in view, so that who walks from one
camera's floor to the other's is two tracks, and enters a zone that they share twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.accuracy.ledger import Ledger, ledger_of
from benchmarks.accuracy.scoring import BREAK_MS, Crossings, drift, false_joins, healing
from benchmarks.accuracy.seconds import compared, told
from benchmarks.figures import Figure, Options
from config.hall import Hall
from config.loading import load_files, read_dir
from devices.simulator import Noise, Simulator, Truth
from devices.simulator.truth import Track, summarise

DEMO = Path(__file__).parents[2] / "config" / "examples" / "demo"
SEED, LEVEL = 1, 2.0
HOURS, QUICK_HOURS, PERFECT_HOURS = 3.0, 0.75, 1.0
OPENS = datetime(2026, 3, 2, 8, 30)
BRIEF_MS = 500
"""An edge touched for less than this is dithering rather than a visit: inertia is there to leave it out."""


class Morning(NamedTuple):
    hall: Hall
    truth: Truth
    ledger: Ledger


def measure(options: Options) -> Iterator[Figure]:
    perfect = simulated(QUICK_HOURS if options.quick else PERFECT_HOURS, Noise.none())
    yield _joins("false joins in 100 people, without noise", perfect)
    morning = simulated(QUICK_HOURS if options.quick else HOURS, Noise())
    yield _joins("false joins in 100 people", morning)
    yield _healed(morning)
    yield from _entries(morning)
    yield from doors(morning)
    hall, truth, ledger = morning
    zones = [zone.id for zone in hall.zones]
    yield from compared(true_seconds(truth), told(ledger), zones)


def simulated(hours: float, noise: Noise, seed: int = SEED) -> Morning:
    files = read_dir(DEMO)
    hall = load_files(files).hall
    start_ms = round(OPENS.replace(tzinfo=hall.tz).timestamp() * 1000)
    simulator = Simulator(hall, seed=seed, start_ms=start_ms, level=LEVEL, noise=noise)
    ledger = ledger_of(hall.id, files, simulator.frames(start_ms + round(hours * 3_600_000)))
    return Morning(hall, simulator.truth(), ledger)


def visitor_of(truth: Truth) -> dict[str, str]:
    """By camera's id, whom it followed; false boxes are not in it."""
    return {_source(track): visitor.visitor for visitor in truth.visitors for track in visitor.tracks}


def broken_ids(truth: Truth) -> list[str]:
    """The ids that a camera gave to somebody soon after it had lost him."""
    found = []
    for visitor in truth.visitors:
        last: dict[str, Track] = {}
        for track in visitor.tracks:
            before = last.get(track.camera)
            if before and track.first_ms - before.last_ms <= BREAK_MS:
                found.append(_source(track))
            last[track.camera] = track
    return found


def true_seconds(truth: Truth) -> dict[str, float]:
    """By zone, the time that people were in it and in view: a frame stands for the time between two."""
    seconds = Counter[str]()
    for visitor in truth.visitors:
        for stay in visitor.stays:
            seconds[stay.zone] += sum(seen.frames for seen in stay.seen)
    return {zone: frames / truth.fps for zone, frames in seconds.items()}


def true_stays_ms(truth: Truth) -> list[int]:
    """How long each stay was in one camera's view."""
    return [seen.last_ms - seen.first_ms for visitor in truth.visitors for stay in visitor.stays for seen in stay.seen]


def _source(track: Track) -> str:
    return f"{track.camera}/{track.track}"


def _joins(name: str, morning: Morning) -> Figure:
    _, truth, ledger = morning
    visitors = visitor_of(truth)
    return Figure(
        name, f"{100 * false_joins(ledger.links, visitors) / max(1, len(truth.visitors)):.1f}", "at most 1",
        f"{len(truth.visitors)} visitors, {len(visitors)} ids, {len(truth.false_tracks)} false ones, "
        f"{ledger.started} tracks, {ledger.joins} joins",
    )  # fmt: skip


def _healed(morning: Morning) -> Figure:
    _, truth, ledger = morning
    result = healing(ledger.links, visitor_of(truth), broken_ids(truth))
    return Figure(
        "broken ids healed", f"{result.healed} of {result.breaks} ({result.share:.1f} %)", "",
        f"{result.missed} missed, {result.stolen} joined to another",
    )  # fmt: skip


def _entries(morning: Morning) -> Iterator[Figure]:
    _, truth, ledger = morning
    zones: dict[str, dict[str, Any]] = summarise(truth)["zones"]
    true = sum(zone["entries"] for zone in zones.values())
    false_ids = {_source(track) for track in truth.false_tracks}
    false = sum(entry.source in false_ids for entry in ledger.entries)
    yield Figure("extra zone entries by false boxes", f"{100 * false / true:.2f} %", "under 1 %", f"{false} entries")
    got = len(ledger.entries)
    brief = sum(ms < BRIEF_MS for ms in true_stays_ms(truth))
    yield Figure(
        "zone entries", f"{got:,} ({100 * (got / true - 1):+.1f} %)", "",
        f"truth {true:,}, of them {brief:,} for less than half a second",
    )  # fmt: skip


def doors(morning: Morning) -> Iterator[Figure]:
    """What was counted over the entrances, and how far entries minus exits are off."""
    hall, truth, ledger = morning
    lines = [line.id for line in hall.lines if line.entrance]
    got = Crossings(*(sum(ledger.crossed[line, way] for line in lines) for way in ("forward", "backward")))
    true = true_crossings(truth, lines)
    yield Figure("over the entrances", str(got), "", f"truth {true}")
    yield drift(got, true)


def true_crossings(truth: Truth, lines: list[str]) -> Crossings:
    """Those that a camera saw from one side to the other."""
    met = Counter(c.direction for v in truth.visitors for c in v.crossings if c.seen and c.line in lines)
    return Crossings(met["forward"], met["backward"])
