"""Colour ramps for quantities, even to the eye, and the bar that explains one.

A ramp runs through a few colours in OKLab (B. Ottosson, "A perceptual color space for image processing", 2020), where
equal steps look equal, so that no false edges appear. That of heat runs from light to dark only: it reads in grey, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from commands.drawing.fonts import Lettering
from commands.drawing.palette import INK, SOFT, rgb

Floats = NDArray[np.float64]
Bytes = NDArray[np.uint8]
Colour = tuple[int, int, int]

STEPS = 256
HEAT = ("#ffffff", "#fdeeb0", "#fbb85c", "#ee6a50", "#b6306f", "#5f187f", "#1b0c42")
"""White as the floor, so that nobody there is nothing to see, through amber and red to a violet near black."""
HOURS = ("#2b2f8f", "#2273b5", "#159a9c", "#5bb04b", "#e0a526", "#e0602b")
"""Morning blue to evening red, none of them too light for thin lines on white."""

BAR_PX, LABEL_PX = 22, 104
LEAST_GAP_PX = 22

# sRGB (linear) to the eye's cones, and their cube roots to lightness and two opponent colours.
_CONES = np.array([
    [0.4122214708, 0.5363325363, 0.0514459929],
    [0.2119034982, 0.6806995451, 0.1073969566],
    [0.0883024619, 0.2817188376, 0.6299787005],
])  # fmt: skip
_LAB = np.array([
    [0.2104542553, 0.7936177850, -0.0040720468],
    [1.9779984951, -2.4285922050, 0.4505937099],
    [0.0259040371, 0.7827717662, -0.8086757660],
])  # fmt: skip


def oklab(colours: Bytes) -> Floats:
    """sRGB bytes, shape (n, 3), as OKLab."""
    share = colours / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    lab: Floats = np.cbrt(linear @ _CONES.T) @ _LAB.T
    return lab


def from_oklab(lab: Floats) -> Bytes:
    """OKLab, shape (n, 3), as sRGB bytes; colours that a screen has not are cut to what it has."""
    linear = ((lab @ np.linalg.inv(_LAB).T) ** 3) @ np.linalg.inv(_CONES).T
    linear = linear.clip(0, 1)
    share = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    colours: Bytes = np.rint(share * 255).astype(np.uint8)
    return colours


def ramp(anchors: Sequence[str]) -> Bytes:
    """STEPS colours through ``anchors``, shape (STEPS, 3), evenly far from each other."""
    lab = oklab(np.array([rgb(colour) for colour in anchors], dtype=np.uint8))
    way = np.concatenate(([0.0], np.cumsum(np.linalg.norm(np.diff(lab, axis=0), axis=1))))
    places = np.linspace(0.0, way[-1], STEPS)
    return from_oklab(np.stack([np.interp(places, way, lab[:, i]) for i in range(3)], axis=1))


def colour_at(colours: Bytes, share: float) -> Colour:
    """The colour at 0 (first) to 1 (last)."""
    red, green, blue = colours[round(min(max(share, 0.0), 1.0) * (STEPS - 1))].tolist()
    return red, green, blue


@dataclass(frozen=True)
class Scale:
    """What a ramp's colours stand for: a title, and labels at shares from 0 to 1."""

    title: tuple[str, ...]
    labels: tuple[tuple[float, str], ...]


def with_bar(
    image: Image.Image, colours: Bytes, scale: Scale, top: float, bottom: float, lettering: Lettering
) -> Image.Image:
    """The picture, wider by a bar at its right between the heights ``top`` and ``bottom``, low values below."""
    wide = Image.new("RGB", (image.width + BAR_PX + LABEL_PX, image.height), image.getpixel((image.width - 1, 0)))
    wide.paste(image, (0, 0))
    draw = ImageDraw.Draw(wide)
    left, title_font = image.width - 20, lettering.font(14)
    for i, text in enumerate(scale.title):
        draw.text((left, top + i * 18), text, font=title_font, fill=rgb(INK), anchor="la")
    top += len(scale.title) * 18 + 12
    column = Image.fromarray(colours[::-1].reshape(STEPS, 1, 3)).resize((BAR_PX, max(1, round(bottom - top))))
    wide.paste(column, (left, round(top)))
    draw.rectangle((left, round(top), left + BAR_PX, round(bottom)), outline=rgb(SOFT))
    last = None
    for share, text in scale.labels:
        y = bottom - share * (bottom - top)
        if last is not None and last - y < LEAST_GAP_PX:
            continue
        last = y
        draw.line([(left + BAR_PX, y), (left + BAR_PX + 5, y)], fill=rgb(SOFT))
        draw.text((left + BAR_PX + 10, y), text, font=lettering.font(13), fill=rgb(INK), anchor="lm")
    return wide
