"""Feeds on loopback: documents as they are, and feeds that issue known items and remember what they served in full."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answer = Callable[[], bytes]


class Site:
    """A threaded HTTP server: path → document, with ETags. Counts requests and complete answers."""

    def __init__(
        self, pages: Mapping[str, Answer], address: str = "127.0.0.1", keep: Callable[[str, bytes], None] | None = None
    ) -> None:
        """`keep` takes path and body of every whole answer instead of `served`, where they would be too many."""
        self.pages = dict(pages)
        self._keep = keep or (lambda path, body: self.served.append((path, body)))
        self.requests: list[tuple[str, bool]] = []
        """Path, and whether the request was conditional."""
        self.served: list[tuple[str, bytes]] = []
        """Path and body of every answer that was written to its end."""
        self._lock = threading.Lock()
        self._halts: dict[str, tuple[int, threading.Event, threading.Event]] = {}
        self._server = _Server((address, 0), self._handler())
        self.port = self._server.server_address[1]

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        """The address of a page; every 127.x.y.z is a host of its own on this machine."""
        return f"http://{host}:{self.port}{path}"

    @contextmanager
    def running(self):
        """Serves until the block ends."""
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()

    @contextmanager
    def halted(self, path: str, sent: int) -> Iterator[threading.Event]:
        """Answers at `path` stop behind so many bytes of their body until the block ends; the event tells when."""
        reached, ended = threading.Event(), threading.Event()
        self._halts[path] = (sent, reached, ended)
        try:
            yield reached
        finally:
            del self._halts[path]
            ended.set()

    def _handler(site) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                known = self.headers.get("If-None-Match")
                with site._lock:
                    site.requests.append((self.path, known is not None))
                page = site.pages.get(self.path.partition("?")[0])
                if page is None:
                    self.send_error(404)
                    return
                body = page()
                tag = f'"{sha256(body).hexdigest()[:16]}"'
                if known == tag:
                    self._answer(304, b"", tag)
                    return
                self._answer(200, body, tag)
                with site._lock:
                    site._keep(self.path, body)

            def _answer(self, status: int, body: bytes, tag: str) -> None:
                self.send_response(status)
                self.send_header("ETag", tag)
                self.send_header("Content-Type", "application/xml")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if status == 200 and self.path in site._halts:
                    sent, reached, ended = site._halts[self.path]
                    self.wfile.write(body[:sent])
                    reached.set()
                    ended.wait(60)
                    body = body[sent:]
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Tests have no use for an access log."""

        return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Clients are killed in the middle of an answer: that is what the tests are about."""


class Issuer:
    """A feed that issues numbered items at a rate; its window keeps all of them for as long as the test may need."""

    def __init__(self, name: str, per_second: float, window: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.name, self._rate, self._window, self._clock = name, per_second, window, clock
        self._started, self._besides = clock(), 1
        self.edited_after = 0
        """After how many newer items an item is edited; 0 = never."""

    def newest(self) -> int:
        """The number of the newest item."""
        return int((self._clock() - self._started) * self._rate) + self._besides

    def rest(self) -> None:
        """From now on time brings nothing new."""
        self._besides, self._rate = self.newest(), 0.0

    def issue(self, items: int) -> None:
        """Some more at once, besides those that time brings."""
        self._besides += items

    def document(self) -> bytes:
        """RSS with the last items; the payload of each follows from its number."""
        newest = self.newest()
        numbers = range(newest, max(0, newest - self._window), -1)
        items = "".join(
            f"<item><guid>{self.guid(n)}</guid><title>{title(self.name, n)}</title>"
            f"<description>payload {payload(self.name, n)}{self._addition(newest - n)}</description></item>"
            for n in numbers
        )
        return f'<rss version="2.0"><channel><title>{self.name}</title>{items}</channel></rss>'.encode()

    def _addition(self, age: int) -> str:
        """What an editor has added to an item since so many newer ones came."""
        return " edited" if self.edited_after and age >= self.edited_after else ""

    def guid(self, number: int) -> str:
        """The guid of an item: feed and number."""
        return f"{self.name}#{number}"


def title(name: str, number: int) -> str:
    """Every third item speaks of Ukraine, so that alerts come as well."""
    return f"{'Ukraine' if number % 3 == 0 else 'Plain'} item {number} of {name}"


def payload(name: str, number: int) -> str:
    """What follows from an item's number alone."""
    return sha256(f"{name}/{number}".encode()).hexdigest()
