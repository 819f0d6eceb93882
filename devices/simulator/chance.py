"""Seeded chance. Every concern draws from a stream of its own, so that a new one does not disturb the others."""

from __future__ import annotations

import math
from random import Random


def stream(seed: int, *concern: str) -> Random:
    """Random numbers of one concern, the same in every process: a text seed goes through SHA-512, never ``hash``."""
    return Random("/".join((str(seed), *concern)))


def lognormal(rng: Random, median: float, sigma: float) -> float:
    """A duration: most are near the median, some are much longer. Cut at eight medians, which nobody waits for."""
    return min(rng.lognormvariate(math.log(median), sigma), 8 * median)


def geometric(rng: Random, mean: float) -> int:
    """Trials up to and with the first success, where a success comes on average every ``mean`` (>= 1) trials."""
    if mean <= 1:
        return 1
    if math.isinf(mean):
        return 1 << 62
    return 1 + int(math.log(1.0 - rng.random()) / math.log1p(-1.0 / mean))


def between(rng: Random, low: float, high: float) -> float:
    return low + (high - low) * rng.random()
