"""What is wrong with a log is said in words that can be acted upon, and nothing is harmed by finding out."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from streams.embedded.errors import (
    LogDamaged,
    LogError,
    LogFull,
    LogLocked,
    LogMissing,
    LogRefused,
    LogTooNew,
    explain,
)
from streams.embedded.log import Log
from streams.embedded.schema import PAGE_BYTES, VERSION, create
from streams.log import Append, TopicSpec
from tests.support.embedded import ROOT, values


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A sound log of one topic with one record, closed."""
    path = tmp_path / "halls.log"
    with Log.open(path) as log:
        log.create_topic(TopicSpec("t"))
        log.append([Append("t", 0, b"k", b"v")])
    return path


def alter(path: Path, statement: str) -> None:
    db = sqlite3.connect(path, isolation_level=None)
    db.execute(statement)
    db.close()


def make_directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


DAMAGE: list[tuple[str, Callable[[Path], object], type[LogError], str]] = [
    ("a directory", make_directory, LogRefused, "expected a file"),
    ("an empty file", lambda path: path.write_bytes(b""), LogDamaged, "the file has 0 bytes"),
    ("another kind of file", lambda path: path.write_bytes(b"%PDF-1.7 " * 1_000), LogDamaged, "not a log"),
    ("a few bytes", lambda path: path.write_bytes(b"x"), LogDamaged, "the file has 1 bytes"),
    ("half a file", lambda path: path.write_bytes(path.read_bytes()[:6_000]), LogDamaged, "damaged"),
    ("another program's database", lambda path: alter(path, "PRAGMA application_id=7"), LogDamaged, "another SQLite"),
    ("a newer version", lambda path: alter(path, f"PRAGMA user_version={VERSION + 1}"), LogTooNew, "newer program"),
    ("no id", lambda path: alter(path, "DELETE FROM meta"), LogDamaged, "lost its id"),
    ("no table", lambda path: alter(path, "DROP TABLE position"), LogDamaged, "missing or different: position"),
    (
        "another table",
        lambda path: alter(path, "ALTER TABLE record ADD x TEXT"),
        LogDamaged,
        "missing or different: record",
    ),
    ("nothing", lambda path: path.unlink(), LogMissing, "there is no log here"),
]


@pytest.mark.parametrize(("damage", "error", "says"), [case[1:] for case in DAMAGE], ids=[case[0] for case in DAMAGE])
@pytest.mark.parametrize("read_only", [False, True])
def test_what_is_not_a_log_is_refused_and_left_alone(
    path: Path, damage: Callable[[Path], object], error: type[LogError], says: str, read_only: bool
) -> None:
    damage(path)
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(error, match=says) as raised:
        Log.open(path, create=False, read_only=read_only)
    assert str(path) in str(raised.value)
    assert "What to do: " in str(raised.value)
    assert (path.read_bytes() if path.is_file() else None) == before


def test_a_log_is_made_only_if_asked_for(tmp_path: Path) -> None:
    for options in ({"create": False}, {"read_only": True}):
        with pytest.raises(LogMissing):
            Log.open(tmp_path / "new" / "halls.log", **options)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []
    Log.open(tmp_path / "new" / "halls.log").close()
    assert [file.name for file in (tmp_path / "new").iterdir()] == ["halls.log"]


@pytest.mark.parametrize("below", ["halls.log", "deep/down/halls.log"])
def test_a_file_where_its_directory_should_be_is_named(tmp_path: Path, below: str) -> None:
    (tmp_path / "var").write_text("a file")
    with pytest.raises(LogRefused, match=r"expected \S+/var to be a directory, got something else. What to do: "):
        Log.open(tmp_path / "var" / below)
    assert (tmp_path / "var").read_text() == "a file"


