"""The sensing lane: frames in; tracks, zones, dwell, flow, density and heat out."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from streams.events.base import Conclusion, EdgeEvent, Event, Integer, Row

# Far outside any image or floor, and small enough that no arithmetic on it overflows.
Pixels = Annotated[float, Meta(ge=-1e6, le=1e6)]
Metres = Annotated[float, Meta(ge=-1e5, le=1e5)]
TrackId = Annotated[str, Meta(min_length=1, max_length=64)]


class Person(Row, frozen=True, array_like=True, gc=False):
    """One person in one frame: box in pixels, score 0..1, and the floor point in metres if the camera knows it."""

    track: TrackId
    left_px: Pixels
    top_px: Pixels
    width_px: Pixels
    height_px: Pixels
    score: Annotated[float, Meta(ge=-1e6, le=1e6)] = 1.0
    x_m: Metres | None = None
    y_m: Metres | None = None


class Frame(EdgeEvent, frozen=True, kw_only=True, gc=False):
    """The people one camera saw at one moment."""

    topic: ClassVar[str | None] = "hall.observations"
    camera: str
    people: Annotated[tuple[Person, ...], Meta(max_length=2000)]


class FramesShed(EdgeEvent, frozen=True, kw_only=True, gc=False):
    """A camera process under pressure dropped ``count`` frames before they reached the log."""

    topic: ClassVar[str | None] = "hall.observations"
    camera: str
    count: Annotated[int, Meta(ge=0, le=2**53)]


Position = tuple[str, float, float, float, bool]
"""Where a track is on the floor, after smoothing: (track, x in metres, y in metres, speed in m/s, walking).

``track`` is unique in its hall and survives joined id breaks. A plain tuple, because one is made for every person of
every frame and read by most agents: a Struct costs four times as much.
"""


class Positions(Event, frozen=True, kw_only=True, gc=False):
    """Inside the pass only: the floor points of one frame, in the order of its rows."""

    camera: str
    rows: tuple[Position, ...]


OddKind = Literal[
    "off_floor", "no_size", "outside_image", "low_score", "same_id_twice", "same_row_twice", "unconfirmed"
]
"""What a row of a frame can have against it.

off_floor       not on the part of the floor that the camera answers for, or beyond its horizon: not used
no_size         a box without width or height: not used
outside_image   its bottom centre is outside the camera's image: used where it is on the floor
low_score       below ``min_score``, so certainly no person: not used
same_id_twice   another box of the frame has the id: it is somebody else, and gets an id of its own
same_row_twice  the same box again: one is used
unconfirmed     of an id that vanished before it was believed: not used
"""


class Extent(Row, frozen=True, array_like=True, gc=False):
    """How far the boxes of some rows reach, in pixels: by it the mistake behind them can be guessed.

    ``corner_like``: those of the ``rows`` whose third number is above the first and the fourth above the second.
    """

    rows: Integer = 0
    corner_like: Integer = 0
    right_px: float = 0.0
    bottom_px: float = 0.0
    widest_px: float = 0.0
    highest_px: float = 0.0

    def joined(self, other: Extent) -> Extent:
        """Of the rows of both."""
        return Extent(
            self.rows + other.rows, self.corner_like + other.corner_like, max(self.right_px, other.right_px),
            max(self.bottom_px, other.bottom_px), max(self.widest_px, other.widest_px),
            max(self.highest_px, other.highest_px),
        )  # fmt: skip


class OddRows(Event, frozen=True, kw_only=True, gc=False):
    """Inside the pass only: of a camera's ``rows`` since the last tick, how many were odd, by kind, and their extent."""

    camera: str
    rows: Integer
    kinds: tuple[tuple[OddKind, Integer], ...]
    extent: Extent


class InputOdd(Conclusion, frozen=True, kw_only=True, gc=False):
    """How many of a camera's ``rows`` were odd in the minute from ``at_ms`` on, by kind; said only if any was."""

    camera: str
    rows: Integer
    kinds: dict[str, Integer]


