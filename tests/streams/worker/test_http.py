"""What the supervisor and Prometheus are told while the state is recovered, when it is, and when the end has come."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, Counter

from streams.worker.failure import Fatal
from streams.worker.http import HttpServer
from streams.worker.lanes import Lanes
from tests.support.lane_port import FakePort
from tests.support.scraping import get
from tests.support.toy import TOPOLOGY


@asynccontextmanager
async def serving() -> AsyncIterator[tuple[Lanes, Callable[[str], Coroutine[Any, Any, tuple[int, str]]]]]:
    registry = CollectorRegistry()
    Counter("hall_visits", "Visits.", registry=registry).inc(3)
    lanes = Lanes(TOPOLOGY, FakePort(), lambda lane, outputs: None, {})
    server = HttpServer("127.0.0.1", 0, registry, lanes)
    await server.start()
    yield lanes, lambda path: asyncio.to_thread(get, server.url + path)
    await server.stop()


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(work, 30))


def test_ready_once_the_state_is_recovered_and_healthy_until_something_ends_it() -> None:
    async def work() -> None:
        async with serving() as (lanes, ask):
            assert await ask("/healthz") == (200, "ok\n")
            assert await ask("/readyz") == (503, "not ready: state is being recovered\n")
            lanes.ready.set()
            assert await ask("/readyz") == (200, "ready\n")
            lanes.fail(Fatal(75, "the log is gone"))
            assert await ask("/healthz") == (503, "stopping\n")
            assert (await ask("/readyz"))[0] == 503

    run(work())


def test_metrics_in_the_format_of_prometheus() -> None:
    async def work() -> None:
        async with serving() as (_, ask):
            status, text = await ask("/metrics")
            assert status == 200
            assert "hall_visits_total 3.0\n" in text
            assert (await ask("/else"))[0] == 404

    run(work())


def test_an_address_that_is_taken_is_named_with_a_way_out() -> None:
    async def work() -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            lanes = Lanes(TOPOLOGY, FakePort(), lambda lane, outputs: None, {})
            server = HttpServer("127.0.0.1", port, CollectorRegistry(), lanes)
            with pytest.raises(Fatal, match=f"cannot listen on 127.0.0.1:{port}") as caught:
                await server.start()
            assert caught.value.code == 75
            assert "set HALL_HTTP" in str(caught.value)
            await server.stop()  # what never started can be stopped

    run(work())
