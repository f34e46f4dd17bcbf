"""Which watch a back-test is asked for, and what it is compared with."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.cli.backtest import find_watch, prepared
from monitor.config.config import Config
from monitor.config.load import load
from monitor.errors import ConfigError, UsageError
from monitor.model.watch import Text


@pytest.fixture
def config() -> Config:
    """Two watches, one of them paused."""
    text = "id: port\nquery: port OR harbour\n---\nid: ship\nquery: ship\npaused: true\n"
    return load({"watches/w.yaml": text}, {}, {})


def write(folder: Path, text: str, name: str = "edit.yaml") -> str:
    """A file beside the configuration."""
    (folder / name).write_text(text, encoding="utf-8")
    return str(folder / name)


def test_a_watch_of_the_configuration_stands_in_its_rules(config: Config) -> None:
    """As it is in force: paused ones are not."""
    trial = prepared(config, "port", None, 20)

    assert trial.against is None
    assert trial.tried.watch == config.watches[0]
    assert trial.tried.name == config.rules.version(trial.tried.watch.id)
    assert [watch.id for watch in trial.tried.rules.watches] == ["port"]


def test_a_paused_watch_is_awake_for_its_trial(config: Config) -> None:
    """That is what it is tried for."""
    trial = prepared(config, "ship", None, 20)

    assert [match.watch.id for match in trial.tried.rules.match(Text(title="A ship"))] == ["ship"]


def test_a_file_is_compared_with_the_watch_of_its_id(config: Config, tmp_path: Path) -> None:
    """The edit takes the place of the version in force, among the others."""
    trial = prepared(config, write(tmp_path, "id: port\nquery: port\n"), None, 20)

    assert trial.tried.watch.query == "port"
    assert trial.against is not None
    assert trial.against.watch == config.watches[0]
    assert [watch.id for watch in trial.tried.rules.watches] == ["port"]


def test_a_new_watch_has_nothing_to_be_compared_with(config: Config, tmp_path: Path) -> None:
    """Unless somebody names it; lists of keywords lie beside the file."""
    (tmp_path / "lists").mkdir()
    write(tmp_path, "TSMC\nASML\n", "lists/chips.txt")
    file = write(tmp_path, "id: chips\nkeywords_file: lists/chips.txt\n")

    assert prepared(config, file, None, 20).against is None
    assert prepared(config, file, None, 20).tried.watch.query == "TSMC OR ASML"
    against = prepared(config, file, "port", 20).against
    assert against is not None
    assert against.watch.id == "port"


def test_what_is_neither_watch_nor_file(config: Config) -> None:
    """A slip of the pen gets a suggestion."""
    with pytest.raises(UsageError, match='no file prot; did you mean "port"'):
        find_watch(config, "prot")


def test_a_file_with_more_than_one_watch(config: Config, tmp_path: Path) -> None:
    """Nobody could tell whose numbers these are."""
    with pytest.raises(UsageError, match="holds 2 watches"):
        find_watch(config, write(tmp_path, "id: a\nquery: b\n---\nid: c\nquery: d\n"))


@pytest.mark.parametrize(("text", "code"), [("id: a\nquery: (b\n", "MON-QRY-001"), ("id: a\n", "MON-CFG-018")])
def test_a_wrong_file_has_its_problem_in_its_place(config: Config, tmp_path: Path, text: str, code: str) -> None:
    """With the name it was given."""
    file = write(tmp_path, text)
    with pytest.raises(ConfigError) as refused:
        prepared(config, file, None, 20)
    assert [(one.file, one.id) for one in refused.value.problems] == [(file, code)]
