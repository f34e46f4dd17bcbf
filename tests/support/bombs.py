"""Small inputs that unpack to a lot, made piece by piece so that making them costs no memory either."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable
from functools import cache

import brotli

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

ZEROS = bytes(1 << 20)


@cache
def gzip_bomb(mebibytes: int = 256) -> bytes:
    """About 1:1000."""
    packer = zlib.compressobj(9, wbits=31)
    return _pack(packer.compress, packer.flush, mebibytes)


@cache
def brotli_bomb(mebibytes: int = 256) -> bytes:
    """Far beyond 1:100,000."""
    packer = brotli.Compressor(quality=5, lgwin=24)
    return _pack(packer.process, packer.finish, mebibytes)


@cache
def zstd_bomb(mebibytes: int = 256) -> bytes:
    """Far beyond 1:10,000."""
    packer = zstd.ZstdCompressor()
    return _pack(packer.compress, packer.flush, mebibytes)


@cache
def wide_zstd(window_log: int = 27) -> bytes:
    """A frame whose window would take 128 MiB."""
    packer = zstd.ZstdCompressor(options={zstd.CompressionParameter.window_log: window_log})
    return packer.compress(b"<rss></rss>") + packer.flush(zstd.ZstdCompressor.FLUSH_FRAME)


def gzip(data: bytes) -> bytes:
    packer = zlib.compressobj(6, wbits=31)
    return packer.compress(data) + packer.flush()


def _pack(compress: Callable[[bytes], bytes], flush: Callable[[], bytes], mebibytes: int) -> bytes:
    return b"".join(compress(ZEROS) for _ in range(mebibytes)) + flush()
