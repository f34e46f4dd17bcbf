"""Why a cluster cannot be used, in words that name the key of the configuration to look at.

The library raises the same for a closed port, a refused password and an untrusted certificate; what differs is the text
it logs, and how brokers end a connection.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from monitor.config.schema import SecuritySettings

IDEMPOTENT: Mapping[int, tuple[str, int]] = {0: ("Produce", 3), 22: ("InitProducerId", 0)}
"""What a producer needs of a broker: name and lowest version by number. Records have headers since Produce 3."""
TRANSACTIONAL = {**IDEMPOTENT, 1: ("Fetch", 4), 24: ("AddPartitionsToTxn", 0), 26: ("EndTxn", 0)}
"""What a ledger needs; Fetch 4 is the first that tells what was committed."""
BROKER = "look at the broker, and at its `bootstrap_servers` and `security` in the configuration"
TOLD = {
    "UnsupportedSaslMechanism": "the broker does not offer {mechanism}: look at `security.mechanism`",
    "IllegalSaslState": "this listener asks for no password: look at `security.protocol`",
    "[Hh]ostname mismatch|IP address mismatch": "the certificate is for another host: look at `bootstrap_servers`",
    "CERTIFICATE_VERIFY_FAILED": "look at `security.ca_file`, which does not vouch for the broker's certificate",
    "IncompatibleBrokerVersion|too old": "the ledger and the sink of kind kafka are made for Kafka 4",
}
HUNG_UP = {
    "plaintext": "listeners that expect TLS or a password do this: look at `security.protocol`",
    "sasl_plaintext": "listeners that expect TLS do this: look at `security.protocol`",
    "ssl": "listeners that want a certificate, a password or no TLS do this: look at `security.cert_file` and "
    "`security.protocol`",
    "sasl_ssl": "listeners that want no TLS or another certificate do this: look at `security.protocol` and "
    "`security.cert_file`",
}
"""What it may mean that a broker closes the connection without a word."""
SILENT = re.compile(r"(: ?| closed)$")
UNHEARD = re.compile("StaleMetadata|NodeNotReady|No broker metadata|no broker answers|Unable to update metadata")
"""How a refused token looks: the library takes the refusal for a welcome."""


def remedy(cause: str, security: SecuritySettings) -> str:
    """What to look at when `cause` is the last thing the library complained of."""
    mechanism = security.mechanism or "PLAIN"
    secret = "`security.token_file`" if security.token_file else "`security.username` and `security.password_file`"
    if "SaslAuthenticationFailed" in cause:
        return f"look at {secret}"
    for pattern, told in TOLD.items():
        if re.search(pattern, cause):
            return told.format(mechanism=mechanism)
    if mechanism == "OAUTHBEARER" and UNHEARD.search(cause):
        return f"brokers that refuse a token do this: look at {secret}"
    return HUNG_UP[security.protocol] if SILENT.search(cause) else BROKER


def outdated(client: Any, needed: Mapping[int, tuple[str, int]]) -> str:
    """What the brokers a client of the library is connected to lack; empty if nothing."""
    connected = [connection._versions for connection in client._conns.values() if connection._versions]
    lacking = {
        name
        for versions in connected
        for number, (name, lowest) in needed.items()
        if versions.get(number, (0, -1))[1] < lowest
    }
    return f"the broker is too old: it lacks {', '.join(sorted(lacking))}" if lacking else ""
