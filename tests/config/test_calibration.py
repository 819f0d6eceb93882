"""Calibrations that cannot be, or hardly: random plausible cameras, each spoilt in one way that people spoil them.

       plan, y down                       image, y down
0 +-------------------+            +---------------------+
  |    .    .    .    |            |    .   .   .        |     as the camera is: nothing is said
  |      .     .      |    <--     |   .      .     .    |     spoilt: the cause is named
  |   camera ^        |            | .           .     . |
  +-------------------+            +---------------------+
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import pytest

from config.calibration.view import EXCHANGED, product, scaled
from config.geometry import Homography
from config.hall import Camera, PointPair
from config.homography import camera_homography, inverse
from config.loading import examine, load_files
from config.problems import Problem
from tests.support.pinholes import Scene, Spot, scene

SEEDS = range(25)
NEARLY_ALL = 0.9

Spoil = Callable[[Scene], Scene]


def told(found: Scene) -> list[Problem]:
    """What is said of the camera; the scene has no lines, which is said too."""
    return [problem for problem in examine({"hall.yaml": found.yaml()})[1] if problem.key != "lines"]


def named(scenes: Iterator[Scene], words: str) -> float:
    """The share of scenes of which a problem's hint has one of the ``words``."""
    hints = [" ".join(problem.hint for problem in told(one)) for one in scenes]
    return sum(any(word in hint for word in words.split("|")) for hint in hints) / len(hints)


def each(change: Callable[[Spot, Scene], Spot]) -> Spoil:
    return lambda found: found.spoilt(lambda spot: change(spot, found))


@pytest.mark.slow
def test_of_cameras_measured_well_nothing_is_said() -> None:
    """Points as far apart as the view allows, 2 px and 2 cm off; whatever the height, the tilt and the lens."""
    assert [(seed, str(p)) for seed in range(100) for p in told(scene(seed, spread=True))] == []


@pytest.mark.slow
def test_of_points_measured_anywhere_hardly_anything_is_said() -> None:
    """Where they happen to lie together, far floor is uncertain, and that is told; nothing else is."""
    said = [problem for seed in range(100) for problem in told(scene(seed, spread=False))]
    assert len(said) <= 7
    assert all(problem.expected.startswith("points that fix the floor it answers for") for problem in said)


PIXEL_FAULTS: dict[str, tuple[Callable[[Spot, Scene], Spot], str]] = {
    "in a third of the size": (lambda s, _: (s[0] / 3, s[1] / 3, s[2], s[3]), "measured in images of"),
    "in half the size": (lambda s, _: (s[0] / 2, s[1] / 2, s[2], s[3]), "measured in images of"),
    "in two thirds": (lambda s, _: (s[0] / 1.5, s[1] / 1.5, s[2], s[3]), "measured in images of"),
    "in twice the size": (lambda s, _: (s[0] * 2, s[1] * 2, s[2], s[3]), "measured in images of"),
    "in four thirds": (lambda s, _: (s[0] / 0.75, s[1] / 0.75, s[2], s[3]), "images of"),
    "row first": (lambda s, _: (s[1], s[0], s[2], s[3]), "are row and column exchanged"),
    "from 0 to 1": (lambda s, c: (s[0] / c.size_px[0], s[1] / c.size_px[1], s[2], s[3]), "shares of the image, 0 to 1?"),
    "in percent": (lambda s, c: (100 * s[0] / c.size_px[0], 100 * s[1] / c.size_px[1], s[2], s[3]), "percent"),
    "in thousandths": (lambda s, c: (1e3 * s[0] / c.size_px[0], 1e3 * s[1] / c.size_px[1], s[2], s[3]), "a thousand|imag"),
}  # fmt: skip
FLOOR_FAULTS: dict[str, tuple[Callable[[Spot, Scene], Spot], str]] = {
    "in centimetres": (lambda s, _: (s[0], s[1], 100 * s[2], 100 * s[3]), "centimetres"),
    "in millimetres": (lambda s, _: (s[0], s[1], 1000 * s[2], 1000 * s[3]), "millimetres"),
    "in feet": (lambda s, _: (s[0], s[1], 3.2808 * s[2], 3.2808 * s[3]), "feet"),
    "as shares of the plan": (lambda s, c: (s[0], s[1], s[2] / c.size_m[0], s[3] / c.size_m[1]), "shares of the plan"),
    "y up": (lambda s, c: (s[0], s[1], s[2], c.size_m[1] - s[3]), "y axis pointing up"),
    "x to the left": (lambda s, c: (s[0], s[1], c.size_m[0] - s[2], s[3]), "x axis pointing left"),
    "y first": (lambda s, _: (s[0], s[1], s[3], s[2]), "are x and y of"),
}


