"""From pixels to the floor: as given, or fitted; the same doubles every time."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.geometry import Homography, apply_homography
from config.hall import Camera
from config.homography import camera_homography, coverage_m, image_on_floor_m, on_floor, residuals_m, rms

ROOT = Path(__file__).parents[2]

STREET: Homography = (
    (0.053451, -0.604125, 88.576563), (-0.139304, -0.399811, 120.417535), (0.000917, 0.019625, 1.0),
)  # fmt: skip
"""A real surveillance camera's, on a pole, looking down a street: 768 x 576 px, floor to 30 m away."""


def camera(**fields: object) -> Camera:
    return Camera.model_validate({"id": "cam", "size_px": (768, 576)} | fields)


def seen_by(h: Homography, pixels: list[tuple[float, float]], noise_m: float = 0.0, seed: int = 1) -> Camera:
    """A camera with the points that ``h`` gives for ``pixels``, each measured with a little error."""
    rnd = random.Random(seed)
    points = []
    for x, y in pixels:
        floor = apply_homography(h, x, y)
        assert floor
        points.append({"px": (x, y), "floor_m": (floor[0] + rnd.gauss(0, noise_m), floor[1] + rnd.gauss(0, noise_m))})
    return camera(points=points)


GRID = [(x, y) for y in (100.0, 300.0, 560.0) for x in (20.0, 380.0, 750.0)]


@pytest.mark.parametrize("pixels", [GRID, [GRID[0], GRID[2], GRID[6], GRID[8]]])
def test_exact_points_give_their_homography_back(pixels: list[tuple[float, float]]) -> None:
    fitted = camera_homography(seen_by(STREET, pixels))
    for x, y in ((0.0, 0.0), (768.0, 0.0), (400.0, 300.0), (10.0, 570.0)):
        assert on_floor(fitted, x, y) == pytest.approx(apply_homography(STREET, x, y), abs=1e-8)


def test_points_with_errors_fit_as_well_as_the_reference_does() -> None:
    """The same normalised equations, solved by LAPACK's singular values, leave the same residuals."""
    import numpy as np

    found = seen_by(STREET, GRID, noise_m=0.05)
    px = np.array([pair.px for pair in found.points])
    floor = np.array([pair.floor_m for pair in found.points])

    def normalisation(p: np.ndarray) -> np.ndarray:
        centre = p.mean(axis=0)
        s = np.sqrt(2) / np.linalg.norm(p - centre, axis=1).mean()
        return np.array([[s, 0, -s * centre[0]], [0, s, -s * centre[1]], [0, 0, 1]])

    t, u = normalisation(px), normalisation(floor)
    rows = []
    for p, q in zip(px, floor, strict=True):
        a, b = t @ (*p, 1), u @ (*q, 1)
        rows += [[0, 0, 0, *-a, *(b[1] * a)], [*a, 0, 0, 0, *(-b[0] * a)]]
    h = np.linalg.inv(u) @ np.linalg.svd(np.array(rows))[2][-1].reshape(3, 3) @ t
    projected = (h @ np.c_[px, np.ones(len(px))].T).T
    reference = np.linalg.norm(projected[:, :2] / projected[:, 2:] - floor, axis=1)
    assert residuals_m(found) == pytest.approx(tuple(reference), abs=1e-9)
    assert 0.01 < rms(residuals_m(found)) < 0.1


@given(st.integers(0, 10_000))
def test_the_order_of_points_changes_nothing_that_matters(seed: int) -> None:
    first = seen_by(STREET, GRID, noise_m=0.05)
    shuffled = list(first.points)
    random.Random(seed).shuffle(shuffled)
    second = camera(points=[pair.model_dump() for pair in shuffled])
    a, b = (on_floor(camera_homography(one), 400.0, 300.0) for one in (first, second))
    assert a == pytest.approx(b, abs=1e-9)


def test_the_same_points_give_the_same_doubles_in_every_process() -> None:
    """On any machine too: the fit uses nothing but IEEE additions, products, quotients and roots in a fixed order."""
    fields = seen_by(STREET, GRID, noise_m=0.05).model_dump_json()
    program = (
        "import sys; from config.hall import Camera; from config.homography import camera_homography\n"
        "print([[v.hex() for v in row] for row in camera_homography(Camera.model_validate_json(sys.argv[1]))])"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program, fields], cwd=ROOT, env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True, text=True, check=True,
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    here = str([[v.hex() for v in row] for row in camera_homography(Camera.model_validate_json(fields))])
    assert outputs == {here + "\n"}


def test_a_camera_is_fitted_once() -> None:
    found = seen_by(STREET, GRID)
    assert camera_homography(found) is camera_homography(Camera.model_validate(json.loads(found.model_dump_json())))


def test_a_given_matrix_is_used_as_it_is() -> None:
    assert camera_homography(camera(homography=STREET)) == STREET


#      y_px                    w = y_px - 200: zero at the horizon, negative above it
#    0 +-------------+
#      |    sky      |  on_floor: None
#  200 |---horizon---|
#      |   floor     |  on_floor: a point
#  576 +-------------+
#
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_beyond_the_horizon_there_is_no_floor(sign: float) -> None:
    """Both signs of a matrix map alike: the one is chosen that makes w positive where the floor is."""
    h = camera_homography(camera(homography=((sign, 0, -384 * sign), (0, 4 * sign, 0), (0, sign, -200 * sign))))
    assert on_floor(h, 384, 400) == (0.0, 8.0)
    assert on_floor(h, 384, 200) is None
    assert on_floor(h, 384, 100) is None


def test_a_fitted_map_faces_its_points() -> None:
    oblique: Homography = ((1.0, 0.0, -384.0), (0.0, 4.0, 0.0), (0.0, 1.0, -200.0))
    h = camera_homography(
        seen_by(oblique, [(0.0, 300.0), (768.0, 300.0), (768.0, 570.0), (0.0, 570.0), (300.0, 400.0)])
    )
    assert on_floor(h, 384, 400) == pytest.approx((0.0, 8.0))
    assert on_floor(h, 384, 100) is None


def test_coverage_is_floor_m_or_what_the_image_shows() -> None:
    overhead = camera(homography=((0.01, 0, 0), (0, 0.01, 0), (0, 0, 1)))
    assert coverage_m(overhead) == ((0.0, 0.0), (7.68, 0.0), (7.68, 5.76), (0.0, 5.76))
    floor = ((0.0, 0.0), (3.0, 0.0), (0.0, 3.0))
    assert coverage_m(overhead.model_copy(update={"floor_m": floor})) == floor


def test_an_unbounded_floor_is_an_error_that_says_what_to_give() -> None:
    sky = camera(homography=((1, 0, -384), (0, 4, 0), (0, 1, -200)))
    assert image_on_floor_m(sky) is None
    with pytest.raises(ValueError, match=r"camera cam: the horizon crosses its image: expected floor_m"):
        coverage_m(sky)


def test_too_few_points_are_an_error() -> None:
    with pytest.raises(ValueError, match="camera cam: expected at least 4 points, got 3"):
        camera_homography(seen_by(STREET, GRID[:3]))
