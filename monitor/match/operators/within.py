"""`SENTENCE(q)` and `PARAGRAPH(q)`: all of q in one piece of the text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from monitor.match.heard import Heard, Mark, Page, Spot
from monitor.match.operators.base import Cost, Example, Marks, Need, Operator, Part, Test
from monitor.match.syntax import Op

Unit = Callable[[Page, Spot], int | None]


def units(part: Part, unit: Unit, heard: Heard) -> Iterator[Heard]:
    """What stands in each piece of the text that has anything of it, one after the other."""
    if heard.page is None:
        return
    found: dict[int, dict[int, list[Spot]]] = defaultdict(lambda: defaultdict(list))
    signals = {signal for _, signal in part.leaves}
    for signal in signals & heard:
        for spot in heard.spots(signal):
            number = unit(heard.page, spot)
            if number is not None:
                found[number][signal].append(spot)
    yield from (heard.part(found[number], ()) for number in sorted(found))


def judge_within(parts: Sequence[Part], _: Op, unit: Unit) -> Test:
    """True when the operand holds in one piece."""
    (inner,) = parts
    return lambda heard: any(map(inner.test, units(inner, unit, heard)))


def need_inside(needs: Sequence[Need], _: Cost) -> Need:
    """The groups of the operand."""
    return Need(needs[0].groups, False)


def marks_within(parts: Sequence[Part], _: Op, unit: Unit) -> Marks:
    """The hits in the pieces in which the operand holds."""
    (inner,) = parts

    def marks(heard: Heard) -> Iterator[Mark]:
        for piece in units(inner, unit, heard):
            if inner.test(piece):
                yield from inner.marks(piece)

    return marks


SENTENCE = Operator(
    name="SENTENCE",
    syntax="SENTENCE(q)",
    power=50,
    summary="q holds within one sentence; the title is one",
    examples=(
        Example("SENTENCE(power AND ukraine)", False),
        Example("SENTENCE(power AND burned)", True),
        Example("SENTENCE(ukraine AND NOT power)", True),
        Example("SENTENCE(kyiv AND power)", False),
    ),
    test=partial(judge_within, unit=Page.sentence),
    need=need_inside,
    marks=partial(marks_within, unit=Page.sentence),
    placed=True,
)
PARAGRAPH = Operator(
    name="PARAGRAPH",
    syntax="PARAGRAPH(q)",
    power=50,
    summary="q holds within one paragraph; the title is one",
    examples=(
        Example("PARAGRAPH(power AND ukraine)", True),
        Example("PARAGRAPH(kyiv AND ukraine)", False),
        Example("PARAGRAPH(ukraine AND NOT power)", False),
    ),
    test=partial(judge_within, unit=Page.paragraph),
    need=need_inside,
    marks=partial(marks_within, unit=Page.paragraph),
    placed=True,
)
