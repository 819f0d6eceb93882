"""Records as nobody should send them: valid ones that were bent, cut, spliced or made up. Seeded: always the same."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

from streams.codec import TICK
from streams.record import Record

NUMBERS = (
    b"0", b"-0", b"-1", b"1e999", b"-1e308", b"1e-400", b"0.1", b"9007199254740992", b"9007199254740993",
    b"18446744073709551616", b"-9223372036854775809", b"9" * 40, b"NaN", b"null", b"true", b'"1"', b"[]", b"{}", b"00",
)  # fmt: skip
PIECES = (
    b"\x00", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\\ud800", b"\\u0000", b'"', b"\\", b"[", b"]", b"{", b"}", b",", b":",
    b"null", b"[[[[[[[[", b'"id":"a:b:c:0:0:0",', b'"type":"tick",', b"\xe8\x90\xa5" * 9, b"x" * 300,
)  # fmt: skip

Bend = Callable[[random.Random, bytes], bytes]


def _place(dice: random.Random, value: bytes) -> int:
    return dice.randrange(len(value) + 1)


def flip(dice: random.Random, value: bytes) -> bytes:
    changed = bytearray(value)
    for _ in range(dice.randint(1, 4)):
        if changed:
            changed[dice.randrange(len(changed))] = dice.randrange(256)
    return bytes(changed)


def cut(dice: random.Random, value: bytes) -> bytes:
    a, b = sorted((_place(dice, value), _place(dice, value)))
    return dice.choice((value[:a], value[a:], value[:a] + value[b:], value[a:b]))


def insert(dice: random.Random, value: bytes) -> bytes:
    at = _place(dice, value)
    return value[:at] + dice.choice(PIECES) + value[at:]


def renumber(dice: random.Random, value: bytes) -> bytes:
    """Another number in place of one of its numbers."""
    starts = [n for n, byte in enumerate(value) if chr(byte).isdigit() and n and value[n - 1 : n] in b":,["]
    if not starts:
        return value
    start = dice.choice(starts)
    end = start
    while end < len(value) and value[end : end + 1] in b"0123456789.e-":
        end += 1
    return value[:start] + dice.choice(NUMBERS) + value[end:]


def swap(dice: random.Random, value: bytes) -> bytes:
    """Two words of it change places: types become names, names fields."""
    words = value.split(b'"')
    if len(words) < 4:
        return value
    a, b = dice.randrange(len(words)), dice.randrange(len(words))
    words[a], words[b] = words[b], words[a]
    return b'"'.join(words)


def noise(dice: random.Random, value: bytes) -> bytes:
    return dice.randbytes(dice.randrange(200))


BENDS: tuple[Bend, ...] = (flip, cut, insert, renumber, renumber, swap, noise)


Valid = Callable[[random.Random, int, int], tuple[bytes, bytes]]
"""Makes a record as it should be, key and value, from the dice, its number and its time."""


def mutants(seed: int, count: int, valid: Valid, now_ms: int) -> Iterator[Record]:
    """``count`` records of one partition: a third valid, some ticks, the rest bent; the clock goes on, and jumps at times."""
    dice = random.Random(seed)
    for number in range(count):
        now_ms += dice.choice((0, 0, 40, 40, 100, 1000, -500))
        if dice.random() < 0.0002:
            now_ms += 3_600_000
        yield Record("", 0, number, now_ms, *_bent(dice, *valid(dice, number, now_ms)))


def _bent(dice: random.Random, key: bytes, value: bytes) -> tuple[bytes | None, bytes | None]:
    chance = dice.random()
    if chance < 0.05:
        return None, TICK
    if chance < 0.07:
        return dice.choice((None, b"", b"\xff", flip(dice, key))), value
    if chance < 0.08:
        return key, None
    for _ in range(0 if chance < 0.4 else dice.choice((1, 1, 2))):
        value = dice.choice(BENDS)(dice, value)
    return key, value
