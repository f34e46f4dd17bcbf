"""Watches on articles of 500 words: what it costs beyond folding them, and beside a plain regular expression.

The peers: folding the text, which every search in many languages has to do; and one `re` alternation of the same terms,
ignoring case, which is what one writes first. The latter finds no accents, scripts or inflections that nobody listed.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from statistics import median

from monitor.match.compiler import compile_rules
from monitor.match.concepts import builtin_documents, builtin_packs, load_packs
from monitor.match.fold import fold_here
from monitor.match.matcher import RuleSet
from monitor.model.ids import WatchId
from monitor.model.watch import Text, Watch
from tests.benchmarks.figures import Bench, Figure, Pair, at_most, paired, percentile, summed_up, times, typical
from tests.benchmarks.material import WATCHES, articles, invented, origin, vocabulary
from tests.benchmarks.standing import standing_queries, words_of

MANY = 1_000


def figures(bench: Bench) -> Iterator[Figure]:
    """The shipped watches, a thousand made-up ones, and what it takes to compile them."""
    texts = articles(bench)
    three = [Watch(WatchId(name), f"@{name}") for name in WATCHES]
    rules, many = compile_rules(three, builtin_packs()), compile_rules(_many(texts), {})
    words = "; ".join(filter(None, (f"{len(texts)} articles", origin(bench) and "invented words")))
    against = "folding alone, by numpy"
    third = times(1 / 3)
    yield Figure.of("match 3 watches, ids", "µs", _beside_fold(texts, rules.met, bench), against, third, words)
    yield Figure.of("match 3 watches, with hits", "µs", _beside_fold(texts, rules.match, bench), against, note=words)
    yield _naive(texts, rules, bench)
    hits = sum(len(many.met(text)) for text in texts) / len(texts)
    pair = _beside_fold(texts, many.met, bench)
    note = f"{words}; {hits:.1f} watches met an article; p99 {_p99(texts, many):.0f} µs"
    yield Figure.of("match 1,000 watches, ids", "µs", pair, against, at_most(120), note)
    yield Figure.of("match 1,000 watches, with hits", "µs", _beside_fold(texts, many.match, bench), against, note=words)
    yield from _compiling(three, _many(texts), bench)
    for count in bench.pick((100, 1_000, 10_000, 100_000), (100, 1_000)):
        for hot in (True, False):
            yield from _standing(texts, count, hot, bench)


REACH = {1_000: 0.12, 10_000: 0.2, 100_000: 0.8}
"""Milliseconds an article of 500 words may take until the ids of the queries it meets are known."""
SUMMARY = 60
"""Words of a summary."""


def _standing(texts: Sequence[Text], count: int, hot: bool, bench: Bench) -> Iterator[Figure]:
    """So many standing queries: ids, hits, and ids of summaries; the whole way from the text, each in ms an article."""
    queries = standing_queries(words_of(texts), count, hot, seed=1)
    rules = compile_rules([query.watch for query in queries], {})
    some = texts[:: bench.pick(1, 4)]
    briefs = [Text(text.title, "", " ".join(text.body.split(" ")[:SUMMARY]), text.language) for text in some]
    name = f"{count:,} {'hot' if hot else 'selective'} queries"
    met, looked = (sum(map(ask, some)) / len(some) for ask in (lambda text: len(rules.met(text)), rules.candidates))
    for what, judge, judged, goal in (
        ("ids", rules.met, some, at_most(REACH[count]) if count in REACH else None),
        ("with hits", rules.match, some, at_most(0.3) if count == 10_000 else None),
        ("ids, 60 words", rules.met, briefs, at_most(0.05) if count == 10_000 else None),
    ):
        taken = sorted(typical(partial(judge, text), bench.pick(9, 3)) * 1e3 for text in judged)
        note = f"{met:.1f} met, {looked:.1f} candidates; p50 {median(taken):.3f}, p99 {percentile(taken, 0.99):.3f}"
        yield Figure(name=f"{name}, {what}", unit="ms", ours=sum(taken) / len(taken), goal=goal, note=note)


def _beside_fold(texts: Sequence[Text], match: Callable[[Text], object], bench: Bench) -> Pair:
    """Per article, µs; the languages of the articles all count the same."""
    for text in texts:
        match(text)
    rounds = bench.pick(9, 3)
    pairs = [paired(partial(match, text), partial(_fold, text), rounds) for text in texts]
    return summed_up([(pair.ours, pair.peer) for pair in pairs]).scaled(1e6)


def _fold(text: Text) -> None:
    fold_here(f"{text.title}\n{text.summary}\n{text.body}")


def _p99(texts: Sequence[Text], rules: RuleSet) -> float:
    return percentile((typical(partial(rules.met, text), 5) for text in texts), 0.99) * 1e6


def _naive(texts: Sequence[Text], rules: RuleSet, bench: Bench) -> Figure:
    """The same terms as one regular expression, on a few articles: it is slow."""
    pattern = re.compile("|".join(sorted(_terms(rules), key=len, reverse=True)), re.IGNORECASE)
    some = texts[:: max(1, len(texts) // bench.pick(24, 4))]
    pairs = [paired(partial(rules.match, text), partial(_search, pattern, text), rounds=2) for text in some]
    pair = summed_up([(pair.ours, pair.peer) for pair in pairs]).scaled(1e6)
    note = f"{len(some)} articles, {pattern.pattern.count('|') + 1} terms"
    return Figure.of("match 3 watches, with hits, naive", "µs", pair, "one re alternation", note=note)


def _terms(rules: RuleSet) -> set[str]:
    """What the watches look for, each as a regular expression with the same ends."""
    aliases = [alias for row in rules.listeners.rows for variant in row for alias in variant.aliases]
    return {
        ("" if alias.open_left else r"\b") + re.escape(alias.written.strip("*")) + ("" if alias.open_right else r"\b")
        for alias in aliases
    }


def _search(pattern: re.Pattern[str], text: Text) -> list[tuple[int, int]]:
    return [found.span() for found in pattern.finditer(f"{text.title}\n{text.summary}\n{text.body}")]


def _many(texts: Sequence[Text]) -> list[Watch]:
    """Queries of every operator over words of the articles and invented ones, so that some match and most do not."""
    chance = random.Random(11)
    known = vocabulary(texts)
    words = [*chance.sample(known, min(len(known), 1500)), *invented(chance, 3000)]
    shapes = ('"{} {}"', "{} AND {}", "{} OR {}", "{} AND NOT {}", "title:{} OR {}")
    return [
        Watch(WatchId(f"watch-{number}"), shapes[number % len(shapes)].format(*chance.sample(words, 2)))
        for number in range(MANY)
    ]


def _compiling(three: Sequence[Watch], many: Sequence[Watch], bench: Bench) -> Iterator[Figure]:
    rounds = bench.pick(7, 3)
    texts = builtin_documents(samples=False)
    packs = typical(lambda: load_packs(texts), bench.pick(5, 1))
    note = "all of them, as at a start; a pack that no watch names is not read"
    yield Figure(name="load the shipped concept packs", unit="ms", ours=packs * 1e3, goal=at_most(250), note=note)
    seconds = typical(lambda: compile_rules(three, builtin_packs()), rounds)
    note = "what was made of the packs is there already"
    yield Figure(name="compile 3 watches", unit="ms", ours=seconds * 1e3, note=note)
    seconds = typical(lambda: compile_rules(many, {}), rounds)
    yield Figure(name="compile 1,000 watches", unit="ms", ours=seconds * 1e3, goal=at_most(250))
