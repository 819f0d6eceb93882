"""``make docs``: write what in docs/ follows from the code. tests/docs/ hold that it was done.

Whole files (docs/events/) and, in texts that people write, the tables between a comment ``<!-- NAME: ... -->`` and the
next ``<!-- end -->``.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from agents.topology import TOPOLOGY
from commands.showing import retention
from config.settings import table as settings_table
from streams.schema import EVENTS_FILE, asyncapi, events_schema
from streams.topics import all_topics
from streams.worker.failure import EXITS

ROOT = Path(__file__).parents[1]
EVENTS = ROOT / "docs" / "events" / EVENTS_FILE
ASYNCAPI = ROOT / "docs" / "events" / "asyncapi.json"
OPERATIONS = ROOT / "docs" / "operations.md"

_TABLE = re.compile(r"(<!-- (\w+): [^>]*-->\n).*?(<!-- end -->)", re.DOTALL)


def version() -> str:
    """The project's, as it stands in the source tree."""
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])


def generated() -> dict[Path, str]:
    """Every file that is wholly or partly made from the code, as it should be."""
    return {
        EVENTS: _json(events_schema(TOPOLOGY)),
        ASYNCAPI: _json(asyncapi(TOPOLOGY, version())),
        OPERATIONS: filled(OPERATIONS.read_text(encoding="utf-8")),
    }


def filled(text: str) -> str:
    """The text with its tables as the code has them. Raises KeyError for a table that is not one of ``TABLES``."""
    return _TABLE.sub(lambda found: f"{found[1]}{TABLES[found[2]]()}\n{found[3]}", text)


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


# -- tables ------------------------------------------------------------------------------------------------------------


def _settings() -> str:
    rows = ((f"`{name}`", _code(default), meaning) for name, default, meaning in settings_table())
    return _markdown(("variable", "default", "meaning"), rows)


def _exits() -> str:
    rows = ((str(row.code), "no" if row.final else "yes", row.meaning) for row in sorted(EXITS))
    return _markdown(("code", "start again?", "meaning"), rows)


def _topics() -> str:
    topics = all_topics(tuple(lane.name for lane in TOPOLOGY.lanes))
    rows = ((f"`{t.name}`", t.carries, retention(t.compact, t.retention_ms, t.retention_bytes)) for t in topics)
    return _markdown(("topic", "carries", "kept"), rows)


TABLES: dict[str, Callable[[], str]] = {"settings": _settings, "exits": _exits, "topics": _topics}


def _code(default: str) -> str:
    return default if " " in default else f"`{default}`"


def _markdown(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def main() -> None:
    for path, text in generated().items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"wrote {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
