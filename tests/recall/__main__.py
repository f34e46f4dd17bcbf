"""Recall and precision of the shipped packs, per language, from texts that are not their examples.

python -m tests.recall                 writes docs/recall.md
python -m tests.recall --misses        and prints what was missed and what was wrongly found
python -m tests.recall --corpus DIR    prints what the packs find in the feeds and articles of a folder
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from tests.recall.judging import KNOWN, WAYS, Tally, judge
from tests.recall.page import PAGE, make_page
from tests.recall.texts import all_texts


def main(arguments: Sequence[str] | None = None, page: Path = PAGE) -> None:
    """Writes the page; the options are described above."""
    parser = argparse.ArgumentParser(prog="python -m tests.recall", description=__doc__)
    parser.add_argument("--misses", action="store_true", help="print what was missed and what was wrongly found")
    parser.add_argument("--corpus", type=Path, metavar="DIR", help="only print what is found in the news of a folder")
    asked = parser.parse_args(arguments)
    if asked.corpus:
        from tests.recall.corpus import print_corpus

        print_corpus(asked.corpus)
        return
    tally = judge(all_texts())
    page.write_text(make_page(all_texts(), tally), encoding="utf-8")
    print_totals(tally)
    if asked.misses:
        print_misses(tally)


def print_totals(tally: Tally) -> None:
    """One line for each way of telling the language."""
    for way in WAYS:
        count = tally.total(way)
        print(
            f"language {way}: {count.found} of {count.expected} mentions, {count.false} false, "
            f"recall {count.recall:.3f}, precision {count.precision:.3f}"
        )


def print_misses(tally: Tally) -> None:
    """What was wrong with the language known, then what was wrong only with the guessed one."""
    known = {(row.kind, row.concept, row.piece, row.text) for row in tally.wrong[KNOWN]}
    for way in WAYS:
        for row in tally.wrong[way]:
            if way == KNOWN or (row.kind, row.concept, row.piece, row.text) not in known:
                told = "" if way == KNOWN else f" as {row.judged_as}"
                by = f" by {row.term}" if row.term else ""
                print(f"{way:7} {row.kind:6} {row.concept:7} {row.language}{told}: {row.piece}{by} … {row.text}")


if __name__ == "__main__":
    main()
