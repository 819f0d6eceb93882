"""Fonts for pictures. Chinese names need a font that has them; without one, ids stand in for names."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from PIL import ImageFont

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

CJK_FONTS = (
    Path("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc"),  # Debian: fonts-wqy-microhei
    Path("/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc"),  # fonts-wqy-zenhei
    Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"),  # fonts-noto-cjk
    Path("/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc"),
    Path("/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf"),  # fonts-droid-fallback
    Path("/usr/share/fonts/truetype/arphic/uming.ttc"),  # fonts-arphic-uming
    Path("/System/Library/Fonts/PingFang.ttc"),
    Path("C:/Windows/Fonts/msyh.ttc"),
)
LATIN_FONTS = (
    Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"),
    Path("/usr/share/fonts/truetype/liberation/LiberationSans-Regular.ttf"),
)


class Lettering:
    """Fonts by size, and the choice between a name and an id. ``cjk``: where to look for a font with Chinese."""

    def __init__(self, cjk: Sequence[Path] = CJK_FONTS) -> None:
        self._cjk = next((path for path in cjk if path.is_file()), None)
        self._path = self._cjk or next((path for path in LATIN_FONTS if path.is_file()), None)

    def font(self, px: int) -> Font:
        return _font(self._path, px)

    def label(self, name: str, identity: str) -> str:
        """The name, where it can be drawn, or else the id (which is plain ASCII)."""
        return name if name.strip() and (self._cjk or _is_latin(name)) else identity


def _is_latin(text: str) -> bool:
    return all(ord(character) < 0x250 for character in text)


@lru_cache(maxsize=64)
def _font(path: Path | None, px: int) -> Font:
    if path is None:
        return ImageFont.load_default(px)
    return ImageFont.truetype(str(path), px)
