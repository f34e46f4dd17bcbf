"""Two segments against one: after any edits they say what a rule set says that was compiled from nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache

import pytest

from monitor.match.compiler import compile_rules
from monitor.match.concepts import load_packs
from monitor.match.explain import explain
from monitor.match.packs import Concept
from monitor.match.segments import Segments, Standing, divide, extend, only, segments_of
from monitor.model.ids import WatchId
from monitor.model.watch import Text, Watch
from tests.support.naive_queries import Chance

WATCHES, EDITS, TEXTS = 12, 6, 3
PACK = """
concept: {name}
wikidata: Q1
status: draft
symbols: []
languages:
  en:
    terms: [drone, us, {extra}]
    case: [US]
  uk:
    terms: [дрон, дроны]
    prefix: [дро]
"""


@cache
def packs(extra: str) -> Mapping[str, Concept]:
    """Two concepts, the first with a word of its own."""
    first, second = PACK.format(name="thing", extra=extra), PACK.format(name="other", extra="strasse")
    found, problems = load_packs({"thing.yaml": first, "other.yaml": second})
    assert not problems
    return found


class Edited:
    """Watches that somebody edits."""

    def __init__(self, seed: int) -> None:
        self.chance = Chance(seed)
        self.random = self.chance.random
        self.number = 0
        self.concepts = packs("war")
        self.watches = [self.fresh() for _ in range(WATCHES)]
        self.removed: list[Watch] = []

    def fresh(self) -> Watch:
        self.number += 1
        return Watch(WatchId(f"w{self.number:03}"), self.query())

    def query(self) -> str:
        written = str(self.chance.query(2))
        ask = self.random.choice(["", "", "@thing OR ", "@other AND ", "title:@thing OR us OR ", "{US} OR US OR "])
        return f"{ask}({written})"

    def edit(self) -> None:
        """One edit of any kind."""
        kinds = (self.add, self.remove, self.restore, self.rewrite, self.pause, self.rate, self.bind, self.shuffle)
        self.random.choice((*kinds, self.change_pack))()

    def add(self) -> None:
        self.watches.insert(self.random.randrange(len(self.watches) + 1), self.fresh())

    def remove(self) -> None:
        if len(self.watches) > 1:
            self.removed.append(self.watches.pop(self.random.randrange(len(self.watches))))

    def restore(self) -> None:
        if self.removed:
            self.watches.insert(0, self.removed.pop())

    def change(self, **values: object) -> None:
        at = self.random.randrange(len(self.watches))
        self.watches[at] = replace(self.watches[at], **values)  # type: ignore[arg-type]

    def rewrite(self) -> None:
        self.change(query=self.query())

    def pause(self) -> None:
        self.change(paused=self.random.random() < 0.5)

    def rate(self) -> None:
        self.change(severity=self.random.choice(["low", "critical"]))

    def bind(self) -> None:
        self.change(languages=self.random.choice([(), ("uk",), ("en", "uk")]))

    def shuffle(self) -> None:
        self.random.shuffle(self.watches)

    def change_pack(self) -> None:
        self.concepts = packs(self.random.choice(["war", "x"]))

    def text(self) -> Text:
        said = (self.chance.text(4), self.chance.text(6) + " US us drone", self.chance.text(14))
        return Text(*said, self.random.choice(["uk", "en", "und"]), ("Jane",), "https://example.org/drone")


def same(ours: Standing, whole: Standing, text: Text, context: object) -> int:
    """Nobody who asks can tell them apart. Returns how many watches were met."""
    assert ours.watches == whole.watches, context
    assert [ours.version(watch.id) for watch in ours.watches] == [query.version for query in whole.queries], context
    assert ours.met(text) == whole.met(text), context
    assert ours.match(text) == whole.match(text), context
    some = frozenset(watch.id for watch in whole.watches[::2])
    assert ours.match(text, some) == whole.match(text, some), context
    assert explain(ours, text) == explain(whole, text), context
    return len(whole.met(text))


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.timeout(60)
def test_delta_and_base_are_the_full_build(seed: int) -> None:
    """Adding, removing, restoring, rewriting, pausing, binding to languages, moving, new packs: one by one, and all."""
    edited = Edited(seed)
    base = compile_rules(edited.watches, edited.concepts)
    met = 0
    for number in range(EDITS):
        edited.edit()
        kept, _ = divide(base, edited.watches, edited.concepts)
        ours = extend(base, kept, edited.watches, edited.concepts)
        whole = compile_rules(edited.watches, edited.concepts)
        awake = [watch for watch in edited.watches if not watch.paused]
        for _ in range(TEXTS):
            text, context = edited.text(), (seed, number)
            met += same(ours, whole, text, context)
            same(only(ours, lambda watch: not watch.paused), compile_rules(awake, edited.concepts), text, context)
        assert segments_of(ours)[0].rules is base
        assert isinstance(ours, Segments)
    assert met > EDITS
