"""What Prometheus gets from a running engine."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterable

from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

Samples = dict[tuple[str, ...], float]
"""(name, label values in the order they are declared) -> value."""

_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def get(url: str, within_s: float = 10.0) -> tuple[int, str]:
    """Status and body; status 0 when nobody answers."""
    try:
        with _direct.open(url, timeout=within_s) as answer:
            return int(answer.status), str(answer.read().decode())
    except urllib.error.HTTPError as e:
        with e:
            return e.code, e.read().decode()
    except OSError:
        return 0, ""


def families(url: str) -> list[Metric]:
    """As Prometheus' own parser reads them."""
    status, text = get(url + "/metrics")
    assert status == 200
    return list(text_string_to_metric_families(text))


def samples(found: Iterable[Metric]) -> Samples:
    return {(s.name, *s.labels.values()): s.value for family in found for s in family.samples}


def scrape(url: str) -> Samples:
    """Every sample, those of a lane without its partition, which is always 0 here."""
    return {
        (s.name, *(value for label, value in s.labels.items() if label != "partition")): s.value
        for family in families(url)
        for s in family.samples
    }
