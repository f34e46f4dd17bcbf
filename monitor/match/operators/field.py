"""`title:` and its kin: where a hit must stand."""

from __future__ import annotations

from collections.abc import Mapping

from monitor.match.operators.base import Example, Operator
from monitor.model.article import FieldName

FIELDS: Mapping[str, FieldName | None] = {
    "title": "title",
    "summary": "summary",
    "lead": "summary",
    "body": "body",
    "text": None,
}

OPERATOR = Operator(
    name="field",
    syntax="title:a, summary:a (lead:a), body:a, text:a",
    power=40,
    summary="hits in that field only; `text:`, the default, is title, summary and body",
    examples=(
        Example("title:drone", True),
        Example("title:ukraine", False),
        Example("body:ukraine", True),
        Example("lead:ukraine", False),
        Example("text:ukraine", True),
        Example("title:(taiwan OR kyiv)", True),
        Example('body:"power plant" AND title:strike', True),
    ),
)
