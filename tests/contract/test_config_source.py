"""What every source of configuration promises: `ConfigSource` of `monitor/ports.py`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from monitor.adapters.files import FileSource
from monitor.ports import ConfigSource, Documents
from monitor.testing.source import MemorySource

ENVIRON = {"MONITOR__APP": "x"}
FIRST = {"monitor.yaml": "app: one\n", "feeds/a.yaml": "feeds: []\n"}


@dataclass
class Source:
    """A source and how an operator changes what it reads."""

    source: ConfigSource
    change: Callable[[Mapping[str, str | None]], None]
    secret: str
    tell: Callable[[str], None]
    """Writes the secret file."""


def write(directory: Path, files: Mapping[str, str | None]) -> None:
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if text is None:
            path.unlink()
        else:
            path.write_text(text, encoding="utf-8")


@pytest.fixture(params=["files", "memory"])
def made(request: pytest.FixtureRequest, tmp_path: Path) -> Source:
    if request.param == "memory":
        memory = MemorySource(FIRST, ENVIRON)
        return Source(memory, memory.change, "/run/secret", lambda text: memory.tell({"/run/secret": text}))
    directory, secret = tmp_path / "config", tmp_path / "secret"
    write(directory, FIRST)
    return Source(
        FileSource(directory, ENVIRON),
        lambda files: write(directory, files),
        str(secret),
        lambda text: write(tmp_path, {"secret": text + "\n"}),
    )


async def following(source: ConfigSource) -> tuple[AsyncIterator[Documents], asyncio.Task[Documents]]:
    """The iterator, already waiting for its first value."""
    documents = source.documents()
    waiting = asyncio.ensure_future(anext(documents))
    await asyncio.sleep(0.3)
    return documents, waiting


async def stop(waiting: asyncio.Task[Documents]) -> None:
    waiting.cancel()
    await asyncio.wait([waiting])


async def test_read(made: Source) -> None:
    """Texts by path below the directory, and the environment."""
    documents = await made.source.read()

    assert documents.files == FIRST
    assert documents.environ == ENVIRON
    assert documents.unreadable == ()


async def test_first_the_one_that_was_read(made: Source) -> None:
    """Nothing comes while nothing changes."""
    await made.source.read()
    _, waiting = await following(made.source)

    assert not waiting.done()
    await stop(waiting)


async def test_change_is_seen(made: Source) -> None:
    """Written, added and removed."""
    await made.source.read()
    _, waiting = await following(made.source)
    made.change({"monitor.yaml": "app: two\n", "watches/w.yaml": "id: w\n", "feeds/a.yaml": None})

    documents = await asyncio.wait_for(waiting, 10)

    assert documents.files == {"monitor.yaml": "app: two\n", "watches/w.yaml": "id: w\n"}
    assert await made.source.read() == documents


async def test_change_before_anybody_listened_is_seen(made: Source) -> None:
    """What happened between reading and listening is not lost."""
    await made.source.read()
    made.change({"monitor.yaml": "app: two\n"})

    documents = await asyncio.wait_for(anext(made.source.documents()), 10)

    assert documents.files["monitor.yaml"] == "app: two\n"


async def test_changes_at_once_come_as_one(made: Source) -> None:
    """And the last of them wins."""
    await made.source.read()
    iterator, waiting = await following(made.source)
    for number in range(20):
        made.change({"monitor.yaml": f"app: a{number}\n", f"feeds/{number}.yaml": "feeds: []\n"})

    documents = await asyncio.wait_for(waiting, 10)
    again = asyncio.ensure_future(anext(iterator))
    await asyncio.sleep(0.8)

    assert documents.files["monitor.yaml"] == "app: a19\n"
    assert len(documents.files) == 22
    assert not again.done()
    await stop(again)


async def test_same_text_again_is_no_change(made: Source) -> None:
    """An editor that saves without an edit reloads nothing."""
    await made.source.read()
    _, waiting = await following(made.source)
    made.change(FIRST)
    await asyncio.sleep(0.8)

    assert not waiting.done()
    made.change({"monitor.yaml": "app: two\n"})
    assert (await asyncio.wait_for(waiting, 10)).files["monitor.yaml"] == "app: two\n"


async def test_changed_secret_is_a_change(made: Source) -> None:
    """A new password reaches whoever uses it."""
    await made.source.read()
    made.change({"monitor.yaml": f"server: {{read_token_file: {made.secret}}}\n"})
    await made.source.read()
    _, waiting = await following(made.source)
    made.tell("new")

    assert (await asyncio.wait_for(waiting, 10)).secrets == {made.secret: "new"}
    await stop(waiting)


async def test_cancelled_listening_ends(made: Source) -> None:
    """At once, with nothing left behind."""
    await made.source.read()
    _, waiting = await following(made.source)
    waiting.cancel()

    done, _ = await asyncio.wait([waiting], timeout=3)

    assert done
    assert waiting.cancelled()
