"""How every client of Kafka connects and ends: settings, security, the cause of a failure, bounds.

Left alone, the library waits without end for brokers that are gone, also when it is closed; here every await ends.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from aiokafka.abc import AbstractTokenProvider
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import ClusterAuthorizationFailedError, IncompatibleBrokerVersion, KafkaError

from monitor.adapters.kafka.causes import remedy
from monitor.config.schema import SecuritySettings
from monitor.errors import Unreachable

CLOSE_LIMIT = 1.0
"""Seconds each of the three steps of closing may take."""
FAULTS = (KafkaError, OSError, TimeoutError, AssertionError, AttributeError, LookupError)
"""What the library raises when something is wrong with the cluster: also bare errors while its metadata is stale."""
MAX_AGE = 86_400.0
"""Seconds: the library counts a partition's records in 31 bits and goes on below zero."""
Stamps = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class ClusterSettings:
    """Which cluster, who we are there, and how long we wait for it. Durations are seconds."""

    bootstrap_servers: tuple[str, ...]
    security: SecuritySettings = field(default_factory=SecuritySettings)
    client_id: str = "news-monitor"
    request_timeout: float = 5.0
    """One request; also how long a leader that is away is waited for before a record counts as undelivered."""
    start_timeout: float = 10.0
    """Connecting and getting a producer id."""
    delivery_timeout: float = 15.0
    """Until all records handed over are acknowledged: above the 9 s after which brokers give up one of their own."""
    max_record: int = 1 << 20
    """Bytes of one record with key and headers; brokers refuse more by default."""
    recheck: float = 60.0
    """Between two looks at the security files."""


@dataclass(frozen=True, slots=True)
class _Token(AbstractTokenProvider):  # type: ignore[misc]
    """OAUTHBEARER: the token as it stands in the file at each handshake."""

    path: str

    async def token(self) -> str:
        return await asyncio.to_thread(read_secret, self.path)


async def open_admin(settings: ClusterSettings) -> AIOKafkaAdminClient:
    """Raises Unreachable with the cause."""
    admin = AIOKafkaAdminClient(**await connection(settings))
    async with starting(settings, partial(close_bounded, admin)):
        await admin.start()
        if not await admin._client.force_metadata_update():
            raise KafkaError("no broker answers")
    return admin


