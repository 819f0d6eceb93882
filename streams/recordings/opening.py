"""The bytes of a file, whatever it is packed in: plain, gzip, a folder of MOTChallenge; and what lies beside it."""

from __future__ import annotations

import configparser
import gzip
import math
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from streams.recordings.model import PositionsError

GZIP = b"\x1f\x8b"
UTF8, UTF16 = b"\xef\xbb\xbf", (b"\xff\xfe", b"\xfe\xff")
SEQINFO = "seqinfo.ini"
BENEATH = {"gt", "det", "results"}
"""Folders of a sequence whose files are described by the sequence's seqinfo.ini."""
IN_FOLDER = ("gt/gt.txt", "results.txt", "det/det.txt")


@dataclass(frozen=True)
class SequenceInfo:
    """seqinfo.ini of a MOTChallenge sequence; what it does not say is None."""

    path: Path
    fps: float | None
    size_px: tuple[int, int] | None


@dataclass(frozen=True)
class Opened:
    """``path``: the file that was read, which may lie in the folder that was named."""

    path: Path
    data: bytes
    info: SequenceInfo | None
    packed: bool


def opened(path: Path) -> Opened:
    """Raises PositionsError when there is nothing to read, or no text."""
    file = _in_folder(path) if path.is_dir() else path
    try:
        data = file.read_bytes()
    except OSError as e:
        raise PositionsError(f"{file}: cannot be read: {e.strerror or e}") from e
    packed = data.startswith(GZIP)
    text = _plain_text(file, _unpacked(file, data) if packed else data)
    return Opened(file, text, _info_of(file), packed)


def _unpacked(path: Path, data: bytes) -> bytes:
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as e:
        raise PositionsError(f"{path}: cannot be unpacked to its end, {e}: it was cut off, or is damaged") from e


def _plain_text(path: Path, data: bytes) -> bytes:
    """UTF-8 without a byte order mark; what PowerShell writes by ``>`` (UTF-16) is turned into it."""
    if data.startswith(UTF16):
        data = data.decode("utf-16", "replace").encode()
    data = data.removeprefix(UTF8)
    if not data.strip():
        raise PositionsError(f"{path}: expected rows of positions, got an empty file")
    if b"\0" in data:
        raise PositionsError(f"{path}: expected a text of positions, got a binary file (it contains zero bytes)")
    return data


def _in_folder(folder: Path) -> Path:
    """The file of positions in a MOTChallenge folder: ground truth, results, detections, or the only text there is."""
    for name in IN_FOLDER:
        if (folder / name).is_file():
            return folder / name
    texts = sorted(file for file in folder.glob("*.txt") if file.is_file())
    if len(texts) == 1:
        return texts[0]
    there = f"{len(texts)} files *.txt" if texts else "none of them and no *.txt"
    raise PositionsError(
        f"{folder}: Is a directory: expected a MOTChallenge sequence ({', '.join(IN_FOLDER)} or one *.txt), got {there}. "
        "Name the file itself"
    )


def _info_of(file: Path) -> SequenceInfo | None:
    places = [file.parent, *([file.parent.parent] if file.parent.name in BENEATH else [])]
    found = next((place / SEQINFO for place in places if (place / SEQINFO).is_file()), None)
    if found is None:
        return None
    ini = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        ini.read_string(found.read_text("utf-8-sig"))
        section = ini["Sequence"]
    except (OSError, ValueError, KeyError, configparser.Error) as e:
        raise PositionsError(
            f"{found}: expected a [Sequence] with frameRate, imWidth and imHeight, got something else ({e}). "
            "Correct it, or move it away and give --fps"
        ) from e
    return SequenceInfo(found, _positive(section.get("frameRate"), float), _size(section))


def _size(section: configparser.SectionProxy) -> tuple[int, int] | None:
    width, height = (_positive(section.get(name), int) for name in ("imWidth", "imHeight"))
    return (int(width), int(height)) if width and height else None


def _positive(text: str | None, kind: Callable[[str], float]) -> float | None:
    try:
        value = kind(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) and value > 0 else None
