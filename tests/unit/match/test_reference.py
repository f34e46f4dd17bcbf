"""The page about queries says what the code does."""

from __future__ import annotations

import json
import re
from pathlib import Path

from monitor.match import reference
from monitor.match.syntax import FAULTS

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "queries.md").read_text(encoding="utf-8")


def test_tables_are_in_the_page() -> None:
    """The grammar and all tables stand in `docs/queries.md` as the code makes them."""
    assert reference.grammar() in PAGE
    assert reference.operators() in PAGE
    assert reference.faults() in PAGE
    assert reference.lints() in PAGE


def test_every_fault_has_a_meaning_and_a_case() -> None:
    """Each id the code can give is in the table, and all of them are tried."""
    sources = "\n".join(file.read_text(encoding="utf-8") for file in (ROOT / "monitor" / "match").glob("*.py"))
    given = set(re.findall(r'Fault\(\s*"(MON-QRY-\d{3})"', sources))
    given |= {f"MON-QRY-{number}" for number in re.findall(r'fail\(\s*"(\d{3})"', sources)}
    cases = json.loads((ROOT / "tests" / "corpus" / "match" / "errors.json").read_text(encoding="utf-8"))

    assert given == set(FAULTS)
    assert {case["id"] for case in cases} | {"MON-QRY-012"} == set(FAULTS)
