"""The request for one hop, computed anew for every hop: nothing is inherited, so nothing can leak.

Credentials and custom headers exist only for the configured origin, validators only for the URL that sent them.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import replace
from hashlib import blake2b
from urllib.parse import unquote

from monitor.errors import ConfigError, Problem
from monitor.fetch.guard import origin_of, split_userinfo
from monitor.fetch.settings import FetchSettings
from monitor.model.feed import FeedSpec
from monitor.model.poll import Credentials, FetchRequest, Headers, Validators
from monitor.model.state import FeedState

ACCEPT_ENCODING = "gzip, br, zstd"
"""The codings `adapters/http/inflate.py` decodes under a cap."""
TRUNCATED_POLLS = 2
"""After so many polls with the same truncated body the next one is read as it is: it is the publisher's fault."""
FRAMING = "host connection content-length transfer-encoding te trailer upgrade expect accept-encoding"
WHICH_ANSWER = "range if-range a-im if-none-match if-modified-since if-match if-unmodified-since"
OURS = frozenset((*FRAMING.split(), *WHICH_ANSWER.split()))
"""Headers an operator cannot set: framing, and what decides which answer is whole."""

_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_VALUE = re.compile(r"[\t\x20-\x7e\xa0-\U0010ffff]*")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9\-]*[ \t]+\S.*")


def request_for(
    feed: FeedSpec, state: FeedState | None, credentials: Credentials | None, settings: FetchSettings
) -> FetchRequest:
    """What the next poll of a feed may use. Userinfo in its URL becomes credentials of its origin."""
    url, userinfo = split_userinfo(feed.url)
    request = FetchRequest(
        url=url,
        feed=feed.id,
        credentials=_with_userinfo(credentials, url, userinfo),
        agent=feed.overrides.user_agent,
        proxy=feed.overrides.proxy or settings.proxy,
        allow_downgrade=feed.overrides.allow_downgrade,
    )
    if state is None:
        return request
    moved = state.address(feed.url)
    return _with_state(request if moved == feed.url else replace(request, url=moved), state)


def headers_for(request: FetchRequest, hop_url: str, settings: FetchSettings, agent: str) -> Headers:
    """All headers of the request to `hop_url`, names in lower case.

    `hop_url` in the spelling of `Target.url`; `agent` is the service's `name/version (+contact)`.
    """
    plain = {"accept": settings.accept, "accept-encoding": ACCEPT_ENCODING, "user-agent": request.agent or agent}
    if request.credentials and origin_of(hop_url) == request.credentials.origin:
        plain.update(request.credentials.headers)
    headers = tuple(plain.items())
    return headers + _conditions(request, hop_url, fingerprint(headers))


def fingerprint(headers: Headers) -> str:
    """16 hex digits over what may vary an answer; validators got under another one are void."""
    whole = blake2b(digest_size=8)
    for name, value in sorted(headers):
        if not is_condition(name):
            whole.update(f"{len(name)}:{name}={len(value)}:{value};".encode("utf-8", "surrogatepass"))
    return whole.hexdigest()


def is_condition(name: str) -> bool:
    """Whether a header makes a request conditional."""
    return name in ("if-none-match", "if-modified-since")


def credentials_from(feed: FeedSpec, secrets: Mapping[str, str]) -> Credentials | None:
    """The headers of `auth_file` and `headers_file`, for the feed's origin alone; None if it has neither.

    `secrets` holds the texts by file name. Raises ConfigError, which names file and line and never the secret.
    """
    headers: dict[str, str] = {}
    if name := feed.overrides.headers_file:
        headers.update(_read_headers(name, _secret(name, secrets)))
    if name := feed.overrides.auth_file:
        headers["authorization"] = _read_auth(name, _secret(name, secrets))
    origin = origin_of(split_userinfo(feed.url)[0])
    return Credentials(origin, tuple(headers.items())) if headers and origin else None


def _conditions(request: FetchRequest, hop_url: str, vary: str) -> Headers:
    known = next((given for url, given in request.validators if url == hop_url), Validators())
    if known.vary != vary:
        return ()
    etag = (("if-none-match", known.etag),) if known.etag is not None else ()
    since = (("if-modified-since", known.last_modified),) if known.last_modified is not None else ()
    return etag + since


def _with_state(request: FetchRequest, state: FeedState) -> FetchRequest:
    torn = state.health.truncated_hash if state.health.truncated_streak >= TRUNCATED_POLLS else None
    return replace(
        request,
        validators=state.validators,
        body_hash=state.body_hash,
        truncated_hash=torn,
    )


def _with_userinfo(credentials: Credentials | None, url: str, userinfo: str | None) -> Credentials | None:
    origin = origin_of(url)
    given = credentials.headers if credentials else ()
    if userinfo is None or origin is None or any(name == "authorization" for name, _ in given):
        return credentials
    user, _, password = userinfo.partition(":")
    return Credentials(origin, (*given, ("authorization", _basic(f"{unquote(user)}:{unquote(password)}"))))


def _basic(pair: str) -> str:
    """RFC 7617, in UTF-8."""
    return "Basic " + b64encode(pair.encode()).decode()


def _secret(name: str, secrets: Mapping[str, str]) -> str:
    if name not in secrets:
        raise _unusable(name, 0, "there is no such secret file")
    return secrets[name].strip()


def _read_auth(name: str, text: str) -> str:
    """`Scheme value` and a bare token are sent as they stand; `user:password` becomes Basic."""
    if not text or not _VALUE.fullmatch(text):
        raise _unusable(name, 1, "needs one line: the value of an Authorization header, or user:password")
    return _basic(text) if ":" in text and not _SCHEME.fullmatch(text) else text


def _read_headers(name: str, text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            key, value = _read_header(name, number, line)
            found[key] = value
    return found


def _read_header(name: str, number: int, line: str) -> tuple[str, str]:
    key, colon, value = (part.strip() for part in line.partition(":"))
    if not colon or not _NAME.fullmatch(key) or not _VALUE.fullmatch(value):
        raise _unusable(name, number, "needs `Name: value`")
    if key.lower() in OURS:
        raise _unusable(name, number, f"{key} is set by the fetcher alone")
    return key.lower(), value


def _unusable(name: str, line: int, message: str) -> ConfigError:
    return ConfigError([Problem(name, line, 0, "", message, "MON-CFG-013")])
