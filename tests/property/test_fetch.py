"""Whatever text or bytes come, fetching answers with a value of its own."""

from __future__ import annotations

import zlib
from itertools import pairwise

import brotli
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.adapters.http.inflate import CorruptError, Inflater, inflater_for, zstd
from monitor.fetch.guard import Fault, Guard, Target, origin_of, read_url, split_userinfo
from monitor.fetch.httpdate import read_http_date
from monitor.fetch.settings import FetchSettings
from monitor.fetch.verdict import REASONS, freshness, has_end, retry_after
from monitor.model.poll import FetchRequest, Hop

GUARD = Guard.of(FetchSettings())
HERE = "https://feeds.example.org/a/b?c"
odd_text = st.text(max_size=60) | st.text("http:/[]@\\#?.0127xa。①\t\x00%", max_size=40)
urls = odd_text | odd_text.map("http://".__add__) | odd_text.map("https://a.org/".__add__)


@given(urls)
@settings(max_examples=100)
def test_any_text_is_a_target_or_a_fault(url: str) -> None:
    """And a target is its own target."""
    found = GUARD.check_url(url)

    if isinstance(found, Target):
        assert GUARD.check_url(found.url) == found
        assert found.url.isascii()
        assert read_url(found.url) == found
    else:
        assert found.reason in REASONS[found.kind]


@given(urls)
@settings(max_examples=100)
def test_any_location_leads_somewhere_or_nowhere(location: str) -> None:
    """Never an exception, never a way around the guard."""
    found = GUARD.follow(FetchRequest(HERE), (Hop(HERE, 302),), location)

    if isinstance(found, Fault):
        assert found.reason in REASONS[found.kind]
    else:
        assert GUARD.check_url(found.url) == found


@given(odd_text.map("http://".__add__))
@settings(max_examples=50)
def test_userinfo_never_stays(url: str) -> None:
    """What is split off leaves no `@` in the authority."""
    bare, userinfo = split_userinfo(url)

    assert split_userinfo(bare)[1] is None or userinfo is None
    assert "@" not in bare[7:].split("/")[0].split("?")[0].split("#")[0].split("\\")[0]
    origin_of(url)


@given(st.text(max_size=80))
@settings(max_examples=100)
def test_any_header_is_a_number_or_nothing(value: str) -> None:
    """Times of HTTP are read or ignored."""
    headers = tuple((name, value) for name in ("retry-after", "cache-control", "expires", "date", "age"))

    for seconds in (retry_after(headers, 0.0, 86400.0), freshness(headers, 0.0)):
        assert seconds is None or 0 <= seconds <= 366 * 86400
    read_http_date(value)


@given(st.binary(max_size=200) | st.text("<>!?-[]/ab \n'\"", max_size=80).map(str.encode))
@settings(max_examples=100)
def test_any_body_has_an_end_or_not(data: bytes) -> None:
    """Never an exception."""
    assert has_end(data) in (True, False)


def _read(inflater: Inflater, pieces: list[bytes]) -> tuple[bytes, bool]:
    data = b"".join(part for piece in pieces for part in inflater.feed(piece))
    rest, ended = inflater.finish()
    return data + rest, ended


def _cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[start:end] for start, end in pairwise(edges)]


def _pack_gzip(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=31)
    return packer.compress(data) + packer.flush()


PACKERS = {"gzip": _pack_gzip, "deflate": zlib.compress, "br": brotli.compress, "zstd": zstd.compress, "": bytes}


@given(st.sampled_from(sorted(PACKERS)), st.binary(max_size=300), st.lists(st.integers(0, 400), max_size=6))
@settings(max_examples=100)
def test_decoding_does_not_depend_on_the_pieces(coding: str, data: bytes, places: list[int]) -> None:
    """Packed, cut anywhere, decoded: the same bytes, and the end is seen."""
    if not coding and data.startswith(b"\x1f\x8b"):
        return
    inflater = inflater_for(coding)

    assert inflater is not None
    assert _read(inflater, _cut(PACKERS[coding](data), places)) == (data, True)


@given(st.sampled_from(["gzip", "deflate", "br", "zstd", "x", ""]), st.lists(st.binary(max_size=60), max_size=5))
@settings(max_examples=100)
def test_any_bytes_are_decoded_or_corrupt(coding: str, pieces: list[bytes]) -> None:
    """One exception and no other."""
    inflater = inflater_for(coding)
    assert inflater is not None
    assert _outcome(inflater, pieces) in (*REASONS["encoding"], "read")


def _outcome(inflater: Inflater, pieces: list[bytes]) -> str:
    try:
        _read(inflater, pieces)
    except CorruptError as error:
        return str(error)
    return "read"
