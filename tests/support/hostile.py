"""A server that answers with whatever bytes a test gives it, and meters for what that does to us."""

from __future__ import annotations

import asyncio
import gc
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from monitor.model.ids import HostKey

SLOWED = 5 if sys.gettrace() else 1
"""A debugger or coverage makes everything slower; limits on CPU time allow for that."""
NOMINAL = 0.04
"""Processor seconds in which a machine of today counts a million: bounds of seconds are meant for one."""
FEED = b'<?xml version="1.0"?><rss version="2.0"><channel><title>t</title></channel></rss>'
Handler = Callable[["Connection"], Awaitable[None]]


def reply(body: bytes = FEED, *headers: str, status: str = "200 OK", length: bool = True) -> bytes:
    """A well-formed response."""
    lines = [f"HTTP/1.1 {status}", *headers, *([f"Content-Length: {len(body)}"] if length else [])]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


@dataclass(slots=True)
class Request:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    raw: bytes


@dataclass(slots=True)
class Connection:
    """The server's end of one connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def drip(self, pieces: Iterator[bytes] | list[bytes], every: float) -> None:
        for piece in pieces:
            await self.send(piece)
            await asyncio.sleep(every)

    async def flood(self, piece: bytes) -> None:
        """The same bytes until the other side has had enough."""
        while True:
            await self.send(piece)
            await asyncio.sleep(0)

    async def silence(self) -> None:
        await asyncio.sleep(3600)


@dataclass
class HostileServer:
    """Answers by path. Unknown paths are closed without a word."""

    host: str = "127.0.0.1"
    port: int = 0
    scheme: str = "http"
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    _says: dict[str, list[bytes | Handler]] = field(default_factory=dict)
    _writers: list[asyncio.StreamWriter] = field(default_factory=list)

    def url(self, path: str = "/") -> str:
        return f"{self.scheme}://{self.host}:{self.port}{path}"

    def say(self, path: str, *says: bytes | Handler) -> str:
        """What `path` answers, one after the other, the last again and again. Returns its URL."""
        self._says[path] = list(says)
        return self.url(path)

    def paths(self) -> list[str]:
        return [request.path for request in self.requests]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection: requests in turn until one side closes."""
        self.connections += 1
        self._writers.append(writer)
        connection = Connection(reader, writer)
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                while await self._answer(connection):
                    pass
                await writer.drain()
        finally:
            writer.close()

    def abort(self) -> None:
        """Ends what still hangs on a connection."""
        for writer in self._writers:
            writer.transport.abort()

    async def _answer(self, connection: Connection) -> bool:
        raw = await connection.reader.readuntil(b"\r\n\r\n")
        line, *lines = raw.decode("utf-8", "surrogateescape").split("\r\n")
        path = line.split(" ")[1]
        headers = {name.lower(): value for name, _, value in (item.partition(": ") for item in lines if item)}
        self.requests.append(Request(path, headers, raw))
        says = self._says.get(path.partition("?")[0])
        if not says:
            return False
        said = says.pop(0) if len(says) > 1 else says[0]
        if isinstance(said, bytes):
            await connection.send(said)
            return b"\r\n\r\n" in said and _announces(said)
        await said(connection)
        return False


def _announces(said: bytes) -> bool:
    """Whether the client knows where this response ends, so that the connection can go on."""
    head, _, body = said.partition(b"\r\n\r\n")
    return f"Content-Length: {len(body)}".encode() in head.split(b"\r\n") or b" 304 " in head or b" 204 " in head


@asynccontextmanager
async def hostile_server(host: str = "127.0.0.1", port: int = 0, **options: Any) -> AsyncIterator[HostileServer]:
    """A running server; `ssl` in the options makes it speak TLS."""
    server = HostileServer(host, scheme="https" if options.get("ssl") else "http")
    tasks: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(server.serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    listening = await asyncio.start_server(accept, host, port, **options)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        server.abort()
        await asyncio.sleep(0.001)


class WallClock:
    """`ports.Clock` as far as a fetcher uses it."""

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep_until(self, monotonic: float) -> None:
        await asyncio.sleep(max(0.0, monotonic - time.monotonic()))

    def jitter(self) -> float:
        return 0.0


class CountingPacer:
    """`ports.Pacer` that lets everybody through and counts who is inside."""

    def __init__(self, wait: float = 0.0) -> None:
        self.turns: list[str] = []
        self.inside = 0
        self._wait = wait

    @asynccontextmanager
    async def turn(self, host: HostKey) -> AsyncIterator[None]:
        await asyncio.sleep(self._wait)
        self.turns.append(host)
        self.inside += 1
        try:
            yield
        finally:
            self.inside -= 1


@dataclass
class Stall:
    """Longest time the loop's thread worked without a tick, seconds of CPU: other programs do not count."""

    longest: float = 0.0


def slowness() -> float:
    """How many times slower this machine is at the moment, 1 at least: a core is often half of one."""
    started, total = time.thread_time(), 0
    for number in range(1_000_000):
        total += number & 3
    return max(1.0, (time.thread_time() - started) / NOMINAL)


@asynccontextmanager
async def stall_meter() -> AsyncIterator[Stall]:
    """Measures while the block runs. What thousands of tests have left on the heap is not looked through meanwhile."""
    stall = Stall()
    gc.freeze()

    async def tick() -> None:
        last = time.thread_time()
        while True:
            await asyncio.sleep(0.002)
            now = time.thread_time()
            stall.longest, last = max(stall.longest, now - last), now

    task = asyncio.ensure_future(tick())
    await asyncio.sleep(0)
    try:
        yield stall
    finally:
        gc.unfreeze()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@dataclass
class Growth:
    """How far the peak of resident memory rose, bytes."""

    bytes: int = 0


@contextmanager
def memory_meter() -> Iterator[Growth]:
    """Measures the peak while the block runs (Linux resets the high-water mark on request)."""
    growth = Growth()
    Path("/proc/self/clear_refs").write_text("5")
    before = _status("VmRSS")
    yield growth
    growth.bytes = max(0, _status("VmHWM") - before)


def _status(key: str) -> int:
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(key))
    return int(line.split()[1]) * 1024
