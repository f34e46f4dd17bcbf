"""The piece of text beside an alert."""

from __future__ import annotations

from monitor.model.watch import Hit
from monitor.publish.snippet import LENGTH, snippet


def hit(field: str, text: str, word: str) -> Hit:
    """The first place of a word."""
    start = text.index(word)
    return Hit(field, start, start + len(word), (start, start), word, word, "term", None, None, (0, 1))


def test_long_text_is_cut_around_the_hit_at_blanks():
    """The hit is inside, words stay whole."""
    text = "word " * 200 + "Ukraine " + "tail " * 200
    found = snippet({"title": "", "summary": text, "body": ""}, [hit("summary", text, "Ukraine")])
    assert len(found.text) <= LENGTH
    assert [found.text[a:b] for a, b in found.marks] == ["Ukraine"]
    assert set(found.text.split()) == {"word", "Ukraine", "tail"}


def test_text_without_blanks_is_cut_all_the_same():
    """Chinese has no blanks to cut at."""
    text = "字" * 500 + "乌克兰" + "字" * 500
    found = snippet({"title": "", "summary": "", "body": text}, [hit("body", text, "乌克兰")])
    assert len(found.text) <= LENGTH
    assert [found.text[a:b] for a, b in found.marks] == ["乌克兰"]


def test_a_hit_longer_than_a_snippet_is_shown_whole():
    """A mark never points outside its text."""
    text = "x" * 1000
    found = snippet({"title": text, "summary": "", "body": ""}, [hit("title", text, text)])
    assert found.marks == ((0, 1000),)


def test_no_hits_no_snippet():
    """A watch of metadata alone has nothing to show."""
    assert snippet({"title": "a"}, []) is None
