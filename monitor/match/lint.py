"""Warnings about queries that can be run and probably do not say what is meant: `MON-LNT-…`.

Each rule reads a tree, and none refuses anything. What is common has to be counted or looked up (`vocabulary`), which
takes longer than a reload may: `counted_warnings` has all warnings, `warnings` those that need no more than the query.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from operator import attrgetter

from monitor.errors import Problem
from monitor.match.covering import covers
from monitor.match.designations import is_familiar, other_spelling
from monitor.match.exclusion import is_excluded, torn
from monitor.match.fold import HANGUL, UNSPACED, fold_words, script_class
from monitor.match.languages import language_group
from monitor.match.lexicon import Lexicon, make_lexicon, written
from monitor.match.listeners import ASIDES
from monitor.match.operators.score import GRAIN
from monitor.match.packs import Concept
from monitor.match.patterns import exact_form, fits, make_shape
from monitor.match.quoted import meant_as_query
from monitor.match.segments import Standing
from monitor.match.syntax import Fault, Leaf, Node, Op, leaves, positive_leaves, problem
from monitor.match.vocabulary import Vocabulary, WordCount, marked

LINTS: Mapping[str, str] = {
    "MON-LNT-001": "AND and OR are mixed without parentheses; AND binds tighter.",
    "MON-LNT-002": "Never true: what has to be there may not be there, two languages or fields at once, or a score"
    " out of reach.",
    "MON-LNT-003": "True of every article of a language, a source, a host or a country: no word is asked for.",
    "MON-LNT-004": "A term that another one makes needless.",
    "MON-LNT-005": "Expensive: what has to occur does so in more than 5 % of articles.",
    "MON-LNT-006": "A word beginning or ending that also hits other, common words.",
    "MON-LNT-007": "One character, or two letters, that occur in many words and abbreviations.",
    "MON-LNT-008": "Accents matter: without them it is another common word.",
    "MON-LNT-009": "`F-16` without `F16`, or the reverse: they are different words.",
    "MON-LNT-010": "Without effect: `*` in a script without blanks, or forms of a word the dictionary does not know.",
    "MON-LNT-011": "A phrase, or a keyword, that looks like a query: in quotes operators are words like any other.",
}
"""What each warning means; the documentation's table is made from this."""

COMMON = 0.05
"""Share of articles above which an anchor is expensive."""
SHOWN = 10
"""Words that a beginning hits and a warning names."""


COMPARED = 200
"""Terms of one OR or AND that are held against each other: a list of thousands would cost seconds."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A query to be looked at."""

    query: str
    tree: Node
    words: Lexicon
    vocabulary: Vocabulary | None = None
    share: float | None = None
    """Share of articles that have what is rarest of all that must occur, if it was counted."""


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


def counted_warnings(count: WordCount, listed: Mapping[str, str]) -> tuple[Problem, ...]:
    """The same with what was counted, and with words of dictionaries by their folded form."""
    known = count.vocabulary(listed)
    subjects = [
        (one, Subject(one.watch.query, one.tree, count.words, known, count.share(one))) for one in count.queries
    ]
    return tuple(
        problem(fault, query.watch.query, query.watch.place) for query, subject in subjects for fault in lint(subject)
    )


def skipped(count: WordCount, listed: Mapping[str, str]) -> tuple[str, ...]:
    """Ids of the warnings that nothing is known for: `MON-LNT-005` has to be counted, the others need words."""
    words = () if count.vocabulary(listed) or not count.interest else ("MON-LNT-006", "MON-LNT-008")
    return (*(() if count.enough else ("MON-LNT-005",)), *words)


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


def one_at_most(subject: Subject) -> Iterator[Fault]:
    """L02: an article has one language, and its feed one country."""
    for node in _ops(subject.tree):
        tests = [part for part in node.parts if isinstance(part, Leaf) and part.meta in ("lang", "country")]
        for one, other in pairwise(sorted(tests, key=attrgetter("meta")) if node.name == "AND" else ()):
            values = {language_group(leaf.text.lower()) for leaf in (one, other)}
            if one.meta == other.meta and len(values) > 1:
                said = f"an article has one {'language' if one.meta == 'lang' else 'country'}"
                yield Fault("MON-LNT-002", other.span, said, "write OR between them")


def never(subject: Subject) -> Iterator[Fault]:
    """L02: `a AND NOT a`, also where the NOT covers every way to be true; one place in two fields; too high a score."""
    for node in _ops(subject.tree):
        if node.name == "AND":
            yield from _contradictions(node, subject.words)
        if torn(node):
            said = f"no field can have all of this {node.name}"
            yield Fault("MON-LNT-002", node.span, said, "ask for one field, or write AND between the fields")
        if node.name == "SCORE" and sum(round(leaf.weight * GRAIN) for leaf in leaves(node)) < node.count * GRAIN:
            yield Fault("MON-LNT-002", node.span, "the weights add up to less than is asked", "ask for less")


def _contradictions(node: Op, words: Lexicon) -> Iterator[Fault]:
    banned = [part for part in node.parts if isinstance(part, Op) and part.name == "NOT"]
    wanted = [part for part in node.parts if part not in banned]
    for negative in banned[:COMPARED]:
        alternatives = list(_branches(negative.parts[0]))
        if any(is_excluded(positive, alternatives, words) for positive in wanted[:COMPARED]):
            said = "this excludes everything that is asked for"
            yield Fault("MON-LNT-002", negative.span, said, "remove one of them")


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
    if subject.share is not None and subject.share > COMMON:
        said = f"what has to occur does so in {subject.share:.0%} of articles"
        yield Fault("MON-LNT-005", subject.tree.span, said, "add AND and a rarer word")


