"""The live table in the terminal: one panel per hall."""

from __future__ import annotations

from datetime import datetime

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from commands.live.board import AlarmView, Board, HallView

LEVEL_STYLE = {"A": "green", "B": "green", "C": "yellow", "D": "dark_orange", "E": "red", "F": "bold red"}
SEVERITY_STYLE = {"info": "cyan", "warning": "yellow", "critical": "bold red"}
HALLS_SHOWN = 4
BAR = 12


def render(board: Board, status: str) -> RenderableType:
    """``status``: a line about the engine itself."""
    halls = sorted(board.halls.values(), key=lambda view: view.hall.id)
    panels: list[RenderableType] = [_panel(view) for view in halls[:HALLS_SHOWN]]
    if len(halls) > HALLS_SHOWN:
        panels.append(Text(f"... and {len(halls) - HALLS_SHOWN} more halls (see /metrics)", style="dim"))
    if not halls:
        panels.append(Text("waiting for the first configuration", style="dim"))
    return Group(*panels, Text(status, style="dim"))


def _panel(view: HallView) -> Panel:
    clock = datetime.fromtimestamp(view.at_ms / 1000, view.hall.tz).strftime("%H:%M:%S") if view.at_ms else "--:--:--"
    # Text, not markup: a name may have brackets in it.
    title = Text.assemble(
        (view.hall.name, "bold"), f" ({view.hall.id})  {clock}  people ", (str(len(view.people)), "bold"),
        f"  in - out {view.inside.inside}" if view.inside else "",
    )  # fmt: skip
    parts: list[RenderableType] = [_zones(view)]
    if view.lines:
        parts.append(_lines(view))
    parts.append(_alarms(view))
    return Panel(Group(*parts), title=title, title_align="left", border_style="blue")


def _zones(view: HallView) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name, justify in (("zone", "left"), ("people", "right"), ("", "left"), ("in", "right"), ("out", "right"),
                          ("longest now", "right"), ("median stay", "right"), ("density", "center")):  # fmt: skip
        table.add_column(name, justify=justify)  # type: ignore[arg-type]
    most = max((zone.people for zone in view.zones.values()), default=0) or 1
    for zone in view.hall.zones:
        seen = view.zones[zone.id]
        bar = "█" * round(BAR * seen.people / most)
        level = Text(seen.level, style=LEVEL_STYLE.get(seen.level, ""))
        table.add_row(
            Text.assemble(zone.name, " ", (zone.id, "dim")), str(seen.people), Text(bar, style="blue"), str(seen.entries),
            str(seen.exits), _seconds(seen.longest_now_s(view.at_ms) if seen.people else None),
            _seconds(seen.median_stay_s), level,
        )  # fmt: skip
    return table


def _lines(view: HallView) -> Text:
    text = Text("flow  ", style="dim")
    for line in view.hall.lines:
        seen = view.lines[line.id]
        text.append(f"{line.name} → {seen.forward}  ← {seen.backward}   ", style="default")
    return text


def _alarms(view: HallView) -> Text:
    if not view.alarms:
        return Text("no alarms", style="green")
    text = Text()
    for alarm in list(view.alarms.values())[:5]:
        text.append(_alarm(alarm) + "   ", style=SEVERITY_STYLE.get(alarm.severity, ""))
    if len(view.alarms) > 5:
        text.append(f"and {len(view.alarms) - 5} more", style="dim")
    return text


def _alarm(alarm: AlarmView) -> str:
    return f"⚠ {alarm.alarm}: {alarm.detail or f'{alarm.zone} {alarm.value:g} over {alarm.limit:g}'.strip()}"


def _seconds(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.0f} s" if value < 120 else f"{value / 60:.0f} min"
