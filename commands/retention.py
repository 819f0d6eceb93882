"""``--retention TOPIC=LIMIT[,LIMIT]``: how long, and how much, a topic keeps."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import click

from streams.kafka.topics import Keep
from streams.topics import Topic

FOREVER, ANY_SIZE = "forever", "anysize"
EXPECTED = f"a duration such as 90min, 24h or 30d, a size such as 5GB or 5GiB, {FOREVER} or {ANY_SIZE}"

UNITS_MS = {"s": 1_000, "min": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 7 * 86_400_000}
UNITS_BYTES = {"B": 0, "kB": 1, "MB": 2, "GB": 3, "TB": 4, "KiB": 1, "MiB": 2, "GiB": 3, "TiB": 4}
_NUMBER = re.compile(r"([1-9][0-9]{0,14})\s*([a-zA-Z]+)")

Given = tuple[str, str]
"""A topic as it was written, and its limits as they were."""


class Retention(click.ParamType):
    """TOPIC=LIMIT[,LIMIT]."""

    name = "topic=limits"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Given:
        if isinstance(value, tuple):
            return value
        topic, equals, limits = str(value).partition("=")
        if not (topic and equals and limits):
            self.fail(f"expected TOPIC=LIMIT, such as journal=90d or observations=24h,5GB; got {value!r}", param, ctx)
        return topic.strip(), limits


def keeps(given: Iterable[Given], topics: Sequence[Topic]) -> dict[str, Keep]:
    """By topic; a limit that is not named stays as the table has it. Raises click.BadParameter."""
    known = {topic.name: topic for topic in topics if not topic.compact}
    found: dict[str, Keep] = {}
    for name, limits in given:
        topic = known.get(name) or known.get(f"hall.{name}")
        if topic is None:
            raise click.BadParameter(
                f"expected a topic among {', '.join(known)}; got {name!r} (a state's topic keeps the newest of each key)"
            )
        keep = found.get(topic.name, Keep(topic.retention_ms, topic.retention_bytes))
        for limit in limits.split(","):
            keep = _limited(keep, limit.strip())
        found[topic.name] = keep
    return found


def _limited(keep: Keep, text: str) -> Keep:
    if text in (FOREVER, ANY_SIZE):
        return keep._replace(**{"ms" if text == FOREVER else "bytes": None})
    number, unit = match.groups() if (match := _NUMBER.fullmatch(text)) else ("", "")
    if unit in UNITS_MS:
        return keep._replace(ms=int(number) * UNITS_MS[unit])
    if unit in UNITS_BYTES:
        return keep._replace(bytes=int(number) * (1024 if "i" in unit else 1000) ** UNITS_BYTES[unit])
    raise click.BadParameter(f"expected {EXPECTED}; got {text!r}")
