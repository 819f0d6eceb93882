"""Questions to a group's coordinator, through aiokafka's connections, in a thread of their own.

librdkafka asks groups as well, but a question that it gives up may end the process (decision 26). Here one that nobody answers is
an error like any other. Errors come as librdkafka's, by Kafka's numbers, so that whoever asks knows one kind.

Imported where the first question is asked: most verbs ask nothing of groups, and do without aiokafka.
"""

from __future__ import annotations

import asyncio
import atexit
import threading
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple, TypeVar

from aiokafka.conn import create_conn
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment
from aiokafka.errors import BrokerResponseError, RequestTimedOutError
from aiokafka.errors import KafkaError as ClientError
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.commit import OffsetCommitRequest, OffsetFetchRequest
from aiokafka.protocol.coordination import FindCoordinatorRequest
from aiokafka.protocol.types import Array, Boolean, Bytes, Int16, Int32, Schema, String
from confluent_kafka import KafkaError as Refusal
from confluent_kafka import KafkaException

from streams.kafka.access import PATIENCE_S, Access

ANSWER_S = 4.0
"""For one request. Whoever asks does so again for as long as there is patience, of whoever coordinates the group by then."""

CLOSE_S = 2.0
HANG_UP_S = 0.01
"""Until the loop has let go of connections that were hung up."""
KEPT_MS = 60_000
"""A connection over which nothing is asked for so long is closed."""

NO_GENERATION, NO_MEMBER, AS_LONG_AS_THE_BROKER_KEEPS_IT = -1, "", -1
"""A position from outside the group; accepted while that has no members."""

Address = tuple[str, int]
T = TypeVar("T")


class Member(NamedTuple):
    """``name``: of static membership; None without. ``assigned``: what the group has given it, by topic and partition."""

    id: str
    name: str | None
    host: str
    assigned: tuple[tuple[str, int], ...]


class Described(NamedTuple):
    """A classic group. ``state`` as Kafka calls it, in lower case; ``operations``: a bit for each that we may do."""

    state: str
    members: tuple[Member, ...]
    operations: int


