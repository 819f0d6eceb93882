"""The hall as a floor plan: zones, lines and cameras, in metres. Checked models; ``config.loading`` reads them."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

Id = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
Metre = Annotated[float, Field(ge=-1e4, le=1e4, allow_inf_nan=False)]
PointM = tuple[Metre, Metre]
Polygon = Annotated[tuple[PointM, ...], Field(min_length=3, max_length=200)]
Finite = Annotated[float, Field(ge=-1e9, le=1e9, allow_inf_nan=False)]
Pixel = Annotated[float, Field(ge=-1e6, le=1e6, allow_inf_nan=False)]
Matrix3 = tuple[tuple[Finite, Finite, Finite], tuple[Finite, Finite, Finite], tuple[Finite, Finite, Finite]]


class Model(BaseModel):
    """Frozen, and strict about what it does not know: a misspelt key is an error, not a default."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ZoneKind(StrEnum):
    """What a zone is for; statistics and displays group by it."""

    ENTRANCE = "entrance"
    GUIDE = "guide"
    TICKETS = "tickets"
    WAITING = "waiting"
    DESKS = "desks"
    KIOSKS = "kiosks"
    PAYMENT = "payment"
    EXPERIENCE = "experience"
    OPEN = "open"


class Zone(Model):
    """A part of the floor. ``polygon_m`` is simple (no edge crosses another), in either direction, not closed."""

    id: Id
    name: str
    kind: ZoneKind = ZoneKind.OPEN
    polygon_m: Polygon


class Line(Model):
    """A directed crossing, forward from its positive side, where ``cross(to - from, point - from) > 0``, to the other.

    ``via_m``: points between the two ends, for doors at a corner or round a desk; the line is ``path_m``. Which side of
    it is which, each segment says of its own surroundings.

    With the plan's y axis pointing down, as in an image, the positive side is on the right of someone who walks from
    ``from_m`` to ``to_m``. ``entrance: true``: forward leads into the hall, backward out of it.
    """

    id: Id
    name: str
    from_m: PointM
    to_m: PointM
    via_m: Annotated[tuple[PointM, ...], Field(max_length=50)] = ()
    entrance: bool = False

    @property
    def path_m(self) -> tuple[PointM, ...]:
        """All its points in order, two or more: ``from_m``, those of ``via_m``, ``to_m``."""
        return (self.from_m, *self.via_m, self.to_m)


class PointPair(Model):
    """One spot seen by a camera: where in the image, and where on the floor."""

    px: tuple[Pixel, Pixel]
    floor_m: PointM


class Camera(Model):
    """A camera and the map from its pixels to the floor: ``homography`` itself, or four or more ``points`` to fit it.

    ``floor_m`` limits what it is trusted with: people outside this polygon are not its business. Without it, it answers
    for all that ``size_px`` shows of the floor.
    """

    id: Id
    size_px: tuple[Annotated[int, Field(gt=0, le=100_000)], Annotated[int, Field(gt=0, le=100_000)]]
    homography: Matrix3 | None = None
    points: Annotated[tuple[PointPair, ...], Field(max_length=50)] = ()
    floor_m: Polygon | None = None


class Hall(Model):
    """One service hall. ``size_m`` is the plan's extent (width, depth) from (0, 0), for drawings."""

    id: Id
    name: str
    timezone: str = "Asia/Shanghai"
    size_m: tuple[Annotated[float, Field(gt=0, le=1e4)], Annotated[float, Field(gt=0, le=1e4)]]
    zones: Annotated[tuple[Zone, ...], Field(max_length=500)]
    lines: Annotated[tuple[Line, ...], Field(max_length=500)] = ()
    cameras: Annotated[tuple[Camera, ...], Field(max_length=100)]

    @property
    def tz(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)
