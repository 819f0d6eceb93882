"""`hall log`: what stands in the log, how much it is, and a copy of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from commands.log import follow_records
from streams.embedded.log import Log
from streams.log import Append
from streams.rows import ticks
from streams.topics import DEAD, JOURNAL, OBSERVATIONS
from tests.support.operating import Box, walk


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path).made("producer").put(walk(46)).settle()


def lines(box: Box, *arguments: object) -> list[str]:
    return box.hall("log", "cat", *arguments).stdout.splitlines()


def test_a_record_is_a_line_with_offset_time_key_and_value(box: Box) -> None:
    frame = lines(box, "hall.observations", "--from", 1, "--limit", 1)
    assert frame == [
        '1  2023-11-14 22:13:20.000  small  {"type":"frame","hall":"small","at_ms":1700000000000,"source":"cam","boot":"1",'
        '"seq":0,"camera":"cam","people":[["7",25.0,300.0,50.0,100.0,1.0,null,null]]}'
    ]


def test_the_prefix_of_a_topic_may_be_left_out_and_the_journal_is_the_default(box: Box) -> None:
    assert lines(box) == lines(box, "journal") == lines(box, "hall.journal")
    assert len(lines(box, "observations")) == 47
    assert lines(box, "sensing-state") == lines(box, "hallstream-sensing-state-changelog")


def test_another_topic_is_refused_with_all_that_there_are(box: Box) -> None:
    result = box.hall("log", "cat", "journals", code=64)
    assert "got 'journals'" in result.stderr
    assert "hall.journal" in result.stderr


def test_a_negative_offset_counts_from_the_end(box: Box) -> None:
    everything = lines(box, "observations")
    assert lines(box, "observations", "--from", -3) == everything[-3:]
    assert lines(box, "observations", "--from", -1000) == everything


def test_records_are_chosen_by_type_and_hall(box: Box) -> None:
    with box.log() as log:
        log.append(
            [
                Append(OBSERVATIONS, 0, b"other", b'{"type":"frame"}', 1_700_000_099_000),
                *ticks(log, [OBSERVATIONS]),
            ]
        )
    assert [line.split()[3] for line in lines(box, "observations", "--type", "frame", "--from", -2)] == [
        "small",
        "other",
    ]
    assert len(lines(box, "observations", "--hall", "other")) == 1
    assert lines(box, "observations", "--type", "tick")[0].split()[3:] == ["-", '{"type":"tick"}']
    assert all('"zone":"west"' in line for line in lines(box, "journal", "--type", "zone_entered", "--limit", 1))


def test_raw_values_are_byte_for_byte(box: Box) -> None:
    raw = box.hall("log", "cat", "observations", "--raw", "--from", 1).stdout_bytes.splitlines()
    assert raw == [record.value for record in box.records(OBSERVATIONS)][1:]


def test_what_is_no_text_cannot_disturb_the_terminal(box: Box) -> None:
    with box.log() as log:
        log.append([Append(OBSERVATIONS, 0, b"\x1b[2J", b"\xff\n\x07", 1)])
    assert lines(box, "observations", "--from", -1)[0].split()[-2:] == ["\\x1b[2J", "\\xff\\x0a\\x07"]


def test_checkpoints_are_opened(box: Box) -> None:
    hall, mark = (json.loads(line.split(maxsplit=4)[-1]) for line in lines(box, "sensing-state"))
    assert (hall["type"], hall["offset"], sorted(hall["files"])) == ("hall", 47, ["hall.yaml", "rules.yaml"])
    assert set(hall["state_bytes"]) == {"trajectory", "cameras", "zones", "dwell", "flow", "density", "heat"}
    assert (mark["type"], mark["next_offset"], mark["halls"]) == ("mark", 47, ["small"])
    assert len(lines(box, "sensing-state", "--type", "mark")) == 1
    assert len(lines(box, "sensing-state", "--hall", "small")) == 1


def test_state_that_cannot_be_read_says_so(box: Box) -> None:
    with box.log() as log:
        log.append([Append("hallstream-sensing-state-changelog", 0, b"newer", b"\xc1")])
    assert '"unreadable"' in lines(box, "sensing-state", "--from", -1)[0]


def test_following_prints_what_comes_after(box: Box) -> None:
    with box.log() as log:
        waits = 0

        def wait() -> None:
            nonlocal waits
            waits += 1
            if waits == 3:
                raise KeyboardInterrupt
            log.append([Append(DEAD, 0, b"small", b"%d" % waits)])

        followed = follow_records(log, DEAD, {0: 0}, wait)
        assert [next(followed).value, next(followed).value] == [b"1", b"2"]
        with pytest.raises(KeyboardInterrupt):
            next(followed)


def test_ctrl_c_ends_following_in_good_order(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("commands.log.time.sleep", interrupted)
    told = [record for record in box.records(JOURNAL) if record.key]
    assert len(lines(box, "journal", "--follow")) == min(10, len(told))
    assert len(lines(box, "journal", "--follow", "--from", -3)) == 3, "ticks are not counted either"


def test_a_partition_that_is_not_there_is_refused(box: Box) -> None:
    assert "from 0 to 0, got 3" in box.hall("log", "cat", "--partition", 3, code=64).stderr


def test_stats_count_records_bytes_and_disk(box: Box) -> None:
    found = json.loads(box.hall("log", "stats", "--json").stdout)
    (observations,) = (row for row in found["partitions"] if row["topic"] == OBSERVATIONS)
    size = sum(len(r.key or b"") + len(r.value or b"") for r in box.records(OBSERVATIONS))
    assert (observations["start"], observations["end"], observations["records"], observations["bytes"]) == (
        0,
        47,
        47,
        size,
    )
    assert (observations["first_ms"], observations["last_ms"]) == (1_700_000_000_000, 1_700_000_009_000)
    assert found["disk"]["file_bytes"] == box.path.stat().st_size
    assert found["disk"]["free_bytes"] > 0


def test_stats_are_a_table_for_people(box: Box) -> None:
    text = box.hall("log", "stats").stdout
    (row,) = (line for line in text.splitlines() if line.startswith("hall.observations "))
    assert row.split()[1:3] == ["1", "47"]
    (row,) = (
        line for line in box.hall("log", "stats", "--partitions").stdout.splitlines() if "hall.observations " in line
    )
    assert row.split()[1:5] == ["0", "0", "47", "47"]
    assert "1 d, 5.37 GB" in row
    assert "free on its disk" in text


def test_a_backup_is_another_log_and_says_what_that_means(box: Box, tmp_path: Path) -> None:
    result = box.hall("log", "backup", tmp_path / "copy.db")
    with Log.open(tmp_path / "copy.db") as copy, box.log() as log:
        assert copy.id != log.id
        assert copy.id in result.stdout
        assert copy.end(JOURNAL, 0) == log.end(JOURNAL, 0)
    assert "hall reset" in result.stdout


def test_a_backup_never_overwrites(box: Box, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("precious")
    assert "there is something here already" in box.hall("log", "backup", tmp_path / "taken", code=74).stderr
    assert (tmp_path / "taken").read_text() == "precious"


def test_without_a_log_it_says_where_it_looked(tmp_path: Path) -> None:
    assert f"{tmp_path / 'hall.db'}: there is no log here" in Box(tmp_path).hall("log", "stats", code=75).stderr


# -- what is asked for -------------------------------------------------------------------------------------------------


def test_a_stretch_of_time_is_cut_out(box: Box) -> None:
    # 22:13:20.000 .. 22:13:29.000, five frames a second; [22:13:21, 22:13:22)
    asked = ("observations", "--since", "2023-11-14T22:13:21Z", "--until", "2023-11-14T22:13:22Z")
    found = [line.split()[2] for line in lines(box, *asked)]
    assert found == ["22:13:21.000", "22:13:21.200", "22:13:21.400", "22:13:21.600", "22:13:21.800"]
    assert lines(box, "observations", "--since", "1s") == [], "long ago, all of it"
    error = box.hall("log", "cat", "--since", "noon", code=64).stderr
    assert "expected a time such as 09:30" in error


def test_ticks_are_left_out_unless_asked_for(box: Box) -> None:
    with box.log() as log:
        log.append(ticks(log, [OBSERVATIONS], 1_700_000_099_000))
    assert not any("tick" in line for line in lines(box, "observations"))
    assert lines(box, "observations", "--ticks")[-1].endswith('{"type":"tick"}')
    assert len(lines(box, "observations", "--type", "tick")) == 1


def test_a_type_that_does_not_exist_is_an_error(box: Box) -> None:
    assert "did you mean zone_entered?" in box.hall("log", "cat", "--type", "zone_enterd", code=64).stderr
    assert "hall, mark" in box.hall("log", "cat", "sensing-state", "--type", "frame", code=64).stderr
    assert lines(box, "journal", "--type", "count_drift") == [], "one that exists and did not happen is none"


def test_a_hall_of_which_nothing_is_known_is_an_error(box: Box) -> None:
    error = box.hall("log", "cat", "--hall", "smal", code=64).stderr
    assert "nothing of 'smal' stands in hall.journal, and it is not in force; expected one of small" in error
    assert lines(box, "dead", "--hall", "small") == [], "in force, and nothing of it is dead"
    box.hall("config", "remove", "small", "--yes")
    box.settle()
    assert lines(box, "--hall", "small"), "removed, and what was published is there"
