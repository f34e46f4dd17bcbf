"""Which host a URL speaks to, and which shard owns that host."""

from __future__ import annotations

from functools import cache, lru_cache
from ipaddress import ip_address
from urllib.parse import urlsplit

import idna
from publicsuffixlist import PublicSuffixList

from monitor.model.ids import HostKey, ShardId

SEED, MULTIPLIER, MASK = 0x9747B28C, 0x5BD1E995, 0xFFFFFFFF


@lru_cache(maxsize=65536)
def host_key(url: str) -> HostKey:
    """The unit of politeness: lower case, IDNA to ASCII, no trailing dot, no port. Never raises; `` for no host.

    >>> host_key("https://Feeds.Example.ORG.:8443/rss")
    'feeds.example.org'
    """
    try:
        host = (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return HostKey("")
    return HostKey(host if host.isascii() else _to_ascii(host))


def shard_of(host: HostKey, shards: int) -> ShardId:
    """The shard that owns this host: murmur2 of its bytes modulo `shards`, as Kafka's own partitioner has it."""
    return ShardId((murmur2(host.encode()) & 0x7FFFFFFF) % shards)


def elsewhere(url: str, shard: ShardId, shards: int) -> ShardId | None:
    """The shard that a feed asked at this URL belongs to, if it is not this one; one shard alone keeps everything."""
    home = shard_of(host_key(url), shards)
    return home if shards > 1 and home != shard else None


@lru_cache(maxsize=65536)
def registrable_domain(host: HostKey) -> str:
    """The name somebody registered (ICANN part of the public suffix list); an address or a bare suffix is its own."""
    if _is_address(host):
        return host
    return _suffixes().privatesuffix(host) or host


def murmur2(data: bytes) -> int:
    """MurmurHash2, 32 bits, little-endian, with the seed of Kafka's clients."""
    whole = len(data) & ~3
    value = SEED ^ len(data)
    for start in range(0, whole, 4):
        word = (int.from_bytes(data[start : start + 4], "little") * MULTIPLIER) & MASK
        word = ((word ^ (word >> 24)) * MULTIPLIER) & MASK
        value = ((value * MULTIPLIER) & MASK) ^ word
    if rest := data[whole:]:
        value = ((value ^ int.from_bytes(rest, "little")) * MULTIPLIER) & MASK
    value = ((value ^ (value >> 13)) * MULTIPLIER) & MASK
    return value ^ (value >> 15)


def _to_ascii(host: str) -> str:
    """IDNA 2008 after UTS 46 mapping; what it refuses keeps its own spelling, so that it is still one host."""
    try:
        return idna.encode(host, uts46=True, transitional=False).decode().rstrip(".")
    except idna.IDNAError:
        return host


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


@cache
def _suffixes() -> PublicSuffixList:
    """Read when first needed: parsing the list takes a tenth of a second."""
    return PublicSuffixList(only_icann=True)
