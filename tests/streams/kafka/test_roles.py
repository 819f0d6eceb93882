"""Who may do what, on a real broker that asks: each role works with exactly what `hall topics acl` grants it, and no further."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from config.settings import Settings
from hall import main
from streams.codec import TICK
from streams.kafka.access import Access
from streams.kafka.acl import ROLES
from streams.kafka.errors import AccessDenied
from streams.kafka.log import KafkaLog
from streams.log import Append
from streams.topics import ALERTS, JOURNAL, OBSERVATIONS
from tests.support.kafka_guarded import GuardedKafka
from tests.support.kafka_system import Worker
from tests.support.system import until

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]

STRANGER = "stranger"
SECRETS = {name: f"{name}-secret" for name in (*ROLES, STRANGER)}
FORUM = Path(__file__).parents[3] / "config" / "examples" / "forum"


class Site:
    """A guarded Kafka whose topics the operator has made, and the verbs as each of its users."""

    def __init__(self, kafka: GuardedKafka, directory: Path) -> None:
        self.kafka, self._directory = kafka, directory

    def env(self, user: str) -> dict[str, str]:
        return {
            "HALL_BROKER": f"kafka://{self.kafka.users}", "HALL_KAFKA_SECURITY": "sasl_tls",
            "HALL_KAFKA_CA": str(self.kafka.authority.root), "HALL_KAFKA_SASL": "PLAIN", "HALL_KAFKA_USER": user,
            "HALL_KAFKA_PASSWORD": SECRETS[user], "HALL_VAR": str(self._directory / "var"), "HALL_HTTP": "127.0.0.1:0",
        }  # fmt: skip

    def hall(self, user: str, *arguments: str, code: int = 0) -> str:
        done = CliRunner().invoke(main, arguments, env=self.env(user))
        assert done.exit_code == code, done.output
        return done.output

    def run_once(self) -> None:
        """A worker has run here, and left a state: without one there would be nothing to be forbidden."""
        assert "forum: new" in self.hall("operator", "config", "apply", str(FORUM))
        worker = self.worker("worker")
        worker.wait_until_up()
        until("the hall in force", lambda: "forum" in self.hall("viewer", "log", "cat", "journal"))
        assert worker.drain() == 0, worker.heard()

    def log(self, user: str) -> KafkaLog:
        found = Settings.from_env(self.env(user))
        return KafkaLog(Access(self.kafka.users, found.security()))

    def worker(self, user: str) -> Worker:
        return Worker(user, self._directory, self.env(user))


@pytest.fixture(scope="module")
def site(jars: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    directory = tmp_path_factory.mktemp("guarded")
    kafka = GuardedKafka(directory, SECRETS)
    kafka.start()
    for role in ROLES:
        kafka.allow(role, f"User:{role}")
    made = Site(kafka, directory)
    assert "9 made" in made.hall("operator", "topics", "create", "--partitions", "2")
    made.run_once()
    yield made
    kafka.kill()


def test_every_role_does_its_work(site: Site) -> None:
    """The operator and the worker have done theirs before (``Site.run_once``)."""
    assert "altered" in site.hall("operator", "topics", "create", "--alter", "--retention", "journal=90d")
    assert "0 errors" in site.hall("operator", "topics", "check")
    with site.log("edge") as log:
        log.append([Append(topic, p, None, TICK) for topic in (OBSERVATIONS, JOURNAL) for p in range(2)])
    assert "forum" in site.hall("viewer", "status", code=3), "no engine runs by now"
    assert "hall.journal" in site.hall("viewer", "log", "stats")
    assert "0 errors" in site.hall("viewer", "topics", "check")
    assert "the new era stands" in site.hall("operator", "reset", "--yes")


@pytest.mark.parametrize(
    ("user", "verb"),
    [
        ("viewer", ("topics", "create", "--alter", "--retention", "late=1d")), ("viewer", ("config", "apply", str(FORUM))),
        ("worker", ("topics", "create", "--alter", "--retention", "late=1d")), ("viewer", ("reset", "--yes")),
        ("edge", ("log", "cat", "journal")), ("edge", ("status",)), (STRANGER, ("topics", "create")), (STRANGER, ("status",)),
        ("viewer", ("worker",)), ("edge", ("worker",)),
    ],
)  # fmt: skip
def test_nobody_goes_further_and_is_told_why(site: Site, user: str, verb: tuple[str, ...]) -> None:
    said = site.hall(user, *verb, code=77)
    assert f"user {user} may not" in said
    assert "hall topics acl" in said


@pytest.mark.parametrize("topic", [ALERTS, "hallstream-sensing-state-changelog"])
def test_the_edge_writes_nothing_but_what_it_sees(site: Site, topic: str) -> None:
    with site.log("edge") as log, pytest.raises(AccessDenied, match=r"may not use topic"):
        log.append([Append(topic, 0, b"k", b"v")])


def test_who_may_see_nothing_is_not_told_to_make_topics(site: Site) -> None:
    said = site.hall(STRANGER, "topics", "check", code=65)
    assert "not to be seen" in said
    assert "hall topics create" not in said


def test_the_group_that_librdkafka_asks_for_is_needed(site: Site) -> None:
    with site.log("operator") as log:
        log.append([Append(JOURNAL, 0, None, TICK)])
    site.kafka.forbid("User:viewer", "group", "hallstream-look", "Describe")
    try:
        assert "may not use group hallstream-look" in site.hall("viewer", "log", "cat", "journal", code=77)
    finally:
        site.kafka.allow("viewer", "User:viewer")
