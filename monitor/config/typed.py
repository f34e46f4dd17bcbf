"""From a tree with places to a typed value, or to every problem in it."""

from __future__ import annotations

import json
import types
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from monitor.config import problems
from monitor.config.places import Node, Path
from monitor.config.schema import written
from monitor.errors import Problem

T = TypeVar("T")


@cache
def adapter(kind: Hashable) -> Any:
    """pydantic's checker of a type. Imported here: building one loads `socket`, which no pure import may."""
    from pydantic import TypeAdapter

    return TypeAdapter(cast("type[Any]", kind))


def check(kind: type[T], node: Node, prefix: Path = ()) -> tuple[T | None, list[Problem]]:
    """The value of a node as `kind`, and all that is wrong with it; `prefix` goes in front of paths in problems.

    With problems the value is that of the parts that are right, so that they can be checked further; None if what is
    wrong cannot be left out.
    """
    value, findings = _validated(kind, node)
    if not findings:
        return value, []
    rest = node
    for finding in findings:
        rest = without(rest, tuple(finding["loc"]))
    value, lacking = _validated(kind, rest)
    if lacking:
        # A mapping that has lost a key it needs goes as a whole.
        for finding in lacking:
            rest = without(rest, tuple(finding["loc"])[:-1])
        value = _validated(kind, rest)[0]
    return value, [_problem(kind, node, finding, prefix) for finding in findings]


def _validated(kind: type[T], node: Node) -> tuple[T | None, Sequence[Mapping[str, Any]]]:
    from pydantic import ValidationError

    try:
        value: T = adapter(cast("Hashable", kind)).validate_json(json.dumps(node.plain()))
    except ValidationError as error:
        return None, error.errors(include_input=False, include_url=False)
    return value, ()


def without(node: Node, path: Path) -> Node:
    """A tree that lacks the key at a path; a list goes as a whole, so that no position changes its meaning."""
    if not path or not isinstance(node.value, dict):
        return node
    name = str(path[0])
    children = dict(node.value)
    child = children.pop(name, None)
    if child is not None and len(path) > 1 and isinstance(child.value, dict):
        children[name] = without(child, path[1:])
    return node._replace(value=children)


def _problem(kind: type[Any], node: Node, finding: Mapping[str, Any], prefix: Path) -> Problem:
    path: Path = tuple(finding["loc"])
    found = node.at(path)
    unknown = finding["type"] in ("unexpected_keyword_argument", "extra_forbidden")
    allowed = keys_at(kind, path[:-1]) if unknown else ()
    place = found.key if unknown else found.place
    return problems.of_pydantic({**finding, "loc": prefix + path}, place, allowed)


def keys_at(kind: Any, path: Sequence[str | int]) -> tuple[str, ...]:
    """The keys that may stand at a path below a type."""
    for step in path:
        kind = _below(kind, step)
    kind = _solid(kind)
    return tuple(written(field.name) for field in fields(kind)) if is_dataclass(kind) else ()


def _below(kind: Any, step: str | int) -> Any:
    """The type one step further down."""
    kind = _solid(kind)
    if is_dataclass(kind):
        hints = _hints(cast("Hashable", kind))
        return next((hint for name, hint in hints.items() if written(name) == step), None)
    arguments = get_args(kind)
    return arguments[-1 if get_origin(kind) is not tuple else 0] if arguments else None


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


def _solid(kind: Any) -> Any:
    """`X` of `X | None`."""
    if get_origin(kind) in (Union, types.UnionType):
        return next(argument for argument in get_args(kind) if argument is not type(None))
    return kind
