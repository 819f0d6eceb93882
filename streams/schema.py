"""What stands in the topics, for those who do not read Python: JSON Schema of every event, AsyncAPI of every topic. Pure.

``make docs`` writes both into docs/events/; a test keeps them current.
"""

from __future__ import annotations

from typing import Any

import msgspec

import streams.events as ev
from streams.codec import TICK
from streams.events import Conclusion, Configured, Event, HallRemoved, Row
from streams.lane import Topology
from streams.topics import SNAPSHOTS, TOPICS, Topic

Json = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
FORMAT = "application/schema+json;version=draft-2020-12"
EVENTS_FILE = "events.schema.json"

ID: Json = {
    "description": (
        "hall:lane:agent:era:offset:ordinal, always the first field. The same event carries the same id whenever it is "
        "published again; a reader keeps the highest (era, offset, ordinal) of each (hall, lane, agent) and drops what "
        "is not above it."
    ),
    "type": "string",
    "pattern": "^[^:]{1,64}:[^:]{1,64}:[^:]{1,64}:[0-9]{1,18}:[0-9]{1,18}:[0-9]{1,18}$",
}
KEY = "the hall's id; ~3: the record is of partition 3 and belongs to no hall"
TICK_MESSAGE: Json = {
    "name": "tick",
    "title": "tick",
    "summary": "Time has passed: a record without a key, in every partition. What time it is, its timestamp says.",
    "payload": {"schemaFormat": FORMAT, "schema": {"const": msgspec.json.decode(TICK)}},
}
DRAIN_MESSAGE: Json = {
    "name": "drain",
    "title": "drain",
    "summary": (
        "The workers that ran at at_ms (Unix milliseconds) should stop in good order: a record without a key, in every "
        "partition. To the engine it is a tick."
    ),
    "payload": {
        "schemaFormat": FORMAT,
        "schema": {
            "type": "object", "required": ["type", "at_ms"], "additionalProperties": False,
            "properties": {"type": {"const": "drain"}, "at_ms": {"type": "integer", "minimum": 0}},
        },
    },
}  # fmt: skip
STATE_MESSAGE: Json = {
    "name": "state",
    "title": "state",
    "summary": (
        "A piece of a snapshot: one record per hall (key lane.era.offset/hall), then the mark (key lane.era.offset). "
        "For `hall record` and `hall explain` of the same version or a newer one."
    ),
    "contentType": "application/msgpack",
    "payload": {"schemaFormat": FORMAT, "schema": {"type": "string", "contentEncoding": "binary"}},
}


def carried(topology: Topology) -> dict[str, tuple[type[Event], ...]]:
    """By topic, the event types that stand in it, in the order of their names on the wire."""
    kinds = [t for t in vars(ev).values() if isinstance(t, type) and issubclass(t, Event)]
    concrete = [t for t in kinds if t.__module__ != Event.__module__]
    found = {topic.name: {t for t in concrete if t.topic == topic.name} for topic in TOPICS}
    for lane in topology.lanes:
        found[lane.topic] |= set(lane.carries)
    return {topic: tuple(sorted(types, key=wire_name)) for topic, types in found.items()}


def wire_name(kind: type[Event]) -> str:
    """``ZoneEntered`` -> ``zone_entered``."""
    return str(kind.__struct_config__.tag)


# -- JSON Schema -------------------------------------------------------------------------------------------------------


def events_schema(topology: Topology) -> Any:
    """One schema that accepts every event that stands in a topic; each type by itself is under ``$defs``."""
    kinds = sorted({kind for types in carried(topology).values() for kind in types}, key=wire_name)
    references, definitions = msgspec.json.schema_components(kinds, ref_template="#/$defs/{name}")
    rows = {kind.__name__: kind for kind in vars(ev).values() if isinstance(kind, type) and issubclass(kind, Row)}
    named = {kind.__name__: kind for kind in kinds}
    for name, definition in definitions.items():
        if name in rows:
            _name_columns(rows[name], definition)
        else:
            _add_id(named[name], definition)
    return _marked_down({
        "$schema": DIALECT,
        "title": "Hallstream events",
        "description": (
            "Every event that stands in a topic, as JSON. Times (_ms) are Unix milliseconds, UTC. Unknown fields are to be "
            "ignored: new ones may be added at any time, and always have a default. Rows (people, cells, trips) are arrays "
            "whose columns have titles."
        ),
        "oneOf": list(references),
        "$defs": dict(sorted(definitions.items())),
    })  # fmt: skip


