"""The settings that no stage owns, and the root that holds them all: what `monitor.yaml` may say.

Each field's text is its entry in `docs/configuration.md`: meaning, unit, and why this default.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from monitor.fetch.settings import FetchSettings
from monitor.model.units import Duration, Size
from monitor.parse.settings import ParseSettings
from monitor.schedule.settings import HostSettings, ScheduleSettings

PLACEHOLDER = "https://example.org/news-monitor"
"""The contact nobody has filled in: never sent, one warning at start."""


def written(name: str) -> str:
    """The name of a field as files write it: `class` is a word Python keeps for itself."""
    return "class" if name == "cls" else name


STRICT: dict[str, Any] = {"extra": "forbid", "strict": True, "alias_generator": written}
"""pydantic's switches for a root: unknown keys are errors, nothing is converted, also in what is nested."""


@dataclass(frozen=True, slots=True)
class TopicSettings:
    """Topics of the Kafka sink, and the names that every sink shows."""

    prefix: str = "news."
    """In front of every topic: two installations on one cluster need two."""
    replication: int = 3
    """Copies of each partition when topics are created; 1 on a single broker."""
    min_insync_replicas: int = 2
    """Copies that must have a record before it counts as written."""
    ensure: bool = True
    """Create what is missing at start; false: only verify."""


@dataclass(frozen=True, slots=True)
class SecuritySettings:
    """How a Kafka client proves who it is. Secrets stand in files, read again when they change."""

    protocol: Literal["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"] = "plaintext"
    """`ssl` encrypts, `sasl_…` asks who is there; the last one does both."""
    mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"] | None = None
    """Of the two protocols that begin with `sasl_`; `PLAIN` if null."""
    username: str | None = None
    """Of PLAIN and SCRAM."""
    password_file: str | None = None
    """Of PLAIN and SCRAM."""
    token_file: str | None = None
    """Bearer token of OAUTHBEARER."""
    ca_file: str | None = None
    """Certificates that are trusted, PEM; without it those of the system."""
    cert_file: str | None = None
    """Certificate of this client, PEM."""
    key_file: str | None = None
    """Private key of this client, PEM."""


@dataclass(frozen=True, slots=True)
class SqliteLedgerSettings:
    """The embedded ledger: one process, no broker; events reach Kafka through a sink."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    kind: Literal["sqlite"] = "sqlite"
    """One file in `data_dir`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpoolSettings:
    """Polls kept on disk while the brokers are away; without it they wait in memory, within `buffer`."""

    dir: str
    """Directory on a volume that outlives the process."""
    size: Size = Size(1 << 30)
    """What it may hold; when it is full, polls wait."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KafkaLedgerSettings:
    """The ledger on Kafka: events and states in one transaction, and as many replicas as there are shards."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    kind: Literal["kafka"] = "kafka"
    """Exactly once for `read_committed` consumers; needs no volume."""
    bootstrap_servers: tuple[str, ...]
    """`host:port` of some brokers; the rest of the cluster is learned from them."""
    shards: int = 12
    """Partitions of registry and state, so also the most replicas that can share the feeds. Fixed at installation."""
    security: SecuritySettings = field(default_factory=SecuritySettings)
    """How it proves who it is."""
    session_timeout: Duration = Duration(10)
    """A replica that is silent for so long is replaced; brokers allow 6s to 30min."""
    transaction_timeout: Duration = Duration(30)
    """After which brokers end the open transaction of a frozen replica: until then readers wait behind it."""
    buffer: Size = Size(64 << 20)
    """Of polls that wait in memory for brokers that are away, over all shards; when it is full, polls wait."""
    spool: SpoolSettings | None = None
    """null = polls wait in memory only, and a restart during an outage reads the feeds anew."""


AnyLedger = SqliteLedgerSettings | KafkaLedgerSettings
LEDGERS: dict[str, type[AnyLedger]] = {"sqlite": SqliteLedgerSettings, "kafka": KafkaLedgerSettings}


@dataclass(frozen=True, slots=True, kw_only=True)
class SinkSettings:
    """What every sink has: a name, a filter and a cursor of its own."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    name: str = ""
    """Names the cursor; the kind if empty. Two sinks of one kind need two."""
    topics: tuple[str, ...] = ()
    """Only these topics, with their prefix; `*` is allowed; empty = all."""
    max_lag: Duration | None = None
    """Records older than this are given up and counted as dead letters; the retention if null."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonlSettings(SinkSettings):
    """One file of JSON lines a topic, in `<data_dir>/events`."""

    kind: Literal["jsonl"] = "jsonl"
    """Lines for other programs to read."""
    rotate: Size = Size(100 << 20)
    """A file that grows beyond this is set aside and a new one begun."""
    keep: int = 5
    """Files that were set aside and are kept, per topic."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StdoutSettings(SinkSettings):
    """JSON lines on standard output."""

    kind: Literal["stdout"] = "stdout"
    """For a pipe, or for looking."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KafkaSettings(SinkSettings):
    """Kafka topics by an idempotent producer: at least once, each record with its event id in `ce_id`."""

    kind: Literal["kafka"] = "kafka"
    """The way to Kafka from the embedded ledger."""
    bootstrap_servers: tuple[str, ...]
    """`host:port` of some brokers; the rest of the cluster is learned from them."""
    security: SecuritySettings = field(default_factory=SecuritySettings)
    """How it proves who it is."""


