"""Who is at an address, and what can be concluded from it: a broker that is away is not one that wants a user.

      ApiVersions        an ordinary question
us ---------------> ?  -----------------------> ?
        hangs up                                     a proxy whose broker is away, perhaps       75, and wait
        says nothing                                 the same, or a broker that hangs            75, and wait
        another protocol                             no Kafka                                    75, and wait
        answers             hangs up                 a Kafka that wants a user                   77
        answers, without ordinary questions          a controller                                64
"""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from config.security import Mode, Security
from streams.kafka import looking
from streams.kafka.access import Access
from streams.kafka.errors import AccessDenied, KafkaError, Unreachable, WrongPort
from streams.worker.failure import as_fatal
from tests.support.kafka_broker import KafkaBroker
from tests.support.operating import Box

Talk = Callable[[socket.socket], None]
MODES: tuple[Mode, ...] = ("plaintext", "tls")


@contextmanager
def server(talk: Talk) -> Iterator[str]:
    """Somebody who takes connections, and does with each what ``talk`` does; then hangs up."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                line, _ = listening.accept()
            except OSError:
                return
            with line:
                talk(line)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"127.0.0.1:{listening.getsockname()[1]}"
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()
    thread.join()


def hang_up(line: socket.socket) -> None:
    """A proxy that finds nobody behind it."""


def hang_up_later(line: socket.socket) -> None:
    line.recv(100)


def say_nothing(line: socket.socket) -> None:
    while line.recv(100):
        pass


def http(line: socket.socket) -> None:
    line.recv(100)
    line.sendall(b"HTTP/1.1 502 Bad Gateway\r\n\r\n")


def kafka(*kinds: int, answers: bool) -> Talk:
    """One that understands these kinds of questions; whether it answers a stranger's, beside the first."""

    def talk(line: socket.socket) -> None:
        while asked := line.recv(100):
            kind, _, number = struct.unpack_from(">hhi", asked, 4)
            if kind != 18:
                if answers:
                    line.sendall(struct.pack(">ii", 4, number))
                return
            rows = b"".join(struct.pack(">hhh", kind, 0, 4) for kind in kinds)
            line.sendall(struct.pack(">iihi", 10 + len(rows), number, 0, len(kinds)) + rows)

    return talk


def found(servers: str, mode: Mode = "plaintext", *, guess: bool = True) -> KafkaError | None:
    return looking.of_servers(Access(servers, Security(mode)), guess=guess)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("talk", "said"),
    [
        (hang_up, "hangs up without an answer: a proxy or load balancer whose broker is away"),
        (hang_up_later, "hangs up without an answer: a proxy or load balancer whose broker is away"),
        (say_nothing, "says nothing: a broker that hangs, or a proxy"),
        (http, "answers, but not as a Kafka does: 'HTTP/1.1 502 Bad Gateway'"),
    ],
)
def test_nothing_is_concluded_from_who_gives_no_answer(talk: Talk, said: str, mode: Mode) -> None:
    with server(talk) as servers:
        assert found(servers, mode, guess=False) is None, "it may be back in a minute"
        at_the_end = found(servers, mode)
    assert isinstance(at_the_end, Unreachable)
    assert said in str(at_the_end)
    assert servers in str(at_the_end)
    assert as_fatal(at_the_end).code == 75


def test_a_kafka_that_hangs_up_on_strangers_wants_a_user() -> None:
    with server(kafka(0, 1, 3, 18, answers=False)) as servers:
        certain = found(servers, guess=False)
    assert isinstance(certain, AccessDenied)
    assert "wants a user to prove himself. What to do: HALL_KAFKA_SECURITY=sasl_plaintext" in str(certain)


def test_a_kafka_that_answers_has_nothing_against_us() -> None:
    with server(kafka(0, 1, 3, 18, answers=True)) as servers:
        assert found(servers) is None


def test_what_is_certain_of_one_server_is_said_before_doubts_about_another() -> None:
    with server(hang_up) as away, server(kafka(3, 18, answers=False)) as there:
        assert isinstance(found(f"{away},{there}"), AccessDenied)
        assert isinstance(found(away), Unreachable)


@pytest.mark.live
@pytest.mark.parametrize("mode", MODES)
def test_the_port_of_a_controller_is_called_so(broker: KafkaBroker, tmp_path: Path, mode: Mode) -> None:
    env = {"HALL_BROKER": f"kafka://127.0.0.1:{broker.controller}", "HALL_KAFKA_SECURITY": mode}
    ended = Box(tmp_path).process("status", env=env)
    assert ended.returncode == 64
    assert f"127.0.0.1:{broker.controller}: this is the port of a controller" in ended.stderr
    assert "name a broker's port in HALL_BROKER" in ended.stderr
    assert found(f"127.0.0.1:{broker.port}") is None
    assert isinstance(found(f"127.0.0.1:{broker.controller}"), WrongPort)
