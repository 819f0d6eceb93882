"""What the columns of a text mean: formats without a header, and how they are told apart by what stands in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

from streams.recordings import classes
from streams.recordings.cells import is_number, number
from streams.recordings.classes import Scheme
from streams.recordings.dialect import Fields, Table
from streams.recordings.model import Bad, Options, PositionsError

BOX = ("frame", "id", "left", "top", "width", "height")
CORNERS = ("left", "top", "right", "bottom")
NEARLY_ALL = 0.98
"""Of the rows: a damaged one does not change what a file is."""


class Layout(NamedTuple):
    """``needed``, ``most``: how many columns a row must and may have (``most`` 0: any). ``scheme``: of its class column.

    ``minus_one``: -1 as a score means that none is given, and -1, -1 as a place on the floor that none is.
    ``any_id``: an id may be a name.
    """

    name: str
    title: str
    roles: tuple[str, ...]
    needed: int
    most: int
    scheme: Scheme | None = None
    minus_one: bool = True
    any_id: bool = False

    @property
    def by_frames(self) -> bool:
        """Whether its moments are frame numbers; times go first where it has both."""
        return not {"t_s", "t_ms"} & set(self.roles)


MOT = Layout("mot", "MOTChallenge text", (*BOX, "score", "-", "-", "-"), 6, 10)
WORLD = MOT._replace(title="MOTChallenge text with floor positions", roles=(*BOX, "score", "x_m", "y_m", "-"))
CLASSED = MOT._replace(title="MOTChallenge text with a class in column 8", roles=(*BOX, "score", "class", "-", "-"))
TRUTH = Layout("mot-gt", "MOTChallenge ground truth", (*BOX, "consider", "class", "-", "-"), 7, 10, classes.MOT)
PLAIN_TRUTH = TRUTH._replace(roles=(*BOX, "consider", "-", "-", "-"), scheme=None)
VISDRONE = Layout("visdrone", "VisDrone", (*BOX, "score", "class", "-", "-"), 8, 10, classes.VISDRONE)
VISDRONE_TRUTH = VISDRONE._replace(title="VisDrone ground truth", roles=(*BOX, "consider", "class", "-", "-"))
KITTI = Layout(
    "kitti",
    "KITTI tracking labels",
    ("frame", "id", "class", *"---", *CORNERS, *"-------", "score"),
    10,
    18,
    classes.NAMED,
)
OBSMAT = Layout("obsmat", "obsmat", ("frame", "id", "x_m", "-", "y_m"), 5, 8, minus_one=False)

FORCED = {layout.name: layout for layout in (MOT, TRUTH, VISDRONE, KITTI, OBSMAT)}


class Columns:
    """A table by columns, from the left, counting from 1 as people do: what the values of all rows have in common.

    Columns that tell formats apart have few different values, so each is looked at once, however many rows have it.
    """

    def __init__(self, rows: Sequence[Fields]) -> None:
        self._rows = rows
        self._values: dict[int, Counter[str]] = {}

    def all(self, column: int, test: Callable[[float], bool]) -> bool:
        """Whether nearly all values are numbers that pass."""
        passed = sum(count for text, count in self._of(column).items() if _passes(text, test))
        return bool(self._rows) and passed >= NEARLY_ALL * len(self._rows)

    def words(self, column: int) -> bool:
        """Whether nearly all values are something, and no number."""
        words = sum(count for text, count in self._of(column).items() if text and not is_number(text))
        return bool(self._rows) and words >= NEARLY_ALL * len(self._rows)

    def any(self, column: int, test: Callable[[float], bool]) -> bool:
        return any(_passes(text, test) for text in self._of(column))

    def _of(self, column: int) -> Counter[str]:
        if column not in self._values:
            self._values[column] = Counter(row[column - 1] for row in self._rows if len(row) >= column)
        return self._values[column]


def _passes(text: str, test: Callable[[float], bool]) -> bool:
    try:
        return test(number("", text))
    except Bad:
        return False


def _in(*values: float) -> Callable[[float], bool]:
    return lambda value: value in values


def _whole(low: int, high: int) -> Callable[[float], bool]:
    return lambda value: value.is_integer() and low <= value <= high


def recognised(table: Table, options: Options, name: str, where: str) -> Layout:
    """The layout of a text without a header. ``name``: the file's; ``where``: for errors. Raises PositionsError."""
    rows = [line.fields for line in table.lines if len(line.fields) == table.width]
    columns, first = Columns(rows), _first(table, where)
    if table.width in (17, 18) and rows and not is_number(rows[0][2]):
        return KITTI
    if table.width == 8 and columns.all(4, _in(0)) and columns.all(7, _in(0)):
        return OBSMAT
    if table.width > MOT.most:
        raise PositionsError(f"{first}: {_too_many(table.width)}. Name its columns with --columns")
    if table.width < MOT.needed:
        raise PositionsError(f"{first}: {_too_few(table)}")
    return WORLD if options.world else _mot(table.width, columns, name)


