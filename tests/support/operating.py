"""A box with an embedded log, a person walking through its hall, and the verbs of the command line.

          0            5            10 m
        0 +------------+------------+
          |            |            |
          |   west     |    east    |     the person walks along y = 4 m from x = 0.5 to x = 9.5
          | . . . . . .|. . . . . . |
          |            |            |
        8 +--door------+------------+

``settle`` is the engine without its worker: quick, and enough wherever the log is what matters. As a program
(``python -m tests.support.operating PATH``) it is the real worker, until SIGTERM.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import msgspec
from click.testing import CliRunner, Result

from agents.topology import TOPOLOGY
from hall import main
from streams.checkpoint import hall_key, mark_key
from streams.codec import encode, id_of
from streams.driver import step
from streams.embedded import topics
from streams.embedded.log import Log
from streams.engine import Engine
from streams.events import Frame, Person
from streams.lane import Topology, below
from streams.log import Append, Time
from streams.operating.admin import records, states_of
from streams.record import Record
from streams.rows import configured, keyed
from streams.topics import GROUP, OBSERVATIONS, state_topic
from tests.support.hall_files import FILES

ROOT = Path(__file__).parents[2]
HALL = "small"
START_MS = 1_700_000_000_000
"""A whole second."""
STEP_MS = 200


def walk(steps: int = 46, *, start_ms: int = START_MS, track: str = "7", boot: str = "1") -> list[Frame]:
    """Frames of one camera, five a second, in which one person walks through the hall."""
    return [
        Frame(
            hall=HALL, at_ms=start_ms + n * STEP_MS, source="cam", boot=boot, seq=n, camera="cam",
            people=(Person(track, 25.0 + 20.0 * n, 300.0, 50.0, 100.0),),
        )
        for n in range(steps)
    ]  # fmt: skip


IN_2099_MS = 4_070_908_800_000


def wrong_once(seconds: int = 90) -> list[Frame]:
    """A frame a second, of somebody who stands; the eleventh says that it is the year 2099."""
    (frame,) = walk(1)
    at = [START_MS + n * 1000 for n in range(seconds)]
    at[10] = IN_2099_MS
    return [msgspec.structs.replace(frame, at_ms=at_ms, seq=n) for n, at_ms in enumerate(at)]


@dataclass(frozen=True)
class Box:
    """A directory with a log, and the command line on it."""

    directory: Path

    @property
    def path(self) -> Path:
        return self.directory / "hall.db"

    def log(self, **options: Any) -> Log:
        return Log.open(self.path, **options)

    def made(self, kind: Time = "log", topology: Topology = TOPOLOGY) -> Box:
        """The same box, with a log in it."""
        with self.log() as log:
            topics.ensure_topics(log, topology, kind)
        return self

    def hall(self, *arguments: object, code: int | None = 0, **options: Any) -> Result:
        """``hall ARGUMENTS``; fails unless it ends with ``code``."""
        env = {
            "HALL_VAR": str(self.directory),
            "HALL_HTTP": "127.0.0.1:0",
            "HALL_CONFIG": None,
            "HALL_BROKER": None,
            "TZ": "UTC",
        }
        result = CliRunner().invoke(main, [str(a) for a in arguments], env=env, **options)
        if result.exception is not None and not isinstance(result.exception, SystemExit | click.ClickException):
            raise result.exception
        assert code is None or result.exit_code == code, f"{result.exit_code}: {result.output}"
        return result

    def process(self, *arguments: object, **options: Any) -> subprocess.CompletedProcess[str]:
        """``hall ARGUMENTS`` to its end, as a process of its own: for what only a process meets."""
        outer = {name: value for name, value in os.environ.items() if not name.startswith("HALL_")}
        env = {**outer, "HALL_VAR": str(self.directory), "HALL_HTTP": "127.0.0.1:0"} | options.pop("env", {})
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
        command = [sys.executable, "-m", "hall", *map(str, arguments)]
        return subprocess.run(command, cwd=ROOT, env=env, text=True, timeout=60, check=False, **streams)

    def hall_dir(self, name: str = HALL, files: dict[str, str] = FILES) -> Path:
        """The hall's files, in a directory of their own."""
        directory = self.directory / "halls" / name
        directory.mkdir(parents=True, exist_ok=True)
        for file, text in files.items():
            (directory / file).write_text(text, encoding="utf-8")
        return directory

    def put(self, frames: list[Frame], *, configure: bool = True) -> Box:
        """Frames in the log, as a camera process would append them."""
        with self.log() as log:
            at_ms = frames[0].at_ms if frames else START_MS
            rows = configured(log, {HALL: FILES}, at_ms) if configure else []
            log.append([*rows, *(keyed(log, OBSERVATIONS, f.hall, encode(f), f.at_ms) for f in frames)])
        return self

    def settle(self, *, mark: bool = True) -> Box:
        """Everything is processed. Without ``mark`` the outputs are published, and then the process is gone."""
        with self.log() as log:
            for lane in TOPOLOGY.lanes:
                [state] = states_of(log, lane, "log")
                own_clock = log.topics()[OBSERVATIONS].time == "producer"
                engine = Engine(
                    lane, restored=state.restored, log_id=log.id, topology=TOPOLOGY.version,
                    time_to=below(TOPOLOGY, lane) if own_clock else (),
                )  # fmt: skip
                for record in list(records(log, lane.topic, 0, engine.next_offset)):
                    out = step(engine, record)
                    log.append([Append(o.topic, o.partition, o.key, o.value, o.timestamp_ms) for o in out])
                if mark:
                    _checkpoint(log, engine, state.keys)
        return self

    def records(self, topic: str) -> list[Record]:
        with self.log() as log:
            return list(records(log, topic, 0))

    def ids(self, topic: str) -> list[str | None]:
        return [id_of(record.value or b"") for record in self.records(topic)]


def _checkpoint(log: Log, engine: Engine, stale: tuple[bytes, ...]) -> None:
    writer, topic, whole = f"w{engine.next_offset}-{len(stale)}", state_topic(engine.lane.name), engine.whole()
    rows = [Append(topic, 0, hall_key(writer, hall), value) for hall, value in whole.halls]
    rows += [Append(topic, 0, mark_key(writer), whole.mark), *(Append(topic, 0, key, None) for key in stale)]
    log.append(rows, positions={(GROUP, engine.lane.topic, 0): whole.next_offset})


@contextmanager
def worker(box: Box) -> Iterator[subprocess.Popen[str]]:
    """The real engine on the box's log, as a process of its own, once it is ready."""
    command = [sys.executable, "-m", "tests.support.operating", str(box.path)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=30)


async def serve(path: Path) -> None:
    """The engine as `hall run` starts it, without its table and its crowd."""
    from streams.embedded.service import EmbeddedService  # Faust: only the program needs it

    with Log.open(path) as log:
        ticker = log.topics()[OBSERVATIONS].time == "log"
        service = EmbeddedService(log, path, TOPOLOGY, http=("127.0.0.1", 0), ticker=ticker)
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, service.stop)
        await service.start()
        print("ready", flush=True)
        await service.run()
        await service.embedded.writer.close()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
