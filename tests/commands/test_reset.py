"""`hall reset`: a new era, with the state where it fits the log, and without where it does not."""

from __future__ import annotations

import itertools
from pathlib import Path

import msgspec
import pytest

from agents.topology import SENSING, TOPOLOGY
from streams.checkpoint import Mark, checksum, encode_mark
from streams.embedded.lock import ConsumerLock
from streams.engine import Engine
from streams.ids import Seen, parse_id
from streams.log import Append
from streams.operating.admin import LaneState, lane_states, position
from streams.topics import JOURNAL, OBSERVATIONS, state_topic
from tests.support.operating import HALL, Box, walk, worker

ORIGINAL = 60
FRAMES = walk(ORIGINAL)


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path / "original").made("producer").put(FRAMES[:30]).settle()


def restored_backup(box: Box) -> Box:
    """A copy of the box's log, put in place somewhere else."""
    copy = Box(box.directory.parent / "restored")
    copy.directory.mkdir()
    box.hall("log", "backup", copy.path)
    return copy


def states(box: Box) -> list[LaneState]:
    with box.log() as log:
        return lane_states(log, TOPOLOGY)


def marks(box: Box) -> list[Mark]:
    found = [state.mark for state in states(box)]
    assert all(found)
    return [mark for mark in found if mark]


def conclusions(box: Box) -> list[str]:
    """The journal without repeats and ids: what a reader makes of it. A hall's files, which a new era says again, apart."""
    seen = Seen()
    found = [
        (record.value or b"").partition(b",")[2].decode()
        for record in box.records(JOURNAL)
        if record.key and seen.is_new(parse_id(str(msgspec.json.decode(record.value or b"")["id"])))
    ]  # fmt: skip
    return [text for text in found if not text.startswith('"type":"configured"')]


def test_a_restored_backup_keeps_its_state_in_a_new_era(box: Box) -> None:
    copy = restored_backup(box)
    before = states(copy)
    text = copy.hall("reset", "--yes").stdout
    assert "the state fits this log, though the log has another id" in text
    assert "put the halls in force again" not in text
    for old, new in zip(before, states(copy), strict=True):
        assert old.mark is not None
        assert new.mark is not None
        with copy.log() as log:
            assert new.mark.log_id == log.id != old.mark.log_id
            assert position(log, new.lane, 0) == new.mark.next_offset
        assert (new.mark.era, new.mark.pending) == (old.mark.era + 1, True)
        assert (new.mark.next_offset, new.mark.halls) == (old.end, (HALL,))
        assert not set(new.keys) & set(old.keys), "the old writers' records are removed"


def test_it_goes_on_as_if_nothing_had_been(box: Box) -> None:
    """original  0 ......... 30 .......... 60
    backup    0 ......... 30 | new era .. 60      the same conclusions, from 30 on under other ids
    """
    copy = restored_backup(box)
    copy.hall("reset", "--yes")
    for either in (box, copy):
        either.put(FRAMES[30:], configure=False).settle()
    assert conclusions(copy) == conclusions(box)
    eras = [parse_id(str(i)).era for i in copy.ids(JOURNAL) if i]
    assert [era for era, _ in itertools.groupby(eras)] == sorted(set(eras))
    assert len(set(eras)) == 2


def test_what_was_published_but_not_marked_is_counted_once(box: Box) -> None:
    """mark ---- 30 ==== published, no mark ==== 60 | backup

    Under a new era these conclusions would be other ones, and the service lane would count everybody twice.
    """
    box.put(FRAMES[30:], configure=False)
    whole = restored_backup(box).settle()
    box.settle(mark=False)
    copy = Box(box.directory.parent / "torn")
    copy.directory.mkdir()
    box.hall("log", "backup", copy.path)
    assert "behind the last checkpoint are processed first" in copy.hall("reset", "--yes").stdout
    copy.settle()
    assert conclusions(copy) == conclusions(whole)
    ids = [name for name in copy.ids(JOURNAL) if name]
    assert len(ids) > len(set(ids)), "there were repeats"
    bodies = [{hall: r.body for hall, r in state.restored.halls.items()} for state in states(copy)]
    expected = [{hall: r.body for hall, r in state.restored.halls.items()} for state in states(whole)]
    assert _agents(bodies) == _agents(expected)


def _agents(bodies: list[dict[str, bytes]]) -> list[dict[str, object]]:
    """The states of the agents: what was seen, and under which ids, is the log's own."""
    return [{hall: msgspec.msgpack.decode(body)[1] for hall, body in lane.items()} for lane in bodies]


