"""The whole engine on one page: which agents there are, in which order they run, and what each lane carries.

An agent reads what stands in its lane's topic and what agents above it concluded in the same pass. A new agent is one
row here (docs/adding-an-agent.md); then ``VERSION`` grows.
"""

from __future__ import annotations

import streams.events as ev
from agents.cameras import Cameras
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

VERSION = 3

SENSING = Lane(
    name="sensing",
    topic=OBSERVATIONS,
    origin=True,
    carries=(ev.Frame, ev.FramesShed, ev.Configured, ev.HallRemoved),
    agents=(
        Trajectory,  # Frame -> Positions, EntrancePassed, OddRows (internal), track_started, track_joined, track_ended
        Cameras,     # OddRows -> input_odd, alarm_raised, alarm_cleared
        Zones,       # Positions -> zone_entered, zone_left, zones_settled, Presence (internal)
        Dwell,       # zone_entered, zone_left -> dwell_exceeded, dwell_ended
        Flow,        # Positions, EntrancePassed, zone_entered, track_ended -> line_crossed, trip_ended
        Density,     # zone_entered, zone_left -> density_changed
        Heat,        # Positions -> heat_added
    ),
)  # fmt: skip

SERVICE = Lane(
    name="service",
    topic=JOURNAL,
    carries=(
        ev.Configured, ev.HallRemoved, ev.LogLost, ev.ClockSetBack,
        ev.TrackStarted, ev.TrackJoined, ev.TrackEnded, ev.InputOdd, ev.ZoneEntered, ev.ZoneLeft, ev.ZonesSettled,
        ev.DwellExceeded, ev.DwellEnded, ev.LineCrossed, ev.TripEnded, ev.DensityChanged, ev.HeatAdded,
        ev.AlarmRaised, ev.AlarmCleared, ev.ZoneHour, ev.LineHour, ev.TripsHour, ev.PeopleInside, ev.CountDrift,
    ),
    agents=(
        Statistics,  # zone_entered, zone_left, line_crossed, trip_ended, zones_settled -> zone_hour, line_hour, trips_hour
        Reconcile,   # line_crossed, track_started, track_ended -> people_inside, count_drift
        Limits,      # zone_entered, zone_left, people_inside -> alarm_raised, alarm_cleared
    ),
)  # fmt: skip

TOPOLOGY = Topology(VERSION, (SENSING, SERVICE))
