"""Feeds as a file of feeds: what `feeds export` writes, and what can be put into `feeds/` as it is."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import fields
from typing import Any

from monitor.config.export import spell_value
from monitor.config.feeds import FeedEntry
from monitor.config.schema import written
from monitor.model.feed import FeedSpec
from monitor.model.units import Duration

FIRST = ("id", "url", "name", "language", "country", "tags", "cls")


def feeds_file(feeds: Iterable[FeedSpec]) -> str:
    """A YAML file of these feeds, each with its id; keys that only repeat their default are left out."""
    return "\n".join(["feeds:", *(line for feed in feeds for line in _entry(feed)), ""])


def entry_of(feed: FeedSpec) -> dict[str, Any]:
    """A feed as plain data: what `config.feeds.check_entries` reads back."""
    return {written(name): spell_value(value) for name, value in _keys(feed)}


def _entry(feed: FeedSpec) -> Iterator[str]:
    mark = "- "
    for name, value in entry_of(feed).items():
        yield f"  {mark}{name}: {json.dumps(value, ensure_ascii=False)}"
        mark = "  "


def _keys(feed: FeedSpec) -> Iterator[tuple[str, Any]]:
    """The keys of an entry and their values, the ones people look for in front."""
    for field in sorted(fields(FeedEntry), key=lambda field: FIRST.index(field.name) if field.name in FIRST else 99):
        owner = feed if hasattr(feed, field.name) else feed.overrides
        value = getattr(owner, field.name)
        if field.name == "interval" and value is not None:
            value = {"min": Duration(value.min), "max": Duration(value.max)}
        if field.name in ("id", "url", "cls") or value != field.default:
            yield field.name, value
