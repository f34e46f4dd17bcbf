"""Places of signals: whole words, half words, parts of a text."""

from __future__ import annotations

import pytest

from monitor.match.compiler import compile_rules
from monitor.match.fold import UNSPACED, script_class
from monitor.match.heard import BRIEF, FIRST_UNSPACED, Heard, Page
from monitor.model.ids import WatchId
from monitor.model.watch import Text, Watch


def heard_of(query: str, **texts: object) -> Heard:
    """What an article raises of a query."""
    rules = compile_rules([Watch(WatchId("w"), query)], {})
    return rules.heard(rules.scan(Text(**texts)))  # type: ignore[arg-type]


def page_of(heard: Heard) -> Page:
    """Its page."""
    assert heard.page is not None
    return heard.page


def test_spots_are_whole_words() -> None:
    """A beginning, an ending and a Korean word with its particle stand for the words they lie in."""
    heard = heard_of("ukrain* NEAR/3 (*raine OR 드론)", body="Ukraine 드론을 x")

    assert [heard.spots(signal)[0][:2] for signal in sorted(heard)] == [(5, 12), (5, 12), (13, 16)]


def test_a_title_is_one_sentence_and_one_paragraph() -> None:
    """Whatever signs are in it; what follows is another."""
    heard = heard_of("SENTENCE(kyiv AND odesa)", title="Kyiv! Odesa", body="Kyiv! Odesa")
    page, spots = page_of(heard), [spot for signal in sorted(heard) for spot in heard.spots(signal)]

    assert {(spot.field, page.sentence(spot)) for spot in spots} == {("title", 0), ("body", 3), ("body", 4)}
    assert {(spot.field, page.paragraph(spot)) for spot in spots} == {("title", 0), ("body", 2)}


def test_half_words() -> None:
    """A word is two, a character of Chinese one, a field border none."""
    page = page_of(heard_of("a NEAR b", title="ab cd", body="无人机 x"))

    assert [page.halves(at) for at in (1, 2, 6, 10, 11, 12, 13, 20)] == [0, 2, 4, 4, 4, 5, 6, 9]


@pytest.mark.parametrize("word", ["word", "слово"])
def test_half_words_are_counted_or_listed(word: str) -> None:
    """The first few places from the beginning each time, the others from a list: the same numbers."""
    text = Text(title=word, body=f"{word} " * 40)
    rules = compile_rules([Watch(WatchId("w"), f"ATLEAST/40({word})")], {})
    page = page_of(rules.heard(rules.scan(text)))
    folded = rules.scan(text).folded.text
    starts = [at for at in range(1, len(folded)) if folded[at - 1] == " " and folded[at].isalpha()]

    assert len(starts) > BRIEF
    assert [page.halves(at) for at in range(len(folded) + 1)] == [
        2 * sum(start < at for start in starts) for at in range(len(folded) + 1)
    ]
    assert rules.met(text) == ("w",)


def test_scripts_before_thai_have_blanks() -> None:
    """No letter of theirs is a word by itself."""
    assert not any(script_class(chr(code)) in UNSPACED for code in range(FIRST_UNSPACED))


def test_signals_without_places() -> None:
    """Of terms no operator asks about, and of what is true of the whole article, there are none."""
    heard = heard_of("abc AND lang:en AND (def NEAR/2 ghi)", body="abc def ghi", language="en")

    assert sorted(len(heard.spots(signal)) for signal in heard) == [0, 0, 1, 1]
    assert heard.spots(99) == ()
    assert Heard([1]).spots(1) == ()


def test_part_of_a_text() -> None:
    """Only what is given, and signals that stand nowhere."""
    heard = heard_of("lang:en AND (def NEAR/2 ghi)", body="def ghi", language="en")
    signals = {signal: heard.spots(signal) for signal in heard}
    (free,) = [signal for signal, spots in signals.items() if not spots]
    one = next(signal for signal, spots in signals.items() if spots)
    part = heard.part({one: signals[one]}, [free])

    assert part == {one, free}
    assert (part.spots(one), part.spots(free)) == (signals[one], ())


def test_hits_shown_are_those_that_make_it_true() -> None:
    """Places of the terms elsewhere are not shown, unless the query asks for them elsewhere too."""
    body = "Drone one two three four five six Kyiv drone. Drone."
    rules = compile_rules(
        [Watch(WatchId("a"), "drone NEAR/1 kyiv"), Watch(WatchId("b"), "drone AND drone NEAR/1 kyiv")], {}
    )
    first, second = rules.match(Text(body=body))

    assert [(hit.text, hit.start) for hit in first.hits] == [("Kyiv", 34), ("drone", 39), ("Drone", 46)]
    assert [hit.start for hit in second.hits] == [0, 34, 39, 46]
