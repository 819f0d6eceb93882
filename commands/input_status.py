"""What `hall status` says of the cameras' rows, from the state in the last checkpoint."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from agents.cameras import Cameras, CamerasState
from streams.engine.hall import state_in
from streams.operating.admin import LaneState, origins


def inputs_of(states: Iterable[LaneState]) -> dict[str, list[dict[str, Any]]]:
    """By hall, its cameras: rows so far, how many were odd by kind, and the alarm about them, if one is raised."""
    found: dict[str, list[dict[str, Any]]] = {}
    for state in origins(states):
        for hall, record in state.restored.halls.items():
            raw = state_in(record, Cameras.name)
            cameras = msgspec.msgpack.decode(raw, type=CamerasState).cameras if raw else {}
            found[hall] = [
                {"camera": name, "rows": camera.all_rows, "odd": camera.all_odd, "alarm": camera.detail or None}
                for name, camera in sorted(cameras.items())
            ]
    return found


def input_text(camera: dict[str, Any]) -> str:
    """One line; an empty one where nothing was odd."""
    if camera["alarm"]:
        return str(camera["alarm"])
    kinds = ", ".join(f"{kind} {rows:,}" for kind, rows in sorted(camera["odd"].items()))
    return f"camera {camera['camera']}: of {camera['rows']:,} rows were odd: {kinds}" if kinds else ""
