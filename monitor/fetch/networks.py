"""Which addresses are never the address of a feed: the address rule of the guard, as tables with a reason each.

Not `ipaddress.is_global`: Python 3.11 calls 224.0.0.1, fec0::1, ::127.0.0.1, 64:ff9b::7f00:1, 2002:7f00:1::,
192.88.99.1 and 3fff::1 global. IANA's special-purpose registries are the source, stricter where no feed can live.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from monitor.fetch.settings import FetchSettings

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

DENIED_V4: tuple[tuple[IPv4Network, str], ...] = tuple(
    (IPv4Network(cidr), reason)
    for cidr, reason in (
        ("0.0.0.0/8", "unspecified"),  # reaches loopback on Linux
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "shared"),  # carrier NAT; metadata services of some clouds
        ("127.0.0.0/8", "loopback"),
        ("169.254.0.0/16", "link_local"),  # metadata services of most clouds
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "special"),
        ("192.0.2.0/24", "documentation"),
        ("192.31.196.0/24", "anycast"),  # AS112: formally global, no feed lives there
        ("192.52.193.0/24", "anycast"),  # AMT relays
        ("192.88.99.0/24", "translation"),  # 6to4 relays
        ("192.168.0.0/16", "private"),
        ("192.175.48.0/24", "anycast"),  # AS112
        ("198.18.0.0/15", "benchmarking"),
        ("198.51.100.0/24", "documentation"),
        ("203.0.113.0/24", "documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),  # broadcast too
        ("168.63.129.16/32", "metadata"),  # the host agent of one cloud, on a public number
    )
)
"""IPv4 networks that are refused."""

GLOBAL_V6 = IPv6Network("2000::/3")
"""All IPv6 that is assigned to the public; whatever is outside is refused, also what is assigned next."""

DENIED_V6: tuple[tuple[IPv6Network, str], ...] = tuple(
    (IPv6Network(cidr), reason)
    for cidr, reason in (
        ("2001::/23", "special"),  # Teredo, ORCHID, benchmarking, anycast services
        ("2001:db8::/32", "documentation"),
        ("2002::/16", "translation"),  # 6to4, whatever it wraps
        ("2620:4f:8000::/48", "anycast"),  # AS112
        ("3fff::/20", "documentation"),
    )
)
"""IPv6 networks inside `GLOBAL_V6` that are refused."""

NAMES_V6: tuple[tuple[IPv6Network, str], ...] = tuple(
    (IPv6Network(cidr), reason)
    for cidr, reason in (
        ("::/128", "unspecified"),
        ("::1/128", "loopback"),
        ("::/96", "translation"),  # IPv4-compatible
        ("::ffff:0:0:0/96", "translation"),  # IPv4-translated
        ("64:ff9b::/96", "nat64"),
        ("64:ff9b:1::/48", "nat64"),
        ("100::/64", "discard"),
        ("5f00::/16", "special"),  # segment routing
        ("fc00::/7", "private"),
        ("fe80::/10", "link_local"),
        ("fec0::/10", "private"),  # site-local
        ("ff00::/8", "multicast"),
    )
)
"""What is outside `GLOBAL_V6`, by name, so that the operator reads the reason."""

NAT64 = IPv6Network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class AddressRule:
    """The networks of one configuration, read once."""

    allowed: tuple[Network, ...] = ()
    denied: tuple[Network, ...] = ()
    nat64: tuple[IPv6Network, ...] = ()
    private: bool = False

    @classmethod
    def of(cls, settings: FetchSettings) -> AddressRule:
        """Raises ValueError for what is no network, and for a NAT64 prefix of a length RFC 6052 does not know."""
        nat64 = tuple(_prefix(cidr) for cidr in settings.nat64_prefixes)
        return cls(
            allowed=tuple(ip_network(cidr, strict=False) for cidr in settings.allow_cidrs),
            denied=tuple(ip_network(cidr, strict=False) for cidr in settings.deny_cidrs),
            nat64=(*nat64, NAT64) if settings.allow_nat64 else nat64,
            private=settings.allow_private,
        )

    def refuse(self, text: str) -> str | None:
        """Why this address must not be reached, one word; None = it may be. What is no address is `unreadable`."""
        try:
            address = ip_address(text.partition("%")[0])
        except ValueError:
            return "unreadable"
        return self._judge(self._unwrap(address))

    def _unwrap(self, address: Address) -> Address:
        """The IPv4 address that packets to an IPv4-mapped or a known NAT64 address arrive at."""
        if isinstance(address, IPv4Address):
            return address
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        prefix = next((prefix for prefix in self.nat64 if address in prefix), None)
        return address if prefix is None else _embedded(address, prefix)

    def _judge(self, address: Address) -> str | None:
        if _within(address, self.denied):
            return "denied"
        if self.private or _within(address, self.allowed):
            return None
        return _named(address, DENIED_V4) if isinstance(address, IPv4Address) else _refuse_v6(address)


def _refuse_v6(address: IPv6Address) -> str | None:
    if address in GLOBAL_V6:
        return _named(address, DENIED_V6)
    return _named(address, NAMES_V6) or "unassigned"


def _named(address: Address, table: Iterable[tuple[Network, str]]) -> str | None:
    return next((reason for network, reason in table if address in network), None)


def _within(address: Address, networks: Iterable[Network]) -> bool:
    return any(address in network for network in networks)


def _prefix(cidr: str) -> IPv6Network:
    """A NAT64 prefix (RFC 6052 §2.2). Raises ValueError."""
    network = IPv6Network(cidr, strict=False)
    if network.prefixlen not in (32, 40, 48, 56, 64, 96):
        raise ValueError(f"{cidr}: a NAT64 prefix has 32, 40, 48, 56, 64 or 96 bits")
    return network


def _embedded(address: IPv6Address, prefix: IPv6Network) -> IPv4Address:
    """The IPv4 address inside; bits 64 to 71 never belong to it (RFC 6052 §2.2)."""
    packed, start = address.packed, prefix.prefixlen // 8
    if prefix.prefixlen == 96:
        return IPv4Address(packed[12:])
    return IPv4Address((packed[:8] + packed[9:])[start : start + 4])
