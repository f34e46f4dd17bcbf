"""ConfigSource: a directory of files, the environment, and the files that hold secrets."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from monitor.config.references import secret_files
from monitor.ports import Documents

SETTLE = 0.5
"""Seconds without a change after which a directory counts as written to the end."""
LOOKS = 10
"""However busy a directory is, it is read after so many times `SETTLE`."""
LOOK_MS = 5000
"""Mounts that send no events are looked at as often; so is what changed before the watching had begun."""
MAX_BYTES = 20 << 20
MAX_SECRET = 1 << 20
TRIES = 20
PAUSE = 0.05

ROOT = "monitor.yaml"
KINDS: Mapping[str, tuple[str, ...]] = {
    "conf.d": (".yaml", ".yml"),
    "feeds": (".yaml", ".yml", ".opml"),
    "watches": (".yaml", ".yml", ".txt"),
    "concepts": (".yaml", ".yml"),
}
"""What is read from which folder; everything else in the directory is left alone."""

Signature = tuple[tuple[str, int, int, int], ...]


@dataclass(slots=True)
class Listing:
    """The files of a configuration, by path below its directory, and the folders that cannot be looked into."""

    files: dict[str, Path] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)


class FileSource:
    """Reads a configuration directory as one consistent picture, and again whenever it has changed and settled.

    Paths of secret files are taken as written: absolute, or relative to where the program was started.
    """

    def __init__(self, directory: Path, environ: Mapping[str, str]) -> None:
        self.directory = directory
        self.environ = dict(environ)
        self.last: Documents | None = None
        self.seen: Signature = ()
        self.secrets: tuple[str, ...] = ()

    async def read(self) -> Documents:
        """The documents as they are now, all of one moment: read again while something changes underneath."""
        documents, _ = await self.steady()
        self.last = documents
        return documents

    async def documents(self) -> AsyncIterator[Documents]:
        """A new value after every change that has settled. Files rewritten with the same text are no change."""
        while True:
            before = self.last
            documents, settled = await self.steady()
            if settled:
                self.last = documents
                if before is not None and documents != before:
                    yield documents
            await self.changed()

    async def steady(self) -> tuple[Documents, bool]:
        """The documents, and whether nothing changed while they were read."""
        for _ in range(TRIES):
            before = await asyncio.to_thread(self.signature)
            documents = await asyncio.to_thread(self.collect)
            self.seen = await asyncio.to_thread(self.signature)
            if before == self.seen:
                return documents, True
            await asyncio.sleep(PAUSE)
        return documents, False

    async def changed(self) -> None:
        """Returns when something happened below the directory, or beside a secret file, and has settled."""
        from watchfiles import awatch

        watching = awatch(
            *await asyncio.to_thread(self.watched),
            watch_filter=None,
            rust_timeout=LOOK_MS,
            yield_on_timeout=True,
            ignore_permission_denied=True,
        )
        async for changes in watching:
            if changes or self.seen != await asyncio.to_thread(self.signature):
                await self.settle()
                return

    async def settle(self) -> None:
        """Returns when nothing has changed for a while. The watcher counts a file once, however often it grows."""
        before = await asyncio.to_thread(self.signature)
        for _ in range(LOOKS):
            await asyncio.sleep(SETTLE)
            after = await asyncio.to_thread(self.signature)
            if before == after:
                return
            before = after

    def watched(self) -> list[Path]:
        """The directories to watch: those of the configuration and of its secrets, as far as they exist."""
        folders = {self.directory, *(Path(path).parent for path in self.secrets)}
        return [path for path in sorted(folders) if path.is_dir()] or [Path()]

    def collect(self) -> Documents:
        """Every file of the directory and every secret it names."""
        listing = listed(self.directory)
        files: dict[str, str] = {}
        for name, path in listing.files.items():
            try:
                files[name] = text_of(path, MAX_BYTES)
            except (OSError, ValueError) as error:
                listing.unreadable[name] = reason(error)
        self.secrets = secret_files(files, self.environ)
        return Documents(files, dict(read_secrets(self.secrets)), self.environ, tuple(listing.unreadable.items()))

    def signature(self) -> Signature:
        """What changes whenever a file is written, replaced or linked elsewhere."""
        return tuple(signatures({**listed(self.directory).files, **{name: Path(name) for name in self.secrets}}))


def listed(directory: Path) -> Listing:
    """What there is to read. Names that begin with a dot are not: editors and mounted volumes keep their own there."""
    found = Listing()
    if not directory.is_dir():
        found.unreadable[str(directory)] = "there is no such directory"
    if os.path.lexists(directory / ROOT):
        found.files[ROOT] = directory / ROOT
    for folder, endings in KINDS.items():
        for name, path in walk(directory / folder, found.unreadable):
            if path.suffix in endings:
                found.files[f"{folder}/{name}"] = path
    return found


def walk(folder: Path, unreadable: dict[str, str]) -> Iterator[tuple[str, Path]]:
    """Files below a folder, sorted, by path below it."""

    def refuse(error: OSError) -> None:
        if not isinstance(error, FileNotFoundError):
            unreadable[f"{folder.name}/"] = reason(error)

    for here, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith("."):
                path = Path(here, name)
                yield path.relative_to(folder).as_posix(), path


def signatures(paths: Mapping[str, Path]) -> Iterator[tuple[str, int, int, int]]:
    """Name, time, size and inode of each file that is there."""
    for name, path in paths.items():
        try:
            stat = path.stat()
        except OSError:
            continue
        yield name, stat.st_mtime_ns, stat.st_size, stat.st_ino


def text_of(path: Path, limit: int) -> str:
    """The text of a file. Raises OSError, ValueError if it is too large or not UTF-8."""
    with path.open("rb") as stream:
        data = stream.read(limit + 1)
    if len(data) > limit:
        raise ValueError(f"it is larger than {limit >> 20} MiB")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None


def reason(error: Exception) -> str:
    """Why a file cannot be read, without its path, which the problem names already."""
    return (error.strerror or "unknown error") if isinstance(error, OSError) else str(error)


def read_secrets(paths: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """The texts of secret files, without their last newline. One that cannot be read is left out."""
    for path in paths:
        try:
            text = text_of(Path(path), MAX_SECRET)
        except (OSError, ValueError):
            continue
        yield path, text.removesuffix("\n").removesuffix("\r")