@pytest.mark.parametrize("fault", [*PIXEL_FAULTS, *FLOOR_FAULTS])
def test_what_was_done_to_all_points_is_named(fault: str) -> None:
    change, words = (PIXEL_FAULTS | FLOOR_FAULTS)[fault]
    assert named((each(change)(scene(seed)) for seed in SEEDS), words) >= NEARLY_ALL


@pytest.mark.parametrize("fault", [*PIXEL_FAULTS, "in centimetres", "in millimetres"])
def test_a_camera_that_answers_for_its_whole_image_is_judged_too(fault: str) -> None:
    change, words = (PIXEL_FAULTS | FLOOR_FAULTS)[fault]
    assert named((each(change)(scene(seed, bounded=False)) for seed in SEEDS), words) >= NEARLY_ALL


# -- single points -----------------------------------------------------------------------------------------------------


def with_swap(found: Scene, seed: int) -> tuple[Scene, tuple[int, int]]:
    """Two spots with each other's floor point."""
    i, j = sorted(random.Random(seed).sample(range(len(found.spots)), 2))
    spots = list(found.spots)
    a, b = spots[i], spots[j]
    spots[i], spots[j] = (*a[:2], *b[2:]), (*b[:2], *a[2:])
    return Scene(found.size_px, found.size_m, tuple(spots), found.floor_m, found.height_m, found.tilt), (i, j)


def with_outlier(found: Scene, seed: int, off_m: float) -> tuple[Scene, int]:
    i = random.Random(seed).randrange(len(found.spots))
    spots = list(found.spots)
    x, y, u, v = spots[i]
    spots[i] = (x, y, u + off_m, v - off_m / 2)
    return Scene(found.size_px, found.size_m, tuple(spots), found.floor_m, found.height_m, found.tilt), i


@pytest.mark.slow
@pytest.mark.parametrize("count", [5, 6, 8])
def test_two_points_exchanged_are_named(count: int) -> None:
    right = 0
    for seed in SEEDS:
        spoilt, (i, j) = with_swap(scene(seed, count, count), seed)
        right += any(f"exchange the floor_m of points[{i}] and points[{j}]" in p.hint for p in told(spoilt))
    assert right >= NEARLY_ALL * len(SEEDS)


@pytest.mark.slow
@pytest.mark.parametrize(("count", "off_m"), [(6, 1.5), (7, 1.0), (9, 0.7)])
def test_the_one_wrong_point_is_named(count: int, off_m: float) -> None:
    right = 0
    for seed in SEEDS:
        spoilt, i = with_outlier(scene(seed, count, count), seed, off_m)
        right += any(f"measure points[{i}] again" in p.hint for p in told(spoilt))
    assert right >= NEARLY_ALL * len(SEEDS)


def test_a_wrong_point_is_named_where_all_are_in_centimetres_too() -> None:
    right = 0
    for seed in SEEDS:
        spoilt, i = with_outlier(scene(seed, 8, 8), seed, 1.0)
        hints = [p.hint for p in told(each(FLOOR_FAULTS["in centimetres"][0])(spoilt))]
        right += any("centimetres" in hint for hint in hints) and any(f"points[{i}]" in hint for hint in hints)
    assert right >= 0.8 * len(SEEDS)


def test_four_points_prove_nothing() -> None:
    assert named((scene(seed, 4, 4, spread=True) for seed in SEEDS), "add a fifth") >= NEARLY_ALL


def test_exchanged_points_of_four_give_themselves_away() -> None:
    """Four fit whatever they are, but no camera above the floor has such a map."""
    swapped = (with_swap(scene(seed, 4, 4, spread=True), seed)[0] for seed in SEEDS)
    assert named(swapped, "exchange the floor_m|a few more points|away from that line") == 1


# -- the matrix given --------------------------------------------------------------------------------------------------