def other_words(subject: Subject) -> Iterator[Fault]:
    """L06: what else a wildcard hits, the commonest first; of words that nobody counted the shortest."""
    known = subject.vocabulary
    for leaf in leaves(subject.tree) if known else ():
        if known is None or not (leaf.open_left or leaf.open_right or leaf.wild) or leaf.kind != "word" or leaf.meta:
            continue
        shape = make_shape(subject.words.pieces(leaf))
        hit = [word for word in known.spellings if fits(shape, word) and word != subject.words.core(leaf)]
        if len(hit) > 1:
            common = sorted(hit, key=lambda word: (-known.counts.get(word, 0), len(word), word))[:SHOWN]
            listed = ", ".join(map(known.spellings.__getitem__, common))
            yield Fault("MON-LNT-006", leaf.span, f"hits {listed}", "list the words that are meant, if not all are")


def short(subject: Subject) -> Iterator[Fault]:
    """L07: one character of a script without blanks, or two letters; not beside words of a phrase, nor in a tag."""
    beside = {leaf for node in _ops(subject.tree) if node.name == "~" for leaf in node.parts}
    for leaf in leaves(subject.tree):
        bare = leaf.kind in ("word", "phrase") and not (leaf.open_left or leaf.open_right or leaf.wild)
        if not bare or leaf in beside or leaf.field in ASIDES:
            continue
        core = subject.words.core(leaf)
        if script_class(core[0]) in (*UNSPACED, HANGUL):
            if len(core) == 1:
                yield Fault("MON-LNT-007", leaf.span, "one character is part of many words", "write the whole word")
        elif len(core) <= 2 and not core.isdigit():
            yield _too_short(leaf)


def _too_short(leaf: Leaf) -> Fault:
    """Exact capitals help where there are any, and mostly an abbreviation is meant."""
    if leaf.text.upper() == leaf.text.lower():
        return Fault("MON-LNT-007", leaf.span, f"{leaf.text} is also another short word", "write a longer term")
    said = f"{leaf.text} in any capitals is also a short word or another abbreviation"
    return Fault("MON-LNT-007", leaf.span, said, f"write {{{exact_form(leaf.text, True).upper()}}}, or a longer term")


def accents(subject: Subject) -> Iterator[Fault]:
    """L08: folding makes it the word that others mean."""
    known = subject.vocabulary
    for leaf in leaves(subject.tree) if known else ():
        if known is None or leaf.kind != "word" or leaf.meta or leaf.open_left or leaf.open_right or leaf.wild:
            continue
        core = subject.words.core(leaf)
        spelling = known.spellings.get(core, "") if marked(leaf, subject.words) else ""
        if spelling and exact_form(spelling, False) != exact_form(leaf.text, False):
            rank = "which is more common" if core in known.counts else "which is a word as well"
            said = f"without accents it is {spelling}, {rank}"
            yield Fault("MON-LNT-008", leaf.span, said, f"write ={leaf.text} if only that is meant")


def hyphens(subject: Subject) -> Iterator[Fault]:
    """L09: a type in one spelling only, if articles have the other; of too few articles, if it is written as a type."""
    cores = {subject.words.core(leaf) for leaf in leaves(subject.tree) if leaf.kind in ("word", "phrase")}
    counts = subject.vocabulary.counts if subject.vocabulary and subject.share is not None else None
    for leaf in leaves(subject.tree):
        other = other_spelling(leaf)
        if not other or (counts is None and not is_familiar(leaf.text)):
            continue
        core = fold_words([other])[0]
        number = counts.get(core, 0) if counts is not None else 0
        if core not in cores and (number or counts is None):
            said = f"{other} is another word" + (f"; of the articles counted, {number} have it" if number else "")
            yield Fault("MON-LNT-009", leaf.span, said, f"write ({written(leaf)} OR {other})")


def idle(subject: Subject) -> Iterator[Fault]:
    """L10: what changes nothing."""
    for leaf in leaves(subject.tree):
        if leaf.kind == "forms":
            if len(subject.words.aliases(leaf)) < 2:
                yield Fault("MON-LNT-010", leaf.span, "the dictionary knows no other form", "write the forms, or word*")
        elif (leaf.open_left or leaf.open_right) and leaf.kind in ("word", "phrase"):
            edge = script_class(subject.words.core(leaf)[0 if leaf.open_left else -1])
            if edge in UNSPACED or (edge == HANGUL and leaf.open_right):
                yield Fault("MON-LNT-010", leaf.span, "* has no effect in this script", "remove it")


def quoted(subject: Subject) -> Iterator[Fault]:
    """`"@drones"`, `"a AND b"`, and the same in a list of keywords."""
    for leaf in leaves(subject.tree):
        if leaf.kind == "phrase" and (sign := meant_as_query(leaf.text, subject.words.concepts)):
            said = f"{sign} in quotes, or as a keyword, is searched for as words"
            yield Fault("MON-LNT-011", leaf.span, said, "write it in a query: without quotes")


RULES: Sequence[Callable[[Subject], Iterator[Fault]]] = (
    mixed,
    never,
    one_at_most,
    everything,
    shadowed,
    expensive,
    other_words,
    short,
    accents,
    hyphens,
    idle,
    quoted,
)