AnySink = JsonlSettings | StdoutSettings | KafkaSettings
SINKS: dict[str, type[AnySink]] = {"jsonl": JsonlSettings, "stdout": StdoutSettings, "kafka": KafkaSettings}
"""Kinds are an allow-list: nothing a file says is ever imported."""


@dataclass(frozen=True, slots=True)
class FirstImport:
    """What happens when a feed is read for the first time."""

    alert_since: Duration = Duration(0)
    """Younger items raise alerts; older ones, and those without a date, are only recorded. 0s: none raises any."""


@dataclass(frozen=True, slots=True)
class AlertSettings:
    """Where alerts go."""

    topic: str = "alerts.{watch}"
    """After the prefix. `alerts`, without the placeholder, makes all watches share one topic: wise from 50 on."""


@dataclass(frozen=True, slots=True)
class PublishSettings:
    """What events hold."""

    body: bool = True
    """false: articles without their body, for those who must not pass texts on."""


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """The page, the read-only API and the alert feeds."""

    host: str = "127.0.0.1"
    """Address to listen on; `0.0.0.0` opens it to the network."""
    port: int = 8080
    """0 = any free one, named at start."""
    base_path: str = "/"
    """Below which the page lives behind a proxy. Links are built from this, never from what a client sends."""
    read_token_file: str | None = None
    """File with a token that readers have to show; without it whoever reaches the port can read."""


@dataclass(frozen=True, slots=True)
class AdminSettings:
    """Probes, metrics, reload and feed changes, apart from the page so that they are never open by accident."""

    host: str = "127.0.0.1"
    """Address to listen on; in a container `0.0.0.0`, so that probes arrive."""
    port: int = 8081
    """0 = any free one, named at start."""
    write_token_file: str | None = None
    """File with a token for requests that change something; needed unless the port is bound to loopback."""


@dataclass(frozen=True, slots=True)
class RetentionSettings:
    """Bounds of the embedded log; what is beyond either goes."""

    age: Duration = Duration(30 * 86400)
    """Of an event since it was made."""
    size: Size = Size(2 << 30)
    """Of all events together, on disk."""


@dataclass(frozen=True, slots=True)
class LogSettings:
    """The log on standard error."""

    format: Literal["auto", "console", "json"] = "auto"
    """`auto`: for people on a terminal, JSON otherwise."""
    level: Literal["debug", "info", "warning", "error"] = "info"
    """The least important lines that are written."""


@dataclass(frozen=True, slots=True)
class Settings:
    """`monitor.yaml`: everything but feeds, watches and concepts. Every key is optional."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    contact: str = PLACEHOLDER
    """Whom a webmaster can turn to, a URL or a mail address; part of the User-Agent. The placeholder is never sent."""
    data_dir: str = "data"
    """Directory of ledger, JSON lines and lock; relative to where the program is started."""
    app: str = "news-monitor"
    """Prefix of Kafka client, group and transactional ids: two installations on one cluster need two."""
    ledger: SqliteLedgerSettings | KafkaLedgerSettings = field(default_factory=SqliteLedgerSettings)
    """Where events and the state that says "published" become durable together: `sqlite` or `kafka`."""
    topics: TopicSettings = field(default_factory=TopicSettings)
    sinks: tuple[JsonlSettings | StdoutSettings | KafkaSettings, ...] = (JsonlSettings(name="jsonl"),)
    """Where events go besides the ledger: `jsonl`, `stdout`, `kafka`. An empty list: nowhere."""
    fetch: FetchSettings = field(default_factory=FetchSettings)
    parse: ParseSettings = field(default_factory=ParseSettings)
    hosts: HostSettings = field(default_factory=HostSettings)
    schedule: ScheduleSettings = field(default_factory=ScheduleSettings)
    first_import: FirstImport = field(default_factory=FirstImport)
    alerts: AlertSettings = field(default_factory=AlertSettings)
    publish: PublishSettings = field(default_factory=PublishSettings)
    server: ServerSettings | None = field(default_factory=ServerSettings)
    """null = off."""
    admin: AdminSettings | None = field(default_factory=AdminSettings)
    """null = off."""
    allow_mass_removal: bool = False
    """A reload that removes more than 10 feeds and more than 10 % of them needs true: a broken mount looks so."""
    retention: RetentionSettings = field(default_factory=RetentionSettings)
    log: LogSettings = field(default_factory=LogSettings)