def test_the_real_engine_refuses_the_backup_before_and_runs_it_after(box: Box) -> None:
    copy = restored_backup(box)
    with pytest.raises(AssertionError), worker(copy):
        pass
    copy.hall("reset", "--yes")
    with worker(copy):
        copy.hall("config", "apply", copy.hall_dir())
        assert "running" in copy.hall("status").stdout


def test_state_of_another_log_is_dropped_and_the_log_read_again(box: Box, tmp_path: Path) -> None:
    other = Box(tmp_path / "other").made("producer").put(walk(40, track="8"))
    with box.log() as log, other.log() as target:
        for state in lane_states(log, TOPOLOGY):
            for key in state.keys:
                topic = state_topic(state.lane.name)
                value = next(r.value for r in box.records(topic) if r.key == key)
                target.append([Append(topic, 0, key, value)])
    text = other.hall("reset", "--yes").stdout
    assert "is not the one that it was computed from" in text
    assert "the state is DROPPED" in text
    assert "41 records are read again" in text
    assert [(mark.next_offset, mark.halls, mark.time_ms) for mark in marks(other)] == [(0, (), 0)] * 2
    other.settle()
    assert marks(other)[0].era > marks(box)[0].era
    assert marks(other)[0].halls == (HALL,), "its configuration stood in the log"


def test_a_mark_beyond_the_end_is_of_another_log(box: Box, tmp_path: Path) -> None:
    _rewrite(box, next_offset=1_000)
    assert "its mark is at 1000, the log has 0 to 31" in box.hall("reset", "--yes").stdout


def test_state_of_a_newer_program_is_dropped(box: Box) -> None:
    _rewrite(box, topology=99)
    assert "topology version 99" in box.hall("reset", "--yes").stdout
    assert marks(box)[0].topology == TOPOLOGY.version


def test_state_that_cannot_be_read_is_dropped_in_an_era_of_today(box: Box) -> None:
    old = marks(box)[0].era
    with box.log() as log:
        log.append([Append(state_topic("sensing"), 0, b"newer", b"\xc1")])
    assert "cannot be read" in box.hall("reset", "--yes").stdout
    assert marks(box)[0].era > old
    assert len(states(box)[0].keys) == 1


def _rewrite(box: Box, **changes: object) -> None:
    """The sensing lane's mark, with some of it changed."""
    state = states(box)[0]
    assert state.mark is not None
    (key,) = (key for key in state.keys if b"/" not in key)
    changed = msgspec.structs.replace(state.mark, **changes)
    with box.log() as log:
        log.append([Append(state_topic("sensing"), 0, key, encode_mark(changed))])


@pytest.mark.parametrize(("where", "offset"), [("start", 0), ("end", 31)])
def test_the_state_can_be_dropped_on_purpose(box: Box, where: str, offset: int) -> None:
    era = marks(box)[0].era
    text = box.hall("reset", "--yes", "--from", where).stdout
    assert f"--from {where} was given" in text
    assert "hall config apply DIR" in text
    mark = marks(box)[0]
    assert (mark.next_offset, mark.era, mark.pending, mark.halls) == (offset, era + 1, True, ())


def test_from_the_end_the_engine_knows_the_log_again(box: Box) -> None:
    box.hall("reset", "--yes", "--from", "end")
    last = box.records(OBSERVATIONS)[-1]
    mark = marks(box)[0]
    assert mark.checksum == checksum(last)
    assert Engine(SENSING, restored=states(box)[0].restored).process(last) == []
    before = concluded(box)
    box.put(FRAMES[30:], configure=False).settle()
    assert concluded(box) == before, "no hall is in force, so nothing is concluded"


def concluded(box: Box) -> list[str]:
    """Ids of what stands in the journal, without the seconds that the first lane passes on: those have none."""
    return [name for name in box.ids(JOURNAL) if name is not None]


def test_a_log_without_state_needs_nothing(tmp_path: Path) -> None:
    text = Box(tmp_path).made().put(walk(3)).hall("reset").stdout
    assert "the engine has kept no state of it yet" in text
    assert "nothing was changed" in text


def test_it_asks_and_no_means_no(box: Box) -> None:
    before = marks(box)
    result = box.hall("reset", input="n\n", code=1)
    assert "start the new era?" in result.stdout
    assert marks(box) == before


def test_it_needs_that_no_engine_runs(box: Box) -> None:
    with ConsumerLock(box.path):
        assert "consumes this log already" in box.hall("reset", "--yes", code=75).stderr
