"""The one way out: hop by hop, guarded, paced, under every cap. Rules are in `monitor/fetch`; here is only awaiting."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace

import aiohttp
from yarl import URL

from monitor.adapters.http.body import BodyReader
from monitor.adapters.http.errors import REMOTE, explain, timed_out
from monitor.adapters.http.guard import ATTEMPT, Attempt, GuardedResolver, verified_tls
from monitor.adapters.http.lanes import Lanes
from monitor.adapters.http.session import make_connector, make_resolver, make_tracing, send_again_once
from monitor.fetch.guard import Fault, Guard, Target
from monitor.fetch.request import headers_for
from monitor.fetch.settings import FetchSettings
from monitor.fetch.verdict import REDIRECTS, RETRY_AFTER_CAP, judge_body, judge_head
from monitor.model.ids import HostKey
from monitor.model.poll import FetchRequest, Headers, Hop, Response, Verdict
from monitor.ports import Clock, Pacer


@dataclass(slots=True)
class Walk:
    """One poll on its way: where it is, where it has been, how much of its time is spent."""

    request: FetchRequest
    target: Target
    hops: tuple[Hop, ...] = ()
    spent: float = 0.0
    facts: Response = field(default_factory=Response)
    """What is known of the answer so far, for a verdict that comes early."""


class HttpFetcher:
    """`ports.Fetcher` over aiohttp. To be made where a loop runs, or before; the session opens with the first poll."""

    def __init__(
        self,
        settings: FetchSettings,
        agent: str,
        clock: Clock,
        pacer: Pacer,
        *,
        retry_after_cap: float = RETRY_AFTER_CAP,
        authorities: str | None = None,
    ) -> None:
        """`agent` is `name/version (+contact)`; `authorities` PEM text of roots to trust besides the system's."""
        self._settings, self._agent, self._clock, self._pacer = settings, agent, clock, pacer
        self._cap, self._tls = retry_after_cap, verified_tls(authorities)
        self._guard = Guard.of(settings)
        self._lanes = Lanes(settings.concurrency)
        self._opened: tuple[aiohttp.ClientSession, GuardedResolver] | None = None
        self._retired: list[tuple[aiohttp.ClientSession, GuardedResolver]] = []

    async def fetch(self, request: FetchRequest) -> Verdict:
        """What came of one poll. Never raises for anything a remote side does."""
        target = self._guard.check_url(request.url)
        if isinstance(target, Fault):
            return target.verdict(Response(url=request.url))
        walk = Walk(request, target, facts=Response(url=target.url))
        while True:
            host = walk.target.host
            async with self._pacer.turn(HostKey(host)), self._lanes.place(host):
                step = await self._take_hop(walk)
            if not isinstance(step, Target):
                return step
            walk.target = step

    def use(self, settings: FetchSettings) -> None:
        """Other settings for whatever begins from now on; what is under way ends on the connection it has."""
        self._settings, self._guard = settings, Guard.of(settings)
        self._lanes = Lanes(settings.concurrency)
        self._retire()

    async def close(self) -> None:
        """Drops all connections."""
        self._retire()
        while self._retired:
            session, resolver = self._retired.pop()
            await session.close()
            await resolver.close()

    def _retire(self) -> None:
        if self._opened is not None:
            self._retired.append(self._opened)
            self._opened = None

    def _open(self) -> tuple[aiohttp.ClientSession, GuardedResolver]:
        if self._opened is None:
            resolver = make_resolver(self._settings, self._guard)
            session = aiohttp.ClientSession(
                connector=make_connector(self._guard, resolver, self._tls),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                auto_decompress=False,
                trace_configs=[make_tracing(self._settings.read_timeout)],
                middlewares=(send_again_once,),
                timeout=aiohttp.ClientTimeout(
                    total=None,
                    connect=self._settings.connect_timeout,
                    sock_connect=self._settings.connect_timeout,
                    sock_read=self._settings.read_timeout,
                ),
            )
            self._opened = (session, resolver)
        return self._opened

    async def _take_hop(self, walk: Walk) -> Verdict | Target:
        """One request and its answer: the verdict, or where it sends us. Waiting for the turn is over by now."""
        attempt = Attempt(proxied=walk.request.proxy is not None)
        token = ATTEMPT.set(attempt)
        started, before = self._clock.monotonic(), walk.spent
        try:
            async with asyncio.timeout(self._settings.total_timeout - walk.spent) as total:
                step = await self._ask(walk, attempt)
        except REMOTE as error:
            fault = (
                timed_out("total") if isinstance(error, TimeoutError) and total.expired() else explain(error, attempt)
            )
            step = fault.verdict(walk.facts)
        finally:
            ATTEMPT.reset(token)
            walk.spent = before + self._clock.monotonic() - started
            self._lanes.note(walk.target.host, walk.spent - before)
        return step if isinstance(step, Target) else _with_duration(step, walk)

    async def _ask(self, walk: Walk, attempt: Attempt) -> Verdict | Target:
        session, resolver = self._open()
        sent = headers_for(walk.request, walk.target.url, self._settings, self._agent)
        async with asyncio.timeout(None) as attempt.patience:
            answer = await session.get(
                URL(walk.target.url, encoded=True),
                headers=dict(sent),
                proxy=walk.request.proxy,
                allow_redirects=False,
            )
        attempt.phase = "body"
        try:
            walk.facts = _facts(walk, answer, mixed=resolver.is_mixed(walk.target.host))
            return await self._judge(walk, sent, answer)
        finally:
            _let_go(answer)

    async def _judge(self, walk: Walk, sent: Headers, answer: aiohttp.ClientResponse) -> Verdict | Target:
        if answer.status in REDIRECTS:
            walk.hops = (*walk.hops, Hop(walk.target.url, answer.status))
            walk.facts = replace(walk.facts, hops=walk.hops)
            step = self._guard.follow(walk.request, walk.hops, walk.facts.header("location"))
            return step if isinstance(step, Target) else step.verdict(walk.facts)
        verdict = judge_head(walk.request, sent, walk.facts, self._clock.now(), self._cap)
        if verdict is not None:
            return verdict
        reader = BodyReader(self._settings, answer)
        try:
            body = await reader.read()
        finally:
            walk.facts = replace(walk.facts, wire_bytes=reader.wire)
        if isinstance(body, Fault):
            return body.verdict(walk.facts)
        return judge_body(walk.request, sent, walk.facts, body)


def _facts(walk: Walk, answer: aiohttp.ClientResponse, *, mixed: bool) -> Response:
    headers = tuple((name.decode("ascii", "replace").lower(), _text(value)) for name, value in answer.raw_headers)
    return Response(walk.target.url, answer.status, headers, walk.hops, partly_private=mixed)


def _text(value: bytes) -> str:
    """UTF-8 if it is, else Latin-1, so that a header is always a text that can be logged."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _let_go(answer: aiohttp.ClientResponse) -> None:
    """Back to the pool, unless something of the answer is or may still be on the wire."""
    bodiless = answer.status in (204, 205, 304)
    if bodiless and (answer.headers.get("Content-Length", "0") != "0" or "Transfer-Encoding" in answer.headers):
        answer.close()
    else:
        answer.release()


def _with_duration(verdict: Verdict, walk: Walk) -> Verdict:
    return replace(verdict, response=replace(verdict.response, duration=walk.spent))
