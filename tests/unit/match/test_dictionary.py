"""Forms by lemma from a stream of records, held against the rows that were written into it."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping
from itertools import takewhile

import pytest

from monitor.match.dictionary import MAGIC, STRETCH, read_dictionary

SAME, WHOLE = 254, 255
ENDINGS = ("", "a", "ami", "om", "owi", "ях", "ього", "ים")
LONG = "ab" * 90


def stream_of(rows: Mapping[str, str], backwards: bool = False, count: int | None = None) -> bytes:
    """Rows of form and lemma as a file of `simplemma` has them, unpacked."""
    turn = -1 if backwards else 1
    pairs = sorted((form.encode()[::turn], lemma.encode()[::turn]) for form, lemma in rows.items())
    written = MAGIC + bytes([backwards]) + number(len(rows) if count is None else count)
    before = (b"", b"")
    for form, lemma in pairs:
        shared = shared_bytes(before[0], form)
        written += number(shared) + number(len(form) - shared) + form[shared:] + edit(form, lemma, before[1])
        before = (form, lemma)
    return written


def edit(form: bytes, lemma: bytes, before: bytes) -> bytes:
    """How a lemma is made of its form."""
    if lemma == before:
        return bytes([SAME])
    kept = shared_bytes(form, lemma)
    if not kept:
        return bytes([WHOLE]) + number(len(lemma)) + lemma
    return bytes([len(form) - kept]) + number(len(lemma) - kept) + lemma[kept:]


def shared_bytes(one: bytes, other: bytes) -> int:
    """How many bytes two words begin with alike."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def number(value: int) -> bytes:
    """Seven bits a byte, the lowest first."""
    return bytes([value]) if value < 128 else bytes([value & 127 | 128]) + number(value >> 7)


def some_rows(seed: int, words: int = 900) -> dict[str, str]:
    """Words of three alphabets with endings, some of another root, one very long."""
    chance = random.Random(seed)
    rows = {LONG: "long", "went": "go", "goes": "go", "go": "go"}
    for _ in range(words):
        root = "".join(chance.choices(chance.choice(("abcdei", "дронів", "אבגד")), k=chance.randint(1, 9)))
        rows.update((root + ending, root) for ending in chance.sample(ENDINGS, chance.randint(1, 6)))
    return rows


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_forms_of_every_lemma(seed: int, backwards: bool) -> None:
    """Exactly those that were written, for lemmas that begin as their forms do and for others; across many readers."""
    rows = some_rows(seed)
    stream = stream_of(rows, backwards)
    known = read_dictionary(stream)
    expected = defaultdict(set)
    for form, lemma in rows.items():
        expected[lemma].add(form)

    assert known is not None
    assert len(stream) > 3 * STRETCH
    assert {lemma: known.forms(lemma) for lemma in expected} == dict(expected)
    assert {form: known.lemma(form) for form in rows} == rows
    assert known.forms("go") == {"go", "goes", "went"}
    assert known.forms("long") == {LONG}


def test_words_that_are_no_lemma() -> None:
    """Nothing is found for them, whether they begin as others do or not."""
    known = read_dictionary(stream_of({"ports": "port", "port": "port", "portal": "portal"}))

    assert known is not None
    assert [known.forms(word) for word in ("", "p", "por", "ports", "porta", "harbour", "\ud800")] == [set()] * 7
    assert [known.lemma(word) for word in ("", "p", "por", "portals", "harbour", "\ud800")] == [None] * 6


@pytest.mark.parametrize(
    "stream",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(MAGIC, id="no-head"),
        pytest.param(b"SMFC2" + stream_of({"ports": "port"})[5:], id="another-kind"),
        pytest.param(stream_of(some_rows(1), count=7), id="another-number"),
        pytest.param(stream_of(some_rows(1))[:-3], id="cut"),
    ],
)
def test_streams_of_another_kind(stream: bytes) -> None:
    """What cannot be read is not guessed at."""
    assert read_dictionary(stream) is None
