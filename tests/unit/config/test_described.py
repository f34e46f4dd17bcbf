"""What the schema says about itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from monitor.config import described
from monitor.config.feeds import FeedEntry
from monitor.config.schema import SINKS, Settings
from monitor.model.units import Duration


@dataclass(frozen=True)
class Base:
    """Base."""

    b: int = 1
    """Of the base."""


@dataclass(frozen=True)
class Sample(Base):
    """What it is,
    on two lines.

    More.
    """

    cls: Literal["x", "y"] | None = None
    """First line
    and second."""
    t: tuple[Duration, ...] = (Duration(60),)
    m: Mapping[str, Base] = field(default_factory=dict)
    """A mapping."""

    CONSTANT = 3
    """Not a field."""


def test_describe() -> None:
    """Own keys before those of the base, names as in files."""
    keys = list(described.describe(Sample))

    assert [(key.name, key.takes, key.default, key.text) for key in keys] == [
        ("class", "`x` | `y` or null", None, "First line and second."),
        ("t", "list of duration", ["1m"], ""),
        ("m", "mapping of text to mapping", {}, "A mapping."),
        ("b", "whole number", 1, "Of the base."),
    ]
    assert described.summary(Sample) == "What it is, on two lines."
    assert described.nested(keys[2].kind) == [Base]


def test_required() -> None:
    """A key without a default."""
    url = next(key for key in described.describe(FeedEntry) if key.name == "url")

    assert url.default is described.REQUIRED


def test_every_key_of_this_package_is_explained() -> None:
    """A setting without its meaning is no setting. Mappings are explained by their own text."""
    waiting, bare = [Settings, *SINKS.values()], []
    while waiting:
        owner = waiting.pop()
        for key in described.describe(owner):
            inner = described.nested(key.kind)
            waiting += inner
            if owner.__module__ == "monitor.config.schema" and not key.text and not inner:
                bare.append(f"{owner.__name__}.{key.name}")

    assert bare == []
