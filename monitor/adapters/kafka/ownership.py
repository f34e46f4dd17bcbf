"""Which shards are ours: as a consumer group shares them out among all replicas of an installation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

from monitor.adapters.kafka.client import FAULTS, ClusterSettings
from monitor.adapters.kafka.installation import Installation
from monitor.adapters.kafka.member import Member, assignor
from monitor.adapters.kafka.rights import lacking
from monitor.errors import LedgerError, Unreachable
from monitor.model.ids import ShardId
from monitor.ports import Clock

FIRST_WAIT, LONGEST_WAIT = 0.5, 6.0
"""Seconds before a client that failed is started again; doubled up to the longest, with chance in it.

Shards that open again wait for what is learned of the group: the longest is part of the time without news."""
REBUILD = 30.0
"""Seconds without an acknowledged heartbeat after which a client is thrown away: it may look for brokers where none
are any more."""
LOOKS = 20
"""At the age of the last heartbeat, in one session timeout."""
ASK_AGAIN = 0.1
CLOSE_LIMIT = 2.0


class KafkaOwnership:
    """A member of the group of pollers. `joined` and `error` are for readiness.

    Revocation stops nobody: only the newest whole set counts, and fencing keeps two believers apart.
    """

    def __init__(
        self,
        settings: ClusterSettings,
        installation: Installation,
        clock: Clock,
        patience: float | None = None,
        gate: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """`patience`: seconds without a heartbeat until no shard counts as ours; by default the session timeout,
        after which another may have them all. `inf` for who goes on for a spool: fencing stays in force. `gate` returns
        when the topics are there; a LedgerError is waited out, a UsageError is for whoever listens."""
        self._settings, self._installation, self._clock = settings, installation, clock
        self._patience = installation.session_timeout if patience is None else patience
        self._gate = gate
        self._assignor = assignor()
        self._member: Member | None = None
        self._heard = float("-inf")
        self._shards: frozenset[ShardId] | None = None
        self._changed = asyncio.Event()
        self._running: asyncio.Task[None] | None = None
        self._fault = ""
        self._closed = False
        self._crashed: BaseException | None = None
        self._given_up = float("-inf")
        """Until something is heard that is newer than this."""

    @property
    def joined(self) -> bool:
        """Whether the group counts us in, as far as we know."""
        return self._member is not None and self._member.shards is not None and not self._cut_off()

    @property
    def error(self) -> str:
        """Why not, in words; also while shards are kept through the silence of the brokers (`patience`)."""
        if self._closed or (self.joined and not self._silent(self._installation.session_timeout)):
            return ""
        if self._fault or self._shards is None:
            return self._fault
        servers = ", ".join(self._settings.bootstrap_servers)
        return f"no heartbeat was answered for {self._age():.0f} s by Kafka at {servers}" if self._overdue() else ""

    async def assignments(self) -> AsyncIterator[frozenset[ShardId]]:
        """Joins the group, and yields nothing before that; then the newest whole set. For one listener."""
        if self._running is None and not self._closed:
            self._running = asyncio.create_task(self._run())
            self._running.add_done_callback(self._ended)
        while True:
            await self._changed.wait()
            self._changed.clear()
            if self._crashed is not None:
                raise self._crashed
            if self._shards is not None:
                yield self._shards

    async def confirmed(self, shard: ShardId) -> bool:
        """Waits at most for a session timeout and one heartbeat; False when nothing could be learned."""
        loop, limit = asyncio.get_running_loop(), self._installation.session_timeout * 1.25
        end = loop.time() + limit
        while not self._closed and loop.time() < end:
            member = self._member
            answer = await member.confirmed(shard) if member is not None else None
            if answer is not None and member is self._member:
                return answer
            await asyncio.sleep(min(ASK_AGAIN, limit / LOOKS))
        return False

    async def close(self) -> None:
        """Leaves the group, so that others have our shards at once; bounded also without a broker."""
        self._closed = True
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait({self._running}, timeout=CLOSE_LIMIT)
        self._say(frozenset())

    def _ended(self, task: asyncio.Task[None]) -> None:
        """A mistake of ours must be heard of by whoever listens."""
        if not task.cancelled() and (error := task.exception()) is not None:
            while isinstance(error, BaseExceptionGroup):
                error = error.exceptions[0]
            self._crashed = error
            self._changed.set()

    async def _run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch())
            group.create_task(self._stay())

    async def _stay(self) -> None:
        """Joins, and joins again with another client whenever one has failed."""
        loop, wait = asyncio.get_running_loop(), FIRST_WAIT
        while True:
            began = loop.time()
            await self._serve()
            wait = FIRST_WAIT if loop.time() - began > LONGEST_WAIT * 2 else wait
            await asyncio.sleep(wait * (1 + self._clock.jitter() / 2))
            wait = min(wait * 2, LONGEST_WAIT)

    async def _serve(self) -> None:
        """One client, from its start until it is of no use any more."""
        try:
            if self._gate is not None:
                await self._gate()
            self._member = await Member.open(self._settings, self._installation, self._assignor, self._look)
            await self._poll(self._member)
        except (Unreachable, LedgerError) as error:
            self._fault = str(error)
        except FAULTS as error:
            cause = lacking(self._settings, error) or str(error) or type(error).__name__
            self._fault = f"the group of pollers: {cause}"
        finally:
            if (member := self._member) is not None:
                self._look()
                self._member = None
                await member.close()

    async def _poll(self, member: Member) -> None:
        loop, limit = asyncio.get_running_loop(), max(REBUILD, 3 * self._installation.session_timeout)
        while loop.time() - member.acked < limit:
            await member.poll(1.0)
            if await member.stale():
                return
        self._fault = f"no heartbeat was answered for {limit:.0f} s"

    async def _watch(self) -> None:
        """Looks at the age of the last heartbeat: a process that was frozen must notice by itself."""
        while True:
            await asyncio.sleep(self._installation.session_timeout / LOOKS)
            self._look()

    def _look(self) -> None:
        """Says what is ours now, if that is something else than before."""
        member = self._member
        if member is not None and member.shards is not None:
            self._heard = max(self._heard, member.acked)
        if self._cut_off():
            self._given_up = self._heard
            self._say(frozenset() if self._shards is not None else None)
        elif member is not None and member.shards is not None:
            self._fault = ""
            self._say(member.shards)

    def _cut_off(self) -> bool:
        """Whether no shard counts as ours any more."""
        return self._silent(self._patience) or self._heard <= self._given_up

    def _overdue(self) -> bool:
        """A client that is only being replaced is none of this."""
        return self._cut_off() or self._silent(self._installation.session_timeout)

    def _silent(self, limit: float) -> bool:
        """Heartbeats pause in a rebalance, whose end may wait for a dead member's session to run out."""
        joining = self._member is not None and self._member.joining
        return self._age() > limit + (self._installation.session_timeout if joining else 0.0)

    def _age(self) -> float:
        """Seconds since the last heartbeat that was answered."""
        return asyncio.get_running_loop().time() - self._heard

    def _say(self, shards: frozenset[ShardId] | None) -> None:
        if shards != self._shards:
            self._shards = shards
            self._changed.set()
