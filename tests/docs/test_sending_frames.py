"""What stands on the page of senders works: its frame is read, its programs convert what those systems send.

The messages are written after those systems' own documentation, with every field that the programs look at.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from commands.feed import command
from streams.events import Frame, Person
from streams.recordings.live import FrameLines, Wanted
from streams.topics import DEAD, OBSERVATIONS
from tests.support.operating import Box

PAGE = (Path(__file__).parents[2] / "docs" / "sending-frames.md").read_text(encoding="utf-8")
PROGRAMS = dict(re.findall(r"^```python (\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
(SHOWN,) = re.findall(r"^```jsonl\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
NOW_MS = 1_700_000_000_000


def frames(lines: str, **wanted: Any) -> list[Frame]:
    """As `hall feed -` reads them; every person must be readable."""
    reader = FrameLines(lambda: {"mine": ["east", "front_door"]}, Wanted(**wanted), "boot")
    found = []
    for line in lines.splitlines():
        found.append(reader.frame(line.encode(), NOW_MS))
        assert reader.bad == []
    return found


def converted(program: str, *messages: dict[str, Any]) -> list[Frame]:
    """What a program of the page makes of messages on its standard input."""
    text = "".join(json.dumps(message) + "\n" for message in messages)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAMS[program]], input=text, capture_output=True, text=True, timeout=60, check=True
    )  # fmt: skip
    return frames(done.stdout)


def test_the_frame_that_is_shown_is_one() -> None:
    first, second = frames(SHOWN)
    assert (first.camera, first.at_ms) == ("east", 1_700_000_000_700)
    assert first.people == (Person("3", 285.0, 330.0, 40.0, 170.0, 0.92),)
    assert (second.at_ms, second.people) == (NOW_MS, ())


def test_every_field_and_every_option_is_on_the_page() -> None:
    assert [
        name for name in ("camera", "hall", "at_ms", "people", "id", "box", "at_m") if f"| `{name}` |" not in PAGE
    ] == []
    options = {option for parameter in command.params for option in parameter.opts}
    assert set(re.findall(r"`(--[a-z-]+)`", PAGE)) <= options


# -- supervision -------------------------------------------------------------------------------------------------------


class Detections(NamedTuple):
    """The columns of supervision's class of that name that the program reads."""

    xyxy: list[list[float]]
    tracker_id: list[int | None]
    confidence: list[float]


def test_supervision_s_detections_become_a_line() -> None:
    space: dict[str, Any] = {}
    exec(compile(PROGRAMS["supervision"], "docs/sending-frames.md", "exec"), space)
    line: Callable[[str, Detections], str] = space["line"]
    seen = Detections([[285, 330, 325, 500], [1, 2, 3, 4], [5, 6, 7, 8]], [3, -1, None], [0.92, 0.5, 0.5])
    (frame,) = frames(line("east", seen))
    assert frame.people == (Person("3", 285.0, 330.0, 40.0, 170.0, 0.92),)
    (nobody,) = frames(line("east", Detections([], [], [])))
    assert nobody.people == ()


def test_the_loop_round_it_is_python() -> None:
    compile(PROGRAMS["loop"], "docs/sending-frames.md", "exec")


# -- DeepStream --------------------------------------------------------------------------------------------------------

DEEPSTREAM = {
    "version": "4.0", "id": "4318", "@timestamp": "2026-03-02T01:15:30.075262000Z", "sensorId": "east",
    "objects": [
        "7|285.5|330|325.5|500|Person|#|||||||0.92",
        "8|10|20|30|60|person|#|male|45|black|none|formal|0.5",
        "9|400|300|500|350|Vehicle|#|sedan|||||0.8",
        "18446744073709551615|1|2|3|4|Person|#|||||||0.4",
    ],
}  # fmt: skip


