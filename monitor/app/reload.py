"""A new configuration for a running service: read whole, compared, applied at once; a bad one changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

from monitor.app.console import ServiceConsole
from monitor.app.enrol import Enrolment
from monitor.config.config import Config
from monitor.config.diff import ConfigDiff, diff, mass_removal
from monitor.config.judging import compile_anew
from monitor.config.load import load
from monitor.errors import ConfigError, LedgerError
from monitor.match.frequencies import Frequencies
from monitor.model.notes import Note, Reloaded, RulesRenewed
from monitor.ports import ConfigSource, Documents


class Reloader:
    """Holds the configuration in force and replaces it.

    Where one process has the ledger alone, feeds and rules change together or not at all. Where many share it, each
    takes its rules at once, and whoever owns shard 0 writes the feeds.
    """

    def __init__(
        self,
        config: Config,
        source: ConfigSource,
        enrolment: Enrolment,
        *,
        apply: Callable[[Config], None],
        console: ServiceConsole,
        observe: Callable[[Note], None],
    ) -> None:
        self.config = config
        self.counted: Callable[[], Frequencies] = Frequencies
        """What is known of articles by now, for rules that are compiled."""
        self._weighed = config.frequencies
        self._source, self._enrolment, self._apply = source, enrolment, apply
        self._console, self._observe = console, observe
        self._one_at_a_time = asyncio.Lock()

    async def run(self) -> None:
        """Reloads after every change of the files, until cancelled."""
        async for documents in self._source.documents():
            await self._take(documents)

    async def reload(self) -> tuple[bool, Sequence[str]]:
        """Reads the files now. False with the problems if they were refused."""
        return await self._take(await self._source.read())

    async def renew(self) -> None:
        """Compiles all rules once more where what was counted since the last time may choose other anchors.

        A reload keeps what has not changed, anchors and all, and would do so for ever.
        """
        async with self._one_at_a_time:
            counted = self.counted()
            if not counted.outdate(self._weighed):
                return
            before = self.config
            rules = await asyncio.to_thread(compile_anew, before.watches, before.concepts, counted)
            self.config, self._weighed = replace(before, rules=rules, frequencies=counted), counted
            self._apply(self.config)
            self._observe(RulesRenewed(len(rules.watches), round(counted.articles)))

    async def _take(self, documents: Documents) -> tuple[bool, Sequence[str]]:
        async with self._one_at_a_time:
            try:
                # Thousands of feeds take a second, in which polls must go on.
                new = await asyncio.to_thread(load_documents, documents, self.config, self.counted())
            except ConfigError as error:
                return self._refuse([str(problem) for problem in error.problems])
            change = diff(self.config, new)
            if problems := mass_removal(change.feeds, len(self.config.feeds), new.settings):
                return self._refuse([str(problem) for problem in problems])
            if change:
                try:
                    await self._enrolment.take(new)
                except LedgerError as error:
                    return self._refuse([f"nothing was changed, for the ledger cannot take it: {error}"])
                self._apply(new)
            return self._accept(new, change)

    def _accept(self, new: Config, change: ConfigDiff) -> tuple[bool, Sequence[str]]:
        fixed = [f"{path} needs a restart" for path in change.restart]
        note = Reloaded(
            True,
            new.generation,
            feeds_added=len(change.feeds.added),
            feeds_changed=len(change.feeds.changed),
            feeds_removed=len(change.feeds.removed),
            watches_changed=sum(map(len, (change.watches.added, change.watches.changed, change.watches.removed))),
            problems=tuple(fixed),
        )
        self.config, self._console.reload_ok, self._console.reload_problems = new, True, ()
        self._observe(note)
        return True, fixed

    def _refuse(self, problems: Sequence[str]) -> tuple[bool, Sequence[str]]:
        self._console.reload_ok, self._console.reload_problems = False, tuple(problems)
        self._observe(Reloaded(False, self.config.generation, problems=tuple(problems)))
        return False, problems


def load_documents(
    documents: Documents, before: Config | None = None, frequencies: Frequencies | None = None
) -> Config:
    """The configuration these documents describe; of `before` it takes what has not changed. Raises ConfigError."""
    return load(
        documents.files,
        documents.secrets,
        documents.environ,
        unreadable=documents.unreadable,
        before=before,
        frequencies=frequencies,
    )
