"""A compiled watch: what an article is asked at once, and what is worked out when the first one comes near."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import chain

from monitor.match.heard import Heard
from monitor.match.index import Entry, Near
from monitor.match.languages import language_group
from monitor.match.listeners import ASIDES
from monitor.match.operators.base import Cost, Need, Part
from monitor.match.operators.near import is_simple
from monitor.match.plan import placed_nodes, plan
from monitor.match.syntax import Bound, Fault, Leaf, Node, Op, Span, leaves, positive_leaves
from monitor.model.watch import Watch

Shown = tuple[Span, Bound | None, int]
"""The clause that hits stand for, its field, and which of the query's it is."""


Card = tuple[Watch, str, bytes, tuple[Span, ...]]
"""A watch, its version, the signals whose hits it shows, four bytes each, and the clause of each."""


class Query:
    """A compiled watch. Of ten thousand most meet no article, so only their groups are there from the start."""

    def __init__(
        self, watch: Watch, version: str, tree: Node, numbers: tuple[int, ...], need: Need, cost: Cost
    ) -> None:
        """`numbers`: the signals of the leaves, from left to right."""
        self.watch, self.version, self.tree, self.need = watch, version, tree, need
        self.anchor = need.groups[0] if len(need.groups) == 1 else min(need.groups, key=cost)
        """The rarest group of signals of which one must be heard."""
        self.groups = frozenset(map(language_group, watch.languages))
        """Languages of the articles it may match; empty = all."""
        self.remarks: tuple[Fault, ...] | None = None
        """What is unwise about it, once somebody has looked."""
        self._numbers, self._cost = numbers, cost

    def serves(self, watch: Watch) -> bool:
        """Would another form of the watch be compiled to the same, as long as its packs are the same?"""
        mine = self.watch
        return watch.query == mine.query and watch.languages == mine.languages and watch.paused == mine.paused

    def renewed(self, watch: Watch) -> Query:
        """The same for such another form of the watch."""
        other = Query.__new__(Query)
        other.__dict__.update(self.__dict__)
        other.watch = watch
        other.__dict__.pop("card", None)
        return other

    @property
    def entry(self) -> Entry:
        """As an index has it."""
        others = tuple([group for group in self.need.groups if group is not self.anchor and group != self.anchor])
        if self.need.exact:
            return Entry(self.anchor, others, self.need.banned)
        return Entry(self.anchor, others, self.need.banned, self.holds, self._nears())

    def _nears(self) -> tuple[Near, ...]:
        """What has to stand near what, if sets decide about all the rest."""
        near: list[Op] = []
        others: list[Op] = []
        for node in _conjuncts(self.tree):
            if not isinstance(node, Leaf):
                (near if node.name in ("NEAR", "ONEAR") and all(map(is_simple, node.parts)) else others).append(node)
        settled = near and all(plan(node, self.signals, self._cost).need.exact for node in others)
        return tuple(map(self._near, near)) if settled else ()

    def _near(self, node: Op) -> Near:
        left, right = (frozenset(map(self.signals.__getitem__, leaves(part))) for part in node.parts)
        return Near(left, right, node.count, node.ordered)

    def holds(self, heard: Heard) -> bool:
        """Is the tree true of what an article has raised?"""
        return self.part.test(heard)

    @property
    def restricted(self) -> bool:
        """Must an article be asked for its language, or is the watch paused?"""
        return self.watch.paused or bool(self.groups)

    def admits(self, group: str) -> bool:
        """May an article of this language match at all?"""
        return not self.watch.paused and (not self.groups or group in self.groups)

    @cached_property
    def signals(self) -> Mapping[Leaf, int]:
        """The number of what each leaf means."""
        return dict(zip(leaves(self.tree), self._numbers, strict=True))

    @cached_property
    def part(self) -> Part:
        """The tree as a test."""
        return plan(self.tree, self.signals, self._cost)

    @cached_property
    def witness(self) -> tuple[Part, ...]:
        """Operators over places that speak for the query: what makes them true is shown of their terms, and no more."""
        nodes = placed_nodes(self.tree) if self.part.placed else ()
        return tuple(plan(node, self.signals, self._cost) for node in nodes)

    @cached_property
    def bounded(self) -> frozenset[int]:
        """Signals that occur in such operators only."""
        if not self.part.placed:
            return frozenset()
        inside = {leaf for node in placed_nodes(self.tree) for leaf in positive_leaves(node)}
        outside = {self.signals[leaf] for leaf in positive_leaves(self.tree) if leaf not in inside}
        return frozenset(self.signals[leaf] for leaf in inside) - outside

    @cached_property
    def wanted(self) -> Mapping[int, Shown]:
        """Signals whose hits are shown."""
        wanted: dict[int, Shown] = {}
        for leaf in positive_leaves(self.tree):
            if leaf.meta or leaf.field in ASIDES:
                continue  # true of the article, and not in its text
            wanted.setdefault(self.signals[leaf], (leaf.span, leaf.field, len(wanted)))
        return wanted

    @cached_property
    def shown(self) -> frozenset[int]:
        """The same signals as a set."""
        return frozenset(self.wanted)

    @cached_property
    def card(self) -> Card | None:
        """What the kernel is asked to show; None if places decide which hits are shown."""
        if self.witness:
            return None
        clauses = tuple([clause for clause, _, _ in self.wanted.values()])
        return self.watch, self.version, array("i", self.wanted).tobytes(), clauses


def _conjuncts(node: Node) -> Iterator[Node]:
    """What has to be true, each for itself."""
    if isinstance(node, Op) and node.name == "AND":
        yield from chain.from_iterable(map(_conjuncts, node.parts))
    else:
        yield node
