"""Rows of a text as people in frames, by the layout of its columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from streams.events import Person
from streams.recordings import cells, classes, columns, layouts
from streams.recordings.classes import Scheme, Selection
from streams.recordings.collecting import Collected
from streams.recordings.columns import FLOOR, PLACES, UNUSED
from streams.recordings.dialect import Fields, Line, Table
from streams.recordings.layouts import Layout
from streams.recordings.model import Bad, Options, PositionsError

COLUMNS = "columns"
TOO_FEW, TOO_MANY = "too few columns", "too many columns"
POINT_PX = 4.0
"""A point is where somebody stands: the bottom centre of a box of this size, which is small, but not no box at all."""
Box = tuple[float, float, float, float]


def layout_of(table: Table, options: Options, name: str, where: str) -> Layout:
    """By --columns, --format, the header, a header in the comments, or what stands in the columns; in this order."""
    if options.columns is not None:
        return _own(options.columns, "table with the columns of --columns")
    if options.format is not None:
        forced = layouts.FORCED[options.format]
        return layouts.WORLD if forced is layouts.MOT and options.world else forced
    if table.names:
        return _by_header(table, options, where)
    if table.hinted and not columns.lacking(columns.of_header(table.hinted)):
        return _named(table.hinted, table.header, options)
    try:
        return layouts.recognised(table, options, name, where)
    except PositionsError as e:
        names = table.hinted or ("frame", "id", "x", "y", *("-" for _ in range(table.width - 4)))
        help_ = f", for example --columns {columns.suggestion(names)}" if 4 <= table.width <= 5 else ""
        raise PositionsError(f"{e}{help_}") from e


def _own(roles: tuple[str, ...], title: str) -> Layout:
    needed = max(at for at, role in enumerate(roles, 1) if role not in (UNUSED, "score", "class", "consider"))
    return Layout(COLUMNS, title, roles, needed, 0, any_id=True, minus_one="left" in roles or "cx" in roles)


def _by_header(table: Table, options: Options, where: str) -> Layout:
    roles = columns.of_header(table.names)
    if missing := columns.lacking(roles):
        raise PositionsError(
            f"{where}, line {table.header}: a header that is not understood, {', '.join(table.names)[:200]}: {missing}. "
            f"Say what the columns are, for example --columns {columns.suggestion(table.names)}"
        )
    return _named(table.names, table.header, options)


def _named(names: tuple[str, ...], line: int, options: Options) -> Layout:
    """A header that can be read. MOTChallenge's own names for its truth and its world columns mean what they mean there."""
    roles, plain = columns.of_header(names), [name.strip().lower() for name in names]
    if options.world:
        world = {name: f"{name}_m" for name in "xy"}
        roles = tuple(world.get(n, r) if r == UNUSED else r for n, r in zip(plain, roles, strict=True))
    layout = _own(roles, f"table with the columns of line {line}")._replace(most=len(names))
    if "visibility" in plain and "class" in roles and "consider" not in roles:
        considered = tuple("consider" if role == "score" else role for role in roles)
        return layout._replace(roles=considered, scheme=classes.MOT)
    return layout


def read(table: Table, layout: Layout, options: Options) -> Collected:
    """All rows of the table, by moment. Raises PositionsError where --classes names what is not there."""
    reader = _Reader(layout)
    labels = {reader.label(line.fields) for line in table.lines}
    selection = Selection(_scheme(layout, labels), labels, options.classes)
    found = Collected(selection, options.min_score)
    for line in table.lines:
        try:
            _take(found, reader, line)
        except Bad as e:
            found.refuse(line.number, line.text, e)
    return found


def _take(found: Collected, reader: _Reader, line: Line) -> None:
    fields = reader.checked(line.fields)
    moment = reader.moment(fields)
    if not found.leaves_out(moment, reader.label(fields), reader.considered(fields)):
        found.add(moment, reader.person(fields))


def _scheme(layout: Layout, labels: set[str]) -> Scheme:
    """Trackers write their detector's numbers under the names of the truth: then there are more than MOTChallenge has."""
    numbers = set(filter(str.isdecimal, labels))
    beyond = layout.name == COLUMNS and layout.scheme is classes.MOT and not numbers <= classes.MOT.names.keys()
    if layout.scheme is None or beyond:
        return classes.numbered(numbers) if numbers else classes.NAMED
    return layout.scheme


