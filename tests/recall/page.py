"""Writes `docs/recall.md` from the figures."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence

from monitor.match.concepts import builtin_documents, load_packs
from tests.recall.judging import GUESSED, KNOWN, WAYS, Count, Tally
from tests.recall.texts import CONCEPTS, SHORT, Marked
from tests.recall.watched import company_texts, count_met, shipped_query
from tests.support.project import DOCS

PAGE = DOCS / "recall.md"

HEAD = """# How much the packs find

`python -m tests.recall` (or `make recall`) writes this page; `--misses` prints what was missed and what was wrongly
found, `--corpus DIR` what the packs find in news that you have. A test fails when the page is not current.

The texts are in `tests/recall/`: {texts} short texts in {languages} languages, in each at least four with every concept
and three that only look like it. They were written for this measure, most by authors who had not read the packs; what
they showed was then mended, so the figures flatter: what was found before mending is in [packs](packs.md). None equals
a pack's example, contains one or lies in one (phrases of less than {short} letters aside), which a test checks too.
They were not reviewed by speakers.

- **Mention**: what a reader would mark, i.e. the country, its adjective, its people; any word for unmanned aircraft.
- **Found**: a hit overlaps the mention, for a pack may mark the stem or the whole word. **False**: a hit overlaps none.
- Recall = found ÷ mentions. Precision = found ÷ (found + false).
- *Known*: the text's language is given. *Guessed*: the service's detector tells it, from a sentence or a paragraph,
  which is harder than an article: {right} texts right, {unknown} not at all (then every alias runs), {other} as another
  language.
- Only `@ukraine`, `@taiwan`, `@drones`; weak aliases do not count, so a mention by one of them is a miss.
"""


def make_page(texts: Sequence[Marked], tally: Tally) -> str:
    """The whole page."""
    languages = sorted({marked.language for marked in texts})
    parts = [
        HEAD.format(texts=len(texts), languages=len(languages), short=SHORT, **tally.guesses),
        "## Totals\n",
        *_concepts(tally),
        "\n## By script\n",
        *_scripts(texts, tally),
        "\n## By language\n",
        "A concept's column has found/mentions, and false hits if there are any, with the language known.\n",
        *_languages(languages, tally),
        COMPANY.format(query=shipped_query(), company=len(company_texts())),
        *_watched(texts),
    ]
    return "\n".join(parts) + "\n"


COMPANY = """
## The watch on drones

The shipped watch asks `{query}`, which leaves out places with hives, pipes or
drone music close by. Counted are whole texts, with the language known. The second kind are {company} sentences in
`tests/recall/company/`, which no other figure of this page counts: bees, pipes and music, and aircraft that were put
beside hives, concerts and pipers on purpose. In an article one place elsewhere is enough.

| texts | with an aircraft | met by `@drones` | by the watch | without one: wrongly met by `@drones` | by the watch |
|---|---:|---:|---:|---:|---:|"""

HEADER = "| {} | mentions | known: found | false | recall | precision | guessed: found | false | recall | precision |"
RULE = "|---|" + "---:|" * 9


def _concepts(tally: Tally) -> Iterator[str]:
    yield from (HEADER.format("concept"), RULE)
    for concept in CONCEPTS:
        yield _row(f"@{concept}", *(tally.total(way, [concept]) for way in WAYS))
    yield _row("all", *(tally.total(way) for way in WAYS))


def _scripts(texts: Sequence[Marked], tally: Tally) -> Iterator[str]:
    groups: dict[str, list[str]] = {}
    for language in sorted({marked.language for marked in texts}):
        sample = "".join(marked.text for marked in texts if marked.language == language)
        groups.setdefault(script_of(sample), []).append(language)
    yield from (HEADER.format("script, languages"), RULE)
    for script, languages in sorted(groups.items(), key=lambda group: (-len(group[1]), group[0])):
        name = f"{script}: {len(languages)}" if len(languages) > 5 else f"{script}: {' '.join(languages)}"
        yield _row(name, *(tally.total(way, languages=languages) for way in WAYS))


def _languages(languages: Sequence[str], tally: Tally) -> Iterator[str]:
    yield (
        "| language | " + " | ".join(CONCEPTS) + " | false | recall | precision | guessed: false | recall | precision |"
    )
    yield "|---|" + "---:|" * (len(CONCEPTS) + 6)
    for language in languages:
        single = (tally.total(KNOWN, [concept], [language]) for concept in CONCEPTS)
        known, guessed = (tally.total(way, languages=[language]) for way in (KNOWN, GUESSED))
        cells = [language, *map(_cell, single), *_shares(known), *_shares(guessed)]
        yield f"| {' | '.join(cells)} |"


def _watched(texts: Sequence[Marked]) -> Iterator[str]:
    for name, of in (("all of the above", texts), ("where the company decides", company_texts())):
        bare, shipped = count_met(of)
        yield (
            f"| {name} | {bare.mentioning} | {bare.rightly} | {shipped.rightly} | {bare.wrongly} | {shipped.wrongly} |"
        )


def _row(name: str, known: Count, guessed: Count) -> str:
    cells = [name, str(known.expected), str(known.found), *_shares(known), str(guessed.found), *_shares(guessed)]
    return f"| {' | '.join(cells)} |"


def _cell(count: Count) -> str:
    return f"{count.found}/{count.expected}" + (f", {count.false} false" if count.false else "")


def _shares(count: Count) -> list[str]:
    return [str(count.false), f"{count.recall:.3f}", f"{count.precision:.3f}"]


def script_of(text: str) -> str:
    """The script most letters of a text are in, as its characters are named: Latin, Cyrillic, Han and kana …"""
    names = Counter(re.split("[ -]", unicodedata.name(char, "?"))[0] for char in text if char.isalpha())
    name = max(names, key=names.__getitem__)
    return "Han and kana" if name in ("CJK", "HIRAGANA", "KATAKANA") else name.capitalize()


def pack_examples() -> list[str]:
    """The texts of every example of the shipped packs, with their titles."""
    samples = [sample for concept in load_packs(builtin_documents())[0].values() for sample in concept.samples]
    return [text for sample in samples for text in (sample.text, sample.title) if text]
