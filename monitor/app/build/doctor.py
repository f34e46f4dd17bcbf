"""What this machine has to have: each a small question with an answer and, where it is no, with what to do."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from monitor.app.build.topics import Target, echoes, left_to_start, targets
from monitor.config.config import Config
from monitor.config.schema import PLACEHOLDER
from monitor.errors import Unreachable

LXML = (6, 1)
"""Earlier ones can be made to read local files."""
NAME = "example.org"
"""A name that is always there."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One answer. `remedy` is empty where nothing is to be done; a `dependency` is somebody else's machine."""

    check: str
    ok: bool
    detail: str
    remedy: str = ""
    dependency: bool = False


async def examine(config: Config) -> AsyncIterator[Finding]:
    """Every question, in order; none takes longer than some seconds."""
    yield _python()
    yield _imports(
        "decoders", ("brotli", "backports.zstd" if sys.version_info < (3, 14) else "compression.zstd", "zlib")
    )
    yield _imports("kafka codecs", ("cramjam", "aiokafka"))
    yield _lxml()
    yield _engine()
    yield _data(Path(config.settings.data_dir))
    yield _contact(config.settings.contact)
    yield await _names(config)
    for target in targets(config):
        reached = await _reached(target)
        yield reached
        if reached.ok:
            yield await _topics(target, config)
    for name, echo in await echoes(config):
        yield Finding(f"kafka {name}", False, echo)


def _python() -> Finding:
    ok = sys.version_info >= (3, 11)
    return Finding("python", ok, platform.python_version(), "" if ok else "install Python 3.11 or later")


def _imports(check: str, modules: tuple[str, ...]) -> Finding:
    from importlib import import_module

    missing = []
    for name in modules:
        try:
            import_module(name)
        except ImportError:
            missing.append(name)
    remedy = f"install {', '.join(missing)}: they come with news-monitor itself" if missing else ""
    return Finding(check, not missing, ", ".join(modules) if not missing else f"without {', '.join(missing)}", remedy)


def _lxml() -> Finding:
    from lxml import etree

    found = ".".join(map(str, etree.LXML_VERSION[:3]))
    ok = tuple(etree.LXML_VERSION) >= LXML
    return Finding("lxml", ok, found, "" if ok else "install lxml 6.1 or later: earlier ones can read local files")


def _engine() -> Finding:
    """The same is found without the kernel, so this is advice."""
    from monitor.match.engine import PYTHON, engines

    engine = engines()[0]
    remedy = (
        "install a C compiler and the headers of Python, then news-monitor again: matching is several times as fast"
    )
    return Finding("engine", True, engine.name, remedy if engine is PYTHON else "")


def _data(folder: Path) -> Finding:
    """Whether the directory, or the first one above it that is there, can be written; nothing is created."""
    there = next((path for path in (folder, *folder.absolute().parents) if path.exists()), folder)
    ok = there.is_dir() and os.access(there, os.W_OK | os.X_OK)
    remedy = f"make {there} a directory that user {os.getuid()} can write, or set `data_dir` to another one"
    return Finding("data directory", ok, str(folder), "" if ok else remedy)


def _contact(contact: str) -> Finding:
    """Nothing fails without one, so this is advice."""
    ok = bool(contact) and contact != PLACEHOLDER
    remedy = "set `contact` to a page or a mail address, so that webmasters can reach you"
    return Finding("contact", True, contact if ok else "nobody is named", "" if ok else remedy)


async def _names(config: Config) -> Finding:
    from monitor.adapters.http.session import make_resolver
    from monitor.fetch.guard import Guard

    resolver = make_resolver(config.settings.fetch, Guard.of(config.settings.fetch))
    try:
        found = await resolver.resolve(NAME, 443)
    except OSError as error:
        remedy = "look at the name servers of this machine, or set `fetch.nameservers`"
        return Finding("names", False, f"{NAME}: {error.strerror or error}", remedy, dependency=True)
    finally:
        await resolver.close()
    return Finding("names", bool(found), f"{NAME} is known", dependency=True)


async def _reached(target: Target) -> Finding:
    """Whether a broker answers, takes us for who we say we are, and serves what we ask."""
    from monitor.adapters.kafka.survey import survey

    check = f"kafka {target.name}"
    try:
        found = await survey(target.settings)
    except Unreachable as error:
        return Finding(check, False, str(error), dependency=True)
    if found.unserved:
        detail = f"does not serve {', '.join(found.unserved)} in a version this program speaks"
        return Finding(check, False, detail, "use Apache Kafka 4, or what behaves like it", dependency=True)
    servers, count = ", ".join(target.settings.bootstrap_servers), found.brokers
    return Finding(check, True, f"{servers} answers: {count} broker{'' if count == 1 else 's'}", dependency=True)


async def _topics(target: Target, config: Config) -> Finding:
    """Whether records could be written; what the start of the service would create is no fault."""
    from monitor.adapters.kafka.topics import verify

    rows = await verify(target.settings, target.specs)
    lacking = [row for row in rows if row.state == "missing"]
    wrong = [row for row in rows if not row.usable and not left_to_start(row.state, config)]
    check = f"topics {target.name}"
    if wrong:
        detail = "; ".join(f"{row.topic}: {row.problem}" for row in wrong)
        return Finding(check, False, detail, "`news-monitor topics verify` names the commands", dependency=True)
    made = f", {len(lacking)} to be created at start" if lacking else ""
    return Finding(check, True, f"{len(rows) - len(lacking)} of {len(rows)} can be used{made}", dependency=True)
