"""The texts are sound and nobody's examples, the page is current, and the packs keep what they have reached."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.recall.__main__ import main
from tests.recall.judging import KNOWN, WAYS, Count, Tally, judge
from tests.recall.page import PAGE, make_page, pack_examples, script_of
from tests.recall.texts import CONCEPTS, Marked, all_texts, borrowed, faults_of

LANGUAGES = sorted({marked.language for marked in all_texts()})
RECALL, PRECISION = 0.985, 0.985
"""What all languages together must reach, with the language known and with it guessed."""


@pytest.fixture(scope="module")
def tally() -> Tally:
    """All texts, judged once."""
    return judge(all_texts())


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_of_a_language_are_sound(language: str) -> None:
    """Every slice is in its text, in order, and there are enough texts of each kind."""
    assert faults_of([marked for marked in all_texts() if marked.language == language]) == []


def test_there_are_enough_languages() -> None:
    """As many as the packs are meant for."""
    assert len(LANGUAGES) >= 60


def test_no_text_is_an_example_of_a_pack() -> None:
    """What a pack was written with does not measure it."""
    assert borrowed(all_texts(), pack_examples()) == []


def test_a_borrowed_text_is_seen() -> None:
    """Equal, longer and shorter ones, whatever their capitals and punctuation; a bare name only as a whole."""
    texts = [
        Marked("en", text, {})
        for text in ("A Drone hit the old quays!", "So a drone hit the old quays twice", "hit it only once", "Six")
    ]
    examples = ["a drone hit the old quays", "They hit it only once, he said", "six"]
    assert borrowed(texts, examples) == [marked.text for marked in texts]


def test_faults_of_texts_are_seen() -> None:
    """Unknown keys, slices that are not there, and what lacks."""
    faults = faults_of([Marked("en", "Drones over Kyiv", {"drone": ("Drones",), "drones": ("drones",)})])
    assert faults == [
        "Drones over Kyiv: drone: ('Drones',)",
        "Drones over Kyiv: not all of ('drones',) are there in this order",
        "fewer than 4 texts have ukraine",
        "fewer than 4 texts have taiwan",
        "fewer than 4 texts have drones",
        "fewer than 3 texts have nothing",
    ]


@pytest.mark.timeout(120)
def test_the_page_is_current(tally: Tally) -> None:
    """`python -m tests.recall` writes it anew."""
    assert PAGE.read_text(encoding="utf-8") == make_page(all_texts(), tally)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("concept", CONCEPTS)
def test_packs_keep_their_recall_and_precision(tally: Tally, way: str, concept: str) -> None:
    """A floor below what is measured: a change of a pack may lose one rare form, not a language."""
    count = tally.total(way, [concept])
    assert count.expected > 200
    assert count.recall >= RECALL
    assert count.precision >= PRECISION


@pytest.mark.timeout(120)
def test_the_command_writes_the_page_and_prints_misses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Totals of both ways, and a line for every mention that was missed with the language known."""
    main(["--misses"], tmp_path / "recall.md")
    printed = capsys.readouterr().out.splitlines()
    missed = [line for line in printed if line.startswith("known   missed")]
    found, expected = re.match(r"language known: (\d+) of (\d+) mentions", printed[0]).groups()
    assert len(missed) == int(expected) - int(found)
    assert (tmp_path / "recall.md").read_text(encoding="utf-8") == PAGE.read_text(encoding="utf-8")


def test_news_of_a_folder_are_grouped_by_surface(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Articles and feeds; what is printed has the place."""
    article = {
        "V1": {"title": "Drones over the bay", "body": {"sections": [{"paragraphs": ["One of the drones fell."]}]}}
    }
    (tmp_path / "paper.json").write_text(json.dumps(article), encoding="utf-8")
    item = "<item><title>Taiwan votes</title><description>&lt;p>A drone&lt;/p></description></item>"
    feed = f"<rss><channel>{item}</channel></rss>"
    (tmp_path / "feed.xml").write_text(feed, encoding="utf-8")
    main(["--corpus", str(tmp_path)])
    printed = capsys.readouterr().out
    assert printed.startswith("2 texts, 4 hits, 3 surface forms\n")
    assert "… One of the drones fell." in printed


def test_a_mention_counts_if_a_hit_overlaps_it() -> None:
    """The stem is enough; what overlaps nothing is false; what is not hit is missed."""
    marked = Marked("de", "Drohnenflug über Taiwan, Drohne in Kiel", {"drones": ("Drohnenflug",), "ukraine": ("Kiel",)})
    tally = judge([marked])
    assert tally.total(KNOWN, ["drones"]) == Count(expected=1, found=1, false=1)
    assert tally.total(KNOWN, ["taiwan"]) == Count(expected=0, found=0, false=1)
    assert tally.total(KNOWN, ["ukraine"]) == Count(expected=1, found=0, false=0)
    assert [(row.kind, row.piece) for row in tally.wrong[KNOWN]] == [
        ("missed", "Kiel"),
        ("false", "Taiwan"),
        ("false", "Drohne"),
    ]


@pytest.mark.parametrize(
    ("text", "script"),
    [("Дрон", "Cyrillic"), ("無人機、ドローン", "Han and kana"), ("ڈرون", "Arabic"), ("A dróna", "Latin")],
)
def test_script_of_a_text(text: str, script: str) -> None:
    """By most of its letters."""
    assert script_of(text) == script
