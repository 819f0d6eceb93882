"""`hall status`: who runs the engine, how far it is, and an exit code for scripts."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from agents.topology import VERSION
from commands.status import health
from config.settings import Address
from streams.embedded.lock import ConsumerLock
from streams.log import Append
from tests.support.hall_files import FILES
from tests.support.operating import Box, walk, worker


def report(box: Box, code: int) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(box.hall("status", "--json", code=code).stdout)
    return found


def test_without_an_engine_it_ends_with_3_and_shows_where_everything_stands(tmp_path: Path) -> None:
    found = report(Box(tmp_path).made().put(walk(46)).settle().put(walk(4, boot="2"), configure=False), 3)
    assert (found["verdict"], found["engines"], found["http"]) == ("stopped", [], {})
    sensing, service = found["lanes"]
    assert (sensing["lane"], sensing["lag"], sensing["mark_offset"], sensing["halls"]) == ("sensing", 4, 47, 1)
    assert (service["lane"], service["lag"], service["topology"]) == ("service", 0, VERSION)
    assert sensing["mark_age_s"] < 60
    assert sensing["waiting_s"] < 60
    (hall,) = found["halls"]
    assert (hall["hall"], hall["files"]) == ("small", {name: len(text) for name, text in FILES.items()})
    assert hall["since_ms"] is not None


def test_a_log_that_no_engine_has_touched(tmp_path: Path) -> None:
    found = report(Box(tmp_path).made(), 3)
    assert [lane["mark_offset"] for lane in found["lanes"]] == [None, None]
    text = Box(tmp_path).hall("status", code=3).stdout
    assert text.startswith("stopped\n")
    assert "no hall is in force" in text


def test_odd_rows_of_cameras_are_shown_by_kind(tmp_path: Path) -> None:
    frames = walk(46)
    bad = [replace(frame, people=(replace(frame.people[0], width_px=0.0),)) for frame in frames]
    box = Box(tmp_path).made("producer").put([*frames[:1], *bad[1:]]).settle()
    (hall,) = report(box, 3)["halls"]
    (camera,) = hall["cameras"]
    assert (camera["camera"], camera["odd"]["no_size"], camera["rows"]) == ("cam", 44, 45), "up to the last full second"
    assert "small: camera cam: of 45 rows were odd: no_size 44" in box.hall("status", code=3).stdout


def test_a_running_engine_that_is_up_to_date_ends_with_0(tmp_path: Path) -> None:
    box = Box(tmp_path).made().put(walk(5))
    with worker(box) as process:
        box.hall("config", "apply", box.hall_dir())  # waits until the engine has come to the end
        found = report(box, 0)
        assert [engine["pid"] for engine in found["engines"]] == [process.pid]
        assert box.hall("status").stdout.startswith(f"running: process {process.pid}, since ")


def test_an_engine_without_a_recent_mark_ends_with_4(tmp_path: Path) -> None:
    box = Box(tmp_path).made()
    with ConsumerLock(box.path, now_ms=lambda: 1_000):
        found = report(box, 4)
    assert "sensing/0: no checkpoint for" in found["faults"][0]


def test_state_that_cannot_be_read_is_a_fault_not_a_crash(tmp_path: Path) -> None:
    box = Box(tmp_path).made().put(walk(5)).settle()
    with box.log() as log:
        log.append([Append("hallstream-sensing-state-changelog", 0, b"0123456789ab", b"\xc1")])
    with ConsumerLock(box.path):
        assert "written by a newer" in report(box, 4)["faults"][0]


class Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/healthz" else 503)
        self.end_headers()
        self.wfile.write(b"ok\n" if self.path == "/healthz" else b"not ready\n")

    def log_message(self, *_: object) -> None:
        """Quiet."""


@contextmanager
def answering() -> Iterator[Address]:
    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield Address("0.0.0.0", server.server_port)
        server.shutdown()
        thread.join()


def test_what_http_says_is_shown_whatever_the_code() -> None:
    with answering() as address:
        assert health(address) == {"/healthz": "ok", "/readyz": "not ready"}


def test_nobody_need_answer() -> None:
    with answering() as address:
        pass
    assert health(address) == {}
    assert health(Address("127.0.0.1", 0)) == {}
