"""The way to the admin port: answers, refusals, and nobody there."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import ClassVar

import pytest

from monitor.adapters.admin import AdminClient, reachable, refusal
from monitor.errors import MonitorError, Unreachable, UsageError

ANSWERS = {
    "/ok": (200, b'{"id": "a"}'),
    "/no": (409, b'{"error": {"id": "MON-RUN-002", "message": "stands in the configuration"}}'),
    "/page": (502, b"<html>"),
    "/list": (200, b"[1]"),
}


class Handler(BaseHTTPRequestHandler):
    """Answers by path, and repeats what it was sent."""

    protocol_version = "HTTP/1.1"
    seen: ClassVar[list[tuple[str, str, str | None, bytes]]] = []

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.seen.append((self.command, self.path, self.headers.get("Authorization"), body))
        status, text = ANSWERS[self.path]
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_DELETE = answer

    def log_message(self, *_: object) -> None:
        """Tests have no use for an access log."""


@pytest.fixture
def client() -> Iterator[AdminClient]:
    Handler.seen.clear()
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        made = AdminClient("0.0.0.0", server.server_address[1], "secret")
        yield made
        made.close()
        server.shutdown()
        thread.join()


def test_a_request_carries_token_and_body(client):
    """The answer is the object; several requests share a connection."""
    assert client.call("POST", "/ok", {"url": "https://a.example/"}) == {"id": "a"}
    assert client.call("DELETE", "/ok") == {"id": "a"}
    (first, second) = Handler.seen
    assert first[:3] == ("POST", "/ok", "Bearer secret")
    assert json.loads(first[3]) == {"url": "https://a.example/"}
    assert second == ("DELETE", "/ok", "Bearer secret", b"")


def test_a_refusal_keeps_its_reason_and_id(client):
    """Also one that is no JSON."""
    with pytest.raises(MonitorError, match="stands in the configuration") as refused:
        client.call("POST", "/no", {})
    assert refused.value.id == "MON-RUN-002"
    with pytest.raises(MonitorError, match="status 502"):
        client.call("GET", "/page")
    assert client.call("GET", "/list") == {}
    assert refusal(403, {"error": "x"}).id == "MON-RUN-400"


def test_a_feed_with_mistakes_was_asked_for_wrongly():
    """Exit 2, under the id of the mistake."""
    refused = refusal(422, {"error": {"id": "MON-CFG-010", "message": "url: no"}})
    assert (type(refused), refused.id, str(refused)) == (UsageError, "MON-CFG-010", "url: no")


def test_nobody_there_is_unreachable():
    """With the address and what to do."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        client = AdminClient("127.0.0.1", probe.getsockname()[1])
        with pytest.raises(Unreachable, match="start it with"):
            client.call("GET", "/ok")


def test_every_address_means_this_machine():
    """Somebody who listens everywhere is asked on loopback."""
    assert [reachable(host) for host in ("0.0.0.0", "::", "127.0.0.1", "admin.example")] == [
        "127.0.0.1", "::1", "127.0.0.1", "admin.example",
    ]  # fmt: skip