def test_a_log_that_another_process_made_first_is_not_replaced(path: Path) -> None:
    create(path)  # as if it had not been there when this process looked
    with Log.open(path) as log:
        assert values(log, "t") == [b"v"]
    assert [file.name for file in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("name", ["with space.log", "100%.log", "a?b#c.log", "营业厅.log"])
def test_any_name_will_do(tmp_path: Path, name: str) -> None:
    Log.open(tmp_path / name).close()
    assert [file.name for file in tmp_path.iterdir()] == [name]


def test_damage_within_is_told_when_it_is_met(path: Path) -> None:
    """The list of tables is sound, so the log opens; the record's page is overwritten."""
    db = sqlite3.connect(path)
    page = db.execute("SELECT rootpage FROM sqlite_schema WHERE name='record'").fetchone()[0]
    db.close()
    whole = bytearray(path.read_bytes())
    whole[(page - 1) * PAGE_BYTES : page * PAGE_BYTES] = b"\xee" * PAGE_BYTES
    path.write_bytes(whole)
    with Log.open(path) as log:
        for use in (lambda: log.read("t", 0, 0), lambda: log.append([Append("t", 0, b"k", b"v")]), log.stats):
            with pytest.raises(LogDamaged, match="the file is damaged"):
                use()
        assert log.end("t", 0) == 1


def test_a_lock_that_is_kept_too_long_is_told_and_passes(path: Path) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    with Log.open(path, patience_ms=20) as log:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LogLocked, match="another process keeps the log locked"):
            log.append([Append("t", 0, b"k", b"mine")])
        assert values(log, "t") == [b"v"]
        other.execute("ROLLBACK")
        assert log.append([Append("t", 0, b"k", b"mine")])[0][0] == 1
    other.close()


@pytest.mark.parametrize("harm", ["removed", "replaced"])
def test_a_log_taken_away_while_open_is_noticed(path: Path, harm: str) -> None:
    with Log.open(path) as log:
        path.rename(path.with_name("moved.log"))
        if harm == "replaced":
            path.write_bytes(b"a restored backup")
        for use in (lambda: log.append([Append("t", 0, b"k", b"lost")]), log.changed):
            with pytest.raises(LogMissing, match="moved, removed or replaced while it was open"):
                use()


def append_for_ever(log: Log) -> None:
    while True:
        log.append([Append("t", 0, b"k", bytes(1_000))] * 10, positions={("g", "t", 0): log.end("t", 0)})


def test_a_quota_is_a_full_log_until_retention_makes_room(path: Path) -> None:
    with Log.open(path, max_bytes=1_000_000) as log:
        with pytest.raises(LogFull, match=r"cannot grow.*MiB are free.*What to do: free some space"):
            append_for_ever(log)
        end = log.end("t", 0)
        assert [record.offset for record in log.read("t", 0, 0, limit=10_000)] == list(range(end))
        assert log.position("g", "t", 0) == end - 10
        log.create_topic(TopicSpec("t", retention_bytes=100_000))
        log.retain(0)
        assert log.append([Append("t", 0, b"k", bytes(1_000))] * 10)[0][0] == end
    assert path.stat().st_size <= 1_000_000


@pytest.fixture
def public() -> Iterator[Path]:
    """A directory outside those that only their owner may enter."""
    directory = Path(tempfile.mkdtemp())
    directory.chmod(0o755)
    yield directory
    shutil.rmtree(directory)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize(
    ("file_mode", "directory_mode", "options"),
    [(0o444, 0o777, ""), (0o000, 0o777, ""), (0o666, 0o555, ""), (0o000, 0o777, ", read_only=True"), (None, 0o555, "")],
)
def test_missing_rights_are_told(public: Path, file_mode: int | None, directory_mode: int, options: str) -> None:
    path = public / "halls.log"
    if file_mode is not None:
        Log.open(path).close()
        path.chmod(file_mode)
    public.chmod(directory_mode)
    program = f"""
import os, sys
from pathlib import Path
from streams.embedded.errors import LogRefused
from streams.embedded.log import Log
from streams.log import TopicSpec
os.setuid(65534)
try:
    Log.open(Path(sys.argv[1]){options}).create_topic(TopicSpec("t"))
except LogRefused as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", program, path], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.startswith(str(path))
    assert "the user needs to read and write this file" in done.stdout


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (sqlite3.SQLITE_FULL, LogFull),
        (sqlite3.SQLITE_IOERR_WRITE, LogFull),
        (sqlite3.SQLITE_IOERR_FSYNC, LogFull),
        (sqlite3.SQLITE_IOERR_SHORT_READ, LogDamaged),
        (sqlite3.SQLITE_IOERR_READ, LogDamaged),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, LogLocked),
        (sqlite3.SQLITE_CORRUPT_INDEX, LogDamaged),
        (sqlite3.SQLITE_READONLY_DBMOVED, LogRefused),
        (sqlite3.SQLITE_CANTOPEN_ISDIR, LogRefused),
        (sqlite3.SQLITE_NOLFS, LogError),
    ],
)
def test_every_code_of_sqlite_has_a_meaning(tmp_path: Path, code: int, error: type[LogError]) -> None:
    theirs = sqlite3.OperationalError("it failed")
    theirs.sqlite_errorcode = code
    ours = explain(theirs, tmp_path / "gone" / "halls.log", "appending")
    assert type(ours) is error
    assert "it failed" in str(ours)
    assert "appending" in str(ours)
