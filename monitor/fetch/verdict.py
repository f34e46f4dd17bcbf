"""What an answer means: status, headers and facts about the body become a `Verdict`; the arithmetic of HTTP's times.

Sources: RFC 9110 (status, validators, Retry-After), RFC 9111 §4.2 (freshness).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b

from monitor.fetch.guard import Fault
from monitor.fetch.httpdate import read_http_date
from monitor.fetch.request import fingerprint, is_condition
from monitor.fetch.settings import FetchSettings
from monitor.model.poll import (
    Failed,
    Fetched,
    FetchRequest,
    Gone,
    Headers,
    NotModified,
    Response,
    Throttled,
    Validators,
    ValidatorsByUrl,
    Verdict,
)
from monitor.model.units import Instant

REASONS: Mapping[str, frozenset[str]] = {
    kind: frozenset(reasons.split())
    for kind, reasons in {
        "http_status": "1xx 3xx 4xx 5xx loop too_many_hops unasked_304 unexpected_2xx",
        "auth": "401 403 407",
        "blocked_address": "anycast benchmarking denied discard documentation link_local loopback metadata multicast "
        "nat64 partly_private private reserved shared special translation unassigned unreadable unspecified",
        "blocked_url": "characters denied downgrade host numeric_host port scheme single_label syntax too_long "
        "userinfo",
        "dns": "nxdomain servfail silent empty",
        "connect": "refused reset unreachable descriptors proxy other",
        "tls": "handshake",
        "tls_cert": "expired not_yet_valid unknown_ca wrong_host invalid",
        "timeout": "connect handshake headers body total",
        "too_slow": "min_rate",
        "too_large": "max_body max_wire max_ratio",
        "encoding": "stacked corrupt members",
        "protocol": "framing location status",
        "truncated": "framing coding document",
    }.items()
}
"""The closed set of reasons of every kind a fetcher gives."""

REDIRECTS = frozenset((301, 302, 303, 307, 308))
MAX_VALIDATOR = 1024
RETRY_AFTER_CAP = 86400.0
MAX_FRESH = 366 * 86400.0
RATIO_FROM = 1 << 20
_VALIDATOR = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?")
_SECONDS = re.compile(r"\d+(?:\.\d+)?", re.ASCII)
_DIRECTIVE = re.compile(r'([a-z\-]+)\s*(?:=\s*(?:"([^"]*)"|([^\s,;"]*)))?', re.IGNORECASE)
_NAME = re.compile(rb"[A-Za-z_][\w.:\-]{0,63}")


@dataclass(frozen=True, slots=True)
class Body:
    """A body as it was read: decoded bytes and what is known about its end."""

    data: bytes
    complete: bool = True
    framed: bool = True
    """Its length was announced, or its last chunk came; otherwise it just ended with the connection."""
    coded: bool = False
    """It was compressed, and the coding's own end mark was reached if `complete`."""


def judge_head(request: FetchRequest, sent: Headers, response: Response, now: Instant, cap: float) -> Verdict | None:
    """The verdict of an answer whose body says nothing; None = a body has to be read. Redirects are not for this.

    `sent` are the headers of the request that was answered; `now` and `cap` (seconds) are for Retry-After.
    """
    status = response.status
    match status:
        case 200:
            return None
        case 204 | 205:
            return NotModified(response, validators_of(response, sent, _known(request, response.url)), reason="empty")
        case 304:
            return _judge_304(request, sent, response)
        case 410:
            return Gone(response)
        case 429 | 503:
            return _judge_throttle(response, now, cap)
    return _judge_failure(request, response)


def judge_body(request: FetchRequest, sent: Headers, response: Response, body: Body) -> Verdict:
    """`Fetched`, `NotModified` when it is the body of last time, or `truncated` when it is not whole.

    A truncated body that came again and again was read in the end, and is known from then on.
    """
    digest = body_hash(body.data)
    torn = _torn(body)
    if torn is not None and digest not in (request.truncated_hash, request.body_hash):
        return torn.verdict(response, digest)
    validators = validators_of(response, sent)
    if digest == request.body_hash:
        return NotModified(response, validators, digest, reason="same_body")
    return Fetched(response, body.data, digest, validators)


def body_hash(data: bytes) -> str:
    """16 hex digits that stand for a decoded body."""
    return blake2b(data, digest_size=8).hexdigest()


def validators_of(response: Response, sent: Headers, known: Validators | None = None) -> Validators:
    """What to send next time (RFC 9110 §8.8). `known` fills what a 304 leaves out; a 200 replaces both.

    Opaque: printable ASCII up to 1 KiB is kept byte for byte, anything else is ignored, never cut or mended.
    """
    kept = known or Validators()
    return Validators(
        etag=_opaque(response.header("etag")) or kept.etag,
        last_modified=_opaque(response.header("last-modified")) or kept.last_modified,
        vary=fingerprint(sent),
    )


def over_cap(settings: FetchSettings, decoded: int, wire: int, *, coded: bool) -> Fault | None:
    """Which cap so many bytes exceed, with the name of the setting."""
    if decoded > settings.max_body:
        return Fault("too_large", "max_body", f"The document has more than fetch.max_body = {settings.max_body}.")
    if coded and wire > settings.max_wire:
        return Fault("too_large", "max_wire", f"More than fetch.max_wire = {settings.max_wire} were sent compressed.")
    if coded and decoded > RATIO_FROM and decoded > wire * settings.max_ratio:
        return Fault("too_large", "max_ratio", f"It unpacks to more than fetch.max_ratio = {settings.max_ratio} times.")
    return None


