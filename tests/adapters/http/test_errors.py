"""The table of exceptions: what no server on loopback can provoke."""

from __future__ import annotations

import errno
import ssl

import aiodns
import aiohttp
import pytest
from aiohttp.http_exceptions import BadHttpMessage

from monitor.adapters.http.errors import explain
from monitor.adapters.http.guard import AddressRefused, Attempt, Phase
from monitor.adapters.http.lanes import REMEMBERED, Lanes
from monitor.fetch.verdict import REASONS


def _because(cause: BaseException) -> OSError:
    error = OSError(None, "wrapped")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "phase", "kind", "reason"),
    [
        (OSError(errno.EMFILE, "x"), "connect", "connect", "descriptors"),
        (OSError(errno.ENETUNREACH, "x"), "connect", "connect", "unreachable"),
        (OSError(errno.EHOSTUNREACH, "x"), "connect", "connect", "unreachable"),
        (OSError(errno.EPERM, "x"), "connect", "connect", "other"),
        (ConnectionResetError(errno.ECONNRESET, "x"), "handshake", "tls", "handshake"),
        (ssl.SSLError(1, "x"), "headers", "tls", "handshake"),
        (TimeoutError(), "dns", "dns", "silent"),
        (TimeoutError(), "connect", "timeout", "connect"),
        (TimeoutError(), "body", "timeout", "body"),
        (_because(aiodns.error.DNSError(aiodns.error.ARES_EREFUSED, "x")), "dns", "dns", "servfail"),
        (_because(aiodns.error.DNSError(aiodns.error.ARES_ECONNREFUSED, "x")), "dns", "dns", "silent"),
        (_because(AddressRefused("10.0.0.1", "private")), "connect", "blocked_address", "private"),
        (aiohttp.ClientPayloadError("x"), "body", "protocol", "framing"),
        (aiohttp.InvalidURL("x"), "connect", "blocked_url", "syntax"),
        (BadHttpMessage("x"), "body", "protocol", "framing"),
        (ValueError("x"), "headers", "protocol", "framing"),
        (OSError("no number"), "connect", "protocol", "framing"),
    ],
)
def test_exceptions(error: BaseException, phase: Phase, kind: str, reason: str) -> None:
    """Each is one kind and one reason of the closed set."""
    fault = explain(error, Attempt(phase=phase))

    assert (fault.kind, fault.reason) == (kind, reason)
    assert reason in REASONS[kind]


def test_refusals_that_the_client_has_swallowed() -> None:
    """Of several addresses the client keeps a text only; the attempt remembers who refused."""
    attempt = Attempt(refusals=[AddressRefused("10.0.0.1", "private")])

    assert explain(OSError("Multiple exceptions"), attempt).kind == "blocked_address"


def test_slow_hosts_are_remembered_within_bounds() -> None:
    """The oldest are forgotten."""
    lanes = Lanes(4)
    for n in range(REMEMBERED + 1):
        lanes.note(str(n), 9.0)

    assert len(lanes._hosts) == REMEMBERED
