"""One poll: what is asked (`FetchRequest`) and what came of it (`Verdict`).

A verdict is a value. Kinds are a closed set: log field, metric label and JSON all use the same word.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from monitor.model.ids import FeedId
from monitor.model.units import Instant

FailureKind = Literal[
    "http_status",
    "auth",
    "blocked_address",
    "blocked_url",
    "dns",
    "connect",
    "tls",
    "tls_cert",
    "timeout",
    "too_slow",
    "too_large",
    "encoding",
    "protocol",
    "truncated",
    "not_a_feed",
    "parse",
    "parse_timeout",
    "parse_memory",
    "internal",
]
VerdictKind = Literal["ok", "not_modified", "redirected", "gone", "rate_limited"] | FailureKind
FAILURE_KINDS: tuple[str, ...] = get_args(FailureKind)
VERDICT_KINDS: tuple[str, ...] = ("ok", "not_modified", "redirected", "gone", "rate_limited", *FAILURE_KINDS)

Headers = tuple[tuple[str, str], ...]
"""Names in lower case, in the order they came."""


@dataclass(frozen=True, slots=True)
class Validators:
    """What a server gave for the next conditional request: opaque strings, sent back byte for byte (RFC 9110 §8.8).

    `vary` is a fingerprint of what may vary the answer (credentials, Accept, User-Agent); another one makes them void.
    """

    etag: str | None = None
    last_modified: str | None = None
    vary: str = ""

    def __bool__(self) -> bool:
        return self.etag is not None or self.last_modified is not None


ValidatorsByUrl = tuple[tuple[str, Validators], ...]
"""Validators belong to the URL that sent them and are sent to no other."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Headers for one origin only (scheme, host, port); no redirect to another origin ever sees them."""

    origin: tuple[str, str, int]
    headers: Headers


@dataclass(frozen=True, slots=True)
class FetchRequest:
    """All that one poll may use. Headers of each hop are computed from it, nothing is inherited."""

    url: str
    feed: FeedId = FeedId("")
    validators: ValidatorsByUrl = ()
    body_hash: str | None = None
    """Hash of the last body that was read; an equal one means `not_modified`."""
    credentials: Credentials | None = None
    agent: str | None = None
    """User-Agent of this feed alone; None = the service's."""
    proxy: str | None = None
    allow_downgrade: bool = False
    truncated_hash: str | None = None
    """Hash of a body that came truncated again and again: the publisher's fault, so this one is read as it is."""


@dataclass(frozen=True, slots=True)
class Hop:
    """One response on the way: its URL and status."""

    url: str
    status: int


@dataclass(frozen=True, slots=True)
class Response:
    """Facts every answer has, whatever it was; kept beside the verdict."""

    url: str = ""
    """The URL that answered last."""
    status: int = 0
    headers: Headers = ()
    hops: tuple[Hop, ...] = ()
    """Redirects that were followed, without the last answer."""
    wire_bytes: int = 0
    duration: float = 0.0
    """Seconds from the first connection to the last byte, turns at hosts not counted."""
    partly_private: bool = False

    def header(self, name: str) -> str | None:
        """The first value of a header, by its lower-case name."""
        return next((value for key, value in self.headers if key == name), None)


@dataclass(frozen=True, slots=True)
class Fetched:
    """A document to read. `validators` replaces what is stored for `response.url`, also when it is empty."""

    response: Response
    body: bytes
    body_hash: str
    validators: Validators
    kind: Literal["ok"] = "ok"
    reason: str = ""

    @property
    def url(self) -> str:
        return self.response.url


@dataclass(frozen=True, slots=True)
class NotModified:
    """304, 204/205 or the same body (`reason`: `status`, `empty`, `same_body`). Validators are renewed all the same."""

    response: Response
    validators: Validators
    body_hash: str | None = None
    kind: Literal["not_modified"] = "not_modified"
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Gone:
    """410, or a document that says it has expired."""

    response: Response
    kind: Literal["gone"] = "gone"
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Throttled:
    """429, or 503 with Retry-After. `retry_after`: seconds from now, already clamped; None = the server named none."""

    response: Response
    retry_after: float | None = None
    kind: Literal["rate_limited"] = "rate_limited"
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """Anything else. `reason` is from a closed set per kind, `detail` one sentence for people."""

    kind: FailureKind
    reason: str = ""
    detail: str = ""
    response: Response = Response()
    body_hash: str | None = None
    """Of a body that could not be read: the same one again is not worth a worker."""


Verdict = Fetched | NotModified | Gone | Throttled | Failed


@dataclass(frozen=True, slots=True)
class NextPoll:
    """When a feed is due again, and the sum that led there, in words."""

    due: Instant
    reason: str
