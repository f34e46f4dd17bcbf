"""`lang:` and its kin: what is known about the article as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from functools import lru_cache

from monitor import data
from monitor.match.fold import fold_words
from monitor.match.languages import UNKNOWN, language_group
from monitor.match.operators.base import Example, Operator
from monitor.model.watch import Text

METADATA: Mapping[str, str] = {
    "lang": "lang",
    "source": "source",
    "domain": "domain",
    "site": "domain",
    "country": "country",
}
"""Fields whose tests are of the whole value, by their spellings."""

SHARES: Mapping[str, float] = {"lang": 0.2, "country": 0.2, "source": 0.02, "domain": 0.02}
"""Expected share of articles that such a test is true of: never worth a search where words are named too."""


def plain_value(name: str, written: str, folded: str) -> str:
    """A value as it is compared."""
    if name == "lang":
        return written.replace("_", "-").split("-")[0].lower()
    if name == "domain":
        return _ascii_host(written.lower().strip("."))
    return written.lower() if name == "country" else folded


def objection(name: str, value: str) -> str:
    """What is wrong with a value, as one reads it behind "there is"; empty if nothing is."""
    if name == "lang":
        known = len(value) == 3 if len(value) != 2 else value in _codes("languages")
        good = known and value.isascii() and value.isalpha() and value not in UNKNOWN
        return "" if good else f"no language {value}"
    if name == "country":
        return "" if value.upper() in _codes("countries") else f"no country {value}"
    if name == "domain" and (not value or set(value) & set(" /@:")):
        return f"no host {value}"
    return ""


KINDS = frozenset(SHARES)


def known_values(text: Text, kinds: AbstractSet[str] = KINDS) -> Iterator[tuple[str, str]]:
    """All that is true of an article, as the tests are keyed; what is not known is in none. Only of these kinds."""
    if "lang" in kinds:
        language = plain_value("lang", text.language, "")
        yield from (("lang", code) for code in {language, language_group(language)} - UNKNOWN)
    if "source" in kinds:
        yield from (("source", folded) for folded in _folded(text.sources))
    if "country" in kinds and text.country:
        yield "country", text.country.lower()
    if "domain" in kinds:
        labels = host_of(text.url).split(".")
        yield from (("domain", ".".join(labels[at:])) for at in range(len(labels)) if labels[at])


@lru_cache(maxsize=1024)
def _folded(sources: tuple[str, ...]) -> tuple[str, ...]:
    """Names of sources as they are compared: the same ones with every article of a feed."""
    return fold_words([name for name in sources if name])


def host_of(url: str) -> str:
    """The host of a URL; empty if it has none."""
    _, mark, rest = url.partition("://")
    if not mark:
        return ""
    authority = rest.replace("?", "/").replace("#", "/").split("/")[0]
    host = authority.rpartition("@")[2]
    return _ascii_host(host.rpartition(":")[0 if ":" in host else 2].lower().strip("."))


def _ascii_host(host: str) -> str:
    """A host as addresses of articles have it: `münchen.de` is `xn--mnchen-3ya.de`."""
    if host.isascii():
        return host
    import idna

    try:
        return idna.encode(host, uts46=True, transitional=False).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        return host


def _codes(name: str) -> frozenset[str]:
    return frozenset(word for line in data.lines(f"codes/{name}.txt") for word in line.split())


OPERATOR = Operator(
    name="metadata",
    syntax="lang:a, source:a, domain:a (site:a), country:a",
    power=40,
    summary="of the article as a whole: its language, the id or name of its feed or source, the host of its address or"
    " the end of it, the country of its feed; what is not known makes the test false",
    examples=(
        Example("drone AND lang:en", False),
        Example("drone AND NOT lang:en", True),
        Example("drone AND domain:example.org", True),
        Example("drone AND site:ample.org", False),
        Example('drone AND source:"The Example"', True),
        Example("drone AND country:ua", True),
        Example("drone AND NOT country:(ua OR de)", False),
    ),
)
