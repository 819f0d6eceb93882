"""Cameras: a map from pixels to the floor that can be trusted, and a floor of their own."""

from __future__ import annotations

import pytest

from config.camera_checks import in_one_line
from tests.support.hall_files import hall_with, problems, the_problem

MATRIX = "    homography: [[0.01, 0, 0], [0, 0.01, 0], [0, 0, 1]]\n"

SQUARE = ((0, 0, 0, 0), (1000, 0, 10, 0), (1000, 800, 10, 8), (0, 800, 0, 8))
"""The image's corners on the hall's: x_px, y_px, x_m, y_m."""


def points(*spots: tuple[float, float, float, float]) -> str:
    return "    points:\n" + "".join(f"      - {{px: [{x}, {y}], floor_m: [{u}, {v}]}}\n" for x, y, u, v in spots)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("", "hall.yaml:21: cameras[0]: expected homography or points, got neither; give at least 4 points"),
        (MATRIX + points(*SQUARE), "hall.yaml:21: cameras[0]: expected either homography or points, got both"),
        (points(*SQUARE[:3]), "hall.yaml:23: cameras[0].points: expected at least 4 points, got 3"),
        (MATRIX.replace("[0, 0.01, 0]", "[0.02, 0, 0]"),
         "hall.yaml:23: cameras[0].homography: expected a matrix with an inverse, got a singular one"),
        (points(*SQUARE[:3], (500, 200, 5, 2), (250, 600, 2.5, 6)), None),
        # three corners and a spot on the edge between two of them: three in one line fix nothing
        (points(*SQUARE[:3], (500, 0, 5, 0)),
         "hall.yaml:23: cameras[0].points: expected points spread over an area, got px in one line, but for one "
         "at most"),
        (points(*SQUARE[:3], (1000, 800, 10, 8)), "hall.yaml:23: cameras[0].points: expected points spread over "
         "an area"),
        (points(*((0, 0, 0, 0),) * 5), "hall.yaml:23: cameras[0].points: expected points spread over an area"),
    ],
)  # fmt: skip
def test_exactly_one_map_that_is_one(source: str, message: str | None) -> None:
    found = problems(hall_with(MATRIX, source))
    assert (message is None) == (found == ())
    if message:
        assert str(found[0]).startswith(message)


def test_a_badly_measured_point_is_named() -> None:
    good = [*SQUARE, (500, 400, 5, 4), (250, 200, 2.5, 2), (750, 200, 7.5, 2)]
    assert problems(hall_with(MATRIX, points(*good))) == ()
    bad = good.copy()
    bad[4] = (500, 400, 8, 4)  # three metres off
    assert the_problem(hall_with(MATRIX, points(*bad))) == (
        "hall.yaml:28: cameras[0].points[4]: expected points that agree, got points[4], 3.00 m from where the other 6 "
        "put it; measure points[4] again, px and floor_m; if right, the lens bends it"
    )


#      y_px                           at (5, 9.5), 3 m up, looking along -y, a fifth down:
#    0 +---------------+              w = y_px - 200: nothing of the floor is seen above row 200
#      |      sky      |
#  200 |- - horizon - -|              |\     /|
#      |     floor     |              | \   / |   the floor it sees, 3 to 9 m before it
#  800 +---------------+              |  \_/  |
#
OBLIQUE = "    homography: [[3.0594, 5, -2529.7], [0, 10.1, -5140], [0, 1, -200]]\n"


def test_a_horizon_in_the_image_needs_a_floor() -> None:
    text = the_problem(hall_with(MATRIX, OBLIQUE))
    assert text.startswith(
        "hall.yaml:21: cameras[0]: expected floor_m, or an image of nothing but floor, got an image that"
    )
    bounded = OBLIQUE + "    floor_m: [[1, 0], [9, 0], [6.5, 5], [3.5, 5]]\n"
    assert [problem for problem in problems(hall_with(MATRIX, bounded)) if "cameras" in problem.key] == []


def test_a_map_the_wrong_way_round_is_noticed() -> None:
    """From metres to pixels instead: the floor it claims to see lies far from the hall."""
    inverse = "    homography: [[100, 0, 300], [0, 100, 300], [0, 0, 1]]\n"
    text = the_problem(hall_with(MATRIX, inverse))
    assert text.startswith(
        "hall.yaml:23: cameras[0].homography: expected a map from pixels to metres of this hall, got one of no camera"
    )
    assert text.endswith("is it the other way round? Its inverse is a camera's")


def test_the_floor_of_a_camera_is_a_sound_polygon_too() -> None:
    floor = "    floor_m: [[0, 0], [10, 8], [10, 0], [0, 8]]\n"
    assert str(problems(hall_with(MATRIX, MATRIX + floor))[0]).startswith(
        "hall.yaml:24: cameras[0].floor_m: expected a simple polygon"
    )


#      0         5    6         10
#    0 +---------+----+---------+
#      |         |////|         |     cam answers for 0-6, two for 5-10: 8 m² are seen twice
#    8 +---------+----+---------+
#
@pytest.mark.parametrize(
    ("cam_to", "shared"), [(6, "8.0 m² of two shared with cam (cameras[0])"), (5.02, None), (5, None)]
)
def test_cameras_share_a_border_at_most(cam_to: float, shared: str | None) -> None:
    two = (
        f"    floor_m: [[0, 0], [{cam_to}, 0], [{cam_to}, 8], [0, 8]]\n"
        f"  - id: two\n    size_px: [1000, 800]\n{MATRIX}    floor_m: [[5, 0], [10, 0], [10, 8], [5, 8]]\n"
    )
    found = problems(hall_with(MATRIX, MATRIX + two))
    assert [str(problem) for problem in found] == ([] if shared is None else [
        f"hall.yaml:25: cameras[1]: expected cameras with floors of their own, got {shared}; "
        "set floor_m of both so that they share no more than a border"
    ])  # fmt: skip


def test_without_floor_m_a_camera_answers_for_all_it_shows() -> None:
    two = f"  - id: two\n    size_px: [500, 400]\n{MATRIX}"
    assert "20.0 m² of two shared with cam" in the_problem(hall_with(MATRIX, MATRIX + two))


#   a   b   c   d          a   b   c            a     b
#   . . . . . . .          . . . . .            .     .
#                              e                c     d
#
@pytest.mark.parametrize(
    ("spots", "expected"),
    [
        ([(0, 0), (1, 0), (2, 0), (3, 0)], True),
        ([(0, 0), (1, 0), (2, 0), (1, 1)], True),
        ([(0, 0), (1, 0), (2, 0), (1, 1), (2, 1)], False),
        ([(0, 0), (1, 0), (0, 1), (1, 1)], False),
        ([(0, 0), (1, 0), (2, 0.001), (1, 1)], True),
        ([(1, 1)] * 4, True),
    ],
)
def test_in_one_line_but_for_one(spots: list[tuple[float, float]], expected: bool) -> None:
    for scale in (1e-3, 1.0, 1e3):
        assert in_one_line([(x * scale, y * scale) for x, y in spots]) is expected
