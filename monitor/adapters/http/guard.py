"""The guard at the socket: whatever is connected to passes here, literals, redirects and happy eyeballs included."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from collections import OrderedDict
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Literal

from aiohttp.abc import AbstractResolver, ResolveResult

from monitor.fetch.guard import Guard

Phase = Literal["connect", "dns", "handshake", "headers", "body"]
MAX_TRIED = 4
"""Addresses of each family that are tried, of a name that has hundreds."""
REMEMBERED = 4096


class AddressRefused(OSError):
    """The guard refused an address. An OSError, so that the client tries the next address of the name."""

    def __init__(self, address: str, reason: str) -> None:
        super().__init__(errno.EACCES, f"{address} is refused: {reason}")
        self.address, self.reason = address, reason


@dataclass(slots=True)
class Attempt:
    """What is known about one hop while it runs: filled by socket factory, resolver, TLS context and tracing."""

    proxied: bool = False
    """Connections go to the configured proxy, which is the guard of addresses itself."""
    phase: Phase = "connect"
    refusals: list[AddressRefused] = field(default_factory=list)
    reused: bool = False
    """The connection had served before, so it may have died in between."""
    sent_again: bool = False
    patience: asyncio.Timeout | None = None
    """Deadline from the connection to the end of the headers."""


ATTEMPT: ContextVar[Attempt | None] = ContextVar("attempt", default=None)


class SocketGuard:
    """`socket_factory` of the connector."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    def __call__(self, address_info: tuple[Any, ...]) -> socket.socket:
        family, kind, protocol, _, address = address_info
        attempt = ATTEMPT.get()
        if attempt is None or not attempt.proxied:
            reason = self._guard.refuse_address(str(address[0]))
            if reason is not None:
                raise _note(attempt, AddressRefused(str(address[0]), reason))
        return socket.socket(family, kind, protocol)


class GuardedResolver(AbstractResolver):
    """Leaves private addresses of a mixed answer out and remembers that there were some; the sockets are the wall."""

    def __init__(self, inner: AbstractResolver, guard: Guard, *, strict: bool) -> None:
        self._inner, self._guard, self._strict = inner, guard, strict
        self._mixed: OrderedDict[str, None] = OrderedDict()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        attempt = ATTEMPT.get()
        if attempt is not None and attempt.proxied:
            return found
        public = [one for one in found if self._guard.refuse_address(one["host"]) is None]
        self._remember(host, mixed=0 < len(public) < len(found))
        if self._strict and 0 < len(public) < len(found):
            raise _note(attempt, AddressRefused(host, "partly_private"))
        return _first_of_each(public or found)

    async def close(self) -> None:
        await self._inner.close()

    def is_mixed(self, host: str) -> bool:
        """Whether the last answer for this name held public and private addresses."""
        return host in self._mixed

    def _remember(self, host: str, *, mixed: bool) -> None:
        self._mixed.pop(host, None)
        if mixed:
            self._mixed[host] = None
        if len(self._mixed) > REMEMBERED:
            self._mixed.popitem(last=False)


class NotingContext(ssl.SSLContext):
    """Notes that a TLS handshake has begun, so that a silent one is told from a silent network."""

    def wrap_bio(self, *args: Any, **kwargs: Any) -> ssl.SSLObject:
        attempt = ATTEMPT.get()
        if attempt is not None:
            attempt.phase = "handshake"
        return super().wrap_bio(*args, **kwargs)


def verified_tls(authorities: str | None = None) -> ssl.SSLContext:
    """TLS 1.2 and later, always verified. `authorities` is PEM text of further roots, for an intranet's own."""
    context = NotingContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_default_certs()
    if authorities:
        context.load_verify_locations(cadata=authorities)
    context.set_alpn_protocols(["http/1.1"])
    return context


def _note(attempt: Attempt | None, refusal: AddressRefused) -> AddressRefused:
    if attempt is not None:
        attempt.refusals.append(refusal)
    return refusal


def _first_of_each(found: list[ResolveResult]) -> list[ResolveResult]:
    six = [one for one in found if one["family"] == socket.AF_INET6][:MAX_TRIED]
    four = [one for one in found if one["family"] != socket.AF_INET6][:MAX_TRIED]
    return six + four
