"""Which words matter for warnings, in how many articles they stand, and how they are mostly written."""

from __future__ import annotations

import pytest

from monitor.match.compiler import compile_rules
from monitor.match.lexicon import make_lexicon
from monitor.match.parser import parse
from monitor.match.segments import recompile
from monitor.match.syntax import leaves
from monitor.match.vocabulary import ENOUGH, Interest, WordCount
from monitor.model.ids import WatchId
from monitor.model.watch import Text, Watch


def interest(query: str) -> Interest:
    """The words on which warnings about a query depend."""
    tree = parse(query)
    return Interest(leaves(tree), make_lexicon([tree], {}))


@pytest.mark.parametrize(
    ("query", "word", "taken"),
    [
        ("port*", "portugal", True),
        ("port*", "airport", False),
        ("*gal", "portugal", True),
        ("po?tugal", "portugal", True),
        ("kýiv", "kyiv", True),
        ("kyiv", "kyiv", False),
        ("=kýiv", "kyiv", False),
        ("kyiv AND lang:uk", "uk", False),
    ],
)
def test_words_that_matter(query: str, word: str, taken: bool) -> None:
    """What a wildcard hits, and what a word with accents is without them."""
    assert interest(query).takes(word) is taken


def test_a_query_of_plain_words_depends_on_none() -> None:
    """No dictionary need be read."""
    assert not interest("kyiv AND (drone OR title:war)")
    assert interest("kyiv AND drone*")


def test_words_of_a_dictionary() -> None:
    """By their folded form; the spelling without accents wins, wherever it stands, and a lemma stands for its forms."""
    rows = [("Dröhnen", "dröhnen"), ("Drohnen", "Drohne"), ("dröhnen", "dröhnen"), ("Mauer", "Mauer")]
    more = [("Porto", "Porto"), ("Portos", "Porto"), ("portais", "Stamm")]

    assert interest("dröhnen OR port*").chosen(rows + more) == {
        "drohnen": "Drohnen",
        "porto": "Porto",
        "portais": "portais",
    }


def count(*queries: str) -> WordCount:
    """Watches, and nothing counted yet."""
    return WordCount(compile_rules([Watch(WatchId(query), query) for query in queries], {}), {})


def test_a_word_is_counted_once_an_article_and_has_its_commonest_spelling() -> None:
    """However often it stands there."""
    heard = count("port*")
    for title in ["Portugal and portugal", *["PORTUGAL"] * 2, *["Portugal\u200f"] * ENOUGH]:
        heard.hear(Text(title=title))
    known = heard.vocabulary({"portal": "portal", "portugal": "portugal"})

    assert known is not None
    assert known.counts == {"portugal": ENOUGH + 3}
    assert known.spellings == {"portugal": "Portugal", "portal": "portal"}


def test_too_few_articles_say_nothing() -> None:
    """Neither shares nor what is common; words of a dictionary do."""
    heard = count("port*")
    heard.hear(Text(title="Portugal"))

    assert heard.share(heard.queries[0]) is None
    assert heard.vocabulary({}) is None
    assert heard.vocabulary({"portal": "portal"}) is not None


def test_shares_of_watches_in_two_segments() -> None:
    """A watch that was edited among thousands stands in a segment of its own."""
    watches = [Watch(WatchId(f"w{number}"), f"word{number}") for number in range(600)]
    edited = [Watch(WatchId("w0"), "drone AND port*"), *watches[1:]]
    heard = WordCount(recompile(compile_rules(watches, {}), edited, {}), {})
    for number in range(ENOUGH):
        heard.hear(Text(title="A drone", body="word7" if number % 4 == 0 else "ports"))
    shares = {query.watch.id: heard.share(query) for query in heard.queries}

    assert (shares["w0"], shares["w7"], shares["w8"]) == (0.75, 0.25, 0.0)
    assert heard.vocabulary({}).spellings == {"ports": "ports"}
