"""``make pictures``: those of the README, of a simulated morning in the demo hall.

Made anew when they no longer show what the product looks like; no test asks for them, as fonts differ between machines.
"""

from __future__ import annotations

import re
from datetime import datetime
from io import StringIO
from pathlib import Path

from rich.console import Console

from agents.topology import TOPOLOGY
from commands.drawing.heatmap import HeatPicture
from commands.drawing.tracks import TracksPicture
from commands.live.board import Board
from commands.live.table import render
from config.hall import Hall
from config.loading import load_files, read_dir
from devices.simulator import Simulator
from devices.simulator.recorder import records
from streams.driver import Driver
from streams.engine import Output
from streams.events import Event

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
DEMO = ROOT / "config" / "examples" / "demo"
OPENS, TRACED, SHOWN = datetime(2026, 3, 2, 8, 30), datetime(2026, 3, 2, 10, 10), datetime(2026, 3, 2, 10, 40)
"""Tracks are drawn from ``TRACED`` on: those of a whole morning hide each other."""
COLUMNS, PX_PER_M = 96, 30
_FONT_FACES = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


class Day:
    """A simulated morning, seen by everything that draws."""

    def __init__(self) -> None:
        files = read_dir(DEMO)
        self.hall = load_files(files).hall
        self.start_ms, self._traced_ms, self.end_ms = (_unix_ms(at, self.hall) for at in (OPENS, TRACED, SHOWN))
        self.board, self.heat, self.tracks = Board(), HeatPicture(self.hall), TracksPicture(self.hall)
        self._halls = [(Simulator(self.hall, seed=7, start_ms=self.start_ms, level=1.6), files)]
        self.driver = Driver(TOPOLOGY, tap=self._see)

    def _see(self, event: Event) -> None:
        self.heat.observe(event)
        if event.at_ms >= self._traced_ms:
            self.tracks.observe(event)

    def live(self) -> None:
        self.board.configure(self.hall)
        for record in records(self._halls, start_ms=self.start_ms, end_ms=self.end_ms):
            for output in self.driver.feed(0, record):
                self._show(output)
            self.board.tell_time(record.timestamp_ms)

    def _show(self, output: Output) -> None:
        if output.event is not None:
            self.board.observe(output.event)

    def status(self) -> str:
        counts = [engine.counts for engine in self.driver.engines]
        return (
            f"up {(self.end_ms - self.start_ms) // 1000} s   records {sum(c['records'] for c in counts)}   "
            f"published {sum(c['outputs'] for c in counts)}   last checkpoint 0.4 s ago"
        )


def _unix_ms(at: datetime, hall: Hall) -> int:
    return round(at.replace(tzinfo=hall.tz).timestamp() * 1000)


def table_svg(board: Board, status: str) -> str:
    """The live table as `hall run` shows it; with the reader's own fonts, nothing is fetched from anywhere."""
    console = Console(record=True, width=COLUMNS, file=StringIO(), force_terminal=True)
    console.print(render(board, status))
    svg = console.export_svg(title="hall run", unique_id="demo")
    return _FONT_FACES.sub("", svg)


def main() -> None:
    day = Day()
    day.live()
    IMAGES.mkdir(exist_ok=True)
    (IMAGES / "demo.svg").write_text(table_svg(day.board, day.status()), encoding="utf-8")
    for name, picture in (("heat", day.heat), ("tracks", day.tracks)):
        picture.draw(px_per_m=PX_PER_M).quantize(128).save(IMAGES / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
