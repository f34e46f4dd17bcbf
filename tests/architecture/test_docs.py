"""The pages say what the code says: words, ids, fields, metrics, decisions, links."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import fields
from importlib.metadata import PackageMetadata, PackageNotFoundError, distribution
from inspect import isclass

import pytest
from prometheus_client import CollectorRegistry

from monitor.adapters.observe import TABLE, Metrics
from monitor.app.build.sinks import BUILDERS
from monitor.config.load import load
from monitor.config.schema import SINKS
from monitor.model import notes, state
from monitor.model.article import FeedAdvice
from monitor.model.poll import Validators
from monitor.parse.formats import FORMATS
from tests.support.conformance import PAGE, carried, rows
from tests.support.project import DOCS, ROOT, blocks, defined, modules, table_keys, texts, tracked

STATES = (
    state.FeedState,
    state.Item,
    state.Health,
    state.Cadence,
    state.Freshness,
    state.Move,
    state.Counts,
    FeedAdvice,
    Validators,
)
PERMISSIVE = re.compile(r"MIT|BSD|Apache|PSF|Python Software Foundation|ISC|Zlib|0BSD")
STRONG = re.compile(r"(?<!L)GPL|Affero")
WEAK = {"Pebble", "publicsuffixlist"}
"""Weak copyleft, imported unchanged: `docs/decisions/0002-dependencies.md`."""
EXAMPLES = [
    (name, block)
    for name in ("README.md", "docs/extending.md")
    for block in blocks((ROOT / name).read_text(encoding="utf-8"), "yaml")
]
ERROR_ID = re.compile(r"MON-[A-Z]{3}-\d{3}")


def page(name: str) -> str:
    """The text of a page."""
    return (DOCS / name).read_text(encoding="utf-8")


def test_every_word_of_the_glossary_is_in_the_code() -> None:
    """A word that the code has given up goes from the page too."""
    words = set(table_keys(page("glossary.md"))) - {"noun", "port"}
    assert words - defined() == set()


def test_every_port_is_in_the_glossary() -> None:
    """What can be replaced has a name to be talked about."""
    assert defined("ports") - {"pass_by"} - set(table_keys(page("glossary.md"))) == set()


def test_every_error_id_is_documented() -> None:
    """Whoever reads an id finds what to do."""
    used = {found for module in modules() for found in ERROR_ID.findall(module.text)}
    assert used - set(ERROR_ID.findall(page("errors.md"))) == set()


def test_every_note_is_a_line_and_a_number() -> None:
    """One row each."""
    classes = {kind for kind in vars(notes).values() if isclass(kind) and issubclass(kind, notes.Note)}
    assert classes - {notes.Note} == set(TABLE)


@pytest.mark.parametrize("kind", STATES, ids=lambda kind: kind.__name__)
def test_every_field_of_the_state_is_explained(kind: type) -> None:
    """Field by field, in the section of its class."""
    section = re.search(rf"^### `{kind.__name__}`$(.*?)(?=^### |\Z)", page("state.md"), re.MULTILINE | re.DOTALL)
    assert section is not None
    assert table_keys(section[1]) == ["field", *(field.name for field in fields(kind))]


def test_every_column_of_the_ledger_is_explained() -> None:
    """Tables and columns of `schema.sql`."""
    schema = (ROOT / "monitor/adapters/sqlite/schema.sql").read_text(encoding="utf-8")
    text = page("state.md")
    for table, body in re.findall(r"CREATE TABLE (\w+) \((.*?)^\)", schema, re.MULTILINE | re.DOTALL):
        explained = " ".join(re.findall(rf"^\| `{table}` \| (.*?) \|", text, re.MULTILINE))
        columns = re.findall(r"^ {4}(\w+)", body, re.MULTILINE)
        assert set(columns) == set(re.findall(r"`(\w+)`", explained)), table


def test_every_metric_is_documented() -> None:
    """Names as Prometheus sees them."""
    registry = CollectorRegistry()
    Metrics(registry)
    names = {_exposed(family.name, family.type) for family in registry.collect()}
    assert names == {name for name in table_keys(page("operations.md")) if name.startswith("monitor_")}


def test_every_log_event_is_documented() -> None:
    """The constant word of each line."""
    assert {row.event for row in TABLE.values() if row.level} - set(table_keys(page("operations.md"))) == set()


def test_every_dependency_has_its_reason() -> None:
    """A run-time package without a row in the decision about dependencies fails here, and a row without a package."""
    assert dependencies() == set(table_keys(page("decisions/0002-dependencies.md"))) - {"package"}


def test_h210_no_copyleft_beyond_what_was_decided() -> None:
    """Licences as the installed packages state them, those that come along included."""
    found = {name: licence(metadata) for name, metadata in closure(dependencies()).items()}
    assert {name: words for name, words in found.items() if not PERMISSIVE.search(words)}.keys() == WEAK
    assert [name for name, words in found.items() if STRONG.search(words)] == []


def test_decisions_are_numbered() -> None:
    """Without a gap, so that a number is a name."""
    numbers = [int(path.name[:4]) for path in sorted((DOCS / "decisions").glob("*.md"))]
    assert numbers == list(range(1, len(numbers) + 1))
    assert numbers


def test_every_kind_of_sink_and_format_has_a_word() -> None:
    """Who adds one adds its section."""
    text = page("extending.md") + page("configuration.md")
    assert set(SINKS) == set(BUILDERS)
    assert [kind for kind in (*SINKS, *(known.name for known in FORMATS)) if f"`{kind}`" not in text] == []


def test_links_lead_somewhere() -> None:
    """Relative links of every page, anchors included."""
    broken = [f"{source}: {target}" for source, target in _links() if not _leads(source, target)]
    assert broken == []


@pytest.mark.parametrize(("source", "example"), EXAMPLES, ids=[f"{name}-{n}" for n, (name, _) in enumerate(EXAMPLES)])
def test_examples_of_configuration_load(source: str, example: str) -> None:
    """Whoever copies one gets what is promised, cases included."""
    kinds = {"feeds:": "feeds/example.yaml", "query:": "watches/example.yaml", "keywords:": "watches/example.yaml"}
    path = next((path for word, path in kinds.items() if re.search(f"^{word}", example, re.MULTILINE)), "monitor.yaml")
    assert load({path: example}, {}, {}).settings is not None, source


def test_conformance_claims_no_test_that_is_not_there() -> None:
    """`python -m tests.support.conformance` writes the page anew."""
    claimed = {name for name, is_now in rows(PAGE.read_text(encoding="utf-8")).items() if is_now == "done"}
    assert claimed - carried() == set()


def test_conformance_knows_every_id_of_a_test() -> None:
    """An id that the page does not have is a slip of the pen."""
    assert carried() - set(rows(PAGE.read_text(encoding="utf-8"))) == set()


def dependencies() -> set[str]:
    """Names of the packages `pyproject.toml` asks for at run time, extras included."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = list(project["dependencies"])
    return {name_of(one) for one in wanted}


