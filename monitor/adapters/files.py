"""ConfigSource: a directory of files, the environment, and the files that hold secrets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path

from monitor.config.references import secret_files
from monitor.ports import Documents

SETTLE_MS = 500
"""Without a change for so long, a directory counts as written to the end."""
LONGEST_MS = 5000
"""However busy a directory is, it is looked at after so long."""
LOOK_MS = 30_000
"""Without any event: mounts that send none are looked at as often."""
MAX_BYTES = 20 << 20
MAX_SECRET = 1 << 20
TRIES = 20
PAUSE = 0.05

KINDS: Mapping[str, tuple[str, ...]] = {
    "conf.d": (".yaml", ".yml"),
    "feeds": (".yaml", ".yml", ".opml"),
    "watches": (".yaml", ".yml", ".txt"),
    "concepts": (".yaml", ".yml"),
}
"""What is read from which folder; everything else in the directory is left alone."""

Signature = tuple[tuple[str, int, int, int], ...]


class FileSource:
    """Reads a configuration directory as one consistent picture, and again whenever it has changed and settled.

    Paths of secret files are taken as written: absolute, or relative to where the program was started.
    """

    def __init__(self, directory: Path, environ: Mapping[str, str]) -> None:
        self.directory = directory
        self.environ = dict(environ)
        self.last: Documents | None = None

    async def read(self) -> Documents:
        """The documents as they are now, all of one moment: read again while something changes underneath."""
        for _ in range(TRIES):
            before = await asyncio.to_thread(self.signature)
            documents = await asyncio.to_thread(self.collect)
            if before == await asyncio.to_thread(self.signature):
                break
            await asyncio.sleep(PAUSE)
        self.last = documents
        return documents

    async def documents(self) -> AsyncIterator[Documents]:
        """A new value after every change that has settled. Files rewritten with the same text are no change."""
        while True:
            before = self.last
            if await self.read() != before and before is not None and self.last is not None:
                yield self.last
            await self.changed()

    async def changed(self) -> None:
        """Returns when something happened below the directory, or beside a secret file, and has settled."""
        from watchfiles import awatch

        before = await asyncio.to_thread(self.signature)
        watching = awatch(
            *await asyncio.to_thread(self.watched),
            watch_filter=None,
            step=SETTLE_MS,
            debounce=LONGEST_MS,
            rust_timeout=LOOK_MS,
            yield_on_timeout=True,
            ignore_permission_denied=True,
        )
        async for changes in watching:
            if changes or before != await asyncio.to_thread(self.signature):
                return

    def watched(self) -> list[Path]:
        """The directories to watch: those of the configuration and of its secrets, as far as they exist."""
        secrets = {Path(path).parent for path in self.named()}
        return [path for path in (self.directory, *sorted(secrets)) if path.is_dir()] or [Path()]

    def named(self) -> tuple[str, ...]:
        return secret_files(self.last.files, self.environ) if self.last else ()

    def collect(self) -> Documents:
        """Every file of the directory and every secret it names."""
        files: dict[str, str] = {}
        unreadable: list[tuple[str, str]] = []
        if not self.directory.is_dir():
            unreadable.append((str(self.directory), "there is no such directory"))
        for name, path in self.listed():
            try:
                files[name] = text_of(path, MAX_BYTES)
            except (OSError, ValueError) as error:
                unreadable.append((name, reason(error)))
        secrets = dict(read_secrets(secret_files(files, self.environ)))
        return Documents(files, secrets, self.environ, tuple(unreadable))

    def listed(self) -> Iterator[tuple[str, Path]]:
        """The files that are part of the configuration, by path below the directory. Hidden ones are not."""
        root = self.directory / "monitor.yaml"
        if root.exists():
            yield root.name, root
        for folder, endings in KINDS.items():
            for path in sorted((self.directory / folder).rglob("*")):
                name = path.relative_to(self.directory)
                if path.suffix in endings and path.is_file() and not any(part.startswith(".") for part in name.parts):
                    yield name.as_posix(), path

    def signature(self) -> Signature:
        """What changes whenever a file is written, replaced or linked elsewhere."""
        found = []
        for name, path in [*self.listed(), *((path, Path(path)) for path in self.named())]:
            try:
                stat = path.stat()
            except OSError:
                continue
            found.append((name, stat.st_mtime_ns, stat.st_size, stat.st_ino))
        return tuple(found)


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
    """The texts of secret files, without their last newline. One that cannot be read is left out: that is the problem."""
    for path in paths:
        try:
            text = text_of(Path(path), MAX_SECRET)
        except (OSError, ValueError):
            continue
        yield path, text.removesuffix("\n").removesuffix("\r")
