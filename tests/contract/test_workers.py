"""What `Workers` promises: a reading for every task, whatever the document or its process does."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from monitor.adapters.processes import ProcessWorkers
from monitor.model.article import Hints, Reading, ReadTask
from monitor.model.feed import FeedSpec
from monitor.model.ids import FeedId
from monitor.model.notes import Note, WorkerReplaced
from monitor.model.poll import Failed, Fetched, Response, Validators
from monitor.model.units import Duration, Size
from monitor.parse.reader import NeedsLenient, read_document
from monitor.parse.settings import ParseSettings
from monitor.ports import Workers
from monitor.testing.workers import InlineWorkers

URL = "https://news.example/feed"
GOOD = b"<rss version='2.0'><channel><title>t</title><item><title>one</title></item></channel></rss>"
BROKEN = b"<rss version='2.0'><channel><title>t</title><item><title>one</title>"
SETTINGS = ParseSettings(
    workers=1, lenient_workers=1, timeout=Duration(1.5), lenient_timeout=Duration(0.3), memory=Size(96 << 20)
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


def _abort(rest: bytes, lenient: bool) -> None:
    os.abort()


ORDERS = {b"raise": _raise, b"exhaust": _exhaust, b"die": _die, b"spin": _spin, b"abort": _abort}


def read_slowly(task: ReadTask, lenient: bool) -> Reading | NeedsLenient:
    """Asks for the tolerant parser, and never ends there."""
    if lenient and task.verdict.body == b"spin":
        try:
            _spin(b"", lenient)
        except Exception as error:
            raise AssertionError from error
    return NeedsLenient("by order") if task.verdict.body == b"spin" else read_or_obey(task, lenient)


@pytest.fixture
def notes() -> list[Note]:
    return []


@pytest.fixture(params=["inline", "processes"])
async def workers(request: pytest.FixtureRequest, notes: list[Note]) -> AsyncIterator[Workers]:
    made: Workers
    made = InlineWorkers(read_or_obey) if request.param == "inline" else ProcessWorkers(read_or_obey, SETTINGS)
    yield made
    await made.close()


@pytest.fixture
async def processes(notes: list[Note]) -> AsyncIterator[ProcessWorkers]:
    made = ProcessWorkers(read_or_obey, SETTINGS, notes.append)
    await made.start()
    yield made
    await made.close()


async def test_reads_a_document(workers: Workers) -> None:
    """The answer is what reading says, with the verdict and without its body."""
    reading = await workers.read(task_for(GOOD))

    assert (reading.failed, reading.entries, reading.route) == (None, 1, "strict")
    assert (reading.verdict.body, reading.verdict.validators) == (b"", Validators(etag='"1"'))


async def test_reads_what_needs_the_tolerant_parser(workers: Workers) -> None:
    """`NeedsLenient` never leaves the port."""
    reading = await workers.read(task_for(BROKEN))

    assert (reading.failed, reading.entries, reading.route) == (None, 1, "lenient")


async def test_passes_on_a_refusal(workers: Workers) -> None:
    """What reading refuses comes back as it was said."""
    reading = await workers.read(task_for(b"<html><body>no feed</body></html>"))

    assert reading.failed is not None
    assert (reading.failed.kind, reading.failed.reason) == ("not_a_feed", "html")


async def test_a_fault_of_ours_is_a_value(workers: Workers) -> None:
    """An exception costs one reading; the body's hash stays, so that it is not tried again at once."""
    reading = await workers.read(task_for(b"raise hell"))

    assert reading.failed is not None
    assert (reading.failed.kind, reading.failed.detail) == ("parse", "ValueError: hell")
    assert (reading.failed.body_hash, reading.failed.response.url) == ("hash of 10", URL)


async def test_closed_workers_refuse(workers: Workers) -> None:
    """After `close` nothing is read, and nothing raises either."""
    await workers.close()

    reading = await workers.read(task_for(GOOD))

    assert reading.failed is not None
    assert reading.failed.reason == "closed"


@pytest.mark.parametrize(
    ("body", "kind", "reason"),
    [
        (b"die now", "parse", "died"),
        (b"abort now", "parse", "died"),
        (b"exhaust it", "parse_memory", "limit"),
        (b"spin round", "parse_timeout", "killed"),
    ],
)
async def test_h157_worker_killed_or_out_of_memory(
    processes: ProcessWorkers, notes: list[Note], body: bytes, kind: str, reason: str
) -> None:
    """The feed is marked by its deadline, and the next document is read within a second."""
    begun = time.monotonic()
    reading = await processes.read(task_for(body))
    took = time.monotonic() - begun

    assert reading.failed is not None
    assert (reading.failed.kind, reading.failed.reason) == (kind, reason)
    assert took < 4
    begun = time.monotonic()
    assert (await processes.read(task_for(GOOD))).entries == 1
    assert time.monotonic() - begun < 1
    assert [type(note) for note in notes] == ([] if reason == "limit" else [WorkerReplaced])


