"""The address rule: tables, borders, and ten thousand addresses against two other guards."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_network
from random import Random

import pytest
from AntiSSRF import AntiSSRFPolicy, PolicyConfigOptions
from ssrfguard import DEFAULT_DENIED

from monitor.fetch.networks import DENIED_V4, DENIED_V6, NAMES_V6, Address, AddressRule
from monitor.fetch.settings import FetchSettings
from monitor.fetch.verdict import REASONS

PLAIN = AddressRule()

STRICTER_THAN_SSRFGUARD = tuple(
    ip_network(cidr)
    for cidr in (
        *(
            "168.63.129.16/32",
            "192.31.196.0/24",
            "192.52.193.0/24",
            "192.175.48.0/24",
            "192.0.0.0/24",
            "192.88.99.0/24",
        ),
        *("2001::/23", "2620:4f:8000::/48", "64:ff9b::/96", "::/96", "2002::/16"),
    )
)
"""Host agent, AS112, AMT, islands in special blocks, and wrappers it judges by what is inside."""
STRICTER_THAN_ANTISSRF = tuple(map(ip_network, ("::/96", "::ffff:0:0/96", "::ffff:0:0:0/96")))
"""It takes mapped, compatible and translated forms for ordinary IPv6."""
GLOBAL = ip_network("2000::/3")


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("127.0.0.1", "loopback"),
        ("127.8.8.8", "loopback"),
        ("::1", "loopback"),
        ("0.0.0.0", "unspecified"),
        ("::", "unspecified"),
        ("10.0.0.1", "private"),
        ("172.16.0.1", "private"),
        ("172.31.255.255", "private"),
        ("192.168.1.1", "private"),
        ("fc00::1", "private"),
        ("fd00:ec2::254", "private"),
        ("100.64.0.1", "shared"),
        ("100.100.100.200", "shared"),
        ("169.254.169.254", "link_local"),
        ("fe80::1", "link_local"),
        ("fe80::1%eth0", "link_local"),
        ("168.63.129.16", "metadata"),
        ("224.0.0.1", "multicast"),
        ("ff02::1", "multicast"),
        ("255.255.255.255", "reserved"),
        ("::ffff:127.0.0.1", "loopback"),
        ("::ffff:a9fe:a9fe", "link_local"),
        ("::127.0.0.1", "translation"),
        ("::ffff:0:127.0.0.1", "translation"),
        ("64:ff9b::7f00:1", "nat64"),
        ("64:ff9b:1::7f00:1", "nat64"),
        ("64:ff9b::808:808", "nat64"),
        ("2002:7f00:1::", "translation"),
        ("2001:0:4136:e378:8000:63bf:80ff:fffe", "special"),
        ("fec0::1", "private"),
        ("3fff::1", "documentation"),
        ("5f00::1", "special"),
        ("2001:db8::1", "documentation"),
        ("192.0.2.1", "documentation"),
        ("198.18.0.1", "benchmarking"),
        ("192.88.99.1", "translation"),
        ("4000::1", "unassigned"),
        ("nonsense", "unreadable"),
        ("127.1", "unreadable"),
    ],
)
def test_h01_to_h15_refused(address: str, reason: str) -> None:
    """Every form of an address that no feed has."""
    assert PLAIN.refuse(address) == reason


@pytest.mark.parametrize(
    "address",
    [
        *("8.8.8.8", "1.1.1.1", "172.15.255.255", "172.32.0.0", "100.63.255.255", "100.128.0.0", "168.63.129.15"),
        *("223.255.255.255", "2a00:1450:4001::1", "2606:4700::1111", "2001:200::1", "2003::1", "::ffff:8.8.8.8"),
    ],
)
def test_public_addresses_pass(address: str) -> None:
    """What is just outside of the refused networks, and well-known public ones."""
    assert PLAIN.refuse(address) is None


@pytest.mark.parametrize("network", [network for network, _ in (*DENIED_V4, *DENIED_V6, *NAMES_V6)])
def test_borders_are_refused(network: object) -> None:
    """First and last address of every network of the tables."""
    assert all(PLAIN.refuse(str(network[at])) for at in (0, -1))  # type: ignore[index]


def test_reasons_are_of_the_closed_set() -> None:
    """What a rule says is what metrics know."""
    words = {reason for _, reason in (*DENIED_V4, *DENIED_V6, *NAMES_V6)} | {"denied", "unassigned", "unreadable"}

    assert words <= REASONS["blocked_address"]


def test_allowed_and_denied_networks() -> None:
    """Denied beats allowed; an IPv4 network counts for the mapped form too."""
    rule = AddressRule.of(FetchSettings(allow_cidrs=("10.0.0.0/8",), deny_cidrs=("10.9.0.0/16", "8.8.8.0/24")))
    asked = ("10.1.1.1", "::ffff:10.1.1.1", "10.9.1.1", "8.8.8.8", "192.168.0.1")

    assert [rule.refuse(address) for address in asked] == [None, None, "denied", "denied", "private"]


def test_private_networks_can_be_opened() -> None:
    """For a closed test network; what is denied stays so."""
    rule = AddressRule.of(FetchSettings(allow_private=True, deny_cidrs=("169.254.0.0/16",)))

    assert [rule.refuse(address) for address in ("127.0.0.1", "fd00::1", "169.254.169.254")] == [None, None, "denied"]


def test_h13_nat64() -> None:
    """Only if asked for, and then judged by the address inside."""
    rule = AddressRule.of(FetchSettings(allow_nat64=True))

    assert rule.refuse("64:ff9b::808:808") is None
    assert rule.refuse("64:ff9b::7f00:1") == "loopback"
    assert rule.refuse("64:ff9b:1::808:808") == "nat64"


@pytest.mark.parametrize(
    ("prefix", "address"),
    [
        ("2a00:db8::/32", "2a00:db8:c0a8:101::"),
        ("2a00:db8:100::/40", "2a00:db8:1c0:a801:1::"),
        ("2a00:db8:122::/48", "2a00:db8:122:c0a8:1:100::"),
        ("2a00:db8:122:300::/56", "2a00:db8:122:3c0:a8:101::"),
        ("2a00:db8:122:344::/64", "2a00:db8:122:344:c0:a801:100::"),
        ("2a00:db8:122:344::/96", "2a00:db8:122:344::c0a8:101"),
    ],
)
def test_nat64_prefixes_of_the_network(prefix: str, address: str) -> None:
    """192.168.1.1 is found at the place RFC 6052 §2.2 gives for each length."""
    assert AddressRule.of(FetchSettings(nat64_prefixes=(prefix,))).refuse(address) == "private"
    assert PLAIN.refuse(address) is None


@pytest.mark.parametrize("field", ["allow_cidrs", "deny_cidrs", "nat64_prefixes"])
def test_networks_that_cannot_be_read(field: str) -> None:
    """A mistake of the operator is an error when the rule is made, not a hole."""
    with pytest.raises(ValueError):
        AddressRule.of(FetchSettings(**{field: ("2a00::/33x",)}))


def test_nat64_prefix_of_no_known_length() -> None:
    """RFC 6052 knows six lengths."""
    with pytest.raises(ValueError, match="96 bits"):
        AddressRule.of(FetchSettings(nat64_prefixes=("2a00::/33",)))


def _borders() -> list[Address]:
    networks = [network for network, _ in (*DENIED_V4, *DENIED_V6, *NAMES_V6)]
    edges = [int(network[at]) + step for network in networks for at in (0, -1) for step in (-1, 0, 1)]
    widths = [network.max_prefixlen for network in networks for _ in range(6)]
    return [
        IPv4Address(edge) if width == 32 else IPv6Address(edge)
        for edge, width in zip(edges, widths, strict=True)
        if 0 <= edge < 1 << width
    ]


def _random(seed: int) -> list[Address]:
    chance = Random(seed)
    anywhere = [IPv6Address(chance.getrandbits(128)) for _ in range(2500)]
    unicast = [IPv6Address(chance.getrandbits(125) | 1 << 125) for _ in range(2000)]
    wrapped = [
        IPv6Address(int(IPv6Address(prefix)) | chance.getrandbits(32))
        for prefix in ("::", "::ffff:0:0", "::ffff:0:0:0", "64:ff9b::", "64:ff9b:1::")
        for _ in range(100)
    ]
    return [IPv4Address(chance.getrandbits(32)) for _ in range(5000)] + anywhere + unicast + wrapped


def _antissrf_allows(policy: AntiSSRFPolicy, address: Address) -> bool:
    return bool(policy._is_str_ip_address_connection_allowed(str(address)))


def test_h34_as_strict_as_the_oracles() -> None:
    """Ten thousand addresses and every border: we refuse what either refuses, and more only where it is written."""
    policy = AntiSSRFPolicy(PolicyConfigOptions.EXTERNAL_ONLY_LATEST)
    for address in _borders() + _random(34):
        guarded, trusted = DEFAULT_DENIED.classify(address).blocked, _antissrf_allows(policy, address)
        outside = address.version == 6 and address not in GLOBAL
        if PLAIN.refuse(str(address)) is None:
            assert not guarded, address
            assert trusted, address
            continue
        assert guarded or outside or _within(address, STRICTER_THAN_SSRFGUARD), address
        assert not trusted or outside or _within(address, STRICTER_THAN_ANTISSRF), address


def _within(address: Address, networks: tuple[object, ...]) -> bool:
    return any(address in network for network in networks)  # type: ignore[operator]
