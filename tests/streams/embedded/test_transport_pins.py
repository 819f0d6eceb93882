"""What the embedded log leans on in Faust that Faust does not promise. Held here, name by name, and so is the version.

When this fails after an upgrade of faust-streaming, aiokafka or mode-streaming: read what changed in the named thing,
adapt ``streams/embedded/transport.py``, ``streams/worker/batches.py`` or ``streams/worker/app.py``, run ``make torture``,
and only then pin the new version in pyproject.toml and here.
"""

from __future__ import annotations

import asyncio
import importlib.metadata
import inspect
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import faust
import pytest
from faust.app.base import App
from faust.assignor.client_assignment import ClientAssignment
from faust.assignor.partition_assignor import PartitionAssignor
from faust.channels import Channel
from faust.events import Event
from faust.tables.manager import TableManager
from faust.tables.table import Table
from faust.transport import base
from faust.transport.conductor import Conductor
from faust.transport.consumer import Consumer, Fetcher
from faust.transport.drivers import TRANSPORTS
from faust.transport.producer import ProducerBuffer
from faust.types import TP, ConsumerMessage, RecordMetadata
from mode import Service

from streams.embedded.transport import Consumer as OurConsumer
from streams.embedded.transport import Producer as OurProducer
from streams.embedded.transport import Transport, register
from streams.worker.app import StateTable

PINS = {"faust-streaming": "0.15.3", "aiokafka": "0.14.0"}
ROOT = Path(__file__).parents[3]
TRANSPORT, BATCHES, APP = "streams/embedded/transport.py", "streams/worker/batches.py", "streams/worker/app.py"


@pytest.mark.parametrize(("package", "version"), PINS.items())
def test_the_version_is_the_one_that_was_read(package: str, version: str) -> None:
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    assert f"{package}=={version}" in wanted, f"{package} must be pinned exactly: the pins below were read in {version}"
    assert importlib.metadata.version(package) == version, "run `make setup`: another version is installed"


class Pin(NamedTuple):
    """``what`` is a callable of Faust; ``takes``: its parameters, self apart, in order; who leans on it, and for what."""

    what: Callable[..., Any]
    takes: str
    who: str
    why: str


CALLED = (
    Pin(Consumer.on_partitions_revoked, "revoked", TRANSPORT, "the rebalance that it runs itself begins with it"),
    Pin(Consumer.on_partitions_assigned, "assigned generation_id", TRANSPORT, "and ends with it"),
    Pin(App.on_rebalance_start, "", TRANSPORT, "and before both the app is told"),
    Pin(Consumer._is_changelog_tp, "tp", TRANSPORT, "only lanes' positions are told to Faust"),
    Pin(Consumer.seek, "partition offset", "streams/embedded/service.py", "a rewind goes through it"),
    Pin(Service.add_future, "coro", TRANSPORT, "assigning may not happen inside subscribe()"),
    Pin(ProducerBuffer.flush, "", TRANSPORT, "flush() empties it first"),
    Pin(Event.__init__, "app key value headers message", BATCHES, "a batch travels as an event's value"),
    Pin(RecordMetadata, "topic partition topic_partition offset timestamp timestamp_type", TRANSPORT, "what a send resolves to"),
    Pin(TP, "topic partition", TRANSPORT, "partitions are named so"),
)  # fmt: skip

OVERRIDDEN = (
    Pin(Consumer._drain_messages, "fetcher", BATCHES, "Faust's own delivers message by message"),
    Pin(Consumer.verify_event_path, "now tp", TRANSPORT, "the stall detector; ours watches marks"),
    Pin(Consumer.verify_recovery_event_path, "now tp", TRANSPORT, "the same while tables recover"),
    Pin(Consumer.subscribe, "topics", TRANSPORT, "starts our rebalance"),
    Pin(Consumer.seek_to_committed, "", TRANSPORT, "starts are the checkpoint's, not the group's"),
    Pin(Consumer.seek_wait, "partitions", TRANSPORT, "tables recover from where it says"),
    Pin(Consumer._getmany, "active_partitions timeout", TRANSPORT, "reads the log"),
    Pin(Consumer._to_message, "tp record", TRANSPORT, "changelog records become messages"),
    Pin(Consumer._seek, "partition offset", TRANSPORT, "positions are ours"),
    Pin(Consumer._commit, "offsets", TRANSPORT, "positions are ours"),
    Pin(Consumer._new_topicpartition, "topic partition", TRANSPORT, "as Faust wants them"),
    Pin(base.Producer.send, "topic key value partition timestamp headers transactional_id", TRANSPORT, "goes through the writer"),
    Pin(base.Producer.send_and_wait, "topic key value partition timestamp headers transactional_id", TRANSPORT, "the same"),
    Pin(Table.on_key_set, "key value", APP, "a state table writes no changelog of its own"),
    Pin(Table.on_key_del, "key", APP, "nor tombstones"),
)  # fmt: skip


def names(what: Callable[..., Any]) -> list[str]:
    kinds = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    found = inspect.signature(what).parameters.values()
    return [p.name for p in found if p.name not in ("self", "_cls") and p.kind not in kinds]


@pytest.mark.parametrize("pin", [*CALLED, *OVERRIDDEN], ids=lambda pin: pin.what.__qualname__)
def test_a_signature_is_as_it_was(pin: Pin) -> None:
    got = names(pin.what)
    assert got == pin.takes.split(), f"{pin.what.__qualname__} is leaned on by {pin.who}: {pin.why}"


