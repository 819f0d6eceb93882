"""What a replay leaves behind: events, figures and pictures, per hall."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import IO

import msgspec

from agents.summary import Summary
from commands.drawing.heatmap import HeatPicture
from commands.drawing.tracks import TracksPicture
from commands.inputs import Inputs
from config.hall import Hall
from config.loading import load_files
from streams.engine import Output, Tap
from streams.events import AlertRaised, Configured, Event, HallRemoved, snake_case


class HallResults:
    """One hall's figures and pictures; only those that were asked for cost anything."""

    def __init__(self, hall: Hall, *, summary: bool, heatmap: bool, tracks: bool) -> None:
        self.hall = hall
        self.summary = Summary(hall) if summary else None
        self.heat = HeatPicture(hall) if heatmap else None
        self.tracks = TracksPicture(hall) if tracks else None
        self.parts = [part for part in (self.summary, self.heat, self.tracks) if part is not None]


class Results:
    """``tap`` goes to the engine, ``published`` takes its outputs, ``save`` writes the files."""

    def __init__(self, summary: Path | None, heatmap: Path | None, tracks: Path | None, events: Path | None) -> None:
        self._files = {"summary": summary, "heatmap": heatmap, "tracks": tracks}
        self._halls: dict[str, HallResults] = {}
        self._out: IO[bytes] | None = events.open("wb") if events else None
        self.counts: Counter[str] = Counter()
        self.inputs = Inputs()
        self.alerts: list[str] = []
        """What people would have been told, a line each."""

    @property
    def tap(self) -> Tap:
        """Shows the passes to whoever wants to see them; without pictures and figures that is cheap."""
        return self._see if any(self._files.values()) else self.inputs.observe

    def expect(self, files: dict[str, str]) -> None:
        """A hall that will come; what it leaves is written even if nothing happens in it."""
        hall = load_files(files).hall
        wanted = {name: path is not None for name, path in self._files.items()}
        self._halls[hall.id] = HallResults(hall, **wanted)

    def _see(self, event: Event) -> None:
        self.inputs.observe(event)
        if isinstance(event, Configured) and event.files and event.hall not in self._halls:
            self.expect(event.files)
        if (found := self._halls.get(event.hall)) is not None:
            for part in found.parts:
                part.observe(event)

    def published(self, output: Output) -> None:
        if output.event is None:
            return
        self.counts[snake_case(type(output.event).__name__)] += 1
        if isinstance(event := output.event, AlertRaised):
            self.alerts.append(f"{event.hall}: {event.title}: {event.detail}")
        if self._out is not None:
            self._out.write(output.value + b"\n")
        # The agents' own conclusions came by the tap; what the engine says itself does not.
        told_on = isinstance(output.event, Configured | HallRemoved)
        if output.id is not None and output.id.agent == "engine" and not told_on:
            self._see(output.event)

    def save(self) -> list[Path]:
        """The files written."""
        written: list[Path] = []
        if self._out is not None:
            self._out.close()
            written.append(Path(self._out.name))
        if (path := self._files["summary"]) is not None:
            path.write_bytes(msgspec.json.format(msgspec.json.encode(self._figures()), indent=2) + b"\n")
            written.append(path)
        for found in self._halls.values():
            for picture, path in ((found.heat, self._files["heatmap"]), (found.tracks, self._files["tracks"])):
                if picture is not None and path is not None:
                    target = path if len(self._halls) == 1 else path.with_stem(f"{path.stem}-{found.hall.id}")
                    picture.save(target)
                    written.append(target)
        return written

    def _figures(self) -> object:
        """One hall: its figures. Several: theirs by hall id."""
        figures = {hall: found.summary.result() for hall, found in self._halls.items() if found.summary}
        return next(iter(figures.values())) if len(figures) == 1 else {"halls": figures}
