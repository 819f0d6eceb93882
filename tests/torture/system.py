"""An engine on the embedded log as its operators have it: a process, its log, and hands to break things with.

It is a ``tests.support.system.System``; what stands here beyond that only the embedded log has.
"""

from __future__ import annotations

import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path

from agents.topology import TOPOLOGY
from streams.embedded import topics
from streams.embedded.lock import holder
from streams.embedded.log import Log
from streams.log import Time
from streams.operating.reading import stretch
from streams.record import Record
from streams.topics import PUBLISHED
from tests.support.log_system import LogSystem
from tests.support.system import Halls


class EmbeddedSystem(LogSystem):
    """``halls``: by id, their files."""

    def __init__(self, directory: Path, halls: Halls, *, time: Time = "log") -> None:
        self.path = directory / "var" / "hall.db"
        self.path.parent.mkdir(parents=True)
        self.log: Log = Log.open(self.path)
        topics.ensure_topics(self.log, TOPOLOGY, time)
        self.abandoned: list[Record] = []
        super().__init__(directory, halls, {}, self.log)

    def packed_bytes(self) -> int:
        """Gives the file's free pages back; what it then holds, with what still stands in the write-ahead log."""
        with closing(sqlite3.connect(self.path, isolation_level=None)) as db:
            db.execute("PRAGMA incremental_vacuum").fetchall()
            pages, size = (db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
            return int(pages * size)

    def copy_away(self) -> Path:
        """All that is there of the log, as `cp -a` has it; nobody may write meanwhile."""
        kept = self.directory / f"kept-{time.time_ns()}"
        # Another process: whoever closes the file here drops the locks that this one has on it.
        subprocess.run(["cp", "-a", str(self.path.parent), str(kept)], check=True)
        return kept

    def abandon(self) -> None:
        """What stands in the log now was published, and will not be in the log that takes its place."""
        self.abandoned += [record for topic in PUBLISHED for record in stretch(self.log, topic, 0)]

    def put_back(self, kept: Path) -> None:
        """The copy over what is there; the engine must not run."""
        assert holder(self.path) is None
        self.log.close()
        subprocess.run(["cp", "-a", f"{kept}/.", str(self.path.parent)], check=True)
        for suffix in ("-wal", "-shm"):  # of a log that nobody had open when it was copied there are none
            if not (kept / f"{self.path.name}{suffix}").exists():
                self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
        self.log = Log.open(self.path)

    def replace_log(self, copy: Path) -> None:
        """Put another file in the log's place, such as a backup; the engine must not run."""
        assert holder(self.path) is None
        self.log.close()
        for suffix in ("", "-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
        copy.rename(self.path)
        self.log = Log.open(self.path)
