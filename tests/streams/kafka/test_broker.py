"""`make kafka`, as somebody types it: a directory below this one, a broker that answers, and Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.engine_process import ROOT
from tests.support.kafka_broker import answers, free_port, require_jars
from tests.support.system import until

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_it_starts_says_where_it_is_and_takes_the_broker_with_it(tmp_path: Path, ending: signal.Signals) -> None:
    require_jars()
    port = str(free_port())
    command = [sys.executable, "-m", "tests.support.kafka_broker", "below/kafka", port]
    process = subprocess.Popen(
        command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert f"HALL_BROKER=kafka://127.0.0.1:{port}" in process.stdout.readline()
    assert answers(f"127.0.0.1:{port}")
    assert (tmp_path / "below" / "kafka" / port / "data").is_dir(), "another port has its own data"
    process.send_signal(ending)
    assert process.wait(60) == 0
    until("nobody to answer", lambda: not answers(f"127.0.0.1:{port}"))
    process.stdout.close()
