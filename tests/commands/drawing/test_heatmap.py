"""The heat map: colour where time was spent, white where none was, and a scale that fits."""

from pathlib import Path

import pytest
from PIL import Image

from commands.drawing.frame import MARGIN_PX
from commands.drawing.heatmap import HeatPicture
from commands.drawing.palette import rgb
from commands.drawing.plan import Plan
from commands.drawing.ramp import HEAT
from config.hall import Hall
from streams.events import HeatAdded, HeatCell
from tests.support.service_lane import HALL, tick
from tests.support.service_lane import hall as make_hall

PX_PER_M = 40.0
Pixel = tuple[int, int, int]


@pytest.fixture
def hall() -> Hall:
    """One zone of 4 m x 5 m in a plan of 6 m x 6 m."""
    return make_hall("a").model_copy(update={"size_m": (6.0, 6.0)})


def heat(*cells: tuple[int, int, float], cell_m: float = 0.25, at_ms: int = 0) -> HeatAdded:
    return HeatAdded(
        hall=HALL, at_ms=at_ms, decided_at_ms=at_ms, cell_m=cell_m, cells=tuple(HeatCell(*c) for c in cells)
    )


def drawn(hall: Hall, *events: HeatAdded) -> Image.Image:
    picture = HeatPicture(hall)
    for event in events:
        picture.observe(event)
    return picture.draw(px_per_m=PX_PER_M)


def at(image: Image.Image, x_m: float, y_m: float) -> Pixel:
    x, y = Plan(image, PX_PER_M, (MARGIN_PX, MARGIN_PX)).to_px(x_m, y_m)
    pixel = image.getpixel((int(x), int(y)))
    assert isinstance(pixel, tuple)
    return pixel[0], pixel[1], pixel[2]


def darkness(pixel: Pixel) -> int:
    return sum(255 - c for c in pixel)


def test_time_spent_is_dark_where_it_was_spent(hall: Hall) -> None:
    """
    cell (5, 3) of 25 cm: x 1.25 to 1.5 m, y 0.75 to 1 m
    """
    block = tuple((c, r, 50.0) for c in (4, 5, 6) for r in (2, 3, 4))
    image = drawn(hall, heat(*block))
    assert at(image, 1.375, 0.875) == pytest.approx(rgb(HEAT[-1]), abs=40)
    assert darkness(at(image, 3.3, 3.3)) < 30


def test_more_time_is_darker_and_a_thousandth_still_shows(hall: Hall) -> None:
    far_apart = drawn(hall, heat((2, 2, 100.0), (10, 2, 1.0), (2, 14, 0.1)))
    most, some, little, none = (
        darkness(at(far_apart, x, y)) for x, y in ((0.625, 0.625), (2.625, 0.625), (0.625, 3.625), (2.625, 3.625))
    )
    assert most > some > little > none + 5


def test_minutes_add_up(hall: Hall) -> None:
    once, pieces = (
        heat((4, 4, 30.0), (8, 8, 3.0)),
        [heat((4, 4, 10.0), (8, 8, 1.0), at_ms=m * 60_000) for m in range(3)],
    )
    floor = (60, 60, 290, 290)
    assert drawn(hall, once).crop(floor).tobytes() == drawn(hall, *pieces).crop(floor).tobytes()


def test_cells_of_another_size_are_the_same_time_per_square_metre(hall: Hall) -> None:
    """Half a metre of 40 s is four quarters of 10 s each."""
    large = heat((4, 4, 40.0), cell_m=0.5)
    small = heat(*((c, r, 10.0) for c in (8, 9) for r in (8, 9)))
    middle = at(drawn(hall, large, heat((0, 0, 0.001))), 2.25, 2.25)
    assert middle == pytest.approx(at(drawn(hall, small, heat((0, 0, 0.001))), 2.25, 2.25), abs=2)


def test_who_was_seen_outside_the_plan_is_not_on_it(hall: Hall) -> None:
    inside = heat((4, 4, 10.0))
    assert drawn(hall, inside, heat((-3, 2, 99.0), (500, 500, 99.0))).tobytes() == drawn(hall, inside).tobytes()


def test_an_empty_map_is_the_bare_plan(hall: Hall) -> None:
    assert darkness(at(drawn(hall), 1.3, 1.3)) < 10


def test_other_events_say_nothing(hall: Hall) -> None:
    picture = HeatPicture(hall)
    picture.observe(tick(5))
    assert picture.draw(px_per_m=PX_PER_M).tobytes() == drawn(hall).tobytes()


@pytest.mark.parametrize("person_s", [1e-3, 0.5, 7.0, 5e3, 1e9])
def test_any_amount_has_a_scale(hall: Hall, person_s: float) -> None:
    image = drawn(hall, heat(*((c, r, person_s) for c in range(4, 8) for r in range(4, 8))))
    assert darkness(at(image, 1.5, 1.5)) > 300


def test_it_is_written_as_the_name_says(hall: Hall, tmp_path: Path) -> None:
    picture = HeatPicture(hall)
    picture.observe(heat((4, 4, 10.0)))
    picture.save(tmp_path / "heat.png")
    with Image.open(tmp_path / "heat.png") as image:
        assert image.format == "PNG"
        assert image.size == picture.draw().size
