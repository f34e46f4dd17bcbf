"""The table of formats."""

from __future__ import annotations

import pytest

from monitor.parse.formats import FORMATS
from monitor.parse.formats.names import ATOM_SPACES, RDF, RSS_SPACES, split, word_for

ROOTS = [(space, local) for space in (*RSS_SPACES, *ATOM_SPACES, RDF, "urn:x") for local in ("rss", "feed", "RDF", "x")]


@pytest.mark.parametrize(("space", "local"), ROOTS)
def test_no_two_formats_claim_one_document(space: str, local: str) -> None:
    """Whatever the order of the table."""
    assert sum(known.sniff(space, local) for known in FORMATS) <= 1


@pytest.mark.parametrize(
    ("space", "local", "name"),
    [("", "rss", "rss"), (ATOM_SPACES[0], "feed", "atom"), (RDF, "RDF", "rdf"), ("", "feed", None), ("", "RSS", None)],
)
def test_who_reads_what(space: str, local: str, name: str | None) -> None:
    """By namespace and name of the root."""
    assert next((known.name for known in FORMATS if known.sniff(space, local)), None) == name


@pytest.mark.parametrize(
    ("tag", "prefix", "word"),
    [
        ("title", None, "title"),
        ("item", None, "entry"),
        ("{http://www.w3.org/2005/Atom}link", "atom", "atom:link"),
        ("{http://search.yahoo.com/mrss/}title", "media", None),
        ("{http://purl.org/dc/elements/1.1/}creator", "x", "author"),
        ("{urn:misspelt}creator", "dc", "author"),
        ("{urn:misspelt}link", "atom", "atom:link"),
        ("{urn:x}title", "x", None),
        ("{urn:x}item", "rss", None),
    ],
)
def test_word_for(tag: str, prefix: str | None, word: str | None) -> None:
    """By namespace; a module whose namespace is misspelt by its usual prefix."""
    assert word_for(tag, prefix) == word


def test_split() -> None:
    """Clark notation and plain."""
    assert (split("{urn:x}a"), split("a")) == (("urn:x", "a"), ("", "a"))
