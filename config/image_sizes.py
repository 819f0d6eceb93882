"""Sizes of images, in pixels: by them a mistake about the resolution is named, in calibrations and in what trackers send."""

from __future__ import annotations

Size = tuple[int, int]

WIDE: tuple[Size, ...] = (
    (320, 180), (480, 270), (640, 360), (768, 432), (854, 480), (960, 540), (1024, 576), (1280, 720), (1600, 900),
    (1920, 1080), (2304, 1296), (2560, 1440), (2688, 1520), (3200, 1800), (3840, 2160), (4096, 2160), (5120, 2880),
    (7680, 4320),
)  # fmt: skip
"""16:9, and what is sold as such."""
TALLER: tuple[Size, ...] = (
    (320, 240), (352, 288), (640, 480), (704, 576), (720, 576), (768, 576), (800, 600), (1024, 768), (1280, 960),
    (1280, 1024), (1440, 1080), (1600, 1200), (2048, 1536), (2560, 1920), (2592, 1944), (3072, 2048),
)  # fmt: skip
"""4:3, 5:4 and 3:2."""
SQUARE: tuple[Size, ...] = ((320, 320), (416, 416), (512, 512), (640, 640), (960, 960), (1024, 1024), (1280, 1280))
"""What detectors are fed; a tracker that does not scale its boxes back sends those of such an image."""

USUAL_SIZES: tuple[Size, ...] = tuple(sorted(WIDE + TALLER + SQUARE))
"""What cameras deliver, and what detectors are fed, the narrowest first."""