@pytest.mark.parametrize(("text", "at_ms"), [
    ("2026-03-02T01:15:30.075262000Z", 1_772_414_130_075), ("2026-03-02T01:15:30.508Z", 1_772_414_130_508),
])  # fmt: skip
def test_deepstream_s_minimal_messages_become_frames_of_people_with_ids(text: str, at_ms: int) -> None:
    (frame,) = converted("deepstream", DEEPSTREAM | {"@timestamp": text})
    assert (frame.camera, frame.at_ms) == ("east", at_ms)
    assert frame.people == (Person("7", 285.5, 330.0, 40.0, 170.0, 0.92), Person("8", 10.0, 20.0, 20.0, 40.0, 0.5))


def test_a_deepstream_frame_without_anybody_is_a_frame() -> None:
    (frame,) = converted("deepstream", DEEPSTREAM | {"objects": []})
    assert frame.people == ()


# -- Frigate -----------------------------------------------------------------------------------------------------------


def frigate(kind: str, name: str, at_s: float, box: list[int], **more: Any) -> dict[str, Any]:
    after = {
        "id": name, "camera": "front_door", "frame_time": at_s, "label": "person", "sub_label": None, "top_score": 0.96,
        "false_positive": False, "start_time": 1700000000.4, "end_time": None, "score": 0.79, "box": box,
        "region": [264, 450, 667, 853], "current_zones": ["driveway"], "entered_zones": [], "stationary": False,
    } | more  # fmt: skip
    return {"type": kind, "before": after, "after": after}


def test_frigate_s_events_become_frames_of_everybody_who_is_there() -> None:
    # a comes, b comes, a moves, a dog passes, a goes
    a, b, box = "1700000000.4-mxklsc", "1700000001.2-abcdef", [424, 500, 536, 712]
    found = converted(
        "frigate",
        frigate("new", a, 1700000001.5, box), frigate("new", b, 1700000002.25, [10, 20, 30, 60]),
        frigate("update", a, 1700000003.0, [430, 500, 540, 712]), frigate("new", "dog", 1700000003.5, box, label="dog"),
        frigate("end", a, 1700000004.0, box, end_time=1700000004.0),
    )  # fmt: skip
    assert [frame.at_ms for frame in found] == [1700000001500, 1700000002250, 1700000003000, 1700000004000]
    assert [[person.track for person in frame.people] for frame in found] == [[a], [a, b], [a, b], [b]]
    assert found[0].people == (Person(a, 424.0, 500.0, 112.0, 212.0, 0.79),)
    assert found[2].people[0] == Person(a, 430.0, 500.0, 110.0, 212.0, 0.79)


def test_who_turns_out_to_be_nobody_is_gone() -> None:
    box = [424, 500, 536, 712]
    seen, judged = (
        frigate("new", "1.0-a", 1700000001.5, box),
        frigate("update", "1.0-a", 1700000002.0, box, false_positive=True),
    )
    found = converted("frigate", seen, judged)
    assert [len(frame.people) for frame in found] == [1, 0]


# -- and into a log ----------------------------------------------------------------------------------------------------


def test_a_pipe_of_the_page_ends_in_the_log(tmp_path: Path) -> None:
    box = Box(tmp_path).made().put([]).settle()
    lines = "".join(
        json.dumps(
            DEEPSTREAM | {"sensorId": "cam", "objects": [f"7|{200 + 20 * n}|300|{250 + 20 * n}|400|Person|#|||||||0.9"]}
        )
        + "\n"
        for n in range(3)
    )
    made = subprocess.run(
        [sys.executable, "-c", PROGRAMS["deepstream"]], input=lines, capture_output=True, text=True, timeout=60, check=True
    )  # fmt: skip
    assert "3 frames are in the log" in box.hall("feed", "-", input=made.stdout).stdout
    assert len([r for r in box.records(OBSERVATIONS) if b'"type":"frame"' in (r.value or b"")]) == 3
    box.settle()
    assert box.records(DEAD) == []
