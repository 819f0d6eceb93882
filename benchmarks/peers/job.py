"""The job that every engine does: from frames to changes of zone, with a hall's tracks as state.

Pure, and the same code for all: what differs is who brings the records, who keeps the state, and how. It needs nothing
but msgspec and the event types, so that it runs in every engine's own environment.
"""

from __future__ import annotations

from typing import Any

import msgspec

from streams.events import Conclusion, Configured, Frame

ZONES = (
    ("entrance", 0.0, 0.0, 5.0, 10.0),
    ("waiting", 5.0, 0.0, 12.0, 10.0),
    ("desks", 12.0, 0.0, 20.0, 5.0),
    ("kiosks", 12.0, 5.0, 20.0, 10.0),
)
"""Name, left, top, right, bottom, in metres; left and top belong to the zone, right and bottom to its neighbour."""

TRACKS_AT_MOST = 64
FORGET_AFTER_MS = 5_000

Tracks = dict[str, list[Any]]
"""By track: its zone, and when it was last seen (ms). Lists and strings only: every engine can write it down."""


class ZoneChanged(Conclusion, frozen=True, kw_only=True, gc=False):
    """A track is in another zone than before; "" is none, and what a new track was in before."""

    track: str
    before: str
    after: str


_decode = msgspec.json.Decoder(Frame | Configured).decode
_encode = msgspec.json.Encoder().encode


def step(tracks: Tracks, frame: Frame) -> list[ZoneChanged]:
    """Take in one frame of the hall that the tracks are of; who changed the zone, in the frame's order."""
    at_ms, changes = frame.at_ms, []
    for person in frame.people:
        x, y, zone = person.x_m, person.y_m, ""
        if x is None or y is None:
            continue
        for name, left, top, right, bottom in ZONES:
            if left <= x < right and top <= y < bottom:
                zone = name
                break
        known = tracks.get(person.track)
        if known is not None and known[0] == zone:
            known[1] = at_ms
            continue
        before = known[0] if known is not None else ""
        changes.append(
            ZoneChanged(
                hall=frame.hall, at_ms=at_ms, decided_at_ms=at_ms, track=person.track, before=before, after=zone
            )
        )
        tracks[person.track] = [zone, at_ms]
    if len(tracks) > TRACKS_AT_MOST:
        _forget(tracks, at_ms - FORGET_AFTER_MS)
    return changes


def _forget(tracks: Tracks, before_ms: int) -> None:
    for track in [track for track, (_, seen_ms) in tracks.items() if seen_ms < before_ms]:
        del tracks[track]


def process(tracks: Tracks, raw: bytes) -> list[bytes]:
    """From bytes to bytes, for engines that leave both to whoever uses them. A hall's configuration gives nothing."""
    event = _decode(raw)
    return [_encode(change) for change in step(tracks, event)] if type(event) is Frame else []
