"""Person-seconds by zone, counted in several ways: where they agree, a person-second is one person-second."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from benchmarks.accuracy.ledger import Ledger
from benchmarks.figures import Figure

Seconds = Mapping[str, float]


def told(ledger: Ledger) -> dict[str, Seconds]:
    """What the engine's events say: as stays between entering and leaving, as dwell times, as hourly means."""
    return {
        "stays": _seconds(ledger.stays_ms),
        "dwell_ended": _seconds(ledger.dwells_ms),
        "zone_hour": _seconds(ledger.hours_ms),
    }


def _seconds(sums_ms: Mapping[str, int]) -> Seconds:
    return {zone: ms / 1000 for zone, ms in sums_ms.items()}


def compared(truth: Seconds, ways: Mapping[str, Seconds], zones: Sequence[str]) -> Iterator[Figure]:
    """A row for all zones and one for each: what each way says, as its difference from the truth in percent."""
    for zone in ("all zones", *zones):
        of = zones if zone == "all zones" else [zone]
        true = sum(truth.get(name, 0.0) for name in of)
        said = {way: sum(seconds.get(name, 0.0) for name in of) for way, seconds in ways.items()}
        differences = ", ".join(f"{way} {_percent(value, true)}" for way, value in said.items())
        yield Figure(f"  person-seconds, {zone}", differences, "", f"truth {true:,.0f} s")


def _percent(value: float, true: float) -> str:
    return f"{100 * (value / true - 1):+.1f} %" if true else f"{value:,.0f} s"
