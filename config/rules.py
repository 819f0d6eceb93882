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


class TrajectoryRules(Model):
    """Tracks. ``smoothing_s`` 0: raw points. ``join_within_m`` 0: a new id is always a new person.

    ``join_within_s`` is also how long an unseen track lives on, and occupies its zone, before it ends.
    """

    smoothing_s: Annotated[float, Field(ge=0, le=10)] = 0.3
    join_within_s: Annotated[float, Field(gt=0, le=7 * 86_400)] = 2.0
    join_within_m: Length = 1.0
    walking_above_mps: Speed = 0.5
    standing_below_mps: Speed = 0.25

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.standing_below_mps > self.walking_above_mps:
            raise ValueError("standing_below_mps at or below walking_above_mps")
        return self


class ZoneRules(Model):
    """Inertia at an edge: a track changes sides once ``inertia_m`` past the edge, or past it for ``inertia_s``."""

    inertia_m: Length = 0.25
    inertia_s: Annotated[float, Field(ge=0, le=60)] = 1.0


class DwellRules(Model):
    """``thresholds_s`` for every zone; ``zones`` gives single zones their own."""

    thresholds_s: tuple[Annotated[float, Field(gt=0, le=7 * 86_400)], ...] = (300.0, 900.0, 1800.0)
    zones: dict[Id, tuple[Annotated[float, Field(gt=0, le=7 * 86_400)], ...]] = Field(default={})


class FlowRules(Model):
    """A crossing counts once ``inertia_m`` past the line, so dithering on it does not. 0: every change of side."""

    inertia_m: Length = 0.25


class DensityRules(Model):
    """A zone's Fruin level is announced when it has held for ``hold_s``."""

    hold_s: Annotated[float, Field(ge=0, le=600)] = 3.0


class HeatRules(Model):
    """``max_gap_s``: time between two points of a track beyond which it is not counted as time spent there."""

    cell_m: Annotated[float, Field(ge=0.05, le=5)] = 0.25
    max_gap_s: Annotated[float, Field(gt=0, le=60)] = 2.0


class Limit(Model):
    """``metric`` over ``over`` for ``for_s`` raises alarm ``id``; at or below ``clear_at`` as long clears it.

    Without ``clear_at`` it is ``over``.
    Units of ``over``: occupancy in people, density in people/m², dwell in seconds (of any one person in the zone).
    """

    id: Id
    zone: Id
    metric: Literal["occupancy", "density", "dwell"]
    over: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    for_s: Seconds = 0.0
    clear_at: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    severity: Literal["info", "warning", "critical"] = "warning"

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.clear_at is not None and self.clear_at > self.over:
            raise ValueError("clear_at at or below over (above it, the alarm would clear and raise at once)")
        return self


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
