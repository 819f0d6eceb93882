"""Times on pictures are those of the hall's clock."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.drawing.times import MOST_LABELS, time_labels, time_range
from tests.support.service_lane import hall

SHANGHAI, KOLKATA = hall("a", timezone="Asia/Shanghai"), hall("a", timezone="Asia/Kolkata")
HOUR_MS = 3_600_000


def ms(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Shanghai")).timestamp() * 1000)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2024-05-01 09:00", "2024-05-01 17:30", "1 May 2024, 09:00 to 17:30"),
        ("2024-05-01 23:00", "2024-05-02 01:00", "1 May 2024, 23:00 to 2 May 2024, 01:00"),
    ],
)
def test_the_time_a_picture_covers(start: str, end: str, expected: str) -> None:
    assert time_range(SHANGHAI, ms(start), ms(end)) == expected


def test_of_nothing_there_is_no_time() -> None:
    assert time_range(SHANGHAI, None, 0) == "nothing recorded"


@pytest.mark.parametrize(
    ("start", "end", "labels"),
    [
        ("2024-05-01 08:50", "2024-05-01 12:10", ["09:00", "09:30", "10:00", "10:30", "11:00", "11:30", "12:00"]),
        ("2024-05-01 09:00", "2024-05-01 09:03", ["09:00", "09:01", "09:02", "09:03"]),
        ("2024-05-01 06:00", "2024-05-03 06:00", [
            "01 May 06:00", "01 May 12:00", "01 May 18:00", "02 May 00:00", "02 May 06:00", "02 May 12:00",
            "02 May 18:00", "03 May 00:00", "03 May 06:00",
        ]),
        ("2024-05-01 12:00", "2024-05-06 12:00", ["02 May", "03 May", "04 May", "05 May", "06 May"]),
    ],
)  # fmt: skip
def test_labels_stand_at_round_times(start: str, end: str, labels: list[str]) -> None:
    assert [text for _, text in time_labels(SHANGHAI, ms(start), ms(end))] == labels


def test_half_hour_offsets_have_round_times_too() -> None:
    """06:00 UTC is 11:30 in Kolkata."""
    assert time_labels(KOLKATA, 6 * HOUR_MS, 8 * HOUR_MS)[0] == (0.0, "11:30")
    assert time_labels(KOLKATA, 6 * HOUR_MS, 14 * HOUR_MS)[0] == (0.0625, "12:00")


@given(st.integers(0, 4 * 10**12), st.integers(0, 10**12))
def test_labels_are_within_the_picture_in_order_and_not_too_many(start: int, span: int) -> None:
    shares = [share for share, _ in time_labels(SHANGHAI, start, start + span)]
    assert shares == sorted(shares)
    assert all(0 <= share <= 1 for share in shares)
    assert len(shares) <= 4 * MOST_LABELS
