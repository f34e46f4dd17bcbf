"""`title:` and its kin: where a hit must stand."""

from __future__ import annotations

from collections.abc import Mapping

from monitor.match.operators.base import Example, Operator
from monitor.match.syntax import Bound

FIELDS: Mapping[str, Bound | None] = {
    "title": "title",
    "summary": "summary",
    "lead": "summary",
    "body": "body",
    "text": None,
    "author": "author",
    "url": "url",
    "tag": "tag",
}

OPERATOR = Operator(
    name="field",
    syntax="title:a, summary:a (lead:a), body:a, text:a, author:a, url:a, tag:a",
    power=40,
    summary="hits in that field only; `text:`, the default, is title, summary and body; hits in author, address and"
    " tags are not shown",
    examples=(
        Example("title:drone", True),
        Example("title:ukraine", False),
        Example("body:ukraine", True),
        Example("lead:ukraine", False),
        Example("text:ukraine", True),
        Example("title:(taiwan OR kyiv)", True),
        Example("author:doe AND drone", True),
        Example("author:drone", False),
        Example("drone AND url:article", True),
        Example("tag:war", True),
        Example('body:"power plant" AND title:strike', True),
    ),
)
