"""Whom we may ask: URL, port, address and redirect rules as pure predicates.

`adapters/http/guard.py` asks `Guard.refuse_address` about every socket, because only there the address is known that
will really be connected; the URL rule stops early what no connection should ever be tried for.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import quote, urljoin

import idna

from monitor.fetch.networks import AddressRule
from monitor.fetch.settings import FetchSettings
from monitor.model.poll import Failed, FailureKind, FetchRequest, Hop, Response

PORTS = frozenset((80, 443, 8080, 8443))
MAX_URL = 4096
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*):")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_\-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"\d+|0x[0-9a-f]*")
_UNSAFE = re.compile("[\x00-\x20\x7f-\xa0\\\\\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_DOTS = str.maketrans("\u3002\uff0e\uff61", "...")
_KEPT = "%!$&'()*+,;=:@/?~[]|^-._"


@dataclass(frozen=True, slots=True)
class Fault:
    """What went wrong, in the words of a `Failed` verdict."""

    kind: FailureKind
    reason: str
    detail: str = ""

    def verdict(self, response: Response = Response(), body_hash: str | None = None) -> Failed:
        """The verdict, with the facts known so far."""
        return Failed(self.kind, self.reason, self.detail, response, body_hash)


@dataclass(frozen=True, slots=True)
class Target:
    """A URL that passed the URL rule, in the one spelling that is sent, compared and stored."""

    url: str
    """ASCII, no userinfo, no fragment."""
    scheme: str
    host: str
    """Lower case, IDNA, no trailing dot, no brackets: the host key."""
    port: int

    @property
    def origin(self) -> tuple[str, str, int]:
        """What credentials belong to (RFC 6454)."""
        return (self.scheme, self.host, self.port)


@dataclass(frozen=True, slots=True)
class Guard:
    """The rules of one configuration."""

    addresses: AddressRule
    ports: frozenset[int]
    hosts: frozenset[str]
    max_redirects: int = 5

    @classmethod
    def of(cls, settings: FetchSettings) -> Guard:
        """Raises ValueError for networks that cannot be read. Ports below 1024 are never added."""
        return cls(
            addresses=AddressRule.of(settings),
            ports=PORTS | {port for port in settings.allow_ports if 1024 <= port <= 65535},
            hosts=frozenset(host.lower() for host in settings.allow_hosts),
            max_redirects=settings.max_redirects,
        )

    def refuse_address(self, address: str) -> str | None:
        """Why this address must not be connected to, one word; None = it may be."""
        return self.addresses.refuse(address)

    def check_url(self, url: str) -> Target | Fault:
        """The target a URL names, or `blocked_url` or `blocked_address` with the name of the rule."""
        target = read_url(url)
        if isinstance(target, Fault):
            return target
        if target.port not in self.ports:
            return _refused("port", f"Port {target.port} is not among the allowed ones (fetch.allow_ports).")
        return self._refuse_host(target.host) or target

    def follow(self, request: FetchRequest, hops: tuple[Hop, ...], location: str | None) -> Target | Fault:
        """Where a redirect leads; `hops` ends with the response that redirects. Userinfo in it is dropped."""
        here = hops[-1].url
        found = self._locate(here, location)
        if isinstance(found, Fault):
            return found
        if (
            here.startswith("https:")
            and found.scheme == "http"
            and (request.credentials or not request.allow_downgrade)
        ):
            return _refused("downgrade", "The redirect leaves TLS.")
        if any(hop.url == found.url for hop in hops):
            return Fault("http_status", "loop", "The redirects lead in a circle.")
        if len(hops) > self.max_redirects:
            return Fault("http_status", "too_many_hops", f"More than fetch.max_redirects = {self.max_redirects} hops.")
        return found

    def _locate(self, here: str, location: str | None) -> Target | Fault:
        text = (location or "").strip(" \t")
        if not text or text.startswith("[") or not text.isascii():
            return Fault("protocol", "location", "The redirect names no readable Location.")
        try:
            joined = urljoin(here, text.replace(" ", "%20"))
        except ValueError:
            return Fault("protocol", "location", "The redirect names no readable Location.")
        return self.check_url(_drop_userinfo(joined))

    def _refuse_host(self, host: str) -> Fault | None:
        literal = _literal(host)
        if literal is None and _is_numeric(host):
            return _refused("numeric_host", "An address must be written in full.")
        if host == "localhost" or host.endswith(".localhost"):  # RFC 6761 §6.3
            literal = "127.0.0.1"
        if literal is not None:
            reason = self.refuse_address(literal)
            return Fault("blocked_address", reason, f"{literal} is refused: {reason}.") if reason else None
        if "." not in host and host not in self.hosts:
            return _refused("single_label", "A host name without a dot must be listed in fetch.allow_hosts.")
        return None


def read_url(url: str) -> Target | Fault:
    """A URL in its one spelling, by the rules of writing alone: whether it may be asked is the guard's business."""
    split = _split(url)
    if isinstance(split, Fault):
        return split
    scheme, authority, rest = split
    default = 443 if scheme == "https" else 80
    host, port = _part_authority(authority, default)
    if port < 0:
        return _refused("port", "A port is a number from 1 to 65535.")
    name = _normalise_host(host)
    if isinstance(name, Fault):
        return name
    shown = f"[{name}]" if ":" in name else name
    suffix = "" if port == default else f":{port}"
    path = quote(rest if rest.startswith("/") else "/" + rest, safe=_KEPT)
    return Target(f"{scheme}://{shown}{suffix}{path}", scheme, name, port)


