"""Ids name what the engine publishes; a reader drops repeats by comparing three numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.ids import EventId, Seen, parse_id

NAMES = st.text("abcdefghijklmnopqrstuvwxyz0123456789_-~", min_size=1, max_size=64)
NUMBERS = st.integers(0, 10**18 - 1)
IDS = st.builds(EventId, NAMES, NAMES, NAMES, NUMBERS, NUMBERS, NUMBERS)


@given(IDS)
def test_an_id_is_text_and_back(event_id: EventId) -> None:
    assert parse_id(str(event_id)) == event_id


def test_an_id_reads_from_the_large_to_the_small() -> None:
    assert str(EventId("demo", "sensing", "zones", 7, 42, 1)) == "demo:sensing:zones:7:42:1"
    assert EventId("demo", "sensing", "zones", 7, 42, 1).place == (7, 42, 1)


@pytest.mark.parametrize(
    "text",
    [
        "", "demo", "demo:sensing:zones:0:42", "demo:sensing:zones:0:42:0:0", ":sensing:zones:0:42:0",
        "demo:sensing:zones:0:-1:0", "demo:sensing:zones:0: 42:0", "demo:sensing:zones:0:4_2:0",
        "demo:sensing:zones:0:٤٢:0",  # Arabic digits: int() would take them
        "demo:sensing:zones:0:42:0\n", "demo:sensing:zones:0:" + "9" * 19 + ":0", "x" * 65 + ":sensing:zones:0:42:0",
    ],
)  # fmt: skip
def test_what_is_no_id_is_refused_and_told_what_one_looks_like(text: str) -> None:
    with pytest.raises(ValueError, match=r"expected hall:lane:agent:era:offset:ordinal.*; got"):
        parse_id(text)


def test_a_number_in_an_id_fits_into_a_checkpoint() -> None:
    assert parse_id("demo:sensing:zones:0:" + "9" * 18 + ":0").offset < 2**63


def test_a_reader_drops_what_is_not_above_what_it_has_seen() -> None:
    seen = Seen()
    places = [(0, 5, 0), (0, 5, 1), (0, 5, 1), (0, 5, 0), (0, 4, 9), (0, 6, 0), (1, 0, 0), (0, 9, 9)]
    #          new       new      repeat     repeat     repeat     new     new era    of the old era
    new = [seen.is_new(EventId("demo", "sensing", "zones", *place)) for place in places]
    assert new == [True, True, False, False, False, True, True, False]


def test_each_agent_of_each_hall_and_lane_counts_for_itself() -> None:
    seen = Seen()
    others = [
        ("demo", "sensing", "zones"),
        ("demo", "sensing", "dwell"),
        ("demo", "service", "zones"),
        ("x", "sensing", "zones"),
    ]
    assert all(seen.is_new(EventId(*other, 3, 3, 3)) for other in others)
    assert not any(seen.is_new(EventId(*other, 3, 3, 3)) for other in others)


@given(st.lists(st.tuples(*[st.integers(0, 3)] * 3)), st.data())
def test_a_log_with_repeats_reads_as_the_log_without(log: list[tuple[int, int, int]], data: st.DataObject) -> None:
    """Whatever stretches are written again after a crash, each going on at or before the end of what stood."""
    log = sorted(set(log))
    written: list[tuple[int, int, int]] = []
    at = 0
    while at < len(log):
        end = data.draw(st.integers(at + 1, len(log)))
        written += log[data.draw(st.integers(0, at)) : end]
        at = end
    seen = Seen()
    assert [place for place in written if seen.is_new(EventId("h", "l", "a", *place))] == log
