"""Lists of feeds as files: read from OPML, CSV or plain lines, written as YAML, OPML or CSV. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import yaml

from monitor.config import opml
from monitor.config.feeds import check_entries
from monitor.errors import Problem
from monitor.model.feed import FeedClass, FeedOverrides, FeedSpec, Interval

COLUMNS = ("id", "url", "name", "language", "country", "tags", "class", "paused", "owner", "notes")
COMPUTED = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet would take for a formula; such a cell is written behind an apostrophe, and read without it."""
_DEFAULTS = FeedSpec(id="", url="")  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Listed:
    """A feed of a list, with the line it stands in."""

    spec: FeedSpec
    file: str
    line: int

    def row(self, result: str, message: str = "") -> dict[str, Any]:
        """What becomes of it, for programs."""
        return {
            "id": self.spec.id,
            "url": self.spec.url,
            "result": result,
            "message": message,
            "file": self.file,
            "line": self.line,
        }


def read_list(file: str, text: str, cls: FeedClass) -> tuple[list[Listed], list[Problem]]:
    """The feeds of a list in any of the forms it may have, and a problem for every line that holds none."""
    if text.lstrip("\ufeff \t\r\n").startswith("<"):
        found, wrong = opml.read(file, text, cls)
        return [Listed(one.spec, file, one.place("url").line) for one in found], wrong
    listed: list[Listed] = []
    wrong = []
    for line, entry in _lines(text):
        here, problems = check_entries(file, [entry], cls)
        listed += [Listed(one.spec, file, line) for one in here]
        wrong += [replace(problem, line=line, context=str(entry.get("url", ""))) for problem in problems]
    return listed, wrong


def _lines(text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Entries by line: of a table whose first line names its columns, else one URL a line; `#` begins a comment."""
    reader = csv.reader(io.StringIO(text.lstrip("\ufeff")))
    head: list[str] | None = None
    try:
        for row in reader:
            cells = [_plain(cell) for cell in row]
            if not any(cells) or cells[0].startswith("#"):
                continue
            if head is None and "url" in (names := [cell.lower() for cell in cells]):
                head = names
            else:
                yield reader.line_num, _entry(head or ["url"], cells)
    except csv.Error as error:
        yield reader.line_num, {"url": f"({error})"}


def _entry(head: Sequence[str], cells: Sequence[str]) -> dict[str, Any]:
    named = {name: cell for name, cell in zip(head, cells, strict=False) if cell and name in COLUMNS}
    entry: dict[str, Any] = {"url": "", **named}
    if "tags" in entry:
        entry["tags"] = [tag for tag in entry["tags"].replace(";", " ").split() if tag]
    if "paused" in entry:
        entry["paused"] = entry["paused"].lower() in ("true", "yes", "1")
    return entry


def _plain(cell: str) -> str:
    bare = cell.strip()
    return bare[1:] if bare[:1] == "'" and bare[1:].startswith(COMPUTED) else bare


def sorted_out(
    found: Sequence[Listed], wrong: Iterable[Problem], known: Iterable[FeedSpec]
) -> tuple[list[Listed], list[dict[str, Any]]]:
    """The feeds that are new, and a row for each of the others: known already, or refused."""
    urls = {feed.url: feed.id for feed in known}
    ids = set(urls.values())
    fresh: list[Listed] = []
    rows = [_refused(problem) for problem in wrong]
    for one in found:
        if one.spec.url in urls:
            rows.append(one.row("known", f"as {urls[one.spec.url]}"))
        elif one.spec.id in ids:
            rows.append(one.row("refused", f"another feed has the id {one.spec.id}"))
        else:
            fresh.append(one)
            urls[one.spec.url] = one.spec.id
            ids.add(one.spec.id)
    return fresh, rows


def _refused(problem: Problem) -> dict[str, Any]:
    return {
        "id": None,
        "url": problem.context or None,
        "result": "refused",
        "message": f"{problem.message} [{problem.id}]",
        "file": problem.file,
        "line": problem.line,
    }


def as_row(spec: FeedSpec) -> dict[str, Any]:
    """A feed as `feeds list` shows it: every key of a file that people set, and where it comes from."""
    from monitor.model.mask import mask_url

    return {
        "id": spec.id,
        "name": spec.name,
        "url": mask_url(spec.url),
        "language": spec.language,
        "country": spec.country,
        "tags": list(spec.tags),
        "class": spec.cls,
        "watches": None if spec.watches is None else list(spec.watches),
        "paused": spec.paused,
        "owner": spec.owner,
        "origin": spec.origin,
    }


def as_entry(spec: FeedSpec) -> dict[str, Any]:
    """A feed as a file has it: its id and URL, and what differs from the defaults."""
    entry: dict[str, Any] = {"id": str(spec.id), "url": spec.url}
    for name in (
        "name",
        "language",
        "country",
        "tags",
        "watches",
        "filter",
        "paused",
        "renamed_from",
        "owner",
        "notes",
    ):
        value = getattr(spec, name)
        if value != getattr(_DEFAULTS, name):
            entry[name] = list(value) if isinstance(value, tuple) else value
    entry["class"] = spec.cls
    if isinstance(spec.interval, Interval):
        entry["interval"] = {"min": f"{spec.interval.min:g}s", "max": f"{spec.interval.max:g}s"}
    standard = FeedOverrides()
    for field in fields(FeedOverrides):
        if (value := getattr(spec.overrides, field.name)) != getattr(standard, field.name):
            entry[field.name] = value
    return entry


def write_yaml(specs: Sequence[FeedSpec]) -> str:
    """A file for `feeds/`."""
    entries = [as_entry(spec) for spec in specs]
    return yaml.safe_dump({"feeds": entries}, allow_unicode=True, sort_keys=False, width=1000)


def write_csv(specs: Sequence[FeedSpec]) -> str:
    """A table that `feeds import` reads again."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for spec in specs:
        entry = {**as_entry(spec), "tags": " ".join(spec.tags)}
        writer.writerow(_inert(entry.get(name)) for name in COLUMNS)
    return out.getvalue()


def _inert(cell: object) -> str:
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.startswith(COMPUTED) else text


WRITERS: Mapping[str, Callable[[Sequence[FeedSpec]], str]] = {
    "yaml": write_yaml,
    "opml": opml.write,
    "csv": write_csv,
}
