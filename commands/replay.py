"""``hall replay``: the same engine over a recording, without a log, as fast as the machine goes."""

from __future__ import annotations

import time
from pathlib import Path

import click

from agents.topology import SENSING, TOPOLOGY
from commands.common import Ended, clear_errors
from commands.console import Console
from commands.positions import Given, position_options, say, too_bad
from commands.progress import tracked
from commands.replaying import Difference, replay_log
from commands.results import Results
from commands.showing import shortened
from commands.sources import Source, events_source, is_log, positions_source
from streams.driver import Driver
from streams.recording import is_recording

FILE = click.Path(dir_okay=False, path_type=Path)
EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)
RECORDING = click.Path(exists=True, path_type=Path)
ALERTS_SHOWN = 10
DIFFERENCES_SHOWN = 10


@click.command("replay")
@click.argument("recording", type=RECORDING)
@click.option(
    "--hall",
    "directory",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The hall's directory; needed for positions.",
)
@click.option("--rules", type=EXISTING, help="Use this file in place of the hall's rules.yaml.")
@click.option("--out", type=FILE, help="Write every published event, one JSON object a line.")
@click.option("--summary", type=FILE, help="Write the figures: entries, exits, occupancy, dwell, crossings.")
@click.option("--heatmap", type=FILE, help="Draw where people spent their time (PNG).")
@click.option("--tracks", type=FILE, help="Draw everyone's way (PNG).")
@position_options
@click.option("--start", help="Positions: time of the first frame, ISO, hall time [default: 2020-01-01T09:00:00].")
@click.option("--allow-bad", is_flag=True, help="Positions: exit with 0 even if more than a tenth could not be used.")
@click.option(
    "--prove", is_flag=True, help="A log's recording: compare with what was published then; exit 1 if it differs."
)
@click.option(
    "--what-if", is_flag=True, help="A log's recording: run its frames under --hall and --rules, not as it was."
)
def command(
    recording: Path, directory: Path | None, rules: Path | None, out: Path | None, summary: Path | None,
    heatmap: Path | None, tracks: Path | None, given: Given, start: str | None, allow_bad: bool, prove: bool, what_if: bool,
) -> None:  # fmt: skip
    """Run the engine over RECORDING and publish into files instead of a log.

    RECORDING is a file of positions (MOTChallenge, KITTI, obsmat, COCO or JSON lines, or a table: docs/recordings.md), a
    simulation (`hall simulate`), or a log saved by `hall record`. The last brings its own configuration and comes out byte
    for byte as it was published; --prove checks that. With --what-if its frames run under other files.

    \b
      hall replay tracks.txt --hall halls/forum --summary summary.json --heatmap heat.png
      hall replay MOT17-02 --hall halls/forum --classes pedestrian            a folder: gt/gt.txt and seqinfo.ini
      hall replay walks.txt --hall halls/forum --columns id,frame,x_cm,y_cm --fps 25
      hall replay log.jsonl.gz --prove
      hall replay log.jsonl.gz --what-if --hall halls/demo --rules stricter.yaml --out events.jsonl

    Exit code: 0, 1 --prove found a difference, 64 wrong options, 65 not a recording, or more than a tenth of a file of
    positions could not be used (what was asked for is written all the same).
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
        started, unusable = time.perf_counter(), ""
        differences: list[Difference] = []
        if whole_log:
            given.refuse_for(recording)
            differences = _replay_log(recording, results, prove=prove)
        else:
            source = _source(recording, directory, rules, given, start)
            _replay_source(recording, source, results)
            inputs = results.inputs
            unusable = too_bad(source.positions, inputs.refused) if source.positions else inputs.too_bad()
        written = results.save()
    _report(results, time.perf_counter() - started, written)
    if unusable and not allow_bad:
        raise Ended(unusable, 65)
    if differences:
        raise Ended(
            "the replay differs from what was published:\n" + "\n".join(map(_shown, differences[:DIFFERENCES_SHOWN])), 1
        )


def _source(recording: Path, directory: Path | None, rules: Path | None, given: Given, start: str | None) -> Source:
    if is_recording(recording):
        given.refuse_for(recording)
        return events_source(recording, SENSING, directory, rules)
    if directory is None:
        raise click.UsageError("positions do not say which hall they are of: name its directory with --hall")
    return positions_source(recording, SENSING, directory, rules, given, start)


def _replay_log(recording: Path, results: Results, *, prove: bool) -> list[Difference]:
    _, compared, differences, unproved = replay_log(recording, results, prove=prove)
    if prove and unproved:
        click.echo(
            f"{unproved} published events could not be compared: what they were concluded from is not in the recording",
            err=True,
        )
    if prove and not compared and not differences:
        click.echo(
            "nothing could be compared: the recording holds no published event whose source it holds too", err=True
        )
    elif prove:
        click.echo(f"compared {compared} published events with the replay: {len(differences)} streams differ", err=True)
    return differences


def _replay_source(recording: Path, source: Source, results: Results) -> None:
    if source.positions:
        say(recording, source.positions)
    for note in shortened(source.notes, "places"):
        click.secho(note, fg="yellow", err=True)
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
    for text in [*results.alerts[:ALERTS_SHOWN], *results.inputs.told]:
        console.print(text, style="yellow", markup=False, highlight=False, soft_wrap=True)
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
