"""The topics of a log: what exists, made by any process, and where its partitions lie."""

from __future__ import annotations

import sqlite3
from dataclasses import fields
from pathlib import Path

from streams.embedded.connection import Connection, WriteConnection
from streams.embedded.errors import LogFull, TopicConflict, TopicMissing
from streams.embedded.schema import MAX_PARTITIONS
from streams.embedded.spec import Partition
from streams.log import TopicSpec

_FOR_EVER = ("partitions", "compact", "time")
_COLUMNS = ", ".join(f"t.{field.name}" for field in fields(TopicSpec))
_PARTITIONS = f"""
    SELECT p.id, p.number, {_COLUMNS} FROM topic t JOIN partition p ON p.topic = t.id ORDER BY t.name, p.number"""


class Catalogue:
    """Remembers what it has read: a topic never goes, and what must never change in it does not."""

    def __init__(self, path: Path, reader: Connection) -> None:
        self._path = path
        self._reader = reader
        self._partitions: dict[tuple[str, int], Partition] = {}

    def find(self, topic: str, partition: int) -> Partition:
        """Where a partition lies. Raises TopicMissing, which says what there is."""
        found = self._partitions.get((topic, partition))
        if found is None:
            self.refresh()
            found = self._partitions.get((topic, partition))
        if found is None:
            raise self._missing(topic, partition)
        return found

    def refresh(self) -> None:
        with self._reader.use("reading the topics") as db:
            rows = db.execute(_PARTITIONS).fetchall()
        self._partitions = {(row[2], row[1]): Partition(row[0], row[1], _spec(row[2:])) for row in rows}

    def specs(self) -> dict[str, TopicSpec]:
        return {part.spec.name: part.spec for part in self.partitions()}

    def partitions(self) -> list[Partition]:
        self.refresh()
        return list(self._partitions.values())

    def create(self, writer: WriteConnection, spec: TopicSpec) -> None:
        """Makes the topic, or alters its retention. Raises TopicConflict if it exists and differs for ever."""
        if self.specs().get(spec.name) == spec:
            return
        with writer.transaction("making a topic") as db:
            row = db.execute(f"SELECT {_COLUMNS} FROM topic t WHERE name=?", (spec.name,)).fetchone()
            if row is None:
                self._insert(db, spec)
            else:
                self._alter(db, _spec(row), spec)
        self.refresh()

    def _insert(self, db: sqlite3.Connection, spec: TopicSpec) -> None:
        used = db.execute("SELECT count(*) FROM partition").fetchone()[0]
        if used + spec.partitions > MAX_PARTITIONS:
            raise LogFull(
                f"{self._path}: a log has room for {MAX_PARTITIONS} partitions; {used} are used and topic "
                f"{spec.name!r} wants {spec.partitions} more. What to do: make fewer, or use Kafka."
            )
        values = [getattr(spec, field.name) for field in fields(TopicSpec)]
        names = ", ".join(field.name for field in fields(TopicSpec))
        topic = db.execute(f"INSERT INTO topic({names}) VALUES({', '.join('?' * len(values))})", values).lastrowid
        rows = [(topic, number) for number in range(spec.partitions)]
        db.executemany("INSERT INTO partition(topic, number) VALUES(?, ?)", rows)

    def _alter(self, db: sqlite3.Connection, old: TopicSpec, new: TopicSpec) -> None:
        differing = [
            f"{name} is {getattr(old, name)!r}, asked for {getattr(new, name)!r}"
            for name in _FOR_EVER
            if getattr(old, name) != getattr(new, name)
        ]
        if differing:
            raise TopicConflict(
                f"{self._path}: topic {new.name!r} exists and differs: {'; '.join(differing)}. "
                "What to do: ask for what there is, or use another log; only retention can be altered."
            )
        db.execute(
            "UPDATE topic SET retention_ms=?, retention_bytes=? WHERE name=?",
            (new.retention_ms, new.retention_bytes, new.name),
        )

    def _missing(self, topic: str, partition: int) -> TopicMissing:
        numbers = [number for name, number in self._partitions if name == topic]
        names = sorted({name for name, _ in self._partitions})
        there = f"partitions 0 to {max(numbers)}" if numbers else f"topics {', '.join(names) or '(none)'}"
        wanted = f"partition {partition} of topic {topic!r}" if numbers else f"topic {topic!r}"
        return TopicMissing(
            f"{self._path}: no {wanted}; there are {there}. What to do: check the name; `hall topics create` makes the "
            "engine's topics, and so does the first `hall run`."
        )


def _spec(row: tuple[object, ...]) -> TopicSpec:
    name, partitions, compact, time, retention_ms, retention_bytes = row
    return TopicSpec(name, partitions, bool(compact), time, retention_ms, retention_bytes)  # type: ignore[arg-type]
