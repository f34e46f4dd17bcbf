"""Links in one form: `canonical` is published and safe to fetch, `url_key` and `guid_twin` are only compared.

The rules are rows of `monitor/data/tracking.txt`; syntax follows RFC 3986 (6.2.2, 6.2.3) and IDNA 2008 with UTS 46.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

import idna

from monitor import data

URL_LIMIT = 4096
"""Characters; a longer link is dropped."""

_FORBIDDEN = re.compile("[\x00-\x20\x7f-\xa0\u2028\u2029\ud800-\udfff]")
_HOST = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_-])?\Z")
_IPV6 = re.compile(r"[0-9a-f:.]+\Z")
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})?")
_UNSAFE_IN_PATH = re.compile(r"[^A-Za-z0-9\-._~!$&'()*+,;=:@/%]+")
_UNSAFE_IN_QUERY = re.compile(r"[^A-Za-z0-9\-._~!$&'()*+,;=:@/?%]+")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_SLASHES = re.compile(r"(?<!:)/{2,}")
_DRESS_HOST = re.compile(r"(?:www|m|mobile|amp)\.(?=[^.]+\.)")
_DRESS_PATH = re.compile(r"(?:/amp|/)+\Z|\.amp(?=\.html?\Z)")


@dataclass(slots=True)
class _Rules:
    """The rows of the data file, by what they do."""

    names: set[str] = field(default_factory=set)
    prefixes: tuple[str, ...] = ()
    by_host: dict[str, set[str]] = field(default_factory=dict)
    dress: set[str] = field(default_factory=set)
    targets: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    session: re.Pattern[str] = field(default_factory=lambda: re.compile(r"(?!)"))


def canonical(url: str, base: str = "") -> str | None:
    """The absolute http or https URL that `url` means below `base`, without what only tracks; None if it is no link.

    Default port, userinfo, trailing dot of the host, session ids, doubled slashes and the fragment (but `#!`) go; the
    query is sorted by name; redirectors that name their target are resolved. Doing it twice changes nothing.
    """
    found = _canonical_once(url, base)
    while found is not None and (target := _target(found)) is not None:
        inner = _canonical_once(target, "")
        if inner is None or len(inner) >= len(found):
            break
        found = inner
    return found


def strict(url: str, base: str = "") -> str | None:
    """`canonical` with fragment and query as they are: for feeds whose items differ in nothing else."""
    found = absolute(url, base)
    if found is None:
        return None
    fragment = _escape(url.partition("#")[2].strip(), _UNSAFE_IN_QUERY)
    return f"{found}#{fragment}" if fragment else found


def url_key(url: str) -> str:
    """What two addresses of one page have in common; `url` is a canonical one."""
    parts = urlsplit(url)
    host = _DRESS_HOST.sub("", parts.netloc, count=1)
    path = _DRESS_PATH.sub("", parts.path)
    rules = _rules()
    query = "&".join(sorted(pair for pair in parts.query.split("&") if pair and pair not in rules.dress))
    return host + path + (f"?{query}" if query else "") + (f"#{parts.fragment}" if parts.fragment else "")


def guid_twin(guid: str) -> str:
    """What a guid has in common with its twins: if it is a URL, without scheme, `www.`, tracking and trailing slash.

    The fragment stays: `#post-7` may be all that tells two guids apart.
    """
    guid = guid.strip()
    if not guid[:8].lower().startswith(("http://", "https://")):
        return guid
    plain, mark, fragment = guid.partition("#")
    found = _canonical_once(plain, "")
    if found is None:
        return guid
    _, _, rest = found.partition("://")
    return rest.removeprefix("www.").replace("/?", "?").rstrip("/") + mark + fragment


def absolute(url: str, base: str = "") -> str | None:
    """The http or https URL that `url` means below `base`, query as it is: for files whose address may be signed."""
    found = _resolved(url, base)
    if found is None:
        return None
    parts, site = found
    query = f"?{_escape(parts.query, _UNSAFE_IN_QUERY)}" if parts.query else ""
    whole = f"{site}{_escape(parts.path, _UNSAFE_IN_PATH) or '/'}{query}"
    return whole if len(whole) <= URL_LIMIT else None


def _canonical_once(url: str, base: str) -> str | None:
    found = _resolved(url, base)
    if found is None:
        return None
    parts, site = found
    whole = site + _path(parts.path) + _query(parts.query, parts.hostname or "")
    whole += f"#{_escape(parts.fragment, _UNSAFE_IN_QUERY)}" if parts.fragment.startswith("!") else ""
    return whole if len(whole) <= URL_LIMIT else None


def _resolved(url: str, base: str) -> tuple[SplitResult, str] | None:
    """The parts of an absolute http or https URL, and its scheme and host in their one form."""
    url = url.strip("\t\n\r\f ")
    if not url or len(url) > URL_LIMIT or _FORBIDDEN.search(url):
        return None
    try:
        parts = urlsplit(urljoin(base, url))
        host, port = _host(parts.hostname or ""), parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or host is None:
        return None
    return parts, f"{parts.scheme}://{host}{_port(parts.scheme, port)}"


def _host(host: str) -> str | None:
    host = host.rstrip(".")
    if ":" in host:
        return f"[{host.lower()}]" if _IPV6.match(host.lower()) else None
    if len(host) > 253:
        return None
    if not host.isascii():
        try:
            host = idna.encode(host, uts46=True, transitional=False).decode("ascii")
        except (idna.IDNAError, UnicodeError):
            return None
    host = host.lower()
    return host if _HOST.match(host) and ".." not in host else None


def _port(scheme: str, port: int | None) -> str:
    return "" if port is None or port == {"http": 80, "https": 443}[scheme] else f":{port}"


def _path(path: str) -> str:
    path = _escape(_rules().session.sub("", path), _UNSAFE_IN_PATH)
    return _without_dots(_SLASHES.sub("/", path)) or "/"


def _without_dots(path: str) -> str:
    """RFC 3986, 5.2.4, for a path that begins with a slash."""
    if "/." not in path:
        return path
    kept: list[str] = []
    segments = path.split("/")[1:]
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in (".", ".."):
        kept.append("")
    return "/" + "/".join(kept)


def _query(query: str, host: str) -> str:
    pairs = [pair for pair in _escape(query, _UNSAFE_IN_QUERY).split("&") if pair and not _tracks(pair, host)]
    pairs.sort(key=lambda pair: pair.partition("=")[0])
    return "?" + "&".join(pairs) if pairs else ""


def _tracks(pair: str, host: str) -> bool:
    name = pair.partition("=")[0]
    rules = _rules()
    if name.lower() in rules.names or name.lower().startswith(rules.prefixes):
        return True
    return any(name in rules.by_host.get(domain, ()) for domain in _domains(host))


def _domains(host: str) -> Iterable[str]:
    """`a.b.c`, `b.c`, `c`."""
    while host:
        yield host
        host = host.partition(".")[2]


def _escape(text: str, unsafe: re.Pattern[str]) -> str:
    """Escapes in their one form: unreserved characters plain, hex digits in capitals, a stray `%` escaped."""
    if "%" in text:
        text = _ESCAPE.sub(_one_escape, text)
    return unsafe.sub(lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode()), text)


def _one_escape(found: re.Match[str]) -> str:
    if found[1] is None:
        return "%25"
    char = chr(int(found[1], 16))
    return char if char in _UNRESERVED else f"%{found[1].upper()}"


def _target(url: str) -> str | None:
    """Where a redirector with its target in the query leads."""
    parts: SplitResult = urlsplit(url)
    for domain in _domains(parts.netloc):
        for path, name in _rules().targets.get(domain, ()):
            if parts.path.startswith(path):
                for pair in parts.query.split("&"):
                    key, _, value = pair.partition("=")
                    if key == name and value[:4].lower() == "http":
                        return unquote(value)
    return None


@cache
def _rules() -> _Rules:
    rules, sessions = _Rules(), []
    for line in data.lines("tracking.txt"):
        match line.split():
            case ["drop", name, "at", host]:
                rules.by_host.setdefault(host, set()).add(name)
            case ["drop", name] if name.endswith("*"):
                rules.prefixes += (name[:-1],)
            case ["drop", name]:
                rules.names.add(name)
            case ["session", name]:
                sessions.append(name)
            case ["amp", pair]:
                rules.dress.add(pair)
            case ["target", host, path, name]:
                rules.targets.setdefault(host, []).append((path, name))
            case _:
                raise ValueError(f"tracking.txt: no such rule: {line}")
    rules.session = re.compile(rf";(?:{'|'.join(sessions)})=[^;/?#]*", re.IGNORECASE)
    return rules
