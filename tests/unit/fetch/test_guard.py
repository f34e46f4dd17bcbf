"""The URL rule, the port rule and the redirect rule."""

from __future__ import annotations

import pytest

from monitor.fetch.guard import Fault, Guard, Target, origin_of, read_url, split_userinfo
from monitor.fetch.settings import FetchSettings
from monitor.fetch.verdict import REASONS
from monitor.model.poll import Credentials, FetchRequest, Hop

PLAIN = Guard.of(FetchSettings())


def _refusal(url: str, guard: Guard = PLAIN) -> tuple[str, str]:
    found = guard.check_url(url)
    assert isinstance(found, Fault)
    assert found.reason in REASONS[found.kind]
    return found.kind, found.reason


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://127.0.0.1/", "loopback"),
        ("http://127.8.8.8/", "loopback"),
        ("http://localhost/", "loopback"),
        ("http://LOCALHOST./", "loopback"),
        ("http://feeds.localhost/", "loopback"),
        ("http://[::1]/", "loopback"),
        ("http://0.0.0.0/", "unspecified"),
        ("http://[::]/", "unspecified"),
        ("http://[fe80::1%25eth0]/", "link_local"),
        ("http://①②⑦.0.0.1/", "loopback"),
        ("http://127。0。0。1/", "loopback"),
        ("http://127．0｡0.1/", "loopback"),
        ("http://１６９.254.169.254/", "link_local"),
        ("http://[::ffff:127.0.0.1]/", "loopback"),
    ],
)
def test_h01_h02_h03_h07_h10_h17_private_literals(url: str, reason: str) -> None:
    """Refused before anything is connected, in whatever digits."""
    assert _refusal(url) == ("blocked_address", reason)


@pytest.mark.parametrize(
    "host", ["127.1", "2130706433", "0177.0.0.1", "0x7f.1", "0", "0x7f000001", "1.2.3.4.5", "a.1", "256.1.1.1"]
)
def test_h16_numeric_shorthand(host: str) -> None:
    """What some resolver takes for an address is none."""
    assert _refusal(f"http://{host}/") == ("blocked_url", "numeric_host")


@pytest.mark.parametrize("port", [22, 25, 6379, 9092, 0, 99999, 65536, "8o", "-1", "+80", "８０", 81, 1023])
def test_h25_ports(port: object) -> None:
    """Only web ports."""
    assert _refusal(f"http://example.org:{port}/") == ("blocked_url", "port")


def test_h25_ports_of_the_operator() -> None:
    """Those from 1024 on can be added, others cannot."""
    guard = Guard.of(FetchSettings(allow_ports=(9000, 22)))

    assert isinstance(guard.check_url("http://example.org:9000/"), Target)
    assert _refusal("http://example.org:22/", guard) == ("blocked_url", "port")


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://h/",
        "gopher://h/",
        "data:,x",
        "unix:/x",
        "javascript:1",
        "feed:https://h.org/",
        "",
        "x",
    ],
)
def test_h27_schemes(url: str) -> None:
    """Only http and https."""
    assert _refusal(url) == ("blocked_url", "scheme")


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("//host/x", "scheme"),
        ("http:///x", "host"),
        ("http://:80/", "host"),
        ("http://[", "host"),
        ("http://[::1", "host"),
        ("http://[::1]x/", "host"),
        ("http://a\\@b.org/", "characters"),
        ("http://a#@b.org/", "single_label"),
        ("http:example.org/", "syntax"),
        ("http://intranet/feed", "single_label"),
        ("http://exa mple.org/", "characters"),
        ("http://example..org/", "host"),
        ("http://%31%32%37.0.0.1/", "host"),
        ("http://-a.example.org/", "host"),
        ("http://" + "a" * 64 + ".org/", "host"),
        ("http://" + "a." * 127 + "org/", "host"),
        ("http://a\u202e.org/", "characters"),
        ("http://u:p@example.org/", "userinfo"),
        ("http://@example.org/", "userinfo"),
    ],
)
def test_h28_odd_urls(url: str, reason: str) -> None:
    """Whatever two parsers could read in two ways."""
    assert _refusal(url) == ("blocked_url", reason)


@pytest.mark.parametrize("char", ["\r\n", "\x00", " ", "\t", "\x85", "\xa0", "\u2028", "\ud800", "\x7f"])
def test_h29_control_characters(char: str) -> None:
    """Nowhere in a URL."""
    assert _refusal(f"http://example.org/a{char}b") == ("blocked_url", "characters")


def test_h29_long_url() -> None:
    """A hundred kilobytes are no URL."""
    assert _refusal("http://example.org/" + "a" * 100_000) == ("blocked_url", "too_long")


@pytest.mark.parametrize(
    ("url", "normal"),
    [
        ("HTTP://Example.ORG", "http://example.org/"),
        ("http://example.org.:80/a", "http://example.org/a"),
        ("https://example.org:443/?a=b#frag", "https://example.org/?a=b"),
        ("https://example.org?a=b", "https://example.org/?a=b"),
        ("https://bücher.example/ü?ß=1", "https://xn--bcher-kva.example/%C3%BC?%C3%9F=1"),
        ("http://xn--pypal-4ve.com/", "http://xn--pypal-4ve.com/"),
        ("http://[2A00:0::1]:8080/x", "http://[2a00::1]:8080/x"),
        ("http://a_b.example.org/%7Efeed", "http://a_b.example.org/%7Efeed"),
        ("http://example.org:/", "http://example.org/"),
        ("http://8.8.8.8/", "http://8.8.8.8/"),
    ],
)
def test_one_spelling(url: str, normal: str) -> None:
    """What is sent, compared and stored; judging it again changes nothing."""
    found = PLAIN.check_url(url)

    assert isinstance(found, Target)
    assert found.url == normal
    assert PLAIN.check_url(normal) == found


