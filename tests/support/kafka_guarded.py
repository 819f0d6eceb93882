"""A real Kafka that lets nobody in unproved: TLS, users with passwords, users by certificate, and rights.

The plain listener is the administrator's: whoever comes in there may do everything. Certificates are made anew for
every broker (``tests.support.certificates``).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from agents.topology import TOPOLOGY
from streams.kafka import acl
from streams.kafka.topics import needed
from tests.support.certificates import Authority
from tests.support.kafka_broker import KafkaBroker, Listener, free_port

PATIENCE_S = 30.0
SCRAM = {"SCRAM-SHA-256": ScramMechanism.SCRAM_SHA_256, "SCRAM-SHA-512": ScramMechanism.SCRAM_SHA_512}
KIND = {"topic": ResourceType.TOPIC, "group": ResourceType.GROUP, "cluster": ResourceType.BROKER}
OPERATION = {
    "Read": AclOperation.READ, "Write": AclOperation.WRITE, "Create": AclOperation.CREATE, "Describe": AclOperation.DESCRIBE,
    "AlterConfigs": AclOperation.ALTER_CONFIGS, "DescribeConfigs": AclOperation.DESCRIBE_CONFIGS,
}  # fmt: skip


class GuardedKafka:
    """``users``: servers where users come in by password over TLS; ``certs``: by certificate; ``plain``: all may come."""

    def __init__(self, directory: Path, plain_users: dict[str, str]) -> None:
        self.authority = Authority(directory / "pki", "authority")
        ports = [free_port() for _ in range(2)]
        self.users, self.certs = (f"127.0.0.1:{port}" for port in ports)
        self.broker = KafkaBroker(
            directory / "kafka", settings=self._settings(directory / "pki", plain_users),
            listeners=[Listener("USERS", ports[0], ports[0], "SASL_SSL"), Listener("CERTS", ports[1], ports[1], "SSL")],
        )  # fmt: skip
        self.plain = self.broker.servers

    def _settings(self, directory: Path, plain_users: dict[str, str]) -> dict[str, str]:
        server = self.authority.sign("server", address="127.0.0.1")
        store = directory / "server-store.pem"
        store.write_text(server.key.read_text() + server.cert.read_text() + self.authority.root.read_text())
        users = " ".join(f'user_{name}="{password}"' for name, password in plain_users.items())
        login = "org.apache.kafka.common.security"
        return {
            "ssl.keystore.type": "PEM", "ssl.keystore.location": str(store),
            "ssl.truststore.type": "PEM", "ssl.truststore.location": str(self.authority.root),
            "listener.name.certs.ssl.client.auth": "required",
            "listener.name.users.sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
            "listener.name.users.plain.sasl.jaas.config": f"{login}.plain.PlainLoginModule required {users};",
            **{
                f"listener.name.users.{name.lower()}.sasl.jaas.config": f"{login}.scram.ScramLoginModule required;"
                for name in SCRAM
            },
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            # The plain listener, the controller and the broker itself.
            "super.users": "User:ANONYMOUS",
        }  # fmt: skip

    def start(self) -> None:
        self.broker.start()
        self._admin = AdminClient({"bootstrap.servers": self.plain, "log_level": 0})

    def kill(self) -> None:
        self.broker.kill()

    def add_user(self, name: str, password: str, mechanism: str) -> None:
        """By SCRAM. Who comes in by PLAIN is said when the broker is made."""
        info = ScramCredentialInfo(SCRAM[mechanism], 4096)
        change = UserScramCredentialUpsertion(name, info, password.encode())
        self._admin.alter_user_scram_credentials([change])[name].result(PATIENCE_S)

    def allow(self, role: acl.Role, principal: str) -> None:
        """All that the role needs, and nothing more (``hall topics acl``)."""
        granted = acl.grants(role, needed(TOPOLOGY))
        rows = [(g.kind, name, operation) for g in granted for name in g.names for operation in g.operations]
        self._wait_for(self._admin.create_acls([_binding(principal, *row) for row in rows]).values())

    def forbid(self, principal: str, kind: acl.Kind, name: str, operation: str) -> None:
        """Take one right away; it must have been given by ``allow``."""
        binding = _binding(principal, kind, name, operation)
        gone = self._admin.delete_acls(
            [
                AclBindingFilter(
                    binding.restype, binding.name, binding.resource_pattern_type, binding.principal, binding.host,
                    binding.operation, binding.permission_type,
                )
            ]
        )  # fmt: skip
        assert all(future.result(PATIENCE_S) for future in gone.values()), f"{principal} had no {operation} on {name}"

    def _wait_for(self, futures: Iterable[object]) -> None:
        for future in futures:
            future.result(PATIENCE_S)  # type: ignore[attr-defined]


def _binding(principal: str, kind: acl.Kind, name: str, operation: str) -> AclBinding:
    return AclBinding(
        KIND[kind], name, ResourcePatternType.LITERAL, principal, "*", OPERATION[operation], AclPermissionType.ALLOW
    )