@asynccontextmanager
async def starting(settings: ClusterSettings, close: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """The bounded start of a client. Raises Unreachable with the cause; the client is closed behind every failure."""
    with overhearing() as words:
        try:
            async with asyncio.timeout(settings.start_timeout):
                yield
        except BaseException as error:
            await close()
            if isinstance(error, FAULTS):
                raise unreachable(settings, error, words) from error
            raise


@dataclass(slots=True)
class Freshness:
    """Until when a client may be used: its security files are read once, and its counters are finite."""

    settings: ClusterSettings
    seen: Stamps
    started: float
    checked: float

    @classmethod
    async def begin(cls, settings: ClusterSettings) -> Freshness:
        """From now on; to be called before the files are read."""
        now = asyncio.get_running_loop().time()
        return cls(settings, await asyncio.to_thread(stamps, settings.security), now, now)

    async def over(self) -> bool:
        """After a day, or when a certificate or password was replaced."""
        now = asyncio.get_running_loop().time()
        if now - self.started > MAX_AGE:
            return True
        if now - self.checked < self.settings.recheck:
            return False
        self.checked = now
        return self.seen != await asyncio.to_thread(stamps, self.settings.security)


async def close_bounded(client: Any) -> None:
    """`close()` of a client of the library, given up after its limit."""
    with suppress(*FAULTS):
        async with asyncio.timeout(CLOSE_LIMIT):
            await client.close()


async def ended(step: Coroutine[Any, Any, None], limit: float) -> bool:
    """Whether a client, or a part of it, came to its end within the limit (seconds) and without a fault.

    In a task of its own: the library cancels its fetches and lets that cancellation out as if it were ours.
    """
    stopping = asyncio.ensure_future(step)
    try:
        await asyncio.wait({stopping}, timeout=limit)
    finally:
        if not stopping.done():
            stopping.cancel()
            await asyncio.wait({stopping}, timeout=limit)
    return stopping.done() and not stopping.cancelled() and stopping.exception() is None


async def connection(settings: ClusterSettings) -> dict[str, Any]:
    """What every client of the library needs to connect. Raises Unreachable for security files that cannot be used."""
    try:
        security = await asyncio.to_thread(credentials, settings.security)
    except (OSError, ValueError) as error:
        raise Unreachable(f"the security settings of Kafka cannot be used: {error}") from error
    return {
        "bootstrap_servers": list(settings.bootstrap_servers),
        "client_id": settings.client_id,
        "request_timeout_ms": round(settings.request_timeout * 1000),
        **security,
    }


def credentials(security: SecuritySettings) -> dict[str, Any]:
    """The library's words for `security`, files read now. Raises ValueError naming the key of what cannot be used."""
    words: dict[str, Any] = {"security_protocol": security.protocol.upper()}
    if security.protocol.endswith("ssl"):
        words["ssl_context"] = trust(security)
    if not security.protocol.startswith("sasl"):
        return words
    words["sasl_mechanism"] = security.mechanism or "PLAIN"
    if security.mechanism == "OAUTHBEARER":
        path = _given("token_file", security.token_file)
        _read("token_file", path)
        return {**words, "sasl_oauth_token_provider": _Token(path)}
    words["sasl_plain_username"] = _given("username", security.username)
    words["sasl_plain_password"] = _read("password_file", _given("password_file", security.password_file))
    return words


def trust(security: SecuritySettings) -> ssl.SSLContext:
    """Whom we believe, and the certificate we show. Raises ValueError naming the key of a file that cannot be used."""
    with _naming("ca_file", security.ca_file):
        context = ssl.create_default_context(cafile=security.ca_file)
    if security.cert_file:
        with _naming("cert_file", f"{security.cert_file}, with key_file {security.key_file}"):
            context.load_cert_chain(security.cert_file, security.key_file)
    return context


def _given(key: str, value: str | None) -> str:
    if value is None:
        raise ValueError(f"`security.{key}` is missing")
    return value


def _read(key: str, path: str) -> str:
    with _naming(key, path):
        return read_secret(path)


@contextmanager
def _naming(key: str, path: str | None) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:
        raise ValueError(f"`security.{key}` ({path}): {error}") from error


def read_secret(path: str) -> str:
    """The text of a secret file without the line end that editors add."""
    return Path(path).read_text(encoding="utf-8").rstrip("\r\n")


def stamps(security: SecuritySettings) -> Stamps:
    """Path and time of change of each security file: differs once one was replaced."""
    paths = (security.password_file, security.ca_file, security.cert_file, security.key_file)
    return tuple((path, Path(path).stat().st_mtime_ns) for path in paths if path and Path(path).exists())


def unreachable(settings: ClusterSettings, error: BaseException, words: Sequence[str]) -> Unreachable:
    """What is told when no broker answers: the last thing the client complained of."""
    outdated = isinstance(error, IncompatibleBrokerVersion)
    cause = words[-1] if words and not outdated else str(error) or type(error).__name__
    if ClusterAuthorizationFailedError.__name__ in cause:
        cause = f"user {settings.security.username} may write to no topic at all"
    told = remedy(cause, settings.security)
    return Unreachable(f"no Kafka at {', '.join(settings.bootstrap_servers)}: {cause.rstrip(': ')}; {told}")


class _Listener(logging.Handler):
    def __init__(self, words: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._words = words

    def emit(self, record: logging.LogRecord) -> None:
        # It also remarks on passwords in the clear, which is no fault.
        if "in the clear" not in (said := record.getMessage()):
            self._words.append(said)


@contextmanager
def overhearing() -> Iterator[list[str]]:
    """Collects what the library logs: refused passwords, untrusted certificates and closed ports all raise the same."""
    words: list[str] = []
    listener, logger = _Listener(words), logging.getLogger("aiokafka")
    logger.addHandler(listener)
    try:
        yield words
    finally:
        logger.removeHandler(listener)
