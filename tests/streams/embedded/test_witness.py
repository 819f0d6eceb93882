"""The witness beside a log: it knows the log from a copy of it, however the copy was made, and asks for nothing else."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from streams.embedded.errors import LogFull, LogGone
from streams.embedded.log import Log
from streams.embedded.witness import Witness, witness_path

AT = {("hall.observations", 0): 40, ("hall.journal", 0): 7}


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log that the engine worked on, up to ``AT``, and let go of a minute ago."""
    path = tmp_path / "var" / "hall.db"
    with Log.open(path) as made:
        witness = Witness(path, made.id)
        for (topic, partition), at in AT.items():
            witness.note(topic, partition, at)
    return path


def doubt(path: Path, at: dict[tuple[str, int], int] = AT) -> str | None:
    with Log.open(path, create=False) as opened:
        return Witness(path, opened.id).doubt(at)


def later(path: Path, ms: int = 60_000) -> None:
    """As if the witness had been written so long before: what touches its file now comes that much later."""
    found = witness_path(path)
    seen = json.loads(found.read_text())
    found.write_text(json.dumps({**seen, "written_ms": seen["written_ms"] - ms}))


def test_the_log_itself_is_known_again(log: Path) -> None:
    assert doubt(log) is None
    assert doubt(log, {key: at + 5 for key, at in AT.items()}) is None, "a checkpoint that the witness missed"


def test_a_log_that_was_moved_with_its_witness_is_the_log(log: Path) -> None:
    moved = log.parent.rename(log.parent.with_name("elsewhere")) / log.name
    assert doubt(moved) is None


def by_cp(source: Path, target: Path) -> None:
    subprocess.run(["cp", "-a", f"{source}/.", str(target)], check=True)


def by_tar(source: Path, target: Path) -> None:
    """As `docker cp` does it."""
    packed = subprocess.run(["tar", "-C", str(source), "-c", "."], check=True, capture_output=True).stdout
    subprocess.run(["tar", "-C", str(target), "-x"], input=packed, check=True)


def by_copying_what_it_holds(source: Path, target: Path) -> None:
    for file in source.iterdir():
        shutil.copyfile(file, target / file.name)


COPIES: tuple[Callable[[Path, Path], None], ...] = (by_cp, by_tar, by_copying_what_it_holds)


@pytest.mark.parametrize("copy", COPIES)
@pytest.mark.parametrize("over", [True, False], ids=["over what is there", "in an empty place"])
def test_a_copy_put_back_is_doubted_however_it_was_made(
    log: Path, copy: Callable[[Path, Path], None], over: bool
) -> None:
    """
    var ---> kept      kept ---> var, over the same files or where nothing is; log and witness are of one moment
    """
    kept = log.parent.with_name("kept")
    kept.mkdir()
    later(log)
    copy(log.parent, kept)
    if not over:
        shutil.rmtree(log.parent)
        log.parent.mkdir()
    copy(kept, log.parent)
    assert doubt(log) is not None


def test_an_older_file_beside_a_newer_witness_is_doubted(log: Path) -> None:
    with Log.open(log) as opened:
        Witness(log, opened.id).note("hall.observations", 0, 99)
    assert doubt(log) == "it is older than what was processed here: hall.observations/0 was at 99, and is at 40"


def test_a_copy_without_witness_is_doubted_once_something_was_processed_in_it(log: Path) -> None:
    witness_path(log).unlink()
    assert "no witness" in str(doubt(log))
    assert doubt(log, {}) is None, "a log that no engine has worked on gives no ids"


def test_a_log_of_a_version_that_knew_no_witness_is_not_doubted_and_has_one_from_then_on(log: Path) -> None:
    witness_path(log).unlink()
    with Log.open(log, create=False) as opened:
        assert Witness(log, opened.id).doubt(AT, witnessed=opened.witnessed()) is None
        assert opened.witnessed()


def test_a_copy_from_before_anything_was_processed_is_older_than_what_the_witness_saw(log: Path) -> None:
    assert doubt(log, {}) == "it is older than what was processed here: hall.journal/0 was at 7, and is at 0"


def test_a_witness_of_a_clock_that_was_ahead_doubts_what_was_copied_since(log: Path) -> None:
    later(log, ms=-7_200_000)
    by_cp(log.parent, log.parent.with_name("kept"))
    by_cp(log.parent.with_name("kept"), log.parent)
    assert doubt(log) is not None


@pytest.mark.parametrize("torn", [b"", b"{", b'{"log": 1}', b"\xff\xfe", b"[]"])
def test_a_witness_that_a_power_cut_tore_is_none(log: Path, torn: bytes) -> None:
    witness_path(log).write_bytes(torn)
    assert "no witness" in str(doubt(log))


def test_a_restored_backup_is_for_the_state_to_refuse(log: Path) -> None:
    """It has another id, and the state in it says so."""
    copy = log.with_name("backup.db")
    with Log.open(log) as opened:
        opened.backup(copy)
    for suffix in ("", "-wal", "-shm"):
        log.with_name(log.name + suffix).unlink(missing_ok=True)
    copy.rename(log)
    assert doubt(log) is None


def test_what_is_noted_ends_the_doubt(log: Path) -> None:
    witness_path(log).unlink()
    with Log.open(log) as opened:
        Witness(log, opened.id).note("hall.observations", 0, 40)
    assert doubt(log) is None


def test_a_link_to_the_log_has_the_same_witness(log: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.db"
    link.symlink_to(log)
    assert doubt(link) is None


def test_a_log_that_is_gone_is_not_begun_anew_in_silence(log: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        log.with_name(log.name + suffix).unlink(missing_ok=True)
    with pytest.raises(
        LogGone, match=r"is gone \(log .*hall.journal/0 at 7, hall.observations/0 at 40\).*remove .*witness"
    ):
        Log.open(log)
    assert not log.exists()
    witness_path(log).unlink()
    Log.open(log).close()
    assert log.exists()


def test_what_keeps_it_from_being_written_is_told(log: Path) -> None:
    with Log.open(log) as opened:
        witness_path(log).unlink()
        witness_path(log).symlink_to("/dev/full")
        with pytest.raises(LogFull, match=r"hall\.db\.witness"):
            Witness(log, opened.id).note("hall.observations", 0, 41)
