"""Certificates for tests, made with ``openssl``: an authority, and what it signs."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support.kafka_broker import REQUIRED

_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1")
_AUTHORITY = ("-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign")


class Pair(NamedTuple):
    """Files: a certificate, and its key."""

    cert: Path
    key: Path


class Authority:
    """Signs certificates; ``root`` is its own, in PEM."""

    def __init__(self, directory: Path, name: str) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._directory, self._own = directory, Pair(directory / f"{name}.pem", directory / f"{name}.key")
        _openssl("req", "-x509", *_KEY, "-noenc", *_out(self._own), "-subj", f"/CN={name}", *_AUTHORITY)
        self.root = self._own.cert

    def sign(self, name: str, *, address: str | None = None, password: str | None = None) -> Pair:
        """A certificate for a server at an IP address, or for a client; its key encrypted with a password, or plain."""
        made = Pair(self._directory / f"{name}.pem", self._directory / f"{name}.key")
        told = ("-addext", f"subjectAltName=IP:{address}") if address else ()
        hidden = ("-passout", f"pass:{password}") if password else ("-noenc",)
        signed = ("-CA", str(self._own.cert), "-CAkey", str(self._own.key))
        leaf = ("-addext", "basicConstraints=critical,CA:FALSE")
        _openssl("req", "-x509", *_KEY, *hidden, *_out(made), "-subj", f"/CN={name}", *signed, *leaf, *told)
        return made


def _out(pair: Pair) -> tuple[str, ...]:
    return "-keyout", str(pair.key), "-out", str(pair.cert), "-days", "7"


def _openssl(*arguments: str) -> None:
    if shutil.which("openssl") is None:
        reason = "certificates are made with openssl, and there is none on the PATH (sudo apt-get install openssl)"
        pytest.fail(reason) if os.environ.get(REQUIRED) else pytest.skip(reason)
    done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, timeout=60, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"openssl {arguments[0]} failed: {done.stderr[-2000:]}")
