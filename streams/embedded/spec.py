"""A partition as the embedded log knows it."""

from __future__ import annotations

from typing import NamedTuple

from streams.log import TopicSpec


class Partition(NamedTuple):
    """One partition of a topic, under the number by which the whole log knows it."""

    id: int
    number: int
    spec: TopicSpec