def matrix_of(found: Scene) -> Homography:
    pairs = tuple(PointPair(px=spot[:2], floor_m=spot[2:]) for spot in found.spots)
    return camera_homography(Camera(id="c", size_px=found.size_px, points=pairs))


def told_of(found: Scene, h: Homography) -> list[Problem]:
    text = found.yaml()
    points, floor = text.index("    points:"), text.index("    floor_m: [[")
    matrix = f"    homography: {[[value / h[2][2] for value in row] for row in h]}\n"
    files = {"hall.yaml": text[:points] + matrix + text[floor:]}
    return [problem for problem in examine(files)[1] if problem.key != "lines"]


def by_columns(h: Homography) -> Homography:
    (a, b, c), (d, e, f), (g, i, j) = h
    return (a, d, g), (b, e, i), (c, f, j)


MATRIX_FAULTS: dict[str, tuple[Callable[[Homography, Scene], Homography], str]] = {
    "of half the size": (lambda h, _: product(h, scaled(2, 2)), "made for images of"),
    "of twice the size": (lambda h, _: product(h, scaled(0.5, 0.5)), "made for images of"),
    "of pixels from 0 to 1": (lambda h, c: product(h, scaled(*c.size_px)), "shares of one"),
    "of row and column": (lambda h, _: product(h, EXCHANGED), "row and column"),
    "to centimetres": (lambda h, _: product(scaled(100, 100), h), "centimetres"),
    "to y and x": (lambda h, _: product(EXCHANGED, h), "x and y"),
    "from the floor to pixels": (lambda h, _: inverse(h), "the other way round"),
    "by columns": (lambda h, _: by_columns(h), "by columns"),
    "mirrored": (lambda h, c: product(((1, 0, 0), (0, -1, c.size_m[1]), (0, 0, 1)), h), "y axis pointing up"),
}


def test_of_the_matrix_of_a_real_camera_nothing_is_said() -> None:
    scenes = [scene(seed, spread=True) for seed in SEEDS]
    assert [str(problem) for one in scenes for problem in told_of(one, matrix_of(one))] == []


@pytest.mark.parametrize("fault", MATRIX_FAULTS)
def test_what_was_done_to_a_matrix_is_named(fault: str) -> None:
    change, words = MATRIX_FAULTS[fault]
    hints = [" ".join(p.hint for p in told_of(one, change(matrix_of(one), one))) for one in (scene(s) for s in SEEDS)]
    assert sum(words in hint for hint in hints) >= NEARLY_ALL * len(hints)


# -- the floor it answers for ------------------------------------------------------------------------------------------


def bounded_by(found: Scene, *floor_m: tuple[float, float]) -> list[Problem]:
    return told(Scene(found.size_px, found.size_m, found.spots, floor_m, found.height_m, found.tilt))


#    0      5      10
#  0 +------+------+     y = 6, looking up the plan (-y): what lies below y = 6 is behind it
#    |  \       /  |
#    |    \   /    |
#  6 |     cam     |
#    |   behind    |
# 10 +-------------+
#
UP = Scene(
    (1000, 800), (10, 10),
    ((500, 400, 5, 3), (200, 400, 4.1, 3), (800, 400, 5.9, 3), (500, 300, 5, 1.756), (100, 300, 3.303, 1.756),
     (900, 300, 6.697, 1.756), (500, 700, 5, 4.615), (200, 700, 4.446, 4.615)),
    None, 3.0, 45.0,
)  # fmt: skip
"""At (5, 6), 3 m up, 45 degrees down, focal length 1,414 px / sqrt 2 = 1,000 px; rounded to the millimetre."""


def test_the_camera_of_these_pictures_is_sound() -> None:
    assert bounded_by(UP, (3.6, 2), (6.4, 2), (6, 4.5), (4, 4.5)) == []


def test_floor_behind_the_camera_is_told() -> None:
    (problem,) = bounded_by(UP, (0, 0), (10, 0), (10, 10), (0, 10))
    assert problem.key == "cameras[0].floor_m"
    assert "behind the camera" in problem.got
    assert problem.severity == "warning"


