"""Lists of feeds in every form."""

from __future__ import annotations

import pytest

from monitor.cli.lists import COLUMNS, as_entry, read_list, sorted_out, write_csv, write_yaml
from monitor.config import feeds, opml
from monitor.model.feed import FeedOverrides, FeedSpec, Interval
from monitor.model.ids import FeedId

FULL = FeedSpec(
    FeedId("full"), "https://full.example/feed", name="=cmd()", language="fr", country="FR", tags=("a", "b"),
    cls="news", interval=Interval(90.0, 7200.0), watches=("x",), filter="port", paused=True, owner="o", notes="n",
    overrides=FeedOverrides(zone="Europe/Paris", ignore_skip=True),
)  # fmt: skip


def test_what_is_written_as_yaml_is_read_as_it_was():
    """Every key."""
    found, wrong = feeds.read("f.yaml", write_yaml([FULL]), "polite")
    assert (wrong, [one.spec for one in found]) == ([], [FULL])


def test_h173_cells_are_inert_and_come_back():
    """A name that a spreadsheet would compute stands behind an apostrophe, and is read without it."""
    text = write_csv([FULL])
    assert "'=cmd()" in text
    (one,), wrong = read_list("f.csv", text, "polite")
    assert wrong == []
    for name in ("id", "url", "name", "language", "country", "tags", "cls", "paused", "owner", "notes"):
        assert getattr(one.spec, name) == getattr(FULL, name)
    assert text.splitlines()[0] == ",".join(COLUMNS)


def test_opml_is_read_with_its_lines():
    """The list every reader exports."""
    (one,), wrong = read_list("f.opml", opml.write([FULL]), "polite")
    assert (one.spec.url, one.line, wrong) == (FULL.url, 6, [])


@pytest.mark.parametrize(
    "text", ["https://a.example/f\n# note\n\njavascript:x\n", "name,url\nA,https://a.example/f\n,\nB,ftp://b.example\n"]
)
def test_h188_lines_that_hold_no_feed_are_named(text):
    """The others are kept."""
    found, wrong = read_list("f.txt", text, "polite")
    assert [(one.spec.url, one.line) for one in found] in ([("https://a.example/f", 1)], [("https://a.example/f", 2)])
    assert [problem.line for problem in wrong] == [4]


def test_what_is_known_is_told_apart_from_what_is_new():
    """By URL; another feed's id is no place for a new one; a list may say a thing twice."""
    text = "id,url\nfull,https://other.example/\nx,https://full.example/feed\ny,https://new.example/\nz,https://new.example/\n"
    found, wrong = read_list("f.csv", text, "polite")
    fresh, rows = sorted_out(found, wrong, [FULL])
    assert [one.spec.id for one in fresh] == ["y"]
    assert [(row["line"], row["result"]) for row in rows] == [(2, "refused"), (3, "known"), (5, "known")]


def test_an_entry_has_only_what_differs():
    """Id and URL always."""
    assert as_entry(FeedSpec(FeedId("a"), "https://a.example/")) == {
        "id": "a",
        "url": "https://a.example/",
        "class": "polite",
    }
