"""The file that moves an installation: whole or refused."""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import sha256

import pytest

from monitor.errors import UsageError
from monitor.model.feed import Interval
from monitor.model.state import Counts, FeedState
from monitor.state.codec import encode_state
from monitor.state.export import FORMAT, VERSION, Origin, Remembered, read, write
from monitor.testing.builders import feed

ORIGIN = Origin("sqlite", "1.2.3", 1_800_000_000.0)


def remembered(name: str, due: float | None = None, **more: object) -> Remembered:
    """A feed that has been read."""
    spec = feed(name, **more)
    return Remembered(spec, encode_state(FeedState(spec.id, rounds=3, totals=Counts(fetched=7, new=7))), due)


FEEDS = (
    remembered("a", due=1_800_000_500.25),
    remembered("b", origin="runtime", tags=("world",), interval=Interval(60, 600)),
    Remembered(feed("never-read")),
)


def sealed(lines: list[bytes]) -> list[bytes]:
    """The same lines under a trailer that fits them."""
    body = lines[:-1]
    trailer = {"line": "trailer", "feeds": len(body) - 1, "sha256": sha256(b"".join(body)).hexdigest()}
    return [*body, json.dumps(trailer).encode() + b"\n"]


def test_what_is_written_is_read():
    """Both origins, every setting, bytes of the state, due times to the millisecond and below."""
    assert read(write(ORIGIN, FEEDS)) == FEEDS


def test_an_installation_without_feeds():
    """Is one as well."""
    assert read(write(ORIGIN, ())) == ()


def test_people_can_read_where_it_comes_from():
    """The first line says so, and how much there is."""
    header = json.loads(next(iter(write(ORIGIN, FEEDS))))
    assert header == {
        "line": "header",
        "format": FORMAT,
        "version": VERSION,
        "program": "1.2.3",
        "ledger": "sqlite",
        "at": "2027-01-15T08:00:00.000Z",
        "feeds": 3,
        "states": 2,
    }


@pytest.mark.parametrize("kept", range(5))
def test_a_file_that_was_cut_between_lines_is_refused(kept):
    """However much of it is there, also nothing at all."""
    lines = list(write(ORIGIN, FEEDS))[:kept]
    with pytest.raises(UsageError, match="cut"):
        read(lines)


def test_a_file_that_was_cut_anywhere_is_refused():
    """In the middle of any line, the last one included."""
    whole = b"".join(write(ORIGIN, FEEDS))
    for length in range(1, len(whole), 7):
        with pytest.raises(UsageError):
            read(whole[:length].splitlines(keepends=True))


def test_a_changed_letter_is_found():
    """The checksum is over bytes, so that no change is too small."""
    lines = list(write(ORIGIN, FEEDS))
    lines[2] = lines[2].replace(b"world", b"worlt")
    with pytest.raises(UsageError, match="checksum"):
        read(lines)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda lines: lines[1:], "line 1: no file of"),
        (lambda lines: [b"feeds: []\n"], "line 1: no file of"),
        (lambda lines: [b"\x1f\x8b\x00\n"], "line 1: no file of"),
        (lambda lines: [lines[0], *lines], "line 2: a second header"),
        (lambda lines: [*lines, lines[1]], "behind its trailer"),
        (lambda lines: [lines[0], b"{}\n", *lines[1:]], "line 2: the file is damaged"),
        (lambda lines: [lines[0], *lines[2:]], "checksum"),
    ],
)
def test_what_is_no_such_file_is_named(change, said):
    """With the line."""
    with pytest.raises(UsageError, match=said):
        read(change(list(write(ORIGIN, FEEDS))))


def test_a_file_of_a_later_program_is_not_guessed_at():
    """Though its lines may look alike."""
    lines = list(write(ORIGIN, FEEDS))
    lines[0] = lines[0].replace(b'"version":1', b'"version":2')
    with pytest.raises(UsageError, match="a file of form 2"):
        read(sealed(lines))


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (bytes([99]) + b"later", "form 99"),
        (b"\x01nonsense", "state of a cannot be read"),
        (b"", "state of a cannot be read"),
        (encode_state(FeedState(feed("other").id)), "state of other stands beside a"),
    ],
)
def test_a_state_that_would_not_be_readable_later_is_refused_now(state, said):
    """Before anything is written."""
    broken = replace(FEEDS[0], state=state)
    with pytest.raises(UsageError, match=f"line 2: .*{said}"):
        read(write(ORIGIN, [broken]))
