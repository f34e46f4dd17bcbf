"""Every case under `tests/corpus/match`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from monitor.match.compiler import check_query, compile_rules
from monitor.match.engine import engines
from monitor.model.ids import WatchId
from monitor.model.watch import Place, Text, Watch
from tests.support.packs import example_pack

FOLDER = Path(__file__).parents[2] / "corpus" / "match"
CASES = [
    pytest.param(case, id=f"{file.stem}-{number}")
    for file in sorted(FOLDER.glob("*.json"))
    if file.stem != "errors"
    for number, case in enumerate(json.loads(file.read_text(encoding="utf-8")))
]
ERRORS = json.loads((FOLDER / "errors.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES)
def test_case(case: dict[str, Any]) -> None:
    """The slices a query finds, or that it is not met; by every engine."""
    rules = compile_rules([Watch(WatchId("w"), case["query"])], example_pack())
    text = text_of(case)
    for engine in engines():
        judging = rules.by(engine)
        matches, expected = judging.match(text), case["expect"]
        found = [[hit.text for hit in match.hits] for match in matches]

        assert (bool(found) if expected is True else found) == (
            expected if expected is True else [] if expected is None else [expected]
        )
        assert judging.met(text) == tuple(match.watch.id for match in matches)
        assert all(getattr(text, hit.field)[hit.start : hit.end] == hit.text for match in matches for hit in match.hits)


def text_of(case: dict[str, Any]) -> Text:
    """The article of a case."""
    known = {name: case[name] for name in ("title", "summary", "body", "url", "country") if name in case}
    several = {name: tuple(case[name]) for name in ("authors", "tags", "sources") if name in case}
    return Text(**known, **several, language=case.get("lang", "en"))


@pytest.mark.parametrize("case", ERRORS, ids=[f"{case['id']}-{case['query']}" for case in ERRORS])
def test_error(case: dict[str, Any]) -> None:
    """The id, the place and the remedy of a fault, seen from the file in which the query stands."""
    (problem,) = check_query(case["query"], Place("watches/w.yaml", 7, 8), example_pack())
    caret = problem.context.split("\n")[1]

    assert (problem.id, problem.line, problem.column) == (case["id"], 7, 8 + case["start"])
    assert case["say"] in str(problem)
    assert caret == "    " + " " * case["start"] + "^" * (case["end"] - case["start"])
