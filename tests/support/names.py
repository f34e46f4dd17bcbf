"""A name server on loopback that says what a test tells it to, over UDP and TCP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from dnslib import AAAA, CNAME, QTYPE, RCODE, RR, A, DNSRecord

Records = tuple[str, ...]
"""Addresses, `CNAME name`, or one of the words NXDOMAIN, SERVFAIL, SILENT."""
RCODES = {"NXDOMAIN": RCODE.NXDOMAIN, "SERVFAIL": RCODE.SERVFAIL}


@dataclass
class NameServer:
    """Answers by name, one answer after the other, the last again and again."""

    port: int = 0
    asked: list[tuple[str, str]] = field(default_factory=list)
    _says: dict[str, list[Records]] = field(default_factory=dict)
    _turn: dict[tuple[str, str], int] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def say(self, name: str, *answers: Records) -> None:
        """What a name is from now on."""
        self._says[name] = list(answers)

    def reply(self, packet: bytes) -> bytes | None:
        """The answer to one question; None for silence."""
        question = DNSRecord.parse(packet)
        name, kind = str(question.q.qname).rstrip(".").lower(), QTYPE[question.q.qtype]
        self.asked.append((name, kind))
        records = self._next(name, kind)
        if "SILENT" in records:
            return None
        answer = question.reply()
        answer.header.rcode = next((RCODES[word] for word in records if word in RCODES), RCODE.NOERROR)
        for record in _of_kind(name, kind, records):
            answer.add_answer(record)
        return bytes(answer.pack())

    def _next(self, name: str, kind: str) -> Records:
        answers = self._says.get(name, [("NXDOMAIN",)])
        turn = self._turn.get((name, kind), 0)
        self._turn[name, kind] = turn + 1
        return answers[min(turn, len(answers) - 1)]


def _of_kind(name: str, kind: str, records: Records) -> list[RR]:
    found = [RR(name, QTYPE.CNAME, rdata=CNAME(text[6:]), ttl=0) for text in records if text.startswith("CNAME ")]
    for text in records:
        if kind == "AAAA" and ":" in text:
            found.append(RR(name, QTYPE.AAAA, rdata=AAAA(text), ttl=0))
        if kind == "A" and text[0].isdigit() and ":" not in text:
            found.append(RR(name, QTYPE.A, rdata=A(text), ttl=0))
    return found


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, server: NameServer) -> None:
        self._server = server

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        reply = self._server.reply(data)
        if reply is not None and len(reply) > 1200:
            short = DNSRecord.parse(data).reply()
            short.header.tc = 1
            reply = bytes(short.pack())
        if reply is not None:
            self._transport.sendto(reply, addr)  # type: ignore[attr-defined]


async def _datagrams(server: NameServer, streams: asyncio.Server) -> asyncio.DatagramTransport | None:
    """The same port for UDP; None if somebody else has it there."""
    server.port = streams.sockets[0].getsockname()[1]
    place = ("127.0.0.1", server.port)
    with suppress(OSError):
        return (await asyncio.get_running_loop().create_datagram_endpoint(lambda: _Datagrams(server), place))[0]
    return None


@asynccontextmanager
async def name_server() -> AsyncIterator[NameServer]:
    """A running name server on a free port."""
    server = NameServer()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            while True:
                packet = await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))
                if (reply := server.reply(packet)) is not None:
                    writer.write(len(reply).to_bytes(2, "big") + reply)
        writer.close()

    streams = await asyncio.start_server(serve, "127.0.0.1", 0)
    while (datagrams := await _datagrams(server, streams)) is None:
        streams.close()
        streams = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server
    finally:
        datagrams.close()
        streams.close()
        await asyncio.sleep(0)
