"""A broker with a listener for each way of proving who one is."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.support.kafka import KafkaCluster, Node, Secured, free_port

OTHERS = {"SEALED": "SSL", "MUTUAL": "SSL", "BARE": "SASL_PLAINTEXT", "TOKEN": "SASL_SSL"}
"""Listeners besides the one of `Secured`: TLS alone, certificates of both sides, passwords without TLS, tokens."""
MODULES = "org.apache.kafka.common.security"
VALIDATOR = f"{MODULES}.oauthbearer.internals.unsecured.OAuthBearerUnsecuredValidatorCallbackHandler"


@dataclass(frozen=True)
class Papers(Secured):
    """`keystore` and `users` for the broker, and the certificates it trusts."""

    authority: Path = Path()

    def properties(self) -> dict[str, str]:
        known = super().properties()
        bare, mutual, token = ("listener.name.bare", "listener.name.mutual", "listener.name.token")
        sasl = "listener.name.sasl_ssl"
        scram = f"{MODULES}.scram.ScramLoginModule required;"
        tls = {
            f"{name}.ssl.{key}": value
            for name in ("listener.name.sealed", mutual, token)
            for key, value in {"keystore.type": "PEM", "keystore.location": str(self.keystore)}.items()
        }
        return {
            **known,
            **tls,
            "sasl.enabled.mechanisms": "SCRAM-SHA-256,SCRAM-SHA-512,PLAIN",
            f"{sasl}.scram-sha-512.sasl.jaas.config": scram,
            f"{bare}.sasl.enabled.mechanisms": "PLAIN",
            f"{bare}.plain.sasl.jaas.config": known[f"{sasl}.plain.sasl.jaas.config"],
            f"{mutual}.ssl.client.auth": "required",
            # Whoever shows a certificate that is trusted is the first user.
            f"{mutual}.ssl.principal.mapping.rules": f"RULE:^.*$/{next(iter(self.users))}/",
            f"{mutual}.ssl.truststore.type": "PEM",
            f"{mutual}.ssl.truststore.location": str(self.authority),
            f"{token}.sasl.enabled.mechanisms": "OAUTHBEARER",
            f"{token}.oauthbearer.sasl.jaas.config": f"{MODULES}.oauthbearer.OAuthBearerLoginModule required;",
            f"{token}.oauthbearer.sasl.server.callback.handler.class": VALIDATOR,
        }

    def arguments(self) -> list[str]:
        also = [word.replace("SCRAM-SHA-256", "SCRAM-SHA-512") for word in super().arguments()]
        return [*super().arguments(), *also]


class Guarded(KafkaCluster):
    """One node; `at` names the listeners."""

    def __init__(self, folder: Path, papers: Papers, properties: Mapping[str, str] | None = None) -> None:
        super().__init__(folder, secured=papers, properties=properties)
        self._ports = {name: free_port() for name in OTHERS}

    def at(self, listener: str) -> tuple[str, ...]:
        """`host:port` of a listener: PLAINTEXT, SASL_SSL, SEALED, MUTUAL, BARE or TOKEN."""
        (node,) = self.nodes
        return (f"127.0.0.1:{ {'PLAINTEXT': node.port, 'SASL_SSL': node.secure, **self._ports}[listener] }",)

    def _properties(self, node: Node) -> dict[str, str]:
        made = super()._properties(node)
        more = ",".join(f"{name}://127.0.0.1:{port}" for name, port in self._ports.items())
        kinds = ",".join(f"{name}:{kind}" for name, kind in OTHERS.items())
        return {
            **made,
            "listeners": f"{made['listeners']},{more}",
            "advertised.listeners": f"{made['advertised.listeners']},{more}",
            "listener.security.protocol.map": f"{made['listener.security.protocol.map']},{kinds}",
        }


def unsigned_token(user: str, seconds: float = 300.0) -> str:
    """A JWS that nobody signed, as Kafka's validator for tests takes it."""
    now = time.time()
    parts = ({"alg": "none"}, {"sub": user, "iat": now, "exp": now + seconds})
    return ".".join([*(base64.urlsafe_b64encode(json.dumps(one).encode()).decode().rstrip("=") for one in parts), ""])
