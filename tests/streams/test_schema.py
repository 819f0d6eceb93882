"""The schemas say what the log holds: held against every record of the golden recordings by a validator of others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator

import streams.events as ev
from agents.topology import TOPOLOGY
from streams.codec import TICK, BadRecord, Decoder, drain_request
from streams.record import Record
from streams.recording import read_recording
from streams.schema import asyncapi, carried, events_schema, wire_name
from streams.topics import SNAPSHOTS, TOPICS
from tests.golden.making import GONE_ON, HERE, WHOLE

SCHEMA = events_schema(TOPOLOGY)
API = asyncapi(TOPOLOGY, "1.2.3")
KINDS = carried(TOPOLOGY)


def validator(kind: str) -> Draft202012Validator:
    return Draft202012Validator({"$ref": f"#/$defs/{kind}", "$defs": SCHEMA["$defs"]})


def events(records: Iterator[Record]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Topic and value of everything that the engine could read."""
    decoders = {topic: Decoder(kinds) for topic, kinds in KINDS.items() if kinds}
    for record in records:
        if record.key is not None and record.topic != SNAPSHOTS:
            try:
                decoders[record.topic].decode(record.value)
            except BadRecord:
                continue
            yield record.topic, msgspec.json.decode(record.value or b"")


GOLDEN = [pair for path in (WHOLE, GONE_ON) for pair in events(read_recording(path))]


# -- JSON Schema -------------------------------------------------------------------------------------------------------


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_every_event_of_a_log_is_valid_as_what_it_says_it_is() -> None:
    checks = {wire_name(kind): validator(kind.__name__) for kinds in KINDS.values() for kind in kinds}
    assert len(GOLDEN) > 800
    for _, event in GOLDEN:
        checks[event["type"]].validate(event)


def test_an_event_is_valid_as_exactly_one_type() -> None:
    whole = Draft202012Validator(SCHEMA)
    for line in (HERE / "events.jsonl").read_bytes().splitlines():
        whole.validate(msgspec.json.decode(line))


def entered(**change: object) -> dict[str, object]:
    event = {
        "id": "demo:sensing:zones:7:42:0", "type": "zone_entered", "hall": "demo", "at_ms": 1, "decided_at_ms": 2,
        "zone": "waiting", "track": "west/3", "occupancy": 4,
    }  # fmt: skip
    return {**event, **change}


@pytest.mark.parametrize(
    ("event", "good"),
    [
        (entered(), True),
        (entered(new_in_2030={"any": "thing"}), True),
        (entered(id="demo:sensing:zones:7:42"), False),
        (entered(id=None), False),
        (entered(occupancy="4"), False),
        (entered(type="zone_left"), False),
        ({name: value for name, value in entered().items() if name != "zone"}, False),
    ],
    ids=["as published", "a field to come", "half an id", "no id", "a text for a number", "another type", "no zone"],
)
def test_what_is_valid_and_what_is_not(event: dict[str, object], good: bool) -> None:
    assert Draft202012Validator(SCHEMA).is_valid(event) is good


def test_files_have_an_id_once_they_are_passed_on_and_none_when_they_are_handed_in() -> None:
    check = validator("Configured")
    found = [event for _, event in GOLDEN if event["type"] == "configured"]
    assert {"id" in event for event in found} == {True, False}
    assert all(check.is_valid(event) for event in found)


def test_columns_of_rows_have_their_names() -> None:
    columns = SCHEMA["$defs"]["Person"]["prefixItems"]
    expected = ["track", "left_px", "top_px", "width_px", "height_px", "score", "x_m", "y_m"]
    assert [column["title"] for column in columns] == expected


def test_nobody_outside_sees_what_stays_inside_a_pass() -> None:
    kinds = {kind for found in KINDS.values() for kind in found}
    assert not kinds & {ev.Tick, ev.Positions, ev.Presence, ev.Conclusion, ev.EdgeEvent, ev.Event}


# -- AsyncAPI ----------------------------------------------------------------------------------------------------------


def test_every_topic_is_a_channel_with_its_retention() -> None:
    assert list(API["channels"]) == [topic.name for topic in TOPICS]
    kept = API["channels"]["hall.observations"]["bindings"]["kafka"]["topicConfiguration"]
    assert kept == {"cleanup.policy": ["delete"], "retention.ms": 86_400_000, "retention.bytes": 5 * 2**30}


def test_every_record_of_a_log_is_a_message_of_its_channel() -> None:
    for topic, event in GOLDEN:
        assert event["type"] in API["channels"][topic]["messages"]


def test_requests_to_stop_stand_beside_the_ticks() -> None:
    drain = API["components"]["messages"]["drain"]["payload"]["schema"]
    assert Draft202012Validator(drain).is_valid(msgspec.json.decode(drain_request(7)))
    assert all(("drain" in c["messages"]) == ("tick" in c["messages"]) for c in API["channels"].values())


def test_ticks_stand_where_lanes_read() -> None:
    with_ticks = [topic for topic, channel in API["channels"].items() if "tick" in channel["messages"]]
    assert with_ticks == [lane.topic for lane in TOPOLOGY.lanes]
    tick = API["components"]["messages"]["tick"]["payload"]["schema"]
    assert Draft202012Validator(tick).is_valid(msgspec.json.decode(TICK))


def references(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        yield from (found for name, found in value.items() if name == "$ref")
        for item in value.values():
            yield from references(item)


def test_every_reference_leads_somewhere() -> None:
    files = {"": API, "events.schema.json": SCHEMA}
    found = list(references(API))
    assert len(found) > 40
    for reference in found:
        file, _, way = reference.partition("#/")
        place: Any = files[file]
        for step in way.split("/"):
            place = place[step]


def test_the_engine_receives_what_its_lanes_read_and_sends_the_rest() -> None:
    does = {(o["action"], o["channel"]["$ref"].removeprefix("#/channels/")) for o in API["operations"].values()}
    sends = ("journal", "alerts", "late", "dead", "snapshots")
    receives = {("receive", lane.topic) for lane in TOPOLOGY.lanes}
    assert does == receives | {("send", f"hall.{name}") for name in sends}
