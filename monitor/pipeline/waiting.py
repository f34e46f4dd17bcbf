"""A poll that waited: it is judged when the ledger is back, perhaps by a state that has seen later ones.

Nothing in it may undo what a later poll has taught: an old text is no edit, old validators are no better ones.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

from monitor.dedupe.identity import New, judge_rungs, recognise
from monitor.dedupe.window import Memory
from monitor.model.article import Article, Reading
from monitor.model.event import Outcome
from monitor.model.feed import FeedSpec
from monitor.model.state import FeedState
from monitor.pipeline.process import Moment, Polled, processing
from monitor.pipeline.rules import Rules


def taking_up(
    feed: FeedSpec, result: Polled, state: FeedState, rules: Rules, moment: Moment
) -> Generator[None, None, Outcome]:
    """`processing` of a poll that was read at `moment`; of one that is not the newest only what nobody has seen."""
    last = state.health.last_poll
    if last is None or last < moment.now:
        return (yield from processing(feed, result, state, rules, moment))
    if not isinstance(result, Reading) or not (unseen := _unseen(result, state)):
        return Outcome(feed, state)
    seen = tuple(one.raw_hash for one in result.articles if one not in unseen)
    sifted = replace(result, articles=unseen, known=(*result.known, *seen))
    # Without a window no gap is found: whoever polled later has told of it, if there was one.
    outcome = yield from processing(
        feed, sifted, replace(state, cadence=replace(state.cadence, window=0)), rules, moment
    )
    return replace(outcome, state=_remembering(state, outcome.state))


def _unseen(reading: Reading, state: FeedState) -> tuple[Article, ...]:
    memory = Memory(state.items)
    known = [item for raw in reading.known if (item := memory.touch_raw(raw)) is not None]
    trust = judge_rungs(reading.articles, known, memory, state.distrusted)
    return tuple(one for one in reading.articles if isinstance(recognise(one, memory, trust), New))


def _remembering(state: FeedState, after: FeedState) -> FeedState:
    """The state with the items that were added, and what counts them."""
    return replace(state, items=after.items, rounds=after.rounds, events=after.events, totals=after.totals)
