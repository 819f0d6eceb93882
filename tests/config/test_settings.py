"""The environment: defaults, what each setting takes, and what is said of anything else."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.loading import ConfigError
from config.settings import TABLE, Address, Broker, Settings, table


def test_defaults_are_one_box_with_nothing_installed() -> None:
    assert Settings.from_env({"HOME": "/root", "PATH": "/bin"}) == Settings(
        config=None, var=Path("var"), broker=Broker(path=Path("var/hall.db")), http=Address("127.0.0.1", 9464), worker=None,
        topic_prefix=None, kafka_security="plaintext", kafka_ca=None, kafka_cert=None, kafka_key=None,
        kafka_key_password=None, kafka_sasl="SCRAM-SHA-512", kafka_user=None, kafka_password=None,
        sync="FULL", log_max_bytes=None, log_level="INFO", log_format="text",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text", "field", "value"),
    [
        ("HALL_CONFIG", "halls", "config", Path("halls")),
        ("HALL_VAR", "/srv/hall", "broker", Broker(path=Path("/srv/hall/hall.db"))),
        ("HALL_BROKER", "embedded:///data/log.db", "broker", Broker(path=Path("/data/log.db"))),
        ("HALL_BROKER", "kafka://a:9092,b:9093", "broker", Broker(servers="a:9092,b:9093")),
        ("HALL_HTTP", "0.0.0.0:80", "http", Address("0.0.0.0", 80)),
        ("HALL_HTTP", "[::1]:0", "http", Address("::1", 0)),
        ("HALL_TOPIC_PREFIX", "acme.", "topic_prefix", "acme."),
        ("HALL_TOPIC_PREFIX", "", "topic_prefix", None),
        ("HALL_SYNC", "normal", "sync", "NORMAL"),
        ("HALL_LOG_MAX_BYTES", "5000000", "log_max_bytes", 5_000_000),
        ("HALL_LOG_MAX_BYTES", "5GB", "log_max_bytes", 5_000_000_000),
        ("HALL_LOG_MAX_BYTES", "2 GiB", "log_max_bytes", 2 * 1024**3),
        ("HALL_LOG_LEVEL", "debug", "log_level", "DEBUG"),
        ("HALL_LOG_FORMAT", "json", "log_format", "json"),
        ("HALL_SYNC", "", "sync", "FULL"),
    ],
)
def test_what_a_setting_takes(name: str, text: str, field: str, value: object) -> None:
    assert getattr(Settings.from_env({name: text}), field) == value


@pytest.mark.parametrize(
    ("env", "message"),
    [
        ({"HALL_BROKR": "x"}, "environment: HALL_BROKR: expected a known setting, got an unknown one; did you "
         "mean HALL_BROKER?"),
        ({"HALL_COLOUR_OF_WALLS": "x"}, "environment: HALL_COLOUR_OF_WALLS: expected a known setting, got an "
         "unknown one; known are HALL_CONFIG, HALL_VAR"),
        ({"HALL_BROKER": "redis://x"}, "environment: HALL_BROKER: expected embedded, embedded:///path/file.db "
         "or kafka://host:port"),
        ({"HALL_BROKER": "kafka://x"}, "environment: HALL_BROKER: expected"),
        ({"HALL_BROKER": "kafka://"}, "environment: HALL_BROKER: expected"),
        ({"HALL_BROKER": "embedded://relative.db"}, "environment: HALL_BROKER: expected embedded"),
        ({"HALL_HTTP": "9464"}, "environment: HALL_HTTP: expected host:port, such as 127.0.0.1:9464"),
        ({"HALL_HTTP": "a:99999"}, "environment: HALL_HTTP: expected host:port"),
        ({"HALL_HTTP": "a:²"}, "environment: HALL_HTTP: expected host:port"),
        ({"HALL_SYNC": "off"}, "environment: HALL_SYNC: expected one of FULL, NORMAL, got 'off'; it means: "
         "embedded log: FULL"),
        ({"HALL_LOG_MAX_BYTES": "-1"}, "environment: HALL_LOG_MAX_BYTES: expected a number of bytes, such as "
         "5000000000, 5GB or"),
        ({"HALL_LOG_MAX_BYTES": "0"}, "environment: HALL_LOG_MAX_BYTES: expected a number of bytes"),
    ],
)  # fmt: skip
def test_what_it_does_not_take(env: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Settings.from_env(env)
    assert str(caught.value).startswith(message)


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        Settings.from_env({"HALL_SYNC": "off", "HALL_HTTP": "x", "HALL_Y": ""})
    assert [problem.key for problem in caught.value.problems] == ["HALL_Y", "HALL_HTTP", "HALL_SYNC"]


def test_a_value_may_come_from_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "broker"
    secret.write_text("kafka://a:9092\n")
    assert Settings.from_env({"HALL_BROKER_FILE": str(secret)}).broker == Broker(servers="a:9092")


def test_a_value_from_a_file_is_never_shown(tmp_path: Path) -> None:
    secret = tmp_path / "broker"
    secret.write_text("hunter2")
    with pytest.raises(ConfigError) as caught:
        Settings.from_env({"HALL_BROKER_FILE": str(secret)})
    assert "got what its file holds" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_value_and_its_file_are_one_too_many(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="HALL_SYNC: expected HALL_SYNC or HALL_SYNC_FILE, got both"):
        Settings.from_env({"HALL_SYNC": "FULL", "HALL_SYNC_FILE": str(tmp_path / "x")})
    with pytest.raises(ConfigError, match="HALL_SYNC_FILE: expected a text file that can be read"):
        Settings.from_env({"HALL_SYNC_FILE": str(tmp_path / "x")})


def test_where_the_halls_are_must_be_said_where_it_is_needed() -> None:
    assert Settings.from_env({"HALL_CONFIG": "halls"}).hall_config() == Path("halls")
    with pytest.raises(ConfigError, match="HALL_CONFIG: expected a directory of hall directories, got nothing; set it"):
        Settings.from_env({}).hall_config()


def test_the_table_documents_every_field() -> None:
    assert [row.field for row in TABLE] == list(Settings.__dataclass_fields__)
    assert all(name and default and meaning for name, default, meaning in table())
    assert ("HALL_SYNC", "FULL") in [row[:2] for row in table()]


def test_a_workers_name_is_one_that_kafka_takes() -> None:
    assert Settings.from_env({"HALL_WORKER": "worker-0"}).worker == "worker-0"
    with pytest.raises(ConfigError, match="HALL_WORKER"):
        Settings.from_env({"HALL_WORKER": "worker 0"})
