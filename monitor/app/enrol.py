"""How a configuration reaches the registry: at once where one process has it alone, else by the owner of shard 0.

Every replica takes its new rules by itself; only one of them writes what the files say about feeds, and only if no
replica has written what it read later.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from monitor.config.config import Config
from monitor.config.diff import Delta, feeds, mass_removal
from monitor.errors import ConfigError, LedgerError, Problem
from monitor.model.feed import FeedChanges, FeedSpec, Mark
from monitor.model.ids import FeedId
from monitor.model.notes import Enrolled, EnrolmentFailed, Note
from monitor.model.units import Instant
from monitor.ports import Clock, Registry

TICK = 0.5
"""Seconds between two looks at whether this replica has become the one that writes."""
RECHECK = 600.0
"""Seconds after which the same is applied again, though nothing was heard: a feed's move to another shard can overtake
a change of it, and the registry puts that right when it is next written."""
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
"""Seconds before another attempt at a ledger that failed; doubled up to the longest."""
AHEAD = 60.0
"""Seconds by which the clocks of replicas may differ without a word."""
SUPERSEDED = "a configuration that another replica read later is in force for the feeds"


@dataclass(frozen=True, slots=True)
class Share:
    """How an installation of many replicas shares the writing."""

    owns: Callable[[], bool]
    """Whether this replica has shard 0, and with it the writing."""
    mark: Callable[[], Awaitable[Mark | None]]
    """Which configuration the registry was last brought level with. Raises LedgerError."""


def first_changes(known: Mapping[FeedId, FeedSpec], wanted: Iterable[FeedSpec]) -> FeedChanges:
    """What brings the registry level with the feeds of the configuration; those added while running stay."""
    return _changes(feeds(known.values(), wanted))


class Enrolment:
    """Brings the registry level with the configuration in force."""

    def __init__(
        self,
        registry: Registry,
        clock: Clock,
        observe: Callable[[Note], None],
        *,
        share: Share | None = None,
        extra: Sequence[FeedSpec] = (),
    ) -> None:
        """`share` None: this process alone holds the ledger. `extra`: feeds wanted besides the configuration's."""
        self._registry, self._clock, self._observe = registry, clock, observe
        self._share, self._extra = share, tuple(extra)
        self._wanted: Config | None = None
        self._mark: Mark | None = None
        self._stored: Mark | None = None
        """What the registry was last seen to be level with."""
        self._due, self._wait = 0.0, FIRST_WAIT
        self._owned = False
        self._level: Mark | None = None
        self.problem = ""
        """Why the registry is not level with this replica's configuration; empty if it is, or is another's task."""
        self.refused = False
        """The problem is one of the configuration: more feeds would go than may without being meant."""

    async def take(self, config: Config) -> None:
        """A configuration that was read just now.

        Alone: the registry is level on return, or LedgerError is raised. Else `run` brings it level when it may. The
        same configuration read again was not read later: nobody's newer one is turned back by it.
        """
        if self._share is None:
            await self.bring(config)
            return
        if self._mark is None or self._mark.generation != config.generation:
            self._mark = Mark(config.generation, self._now())
        self._wanted, self._due, self._wait = config, 0.0, FIRST_WAIT
        self._clear()

    async def bring(self, config: Config) -> bool:
        """Brings the registry level now. False if one that was read later is in force and says otherwise of the feeds.

        Raises LedgerError, and ConfigError where too many feeds of a shared registry would go: a replica that started
        on an empty folder must not take them from the others.
        """
        share, mark = self._share, self._mark
        self._stored = await share.mark() if share is not None else None
        older = _is_older(mark, self._stored)
        known = await self._registry.feeds()
        change = feeds(known.values(), (*config.feeds, *self._extra))
        if older:
            return not change
        if share is None:
            return await self._registry.apply(_changes(change))
        if problems := _too_many(change, known, config):
            raise ConfigError(problems)
        if not await self._registry.apply(_changes(change), mark):
            return False
        if change or mark != self._level:
            put = len(change.added) + len(change.changed)
            self._observe(Enrolled(config.generation, put, len(change.removed)))
        self._level = mark
        return True

    async def run(self) -> None:
        """Until cancelled: writes the configuration whenever this replica has to, and looks again now and then."""
        while self._share is not None:
            self._look(self._share.owns())
            if self._owned and self._wanted is not None and self._clock.monotonic() >= self._due:
                await self._attempt(self._wanted)
            await self._clock.sleep_until(self._clock.monotonic() + TICK)

    def _now(self) -> Instant:
        """Later than anything that was applied before, though the clock of whoever did so was ahead."""
        return max(self._clock.now(), self._stored.read_at if self._stored is not None else 0.0)

    def _superseded(self) -> str:
        ahead = self._stored.read_at - self._clock.now() if self._stored is not None else 0.0
        if ahead < AHEAD:
            return SUPERSEDED
        return (
            f"{SUPERSEDED}: {ahead:.0f} s from now, so that a clock is wrong; change the files once more to have these"
        )

    def _look(self, owns: bool) -> None:
        """Who has just become the writer compares at once; who has ceased to be has no trouble any more."""
        if owns and not self._owned:
            self._due = 0.0
        if not owns:
            self._clear()
        self._owned = owns

    async def _attempt(self, config: Config) -> None:
        try:
            level = await self.bring(config)
        except LedgerError as error:
            self._fail(config, str(error), self._wait * (1 + self._clock.jitter() / 5))
            self._wait = min(self._wait * 2, LONGEST_WAIT)
        except ConfigError as error:
            self._fail(config, str(error), RECHECK, refused=True)
        else:
            if level:
                self._succeed(config)
            else:
                self._fail(config, self._superseded(), RECHECK)

    def _succeed(self, config: Config) -> None:
        if self._wanted is config:
            self._due, self._wait = self._clock.monotonic() + RECHECK, FIRST_WAIT
            self._clear()

    def _clear(self) -> None:
        self.problem, self.refused = "", False

    def _fail(self, config: Config, problem: str, wait: float, *, refused: bool = False) -> None:
        """Plans the next attempt, unless another configuration came meanwhile. The same trouble is told once."""
        if self._wanted is not config:
            return
        self._due = self._clock.monotonic() + wait
        if problem != self.problem:
            self.problem, self.refused = problem, refused
            self._observe(EnrolmentFailed(config.generation, problem, wait))


def _changes(change: Delta[FeedSpec]) -> FeedChanges:
    put = change.added + tuple(new for _, new in change.changed)
    return FeedChanges(put, tuple(feed.id for feed in change.removed))


def _is_older(mine: Mark | None, stored: Mark | None) -> bool:
    return mine is not None and stored is not None and mine.read_at < stored.read_at


def _too_many(change: Delta[FeedSpec], known: Mapping[FeedId, FeedSpec], config: Config) -> tuple[Problem, ...]:
    """The rule of a reload, against what the registry holds; and a folder without feeds takes away not even a few."""
    before = sum(spec.origin == "config" for spec in known.values())
    found = mass_removal(change, before, config.settings)
    if found or config.feeds or not change.removed or config.settings.allow_mass_removal:
        return found
    message = f"this would remove all {before} feeds; set `allow_mass_removal: true` if that is meant"
    return (Problem("feeds/", 0, 0, "allow_mass_removal", message, "MON-CFG-020"),)
