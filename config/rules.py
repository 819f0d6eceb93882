"""The hall's limits and sensitivities, units in the names. Every field has a default that suits an ordinary hall."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from config.hall import Id, Model

Seconds = Annotated[float, Field(ge=0, le=7 * 86_400, allow_inf_nan=False)]
Length = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]
Speed = Annotated[float, Field(ge=0, le=20, allow_inf_nan=False)]


class EngineRules(Model):
    """What input from the edge is still usable, judged against the hall's own time."""

    late_after_s: Annotated[float, Field(gt=0, le=7 * 86_400)] = 60.0
    ahead_at_most_s: Annotated[float, Field(gt=0, le=7 * 86_400)] = 60.0


CONFIRM_S = 0.8
"""Most false boxes of detectors last for less; a shift lead does not notice the delay."""


class PatienceRules(Model):
    """How a zone differs in its patience with tracks that are lost in it; what is left out follows from its kind."""

    join_within_s: Annotated[float, Field(gt=0, le=7 * 86_400)] | None = None
    join_within_m: Length | None = None
    hold_s: Annotated[float, Field(gt=0, le=7 * 86_400)] | None = None


class TrajectoryRules(Model):
    """Tracks. ``smoothing_s`` 0: raw points. ``join_within_m`` 0: the camera's ids are taken at their word.

    A person who is lost and comes back under a new id within ``join_within_s`` and ``join_within_m`` is the same. Who
    stood or sat when last seen is held for ``hold_s`` of the zone, and occupies it that long; ``zones`` gives single
    zones their own patience, ``config.patience`` has the defaults by kind of zone.

    A track is believed once it was seen for ``confirm_s``; None: 0.8 s, and 0 where points and ids are taken raw. Boxes
    with a score from 0 up to ``min_score`` are certainly no person; a score below 0 means that none was given.
    """

    smoothing_s: Annotated[float, Field(ge=0, le=10)] = 0.3
    join_within_s: Annotated[float, Field(gt=0, le=7 * 86_400)] = 2.0
    join_within_m: Length = 1.0
    zones: dict[Id, PatienceRules] = Field(default={})
    confirm_s: Annotated[float, Field(ge=0, le=5)] | None = None
    min_score: Annotated[float, Field(ge=0, le=1)] = 0.05
    walking_above_mps: Speed = 0.5
    standing_below_mps: Speed = 0.25

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.standing_below_mps > self.walking_above_mps:
            raise ValueError("standing_below_mps at or below walking_above_mps")
        return self

    @property
    def judges_identity(self) -> bool:
        """Whether an id is a hint about who somebody is, or the answer."""
        return self.join_within_m > 0

    @property
    def believed_after_s(self) -> float:
        """``confirm_s`` with its default filled in."""
        if self.confirm_s is not None:
            return self.confirm_s
        return CONFIRM_S if self.smoothing_s or self.judges_identity else 0.0


class ZoneRules(Model):
    """Inertia at an edge: a track changes sides once ``inertia_m`` past the edge, or past it for ``inertia_s``."""

    inertia_m: Length = 0.25
    inertia_s: Annotated[float, Field(ge=0, le=60)] = 1.0


class DwellRules(Model):
    """``thresholds_s`` for every zone; ``zones`` gives single zones their own."""

    thresholds_s: tuple[Annotated[float, Field(gt=0, le=7 * 86_400)], ...] = (300.0, 900.0, 1800.0)
    zones: dict[Id, tuple[Annotated[float, Field(gt=0, le=7 * 86_400)], ...]] = Field(default={})


class LineRules(Model):
    """How a single line differs."""

    inertia_m: Length | None = None
    inertia_s: Annotated[float, Field(ge=0, le=60)] | None = None


class FlowRules(Model):
    """A crossing counts once ``inertia_m`` past the line, so dithering on it does not. 0: every change of side.

    With ``inertia_s`` it also counts once past the line for that long: for cameras that see a few times a second only.
    """

    inertia_m: Length = 0.25
    inertia_s: Annotated[float, Field(ge=0, le=60)] | None = None
    lines: dict[Id, LineRules] = Field(default={})

    def inertia_m_of(self, line: str) -> float:
        own = self.lines.get(line)
        return self.inertia_m if own is None or own.inertia_m is None else own.inertia_m

    def inertia_s_of(self, line: str) -> float | None:
        own = self.lines.get(line)
        return self.inertia_s if own is None or own.inertia_s is None else own.inertia_s


class DensityRules(Model):
    """A zone's Fruin level is announced when it has held for ``hold_s``."""

    hold_s: Annotated[float, Field(ge=0, le=600)] = 3.0


class HeatRules(Model):
    """``max_gap_s``: time between two points of a track beyond which it is not counted as time spent there."""

    cell_m: Annotated[float, Field(ge=0.05, le=5)] = 0.25
    max_gap_s: Annotated[float, Field(gt=0, le=60)] = 2.0


class Limit(Model):
    """``metric`` over ``over`` for ``for_s`` raises alarm ``id``; at or below ``clear_at`` as long clears it.

    Without ``clear_at`` it is ``over``. Units of ``over``: occupancy in people, density in people/m², dwell in seconds
    (of any one person in the zone); inside in people of the whole hall by entries minus exits, and so without a zone.
    """

    id: Id
    zone: Id | None = None
    metric: Literal["occupancy", "density", "dwell", "inside"]
    over: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    for_s: Seconds = 0.0
    clear_at: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    severity: Literal["info", "warning", "critical"] = "warning"

    @model_validator(mode="after")
    def _of_zone_or_hall(self) -> Self:
        if self.metric == "inside" and self.zone is not None:
            raise ValueError("no zone with metric inside (it is about the whole hall)")
        if self.metric != "inside" and self.zone is None:
            raise ValueError(f"a zone with metric {self.metric}")
        return self

    @property
    def clears_at(self) -> float:
        """``clear_at`` with its default filled in."""
        return self.over if self.clear_at is None else self.clear_at


class StatisticsRules(Model):
    """``dwell_samples``: stays kept per zone and hour for the percentiles; past it, every second one is thinned out."""

    dwell_samples: Annotated[int, Field(ge=16, le=100_000)] = 4096


class ReconcileRules(Model):
    """Every ``every_s``: entries minus exits against the people in the hall; over ``tolerance`` it is announced."""

    every_s: Annotated[float, Field(ge=10, le=86_400)] = 900.0
    tolerance: Annotated[int, Field(ge=0)] = 3


class Rules(Model):
    engine: EngineRules = EngineRules()
    trajectory: TrajectoryRules = TrajectoryRules()
    zones: ZoneRules = ZoneRules()
    dwell: DwellRules = DwellRules()
    flow: FlowRules = FlowRules()
    density: DensityRules = DensityRules()
    heat: HeatRules = HeatRules()
    limits: Annotated[tuple[Limit, ...], Field(max_length=500)] = ()
    statistics: StatisticsRules = StatisticsRules()
    reconcile: ReconcileRules = ReconcileRules()
