"""Cases of a watch in a file of their own."""

from __future__ import annotations

import pytest

from monitor.config import cases
from monitor.config.load import load
from monitor.errors import ConfigError
from monitor.model.watch import Case, Place

WATCH = {"watches/ships.yaml": "id: ships\nquery: summary:frigate OR destroyer\n"}


def problems(files: dict[str, str]) -> list[str]:
    """What is wrong with a configuration, in short."""
    with pytest.raises(ConfigError) as refused:
        load(files, {}, {})
    return [f"{one.file}:{one.line} {one.path} {one.id}" for one in refused.value.problems]


def test_a_file_of_cases_belongs_to_the_watch_it_is_named_after() -> None:
    """Wherever below `watches/` it lies, behind the cases of the watch's own entry."""
    files = {
        "watches/all.yaml": "id: ships\nquery: frigate\ncases: [{text: A frigate, expect: [frigate]}]\n",
        "watches/tests/ships.cases.yaml": "- text: Two frigates\n  expect: []\n---\n- {text: one, expect: []}\n",
    }
    (watch,) = load(files, {}, {}).watches

    assert [case.text for case in watch.cases] == ["A frigate", "Two frigates", "one"]
    assert watch.cases[1].place == Place("watches/tests/ships.cases.yaml", 1, 3)


def test_all_keys_of_a_case() -> None:
    """The same as beside the query."""
    text = "- {text: A frigate, title: T, lang: en, expect: [frigate], field: summary}\n"

    assert cases.read("watches/ships.cases.yaml", text) == (
        [Case("A frigate", ("frigate",), "en", "T", Place("watches/ships.cases.yaml", 1, 3), "summary")],
        [],
    )


def test_a_case_stands_in_the_field_it_names() -> None:
    """Queries may look in one field alone."""
    good = "- {text: A frigate, field: summary, expect: [frigate]}\n- {text: A frigate, expect: []}\n"
    titled = "- {text: Destroyer seen, field: title, expect: [Destroyer]}\n"

    assert len(load({**WATCH, "watches/ships.cases.yaml": good + titled}, {}, {}).watches[0].cases) == 3


def test_a_case_may_say_what_queries_ask_besides_the_text() -> None:
    """Else a watch that asks for it could have no case at all."""
    query = "id: w\nquery: port AND author:ann AND tag:sea AND domain:example.org AND source:desk AND country:gb\n"
    case = "{text: A port, expect: [port], authors: [Ann], tags: [Sea], url: 'https://example.org/1', source: Desk"
    good = {
        "watches/w.yaml": query,
        "watches/w.cases.yaml": f"- {case}, country: GB}}\n- {{text: A port, expect: []}}\n",
    }

    assert len(load(good, {}, {}).watches[0].cases) == 2
    assert problems({**good, "watches/w.cases.yaml": f"- {case}, country: UK}}\n"}) == [
        "watches/w.cases.yaml:1 [0].country MON-CFG-010"
    ]


def test_a_case_that_fails_refuses_the_configuration_and_names_its_line() -> None:
    """As one beside the query does."""
    text = "- {text: A destroyer, expect: [destroyer]}\n- {text: A frigate, expect: [frigate]}\n"

    assert problems({**WATCH, "watches/ships.cases.yaml": text}) == ["watches/ships.cases.yaml:2 [1] MON-CFG-019"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("cases: []\n", [":1  MON-CFG-006"]),
        ("- {text: x}\n", [":1 [0].expect MON-CFG-005"]),
        ("- {text: x, expect: [], lang: klingon}\n", [":1 [0].lang MON-CFG-010"]),
        ("- {text: x, expect: [], field: title, title: y}\n", [":1 [0].title MON-CFG-010"]),
        ("- {text: x, expect: [], place: here}\n", [":1 [0].place MON-CFG-004"]),
        ("- [\n", [":2  MON-CFG-001"]),
    ],
)
def test_mistakes_have_their_place(text: str, found: list[str]) -> None:
    """With the words of every other file."""
    assert problems({**WATCH, "watches/ships.cases.yaml": text}) == [f"watches/ships.cases.yaml{one}" for one in found]


def test_cases_of_no_watch() -> None:
    """A file whose name has a slip would test nothing."""
    assert problems({**WATCH, "watches/ship.cases.yaml": "[]\n"}) == ["watches/ship.cases.yaml:0  MON-CFG-012"]


def test_cases_of_a_watch_that_cannot_be_read_are_no_second_problem() -> None:
    """Its id is not known."""
    files = {"watches/ships.yaml": "id: ships\nqery: x\n", "watches/ships.cases.yaml": "[]\n"}

    assert {one.rsplit(" ", 1)[1] for one in problems(files)}.isdisjoint({"MON-CFG-012"})


def test_an_empty_file_of_cases() -> None:
    """Somebody has just begun."""
    assert load({**WATCH, "watches/ships.cases.yaml": ""}, {}, {}).watches[0].cases == ()
