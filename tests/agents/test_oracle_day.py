"""The agents in raw rules against brute force from the definitions: every figure of a real day, and of random ones."""

from collections.abc import Iterable, Iterator
from math import atan2
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.summary import Summary
from agents.topology import SENSING
from config.hall import Camera, Hall, Line, Matrix3, Zone
from config.loading import load_files
from config.rules import Rules
from streams.events import Event, Frame, Tick
from streams.recordings import Options, Seen, read_positions
from tests.support.chain import Chain
from tests.support.data import shared
from tests.support.oracle import oracle

START_MS = 1_249_113_600_000
FORUM = Path(__file__).parents[2] / "config" / "examples" / "forum"
WEEK_MS = 8 * 86_400_000


def ticked(frames: Iterable[Frame], hall: str) -> Iterator[Event]:
    """Frames with ticks between them, and at the end as many as it takes for every track to end."""
    second = 0
    for frame in frames:
        if frame.at_ms // 1000 > second:
            second = frame.at_ms // 1000
            yield Tick(hall=hall, at_ms=second * 1000)
        yield frame
    for later_ms in (1000, WEEK_MS, WEEK_MS + 1000):
        yield Tick(hall=hall, at_ms=second * 1000 + later_ms)


def summarised(file: Path, hall: Hall, rules: Rules, fps: float) -> dict[str, Any]:
    """The summary of a recording, without what only the engine counts."""
    chain, summary = Chain(SENSING.agents, hall, rules), Summary(hall)
    frames = read_positions(file, Seen(hall.id, hall.cameras[0].id, START_MS), Options(fps=fps))
    assert frames.bad == ()
    for event in ticked(frames, hall.id):
        summary.observe(event)
        for made in chain.run(event)[0]:
            summary.observe(made)
    result = summary.result()
    del result["more"]
    return result


def raw_forum() -> tuple[Hall, Rules]:
    names = {"hall.yaml": "hall.yaml", "rules.yaml": "rules.raw.yaml"}
    loaded = load_files({name: (FORUM / file).read_text("utf-8") for name, file in names.items()})
    return loaded.hall, loaded.rules


@pytest.mark.slow
def test_every_figure_of_the_real_day() -> None:
    file = shared("hall-day", "tracks.mot.txt")
    hall, rules = raw_forum()
    expected = oracle(file.read_text().splitlines(), hall, fps=9)
    assert summarised(file, hall, rules, 9) == expected
    assert (expected["frames"], expected["tracks"]) == (16_224, 146)


@pytest.mark.slow
def test_the_zones_of_the_real_hall_tile_its_floor() -> None:
    """So every row of the recording counts in exactly one of them."""
    file = shared("hall-day", "tracks.mot.txt")
    hall, _ = raw_forum()
    zones = oracle(file.read_text().splitlines(), hall, fps=9)["zones"]
    assert sum(zone["person_frames"] for zone in zones.values()) == 22_195


# --- random days ---
#
# Corners, line ends and people stand on one grid of quarter metres, so that people walk along edges, through corners
# and over the ends of lines all the time.

GRID = st.integers(0, 32).map(lambda n: n / 4)
SPOT = st.tuples(GRID, GRID)
STRAIGHT_DOWN = ((0.25, 0.0, 0.0), (0.0, 0.25, 0.0), (0.0, 0.0, 1.0))
SLANTED = ((0.25, 0.02, 0.1), (-0.01, 0.3, 0.2), (0.0007, 0.011, 1.0))


def around(corners: list[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """The corners in the order of their angle from their middle: a star, simple and mostly concave."""
    mx, my = (sum(c[i] for c in corners) / len(corners) for i in (0, 1))
    return tuple(sorted(corners, key=lambda c: (atan2(c[1] - my, c[0] - mx), c)))


ZONES = st.lists(st.lists(SPOT, min_size=3, max_size=9, unique=True).map(around), max_size=4)
LINES = st.lists(st.tuples(SPOT, SPOT).filter(lambda ends: ends[0] != ends[1]), max_size=3)
ROWS = st.lists(
    st.tuples(st.integers(1, 40), st.integers(1, 4), st.integers(-2, 34), st.integers(-2, 34)), min_size=1, max_size=80
)


def make_hall(zones: list[Any], lines: list[Any], homography: Matrix3) -> Hall:
    return Hall(
        id="h", name="H", timezone="UTC", size_m=(8, 8),
        zones=tuple(Zone(id=f"z{i}", name="Z", polygon_m=p) for i, p in enumerate(zones)),
        lines=tuple(Line(id=f"l{i}", name="L", from_m=a, to_m=b) for i, (a, b) in enumerate(lines)),
        cameras=(Camera(id="cam", size_px=(64, 64), homography=homography),),
    )  # fmt: skip


RAW = Rules.model_validate({
    "trajectory": {"smoothing_s": 0, "join_within_m": 0, "join_within_s": 604_800},
    "zones": {"inertia_m": 0, "inertia_s": 0},
    "flow": {"inertia_m": 0},
})  # fmt: skip


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mot") / "rows.txt"


@pytest.mark.slow
@settings(max_examples=300)
@given(ZONES, LINES, ROWS, st.sampled_from([STRAIGHT_DOWN, SLANTED]), st.sampled_from([9.0, 10.0, 29.97]))
def test_random_halls_and_rows(
    file: Path, zones: list[Any], lines: list[Any], rows: list[tuple[int, ...]], homography: Matrix3, fps: float
) -> None:
    """Overlapping concave zones; gaps; rows out of order; an id twice in a frame."""
    hall = make_hall(zones, lines, homography)
    text = [f"{frame},{track},{x - 4},{y - 10},8,10,1,-1,-1,-1" for frame, track, x, y in rows]
    file.write_text("\n".join(text) + "\n")
    assert summarised(file, hall, RAW, fps) == oracle(text, hall, fps=fps)


@pytest.mark.parametrize(
    ("walk", "entries", "crossings"),
    [
        ([(2, 2), (2, 2)], 1, (0, 0)),  # stands inside
        ([(6, 6), (6, 7)], 0, (0, 0)),  # stands outside
        ([(2, 2), (6, 2)], 1, (1, 0)),  # walks out over the line
        ([(6, 2), (2, 2)], 1, (0, 1)),  # and in
        ([(2, 2), (4, 2), (2, 2)], 2, (1, 1)),  # onto the edge, which is outside, and back
        ([(4, 2), (6, 2), (4, 2)], 0, (0, 0)),  # from the edge outwards: never on the positive side
        ([(2, 6), (6, 6)], 0, (0, 0)),  # past the line's end
    ],
)  # fmt: skip
def test_brute_force_itself(walk: list[tuple[int, int]], entries: int, crossings: tuple[int, int]) -> None:
    """
      0       4       8
    0 +-------+ from         positive side: left in this picture, inside the zone
      |   z   |
    4 +-------+ to
    """
    square = ((0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (0.0, 4.0))
    hall = make_hall([square], [((4.0, 0.0), (4.0, 4.0))], ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)))
    found = oracle([f"{k},1,{x - 1},{y - 2},2,2" for k, (x, y) in enumerate(walk)], hall, fps=10)
    assert found["zones"]["z0"]["entries"] == entries
    assert (found["lines"]["l0"]["forward"], found["lines"]["l0"]["backward"]) == crossings
