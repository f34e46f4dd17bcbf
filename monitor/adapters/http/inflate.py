"""Decompression in bounded pieces: no call here makes more than one piece at a time, whatever the input claims.

The HTTP client's own decompression is switched off: it passes `gzip, gzip` on, accepts a torn gzip and can make a
gibibyte of a megabyte in one call that blocks the loop.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable, Iterator
from typing import Protocol

import brotli

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PIECE = 64 << 10
MAX_MEMBERS = 1024
MAX_WINDOW_LOG = 23
"""8 MiB, what RFC 9659 allows in HTTP."""
GZIP_MAGIC = b"\x1f\x8b"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"


class CorruptError(Exception):
    """The stream cannot be decoded; the text is the reason (`corrupt`, `members`)."""


class Inflater(Protocol):
    """Turns what is sent into what is meant, piece by piece."""

    coded: bool
    """Whether the body is compressed."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Pieces of about `PIECE` bytes at most. Raises CorruptError."""

    def finish(self) -> tuple[bytes, bool]:
        """What was held back, and whether the coding's own end was reached."""


class Identity:
    """Nothing to do."""

    coded = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        yield data

    def finish(self) -> tuple[bytes, bool]:
        return b"", True


class Members:
    """gzip or zstd: one or more streams behind each other; what is no stream behind the last one is ignored."""

    coded = True

    def __init__(self, magic: bytes, start: Callable[[], ZlibStream | ZstdStream]) -> None:
        self._magic, self._start = magic, start
        self._stream = start()
        self._count = 1
        self._held = b""
        self._junk = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        while data and not self._junk:
            if self._stream.eof and not (data := self._open_next(data)):
                return
            yield from self._stream.pieces(data)
            data = self._stream.unused if self._stream.eof else b""

    def finish(self) -> tuple[bytes, bool]:
        return b"", self._stream.eof

    def _open_next(self, data: bytes) -> bytes:
        """The bytes of the next member, empty as long as too few have come to tell, and for junk."""
        data, self._held = self._held + data, b""
        if not data.startswith(self._magic):
            self._junk = not self._magic.startswith(data)
            self._held = data if not self._junk else b""
            return b""
        self._count += 1
        if self._count > MAX_MEMBERS:
            raise CorruptError("members")
        self._stream = self._start()
        return data


class ZlibStream:
    """One gzip, zlib or raw deflate stream."""

    def __init__(self, wbits: int) -> None:
        self._zlib = zlib.decompressobj(wbits)

    @property
    def eof(self) -> bool:
        return self._zlib.eof

    @property
    def unused(self) -> bytes:
        return self._zlib.unused_data

    def pieces(self, data: bytes) -> Iterator[bytes]:
        while not self._zlib.eof:
            try:
                piece = self._zlib.decompress(data, PIECE)
            except zlib.error as error:
                raise CorruptError("corrupt") from error
            data = self._zlib.unconsumed_tail
            yield piece
            if len(piece) < PIECE and not data:
                return


class ZstdStream:
    """One zstd frame; a window beyond 8 MiB is refused before it is allocated."""

    def __init__(self) -> None:
        self._zstd = zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: MAX_WINDOW_LOG})

    @property
    def eof(self) -> bool:
        return bool(self._zstd.eof)

    @property
    def unused(self) -> bytes:
        return bytes(self._zstd.unused_data)

    def pieces(self, data: bytes) -> Iterator[bytes]:
        while not self._zstd.eof:
            try:
                yield self._zstd.decompress(data, PIECE)
            except zstd.ZstdError as error:
                raise CorruptError("corrupt") from error
            data = b""
            if self._zstd.needs_input:
                return


class Brotli:
    """One brotli stream; it has no magic, so nothing can follow it."""

    coded = True

    def __init__(self) -> None:
        self._brotli = brotli.Decompressor()

    def feed(self, data: bytes) -> Iterator[bytes]:
        if self._brotli.is_finished():
            return
        try:
            yield self._brotli.process(data, output_buffer_limit=PIECE)
            while not self._brotli.can_accept_more_data():
                yield self._brotli.process(b"", output_buffer_limit=PIECE)
        except brotli.error as error:
            raise CorruptError("corrupt") from error

    def finish(self) -> tuple[bytes, bool]:
        return b"", self._brotli.is_finished()


class Sniffed:
    """Holds the first two bytes back and lets them choose the inflater."""

    def __init__(self, choose: Callable[[bytes], Inflater], *, coded: bool) -> None:
        self._choose = choose
        self._held = b""
        self._chosen: Inflater | None = None
        self.coded = coded

    def feed(self, data: bytes) -> Iterator[bytes]:
        if self._chosen is None:
            self._held += data
            if len(self._held) < 2:
                return
            self._chosen, data = self._choose(self._held), self._held
            self.coded = self._chosen.coded
        yield from self._chosen.feed(data)

    def finish(self) -> tuple[bytes, bool]:
        return (self._held, not self.coded) if self._chosen is None else self._chosen.finish()


def gzip() -> Inflater:
    """RFC 1952: any number of members."""
    return Members(GZIP_MAGIC, lambda: ZlibStream(31))


def zstandard() -> Inflater:
    """RFC 8878: any number of frames."""
    return Members(ZSTD_MAGIC, ZstdStream)


def deflate() -> Inflater:
    """zlib as RFC 9110 says, or the raw stream some servers send."""
    return Sniffed(lambda head: Members(b"\x00", lambda: ZlibStream(15 if _is_zlib(head) else -15)), coded=True)


def identity() -> Inflater:
    """As it comes, but a gzip file that nobody announced is decoded once."""
    return Sniffed(lambda head: gzip() if head.startswith(GZIP_MAGIC) else Identity(), coded=False)


CODINGS: dict[str, Callable[[], Inflater]] = {
    "gzip": gzip,
    "x-gzip": gzip,
    "deflate": deflate,
    "br": Brotli,
    "zstd": zstandard,
}


def inflater_for(content_encoding: str) -> Inflater | None:
    """The inflater for a Content-Encoding; None if codings are stacked. An unknown name counts as no coding."""
    names = [name.strip().lower() for name in content_encoding.split(",")]
    known = [CODINGS[name] for name in names if name in CODINGS]
    if len(known) > 1:
        return None
    return known[0]() if known else identity()


def _is_zlib(head: bytes) -> bool:
    """RFC 1950 §2.2: method deflate, and the header is a multiple of 31."""
    return head[0] & 0x0F == 8 and int.from_bytes(head[:2], "big") % 31 == 0
