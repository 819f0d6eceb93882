"""`hall reset`: a new era, with the state where it fits the log, and without where it does not."""

from __future__ import annotations

import itertools
from pathlib import Path

import msgspec
import pytest

from agents.topology import SENSING, TOPOLOGY
from streams.checkpoint import Mark, checksum, encode_mark
from streams.codec import TICK
from streams.embedded.lock import ConsumerLock
from streams.engine import Engine
from streams.ids import Seen, parse_id
from streams.log import Append
from streams.operating.admin import LaneState, lane_states, position
from streams.record import Record
from streams.snapshot import as_snapshot
from streams.topics import JOURNAL, OBSERVATIONS, SNAPSHOTS, state_topic
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
        log.append([Append(state_topic("sensing"), 0, b"0123456789ab", b"\xc1")])
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


# -- a state that is gone ----------------------------------------------------------------------------------------------


def keep_snapshots(box: Box) -> Box:
    """As the engine does at every hour."""
    with box.log() as log:
        for state in lane_states(log, TOPOLOGY):
            log.append([Append(*record[:2], *record[4:6], record.timestamp_ms) for record in pieces(state)])
    return box


def pieces(state: LaneState) -> list[Record]:
    return as_snapshot(state.lane.name, state.partition, state.restored)


def lose_states(box: Box, *lanes: str) -> Box:
    """As if the state topics had been removed, and made again."""
    with box.log() as log:
        for state in lane_states(log, TOPOLOGY):
            if state.lane.name in (lanes or ("sensing", "service")):
                log.append([Append(state_topic(state.lane.name), 0, key, None) for key in state.keys])
    return box


def test_a_state_that_is_gone_is_rebuilt_from_the_newest_snapshot(box: Box) -> None:
    """
    0 ......... 30 snapshot ......... 60, state gone | new era ......... 90
                └── processed again, under known ids ┘
    """
    whole = restored_backup(keep_snapshots(box))
    whole.hall("reset", "--yes")
    for either in (box, whole):
        either.put(FRAMES[30:45], configure=False).settle()
    published = set(box.ids(JOURNAL))
    text = lose_states(box).hall("reset", "--yes").stdout
    assert "its state is gone; the snapshot of 2023-11-14 22:13 UTC, offset 31, fits this log" in text
    assert "the state is REBUILT" in text
    assert "15 records since then are processed again first" in text
    assert "put the halls in force again" not in text
    assert set(box.ids(JOURNAL)) == published, "nothing that had not been said"
    for either in (box, whole):
        either.put(FRAMES[45:], configure=False).settle()
    assert conclusions(box) == conclusions(whole)
    eras = [parse_id(name).era for name in box.ids(JOURNAL) if name]
    assert max(eras) > marks(whole)[0].era or len(set(eras)) == 2, "a new era has begun"


def test_without_a_snapshot_it_is_dropped_in_an_era_above_all_others(box: Box) -> None:
    era = marks(box)[0].era
    text = lose_states(box, "sensing").hall("reset", "--yes").stdout
    assert "its state is gone: hall.observations/0 is processed up to offset 31. There is no snapshot of it" in text
    assert "the state is DROPPED" in text
    assert "31 records are read again" in text
    assert marks(box)[0].era > era
    assert marks(box)[1].halls == (HALL,), "the other lane kept its own"


@pytest.mark.parametrize("where", ["start", "end"])
def test_dropped_on_purpose_it_gets_an_era_above_all_others_too(box: Box, where: str) -> None:
    era = marks(box)[0].era
    lose_states(box).hall("reset", "--yes", "--from", where)
    assert min(mark.era for mark in marks(box)) > era


def test_where_there_was_no_hall_nothing_is_dropped(tmp_path: Path) -> None:
    """Most partitions of a small installation: ticks, and nothing else."""
    box = Box(tmp_path).made()
    with box.log() as log:
        log.append([Append(topic, 0, None, TICK) for topic in (OBSERVATIONS, JOURNAL) for _ in range(5)])
    text = lose_states(box.settle()).hall("reset", "--yes").stdout
    assert "there is nothing to lose; the new era begins at offset 5" in text
    assert "hall config apply" not in text
    assert [(mark.next_offset, mark.pending) for mark in marks(box)] == [(5, True)] * 2


def test_a_snapshot_of_another_log_is_not_built_upon(box: Box, tmp_path: Path) -> None:
    other = keep_snapshots(Box(tmp_path / "other").made("producer").put(walk(29, track="8")).settle())
    with box.log() as log:
        log.append([Append(*r[:2], *r[4:6], r.timestamp_ms) for r in other.records(SNAPSHOTS)])
    text = lose_states(box).hall("reset", "--yes").stdout
    assert "It cannot be rebuilt: the record at 29 is not the one that it was computed from" in text
    assert marks(box)[0].era > marks(other)[0].era


def test_a_snapshot_of_an_era_that_is_over_is_not_built_upon(box: Box) -> None:
    """era 1 ..... snapshot ..... | era 2 .....    rebuilt, what era 2 said would be said again under ids of era 1."""
    keep_snapshots(box).hall("reset", "--yes")
    box.put(FRAMES[30:], configure=False).settle()
    assert "a later era, " in lose_states(box).hall("reset", "--yes").stdout


@pytest.mark.parametrize(
    ("key", "value"),
    [(b"sensing.99.31", b"\xc1"), (b"sensing.99.31/small", b"\xc1"), (b"sensing.99999999999999.31", b"")],
)
def test_junk_among_the_snapshots_ends_with_words(box: Box, key: bytes, value: bytes) -> None:
    with box.log() as log:
        log.append([Append(SNAPSHOTS, 0, key, value)])
    assert "the state is DROPPED" in lose_states(box).hall("reset", "--yes").stdout


def test_the_real_engine_refuses_to_go_on_without_its_state_and_status_says_why(box: Box) -> None:
    lose_states(keep_snapshots(box), "sensing")
    status = box.hall("status", code=3).stdout
    assert (
        "sensing/0: its state is gone; hall.observations/0 is processed up to offset 31, and hall.snapshots has it"
        in status
    )
    refused = box.hall("run", "--plain", "--no-simulate", code=65)
    assert (
        "sensing/0: expected its state in hallstream-sensing-state-changelog, and there is none, but there was"
        in refused.stderr
    )
    assert "`hall reset`" in refused.stderr
    assert "Traceback" not in refused.stderr
    box.hall("reset", "--yes")
    with worker(box):
        assert "running" in box.hall("status").stdout


def test_junk_in_a_state_topic_ends_nothing(box: Box) -> None:
    before = marks(box)
    with box.log() as log:
        log.append([Append(state_topic("sensing"), 0, key, b"junk") for key in (b"hello", b"hello/world", b"\xff\xfe")])
    assert "stopped" in box.hall("status", code=3).stdout
    assert marks(box) == before
    assert "the state is kept" in box.hall("reset", "--yes").stdout
    assert len(states(box)[0].keys) == 2


def test_it_asks_and_no_means_no(box: Box) -> None:
    before = marks(box)
    result = box.hall("reset", input="n\n", code=1)
    assert "start the new era?" in result.stdout
    assert marks(box) == before


def test_it_needs_that_no_engine_runs(box: Box) -> None:
    with ConsumerLock(box.path):
        assert "consumes this log already" in box.hall("reset", "--yes", code=75).stderr