def test_h70_long_host_and_trailing_dot() -> None:
    """253 characters are a host; the dot at the end is none."""
    host = ".".join(["a" * 63] * 3 + ["b" * 61])
    found = PLAIN.check_url(f"http://{host}./")

    assert isinstance(found, Target)
    assert (found.host, len(found.host)) == (host, 253)


def test_single_labels_can_be_listed() -> None:
    """For the names of an intranet, and for the pod's own, which is private all the same."""
    found = Guard.of(FetchSettings(allow_hosts=("Intranet",))).check_url("http://intranet/feed")

    assert isinstance(found, Target)


def test_localhost_where_loopback_is_allowed() -> None:
    """Then the name is as good as the number."""
    guard = Guard.of(FetchSettings(allow_cidrs=("127.0.0.0/8",)))

    assert isinstance(guard.check_url("http://localhost/"), Target)


def test_h26_userinfo_is_split_off() -> None:
    """Only what stands before the host."""
    assert split_userinfo("https://u:p@example.org/a@b") == ("https://example.org/a@b", "u:p")
    assert split_userinfo("https://example.org/a@b") == ("https://example.org/a@b", None)
    assert split_userinfo("mailto:a@b") == ("mailto:a@b", None)
    assert split_userinfo("https://a@b@example.org?x") == ("https://example.org?x", "a@b")


def test_origins() -> None:
    """Scheme, host and port, whatever the policy."""
    assert origin_of("https://Example.org/a") == ("https", "example.org", 443)
    assert origin_of("http://intranet:22/") == ("http", "intranet", 22)
    assert origin_of("nonsense") is None


def _follow(location: str | None, here: str = "https://a.example.org/x/feed", **facts: object) -> Target | Fault:
    return PLAIN.follow(FetchRequest(here, **facts), (Hop(here, 302),), location)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("https://b.example.org/", "https://b.example.org/"),
        ("//b.example.org/y", "https://b.example.org/y"),
        ("/y", "https://a.example.org/y"),
        ("y", "https://a.example.org/x/y"),
        ("?y=1", "https://a.example.org/x/feed?y=1"),
        ("../y", "https://a.example.org/y"),
        ("\thttps://b.example.org/", "https://b.example.org/"),
        ("/a b", "https://a.example.org/a%20b"),
        ("https://u:p@b.example.org/", "https://b.example.org/"),
        ("/?a[]=1", "https://a.example.org/?a[]=1"),
    ],
)
def test_redirects_lead_somewhere(location: str, url: str) -> None:
    """References are resolved, userinfo is dropped."""
    found = _follow(location)

    assert isinstance(found, Target)
    assert found.url == url


@pytest.mark.parametrize(
    ("location", "kind", "reason"),
    [
        (None, "protocol", "location"),
        ("", "protocol", "location"),
        (" ", "protocol", "location"),
        ("[", "protocol", "location"),
        ("https://[", "protocol", "location"),
        ("https://caf\xe9.example.org/", "protocol", "location"),
        ("file:///etc/passwd", "blocked_url", "scheme"),
        ("javascript:1", "blocked_url", "scheme"),
        ("https://b.example.org:22/", "blocked_url", "port"),
        ("//127.0.0.1/x", "blocked_address", "loopback"),
        ("\thttp://127.0.0.1/x", "blocked_address", "loopback"),
        ("https://169.254.169.254/", "blocked_address", "link_local"),
        ("https://[64:ff9b::7f00:1]/", "blocked_address", "nat64"),
        ("https://u@127.0.0.1/", "blocked_address", "loopback"),
        ("/x/feed", "http_status", "loop"),
        ("http://b.example.org/", "blocked_url", "downgrade"),
    ],
)
def test_h35_h36_h37_h40_h41_h42_redirects_that_lead_nowhere(location: str | None, kind: str, reason: str) -> None:
    """Each with its own word."""
    found = _follow(location)

    assert isinstance(found, Fault)
    assert (found.kind, found.reason) == (kind, reason)
    assert reason in REASONS[kind]


def test_h43_downgrade() -> None:
    """Allowed per feed, never with credentials."""
    secret = Credentials(("https", "a.example.org", 443), (("authorization", "x"),))

    assert isinstance(_follow("http://b.example.org/", allow_downgrade=True), Target)
    assert isinstance(_follow("http://b.example.org/", allow_downgrade=True, credentials=secret), Fault)


def test_h35_too_many_hops() -> None:
    """Five are followed."""
    hops = tuple(Hop(f"https://a.example.org/{n}", 302) for n in range(6))

    assert isinstance(PLAIN.follow(FetchRequest(hops[0].url), hops[:5], "/9"), Target)
    found = PLAIN.follow(FetchRequest(hops[0].url), hops, "/9")
    assert isinstance(found, Fault)
    assert found.reason == "too_many_hops"


def test_reading_is_not_judging() -> None:
    """A URL that may not be asked can still be read."""
    assert isinstance(read_url("http://intranet:22/"), Target)
