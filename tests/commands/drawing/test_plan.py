"""The plan: things are where they belong, in their colours, and can be told apart without a Chinese font."""

from __future__ import annotations

from pathlib import Path

import pytest

from commands.drawing.fonts import CJK_FONTS, Lettering
from commands.drawing.frame import forward, middle
from commands.drawing.letters import label_spot
from commands.drawing.palette import ENTRANCE_COLOUR, KIND_COLOURS, SOFT, rgb
from commands.drawing.plan import draw_plan
from config.geometry import inside
from config.hall import Hall, Line, ZoneKind
from config.loading import load_dir

EXAMPLES = Path(__file__).parents[3] / "config" / "examples"


@pytest.fixture(scope="module")
def demo() -> Hall:
    return load_dir(EXAMPLES / "demo").hall


def nearness(colour: tuple[int, ...], other: tuple[int, ...]) -> int:
    return max(abs(a - b) for a, b in zip(colour, other, strict=True))


def pixel(plan_image: object, at: tuple[float, float]) -> tuple[int, ...]:
    from PIL import Image

    assert isinstance(plan_image, Image.Image)
    found = plan_image.getpixel((round(at[0]), round(at[1])))
    assert isinstance(found, tuple)
    return found


def test_a_metre_is_as_long_as_it_was_asked_to_be(demo: Hall) -> None:
    plan = draw_plan(demo, px_per_m=20)
    (x0, y0), (x1, y1) = plan.to_px(0, 0), plan.to_px(24, 14)
    assert (x1 - x0, y1 - y0) == (480, 280)
    assert 0 < x0 < x1 < plan.image.width
    assert 0 < y0 < y1 < plan.image.height


def test_zones_are_tinted_in_the_colour_of_their_kind(demo: Hall) -> None:
    """A corner of a zone, clear of its name, is its kind's colour laid thinly over white."""
    plan = draw_plan(demo, px_per_m=40)
    for zone in demo.zones:
        x, y = min(zone.polygon_m)
        found = pixel(plan.image, plan.to_px(x + 0.3, y + 0.3))
        thin = tuple(round(c * 58 / 255 + 255 * 197 / 255) for c in rgb(KIND_COLOURS[zone.kind]))
        assert nearness(found, thin) < 16, zone.id


def test_a_line_is_drawn_where_it_is_and_its_arrow_points_forward(demo: Hall) -> None:
    plan = draw_plan(demo, px_per_m=40)
    door = demo.lines[0]  # from (8, 13) to (13, 13); the street is below it
    red = rgb(ENTRANCE_COLOUR)
    assert nearness(pixel(plan.image, plan.to_px(9.0, 13.0)), red) < 40
    x, y = plan.to_px(10.5, 13.0)
    assert nearness(pixel(plan.image, (x, y - 15)), red) < 40
    assert nearness(pixel(plan.image, (x, y + 15)), red) > 40
    assert forward(door) == (0.0, -1.0)


#   y down:   from -------> to      its right is below (+y): forward leads up (-y)
#
@pytest.mark.parametrize(
    ("to_m", "leads"), [((1, 0), (0, -1)), ((-1, 0), (0, 1)), ((0, 1), (1, 0)), ((0, -1), (-1, 0))]
)
def test_forward_is_from_the_right_to_the_left(to_m: tuple[float, float], leads: tuple[float, float]) -> None:
    assert forward(Line(id="l", name="l", from_m=(0, 0), to_m=to_m)) == leads


def test_a_faint_plan_leaves_the_floor_to_what_is_drawn_over_it(demo: Hall) -> None:
    plan = draw_plan(demo, px_per_m=40, faint=True)
    assert plan.image.width < draw_plan(demo, px_per_m=40).image.width  # no legend
    x, y = min(demo.zones[4].polygon_m)
    assert nearness(pixel(plan.image, plan.to_px(x + 0.3, y + 0.3)), (255, 255, 255)) < 12
    assert nearness(pixel(plan.image, plan.to_px(9.0, 13.0)), rgb(SOFT)) < 60


def test_the_same_hall_gives_the_same_picture(demo: Hall) -> None:
    assert draw_plan(demo, px_per_m=20).image.tobytes() == draw_plan(demo, px_per_m=20).image.tobytes()


def test_a_tiny_and_a_long_hall_can_be_drawn(demo: Hall) -> None:
    for size_m in ((0.5, 0.5), (200.0, 3.0)):
        image = draw_plan(demo.model_copy(update={"size_m": size_m, "zones": (), "lines": (), "cameras": ()})).image
        assert image.width > 200
        assert image.height > 50


def test_every_kind_of_zone_has_a_colour_of_its_own() -> None:
    assert set(KIND_COLOURS) == set(ZoneKind)
    assert len(set(KIND_COLOURS.values())) == len(ZoneKind)


def test_without_a_chinese_font_ids_stand_in_for_names() -> None:
    plain = Lettering(cjk=())
    assert plain.label("营业厅大门", "entrance") == "entrance"
    assert plain.label("Café", "cafe") == "Café"
    assert plain.label(" ", "blank") == "blank"


def test_with_a_chinese_font_names_are_written() -> None:
    if not any(path.is_file() for path in CJK_FONTS):
        pytest.skip("no Chinese font here: apt-get install fonts-wqy-microhei")
    assert Lettering().label("营业厅大门", "entrance") == "营业厅大门"


def test_a_name_is_written_inside_its_zone_and_off_the_lines(demo: Hall) -> None:
    #   +------+         the middle of an L's box is outside it
    #   |  +---+
    #   |  |
    #   +--+
    ell = ((0.0, 0.0), (6.0, 0.0), (6.0, 2.0), (2.0, 2.0), (2.0, 6.0), (0.0, 6.0))
    assert inside(*label_spot(ell), ell)
    square = ((0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (0.0, 4.0))
    assert label_spot(square) == pytest.approx((2, 2), abs=0.1)
    beside = label_spot(square, obstacles=[((0.0, 2.0), (4.0, 2.0))])
    assert abs(beside[1] - 2) > 0.8


#      0    2    4      A line round a corner: the arrow stands in the middle of its whole length, across the segment
#    0 +---------+      there, and every segment is drawn.
#      |    +----|  2   from (2, 4) by (2, 2) to (4, 2)
#    4 +----+----+
#
def test_a_line_of_several_points_is_drawn_through_all_of_them() -> None:
    bent = Line(id="bent", name="bent", from_m=(2, 4), via_m=((2, 2),), to_m=(5, 2), entrance=True)
    hall = Hall.model_validate({"id": "h", "name": "h", "size_m": (6, 4), "zones": (), "cameras": ()})
    plan = draw_plan(hall.model_copy(update={"lines": (bent,)}), px_per_m=60)
    for spot in ((2, 2.4), (2.3, 2), (4.2, 2)):
        assert nearness(pixel(plan.image, plan.to_px(*spot)), rgb(ENTRANCE_COLOUR)) < 40, spot
    assert nearness(pixel(plan.image, plan.to_px(3.5, 3)), rgb(ENTRANCE_COLOUR)) > 40, (
        "the straight way between its ends"
    )
    assert middle(bent) == ((2.5, 2), (0.0, -1.0))