async def test_the_tolerant_parser_is_interrupted() -> None:
    """The timer goes through every `except Exception`, and the process lives on."""
    workers = ProcessWorkers(read_slowly, SETTINGS)
    try:
        reading = await workers.read(task_for(b"spin"))
        again = await workers.read(task_for(BROKEN))
    finally:
        await workers.close()

    assert reading.failed is not None
    assert (reading.failed.kind, reading.failed.reason) == ("parse_timeout", "lenient")
    assert again.entries == 1


async def test_an_idle_worker_may_be_killed(processes: ProcessWorkers) -> None:
    """Whatever ends a process between two documents, the next one is read."""
    pid = int((await processes.read(task_for(GOOD))).charset)
    os.kill(pid, signal.SIGKILL)
    await asyncio.sleep(0.3)

    reading = await processes.read(task_for(GOOD))

    assert reading.entries == 1
    assert int(reading.charset) != pid


async def test_cancelling_ends_the_work(processes: ProcessWorkers) -> None:
    """A cancelled read does not keep its process busy until the time limit."""
    read = asyncio.create_task(processes.read(task_for(b"spin round")))
    await asyncio.sleep(0.3)
    read.cancel()
    with pytest.raises(asyncio.CancelledError):
        await read

    begun = time.monotonic()
    assert (await processes.read(task_for(GOOD))).entries == 1
    assert time.monotonic() - begun < 1.2


async def test_closing_answers_what_is_under_way(processes: ProcessWorkers) -> None:
    """Nobody waits for a process that is gone."""
    read = asyncio.create_task(processes.read(task_for(b"spin round")))
    await asyncio.sleep(0.3)
    await processes.close()

    reading = await read

    assert reading.failed is not None
    assert reading.failed.reason == "closed"


async def test_a_slow_document_keeps_nobody_waiting(processes: ProcessWorkers) -> None:
    """What needs the tolerant parser waits in its own pool."""
    slow = asyncio.create_task(processes.read(task_for(BROKEN)))
    readings = await asyncio.gather(*(processes.read(task_for(GOOD)) for _ in range(20)))

    assert [reading.entries for reading in readings] == [1] * 20
    assert (await slow).entries == 1


async def test_large_documents_pass() -> None:
    """Bodies far beyond a pipe's buffer, more of them than there are processes."""
    item = b"<item><title>%s</title></item>" % (b"x" * 1000)
    body = b"<rss><channel>" + item * 2500 + b"</channel></rss>"
    workers = ProcessWorkers(read_or_obey, replace(SETTINGS, workers=2, timeout=Duration(8), memory=Size(512 << 20)))
    try:
        readings = await asyncio.gather(*(workers.read(task_for(body)) for _ in range(8)))
    finally:
        await workers.close()

    assert [reading.entries for reading in readings] == [2000] * 8


async def test_the_first_read_is_quick() -> None:
    """Nobody has to call `start`."""
    workers = ProcessWorkers(read_or_obey, SETTINGS)
    begun = time.monotonic()
    try:
        reading = await workers.read(task_for(GOOD))
        took = time.monotonic() - begun
    finally:
        await workers.close()

    assert reading.entries == 1
    assert took < 3


ORPHANS = """
import asyncio, os
from monitor.adapters.processes import ProcessWorkers
from tests.contract.test_workers import GOOD, SETTINGS, read_or_obey, task_for

async def main():
    workers = ProcessWorkers(read_or_obey, SETTINGS)
    reading = await workers.read(task_for(GOOD))
    print(reading.charset, flush=True)
    await workers.read(task_for(b"spin round"))

if __name__ == "__main__":
    asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the parent's death is a signal on Linux only")
def test_orphans_end_themselves(tmp_path: Path) -> None:
    """A service that is killed leaves no process behind, not even a busy one."""
    script = tmp_path / "service.py"
    script.write_text(ORPHANS)
    root = Path(__file__).resolve().parents[2]
    with subprocess.Popen(
        [sys.executable, str(script)], cwd=root, env={**os.environ, "PYTHONPATH": str(root)}, stdout=subprocess.PIPE
    ) as service:
        assert service.stdout is not None
        pid = int(service.stdout.readline())
        service.kill()
        deadline = time.monotonic() + 5
        while os.path.exists(f"/proc/{pid}") and time.monotonic() < deadline:
            time.sleep(0.05)

    assert not os.path.exists(f"/proc/{pid}")
