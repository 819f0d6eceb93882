"""A sound hall as text, to be spoilt one line at a time."""

from __future__ import annotations

from config.loading import examine
from config.problems import Problem

HALL = """\
id: small
name: Small hall
timezone: Asia/Shanghai
size_m: [10, 8]
zones:
  - id: west
    name: West
    kind: waiting
    polygon_m: [[0, 0], [5, 0], [5, 8], [0, 8]]
  - id: east
    name: East
    kind: desks
    polygon_m: [[5, 0], [10, 0], [10, 8], [5, 8]]
lines:
  - id: door
    name: Door
    from_m: [2, 7]
    to_m: [4, 7]
    entrance: true
cameras:
  - id: cam
    size_px: [1000, 800]
    homography: [[0.01, 0, 0], [0, 0.01, 0], [0, 0, 1]]
"""
RULES = """\
dwell:
  zones:
    west: [60]
limits:
  - id: full
    zone: west
    metric: occupancy
    over: 10
trajectory: {confirm_s: 0}
"""
FILES = {"hall.yaml": HALL, "rules.yaml": RULES}


def hall_with(old: str, new: str) -> dict[str, str]:
    """The sound hall with one text in place of another; the old one must be there, once."""
    assert HALL.count(old) == 1, f"{old!r} is in the hall's text {HALL.count(old)} times"
    return FILES | {"hall.yaml": HALL.replace(old, new)}


def rules_with(old: str, new: str) -> dict[str, str]:
    assert RULES.count(old) == 1, f"{old!r} is in the rules' text {RULES.count(old)} times"
    return FILES | {"rules.yaml": RULES.replace(old, new)}


def problems(files: dict[str, str]) -> tuple[Problem, ...]:
    return examine(files)[1]


def the_problem(files: dict[str, str]) -> str:
    """The text of the only problem."""
    (problem,) = problems(files)
    return str(problem)