def floor_hint(table: Table, layout: Layout) -> str:
    """What to say when the columns that most data sets leave at -1 are filled, and are not used."""
    columns = Columns([line.fields for line in table.lines if len(line.fields) == table.width])
    filled = layout is MOT and all(columns.all(at, lambda v: v != -1) for at in (8, 9))
    if not filled or not columns.any(8, lambda v: not v.is_integer()):
        return ""
    return "columns 8 and 9 are filled: if they are metres on the hall's floor, --world uses them"


def _mot(width: int, columns: Columns, name: str) -> Layout:
    """Results, detections and the several kinds of truth have the same first six columns."""
    flagged = columns.all(7, _in(0, 1))
    if (at := next((at for at in range(7, width + 1) if columns.words(at)), 0)) > 0:
        return _named_classes(at)
    if width == 10 and columns.all(8, _whole(0, 11)) and columns.any(8, _whole(1, 11)) and _visdrone_flags(columns):
        return VISDRONE_TRUTH if flagged else VISDRONE
    if width == 8 and flagged and columns.any(7, _in(0)) and columns.all(8, _whole(1, 13)):
        return TRUTH
    if width in (9, 10) and flagged and columns.all(8, _whole(1, 13)) and columns.all(9, lambda v: 0 <= v <= 1):
        return TRUTH
    if width >= 8 and columns.all(8, _whole(-1, 99)) and columns.any(8, _whole(0, 99)) and _no_place(width, columns):
        return CLASSED
    return PLAIN_TRUTH if flagged and width > 6 and name.removesuffix(".gz") == "gt.txt" else MOT


def _named_classes(at: int) -> Layout:
    """Tools for labelling write the class's name behind the box, or behind the score."""
    roles = list(MOT.roles)
    roles[at - 1] = "class"
    return MOT._replace(title="MOTChallenge text with names of classes", roles=tuple(roles), scheme=classes.NAMED)


def _visdrone_flags(columns: Columns) -> bool:
    return columns.all(9, _in(0, 1)) and columns.all(10, _in(0, 1, 2))


def _no_place(width: int, columns: Columns) -> bool:
    """Whether what follows the class is no place on the floor: a share from 0 to 1, or -1."""
    return width == 8 or (
        columns.all(9, (lambda v: v == -1 or 0 <= v <= 1) if width == 9 else _in(-1))
        and (width == 9 or columns.all(10, _in(-1)))
    )


def _first(table: Table, where: str) -> str:
    return f"{where}, line {table.lines[0].number}"


def _too_many(width: int) -> str:
    oriented = " (with 13 columns the boxes may be oriented, by four corners: write the upright boxes around them)"
    return (
        f"expected 6 to 10 columns (MOTChallenge), 17 or 18 (KITTI) or 8 (obsmat), got {width}, which no format that is "
        f"known has{oriented if width == 13 else ''}"
    )


def _too_few(table: Table) -> str:
    got = f"got {table.width} ({' '.join(table.lines[0].fields)[:60]!r})"
    if table.width < 4:
        return f"expected at least 6 columns (frame,id,left,top,width,height), {got}"
    said = f"; a comment names them {', '.join(table.hinted)}" if table.hinted else ""
    return (
        f"expected at least 6 columns (frame,id,left,top,width,height), {got}: if these are positions on the floor, "
        f"say what the columns are{said}"
    )
