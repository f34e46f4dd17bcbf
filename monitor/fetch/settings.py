"""What an operator can say about fetching."""

from __future__ import annotations

from dataclasses import dataclass, field

from monitor.model.units import Duration, Ratio, Size

__all__ = ["FetchSettings", "Ratio"]


@dataclass(frozen=True, slots=True)
class FetchSettings:
    """Limits of one poll. All durations are seconds, all sizes bytes."""

    concurrency: int = 256
    """Polls in flight at once, over all hosts."""
    total_timeout: Duration = Duration(30)
    """A whole poll with all its redirects."""
    connect_timeout: Duration = Duration(10)
    """Connection and TLS handshake."""
    read_timeout: Duration = Duration(10)
    """Between two packets, and from the first byte to the end of the headers."""
    min_rate: Size = Size(1024)
    """Bytes a second, averaged, judged from the fifth second on: a drip never ends by itself."""
    max_body: Size = Size(10 << 20)
    """Of a document after decompression."""
    max_wire: Size = Size(5 << 20)
    """Of a compressed document as it is sent."""
    max_ratio: int = 200
    """Decoded to sent, once 1 MiB is decoded."""
    max_redirects: int = 5
    """In one poll; each hop is judged like a first request."""
    allow_cidrs: tuple[str, ...] = ()
    """Networks that may be reached although they are not public, for intranet feeds."""
    deny_cidrs: tuple[str, ...] = ()
    """Networks that must not be reached although they are public."""
    allow_private: bool = False
    """Switches the address rule off. For a closed test network only."""
    allow_nat64: bool = False
    """Follow addresses of the well-known NAT64 prefix, judged by the IPv4 address inside."""
    nat64_prefixes: tuple[str, ...] = ()
    """This network's own NAT64 prefixes; addresses in them are judged by the IPv4 address inside."""
    strict_dns: bool = False
    """Refuse a name that has any private address, instead of using its public ones."""
    allow_ports: tuple[int, ...] = ()
    """Besides 80, 443, 8080 and 8443."""
    allow_hosts: tuple[str, ...] = ()
    """Host names of a single label that may be asked."""
    proxy: str | None = None
    """HTTP proxy for all feeds. The proxy must then be the guard of addresses."""
    paused: bool = False
    """No feed is polled while this is true."""
    nameservers: tuple[str, ...] = ()
    """DNS servers to ask instead of the system's; `address` or `address:port`."""
    accept: str = field(
        default="application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, "
        "application/xml;q=0.8, text/xml;q=0.8, */*;q=0.1"
    )
    """The Accept header."""
