"""The colours of a hall's pictures."""

from __future__ import annotations

from PIL import ImageColor

from config.hall import Line, ZoneKind

KIND_COLOURS = {
    ZoneKind.ENTRANCE: "#2a9d5c",
    ZoneKind.GUIDE: "#e08a1e",
    ZoneKind.TICKETS: "#c9a400",
    ZoneKind.WAITING: "#3f7fd0",
    ZoneKind.DESKS: "#7b5fc7",
    ZoneKind.KIOSKS: "#1d9aaa",
    ZoneKind.PAYMENT: "#c2528b",
    ZoneKind.EXPERIENCE: "#8a9a2b",
    ZoneKind.OPEN: "#8b95a1",
}
PAPER, FLOOR, WALL, INK, SOFT = "#f6f7f9", "#ffffff", "#39424e", "#1d2530", "#6b7684"
LINE_COLOUR, ENTRANCE_COLOUR, CAMERA_COLOUR = "#5a6472", "#d43d2f", "#54708f"


def line_colour(line: Line) -> str:
    return ENTRANCE_COLOUR if line.entrance else LINE_COLOUR


def rgb(colour: str) -> tuple[int, int, int]:
    red, green, blue = ImageColor.getrgb(colour)[:3]
    return red, green, blue


def blend(colour: str, ground: str, share: float) -> tuple[int, int, int]:
    red, green, blue = (round(c * share + g * (1 - share)) for c, g in zip(rgb(colour), rgb(ground), strict=True))
    return red, green, blue
