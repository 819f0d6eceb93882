"""Events that are well formed and make no sense: unknown zones, clocks a day off, tracks that end before they start.

The strategies follow the types' own definitions, so a new event or field is covered without a word here.
"""

from __future__ import annotations

import types
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from config.hall import Hall
from streams.events import Event
from tests.support.halls import START_MS

DAY_MS = 86_400_000
TIMES = st.one_of(
    st.integers(START_MS, START_MS + 20_000),
    st.integers(START_MS - 60_000, START_MS + 60_000),
    st.sampled_from([START_MS - DAY_MS, START_MS + DAY_MS, START_MS + 3_600_000, 0]),
)
TRACKS = st.sampled_from(["c1/1", "c1/2", "c1/3", "1", "2", "客", "c1/1@5"])


def odd_events(kinds: tuple[type[Event], ...], hall: Hall) -> SearchStrategy[list[Event]]:
    """Lists of events of the given types, in no order of time."""
    return st.lists(st.one_of([_struct(kind, _words(hall)) for kind in kinds]), max_size=30)


def _words(hall: Hall) -> dict[str, SearchStrategy[Any]]:
    """Strategies for the fields whose names say what they hold."""
    zones = st.sampled_from([*(zone.id for zone in hall.zones), "gone"])
    lines = st.sampled_from([*(line.id for line in hall.lines), "gone"])
    cameras = st.sampled_from([*(camera.id for camera in hall.cameras), "gone"])
    maybe_zone, maybe_line = st.none() | zones, st.none() | lines
    named = {"zone": zones, "line": lines, "camera": cameras, "from_zone": maybe_zone, "to_zone": maybe_zone}
    named |= {"entered_by": maybe_line, "left_by": maybe_line, "track": TRACKS, "source_track": TRACKS}
    return named | {"hall": st.just(hall.id), "files": st.just({})}


def _struct(kind: type[msgspec.Struct], words: dict[str, SearchStrategy[Any]]) -> SearchStrategy[Any]:
    fields = msgspec.structs.fields(kind)
    return st.builds(kind, **{f.name: _value(f.name, f.type, words) for f in fields})


def _value(name: str, kind: object, words: dict[str, SearchStrategy[Any]]) -> SearchStrategy[Any]:
    if name in words:
        return words[name]
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _value(name, inner[0], words)
    if origin is Literal:
        return st.sampled_from(inner)
    if origin in (Union, types.UnionType):
        return st.one_of([_value(name, one, words) for one in inner])
    if origin is tuple and inner[-1] is Ellipsis:
        return st.lists(_value(name, inner[0], words), max_size=4).map(tuple)
    if origin is tuple:
        return st.tuples(*(_value(name, one, words) for one in inner))
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return _struct(kind, words)
    return TIMES if kind is int and name.endswith("_ms") else PLAIN[kind]


PLAIN: dict[object, SearchStrategy[Any]] = {
    int: st.integers(-3, 20),
    float: st.sampled_from([0.0, 0.5, 3.0]) | st.floats(-20, 20) | st.floats(-1e5, 1e5),
    bool: st.booleans(),
    str: TRACKS,
    type(None): st.none(),
}
