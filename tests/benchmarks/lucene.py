"""Standing queries on real articles, beside Lucene Monitor as its own settings make it fastest.

Whole path from text to the ids of the matched queries, or to their hits; processor time of the whole process, both on
one core, in shuffled rounds, after Lucene has run as long as it takes to get no faster. Both see the same words: its
tokenizer reads our fold table. Both know how many articles have a word. What they find is compared first. On a busy
machine, or for a single size:

    python -m tests.benchmarks.lucene --sizes 10000 --texts 24 --rounds 5 --warm-up 20
"""

from __future__ import annotations

import argparse
import gc
import os
import random
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from monitor.match.compiler import compile_rules
from monitor.match.fold import BORDER, fold, script_class
from monitor.match.frequencies import Frequencies
from monitor.match.matcher import RuleSet
from monitor.match.scan import utf16_length
from monitor.model.watch import Hit, Text
from tests.benchmarks.__main__ import corpus
from tests.benchmarks.figures import HEADING, Bench, Figure, Pair, at_most, row, summed_up, times
from tests.benchmarks.java_runtime import VERSION, Unavailable
from tests.benchmarks.lucene_process import LuceneMonitor, Spans
from tests.benchmarks.material import articles
from tests.benchmarks.standing import Standing, standing_queries, words_of

SEED = 5
SUMMARY = 60
"""Words of a summary; three are taken from each article."""
PEER = f"Lucene Monitor {VERSION}"
FORMS = {
    "any": "",
    "regexp": "",
    "edge": ", best peer",
    "stock": ", stock peer",
}
"""How the peer is set up, and what the row says of it: with two passes, weights by our frequencies, and queries for
beginnings run on every text, or found by the n-grams of Lucene's own handler, whichever is faster; the same with an
index of beginnings that we made for it; and as it comes."""
MEGABYTES = 3072


@dataclass(frozen=True, slots=True)
class Plan:
    """How thorough a run is."""

    sizes: Sequence[int] = (1_000, 10_000, 100_000)
    texts: int = 120
    rounds: int = 9
    """Half as many where there are 100,000 queries."""
    warm_up: float = 50.0
    """Seconds of the peer's processor before anything is measured; at first it is seven times slower."""
    share: int = 1
    """Only every so-manieth query, and no goals: does it still work?"""

    @classmethod
    def of(cls, bench: Bench) -> Plan:
        """Everything, or in little."""
        return cls(texts=20, rounds=3, warm_up=0, share=20) if bench.quick else cls()


@dataclass(frozen=True, slots=True)
class Case:
    """One rule set on one kind of text; what is measured, each with its goal."""

    count: int
    hot: bool
    goals: Mapping[str, float | None]
    """By matcher of the peer: `ids`, `spans`, `least`."""
    short: bool = False
    form: str = "regexp"

    @property
    def name(self) -> str:
        """In the rows."""
        short = f", {SUMMARY} words" if self.short else ""
        return f"{self.count:,} {'hot' if self.hot else 'selective'}{short}{FORMS[self.form]}"


CASES = (
    Case(1_000, True, {"ids": 5, "spans": None}, form="any"),
    Case(10_000, True, {"ids": 20, "spans": 10}),
    Case(10_000, False, {"ids": 20, "spans": 10}),
    Case(10_000, True, {"ids": 12, "spans": None}, short=True),
    Case(10_000, False, {"ids": 12, "spans": None}, short=True),
    Case(10_000, True, {"ids": None, "spans": None, "least": None}, form="edge"),
    Case(10_000, False, {"ids": None, "spans": None, "least": None}, form="edge"),
    Case(10_000, True, {"ids": None}, form="stock"),
    Case(100_000, True, {"ids": 45}),
    Case(100_000, False, {"ids": 45}),
    Case(100_000, True, {"ids": None}, form="edge"),
)
WORDS = {"ids": "ids", "spans": "hits", "least": "ids, leanest"}


