"""A proxy between workers and a broker that knows where Kafka's messages begin: it resets, tears, loses, delays, refuses.

The broker advertises the proxy's port on a listener of its own (``KafkaBroker(second=...)``), so that clients which begin
here stay here. It runs in a thread; what it does to connections is set from any other.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Coroutine
from random import Random
from typing import Any, NamedTuple

HOST = "127.0.0.1"
PRODUCE, COMMIT, HEARTBEAT, JOIN, SYNC = 0, 8, 12, 11, 14
"""What a request is for, by Kafka's numbers."""

RESET = struct.pack("ii", 1, 0)
"""SO_LINGER: the other side sees a reset, not an orderly end."""

BROKEN = (OSError, asyncio.IncompleteReadError)
PIECE_S = 0.02
PATIENCE_S = 10.0


class Pace(NamedTuple):
    """How slow answers are: each waits for so long, at random between two limits, and drips at so many bytes a second."""

    least_s: float
    most_s: float
    bytes_per_s: int


class Proxy:
    """``upstream``: the port of the listener behind it. ``port``: where clients connect."""

    def __init__(self, upstream: int, seed: int = 0) -> None:
        self._upstream, self._chance = upstream, Random(seed)
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None
        self._open: set[_Connection] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._thread.start()
        self.pace: Pace | None = None
        self.muted = False
        """Requests go through, and nobody hears an answer."""
        self.losing: dict[int, int] = {}
        """By kind of request: of how many the answer is still to be lost, with its connection."""
        self.tearing = 0
        """How many requests to produce are still to be cut in the middle, with their connection."""
        self.lost = self.torn = 0
        self.port = 0
        self._call(self._listen())

    @property
    def servers(self) -> str:
        return f"{HOST}:{self.port}"

    def reset(self, share: float = 1.0) -> int:
        """Reset this share of the connections that are open; how many."""
        return self._call(self._reset(share))

    def refuse(self) -> None:
        """Reset all connections, and take no new ones."""
        self._call(self._refuse())

    def accept(self) -> None:
        """Take connections again."""
        self._call(self._listen())

    def close(self) -> None:
        self.refuse()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE_S)
        self._loop.close()

    # -- in the thread ---------------------------------------------------------------------------------------------

    def _call(self, work: Coroutine[Any, Any, int]) -> int:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE_S)

    async def _listen(self) -> int:
        self._server = await asyncio.start_server(self._connected, HOST, self.port)
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self.port

    async def _refuse(self) -> int:
        if self._server is not None:
            self._server.close()
        return await self._reset(1.0)

    async def _reset(self, share: float) -> int:
        chosen = [connection for connection in self._open if self._chance.random() < share]
        for connection in chosen:
            connection.reset()
        # The tasks of what was reset end on their own; one turn of the loop, and nobody is left at its end.
        await asyncio.sleep(PIECE_S)
        return len(chosen)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            to_broker = await asyncio.open_connection(HOST, self._upstream)
        except OSError:
            writer.transport.abort()
            return
        connection = _Connection(self, (reader, writer), to_broker)
        self._open.add(connection)
        try:
            await connection.run()
        finally:
            self._open.discard(connection)

    def loses(self, kind: int) -> bool:
        """Whether this answer is to be lost."""
        if self.losing.get(kind, 0) <= 0:
            return False
        self.losing[kind] -= 1
        self.lost += 1
        return True

    def tears(self, kind: int) -> bool:
        """Whether this request is to be cut."""
        if self.tearing <= 0 or kind != PRODUCE:
            return False
        self.tearing -= 1
        self.torn += 1
        return True

    async def hold_up(self, answer: bytes, writer: asyncio.StreamWriter) -> None:
        """Pass an answer on, as slowly as it has to be."""
        if (pace := self.pace) is None:
            writer.write(answer)
        else:
            await asyncio.sleep(self._chance.uniform(pace.least_s, pace.most_s))
            size = max(1, int(pace.bytes_per_s * PIECE_S))
            for at in range(0, len(answer), size):
                writer.write(answer[at : at + size])
                await asyncio.sleep(PIECE_S if len(answer) > size else 0)
        await writer.drain()


Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class _Connection:
    """One client's connection, and the one to the broker that belongs to it."""

    def __init__(self, proxy: Proxy, client: Ends, broker: Ends) -> None:
        self._proxy, self._client, self._broker = proxy, client, broker
        self._kinds: dict[int, int] = {}
        """What each request that waits for its answer was for."""

    async def run(self) -> None:
        """Until either side ends, or a fault does."""
        both = [asyncio.ensure_future(self._requests()), asyncio.ensure_future(self._answers())]
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        for task in both:
            task.cancel()
        await asyncio.gather(*both, return_exceptions=True)
        self.reset()

    def reset(self) -> None:
        for _, writer in (self._client, self._broker):
            with contextlib.suppress(OSError):
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            writer.transport.abort()

    async def _requests(self) -> None:
        reader, writer = self._client[0], self._broker[1]
        with contextlib.suppress(*BROKEN):
            while True:
                message = await _message(reader)
                kind, _, number = struct.unpack_from(">hhi", message, 4)
                if self._proxy.tears(kind):
                    writer.write(message[: len(message) // 2])
                    await writer.drain()
                    return
                self._kinds[number] = kind
                writer.write(message)
                await writer.drain()

    async def _answers(self) -> None:
        reader, writer = self._broker[0], self._client[1]
        with contextlib.suppress(*BROKEN):
            while True:
                message = await _message(reader)
                kind = self._kinds.pop(struct.unpack_from(">i", message, 4)[0], -1)
                if self._proxy.loses(kind):
                    return
                if not self._proxy.muted:
                    await self._proxy.hold_up(message, writer)


async def _message(reader: asyncio.StreamReader) -> bytes:
    """One request or answer, with its length in front."""
    length = await reader.readexactly(4)
    return length + await reader.readexactly(int.from_bytes(length, "big"))
