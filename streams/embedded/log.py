"""The embedded log: topics, partitions and offsets in one SQLite file, for one box.

Any process on the box may append; offsets are given inside the write transaction. One process consumes (``lock``).
A ``Log`` may be used by many threads: appends and retention take turns, reads go on beside them. Open it after a fork,
never before. ``sync`` FULL: what ``append`` returned survives a power cut. NORMAL: it survives the end of the process,
however it ends, but a power cut may take the newest transactions, whole and from the end.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal, Self

from streams.embedded import backup, errors
from streams.embedded.appending import append_rows
from streams.embedded.catalogue import Catalogue
from streams.embedded.connection import Connection, WriteConnection, identity
from streams.embedded.errors import LogGone, LogRefused, TopicMissing, translated
from streams.embedded.lock import holding
from streams.embedded.retention import Retention
from streams.embedded.schema import OFFSET_BITS, OFFSETS, base, check_content, check_file
from streams.embedded.schema import create as create_file
from streams.embedded.witness import last_seen, witness_path
from streams.log import NO_POSITIONS, Append, GroupPosition, Held, PartitionStats, Place, Runner, TopicSpec, newest_in
from streams.record import Record

Sync = Literal["FULL", "NORMAL"]
READ_BYTES = 4 * 2**20
PATIENCE_MS = 5_000
KEEP_FREE_BYTES = 16 * 2**20
"""On a disk that is really full even removing records fails, since that is written first: so appends stop earlier."""

_START = f"""
    SELECT ifnull((SELECT min(id) FROM record WHERE id BETWEEN ?1 AND ?2), ?1 + next) - ?1
    FROM partition WHERE id = ?1 >> {OFFSET_BITS}"""
_READ = "SELECT id, ts, k, v FROM record WHERE id BETWEEN ? AND ? ORDER BY id LIMIT ?"
_RANGE = f"p.id << {OFFSET_BITS} AND (p.id << {OFFSET_BITS}) + {OFFSETS}"
_STATS = f"""
    SELECT t.name, p.number, p.id, p.next, p.records, p.bytes, first.id, first.ts, last.ts
    FROM partition p JOIN topic t ON t.id = p.topic
    LEFT JOIN record first ON first.id = (SELECT min(id) FROM record WHERE id BETWEEN {_RANGE})
    LEFT JOIN record last ON last.id = (SELECT max(id) FROM record WHERE id BETWEEN {_RANGE})
    ORDER BY t.name, p.number"""


def wall_ms() -> int:
    """Unix milliseconds by this machine's clock."""
    return time.time_ns() // 1_000_000


def _refuse_if_gone(path: Path) -> None:
    """An empty log where there was one would begin its offsets, and soon its ids, anew, and nobody would be told."""
    if (was := last_seen(path)) is not None:
        raise LogGone(
            f"{path}: the log that was here is gone ({was}). What to do: put it back, or mount its disk; or restore a backup "
            f"(docs/operations.md); or, to begin an empty log, remove {witness_path(path)} first."
        )


