"""Ends of sentences and paragraphs."""

from __future__ import annotations

from itertools import pairwise

import pytest

from monitor.match.borders import paragraph_ends, sentence_ends


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two", ["One.", " Two"]),
        ("One.Two", ["One.", "Two"]),
        ("It is example.org now", ["It is example.org now"]),
        ("J. Smith of the U.S. Army left. He", ["J. Smith of the U.S. Army left.", " He"]),
        ("Am 3. Mai 2024. Dann", ["Am 3. Mai 2024. Dann"]),
        ("Is it 5? Yes! No… Well", ["Is it 5?", " Yes!", " No…", " Well"]),
        ('He said "stop." Then', ['He said "stop."', " Then"]),
        ("一。二！三", ["一。", "二！", "三"]),
        ("ड्रोन। यूक्रेन", ["ड्रोन।", " यूक्रेन"]),
        ("لماذا؟ لا", ["لماذا؟", " لا"]),
        ("a line\nanother", ["a line\n", "another"]),
        ("wait... what", ["wait...", " what"]),
        ("„Nein.“ Dann »doch.« Und", ["„Nein.“", " Dann »doch.«", " Und"]),
        ("‚So.‘ Dann ‹so.› Und", ["‚So.‘", " Dann ‹so.›", " Und"]),
        ("שלום.\u200f עולם", ["שלום.\u200f", " עולם"]),
        ("one.\u200b two", ["one.\u200b", " two"]),
        ("रूस. युक्रेन. आहे. ते", ["रूस.", " युक्रेन.", " आहे.", " ते"]),
        ("du cafe\u0301s. E\u0301. Zola", ["du cafe\u0301s.", " E\u0301. Zola"]),
        ("than Russia’s. Then I don't. He", ["than Russia’s.", " Then I don't.", " He"]),
        ("l'œuvre d'A. Camus. Puis", ["l'œuvre d'A. Camus.", " Puis"]),
        ("Since the 1990s. Then F-16s. He", ["Since the 1990s.", " Then F-16s.", " He"]),
        ("조사 중. 경찰은", ["조사 중.", " 경찰은"]),
        ("他说 对. 然后", ["他说 对.", " 然后"]),
        ("روس۔ یوکرین", ["روس۔", " یوکرین"]),
        ("մեկ։ երկու", ["մեկ։", " երկու"]),
        ("አንድ። ሁለት፧ ሦስት", ["አንድ።", " ሁለት፧", " ሦስት"]),
        ("စကား။စကား", ["စကား။", "စကား"]),
        ("ពាក្យ។ពាក្យ៕", ["ពាក្យ។", "ពាក្យ៕", ""]),
        ("एक॥ दो", ["एक॥", " दो"]),
        ("一｡二?！三", ["一｡", "二?！", "三"]),
        ("３．５ und so．Dann", ["３．５ und so．", "Dann"]),
        ("a\x85b\x0cc", ["a\x85", "b\x0c", "c"]),
        ("end.", ["end.", ""]),
        (".", [".", ""]),
        ("", [""]),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    """Signs before white space, a capital or the end; line breaks; not after single letters and digits."""
    ends = [0, *sentence_ends(text), len(text)]

    assert [text[first:last] for first, last in pairwise(ends)] == expected


def test_paragraphs() -> None:
    """Line breaks and field borders."""
    assert paragraph_ends("a. b\nc\x1fd") == [5, 7]