@dataclass(frozen=True)
class _Place:
    """Where four (or two) of a row's fields stand, and how they become a box."""

    at: tuple[int, ...]
    names: tuple[str, ...]
    box: Callable[[Sequence[float]], Box]


BOXES: dict[tuple[str, ...], Callable[[Sequence[float]], Box]] = {
    PLACES[0]: lambda v: (v[0], v[1], v[2], v[3]),
    PLACES[1]: lambda v: (v[0], v[1], v[2] - v[0], v[3] - v[1]),
    PLACES[2]: lambda v: (v[0] - v[2] / 2, v[1] - v[3] / 2, v[2], v[3]),
    PLACES[3]: lambda v: (v[0] - POINT_PX / 2, v[1] - POINT_PX, POINT_PX, POINT_PX),
}


class _Reader:
    """A layout, with the places of its columns looked up once."""

    def __init__(self, layout: Layout) -> None:
        roles = layout.roles
        self._layout = layout
        self._track = cells.named_track if layout.any_id else cells.track
        self._id = roles.index("id")
        self._time = next(role for role in ("t_ms", "t_s", "frame") if role in roles)
        self._at = roles.index(self._time)
        self._score, self._class, self._consider = (_index(roles, name) for name in ("score", "class", "consider"))
        found = (group for group in PLACES if set(group) <= set(roles))
        groups = {group in BOXES: group for group in reversed(list(found))}
        self._box = _place(roles, groups.get(True))
        self._floor = _place(roles, groups.get(False))
        self._unit = FLOOR[groups[False][0]] if False in groups else 1.0

    def checked(self, fields: Fields) -> Fields:
        count, layout = len(fields), self._layout
        if count < layout.needed:
            names = ",".join(layout.roles[: layout.needed])
            raise Bad(TOO_FEW, f"expected at least {layout.needed} columns ({names}), got {count}")
        if layout.most and count > layout.most:
            raise Bad(TOO_MANY, f"expected at most {layout.most} columns ({layout.title}), got {count}")
        return fields

    def label(self, fields: Fields) -> str:
        text = fields[self._class] if 0 <= self._class < len(fields) else ""
        if not text or text.isalpha() or not cells.is_number(text):
            return text
        value = cells.number("class", text)
        return str(int(value)) if value.is_integer() else text

    def considered(self, fields: Fields) -> bool:
        if not 0 <= self._consider < len(fields) or not fields[self._consider]:
            return True
        return cells.number("consider", fields[self._consider]) != 0

    def moment(self, fields: Fields) -> int:
        """The frame's number, or milliseconds."""
        text = fields[self._at]
        if self._layout.by_frames:
            return cells.frame(text)
        value = cells.number(self._time, text) * (1000 if self._time == "t_s" else 1)
        if not 0 <= value <= cells.LATEST_MS:
            raise Bad(cells.OUT_OF_RANGE, f"{self._time}: expected a time from 0 on, got {text}")
        return round(value)

    def person(self, fields: Fields) -> Person:
        track = self._track(fields[self._id])
        left, top, width, height = self._box.box(_numbers(self._box, fields)) if self._box else (0.0, 0.0, 0.0, 0.0)
        score = self._scored(fields)
        x_m, y_m = self._on_floor(fields)
        return cells.person((track, left, top, width, height, score, x_m, y_m))

    def _scored(self, fields: Fields) -> float:
        if not 0 <= self._score < len(fields) or not fields[self._score]:
            return 1.0
        score = cells.number("score", fields[self._score])
        return cells.score(score) if self._layout.minus_one else score

    def _on_floor(self, fields: Fields) -> tuple[float | None, float | None]:
        if self._floor is None or (self._box and self._floor.at[1] >= len(fields)):
            return None, None
        x, y = _numbers(self._floor, fields)
        missing = self._box is not None and self._layout.minus_one and x == y == -1
        return (None, None) if missing else (x * self._unit, y * self._unit)


def _numbers(place: _Place, fields: Fields) -> list[float]:
    return [cells.number(name, fields[at]) for name, at in zip(place.names, place.at, strict=True)]


def _index(roles: Sequence[str], name: str) -> int:
    return roles.index(name) if name in roles else -1


def _place(roles: Sequence[str], group: tuple[str, ...] | None) -> _Place | None:
    if group is None:
        return None
    box = BOXES.get(group, lambda v: (0.0, 0.0, 0.0, 0.0))
    return _Place(tuple(map(roles.index, group)), group, box)
