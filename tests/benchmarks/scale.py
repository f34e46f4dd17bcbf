"""Ten thousand feeds: loading the configuration, the memory of the service, and its pictures. Nothing is fetched."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from monitor.config.load import load
from tests.benchmarks.figures import Bench, Figure, at_most, timed, typical
from tests.benchmarks.starting import PATIENCE, answers, get, running
from tests.support.installation import Installation
from tests.support.kafka import free_port

FEEDS = 10_000
PAGES = (
    ("the page", "page", "/?still=1"),
    ("/api/status", "page", "/api/status"),
    ("/metrics", "admin", "/metrics"),
)


def figures(bench: Bench) -> Iterator[Figure]:
    """Load, start, memory, answers."""
    count = bench.pick(FEEDS, 2_000)
    words = f"{count:,} feeds"
    ports = {"admin": free_port(), "page": free_port()}
    installation = _installation(bench, count, ports)
    texts = {name: (installation.config / name).read_text() for name in ("monitor.yaml", "feeds/all.yaml")}
    seconds = min(timed(lambda: load(texts, {}, {})) for _ in range(2))
    yield Figure(name=f"{words}: load the configuration", unit="s", ours=seconds, goal=at_most(10))
    started = time.perf_counter()
    with running(installation) as service:
        _wait(ports["admin"])
        ready = time.perf_counter() - started
        yield Figure(name=f"{words}: run until ready", unit="s", ours=ready, note="first start: all feeds are written")
        note = "resident, every process of the service; nothing was polled yet"
        yield Figure(name=f"{words}: memory", unit="MB", ours=resident(service.pid), goal=at_most(400), note=note)
        for name, listener, path in PAGES:
            asked = partial(_ask, ports[listener], path)
            taken = typical(asked, bench.pick(20, 5), time.perf_counter) * 1e3
            yield Figure(name=f"{words}: {name}", unit="ms", ours=taken, goal=at_most(100))
    yield _restart(installation, ports, words)


def _installation(bench: Bench, count: int, ports: dict[str, int]) -> Installation:
    listeners = {name: {"host": "127.0.0.1", "port": port} for name, port in ports.items()}
    made = Installation(bench.folder, 1, fetch={"paused": True}, admin=listeners["admin"], server=listeners["page"])
    made.feeds({"url": url} for url in _urls(bench, count))
    return made


def _urls(bench: Bench, count: int) -> list[str]:
    """Addresses of real feeds, where there are some, filled up with invented ones; none of them is ever asked."""
    names = bench.corpus / "feed-urls-kite.txt" if bench.corpus else None
    words = names.read_text(encoding="utf-8").split() if names and names.is_file() else []
    real = [word for word in words if word.startswith(("http://", "https://"))]
    made = (f"https://feeds-{number % 977}.example/{number}/rss.xml" for number in range(count))
    return [*dict.fromkeys([*real, *made])][:count]


def _wait(port: int) -> None:
    deadline = time.perf_counter() + PATIENCE
    while not answers(port, "/readyz"):
        if time.perf_counter() > deadline:
            raise TimeoutError("not ready")
        time.sleep(0.01)


def _restart(installation: Installation, ports: dict[str, int], words: str) -> Figure:
    started = time.perf_counter()
    with running(installation):
        _wait(ports["admin"])
        seconds = time.perf_counter() - started
    return Figure(name=f"{words}: run again until ready", unit="s", ours=seconds)


def _ask(port: int, path: str) -> None:
    status, body = get(port, path)
    assert status == 200, body[:200]


def resident(pid: int) -> float:
    """Megabytes of a process and all below it."""
    return sum(_memory(one) for one in family(pid)) / 1e6


def family(pid: int) -> Iterator[int]:
    """A process and all it has started, whatever started whom."""
    yield pid
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            yield from family(int(child))


def _memory(pid: int) -> int:
    """Bytes resident, what is shared counted by shares (proc(5): `Pss` of `smaps_rollup`, in kB)."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("Pss:"))
