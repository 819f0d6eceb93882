"""An engine on the embedded log as its operators have it: a process, its log, and hands to break things with.

It is a ``tests.support.system.System``; what stands here beyond that only the embedded log has.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from agents.topology import TOPOLOGY
from streams.embedded import topics
from streams.embedded.lock import holder
from streams.embedded.log import Log
from streams.log import Time
from tests.support.log_system import LogSystem
from tests.support.system import Halls


class EmbeddedSystem(LogSystem):
    """``halls``: by id, their files."""

    def __init__(self, directory: Path, halls: Halls, *, time: Time = "log") -> None:
        self.path = directory / "var" / "hall.db"
        self.path.parent.mkdir(parents=True)
        self.log: Log = Log.open(self.path)
        topics.ensure_topics(self.log, TOPOLOGY, time)
        super().__init__(directory, halls, {}, self.log)

    def packed_bytes(self) -> int:
        """Gives the file's free pages back; what it then holds, with what still stands in the write-ahead log."""
        with closing(sqlite3.connect(self.path, isolation_level=None)) as db:
            db.execute("PRAGMA incremental_vacuum").fetchall()
            pages, size = (db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
            return int(pages * size)

    def replace_log(self, copy: Path) -> None:
        """Put another file in the log's place, such as a backup; the engine must not run."""
        assert holder(self.path) is None
        self.log.close()
        for suffix in ("", "-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
        copy.rename(self.path)
        self.log = Log.open(self.path)
