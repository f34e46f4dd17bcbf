"""What answers mean, and the arithmetic of HTTP's times."""

from __future__ import annotations

import pytest

from monitor.fetch.settings import FetchSettings
from monitor.fetch.verdict import (
    REASONS,
    Body,
    body_hash,
    freshness,
    has_end,
    judge_body,
    judge_head,
    over_cap,
    retry_after,
)
from monitor.model.poll import (
    FAILURE_KINDS,
    Credentials,
    Failed,
    Fetched,
    FetchRequest,
    Gone,
    Headers,
    NotModified,
    Response,
    Throttled,
    Validators,
)
from monitor.model.units import Size

URL = "https://feeds.example.org/rss"
NOW = 1_800_000_000.0
DATE = ("date", "Thu, 26 Nov 2026 12:00:00 GMT")
CONDITION: Headers = (("if-none-match", '"old"'),)
DAY = 86400.0


def _judge(status: int, headers: Headers = (), sent: Headers = (), **facts: object) -> object:
    request = FetchRequest(URL, **facts)  # type: ignore[arg-type]
    verdict = judge_head(request, sent, Response(URL, status, headers), NOW, DAY)
    if isinstance(verdict, Failed):
        assert verdict.reason in REASONS[verdict.kind]
    return verdict


def test_200_has_to_be_read() -> None:
    """Only its body tells."""
    assert _judge(200) is None


@pytest.mark.parametrize(
    ("status", "kind", "reason"),
    [
        (101, "http_status", "1xx"),
        (201, "http_status", "unexpected_2xx"),
        (206, "http_status", "unexpected_2xx"),
        (226, "http_status", "unexpected_2xx"),
        (300, "http_status", "3xx"),
        (304, "http_status", "unasked_304"),
        (401, "auth", "401"),
        (403, "http_status", "4xx"),
        (404, "http_status", "4xx"),
        (407, "auth", "407"),
        (500, "http_status", "5xx"),
        (503, "http_status", "5xx"),
        (99, "protocol", "status"),
        (0, "protocol", "status"),
        (999, "protocol", "status"),
    ],
)
def test_h73_h74_h77_p9_statuses(status: int, kind: str, reason: str) -> None:
    """Every number is one verdict."""
    verdict = _judge(status)

    assert isinstance(verdict, Failed)
    assert (verdict.kind, verdict.reason) == (kind, reason)


def test_403_with_credentials() -> None:
    """Then the credentials are at fault."""
    verdict = _judge(403, credentials=Credentials(("https", "feeds.example.org", 443), ()))

    assert isinstance(verdict, Failed)
    assert (verdict.kind, verdict.reason) == ("auth", "403")


def test_gone_and_throttled() -> None:
    """410; 429 with and without a wait; 503 only with one (B15)."""
    assert isinstance(_judge(410), Gone)
    assert _judge(429) == Throttled(Response(URL, 429))
    verdicts = [_judge(status, (("retry-after", "60"),)) for status in (429, 503)]
    assert [v.retry_after for v in verdicts if isinstance(v, Throttled)] == [60, 60]


@pytest.mark.parametrize(
    ("headers", "known", "expected"),
    [
        ((), Validators('"o"', "then"), ('"o"', "then")),
        ((("etag", '"n"'),), Validators('"o"', "then"), ('"n"', "then")),
        ((("last-modified", "now"),), Validators('"o"', "then"), ('"o"', "now")),
        ((("etag", '"n"'), ("last-modified", "now")), Validators(), ('"n"', "now")),
    ],
)
def test_b05_b07_304_renews_validators(headers: Headers, known: Validators, expected: tuple[str, str]) -> None:
    """What it says replaces what was stored, what it leaves out stays."""
    verdict = _judge(304, headers, CONDITION, validators=((URL, known),), body_hash="h")

    assert isinstance(verdict, NotModified)
    assert (verdict.validators.etag, verdict.validators.last_modified) == expected
    assert (verdict.reason, verdict.body_hash) == ("status", "h")


