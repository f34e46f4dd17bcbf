"""Reads a body under every cap while it is being inflated, and lets the loop breathe between the pieces."""

from __future__ import annotations

import asyncio

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError

from monitor.adapters.http.errors import timed_out
from monitor.adapters.http.inflate import GZIP_MAGIC, PIECE, CorruptError, Inflater, inflater_for
from monitor.fetch.guard import Fault
from monitor.fetch.settings import FetchSettings
from monitor.fetch.verdict import Body, over_cap

RATE_FROM = 5.0
"""Seconds after which the average rate is judged."""


class BodyReader:
    """Reads one body; `wire` counts what was sent of it."""

    def __init__(self, settings: FetchSettings, response: aiohttp.ClientResponse) -> None:
        self._settings, self._response = settings, response
        self._data = bytearray()
        self._since_pause = 0
        self.wire = 0

    async def read(self) -> Body | Fault:
        """The decoded body, or what is wrong with it. Raises what the client raises for a broken connection."""
        inflater = inflater_for(", ".join(self._response.headers.getall("Content-Encoding", ())))
        if inflater is None:
            return Fault("encoding", "stacked", "More than one Content-Encoding.")
        announced = self._response.content_length or 0
        if fault := over_cap(self._settings, 0 if inflater.coded else announced, announced, coded=inflater.coded):
            return fault
        try:
            return await self._read_with(inflater)
        except CorruptError as error:
            return Fault("encoding", str(error), "The body cannot be decoded as its Content-Encoding says.")

    async def _read_with(self, inflater: Inflater) -> Body | Fault:
        start, whole = asyncio.get_running_loop().time(), True
        framing = Framing(self._response)
        try:
            async with asyncio.timeout_at(start + RATE_FROM) as drip:
                framing.watch(drip)
                async for chunk in self._response.content.iter_any():
                    self.wire += len(chunk)
                    drip.reschedule(start + max(RATE_FROM, self.wire / max(1, self._settings.min_rate)))
                    if fault := await self._take(inflater, chunk):
                        return fault
        except aiohttp.SocketTimeoutError:
            return timed_out("body")
        except aiohttp.ClientPayloadError:
            whole = False
        except TimeoutError:
            if not framing.broken:
                return Fault("too_slow", "min_rate", f"Less a second than fetch.min_rate = {self._settings.min_rate}.")
        if framing.broken:
            return Fault("protocol", "framing", "The framing of the body makes no sense.")
        return self._close(inflater, whole=whole)

    async def _take(self, inflater: Inflater, chunk: bytes) -> Fault | None:
        for piece in inflater.feed(chunk):
            self._data += piece
            if fault := over_cap(self._settings, len(self._data), self.wire, coded=inflater.coded):
                return fault
            self._since_pause += len(piece)
            if self._since_pause >= PIECE:
                self._since_pause = 0
                await asyncio.sleep(0)
        return None

    def _close(self, inflater: Inflater, *, whole: bool) -> Body | Fault:
        rest, ended = inflater.finish()
        data = bytes(self._data) + rest
        if inflater.coded and data.startswith(GZIP_MAGIC):
            return Fault("encoding", "stacked", "The decoded body is compressed once more.")
        if inflater.coded and not self.wire:
            ended = True
        return Body(data, complete=whole and ended, framed=_is_framed(self._response), coded=inflater.coded)


def _is_framed(response: aiohttp.ClientResponse) -> bool:
    return response.content_length is not None or "chunked" in response.headers.get("Transfer-Encoding", "").lower()


class Framing:
    """Whether the framing of a body is wrong, rather than cut short.

    The client notes nonsense between two chunks at the connection only, and whoever waits for the next chunk is not
    told: so the wait ends when the connection does.
    """

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._protocol = response.connection.protocol if response.connection else None

    @property
    def broken(self) -> bool:
        return self._protocol is not None and isinstance(self._protocol.exception(), HttpProcessingError)

    def watch(self, patience: asyncio.Timeout) -> None:
        """Ends `patience` as soon as the framing is broken."""

        def look(_closed: object) -> None:
            if self.broken and not patience.expired():
                patience.reschedule(asyncio.get_running_loop().time())

        closed = self._protocol.closed if self._protocol is not None else None
        if closed is not None:
            closed.add_done_callback(look)
        look(closed)
