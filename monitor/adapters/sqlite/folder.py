"""The data directory: its lock, and the space kept back for a full disk."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from monitor.errors import LedgerError, LedgerLocked

LOCK, RESERVE = "lock", "reserve"
RESERVE_BYTES = 16 << 20
"""Even deleting needs room on a full disk: as much as the write-ahead log may hold, which is a batch and a bit."""


class Lock:
    """`flock` on `<data_dir>/lock`: ends with the process, whatever ends it."""

    def __init__(self, folder: Path) -> None:
        """Raises LedgerLocked if another process holds it, LedgerError if the directory cannot be written."""
        path = folder / LOCK
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise LedgerError(
                f"{folder}: cannot be written as user {os.getuid()} ({error.strerror}); "
                "make it a writable directory of that user, or set `data_dir` to another one"
            ) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.read(self._file, 20).decode(errors="replace").strip() or "unknown"
            os.close(self._file)
            raise LedgerLocked(
                f"{path} is held by process {holder}: another news-monitor runs on this directory; "
                "stop it, or set `data_dir` to another one"
            ) from error
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, str(os.getpid()).encode(), 0)

    def release(self) -> None:
        """Lets the next process in; twice is no mistake."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def holder(folder: Path) -> int | None:
    """The process that holds the directory, None if nobody does. Nothing is created or kept."""
    try:
        file = os.open(folder / LOCK, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        named = os.read(file, 20).decode(errors="replace").strip()
        # Only a lock that is held says something: a number may be left by a process that is gone. It is asked for
        # only if that process lives, so that no other one that is just starting can find the directory taken.
        if not named.isdigit() or not _lives(int(named)):
            return None
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return int(named)
    finally:
        os.close(file)
    return None


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


class Reserve:
    """A file that holds its place on the disk until it is needed."""

    def __init__(self, folder: Path, size: int = RESERVE_BYTES) -> None:
        self._path, self._size = folder / RESERVE, size

    def fill(self) -> bool:
        """Takes the place; False if the disk does not have it."""
        if self._path.exists() and self._path.stat().st_size >= self._size:
            return True
        try:
            with self._path.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, self._size)
        except OSError:
            self.free()
            return False
        return True

    def free(self) -> None:
        """Gives the place back."""
        with suppress(OSError):
            self._path.unlink()

    def disk_is_full(self) -> bool:
        """Less than an eighth of the reserve is left on the disk."""
        room = os.statvfs(self._path.parent)
        return room.f_bavail * room.f_frsize < self._size // 8
