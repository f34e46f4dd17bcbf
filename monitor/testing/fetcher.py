"""A web of answers in memory: the same rules as the real fetcher, no sockets.

web = ScriptedFetcher()
web.publish("https://example.org/rss", b"<rss/>", etag='"1"')
web.answer("https://example.org/old", Answer(301, (("location", "/rss"),)))
await web.fetch(FetchRequest("https://example.org/old"))
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from monitor.fetch.guard import Fault, Guard, Target, read_url
from monitor.fetch.request import headers_for
from monitor.fetch.settings import FetchSettings
from monitor.fetch.verdict import REDIRECTS, RETRY_AFTER_CAP, Body, judge_body, judge_head, over_cap
from monitor.model.poll import Failed, FetchRequest, Headers, Hop, Response, Verdict
from monitor.model.units import Instant

AGENT = "news-monitor/0 (+https://example.org/contact)"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server says to one request."""

    status: int = 200
    headers: Headers = ()
    body: bytes = b""
    complete: bool = True
    """False: the connection ends before the announced end of the body."""


Says = Answer | Verdict


class ScriptedFetcher:
    """`ports.Fetcher` over a script. URLs nobody answers for give `dns`/`nxdomain`."""

    def __init__(self, settings: FetchSettings | None = None, now: Instant = 0.0) -> None:
        self.now = now
        self.requests: list[FetchRequest] = []
        self.sent: list[tuple[str, Headers]] = []
        """Every hop with its headers, in order."""
        self._settings = settings or FetchSettings()
        self._guard = Guard.of(self._settings)
        self._says: dict[str, list[Says]] = {}
        self._addresses: dict[str, tuple[str, ...]] = {}

    def answer(self, url: str, *says: Says) -> None:
        """What `url` says from now on: one after the other, the last again and again."""
        target = read_url(url)
        self._says[target.url if isinstance(target, Target) else url] = list(says)

    def publish(self, url: str, body: bytes, etag: str | None = None) -> None:
        """A document; with an ETag it is not sent again to who has it."""
        validator = (("etag", etag),) if etag else ()
        self.answer(url, Answer(200, (("content-type", "application/rss+xml"), *validator), body))

    def resolve(self, host: str, *addresses: str) -> None:
        """What the name server says about a host; others are public."""
        self._addresses[host] = addresses

    async def fetch(self, request: FetchRequest) -> Verdict:
        """What came of one poll, by the rules of `monitor/fetch`."""
        self.requests.append(request)
        step = self._guard.check_url(request.url)
        if isinstance(step, Fault):
            return step.verdict(Response(url=request.url))
        facts = Response(url=step.url)
        while True:
            result, facts = self._take_hop(request, step, facts)
            if not isinstance(result, Target):
                return result
            step = result

    def use(self, settings: FetchSettings) -> None:
        """Other settings for whatever begins from now on."""
        self._settings, self._guard = settings, Guard.of(settings)

    async def close(self) -> None:
        """Nothing is open."""

    def _take_hop(self, request: FetchRequest, target: Target, facts: Response) -> tuple[Verdict | Target, Response]:
        if (refused := self._refuse_name(target.host)) is not None:
            return refused.verdict(facts), facts
        sent = headers_for(request, target.url, self._settings, AGENT)
        self.sent.append((target.url, sent))
        said = self._next(target.url, sent)
        if not isinstance(said, Answer):
            return said, facts
        facts = Response(target.url, said.status, said.headers, facts.hops)
        if said.status not in REDIRECTS:
            return self._judge(request, sent, facts, said), facts
        facts = replace(facts, hops=(*facts.hops, Hop(target.url, said.status)))
        step = self._guard.follow(request, facts.hops, facts.header("location"))
        return (step.verdict(facts) if isinstance(step, Fault) else step), facts

    def _judge(self, request: FetchRequest, sent: Headers, facts: Response, said: Answer) -> Verdict:
        verdict = judge_head(request, sent, facts, self.now, RETRY_AFTER_CAP)
        if verdict is not None:
            return verdict
        fault = over_cap(self._settings, len(said.body), len(said.body), coded=False)
        facts = replace(facts, wire_bytes=len(said.body))
        return fault.verdict(facts) if fault else judge_body(request, sent, facts, Body(said.body, said.complete))

    def _next(self, url: str, sent: Headers) -> Says:
        says = self._says.get(url)
        if not says:
            return Failed("dns", "nxdomain", "The name could not be resolved.", Response(url=url))
        said = says.pop(0) if len(says) > 1 else says[0]
        if isinstance(said, Answer) and said.status == 200 and _is_known(said, sent):
            return Answer(304, tuple(pair for pair in said.headers if pair[0] == "etag"))
        return said

    def _refuse_name(self, host: str) -> Fault | None:
        addresses = self._addresses.get(host, ())
        reasons = [reason for address in addresses if (reason := self._guard.refuse_address(address))]
        if not reasons or len(reasons) < len(addresses):
            return None
        return Fault("blocked_address", reasons[0], f"{host} is refused: {reasons[0]}.")


def _is_known(said: Answer, sent: Headers) -> bool:
    etag = next((value for name, value in said.headers if name == "etag"), None)
    return etag is not None and ("if-none-match", etag) in sent
