"""When a recording begins, as it is said on the command line."""

from __future__ import annotations

import click
import pytest

from commands.sources import start_ms
from config.loading import load_files
from tests.support.hall_files import FILES

HALL = load_files(FILES).hall  # in Shanghai


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        (None, 1_577_840_400_000),  # 2020-01-01T09:00
        ("2026-03-02T08:30", 1_772_411_400_000),
        ("2026-03-02T00:30Z", 1_772_411_400_000),
        ("2026-03-02T00:30:00.001Z", 1_772_411_400_001),
        ("2026-03-02T00:30:01.009Z", 1_772_411_401_009),
    ],
)
def test_it_is_the_halls_time_unless_it_says_otherwise_to_the_millisecond(text: str | None, ms: int) -> None:
    assert start_ms(text, HALL) == ms


def test_every_millisecond_comes_out_as_itself() -> None:
    assert [start_ms(f"2026-03-02T00:30:00.{n:03}Z", HALL) - 1_772_411_400_000 for n in range(1000)] == list(
        range(1000)
    )


@pytest.mark.parametrize("text", ["monday", "0001-01-01T00:00", "9999-12-31T23:59", "1970-12-31"])
def test_what_is_no_time_of_ours_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match=f"of 1971 to 9000, such as 2026-03-02T08:30 .*got '{text}'"):
        start_ms(text, HALL)
