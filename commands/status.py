"""``hall status``: what the engine of a log does, seen from outside."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from typing import Any

import click

from agents.topology import TOPOLOGY
from commands.common import clear_errors, now_ms, open_log, settings
from commands.input_status import input_text, inputs_of
from commands.log import disk_text, disk_use
from commands.showing import Column, print_table, runner_text, size, span, when
from config.settings import Address, Settings
from streams.log import EventLog, Runner
from streams.operating import admin
from streams.operating.admin import LaneState
from streams.operating.health import WAIT_AT_MOST_S, ahead_s, held_for, mark_age_s, verdict, waited

EXIT = {"running": 0, "stopped": 3, "behind": 4}
HTTP_WITHIN_S = 1.0
NOTED_AFTER_S = 1.0
ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}
"""What is listened on, and how that is reached from here."""

LANE_COLUMNS: tuple[Column, ...] = (
    ("lane", "left"), ("lag", "right"), ("waiting", "right"), ("mark at", "right"), ("mark age", "right"),
    ("era", "right"), ("topology", "right"), ("halls", "right"), ("last snapshot", "left"),
)  # fmt: skip
HALL_COLUMNS: tuple[Column, ...] = (("hall", "left"), ("files", "left"), ("in force since", "left"))


@click.command("status")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
def command(as_json: bool) -> None:
    """Show what the engine of this log does: who runs it, how far each lane is, which halls are in force.

    Everything is read from the log, so it works beside a running engine, after one that has died, and from cron.
    `lag` counts the records behind the last checkpoint, `waiting` is for how long the first of them has been there. What a
    producer's open transaction holds back on Kafka is not in it, and is said by itself.

    \b
      hall status
      hall status --json | jq '.lanes[] | {lane, lag}'
      hall status > /dev/null || alarm     in a script

    Exit code: 0 running and up to date; 3 no engine runs; 4 it runs, but is behind, its last checkpoint is older than a
    minute, the log's time is more than ten seconds ahead of the clock, an open transaction holds its input back for longer
    than 20 s, or a state is gone; others: the log cannot be read.
    """
    found = settings()
    with clear_errors(), open_log(found, read_only=True) as log:
        states = admin.lane_states(log, TOPOLOGY)
        report = make_report(log, states, health(found.http), now_ms())
    if as_json:
        click.echo(json.dumps(report, indent=2))
    else:
        _print(report, found)
    raise SystemExit(EXIT[report["verdict"]])


def make_report(log: EventLog, states: Sequence[LaneState], http: Mapping[str, str], now: int) -> dict[str, Any]:
    """Everything that is shown, as JSON values; times in Unix milliseconds, durations in seconds."""
    runners = log.runners()
    found, faults = verdict(runners, states, now, admin.left_of(log, states))
    halls, cameras = admin.in_force(states), inputs_of(states)
    return {
        "verdict": found,
        "faults": faults,
        "notes": _held_notes(states, now),
        "engines": [runner._asdict() for runner in runners],
        "lanes": [_lane(state, now) for state in states],
        "halls": [_hall(hall, *found) | {"cameras": cameras.get(hall, [])} for hall, found in halls.items()],
        "log": {"name": log.name, "id": log.identity(states[0].lane.topic)} | disk_use(log),
        "http": dict(http),
    }  # fmt: skip


def _held_notes(states: Sequence[LaneState], now: int) -> list[str]:
    """Of transactions that are open, but not for so long that it is a fault; an ordinary one is over within a second.

    On topics of producer time nobody knows for how long.
    """
    held = [(state, state.held, held_for(state, now)) for state in states]
    return [
        f"{state.lane.name}/{state.partition}: {one.said(seconds)}"
        for state, one, seconds in held
        if one is not None and (seconds is None or NOTED_AFTER_S < seconds <= WAIT_AT_MOST_S)
    ]


def _hall(hall: str, files: Mapping[str, str], since_ms: int | None) -> dict[str, Any]:
    sizes = {name: len(text.encode()) for name, text in files.items()}
    return {"hall": hall, "files": sizes, "since_ms": since_ms}


def _lane(state: LaneState, now: int) -> dict[str, Any]:
    mark = state.mark
    return {
        "lane": state.lane.name, "partition": state.partition, "topic": state.lane.topic, "time": state.time,
        "start": state.start, "end": state.end, "lag": state.lag, "waiting_s": waited(state, now),
        "time_ms": mark and mark.time_ms, "ahead_s": ahead_s(state, now),
        "mark_offset": mark and mark.next_offset, "mark_age_s": mark_age_s(state, now), "marked_ms": state.marked_ms,
        "held": state.held and {
            "offset": state.held.offset, "records": state.held.records, "seconds": held_for(state, now),
        },
        "era": mark and mark.era, "topology": mark and mark.topology, "halls": len(mark.halls) if mark else 0,
        "snapshot_ms": (mark and mark.snapshot_ms) or None,
    }  # fmt: skip


def health(address: Address) -> dict[str, str]:
    """What /healthz and /readyz say, by path; nothing if nobody answers there."""
    if address.port == 0:
        return {}
    host = ANYWHERE.get(address.host, address.host)
    base = f"http://[{host}]:{address.port}" if ":" in host else f"http://{host}:{address.port}"
    found = {path: _get(base + path) for path in ("/healthz", "/readyz")}
    return {path: answer for path, answer in found.items() if answer is not None}


def _get(url: str) -> str | None:
    try:
        # No proxy: the engine is on this box, and a proxy of the environment would be asked for it.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(url, timeout=HTTP_WITHIN_S) as answer:
            return str(answer.read(500).decode(errors="replace").strip())
    except urllib.error.HTTPError as e:
        with e:
            return e.read(500).decode(errors="replace").strip() or str(e)
    except OSError:
        return None


def _print(report: Mapping[str, Any], asked: Settings) -> None:
    engines = [runner_text(Runner(**engine)) for engine in report["engines"]]
    click.secho(report["verdict"], bold=True, nl=False, fg="green" if report["verdict"] == "running" else "red")
    click.echo(f": {', '.join(engines)}" if engines else "")
    for fault in report["faults"]:
        click.echo(f"  {fault}")
    click.echo()
    print_table(LANE_COLUMNS, [_lane_row(lane) for lane in report["lanes"]])
    click.echo()
    if report["halls"]:
        print_table(HALL_COLUMNS, [_hall_row(hall) for hall in report["halls"]])
    else:
        click.echo("no hall is in force: `hall config apply DIR`")
    for hall in report["halls"]:
        for text in filter(None, map(input_text, hall["cameras"])):
            click.secho(f"{hall['hall']}: {text}", fg="yellow")
    for text in report["notes"]:
        click.secho(text, fg="yellow")
    log, http = report["log"], report["http"]
    click.echo(f"\n{log['name']} (log {log['id']})")
    if "file_bytes" in log:
        click.echo(disk_text(log))
    answers = ", ".join(f"{path} {answer}" for path, answer in http.items())
    click.echo(f"HTTP: {answers or _nobody(asked)}")


def _nobody(asked: Settings) -> str:
    """Which address was asked. One look goes to one address, and there may be many workers."""
    where = (
        f"nobody answers at {asked.http.host}:{asked.http.port} (HALL_HTTP)" if asked.http.port else "HALL_HTTP is off"
    )
    return where if asked.broker.embedded else f"{where}; each worker has an address of its own"


def _lane_row(lane: Mapping[str, Any]) -> Sequence[str]:
    def seconds(name: str) -> str:
        return "-" if lane[name] is None else span(lane[name])

    def number(name: str) -> str:
        return "-" if lane[name] is None else str(lane[name])

    return (
        f"{lane['lane']}/{lane['partition']}", number("lag"), seconds("waiting_s"), number("mark_offset"),
        seconds("mark_age_s"), number("era"), number("topology"), number("halls"), when(lane["snapshot_ms"])[:19],
    )  # fmt: skip


def _hall_row(hall: Mapping[str, Any]) -> Sequence[str]:
    files = ", ".join(f"{name} {size(count)}" for name, count in hall["files"].items())
    since = hall["since_ms"]
    return hall["hall"], files, "not known" if since is None else when(since)[:19]
