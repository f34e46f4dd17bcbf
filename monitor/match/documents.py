"""A pack's YAML as plain values: straight from its events, or as PyYAML does it where anything in it is out of the way.

The straight way takes a quarter of the time and knows no anchors, tags, keys that are no text but `no`, or keys that
are there twice. The other one is asked about all of these, and about every mistake: what is reported are its words.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

import yaml

TEXT = "tag:yaml.org,2002:str"
FIRST = frozenset("".join(filter(None, yaml.CSafeLoader.yaml_implicit_resolvers)))
"""What a plain word begins with that may stand for something else than itself."""

FALSE = frozenset(spelt for word in ("no", "off", "false") for spelt in (word, word.capitalize(), word.upper()))
"""What YAML reads as false."""


class _Loader(yaml.CSafeLoader):
    """A key that is written twice would silently drop its first value."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        known: set[str] = set()
        for key in [key for key, _ in node.value if isinstance(key, yaml.ScalarNode)]:
            if key.value in known:
                raise yaml.MarkedYAMLError(problem=f"the key {key.value} is there twice", problem_mark=key.start_mark)
            known.add(key.value)
        return super().construct_mapping(node, deep)


class Unusual(Exception):
    """The straight way ends here."""


def read_document(text: str) -> Any:
    """The only document of a YAML file. Raises yaml.YAMLError, ValueError."""
    try:
        return read_straight(text)
    except (Unusual, yaml.YAMLError, ValueError):
        return yaml.load(text, _Loader)  # noqa: S506 (a safe loader)


def read_straight(text: str) -> Any:
    """The same, where nothing in it is out of the way. Raises Unusual, yaml.YAMLError, ValueError."""
    return _Straight(text).read()


class _Straight:
    """Values under construction: the lists and mappings that are open, the innermost last."""

    def __init__(self, text: str) -> None:
        self._loader = _Loader(text)
        self._open: list[list[Any]] = [[]]
        self._steps: Mapping[type[yaml.Event], Callable[[Any], object]] = {
            yaml.ScalarEvent: self._scalar,
            yaml.SequenceStartEvent: self._begin,
            yaml.MappingStartEvent: self._begin,
            yaml.SequenceEndEvent: self._end_sequence,
            yaml.MappingEndEvent: self._end_mapping,
            yaml.AliasEvent: _refuse,
        }

    def read(self) -> Any:
        """The value of the only document."""
        steps = self._steps
        for event in iter(self._loader.get_event, None):
            if step := steps.get(type(event)):
                step(event)
        (documents,) = self._open
        if len(documents) != 1:
            raise Unusual
        return documents[0]

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        value: Any = event.value
        if event.tag or event.anchor:
            raise Unusual
        if (not value or value[0] in FIRST) and event.implicit[0]:
            value = self._resolved(value)
        self._open[-1].append(value)

    def _resolved(self, word: str) -> Any:
        """What a plain word stands for."""
        tag = self._loader.resolve(  # type: ignore[no-untyped-call]
            yaml.ScalarNode, word, (True, False)
        )
        return word if tag == TEXT else self._loader.construct_object(yaml.ScalarNode(tag, word))

    def _begin(self, event: yaml.CollectionStartEvent) -> None:
        if event.tag or event.anchor:
            raise Unusual
        self._open.append([])

    def _end_sequence(self, _: object) -> None:
        found = self._open.pop()
        self._open[-1].append(found)

    def _end_mapping(self, _: object) -> None:
        found = self._open.pop()
        keys = found[::2]
        if any(type(key) is not str for key in keys) and not _has_norwegian(keys):
            raise Unusual
        mapping = dict(zip(keys, found[1::2], strict=True))
        if len(mapping) != len(keys):
            raise Unusual
        self._open[-1].append(mapping)


def _has_norwegian(keys: Sequence[Any]) -> bool:
    """Is `no` the only key that is no text, and beside no text that it might have been?"""
    odd = [key for key in keys if type(key) is not str]
    return len(odd) == 1 and odd[0] is False and FALSE.isdisjoint(key for key in keys if type(key) is str)


def _refuse(_: object) -> None:
    raise Unusual