@dataclass(slots=True)
class Sides:
    """Both engines with the same queries and the same texts."""

    peer: LuceneMonitor
    rules: RuleSet
    texts: Sequence[Text]
    queries: Sequence[Standing]
    looked_at: dict[str, float] = field(default_factory=dict)
    """Queries that the peer ran on an article."""

    def ours(self, matcher: str) -> float:
        """Seconds of a round."""
        job: Callable[[Text], object] = self.rules.match if matcher == "spans" else self.rules.met
        started = time.process_time()
        for text in self.texts:
            job(text)
        return time.process_time() - started

    def theirs(self, matcher: str) -> float:
        """The same of the peer."""
        started = self.peer.processor_time()
        _, candidates = self.peer.ask("round", matcher)
        self.looked_at[matcher] = int(candidates) / len(self.texts)
        return self.peer.processor_time() - started


def figures(bench: Bench) -> Iterator[Figure]:
    """All sizes, and what differs."""
    yield from _measured(bench, Plan.of(bench))


def _measured(bench: Bench, plan: Plan) -> Iterator[Figure]:
    if bench.corpus is None:
        yield Figure(name="standing queries", note="no corpus: the figures are those of real articles")
        return
    try:
        with LuceneMonitor(bench.folder, MEGABYTES) as peer:
            yield from _all_cases(plan, peer, _texts(bench))
    except Unavailable as reason:
        yield Figure(name="standing queries", note=str(reason))


