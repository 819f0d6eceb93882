"""What goes wrong is one clear message and an exit code, whichever verb it happens to."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest
from click.testing import CliRunner

from commands.common import Ended, clear_errors
from config.problems import ConfigError
from hall import main
from streams.embedded import errors
from streams.recording import RecordingError
from streams.recordings import OptionsError, PositionsError
from streams.worker.failure import Fatal
from tests.support.operating import Box, walk


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (RecordingError("why"), 65),
        (PositionsError("why"), 65),
        (OptionsError("why"), 64),
        (errors.LogDamaged("why"), 65),
        (errors.LogFull("why"), 74),
        (errors.LogMissing("why"), 75),
        (errors.TopicMissing("why"), 75),
        (errors.LogError("why"), 70),
        (errors.TopicConflict("why"), 70),
        (errors.RowRefused("why"), 70),
        (Fatal(78, "why"), 78),
    ],
    ids=lambda value: type(value).__name__,
)
def test_each_has_its_exit_code(error: Exception, code: int) -> None:
    with pytest.raises(Ended, match=r"^why$") as ended, clear_errors():
        raise error
    assert ended.value.exit_code == code


def test_a_hall_that_is_not_sound_is_a_configuration_error() -> None:
    with pytest.raises(Ended) as ended, clear_errors():
        raise ConfigError([])
    assert ended.value.exit_code == 78


@pytest.mark.parametrize("error", [BrokenPipeError(32, "Broken pipe"), KeyError("ours")])
def test_a_reader_that_left_and_faults_of_ours_are_not_hidden(error: Exception) -> None:
    with pytest.raises(type(error)), clear_errors():
        raise error


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    box = Box(tmp_path).made("producer").put(walk(3)).settle()
    box.hall("record", tmp_path / "log.jsonl")
    missing = tmp_path / "nodir" / "x.jsonl"
    ended = box.hall("replay", tmp_path / "log.jsonl", "--out", missing, code=74)
    assert f"Error: {missing}: No such file or directory" in ended.stderr
    assert f"{missing.parent} is no directory" in box.hall("record", missing, code=64).stderr


def test_text_that_is_no_recording(tmp_path: Path) -> None:
    box = Box(tmp_path)
    (tmp_path / "Makefile").write_text("all: # nothing\n")
    ended = box.hall("replay", tmp_path / "Makefile", "--hall", box.hall_dir(), code=65)
    assert "expected at least 6 columns" in ended.stderr


@pytest.mark.parametrize("verb", [("record", "x.jsonl"), ("explain", "small:sensing:zones:0:1:0")])
def test_a_log_without_topics(tmp_path: Path, verb: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (box := Box(tmp_path)).log().close()
    assert "hall topics create" in box.hall(*verb, code=75).stderr


def test_a_recording_that_was_cut_off(tmp_path: Path) -> None:
    box = Box(tmp_path).made("producer").put(walk(46)).settle()
    box.hall("record", file := tmp_path / "log.jsonl.gz")
    file.write_bytes(file.read_bytes()[:-200])
    assert "cut off" in box.hall("feed", file, code=65).stderr
    assert "expected a record" in box.hall("replay", file, code=65).stderr


@pytest.mark.parametrize("hall", ["~x", "~1", "~", "~٣"])
def test_explain_of_a_partition_that_is_none(tmp_path: Path, hall: str) -> None:
    box = Box(tmp_path).made()
    assert "expected a hall, or ~0" in box.hall("explain", f"{hall}:sensing:zones:0:42:0", code=64).stderr


@pytest.mark.parametrize(
    "arguments", [["worker", "--bogus"], ["topics", "create", "--partitions", "0"], ["no-such-verb"]]
)
def test_an_option_that_is_none_ends_as_a_wrong_setting_does_and_is_not_tried_again(arguments: list[str]) -> None:
    assert CliRunner().invoke(main, arguments).exit_code == 64


@pytest.mark.parametrize(
    "words", [("status",), ("log", "cat"), ("replay", "x.jsonl"), ("run", "--for", "5")], ids=" ".join
)
@pytest.mark.parametrize("files", [8, 16, 63])
def test_a_process_that_may_open_next_to_no_files_says_so(tmp_path: Path, words: tuple[str, ...], files: int) -> None:
    # ulimit -Hn 8: it would fail anywhere, in the middle of an import or of a checkpoint.
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))

    ended = Box(tmp_path).process(*words, preexec_fn=limit)
    assert ended.returncode == 64
    assert (
        f"this process may have only {files} files open, and needs 64 at the least. What to do: `ulimit -n"
        in ended.stderr
    )
    assert "Traceback" not in ended.stderr


def test_where_more_files_are_allowed_they_are_taken(tmp_path: Path) -> None:
    # ulimit -Sn 8
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    box = Box(tmp_path).made()
    ended = box.process("log", "stats", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (8, hard)))
    assert (ended.returncode, ended.stderr) == (0, "")
