"""``hall replay``: the same engine over a recording, without a log, as fast as the machine goes."""

from __future__ import annotations

import time
from pathlib import Path

import click
from rich.console import Console

from agents.topology import SENSING, TOPOLOGY
from commands.common import Ended, clear_errors
from commands.progress import tracked
from commands.replaying import Difference, replay_log
from commands.results import Results
from commands.sources import Source, events_source, is_log, mot_source
from streams.driver import Driver
from streams.recording import is_recording

FILE = click.Path(dir_okay=False, path_type=Path)
EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)
NOTES_SHOWN = 10


@click.command("replay")
@click.argument("recording", type=EXISTING)
@click.option(
    "--hall",
    "directory",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The hall's directory; needed for MOTChallenge text.",
)
@click.option("--rules", type=EXISTING, help="Use this file in place of the hall's rules.yaml.")
@click.option("--out", type=FILE, help="Write every published event, one JSON object a line.")
@click.option("--summary", type=FILE, help="Write the figures: entries, exits, occupancy, dwell, crossings.")
@click.option("--heatmap", type=FILE, help="Draw where people spent their time (PNG).")
@click.option("--tracks", type=FILE, help="Draw everyone's way (PNG).")
@click.option("--camera", help="MOTChallenge: the camera that saw it [default: the hall's only one].")
@click.option("--fps", type=float, default=9.0, show_default=True, help="MOTChallenge: frames a second.")
@click.option("--start", help="MOTChallenge: time of the first frame, ISO, hall time [default: 2020-01-01T09:00:00].")
@click.option(
    "--prove", is_flag=True, help="A log's recording: compare with what was published then; exit 1 if it differs."
)
@click.option(
    "--what-if", is_flag=True, help="A log's recording: run its frames under --hall and --rules, not as it was."
)
def command(
    recording: Path, directory: Path | None, rules: Path | None, out: Path | None, summary: Path | None,
    heatmap: Path | None, tracks: Path | None, camera: str | None, fps: float, start: str | None, prove: bool, what_if: bool,
) -> None:  # fmt: skip
    """Run the engine over RECORDING and publish into files instead of a log.

    RECORDING is MOTChallenge text (frame,id,left,top,width,height,...), a simulation (`hall simulate`), or a log saved by
    `hall record`. The last brings its own configuration and comes out byte for byte as it was published; --prove
    checks that. With --what-if its frames run under other files.

    \b
      hall replay tracks.txt --hall halls/forum --summary summary.json --heatmap heat.png
      hall replay log.jsonl.gz --prove
      hall replay log.jsonl.gz --what-if --hall halls/demo --rules stricter.yaml --out events.jsonl
    """
    with clear_errors():
        whole_log = is_log(recording) and not what_if
        if whole_log and (rules or directory):
            raise click.UsageError("a log's recording runs under the files that were in force; --what-if takes others")
        if prove and not whole_log:
            raise click.UsageError(
                "--prove needs a log's recording (`hall record`): only there stands what was published"
            )
        results = Results(summary, heatmap, tracks, out)
        started = time.perf_counter()
        differences: list[Difference] = []
        if whole_log:
            differences = _replay_log(recording, results, prove=prove)
        else:
            _replay_source(_source(recording, directory, rules, camera, fps, start), results)
        written = results.save()
    _report(results, time.perf_counter() - started, written)
    if differences:
        raise Ended(
            "the replay differs from what was published:\n" + "\n".join(map(_shown, differences[:NOTES_SHOWN])), 1
        )


def _source(
    recording: Path, directory: Path | None, rules: Path | None, camera: str | None, fps: float, start: str | None
) -> Source:
    if is_recording(recording):
        return events_source(recording, SENSING, directory, rules)
    if directory is None:
        raise click.UsageError("MOTChallenge text does not say which hall it is of: name its directory with --hall")
    return mot_source(recording, SENSING, directory, rules, camera=camera, fps=fps, start=start)


def _replay_log(recording: Path, results: Results, *, prove: bool) -> list[Difference]:
    _, compared, differences = replay_log(recording, results, prove=prove)
    if prove and not compared and not differences:
        click.echo(
            "nothing could be compared: the recording holds no published event whose source it holds too", err=True
        )
    elif prove:
        click.echo(f"compared {compared} published events with the replay: {len(differences)} streams differ", err=True)
    return differences


def _replay_source(source: Source, results: Results) -> None:
    console = Console(stderr=True)
    for note in source.notes[:NOTES_SHOWN]:
        console.print(f"left out: {note}", style="yellow", markup=False, highlight=False, soft_wrap=True)
    if len(source.notes) > NOTES_SHOWN:
        console.print(f"... {len(source.notes)} lines left out in all", style="yellow")
    for files in source.halls.values():
        results.expect(dict(files))
    driver = Driver(TOPOLOGY, tap=results.tap)
    for record in tracked(source.records, source.total, "replaying"):
        for output in driver.feed(0, record):
            results.published(output)
    results.counts["frames"] = driver.engines[0].counts["records"]


def _report(results: Results, seconds: float, written: list[Path]) -> None:
    console = Console(stderr=True)
    frames = results.counts.pop("frames", 0)
    rate = f", {frames / seconds:,.0f} records/s" if frames else ""
    console.print(
        f"replayed in {seconds:.1f} s{rate}: {sum(results.counts.values())} events published", highlight=False
    )
    for name, count in sorted(results.counts.items()):
        console.print(f"  {name:<20} {count:>8}", highlight=False)
    for path in written:
        console.print(f"wrote {path}", markup=False, highlight=False, soft_wrap=True)


def _shown(difference: Difference) -> str:
    topic, _, hall, lane, agent = difference.stream
    place = ":".join(map(str, difference.place))
    return (
        f"  {topic} {hall}:{lane}:{agent}:{place}\n    published: {_text(difference.published)}\n"
        f"    replayed:  {_text(difference.replayed)}"
    )


def _text(value: bytes | None) -> str:
    return "nothing" if value is None else value[:400].decode(errors="replace")
