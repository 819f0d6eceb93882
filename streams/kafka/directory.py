"""Which topics there are, and how they are made: questions to brokers that do not all know the same at the same moment."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future
from typing import Any, Protocol

from confluent_kafka import KafkaError as Refusal
from confluent_kafka import KafkaException, TopicCollection
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic, ResourceType

from streams.kafka.access import ATTEMPT_S, PATIENCE_S, Access
from streams.kafka.errors import AccessDenied, KafkaError, TopicsWrong, Unreachable
from streams.kafka.naming import is_engines
from streams.kafka.standing import Stands
from streams.kafka.words import NO_TOPIC, SOON, translated
from streams.log import TopicSpec
from streams.topics import OBSERVATIONS


class Ask(Protocol):
    """Runs a question to the cluster, again while Kafka may know better in a moment; what goes wrong is said in our words.

    ``about``: the topics, or a group as such.
    """

    def __call__(self, question: Callable[[], Any], *about: str) -> Any: ...


class Directory:
    """``failure``: what an answer that is a KafkaException means, in our words."""

    def __init__(
        self, admin: AdminClient, access: Access, ask: Ask, failure: Callable[[KafkaException, str], KafkaError]
    ) -> None:  # fmt: skip
        self._admin, self._access, self._naming, self._ask, self._failure = admin, access, access.naming, ask, failure
        self._counts: dict[str, int] = {}

    def holds(self, topics: Collection[str]) -> bool:
        """Whether these topics are there, as far as we have seen, or as some broker says."""
        return self._counts.keys() >= set(topics) or self.names() >= set(topics)

    def names(self) -> set[str]:
        """Of the topics that are there and carry our prefix."""
        found = self._listed().topics
        ours = self._naming.ours(name for name, topic in found.items() if topic.error is None)
        return {self._naming.inside(name) for name in ours}

    def topics(self) -> dict[str, TopicSpec]:
        """See ``KafkaLog.topics``."""
        names = sorted(name for name in self.names() if is_engines(name))
        if not names:
            self.topic(OBSERVATIONS)  # is there nothing, or nothing for us?
            return {}
        counts = {name: len(topic.partitions) for name, topic in self._describe(names).items()}
        configs = self._configs(names) or self._configs(names, all_of_them=True)  # raises, and says which
        return {name: _spec(name, counts[name], config) for name, config in configs.items()}

    def topic(self, name: str) -> TopicSpec | None:
        """See ``KafkaLog.topic``."""
        try:
            return _spec(name, self.partitions(name), self._configs([name], all_of_them=True)[name])
        except TopicsWrong:
            return None

    def partitions(self, topic: str) -> int:
        """See ``KafkaLog.partitions``."""
        if topic not in self._counts:
            self._counts[topic] = len(self._describe([topic])[topic].partitions)
        return self._counts[topic]

    def identity(self, topic: str) -> str:
        """See ``KafkaLog.identity``."""
        return str(self._describe([topic])[topic].topic_id)

    def standing(self) -> dict[str, Stands]:
        """See ``KafkaLog.standing``."""
        names = sorted(name for name in self.names() if is_engines(name))
        return {
            name: Stands(str(found.topic_id), len(found.partitions))
            for name, found in (self._describe(names) if names else {}).items()
        }

    # -- questions -------------------------------------------------------------------------------------------------

    def _listed(self) -> Any:
        return self._ask(lambda: self._admin.list_topics(timeout=ATTEMPT_S))

    def _describe(self, names: list[str]) -> dict[str, Any]:
        collection = TopicCollection([self._naming.outside(name) for name in names])
        asked = self._each(lambda: self._admin.describe_topics(collection, request_timeout=ATTEMPT_S), names)
        return {self._naming.inside(name): self._told(answer, name) for name, answer in asked.items()}

    def _configs(self, names: list[str], *, all_of_them: bool = False) -> dict[str, dict[str, str]]:
        """By topic; those that we may not look at are left out, unless all are asked for. Raises KafkaError."""
        resources = [ConfigResource(ResourceType.TOPIC, self._naming.outside(name)) for name in names]
        asked = self._each(lambda: self._admin.describe_configs(resources, request_timeout=ATTEMPT_S), names)
        found: dict[str, dict[str, str]] = {}
        for resource, answer in asked.items():
            try:
                entries = self._told(answer, resource.name)
            except AccessDenied:
                if all_of_them:
                    raise
            else:
                found[self._naming.inside(resource.name)] = {key: entry.value for key, entry in entries.items()}
        return found

    def _each(self, request: Callable[[], Mapping[Any, Future[Any]]], names: Sequence[str]) -> dict[Any, Any]:
        """What is answered to each part of a request, or the KafkaException that it fails with.

        All of it is asked anew while Kafka will know a part in a moment: the answer to a request that failed stays a failure.
        """
        answers: dict[Any, Any] = self._ask(lambda: {key: _answer(future) for key, future in request().items()}, *names)
        return answers

    def _told(self, answer: Any, about: str) -> Any:
        if isinstance(answer, KafkaException):
            raise self._failure(answer, about) from answer
        return answer

    # -- making ----------------------------------------------------------------------------------------------------

    def create(self, topics: list[NewTopic]) -> None:
        """See ``KafkaLog.create``."""
        outside = [
            NewTopic(self._naming.outside(t.topic), t.num_partitions, t.replication_factor, config=t.config or {})
            for t in topics
        ]
        for name, future in self._admin.create_topics(outside, request_timeout=PATIENCE_S).items():
            try:
                future.result(PATIENCE_S + 1)
            except KafkaException as e:
                if e.args[0].code() != Refusal.TOPIC_ALREADY_EXISTS:
                    raise translated(e, self._access, name) from e
        self._wait_for({topic.topic for topic in topics})

    def _wait_for(self, names: set[str]) -> None:
        """The controller knows a topic before the brokers do, and those do not hear of it all at once."""
        deadline = time.monotonic() + PATIENCE_S
        looks = len(self._listed().brokers)
        while looks:
            missing = names - self._led()
            if missing and time.monotonic() > deadline:
                raise Unreachable(f"{self._access.servers}: made, but not to be seen: {', '.join(sorted(missing))}")
            time.sleep(0.02)
            looks -= not missing

    def _led(self) -> set[str]:
        """Topics all of whose partitions have a leader."""
        found = self._listed().topics
        return {
            self._naming.inside(name)
            for name in self._naming.ours(found)
            if found[name].error is None and all(part.leader >= 0 for part in found[name].partitions.values())
        }


def _answer(future: Future[Any]) -> Any:
    try:
        return future.result(PATIENCE_S + 1)
    except KafkaException as e:
        if e.args[0].code() in (*SOON, *NO_TOPIC):
            raise
        return e


def _spec(name: str, partitions: int, config: Mapping[str, str]) -> TopicSpec:
    compact = "compact" in config["cleanup.policy"]
    age_ms, size = int(config["retention.ms"]), int(config["retention.bytes"])
    return TopicSpec(
        name, partitions, compact, "log" if config["message.timestamp.type"] == "LogAppendTime" else "producer",
        None if compact or age_ms < 0 else age_ms, None if compact or size < 0 else size,
    )  # fmt: skip