def _all_cases(plan: Plan, peer: LuceneMonitor, known: Sequence[Text]) -> Iterator[Figure]:
    whole = known[:: -(-len(known) // plan.texts)]
    short = [part for text in whole for part in _summaries(text)]
    peer.take_texts(known)
    yield _words_that_differ(peer, known)
    vocabulary, counts = words_of(known), _frequencies(known)
    frequencies = Frequencies(len(known), {f" {word} ": count for word, count in counts.items()})
    warm_up = plan.warm_up
    for case in (replace(case, count=case.count // plan.share) for case in CASES if case.count in plan.sizes):
        queries = standing_queries(vocabulary, case.count, case.hot, SEED)
        texts = short if case.short else whole
        peer.take_texts(texts)
        peer.take_queries(queries, counts, case.form)
        rules = compile_rules([query.watch for query in queries], {}, frequencies=frequencies)
        sides = Sides(peer, rules, texts, queries)
        yield _difference(case, sides)
        for matcher in case.goals:
            peer.ask("warm", matcher, warm_up / len(case.goals))
        yield from _case(plan, case, sides)
        warm_up = plan.warm_up / 3


def _texts(bench: Bench) -> list[Text]:
    """Articles in scripts with blanks between words, on one line each."""
    lines = (replace(text, title=_line(text.title), body=_line(text.body)) for text in articles(bench))
    return [text for text in lines if not any(map(script_class, fold(f"{text.title} {text.body}").text))]


def _line(text: str) -> str:
    return " ".join(text.split())


def _summaries(text: Text) -> Iterator[Text]:
    words = text.body.split()
    for start in range(0, 3 * SUMMARY, SUMMARY):
        yield replace(text, body=" ".join(words[start : start + SUMMARY]))


def _frequencies(texts: Sequence[Text]) -> Counter[str]:
    """How many texts have a word."""
    return Counter(word for text in texts for word in set(words(text)))


def words(text: Text) -> list[str]:
    """Of title and body, folded."""
    return [word for word in fold(f"{text.title} {BORDER} {text.body}").text.split() if word != BORDER]


def _words_that_differ(peer: LuceneMonitor, texts: Sequence[Text]) -> Figure:
    """The comparison means something only where both see the same words."""
    differ = sum(mine != theirs for mine, theirs in zip(map(words, texts), peer.words(), strict=True))
    name = "standing queries, articles of other words"
    return Figure(name=name, ours=differ, goal=at_most(0), against=PEER, note=f"of {len(texts)} articles")


def _case(plan: Plan, case: Case, sides: Sides) -> Iterator[Figure]:
    gc.collect()
    gc.freeze()
    try:
        with one_core(sides.peer):
            pairs = _rounds(case, sides, plan.rounds // 2 + 1 if case.count >= 100_000 else plan.rounds)
    finally:
        gc.unfreeze()
    hits = sum(len(sides.rules.met(text)) for text in sides.texts) / len(sides.texts)
    for matcher, bound in case.goals.items():
        pair = pairs[matcher].scaled(1e3 / len(sides.texts))
        goal = times(bound) if bound and plan.share == 1 else None
        note = f"{hits:.1f} queries met, {sides.looked_at[matcher]:.0f} run by the peer; {len(sides.texts)} texts"
        yield Figure.of(f"{case.name}, {WORDS[matcher]}", "ms", pair, PEER, goal, note)


def _rounds(case: Case, sides: Sides, rounds: int) -> dict[str, Pair]:
    """Every side and matcher once a round, in an order that changes."""
    chance = random.Random(SEED)
    jobs = [(side, matcher) for matcher in case.goals for side in (sides.ours, sides.theirs)]
    taken: dict[str, list[dict[str, float]]] = defaultdict(list)
    for number in range(rounds + 1):
        chance.shuffle(jobs)
        seconds = {(side.__name__, matcher): side(matcher) for side, matcher in jobs}
        for matcher in case.goals if number else ():
            taken[matcher].append({name: seconds[name, matcher] for name in ("ours", "theirs")})
    return {matcher: summed_up([(row["ours"], row["theirs"]) for row in rows]) for matcher, rows in taken.items()}


@contextmanager
def one_core(peer: LuceneMonitor) -> Iterator[None]:
    """Both processes on the last core that is ours; afterwards where they were."""
    before = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {max(before)})
        peer.run_on({max(before)})
        yield
    finally:
        os.sched_setaffinity(0, before)
        peer.run_on(before)


def _difference(case: Case, sides: Sides) -> Figure:
    """Matches that only one side has, by the form of the query; and those whose hits cover other letters."""
    kinds = {query.id: query.kind for query in sides.queries}
    only: Counter[str] = Counter()
    found = hits = 0
    for text, theirs in zip(sides.texts, sides.peer.answers("spans"), strict=True):
        ours = {match.watch.id: covered(text, match.hits) for match in sides.rules.match(text)}
        found += len(ours)
        only.update(f"{kinds[name]}, only ours" for name in ours.keys() - theirs.keys())
        only.update(f"{kinds[name]}, only the peer's" for name in theirs.keys() - ours.keys())
        hits += sum(ours[name] == merged(theirs[name]) for name in ours.keys() & theirs.keys())
    note = "; ".join(
        (f"{found:,} matches, in {hits:,} the same letters", *(f"{kind}: {n}" for kind, n in only.items()))
    )
    return Figure(name=f"{case.name}: found by one side", ours=only.total(), goal=at_most(0), against=PEER, note=note)


def covered(text: Text, hits: Sequence[Hit]) -> Spans:
    """Hits where the peer counts them: UTF-16 units, the body one behind the end of a title that is there."""
    body = utf16_length(text.title) + bool(text.title)
    return merged(
        (hit.utf16[0] + shift, hit.utf16[1] + shift) for hit in hits for shift in [body * (hit.field == "body")]
    )


def merged(spans: Iterable[tuple[int, int]]) -> Spans:
    """Overlapping spans as one: we show one hit for them, the peer all."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start < merged[-1][1]:
            start, end = merged[-1][0], max(end, merged.pop()[1])
        merged.append((start, end))
    return frozenset(merged)


def main() -> int:
    """Prints the rows. 1 when a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.lucene", description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", nargs="+", type=int, default=Plan().sizes, help="numbers of queries")
    parser.add_argument("--texts", type=int, default=Plan().texts, help="articles, at most")
    parser.add_argument("--rounds", type=int, default=Plan().rounds)
    parser.add_argument("--warm-up", type=float, default=Plan().warm_up, help="seconds of the peer's processor")
    print(HEADING, flush=True)
    missed = False
    with tempfile.TemporaryDirectory() as scratch:
        for figure in _measured(Bench(False, Path(scratch), corpus()), Plan(**vars(parser.parse_args()))):
            print(row(figure), flush=True)
            missed |= figure.ok is False
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
