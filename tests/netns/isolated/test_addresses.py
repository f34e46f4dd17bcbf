"""Addresses and redirects that a guard must refuse, tried for real where packets can hurt nobody."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from monitor.adapters.http.fetcher import HttpFetcher
from monitor.model.poll import Credentials, Fetched, FetchRequest, Validators
from tests.netns.isolated.conftest import OTHER, PUBLIC, PUBLIC_V6, Ask, Internet
from tests.support.hostile import FEED, reply


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.8.8.8", "localhost", "LOCALHOST", "[::1]", "0.0.0.0", "[::]"),
        *("10.0.0.1", "172.16.0.1", "192.168.1.1", "[fc00::1]", "[fd00:ec2::254]", "100.64.0.1", "100.100.100.200"),
        *(
            "169.254.169.254",
            "[fe80::1]",
            "[fe80::1%25lo]",
            "168.63.129.16",
            "224.0.0.1",
            "[ff02::1]",
            "255.255.255.255",
        ),
        *("[::ffff:127.0.0.1]", "[::ffff:a9fe:a9fe]", "[::127.0.0.1]", "[::ffff:0:127.0.0.1]"),
        *("[64:ff9b::7f00:1]", "[64:ff9b:1::7f00:1]", "[64:ff9b::808:808]", "[2002:7f00:1::1]"),
        *("[2001:0:4136:e378:8000:63bf:80ff:fffe]", "[fec0::1]", "[3fff::1]", "[5f00::1]", "[2001:db8:1::1]"),
        *("192.0.2.1", "198.18.0.1", "192.88.99.1", "①②⑦.0.0.1", "127。0。0。1"),
    ],
)
async def test_h01_to_h17_literals(ask: Ask, host: str) -> None:
    """None of them is ever connected to."""
    assert (await ask(f"http://{host}/")).kind == "blocked_address"


@pytest.mark.parametrize("host", ["127.1", "2130706433", "0177.0.0.1", "0x7f.1", "0"])
async def test_h16_shorthand(ask: Ask, host: str) -> None:
    """They name loopback to a resolver."""
    assert (await ask(f"http://{host}/")).kind == "blocked_url"


async def test_h13_nat64_where_it_is_allowed(fetchers: Callable[..., HttpFetcher], internet: Internet) -> None:
    """With a public address inside, and only then."""
    fetcher = fetchers(allow_nat64=True)
    verdicts = [await fetcher.fetch(FetchRequest(f"http://[64:ff9b::{tail}]/")) for tail in ("808:808", "7f00:1")]

    assert [verdict.kind for verdict in verdicts] == ["ok", "blocked_address"]
    assert internet.reached == ["64:ff9b::808:808"]


@pytest.mark.parametrize("host", [PUBLIC, f"[{PUBLIC_V6}]", f"[::ffff:{PUBLIC}]"])
async def test_public_addresses_are_reached(ask: Ask, host: str) -> None:
    """The guard is no wall."""
    assert isinstance(await ask(f"http://{host}/"), Fetched)


@pytest.mark.parametrize(
    "location",
    [
        *(
            "http://127.0.0.1/",
            "http://169.254.169.254/latest/meta-data/",
            "http://[::1]/",
            "http://[64:ff9b::7f00:1]/",
        ),
        *("//127.0.0.1/x", "\thttp://127.0.0.1/", "http://u:p@127.0.0.1/", "http://private.example.org/"),
    ],
)
async def test_h36_h37_h38_redirects_to_private_places(ask: Ask, internet: Internet, location: str) -> None:
    """Refused at the hop, with the hop on record."""
    internet.names.say("private.example.org", ("127.0.0.1",))
    internet.say("/r", reply(b"", f"Location: {location}", status="302 Found"))
    verdict = await ask(f"http://{PUBLIC}/r")

    assert verdict.kind == "blocked_address"
    assert [hop.url for hop in verdict.response.hops] == [f"http://{PUBLIC}/r"]


async def test_h39_public_public_private(ask: Ask, internet: Internet) -> None:
    """Two good hops open no door."""
    internet.say("/1", reply(b"", f"Location: http://{OTHER}/2", status="302 Found"))
    internet.say("/2", reply(b"", "Location: http://10.0.0.1/", status="302 Found"))
    verdict = await ask(f"http://{PUBLIC}/1")

    assert verdict.kind == "blocked_address"
    assert len(verdict.response.hops) == 2
    assert set(internet.reached) == {PUBLIC, OTHER}


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "ftp://203.0.113.10/", "javascript:1", f"http://{PUBLIC}:22/"]
)
async def test_h40_redirects_to_other_schemes_and_ports(ask: Ask, internet: Internet, location: str) -> None:
    """Only the web."""
    internet.say("/r", reply(b"", f"Location: {location}", status="302 Found"))

    assert (await ask(f"http://{PUBLIC}/r")).kind == "blocked_url"


@pytest.mark.parametrize("line", ["Location: ", "X-Other: 1", "Location: ["])
async def test_h41_h42_unreadable_locations(ask: Ask, internet: Internet, line: str) -> None:
    """A fault of the protocol."""
    internet.say("/r", reply(b"", line, status="302 Found"))

    assert (await ask(f"http://{PUBLIC}/r")).kind == "protocol"


async def test_h44_h45_h46_h47_nothing_leaks_to_another_host(ask: Ask, internet: Internet) -> None:
    """Authorization, key, validators and userinfo stay behind."""
    url = f"http://{PUBLIC}/r"
    internet.say("/r", reply(b"", f"Location: http://user:pw@{OTHER}/there", status="302 Found"))
    internet.say("/there", reply(FEED))
    secrets = Credentials(("http", PUBLIC, 80), (("authorization", "Bearer t"), ("x-api-key", "k")))
    await ask(url, credentials=secrets, validators=((url, Validators('"own"')),))
    first, second = internet.requests()

    assert first.headers["authorization"] == "Bearer t"
    assert second.headers.keys() == {"host", "accept", "accept-encoding", "user-agent"}
    assert second.headers["host"] == OTHER
