"""Repeats from the edge, judged by a bitmap; here against a plain set of all that ever came."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.engine.windows import BOOTS, SOURCES, WIDTH, Window, Windows, is_new


class Naive:
    """Remembers every number; what is further behind than the window is wide counts as a repeat."""

    def __init__(self) -> None:
        self.seen: set[int] = set()

    def is_new(self, seq: int) -> bool:
        new = seq not in self.seen and seq > max(self.seen, default=seq) - WIDTH
        self.seen.add(seq)
        return new


NEARBY = st.lists(st.integers(0, 200), max_size=200)
JUMPS = st.lists(st.integers(-(2**53), 2**53), max_size=30)
STEPS = st.lists(st.integers(-80, 80), max_size=200).map(lambda steps: [sum(steps[:n]) for n in range(len(steps))])


@given(NEARBY | JUMPS | STEPS)
def test_a_window_judges_as_a_set_of_everything_would(numbers: list[int]) -> None:
    windows: Windows = {}
    naive = Naive()
    for seq in numbers:
        assert is_new(windows, "cam", "boot", seq) == naive.is_new(seq)
        assert windows["cam"][0].mask.bit_length() <= WIDTH


def judged(*numbers: int) -> str:
    """``+`` new, ``.`` repeat."""
    windows: Windows = {}
    return "".join("+" if is_new(windows, "cam", "boot", seq) else "." for seq in numbers)


def test_a_retry_out_of_order_is_not_lost() -> None:
    assert judged(1, 2, 4, 5, 3, 3, 4) == "+++++.."


def test_the_window_is_64_wide() -> None:
    #     |<- 63 ->|
    # 36  37 ... 100        36 is as far behind as a number can be and not be known
    assert judged(100, 100 - 63, 100 - 64) == "++."
    assert judged(0, 63, 0) == "++."
    assert judged(0, 64, 0, 1) == "++.+"


def test_numbers_may_start_anywhere() -> None:
    assert judged(-5, -6, -5) == "++."
    assert judged(2**53, -(2**53), 2**53) == "+.."


def test_a_restart_of_the_sender_begins_anew() -> None:
    windows: Windows = {}
    assert is_new(windows, "cam", "monday", 1000)
    assert is_new(windows, "cam", "tuesday", 1)
    assert not is_new(windows, "cam", "monday", 1000), "a retry from before the restart"
    assert not is_new(windows, "cam", "tuesday", 1)


def test_senders_do_not_disturb_each_other() -> None:
    windows: Windows = {}
    assert all(is_new(windows, source, "boot", 1) for source in ("cam-1", "cam-2", "desk"))
    assert not any(is_new(windows, source, "boot", 1) for source in ("cam-1", "cam-2", "desk"))


def test_who_gives_no_name_is_never_a_repeat() -> None:
    windows: Windows = {}
    assert is_new(windows, "", "", 0)
    assert is_new(windows, "", "", 0)
    assert windows == {}


def test_memory_is_bounded_whatever_the_senders_call_themselves() -> None:
    windows: Windows = {}
    for n in range(3 * SOURCES):
        for boot in range(BOOTS + 3):
            is_new(windows, f"s{n}", f"b{boot}", n)
    assert len(windows) == SOURCES
    assert all([w.boot for w in boots] == [f"b{boot}" for boot in range(3, BOOTS + 3)] for boots in windows.values())
    assert not is_new(windows, f"s{3 * SOURCES - 1}", f"b{BOOTS + 2}", 3 * SOURCES - 1), "the newest is remembered"


@pytest.mark.parametrize("numbers", [(1, 2, 3), (2**53, 0), (-(2**53),), tuple(range(100, 0, -1))])
def test_windows_live_in_a_checkpoint(numbers: tuple[int, ...]) -> None:
    windows: Windows = {}
    for seq in numbers:
        is_new(windows, "cam", "boot", seq)
    raw = msgspec.msgpack.encode(windows)
    assert msgspec.msgpack.decode(raw, type=Windows) == windows
    assert isinstance(windows["cam"][0], Window)
