"""Which dictionaries stand in where too few articles are there, and what is said of it."""

from __future__ import annotations

import pytest

from monitor.cli.lint import looked_up, sentences, spoken
from monitor.config.load import load
from monitor.errors import UsageError
from monitor.match.compiler import compile_rules
from monitor.match.inflection import listed_words
from monitor.match.lint import skipped
from monitor.match.vocabulary import WordCount
from monitor.model.ids import WatchId
from monitor.model.watch import Watch


def count(query: str) -> WordCount:
    """A watch, and nothing counted."""
    return WordCount(compile_rules([Watch(WatchId("w"), query)], {}), {})


def test_the_languages_of_most_feeds_and_watches() -> None:
    """Three at most: each dictionary takes some seconds."""
    feeds = "".join(f"- {{url: 'https://{tag}{at}.example/', language: {tag}}}\n" for at, tag in enumerate(FEEDS))
    config = load({"feeds/f.yaml": "feeds:\n" + feeds, "watches/w.yaml": "{id: w, query: x1, languages: [fi]}"}, {}, {})

    assert spoken(config) == ["de", "pt", "fi"]


FEEDS = ("en", "de", "de", "de", "pt-BR", "pt", "fi")


@pytest.mark.timeout(120)
def test_words_that_the_dictionary_has() -> None:
    """Only those that matter; where none do, it is not even opened."""
    assert looked_up(count("portug*").interest, ["en"], named=True).get("portugal") == "Portugal"
    assert looked_up(count("port").interest, ["en"], named=True) == {}


def test_a_dictionary_that_does_not_exist() -> None:
    """Somebody who names it is told; a language of the feeds is passed over."""
    assert listed_words("zh") is None
    assert looked_up(count("port*").interest, ["zh"], named=False) == {}
    with pytest.raises(UsageError, match="no dictionary of the language zh"):
        looked_up(count("port*").interest, ["zh"], named=True)


def test_what_is_left_out_is_said() -> None:
    """With the reason."""
    few = count("port*")

    assert sentences(2, few, skipped(few, {})) == [
        "2 warnings; words of 0 articles counted",
        "not looked for: MON-LNT-005, MON-LNT-006, MON-LNT-008 (fewer than 200 articles and no dictionary)",
    ]
    assert sentences(0, few, skipped(few, {"porto": "Porto"}))[1:] == [
        "not looked for: MON-LNT-005 (fewer than 200 articles)"
    ]