class Asker:
    """Keeps its connections: a question over one that stands takes a millisecond. Raises KafkaException."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="groups", daemon=True)
        self._one = asyncio.Lock()
        self._lines: dict[Address, Any] = {}
        self._coordinators: dict[str, Address] = {}
        self._thread.start()
        atexit.register(self.close)  # a connection that is found open at the end is complained about on stderr

    def close(self) -> None:
        """May be called twice."""
        atexit.unregister(self.close)
        if not self._thread.is_alive():
            return
        with suppress(TimeoutError):
            asyncio.run_coroutine_threadsafe(self._leave(), self._loop).result(CLOSE_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CLOSE_S)
        if not self._thread.is_alive():
            self._loop.close()

    async def _leave(self) -> None:
        for line in self._lines.values():
            _hang_up(line)
        self._lines.clear()
        await asyncio.sleep(HANG_UP_S)

    # -- questions -------------------------------------------------------------------------------------------------

    def positions(self, group: str) -> dict[tuple[str, int], int]:
        """All that the group has committed, by topic and partition."""
        answer = self._run(self._ask(group, OffsetFetchRequest(group, None)))
        parts = [(topic, *part) for topic, partitions in answer.topics for part in partitions]
        self._judge(group, answer.error_code, *(error for *_, error in parts))
        return {(topic, partition): offset for topic, partition, offset, _, _ in parts if offset >= 0}

    def commit(self, group: str, positions: Mapping[tuple[str, int], int]) -> None:
        """Set positions of a group that has no members."""
        topics: dict[str, list[tuple[int, int, str]]] = {}
        for (topic, partition), offset in positions.items():
            topics.setdefault(topic, []).append((partition, offset, ""))
        request = OffsetCommitRequest(
            group, NO_GENERATION, NO_MEMBER, AS_LONG_AS_THE_BROKER_KEEPS_IT, list(topics.items())
        )
        answer = self._run(self._ask(group, request))
        self._judge(group, *(error for _, partitions in answer.topics for _, error in partitions))

    def described(self, group: str) -> Described:
        """A group that nobody has heard of is "dead"."""
        [found] = self._run(self._ask(group, DescribeGroups([group]))).groups
        error, _, state, _, _, members, operations = found
        self._judge(group, error)
        return Described(state.lower(), tuple(map(_member, members)), operations)

    def _judge(self, group: str, *errors: int) -> None:
        if error := next((error for error in errors if error), 0):
            # Somebody else may coordinate it by now.
            self._coordinators.pop(group, None)
            raise KafkaException(Refusal(error))

    # -- in the thread ---------------------------------------------------------------------------------------------

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        asked = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return asked.result(PATIENCE_S)
        except TimeoutError:
            asked.cancel()
            raise KafkaException(Refusal(Refusal._TIMED_OUT)) from None

    async def _ask(self, group: str, request: Any) -> Any:
        settings = self._access.aiokafka()  # certificates that are gone are no silence of Kafka's
        del settings["bootstrap_servers"]
        async with self._one:
            try:
                if group not in self._coordinators:
                    self._coordinators[group] = await self._look_for(group, settings)
                return await self._answer(self._coordinators[group], request, settings)
            except (OSError, ClientError) as e:  # a timeout is an OSError
                self._coordinators.pop(group, None)
                raise KafkaException(Refusal(_code(e))) from e

    async def _look_for(self, group: str, settings: Mapping[str, Any]) -> Address:
        """Ask one server after the other who coordinates it."""
        failed: BaseException = OSError("no servers")
        for server in self._access.addresses():
            try:
                answer = await self._answer(server, FindCoordinatorRequest(group, 0), settings)
            except (OSError, ClientError) as e:
                failed = e
            else:
                self._judge(group, answer.error_code)
                return answer.host, answer.port
        raise failed

    async def _answer(self, server: Address, request: Any, settings: Mapping[str, Any]) -> Any:
        line = self._lines.get(server)
        if line is None or not line.connected():
            limits = {"request_timeout_ms": int(ANSWER_S * 1000), "max_idle_ms": KEPT_MS, "client_id": "hallstream"}
            line = self._lines[server] = await create_conn(*server, **limits, **settings)
        try:
            return await line.send(request)
        except BaseException:
            # What comes on it later would be the answer to this.
            _hang_up(self._lines.pop(server, line))
            raise


def _hang_up(line: Any) -> None:
    """At once: TLS would wait for the other side's farewell, and nobody for that."""
    transport = line._writer.transport if line._writer is not None else None
    line.close()
    if transport is not None:
        transport.abort()


def _member(found: tuple[Any, ...]) -> Member:
    member, name, _, host, _, assigned = found
    places = ConsumerProtocolMemberAssignment.decode(assigned).partitions() if assigned else ()
    return Member(member, name, host, tuple((at.topic, at.partition) for at in places))


def _code(error: Exception) -> int:
    if isinstance(error, TimeoutError | RequestTimedOutError):
        return int(Refusal._TIMED_OUT)
    if isinstance(error, BrokerResponseError):
        return int(error.errno)
    return int(Refusal._TRANSPORT)


# -- what aiokafka does not have: groups described with the names of their members -------------------------------------


class DescribeGroupsResponseV4(Response):  # type: ignore[misc]
    API_KEY, API_VERSION = 15, 4
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("groups", Array(
            ("error_code", Int16), ("group", String("utf-8")), ("state", String("utf-8")),
            ("protocol_type", String("utf-8")), ("protocol", String("utf-8")),
            ("members", Array(
                ("member_id", String("utf-8")), ("group_instance_id", String("utf-8")), ("client_id", String("utf-8")),
                ("client_host", String("utf-8")), ("member_metadata", Bytes), ("member_assignment", Bytes),
            )),
            ("authorized_operations", Int32),
        )),
    )  # fmt: skip


class DescribeGroupsRequestV4(RequestStruct):  # type: ignore[misc]
    API_KEY, API_VERSION = 15, 4
    RESPONSE_TYPE = DescribeGroupsResponseV4
    SCHEMA = Schema(("groups", Array(String("utf-8"))), ("include_authorized_operations", Boolean))


class DescribeGroups(Request[DescribeGroupsRequestV4]):  # type: ignore[misc]
    API_KEY = 15

    def __init__(self, groups: Sequence[str]) -> None:
        self._groups = list(groups)

    def build(self, request_struct_class: Any) -> Any:
        return request_struct_class(self._groups, True)
