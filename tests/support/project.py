"""The project as text: what git tracks, syntax trees of our modules, names of the tests."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
BINARY = frozenset({".bin", ".gz", ".jks", ".p12", ".png"})


@cache
def tracked() -> tuple[Path, ...]:
    """Files git knows and that are there, relative to the root."""
    out = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True).stdout.decode()
    return tuple(Path(name) for name in out.split("\0") if name and (ROOT / name).is_file())


def texts() -> Iterator[tuple[Path, str]]:
    """Every tracked file that is text."""
    for path in tracked():
        if path.suffix not in BINARY:
            try:
                yield path, (ROOT / path).read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue


@dataclass(frozen=True, slots=True)
class Module:
    """One of our modules: its dotted name, its place, its text and its tree."""

    name: str
    path: Path
    text: str
    tree: ast.Module

    @property
    def is_package(self) -> bool:
        return self.path.name == "__init__.py"


@cache
def modules() -> tuple[Module, ...]:
    """Every tracked module of the package."""
    found = (path for path in tracked() if path.parts[0] == "monitor" and path.suffix == ".py")
    return tuple(_module(path) for path in found)


@cache
def modules_of_tests() -> tuple[Module, ...]:
    """Every tracked module of the tests."""
    found = (path for path in tracked() if path.parts[0] == "tests" and path.suffix == ".py")
    return tuple(_module(path) for path in found)


def _module(path: Path) -> Module:
    text = (ROOT / path).read_text(encoding="utf-8")
    parts = path.with_suffix("").parts
    name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    return Module(name, path, text, ast.parse(text))


Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(tree: ast.AST) -> Iterator[Function]:
    """Every function, method and function inside a function."""
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def body_lines(function: Function) -> int:
    """Lines from the first statement behind the docstring to the last line."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def defined(*folders: str) -> frozenset[str]:
    """Names that modules of these packages define at their top: classes, functions, constants, types."""
    found: set[str] = set()
    for module in modules():
        if module.name.split(".")[1:2] in [[folder] for folder in folders] or not folders:
            found |= set(_names(module.tree))
    return frozenset(found)


def _names(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                yield name


def table_keys(text: str) -> list[str]:
    """What stands in the first cell of the rows of Markdown tables, in backticks or not."""
    rows = re.findall(r"^\| *`?([^`|]+?)`? *\|", text, re.MULTILINE)
    return [row for row in rows if not set(row) <= set("-: ")]


def blocks(text: str, kind: str) -> list[str]:
    """Contents of the fenced blocks of a kind, the words behind the fence."""
    return re.findall(rf"^```{re.escape(kind)}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
