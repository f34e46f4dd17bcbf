"""What the schema says about itself: the text under each field, for the reference page and for editors."""

from __future__ import annotations

import ast
import inspect
import textwrap
import types
from collections.abc import Iterator
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from monitor.config.export import spell_value
from monitor.config.schema import written
from monitor.model.units import Duration, Ratio, Size

WORDS: dict[Any, str] = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
    Duration: "duration",
    Size: "size",
    Ratio: "ratio",
}
REQUIRED = object()
"""The default of a field that has none."""


@dataclass(frozen=True, slots=True)
class Described:
    """One key: its name in files, what it takes, its default as a file has it, and what it means."""

    name: str
    kind: Any
    takes: str
    default: Any
    text: str


def describe(owner: Any) -> Iterator[Described]:
    """The keys of a dataclass, in their order, its own before those of its bases."""
    hints, texts = get_type_hints(owner), field_texts(owner)
    depth = {name: level for level, base in enumerate(owner.__mro__[::-1]) for name in inspect.get_annotations(base)}
    for field in sorted(fields(owner), key=lambda field: -depth[field.name]):
        kind = hints[field.name]
        yield Described(written(field.name), kind, takes(kind), default(field), texts.get(field.name, ""))


def default(field: Field[Any]) -> Any:
    """The default as a file has it; `REQUIRED` if there is none."""
    if field.default is not MISSING:
        return spell_value(field.default)
    if field.default_factory is not MISSING:
        return spell_value(field.default_factory())
    return REQUIRED


def takes(kind: Any) -> str:
    """A type in words."""
    if kind in WORDS:
        return WORDS[kind]
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Literal:
        return " | ".join(f"`{choice}`" for choice in arguments)
    if origin in (Union, types.UnionType):
        return " or ".join(takes(argument) for argument in arguments)
    if origin is tuple:
        return f"list of {takes(arguments[0])}"
    if is_dataclass(kind):
        return "mapping"
    return "null" if kind is type(None) else f"mapping of {takes(arguments[0])} to {takes(arguments[1])}"


def nested(kind: Any) -> list[Any]:
    """The dataclasses inside a type."""
    if is_dataclass(kind):
        return [kind]
    return [inner for argument in get_args(kind) for inner in nested(argument)]


def summary(owner: Any) -> str:
    """The first paragraph of a class's docstring, on one line."""
    return " ".join((inspect.getdoc(owner) or "").split("\n\n")[0].split())


@cache
def field_texts(owner: Any) -> dict[str, str]:
    """The text under each field, those of base classes included."""
    texts: dict[str, str] = {}
    for base in reversed(owner.__mro__):
        if is_dataclass(base):
            texts |= _texts(base)
    return texts


def _texts(owner: Any) -> dict[str, str]:
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(owner))).body
    texts: dict[str, str] = {}
    last = ""
    for statement in tree.body if isinstance(tree, ast.ClassDef) else []:
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            last = statement.target.id
        elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant) and last:
            texts[last] = " ".join(str(statement.value.value).split())
            last = ""
        else:
            last = ""
    return texts
