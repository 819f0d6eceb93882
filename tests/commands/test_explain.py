"""`hall explain`: from an id to its record, its state, its rules and a proof."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from streams.log import Append
from streams.rows import configured
from streams.topics import DEAD, JOURNAL, OBSERVATIONS
from tests.support.hall_files import FILES, RULES
from tests.support.operating import HALL, START_MS, Box, walk


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path).made("producer").put(walk(46)).settle()


def published(box: Box, kind: str, topic: str = JOURNAL) -> tuple[str, bytes]:
    """The id and the bytes of the first event of its kind."""
    raw = next(r.value for r in box.records(topic) if r.value and f'"type":"{kind}"'.encode() in r.value[:200])
    return str(json.loads(raw)["id"]), raw


def explained(box: Box, event_id: str, code: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(box.hall("explain", event_id, "--json", code=code).stdout)
    return found


def test_an_event_is_proved_with_the_frame_that_caused_it(box: Box) -> None:
    event_id, raw = published(box, "zone_entered")
    found = explained(box, event_id)
    assert found["proved"]
    assert found["published"] == found["replayed"] == raw.decode()
    assert found["source"]["topic"] == OBSERVATIONS
    assert json.loads(found["source"]["value"])["type"] == "frame"
    assert found["rules"] == {"zones": {"inertia_m": 0.25, "inertia_s": 1.0}}
    assert found["configuration"]["files"] == FILES
    assert found["state"]["stays"] == {}, "nobody was anywhere before"


def test_a_conclusion_of_the_second_lane_names_the_event_it_came_from(tmp_path: Path) -> None:
    limit = RULES.replace("over: 10", "over: 0")
    box = Box(tmp_path).made("producer")
    with box.log() as log:
        log.append(configured(log, {HALL: FILES | {"rules.yaml": limit}}, START_MS))
    box.put(walk(46), configure=False).settle()
    found = explained(box, published(box, "alarm_raised")[0])
    assert found["proved"]
    assert found["source"]["id"].startswith(f"{HALL}:sensing:zones:")
    assert found["rules"]["limits"][0]["id"] == "full"
    assert explained(box, found["source"]["id"])["proved"], "and so on, down to the frame"


def test_it_is_told_in_words_as_well(box: Box) -> None:
    event_id, _ = published(box, "track_started")
    said = box.hall("explain", event_id).stdout
    assert f"published as {event_id}" in said
    assert "caused by hall.observations/0/" in said
    assert "decided from the state of agent trajectory" in said
    assert "proved: replaying 2 records gives the same event, byte for byte" in said


def test_a_dead_letter_of_no_hall_is_explained_too(box: Box) -> None:
    with box.log() as log:
        log.append([Append(OBSERVATIONS, 0, b"nobody", b"{}", START_MS + 60_000)])
    box.settle()
    found = explained(box, published(box, "dead", DEAD)[0])
    assert found["proved"]
    assert found["state"] is None


def test_an_event_that_was_tampered_with_is_not_proved(box: Box) -> None:
    """The same id with other words in it, where the search finds it first."""
    event_id, raw = published(box, "track_started")
    forged = raw.replace(b'"track":"cam/7"', b'"track":"cam/8"')
    assert forged != raw
    with box.log() as log:
        spec = log.topics()[JOURNAL]
        at_ms = next(r.timestamp_ms for r in log.read(JOURNAL, 0, 0, limit=1000) if r.value == raw)
        log.create_topic(replace(spec, retention_ms=0))
        log.retain(10**15)
        log.create_topic(spec)
        log.append([Append(JOURNAL, 0, HALL.encode(), forged, at_ms)])
    found = explained(box, event_id, code=1)
    assert not found["proved"]
    assert found["replayed"] == raw.decode()
    assert "not proved" in box.hall("explain", event_id, code=1).stdout


def test_an_id_that_was_never_given_ends_with_65(box: Box) -> None:
    event_id, _ = published(box, "track_started")
    assert f"there is no event {event_id[:-1]}7" in box.hall("explain", event_id[:-1] + "7", code=65).stderr


@pytest.mark.parametrize("wrong", ["zone_entered", "small:sensing:zones:1:2", "small:kitchen:zones:1:2:3"])
def test_what_is_no_id_is_refused_with_what_one_is(box: Box, wrong: str) -> None:
    assert "expected" in box.hall("explain", wrong, code=64).stderr


def test_what_the_log_no_longer_tells_ends_with_65(box: Box) -> None:
    event_id, _ = published(box, "zone_entered")
    with box.log() as log:
        spec = log.topics()[OBSERVATIONS]
        log.create_topic(replace(spec, retention_ms=0))
        log.retain(10**15)
    assert "is not in the log" in box.hall("explain", event_id, code=65).stderr


def test_an_era_that_is_over_ends_with_65(box: Box) -> None:
    event_id, _ = published(box, "zone_entered")
    hall, lane, agent, era, *place = event_id.split(":")
    other = ":".join([hall, lane, agent, str(int(era) - 1), *place])
    assert "or it was ended by one, and no snapshot of it is left" in box.hall("explain", other, code=65).stderr


def test_events_of_an_era_before_are_found_though_the_times_of_the_log_went_back(box: Box) -> None:
    # journal, of producer time:   1 2 3 .. 9 | 1 2 3 .. 9     reset --from start: read again, with the times of the first time
    #                                    ^ looked for by its time, it would be sought behind the end
    ids = [id_ for id_ in box.ids(JOURNAL) if id_ is not None]
    box.hall("reset", "--yes", "--from", "start")
    box.settle()
    assert len(box.ids(JOURNAL)) > len(ids)
    for id_ in ids:
        assert explained(box, id_)["proved"]
