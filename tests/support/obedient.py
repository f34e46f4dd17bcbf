"""A `read` for worker processes that does what the document says: what tests of `Workers` are made of.

Light to import, because every process imports it.
"""

from __future__ import annotations

import os
import signal
import time
from dataclasses import replace

from monitor.model.article import Hints, Reading, ReadTask
from monitor.model.feed import FeedSpec
from monitor.model.ids import FeedId
from monitor.model.poll import Failed, Fetched, Response, Validators
from monitor.model.units import Duration, Size
from monitor.parse.reader import NeedsLenient, read_document
from monitor.parse.settings import ParseSettings

URL = "https://news.example/feed"
GOOD = b"<rss version='2.0'><channel><title>t</title><item><title>one</title></item></channel></rss>"
BROKEN = b"<rss version='2.0'><channel><title>t</title><item><title>one</title>"
SETTINGS = ParseSettings(
    workers=1, lenient_workers=1, timeout=Duration(10), lenient_timeout=Duration(0.3), memory=Size(96 << 20)
)


def task_for(body: bytes) -> ReadTask:
    verdict = Fetched(Response(url=URL, status=200), body, f"hash of {len(body)}", Validators(etag='"1"'))
    return ReadTask(verdict, FeedSpec(FeedId("a"), URL), Hints(fetched_at=0.0))


def read_or_obey(task: ReadTask, lenient: bool) -> Reading | NeedsLenient:
    """Reads a document, or does what its first word says."""
    word, _, rest = task.verdict.body.partition(b" ")
    if word in ORDERS:
        ORDERS[word](rest, lenient)
    found = read_document(task.verdict.body, url=URL, lenient=lenient)
    verdict = replace(task.verdict, body=b"")
    if isinstance(found, NeedsLenient):
        return found
    if isinstance(found, Failed):
        return Reading(verdict, found)
    return Reading(verdict, route=found.route, entries=len(found.feed.entries), charset=str(os.getpid()))


def _raise(rest: bytes, lenient: bool) -> None:
    raise ValueError(rest.decode())


def _exhaust(rest: bytes, lenient: bool) -> None:
    held = []
    while True:
        held.append(bytearray(16 << 20))


def _die(rest: bytes, lenient: bool) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _spin(rest: bytes, lenient: bool) -> None:
    while True:
        pass


def _toil(rest: bytes, lenient: bool) -> None:
    """Takes longer than the tolerant parser may for a small document."""
    end = time.process_time() + SETTINGS.lenient_timeout + 0.1
    while lenient and time.process_time() < end:
        pass


def _abort(rest: bytes, lenient: bool) -> None:
    os.abort()


def _wait(rest: bytes, lenient: bool) -> None:
    """Computes nothing for so many seconds, as on a machine that has no time for this process."""
    time.sleep(float(rest))


ORDERS = {
    b"raise": _raise,
    b"exhaust": _exhaust,
    b"die": _die,
    b"spin": _spin,
    b"abort": _abort,
    b"toil": _toil,
    b"wait": _wait,
}


def read_slowly(task: ReadTask, lenient: bool) -> Reading | NeedsLenient:
    """Asks for the tolerant parser, and never ends there."""
    if lenient and task.verdict.body == b"spin":
        try:
            _spin(b"", lenient)
        except Exception as error:
            raise AssertionError from error
    return NeedsLenient("by order") if task.verdict.body == b"spin" else read_or_obey(task, lenient)
