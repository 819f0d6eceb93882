"""The tracks picture: a line where somebody walked, in the colour of the time."""

from pathlib import Path

import pytest
from PIL import Image

from commands.drawing.frame import MARGIN_PX
from commands.drawing.palette import rgb
from commands.drawing.plan import Plan
from commands.drawing.ramp import HOURS
from commands.drawing.tracks import GAP_MS, STEP_M, Stretch, TracksPicture
from config.hall import Hall
from streams.events import Positions
from tests.support.service_lane import HALL, tick
from tests.support.service_lane import hall as make_hall

PX_PER_M = 60.0
Pixel = tuple[int, int, int]


@pytest.fixture
def hall() -> Hall:
    return make_hall("a").model_copy(update={"size_m": (6.0, 6.0)})


def walk(track: str, *steps: tuple[int, float, float]) -> list[Positions]:
    """One frame for each (at_ms, x_m, y_m)."""
    return [
        Positions(hall=HALL, at_ms=t, camera="cam", rows=((track, x, y, 1.0, True),)) for t, x, y in steps
    ]  # fmt: skip


def picture_of(hall: Hall, *events: Positions) -> TracksPicture:
    picture = TracksPicture(hall)
    for event in events:
        picture.observe(event)
    return picture


def at(image: Image.Image, x_m: float, y_m: float) -> Pixel:
    x, y = Plan(image, PX_PER_M, (MARGIN_PX, MARGIN_PX)).to_px(x_m, y_m)
    pixel = image.getpixel((int(x), int(y)))
    assert isinstance(pixel, tuple)
    return pixel[0], pixel[1], pixel[2]


def is_near(pixel: Pixel, colour: str) -> bool:
    return pixel == pytest.approx(rgb(colour), abs=90)


def test_ways_have_the_colour_of_their_time(hall: Hall) -> None:
    """
    first track, blue     o----------*   y 1.3
    last track, red       o----------*   y 4.3
    """
    early = walk("p", (0, 0.5, 1.3), (1000, 5.5, 1.3))
    late = walk("q", (3_600_000, 0.5, 4.3), (3_601_000, 5.5, 4.3))
    image = picture_of(hall, *early, *late).draw(px_per_m=PX_PER_M)
    assert is_near(at(image, 2.4, 1.3), HOURS[0])
    assert is_near(at(image, 2.4, 4.3), HOURS[-1])
    assert min(at(image, 2.4, 3.3)) > 220


def test_first_seen_is_open_and_last_seen_is_filled(hall: Hall) -> None:
    first, last = walk("p", (0, 0.5, 1.3), (1000, 3.5, 1.3)), walk("z", (9_000_000, 5.5, 5.5))
    image = picture_of(hall, *first, *last).draw(px_per_m=PX_PER_M)
    assert min(at(image, 0.5, 1.3)) > 200
    assert is_near(at(image, 3.5, 1.3), HOURS[0])


def test_over_a_long_gap_no_line_is_drawn(hall: Hall) -> None:
    steps = [(0, 0.5, 1.3), (1000, 1.5, 1.3), (1001 + GAP_MS, 4.5, 1.3), (2000 + GAP_MS, 5.5, 1.3)]
    image = picture_of(hall, *walk("p", *steps)).draw(px_per_m=PX_PER_M)
    assert min(at(image, 3.3, 1.3)) > 220
    assert max(at(image, 5.1, 1.3)) < 250


def test_ways_end_at_the_walls_of_the_plan(hall: Hall) -> None:
    outside = picture_of(hall, *walk("p", (0, -50.0, 3.3), (1000, 50.0, 3.3)))
    plain = TracksPicture(hall).draw(px_per_m=PX_PER_M)
    image = outside.draw(px_per_m=PX_PER_M)
    assert image.crop((0, 60, 50, 400)).tobytes() == plain.crop((0, 60, 50, 400)).tobytes()
    assert max(at(image, 2.2, 3.3)) < 250


def test_a_way_keeps_its_last_point_and_drops_those_nobody_could_see() -> None:
    stretch = Stretch(0, 0.0, 0.0)
    for i in range(1, 106):
        stretch.add(i, i * STEP_M / 10, 0.0)
    points = stretch.points()
    assert len(points) < 15
    assert (points[0], points[-1]) == ((0.0, 0.0), (105 * STEP_M / 10, 0.0))


def test_standing_for_hours_takes_no_memory() -> None:
    stretch = Stretch(0, 1.0, 1.0)
    for i in range(1, 10_000):
        stretch.add(i * 1000, 1.0, 1.0)
    assert stretch.points() == [(1.0, 1.0)] * 2


def test_standing_for_hours_is_no_gap(hall: Hall) -> None:
    """
    o--------(stands)-------->    one line, no mark in its middle
    """
    moving = [(0, 0.5, 1.3), (1000, 3.3, 1.3), (2 * GAP_MS, 5.5, 1.3)]
    standing = [(t, 3.3, 1.3) for t in range(2000, 2 * GAP_MS, 5000)]
    stood = picture_of(hall, *walk("p", *moving[:2], *standing, *moving[2:]))
    walked = picture_of(hall, *walk("p", *moving[:2], (2000, 5.5, 1.3)))
    floor = (60, 60, 400, 400)
    assert stood.draw(px_per_m=PX_PER_M).crop(floor).tobytes() == walked.draw(px_per_m=PX_PER_M).crop(floor).tobytes()


def test_of_nothing_there_is_the_plan(hall: Hall) -> None:
    picture = TracksPicture(hall)
    picture.observe(tick(5))
    picture.observe(Positions(hall=HALL, at_ms=0, camera="cam", rows=()))
    image = picture.draw(px_per_m=PX_PER_M)
    assert min(at(image, 2.3, 2.3)) > 220


def test_it_is_written_as_the_name_says(hall: Hall, tmp_path: Path) -> None:
    picture = picture_of(hall, *walk("p", (0, 0.5, 1.3), (1000, 5.5, 1.3)))
    picture.save(tmp_path / "tracks.png")
    with Image.open(tmp_path / "tracks.png") as image:
        assert image.format == "PNG"
        assert image.size == picture.draw().size
