"""What is sent to whom."""

from __future__ import annotations

from base64 import b64decode
from dataclasses import replace

import pytest

from monitor.errors import ConfigError
from monitor.fetch.request import credentials_from, fingerprint, headers_for, request_for
from monitor.fetch.settings import FetchSettings
from monitor.model.feed import FeedOverrides, FeedSpec
from monitor.model.ids import FeedId
from monitor.model.poll import Credentials, FetchRequest, Headers, Validators
from monitor.model.state import FeedState, Health

SETTINGS = FetchSettings()
AGENT = "news-monitor/1 (+https://example.org/contact)"
URL = "https://feeds.example.org/rss"
OWN = Credentials(("https", "feeds.example.org", 443), (("authorization", "Bearer t"), ("x-api-key", "k")))
FEED = FeedSpec(FeedId("f"), URL)


def _headers(request: FetchRequest, url: str = URL) -> dict[str, str]:
    return dict(headers_for(request, url, SETTINGS, AGENT))


def _vary(request: FetchRequest, url: str = URL) -> str:
    return fingerprint(headers_for(request, url, SETTINGS, AGENT))


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://other.example.org/rss",
        "https://example.org/rss",
        "http://feeds.example.org/rss",
        "https://feeds.example.org:8443/rss",
        "https://feeds.example.org.evil.test/rss",
        "https://sub.feeds.example.org/rss",
    ],
)
def test_h44_h45_h48_b25_credentials_stay_at_their_origin(elsewhere: str) -> None:
    """Scheme, host and port must be the same."""
    request = FetchRequest(URL, credentials=OWN)

    assert {"authorization", "x-api-key"} <= _headers(request).keys()
    assert _headers(request, "https://feeds.example.org/other/path")["authorization"] == "Bearer t"
    assert {"authorization", "x-api-key"} & _headers(request, elsewhere).keys() == set()


def test_h46_validators_belong_to_their_url() -> None:
    """A foreign ETag is never sent."""
    request = FetchRequest(URL)
    known = Validators('W/"a"', "yesterday", _vary(request))
    request = replace(request, validators=((URL, known),))

    assert _headers(request)["if-none-match"] == 'W/"a"'
    assert _headers(request)["if-modified-since"] == "yesterday"
    assert {"if-none-match", "if-modified-since"} & _headers(request, URL + "?x").keys() == set()


@pytest.mark.parametrize(
    "change",
    [{"agent": "other/1"}, {"credentials": OWN}, {"credentials": Credentials(OWN.origin, (("x-api-key", "other"),))}],
)
def test_validators_are_void_when_what_they_depend_on_changes(change: dict[str, object]) -> None:
    """Another agent or other credentials may get another document."""
    request = FetchRequest(URL)
    request = replace(request, validators=((URL, Validators('"a"', None, _vary(request))),))

    assert "if-none-match" not in _headers(replace(request, **change))  # type: ignore[arg-type]


def test_fingerprint_ignores_order_and_conditions() -> None:
    """It names what is asked with, not how often."""
    headers: Headers = (("accept", "a"), ("user-agent", "b"))

    assert fingerprint(headers) == fingerprint((*reversed(headers), ("if-none-match", '"x"')))
    assert fingerprint(headers) != fingerprint((("accept", "ab"), ("user-agent", "")))


def test_p12_p13_p14_p21_nothing_else_is_sent() -> None:
    """No cookie, no referer, no A-IM; an agent of the feed's own replaces ours."""
    assert _headers(FetchRequest(URL)).keys() == {"accept", "accept-encoding", "user-agent"}
    assert _headers(FetchRequest(URL))["user-agent"] == AGENT
    assert _headers(FetchRequest(URL, agent="mine/1"))["user-agent"] == "mine/1"


def test_p3_b04_nothing_is_invented() -> None:
    """Without stored validators the request has no condition; what a server called a date goes back byte for byte."""
    request = FetchRequest(URL, validators=((URL, Validators(None, None, _vary(FetchRequest(URL)))),))

    assert not {"if-none-match", "if-modified-since"} & _headers(request).keys()
    for said in ("Thu, 01 Jan 1970 00:00:00 GMT", "yesterday ", "2026-11-26T12:00:00+09:00"):
        known = replace(request, validators=((URL, Validators(None, said, _vary(FetchRequest(URL)))),))
        assert _headers(known)["if-modified-since"] == said


