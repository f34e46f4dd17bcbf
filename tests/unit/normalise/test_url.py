"""Links in their one form."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from w3lib.url import canonicalize_url

from monitor.normalise.url import URL_LIMIT, absolute, canonical, guid_twin, strict, url_key

CASES = Path(__file__).parents[2] / "corpus" / "url"


def rows(name: str) -> list[Any]:
    return yaml.safe_load((CASES / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", rows("canonical.yaml"), ids=lambda case: case["url"][:60])
def test_canonical(case: dict[str, Any]) -> None:
    """Each rule of canonical URLs, as data; the result is its own canonical form."""
    found = canonical(case["url"], case.get("base", ""))

    assert found == case["expect"]
    assert found is None or canonical(found) == found


@pytest.mark.parametrize("same", rows("keys.yaml"), ids=lambda same: same[0])
def test_url_key_of_one_page(same: list[str]) -> None:
    """Scheme, mobile and AMP dress, trailing slash and tracking do not make another page."""
    assert len({url_key(canonical(url) or "") for url in same}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://example.org/a", "https://example.org/b"),
        ("https://example.org/?p=1", "https://example.org/?p=2"),
        ("https://a.example.org/", "https://b.example.org/"),
        ("https://example.org/#!/a", "https://example.org/#!/b"),
        ("https://www.org/a", "https://m.org/a"),
        ("https://example.org/a", "https://example.org/A"),
    ],
)
def test_url_key_of_other_pages(one: str, other: str) -> None:
    """What may be another page keeps another key."""
    assert url_key(canonical(one) or "") != url_key(canonical(other) or "")


@pytest.mark.parametrize("same", rows("twins.yaml"), ids=lambda same: same[0].strip())
def test_guid_twins(same: list[str]) -> None:
    """Twins of a guid have one form."""
    assert len({guid_twin(guid) for guid in same}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://example.org/live#post-7", "https://example.org/live#post-8"),
        ("https://example.org/?p=7", "https://example.org/?p=8"),
        ("yt:video:aBc", "yt:video:abc"),
        ("http://[broken/a", "http://[broken/b"),
    ],
)
def test_guids_that_are_no_twins(one: str, other: str) -> None:
    """A fragment, a query, or case may be all that tells two guids apart."""
    assert guid_twin(one) != guid_twin(other)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/b/../a?z=1&y=2#x",
        "http://example.org/%7Ea/%c3%a9",
        "http://example.org/a?q=é",
        "http://bücher.example/ü?a=b",
        "http://EXAMPLE.org/a/./b/",
        "http://example.org/a?b=1&a=2&c=",
    ],
)
def test_agrees_with_w3lib(url: str) -> None:
    """Where our rules are the usual ones, the usual library says the same."""
    assert canonical(url) == canonicalize_url(url)


def test_h152_relative_and_foreign_bases() -> None:
    """Relative links, links below a base on another host, and links without scheme become absolute."""
    base = "https://cdn.example.net/x/"

    assert canonical("a.html", base) == "https://cdn.example.net/x/a.html"
    assert canonical("//host.example/a", base) == "https://host.example/a"
    assert canonical("?p=1", base) == "https://cdn.example.net/x/?p=1"


@pytest.mark.parametrize(
    "url", ["javascript:x", "JaVaScRiPt:x", "data:,x", "file:///x", "https://a/\nb", "\x00https://a/"]
)
def test_h153_dangerous_links(url: str) -> None:
    """No scheme but http and https, and nothing with controls or blanks inside, is a link."""
    assert canonical(url, "https://example.org/") is None
    assert absolute(url, "https://example.org/") is None


def test_too_long() -> None:
    """A link beyond 4,096 characters is dropped, also if escaping made it so."""
    assert canonical("https://example.org/" + "a" * URL_LIMIT) is None
    assert canonical("https://example.org/" + "é" * 2000) is None
    assert absolute("https://example.org/" + "é" * 2000) is None


def test_absolute_keeps_the_query() -> None:
    """The address of a file may be signed, so its query keeps order and names; credentials and fragment go."""
    found = absolute("/f.mp3?utm_source=x&b=2&a=1#t=3", "https://user:pw@example.org/")

    assert found == "https://example.org/f.mp3?utm_source=x&b=2&a=1"


def test_redirector_that_leads_nowhere() -> None:
    """A redirector whose target is no link stays as it is."""
    url = "https://www.google.com/url?q=https%3A%2F%2Fa%20b%2F"

    assert canonical(url) == url.replace("www.google", "www.google")


def test_strict() -> None:
    """The strict form keeps query and fragment, and is a link or none like the other."""
    assert strict("/live?utm_x=1&a#post-ü", "https://www.example.org:443/") == (
        "https://www.example.org/live?utm_x=1&a#post-%C3%BC"
    )
    assert strict("https://example.org/a#") == "https://example.org/a"
    assert strict("javascript:x#y") is None
