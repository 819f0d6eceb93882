"""The whole engine on one page: which agents there are, in which order they run, and what each lane carries.

An agent reads what stands in its lane's topic and what agents above it concluded in the same pass. A new agent is one
row here (docs/adding-an-agent.md); then ``VERSION`` grows.
"""

from __future__ import annotations

import streams.events as ev
from agents.density import Density
from agents.dwell import Dwell
from agents.flow import Flow
from agents.heat import Heat
from agents.limits import Limits
from agents.reconcile import Reconcile
from agents.statistics import Statistics
from agents.trajectory import Trajectory
from agents.zones import Zones
from streams.lane import Lane, Topology
from streams.topics import JOURNAL, OBSERVATIONS

VERSION = 2

SENSING = Lane(
    name="sensing",
    topic=OBSERVATIONS,
    origin=True,
    carries=(ev.Frame, ev.FramesShed, ev.Configured),
    agents=(
        Trajectory,  # Frame -> Positions (internal), track_started, track_joined, track_ended
        Zones,       # Positions -> zone_entered, zone_left, Presence (internal)
        Dwell,       # zone_entered, zone_left -> dwell_exceeded, dwell_ended
        Flow,        # Positions, zone_entered, track_ended -> line_crossed, trip_ended
        Density,     # zone_entered, zone_left -> density_changed
        Heat,        # Positions -> heat_added
    ),
)  # fmt: skip

SERVICE = Lane(
    name="service",
    topic=JOURNAL,
    carries=(
        ev.Configured, ev.LogLost,
        ev.TrackStarted, ev.TrackJoined, ev.TrackEnded, ev.ZoneEntered, ev.ZoneLeft, ev.DwellExceeded, ev.DwellEnded,
        ev.LineCrossed, ev.TripEnded, ev.DensityChanged, ev.HeatAdded,
        ev.AlarmRaised, ev.AlarmCleared, ev.ZoneHour, ev.TripsHour, ev.CountDrift,
    ),
    agents=(
        Limits,      # zone_entered, zone_left -> alarm_raised, alarm_cleared
        Statistics,  # zone_entered, zone_left, dwell_ended, trip_ended -> zone_hour, trips_hour
        Reconcile,   # line_crossed, track_started, track_ended -> count_drift
    ),
)  # fmt: skip

TOPOLOGY = Topology(VERSION, (SENSING, SERVICE))
