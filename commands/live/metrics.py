"""The board's numbers for Prometheus: what a hall's wall shows. Labels are halls, zones and lines, all from configuration."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from commands.live.board import Board


class BoardMetrics(Collector):
    """Gauges tell the picture, counters what was counted since the process started.

    Collected on the thread that feeds the board (the event loop): the picture does not change under it.
    """

    def __init__(self, board: Board) -> None:
        self._board = board

    def collect(self) -> Iterator[Metric]:
        zone, counted = ["hall", "zone"], self._board.counted
        people = GaugeMetricFamily("hall_people", "Tracks alive in the hall.", labels=["hall"])
        occupancy = GaugeMetricFamily("hall_zone_people", "Tracks in the zone.", labels=zone)
        entries = CounterMetricFamily("hall_zone_entries", "Times a track entered the zone.", labels=zone)
        exits = CounterMetricFamily("hall_zone_exits", "Times a track left the zone.", labels=zone)
        longest = GaugeMetricFamily(
            "hall_zone_dwell_now_seconds",
            "How long whoever has been in the zone for longest has been there.",
            labels=zone,
        )
        inside = GaugeMetricFamily("hall_people_inside", "People in the hall: entries minus exits.", labels=["hall"])
        drift = GaugeMetricFamily(
            "hall_people_drift", "People inside by the entrances minus people seen.", labels=["hall"]
        )
        crossings = CounterMetricFamily(
            "hall_line_crossings", "Crossings of the line.", labels=["hall", "line", "direction"]
        )
        alarms = GaugeMetricFamily("hall_alarms", "Alarms that are raised.", labels=["hall", "severity"])
        for hall, view in self._board.halls.items():
            people.add_metric([hall], len(view.people))
            for name, seen in view.zones.items():
                occupancy.add_metric([hall, name], seen.people)
                longest.add_metric([hall, name], seen.longest_now_s(view.at_ms))
                entries.add_metric([hall, name], counted["entries", hall, name])
                exits.add_metric([hall, name], counted["exits", hall, name])
            if view.inside is not None:
                inside.add_metric([hall], view.inside.inside)
                drift.add_metric([hall], view.inside.inside - len(view.people))
            for name in view.lines:
                for direction in ("forward", "backward"):
                    crossings.add_metric([hall, name, direction], counted["crossings", hall, name, direction])
            for severity in ("info", "warning", "critical"):
                alarms.add_metric([hall, severity], sum(a.severity == severity for a in view.alarms.values()))
        yield from (people, inside, drift, occupancy, longest, entries, exits, crossings, alarms)