def _read(data: bytes, headers: Headers = (), body: Body | None = None, **facts: object) -> object:
    request = FetchRequest(URL, **facts)  # type: ignore[arg-type]
    return judge_body(request, (), Response(URL, 200, headers), body or Body(data))


@pytest.mark.parametrize(
    "headers", [(), (("etag", '"n"'),), (("last-modified", "now"),), (("etag", '"n"'), ("last-modified", "now"))]
)
def test_b05_200_replaces_both_validators(headers: Headers) -> None:
    """A 200 without a validator deletes the stored one."""
    verdict = _read(b"x", headers, validators=((URL, Validators('"o"', "then")),))

    assert isinstance(verdict, Fetched)
    assert verdict.validators.etag == dict(headers).get("etag")
    assert verdict.validators.last_modified == dict(headers).get("last-modified")


def test_h119_b01_the_body_decides() -> None:
    """The same body under a new ETag is not modified, another body under the old ETag is read."""
    same = _read(b"x", (("etag", '"n"'),), body_hash=body_hash(b"x"))
    other = _read(b"y", (("etag", '"o"'),), body_hash=body_hash(b"x"), validators=((URL, Validators('"o"')),))

    assert isinstance(same, NotModified)
    assert (same.reason, same.validators.etag) == ("same_body", '"n"')
    assert isinstance(other, Fetched)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (Body(b"<rss>", complete=False), "framing"),
        (Body(b"<rss>", complete=False, coded=True), "coding"),
        (Body(b"<rss>", complete=False, framed=False, coded=True), "framing"),
        (Body(b"<rss>", framed=False), "document"),
    ],
)
def test_h89_h113_truncated(body: Body, reason: str) -> None:
    """Not published, but its hash is told."""
    verdict = _read(b"", body=body)

    assert isinstance(verdict, Failed)
    assert (verdict.kind, verdict.reason, verdict.body_hash) == ("truncated", reason, body_hash(b"<rss>"))
    assert isinstance(_read(b"", body=body, truncated_hash=body_hash(b"<rss>")), Fetched)
    assert isinstance(_read(b"", body=body, body_hash=body_hash(b"<rss>")), NotModified)


@pytest.mark.parametrize(
    ("data", "whole"),
    [
        (b"<rss></rss>", True),
        (b"<rss><item/>", False),
        (b"<?xml version='1.0'?><!-- <a> --><!DOCTYPE rss [<!ENTITY a '>'>]><rss><a/></rss>\n", True),
        (b"<?xml version='1.0'?><!-- <a> --><rss><a></a>", False),
        (b"<!DOCTYPE rss><rdf:RDF></rdf:RDF ><!-- bye -->", True),
        (b"<feed/>", True),
        (b'{"items": []}\n', True),
        (b'{"items": [', False),
        (b"[]", True),
        (b"", True),
        (b"plain text", True),
        (b"<", True),
        (b"<!--", True),
        ("<rss></rss>".encode("utf-16"), True),
    ],
)
def test_ends_of_documents(data: bytes, whole: bool) -> None:
    """Known where a format has one; what has none is taken as it is."""
    assert has_end(data) is whole


def test_h92_h93_opaque_validators() -> None:
    """Printable ASCII up to 1 KiB, or nothing."""
    cases = {
        '"' + "a" * 1022 + '"': True,
        "a" * 1025: False,
        "caf\xe9": False,
        "a\x1bb": False,
        " a": False,
        "a b": True,
    }
    for value, kept in cases.items():
        verdict = _read(b"x", (("etag", value), ("last-modified", value)))
        assert isinstance(verdict, Fetched)
        assert (verdict.validators.etag, verdict.validators.last_modified) == ((value,) * 2 if kept else (None, None))


