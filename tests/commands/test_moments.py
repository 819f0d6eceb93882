"""Times as people type them."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from commands.moments import moment_ms

NOW_MS = 1_772_413_155_000
"""2026-03-02 00:59:15 in UTC."""


@pytest.fixture(autouse=True)
def in_shanghai(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as zone:
        zone.setenv("TZ", "Asia/Shanghai")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize(
    ("text", "ago_s"),
    [
        ("15m", 900), ("90 s", 90), ("2h", 7200), ("1d", 86_400),
        ("08:30", 1755), ("08:59:14.5", 0.5), ("2026-03-02T08:30", 1755), ("2026-03-02T00:30Z", 1755), ("2026-03-02", 32_355),
    ],
)  # fmt: skip
def test_a_time_is_of_today_or_of_its_date_or_so_long_ago(text: str, ago_s: float) -> None:
    assert moment_ms(text, NOW_MS) == NOW_MS - ago_s * 1000


@pytest.mark.parametrize("text", ["", "noon", "25:00", "15", "15 parsecs", "99999999d", "2026-13-01", "-5m"])
def test_what_is_none_is_refused_with_examples(text: str) -> None:
    with pytest.raises(ValueError, match=r"expected a time such as 09:30"):
        moment_ms(text, NOW_MS)