OURS = {Consumer: OurConsumer, base.Producer: OurProducer, Table: StateTable}


@pytest.mark.parametrize("pin", OVERRIDDEN, ids=lambda pin: pin.what.__qualname__)
def test_what_is_overridden_is_overridden_with_the_same_parameters(pin: Pin) -> None:
    parent = next(kind for kind in OURS if getattr(kind, pin.what.__name__, None) is pin.what)
    ours = getattr(OURS[parent], pin.what.__name__)
    assert ours is not pin.what, f"{pin.who} has lost its {pin.what.__name__}: {pin.why}"
    assert len(names(ours)) == len(pin.takes.split())


def test_no_method_of_a_consumer_is_left_that_only_a_driver_can_know() -> None:
    wanted = {
        "_commit", "_getmany", "_new_topicpartition", "_seek", "_to_message", "assignment", "create_topic", "earliest_offsets",
        "highwater", "highwaters", "key_partition", "position", "seek_to_committed", "seek_wait", "subscribe", "topic_partitions",
    }  # fmt: skip
    assert set(Consumer.__abstractmethods__) == wanted, (
        f"Faust asks a transport for something else now; see {TRANSPORT}"
    )
    assert not OurConsumer.__abstractmethods__


def test_a_messages_fields_stand_where_they_are_given() -> None:
    """Positional, in both files, for speed."""
    wanted = [
        "topic", "partition", "offset", "timestamp", "timestamp_type", "headers", "key", "value", "checksum",
        "serialized_key_size", "serialized_value_size", "tp",
    ]  # fmt: skip
    got = names(ConsumerMessage.__init__)
    assert got[: len(wanted)] == wanted, f"{TRANSPORT} and {BATCHES} make messages with positional arguments"
    assert "generation_id" in got


def source(what: Callable[..., Any]) -> str:
    return inspect.getsource(what)


class Said(NamedTuple):
    """A piece of Faust's source that must stand there as it does: an order of things, or an attribute that is made."""

    where: Callable[..., Any]
    pieces: tuple[str, ...]
    who: str
    why: str


SAID = (
    Said(Consumer.__init__, ("self._read_offset = ", "self.suspend_flow = Event()", "self.callback = callback", "self.app = "),
         BATCHES, "the mix-in uses them"),
    Said(Consumer._reset_state, ("self.flow_active = True",), BATCHES, "nothing is handed over while the flow is suspended"),
    Said(Fetcher._fetcher.fun, ("await consumer._drain_messages(self)",), BATCHES, "that is where our loop is called from"),
    Said(Consumer.on_partitions_assigned, ("self._on_partitions_assigned,",), TRANSPORT,
         "the app assigns tables and agents with it"),
    Said(App._on_partitions_assigned, ("self.topics.on_partitions_assigned", "self.tables.on_rebalance"), TRANSPORT,
         "channels know their partitions before tables recover"),
    Said(Conductor.__init__, ("self._tp_index = ",), BATCHES, "a partition's channels are looked up there"),
    Said(Channel.queue.fget, ("self._queue",), BATCHES, "batches are put into it"),
    Said(PartitionAssignor.__init__, ("self._assignment = ", "self._active_tps = ", "self._standby_tps = ",
         "self._topic_groups = ", "self._changelog_distribution = ", "self._external_topic_distribution = "), TRANSPORT,
         "it is told what it would have worked out in a group"),
    Said(TableManager.changelog_topics.fget, ("_changelogs",), TRANSPORT, "which topics are changelogs"),
)  # fmt: skip


@pytest.mark.parametrize("said", SAID, ids=lambda said: said.where.__qualname__)
def test_a_private_of_faust_is_where_it_was(said: Said) -> None:
    text = source(said.where)
    missing = [piece for piece in said.pieces if piece not in text]
    assert not missing, f"{said.where.__qualname__} no longer says {missing}; {said.who} leans on it: {said.why}"


def test_an_assignment_is_made_of_two_maps() -> None:
    made = ClientAssignment(actives={"t": [0, 1]}, standbys={})
    assert made.active_tps == {TP("t", 0), TP("t", 1)}


def test_a_scheme_is_made_known_by_its_alias() -> None:
    register()
    assert TRANSPORTS.aliases["embedded"] == "streams.embedded.transport:Transport"
    assert TRANSPORTS.by_name("embedded") is Transport


def test_tables_are_made_as_the_app_is_told() -> None:
    """``conf.Table`` is asked for by name, a table's data can be read without it, and a changelog's name is what we expect."""

    async def made() -> None:
        app = faust.App("hallstream", broker="memory://", store="memory://", web_enabled=False, loghandlers=[])
        app.conf.Table = StateTable
        raw = faust.Schema(key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")
        table = StateTable(app, name="sensing-state", default=None, partitions=1, schema=raw)
        app.tables.add(table)
        assert app.conf.Table is StateTable
        assert hasattr(table.data, "items")
        assert table.changelog_topic.get_topic_name() == "hallstream-sensing-state-changelog"
        assert app.consumer_generation_id == 0
        assert app.crash_reason is None
        assert str(app.conf.canonical_url)

    asyncio.run(made())