def _marked_down(value: Any) -> Any:
    """Docstrings mark code with two backquotes; everybody else's tools with one."""
    if isinstance(value, dict):
        return {name: _marked_down(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_marked_down(item) for item in value]
    return value.replace("``", "`") if isinstance(value, str) else value


def _add_id(kind: type[Event], definition: Json) -> None:
    """What the engine publishes has an id in front; files put in force have none yet when they are handed in."""
    if not issubclass(kind, Conclusion | Configured | HallRemoved):
        return
    definition["properties"] = {"id": ID} | definition["properties"]
    if issubclass(kind, Conclusion):
        definition["required"] = ["id", *definition["required"]]


def _name_columns(kind: type[Row], definition: Json) -> None:
    for column, field in zip(definition["prefixItems"], msgspec.structs.fields(kind), strict=True):
        column["title"] = field.encode_name


# -- AsyncAPI ----------------------------------------------------------------------------------------------------------


def asyncapi(topology: Topology, version: str) -> Any:
    """AsyncAPI 3 of all topics but the engine's own checkpoints; seen from the engine, which receives and sends."""
    types = carried(topology)
    sources = {lane.topic for lane in topology.lanes}
    kinds = {kind for found in types.values() for kind in found}
    messages = {wire_name(kind): _message(kind) for kind in sorted(kinds, key=wire_name)}
    return _marked_down({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Hallstream",
            "version": version,
            "description": (
                "The topics of the engine. Every record is keyed by the hall's id, partitioned with Kafka's murmur2, and "
                "carries one event as JSON. Records without a key are ticks."
            ),
        },
        "defaultContentType": "application/json",
        "channels": {topic.name: _channel(topic, types[topic.name], topic.name in sources) for topic in TOPICS},
        "operations": {**_receiving(topology), **_sending(types)},
        "components": {"messages": messages | {"tick": TICK_MESSAGE, "drain": DRAIN_MESSAGE, "state": STATE_MESSAGE}},
    })  # fmt: skip


def _message(kind: type[Event]) -> Json:
    name = wire_name(kind)
    said = (kind.__doc__ or "").strip().split("\n")[0]
    schema = {"$ref": f"{EVENTS_FILE}#/$defs/{kind.__name__}"}
    return {
        "name": name,
        "title": name,
        **({"summary": said} if said else {}),
        "payload": {"schemaFormat": FORMAT, "schema": schema},
        "bindings": {"kafka": {"key": {"type": "string", "description": KEY}, "bindingVersion": "0.5.0"}},
    }


def _channel(topic: Topic, kinds: tuple[type[Event], ...], ticks: bool) -> Json:
    names = [wire_name(kind) for kind in kinds] + ["tick", "drain"] * ticks + ["state"] * (topic.name == SNAPSHOTS)
    limits = {"retention.ms": topic.retention_ms, "retention.bytes": topic.retention_bytes}
    kept = {"cleanup.policy": ["delete"]} | {name: limit for name, limit in limits.items() if limit is not None}
    nothing = "" if names else "; nothing writes it yet"
    return {
        "address": topic.name,
        "description": topic.carries + nothing,
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
        "bindings": {"kafka": {"topicConfiguration": kept, "bindingVersion": "0.5.0"}},
    }


def _receiving(topology: Topology) -> Json:
    return {
        f"{lane.name}_reads": {
            "action": "receive",
            "channel": {"$ref": f"#/channels/{lane.topic}"},
            "summary": f"What the {lane.name} lane decides from.",
        }
        for lane in topology.lanes
    }


def _sending(types: dict[str, tuple[type[Event], ...]]) -> Json:
    """The topics with something in them that the engine says."""
    said = [topic for topic, kinds in types.items() if any(issubclass(k, Conclusion) for k in kinds)] + [SNAPSHOTS]
    return {
        f"writes_{topic.removeprefix('hall.')}": {"action": "send", "channel": {"$ref": f"#/channels/{topic}"}}
        for topic in said
    }