def test_points_in_one_corner_of_a_large_floor_are_told() -> None:
    """Two square metres of a hall were measured; the far corner hangs in the air."""
    spots = (
        (500, 400, 5, 3),
        (560, 400, 5.18, 3),
        (500, 440, 5, 3.231),
        (560, 440, 5.173, 3.231),
        (530, 420, 5.088, 3.118),
    )
    found = Scene(UP.size_px, UP.size_m, spots, ((3, 0.5), (7, 0.5), (6, 4.5), (4, 4.5)), 3.0, 45.0)
    (problem,) = told(found)
    assert problem.expected.startswith("points that fix the floor it answers for")
    assert "points lie at x 5.0 to 5.2, y 3.0 to 3.2" in problem.got


def test_a_camera_without_floor_m_that_shows_more_than_the_hall_is_told() -> None:
    (problem,) = told(Scene((4000, 3200), (10, 8), OVERHEAD, None, 20.0, 90.0))
    assert problem.expected == "a camera that answers for floor of the hall"
    assert "1280 m² of it, 16.0 times the hall's" in problem.got


OVERHEAD: tuple[Spot, ...] = (
    (100, 100, 1, 1), (900, 100, 9, 1), (900, 700, 9, 7), (100, 700, 1, 7), (500, 400, 5, 4),
)  # fmt: skip


# -- orientation: one camera against the others -------------------------------------------------------------------------


def test_one_mirrored_camera_among_others_is_an_error() -> None:
    """Two cameras over one floor: one of them must be wrong, so it is not left to a warning."""
    sound = "homography: [[0.01, 0, 0], [0, 0.01, 0], [0, 0, 1]]"
    turned = "homography: [[0.01, 0, 5], [0, -0.01, 8], [0, 0, 1]]"
    text = (
        "id: h\nname: H\nsize_m: [10, 8]\nzones: []\ncameras:\n"
        f"  - {{id: one, size_px: [500, 800], {sound}}}\n  - {{id: two, size_px: [500, 800], {turned}}}\n"
    )
    loaded, found = examine({"hall.yaml": text})
    assert loaded is None
    (problem,) = [problem for problem in found if "lines" not in problem.key]
    assert (problem.key, problem.severity) == ("cameras[1]", "error")
    assert "a mirrored one of two, not of one" in problem.got
    load_files({"hall.yaml": text})  # what the engine accepted it still does: its log must replay


def test_a_plan_with_y_up_is_told_once_for_all_cameras() -> None:
    turned = "homography: [[0.01, 0, {}], [0, -0.01, 8], [0, 0, 1]]"
    text = (
        "id: h\nname: H\nsize_m: [10, 8]\nzones: []\ncameras:\n"
        f"  - {{id: one, size_px: [500, 800], {turned.format(0)}}}\n  - {{id: two, size_px: [500, 800], {turned.format(5)}}}\n"
    )
    loaded, found = examine({"hall.yaml": text})
    assert loaded is not None
    (problem,) = [problem for problem in found if "lines" not in problem.key]
    assert (problem.key, problem.severity) == ("cameras", "warning")
    assert "y axis pointing up" in problem.hint


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_numbers_of_no_sense_are_told_and_never_raise(seed: int) -> None:
    """Whatever stands there; a hundred cameras of noughts, ones and huge numbers each."""
    rnd = random.Random(seed)

    def some(count: int) -> list[float]:
        return [rnd.choice((0, 1, -1, 0.5, 1e-9, rnd.uniform(-10, 10), rnd.uniform(-9e3, 9e3))) for _ in range(count)]

    for _ in range(100):
        pairs = "".join(f"{{px: {some(2)}, floor_m: {some(2)}}}, " for _ in range(rnd.randint(4, 7)))
        source = rnd.choice((f"homography: {[some(3) for _ in range(3)]}", f"points: [{pairs}]"))
        floor = rnd.choice(("", f", floor_m: {[some(2) for _ in range(4)]}", ", floor_m: [[0, 0], [10, 0], [10, 8]]"))
        size = rnd.choice(("[1920, 1080]", "[1, 1]", "[100000, 3]"))
        camera = f"  - {{id: c, size_px: {size}, {source}{floor}}}\n"
        loaded, found = examine({"hall.yaml": f"id: h\nname: H\nsize_m: [10, 8]\nzones: []\ncameras:\n{camera}"})
        assert found
        assert (loaded is None) == any(problem.severity == "error" for problem in found)
