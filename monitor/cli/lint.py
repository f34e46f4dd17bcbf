"""`watches lint`: what is probably not meant, with the warnings that need to know which words are common."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from monitor.cli.common import CONFIG, JSON, print_json, run_async, say, tell, trial_configuration
from monitor.errors import LedgerError, Unreachable, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.config.config import Config
    from monitor.match.vocabulary import Interest, WordCount

DAY = 86400.0
MOST = 3
"""Dictionaries that are read without being named: each takes some seconds."""
LANGUAGE = "Read the dictionary of this language; may be given again."


def register(group: typer.Typer) -> None:
    """Adds the command to the group `watches`."""
    group.command()(lint)


def lint(
    days: int = typer.Option(7, "--days", min=1, help="Count the articles of so many days."),
    limit: int = typer.Option(20_000, "--limit", min=1, help="Read at most so many revisions, the oldest first."),
    language: list[str] = typer.Option([], "--language", help=LANGUAGE),
    config: Path = CONFIG,
    json: bool = JSON,
) -> None:
    """Warn of queries that may not say what is meant; counts words."""
    from monitor.cli.check import show
    from monitor.cli.explain import all_rules, check_language
    from monitor.match.lint import counted_warnings, skipped
    from monitor.match.vocabulary import WordCount

    for one in language:
        check_language(one)
    known = trial_configuration(config)
    count = WordCount(all_rules(known), known.concepts)
    _count(known, count, days, limit)
    languages = [one.partition("-")[0].lower() for one in language] or ([] if count.enough else spoken(known))
    listed = looked_up(count.interest, languages, named=bool(language))
    found, left = counted_warnings(count, listed), skipped(count, listed)
    show(found, "warning", json)
    if json:
        print_json({"total": {"warnings": len(found), "articles": count.articles, "skipped": list(left)}})
    else:
        say(*sentences(len(found), count, left))


def sentences(found: int, count: WordCount, left: Sequence[str]) -> list[str]:
    """What was found, by what, and what could not be looked for."""
    from monitor.cli.text import counted
    from monitor.match.vocabulary import ENOUGH

    said = [f"{counted(found, 'warning')}; words of {counted(count.articles, 'article')} counted"]
    if left:
        few = f"fewer than {ENOUGH} articles" + (" and no dictionary" if len(left) > 1 else "")
        said.append(f"not looked for: {', '.join(left)} ({few})")
    return said


def spoken(config: Config) -> list[str]:
    """The languages that most feeds and watches are in: their dictionaries stand in for articles."""
    from collections import Counter

    tags = [feed.language for feed in config.feeds if feed.language]
    named = Counter(tag.partition("-")[0].lower() for tag in tags)
    named.update(tag for watch in config.watches for tag in watch.languages)
    return [tag for tag, _ in named.most_common(MOST)]


def looked_up(interest: Interest, languages: Sequence[str], *, named: bool) -> dict[str, str]:
    """Words of dictionaries that matter, by their folded form. Raises UsageError if a named one does not exist."""
    from monitor.match.inflection import listed_words, release

    found: dict[str, str] = {}
    for one in languages if interest else ():
        words = listed_words(one)
        if words is None and named:
            raise UsageError(f"there is no dictionary of the language {one}")
        found = {**interest.chosen(words or ()), **found}
        release()
    return found


def _count(config: Config, count: WordCount, days: int, limit: int) -> None:
    """Without a ledger there are no articles, and that is said."""
    try:
        run_async(lambda: _read(config, count, days, limit))
    except (LedgerError, Unreachable) as error:
        tell(f"no articles are counted: {error}")


async def _read(config: Config, count: WordCount, days: int, limit: int) -> None:
    from monitor.app.backtest import Span, backtest
    from monitor.app.build.picture import table_of
    from monitor.app.build.source import system_clock
    from monitor.app.build.view import open_tail
    from monitor.pipeline.counting import Counting

    topic, now = table_of(config).articles, system_clock().now()
    span = Span(now - days * DAY, now, limit)
    async with open_tail(config, [topic], "begin") as reading:
        await backtest(reading.log, topic, reading.after, Counting(count), span)
