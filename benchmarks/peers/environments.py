"""Every engine in a virtual environment of its own, made on first use, with the versions that the table says."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

MSGSPEC = "msgspec==0.22.0"
"""The job's own; the same for all, Hallstream included."""

PINS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "faust": ("faust-streaming==0.15.3", "mode-streaming==0.7.1", "aiokafka==0.14.0", MSGSPEC),
        "quix": ("quixstreams==3.28.1", "confluent-kafka==2.12.2", "rocksdict==0.3.29", "orjson==3.13.0", MSGSPEC),
        "bytewax": ("bytewax[kafka]==0.21.1", "confluent-kafka==2.16.1", MSGSPEC),
    }
)
"""By environment: what is installed, and what of it decides how fast it is."""

INSTALL_WITHIN_S = 600
Install = Callable[[Path, Sequence[str]], None]
"""Make an environment in a directory, with these packages. Raises Unavailable."""


class Unavailable(Exception):
    """The environment cannot be made: the message says why."""


def ready(base: Path, name: str) -> bool:
    """Whether the environment stands, with the versions of the table."""
    made = base / name / "pins.txt"
    return made.is_file() and made.read_text(encoding="utf-8") == _written(name)


def python_of(base: Path, name: str, install: Install | None = None) -> Path:
    """The environment's Python, made now if it does not stand. Raises Unavailable."""
    if not ready(base, name):
        (install or with_pip)(base / name, PINS[name])
        (base / name / "pins.txt").write_text(_written(name), encoding="utf-8")
    return base / name / "bin" / "python"


def with_pip(directory: Path, packages: Sequence[str]) -> None:
    _run([sys.executable, "-m", "venv", "--clear", str(directory)], "no virtual environment")
    pip = [str(directory / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _run([*pip, *packages], f"cannot install {', '.join(packages)}")


def _run(command: list[str], what: str) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_WITHIN_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as e:
        raise Unavailable(f"{what}: {e}") from e
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines() or [f"exit code {done.returncode}"]
        raise Unavailable(f"{what}: {said[-1]}")


def _written(name: str) -> str:
    return "".join(f"{pin}\n" for pin in PINS[name])
