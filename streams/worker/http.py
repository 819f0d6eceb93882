"""/metrics, /healthz and /readyz: for Prometheus, the supervisor, and whoever routes traffic."""

from __future__ import annotations

from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from streams.worker.failure import Fatal
from streams.worker.lanes import Lanes


class HttpServer:
    """Serves until ``stop``. Raises Fatal(75) when the address is taken."""

    def __init__(self, host: str, port: int, registry: CollectorRegistry, lanes: Lanes) -> None:
        self._host, self._port, self._registry, self._lanes = host, port, registry, lanes
        app = web.Application()
        app.router.add_get("/metrics", self._metrics)
        app.router.add_get("/healthz", self._healthy)
        app.router.add_get("/readyz", self._ready)
        # A client that has stopped reading is not waited for: the process has to leave within seconds.
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)

    @property
    def url(self) -> str:
        host, port = self._runner.addresses[0][:2]
        return f"http://{host}:{port}"

    async def start(self) -> None:
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._host, self._port).start()
        except OSError as e:
            await self._runner.cleanup()
            raise Fatal(
                75, f"cannot listen on {self._host}:{self._port} ({e.strerror}): set HALL_HTTP to another address, such as "
                f"127.0.0.1:0 for any free port",
            ) from None  # fmt: skip

    async def stop(self) -> None:
        await self._runner.cleanup()

    async def _metrics(self, request: web.Request) -> web.Response:
        return web.Response(body=generate_latest(self._registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def _healthy(self, request: web.Request) -> web.Response:
        failed = self._lanes.fatal.done()
        return web.Response(text="stopping\n" if failed else "ok\n", status=503 if failed else 200)

    async def _ready(self, request: web.Request) -> web.Response:
        ready = self._lanes.ready.is_set() and not self._lanes.fatal.done()
        return web.Response(
            text="ready\n" if ready else "not ready: state is being recovered\n", status=200 if ready else 503
        )
