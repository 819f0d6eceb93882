"""``read_positions``: from a path to frames in time, whatever the format."""

from __future__ import annotations

from pathlib import Path

from streams.events import Frame
from streams.recordings import coco, doubts, jsonlines, tables
from streams.recordings.dialect import Table, table
from streams.recordings.formats import check_options
from streams.recordings.layouts import Layout, floor_hint
from streams.recordings.model import BOOT, Options, PositionsError, PositionsFile, Seen
from streams.recordings.opening import Opened, opened
from streams.recordings.parsed import Parsed
from streams.recordings.rate import Clock, clock
from streams.recordings.saying import about


def read_positions(path: Path, seen: Seen, options: Options | None = None) -> PositionsFile:
    """Read a file or a MOTChallenge folder; a frame's ``at_ms`` is ``start_ms + round((number - first) * 1000 / fps)``.

    ``first`` is the smallest frame number. Frames that only have rows that are left out are there, without people. Raises
    PositionsError when the file is missing, empty, no text, of no format that is known, or without a row that can be used.
    """
    options = options or Options()
    check_options(options)
    file = opened(path)
    parsed = _parsed(file, options)
    if not parsed.found.people:
        raise PositionsError(_no_rows(file.path, parsed))
    when = clock(parsed, options, seen, file.info)
    frames = _frames(parsed, when, seen)
    size = parsed.size_px or (file.info.size_px if file.info else None)
    doubts.check_pixels(frames, size or seen.size_px, str(file.path))
    doubted = doubts.warnings(frames, seen.size_px, size, parsed.as_corners)
    found = parsed.found
    return PositionsFile(
        frames, found.used, tuple(found.bad), dict(found.left_out), about(file, parsed, when, size),
        (*_nothing_left(parsed), *doubted),
    )  # fmt: skip


def _nothing_left(parsed: Parsed) -> tuple[str, ...]:
    if parsed.found.used or not parsed.found.left_out:
        return ()
    return (
        f"nobody is left: {sum(parsed.found.left_out.values()):,} rows, all left out; --classes all takes every class",
    )


def _parsed(file: Opened, options: Options) -> Parsed:
    where = str(file.path)
    json = options.columns is None and options.format in (None, "coco", "jsonl")
    if json and (options.format == "jsonl" or (options.format is None and jsonlines.looks_like(file.data))):
        return jsonlines.read(file.data, options, where)
    if json and (options.format == "coco" or coco.looks_like(file.data)):
        return coco.read(file.data, options, where)
    if json and file.data.lstrip()[:1] in (b"{", b"["):
        raise PositionsError(
            f'{where}: JSON of an unknown shape: expected COCO ("images" and "annotations"), or one object a line, '
            '{"frame": 7, "people": [{"id": 3, "box": [left, top, width, height]}]}'
        )
    return _from_table(file, options)


def _from_table(file: Opened, options: Options) -> Parsed:
    where, text = str(file.path), table(file.data)
    if not text.lines:
        raise PositionsError(f"{where}: expected rows of positions, got comments and a header only")
    layout = tables.layout_of(text, options, file.path.name, where)
    found = tables.read(text, layout, options)
    details, hint = _details(text, layout), floor_hint(text, layout)
    as_corners = _as_corners(layout) if options.columns is None else ""
    return Parsed(layout.name, layout.title, found, layout.by_frames, text.fps, None, details, hint, as_corners)


def _as_corners(layout: Layout) -> str:
    """What reads the same columns with corners in place of sizes; nothing where they are none."""
    if "width" not in layout.roles or "left" not in layout.roles:
        return ""
    roles = [{"width": "right", "height": "bottom"}.get(role, role) for role in layout.roles]
    while roles[-1] == "-":
        roles.pop()
    return f"read the file with --columns {','.join(roles)}"


def _details(text: Table, layout: Layout) -> str:
    named = ",".join(layout.roles[: text.width])
    more = max(0, text.width - len(layout.roles))
    return f"separator {text.separator}, columns {named}" + (f" and {more} more not used" if more else "")


def _frames(parsed: Parsed, when: Clock, seen: Seen) -> tuple[Frame, ...]:
    return tuple(
        Frame(
            hall=seen.hall, at_ms=when.at_ms(moment), source=seen.camera, boot=BOOT, seq=seq, camera=seen.camera,
            people=tuple(people),
        )
        for seq, (moment, people) in enumerate(sorted(parsed.found.people.items()))
    )  # fmt: skip


def _no_rows(path: Path, parsed: Parsed) -> str:
    bad = parsed.found.bad
    if not bad:
        return f"{path}: expected rows of positions ({parsed.title}), got none"
    first = bad[0]
    return (
        f"{path}: expected rows of positions ({parsed.title}), but none of its {len(bad)} lines is one; line {first.number}: "
        f"{first.why}"
    )
