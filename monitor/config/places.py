"""YAML with the place of every value, read with none of YAML's surprises.

Own tree over PyYAML's event stream: duplicate keys, tags and recursive aliases are refused, only `true` and `false` are
booleans (`NO` stays Norway, `12:30` a text); depth, size and the number of values reached through aliases are bounded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from monitor.config import problems
from monitor.errors import Problem
from monitor.model.watch import Place

MAX_BYTES = 5 << 20
MAX_DEPTH = 50
MAX_ALIASED = 20_000
"""Values that aliases may repeat in one file: a few kilobytes can otherwise stand for billions of values."""

Scalar = str | int | float | bool | None
Path = tuple[str | int, ...]

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,30})")
_FLOAT = re.compile(r"[-+]?[0-9]{1,30}\.[0-9]{1,30}([eE][-+]?[0-9]{1,2})?")
_WORDS: dict[str, Scalar] = {"": None, "~": None, "null": None, "true": True, "false": False}


Spot = tuple[str, int, int]
"""File, line and column as a plain tuple: a file of feeds has hundreds of thousands, and nearly none is ever shown."""


class Node(NamedTuple):
    """A value and where it stands."""

    value: Scalar | dict[str, Node] | list[Node]
    spot: Spot
    named: Spot
    """Of the key that names it, or the value's own."""
    style: str | None = None
    """`'` `"` `|` `>` of a scalar; None for a plain one."""

    @property
    def place(self) -> Place:
        """Where the value stands."""
        return Place(*self.spot)

    @property
    def key(self) -> Place:
        """Where the key stands that names it."""
        return Place(*self.named)

    def at(self, path: Path) -> Node:
        """The node at a path, or the deepest one on the way that exists."""
        node = self
        for step in path:
            if isinstance(node.value, dict) and step in node.value:
                node = node.value[str(step)]
            elif isinstance(node.value, list) and isinstance(step, int) and step < len(node.value):
                node = node.value[step]
            else:
                return node
        return node

    def entries(self) -> dict[str, Node]:
        """Its children by key; empty if it is not a mapping."""
        return self.value if isinstance(self.value, dict) else {}

    def items(self) -> list[Node]:
        """Its children in order; empty if it is not a list."""
        return self.value if isinstance(self.value, list) else []

    def plain(self) -> Any:
        """The value alone: dicts, lists and scalars."""
        if isinstance(self.value, dict):
            return {key: child.plain() for key, child in self.value.items()}
        if isinstance(self.value, list):
            return [child.plain() for child in self.value]
        return self.value


def plant(value: Any, source: str = "") -> Node:
    """A plain value as a tree: what did not come from a file. `source` stands where the file would."""
    spot = (source, 0, 0)
    if isinstance(value, dict):
        return Node({str(key): plant(child, source) for key, child in value.items()}, spot, spot)
    if isinstance(value, list | tuple):
        return Node([plant(child, source) for child in value], spot, spot)
    return Node(value, spot, spot)


EMPTY = plant({})


class Refused(Exception):
    """A file that cannot be read any further, with the one problem that stopped it."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


class _Reader:
    """Builds the documents of one file from its events."""

    def __init__(self, file: str, events: Iterator[Any]) -> None:
        self.file = file
        self.events = events
        self.anchors: dict[str, tuple[Node, int]] = {}
        self.built = 0
        self.aliased = 0
        self.problems: list[Problem] = []

    def documents(self) -> Iterator[Node]:
        """Every document of the stream. Raises Refused, yaml.YAMLError."""
        for event in self.events:
            if type(event).__name__ == "DocumentStartEvent":
                self.anchors.clear()
                yield self.node(next(self.events), None, 0)

    def node(self, event: Any, named: Spot | None, depth: int) -> Node:
        """The value that begins with this event."""
        spot = self.spot(event)
        name = type(event).__name__
        if depth > MAX_DEPTH:
            raise refuse(spot, f"values are nested more than {MAX_DEPTH} deep")
        if name == "AliasEvent":
            return self.alias(event, spot, named or spot)
        if event.tag not in (None, "!"):
            raise refuse(spot, "tags (`!…`) are not used here: write the value alone")
        before = self.built
        self.built += 1
        node = self.value(name, event, spot, named or spot, depth)
        if event.anchor is not None:
            self.anchors[event.anchor] = (node, self.built - before)
        return node

    def value(self, name: str, event: Any, spot: Spot, named: Spot, depth: int) -> Node:
        if name == "MappingStartEvent":
            return Node(self.mapping(depth), spot, named)
        if name == "SequenceStartEvent":
            return Node(list(self.sequence(depth)), spot, named)
        if event.implicit[0] and not event.style:
            return Node(scalar(event.value), spot, named)
        return Node(event.value, spot, named, event.style)

    def mapping(self, depth: int) -> dict[str, Node]:
        found: dict[str, Node] = {}
        for event in self.events:
            if type(event).__name__ == "MappingEndEvent":
                break
            spot = self.spot(event)
            if type(event).__name__ != "ScalarEvent" or event.tag not in (None, "!"):
                raise refuse(spot, "a key has to be a plain word")
            name = str(event.value)
            node = self.node(next(self.events), spot, depth + 1)
            if name in found:
                self.problems.append(problems.duplicate_key(Place(*spot), name, found[name].key))
            else:
                found[name] = node
        return found

    def sequence(self, depth: int) -> Iterator[Node]:
        for event in self.events:
            if type(event).__name__ == "SequenceEndEvent":
                return
            yield self.node(event, None, depth + 1)

    def alias(self, event: Any, spot: Spot, named: Spot) -> Node:
        known = self.anchors.get(event.anchor)
        if known is None:
            raise refuse(spot, f"there is no anchor `&{event.anchor}` before this alias")
        node, size = known
        self.aliased += size
        self.built += size
        if self.aliased > MAX_ALIASED:
            raise refuse(spot, f"aliases repeat more than {MAX_ALIASED} values; write them out, or use `defaults`")
        return Node(node.value, spot, named, node.style)

    def spot(self, event: Any) -> Spot:
        mark = event.start_mark
        return (self.file, mark.line + 1, mark.column + 1)


def refuse(spot: Spot, message: str) -> Refused:
    """What ends the reading of a file that is YAML, but not as it is used here."""
    return Refused(problems.at(Place(*spot), "", "MON-CFG-003", message))


def scalar(text: str) -> Scalar:
    """What an unquoted word stands for: null, true, false, a number in plain decimal, else the text."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def read(file: str, text: str) -> tuple[list[Node], list[Problem]]:
    """The documents of a YAML file and every problem in it; documents before a break in the syntax are kept."""
    import yaml

    if len(text) > MAX_BYTES or len(text.encode("utf-8", "replace")) > MAX_BYTES:
        message = f"the file is larger than {MAX_BYTES >> 20} MiB; split it into several"
        return [], [problems.at(Place(file), "", "MON-CFG-003", message)]
    found: list[Node] = []
    try:
        reader = _Reader(file, yaml.parse(text, Loader=yaml.CSafeLoader))
        found.extend(reader.documents())
    except Refused as refused:
        return found, [*reader.problems, refused.problem]
    except (yaml.YAMLError, UnicodeError) as error:
        return found, [problems.syntax(file, text, error)]
    return found, reader.problems
