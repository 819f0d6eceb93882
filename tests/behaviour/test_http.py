"""/metrics, /healthz and /readyz of a running engine."""

from __future__ import annotations

import re
import socket

from tests.support.scraping import families, get, samples, scrape
from tests.support.strolls import send, stroll, wait_for
from tests.support.system import System, until

NAME = re.compile(r"hall_[a-z]+(_[a-z]+)*")
ABBREVIATED = re.compile(r"_(ms|millis|sec|secs|minutes|hours|kb|mb|pct)(_|$)")
LABELS = {
    "lane",
    "partition",
    "topic",
    "reason",
    "agent",
    "hall",
    "zone",
    "line",
    "direction",
    "severity",
    "kind",
    "le",
}
"""None of them grows with the people in the hall."""


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def test_metrics_are_named_by_the_rules_of_prometheus(system: System) -> None:
    system.start()
    wait_for(system, "configured")
    send(system, stroll("anna"))
    wait_for(system, "trip_ended")
    found = families(system.url)
    assert len(found) > 15
    for metric in found:
        assert NAME.fullmatch(metric.name), metric
        assert "counter" not in metric.name, "in this project that word means a desk"
        assert not ABBREVIATED.search(metric.name), f"{metric.name}: base units, in full"
        assert metric.documentation.endswith("."), metric
        assert metric.type in ("counter", "gauge", "histogram"), metric
        assert {label for s in metric.samples for label in s.labels} <= LABELS, metric
        if metric.type == "counter":
            assert all(s.name.endswith("_total") for s in metric.samples), metric
        elif metric.type == "gauge":
            assert not metric.name.endswith("_total"), metric


def test_every_name_has_help_and_type_once(system: System) -> None:
    system.start()
    wait_for(system, "configured")
    _, text = get(system.url + "/metrics")
    helped = re.findall(r"^# HELP (\S+) \S", text, re.MULTILINE)
    typed = re.findall(r"^# TYPE (\S+) \w+$", text, re.MULTILINE)
    assert helped == typed
    assert len(set(typed)) == len(typed)


def test_metrics_say_what_happened(system: System) -> None:
    system.start()
    wait_for(system, "configured")
    send(system, stroll("anna"))
    wait_for(system, "trip_ended")
    system.put("hall.observations", [(b"hall-1", b"junk")])
    wait_for(system, "dead", topic="hall.dead")
    until("a checkpoint of everything", lambda: samples(families(system.url))["hall_lag_records", "sensing", "0"] == 0)
    found = scrape(system.url)
    assert found["hall_records_total", "sensing"] >= 37
    assert found["hall_outputs_total", "sensing", "hall.journal"] >= 15
    assert found["hall_dead_total", "undecodable"] == 1
    assert found["hall_halls", "sensing"] == found["hall_halls", "service"] == 1
    assert found["hall_log_lost_records_total", "sensing"] == 0
    assert found["hall_mark_age_seconds", "sensing"] < 30
    assert found["hall_event_age_seconds_count", "sensing"] >= 1


def test_it_is_ready_when_the_state_is_recovered_and_not_before(system: System) -> None:
    address = f"127.0.0.1:{free_port()}"
    answers: list[tuple[int, str]] = []

    def ready() -> bool:
        answer = get(f"http://{address}/readyz")
        if not answers or answers[-1] != answer:
            answers.append(answer)
        return answer[0] == 200

    system.start(env={"HALL_HTTP": address})
    until("it to be ready", ready)
    *before, last = answers
    assert last == (200, "ready\n")
    assert {status for status, _ in before} <= {0, 503}
    assert get(f"http://{address}/healthz") == (200, "ok\n")
    assert get(f"http://{address}/nothing")[0] == 404
    assert system.drain() == 0
    assert get(f"http://{address}/healthz")[0] == 0


def test_an_address_that_is_taken_ends_it_with_75_and_a_way_out(system: System) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = "{}:{}".format(*taken.getsockname())
        system.start(env={"HALL_HTTP": address})
        assert system.ended() == 75
    assert f"cannot listen on {address}" in system.heard()
    assert "set HALL_HTTP to another address" in system.heard()
    assert "Traceback" not in system.heard()
    system.start(env={"HALL_HTTP": address})  # it is free again
    assert system.url == f"http://{address}"
