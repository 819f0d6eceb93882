"""A camera that looks level across the floor: its boxes lie where the people walk."""

from __future__ import annotations

import pytest

from agents.views import camera_view, floor_spots
from benchmarks.accuracy.flat import flat_files, seen_flat
from benchmarks.accuracy.recordings import Moment, standing
from config.loading import load_files


def test_each_box_of_the_flat_camera_is_on_its_person() -> None:
    #  extent: a metre round the walks, so the plan's (0, 0) is at (1, -3)
    walks = (Moment(0, (standing("7", 2.0, -2.0), standing("8", 14.0, 4.0))),)
    (moment,) = seen_flat(walks)
    (camera,) = load_files(flat_files(walks)).hall.cameras
    spots = floor_spots(camera_view(camera), moment.people)
    assert [spots[n] for n in range(2)] == [pytest.approx((1.0, 1.0)), pytest.approx((13.0, 7.0))]
    near, far = moment.people
    assert (near.height_px, far.height_px) == pytest.approx((1750 / 4, 1750 / 16))
