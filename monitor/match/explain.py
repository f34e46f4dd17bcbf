"""Why a watch was met by a text, and why not: the clauses that failed, each with its nearest miss."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from itertools import chain
from operator import attrgetter
from types import MappingProxyType

from monitor.match.heard import Heard, Mark
from monitor.match.invisible import visible_end
from monitor.match.languages import language_group
from monitor.match.listeners import FIELDS, Variant
from monitor.match.matcher import RuleSet
from monitor.match.misses import Miss, holds, operator_miss
from monitor.match.occurrences import Occurrences
from monitor.match.operators.metadata import known_values
from monitor.match.packs import Concept
from monitor.match.places import find_places
from monitor.match.plan import placed_nodes, plan
from monitor.match.query import Query
from monitor.match.scan import Scan, is_cut, is_text
from monitor.match.segments import Segment, Standing, segments_of
from monitor.match.spellings import LEAST, Spelling, find_endings, find_spellings, is_scattered
from monitor.match.syntax import Bound, Leaf, Node, Op, Span, leaves, positive_leaves
from monitor.match.tiers import WeakTier
from monitor.model.article import FieldName, Removed
from monitor.model.ids import WatchId
from monitor.model.watch import Hit, Limit, Text

MESSAGES = {
    "absent": "{clause} does not occur",
    "form": "{clause}: only another form occurs: {found}; {hint} would match",
    "scattered": "{clause}: its words occur, but not side by side in this order",
    "field": "{clause}: {found} occurs, but in another field",
    "case": "{clause}: {found} differs in its capitals",
    "accent": "{clause}: {found} differs in its accents",
    "capitals": "{clause}: {found} stands in a headline all in capitals and nowhere else",
    "numeral": "{clause}: {found} stands behind a number",
    "not_in": "{clause}: {found} is part of a longer string that does not count",
    "language": "{clause}: {found} counts only in text of the language {hint}, this text is {language}",
    "weak": "{clause}: only the weak tier occurs: {found}; {hint} beside a second signal would match",
    "removed": "{clause} occurs only in a line that was removed as no part of the article: {found}",
    "shape": "{found} does not fit {clause}",
    "near": "{clause}: {found} words apart, limit {hint}",
    "order": "{clause}: near enough, but in the other order",
    "apart": "{clause}: all occur, but never in one field at different places",
    "window": "{clause}: {found} other words among them, limit {hint}",
    "guarded": "{clause}: {found} stands near every place",
    "sentence": "{clause}: all of it occurs, but not within one sentence",
    "paragraph": "{clause}: all of it occurs, but not within one paragraph",
    "first": "{clause}: true of the first {found} words, limit {hint}",
    "atleast": "{clause}: occurs {found} times, {hint} are asked",
    "score": "{clause}: adds up to {found}, {hint} are asked",
    "metadata": "{clause} is not true of this article; known is {hint}",
    "not_hit": "{clause}: {found} occurs, and the query excludes it",
    "not_true": "{clause}: the query excludes it, and it is true of this article",
    "article_language": "the watch takes only articles in {hint}, this text is {language}",
    "paused": "the watch is paused",
}
"""Reasons why a watch is not met, in words."""

CLOSENESS = (
    "order", "near", "window", "guarded", "sentence", "paragraph", "first", "atleast", "score", "apart",
    "field", "case", "accent", "capitals", "numeral", "not_in", "shape", "language", "weak", "removed", "form",
    "scattered", "metadata", "absent",
)  # fmt: skip
"""Near misses, the nearest first."""


MAX_CLAUSE = 80
"""Characters of a clause that a message repeats."""


@dataclass(frozen=True, slots=True)
class WhyNot:
    """A clause that failed. `start` and `end` are where the near miss stands in its field, in code points.

    With reason `removed` they are those of the removed line, in the text as it was before.
    """

    clause: Span
    reason: str
    message: str
    text: str | None = None
    field: FieldName | None = None
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Explained:
    """A watch with what it found, or what it missed."""

    watch: WatchId
    matched: bool
    hits: tuple[Hit, ...] = ()
    hits_total: int = 0
    limits: tuple[Limit, ...] = ()
    """Bounds that were reached: what lies beyond them was not looked at."""
    why_not: tuple[WhyNot, ...] = ()
    version: str = ""
    """Of the watch: names its query, its packs and the fold table."""


def explain(
    rules: Standing,
    text: Text,
    removed: Sequence[Removed] = (),
    concepts: Mapping[str, Concept] = MappingProxyType({}),
) -> tuple[Explained, ...]:
    """One result per watch, by id. `removed`: the lines that were taken out of the text before.

    `concepts`: those of the watches, so that their weak tiers can be named where the strong ones are missed.
    """
    weak = WeakTier(text, concepts)
    results = chain.from_iterable(_explain(segment, text, removed, weak) for segment in segments_of(rules))
    return tuple(sorted(results, key=attrgetter("watch")))


def _explain(segment: Segment, text: Text, removed: Sequence[Removed], weak: WeakTier) -> Iterator[Explained]:
    rules, queries = segment.rules, segment.live.values()
    sighting = rules.sight(rules.scan(text))
    scan, heard = sighting.scan, sighting.heard
    lost = [(line, rules.heard(rules.scan(Text(body=line.text, language=text.language)))) for line in removed]
    met = [query for query in queries if query.admits(scan.group) and query.part.test(heard)]
    matches = {match.watch.id: match for match in rules.show(met, sighting)}
    cut: tuple[Limit, ...] = ("field",) if is_cut(text.title, text.summary, text.body) else ()
    crowd: tuple[Limit, ...] = (*cut, "hits")
    spelt: dict[int, tuple[Spelling, ...]] = {}
    occurring = Occurrences(scan, rules.listeners)
    for query in queries:
        name = query.watch.id
        if match := matches.get(name):
            yield Explained(name, True, match.hits, match.hits_total, match.limits, version=query.version)
        else:
            missed = _Inquest(rules, query, scan, heard, lost, spelt, weak, occurring).find()
            limits = cut if sighting.crowded.isdisjoint(query.signals.values()) else crowd
            yield Explained(name, False, limits=limits, why_not=missed, version=query.version)


@dataclass(slots=True)
class _Inquest:
    """One watch that was not met by one text."""

    rules: RuleSet
    query: Query
    scan: Scan
    heard: Heard
    lost: Sequence[tuple[Removed, AbstractSet[int]]]
    spelt: dict[int, tuple[Spelling, ...]]
    """Other spellings of concepts by their signal: many watches ask for the same."""
    weak: WeakTier
    occurring: Occurrences
    fields: dict[Span, str] = field(init=False)
    """By the clauses of terms: where they are bound to."""

    def __post_init__(self) -> None:
        """Looks the fields up once for all clauses."""
        bound = ((leaf.span, leaf.meta or leaf.field) for leaf in leaves(self.query.tree))
        self.fields = {span: name for span, name in bound if name}

    def find(self) -> tuple[WhyNot, ...]:
        """The smallest set of clauses that failed."""
        whole = (0, len(self.query.watch.query))
        if self.query.watch.paused:
            return (self.why(whole, "paused"),)
        failed = () if self.holds(self.query.tree) else self.failures(self.query.tree)
        if self.query.groups and self.scan.group not in self.query.groups:
            return (self.why(whole, "article_language", hint=", ".join(self.query.watch.languages)), *failed)
        return failed

    def holds(self, node: Node) -> bool:
        return holds(node, self.query.signals, self.heard)

    def failures(self, node: Node) -> tuple[WhyNot, ...]:
        """What would have to change for a false node to be true, by operator."""
        if isinstance(node, Leaf):
            return (self.nearest_miss(node),)
        if node.name == "NOT":
            return (self.exclusion(node),)
        if miss := operator_miss(node, self.query.signals, self.heard):
            return (self.missed(node, miss),)
        failed = [self.failures(part) for part in node.parts if not self.holds(part)]
        if node.name not in ("OR", "SCORE"):
            return tuple(why for part in failed for why in part)
        best = min(failed, key=_distance)
        nothing = not any(self.query.signals[leaf] in self.heard for leaf in positive_leaves(node))
        return (self.why(node.span, "absent"),) if nothing and {why.reason for why in best} == {"absent"} else best

    def seen(self, start: int, end: int) -> Span:
        """Where folded characters stand in the joined original, up to the last that is seen."""
        folded = self.scan.folded
        first, last = folded.span(start, end)
        return first, visible_end(folded.original, first, last)

    def missed(self, node: Op, miss: Miss) -> WhyNot:
        """The near miss of an operator over places."""
        if not miss.spots:
            return self.why(node.span, miss.reason, miss.found, miss.asked)
        start, end = min(spot.start for spot in miss.spots), max(spot.end for spot in miss.spots)
        span = self.seen(start, end)
        words = miss.found or self.scan.folded.original[slice(*span)]
        return self.at(self.why(node.span, miss.reason, words, miss.asked), self.scan.field_at(start), *span)

    def why(self, clause: Span, reason: str, found: str | None = None, hint: str = "") -> WhyNot:
        text = shortened(self.written(clause))
        language = self.scan.group or "unknown"
        message = MESSAGES[reason].format(clause=text, found=found, hint=hint, language=language)
        return WhyNot(clause, reason, message, found)

    def written(self, clause: Span) -> str:
        """A clause as its author wrote it; a term inside `lang:( )` or `title:( )` with that field."""
        text = self.query.watch.query[slice(*clause)]
        name = self.fields.get(clause)
        return f"{name}:{text}" if name and ":" not in text else text

    def at(self, why: WhyNot, field: Bound, start: int, end: int) -> WhyNot:
        """The same with the place of the near miss, given in the joined original; in a text, that is."""
        if not is_text(field):
            return why
        first, last = self.scan.local(field, start, end)
        found = self.scan.fields[FIELDS.index(field)][first:last]
        return WhyNot(why.clause, why.reason, why.message, found, field, first, last)

    def nearest_miss(self, leaf: Leaf) -> WhyNot:
        if leaf.meta:
            known = [value for name, value in known_values(self.scan.text) if name == leaf.meta]
            return self.why(leaf.span, "metadata", hint=", ".join(known) or "nothing")
        misses = [*self.objections(leaf), *self.weaker(leaf), *self.removals(leaf), *self.other_forms(leaf)]
        return min(misses, key=lambda why: CLOSENESS.index(why.reason), default=self.why(leaf.span, "absent"))

    def objections(self, leaf: Leaf) -> Iterator[WhyNot]:
        """Occurrences that do not count, each with its reason."""
        signal = self.query.signals[leaf]
        return (self.objection(leaf, variant, start, end) for start, end, variant in self.occurring.of(signal))

    def objection(self, leaf: Leaf, variant: Variant, start: int, end: int) -> WhyNot:
        reason = self.scan.objection(variant, start, end) or "field"
        span = self.scan.shown_span(variant, start, end)
        found = self.scan.folded.original[slice(*span)]
        why = self.why(leaf.span, reason, found, language_group(variant.check.language))
        return self.at(why, self.scan.field_at(start), *span)

    def weaker(self, leaf: Leaf) -> Iterator[WhyNot]:
        """An ambiguous alias of the concept, which proves nothing by itself."""
        if hit := self.weak.first(leaf):
            why = self.why(leaf.span, "weak", hit.text, f"@{leaf.text}.weak")
            yield WhyNot(why.clause, why.reason, why.message, hit.text, hit.field, hit.start, hit.end)

    def removals(self, leaf: Leaf) -> Iterator[WhyNot]:
        for line, heard in self.lost:
            if self.query.signals[leaf] in heard:
                why = self.why(leaf.span, "removed", line.text)
                yield WhyNot(why.clause, why.reason, why.message, line.text, line.field, line.start, line.end)

    def other_forms(self, leaf: Leaf) -> Iterator[WhyNot]:
        """Spellings of what is asked for that stand in the text, and a phrase whose words stand apart."""
        text, signal = self.scan.folded.text, self.query.signals[leaf]
        if leaf.kind == "concept":
            if signal not in self.spelt:
                self.spelt[signal] = self.alias_endings(signal)
            yield from (self.form(leaf, spelling) for spelling in self.spelt[signal])
        elif leaf.kind in ("word", "phrase") and not (leaf.open_left or leaf.open_right or leaf.wild):
            core = next(self.occurring.variants(signal)).aliases[0].core
            yield from (self.form(leaf, spelling) for spelling in find_spellings(core, text))
            if is_scattered(core, text):
                yield self.why(leaf.span, "scattered")

    def alias_endings(self, signal: int) -> tuple[Spelling, ...]:
        """The first place where something follows an alias of a concept that counts in this language."""
        text = self.scan.folded.text
        found: list[Spelling] = []
        for variant in self.occurring.variants(signal):
            bound = variant.check.language and self.scan.group not in ("", variant.check.language)
            for alias in () if bound or variant.check.exact else variant.aliases:
                if len(alias.core) >= LEAST and not (alias.open_left or alias.open_right):
                    found += find_endings(alias.core, text)
        return (min(found, key=lambda spelling: (spelling.start, -len(spelling.hint))),) if found else ()

    def form(self, leaf: Leaf, spelling: Spelling) -> WhyNot:
        span = self.seen(spelling.start, spelling.end)
        why = self.why(leaf.span, "form", self.scan.folded.original[slice(*span)], spelling.hint)
        return self.at(why, self.scan.field_at(spelling.start), *span)

    def excluded_marks(self, node: Op) -> Iterator[Mark]:
        """The hits by which operators over places are true that the query excludes."""
        for placed in placed_nodes(node.parts[0]):
            yield from plan(placed, self.query.signals, len).marks(self.heard)

    def exclusion(self, node: Op) -> WhyNot:
        """The first occurrence of what the query excludes."""
        signals = frozenset(self.query.signals[leaf] for leaf in leaves(node)) & self.heard
        marks = set(self.excluded_marks(node))
        places = find_places(self.scan, self.rules.listeners, signals)
        rows = [one for signal, row in places.items() for one in row if not marks or (signal, one[2], one[3]) in marks]
        if not rows:
            return self.why(node.span, "not_true")
        start, end, *_, said, _ = min(rows)
        found = self.scan.folded.original[start:end]
        return self.at(self.why(node.span, "not_hit", found), said[0], start, end)


def shortened(clause: str) -> str:
    """A clause as a message has it: a list of terms is told from others by its beginning."""
    return clause if len(clause) <= MAX_CLAUSE else clause[: MAX_CLAUSE - 1].rstrip() + "…"


def _distance(failed: Sequence[WhyNot]) -> tuple[int, list[int]]:
    """The fewer and the nearer the misses, the better the explanation."""
    return len(failed), sorted(CLOSENESS.index(why.reason) for why in failed if why.reason in CLOSENESS)