def origin_of(url: str) -> tuple[str, str, int] | None:
    """Scheme, host and port of a URL; None if it has none."""
    target = read_url(url)
    return target.origin if isinstance(target, Target) else None


def split_userinfo(url: str) -> tuple[str, str | None]:
    """A URL without its userinfo, and the userinfo as it stands there (`user:password`)."""
    found = _SCHEME.match(url)
    if found is None or not url.startswith("//", found.end()):
        return url, None
    start = found.end() + 2
    end = next((at for at in range(start, len(url)) if url[at] in "/?#\\"), len(url))
    userinfo, at, host = url[start:end].rpartition("@")
    return (url[:start] + host + url[end:], userinfo) if at else (url, None)


def _drop_userinfo(url: str) -> str:
    return split_userinfo(url)[0]


def _split(url: str) -> tuple[str, str, str] | Fault:
    """Scheme, authority and the rest without its fragment."""
    if len(url) > MAX_URL:
        return _refused("too_long", f"The URL has more than {MAX_URL} characters.")
    if _UNSAFE.search(url):
        return _refused("characters", "The URL holds blanks, controls or a backslash.")
    found = _SCHEME.match(url)
    if found is None or (scheme := found[1].lower()) not in ("http", "https"):
        return _refused("scheme", "Only http and https are fetched.")
    if not url.startswith("//", found.end()):
        return _refused("syntax", "The URL names no host.")
    rest = url[found.end() + 2 :].partition("#")[0]
    end = next((at for at, char in enumerate(rest) if char in "/?"), len(rest))
    if "@" in rest[:end]:
        return _refused("userinfo", "User and password belong into auth_file.")
    return scheme, rest[:end], rest[end:]


def _part_authority(authority: str, default: int) -> tuple[str, int]:
    """Host and port; the port is -1 if it is none."""
    if authority.startswith("[") and "]" not in authority:
        return authority, default
    close = authority.find("]") + 1 if authority.startswith("[") else 0
    host, colon, port = authority[close:].partition(":")
    if colon and port and not (port.isascii() and port.isdigit() and len(port) <= 5):
        return authority, -1
    number = int(port) if port else default
    return authority[:close] + host, number if 0 < number <= 65535 else -1


def _normalise_host(host: str) -> str | Fault:
    """Lower case, IDNA 2008 after UTS 46, without brackets and trailing dot."""
    if host.startswith("["):
        return _normalise_v6(host)
    plain = unicodedata.normalize("NFKC", host.translate(_DOTS)).lower().translate(_DOTS).removesuffix(".")
    try:
        name = plain if plain.isascii() else idna.encode(plain, uts46=True).decode()
    except (idna.IDNAError, UnicodeError):
        name = ""
    labels = name.split(".")
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        return _refused("host", "The URL names no host that could exist.")
    return name


def _normalise_v6(host: str) -> str | Fault:
    try:
        return IPv6Address(host[1:-1].partition("%")[0] if host.endswith("]") else "").compressed
    except ValueError:
        return _refused("host", "The brackets hold no IPv6 address.")


def _literal(host: str) -> str | None:
    if ":" in host:
        return host
    try:
        return str(IPv4Address(host))
    except ValueError:
        return None


def _is_numeric(host: str) -> bool:
    """Whether browsers and resolvers would take it for an IPv4 address (WHATWG URL, "ends in a number")."""
    return _NUMBER.fullmatch(host.rpartition(".")[2]) is not None


def _refused(reason: str, detail: str) -> Fault:
    return Fault("blocked_url", reason, detail)
