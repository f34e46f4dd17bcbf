"""Warnings about queries that can be run and probably do not say what is meant: `MON-LNT-…`.

Each rule reads a tree, and none refuses anything. What words are common is told by a `Vocabulary`, where there is one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from monitor.errors import Problem
from monitor.match.covering import covers
from monitor.match.fold import UNSPACED, script_class
from monitor.match.lexicon import Lexicon, make_lexicon, written
from monitor.match.operators.score import GRAIN
from monitor.match.packs import Concept
from monitor.match.patterns import exact_form, fits, make_shape
from monitor.match.segments import Standing
from monitor.match.syntax import Fault, Leaf, Node, Op, leaves, positive_leaves, problem

LINTS: Mapping[str, str] = {
    "MON-LNT-001": "AND and OR are mixed without parentheses; AND binds tighter.",
    "MON-LNT-002": "Never true: what has to be there may not be there, or a score that cannot be reached.",
    "MON-LNT-003": "True of every article of a language, a source, a host or a country: no word is asked for.",
    "MON-LNT-004": "A term that another one makes needless.",
    "MON-LNT-005": "Expensive: what has to occur does so in more than 5 % of articles.",
    "MON-LNT-006": "A word beginning or ending that also hits other, common words.",
    "MON-LNT-007": "One character, or two letters, that occur in many words and abbreviations.",
    "MON-LNT-008": "Accents matter: without them it is another common word.",
    "MON-LNT-009": "`F-16` without `F16`, or the reverse: they are different words.",
    "MON-LNT-010": "Without effect: `*` in a script without blanks, or forms of a word the dictionary does not know.",
}
"""What each warning means; the documentation's table is made from this."""

COMMON = 0.05
"""Share of articles above which an anchor is expensive."""
SHOWN = 10
"""Words that a beginning hits and a warning names."""