class Log:
    """An open log. Made by ``open``; every method raises ``LogError`` and leaves the log usable."""

    def __init__(
        self,
        path: Path,
        log_id: str,
        reader: Connection,
        writer: WriteConnection | None,
        now_ms: Callable[[], int] = wall_ms,
        keep_free: int = KEEP_FREE_BYTES,
    ) -> None:
        self.path = path
        self.id = log_id
        """Made with the file. A backup's copy has another one."""
        self._reader = reader
        self._writer = writer
        self._now_ms = now_ms
        self._keep_free = keep_free
        self._catalogue = Catalogue(path, reader)
        self._counts: dict[str, int] = {}
        self._closing = False
        self._seen: int | None = None

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        sync: Sync = "FULL",
        max_bytes: int | None = None,
        create: bool = True,
        read_only: bool = False,
        keep_free: int = KEEP_FREE_BYTES,
        now_ms: Callable[[], int] = wall_ms,
        patience_ms: int = PATIENCE_MS,
    ) -> Self:
        """Opens the log at ``path``; makes it first if it is not there, unless ``create`` is off or ``read_only`` on.

        ``max_bytes`` is the most that *this* object lets the file grow to (the write-ahead log beside it, some MiB, not
        counted); ``keep_free`` what appends leave free on the disk; ``patience_ms`` how long another process's
        transaction is waited for. Raises LogMissing, LogRefused, LogDamaged, LogTooNew, LogLocked or LogFull. Does not
        look at the records: damage there shows when it is met.
        """
        path = path.absolute()
        with translated(path, "opening"):
            if create and not read_only and not path.exists():
                _refuse_if_gone(path)
                create_file(path)
            check_file(path)
            file = identity(path)
        reader = Connection(path, file, "ro" if read_only else "rw", patience_ms)
        try:
            with reader.use("opening") as db:
                log_id = check_content(db, path)
            reader.verify()
            writer = None if read_only else WriteConnection(path, file, sync, max_bytes, patience_ms)
            if writer is not None:
                writer.verify()
        except BaseException:
            reader.close()
            raise
        return cls(path, log_id, reader, writer, now_ms, keep_free)

    @property
    def name(self) -> str:
        """The file's path."""
        return str(self.path)

    def identity(self, topic: str) -> str:
        """The file's id, whatever the topic."""
        return self.id

    def runners(self) -> list[Runner]:
        """The process that consumes this log, if there is one."""
        held = holding(self.path)
        if held is None:
            return []
        name = f"process {held.pid}" if held.pid else "a process of another container"
        return [Runner(name, held.since_ms, held.pid or None)]

    def create_topic(self, spec: TopicSpec) -> None:
        """Makes the topic; one that exists gets this retention. Raises TopicConflict if it differs in anything else."""
        self._catalogue.create(self._writing(), spec)

    def topics(self) -> dict[str, TopicSpec]:
        """All topics by name, those that other processes made too."""
        return self._catalogue.specs()

    def topic(self, name: str) -> TopicSpec | None:
        """One of them; None if it is not there."""
        return self.topics().get(name)

    def partitions(self, topic: str) -> int:
        """How many partitions a topic has: for ever, so it is asked of the file once. Raises TopicMissing."""
        if topic not in self._counts:
            found = self.topics().get(topic)
            if found is None:
                raise TopicMissing(
                    f"{self.path}: no topic {topic!r}. What to do: `hall topics create` makes the engine's."
                )
            self._counts[topic] = found.partitions
        return self._counts[topic]

    def append(
        self, rows: Sequence[Append], *, positions: Mapping[GroupPosition, int] = NO_POSITIONS
    ) -> list[tuple[int, int]]:
        """Writes all ``rows`` and group ``positions`` in one transaction; (offset, timestamp) of each row, in order.

        It is durable when this returns (see ``sync``). Raises TopicMissing, RowRefused, LogFull, LogLocked; then
        nothing was written. In a compact topic a row superseded by the same append gets an offset and is never stored.
        """
        if not rows and not positions:
            return []
        writer, find = self._writing(), self._catalogue.find
        committed = [(group, find(topic, number).id, at) for (group, topic, number), at in positions.items()]
        if rows:
            errors.check_room(self.path, self._keep_free)
        with writer.transaction("appending") as db:
            taken = append_rows(db, find, rows, self._now_ms())
            db.executemany("INSERT OR REPLACE INTO position VALUES(?, ?, ?)", committed)
        return taken

    def read(
        self, topic: str, partition: int, offset: int, *, limit: int = 500, max_bytes: int = READ_BYTES
    ) -> list[Record]:
        """Records from ``offset`` on, or from the next one that exists; up to ``max_bytes``, but at least one.

        Empty at the end of the partition. Raises TopicMissing.
        """
        low = base(self._catalogue.find(topic, partition).id)
        records: list[Record] = []
        with self._reader.use("reading") as db:
            rows = db.execute(_READ, (low + min(max(offset, 0), OFFSETS), low + OFFSETS, max(limit, 0)))
            for record, ts, key, value in rows:
                max_bytes -= len(key or b"") + len(value or b"")
                if max_bytes < 0 and records:
                    break
                records.append(Record(topic, partition, record - low, ts, key, value))
            rows.close()  # ends the read transaction now: while one lasts, the write-ahead log only grows
        return records

    def next_of_each(self, places: Sequence[Place]) -> dict[Place, Record]:
        """The first record at each place or behind it; left out where there is none."""
        found = ((place, self.read(*place, limit=1)) for place in places)
        return {place: records[0] for place, records in found if records}

    def newest(self, topic: str) -> dict[int, dict[bytes, Record]]:
        """By partition, the newest record of each key, as far as it has a value."""
        return {number: newest_in(self, topic, number) for number in range(self.partitions(topic))}

    def offset_at(self, topic: str, partition: int, at_ms: int) -> int:
        """The first offset whose record is of that time or later; the end if there is none.

        By halving: records of log time stand in the order of time. Those of producer time may not, and then this is one
        of the offsets around which the time is passed.
        """
        low, high = self.start(topic, partition), self.end(topic, partition)
        while low < high:
            middle = (low + high) // 2
            found = self.read(topic, partition, middle, limit=1)
            if found and found[0].timestamp_ms < at_ms:
                low = found[0].offset + 1
            else:
                high = middle
        return low

    def end(self, topic: str, partition: int) -> int:
        """The offset that the next record gets."""
        return self._number("SELECT next FROM partition WHERE id=?", self._catalogue.find(topic, partition).id)

    def written(self, topic: str, partition: int) -> int:
        """The same: what is appended is whole at once."""
        return self.end(topic, partition)

    def held(self, topic: str) -> dict[int, Held]:
        """Nothing: there are no transactions of producers."""
        return {}

    def start(self, topic: str, partition: int) -> int:
        """The lowest offset that is retained; ``end`` if none is."""
        low = base(self._catalogue.find(topic, partition).id)
        return self._number(_START, low, low + OFFSETS)

    def position(self, group: str, topic: str, partition: int) -> int | None:
        """What was last committed with ``append`` for this group; None if nothing was."""
        part = self._catalogue.find(topic, partition)
        with self._reader.use("reading a position") as db:
            row = db.execute("SELECT next FROM position WHERE grp=? AND partition=?", (group, part.id)).fetchone()
        return None if row is None else int(row[0])

    def positions(self) -> dict[GroupPosition, int]:
        """Every committed position of every group."""
        query = """SELECT o.grp, t.name, p.number, o.next FROM position o JOIN partition p ON p.id = o.partition
            JOIN topic t ON t.id = p.topic ORDER BY o.grp, t.name, p.number"""
        with self._reader.use("reading positions") as db:
            return {(group, topic, number): at for group, topic, number, at in db.execute(query)}

    def witnessed(self) -> bool:
        """Whether this log had a witness beside it (``streams.embedded.witness``) before now; from here on it has."""
        known = self._number("SELECT count(*) FROM meta WHERE name='witness'") > 0
        if not known:
            with self._writing().transaction("noting its witness") as db:
                db.execute("INSERT OR IGNORE INTO meta VALUES('witness', '1')")
        return known

    def changed(self) -> bool:
        """Whether anybody wrote anything since this was last asked; True the first time. Costs a few microseconds."""
        version = self._number("PRAGMA data_version")
        self._seen, before = version, self._seen
        return version != before

    def retain(self, now_ms: int, stopped: Callable[[], bool] = lambda: False) -> dict[tuple[str, int], int]:
        """Removes what is past its topic's retention and gives space back; how many went from each (topic, partition).

        Runs for as long as that takes, in small steps between which appends go on; ``close`` ends it early, and so does
        ``stopped``, which is asked between them.
        """
        retention = Retention(self._writing(), stopped=lambda: self._closing or stopped())
        return retention.run(self._catalogue.partitions(), now_ms)

    def backup(self, target: Path) -> str:
        """Copies one moment of the log to ``target``, which must not exist, while it is in use; the copy's own id."""
        source = Connection(self.path, self._reader.file, "ro", PATIENCE_MS)
        try:
            return backup.copy(source, target.absolute())
        finally:
            source.close()

    def stats(self) -> list[PartitionStats]:
        """All partitions, at one moment."""
        with self._reader.use("reading statistics") as db:
            rows = db.execute(_STATS).fetchall()
        return [
            PartitionStats(
                topic, number, end if first is None else first - base(part), end, records, size, first_ms, last_ms
            )
            for topic, number, part, end, records, size, first, first_ms, last_ms in rows
        ]

    def size_bytes(self) -> int:
        """What the file and its write-ahead log take on the disk."""
        files = (self.path, self.path.with_name(self.path.name + "-wal"))
        return sum(file.stat().st_size for file in files if file.exists())

    def free_bytes(self) -> int:
        """What is free on the log's disk."""
        with translated(self.path, "asking for free space"):
            return errors.free_bytes(self.path)

    def close(self) -> None:
        """Ends the use of the log; a running ``retain`` stops at its next step. May be called twice."""
        self._closing = True
        if self._writer is not None:
            self._writer.close()
        self._reader.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _writing(self) -> WriteConnection:
        if self._writer is None:
            raise LogRefused(f"{self.path}: the log was opened to read only. What to do: open it without read_only.")
        return self._writer

    def _number(self, query: str, *values: int) -> int:
        with self._reader.use("reading") as db:
            return int(db.execute(query, values).fetchone()[0])
