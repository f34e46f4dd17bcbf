"""What stands before the root."""

from __future__ import annotations

import pytest

from monitor.parse.prolog import skip_prolog


@pytest.mark.parametrize(
    "prolog",
    [
        "",
        " \n\ufeff",
        '<?xml version="1.0"?>',
        '<?xml version="1.0"?>\n<?xml-stylesheet href="a.css"?>\n',
        "<!-- a > b --><!---->",
        '<!DOCTYPE rss SYSTEM "x.dtd">',
        '<!doctype rss [<!ENTITY a "b">\n<!ELEMENT rss ANY>] >',
    ],
)
def test_the_prolog_is_skipped(prolog: str) -> None:
    """Up to the root's `<`."""
    assert (prolog + "<rss><!-- x --></rss>")[
        skip_prolog(prolog + "<rss><!-- x --></rss>") :
    ] == "<rss><!-- x --></rss>"


@pytest.mark.parametrize("text", ["<!-- never closed <rss>", "<?xml never closed", "<!DOCTYPE rss [ <!ENTITY", "words"])
def test_what_is_not_closed_is_no_prolog(text: str) -> None:
    """The parser shall say what is wrong with it."""
    assert skip_prolog(text) == 0


def test_the_doctype_of_a_page_stays() -> None:
    """It tells a page from a feed."""
    assert skip_prolog("\n<!DOCTYPE html><html>") == 1