def name_of(requirement: str) -> str:
    """The name in front of a requirement's bounds and extras."""
    return re.split(r"[\[<>=!~; (]", requirement)[0]


def closure(names: set[str]) -> dict[str, PackageMetadata]:
    """These packages and all they need, as installed."""
    found: dict[str, PackageMetadata] = {}
    waiting = sorted(names)
    while waiting:
        name = waiting.pop()
        with suppress(PackageNotFoundError):
            package = distribution(name)
            if package.metadata["Name"] not in found:
                found[package.metadata["Name"]] = package.metadata
                waiting += [name_of(one) for one in package.requires or () if "extra ==" not in one]
    return found


def licence(metadata: PackageMetadata) -> str:
    """What a package says about its licence, in any of the three places."""
    classes = [line for line in metadata.get_all("Classifier") or () if line.startswith("License")]
    return " ".join((metadata.get("License-Expression") or "", (metadata.get("License") or "")[:60], *classes))


def _exposed(name: str, kind: str) -> str:
    return name + {"counter": "_total", "info": "_info"}.get(kind, "")


def _links() -> Iterator[tuple[str, str]]:
    for path, text in texts():
        if path.suffix == ".md" and path.parts[0] != "tests":
            for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"```.*?```", "", text, flags=re.DOTALL)):
                if not target.startswith(("http://", "https://")):
                    yield str(path), target


def _leads(source: str, target: str) -> bool:
    path, _, anchor = target.partition("#")
    place = (ROOT / source).parent / path if path else ROOT / source
    if not place.exists():
        return False
    if place.is_file() and place.resolve().relative_to(ROOT) not in tracked():
        return False
    return not anchor or anchor in {_slug(line) for line in place.read_text(encoding="utf-8").splitlines()}


def _slug(line: str) -> str:
    """The anchor of a heading; nothing for other lines."""
    if not line.startswith("#"):
        return ""
    return re.sub(r"[^\w\- ]", "", line.lstrip("# ").lower()).replace(" ", "-")
