"""House numbers: sizes, docstrings, and words that do not belong into finished code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass

from monitor.config import schema as config_schema
from monitor.fetch import settings as fetch_settings
from monitor.model import feed, watch
from monitor.parse import settings as parse_settings
from monitor.schedule import settings as schedule_settings
from tests.support.project import Module, body_lines, functions, modules, modules_of_tests, texts

LONGEST_BODY = 50
LONGEST_MODULE, LONGEST_ADAPTER = 400, 250
SHORT = 25
SELF_EVIDENT = 10
"""Lines up to which a public method needs no docstring of its own."""
LEAST_WORDS = 2
"""Of a docstring; fewer say nothing."""
UNFINISHED = re.compile(
    "|".join(("TO" + "DO", "FIX" + "ME", "X" * 3, "pragma: " + "no cover", "NotImplemented" + "Error"))
)
NOT_WRITTEN = {"Hit", "Match", "Text", "FeedChanges"}
"""Values of the same modules that no file has."""
WRITERS = {"monitor.config.feeds", "monitor.config.watches"}
"""Copy what files say; that is no effect."""
BROAD = {
    "monitor/adapters/processes/work.py",
    "monitor/app/worker.py",
    "monitor/app/shards.py",
    "monitor/app/supervise.py",
    "monitor/cli/root.py",
    "monitor/parse/formats/lenient.py",
}
"""Where everything may be caught, each time with its reason beside it."""


def test_function_bodies_are_short() -> None:
    """None above 50 lines, nine in ten up to 25; docstrings do not count."""
    sizes = {
        f"{module.path}:{function.lineno} {function.name}": body_lines(function)
        for module in modules()
        for function in functions(module.tree)
    }
    assert {name: size for name, size in sizes.items() if size > LONGEST_BODY} == {}
    assert sum(size <= SHORT for size in sizes.values()) >= 0.9 * len(sizes)


def test_modules_are_short() -> None:
    """At most 400 lines, adapters 250."""
    sizes = {str(module.path): (len(module.text.splitlines()), _limit(module)) for module in modules()}
    assert {name: size for name, (size, limit) in sizes.items() if size > limit} == {}


def test_sources_of_the_kernel_are_short_and_say_what_they_are() -> None:
    """As long as a module of Python at most, and they begin with what they are for."""
    sources = [(str(path), text) for path, text in texts() if path.suffix in {".c", ".h"}]
    assert sources
    assert [path for path, text in sources if len(text.splitlines()) > LONGEST_MODULE] == []
    assert [path for path, text in sources if not text.startswith("/* ")] == []


def test_what_is_public_is_explained() -> None:
    """Modules, classes, functions, and methods that are no promise of a port or of a base class."""
    promised = set(_promised())
    missing = [place for module in modules() for place in _unexplained(module, promised)]
    assert missing == []


def test_every_setting_has_an_effect() -> None:
    """A key that nothing reads is a promise nobody keeps."""
    readers = [module for module in modules() if module.name not in WRITERS]
    read = {node.attr for module in readers for node in ast.walk(module.tree) if isinstance(node, ast.Attribute)}
    assert {
        name for kind in _settings() for name in (field.name for field in fields(kind)) if name not in read
    } == set()


def test_no_global_statement() -> None:
    """State has an owner."""
    found = [
        f"{module.path}:{node.lineno}"
        for module in (*modules(), *modules_of_tests())
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Global)
    ]
    assert found == []


def test_nothing_is_left_unfinished() -> None:
    """No notes to oneself, no stubs."""
    found = [
        f"{path}: {line.strip()}"
        for path, text in texts()
        if path.suffix in {".c", ".h", ".py", ".md", ".toml", ".yaml", ".sh", ".html"}
        for line in text.splitlines()
        if UNFINISHED.search(line)
    ]
    assert found == []


def test_everything_is_caught_only_where_agreed() -> None:
    """`except Exception` hides our own mistakes."""
    found = {
        str(module.path)
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ExceptHandler) and _is_broad(node)
    }
    assert found - BROAD == set()


def _settings() -> Iterator[type]:
    """Every class whose fields are keys of a file."""
    for module in (config_schema, fetch_settings, parse_settings, schedule_settings, feed, watch):
        kinds = [kind for kind in vars(module).values() if isinstance(kind, type) and is_dataclass(kind)]
        yield from (kind for kind in kinds if kind.__module__ == module.__name__ and kind.__name__ not in NOT_WRITTEN)


def _is_broad(handler: ast.ExceptHandler) -> bool:
    """Catches everything and does not raise it again."""
    everything = handler.type is None or (
        isinstance(handler.type, ast.Name) and handler.type.id in {"Exception", "BaseException"}
    )
    return everything and not any(isinstance(node, ast.Raise) and node.exc is None for node in ast.walk(handler))


def _limit(module: Module) -> int:
    return LONGEST_ADAPTER if module.name.startswith("monitor.adapters.") else LONGEST_MODULE


def _promised() -> Iterator[str]:
    """Names of methods that a port or a base class explains."""
    for module in modules():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ClassDef):
                yield from (method.name for method in functions(node) if ast.get_docstring(method) is not None)


def _unexplained(module: Module, promised: set[str]) -> Iterator[str]:
    if module.text.strip() and len((ast.get_docstring(module.tree) or "").split()) < LEAST_WORDS:
        yield str(module.path)
    for node in module.tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
            if ast.get_docstring(node) is None:
                yield f"{module.path}:{node.lineno} {node.name}"
            if isinstance(node, ast.ClassDef):
                yield from (
                    f"{module.path}:{method.lineno} {node.name}.{method.name}" for method in _bare(node, promised)
                )


def _bare(node: ast.ClassDef, promised: set[str]) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for method in node.body:
        if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef) and not method.name.startswith("_"):
            explained = ast.get_docstring(method) is not None or method.name in promised
            if not explained and body_lines(method) > SELF_EVIDENT:
                yield method
