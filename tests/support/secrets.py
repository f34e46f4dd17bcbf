"""Certificates for brokers that ask who you are."""

from __future__ import annotations

from pathlib import Path

import trustme
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key


def write_certificates(folder: Path) -> trustme.CA:
    """`ca.pem`, and `server.pem` as brokers want it: the key of 127.0.0.1 in PKCS#8 and its chain in one file.

    The authority can make more.
    """
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    issued = authority.issue_cert("127.0.0.1")
    key = load_pem_private_key(issued.private_key_pem.bytes(), None)
    chain = b"".join(blob.bytes() for blob in issued.cert_chain_pems)
    (folder / "server.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + chain)
    return authority


def write_client(authority: trustme.CA, folder: Path, name: str) -> None:
    """`NAME.crt` and `NAME.key`: what a client shows who is asked for a certificate."""
    issued = authority.issue_cert("client.example")
    (folder / f"{name}.crt").write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    issued.private_key_pem.write_to_path(str(folder / f"{name}.key"))
