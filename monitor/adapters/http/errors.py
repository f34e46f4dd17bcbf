"""What the HTTP client raises, as faults: a table of exceptions to kinds and reasons."""

from __future__ import annotations

import asyncio
import errno
import ssl
from collections.abc import Callable, Iterator
from typing import Any

import aiodns
import aiohttp
from aiohttp.http_exceptions import HttpProcessingError

from monitor.adapters.http.guard import AddressRefused, Attempt
from monitor.fetch.guard import Fault

REMOTE = (aiohttp.ClientError, HttpProcessingError, OSError, ValueError, asyncio.IncompleteReadError)
"""Everything a remote side can make the client raise; timeouts and TLS errors are OSErrors."""

DNS = {
    aiodns.error.ARES_ENOTFOUND: "nxdomain",
    aiodns.error.ARES_ENODATA: "empty",
    aiodns.error.ARES_ETIMEOUT: "silent",
    aiodns.error.ARES_ECONNREFUSED: "silent",
}
TLS_CERT = {9: "not_yet_valid", 10: "expired", 62: "wrong_host", 64: "wrong_host"} | dict.fromkeys(
    (2, 18, 19, 20, 21, 24), "unknown_ca"
)
"""OpenSSL's X509_V_ERR_… numbers."""
CONNECT = {
    errno.ECONNREFUSED: "refused",
    errno.ECONNRESET: "reset",
    errno.EPIPE: "reset",
    errno.ECONNABORTED: "reset",
    errno.EMFILE: "descriptors",
    errno.ENFILE: "descriptors",
} | dict.fromkeys((errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN), "unreachable")
PHASES = {
    "connect": "No connection within fetch.connect_timeout.",
    "handshake": "The TLS handshake did not end within fetch.connect_timeout.",
    "headers": "The headers did not end within fetch.read_timeout.",
    "body": "No data for fetch.read_timeout.",
    "total": "The poll did not end within fetch.total_timeout.",
}


def explain(error: BaseException, attempt: Attempt) -> Fault:
    """The fault behind an exception, from what the hop had come to."""
    chain = tuple(_chain(error))
    refused = next((one for one in chain if isinstance(one, AddressRefused)), None)
    if refused is None and attempt.refusals and attempt.phase in ("connect", "dns"):
        refused = attempt.refusals[0]
    if refused is not None:
        return Fault("blocked_address", refused.reason, str(refused.strerror) + ".")
    if isinstance(error, TimeoutError):
        return timed_out(attempt.phase)
    for one in chain:
        fault = _explain_one(one, attempt)
        if fault is not None:
            return fault
    return Fault("protocol", "framing", f"The answer is no HTTP ({type(error).__name__}).")


def timed_out(phase: str) -> Fault:
    """The fault of a deadline that passed in this phase."""
    if phase == "dns":
        return Fault("dns", "silent", "The name servers did not answer.")
    return Fault("timeout", phase, PHASES[phase])


def _explain_one(error: BaseException, attempt: Attempt) -> Fault | None:
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return None  # what it wraps says more
    for kind, tell in TELLERS:
        if isinstance(error, kind):
            return tell(error)
    return _explain_os(error, attempt) if isinstance(error, OSError) else None


def _tell_dns(error: aiodns.error.DNSError) -> Fault:
    return Fault("dns", DNS.get(error.args[0], "servfail"), "The name could not be resolved.")


def _tell_certificate(error: ssl.SSLCertVerificationError) -> Fault:
    reason = TLS_CERT.get(error.verify_code, "invalid")
    hint = " Is this machine's clock right?" if reason == "not_yet_valid" else ""
    return Fault("tls_cert", reason, f"The certificate is not valid: {error.verify_message.rstrip('.')}.{hint}")


def _tell_proxy(error: aiohttp.ClientHttpProxyError) -> Fault:
    return Fault("connect", "proxy", f"The proxy answered {error.status}.")


def _tell_payload(_error: aiohttp.ClientPayloadError) -> Fault:
    return Fault("protocol", "framing", "The framing of the body makes no sense.")


def _tell_http(_error: Exception) -> Fault:
    return Fault("protocol", "framing", "The answer is no whole HTTP response.")


def _tell_url(_error: aiohttp.InvalidURL) -> Fault:
    return Fault("blocked_url", "syntax", "The HTTP client does not take this URL.")


TELLERS: tuple[tuple[type[BaseException], Callable[[Any], Fault]], ...] = (
    (aiodns.error.DNSError, _tell_dns),
    (ssl.SSLCertVerificationError, _tell_certificate),
    (aiohttp.ClientHttpProxyError, _tell_proxy),
    (aiohttp.ClientPayloadError, _tell_payload),
    (aiohttp.InvalidURL, _tell_url),
    (HttpProcessingError, _tell_http),
    (aiohttp.ClientResponseError, _tell_http),
    (aiohttp.ServerDisconnectedError, _tell_http),
)
"""The first that fits an exception of the chain."""


def _explain_os(error: OSError, attempt: Attempt) -> Fault | None:
    if isinstance(error, ssl.SSLError) or attempt.phase == "handshake":
        return Fault("tls", "handshake", "The TLS handshake failed.")
    if error.errno is None:
        return None  # a wrapper: what it wraps says more
    reason = CONNECT.get(error.errno, "other")
    return Fault("connect", reason, f"The connection failed: {errno.errorcode.get(error.errno, 'unknown')}.")


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The exception, what caused it, and what the client wraps without naming it as cause."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = _wrapped(error) or error.__cause__ or error.__context__


def _wrapped(error: BaseException) -> BaseException | None:
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return error.certificate_error
    return error.os_error if isinstance(error, aiohttp.ClientConnectorError) else None
