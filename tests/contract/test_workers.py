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

from monitor.adapters.processes.workers import ProcessWorkers
from monitor.model.notes import Note, WorkerReplaced
from monitor.model.poll import Validators
from monitor.model.units import Duration, Size
from monitor.ports import Workers
from monitor.testing.workers import InlineWorkers
from tests.support.obedient import BROKEN, GOOD, SETTINGS, URL, read_or_obey, read_slowly, task_for


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
    ],
)
async def test_h157_m01_worker_killed_or_out_of_memory(
    processes: ProcessWorkers, notes: list[Note], body: bytes, kind: str, reason: str
) -> None:
    """The feed is marked, the process replaced, and the next document read."""
    reading = await processes.read(task_for(body))

    assert reading.failed is not None
    assert (reading.failed.kind, reading.failed.reason) == (kind, reason)
    assert (await processes.read(task_for(GOOD))).entries == 1
    assert [type(note) for note in notes] == [WorkerReplaced]


async def test_a_document_that_never_ends_is_given_up(notes: list[Note]) -> None:
    """Its process is killed at the deadline and replaced."""
    workers = ProcessWorkers(read_or_obey, replace(SETTINGS, timeout=Duration(0.5)), notes.append)
    try:
        await workers.start()
        begun = time.monotonic()
        reading = await workers.read(task_for(b"spin round"))
        took = time.monotonic() - begun
        again = await workers.read(task_for(GOOD))
    finally:
        await workers.close()

    assert reading.failed is not None
    assert (reading.failed.kind, reading.failed.reason) == ("parse_timeout", "killed")
    assert took < 5
    assert (again.entries, notes) == (1, [WorkerReplaced("parse_timeout")])


async def test_a_busy_machine_is_no_fault_of_a_document(notes: list[Note]) -> None:
    """What counts is the time a process computes: one that is made to wait for longer is read all the same."""
    workers = ProcessWorkers(read_or_obey, replace(SETTINGS, timeout=Duration(0.5)), notes.append)
    try:
        await workers.start()
        reading = await workers.read(task_for(b"wait 1.0"))
    finally:
        await workers.close()

    assert reading.failed is not None
    assert (reading.failed.kind, notes) == ("not_a_feed", [])


async def test_a_document_that_waits_for_ever_is_given_up(notes: list[Note]) -> None:
    """Three times its time by the clock is the most."""
    workers = ProcessWorkers(read_or_obey, replace(SETTINGS, timeout=Duration(0.5)), notes.append)
    try:
        await workers.start()
        reading = await workers.read(task_for(b"wait 60"))
    finally:
        await workers.close()

    assert reading.failed is not None
    assert (reading.failed.kind, reading.failed.reason) == ("parse_timeout", "killed")
    assert notes == [WorkerReplaced("parse_timeout")]


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


async def test_the_tolerant_parser_has_more_time_for_a_large_document() -> None:
    """A limit for each MiB: what is slow in a small document is ordinary in a large one."""
    workers = ProcessWorkers(read_or_obey, SETTINGS)
    try:
        small = await workers.read(task_for(b"toil " + BROKEN))
        large = await workers.read(task_for(b"toil " + BROKEN + b" " * (7 << 19)))
    finally:
        await workers.close()

    assert small.failed is not None
    assert (small.failed.kind, small.failed.reason) == ("parse_timeout", "lenient")
    assert (large.failed, large.entries) == (None, 1)


HOSTILE = [
    pytest.param(b"/etc/passwd", "not_a_feed", id="h121"),
    pytest.param(b"\x1f\x8b\x08" + b"\0" * 1000, "not_a_feed", id="h142"),
    pytest.param(BROKEN + b"<author>" + b"a@" + b"a." * 32_000 + b"a" + b"</author>", "parse_timeout", id="h133"),
    pytest.param(b"<rss " + b"a='' " * 100_000 + b">", "parse", id="h129"),
    pytest.param(BROKEN + b"<x>" * 3_000, "ok parse parse_timeout", id="h131"),
    pytest.param(b"<" * (17 << 20), "too_large", id="h134"),
]


@pytest.mark.parametrize(("body", "kinds"), HOSTILE)
async def test_hostile_documents(processes: ProcessWorkers, body: bytes, kinds: str) -> None:
    """Each is named for what it is, in time, and the next document is read."""
    reading = await processes.read(task_for(body))

    assert (reading.failed.kind if reading.failed else "ok") in kinds.split()
    assert (await processes.read(task_for(GOOD))).entries == 1


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
    assert time.monotonic() - begun < 8


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
        readings = await asyncio.gather(*(workers.read(task_for(body)) for _ in range(4)))
    finally:
        await workers.close()

    assert [reading.entries for reading in readings] == [2000] * 4


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
    assert took < 8


ORPHANS = """
import asyncio, os
from monitor.adapters.processes.workers import ProcessWorkers
from tests.support.obedient import GOOD, SETTINGS, read_or_obey, task_for

async def main():
    workers = ProcessWorkers(read_or_obey, SETTINGS)
    reading = await workers.read(task_for(GOOD))
    print(reading.charset, flush=True)
    await workers.read(task_for(b"spin round"))

if __name__ == "__main__":
    asyncio.run(main())
"""


def is_running(pid: int) -> bool:
    """Neither gone nor waiting only to be reaped by whoever inherited it."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
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
        while is_running(pid) and time.monotonic() < deadline:
            time.sleep(0.05)

    assert not is_running(pid)


HASTY = """
import asyncio
from dataclasses import replace
from monitor.adapters.processes.workers import ProcessWorkers
from tests.support.obedient import SETTINGS, read_or_obey

async def main():
    for _ in range(3):
        workers = ProcessWorkers(read_or_obey, replace(SETTINGS, workers=16))
        await workers.start()
        await workers.close()

if __name__ == "__main__":
    asyncio.run(main())
"""


@pytest.mark.timeout(120)
def test_processes_that_are_ended_while_they_start_say_nothing(tmp_path: Path) -> None:
    """The first of sixteen answers, the others are still on their way when the pool is closed."""
    root, script = Path(__file__).parents[2], tmp_path / "hasty.py"
    script.write_text(HASTY)
    done = subprocess.run(
        [sys.executable, str(script)], cwd=root, env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip

    assert (done.returncode, done.stderr) == (0, "")