@pytest.mark.parametrize(
    ("decoded", "wire", "coded", "reason"),
    [
        (101, 101, False, "max_body"),
        (100, 100, False, None),
        (10, 51, True, "max_wire"),
        (10, 51, False, None),
        (100, 10, True, None),
    ],
)
def test_h103_h118_caps(decoded: int, wire: int, coded: bool, reason: str | None) -> None:
    """The caps on what is sent are for compressed bodies."""
    fault = over_cap(FetchSettings(max_body=Size(100), max_wire=Size(50)), decoded, wire, coded=coded)

    assert (fault and fault.reason) == reason
    assert fault is None or f"fetch.{reason}" in fault.detail


def test_h103_ratio() -> None:
    """Judged once 1 MiB is decoded: small documents may be as dense as they like."""
    settings = FetchSettings()
    fault = over_cap(settings, (1 << 20) + 1, 1000, coded=True)

    assert fault is not None
    assert fault.reason == "max_ratio"
    assert over_cap(settings, 1 << 20, 1000, coded=True) is None


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("120", 120),
        ("0", 0),
        ("1.5", 1.5),
        ("1000000000", DAY),
        ("9" * 5000, DAY),
        ("-1", None),
        ("soon", None),
        ("", None),
        ("١٢", None),
        ("Thu, 26 Nov 2026 12:10:00 GMT", 600),
        ("Thu, 26 Nov 2026 11:00:00 GMT", None),
        ("Fri, 01 Jan 2099 00:00:00 GMT", DAY),
    ],
)
def test_h95_p7_b15_retry_after(value: str, wait: float | None) -> None:
    """Seconds or a date against the server's own clock, clamped to a day."""
    assert retry_after((("retry-after", value), DATE), NOW) == wait


def test_retry_after_without_a_date() -> None:
    """Then against our clock."""
    assert retry_after((("retry-after", "Fri, 15 Jan 2027 08:01:00 GMT"),), NOW) == 60


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ((), None),
        ((("cache-control", "max-age=600"),), 600),
        ((("cache-control", "public, MAX-AGE=600, s-maxage=9"),), 600),
        ((("cache-control", 'max-age="600"'),), 600),
        ((("cache-control", "max-age=600"), ("age", "100")), 500),
        ((("cache-control", "max-age=600"), ("age", "700")), None),
        ((("cache-control", "max-age=600, max-age=9"),), 600),
        ((("cache-control", "s-maxage=600"),), None),
        ((("cache-control", "no-cache, max-age=315360000"),), None),
        ((("cache-control", "max-age=60"), ("cache-control", "no-store")), None),
        ((("cache-control", "max-age=0"),), None),
        ((("cache-control", "max-age=-5"), ("expires", "Thu, 26 Nov 2026 12:10:00 GMT"), DATE), None),
        ((("cache-control", "max-age=soon"),), None),
        ((("cache-control", "max-age=1000000000000"),), 366 * DAY),
        ((("expires", "Thu, 26 Nov 2026 12:10:00 GMT"), DATE), 600),
        ((("expires", "Thu, 26 Nov 2026 12:10:00 GMT"), DATE, ("age", "60")), 540),
        ((("expires", "0"), DATE), None),
        ((("expires", "Thu, 26 Nov 2026 11:00:00 GMT"), DATE), None),
        ((("expires", "Fri, 15 Jan 2027 08:01:00 GMT"),), 60),
        ((("expires", "Fri, 15 Jan 2027 08:01:00 GMT"), ("date", "nonsense")), 60),
    ],
)
def test_h94_h96_p10_b14_freshness(headers: Headers, seconds: float | None) -> None:
    """max-age, else Expires minus Date, minus Age; no floor from what is stale, forbidden or unreadable."""
    assert freshness(headers, NOW) == seconds


def test_kinds_of_reasons_exist() -> None:
    """The table speaks of kinds a verdict can have."""
    assert set(REASONS) <= set(FAILURE_KINDS)