def test_request_for_a_new_feed() -> None:
    """The feed's own settings win over the service's."""
    feed = FeedSpec(FeedId("f"), URL, overrides=FeedOverrides(user_agent="mine/1", allow_downgrade=True))
    request = request_for(feed, None, OWN, replace(SETTINGS, proxy="http://proxy:8080"))

    assert request == FetchRequest(
        URL, FeedId("f"), credentials=OWN, agent="mine/1", proxy="http://proxy:8080", allow_downgrade=True
    )


def test_request_for_a_known_feed() -> None:
    """Validators, body hash and the place it moved to come from the state."""
    known = ((URL, Validators('"a"')),)
    moved = "https://new.example.org/rss"
    state = FeedState(FeedId("f"), validators=known, body_hash="abc", moved_to=moved, moved_from=FEED.url)
    request = request_for(FEED, state, None, SETTINGS)
    elsewhere = request_for(replace(FEED, url="https://third.example.org/rss"), state, None, SETTINGS)

    assert (request.url, request.validators, request.body_hash) == (moved, known, "abc")
    assert elsewhere.url == "https://third.example.org/rss"


@pytest.mark.parametrize(("streak", "accepted"), [(1, None), (2, "torn"), (5, "torn")])
def test_h89_a_truncated_body_is_read_at_the_third_time(streak: int, accepted: str | None) -> None:
    """Then it is the publisher's fault."""
    state = FeedState(FeedId("f"), health=Health(truncated_hash="torn", truncated_streak=streak))

    assert request_for(FEED, state, None, SETTINGS).truncated_hash == accepted


def test_h26_userinfo_of_the_configured_url() -> None:
    """It becomes credentials of its origin and leaves the URL."""
    request = request_for(FeedSpec(FeedId("f"), "https://us%40er:p%3Aw@feeds.example.org/rss"), None, None, SETTINGS)

    assert request.url == URL
    assert request.credentials is not None
    assert request.credentials.origin == OWN.origin
    assert b64decode(dict(request.credentials.headers)["authorization"].removeprefix("Basic ")) == b"us@er:p:w"


def test_h26_a_file_wins_over_userinfo() -> None:
    """There is one Authorization."""
    request = request_for(FeedSpec(FeedId("f"), "https://u:p@feeds.example.org/rss"), None, OWN, SETTINGS)

    assert request.credentials == OWN


def _credentials(auth: str | None = None, headers: str | None = None) -> Credentials | None:
    overrides = FeedOverrides(auth_file=auth and "auth", headers_file=headers and "headers")
    secrets = {"auth": auth or "", "headers": headers or ""}
    return credentials_from(replace(FEED, overrides=overrides), secrets)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Bearer abc\n", "Bearer abc"),
        ("user:pass", "Basic dXNlcjpwYXNz"),
        ("token", "token"),
        ("üser:p", "Basic w7xzZXI6cA=="),
    ],
)
def test_auth_file(text: str, value: str) -> None:
    """The value of the header, or user and password."""
    assert _credentials(auth=text) == Credentials(OWN.origin, (("authorization", value),))


def test_headers_file() -> None:
    """One `Name: value` a line; empty lines and comments are skipped."""
    assert _credentials(headers="# key\nX-Api-Key: a: b\n\nAccept:text/xml\n") == Credentials(
        OWN.origin, (("x-api-key", "a: b"), ("accept", "text/xml"))
    )


def test_no_files_no_credentials() -> None:
    """Most feeds have none."""
    assert credentials_from(FEED, {}) is None


@pytest.mark.parametrize(
    "line",
    [
        "no colon hunter2",
        "Bad Name: hunter2",
        "X: a\x00hunter2",
        "Host: hunter2",
        "If-None-Match: hunter2",
        ": hunter2",
    ],
)
def test_headers_that_cannot_be_sent(line: str) -> None:
    """The message names file and line, never the secret."""
    with pytest.raises(ConfigError, match="headers:2") as caught:
        _credentials(headers="X-Ok: 1\n" + line)
    assert "hunter2" not in str(caught.value)


def test_auth_that_cannot_be_sent() -> None:
    """Two lines are none."""
    with pytest.raises(ConfigError, match="auth") as caught:
        _credentials(auth="hunter2\nX-Injected: 1")
    assert "hunter2" not in str(caught.value)


def test_secret_file_that_is_not_there() -> None:
    """A feed is never asked without the credentials it needs."""
    with pytest.raises(ConfigError, match="no such secret file"):
        credentials_from(replace(FEED, overrides=FeedOverrides(auth_file="gone")), {})
