"""Small sums, and rows that say why there is no figure."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks.__main__ import Measurement, figures_of
from benchmarks.figures import Figure, NotMeasured, Options, spread


def test_a_spread_is_the_middle_one_and_between_which_they_lie() -> None:
    assert spread([3.0, 1.0, 2.5]) == "2.50 s (1.00 to 3.00)"


def test_a_measurement_that_cannot_be_made_here_says_why_and_the_others_go_on() -> None:
    def measure(options: Options) -> Iterator[Figure]:
        yield Figure("first", "1")
        raise NotMeasured("no Kafka to measure with")

    first, second, load = figures_of(Measurement("some", measure, "something"), Options(True, Path()))
    assert first.got == "1"
    assert second == Figure("not measured", "", "", "no Kafka to measure with")
    assert load.what.strip() == "load average after it"