def retry_after(headers: Headers, now: Instant, cap: float = RETRY_AFTER_CAP) -> float | None:
    """Seconds to wait, at most `cap`: a number, or a date measured against the response's own Date.

    None for what is negative, past or unreadable (RFC 9110 §10.2.3).
    """
    text = _joined(headers, "retry-after").strip()
    if _SECONDS.fullmatch(text):
        return min(float(text), cap)
    until = read_http_date(text)
    if until is None:
        return None
    wait = until - _date(headers, now)
    return min(wait, cap) if wait > 0 else None


def freshness(headers: Headers, now: Instant) -> float | None:
    """Seconds for which an answer stays fresh: max-age, else Expires minus Date, minus Age. None = no floor.

    `no-cache`, `no-store`, what is stale already and what cannot be read give none; `s-maxage` is for shared caches.
    """
    directives = _directives(_joined(headers, "cache-control"))
    if "no-cache" in directives or "no-store" in directives:
        return None
    if "max-age" in directives:
        lifetime = _seconds(directives["max-age"])
    else:
        expires = read_http_date(_joined(headers, "expires"))
        lifetime = None if expires is None else expires - _date(headers, now)
    if lifetime is None:
        return None
    left = lifetime - (_seconds(_joined(headers, "age")) or 0.0)
    return min(left, MAX_FRESH) if left > 0 else None


def has_end(data: bytes) -> bool:
    """Whether an XML document holds the end tag of its root, a JSON document its last bracket. Others have no end."""
    head = data[:1].strip() or data[:64].lstrip()[:1]
    if head in (b"{", b"["):
        return data.rstrip()[-1:] in (b"}", b"]")
    root = _root_of(data[:65536])
    return root is None or b"</" + root[0] in data or data[root.end() : data.find(b">", root.end())].endswith(b"/")


def _root_of(head: bytes) -> re.Match[bytes] | None:
    """Where the name of the first element stands, behind declaration, comments and document type."""
    at = head.find(b"<")
    while at >= 0 and head[at + 1 : at + 2] in (b"?", b"!"):
        mark = b"-->" if head.startswith(b"<!--", at) else b"?>" if head.startswith(b"<?", at) else b">"
        end = head.find(mark, at)
        subset = head.find(b"[", at, end) if mark == b">" else -1
        end = head.find(b"]", subset) if subset >= 0 else end
        at = head.find(b"<", end) if end >= 0 else -1
    return _NAME.match(head, at + 1) if at >= 0 else None


def _torn(body: Body) -> Fault | None:
    if body.complete and (body.framed or body.coded or has_end(body.data)):
        return None
    if body.complete:
        return Fault("truncated", "document", "The connection ended before the document did.")
    reason = "coding" if body.coded and body.framed else "framing"
    return Fault("truncated", reason, "The body ended before its announced end.")


def _judge_304(request: FetchRequest, sent: Headers, response: Response) -> Verdict:
    if not any(is_condition(name) for name, _ in sent):
        return Failed("http_status", "unasked_304", "304 although no validator was sent.", response)
    renewed = validators_of(response, sent, _known(request, response.url))
    return NotModified(response, renewed, request.body_hash, reason="status")


def _judge_throttle(response: Response, now: Instant, cap: float) -> Verdict:
    wait = retry_after(response.headers, now, cap)
    if response.status == 503 and wait is None:
        return Failed("http_status", "5xx", "The server answered 503.", response)
    return Throttled(response, wait)


def _judge_failure(request: FetchRequest, response: Response) -> Failed:
    status, detail = response.status, f"The server answered {response.status}."
    if not 100 <= status <= 599:
        return Failed("protocol", "status", f"There is no status {status}.", response)
    if status in (401, 407) or (status == 403 and request.credentials is not None):
        return Failed("auth", str(status), detail, response)
    reason = "unexpected_2xx" if 200 <= status <= 299 else f"{status // 100}xx"
    return Failed("http_status", reason, detail, response)


def _known(request: FetchRequest, url: str) -> Validators | None:
    validators: ValidatorsByUrl = request.validators
    return next((given for known, given in validators if known == url), None)


def _opaque(value: str | None) -> str | None:
    return value if value and len(value) <= MAX_VALIDATOR and _VALIDATOR.fullmatch(value) else None


def _joined(headers: Headers, name: str) -> str:
    """All values of a header as one list (RFC 9110 §5.3)."""
    return ", ".join(value for key, value in headers if key == name)


def _directives(text: str) -> dict[str, str]:
    """Cache-Control by name in lower case; of two the first counts."""
    found: dict[str, str] = {}
    for match in _DIRECTIVE.finditer(text):
        found.setdefault(match[1].lower(), match[2] or match[3] or "")
    return found


def _seconds(text: str) -> float | None:
    return float(text) if _SECONDS.fullmatch(text.strip()) else None


def _date(headers: Headers, now: Instant) -> Instant:
    own = read_http_date(_joined(headers, "date"))
    return now if own is None else own
