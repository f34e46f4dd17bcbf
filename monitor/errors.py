"""Our own mistakes and the two words for retrying.

What a web server or a feed does wrong is never here: it is a value (`monitor.model.poll.Verdict`).

    MonitorError
    ├── ConfigError        every problem of a configuration at once      exit 3
    ├── UsageError         a command was called wrongly                  exit 2
    ├── Unreachable        a dependency (broker, daemon) is not there    exit 4
    ├── StorageFailed      the disk under the ledger fails; the process stops
    ├── LedgerError        the ledger cannot go on
    │   ├── Fenced         another owner has the shard
    │   ├── Refused        the back end will never take certain records
    │   ├── LedgerLocked   another process holds the data directory
    │   └── LedgerTooNew   the file was written by a later version
    └── SinkError
        ├── Retry          not now: again after some seconds
        └── Reject         never: this record becomes a dead letter
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing an operator has to mend: where it stands, what it is, what is allowed.

    `line` and `column` count from 1; 0 means that the place is not in a file (environment, flag).
    """

    file: str
    line: int
    column: int
    path: str
    message: str
    id: str
    context: str = ""

    def __str__(self) -> str:
        place = ":".join(part for part in (self.file, str(self.line or ""), str(self.column or "")) if part)
        path = f" {self.path}:" if self.path else ""
        tail = f"\n{self.context}" if self.context else ""
        return f"{place}:{path} {self.message} [{self.id}]".removeprefix(":").lstrip() + tail


class MonitorError(Exception):
    """Root of everything this program raises on purpose. `id` names its entry in the documentation."""

    id = "MON-RUN-000"


class ConfigError(MonitorError):
    """A configuration that cannot be used; carries every problem found, not only the first."""

    id = "MON-CFG-000"

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class UsageError(MonitorError):
    """A command was called in a way it does not understand."""

    id = "MON-RUN-002"


class Unreachable(MonitorError):
    """A service this command needs does not answer; the message says which and what to do."""

    id = "MON-RUN-004"


class StorageFailed(MonitorError):
    """The disk under the ledger fails: nothing can be known to be durable any more, so the process has to stop.

    No `LedgerError`, for opening the shard again would not help.
    """

    id = "MON-RUN-014"


class LedgerError(MonitorError):
    """The ledger cannot go on; the shard has to be opened again."""

    id = "MON-RUN-010"


class Fenced(LedgerError):
    """Another owner has taken this shard."""

    id = "MON-RUN-011"


class Refused(LedgerError):
    """Some records can never be written, whatever is tried; without them the batch would be kept."""

    id = "MON-RUN-016"

    def __init__(self, reason: str, records: Sequence[str]) -> None:
        """`records`: the event ids of those at fault."""
        self.records = tuple(records)
        super().__init__(reason)


class LedgerLocked(LedgerError):
    """Another process holds the data directory."""

    id = "MON-RUN-012"


class LedgerTooNew(LedgerError):
    """The ledger's file was written by a later version of this program."""

    id = "MON-RUN-013"


class SinkError(MonitorError):
    """A sink did not take what it was given."""

    id = "MON-RUN-020"


class Retry(SinkError):
    """Temporary: the same records again after `after` seconds."""

    id = "MON-RUN-021"

    def __init__(self, reason: str, after: float = 1.0) -> None:
        self.after = after
        super().__init__(reason)


class Reject(SinkError):
    """Permanent: the record with this `seq` can never be delivered, whatever is tried."""

    id = "MON-RUN-022"

    def __init__(self, reason: str, seq: int) -> None:
        self.seq = seq
        super().__init__(reason)
