"""Wrong configurations, each a file with the problems it has to give."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from monitor.config.load import load
from monitor.config.problems import IDS
from monitor.errors import ConfigError, Problem

CASES = sorted((Path(__file__).resolve().parents[2] / "corpus" / "config").glob("*.yaml"))


def problems_of(case: dict[str, Any]) -> tuple[Problem, ...]:
    with pytest.raises(ConfigError) as raised:
        load(case["files"], case.get("secrets", {}), case.get("environ", {}))
    return raised.value.problems


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_problems_are_those_the_case_names(path: Path) -> None:
    """Every problem, in order, with its place; `…` stands for words that other stages choose."""
    case = yaml.safe_load(path.read_text(encoding="utf-8"))

    found = [str(problem).split("\n")[0] for problem in problems_of(case)]

    assert len(found) == len(case["problems"]), found
    for line, expected in zip(found, case["problems"], strict=True):
        pattern = ".*".join(map(re.escape, expected.split(": … ["))).replace(".*", ": .* \\[")
        assert re.fullmatch(pattern, line), line


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_h193_no_secret_in_any_message(path: Path) -> None:
    """Whatever is wrong, no message repeats a value that may be a secret, nor words of the library that found it."""
    text = "\n".join(map(str, problems_of(yaml.safe_load(path.read_text(encoding="utf-8")))))

    assert "hunter2" not in text
    assert "pydantic" not in text
    assert "Input should" not in text


def test_every_id_is_documented_and_seen() -> None:
    """An id of this package that no case gives would be one that nobody has read."""
    seen = {problem.id for path in CASES for problem in problems_of(yaml.safe_load(path.read_text(encoding="utf-8")))}
    ours = {code for code in IDS if code < "MON-CFG-020" and code != "MON-CFG-016"}

    assert ours - seen == set()
    assert {code for code in seen if code.startswith("MON-CFG")} <= set(IDS)
