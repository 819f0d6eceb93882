"""Reading a log that an engine writes to at the same time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agents.topology import SENSING
from streams.checkpoint import HallRecord, Mark, encode_hall, encode_mark, hall_key, mark_key
from streams.embedded.log import Log
from streams.log import Append
from streams.operating.reading import checkpoint
from streams.topics import state_topic
from tests.support.operating import Box

TOPIC = state_topic(SENSING.name)


def mark(log: Log, at: int) -> None:
    """The writer's checkpoint: its records take the place of its older ones."""
    made = Mark(0, False, at, 0, 0, log.id, 1, ("small",))
    pairs = [(hall_key("w", "small"), encode_hall(HallRecord(at, b""))), (mark_key("w"), encode_mark(made))]
    log.append([Append(TOPIC, 0, key, value) for key, value in pairs])


@pytest.mark.parametrize("call", [1, 2, 3])
def test_a_checkpoint_that_lands_while_one_is_read_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: int
) -> None:
    """Compaction takes the old records away at once, so a reader that stops at the end as it was would find nothing."""
    with Box(tmp_path).made().log() as log:
        mark(log, 10)
        calls, asked = 0, {name: getattr(log, name) for name in ("read", "start", "end")}

        def between(name: str) -> Any:
            def ask(*args: Any, **options: Any) -> Any:
                nonlocal calls
                calls += 1
                if calls == call:
                    mark(log, 20)
                return asked[name](*args, **options)

            return ask

        for name in asked:
            monkeypatch.setattr(log, name, between(name))
        found = checkpoint(log, SENSING, 0)
        assert found.mark is not None
        assert found.mark.next_offset in (10, 20)
        assert found.halls["small"].offset == found.mark.next_offset
