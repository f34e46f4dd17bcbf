"""Hosts and the shards that own them."""

import pytest

from monitor.model.ids import HostKey
from monitor.schedule.placement import host_key, murmur2, registrable_domain, shard_of

VECTORS = [2, 9, 3, 4, 9]
"""Shards out of 12 of the hosts in `test_shard_vectors`."""


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://Feeds.Example.ORG/rss", "feeds.example.org"),
        ("http://example.org.:8080/", "example.org"),
        ("https://user:pw@example.org/x", "example.org"),
        ("https://новости.рф/rss", "xn--b1amnebsh.xn--p1ai"),
        ("https://XN--B1AMNEBSH.xn--p1ai/rss", "xn--b1amnebsh.xn--p1ai"),
        ("https://straße.example/", "xn--strae-oqa.example"),
        ("https://faß。example/", "xn--fa-hia.example"),
        ("http://[2001:DB8::1]:443/", "2001:db8::1"),
        ("http://a_b.example.org/", "a_b.example.org"),
        ("http://[broken/", ""),
        ("mailto:nobody", ""),
        ("http://☃\u00ad\u2028.example/", "☃\u00ad\u2028.example"),
    ],
)
def test_host_key_is_one_spelling(url: str, host: str) -> None:
    """Case, port, trailing dot, user and script do not make another host."""
    assert host_key(url) == host


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("www.example.org", "example.org"),
        ("a.b.example.co.uk", "example.co.uk"),
        ("someone.github.io", "github.io"),
        ("co.uk", "co.uk"),
        ("localhost", "localhost"),
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8::1", "2001:db8::1"),
        ("xn--b1amnebsh.xn--p1ai", "xn--b1amnebsh.xn--p1ai"),
    ],
)
def test_registrable_domain_is_the_icann_one(host: str, domain: str) -> None:
    """What somebody registered; platforms are one domain, addresses their own."""
    assert registrable_domain(HostKey(host)) == domain


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        (b"abc", 479470107),
    ],
)
def test_murmur2_is_that_of_kafka(data: bytes, value: int) -> None:
    """Known values of Kafka's own hash, given there as signed numbers."""
    assert murmur2(data) == value % 2**32


def test_shard_vectors() -> None:
    """Where hosts lie must never change between versions."""
    hosts = ("feeds.bbci.co.uk", "example.org", "xn--b1amnebsh.xn--p1ai", "127.0.0.1", "")

    assert [shard_of(HostKey(host), 12) for host in hosts] == VECTORS
    assert {shard_of(HostKey(host), 1) for host in hosts} == {0}
