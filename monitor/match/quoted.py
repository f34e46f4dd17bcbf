"""Phrases that look like queries: in quotes, and in a list of keywords, operators are words like any other."""

from __future__ import annotations

import re
from collections.abc import Collection

from monitor.match.operators import INFIX
from monitor.match.operators.field import FIELDS
from monitor.match.operators.metadata import METADATA

CONCEPT = re.compile(r"@([A-Za-z0-9_-]+)(?:\.weak)?")
BRACES = re.compile(r"\{.+\}")
FIELD = re.compile(rf"(?:{'|'.join((*FIELDS, *METADATA))}):\S+")
OPERATOR = re.compile(rf"(?:^|\s)({'|'.join((*sorted(INFIX, key=len, reverse=True), 'NOT'))})(?:/[0-9]+f?)?\s")


def meant_as_query(text: str, concepts: Collection[str]) -> str:
    """What in a phrase was probably meant as a part of the query language; empty if nothing was."""
    found = CONCEPT.fullmatch(text)
    if found and found[1] in concepts:
        return text
    if BRACES.fullmatch(text) or FIELD.fullmatch(text):
        return text
    operator = OPERATOR.search(text)
    # In a headline all in capitals AND is the word.
    return operator[1] if operator and any(map(str.islower, text)) else ""