COMPARED = 200
"""Terms of one OR that are held against each other: a list of thousands would cost seconds."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """How many of some articles have a word, by its folded form; and its commonest spelling."""

    articles: int
    counts: Mapping[str, int]
    spellings: Mapping[str, str]

    def share(self, word: str) -> float:
        """Share of the articles that have a folded word."""
        return self.counts.get(word, 0) / self.articles if self.articles else 0.0


@dataclass(frozen=True, slots=True)
class Subject:
    """A query to be looked at."""

    query: str
    tree: Node
    words: Lexicon
    vocabulary: Vocabulary | None = None


def lint(subject: Subject) -> list[Fault]:
    """Every warning about a query, in the order of its text."""
    found = chain.from_iterable(rule(subject) for rule in RULES)
    return sorted(dict.fromkeys(found), key=lambda fault: (fault.span, fault.id))


def warnings(rules: Standing, concepts: Mapping[str, Concept]) -> tuple[Problem, ...]:
    """Every warning about every watch, with its place in a file. What was said of a compiled query stays with it."""
    fresh = [query for query in rules.queries if query.remarks is None]
    words = make_lexicon([query.tree for query in fresh], concepts)
    for query in fresh:
        query.remarks = tuple(lint(Subject(query.watch.query, query.tree, words)))
    return tuple(
        problem(fault, query.watch.query, query.watch.place) for query in rules.queries for fault in query.remarks or ()
    )


def _ops(node: Node) -> Iterator[Op]:
    if isinstance(node, Op):
        yield node
        for part in node.parts:
            yield from _ops(part)


def mixed(subject: Subject) -> Iterator[Fault]:
    """L01: `a OR b AND c`."""
    for node in _ops(subject.tree):
        for part in node.parts if node.name == "OR" else ():
            if isinstance(part, Op) and part.name == "AND" and subject.query[part.span[0]] not in "(（":
                said = subject.query[slice(*part.span)]
                yield Fault("MON-LNT-001", part.span, "AND binds tighter than OR", f"write parentheses: ({said})")


def never(subject: Subject) -> Iterator[Fault]:
    """L02: `a AND NOT a`, also where the NOT covers every way to be true; a score out of reach."""
    for node in _ops(subject.tree):
        if node.name == "AND":
            yield from _contradictions(node, subject.words)
        if node.name == "SCORE" and sum(round(leaf.weight * GRAIN) for leaf in leaves(node)) < node.count * GRAIN:
            yield Fault("MON-LNT-002", node.span, "the weights add up to less than is asked", "ask for less")


def _contradictions(node: Op, words: Lexicon) -> Iterator[Fault]:
    banned = [part for part in node.parts if isinstance(part, Op) and part.name == "NOT"]
    wanted = [part for part in node.parts if part not in banned]
    for negative in banned:
        alternatives = list(_branches(negative.parts[0]))
        for positive in wanted:
            if all(any(covers(one, leaf, words) for one in alternatives) for leaf in _branches(positive)):
                yield Fault(
                    "MON-LNT-002", negative.span, "this excludes everything that is asked for", "remove one of them"
                )


def _branches(node: Node) -> Iterator[Node]:
    """The alternatives of an OR; anything else is its own only one."""
    if isinstance(node, Op) and node.name == "OR":
        for part in node.parts:
            yield from _branches(part)
    else:
        yield node


def everything(subject: Subject) -> Iterator[Fault]:
    """L03: nothing is asked for that stands in a text."""
    tree = subject.tree
    if any(all(leaf.meta for leaf in positive_leaves(branch)) for branch in _branches(tree)):
        yield Fault("MON-LNT-003", tree.span, "no word is asked for", "add AND and what the articles must say")


def shadowed(subject: Subject) -> Iterator[Fault]:
    """L04: a term of an OR that another one includes."""
    for node in _ops(subject.tree):
        if node.name != "OR":
            continue
        terms = [part for part in _branches(node) if isinstance(part, Leaf)][:COMPARED]
        for at, term in enumerate(terms):
            for number, other in enumerate(terms):
                needless = number != at and covers(other, term, subject.words)
                if needless and (number < at or not covers(term, other, subject.words)):
                    name = subject.query[slice(*other.span)]
                    yield Fault("MON-LNT-004", term.span, f"{name} finds this already", "remove it")
                    break


def expensive(subject: Subject) -> Iterator[Fault]:
    """L05: the rarest thing that must occur is common."""
    known = subject.vocabulary
    if known is None:
        return
    groups = list(_groups(subject.tree))
    shares = [sum(_share(leaf, subject, known) for leaf in group) for group in groups]
    if shares and min(shares) > COMMON:
        said = f"what has to occur does so in {min(1.0, *shares):.0%} of articles"
        yield Fault("MON-LNT-005", subject.tree.span, said, "add AND and a rarer word")


def _groups(node: Node) -> Iterator[list[Leaf]]:
    """What must occur: of every group one."""
    if isinstance(node, Leaf):
        yield [node]
    elif node.name in ("AND", "NEAR", "ONEAR", "~"):
        for part in node.parts:
            yield from _groups(part)
    elif node.name in ("OR", "SCORE"):
        yield list(positive_leaves(node))
    elif node.name != "NOT":
        yield from _groups(node.parts[0])


def _share(leaf: Leaf, subject: Subject, known: Vocabulary) -> float:
    if leaf.meta or leaf.kind == "concept":
        return 0.0
    return max(
        (known.share(word) for alias in subject.words.aliases(leaf) for word in alias.core.split(" ")), default=0
    )


def other_words(subject: Subject) -> Iterator[Fault]:
    """L06: what else a wildcard hits."""
    known = subject.vocabulary
    for leaf in leaves(subject.tree) if known else ():
        if known is None or not (leaf.open_left or leaf.open_right or leaf.wild) or leaf.kind != "word":
            continue
        shape = make_shape(subject.words.pieces(leaf))
        hit = [word for word in known.counts if fits(shape, word) and word != subject.words.core(leaf)]
        common = sorted(hit, key=lambda word: (-known.counts[word], word))[:SHOWN]
        if len(common) > 1:
            listed = ", ".join(known.spellings.get(word, word) for word in common)
            yield Fault("MON-LNT-006", leaf.span, f"hits {listed}", "list the words that are meant, if not all are")


def short(subject: Subject) -> Iterator[Fault]:
    """L07: one character of a script without blanks, or two letters, in any capitals."""
    for leaf in leaves(subject.tree):
        if leaf.kind not in ("word", "phrase") or leaf.open_left or leaf.open_right or leaf.wild:
            continue
        core = subject.words.core(leaf)
        if len(core) == 1 and script_class(core) in UNSPACED:
            yield Fault("MON-LNT-007", leaf.span, "one character is part of many words", "write the whole word")
        elif len(core) <= 2 and script_class(core[0]) not in UNSPACED and not core.isdigit():
            said = f"{leaf.text} in any capitals is also a short word or another abbreviation"
            yield Fault("MON-LNT-007", leaf.span, said, f"write {{{leaf.text}}}, or a longer term")


def accents(subject: Subject) -> Iterator[Fault]:
    """L08: folding makes it the word that others mean."""
    known = subject.vocabulary
    for leaf in leaves(subject.tree) if known else ():
        if known is None or leaf.kind != "word" or leaf.open_left or leaf.open_right or leaf.wild:
            continue
        core = subject.words.core(leaf)
        spelling = known.spellings.get(core, "") if exact_form(leaf.text, False) != core else ""
        if spelling and exact_form(spelling, False) != exact_form(leaf.text, False):
            said = f"without accents it is {spelling}, which is more common"
            yield Fault("MON-LNT-008", leaf.span, said, f"write ={leaf.text} if only that is meant")


PARTED = re.compile(r"(\w*[^\W\d])[-‐‑–](\d+)")
JOINED = re.compile(r"([^\W\d_]{1,4})(\d{1,3})")


def hyphens(subject: Subject) -> Iterator[Fault]:
    """L09: a type designation in one spelling only."""
    cores = {subject.words.core(leaf) for leaf in leaves(subject.tree) if leaf.kind in ("word", "phrase")}
    for leaf in leaves(subject.tree):
        if leaf.kind not in ("word", "phrase") or leaf.open_left or leaf.wild or leaf.meta:
            continue
        parted, joined = PARTED.fullmatch(leaf.text), JOINED.fullmatch(leaf.text)
        other = f"{parted[1]}{parted[2]}" if parted else f"{joined[1]}-{joined[2]}" if joined else ""
        if other and other.replace("-", " ").lower() not in cores:
            yield Fault("MON-LNT-009", leaf.span, f"{other} is another word", f"write ({written(leaf)} OR {other})")


def idle(subject: Subject) -> Iterator[Fault]:
    """L10: what changes nothing."""
    for leaf in leaves(subject.tree):
        if leaf.kind == "forms":
            if len(subject.words.aliases(leaf)) < 2:
                yield Fault("MON-LNT-010", leaf.span, "the dictionary knows no other form", "write the forms, or word*")
        elif (leaf.open_left or leaf.open_right) and leaf.kind in ("word", "phrase"):
            edge = subject.words.core(leaf)[0 if leaf.open_left else -1]
            if script_class(edge) in UNSPACED:
                yield Fault("MON-LNT-010", leaf.span, "* has no effect in this script", "remove it")


RULES: Sequence[Callable[[Subject], Iterator[Fault]]] = (
    mixed,
    never,
    everything,
    shadowed,
    expensive,
    other_words,
    short,
    accents,
    hyphens,
    idle,
)