class TrackStarted(Conclusion, frozen=True, kw_only=True, gc=False):
    """Somebody new is believed to be there; ``at_ms`` is when first seen, which may be a moment before."""

    camera: str
    track: str
    x_m: float
    y_m: float


class TrackJoined(Conclusion, frozen=True, kw_only=True, gc=False):
    """A camera's new id ``source_track`` was recognised as the person already known as ``track``.

    It appeared ``distance_m`` from the way between where the person was last seen and was expected by now.
    """

    camera: str
    track: str
    source_track: str
    gap_ms: Integer
    distance_m: float


class TrackEnded(Conclusion, frozen=True, kw_only=True, gc=False):
    """``at_ms`` is when it was last seen, ``x_m, y_m`` where; ``path_m`` is the length walked.

    ``left``: it went out over an entrance; it was not waited for.
    """

    camera: str
    track: str
    first_ms: Integer
    path_m: float
    standing_ms: Integer
    x_m: float
    y_m: float
    reason: Literal["lost", "left", "config"] = "lost"


class EntrancePassed(Event, frozen=True, kw_only=True, gc=False):
    """Inside the pass only: a track went in (``forward``) or out over an entrance; ``line_crossed`` publishes it."""

    decided_at_ms: Integer
    line: str
    track: str
    forward: bool


class ZoneEntered(Conclusion, frozen=True, kw_only=True, gc=False):
    """``occupancy`` is the number of tracks in the zone with this one."""

    zone: str
    track: str
    occupancy: Integer


class ZoneLeft(Conclusion, frozen=True, kw_only=True, gc=False):
    """``occupancy`` is the number of tracks in the zone without this one."""

    zone: str
    track: str
    entered_ms: Integer
    occupancy: Integer
    reason: Literal["walked", "ended", "config"] = "walked"


class ZonesSettled(Conclusion, frozen=True, kw_only=True, gc=False):
    """A watermark: who was in which zone is known up to ``at_ms``, and nothing published later changes it."""


class Presence(Event, frozen=True, kw_only=True, gc=False):
    """Inside the pass only: for each row of the ``Positions`` before it, in its order, the zones that it counts in."""

    camera: str
    zones: tuple[tuple[str, ...], ...]


class DwellExceeded(Conclusion, frozen=True, kw_only=True, gc=False):
    """Said once per threshold and stay; ``at_ms`` is when the threshold was reached."""

    zone: str
    track: str
    entered_ms: Integer
    threshold_s: float


class DwellEnded(Conclusion, frozen=True, kw_only=True, gc=False):
    zone: str
    track: str
    entered_ms: Integer
    dwell_ms: Integer
    reason: Literal["walked", "ended", "config"] = "walked"


class LineCrossed(Conclusion, frozen=True, kw_only=True, gc=False):
    """``forward``: from the positive side of the line to the other.

    The positive side is where ``cross(to - from, point - from) > 0``.
    """

    line: str
    track: str
    direction: Literal["forward", "backward"]


class TripEnded(Conclusion, frozen=True, kw_only=True, gc=False):
    """A person's whole way: first zone to last zone (None: never in one), and the entrances used, if any."""

    track: str
    started_ms: Integer
    from_zone: str | None
    to_zone: str | None
    entered_by: str | None = None
    left_by: str | None = None


FruinLevel = Literal["A", "B", "C", "D", "E", "F"]


class DensityChanged(Conclusion, frozen=True, kw_only=True, gc=False):
    """Fruin level of service of a zone: A is free, F is a crush."""

    zone: str
    people: Integer
    density_per_m2: float
    level: FruinLevel
    before: FruinLevel


class HeatCell(Row, frozen=True, array_like=True, gc=False):
    """Person-seconds spent in one cell of the floor grid; the cell covers [column, column + 1) x cell size, and so on."""

    column: Integer
    row: Integer
    person_s: float


class HeatAdded(Conclusion, frozen=True, kw_only=True, gc=False):
    """What one minute (from ``at_ms`` on) added to the heat map; only cells that changed."""

    cell_m: float
    cells: tuple[HeatCell, ...]
