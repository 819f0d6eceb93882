"""Colour ramps: there and back without loss, even steps, one way in lightness, and a bar that says what they mean."""

import numpy as np
import pytest
from PIL import Image

from commands.drawing.fonts import Lettering
from commands.drawing.palette import rgb
from commands.drawing.ramp import (
    HEAT,
    HOURS,
    STEPS,
    Scale,
    colour_at,
    from_oklab,
    oklab,
    ramp,
    with_bar,
)


def test_every_corner_of_the_colours_comes_back() -> None:
    levels = np.array([0, 1, 51, 128, 254, 255], dtype=np.uint8)
    colours = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(-1, 3)
    assert (from_oklab(oklab(colours)) == colours).all()


@pytest.mark.parametrize(
    ("colour", "lab"),  # from the author's own table
    [("#ffffff", (1.0, 0.0, 0.0)), ("#000000", (0.0, 0.0, 0.0)), ("#ff0000", (0.628, 0.225, 0.126))],
)
def test_known_colours(colour: str, lab: tuple[float, ...]) -> None:
    assert oklab(np.array([rgb(colour)], dtype=np.uint8))[0] == pytest.approx(lab, abs=1e-3)


@pytest.mark.parametrize("anchors", [HEAT, HOURS])
def test_a_ramp_goes_from_its_first_to_its_last_colour_in_even_steps(anchors: tuple[str, ...]) -> None:
    colours = ramp(anchors)
    assert colours.shape == (STEPS, 3)
    assert colour_at(colours, -1) == colour_at(colours, 0) == rgb(anchors[0])
    assert colour_at(colours, 2) == colour_at(colours, 1) == rgb(anchors[-1])
    steps = np.linalg.norm(np.diff(oklab(colours)[::8], axis=0), axis=1)
    assert steps.max() < 1.6 * steps.mean()


def test_more_heat_is_darker_so_that_it_reads_in_grey() -> None:
    lightness = oklab(ramp(HEAT))[::8, 0]
    assert (np.diff(lightness) < 0).all()


def test_hours_are_all_dark_enough_for_a_thin_line_on_white() -> None:
    assert oklab(ramp(HOURS))[:, 0].max() < 0.8


def test_the_bar_runs_from_low_at_the_foot_to_high_at_the_head() -> None:
    """
    |      | title        the picture itself is not touched
    |      | #  top
    |      | :
    |      | .  bottom
    """
    ground = Image.new("RGB", (200, 300), "#f6f7f9")
    colours = ramp(HEAT)
    wide = with_bar(ground, colours, Scale(("unit",), ((0.0, "0"), (1.0, "9"))), 40, 280, Lettering())
    assert wide.crop((0, 0, 170, 300)).tobytes() == ground.crop((0, 0, 170, 300)).tobytes()
    assert wide.width > ground.width
    x = 200 - 20 + 11
    assert wide.getpixel((x, 278)) == pytest.approx(rgb(HEAT[0]), abs=10)
    assert wide.getpixel((x, 74)) == pytest.approx(rgb(HEAT[-1]), abs=10)


def test_labels_too_near_to_each_other_are_left_out() -> None:
    def bar(*labels: tuple[float, str]) -> bytes:
        ground = Image.new("RGB", (200, 300), "white")
        return with_bar(ground, ramp(HEAT), Scale((), labels), 20, 280, Lettering()).tobytes()

    assert bar((0.0, "0"), (0.01, "1"), (1.0, "9")) == bar((0.0, "0"), (1.0, "9")) != bar((0.0, "0"))
