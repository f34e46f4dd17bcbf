"""`probe`: one poll of a URL, or of a file as if it had come from one, with everything that was understood."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from monitor.cli.common import CONFIG, JSON, print_json, run_async, say, trial_configuration
from monitor.cli.input import name_of, read_bytes, whole
from monitor.errors import UsageError

if TYPE_CHECKING:
    from monitor.app.build.probe import Bench
    from monitor.config.config import Config
    from monitor.model.feed import FeedSpec
    from monitor.model.poll import Headers, Verdict

AT_ONCE = 8
"""Sources that are asked or read at the same time."""


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(probe)


def probe(
    sources: list[str] = typer.Argument(..., metavar="URL|FILE", help="Feeds, or files that hold a response body."),
    url: str | None = typer.Option(None, "--url", help="A FILE is read as if it had come from here."),
    header: list[str] = typer.Option(
        [], "--header", help="'Name: value' of the response a FILE came with; repeatable."
    ),
    no_articles: bool = typer.Option(False, "--no-articles", help="Leave the articles out."),
    config: Path = CONFIG,
    json: bool = JSON,
) -> None:
    """Show what a poll makes of a URL or a file. Redirects, charset, dates, articles, next poll; nothing is kept."""
    headers = tuple(map(read_header, header))
    if (url or headers) and any(map(is_url, sources)):
        raise UsageError("--url and --header say how a FILE has come; a URL is asked itself")
    for wanted in (*([url] if url is not None else ()), *(source for source in sources if "://" in source)):
        check_url(wanted)
    known = trial_configuration(config)
    run_async(lambda: _probe(Probe(known, url, headers, json, not no_articles), sources))


def is_url(source: str) -> bool:
    """Whether a source is asked for, not read from the disk."""
    return source.lower().startswith(("http://", "https://"))


def check_url(url: str) -> None:
    """Raises UsageError for what no feed can have."""
    from monitor.config.forms import feed_url

    if message := feed_url(url):
        raise UsageError(f"{whole(url)}: {message}")


def read_header(text: str) -> tuple[str, str]:
    """`Name: value`, the name in lower case. Raises UsageError."""
    name, colon, value = whole(text).partition(":")
    if not colon or not name.strip() or " " in name.strip():
        raise UsageError(f"--header {whole(text)}: needs 'Name: value'")
    return name.strip().lower(), value.strip()


class Probe:
    """How sources are probed, and how that is printed."""

    def __init__(self, config: Config, url: str | None, headers: Headers, json: bool, articles: bool) -> None:
        self.config, self.url, self.headers, self.json, self.articles = config, url, headers, json, articles

    def print(self, answer: dict[str, Any]) -> None:
        """One source."""
        from monitor.cli.probed import sentences

        if not self.articles:
            del answer["articles"]
        print_json(answer) if self.json else say(*sentences(answer))

    async def ask(self, bench: Bench, source: str) -> dict[str, Any]:
        """One source, from its bytes to its next poll."""
        from monitor.cli.probed import describe
        from monitor.model.article import ReadTask
        from monitor.model.poll import Fetched
        from monitor.model.state import FeedState
        from monitor.pipeline import hints_of

        feed = self.feed(source)
        verdict = await self.fetch(bench, feed) if is_url(source) else self.taken(source, feed)
        now = bench.clock.now()
        if isinstance(verdict, Fetched):
            hints = hints_of(feed, FeedState(feed.id), verdict.body_hash, now)
            result = await bench.workers.read(ReadTask(verdict, feed, hints))
            return describe(
                name_of(Path(source)) if not is_url(source) else source, feed, result, bench.in_force.rules, now
            )
        return describe(source, feed, verdict, bench.in_force.rules, now)

    def feed(self, source: str) -> FeedSpec:
        """The configured feed of this URL, with all its settings; else one that has only a URL."""
        from monitor.config.feeds import derived_id
        from monitor.model.feed import FeedSpec
        from monitor.model.ids import FeedId

        url = source if is_url(source) else self.url or Path(source).absolute().as_uri()
        known = next((feed for feed in self.config.feeds if feed.url == url), None)
        return known or FeedSpec(FeedId(derived_id(url)), url)

    async def fetch(self, bench: Bench, feed: FeedSpec) -> Verdict:
        """The answer of a server, past the same guard as every poll."""
        from monitor.fetch.request import request_for

        credentials = bench.in_force.credentials.get(feed.id)
        return await bench.fetcher.fetch(request_for(feed, None, credentials, bench.in_force.fetch))

    def taken(self, source: str, feed: FeedSpec) -> Verdict:
        """A file as the answer it is said to be: whole, decoded, status 200."""
        from monitor.fetch.request import request_for
        from monitor.fetch.verdict import Body, judge_body, over_cap
        from monitor.model.poll import Response

        fetch = self.config.settings.fetch
        data = read_bytes(Path(source))
        response = Response(feed.url, 200, self.headers, wire_bytes=len(data))
        if fault := over_cap(fetch, len(data), len(data), coded=False):
            return fault.verdict(response)
        return judge_body(request_for(feed, None, None, fetch), (), response, Body(data))


async def _probe(how: Probe, sources: list[str]) -> None:
    import asyncio

    from monitor.app.build.probe import open_bench

    turn = asyncio.Semaphore(AT_ONCE)
    async with open_bench(how.config) as bench, asyncio.TaskGroup() as group:

        async def ask(source: str) -> dict[str, Any]:
            async with turn:
                return await how.ask(bench, source)

        for task in [group.create_task(ask(source)) for source in sources]:
            how.print(await task)
