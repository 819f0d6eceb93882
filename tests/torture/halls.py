"""Halls to be tortured: small, busy, and with other files to change to."""

from __future__ import annotations

from collections.abc import Mapping

RULES = """\
trajectory: {join_within_s: 1.0, join_within_m: 0.8}
dwell: {thresholds_s: [2, 5, 20]}
limits:
  - {id: crowded, zone: middle, metric: occupancy, over: 4, for_s: 1, clear_at: 3}
  - {id: long, zone: middle, metric: dwell, over: 4}
reconcile: {every_s: 10, tolerance: 1}
"""

HALL = """\
id: {hall}
name: {hall}
timezone: Europe/London
size_m: [16, 12]
zones:
  - {{id: west, name: West door, kind: entrance, polygon_m: [[0, 3], [3, 3], [3, 9], [0, 9]]}}
  - {{id: east, name: East door, kind: entrance, polygon_m: [[13, 3], [16, 3], [16, 9], [13, 9]]}}
  - {{id: middle, name: Middle, kind: open, polygon_m: [[3, 0], [13, 0], [13, 12], [3, 12]]}}
lines:
  - {{id: west-line, name: West, from_m: [3, 9], to_m: [3, 3], entrance: true}}
  - {{id: east-line, name: East, from_m: [13, 3], to_m: [13, 9], entrance: true}}
cameras:
  - {{id: left, size_px: [800, 1200], homography: [[0.01, 0, 0], [0, 0.01, 0], [0, 0, 1]]}}
  - {{id: right, size_px: [800, 1200], homography: [[0.01, 0, 8], [0, 0.01, 0], [0, 0, 1]]}}
"""


def halls(count: int) -> dict[str, dict[str, str]]:
    """Their files, by id."""
    return {f"hall-{n}": {"hall.yaml": HALL.format(hall=f"hall-{n}"), "rules.yaml": RULES} for n in range(1, count + 1)}


def variants(files: Mapping[str, str]) -> list[dict[str, str]]:
    """Files that a hall may be changed to: the same, other rules, a zone and a line less, a zone moved, and broken ones."""
    hall, rules = files["hall.yaml"], files["rules.yaml"]
    without = "\n".join(line for line in hall.split("\n") if "id: east" not in line)
    return [
        dict(files),
        {"hall.yaml": hall, "rules.yaml": rules.replace("over: 4,", "over: 2,").replace("clear_at: 3", "clear_at: 1")},
        {"hall.yaml": hall, "rules.yaml": ""},
        {"hall.yaml": without, "rules.yaml": rules},
        {"hall.yaml": hall.replace("[13, 0], [13, 12]", "[12, 0], [12, 12]"), "rules.yaml": rules},
        {"hall.yaml": hall, "rules.yaml": "zones: {inertia_m: 0, inertia_s: 0}\nflow: {inertia_m: 0}\n"},
        {"hall.yaml": hall.replace("zones:", "zonse:"), "rules.yaml": rules},
        {"hall.yaml": hall.replace("id: hall", "id: other"), "rules.yaml": rules},
    ]
